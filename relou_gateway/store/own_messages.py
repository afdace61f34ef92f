"""What the gateway sends of its own accord, answering nobody: a row of the outbox as any other."""

from __future__ import annotations

from datetime import timedelta

from ..rules import numbers, wording
from ..rules.policy import Policy, Text
from ..rules.records import Moment, Purpose
from .outbox import NewReply

EXPIRES = timedelta(days=1)
"""How long such a message waits for its turn."""


def own_message(
    purpose: Purpose, number: str, text: str, policy: Policy, now: Moment, *, gsm7: bool, reason: str
) -> NewReply:
    """Return what `text` to `number` (E.164) is in the outbox: cut into parts, priced, and due at once."""
    cut = wording.compose(Text(text), gsm7=gsm7)
    country = numbers.read(number, policy.senders.country).country or ""
    return NewReply(
        purpose=purpose,
        message_id=None,
        number=number,
        country=country,
        text="".join(cut.parts),
        parts=len(cut.parts),
        cost=wording.cost(cut, policy.budget.price.of(country)),
        due_at=now.quota,
        expires_at=now.quota + EXPIRES,
        reason=reason,
    )
