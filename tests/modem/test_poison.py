"""Real messages that libGammu can neither decode nor delete, and how the SIM is kept open all the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from relou_gateway.modem.cell import Deadlines
from relou_gateway.modem.port import DeleteFailed, ModemLost
from relou_gateway.rules.records import Call, Memory, Slot, SlotAddress, Sms, Undecodable
from tests.modem.bench import VirtualBench, virtual_bench
from tests.support.waiting import wait_until

HER = "+33612345678"
REAL = [
    bytes.fromhex(line.split()[1])
    for line in (Path(__file__).parent / "bad_pdus.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
POISON = bytes.fromhex("07913306091093F0030B913316325476F80000620360715315802000")
"""An SMS with a message type that does not exist: ERR_UNKNOWN, which libGammu never deletes."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBench]:
    deadlines = Deadlines(open=20, listing=20, delete=5, delete_by_hand=30, send=4, further_part=2)
    with virtual_bench(
        tmp_path_factory.mktemp("poison"), sim_slots=30, me_slots=5, deadlines=deadlines
    ) as here:
        yield here


@pytest.fixture
def bench(shared: VirtualBench) -> VirtualBench:
    shared.virtual.clear()
    shared.virtual.empty()
    assert () == shared.modem.listing().slots
    return shared


def undeletable(bench: VirtualBench) -> dict[SlotAddress, bytes]:
    """Delete what can be deleted by the ordinary road; return the rest."""
    stuck = {}
    for slot in bench.modem.listing().slots:
        try:
            bench.modem.delete(slot.address)
        except DeleteFailed:
            stuck[slot.address] = slot.fingerprint
    return stuck


def only(bench: VirtualBench) -> Slot:
    (slot,) = bench.modem.listing().slots
    return slot


def test_thirty_real_bad_messages_do_not_close_the_sim(bench: VirtualBench) -> None:
    for pdu in islice(cycle(REAL), 35):
        bench.virtual.deliver_raw(pdu.hex())
    bench.virtual.deliver(HER, "Bonjour")
    bench.modem.listing()  # after it what comes in goes to the modem's own memory, as long as there is room
    listing = bench.modem.listing()
    assert (35, 1) == (len(listing.slots), bench.virtual.state()["waiting"])
    assert set(Memory) == {slot.address.memory for slot in listing.slots}
    raw = {slot.content.pdu for slot in listing.slots if isinstance(slot.content, Undecodable)}
    assert raw <= set(REAL)
    stuck = undeletable(bench)
    assert stuck, "the ordinary road frees them all: this test is about nothing"
    assert frozenset(stuck) == bench.modem.delete_by_hand(stuck)
    wait_until(lambda: bench.virtual.state()["waiting"] == 0)
    assert isinstance(content := only(bench).content, Sms)
    assert "Bonjour" == content.text
    bench.ring(HER)
    assert (Call(HER),) == bench.modem.listing().calls, "libGammu has the modem back as it was"
    assert bench.modem.send(HER, ["Bonjour"], unicode=False)


def test_only_what_was_stored_is_deleted(bench: VirtualBench) -> None:
    other = POISON[:-1] + b"\x01"
    for pdu in (POISON, other, POISON):
        bench.virtual.deliver_raw(pdu.hex())
    bench.virtual.deliver(HER, "Bonjour")
    stored, taken, refused, decodable = bench.modem.listing().slots
    asked = {slot.address: slot.fingerprint for slot in (stored, refused, decodable)}
    asked[taken.address] = stored.fingerprint  # since it was stored, another message took the slot
    empty = stored.address._replace(location=9)
    another_card = stored.address._replace(card="208011234567890")
    bench.virtual.fault("refuse", at=f"AT+CMGD={refused.address.location}", cms=500)
    freed = bench.modem.delete_by_hand(asked | dict.fromkeys((empty, another_card), stored.fingerprint))
    assert {stored.address, decodable.address, empty} == freed
    assert [taken, refused] == list(bench.modem.listing().slots)


def test_a_modem_that_falls_silent_meanwhile_is_lost(bench: VirtualBench) -> None:
    # the last test of this module: it costs the shared cell
    bench.virtual.deliver_raw(POISON.hex())
    stuck = undeletable(bench)
    bench.virtual.fault("lose", at="AT+CMGD=")
    with pytest.raises(ModemLost) as lost:
        bench.modem.delete_by_hand(stuck)
    assert "hung" == lost.value.cause
