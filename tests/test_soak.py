"""The soak's one-minute form: each mishap once and some at once, shared by eight gateways, in a hurry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from tests.support import reckoning
from tests.support.bustle import Bustle
from tests.support.coincidences import SECOND, pairs
from tests.support.gauge import Gauge, Reading
from tests.support.mishaps import MISHAPS
from tests.support.soaking import Soak
from tests.support.together import side_by_side
from tests.support.virtual import Virtual
from tests.support.world import World

HER = "+33612345678"
RECORD: dict[str, object] = {"number": HER, "part": None}

SEED = 4
SHARES = 8
LONGEST = 300
"""Seconds on a machine that does much else: a minute on one that does not."""


def share(index: int) -> Sequence[str]:
    """Return every eighth mishap, so that those of a kind, which stand together, are spread."""
    return tuple(MISHAPS)[index::SHARES]


def soak(directory: Path, index: int) -> None:
    with Soak(directory, SEED + index, hurried=True, mishaps=share(index)) as soak:
        soak.run(lambda: True)
        assert [] == soak.never()


def test_the_shares_are_all_there_is() -> None:
    assert sorted(MISHAPS) == sorted(name for index in range(SHARES) for name in share(index))


def test_two_strike_at_once_in_every_share_but_one() -> None:
    assert [4] == [index for index in range(SHARES) if not pairs(share(index))]


@pytest.mark.parametrize(
    "pair",
    [
        ("disk full", "pulled and plugged in again"),
        ("hang in a command", "wall clock steps"),
        ("lost answer of a send", "daemon killed"),
        ("sends refused until the breaker opens", "daemon killed"),
        ("host sleeps", "modem resets itself"),
    ],
    ids=" + ".join,
)
def test_what_can_coincide_may_be_drawn(pair: tuple[str, str]) -> None:
    assert pair in pairs(tuple(MISHAPS))


def test_whatever_strikes_second_is_a_mishap_and_none_coincides_with_its_like() -> None:
    assert set(SECOND) <= set(MISHAPS)
    assert [] == [pair for pair in pairs(tuple(MISHAPS)) if pair[0] == pair[1] or pair[::-1] == pair]


def test_a_soak_in_which_two_never_struck_at_once_says_so(tmp_path: Path) -> None:
    soak = Soak(tmp_path, SEED, mishaps=("modem resets itself", "disk full"))
    soak.struck.update({("modem resets itself",): 1, ("disk full",): 1})
    assert ["two at once"] == soak.never()
    soak.struck["disk full", "modem resets itself"] += 1
    assert [] == soak.never()


# --- does the audit notice? -----------------------------------------------------------------


@pytest.fixture
def answered(world: World) -> World:
    """A gateway that has answered one person, whose record is `RECORD`."""
    world.text(HER, "texte 1 ")
    world.receive()
    world.wait(10)
    assert 1 == world.send_all()
    return world


def audit(world: World, record: list[dict[str, object]], caps: dict[int, int], *texts: str) -> None:
    bustle = Bustle(cast("Virtual", None), 0, 1.0)
    bustle.texts.update(texts)
    with world.gateway.database.snapshot() as tx:
        reckoning.everything_came_in_once(tx, bustle)
        reckoning.every_part_is_accounted_for(tx, record, bustle)
        reckoning.no_cap_was_passed(tx, caps, {})
        reckoning.the_chain_is_whole(tx)


def test_an_audit_of_records_that_agree_is_content(answered: World) -> None:
    audit(answered, [RECORD], {60_000: 1}, "texte 1 ")


@pytest.mark.parametrize(
    ("record", "cap", "texts"),
    [
        ([RECORD, RECORD], 1, ["texte 1 "]),
        ([], 1, ["texte 1 "]),
        ([RECORD, RECORD | {"number": "+33687654321"}], 1, ["texte 1 "]),
        ([RECORD], 0, ["texte 1 "]),
        ([RECORD], 1, ["texte 1 ", "texte 2 "]),
        ([RECORD], 1, []),
    ],
    ids=["sent twice", "never sent", "sent to a stranger", "above a cap", "one lost", "one too many"],
)
def test_an_audit_notices_what_does_not_agree(
    answered: World, record: list[dict[str, object]], cap: int, texts: list[str]
) -> None:
    with pytest.raises(AssertionError):
        audit(answered, record, {60_000: cap}, *texts)


@pytest.mark.parametrize(
    ("last", "grown"),
    [
        (Reading(9, 3, 40_000), 0),
        (Reading(10, 3, 40_000), 1),
        (Reading(8, 4, 40_000), 1),
        (Reading(8, 3, 70_000), 1),
    ],
    ids=["nothing", "descriptors", "threads", "memory"],
)
def test_what_grows_is_noticed_and_a_moments_height_is_not(last: Reading, grown: int) -> None:
    first = Reading(8, 3, 39_000)
    gauge = Gauge(1, [Reading(4, 1, 9_000), first, first, Reading(30, 9, 90_000), first, last, last])
    assert grown == len(gauge.growth())


# --- the soak -------------------------------------------------------------------------------


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_first_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 0)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_second_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 1)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_third_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 2)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_fourth_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 3)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_fifth_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 4)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_sixth_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 5)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_seventh_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 6)


@pytest.mark.timeout(LONGEST)
@side_by_side
def test_mishaps_of_the_eighth_share_lose_nothing_and_repeat_nothing(directory: Path) -> None:
    soak(directory, 7)
