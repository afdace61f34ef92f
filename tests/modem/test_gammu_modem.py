"""libGammu in a cell on the virtual modem: what only a real modem, or libGammu's ways, can show."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import gammu
import pytest

from relou_gateway.modem.cell import Cell, Deadlines
from relou_gateway.modem.gammu_errors import LOSSES
from relou_gateway.modem.gammu_stream import failure_of_send, raw_message, was_deleted
from relou_gateway.modem.keeper import Keeper
from relou_gateway.modem.pdu_line import LONGEST, NOT_HEX, PduLine
from relou_gateway.modem.port import (
    LOST_CAUSES,
    DeleteFailed,
    InDoubt,
    ModemLost,
    NotSent,
    Refused,
    SendFailure,
)
from relou_gateway.modem.virtual.septets import DEFAULT, ESCAPE, EXTENSION
from relou_gateway.rules.records import Call, Listing, Memory, Sms, Undecodable
from tests.modem.bench import CORRUPT, VirtualBench, gammu_spec, virtual_bench
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

HER, HIM = "+33612345678", "+33698765432"

POISON = {
    # an MTI of 3 is reserved (23.040 ch. 9.2.3.1)
    "0003": "ERR_UNKNOWN",
    # an SMS-SUBMIT with the reserved format of validity period
    "0009000B913316325476F800000141": "ERR_UNKNOWN",
    # compressed text, 7-bit and UCS-2 (23.038 ch. 4)
    "00040B913316325476F80020623060715315400141": "ERR_NOTSUPPORTED",
    "00040B913316325476F8002862306071531540024142": "ERR_NOTSUPPORTED",
    # cut off in the sender's number, before the coding, and in the time
    CORRUPT.hex(): "ERR_CORRUPTED",
    "00040B913316325476F800": "ERR_CORRUPTED",
    "00040B913316325476F80000623060": "ERR_CORRUPTED",
    # a header longer than the data
    "00440B913316325476F8000462306071531540020A00": "ERR_CORRUPTED",
}
"""Messages that libGammu cannot decode, one for each road that leads there, and what it says of them."""

BAD = "0003"
"""One that it cannot delete either."""


# --- several modems at once -----------------------------------------------------------------


def fill_sim(virtual: Virtual) -> None:
    """Ten more than the SIM holds; they flow into the modem's own memory when that is opened."""
    for number in range(40):
        virtual.deliver(HER, f"message {number}")


def poison(virtual: Virtual) -> None:
    for pdu in POISON:
        virtual.deliver_raw(pdu)
    virtual.deliver(HER, "after all the poison")


def poison_here_and_there(virtual: Virtual) -> None:
    """Bad ones first, in a row and last on the SIM, and the same in the modem's memory."""
    for place in "X.XX....XX.XX....X":
        if place == "X":
            virtual.deliver_raw(BAD)
        else:
            virtual.deliver(HER, "good")


BENCHES: dict[str, dict[str, Any]] = {
    "plain": {},
    "filled": {"prepare": fill_sim},
    "poisoned": {"prepare": poison},
    "poisoned here and there": {"prepare": poison_here_and_there, "sim_slots": 9},
    "odd": {},
    "garbled": {},
    "hanging up": {"calls": "hang_up", "smsc": "+33609001390"},
    "hanging": {"deadlines": Deadlines(listing=1)},
    "unplugged": {},
    "unplugged in a call": {},
    "killed": {},
}


def open_locked(directory: Path, pin: str | None) -> tuple[str, int]:
    """Open a modem whose SIM wants 1234, twice if it can be; return what happened and the tries left."""
    directory.mkdir()
    hours = iter(range(0, 10_000_000, 3600))
    with virtual_modem(directory, pin="1234") as virtual:
        virtual.deliver(HER, "locked in")
        keeper = Keeper(partial(Cell, gammu_spec(virtual, pin=pin)), random.Random(1), lambda: next(hours))
        try:
            assert texts(keeper.modem().listing()) == ["locked in"]
        except ModemLost as lost:
            if lost.cause == "pin_wrong":
                with pytest.raises(ModemLost):
                    keeper.modem()
        state = keeper.state
        keeper.close()
        return state, virtual.state()["pin_tries"]


