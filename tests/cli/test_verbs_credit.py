"""The SIM's credit, and how long the SIM lies idle, as `status`, `budget` and `credit` show it."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from relou_gateway.cli import credit
from relou_gateway.rules.records import Moment, Network
from relou_gateway.store import balance
from relou_gateway.store import gateway as state
from relou_gateway.store.database import Connection, Database
from tests.cli.office import CONFIG, KARIM, Office, opened
from tests.cli.program import Program
from tests.support.waiting import wait_until

ASKS = CONFIG.replace("per_month: null", 'per_month: null, balance: {ussd: "#123#", every: 12h}')


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as office:
        (tmp_path / "config.yaml").write_text(ASKS)
        yield office


def tell(office: Office, *amounts: int) -> None:
    for amount in amounts:
        with office.world.gateway.database.transaction("balance") as tx:
            balance.note_credit(tx, amount, office.world.now())


def credit_lines(office: Office, verb: str = "status") -> list[str]:
    """Return the lines about the credit, without the times in them."""
    lines = office(verb).splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("credit"))
    rest = [line for line in lines[first + 1 :] if line.startswith("  ") and line.strip()]
    return [lines[first], *rest]


def test_nobody_asks_so_that_nothing_is_said(office: Office, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    assert "credit" not in office("status")
    assert None is office.row("status")["budget"]["credit"]


def test_a_credit_that_is_not_known_yet(office: Office) -> None:
    assert ["credit      not known yet; the gateway asks when it has a network"] == credit_lines(office)[:1]
    assert None is office.row("status")["budget"]["credit"]


def test_what_is_left_is_what_was_told_less_what_was_reserved_since(office: Office) -> None:
    tell(office, 12_340_000)
    office.sent(KARIM)
    money = office.row("status")["budget"]
    assert ("12.18", "12.34", None, None) == tuple(
        money[key] for key in ("credit", "credit_told", "credit_expected", "credit_trouble")
    )
    (line,) = credit_lines(office)[:1]
    assert line.startswith("credit      12.18 EUR (12.34 told at ")
    assert line.endswith(", 0.16 spent since); sending stops at 2.00")
    assert line in office("budget")


def test_a_difference_is_shown_and_explained(office: Office) -> None:
    tell(office, 12_340_000, 10_000_000)
    words = "2.34 less than the ledger has it: delivery reports, calls or a subscription may cost"
    assert f"            12.34 was expected: {words}" in "\n".join(credit_lines(office))
    money = office.row("status")["budget"]
    assert ("12.34", True) == (money["credit_expected"], money["credit_difference"].startswith(words))


def test_a_credit_as_the_ledger_has_it_needs_no_words(office: Office) -> None:
    tell(office, 12_340_000, 12_340_000)
    assert "expected" not in office("status")


def test_sending_that_has_stopped_for_want_of_credit_is_shown(office: Office) -> None:
    tell(office, 2_100_000)
    for verb in ("status", "budget"):
        assert "; sending has stopped to keep 2.00: top the SIM up" in credit_lines(office, verb)[0]


def test_why_it_could_not_be_told_is_shown_beside_what_is_known(office: Office) -> None:
    tell(office, 12_340_000)
    with office.world.gateway.database.transaction("balance") as tx:
        balance.note_trouble(tx, 'nothing found: "\x1b[31mService"', office.world.now())
    money = office.row("status")["budget"]
    assert ("12.34", 'nothing found: "\x1b[31mService"') == (money["credit"], money["credit_trouble"])
    assert r': nothing found: "\x1b[31mService"' in credit_lines(office)[1]


def test_an_old_credit_counts_and_is_said_to_be_old(office: Office) -> None:
    with office.world.gateway.database.transaction("balance") as tx:
        now = office.world.now()
        balance.note_credit(tx, 12_340_000, now._replace(wall=now.wall - timedelta(days=3)))
    assert "            that is 3 days old; it counts until another is told" in credit_lines(office)
    assert "12.34" == office.row("status")["budget"]["credit"]


def test_the_last_events_tell_of_the_credit(office: Office) -> None:
    tell(office, 12_340_000, 22_340_000)
    lately = office("status").partition("lately\n")[2]
    assert "the SIM holds 22.34 (the SIM was topped up by about 10.00)" in lately


def test_an_idle_sim_is_a_warning_unless_it_is_kept_alive(office: Office, tmp_path: Path) -> None:
    with office.world.gateway.database.transaction("idle") as tx:
        now = office.world.now()
        balance.note_idle(tx, now._replace(quota=now.quota - timedelta(days=61)))
        state.pause(tx, "", now)
    warning = "nothing was sent for 61 days: idle SIMs are switched off; set modem.keep_alive"
    assert warning in office("status")
    (tmp_path / "config.yaml").write_text(
        f'{ASKS}\nmodem: {{keep_alive: {{to: "{KARIM}"}}}}\nsenders: {{own: ["{KARIM}"]}}\n'
    )
    assert "nothing was sent" not in office("status")


# --- asking ---------------------------------------------------------------------------------


def test_what_is_known_is_shown_by_a_verb_of_its_own(office: Office) -> None:
    assert "credit      not known yet; the gateway asks when it has a network\n" == office("credit")
    tell(office, 12_340_000)
    assert office("credit").startswith("credit      12.34 EUR (12.34 told at ")
    shown = office.row("credit")
    assert ("EUR", "12.34", None) == tuple(shown[key] for key in ("currency", "credit", "credit_trouble"))


def test_where_nobody_asks_the_verb_says_what_would(office: Office, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    assert office("credit").startswith("nobody asks for it: budget.balance in the configuration says how")
    code, reason = office.refused("credit", "--ask")
    assert (1, True) == (code, "set its ussd code and restart the gateway" in reason)


def test_without_a_gateway_at_work_nobody_asks(office: Office) -> None:
    code, reason = office.refused("credit", "--ask")
    assert (1, True) == (code, reason.startswith("Error: no gateway is at work, and nothing else opens its"))
    assert not is_wished(office)


def is_wished(office: Office) -> bool:
    with Database(office.folder / "gateway.db") as database, database.snapshot() as tx:
        return balance.wished(tx) is not None


@contextmanager
def at_work(office: Office, *, state_: str = "ready", registered: bool = True) -> Iterator[None]:
    """Let it look as if a gateway were at work with a modem."""
    now = office.world.now()
    with office.world.gateway.database.transaction("modem") as tx:
        state.note_network(tx, Network(registered, False, "Orange F", 60), now)
        state.note_modem(tx, state_, "nobody answers", "/dev/relou-modem", now)
    with (office.folder / "gateway.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def answering(office: Office, answer: Callable[[Connection, Moment], object]) -> Iterator[None]:
    """Do what a gateway does as soon as somebody wishes for the credit."""

    def grant() -> None:
        wait_until(lambda: is_wished(office), 20)
        with Database(office.folder / "gateway.db") as database, database.transaction("balance") as tx:
            answer(tx, office.world.now())

    gateway = threading.Thread(target=grant)
    gateway.start()
    yield
    gateway.join()


def asked(office: Office, *more: str) -> tuple[int, str, str]:
    """Have the operator asked; return the exit code, the answer and what was said on the way."""
    code = office.program("credit", "--ask", *more)
    return code, office.program.out, office.program.err


def test_a_gateway_at_work_asks_and_the_answer_is_shown(office: Office) -> None:
    with at_work(office), answering(office, lambda tx, now: balance.note_credit(tx, 7_000_000, now)):
        code, out, err = asked(office)
    assert (0, True) == (code, out.startswith("credit      7.00 EUR (7.00 told at "))
    assert "waiting for the gateway to ask with #123#, 95 s at the most\n" == err


def test_why_there_is_no_answer_is_shown(office: Office) -> None:
    with at_work(office), answering(office, lambda tx, now: balance.note_trouble(tx, "no answer", now)):
        code, out, _ = asked(office, "--json")
    shown = json.loads(out)
    assert (1, None, "no answer") == (code, shown["credit"], shown["credit_trouble"])


def test_what_was_told_a_moment_ago_is_shown_and_nobody_is_asked(office: Office) -> None:
    tell(office, 12_340_000)
    with office.world.gateway.database.transaction("balance") as tx:
        balance.note_credit(tx, 12_000_000, present())
    with at_work(office):
        code, out, err = asked(office)
    assert (0, True, False) == (code, "12.00 EUR" in out, is_wished(office))
    assert err.startswith("it was asked for at ")


def present() -> Moment:
    """Return the moment on the clocks of this machine."""
    now = datetime.now(UTC)
    return Moment(now, now)


@pytest.mark.parametrize(
    ("state_", "registered", "words"),
    [
        ("hung", False, "the gateway has no modem to ask with (hung): nobody answers"),
        ("ready", False, "the modem has no network; the gateway asks by itself as soon as it has one"),
    ],
)
def test_without_modem_or_network_nobody_waits(
    office: Office, state_: str, registered: bool, words: str
) -> None:
    with at_work(office, state_=state_, registered=registered):
        assert (1, f"Error: {words}") == office.refused("credit", "--ask")
    assert not is_wished(office)


def test_a_gateway_that_ends_meanwhile_is_told(office: Office) -> None:
    with at_work(office), answering(office, lambda *_: (office.folder / "gateway.db.lock").unlink()):
        code, out, err = asked(office)
    assert (1, "", True) == (code, out, "the gateway has ended meanwhile" in err)


def test_nobody_waits_for_ever(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credit, "PATIENCE", timedelta(seconds=-4.5))
    with at_work(office):
        code, out, err = asked(office)
    assert (1, "", True) == (code, out, "the gateway did not come to ask within 0.5 s" in err)
