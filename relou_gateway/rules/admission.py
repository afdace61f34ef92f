"""The judge: one verdict for each message, with its reason.

The rules stand in one order, and the first that speaks decides. Everything that is a matter
of the number comes before everything that is a matter of its history, so that a short code
never gets a history that could matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from . import numbers, wording
from .numbers import Owner, Sender
from .policy import Policy
from .records import Kind, Ruling

HOLD_OFF = timedelta(minutes=30)
"""How long later messages may push a reply: then it goes, or a talker would never get it."""


class Reason(StrEnum):
    """Why a message was or was not answered; `EXPLANATIONS` says each in a sentence."""

    FIRST_CONTACT = "first_contact"
    COOLDOWN_OVER = "cooldown_over"
    REPLY_WAITING = "reply_waiting"
    BINARY = "binary"
    UNDECODABLE = "undecodable"
    HIDDEN = "hidden"
    NAME = "name"
    SHORT_CODE = "short_code"
    PREMIUM = "premium"
    FIXED = "fixed"
    SATELLITE = "satellite"
    NOT_A_PERSON = "not_a_person"
    INVALID = "invalid"
    OWN = "own"
    NEVER = "never"
    FOREIGN = "foreign"
    BLOCKED = "blocked"
    MUTED = "muted"
    STOPPED = "stopped"
    STOP_WORD = "stop_word"
    CALLS_OFF = "calls_off"
    LIFETIME = "lifetime"
    COOLDOWN = "cooldown"
    NO_TEXT = "no_text"


EXPLANATIONS = {
    Reason.FIRST_CONTACT: "a person's phone that was never answered before",
    Reason.COOLDOWN_OVER: "his last answer is longer ago than senders.cooldown",
    Reason.REPLY_WAITING: "a reply to this number waits already; this message joined it",
    Reason.BINARY: "no text: a service message of the network or of a phone",
    Reason.UNDECODABLE: "the modem's driver could not read it",
    Reason.HIDDEN: "the number is hidden",
    Reason.NAME: "the sender is a name, not a number",
    Reason.SHORT_CODE: "a short code: an operator or a service, and answers to it may cost",
    Reason.PREMIUM: "a premium or shared-cost number: answering would pay its owner",
    Reason.FIXED: "a fixed line",
    Reason.SATELLITE: "a satellite or global network number: answering is dear",
    Reason.NOT_A_PERSON: "not a person's phone: a machine, pager, voicemail or service",
    Reason.INVALID: "no number that anyone can have",
    Reason.OWN: "one of our own numbers (senders.own)",
    Reason.NEVER: "listed in senders.never",
    Reason.FOREIGN: "a phone of a country that senders.answer does not list",
    Reason.BLOCKED: "blocked by an operator",
    Reason.MUTED: "he flooded the number in a raid, and is not answered for a while (raid.mute_after)",
    Reason.STOPPED: "he asked once not to be answered",
    Reason.STOP_WORD: "he asks not to be answered (replies.stop_words)",
    Reason.CALLS_OFF: "calls are not answered (replies.to_calls)",
    Reason.LIFETIME: "this number has had all its answers (senders.lifetime)",
    Reason.COOLDOWN: "answered within senders.cooldown, or being answered now",
    Reason.NO_TEXT: "no text in replies.texts is meant for this country",
}

_UNANSWERABLE = {
    Owner.HIDDEN: Reason.HIDDEN,
    Owner.NAME: Reason.NAME,
    Owner.SHORT_CODE: Reason.SHORT_CODE,
    Owner.PREMIUM: Reason.PREMIUM,
    Owner.FIXED: Reason.FIXED,
    Owner.SATELLITE: Reason.SATELLITE,
    Owner.SERVICE: Reason.NOT_A_PERSON,
    Owner.INVALID: Reason.INVALID,
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is judged: a text or call of `sender`; `text` is empty for a call."""

    kind: Kind
    sender: Sender
    text: str


