"""A machine on which the gateway is installed, as far as a person at its terminal can tell.

In namespaces of its own, which end with the command and leave nothing behind, the virtual modem is
/dev/ttyUSB0 and /dev/relou-modem, configuration and database lie where the package puts them, and a user
`relou` is there for them to belong to. The clocks are as `Displaced` says. The program is that of this tree.

    python -m tests.support.installed relou-gateway VERB     within: that verb, by those clocks
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

from relou_gateway.cli import VERBS
from tests.package.clean_root import ALONE, privileged
from tests.support import displaced
from tests.support.daemon import Output, overheard
from tests.support.displaced import Displaced
from tests.support.terminal import Terminal, terminal
from tests.support.virtual import Virtual, virtual_modem

CONFIG = Path("/etc/relou-gateway/config.yaml")
STATE = Path("/var/lib/relou-gateway")
NODE = Path("/dev/ttyUSB0")
LINK = Path("/dev/relou-modem")

ENTER = r"""
set -e
folder=$1; shift
mount -t tmpfs installed "$folder"
cp -a /etc "$folder/etc" 2>"$folder/unreadable" || true  # what only root may read is of no use here
rm -rf "$folder/etc/relou-gateway"
mkdir "$folder/dev"
mount --bind "$folder/etc" /etc
mount -t tmpfs -o mode=755 state /var/lib
mount -t proc proc /proc
mount -t tmpfs -o mode=755 dev "$folder/dev"
for node in null zero full random urandom; do
  touch "$folder/dev/$node"
  mount --bind "/dev/$node" "$folder/dev/$node"
done
mount --rbind "$folder/dev" /dev
mkdir /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
getent passwd relou >/dev/null || echo 'relou:x:64100:64100::/nonexistent:/usr/sbin/nologin' >>/etc/passwd
getent group relou >/dev/null || echo 'relou:x:64100:' >>/etc/group
sed -i -e 's/^dialout:.*[^:]$/&,relou/' -e 's/^dialout:.*:$/&relou/' /etc/group
install -d -o root -g relou -m 2750 /etc/relou-gateway
install -d -o relou -g relou -m 2770 /var/lib/relou-gateway
exec "$@"
"""
"""What `packaging/settle` makes, and no device of this machine, so that no modem is seen by mistake."""


def within(folder: Path, *command: str) -> int:
    """Run a command as root of such a machine; `folder` is empty, and stays so. Returns the exit code."""
    entered = [*privileged(), *ALONE, "sh", "-c", ENTER, "enter", str(folder), *command]
    return subprocess.run(entered, check=False).returncode


@dataclass
class Installed:
    """The machine, seen from within: its modem is plugged in, and no gateway runs yet."""

    modem: Virtual
    clocks: Displaced
    columns: int

    @property
    def environ(self) -> Mapping[str, str]:
        """What a person's shell hands on; nothing of it is this machine's."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": "/root",
            "LANG": "en_GB.UTF-8",
            "TZ": "Europe/Paris",
            **self.clocks.environ,
        }

    def command(self, *arguments: str) -> Sequence[str]:
        """Return how the program is run."""
        return [sys.executable, "-m", "tests.support.installed", "relou-gateway", *arguments]

    def now(self) -> datetime:
        """Return the time that everyone reads within."""
        return datetime.now(UTC) + timedelta(milliseconds=self.clocks.wall)

    @contextmanager
    def at_terminal(self, *arguments: str) -> Iterator[Terminal]:
        """Run the program on a terminal."""
        with terminal(self.command(*arguments), Path("/"), self.environ, self.columns) as here:
            yield here

    @contextmanager
    def at_work(self) -> Iterator[Output]:
        """Let the daemon run; yields what it tells."""
        command = ["sh", "-c", 'exec "$@" 2>&1', "run", *self.command("run")]
        with overheard(command, self.environ, Path("/")) as (process, output):
            yield output
            process.terminate()
            assert process.wait(30) == 0


@contextmanager
def installed(folder: Path, columns: int) -> Iterator[Installed]:
    """Plug the virtual modem in; to be called within."""
    clocks = Displaced(folder / "clocks")
    with virtual_modem(folder, send_seconds=1.0) as modem:
        _name(Path(modem.link).resolve())
        yield Installed(modem, clocks, columns)


def _name(pty: Path) -> None:
    """Give the modem's pty the names, owner and mode that a USB modem's tty has."""
    subprocess.run(["chown", "root:dialout", pty], check=True)
    pty.chmod(0o660)
    NODE.touch()
    subprocess.run(["mount", "--bind", pty, NODE], check=True)
    LINK.symlink_to(NODE.name)


if __name__ == "__main__":
    for verb in VERBS.values():  # all that tells the time must be there before clocks are turned
        import_module(f"relou_gateway.cli.{verb.module}")
    displaced._run(sys.argv[1:])
