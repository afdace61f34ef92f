"""`status`, `budget`, `pause` and `resume`: how the gateway stands, and stopping it from sending."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from relou_gateway.rules.records import Network, Status
from relou_gateway.store import gateway as state
from tests.support.world import MINUTE

from .office import JULIEN, KARIM, MATHIEU, Office, opened
from .program import Program


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as here:
        yield here


@pytest.fixture
def at_work(office: Office) -> Iterator[Office]:
    """An office whose gateway is at work: somebody holds the lock, and the modem was seen."""
    now, radio = office.world.now(), Network(True, False, "Relou Mobile", 63)
    office.world.modem.radio = radio
    with office.world.gateway.database.transaction("modem") as tx:
        state.note_modem(tx, "ready", "", "/dev/relou-modem", now)
        state.note_identity(tx, office.world.modem.identify())
        state.note_network(tx, radio, now)
    with (office.folder / "gateway.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield office


# --- status ---------------------------------------------------------------------------------


def test_status_has_every_key_that_programs_rely_on(at_work: Office) -> None:
    at_work.sent(KARIM)
    status = at_work.row("status")
    keys = {
        "modem": "state device imei operator signal_percent registered",
        "queue": "scheduled held sending in_doubt",
        "budget": "currency spent_day left_day spent_month left_month credit",
        "throttle": "per_hour per_day recipients_per_month parts_per_day",
        "raid": "active since",
        "database": "path schema bytes",
    }
    for section, names in keys.items():
        assert set(names.split()) <= set(status[section]), section
    assert None is status["paused"]
    assert {
        "state": "ready",
        "device": "/dev/relou-modem",
        "imei": "356938035643809",
        "operator": "Relou Mobile",
        "signal_percent": 63,
        "registered": True,
    }.items() <= status["modem"].items()
    assert {"currency": "EUR", "spent_day": "0.16", "left_day": "0.84", "spent_month": None} == {
        key: status["budget"][key] for key in ("currency", "spent_day", "left_day", "spent_month")
    }
    assert {"used": 1, "left": 2} == status["throttle"]["per_hour"]
    assert str(at_work.world.path) == status["database"]["path"]
    assert at_work.world.path.stat().st_size == status["database"]["bytes"]


def test_status_counts_what_waits(office: Office) -> None:
    office.in_doubt(KARIM)
    office.wrote(JULIEN)
    office.wrote(MATHIEU)
    office("queue", "hold", "3")
    assert {"scheduled": 1, "held": 1, "sending": 0, "in_doubt": 1} == office.row("status")["queue"]


def test_status_says_stopped_when_nobody_holds_the_lock(at_work: Office) -> None:
    with (at_work.folder / "gateway.db.lock").open("w"):
        pass
    (at_work.folder / "gateway.db.lock").unlink()
    modem = at_work.row("status")["modem"]
    assert ("stopped", False, None) == (modem["state"], modem["registered"], modem["signal_percent"])
    assert "not running" in at_work("status")


@pytest.mark.parametrize(
    ("modem_state", "detail", "shown"),
    [
        ("ready", "", "Relou Mobile, signal 63 %, /dev/relou-modem, IMEI 356938035643809"),
        ("starting", "", "/dev/relou-modem is being opened"),
        ("absent", "plug the modem in", "absent: plug the modem in"),
    ],
)
def test_status_tells_people_how_the_modem_is(
    at_work: Office, modem_state: str, detail: str, shown: str
) -> None:
    with at_work.world.gateway.database.transaction("modem") as tx:
        state.note_modem(tx, modem_state, detail, "/dev/relou-modem", at_work.world.now())
    assert f"modem       {shown}\n" in at_work("status")


def test_status_tells_people_what_needs_them(office: Office) -> None:
    office.in_doubt(KARIM)
    office.wrote(JULIEN)
    office("queue", "hold", "2")
    shown = office("status")
    assert "`relou-gateway queue --state in_doubt`" in shown
    assert "`relou-gateway queue --state held`" in shown


def test_status_tells_people_which_cap_is_reached_and_until_when(office: Office) -> None:
    for number in (KARIM, JULIEN, MATHIEU):
        office.sent(number)
    shown = office("status")
    assert "3 of 3 answers, more at " in shown
    assert "0.48 of 1.00 EUR\n" in shown


def test_status_tells_the_last_events_and_no_bookkeeping(office: Office) -> None:
    office.sent(KARIM)
    office.wrote("36034", "Messagerie")
    events = [line.split("  ")[-1] for line in office("status").partition("lately\n")[2].splitlines()]
    assert [
        "message 1: asked for reply 1 (first_contact)",
        "reply 1: sending",
        "reply 1: sent",
        "message 2: declined (short_code)",
    ] == events


# --- budget ---------------------------------------------------------------------------------


def test_budget_has_a_line_for_each_cap_with_every_key(office: Office) -> None:
    office.sent(KARIM)
    rows = office.rows("budget")
    assert all({"window", "used", "reserved", "cap", "left", "free_at"} <= set(row) for row in rows)
    assert {
        "throttle.per_hour": (1, 0, 3, 2),
        "throttle.per_day": (1, 0, 10, 9),
        "throttle.parts_per_day": (1, 0, 30, 29),
        "throttle.recipients_per_month": (1, 0, 20, 19),
        "budget.per_day": ("0.16", "0.00", "1.00", "0.84"),
    } == {row["window"]: (row["used"], row["reserved"], row["cap"], row["left"]) for row in rows}


def test_budget_says_when_more_comes_free(office: Office) -> None:
    office.sent(KARIM)
    sent_at = office.world.now().quota
    office.world.wait(10)
    office.sent(JULIEN)
    free = {row["window"]: datetime.fromisoformat(row["free_at"]) for row in office.rows("budget")}
    expected = {"throttle.per_hour": 60 * MINUTE, "throttle.per_day": timedelta(days=1)}
    for window, span in expected.items():
        assert abs(free[window] - (sent_at + span)) < timedelta(seconds=1)


def test_budget_has_nothing_to_come_free_while_nothing_is_used(office: Office) -> None:
    assert {None} == {row["free_at"] for row in office.rows("budget")}
    assert {0, "0.00"} == {row["used"] for row in office.rows("budget")}


def test_budget_without_any_cap_says_so(office: Office) -> None:
    (office.folder / "config.yaml").write_text(
        "throttle: {per_minute: null, per_hour: null, per_day: null, recipients_per_month: null}\n"
        "budget: {per_day: null, per_month: null}\nstorage: {path: gateway.db}\n"
    )
    assert [] == office.rows("budget")
    assert "no cap is set" in office("budget")
    assert "none is set" in office("status")
    assert {} == office.row("status")["throttle"]


# --- pause and resume -----------------------------------------------------------------------


def test_a_pause_stops_sending_until_it_ends(office: Office) -> None:
    office.wrote(KARIM)
    assert "paused: nothing is sent until `relou-gateway resume`\n" == office("pause", "--reason", "forum")
    office.world.wait(30)
    assert 0 == office.world.send_all()
    paused = office.row("status")["paused"]
    assert ("forum", True) == (paused["reason"], paused["since"].endswith("+00:00"))
    assert "sending again: 1 reply scheduled\n" == office("resume")
    assert (1, None) == (office.world.send_all(), office.row("status")["paused"])


def test_a_second_pause_keeps_the_reason_and_the_beginning(office: Office) -> None:
    office("pause", "--reason", "forum")
    first = office.row("status")["paused"]
    assert "paused already\n" == office("pause")
    assert first == office.row("status")["paused"]
    office("pause", "--reason", "still the forum")
    assert first | {"reason": "still the forum"} == office.row("status")["paused"]


def test_a_resume_without_a_pause_is_said_and_no_failure(office: Office) -> None:
    assert "was not paused\n" == office("resume")


def test_whatever_is_typed_as_a_reason_is_kept_and_shown_harmlessly(at_work: Office) -> None:
    at_work("pause", "--reason", "\x1b[2J\udcff\u202e")
    assert r"\x1b[2J\udcff\u202e" in at_work("status")
    assert r"\x1b[2J\udcff\u202e" == at_work.row("status")["paused"]["reason"]


def test_a_reply_that_is_on_its_way_is_told_at_a_pause(office: Office) -> None:
    office.wrote(KARIM)
    with office.world.gateway.database.transaction("test") as tx:
        tx.execute("UPDATE outbox SET state = 'sending'")
    assert "one reply is on its way already and is not taken back\n" in office("pause")
    assert {1: Status.SENDING} == office.states()