@dataclass(frozen=True, slots=True)
class Past:
    """What the gateway remembers of a sender.

    `answers` and `answered_at` include an answer that may have left and one that is being
    sent; `waiting` says that a reply to him is scheduled or held.
    """

    blocked: bool = False
    stopped: bool = False
    muted_until: datetime | None = None
    waiting: bool = False
    answers: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message, and why."""

    ruling: Ruling
    reason: Reason


Rule = Callable[[Message, Past, Policy, datetime], Reason | None]


def judge(message: Message, past: Past, policy: Policy, now: datetime) -> Verdict:
    """Return the verdict on `message`, given its sender's `past` and the time `now`."""
    for rule in REFUSALS:
        if (reason := rule(message, past, policy, now)) is not None:
            return Verdict(Ruling.DECLINED, reason)
    if past.waiting:
        return Verdict(Ruling.JOINED, Reason.REPLY_WAITING)
    for rule in ALLOWANCES:
        if (reason := rule(message, past, policy, now)) is not None:
            return Verdict(Ruling.DECLINED, reason)
    return Verdict(Ruling.REPLY, Reason.FIRST_CONTACT if past.answers == 0 else Reason.COOLDOWN_OVER)


def pushed_due(due: datetime, first: datetime, latest: datetime, lower_delay: timedelta) -> datetime:
    """Return when a waiting reply is due after another message came at `latest`.

    It keeps the lower end of the delay from the latest message, but messages later than
    `HOLD_OFF` after the first push it no further (invariant 12).
    """
    return max(due, min(latest + lower_delay, first + HOLD_OFF))


def _content(message: Message, _past: Past, _policy: Policy, _now: datetime) -> Reason | None:
    return {Kind.BINARY: Reason.BINARY, Kind.UNDECODABLE: Reason.UNDECODABLE}.get(message.kind)


def _owner(message: Message, _past: Past, _policy: Policy, _now: datetime) -> Reason | None:
    return _UNANSWERABLE.get(message.sender.owner)


def _listed(message: Message, _past: Past, policy: Policy, _now: datetime) -> Reason | None:
    if message.sender.number in policy.senders.own:
        return Reason.OWN
    if numbers.matches(message.sender.number, policy.senders.never):
        return Reason.NEVER
    return None


def _country(message: Message, _past: Past, policy: Policy, _now: datetime) -> Reason | None:
    if message.sender.country not in policy.senders.answer:
        return Reason.FOREIGN
    if not wording.allowed(policy.replies.texts, message.sender.country):
        return Reason.NO_TEXT
    return None


def _shut_out(message: Message, past: Past, policy: Policy, _now: datetime) -> Reason | None:
    if past.blocked:
        return Reason.BLOCKED
    if past.stopped:
        return Reason.STOPPED
    if message.kind is Kind.SMS and wording.is_stop(message.text, policy.replies.stop_words):
        return Reason.STOP_WORD
    return None


def _muted(_message: Message, past: Past, _policy: Policy, now: datetime) -> Reason | None:
    return Reason.MUTED if past.muted_until is not None and now < past.muted_until else None


def _calls(message: Message, _past: Past, policy: Policy, _now: datetime) -> Reason | None:
    return Reason.CALLS_OFF if message.kind is Kind.CALL and not policy.replies.to_calls else None


def _lifetime(_message: Message, past: Past, policy: Policy, _now: datetime) -> Reason | None:
    lifetime = policy.senders.lifetime
    return Reason.LIFETIME if lifetime is not None and past.answers >= lifetime else None


def _cooldown(_message: Message, past: Past, policy: Policy, now: datetime) -> Reason | None:
    if past.answered_at is None or past.answered_at + policy.senders.cooldown <= now:
        return None
    return Reason.COOLDOWN


REFUSALS: tuple[Rule, ...] = (_content, _owner, _listed, _country, _shut_out, _muted, _calls)
ALLOWANCES: tuple[Rule, ...] = (_lifetime, _cooldown)
