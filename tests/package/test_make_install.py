"""`make install` and `make uninstall` from a clone, in a clean Debian and into a folder."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.package.building import SOURCE, SOURCES, offline
from tests.package.clean_root import CleanRoot
from tests.package.conftest import Made, everything, live_an_evening

pytestmark = pytest.mark.timeout(900)

CLONE = "/home/claire/relou-gateway"
TREE = "/home/claire/tree"
PROGRAM = "/usr/local/lib/relou-gateway"
CONFIGURATION = "/etc/relou-gateway/config.yaml"
STATE = "/var/lib/relou-gateway"


def put_folder(root: CleanRoot, files: dict[str, Path], target: str, packed: Path) -> None:
    """Bring files and folders into `root`, as those of the user claire."""
    with tarfile.open(packed, "w") as archive:
        for name, path in files.items():
            archive.add(path, name, filter=lambda each: None if "__pycache__" in each.name else each)
    root.put(packed, "/tmp/packed.tar")
    root.run("runuser", "-u", "claire", "--", "mkdir", "-p", target)
    root.run(
        "runuser", "-u", "claire", "--", "tar", "--no-same-owner", "-xf", "/tmp/packed.tar", "-C", target
    )
    root.run("rm", "/tmp/packed.tar")


@pytest.fixture(scope="module")
def cloned(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """A clean root in which claire has cloned the repository."""
    folder = tmp_path_factory.mktemp("clone")
    root = made.builder.copy(folder / "root")
    root.run("useradd", "--create-home", "claire")
    put_folder(root, {name: SOURCE / name for name in SOURCES}, CLONE, folder / "packed.tar")
    put_folder(root, {"wheels": made.wheels}, "/home/claire", folder / "packed.tar")
    yield root
    root.remove()


@pytest.fixture(scope="module")
def served(cloned: CleanRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """One in which she has run `sudo make install`."""
    root = cloned.copy(tmp_path_factory.mktemp("served") / "root")
    make(root, "install")
    yield root
    root.remove()


@pytest.fixture
def root(served: CleanRoot, tmp_path: Path) -> Iterator[CleanRoot]:
    """One like it, to do with as one likes."""
    copy = served.copy(tmp_path / "root")
    yield copy
    copy.remove()


def make(root: CleanRoot, *arguments: str) -> str:
    return root.run("make", "-C", CLONE, *arguments, **offline("/home/claire/wheels"))


def test_it_answers_from_where_it_was_installed(root: CleanRoot) -> None:
    seen = live_an_evening(root)
    assert (0, "reply") == (seen["code"], seen["messages"][-1]["verdict"])
    unit = root.run("cat", "/usr/local/lib/systemd/system/relou-gateway.service")
    assert f"ExecStart=/usr/local/bin/relou-gateway run --config {CONFIGURATION}" in unit


def test_it_makes_the_same_user_and_folders_as_the_package(served: CleanRoot) -> None:
    assert {"relou", "dialout"} == set(served.run("id", "-nG", "relou").split())
    assert [
        "2750 root:relou /etc/relou-gateway",
        "2770 relou:relou /var/lib/relou-gateway",
    ] == served.look("/etc/relou-gateway", STATE)


def test_it_leaves_nothing_of_root_in_the_clone(served: CleanRoot) -> None:
    assert "" == served.run("find", "/home/claire", "-not", "-user", "claire")


def test_running_it_again_changes_nothing_but_the_program(root: CleanRoot) -> None:
    root.run("sh", "-c", f"echo '# mine' >{CONFIGURATION}; echo data >{STATE}/gateway.db")
    root.run("touch", f"{PROGRAM}/lib/of-an-older-version", "/usr/local/lib/systemd/system/relou-old.service")
    before = everything(root)
    make(root, "install")
    gone = {line.split()[2] for line in before - everything(root)}
    assert {f"{PROGRAM}/lib/of-an-older-version", "/usr/local/lib/systemd/system/relou-old.service"} == gone
    assert set() == everything(root) - before
    assert "# mine\n" == root.run("cat", CONFIGURATION)


def test_what_is_uninstalled_leaves_configuration_messages_and_user(
    cloned: CleanRoot, root: CleanRoot
) -> None:
    told = make(root, "uninstall")
    assert "sudo rm -r /var/lib/relou-gateway" in told
    root.run("sh", "-c", f"rmdir {STATE} /etc/relou-gateway && deluser --quiet --system relou")
    left = {line.split()[2] for line in everything(root) - everything(cloned)}
    folders = (
        "lib/systemd",
        "lib/systemd/system",
        "lib/udev",
        "lib/udev/rules.d",
        "share/doc",
        "share/man/man1",
    )
    assert {f"/usr/local/{folder}" for folder in folders} >= left


def test_anybody_can_lay_it_out_in_a_folder(root: CleanRoot) -> None:
    before = everything(root)
    as_claire = ("runuser", "-u", "claire", "--", "make", "-C", CLONE, f"DESTDIR={TREE}", "PREFIX=/usr")
    root.run(*as_claire, "install", **offline("/home/claire/wheels"))
    assert "#!/usr/lib/relou-gateway/bin/python3 -I" in root.run("cat", f"{TREE}/usr/bin/relou-gateway")
    assert "../lib/relou-gateway/bin/relou-gateway\n" == root.run("readlink", f"{TREE}/usr/bin/relou-gateway")
    assert "" == root.attempt("grep", "-rIlF", TREE, TREE).stdout
    root.run(*as_claire, "uninstall")
    assert "" == root.run("find", TREE, "-not", "-type", "d")
    assert before == everything(root)


def test_it_is_not_installed_beside_the_package(made: Made, cloned: CleanRoot, tmp_path: Path) -> None:
    root = cloned.copy(tmp_path / "root")
    root.put(made.package, "/tmp/package.deb")
    root.run("dpkg", "--unpack", "/tmp/package.deb")
    refused = root.attempt("make", "-C", CLONE, "install")
    root.remove()
    assert 0 != refused.returncode
    assert "sudo apt remove relou-gateway" in refused.stdout


def test_it_says_that_it_needs_root(cloned: CleanRoot) -> None:
    refused = cloned.attempt("runuser", "-u", "claire", "--", "make", "-C", CLONE, "install")
    assert 0 != refused.returncode
    assert "this needs root: sudo make install" in refused.stdout
