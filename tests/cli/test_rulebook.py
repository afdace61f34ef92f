"""The rules in words agree with the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from relou_gateway.cli.rulebook import PASSED, RULES, SPEAKERS, WAITING, Answer, asked
from relou_gateway.rules.admission import ALLOWANCES, REFUSALS, Message, Past, Reason
from relou_gateway.rules.numbers import Owner, Sender
from relou_gateway.rules.policy import Policy, Text
from relou_gateway.rules.records import Kind, Ruling
from tests.support.world import policy

NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
KARIM = "+33612345678"
PERSON = Sender(KARIM, Owner.PERSON, "FR")
PLAIN = policy()

PROVOKED: dict[Reason, tuple[Message, Past, Policy]] = {
    Reason.BINARY: (Message(Kind.BINARY, PERSON, ""), Past(), PLAIN),
    Reason.UNDECODABLE: (Message(Kind.UNDECODABLE, PERSON, ""), Past(), PLAIN),
    **{
        reason: (Message(Kind.SMS, Sender("", owner, None), ""), Past(), PLAIN)
        for reason, owner in {
            Reason.HIDDEN: Owner.HIDDEN,
            Reason.NAME: Owner.NAME,
            Reason.SHORT_CODE: Owner.SHORT_CODE,
            Reason.PREMIUM: Owner.PREMIUM,
            Reason.FIXED: Owner.FIXED,
            Reason.SATELLITE: Owner.SATELLITE,
            Reason.NOT_A_PERSON: Owner.SERVICE,
            Reason.INVALID: Owner.INVALID,
        }.items()
    },
    Reason.OWN: (Message(Kind.SMS, PERSON, ""), Past(), policy(senders={"own": (KARIM,)})),
    Reason.NEVER: (Message(Kind.SMS, PERSON, ""), Past(), policy(senders={"never": ("+336",)})),
    Reason.FOREIGN: (Message(Kind.SMS, PERSON, ""), Past(), policy(senders={"answer": frozenset({"BE"})})),
    Reason.NO_TEXT: (
        Message(Kind.SMS, PERSON, ""),
        Past(),
        policy(replies={"texts": (Text("Nee", frozenset({"BE"})),)}),
    ),
    Reason.BLOCKED: (Message(Kind.SMS, PERSON, ""), Past(blocked=True), PLAIN),
    Reason.STOPPED: (Message(Kind.SMS, PERSON, ""), Past(stopped=True), PLAIN),
    Reason.STOP_WORD: (Message(Kind.SMS, PERSON, "Stop"), Past(), PLAIN),
    Reason.MUTED: (Message(Kind.SMS, PERSON, ""), Past(muted_until=NOW + timedelta(days=1)), PLAIN),
    Reason.CALLS_OFF: (Message(Kind.CALL, PERSON, ""), Past(), policy(replies={"to_calls": False})),
    Reason.LIFETIME: (Message(Kind.SMS, PERSON, ""), Past(answers=2), PLAIN),
    Reason.COOLDOWN: (Message(Kind.SMS, PERSON, ""), Past(answers=1, answered_at=NOW), PLAIN),
}


def test_every_rule_has_its_words_and_every_reason_its_rule() -> None:
    assert len(REFUSALS) + 1 + len(ALLOWANCES) == len(RULES) == len(set(RULES))
    assert set(RULES) == set(PASSED)
    assert set(Reason) - {Reason.FIRST_CONTACT, Reason.COOLDOWN_OVER} == set(SPEAKERS)
    assert set(SPEAKERS) == {*PROVOKED, Reason.REPLY_WAITING}


@pytest.mark.parametrize("reason", PROVOKED)
def test_the_rule_that_is_named_is_the_first_that_speaks(reason: Reason) -> None:
    message, past, rules = PROVOKED[reason]
    spoke = [
        (rule.__name__.strip("_"), found)
        for rule in (*REFUSALS, *ALLOWANCES)
        if (found := rule(message, past, rules, NOW)) is not None
    ]
    assert (SPEAKERS[reason], reason) == spoke[0]


def test_before_the_rule_that_spoke_all_passed_and_after_it_none_was_asked() -> None:
    answers = asked(Ruling.DECLINED, Reason.FOREIGN)
    assert list(RULES) == [each.rule for each in answers]
    turn = RULES.index("country")
    assert [True] * turn + [False] + [None] * (len(RULES) - turn - 1) == [each.passed for each in answers]
    assert Answer("country", passed=False, reason="foreign") == answers[turn]
    assert PASSED["owner"] == answers[RULES.index("owner")].sentence


def test_a_message_that_joined_met_the_question_between_the_lists() -> None:
    answers = asked(Ruling.JOINED, Reason.REPLY_WAITING)
    assert [WAITING] == [each.rule for each in answers if each.passed is False]


@pytest.mark.parametrize("reason", [Reason.FIRST_CONTACT, Reason.COOLDOWN_OVER])
def test_of_a_yes_all_rules_passed(reason: Reason) -> None:
    assert {True} == {each.passed for each in asked(Ruling.REPLY, reason)}


@pytest.mark.parametrize("reason", ["too_loud", "", "first_contact"])
def test_of_a_reason_that_no_rule_gives_nothing_is_claimed(reason: str) -> None:
    assert [] == asked(Ruling.DECLINED, reason)
