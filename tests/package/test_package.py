"""The Debian package in a clean Debian: installed, at work, upgraded, removed, purged."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.cli import VERBS
from relou_gateway.store.database import SCHEMA_VERSION
from tests.databases import keep
from tests.package.building import SOURCE, older
from tests.package.clean_root import CleanRoot
from tests.package.conftest import Made, everything, live_an_evening

pytestmark = pytest.mark.timeout(900)

CONFIGURATION = "/etc/relou-gateway/config.yaml"
STATE = "/var/lib/relou-gateway"


TIMERS = ("relou-gateway-backup.timer", "relou-gateway-forget-old.timer")
DEB = "/tmp/package.deb"


def install(root: CleanRoot, package: Path) -> str:
    root.put(package, DEB)
    return root.run("dpkg", "--install", DEB)


@pytest.fixture(scope="module")
def installed(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """A clean root with the package just installed. Only to be looked at, or copied."""
    root = made.target.copy(tmp_path_factory.mktemp("package") / "root")
    install(root, made.package)
    yield root
    root.remove()


@pytest.fixture
def root(installed: CleanRoot, tmp_path: Path) -> Iterator[CleanRoot]:
    """One like it, to do with as one likes."""
    copy = installed.copy(tmp_path / "root")
    yield copy
    copy.remove()


@pytest.fixture(scope="module")
def clean(made: Made, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """All that lies in a clean root without the package."""
    root = made.target.copy(tmp_path_factory.mktemp("clean") / "root")
    found = everything(root)
    root.remove()
    return found


# --- what an installation makes --------------------------------------------------------------


def test_the_daemon_has_a_user_without_login_who_may_read_modems(installed: CleanRoot) -> None:
    assert (
        "/nonexistent:/usr/sbin/nologin"
        == installed.run("getent", "passwd", "relou").strip().split(":", 5)[5]
    )
    assert {"relou", "dialout"} == set(installed.run("id", "-nG", "relou").split())


def test_configuration_and_state_are_closed_to_others_and_open_to_operators(installed: CleanRoot) -> None:
    folders = ["/etc/relou-gateway", STATE]
    assert [
        "2750 root:relou /etc/relou-gateway",
        "2770 relou:relou /var/lib/relou-gateway",
    ] == installed.look(*folders)


def test_nothing_starts_before_there_is_a_configuration(installed: CleanRoot) -> None:
    assert not installed.exists(CONFIGURATION)
    units = "/usr/lib/systemd/system"
    for unit in ("relou-gateway.service", "relou-gateway-backup.service", "relou-gateway-forget-old.service"):
        assert f"ConditionPathExists={CONFIGURATION}" in installed.run("cat", f"{units}/{unit}")


def test_the_service_and_its_timers_are_enabled_and_templates_are_not(installed: CleanRoot) -> None:
    enabled = installed.run(
        "find", "/etc/systemd/system", "-type", "l", "-name", "relou*", "-printf", "%f "
    ).split()
    assert {"relou-gateway.service", *TIMERS} == set(enabled)


def test_all_units_and_rules_are_there(installed: CleanRoot) -> None:
    units = {
        unit.name
        for unit in (SOURCE / "systemd").iterdir()
        if unit.suffix in {".service", ".timer", ".target"}
    }
    rules = {rule.name for rule in (SOURCE / "udev").glob("*.rules")}
    assert units == set(installed.run("sh", "-c", "cd /usr/lib/systemd/system && ls relou-*").split())
    assert rules <= set(installed.run("ls", "/usr/lib/udev/rules.d").split())


def test_the_package_knows_no_path_of_the_machine_that_built_it(made: Made, installed: CleanRoot) -> None:
    contents = installed.run("dpkg-deb", "--contents", DEB)
    assert ".pyc" not in contents
    assert "pip/" not in contents
    places = [str(SOURCE), str(made.package.parent), "relou-stage", "relou-deb"]
    patterns = [argument for place in places for argument in ("-e", place)]
    assert "" == installed.attempt("grep", "-rIlF", *patterns, "/usr/lib/relou-gateway").stdout


def test_the_program_starts_from_byte_code_that_was_made_there(installed: CleanRoot) -> None:
    ours = installed.run(
        "find", "/usr/lib/relou-gateway", "-path", "*/relou_gateway/*", "-name", "*.py*"
    ).split()
    sources, compiled = (
        {Path(each).stem for each in ours if each.endswith(kind)} for kind in (".py", ".pyc")
    )
    assert sources == {stem.split(".")[0] for stem in compiled}


def test_every_verb_finds_all_that_it_imports(installed: CleanRoot) -> None:
    script = 'for verb; do relou-gateway "$verb" --help >/dev/null || exit; done'
    assert "" == installed.run("sh", "-c", script, "verbs", *VERBS)


# --- at work ---------------------------------------------------------------------------------


def test_a_man_is_answered_while_operators_look_on_without_sudo(root: CleanRoot) -> None:
    seen = live_an_evening(root)
    assert 0 == seen["code"]
    assert [["Tu fais quoi ?", "reply"]] == [[row["text"], row["verdict"]] for row in seen["messages"]]
    assert seen["paused"]
    assert 1 == seen["stranger"]
    assert ["0o660", "relou"] == seen["files"]["gateway.db"]
    assert {"relou"} == {group for _, group in seen["files"].values()}


# --- through the years -----------------------------------------------------------------------


def old_database(path: Path) -> Path:
    """Make the database of the first release, with what had happened by then."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((keep.DIRECTORY / "0001.sql").read_text("utf-8"))
    return path


