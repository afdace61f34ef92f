"""A database that cannot be written: nothing is deleted from the SIM, it is told once, and goes on."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from relou_gateway.rules.records import Status
from relou_gateway.store.database import Database
from tests.support.daemon import Service, service
from tests.support.notify import listener
from tests.support.together import side_by_side

KARIM, JULIEN = "+33612345678", "+33687654321"
NUMBERS = [f"+3361234560{index}" for index in range(5)]


@contextmanager
def full_disk(gateway: Service) -> Iterator[None]:
    """Let no file of the daemon grow, as a full disk does."""
    before = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it has stopped meanwhile
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(gateway: Service) -> Iterator[None]:
    """Hold the database as a program does that forgot to commit."""
    with Database(gateway.database) as database, database.transaction("held by a test"):
        yield


def deliver_to_all(gateway: Service) -> None:
    for number in NUMBERS:
        gateway.modem.deliver(number, f"de {number}")


def in_the_modem(gateway: Service) -> int:
    """Return how many messages lie on the SIM and in the modem."""
    return sum(gateway.modem.state()["used"].values())


def all_arrived_once_and_are_answered(gateway: Service) -> None:
    for number in NUMBERS:
        gateway.wait_for("reply.sent", number=number)
    texts = sorted(message.text for message in gateway.messages())  # a freed slot is filled out of turn
    assert [f"de {number}" for number in NUMBERS] == texts
    assert sorted(NUMBERS) == sorted(line["number"] for line in gateway.modem.record())
    assert 0 == in_the_modem(gateway)
    assert (1, 1, []) == (
        len(gateway.heard("store.failed")),
        len(gateway.heard("store.recovered")),
        gateway.heard("tick.failed"),
    )


@side_by_side
def test_a_full_disk_deletes_nothing_from_the_sim_and_is_outlived(directory: Path) -> None:
    with service(directory, start=False) as gateway, listener(directory) as systemd:
        gateway.start(environ={"NOTIFY_SOCKET": systemd.address})
        gateway.wait_for("modem.ready")
        with full_disk(gateway):
            deliver_to_all(gateway)
            told = gateway.wait_for("store.failed")
            systemd.wait_for("WATCHDOG=1", 3)
            assert (0, len(NUMBERS)) == (gateway.modem.state()["deleted"], in_the_modem(gateway))
            assert "disk" in told["reason"]
            assert "STATUS=the database cannot be written" in systemd.told[-1]
        gateway.wait_for("store.recovered")
        all_arrived_once_and_are_answered(gateway)


@side_by_side
def test_a_locked_database_deletes_nothing_from_the_sim_and_is_outlived(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        with locked(gateway):
            deliver_to_all(gateway)
            told = gateway.wait_for("store.failed")
            assert 0 == gateway.modem.state()["deleted"]
            assert "another program holds the database" in told["reason"]
        gateway.wait_for("store.recovered")
        all_arrived_once_and_are_answered(gateway)


@side_by_side
def test_a_send_whose_outcome_cannot_be_written_is_in_doubt_and_never_repeated(directory: Path) -> None:
    with service(directory, modem={"send_seconds": 1}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.claimed")
        with locked(gateway):
            gateway.wait_for("store.failed")
        gateway.wait_for("reply.in_doubt")
        gateway.modem.deliver(JULIEN, "Coucou")
        gateway.wait_for("reply.sent", number=JULIEN)
        assert [KARIM, JULIEN] == [line["number"] for line in gateway.modem.record()]
        assert [Status.IN_DOUBT, Status.SENT] == [reply.state for reply in gateway.replies()]
        assert [] == gateway.broken_links()


@side_by_side
def test_a_stop_with_a_full_disk_is_an_orderly_one(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        with full_disk(gateway):
            gateway.modem.deliver(KARIM, "Salut")
            gateway.wait_for("store.failed")
            assert 0 == gateway.stop().code
        assert ["daemon.stopped", 0] == [
            gateway.output.events[-1]["event"],
            gateway.modem.state()["deleted"],
        ]
        gateway.start()
        gateway.wait_for("reply.sent", number=KARIM)
        assert 0 == in_the_modem(gateway)
