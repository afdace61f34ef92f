"""The judge's rules in their order, in words: which were asked of a message, and which one spoke.

It is told from the reason that was written down, never by judging again: what was remembered of the
sender then is not what is remembered now.
"""

from __future__ import annotations

from typing import NamedTuple

from ..rules.admission import ALLOWANCES, REFUSALS, Reason
from ..rules.records import Ruling

WAITING = "waiting"
"""The question between the two lists: does a reply to him wait already?"""

RULES = (
    *(rule.__name__.strip("_") for rule in REFUSALS),
    WAITING,
    *(rule.__name__.strip("_") for rule in ALLOWANCES),
)
"""The rules in the order in which they are asked; the first that speaks decides."""

PASSED = {
    "content": "a text or a call that could be read",
    "owner": "a person's mobile phone",
    "listed": "neither one of our own numbers nor in senders.never",
    "country": "a country in senders.answer, for which there is a text",
    "shut_out": "not blocked, and never asked not to be answered",
    "muted": "not muted for flooding",
    "calls": "no call, or calls are answered",
    WAITING: "no reply to him waited",
    "lifetime": "fewer answers so far than senders.lifetime",
    "cooldown": "not answered within senders.cooldown",
}
"""What it means that a rule had nothing to say."""

SPEAKERS = {
    Reason.BINARY: "content",
    Reason.UNDECODABLE: "content",
    Reason.HIDDEN: "owner",
    Reason.NAME: "owner",
    Reason.SHORT_CODE: "owner",
    Reason.PREMIUM: "owner",
    Reason.FIXED: "owner",
    Reason.SATELLITE: "owner",
    Reason.NOT_A_PERSON: "owner",
    Reason.INVALID: "owner",
    Reason.OWN: "listed",
    Reason.NEVER: "listed",
    Reason.FOREIGN: "country",
    Reason.NO_TEXT: "country",
    Reason.BLOCKED: "shut_out",
    Reason.STOPPED: "shut_out",
    Reason.STOP_WORD: "shut_out",
    Reason.MUTED: "muted",
    Reason.CALLS_OFF: "calls",
    Reason.REPLY_WAITING: WAITING,
    Reason.LIFETIME: "lifetime",
    Reason.COOLDOWN: "cooldown",
}
"""Which rule gives which reason. The two that are not here mean that no rule spoke."""


class Answer(NamedTuple):
    """What a rule said of a message: it `passed`, or spoke (False), or was not asked (None).

    `sentence` says what it means that it passed, `reason` is that with which it spoke.
    """

    rule: str
    passed: bool | None
    sentence: str = ""
    reason: str = ""


def asked(ruling: Ruling, reason: str) -> list[Answer]:
    """Return what each rule said of a message, in the order of the rules.

    Of a reason that no rule of this program gives, nobody knows which rules were asked before.
    """
    if ruling is Ruling.REPLY:
        return [_passed(rule) for rule in RULES]
    speaker = SPEAKERS.get(Reason(reason)) if reason in set(Reason) else None
    if speaker not in RULES:
        return []
    turn = RULES.index(speaker)
    return [
        *(_passed(rule) for rule in RULES[:turn]),
        Answer(speaker, passed=False, reason=reason),
        *(Answer(rule, passed=None) for rule in RULES[turn + 1 :]),
    ]


def _passed(rule: str) -> Answer:
    return Answer(rule, passed=True, sentence=PASSED.get(rule, ""))
