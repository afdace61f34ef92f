"""A gateway as an operator has it: a configuration, a database, a modem, and `relou-gateway run`."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from relou_gateway.rules.records import Status
from relou_gateway.store import inbox, ledger, queue
from relou_gateway.store.database import Connection, Database
from relou_gateway.store.inbox import Received
from relou_gateway.store.outbox import Reply
from tests.support.virtual import Virtual, virtual_modem

PROGRAM = Path(sys.executable).with_name("relou-gateway")
MARK = "RELOU_TEST_MARK"
"""An environment variable by which a daemon's processes, whoever their parents are, are found."""

READY_WITHIN = 30.0
"""Seconds that a daemon gets to have its modem ready: 5 on an idle machine."""

STOP_WITHIN = 10.0
"""Seconds from a signal to the end, as INTERFACE.md promises."""

Section = Mapping[str, object]

CALM: Mapping[str, Section] = {
    "modem": {"poll": "1s"},
    "replies": {"delay": ["1s", "1s"], "texts": ["Un non est un non."]},
    "throttle": {"per_minute": None, "per_hour": None, "per_day": None, "recipients_per_month": None},
    "budget": {"per_day": None, "per_month": None},
    "log": {"level": "debug", "numbers": "full"},
}
"""A quick modem, quick answers, no caps, and all is told."""


class Ended(NamedTuple):
    """How a daemon ended: its exit code, and the seconds that it took after the signal."""

    code: int
    seconds: float


class Output:
    """Collects the lines of a stream while they come, and the events among them."""

    def __init__(self, descriptor: int) -> None:
        self.lines: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.raw = b""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(descriptor,), daemon=True)
        self._reader.start()

    def _read(self, descriptor: int) -> None:
        rest = b""
        while piece := _read_or_end(descriptor):
            self.raw += piece
            *lines, rest = (rest + piece).split(b"\n")
            with self._changed:
                for line in lines:
                    self._take(line.decode(errors="surrogateescape").rstrip("\r"))
                self._changed.notify_all()
        os.close(descriptor)

    def _take(self, line: str) -> None:
        self.lines.append(line)
        if line.startswith("{"):
            self.events.append(json.loads(line))

    def join(self) -> None:
        """Wait until the other end is closed by everyone who held it."""
        self._reader.join(5.0)

    def wait_for(self, event: str, seconds: float, count: int = 1, **fields: object) -> dict[str, Any]:
        """Return the `count`-th event of this name and with these fields; fail where it does not come."""
        wanted = {"event": event, **fields}.items()
        found: list[dict[str, Any]] = []
        looked_at = 0

        def came() -> bool:
            nonlocal looked_at
            found.extend(each for each in self.events[looked_at:] if wanted <= each.items())
            looked_at = len(self.events)
            return len(found) >= count

        with self._changed:
            in_time = self._changed.wait_for(came, seconds)
        assert in_time, f"no {event} {fields} (number {count}) in {seconds} s:\n" + "\n".join(
            self.lines[-200:]
        )
        return found[count - 1]


@contextmanager
def overheard(
    command: Sequence[str | Path], environ: Mapping[str, str], folder: Path | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Output]]:
    """Run a program that goes on by itself, and collect the lines of its standard output."""
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=writing)
    finally:
        os.close(writing)
    output = Output(reading)
    try:
        yield process, output
    finally:
        process.kill()
        process.wait()
        output.join()


