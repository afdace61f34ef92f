"""`make pictures`: what one sees on the terminal of a gateway that is set up, as SVG for docs/install.md.

    python -m tests.pictures [--into FOLDER] [--only NAME...]

All of it happened: the real program asked and answered on a terminal, a daemon worked, the virtual modem
was its modem, texts came in as PDUs. Made up are the machine around it (tests/support/installed.py: paths,
the modem's name, a user relou), the date, and the waiting: while nothing happens the clocks are turned.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from tests.cli.conversation import Conversation
from tests.support.drawing import Picture, typed
from tests.support.installed import Installed, installed, within

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "install"
COLUMNS = 96
BEGIN = datetime.fromisoformat("2026-03-06T18:02:00+01:00")
HIM = "+33687654002"
ANSWERS = {
    "What does one SMS cost": ["0.10"],
    "in 30 days, in EUR": ["60"],
    "in one day": ["8"],
    "Your own numbers": ["06 12 34 50 00"],
    "Send a test SMS": ["06 12 34 56 78"],
}
"""To the other questions, Enter."""

PICTURES = {
    "setup": "The questions of relou-gateway setup, each with its answer in brackets",
    "doctor": "relou-gateway doctor, before the first start: nothing is wrong",
    "first-answer": "The first message, its verdict, and the history of the answer to it",
    "status": "relou-gateway status, while the gateway is at work",
    "doctor-fault": "relou-gateway doctor with faults, and below each of them what to do",
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if not options.within:
        return _enter(options.into.absolute(), options.only)
    wanted = set(options.only)
    with installed(options.within, COLUMNS) as machine, closing(evening(machine)) as pictures:
        for picture in pictures:
            if picture.name in wanted:
                (options.into / f"{picture.name}.svg").write_text(picture.svg(), "utf-8")
                print(f"{picture.name}.svg", flush=True)
            wanted.discard(picture.name)
            if not wanted:
                break
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="where they go")
    parser.add_argument("--only", choices=PICTURES, nargs="+", default=tuple(PICTURES))
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _enter(into: Path, only: Sequence[str]) -> int:
    """Do the same on a machine of its own, whose files vanish with it."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        again = (sys.executable, "-m", "tests.pictures", "--within", folder)
        return within(Path(folder), *again, "--into", str(into), "--only", *only)


def evening(machine: Installed) -> Generator[Picture]:
    """Set the gateway up, start it, let a man write, and take its antenna away."""
    machine.clocks.set_wall(BEGIN, synchronised=True)
    yield _picture("setup", _set_up(machine))
    machine.clocks.suspend(timedelta(minutes=2))
    yield _picture("doctor", _verb(machine, "doctor", sudo=True))
    with machine.at_work() as daemon:
        daemon.wait_for("modem.ready", 60)
        daemon.wait_for("reply.sent", 60)
        machine.clocks.suspend(timedelta(minutes=3))
        machine.modem.deliver(HIM, "Salut, c'est Karim, du Point Éphémère 😊")
        daemon.wait_for("verdict.given", 60)
        machine.clocks.suspend(_until_due(machine, reply=2))
        daemon.wait_for("reply.sent", 60, count=2)
        yield _picture("first-answer", _verb(machine, "messages"), _verb(machine, "queue", "show", "2"))
        yield _picture("status", _verb(machine, "status"))
    machine.modem.set(signal=2, registered=False)
    yield _picture("doctor-fault", _verb(machine, "doctor", sudo=True, code=1))


def _until_due(machine: Installed, reply: int) -> timedelta:
    """Return how long a reply has yet to wait; a second more, for it is told in whole ones."""
    command = machine.command("queue", "show", str(reply), "--json")
    asked = subprocess.run(command, env=machine.environ, cwd="/", capture_output=True, text=True, check=True)
    due = datetime.fromisoformat(json.loads(asked.stdout)["due_at"])
    return due - machine.now() + timedelta(seconds=1)


def _picture(name: str, *shown: str) -> Picture:
    return Picture(name, PICTURES[name], "".join(shown), COLUMNS)


def _verb(machine: Installed, *arguments: str, sudo: bool = False, code: int = 0) -> str:
    """Run a verb to its end; return what stands on the terminal then."""
    with machine.at_terminal(*arguments) as here:
        ended = here.process.wait(60)
        here.output.join()
        assert code == ended, here.shown
    return typed(" ".join([*(["sudo"] if sudo else []), "relou-gateway", *arguments]), here.shown)


def _set_up(machine: Installed) -> str:
    """Answer the questions of `setup`."""
    with machine.at_terminal("setup") as here:
        code = Conversation(here).answer(ANSWERS)
        assert code == 0, here.shown
    return typed("sudo relou-gateway setup", here.shown)


if __name__ == "__main__":
    sys.exit(main())
