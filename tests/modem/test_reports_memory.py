"""Delivery reports in a memory of their own: found, taken in and deleted, so that it never fills."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.modem import by_hand, reports_by_hand
from relou_gateway.modem.at import AtFailure, Conversation
from relou_gateway.modem.by_hand import Place
from relou_gateway.modem.cell import Deadlines
from relou_gateway.modem.pdu_line import PduLine
from relou_gateway.modem.port import DeleteFailed
from relou_gateway.modem.reports_by_hand import Look
from relou_gateway.modem.stored_reports import (
    FIRST,
    GIVEN_UP,
    LATER,
    SETTLING,
    SOON,
    StoredReports,
    address_of,
    card_of,
    is_report,
    place_of,
)
from relou_gateway.rules.records import Call, Memory, Report, Slot, SlotAddress, Sms, Undecodable
from tests.modem.bench import VirtualBench, virtual_bench
from tests.support.daemon import Section, service
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

KARIM, LEA = "+33612345678", "+33698765432"
IMEI = "350000000000006"
SLOTS = 4

PROMPT: dict[str, Any] = {"driver": "tests.modem.fakes:Prompt", "path": [str(Path(__file__).parents[2])]}
DEADLINES = Deadlines(open=30, listing=30, delete=30, delete_by_hand=30, send=30, further_part=2)


def fill(virtual: Virtual) -> None:
    """Fill the memory before the modem is opened, as if nobody had looked for long."""
    for reference in range(SLOTS):
        virtual.report(LEA, reference)
    virtual.deliver(KARIM, "Bonjour")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBench]:
    directory = tmp_path_factory.mktemp("reports")
    with virtual_bench(directory, deadlines=DEADLINES, sr_slots=SLOTS, reports=True, **PROMPT) as here:
        here.virtual.set(report_seconds=0.0)
        yield here


@pytest.fixture
def bench(shared: VirtualBench) -> VirtualBench:
    shared.begin()
    shared.virtual.empty()
    return shared


def used(bench: VirtualBench) -> int:
    return int(bench.virtual.state()["used"]["SR"])


def reports(slots: tuple[Slot, ...]) -> list[tuple[str, int]]:
    contents = [slot.content for slot in slots]
    return [(each.number, each.reference) for each in contents if isinstance(each, Report)]


def commands_of_a_listing(bench: VirtualBench) -> int:
    before = int(bench.virtual.state()["commands"])
    bench.modem.listing()
    return int(bench.virtual.state()["commands"]) - before


# --- through libGammu ---------------------------------------------------------------------


def test_what_lay_there_before_the_start_is_taken_in_and_deleted(tmp_path: Path) -> None:
    with virtual_bench(tmp_path, fill, DEADLINES, sr_slots=SLOTS, reports=True) as bench:
        listing = bench.modem.listing()
        assert [(LEA, reference) for reference in range(SLOTS)] == reports(listing.slots)
        assert (True, "Bonjour") == (listing.complete, getattr(listing.slots[-1].content, "text", None))
        for slot in listing.slots:
            bench.modem.delete(slot.address)
        assert {"SM": 0, "ME": 0, "SR": 0} == bench.virtual.state()["used"]
        assert () == bench.modem.listing().slots


def test_however_much_is_sent_the_memory_never_fills_and_all_else_works_as_before(
    bench: VirtualBench,
) -> None:
    for _ in range(2):
        references = bench.modem.send(KARIM, ["x" * 153, "y"], unicode=False)
        wait_until(lambda: used(bench) == 2)
        slots = bench.modem.listing().slots
        assert [(KARIM, reference) for reference in references] == reports(slots)
        for slot in slots:
            bench.modem.delete(slot.address)
        assert 0 == used(bench)
    assert 0 == bench.virtual.state()["waiting"]
    bench.ring(LEA)
    bench.virtual.deliver(LEA, "Encore moi")
    listing = bench.modem.listing()
    assert (Call(LEA),) == listing.calls
    (slot,) = listing.slots
    assert isinstance(slot.content, Sms)
    assert Memory.MODEM == slot.address.memory, "what comes in goes where libGammu has it go"


def test_as_long_as_no_report_can_have_come_a_listing_costs_what_it_costs_without_them(
    bench: VirtualBench,
) -> None:
    first = commands_of_a_listing(bench)
    bench.virtual.report(LEA, 9)  # nobody waits for it
    assert first == commands_of_a_listing(bench)


def test_a_report_that_cannot_be_deleted_is_shown_again_and_freed_by_hand(bench: VirtualBench) -> None:
    bench.virtual.deliver_raw("000201")  # no more of a report than its beginning
    bench.modem.send(KARIM, ["Un non est un non.", "Un."], unicode=False)
    wait_until(lambda: used(bench) == 3)
    bench.virtual.fault("refuse", at="AT+CMGD=1", cms=500)
    slots = bench.modem.listing().slots
    stuck, *others = slots
    assert isinstance(stuck.content, Undecodable)
    assert b"\x00\x02\x01" == stuck.content.pdu
    for slot in others:
        bench.modem.delete(slot.address)
    with pytest.raises(DeleteFailed):
        bench.modem.delete(stuck.address)
    assert (stuck,) == bench.modem.listing().slots
    assert {stuck.address} == bench.modem.delete_by_hand({stuck.address: stuck.fingerprint})
    assert ((), 0) == (bench.modem.listing().slots, used(bench))


def test_a_send_takes_the_line_back_from_our_hands(bench: VirtualBench) -> None:
    bench.modem.send(KARIM, ["x", "y"], unicode=False)
    wait_until(lambda: used(bench) == 2)
    slots = bench.modem.listing().slots
    assert 2 == len(reports(slots))
    assert bench.modem.send(KARIM, ["z"], unicode=False), "before anybody deleted them"
    for slot in slots:
        bench.modem.delete(slot.address)
    assert 1 == used(bench)


def test_the_gateway_takes_each_report_in_once_and_matches_it_with_its_reply(tmp_path: Path) -> None:
    config: dict[str, Section] = {"modem": {"reports": True}, "replies": {"texts": ["x" * 200]}}
    with service(tmp_path, config, modem={"sr_slots": SLOTS}, start=False) as gateway:
        gateway.modem.report(LEA, 200)  # left by whoever had the modem before
        gateway.start()
        gateway.wait_for("modem.ready")
        wait_until(lambda: ["report"] == [row["kind"] for row in gateway.rows("messages")])
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.delivered", reply=1)
        wait_until(lambda: 0 == gateway.modem.state()["used"]["SR"])
        rows = [(row["kind"], row["number"], row["reply_id"]) for row in gateway.rows("messages")]
        assert [("report", LEA, None), ("sms", KARIM, 1), ("report", KARIM, 1), ("report", KARIM, 1)] == rows
        assert [] == gateway.heard("slot.stuck")
        assert [] == gateway.heard("modem.lost")


def test_what_nobody_looked_at_meanwhile_is_not_stored_a_second_time(tmp_path: Path) -> None:
    def kinds() -> list[str]:
        return [row["kind"] for row in gateway.rows("messages")]

    with service(tmp_path, {"modem": {"reports": True}}, modem={"sr_slots": SLOTS}, start=False) as gateway:
        gateway.modem.report(LEA, 200)
        gateway.modem.fault("refuse", at="AT+CMGD=", cms=500, count=None)
        gateway.start()
        gateway.wait_for("slot.stuck")
        gateway.stop()
        gateway.modem.clear()
        gateway.configure({})
        gateway.start()
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("verdict.given", number=KARIM)
        gateway.stop()
        assert 1 == gateway.modem.state()["used"]["SR"]
        gateway.configure({"modem": {"reports": True}})
        gateway.start()
        wait_until(lambda: 0 == gateway.modem.state()["used"]["SR"])
        assert ["report", "sms"] == kinds()


def test_a_listing_tells_of_that_memory_only_where_all_of_it_was_seen(bench: VirtualBench) -> None:
    cards = ("208990123456789", IMEI)
    bench.modem.send(KARIM, ["x", "y"], unicode=False)
    wait_until(lambda: used(bench) == 2)
    bench.virtual.fault("refuse", at='AT+CPMS="SR"', cms=500)
    assert (cards, []) == ((listing := bench.modem.listing()).cards, reports(listing.slots))
    bench.modem.send(KARIM, ["x", "y"], unicode=False)
    wait_until(lambda: used(bench) == 4)
    assert ((*cards, f"{IMEI}/SR"), 4) == ((listing := bench.modem.listing()).cards, len(listing.slots))


# --- by hand ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtual]:
    with virtual_modem(tmp_path_factory.mktemp("keeping"), sr_slots=SLOTS) as virtual:
        yield virtual


@pytest.fixture
def talk(keeping: Virtual) -> Iterator[Conversation]:
    keeping.clear()
    keeping.empty()
    keeping.replug()
    with Conversation(keeping.link, timeout=2.0) as talk:
        talk.greet()
        yield talk


def test_a_look_shows_every_report_and_leaves_the_memories_as_they_were(
    keeping: Virtual, talk: Conversation
) -> None:
    talk.ask('AT+CPMS="ME","SM","ME"')
    keeping.report(KARIM, 7)
    keeping.deliver(KARIM, "Bonjour")
    seen = reports_by_hand.look(talk)
    assert seen is not None
    assert (SLOTS, [1]) == (seen.size, list(seen.lines))
    assert seen.lines[1].has_whole_message
    assert ('+CPMS: "ME",1,100,"SM",0,30,"ME",1,100',) == talk.ask("AT+CPMS?")


def test_a_look_that_shows_less_than_the_modem_counts_is_not_complete(
    keeping: Virtual, talk: Conversation
) -> None:
    keeping.report(KARIM, 7)
    seen = [reports_by_hand.look(talk)]
    keeping.ask("deliver_raw", pdu="000201", line="")
    seen.append(reports_by_hand.look(talk))
    assert [(1, True), (1, False)] == [(len(each.lines), each.complete) for each in seen if each is not None]


def test_a_modem_that_does_not_list_the_memory_is_asked_no_more_than_that(modem: Virtual) -> None:
    with Conversation(modem.link, timeout=2.0) as talk:
        talk.greet()
        before = modem.state()["commands"]
        assert reports_by_hand.look(talk) is None
    assert before + 1 == modem.state()["commands"]


@pytest.mark.parametrize("at", ["AT+CPMS=?", 'AT+CPMS="SR"', "AT+CMGL="])
def test_a_modem_that_refuses_the_look_has_no_such_memory(
    keeping: Virtual, talk: Conversation, at: str
) -> None:
    keeping.fault("refuse", at=at, cms=302)
    assert reports_by_hand.look(talk) is None
    assert '+CPMS: "SM",' == talk.ask("AT+CPMS?")[0][:12]


def test_a_modem_that_falls_silent_over_the_look_works_without_such_a_memory(tmp_path: Path) -> None:
    def fall_silent_once(virtual: Virtual) -> None:
        fill(virtual)
        virtual.fault("lose", at='AT+CPMS="SR"')

    with virtual_bench(tmp_path, fall_silent_once, DEADLINES, sr_slots=SLOTS, reports=True) as bench:
        (slot,) = bench.modem.listing().slots
        assert isinstance(slot.content, Sms)


def test_only_the_report_that_was_stored_is_deleted(keeping: Virtual, talk: Conversation) -> None:
    keeping.report(KARIM, 7)
    keeping.report(KARIM, 8)
    seen = reports_by_hand.look(talk)
    assert seen is not None
    stored = seen.lines[1]
    slots = {number: (Place("SR", number), stored.__eq__) for number in (1, 2, 3)}
    assert {1, 3} == by_hand.free(talk, slots), "the second is another one, and the third was empty"
    assert [2] == [slot["location"] for slot in keeping.slots()]


def test_a_memory_that_the_modem_does_not_have_frees_nothing(modem: Virtual) -> None:
    with Conversation(modem.link, timeout=2.0) as talk:
        talk.greet()
        with pytest.raises(AtFailure):
            talk.ask('AT+CPMS="SR"')
        assert frozenset() == by_hand.free(talk, {1: (Place("SR", 1), lambda _: True)})


# --- when to look -------------------------------------------------------------------------


def look(*numbers: int, size: int = 10) -> Look:
    return Look(size, {number: PduLine(f"{number:02X}") for number in numbers})


def test_it_is_looked_at_when_reports_may_have_come() -> None:
    stored = StoredReports()
    stored.begin(look(), 0.0)
    looks = [at for at in range(0, int(GIVEN_UP) * 2, int(LATER)) if seen(stored, at)]
    assert looks[0] == LATER, "nobody knows what an earlier run has sent"
    assert looks[-1] == GIVEN_UP, "and what has not come by then never will"
    at = GIVEN_UP * 3
    stored.sent(at)
    looks = [at for at in range(int(at), int(at + GIVEN_UP // 3), 60) if seen(stored, at)]
    assert [SOON, SOON, 2 * SOON, 4 * SOON, LATER] == pauses([int(at), *looks])[:5]
    stored.see(look(1), at + GIVEN_UP // 3)
    assert not stored.is_due(at + GIVEN_UP * 2), "it has come"


def pauses(times: list[int]) -> list[int]:
    return [later - sooner for sooner, later in pairwise(times)]


def seen(stored: StoredReports, at: float) -> bool:
    due = stored.is_due(at)
    if due:
        stored.see(look(), at)
    return due


def test_it_is_looked_at_sooner_where_it_could_fill() -> None:
    stored = StoredReports()
    stored.begin(look(1, 2, size=10), 0.0)
    due = []
    for number in range(4):
        stored.sent(float(number))
        due.append(stored.is_due(SETTLING))
    assert [False, False, False, True] == due
    assert not stored.is_due(SETTLING - 1), "a report takes its time"


def test_a_modem_without_such_a_memory_is_never_looked_at() -> None:
    stored = StoredReports()
    stored.begin(None, 0.0)
    for at in range(100):
        stored.sent(float(at))
    assert not stored.is_due(GIVEN_UP)


def test_its_slots_are_none_of_the_other_memories() -> None:
    address = address_of(3, card_of(IMEI))
    assert SlotAddress(f"{IMEI}/SR", Memory.MODEM, FIRST + 3) == address
    assert (Place("SR", 3), True) == (place_of(address), is_report(address))
    ordinary = SlotAddress(IMEI, Memory.MODEM, 3)
    assert (Place("ME", 3), False) == (place_of(ordinary), is_report(ordinary))