class Service:
    """One gateway; its daemon may be started and ended several times."""

    def __init__(self, directory: Path, modem: Virtual | None, config: Mapping[str, Section]) -> None:
        self.directory = directory
        self.config = directory / "config.yaml"
        self.database = directory / "gateway.db"
        self._modem = modem
        self._mark = uuid.uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Output | None = None
        self.configure(config)

    def configure(self, config: Mapping[str, Section]) -> None:
        """Write the configuration; sections are merged key by key into those of `CALM`."""
        device = {"device": self._modem.link} if self._modem else {}
        whole: dict[str, Section] = {**CALM, "storage": {"path": str(self.database)}}
        whole["modem"] = {**whole["modem"], **device}
        for name, section in config.items():
            whole[name] = {**whole.get(name, {}), **section}
        self.config.write_text(yaml.safe_dump(whole, allow_unicode=True), "utf-8")

    # --- the process ------------------------------------------------------------------------

    @property
    def modem(self) -> Virtual:
        assert self._modem is not None, "this gateway has no virtual modem"
        return self._modem

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the daemon was not started"
        return self._process

    @property
    def output(self) -> Output:
        assert self._output is not None, "the daemon was not started"
        return self._output

    def start(
        self, *arguments: str, prefix: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> None:
        """Start `relou-gateway run`; `prefix` is a command that runs it, `environ` is added to its own."""
        assert self._process is None or self._process.poll() is not None, "it runs already"
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*prefix, PROGRAM, "run", "--config", self.config, *arguments],
                cwd=self.directory,
                env=self.environment() | dict(environ or {}),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        self._output = Output(reading)

    def environment(self) -> dict[str, str]:
        """Return the environment of the daemon: its homes are in its directory, and it is marked."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RELOU", "XDG"))}
        kept.pop("NOTIFY_SOCKET", None)
        return kept | {"HOME": str(self.directory), MARK: self._mark, "PYTHONWARNINGS": "error"}

    def wait_for(
        self, event: str, seconds: float = READY_WITHIN, count: int = 1, **fields: object
    ) -> dict[str, Any]:
        return self.output.wait_for(event, seconds, count, **fields)

    def heard(self, event: str) -> list[dict[str, Any]]:
        """Return the events of this name so far."""
        return [each for each in self.output.events if each["event"] == event]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        """Send a signal and wait for the end."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(STOP_WITHIN + 10)
        took = time.monotonic() - began
        self.output.join()
        return Ended(code, took)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def exit_code(self, seconds: float = READY_WITHIN) -> int:
        """Return with what a daemon exits that ends by itself."""
        code = self.process.wait(seconds)
        self.output.join()
        return code

    def process_ids(self) -> list[tuple[int, str]]:
        """Return id and command line of all that this gateway started and that still runs."""
        return marked_processes(f"{MARK}={self._mark}")

    def processes(self) -> list[str]:
        """Return the command lines of all that this gateway started and that still runs."""
        return [command for _, command in self.process_ids()]

    def lock_is_free(self) -> bool:
        """Say whether another gateway could take the database's lock now."""
        with self.database.with_name(f"{self.database.name}.lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def end(self) -> None:
        """End the daemon if it runs; whatever of it is left is killed, and told of."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_WITHIN + 5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._output is not None:
            self._output.join()
        left = _left_behind(f"{MARK}={self._mark}")
        assert left == [], f"left behind: {left}"

    # --- what an operator sees --------------------------------------------------------------

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb on this gateway's configuration, as a process of its own."""
        return subprocess.run(
            [PROGRAM, *arguments, "--config", self.config],
            cwd=self.directory,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a verb with `--json`; return what its lines say."""
        done = self.verb(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]

    # --- what is on the disk ----------------------------------------------------------------

    @contextmanager
    def store(self) -> Iterator[Connection]:
        with Database(self.database) as database, database.snapshot() as tx:
            yield tx

    def messages(self) -> list[Received]:
        with self.store() as tx:
            return inbox.messages(tx)

    def replies(self, state: Status | None = None) -> list[Reply]:
        with self.store() as tx:
            return sorted(queue.listed(tx, state), key=lambda reply: reply.id)

    def broken_links(self) -> list[int]:
        with self.store() as tx:
            return ledger.broken_links(tx)


@contextmanager
def service(
    directory: Path,
    config: Mapping[str, Section] | None = None,
    *,
    modem: Mapping[str, object] | None = None,
    plugged: bool = True,
    start: bool = True,
) -> Iterator[Service]:
    """A gateway whose daemon runs on a virtual modem; nothing of it is left afterwards.

    `modem` are options of the virtual modem, which is not there unless `plugged`; `config` are
    sections of the configuration.
    """
    if not plugged:
        yield from _served(Service(directory, None, config or {}), start=start)
        return
    with virtual_modem(directory, **(modem or {})) as virtual:
        yield from _served(Service(directory, virtual, config or {}), start=start)


def _served(gateway: Service, *, start: bool) -> Iterator[Service]:
    try:
        if start:
            gateway.start()
        yield gateway
    finally:
        gateway.end()


def marked_processes(mark: str) -> list[tuple[int, str]]:
    """Return id and command line of the processes in whose environment `mark` stands."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environ = (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes()
        except OSError:  # gone meanwhile, or not ours
            continue
        if mark.encode() in environ.split(b"\0"):
            found.append((int(entry.name), command.replace(b"\0", b" ").decode()))
    return found


def _left_behind(mark: str, seconds: float = 3.0) -> Sequence[str]:
    """Give orphans a moment to notice; then kill and return those that are still there."""
    deadline = time.monotonic() + seconds
    while (left := marked_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)
    return [command for _, command in left]


def _read_or_end(descriptor: int) -> bytes:
    """Read some bytes; none at the end, which a terminal tells by an error."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
