"""The simulation, held against its own outcomes by counting, and against the pipeline."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from relou_gateway import pipeline, simulation
from relou_gateway.config import Settings, load
from relou_gateway.rules.least_suspicious import LeastSuspicious
from relou_gateway.rules.policy import Policy as Rules
from relou_gateway.rules.records import Kind, Ruling, Status
from relou_gateway.rules.vigilance import Vigilance
from relou_gateway.simulation import Outcome, Policy, Role, TraceError, TraceLine
from relou_gateway.store.inbox import Received
from tests.support.world import FREE, MINUTE, START, UNLIMITED, World, mobile, policy

KARIM, BRICE, JULIEN = mobile(1), mobile(2), mobile(3)
SEND = timedelta(seconds=4)
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CAPS = replace(UNLIMITED, per_minute=3, per_hour=8, per_day=20, recipients_per_month=30)


def settings(rules: Rules | None = None) -> Settings:
    return replace(load(None), policy=rules or policy())


def text(minutes: float, number: str, words: str = "Salut") -> tuple[float, Kind, str, str]:
    return minutes, Kind.SMS, number, words


def call(minutes: float, number: str) -> tuple[float, Kind, str, str]:
    return minutes, Kind.CALL, number, ""


def trace(*events: tuple[float, Kind, str, str]) -> list[TraceLine]:
    return [
        TraceLine(position, START + minutes * MINUTE, kind, number, words)
        for position, (minutes, kind, number, words) in enumerate(events, start=1)
    ]


def flood(messages: int, senders: int, hours: float, seed: int = 0) -> list[TraceLine]:
    rng = random.Random(seed)
    moments = sorted(rng.random() * hours * 60 for _ in range(messages))
    draw = (call, text)
    return trace(*(draw[rng.random() < 0.9](at, mobile(rng.randrange(senders))) for at in moments))


def run(
    lines: Sequence[TraceLine], rules: Rules | None = None, how: Policy = Policy.FULL, seed: int = 0
) -> list[Outcome]:
    return simulation.simulate(lines, settings(rules), how, seed=seed, send_takes=SEND)


def written(outcomes: Sequence[Outcome]) -> str:
    out = io.StringIO()
    simulation.write_outcomes(outcomes, out)
    return out.getvalue()


def sent(outcomes: Sequence[Outcome]) -> list[tuple[datetime, Outcome]]:
    """Every answer that left, once, by time."""
    found = [
        (outcome.answer.sent_at, outcome)
        for outcome in outcomes
        if outcome.verdict is Ruling.REPLY and outcome.answer and outcome.answer.sent_at
    ]
    return sorted(found, key=lambda each: each[0])


# --- the ranking ----------------------------------------------------------------------------


def test_the_ranking_lets_nobody_wait_in_quiet_days_under_the_default_caps() -> None:
    rules = load(None).policy
    lines = trace(
        *(text(60 * 24 * day + 150 * each, mobile(10 * day + each)) for day in range(4) for each in range(5))
    )
    answers = sent(run(lines, rules, Policy.FULL))
    assert [outcome.sender for _, outcome in answers] == [
        mobile(10 * day + each) for day in range(4) for each in range(5)
    ]
    assert all(at - line.at < 15 * MINUTE for (at, _), line in zip(answers, lines, strict=True))


OPENERS = (
    "Coucou, on s'est vus au marché hier",
    "Salut c'est Karim du bar",
    "hello, libre jeudi pour un café ?",
    "Bonsoir, le monsieur de la terrasse",
    "c'était sympa dans le métro",
    "Slt c Mathieu",
    "Tu es bien rentrée ?",
    "Re ! Pas trop fatiguée par le concert ?",
    "J'ai trouvé ton écharpe je crois",
    "Alors ce film, ça te dit samedi",
    "Bonjour mademoiselle, Ahmed de la salle",
    "yo t'as aimé la soirée",
)


def test_in_a_raid_the_ranking_answers_people_and_the_caps_alone_do_not() -> None:
    rules = replace(policy(throttle=replace(UNLIMITED, per_day=20)), raid=Vigilance(strangers_per_day=16))
    raid = [
        text(60 + 0.05 * each, mobile(1000 + each % 200), f"bande de nulles, vous allez payer {each % 7}")
        for each in range(2000)
    ]
    people = [text(30 + 9 * each, mobile(each), opener) for each, opener in enumerate(OPENERS)]
    lines = trace(*sorted(raid + people))

    def people_answered(how: Policy) -> int:
        return sum(outcome.sender < mobile(1000) for _, outcome in sent(run(lines, rules, how)))

    assert people_answered(Policy.FULL) >= 11
    assert people_answered(Policy.CAPS) <= 7


# --- it is the gateway --------------------------------------------------------------------


def test_one_text_is_answered_within_the_delay_a_poll_and_a_send() -> None:
    (outcome,) = run(trace(text(0, KARIM)))
    assert (Ruling.REPLY, "first_contact") == (outcome.verdict, outcome.reason)
    assert outcome.answer is not None
    assert outcome.answer.state is Status.SENT
    assert outcome.answer.sent_at is not None
    assert 3 * MINUTE + SEND <= outcome.answer.sent_at - START <= 10 * MINUTE + SEND + timedelta(seconds=5)


def test_it_decides_what_a_gateway_that_polls_every_five_seconds_decides(tmp_path: Path) -> None:
    rules = policy(throttle=replace(UNLIMITED, per_hour=6), replies={"expire": 2 * HOUR})
    lines = flood(300, 60, 4)
    world = World(tmp_path, rules)
    world.gateway.ranking = LeastSuspicious(rules.raid)
    world.clock.advance_to(lines[0].at + timedelta(microseconds=-lines[0].at.microsecond % 1000))
    world.modem.send_seconds = 4
    world.modem.advance = lambda seconds: world.clock.advance(timedelta(seconds=seconds))
    _drive(world, lines)

    outcomes = run(lines, rules)

    assert [(row.verdict, row.reason) for row in _in_trace_order(world, lines)] == [
        (outcome.verdict, outcome.reason) for outcome in outcomes
    ]
    assert world.answered() == [outcome.sender for _, outcome in sent(outcomes)]
    world.close()


def _drive(world: World, lines: Sequence[TraceLine]) -> None:
    """Tick as the daemon does: every five seconds, at once after a send, a sweep every minute."""
    position, sweeps, end = 0, 0, lines[-1].at + 3 * HOUR
    start = world.now().quota
    while world.now().quota < end:
        looked = world.now().quota
        while position < len(lines) and lines[position].at <= looked:
            line = lines[position]
            if line.kind is Kind.CALL:
                world.modem.call(line.number)
            else:
                world.text(line.number, line.text)
            position += 1
        if not pipeline.send(world.gateway, world.modem):
            world.clock.advance_to(looked + timedelta(seconds=5))
        if (world.now().quota - start) // MINUTE > sweeps:
            sweeps = (world.now().quota - start) // MINUTE
            pipeline.sweep(world.gateway)


def _in_trace_order(world: World, lines: Sequence[TraceLine]) -> list[Received]:
    rows = world.messages()
    texts = iter([row for row in rows if row.kind is Kind.SMS])
    calls = [row for row in rows if row.kind is Kind.CALL]
    found = []
    for line in lines:
        if line.kind is Kind.SMS:
            found.append(next(texts))
        else:  # seen at the latest after a send and a poll
            until = line.at + timedelta(seconds=9)
            found.append(
                [row for row in calls if row.number == line.number and row.received_wall <= until][-1]
            )
    return found


def test_nobody_is_answered_before_the_delay_or_while_he_writes() -> None:
    outcomes = run(flood(2000, 150, 12), policy(throttle=CAPS))
    for at, outcome in sent(outcomes):
        assert at - outcome.line.at >= 3 * MINUTE
        earlier = [
            each.line.at
            for each in outcomes
            if each.sender == outcome.sender and each.line.at <= at - SEND - MINUTE / 12
        ]
        assert at >= min(earlier[-1] + 3 * MINUTE, outcome.line.at + 30 * MINUTE)


@pytest.mark.parametrize("how", [Policy.CAPS, Policy.FULL])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_cap_is_passed_at_any_instant(how: Policy, seed: int) -> None:
    rules = policy(throttle=CAPS, budget=replace(FREE, per_day=15 * 160_000))
    answers = sent(run(flood(1500, 300, 40, seed), rules, how, seed))
    assert answers
    for at, _ in answers:
        for span, cap in ((MINUTE, 3), (HOUR, 8), (DAY, 15)):
            assert cap >= len([1 for other, _ in answers if at - span < other <= at])
        assert 30 >= len({outcome.sender for other, outcome in answers if other <= at})


def test_a_number_gets_one_answer_in_a_cooldown() -> None:
    outcomes = run(flood(500, 20, 5 * 24), policy(senders={"cooldown": timedelta(days=2)}))
    by_sender: dict[str, list[datetime]] = {}
    for at, outcome in sent(outcomes):
        by_sender.setdefault(outcome.sender, []).append(at)
    assert 2 == max(len(times) for times in by_sender.values())
    for times in by_sender.values():
        assert all(later - earlier >= timedelta(days=2) for earlier, later in pairwise(times))


def test_every_reply_ends_and_what_is_too_old_expires() -> None:
    rules = policy(throttle=replace(UNLIMITED, per_day=4), replies={"expire": HOUR})
    rules = replace(rules, raid=Vigilance(strangers_per_day=1))
    outcomes = run(trace(*(text(index / 10, mobile(index)) for index in range(10))), rules)
    assert [Status.EXPIRED] * 8 + [Status.SENT] * 2 == sorted(
        each.answer.state for each in outcomes if each.answer
    )


def test_replies_that_wait_for_review_expire() -> None:
    (outcome,) = run(trace(text(0, KARIM)), policy(replies={"review": True}))
    assert outcome.answer is not None
    assert Status.EXPIRED is outcome.answer.state


def test_who_asks_not_to_be_answered_is_not() -> None:
    first, stop = run(trace(text(0, KARIM), text(1, KARIM, "stop")))
    assert first.answer is not None
    assert (Status.CANCELLED, None) == (first.answer.state, first.answer.sent_at)
    assert (Ruling.DECLINED, "stop_word", None) == (stop.verdict, stop.reason, stop.answer)


# --- the trace's odd numbers --------------------------------------------------------------


def test_only_persons_are_answered_and_each_line_keeps_its_own_spelling() -> None:
    odd = {
        "": "hidden",
        "ORANGE": "name",
        "3610": "short_code",
        "+14155550123": "foreign",
        "a\x1b[2J\n": "name",
    }
    spelled = ["+33600000001", "0033600000001", "06 00 00 00 01"]
    lines = trace(*(text(index, number) for index, number in enumerate([*odd, *spelled])))

    outcomes = run(lines)

    records = [json.loads(line) for line in written(outcomes).splitlines()]
    assert [*odd, *spelled] == [record["number"] for record in records]
    assert list(range(1, 9)) == [record["line"] for record in records]
    assert [*odd.values(), "first_contact", "reply_waiting", "reply_waiting"] == [
        record["reason"] for record in records
    ]
    assert [("declined", None, None, None, None)] * 5 == [_reply_of(record) for record in records[:5]]
    ours = {_reply_of(record)[1:] for record in records[5:]}
    assert 1 == len(ours)
    assert {"line", "number", "verdict", "reason", "reply_state", "sent_at", "parts", "cost"} == set(
        records[0]
    )


def _reply_of(record: dict[str, object]) -> tuple[object, ...]:
    return tuple(record[key] for key in ("verdict", "reply_state", "sent_at", "parts", "cost"))


def test_rings_of_one_call_join_what_the_call_scheduled() -> None:
    outcomes = run(trace(call(0, KARIM), call(0.5, BRICE), call(0.5, KARIM), call(1, KARIM), call(2, BRICE)))
    assert [Ruling.REPLY, Ruling.REPLY, Ruling.JOINED, Ruling.JOINED, Ruling.JOINED] == [
        outcome.verdict for outcome in outcomes
    ]
    assert [0, 1, 0, 0, 1] == [[KARIM, BRICE].index(outcome.sender) for outcome in outcomes]
    assert 2 == len(simulation.exchanges(outcomes))


def test_who_goes_on_ringing_is_not_answered_meanwhile() -> None:
    lines = trace(*(call(index * 50 / 60, KARIM) for index in range(12)))
    ((at, _),) = sent(run(lines))
    assert at - lines[-1].at >= 3 * MINUTE


def test_hostile_texts_are_data() -> None:
    hostile = [
        "'; DROP TABLE inbox; --",
        "\x00\x1b]0;x\x07",
        "\ud83d",
        "=cmd|' /C calc'!A0",
        "x" * 100_000,
        "",
    ]
    outcomes = run(trace(*(text(index, mobile(index), words) for index, words in enumerate(hostile))))
    assert [Ruling.REPLY] * len(hostile) == [outcome.verdict for outcome in outcomes]


def test_an_empty_trace_has_no_outcomes() -> None:
    assert all(run([], how=how) == [] for how in Policy)


# --- the same again -----------------------------------------------------------------------


@pytest.mark.parametrize("how", list(Policy))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(how: Policy) -> None:
    rules = policy(
        throttle=CAPS,
        replies={"texts": (*policy().replies.texts, replace(policy().replies.texts[0], text="x" * 300))},
    )
    lines = flood(200, 80, 6)
    first, again, other = (written(run(lines, rules, how, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_what_came_first_goes_first_under_caps_and_by_lot_else() -> None:
    lines = trace(*(text(index / 6, mobile(index)) for index in range(40)))
    rules = policy(throttle=replace(UNLIMITED, per_hour=10), replies={"delay": (3 * MINUTE, 3 * MINUTE)})
    by_time = [mobile(index) for index in range(40)]
    assert by_time == [outcome.sender for _, outcome in sent(run(lines, rules, Policy.CAPS))]
    assert by_time != [outcome.sender for _, outcome in sent(run(lines, rules, Policy.FULL))]


def test_an_answer_of_another_size_does_not_wait_for_one_that_has_no_room() -> None:
    texts = (policy().replies.texts[0], replace(policy().replies.texts[0], text="x" * 400))
    rules = policy(throttle=replace(UNLIMITED, parts_per_day=2), replies={"texts": texts, "expire": HOUR})
    outcomes = run(trace(*(text(index, mobile(index)) for index in range(20))), rules, Policy.CAPS)
    assert [1, 1] == [outcome.answer and outcome.answer.parts for _, outcome in sent(outcomes)]


# --- without any rule ---------------------------------------------------------------------


def test_a_hook_without_rules_answers_everything_at_once_one_after_another() -> None:
    lines = trace(
        text(0, KARIM), text(0, "3610"), text(0, "ORANGE"), text(0, ""), call(0, KARIM), text(9, KARIM)
    )
    outcomes = run(lines, how=Policy.NONE)
    assert [START + timedelta(seconds=seconds) for seconds in (4, 8, 12, 16, 9 * 60 + 4)] == [
        at for at, _ in sent(outcomes)
    ]
    assert (Ruling.DECLINED, "hidden", None) == (outcomes[3].verdict, outcomes[3].reason, outcomes[3].answer)
    assert 5 * 160_000 == simulation.summarise(outcomes, None).cost


# --- the figures --------------------------------------------------------------------------


def test_the_summary_says_what_the_outcomes_say() -> None:
    roles = {mobile(index): Role.ORDINARY if index < 30 else Role.FLOODER for index in range(90)}
    outcomes = run(flood(800, 80, 30), policy(throttle=CAPS))

    record = simulation.as_json(simulation.summarise(outcomes, roles), "EUR", 1.23)

    answers = sent(outcomes)
    people = {outcome.sender for _, outcome in answers}
    first = {outcome.sender: outcome.line.at for outcome in reversed(outcomes)}
    quick = {outcome.sender for at, outcome in answers if at - first[outcome.sender] <= HOUR}
    assert 800 == record["messages"]
    assert len(first) == record["senders"]
    assert (len(answers), f"{len(answers) * 0.16:.2f}") == (record["parts"], record["cost"])
    assert len(people) == record["answered_senders"]
    ordinary = {sender for sender in first if roles[sender] is Role.ORDINARY}
    assert {
        "senders": len(ordinary),
        "answered": len(people & ordinary),
        "answered_in_hour": len(quick & ordinary),
    } == record["ordinary"]
    assert {"senders": len(first.keys() - ordinary), "answered": len(people - ordinary)} == record["flooders"]
    waits = sorted((at - outcome.line.at).total_seconds() for at, outcome in answers)
    assert {"median": waits[(len(waits) - 1) // 2], "max": waits[-1]}.items() <= {
        key: pytest.approx(value, abs=0.1)
        for key, value in dict(record["wait_seconds"]).items()  # type: ignore[call-overload]
    }.items()


def test_spellings_are_one_sender_in_truth_and_trace() -> None:
    outcomes = run(trace(text(0, "06 00 00 00 01"), text(1, "+33600000001")))
    roles = simulation.known_roles({"0033600000001": Role.ORDINARY}, "FR")
    summary = simulation.summarise(outcomes, roles)
    assert (1, 1) == (summary.senders, summary.groups and summary.groups[Role.ORDINARY].answered_in_hour)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.9, 9), (1.0, 10), (0.01, 1)])
def test_quantiles_are_by_nearest_rank(share: float, expected: float) -> None:
    assert expected == simulation.quantile(range(1, 11), share)


# --- bad traces ---------------------------------------------------------------------------

GOOD = (
    '{"at": "2026-03-06T17:00:00+00:00", "kind": "sms", "number": "+33612345678", "text": "é\\ud83d\u2028"}'
)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("", "not JSON: Expecting value at column 1"),
        ("[]", "expected a JSON object"),
        ("[" * 100_000, "not JSON that anyone could have meant"),
        (GOOD.replace("sms", "fax"), "kind: expected sms or call"),
        (GOOD.replace('"sms"', "1"), "kind: expected a string"),
        (GOOD.replace('"text"', '"txt"'), "text: missing"),
        (GOOD.replace("number", "n"), "number: missing"),
        (GOOD.replace('"+33612345678"', "33612345678"), "number: expected a string"),
        (GOOD.replace("+00:00", ""), "at: a time without its zone; write +00:00 behind it"),
        (GOOD.replace("17:00", "16:59"), "at: out of order: 2026-03-06T17:00:00+00:00 stands before it"),
        (GOOD.replace("2026-03", "9999-03"), "at: expected a time from 1970 to 2999"),
        (
            GOOD.replace("2026-03", "tomorrow"),
            "at: expected an ISO 8601 time such as 2026-03-06T17:35:51+00:00",
        ),
    ],
)
def test_a_fault_of_a_trace_is_named_with_its_line(tmp_path: Path, line: str, fault: str) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(f"{GOOD}\n{line}\n{GOOD}\n", encoding="utf-8")
    with pytest.raises(TraceError) as raised:
        simulation.read_trace(path)
    assert f"{path}:2: {fault}" == str(raised.value)


def test_every_fault_is_named_and_a_file_that_is_no_trace_fills_no_screen(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"\xff\xfe\n" * 150)
    with pytest.raises(TraceError) as raised:
        simulation.read_trace(path)
    lines = str(raised.value).splitlines()
    assert (101, f"{path}:1: not UTF-8", f"{path}: and 50 faults more") == (len(lines), lines[0], lines[-1])


def test_a_good_line_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text(GOOD, encoding="utf-8")
    assert [TraceLine(1, START, Kind.SMS, "+33612345678", "é\ud83d\u2028")] == simulation.read_trace(path)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('{"+33612345678": "troll"}', ": +33612345678: expected ordinary or flooder"),
        ("[]", ": expected a JSON object"),
    ],
)
def test_a_fault_of_a_truth_is_named(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TraceError) as raised:
        simulation.read_truth(path)
    assert f"{path}{fault}" == str(raised.value)
