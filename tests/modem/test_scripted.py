from __future__ import annotations

import pytest

from relou_gateway.modem.port import DeleteFailed, InDoubt, ModemLost, NotSent
from relou_gateway.modem.scripted import (
    Accepted,
    ScriptedModem,
    SendOutcome,
    delete_refused,
    delete_unanswered,
    lost_answer,
)
from relou_gateway.rules.records import Memory, Sms

HIM = "+33698765432"


def message(number: int) -> Sms:
    return Sms("+33612345678", f"message {number}", None)


def held(modem: ScriptedModem) -> list[str]:
    return [slot.content.text for slot in modem.listing().slots if isinstance(slot.content, Sms)]


@pytest.fixture
def modem() -> ScriptedModem:
    """Two slots on the SIM, one in the modem, and five messages."""
    small = ScriptedModem(slots={Memory.SIM: 2, Memory.MODEM: 1})
    for number in range(5):
        small.deliver(message(number))
    return small


def test_the_sim_is_filled_first_and_the_rest_waits(modem: ScriptedModem) -> None:
    addresses = [slot.address for slot in modem.listing().slots]
    assert [(each.memory, each.location) for each in addresses] == [
        (Memory.SIM, 1),
        (Memory.SIM, 2),
        (Memory.MODEM, 1),
    ]
    assert [each.card for each in addresses] == [modem.identity.imsi] * 2 + [modem.identity.imei]
    assert modem.waiting == 2


def test_a_freed_slot_is_refilled_at_once(modem: ScriptedModem) -> None:
    second = modem.listing().slots[1]
    modem.delete(second.address)
    assert held(modem) == ["message 0", "message 3", "message 2"]
    assert modem.listing().slots[1].address == second.address
    assert modem.deleted == [second]


def test_a_delete_can_be_refused(modem: ScriptedModem) -> None:
    modem.delete_script.append(delete_refused())
    first = modem.listing().slots[0]
    with pytest.raises(DeleteFailed):
        modem.delete(first.address)
    assert modem.listing().slots[0] == first


def test_a_delete_can_be_obeyed_and_its_answer_lost(modem: ScriptedModem) -> None:
    modem.delete_script.append(delete_unanswered())
    first = modem.listing().slots[0]
    with pytest.raises(ModemLost):
        modem.delete(first.address)
    with pytest.raises(ModemLost):
        modem.listing()
    modem.recover()
    assert held(modem)[0] == "message 3", "another one lies where it lay"


def test_a_lost_modem_keeps_what_it_holds_and_takes_nothing_in(modem: ScriptedModem) -> None:
    before = held(modem)
    modem.lose()
    modem.deliver(message(5))
    assert modem.waiting == 3
    with pytest.raises(NotSent):
        modem.send(HIM, ["Bonjour"], unicode=False)
    modem.recover()
    assert held(modem) == before


def test_sends_end_as_the_script_says_and_then_well() -> None:
    modem = ScriptedModem()
    modem.send_script.append(SendOutcome(NotSent("no network", code=331)))
    modem.send_script.append(SendOutcome(InDoubt("no answer", accepted=1), left=True))
    with pytest.raises(NotSent):
        modem.send(HIM, ["one"], unicode=False)
    taken: list[int] = []
    with pytest.raises(InDoubt):
        modem.send(HIM, ["two", "three", "four"], unicode=True, accepted=taken.append)
    assert modem.send(HIM, ["five"], unicode=False) == (3,)
    assert (modem.accepted, taken) == (
        [Accepted(HIM, ("two", "three"), True, (1, 2)), Accepted(HIM, ("five",), False, (3,))],
        [1],
    )


def test_a_lost_answer_is_of_a_message_that_left() -> None:
    modem = ScriptedModem()
    modem.send_script.append(lost_answer())
    with pytest.raises(InDoubt):
        modem.send(HIM, ["Bonjour"], unicode=False)
    assert [taken.parts for taken in modem.accepted] == [("Bonjour",)]
    with pytest.raises(ModemLost):
        modem.network()


def test_a_simulated_clock_is_told_how_long_a_send_takes() -> None:
    spent: list[float] = []
    modem = ScriptedModem(send_seconds=4.0, advance=spent.append)
    modem.send_script.append(SendOutcome(NotSent("no", accepted=1)))
    with pytest.raises(NotSent):
        modem.send(HIM, ["one", "two", "three"], unicode=False)
    modem.send(HIM, ["one", "two"], unicode=False)
    assert spent == [8.0, 8.0]
