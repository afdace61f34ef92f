"""Slots that the modem will not delete: by hand, in rounds, and never another message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from relou_gateway.modem.port import ModemLost
from relou_gateway.modem.scripted import ScriptedModem
from relou_gateway.rules.records import Memory, SlotAddress, Sms, Undecodable
from relou_gateway.store import inbox
from tests.support.world import START, World, mobile

BAD = [Undecodable("ERR_UNKNOWN", bytes((0, 3, number))) for number in range(6)]
MINUTE = timedelta(minutes=1)


class Counting(ScriptedModem):
    """Counts how often it is asked to free slots by hand, and can refuse to, or vanish over it."""

    def __init__(self) -> None:
        super().__init__(slots={Memory.SIM: 3, Memory.MODEM: 0}, poison=set(BAD))
        self.rounds: list[int] = []
        self.stubborn = False
        self.vanishing = False

    def delete_by_hand(self, slots: Mapping[SlotAddress, bytes]) -> frozenset[SlotAddress]:
        self.rounds.append(len(slots))
        if self.stubborn:
            return frozenset()
        freed = super().delete_by_hand(slots)
        if self.vanishing:
            self.lose()
            raise ModemLost("hung", "it does not answer")
        return freed


class Poisoned(World):
    modem: Counting


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Poisoned]:
    here = Poisoned(tmp_path)
    here.modem = Counting()
    yield here
    here.close()


def kinds(world: Poisoned) -> list[str]:
    return [str(row.kind) for row in world.messages()]


def stuck(world: Poisoned) -> int:
    with world.gateway.database.snapshot() as tx:
        return len(inbox.stuck_slots(tx, 1))


def poison(world: Poisoned, count: int) -> None:
    for content in BAD[:count]:
        world.modem.deliver(content)


def test_a_sim_full_of_poison_is_opened_again(world: Poisoned) -> None:
    poison(world, 3)
    world.text(mobile(1))
    for _ in range(5):
        world.receive()
    assert (["undecodable"] * 3 + ["sms"], 0) == (kinds(world), stuck(world))
    assert [3] == world.modem.rounds, "all of them at once: each round costs seconds"


def test_what_cannot_be_freed_by_hand_either_is_tried_again_after_ten_minutes(world: Poisoned) -> None:
    world.modem.stubborn = True
    poison(world, 1)
    for _ in range(60):
        world.receive()
        world.clock.advance(MINUTE / 2)
    assert ([1, 1, 1], 1) == (world.modem.rounds, stuck(world))
    world.modem.stubborn = False
    world.clock.advance(10 * MINUTE)
    world.receive()
    world.receive()
    assert (["undecodable"], 0) == (kinds(world), stuck(world))


def test_a_flood_of_poison_does_not_keep_the_modem_from_its_work(world: Poisoned) -> None:
    poison(world, 6)
    for _ in range(20):
        world.receive()
        world.clock.advance(timedelta(seconds=5))
    assert [3, 3] == world.modem.rounds
    assert 6 == len(kinds(world))


def test_a_message_that_took_the_slot_stays_and_is_stored(world: Poisoned) -> None:
    poison(world, 1)
    for _ in range(2):
        world.receive()
    (address,) = world.modem._held
    world.modem._free_slot(address)
    world.modem.deliver(Sms(mobile(1), "Bonjour", START))
    world.receive()
    assert (["undecodable", "sms"], []) == (kinds(world), world.modem.rounds)


def test_a_modem_lost_in_the_middle_loses_nothing_and_stores_nothing_twice(world: Poisoned) -> None:
    world.modem.vanishing = True
    poison(world, 2)
    for _ in range(3):
        world.receive()
    with pytest.raises(ModemLost):
        world.receive()
    world.text(mobile(1))
    world.modem.vanishing = False
    world.modem.recover()
    world.receive()
    world.receive()
    assert (["undecodable"] * 2 + ["sms"], 0) == (kinds(world), stuck(world))