Locked = dict[str | None, Future[tuple[str, int]]]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """Modems that ask for their PIN, opened with none, the right and a wrong one; they take their time."""
    with ThreadPoolExecutor(3) as pool:
        yield {
            pin: pool.submit(open_locked, tmp_path_factory.mktemp("locked") / "modem", pin)
            for pin in (None, "1234", "4321")
        }


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory, locked: Locked) -> Iterator[dict[str, VirtualBench]]:
    """All modems of this module: opening takes 4 s of waiting, so they are opened together."""
    assert locked, "these open meanwhile"
    with ExitStack() as house, ThreadPoolExecutor(len(BENCHES)) as pool:
        starting = {
            name: pool.submit(
                house.enter_context, virtual_bench(tmp_path_factory.mktemp("modem"), **settings)
            )
            for name, settings in BENCHES.items()
        }
        yield {name: start.result() for name, start in starting.items()}


@pytest.fixture
def plain(benches: dict[str, VirtualBench]) -> VirtualBench:
    benches["plain"].begin()
    return benches["plain"]


def texts(listing: Listing) -> list[str]:
    return [slot.content.text for slot in listing.slots if isinstance(slot.content, Sms)]


def failure(bench: VirtualBench, *parts: str) -> SendFailure:
    with pytest.raises(SendFailure) as failed:
        bench.modem.send(HIM, parts, unicode=False)
    return failed.value


# --- memories -------------------------------------------------------------------------------


def test_both_memories_are_read_and_emptied(benches: dict[str, VirtualBench]) -> None:
    bench = benches["filled"]
    modem = bench.modem
    listing = modem.listing()
    places = [slot.address.memory for slot in listing.slots]
    assert places == [Memory.SIM] * 30 + [Memory.MODEM] * 10
    assert texts(listing) == [f"message {number}" for number in range(40)]
    identity = modem.identify()
    assert {slot.address.card for slot in listing.slots[:30]} == {identity.imsi}
    assert {slot.address.card for slot in listing.slots[30:]} == {identity.imei}
    assert [slot.address.location for slot in listing.slots[30:]] == list(range(1, 11))
    for slot in listing.slots:
        modem.delete(slot.address)
    assert modem.listing() == Listing((), (), complete=True, cards=(identity.imsi, identity.imei))
    assert bench.virtual.state()["used"] == {"SM": 0, "ME": 0}


# --- poison ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("pdu", "error"), POISON.items())
def test_the_poison_is_what_it_is_said_to_be(pdu: str, error: str) -> None:
    with pytest.raises(getattr(gammu, error)):
        gammu.DecodePDU(bytes.fromhex(pdu))


def test_poison_of_every_kind_is_shown_with_its_pdu_and_stops_nothing(
    benches: dict[str, VirtualBench],
) -> None:
    modem = benches["poisoned"].modem
    listing = modem.listing()
    *bad, good = [slot.content for slot in listing.slots]
    assert bad == [Undecodable(error, bytes.fromhex(pdu)) for pdu, error in POISON.items()]
    assert isinstance(good, Sms)
    assert (good.text, listing.complete) == ("after all the poison", True)
    assert modem.listing() == listing, "and each time in the same way"


def test_what_libgammu_cannot_delete_is_told_and_stays(benches: dict[str, VirtualBench]) -> None:
    modem = benches["poisoned"].modem
    stays = []
    for slot in modem.listing().slots:
        try:
            modem.delete(slot.address)
        except DeleteFailed:
            stays.append(slot)
    assert list(modem.listing().slots) == stays
    assert {slot.content.error for slot in stays if isinstance(slot.content, Undecodable)} == {
        "ERR_UNKNOWN",
        "ERR_NOTSUPPORTED",
    }


def test_poison_is_found_wherever_it_lies(benches: dict[str, VirtualBench]) -> None:
    listing = benches["poisoned here and there"].modem.listing()
    shown = "".join("X" if isinstance(slot.content, Undecodable) else "." for slot in listing.slots)
    assert shown == "X.XX....XX.XX....X"
    assert [slot.address.location for slot in listing.slots] == [*range(1, 10), *range(1, 10)]
    assert listing.complete


