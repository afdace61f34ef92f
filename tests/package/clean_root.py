"""A clean Debian system in a folder, whose programs run in namespaces of their own.

Nothing of it outlives a command: its mounts, its processes and its want of a network are those of one
private namespace each time. For root it needs nothing else; for others their right to make user namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

AS_ROOT = ("unshare", "--map-root-user", "--map-auto")
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--net")

ENTER = """
set -e
root=$1; layers=$2; shift 2
[ -z "$layers" ] || mount -t overlay -o "$layers" overlay "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
exec chroot "$root" "$@"
"""
"""No device of this machine is within, so that no modem is."""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}

PACKAGES = ("python3", "python3-venv", "make", "adduser", "udev")
"""What the Debian package depends on, and what `make install` asks for."""
ONLY_TO_BUILD = ("make", "python3-venv", "python3.*-venv", "python3-*-whl")

MINUTE = 60.0
NOTHING = Path(os.devnull)


class Failed(AssertionError):
    """A command in a clean root ended with another code than 0."""


class CleanRoot:
    """A Debian system: the folder `path`, or what was changed of `origin`, kept beside it."""

    def __init__(self, path: Path, origin: CleanRoot | None = None) -> None:
        self.path = path
        self._origin = origin

    def run(self, *command: str, **environ: str) -> str:
        """Run a command as root within, without network; return what it printed, errors among it."""
        done = self.attempt(*command, environ=environ)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def attempt(
        self, *command: str, environ: Mapping[str, str] | None = None, stdin: Path = NOTHING
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root within, without network, and let it fail."""
        with stdin.open("rb") as given:
            return subprocess.run(
                [*privileged(), *ALONE, "sh", "-c", ENTER, "enter", *self._place(), *command],
                env={**ENVIRONMENT, **(environ or {})},
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=5 * MINUTE,
                check=False,
            )

    def put(self, source: Path, target: str) -> None:
        """Copy a file of ours to `target` within, readable by everyone there."""
        done = self.attempt("sh", "-c", 'cat >"$1" && chmod 644 "$1"', "put", target, stdin=source)
        assert done.returncode == 0, done.stdout

    def look(self, *paths: str) -> list[str]:
        """Return `mode owner:group path` of each path, as they are called within."""
        return self.run("stat", "-c", "%a %U:%G %n", *paths).splitlines()

    def exists(self, path: str) -> bool:
        """Say whether there is something at `path` within."""
        return self.attempt("test", "-e", path).returncode == 0

    def copy(self, target: Path) -> CleanRoot:
        """Return a second system like this one; this one must not be changed any more."""
        target.mkdir()
        if layers_work(target):
            for each in ("root", "upper", "work"):
                on_this_machine("mkdir", str(target / each))
        else:
            assert self._origin is None
            on_this_machine("cp", "-aT", str(self.path), str(target))
        return self.copied(target)

    def copied(self, target: Path) -> CleanRoot:
        """Return the copy that was made at `target`."""
        return CleanRoot(target, self if (target / "upper").is_dir() else None)

    def remove(self) -> None:
        """Delete what is this system's own."""
        on_this_machine("rm", "-rf", str(self.path))

    def _place(self) -> tuple[str, str]:
        """Return where it is to be entered, and what is to be mounted there before."""
        if self._origin is None:
            return str(self.path), ""
        return str(self.path / "root"), _overlay(self._origin._below(), self.path)

    def _below(self) -> str:
        """Return the layers of this system, the uppermost first."""
        if self._origin is None:
            return str(self.path)
        return f"{self.path / 'upper'}:{self._origin._below()}"


def _overlay(lower: str, path: Path) -> str:
    """Return the mount options that lay the changes in `path` over `lower`."""
    options = f"lowerdir={lower},upperdir={path / 'upper'},workdir={path / 'work'}"
    return options if os.geteuid() == 0 else f"{options},userxattr"  # as a user's namespace needs it


def layers_work(folder: Path) -> bool:
    """Say whether one system may be laid over another in `folder`; it cannot in some containers."""
    trial = folder / "trial"
    parts = {each: trial / each for each in ("lower", "upper", "work", "root")}
    for each in parts.values():
        each.mkdir(parents=True)
    command = (
        "mount",
        "-t",
        "overlay",
        "-o",
        _overlay(str(parts["lower"]), trial),
        "overlay",
        str(parts["root"]),
    )
    tried = subprocess.run([*privileged(), *ALONE, *command], capture_output=True, check=False)
    on_this_machine("rm", "-rf", str(trial))
    return tried.returncode == 0


@cache
def privileged() -> Sequence[str]:
    """Return what to put before a command so that it may mount, change its root and own what it likes."""
    if os.geteuid() == 0:
        return ()
    tried = subprocess.run([*AS_ROOT, "true"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, (
        f"a clean Debian root needs root, or a user who may make user namespaces: {tried.stderr.strip()}"
    )
    return AS_ROOT


def on_this_machine(
    *command: str, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    """Run a command outside, with the rights that a clean root needs; return what it printed."""
    done = subprocess.run(
        [*privileged(), *command],
        env=environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=10 * MINUTE,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def mirror(suite: str) -> str:
    """Return whence this machine's apt gets `suite`."""
    shown = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(RELEASE) $(COMPONENT) $(REPO_URI)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = [line.split()[2] for line in shown.splitlines() if line.startswith(f"{suite} main ")]
    assert found, f"this machine's apt has no source for {suite}"
    return found[0]


def strap(path: Path, suite: str) -> CleanRoot:
    """Make a minimal system of `suite`, with what an installation of ours needs."""
    search = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # where Debian keeps it, and others do not look
    on_this_machine(
        "unshare",
        "--mount",  # in which it may leave mounted what it likes
        shutil.which("debootstrap", path=search) or "debootstrap",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        suite,
        str(path),
        mirror(suite),
        # in a user namespace no device can be made; it binds those of the machine, as it does in LXC
        environ={**os.environ, "PATH": search} | ({} if os.geteuid() == 0 else {"container": "lxc"}),
    )
    on_this_machine("sh", "-c", 'rm -rf "$1"/dev/* "$1"/var/cache/apt/archives/*.deb', "clean", str(path))
    return CleanRoot(path)
