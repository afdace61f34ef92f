"""What every `Modem` does: the scripted one, and libGammu in a cell on the virtual one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from relou_gateway.modem.port import (
    DeleteFailed,
    InDoubt,
    ModemLost,
    NotSent,
    Refused,
    SendFailure,
    UssdFailed,
)
from relou_gateway.rules.records import (
    Binary,
    Call,
    Content,
    Listing,
    Part,
    Report,
    Slot,
    SlotAddress,
    Sms,
    Undecodable,
)
from tests.modem.bench import CORRUPT, Bench, ScriptedBench, VirtualBench, virtual_bench
from tests.support.waiting import wait_until

HER, HIM = "+33612345678", "+33698765432"
AT = datetime(2026, 3, 6, 17, 35, 51, tzinfo=UTC)
BONJOUR = Sms(HER, "Bonjour", AT)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBench]:
    with virtual_bench(tmp_path_factory.mktemp("contract"), sim_slots=3, me_slots=7) as here:
        yield here


@pytest.fixture(params=["scripted", "libGammu"])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "scripted":
        return ScriptedBench()
    here: VirtualBench = request.getfixturevalue("shared")
    here.begin()
    return here


def contents(listing: Listing) -> list[Content]:
    return [slot.content for slot in listing.slots]


def only(listing: Listing) -> Slot:
    (slot,) = listing.slots
    return slot


def without_time(content: Content) -> Content:
    return content if isinstance(content, Undecodable) else replace(content, smsc_at=None)


def failure(bench: Bench, *parts: str) -> SendFailure:
    with pytest.raises(SendFailure) as failed:
        bench.modem.send(HIM, parts, unicode=False)
    return failed.value


# --- who and where --------------------------------------------------------------------------


def test_it_says_who_it_is(bench: Bench) -> None:
    identity = bench.modem.identify()
    assert all((identity.manufacturer, identity.model, identity.imei, identity.imsi, identity.smsc))
    assert identity.imei != identity.imsi


def test_the_network_answers_service_codes(bench: Bench) -> None:
    bench.answer_code("Votre crédit est de 12,34 €")
    assert "Votre crédit est de 12,34 €" == bench.modem.ussd("#123#", "([0-9,]+) €")


def test_a_service_code_that_the_network_refuses_costs_no_modem(bench: Bench) -> None:
    bench.answer_code(None)
    with pytest.raises(UssdFailed):
        bench.modem.ussd("#123#", "([0-9,]+) €")
    assert bench.modem.network().registered


def test_it_says_whether_it_has_a_network(bench: Bench) -> None:
    assert (bench.modem.network().registered, bench.modem.network().roaming) == (True, False)
    assert bench.modem.network().operator
    assert bench.modem.network().signal_percent in range(101)
    bench.cover(registered=False)
    assert not bench.modem.network().registered


# --- listing and deleting -------------------------------------------------------------------


def test_an_empty_modem_shows_nothing_completely(bench: Bench) -> None:
    identity = bench.modem.identify()
    assert bench.modem.listing() == Listing((), (), complete=True, cards=(identity.imsi, identity.imei))


def test_a_message_is_shown_until_it_is_deleted(bench: Bench) -> None:
    bench.deliver(BONJOUR)
    assert contents(bench.modem.listing()) == [BONJOUR]
    slot = only(bench.modem.listing())
    assert slot == only(bench.modem.listing()), "address and fingerprint stay the same"
    assert slot.address.card in bench.modem.listing().cards
    bench.modem.delete(slot.address)
    assert contents(bench.modem.listing()) == []


def test_twins_are_two(bench: Bench) -> None:
    bench.deliver(BONJOUR)
    bench.deliver(BONJOUR)
    first, second = bench.modem.listing().slots
    assert (first.content, first.fingerprint) == (second.content, second.fingerprint)
    assert first.address != second.address
    bench.modem.delete(first.address)
    assert only(bench.modem.listing()) == second


def test_a_freed_slot_is_refilled_with_what_the_network_held_back(bench: Bench) -> None:
    texts = [f"message {number}" for number in range(20)]
    for text in texts:
        bench.deliver(Sms(HER, text, AT))
    seen: list[str] = []
    while slots := bench.modem.listing().slots:
        assert len(slots) < len(texts)
        for slot in slots:
            assert isinstance(slot.content, Sms)
            seen.append(slot.content.text)
            bench.modem.delete(slot.address)
    assert sorted(seen) == sorted(texts)


def test_another_message_in_the_same_slot_has_another_fingerprint(bench: Bench) -> None:
    bench.deliver(BONJOUR)
    before = only(bench.modem.listing())
    bench.modem.delete(before.address)
    bench.deliver(Sms(HER, "Bonsoir", AT))
    after = only(bench.modem.listing())
    assert before.address == after.address
    assert before.fingerprint != after.fingerprint


STRANGE = [
    Sms(HER, "€ [~] {|} \\ ^ @ Ç\n", AT),
    Sms(HER, "ça va ~ \x01\0\x1b[31m \u202e\ufffd 😀", AT),
    Sms("Relou", "un nom", AT),
    Sms("36789", "un numéro court", AT),
    Sms(HER, "un emoji coupé \ud83d", AT, Part(7, 2, 1)),
    Sms(HER, "\ude00 en deux", AT, Part(7, 2, 2)),
    Binary(HER, b"\x00\xff\x06 octets", AT),
]


@pytest.mark.parametrize("content", STRANGE, ids=lambda content: repr(content)[:30])
def test_whatever_comes_in_is_shown_as_it_is(bench: Bench, content: Content) -> None:
    bench.deliver(content)
    assert without_time(only(bench.modem.listing()).content) == without_time(content)


def test_a_report_on_a_message_of_ours_is_shown(bench: Bench) -> None:
    bench.deliver(Report(HIM, 42, delivered=True, text="delivered (0x00)", smsc_at=AT))
    report = only(bench.modem.listing()).content
    assert isinstance(report, Report)
    assert (report.number, report.reference, report.delivered) == (HIM, 42, True)


def test_what_cannot_be_decoded_stops_nothing_else(bench: Bench) -> None:
    bad = Undecodable("ERR_CORRUPTED", CORRUPT)
    for content in (bad, BONJOUR, bad, bad, BONJOUR, bad):
        bench.deliver(content)
    listing = bench.modem.listing()
    assert contents(listing) == [bad, BONJOUR, bad, bad, BONJOUR, bad]
    assert listing.complete
    for slot in listing.slots:
        bench.modem.delete(slot.address)
    assert contents(bench.modem.listing()) == []


def test_a_delete_that_the_modem_refuses_leaves_the_message_where_it_is(bench: Bench) -> None:
    bench.deliver(BONJOUR)
    slot = only(bench.modem.listing())
    bench.refuse_delete()
    with pytest.raises(DeleteFailed):
        bench.modem.delete(slot.address)
    assert only(bench.modem.listing()) == slot


def test_an_empty_slot_cannot_be_deleted(bench: Bench) -> None:
    bench.deliver(BONJOUR)
    address: SlotAddress = only(bench.modem.listing()).address
    bench.modem.delete(address)
    with pytest.raises(DeleteFailed):
        bench.modem.delete(address)


POISON = Undecodable("ERR_UNKNOWN", bytes.fromhex("07913306091093F0030B913316325476F80000620360715315802000"))
"""An SMS of a type that does not exist: libGammu reads it before it deletes it, and refuses."""


def test_what_cannot_be_deleted_is_freed_by_hand_and_nothing_else_is(bench: Bench) -> None:
    bench.poison(POISON)
    bench.deliver(BONJOUR)
    poisoned, decent = bench.modem.listing().slots
    assert (POISON, BONJOUR) == (poisoned.content, decent.content)
    with pytest.raises(DeleteFailed):
        bench.modem.delete(poisoned.address)
    another = decent.address  # asked for with a fingerprint that it does not have
    asked = {poisoned.address: poisoned.fingerprint, another: poisoned.fingerprint}
    assert {poisoned.address} == bench.modem.delete_by_hand(asked)
    assert [decent] == list(bench.modem.listing().slots)


# --- calls ----------------------------------------------------------------------------------


def test_a_call_is_shown_once_however_often_it_rings(bench: Bench) -> None:
    bench.ring(HER)
    assert bench.modem.listing().calls == (Call(HER),)
    assert bench.modem.listing().calls == ()


def test_a_hidden_caller_has_no_number(bench: Bench) -> None:
    bench.ring("")
    assert bench.modem.listing().calls == (Call(""),)


# --- sending --------------------------------------------------------------------------------


def test_a_text_is_sent_and_has_a_reference(bench: Bench) -> None:
    taken: list[int] = []
    (reference,) = bench.modem.send(HIM, ["Bonjour € ~"], unicode=False, accepted=taken.append)
    assert reference in range(256)
    assert ([reference], [(HIM, "Bonjour € ~")]) == (taken, bench.sent())


def test_a_text_in_parts_is_sent_part_by_part(bench: Bench) -> None:
    taken: list[int] = []
    parts = ["un emoji coupé ~ \ud83d", "\ude00 en deux"]
    references = bench.modem.send(HIM, parts, unicode=True, accepted=taken.append)
    assert list(references) == taken
    assert bench.sent() == [(HIM, part) for part in parts]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(331, NotSent), (195, Refused), (332, InDoubt)],
)
def test_a_code_decides_how_a_send_has_failed(bench: Bench, code: int, kind: type[SendFailure]) -> None:
    bench.refuse_send(code)
    failed = failure(bench, "Bonjour")
    assert (type(failed), failed.code, failed.accepted) == (kind, code, 0)
    assert bench.sent() == []


def test_a_part_that_fails_tells_how_many_went_before_it(bench: Bench) -> None:
    bench.refuse_send(42, accepted=1)
    failed = failure(bench, "one", "two", "three")
    assert (type(failed), failed.code, failed.accepted) == (NotSent, 42, 1)
    assert bench.sent() == [(HIM, "one")]


def test_after_a_failed_send_the_next_one_works(bench: Bench) -> None:
    bench.refuse_send(500)
    failure(bench, "one")
    bench.modem.send(HIM, ["two"], unicode=False)
    assert bench.sent() == [(HIM, "two")]


# --- losing it ------------------------------------------------------------------------------


def test_a_lost_answer_is_a_doubt_about_a_message_that_left_and_then_nothing_works(bench: Bench) -> None:
    # the last test of this module: it costs the shared cell
    modem = bench.modem
    bench.lose_answer()
    failed = failure(bench, "Bonjour")
    assert (type(failed), failed.code, failed.accepted) == (InDoubt, None, 0)
    wait_until(lambda: bench.sent() == [(HIM, "Bonjour")])
    for request in (modem.identify, modem.network, modem.listing):
        with pytest.raises(ModemLost):
            request()
    assert type(failure(bench, "Bonjour")) is NotSent
    assert bench.sent() == [(HIM, "Bonjour")]
    modem.close()