def test_poison_alone_is_found_too(benches: dict[str, VirtualBench]) -> None:
    bench = benches["poisoned here and there"]
    for slot in bench.modem.listing().slots[1:]:
        if isinstance(slot.content, Sms):
            bench.modem.delete(slot.address)
    assert {type(slot.content) for slot in bench.modem.listing().slots} == {Undecodable}
    bench.virtual.deliver(HER, "good again")
    assert "good again" in texts(bench.modem.listing())


def test_an_empty_pdu_hides_nothing_behind_it(benches: dict[str, VirtualBench]) -> None:
    # libGammu takes it for the end of the list, and its slot for an empty one
    bench = benches["odd"]
    bench.virtual.deliver(HER, "before")
    bench.virtual.deliver_raw("00")
    bench.virtual.deliver(HER, "behind")
    listing = bench.modem.listing()
    assert (texts(listing), listing.complete) == (["before", "behind"], True)
    assert listing.slots[1].content == Undecodable("ERR_CORRUPTED", b"\0")


def test_a_message_with_something_behind_its_end_is_read_all_the_same(
    benches: dict[str, VirtualBench],
) -> None:
    # GetSMS refuses it, and then it cannot be deleted either
    bench = benches["odd"]
    bench.virtual.deliver_raw("00040B913316325476F80000623060715315400141" + "41")
    slot = bench.modem.listing().slots[-1]
    assert isinstance(slot.content, Sms)
    assert slot.content.text == "A"
    with pytest.raises(DeleteFailed):
        bench.modem.delete(slot.address)


GARBLED = {
    # in the text, in the sender's number, at the very beginning, half an octet at the end
    "00040B913316325476F80000623060715315400341ZZC2": 22,
    "00040B91331x32": 10,
    '?"00040B91': 10,
    "00040B9": 30,
    # "é" as a line of eight bits has it, and far more than any modem would say
    "00040B91\xe9": 30,
    "00" * 90 + "!" + "41" * 600: 500,
}
"""Lines with characters that are no hex digits, and the length that the header tells."""


def test_a_line_that_is_not_all_hex_digits_is_kept_as_it_came(benches: dict[str, VirtualBench]) -> None:
    bench = benches["garbled"]
    bench.begin()
    for line, length in GARBLED.items():
        bench.virtual.ask("deliver_raw", pdu="00" * (1 + length), line=line)
    bench.virtual.deliver(HER, "behind them all")
    listing = bench.modem.listing()
    *garbled, good = listing.slots
    kept = [slot.content for slot in garbled]
    assert [Undecodable(NOT_HEX, line.encode("latin-1")[:LONGEST]) for line in GARBLED] == kept
    assert ("behind them all", True) == (getattr(good.content, "text", None), listing.complete)
    assert listing == bench.modem.listing(), "and each time in the same way"
    stuck = {slot.address: slot.fingerprint for slot in garbled}
    assert stuck.keys() == bench.modem.delete_by_hand(stuck)
    assert (good.fingerprint,) == tuple(slot.fingerprint for slot in bench.modem.listing().slots)


def test_a_message_that_ends_before_what_is_no_hex_digit_is_read(benches: dict[str, VirtualBench]) -> None:
    bench = benches["garbled"]
    bench.begin()
    whole = "00040B913316325476F80000623060715315400141"
    bench.virtual.ask("deliver_raw", pdu=whole, line=f"{whole}ZZ")
    (slot,) = bench.modem.listing().slots
    assert ("A", HER) == (getattr(slot.content, "text", None), getattr(slot.content, "number", None))


