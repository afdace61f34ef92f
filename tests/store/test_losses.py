"""Losses of the modem: counted within a day, and not kept for ever."""

from __future__ import annotations

from relou_gateway.store import gateway, losses
from relou_gateway.store.database import Connection
from relou_gateway.store.gateway import ClockRow
from relou_gateway.store.losses import Losses
from tests.store.samples import DAY, START, at

HOUR = 3600.0


def let_it_be(tx: Connection, seconds: float) -> None:
    """Let quota time have come so far."""
    quota = round(START.timestamp() * 1000 + seconds * 1000)
    gateway.save_clock(tx, ClockRow("a boot", 0, quota, quota, wall_trusted=True))


def test_losses_are_counted_within_a_day_and_the_last_is_told(tx: Connection) -> None:
    let_it_be(tx, 0)
    assert losses.within_a_day(tx) is None
    for hour, cause in ((0, "hung"), (1, "died"), (2, "absent")):
        losses.note(tx, cause, at(hour * HOUR))
    let_it_be(tx, 3 * HOUR)
    assert Losses(3, at(2 * HOUR).wall, "absent") == losses.within_a_day(tx)
    let_it_be(tx, DAY.total_seconds() + HOUR)
    assert Losses(1, at(2 * HOUR).wall, "absent") == losses.within_a_day(tx)
    let_it_be(tx, DAY.total_seconds() + 2 * HOUR)
    assert losses.within_a_day(tx) is None


def test_of_a_loose_plug_the_newest_losses_are_kept(tx: Connection) -> None:
    let_it_be(tx, 0)
    for second in range(losses.MOST + 5):
        losses.note(tx, "absent", at(second))
    found = losses.within_a_day(tx)
    assert Losses(losses.MOST, at(losses.MOST + 4).wall, "absent") == found
