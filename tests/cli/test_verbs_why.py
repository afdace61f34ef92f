"""`why`: how a message came to its verdict, and what its reply waits for."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from relou_gateway.rules.admission import EXPLANATIONS, Reason
from relou_gateway.rules.ranking import Contribution, Suspicion
from relou_gateway.rules.records import Binary, Report
from relou_gateway.store import balance, inbox, outbox
from relou_gateway.store import gateway as state
from relou_gateway.store.gateway import RaidSeen

from .office import JULIEN, KARIM, LUCAS, MATHIEU, Office, opened
from .program import Program

MESSAGE_KEYS = {
    "id",
    "kind",
    "number",
    "text",
    "received_at",
    "smsc_at",
    "parts",
    "verdict",
    "reason",
    "reply_id",
}
SIGNALS = (
    Contribution("met_before", -1.5, (("days", 3.0),)),
    Contribution("surge", 2.2, (("came", 120), ("expected", 8.3))),
    Contribution("brand_new", 2.5, (("thing", 1),)),
)


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    with opened(tmp_path, program) as here:
        yield here


@pytest.fixture
def running(office: Office) -> Iterator[Office]:
    """The office, with a gateway at work on its database, as far as anybody can see."""
    with (office.folder / "gateway.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield office


def suspect(office: Office, reply_id: int, score: float, *signals: Contribution) -> None:
    with office.world.gateway.database.transaction("test") as tx:
        outbox.note_suspicion(tx, reply_id, Suspicion(score, signals))


def told(office: Office, label: str, message_id: str = "1") -> str:
    """What stands behind a label, and on the lines that belong to it."""
    lines = iter(office("why", message_id).splitlines())
    found = next(line for line in lines if line.startswith(label.ljust(12)))
    rest = [line for line in lines if line.startswith(" " * 12)] if label == "waits for" else []
    return "\n".join([found[12:], *(line[12:] for line in rest)])


def rules(office: Office, message_id: str = "1") -> dict[str, str]:
    shown = office("why", message_id).partition("rules, in their order\n")[2].partition("\n\n")[0]
    return {line[2:10].strip(): line[12:].strip() for line in shown.splitlines()}


# --- the verdict --------------------------------------------------------------------------


def test_of_a_message_that_is_answered_every_rule_passed(office: Office) -> None:
    office.wrote(KARIM)
    assert (
        "a reply was scheduled: a person's phone that was never answered before"
        == told(office, "verdict").rpartition(", ")[0]
    )
    found = rules(office)
    assert "passed     a person's mobile phone" == found["owner"]
    assert {"passed"} == {each.split()[0] for each in found.values()}


def test_the_rule_that_spoke_is_told_and_those_behind_it_were_not_asked(office: Office) -> None:
    office.wrote(LUCAS)
    assert {
        "content": "passed",
        "owner": "passed",
        "listed": "passed",
        "country": "spoke",
        "shut out": "not",
        "muted": "not",
        "calls": "not",
        "waiting": "not",
        "lifetime": "not",
        "cooldown": "not",
    } == {rule: said.split()[0] for rule, said in rules(office).items()}
    assert (
        "spoke      a phone of a country that senders.answer does not list (foreign)"
        == rules(office)["country"]
    )


def test_the_past_is_told_as_it_was_and_not_judged_again(office: Office) -> None:
    office.sent(KARIM)
    office("senders", "block", KARIM)
    assert {"passed"} == {each.split()[0] for each in rules(office).values()}


def test_a_message_that_joined_is_told_with_the_reply_that_it_joined(office: Office) -> None:
    office.wrote(KARIM)
    office.wrote(KARIM, "Réponds")
    row = office.row("why", "2")
    assert ("joined", "reply_waiting", 1, 1) == (
        row["verdict"],
        row["reason"],
        row["reply_id"],
        row["reply"]["id"],
    )
    assert ["waiting"] == [each["rule"] for each in row["rules"] if each["passed"] is False]


@pytest.mark.parametrize(("delivered", "said"), [(True, "it arrived"), (False, "it did not arrive")])
def test_a_delivery_report_has_no_verdict_and_says_why(office: Office, delivered: bool, said: str) -> None:
    office.world.modem.deliver(Report(KARIM, 1, delivered, "", None))
    office.world.receive()
    assert f"none: a delivery report on a message of ours is not judged; {said}" == told(office, "verdict")
    assert ([], None, None) == (
        office.row("why", "1")["rules"],
        office.row("why", "1")["verdict"],
        office.row("why", "1")["reply"],
    )


def test_what_is_no_text_is_told_as_that(office: Office) -> None:
    office.world.modem.deliver(Binary(KARIM, b"\x00\xff", None))
    office.world.receive()
    assert (
        "spoke      no text: a service message of the network or of a phone (binary)"
        == rules(office)["content"]
    )


def unjudged(office: Office, faults: int) -> None:
    with office.world.gateway.database.transaction("test") as tx:
        tx.execute("UPDATE inbox SET verdict = NULL, faults = ? WHERE id = 1", (faults,))


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (0, "none yet: the gateway judges it when it next looks"),
        (3, "none: judging it failed 3 times; the log of the gateway says why"),
    ],
)
def test_what_is_not_judged_says_when_it_will_be(office: Office, faults: int, said: str) -> None:
    office.wrote(LUCAS)
    unjudged(office, faults)
    assert said == told(office, "verdict").rpartition(", ")[0]


def test_a_reason_of_an_older_program_is_told_by_its_name(office: Office) -> None:
    office.wrote(LUCAS)
    with office.world.gateway.database.transaction("test") as tx:
        tx.execute("UPDATE inbox SET reason = 'too_loud' WHERE id = 1")
    assert "not answered: too_loud" == told(office, "verdict").rpartition(", ")[0]
    assert [] == office.row("why", "1")["rules"]


def test_a_forgotten_message_keeps_its_verdict(office: Office) -> None:
    office.wrote(LUCAS, "Salut de Bruxelles")
    with office.world.gateway.database.transaction("test") as tx:
        inbox.forget_before(tx, office.world.now().quota.replace(year=2999))
    assert ("forgotten", True) == (
        told(office, "text"),
        "of a number that is forgotten" in told(office, "sms 1"),
    )
    assert "foreign" == office.row("why", "1")["reason"]


def test_what_strangers_wrote_is_shown_harmlessly(office: Office) -> None:
    office.wrote(KARIM, "\x1b[2J\u202e")
    assert (r"\x1b[2J\u202e", False) == (told(office, "text"), "\x1b" in office("why", "1"))


@pytest.mark.parametrize("message_id", ["1", "0", "99999999999999999999999"])
def test_a_message_that_there_is_not_is_exit_code_three(office: Office, message_id: str) -> None:
    code, line = office.refused("why", message_id)
    assert (3, True) == (code, line.startswith("Error: there is no message "))


@pytest.mark.parametrize("arguments", [[], ["1", "--reasons"], ["one"], ["1", "2"]])
def test_it_needs_one_message_or_asks_for_the_reasons(office: Office, arguments: list[str]) -> None:
    assert 2 == office.program("why", *arguments)


def test_every_reason_is_listed_with_its_explanation(office: Office) -> None:
    assert [(str(each), EXPLANATIONS[each]) for each in Reason] == [
        (row["reason"], row["explanation"]) for row in office.rows("why", "--reasons")
    ]
    shown = office("why", "--reasons")
    assert all(f"{each} " in shown and EXPLANATIONS[each] in shown for each in Reason)


# --- the reply ----------------------------------------------------------------------------


def test_what_waits_tells_its_place_in_the_line(office: Office) -> None:
    for number in (KARIM, JULIEN, MATHIEU):
        office.wrote(number)
    office.world.wait(54)
    office.wrote("+33612000001")
    suspect(office, 1, 3.2)
    suspect(office, 2, -1.0)
    assert [
        "3rd of 4 that wait; 3 of them are due",
        "1st of 4 that wait; 3 of them are due",
        "2nd of 4 that wait; 3 of them are due",
        "4th of 4 that wait; 3 of them are due",
    ] == [told(office, "place", message_id) for message_id in "1234"]
    assert {"position": 3, "waiting": 4, "due": 3} == office.row("why", "1")["reply"]["place"]


def test_a_suspicion_is_told_signal_by_signal_the_largest_first(office: Office) -> None:
    office.wrote(KARIM)
    suspect(office, 1, 3.2, *SIGNALS)
    assert "3.2, as the sum of what follows (log-odds)" == told(office, "suspicion")
    assert [
        "+2.50  speaks for a raid: brand new (thing 1)",
        "+2.20  speaks for a raid: strangers around his first message: 120, where 8.3 are ordinary",
        "-1.50  speaks against a raid: days between his first message and his latest: 3",
    ] == [line.strip() for line in office("why", "1").splitlines()[-3:]]
    [largest, *_] = office.row("why", "1")["reply"]["signals"]
    assert {
        "signal": "brand_new",
        "log_odds": 2.5,
        "seen": {"thing": 1},
        "words": "speaks for a raid: brand new (thing 1)",
    } == largest


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (1.5, "answers go at the moment up to suspicion 1.5; his is 3.2: he waits"),
        (4.0, "answers go at the moment up to suspicion 4; his is 3.2: he may go"),
        (None, "its turn, which comes at once"),
    ],
)
def test_it_is_told_up_to_which_suspicion_answers_go(running: Office, limit: float | None, said: str) -> None:
    running.wrote(KARIM)
    running.world.wait(11)
    suspect(running, 1, 3.2)
    with running.world.gateway.database.transaction("test") as tx:
        state.note_answers_up_to(tx, limit)
    assert (said, limit) == (told(running, "waits for"), running.row("why", "1")["answers_up_to"])


def test_a_raid_is_told_beside_a_reply_that_waits(office: Office) -> None:
    office.wrote(KARIM)
    now = office.world.now()
    with office.world.gateway.database.transaction("test") as tx:
        state.note_raid(tx, RaidSeen(now.quota, now.wall), now)
    assert told(office, "raid").startswith("runs since 20")
    assert office.row("why", "1")["raid"]["active"] is True


def test_all_that_keeps_a_reply_from_going_is_told(office: Office) -> None:
    for index in range(3):
        office.sent(f"+3361200000{index}")
    office.wrote(KARIM)
    office.world.wait(11)
    office("pause")
    waits_for = told(office, "waits for", "4").splitlines()
    assert waits_for == office.row("why", "4")["reply"]["waits_for"]
    assert "the gateway does not run: nothing is sent until it does" == waits_for[0]
    assert "sending is paused: `relou-gateway resume` ends that" == waits_for[1]
    assert waits_for[2].startswith("throttle.per_hour is used up: there is room again 20")


def test_a_held_reply_waits_for_its_release(running: Office) -> None:
    running.wrote(KARIM)
    running("queue", "hold", "1")
    assert "it is held: `relou-gateway queue release 1` lets it go" in told(running, "waits for")
    assert running.row("why", "1")["reply"]["place"] is None


def test_a_reply_whose_delay_runs_says_until_when(running: Office) -> None:
    running.wrote(KARIM)
    running.world.clock.advance_to(running.world.now().quota)
    with running.world.gateway.database.transaction("test") as tx:
        outbox.push(tx, 1, running.world.now().quota.replace(year=2999))
    assert told(running, "waits for").startswith("its delay ends 2999-")


def test_what_the_sim_cannot_pay_is_told(running: Office) -> None:
    running.wrote(KARIM)
    running.world.wait(11)
    with running.world.gateway.database.transaction("test") as tx:
        balance.note_credit(tx, 2_100_000, running.world.now())
    assert "the SIM's credit would fall below budget.keep: it has to be topped up" == told(
        running, "waits for"
    )


def test_what_went_is_told_with_its_history(office: Office) -> None:
    office.sent(KARIM)
    story = [line[23:] for line in office("why", "1").partition("history\n")[2].splitlines()]
    assert [
        "scheduled",
        "message 1 asked for it (first_contact)",
        "sending",
        "reserved 1 part, 0.16 EUR",
        "sent",
        "spent 1 part, 0.16 EUR",
    ] == story
    assert ("sent", []) == (told(office, "reply 1"), office.row("why", "1")["reply"]["waits_for"])


def test_what_expired_says_so(office: Office) -> None:
    office.wrote(KARIM)
    with office.world.gateway.database.transaction("test") as tx:
        outbox.expire(tx, office.world.now()._replace(quota=office.world.now().quota.replace(year=2999)))
    assert "expired (too late)" == told(office, "reply 1")


def test_it_has_the_keys_of_its_message_and_of_its_reply(office: Office) -> None:
    office.wrote(KARIM)
    row = office.row("why", "1")
    assert MESSAGE_KEYS <= set(row)
    assert {"id", "state", "due_at", "expires_at", "place", "suspicion", "signals", "history"} <= set(
        row["reply"]
    )