def test_a_phone_that_rings_all_the_while_disturbs_nothing(benches: dict[str, VirtualBench]) -> None:
    # to libGammu an error that a ring follows at once is no error
    bench = benches["odd"]
    bench.virtual.deliver(HER, "in all this noise")
    quiet = bench.modem.listing()
    assert bench.virtual.call(HIM, rings=100, seconds=0.01)
    while bench.virtual.state()["ringing"]:
        bench.virtual.fault("refuse", at="AT+CMGD=", cms=500)
        with pytest.raises(DeleteFailed):
            bench.modem.delete(quiet.slots[0].address)
    assert bench.virtual.call(HIM, rings=100, seconds=0.01)
    while bench.virtual.state()["ringing"]:
        assert bench.modem.listing().slots == quiet.slots


# --- sending --------------------------------------------------------------------------------


def test_the_whole_alphabet_leaves_as_it_is(plain: VirtualBench) -> None:
    alphabet = DEFAULT.replace(chr(ESCAPE), "") + "".join(EXTENSION.values())
    plain.modem.send(HIM, [alphabet], unicode=False)
    assert plain.sent() == [(HIM, alphabet)]


def test_full_messages_leave_whole(plain: VirtualBench) -> None:
    gsm7, ucs2 = "é" * 159 + "@", "ê" * 68 + "😀"
    plain.modem.send(HIM, [gsm7], unicode=False)
    plain.modem.send(HIM, [ucs2], unicode=True)
    assert plain.sent() == [(HIM, gsm7), (HIM, ucs2)]


def test_full_parts_leave_whole_and_are_counted(plain: VirtualBench) -> None:
    parts = ["x" * 153, "€"]
    plain.modem.send(HIM, parts, unicode=False)
    plain.modem.send(HIM, ["~" * 33, "\ude00" * 67], unicode=True)
    record = plain.virtual.record()[-4:]
    assert [part["text"] for part in record] == [*parts, "~" * 33, "\ude00" * 67]
    numbers = [(part["part"]["number"], part["part"]["total"]) for part in record]
    assert numbers == [(1, 2), (2, 2), (1, 2), (2, 2)]
    references = [part["part"]["reference"] for part in record]
    assert references[0] == references[1]
    assert references[2] == references[3] == (references[0] + 1) % 256


@pytest.mark.parametrize("code", [21, 38, 513])
def test_the_code_of_a_refused_send_comes_through(plain: VirtualBench, code: int) -> None:
    plain.refuse_send(code)
    failed = failure(plain, "Bonjour")
    assert failed.code == code
    assert f"+CMS ERROR: {code}" in str(failed)


def test_an_error_without_a_code_is_a_doubt(plain: VirtualBench) -> None:
    plain.virtual.refuse_sends(None)
    failed = failure(plain, "Bonjour")
    assert (type(failed), failed.code) == (InDoubt, None)


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"cms": 500}, 500), ({"cme": 100}, 100), ({}, None), ({"cme": 10}, 10)],
)
def test_what_is_refused_before_the_message_was_given_has_certainly_not_left(
    plain: VirtualBench, fault: dict[str, int], code: int | None
) -> None:
    plain.virtual.fault("refuse", at="AT+CMGS", **fault)
    failed = failure(plain, "Bonjour")
    assert (type(failed), failed.code) == (NotSent, code)


def test_without_an_smsc_nothing_is_sent_and_the_cure_is_told(plain: VirtualBench) -> None:
    plain.virtual.fault("refuse", at="AT+CSCA?", cms=330)
    assert (type(failed := failure(plain, "Bonjour")), failed.code) == (NotSent, 330)
    assert "set modem.smsc" in str(failed)


def test_a_configured_smsc_is_used_without_asking_the_sim(benches: dict[str, VirtualBench]) -> None:
    bench = benches["hanging up"]
    bench.virtual.fault("refuse", at="AT+CSCA?", cms=330)
    bench.modem.send(HIM, ["Bonjour"], unicode=False)
    assert bench.sent() == [(HIM, "Bonjour")]


def test_a_number_that_libgammu_cannot_write_is_refused(plain: VirtualBench) -> None:
    with pytest.raises(Refused, match="cannot write"):
        plain.modem.send("+33" + "1" * 500, ["Bonjour"], unicode=False)
    assert plain.sent() == []


