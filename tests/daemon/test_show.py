"""The show: `run` without a configuration, or with `--virtual`, on a virtual modem of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.daemon import PROGRAM, Service, marked_processes, service
from tests.support.terminal import Terminal, terminal
from tests.support.together import side_by_side
from tests.support.virtual import virtual_modem
from tests.support.waiting import wait_until


class Home:
    """The home of a person who has just installed the program."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mark = f"RELOU_TEST_MARK={directory}"
        self.folder = directory / "state" / "relou-gateway" / "demo"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RELOU")}
        state = {"HOME": str(directory), "XDG_STATE_HOME": str(directory / "state")}
        self.environ = kept | state | dict([self.mark.split("=", 1)])

    def processes(self) -> dict[str, int]:
        """Return the ids of what runs, by what it is."""
        found = {}
        for pid, command in marked_processes(self.mark):
            name = re.search(r"relou_gateway\.modem\.(virtual|cell)", command)
            found[name[1] if name else "daemon"] = pid
        return found

    @contextmanager
    def show(self, *arguments: str | Path) -> Iterator[Terminal]:
        with terminal([PROGRAM, "run", *arguments], self.directory, self.environ) as screen:
            yield screen
        wait_until(lambda: self.processes() == {})

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            cwd=self.directory,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


def wait_for(screen: Terminal, words: str) -> None:
    wait_until(lambda: words in screen.shown, 40)


@side_by_side
def test_without_a_configuration_it_shows_itself_and_sums_up_at_ctrl_c(directory: Path) -> None:
    home = Home(directory)
    with home.show() as screen:
        wait_for(screen, "reply.sent")
        screen.type("\x03")
        assert 0 == screen.process.wait(10)
        wait_for(screen, "See more")
    shown = screen.shown
    assert "Nothing leaves this machine" in shown
    assert "delays" in shown
    assert "4 to 9 s, for the show" in shown
    assert "modem.lost" not in shown
    assert re.search(r"answered +\S*1 sender: 2 SMS, 0\.32 EUR", re.sub(r"\x1b\[[0-9;]*m", "", shown))
    named = re.findall(r"^ +\S*relou-gateway (.+?)\r?$", shown.partition("See more")[2], re.MULTILINE)
    assert 5 == len(named)
    assert {0} == {home.run(*verb.split()).returncode for verb in named}


@side_by_side
def test_ctrl_c_in_the_show_does_not_strike_its_modem(directory: Path) -> None:
    home = Home(directory)
    with home.show() as screen:
        wait_until(lambda: {"daemon", "virtual", "cell"} <= home.processes().keys(), 30)
        groups = {name: os.getpgid(pid) for name, pid in home.processes().items()}
        assert groups["daemon"] not in {groups["virtual"], groups["cell"]}
        screen.type("\x03")
        assert 0 == screen.process.wait(10)


@side_by_side
def test_a_second_show_leaves_the_first_alone(directory: Path) -> None:
    home = Home(directory)
    with home.show() as screen:
        wait_for(screen, "daemon.started")
        second = home.run("run")
        assert (1, True) == (second.returncode, "a show is running already" in second.stderr)
        wait_for(screen, "verdict.given")
        screen.type("\x03")
        assert 0 == screen.process.wait(10)
    assert "modem.lost" not in screen.shown


@side_by_side
def test_the_show_on_a_configuration_touches_neither_its_database_nor_its_modem(directory: Path) -> None:
    home = Home(directory)
    config = directory / "config.yaml"
    with virtual_modem(directory) as real:
        config.write_text(
            f"modem: {{device: {real.link}, pin: 2468}}\n"
            f"storage: {{path: {directory / 'real.db'}}}\n"
            "replies: {texts: [Non.]}\n"
        )
        with home.show("--virtual", "--config", config) as screen:
            wait_for(screen, "verdict.given")
            answers = home.run("queue", "--json", "--config", home.folder / "config.yaml")
            screen.type("\x03")
            assert 0 == screen.process.wait(10)
        assert '"text":"Non."' in answers.stdout
        assert (0, 0) == (real.state()["commands"], real.state()["clients"])
        assert [] == list(directory.glob("real.db*"))


@side_by_side
def test_the_faults_of_a_configuration_are_told_before_the_show(directory: Path) -> None:
    home = Home(directory)
    (directory / "bad.yaml").write_text("throttle: {per_hour: many}\ncolour: red\n")
    ended = home.run("run", "--virtual", "--config", "bad.yaml")
    assert (2, ["bad.yaml:1", "bad.yaml:2"]) == (
        ended.returncode,
        [":".join(line.split(":")[:2]) for line in ended.stderr.splitlines()],
    )
    assert not home.folder.exists()


@side_by_side
def test_an_empty_configuration_is_one(directory: Path) -> None:
    home = Home(directory)
    (directory / "empty.yaml").write_text("# nothing yet\n")
    with home.show("--virtual", "--config", "empty.yaml") as screen:
        wait_for(screen, "daemon.started")
        screen.type("\x03")
        assert 0 == screen.process.wait(10)


@side_by_side
def test_a_home_that_cannot_be_written_is_told_in_one_line(directory: Path) -> None:
    home = Home(directory)
    (directory / "state").write_text("a file where a folder should be")
    ended = home.run("run")
    assert (1, 1) == (ended.returncode, len(ended.stderr.splitlines()))
    assert "the show cannot keep its files there" in ended.stderr


@side_by_side
def test_a_configured_modem_that_is_missing_is_never_replaced_by_the_virtual_one(directory: Path) -> None:
    with service(directory, {"modem": {"device": str(directory / "gone")}}, plugged=False) as gateway:
        gateway.wait_for("modem.lost")
        assert "absent" == status_of(gateway)["state"]
        assert [] == [command for command in gateway.processes() if "virtual" in command]


def status_of(gateway: Service) -> dict[str, object]:
    [status] = gateway.rows("status")
    modem: dict[str, object] = status["modem"]
    return modem
