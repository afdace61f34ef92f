"""What others do: gammu-smsd with a hook that answers whatever comes in, for comparison.

Every text and call gets an answer at once, one after another, each of them to the number as it came:
short codes, names, strangers abroad, the same person a thousand times. Only a hidden number gets
none, because there is nothing to send it to.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from ..config import Settings
from ..rules import numbers, wording
from ..rules.admission import Reason
from ..rules.policy import Text
from ..rules.records import Ruling, Status
from .outcome import Answer, Outcome
from .trace import Progress, TraceLine


def run(
    trace: Sequence[TraceLine],
    settings: Settings,
    rng: random.Random,
    send_takes: timedelta,
    progress: Progress,
) -> list[Outcome]:
    """Return what would have become of each line of `trace`."""
    cuts = {
        text: wording.compose(text, gsm7=settings.policy.replies.gsm7)
        for text in settings.policy.replies.texts
    }
    outcomes: list[Outcome] = []
    answered: set[str] = set()
    free_at = trace[0].at if trace else None
    for position, line in enumerate(trace, start=1):
        sender = numbers.read(line.number, settings.policy.senders.country)
        if not sender.number or free_at is None:
            outcomes.append(Outcome(line, "", Ruling.DECLINED, Reason.HIDDEN, None))
            continue
        free_at = max(free_at, line.at) + send_takes
        cut = cuts[_drawn(settings.policy.replies.texts, sender.country, rng)]
        cost = wording.cost(cut, settings.policy.budget.price.of(sender.country))
        # Nothing is asked of the past: whoever was answered before is answered again.
        reason = Reason.COOLDOWN_OVER if sender.number in answered else Reason.FIRST_CONTACT
        answered.add(sender.number)
        answer = Answer(Status.SENT, free_at, len(cut.parts), cost)
        outcomes.append(Outcome(line, sender.number, Ruling.REPLY, reason, answer))
        progress(position)
    return outcomes


def _drawn(texts: Sequence[Text], country: str | None, rng: random.Random) -> Text:
    """Draw a text; where none is meant for `country`, any: the hook does not look."""
    return wording.choose(texts, country, rng) or rng.choice(texts)