def test_nothing_of_a_text_stays_behind_in_a_file(plain: VirtualBench) -> None:
    plain.deliver(Sms(HER, "half an emoji ~ \ud83d", None))
    plain.modem.listing()
    plain.modem.send(HIM, ["Bonjour"], unicode=False)
    held = [str(link.readlink()) for link in Path(f"/proc/{plain.modem.process_id}/fd").iterdir()]
    assert [name for name in held if "overheard" in name] == []


# --- calls and radio ------------------------------------------------------------------------


def test_a_call_is_hung_up_where_that_is_wanted(benches: dict[str, VirtualBench]) -> None:
    bench = benches["hanging up"]
    assert bench.virtual.call(HER, rings=1000, seconds=0.05)
    wait_until(lambda: bench.modem.listing().calls == (Call(HER),))
    wait_until(lambda: not bench.virtual.state()["ringing"], 1)


def test_a_call_rings_on_where_that_is_wanted(plain: VirtualBench) -> None:
    assert plain.virtual.call(HIM, rings=1000, seconds=0.05, says_end=True)
    wait_until(lambda: plain.modem.listing().calls == (Call(HIM),))
    assert plain.virtual.state()["ringing"]
    assert plain.modem.listing().calls == ()


def test_a_signal_that_the_modem_does_not_know_is_none(plain: VirtualBench) -> None:
    plain.virtual.set(signal=99)
    assert plain.modem.network().signal_percent is None
    plain.virtual.set(signal=21)


def test_a_modem_away_from_home_is_roaming(plain: VirtualBench) -> None:
    plain.virtual.set(roaming=True)
    network = plain.modem.network()
    plain.virtual.set(roaming=False)
    assert (network.registered, network.roaming) == (True, True)


def test_refused_questions_are_no_loss(benches: dict[str, VirtualBench]) -> None:
    bench = benches["hanging up"]  # whose phone does not ring on while it is asked by hand
    for command in ("AT+CREG", "AT+CGREG", "AT+CEREG", "AT+CSQ", "AT+COPS"):
        bench.virtual.fault("refuse", at=command, count=None, cme=3)
    network = bench.modem.network()
    bench.virtual.clear()
    assert (network.registered, network.signal_percent) == (False, None)


# --- losing it ------------------------------------------------------------------------------


def test_a_modem_that_hangs_costs_the_cell_and_a_fresh_one_works(benches: dict[str, VirtualBench]) -> None:
    bench = benches["hanging"]
    bench.virtual.deliver(HER, "before the hang")
    bench.virtual.fault("hang", at="AT+CMGL")
    began = time.monotonic()
    with pytest.raises(ModemLost) as lost:
        bench.modem.listing()
    assert (lost.value.cause, time.monotonic() - began < 2.5) == ("hung", True)
    bench.virtual.clear()
    fresh = Cell.start(gammu_spec(bench.virtual))
    assert texts(fresh.listing()) == ["before the hang"]
    fresh.close()


def test_a_modem_that_is_unplugged_is_gone(benches: dict[str, VirtualBench]) -> None:
    bench = benches["unplugged"]
    bench.virtual.drop()
    assert type(failure(bench, "Bonjour")) is NotSent
    with pytest.raises(ModemLost, match="unplugged") as lost:
        bench.modem.listing()
    assert lost.value.cause == "absent"
    with pytest.raises(ModemLost, match="does not exist") as lost:
        Cell.start(gammu_spec(bench.virtual))
    assert lost.value.cause == "absent"


def test_an_unplug_that_libgammu_does_not_notice_ends_at_the_deadline(
    benches: dict[str, VirtualBench],
) -> None:
    bench = benches["unplugged in a call"]
    bench.virtual.fault("drop", at="AT+CMGL")
    bench.modem.hurry(1)
    with pytest.raises(ModemLost):
        bench.modem.listing()
    assert not bench.modem.alive


