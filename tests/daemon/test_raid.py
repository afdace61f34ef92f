"""A gateway that is started in the middle of a raid, and one that is stopped while it learns of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relou_gateway.rules.admission import Reason
from relou_gateway.rules.records import Kind, Moment, Ruling
from relou_gateway.store import arrivals, inbox
from relou_gateway.store.database import Database, create_or_migrate
from tests.support.daemon import service
from tests.support.together import side_by_side

STRANGERS = 3000


def fill(database: Path, senders: int = STRANGERS, within: timedelta = timedelta(hours=3)) -> None:
    """Let so many strangers have written once each, evenly over the time `within` before now."""
    create_or_migrate(database)
    began = datetime.now(UTC) - within
    with Database(database) as opened, opened.transaction("fill") as tx:
        for index in range(senders):
            at = began + within * index / senders
            now = Moment(at, at)
            row = arrivals.insert(
                tx, Kind.SMS, f"+336{index:08}", "vous allez voir", None, at, now, canonical=str
            )
            inbox.record_verdict(tx, row, Ruling.DECLINED, Reason.COOLDOWN, None, now)


@side_by_side
def test_a_gateway_that_starts_in_a_raid_learns_of_it_from_what_it_stored(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        fill(gateway.database)
        gateway.start()
        gateway.wait_for("raid.began", 60)
        [status] = gateway.rows("status")
        since = datetime.fromisoformat(status["raid"]["since"])
        assert status["raid"]["active"]
        assert abs(datetime.now(UTC) - timedelta(hours=3) - since) < timedelta(hours=1)
        assert "raid" in gateway.verb("status").stdout
        gateway.kill()
        gateway.start()
        gateway.wait_for("modem.registered", 60)
        gateway.stop()
        assert [] == gateway.heard("raid.began")


@side_by_side
def test_a_gateway_that_still_learns_obeys_a_stop(directory: Path) -> None:
    with service(directory, start=False) as gateway:
        fill(gateway.database, 6000)
        gateway.start()
        gateway.wait_for("daemon.started", 20)
        began = time.monotonic()
        ended = gateway.stop()
        assert 0 == ended.code
        assert time.monotonic() - began < 10