def schema_version(root: CleanRoot) -> int:
    status: dict[str, Any] = json.loads(root.run("relou-gateway", "status", "--json"))
    return int(status["database"]["schema"])


@pytest.fixture(scope="module")
def before(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """A clean root with an earlier version of the package. Only to be copied."""
    folder = tmp_path_factory.mktemp("before")
    root = made.target.copy(folder / "root")
    install(root, older(made.package, folder))
    yield root
    root.remove()


@pytest.fixture
def earlier(before: CleanRoot, tmp_path: Path) -> Iterator[CleanRoot]:
    """One like it, to do with as one likes."""
    copy = before.copy(tmp_path / "earlier")
    yield copy
    copy.remove()


def test_an_upgrade_takes_an_older_database_along(made: Made, earlier: CleanRoot, tmp_path: Path) -> None:
    earlier.put(old_database(tmp_path / "old.db"), "/tmp/old.db")
    earlier.run(*f"install -o relou -g relou -m 660 /tmp/old.db {STATE}/gateway.db".split())
    install(earlier, made.package)
    seen = live_an_evening(earlier)
    texts = [row["text"] for row in seen["messages"]]
    assert ("Salut, c'est Karim", "Tu fais quoi ?") == (texts[0], texts[-1])
    assert SCHEMA_VERSION == schema_version(earlier)


def test_an_upgrade_leaves_what_an_operator_changed(made: Made, earlier: CleanRoot) -> None:
    disabled = f"/etc/systemd/system/timers.target.wants/{TIMERS[0]}"
    earlier.run("rm", disabled)  # as `systemctl disable` does
    earlier.run("chmod", "2750", STATE)
    earlier.run("sh", "-c", f"echo '# mine' >{CONFIGURATION}; chmod 600 {CONFIGURATION}")
    install(earlier, made.package)
    assert not earlier.exists(disabled)
    assert [f"2750 relou:relou {STATE}", f"600 root:relou {CONFIGURATION}"] == earlier.look(
        STATE, CONFIGURATION
    )
    assert "# mine\n" == earlier.run("cat", CONFIGURATION)


def test_installing_the_same_version_again_changes_nothing(made: Made, root: CleanRoot) -> None:
    before = everything(root)
    install(root, made.package)
    assert before == everything(root)


INSTANCE = {
    "multi-user.target": "relou-gateway@two.service",
    "relou-gateway-modem.target": "relou-gateway@two.service",
    "relou-gateway@two.service": "relou-gateway-backup@two.timer",
}
"""What `systemctl enable relou-gateway@two` links."""
STAMPS = "/var/lib/systemd/timers"
"""Where systemd notes when a timer ran."""


def in_use(root: CleanRoot) -> CleanRoot:
    """Return `root` with a configuration, a message, an instance for a second SIM, and timers that ran."""
    root.run("sh", "-c", f"echo '# mine' >{CONFIGURATION}; echo data >{STATE}/gateway.db")
    for wanting, wanted in INSTANCE.items():
        root.run("mkdir", "-p", f"/etc/systemd/system/{wanting}.wants")
        unit = f"/usr/lib/systemd/system/{wanted.replace('two', '')}"
        root.run("ln", "-s", unit, f"/etc/systemd/system/{wanting}.wants/{wanted}")
    root.run("mkdir", "-p", STAMPS)
    root.run("touch", f"{STAMPS}/stamp-{TIMERS[0]}", f"{STAMPS}/stamp-relou-gateway-backup@two.timer")
    return root


def test_what_is_removed_leaves_configuration_and_messages(made: Made, root: CleanRoot) -> None:
    in_use(root).run("dpkg", "--remove", "relou-gateway")
    assert not root.exists("/usr/lib/relou-gateway")
    assert not root.exists("/usr/bin/relou-gateway")
    assert "# mine\n" == root.run("cat", CONFIGURATION)
    assert "data\n" == root.run("cat", f"{STATE}/gateway.db")
    install(root, made.package)
    assert "# mine\n" == root.run("cat", CONFIGURATION)


def test_a_purge_spares_the_messages_and_says_how_to_be_rid_of_them(root: CleanRoot) -> None:
    told = in_use(root).run("dpkg", "--purge", "relou-gateway")
    assert f"sudo rm -r {STATE} && sudo deluser --system relou" in told
    assert not root.exists("/etc/relou-gateway")
    assert [f"2770 relou:relou {STATE}"] == root.look(STATE)
    assert "data\n" == root.run("cat", f"{STATE}/gateway.db")


def test_a_purge_that_is_told_to_leaves_nothing(clean: set[str], root: CleanRoot) -> None:
    root.run("useradd", "--groups", "relou", "olga")
    in_use(root).run("dpkg", "--purge", "relou-gateway", RELOU_PURGE_STATE="yes")
    root.run("userdel", "olga")
    root.run("rmdir", STAMPS)
    assert clean == everything(root)


def test_a_purge_of_what_was_never_used_leaves_nothing(clean: set[str], root: CleanRoot) -> None:
    root.run("dpkg", "--purge", "relou-gateway")
    assert clean == everything(root)


def test_it_is_not_installed_beside_that_of_make_install(made: Made, tmp_path: Path) -> None:
    root = made.target.copy(tmp_path / "root")
    root.run("mkdir", "-p", "/usr/local/lib/relou-gateway")
    root.put(made.package, DEB)
    refused = root.attempt("dpkg", "--install", DEB)
    root.remove()
    assert 0 != refused.returncode
    assert "remove that first: sudo make uninstall" in refused.stdout