def test_a_cell_killed_in_a_send_leaves_a_doubt_about_what_left(benches: dict[str, VirtualBench]) -> None:
    bench = benches["killed"]
    first_part = threading.Event()
    failures: list[Exception] = []

    def send() -> None:
        try:
            bench.modem.send(HIM, ["one", "two"], unicode=False, accepted=lambda _: first_part.set())
        except SendFailure as failed:
            failures.append(failed)

    bench.virtual.fault("lose", at="<message>", skip=1)
    sending = threading.Thread(target=send)
    sending.start()
    assert first_part.wait(5)
    wait_until(lambda: bench.virtual.state()["accepted"] == 2)
    os.kill(bench.modem.process_id, signal.SIGKILL)
    sending.join(5)
    assert [(type(failed), getattr(failed, "accepted", None)) for failed in failures] == [(InDoubt, 1)]
    assert bench.sent() == [(HIM, "one"), (HIM, "two")]


# --- opening --------------------------------------------------------------------------------


def test_a_device_that_is_not_there_is_absent(tmp_path: Path) -> None:
    with pytest.raises(ModemLost, match="does not exist") as lost:
        Cell.start({"driver": "gammu", "device": str(tmp_path / "modem")})
    assert lost.value.cause == "absent"


def test_a_device_that_another_holds_is_busy(plain: VirtualBench) -> None:
    with pytest.raises(ModemLost, match="another program") as lost:
        Cell.start(gammu_spec(plain.virtual))
    assert lost.value.cause == "busy"
    assert plain.modem.listing().complete, "and the other is not disturbed"


def test_every_error_of_the_device_has_a_cause_and_a_cure() -> None:
    assert {cause for cause, _ in LOSSES.values()} <= set(LOST_CAUSES)
    for name, (_, cure) in LOSSES.items():
        assert issubclass(getattr(gammu, name), gammu.GSMError)
        assert cure.format("/dev/modem")[-1] != "."


def test_a_pin_is_tried_once_and_only_if_there_is_one(locked: Locked) -> None:
    opened = {pin: opening.result() for pin, opening in locked.items()}
    assert opened == {None: ("waiting: pin", 3), "1234": ("ready", 3), "4321": ("waiting: pin_wrong", 2)}


# --- the debug stream -----------------------------------------------------------------------


def test_a_text_that_looks_like_the_debug_stream_deceives_nobody() -> None:
    log = (
        "Entering GSM_SendSMS\n7 bit SMS\n\nWaiting for modem prompt\nCMS Error 304: no\nSending SMS\n"
        '\nWaiting for modem prompt\n1 "AT+CMGS=19"\n2 "> "\nSending SMS\nCMS Error 500: "unknown error"\n'
    )
    failed = failure_of_send("ERR_UNKNOWN", log, taken=2)
    assert (type(failed), failed.code, failed.accepted) == (InDoubt, 500, 2)


def test_a_timeout_is_a_doubt_whatever_else_is_known() -> None:
    log = "Entering GSM_SendSMS\n\nWaiting for modem prompt\n"
    assert type(failure_of_send("ERR_TIMEOUT", log, taken=0)) is InDoubt


def test_a_stream_that_says_nothing_proves_nothing() -> None:
    assert type(failure_of_send("ERR_UNKNOWN", "", taken=0)) is InDoubt


def test_a_pdu_is_found_where_a_call_rings_into_the_answer() -> None:
    log = '1 "AT+CMGR=3"\n2 "+CMGR: 0,,24"\n3 "+CRING: VOICE"\n4 "0003"\n5 "OK"\n'
    assert raw_message(log) == PduLine("0003", 24)
    assert raw_message('1 "AT+CMGR=3"\n2 "+CMS ERROR: 304"\n') is None


@pytest.mark.parametrize(
    ("error", "log", "deleted"),
    [
        ("", "Deleting SMS\nSMS deleted OK\n", True),
        ("", "", True),
        ("ERR_UNKNOWN", "", False),
        ("", 'Deleting SMS\n2 "+CMS ERROR: 500"\n', False),
        ("", "Deleting SMS\nSMS deleted OK\nDeleting SMS\n", False),
        ("ERR_UNKNOWN", "Deleting SMS\nSMS deleted OK\n", False),
    ],
)
def test_a_delete_counts_only_where_the_modem_confirmed_it(error: str, log: str, deleted: bool) -> None:
    assert was_deleted(error, log) is deleted
