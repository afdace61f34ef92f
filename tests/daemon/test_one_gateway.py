"""One gateway for each database, whatever becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.daemon import service
from tests.support.together import side_by_side
from tests.support.waiting import wait_until

KARIM, JULIEN = "+33612345678", "+33687654321"


@side_by_side
def test_a_second_gateway_on_the_same_database_is_refused_in_one_line(directory: Path) -> None:
    with service(directory) as gateway:
        gateway.wait_for("modem.ready")
        second = gateway.verb("run")
        [line] = (second.stdout + second.stderr).splitlines()
        refused = json.loads(line)
        assert (1, "daemon.refused") == (second.returncode, refused["event"])
        assert f"{gateway.database}: a gateway is at work on this database" == refused["reason"]
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.sent")


@side_by_side
def test_a_gateway_that_is_killed_leaves_nothing_behind_and_the_next_goes_on(directory: Path) -> None:
    with service(directory, modem={"send_seconds": 30}) as gateway:
        gateway.modem.deliver(KARIM, "Salut")
        gateway.wait_for("reply.claimed")
        gateway.kill()
        wait_until(lambda: gateway.processes() == [])
        assert gateway.lock_is_free()
        [status] = gateway.rows("status")
        assert ("stopped", 1) == (status["modem"]["state"], status["queue"]["sending"])
        gateway.modem.set(send_seconds=0)
        gateway.start()
        assert "found sending at start" == gateway.wait_for("reply.in_doubt")["reason"]
        gateway.modem.deliver(JULIEN, "Coucou")
        gateway.wait_for("reply.sent", number=JULIEN)


@side_by_side
def test_the_virtual_modem_of_a_gateway_that_is_killed_ends_with_it(directory: Path) -> None:
    with service(directory, {"modem": {"device": "virtual"}}, plugged=False) as gateway:
        gateway.wait_for("modem.ready")
        assert 3 == len(gateway.processes())
        gateway.kill()
        wait_until(lambda: gateway.processes() == [])
        gateway.start()
        gateway.wait_for("modem.ready")


@side_by_side
def test_a_second_gateway_leaves_the_virtual_modem_of_the_first_alone(directory: Path) -> None:
    with service(directory, {"modem": {"device": "virtual"}}, plugged=False) as gateway:
        gateway.wait_for("modem.ready")
        second = gateway.verb("run")
        assert (1, True) == (second.returncode, "a gateway is at work" in second.stderr)
        assert (directory / "virtual-modem").resolve().exists()
        assert 0 == gateway.stop().code
        assert [] == gateway.heard("modem.lost")


@side_by_side
def test_a_folder_that_is_not_there_is_refused_in_one_line(directory: Path) -> None:
    config = {"storage": {"path": str(directory / "nowhere" / "gateway.db")}}
    with service(directory, config, plugged=False) as gateway:
        assert 1 == gateway.exit_code()
        [refused] = gateway.output.events
        assert ("daemon.refused", True) == (refused["event"], str(directory / "nowhere") in refused["reason"])


@side_by_side
def test_a_folder_that_is_not_there_is_no_place_for_a_virtual_modem_either(directory: Path) -> None:
    config = {"modem": {"device": "virtual"}, "storage": {"path": str(directory / "nowhere" / "gateway.db")}}
    with service(directory, config, plugged=False) as gateway:
        assert 1 == gateway.exit_code()
        [line] = gateway.output.lines
        assert f"Error: {directory / 'nowhere'}: there is no such directory" in line


@side_by_side
def test_a_faulty_configuration_is_no_start_and_exits_with_two(directory: Path) -> None:
    with service(directory, {"throttle": {"per_hour": "many"}, "colour": {}}, plugged=False) as gateway:
        assert 2 == gateway.exit_code()
        assert 2 == len([line for line in gateway.output.lines if "config.yaml:" in line])


@side_by_side
def test_a_configuration_that_is_named_but_missing_is_no_start(directory: Path) -> None:
    with service(directory, plugged=False, start=False) as gateway:
        gateway.config.unlink()
        gateway.start()
        assert 2 == gateway.exit_code()
        assert [] == list(directory.glob("gateway*"))
