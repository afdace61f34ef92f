"""A database that is backed up, damaged and restored, too new, or full of a flooder, and the real daemon."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from relou_gateway.pipeline.sparing import MANY
from relou_gateway.rules.records import Status
from relou_gateway.store.database import SCHEMA_VERSION
from tests.support.daemon import Service, service
from tests.support.together import side_by_side

KARIM, JULIEN, MATHIEU = "+33612345678", "+33687654321", "+33798765005"


def told(gateway: Service, *arguments: str) -> dict[str, Any]:
    [row] = gateway.rows(*arguments)
    return row


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 3)


@side_by_side
def test_backup_and_forget_old_while_the_daemon_works(directory: Path) -> None:
    with service(directory) as gateway:
        (directory / "backups").mkdir()
        gateway.wait_for("modem.ready")
        for index in range(5):
            gateway.modem.deliver(f"+3361234560{index}", "Salut")
            made = told(gateway, "backup", "backups", "--keep", "2")
            assert 0 == told(gateway, "forget-old")["messages"]
        gateway.wait_for("reply.sent", count=5)
        assert 2 == len(list((directory / "backups").iterdir()))
        assert (directory / made["path"]).stat().st_size == made["bytes"]
        assert ([], []) == (gateway.heard("store.failed"), gateway.heard("tick.failed"))
        assert [] == gateway.broken_links()


@side_by_side
def test_a_damaged_database_is_refused_and_one_command_brings_the_last_backup_back(directory: Path) -> None:
    with service(directory) as gateway:
        (directory / "backups").mkdir()
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent", number=KARIM)
        gateway.verb("pause")
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("verdict.given", number=JULIEN)
        assert 1 == gateway.verb("restore", "--yes").returncode  # while it is at work
        told(gateway, "backup", "backups")
        gateway.verb("resume")
        gateway.wait_for("reply.sent", number=JULIEN)
        gateway.stop()
        damage(gateway.database)

        gateway.start()
        refused = gateway.wait_for("daemon.refused")
        assert "`relou-gateway restore` sets it aside and brings back the last backup" in refused["reason"]
        assert 1 == gateway.exit_code()
        done = told(gateway, "restore")
        assert ([2], True) == (done["held"], Path(done["set_aside"][0]).exists())

        gateway.verb("resume")
        gateway.start()
        gateway.modem.deliver(MATHIEU, "Salut")
        gateway.wait_for("reply.sent", number=MATHIEU)
        assert [KARIM, JULIEN, MATHIEU] == [line["number"] for line in gateway.modem.record()]
        assert (Status.HELD, []) == (gateway.replies()[1].state, gateway.broken_links())


@side_by_side
def test_a_database_of_a_newer_program_is_refused_with_the_way_back(directory: Path) -> None:
    with service(directory, plugged=False) as gateway:
        gateway.wait_for("daemon.started")
        gateway.stop()
        copy = directory / f"gateway.db.before-{SCHEMA_VERSION + 1}"
        told(gateway, "backup", str(copy))
        with closing(sqlite3.connect(gateway.database)) as newer:
            newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        gateway.start()
        reason = gateway.wait_for("daemon.refused")["reason"]

        assert 1 == gateway.exit_code()
        assert f"or go back: `relou-gateway restore {copy}`" in reason
        assert 0 == gateway.verb("restore", str(copy)).returncode
        gateway.start()
        gateway.wait_for("daemon.started")


@side_by_side
def test_an_older_database_is_brought_up_to_date_which_is_told(directory: Path) -> None:
    old = Path(__file__).parents[1] / "databases" / "0001.sql"
    with closing(sqlite3.connect(directory / "gateway.db")) as connection:
        connection.executescript(old.read_text(encoding="utf-8"))
    with service(directory, plugged=False) as gateway:
        made = gateway.wait_for("database.migrated")

        gateway.wait_for("daemon.started")
        assert SCHEMA_VERSION == made["version"]
        assert Path(made["copy"]).exists()
        assert [] == gateway.broken_links()


@side_by_side
def test_a_flooder_who_fills_the_disk_is_counted_and_it_is_shown(directory: Path) -> None:
    with service(directory, {"storage": {"max": "1kB"}, "replies": {"delay": ["60s", "60s"]}}) as gateway:
        for index in range(MANY + 4):
            gateway.modem.deliver(KARIM, f"flood {index}")
            if index == MANY - 1:
                gateway.wait_for("verdict.given", count=MANY)
        gateway.modem.deliver(JULIEN, "Salut")
        gateway.wait_for("storage.max_reached")
        gateway.wait_for("verdict.given", number=JULIEN)
        gateway.wait_for("texts.counted")

        status = told(gateway, "status")["database"]
        assert ({"path", "schema", "bytes", "used", "max", "counting_since", "counted"}, 4) == (
            set(status),
            status["counted"],
        )
        assert [4] == [each["messages"] for each in told(gateway, "senders", "show", KARIM)["counted"]]
        assert MANY + 4 == told(gateway, "senders", "show", KARIM)["messages"]
        assert "4 texts of flooders only counted" in gateway.verb("messages").stdout
        assert "flooders' texts are only counted" in gateway.verb("status").stdout
        assert "not kept (storage.max)" in gateway.verb("senders", "show", KARIM).stdout
        assert 1 == len(gateway.heard("storage.max_reached"))
        assert json.dumps(gateway.modem.state()["used"]) == json.dumps({"SM": 0, "ME": 0})
