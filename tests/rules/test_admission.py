"""The judge: each reason, the order of the rules, and the invariants 7 and 12 by property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from relou_gateway.rules import numbers
from relou_gateway.rules.admission import (
    ALLOWANCES,
    EXPLANATIONS,
    HOLD_OFF,
    REFUSALS,
    Message,
    Past,
    Reason,
    Verdict,
    judge,
    pushed_due,
)
from relou_gateway.rules.numbers import Owner, Sender
from relou_gateway.rules.policy import Budget, Policy, Prices, Replies, Senders, Text, Throttle
from relou_gateway.rules.records import Kind, Ruling

NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

POLICY = Policy(
    Replies(
        delay=(3 * MINUTE, 10 * MINUTE),
        expire=timedelta(hours=12),
        texts=(Text("Un non est un non."), Text("Nee is nee.", frozenset({"NL"}))),
        gsm7=True,
        to_calls=True,
        review=False,
        stop_words=("STOP",),
    ),
    Senders(
        country="FR",
        answer=frozenset({"FR", "BE"}),
        cooldown=7 * DAY,
        lifetime=2,
        never=("+33611", "+33622222222"),
        own=("+33609001390",),
    ),
    Throttle(None, None, None, None, None, None),
    Budget("EUR", Prices(160_000), None, None, None, None),
)
KARIM = Sender("+33612345678", Owner.PERSON, "FR")
HIS_TEXT = Message(Kind.SMS, KARIM, "Salut, c'est Karim")
HIS_CALL = Message(Kind.CALL, KARIM, "")
ANSWERED = Past(answers=1, answered_at=NOW - 8 * DAY)


def from_(number: str, owner: Owner, country: str | None = None) -> Message:
    return Message(Kind.SMS, Sender(number, owner, country), "Salut")


def with_replies(**changes: object) -> Policy:
    return replace(POLICY, replies=replace(POLICY.replies, **changes))  # type: ignore[arg-type]


def with_senders(**changes: object) -> Policy:
    return replace(POLICY, senders=replace(POLICY.senders, **changes))  # type: ignore[arg-type]


CASES: list[tuple[str, Message, Past, Policy, Ruling, Reason]] = [
    ("his first text", HIS_TEXT, Past(), POLICY, Ruling.REPLY, Reason.FIRST_CONTACT),
    ("his first call", HIS_CALL, Past(), POLICY, Ruling.REPLY, Reason.FIRST_CONTACT),
    (
        "a Belgian's text",
        from_("+32470123456", Owner.PERSON, "BE"),
        Past(),
        POLICY,
        Ruling.REPLY,
        Reason.FIRST_CONTACT,
    ),
    ("he writes again a week later", HIS_TEXT, ANSWERED, POLICY, Ruling.REPLY, Reason.COOLDOWN_OVER),
    (
        "the very moment at which the cooldown ends",
        HIS_TEXT,
        Past(answers=1, answered_at=NOW - 7 * DAY),
        POLICY,
        Ruling.REPLY,
        Reason.COOLDOWN_OVER,
    ),
    (
        "an answer whose time was forgotten",
        HIS_TEXT,
        Past(answers=1),
        POLICY,
        Ruling.REPLY,
        Reason.COOLDOWN_OVER,
    ),
    ("a reply waits", HIS_TEXT, Past(waiting=True), POLICY, Ruling.JOINED, Reason.REPLY_WAITING),
    ("a reply waits and he calls", HIS_CALL, Past(waiting=True), POLICY, Ruling.JOINED, Reason.REPLY_WAITING),
    (
        "an MMS notice",
        replace(HIS_TEXT, kind=Kind.BINARY, text=""),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.BINARY,
    ),
    (
        "an unreadable message",
        Message(Kind.UNDECODABLE, Sender("", Owner.HIDDEN, None), "CORRUPTED"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.UNDECODABLE,
    ),
    ("a hidden caller", from_("", Owner.HIDDEN), Past(), POLICY, Ruling.DECLINED, Reason.HIDDEN),
    ("a name", from_("AMENDES", Owner.NAME), Past(), POLICY, Ruling.DECLINED, Reason.NAME),
    (
        "a short code",
        from_("36105", Owner.SHORT_CODE),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.SHORT_CODE,
    ),
    (
        "a premium number",
        from_("+33899123456", Owner.PREMIUM, "FR"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.PREMIUM,
    ),
    (
        "a fixed line",
        from_("+33123456789", Owner.FIXED, "FR"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.FIXED,
    ),
    (
        "a satellite phone",
        from_("+881612345678", Owner.SATELLITE),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.SATELLITE,
    ),
    (
        "a machine",
        from_("+337000123456789", Owner.SERVICE, "FR"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.NOT_A_PERSON,
    ),
    (
        "no number at all",
        from_("+339999999999", Owner.INVALID),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.INVALID,
    ),
    (
        "one of our own",
        from_("+33609001390", Owner.PERSON, "FR"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.OWN,
    ),
    (
        "a number never to answer",
        from_("+33622222222", Owner.PERSON, "FR"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.NEVER,
    ),
    (
        "a prefix never to answer",
        from_("+33611345678", Owner.PERSON, "FR"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.NEVER,
    ),
    (
        "a phone of another country",
        from_("+447911123456", Owner.PERSON, "GB"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.FOREIGN,
    ),
    (
        "a phone of no country",
        from_("+979123456789", Owner.PERSON, None),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.FOREIGN,
    ),
    (
        "no text for his country",
        HIS_TEXT,
        Past(),
        with_replies(texts=(Text("Nee is nee.", frozenset({"BE"})),)),
        Ruling.DECLINED,
        Reason.NO_TEXT,
    ),
    ("blocked", HIS_TEXT, Past(blocked=True), POLICY, Ruling.DECLINED, Reason.BLOCKED),
    (
        "blocked, and a reply waits",
        HIS_TEXT,
        Past(True, waiting=True),
        POLICY,
        Ruling.DECLINED,
        Reason.BLOCKED,
    ),
    ("he asked once", HIS_TEXT, Past(stopped=True), POLICY, Ruling.DECLINED, Reason.STOPPED),
    (
        "he is muted",
        HIS_TEXT,
        Past(muted_until=NOW + timedelta(milliseconds=1)),
        POLICY,
        Ruling.DECLINED,
        Reason.MUTED,
    ),
    (
        "his mute is just over",
        HIS_TEXT,
        Past(muted_until=NOW),
        POLICY,
        Ruling.REPLY,
        Reason.FIRST_CONTACT,
    ),
    (
        "he asks now",
        replace(HIS_TEXT, text=" « stop » !\n"),
        Past(),
        POLICY,
        Ruling.DECLINED,
        Reason.STOP_WORD,
    ),
    (
        "he asks now, and a reply waits",
        replace(HIS_TEXT, text="STOP"),
        Past(waiting=True),
        POLICY,
        Ruling.DECLINED,
        Reason.STOP_WORD,
    ),
    (
        "calls are not answered",
        HIS_CALL,
        Past(),
        with_replies(to_calls=False),
        Ruling.DECLINED,
        Reason.CALLS_OFF,
    ),
    (
        "he has had all his answers",
        HIS_TEXT,
        Past(answers=2, answered_at=NOW - 400 * DAY),
        POLICY,
        Ruling.DECLINED,
        Reason.LIFETIME,
    ),
    (
        "a millisecond before the cooldown ends",
        HIS_TEXT,
        Past(answers=1, answered_at=NOW - 7 * DAY + timedelta(milliseconds=1)),
        POLICY,
        Ruling.DECLINED,
        Reason.COOLDOWN,
    ),
    (
        "answered in the future, as a clock that stepped would have it",
        HIS_TEXT,
        Past(answers=1, answered_at=NOW + DAY),
        POLICY,
        Ruling.DECLINED,
        Reason.COOLDOWN,
    ),
]


@pytest.mark.parametrize(
    ("message", "past", "policy", "ruling", "reason"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_message_gets_the_verdict_that_its_case_deserves(
    message: Message, past: Past, policy: Policy, ruling: Ruling, reason: Reason
) -> None:
    assert Verdict(ruling, reason) == judge(message, past, policy, NOW)


def test_the_cases_show_every_reason() -> None:
    assert set(Reason) == {case[5] for case in CASES}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained_in_words_of_its_own(reason: Reason) -> None:
    sentence = EXPLANATIONS[reason]

    assert len(sentence.split()) >= 3
    assert not sentence.endswith(".")
    assert [reason] == [each for each, words in EXPLANATIONS.items() if words == sentence]


def test_only_two_reasons_are_a_yes_and_one_joins() -> None:
    rulings = {case[5]: case[4] for case in CASES}

    assert {Reason.FIRST_CONTACT, Reason.COOLDOWN_OVER} == {r for r in rulings if rulings[r] is Ruling.REPLY}
    assert {Reason.REPLY_WAITING} == {r for r in rulings if rulings[r] is Ruling.JOINED}


# --- the order of the rules ---------------------------------------------------------------

HIS_NUMBER = "+33611345678"
ORDER: list[tuple[Reason, str, dict[str, object]]] = [
    (Reason.BINARY, "message", {"kind": Kind.SMS}),
    (Reason.FIXED, "message", {"sender": Sender(HIS_NUMBER, Owner.PERSON, "FR")}),
    (Reason.OWN, "senders", {"own": ()}),
    (Reason.NEVER, "senders", {"never": ()}),
    (Reason.FOREIGN, "senders", {"answer": frozenset({"FR"})}),
    (Reason.NO_TEXT, "replies", {"texts": (Text("Non"),)}),
    (Reason.BLOCKED, "past", {"blocked": False}),
    (Reason.STOPPED, "past", {"stopped": False}),
    (Reason.STOP_WORD, "message", {"text": "Salut"}),
    (Reason.MUTED, "past", {"muted_until": NOW}),
    (Reason.REPLY_WAITING, "past", {"waiting": False}),
    (Reason.LIFETIME, "senders", {"lifetime": None}),
    (Reason.COOLDOWN, "senders", {"cooldown": timedelta(0)}),
    (Reason.COOLDOWN_OVER, "past", {}),
]
"""Which reason speaks while all are given, and what takes its ground away, so that the next can."""


def test_the_first_rule_that_speaks_decides() -> None:
    told: dict[str, Any] = {
        "message": Message(Kind.BINARY, Sender(HIS_NUMBER, Owner.FIXED, "FR"), "STOP"),
        "past": Past(
            blocked=True,
            stopped=True,
            muted_until=NOW + MINUTE,
            waiting=True,
            answers=9,
            answered_at=NOW - MINUTE,
        ),
        "senders": replace(POLICY.senders, own=(HIS_NUMBER,), answer=frozenset({"BE"})),
        "replies": replace(POLICY.replies, texts=(Text("Nee", frozenset({"NL"})),)),
    }

    found = []
    for _, record, changes in ORDER:
        policy = replace(POLICY, senders=told["senders"], replies=told["replies"])
        found.append(judge(told["message"], told["past"], policy, NOW).reason)
        told[record] = replace(told[record], **changes)

    assert [reason for reason, _, _ in ORDER] == found


def test_a_waiting_reply_is_joined_whatever_was_answered_before() -> None:
    past = Past(waiting=True, answers=2, answered_at=NOW - MINUTE)

    assert Verdict(Ruling.JOINED, Reason.REPLY_WAITING) == judge(HIS_TEXT, past, POLICY, NOW)


def test_a_call_is_never_a_stop_word() -> None:
    assert Reason.FIRST_CONTACT is judge(replace(HIS_CALL, text="STOP"), Past(), POLICY, NOW).reason


def test_a_word_that_only_contains_a_stop_word_is_none() -> None:
    message = replace(HIS_TEXT, text="stop, on se voit demain ?")

    assert Reason.FIRST_CONTACT is judge(message, Past(), POLICY, NOW).reason


def test_without_a_lifetime_there_is_no_last_answer() -> None:
    past = Past(answers=1000, answered_at=NOW - 8 * DAY)

    assert Reason.COOLDOWN_OVER is judge(HIS_TEXT, past, with_senders(lifetime=None), NOW).reason


def test_no_rule_stands_in_both_lists() -> None:
    assert len({*REFUSALS, *ALLOWANCES}) == len(REFUSALS) + len(ALLOWANCES)


# --- invariant 7: only a person's phone in an allowed country -------------------------------

DIGITS = st.text("0123456789", min_size=1, max_size=16)
LIKE_NUMBERS = st.builds(
    str.__add__, st.sampled_from(["", "+", "00", "+33", "+336", "06", "+32", "+44", "+88", "36"]), DIGITS
)
MOBILES = st.from_regex(r"(\+33|0033|0)[67][0-9]{8}|\+324[0-9]{8}", fullmatch=True, alphabet="+0123456789")
ORIGINS = st.text(max_size=20) | LIKE_NUMBERS | st.text("0123456789+ -.()*#", max_size=18) | MOBILES


def _moments(before: datetime, after: datetime) -> st.SearchStrategy[datetime | None]:
    naive = st.datetimes(before.replace(tzinfo=None), after.replace(tzinfo=None))
    return st.none() | naive.map(lambda moment: moment.replace(tzinfo=UTC))


PASTS = st.builds(
    Past,
    blocked=st.booleans(),
    stopped=st.booleans(),
    muted_until=_moments(NOW - 30 * DAY, NOW + 30 * DAY),
    waiting=st.booleans(),
    answers=st.integers(0, 3),
    answered_at=_moments(NOW - 30 * DAY, NOW),
)
MESSAGE_KINDS = st.sampled_from([Kind.SMS, Kind.CALL, Kind.BINARY, Kind.UNDECODABLE])


@given(ORIGINS, MESSAGE_KINDS, PASTS)
def test_only_a_mobile_of_an_allowed_country_is_ever_answered(raw: str, kind: Kind, past: Past) -> None:
    sender = numbers.read(raw, "FR")

    verdict = judge(Message(kind, sender, "Salut"), past, POLICY, NOW)

    if verdict.ruling is not Ruling.DECLINED:
        plan = phonenumbers.parse(sender.number, None)
        assert phonenumbers.number_type(plan) in {
            PhoneNumberType.MOBILE,
            PhoneNumberType.FIXED_LINE_OR_MOBILE,
        }
        assert phonenumbers.region_code_for_number(plan) in POLICY.senders.answer
        assert phonenumbers.format_number(plan, phonenumbers.PhoneNumberFormat.E164) == sender.number
        assert kind in {Kind.SMS, Kind.CALL}


@given(st.from_regex(r"(\+33|0033|0)6[0-9]{8}", fullmatch=True, alphabet="+0123456789"))
def test_a_french_mobile_is_answered_unless_a_list_forbids_it(raw: str) -> None:
    sender = numbers.read(raw, "FR")
    policy = with_senders(never=(), own=())

    if sender.owner is Owner.PERSON:
        assert Verdict(Ruling.REPLY, Reason.FIRST_CONTACT) == judge(
            Message(Kind.SMS, sender, "Salut"), Past(), policy, NOW
        )


@pytest.mark.parametrize("owner", [each for each in Owner if each is not Owner.PERSON])
@pytest.mark.parametrize("past", [Past(), Past(waiting=True), ANSWERED])
def test_what_is_no_persons_phone_is_never_answered_whatever_its_past(owner: Owner, past: Past) -> None:
    message = from_("+33612345678", owner, "FR")

    assert Ruling.DECLINED is judge(message, past, POLICY, NOW).ruling


@given(PASTS, st.integers(0, 3), st.integers(0, 20))
def test_nobody_gets_more_than_his_lifetime_or_a_second_answer_in_a_cooldown(
    past: Past, lifetime: int, days: int
) -> None:
    policy = with_senders(lifetime=lifetime, cooldown=days * DAY)

    if judge(HIS_TEXT, past, policy, NOW).ruling is Ruling.REPLY:
        assert past.answers < lifetime
        assert past.answered_at is None or past.answered_at + days * DAY <= NOW
        assert past.muted_until is None or past.muted_until <= NOW
        assert (False, False, False) == (past.blocked, past.stopped, past.waiting)


# --- invariant 12: not while he still stands beside her -------------------------------------

SPANS = st.integers(0, 7200).map(lambda seconds: seconds * SECOND)


@given(SPANS, SPANS, SPANS)
def test_the_delay_is_kept_from_the_latest_message_for_half_an_hour(
    due_in: timedelta, latest_in: timedelta, lower: timedelta
) -> None:
    first = NOW
    due = pushed_due(first + due_in, first, first + latest_in, lower)

    assert due >= first + due_in
    assert due >= min(first + latest_in + lower, first + HOLD_OFF)
    assert due <= max(first + due_in, first + HOLD_OFF)


@given(st.lists(SPANS, min_size=1, max_size=20), SPANS, st.integers(60, 600))
def test_however_he_writes_the_reply_neither_comes_too_soon_nor_never(
    gaps: list[timedelta], drawn: timedelta, lower_seconds: int
) -> None:
    lower = lower_seconds * SECOND
    due = NOW + max(lower, drawn)
    latest = NOW
    for gap in gaps:
        latest += gap
        if latest >= due:
            break  # the reply has gone
        due = pushed_due(due, NOW, latest, lower)
        assert due >= min(latest + lower, NOW + HOLD_OFF)

    assert due <= max(NOW + max(lower, drawn), NOW + HOLD_OFF)


@pytest.mark.parametrize(
    ("due", "latest", "expected"),
    [
        (4, 0, 4),
        (4, 1, 4),
        (4, 2, 5),
        (9, 3, 9),
        (25, 24, 27),
        (28, 27, 30),
        (29, 29, 30),
        (40, 39, 40),
    ],
)
def test_worked_examples_in_minutes_of_a_delay_of_at_least_three(
    due: int, latest: int, expected: int
) -> None:
    found = pushed_due(NOW + due * MINUTE, NOW, NOW + latest * MINUTE, 3 * MINUTE)

    assert NOW + expected * MINUTE == found
