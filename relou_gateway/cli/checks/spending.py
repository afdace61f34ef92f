"""Whether anything ends the sending: caps on answers and on money, and the SIM's credit."""

from __future__ import annotations

from ...rules import budget, throttle
from ...rules.money import decimal
from ...rules.policy import Budget, Policy
from ...rules.throttle import Cap, Unit
from ...store.gateway import Credit
from .finding import Finding, failure, ok, skipped, warning


def caps(policy: Policy) -> Finding:
    """Look at the caps that hold."""
    answers = list(throttle.caps(policy.throttle))
    money = list(budget.caps(policy.budget))
    shown = ", ".join(_words(cap, policy.budget.currency) for cap in (*answers, *money))
    if not answers and not money:
        cure = "set throttle.per_day and budget.per_month: without a cap a flood empties the SIM"
        return failure("caps", "none is set", cure)
    if not money:
        return warning("caps", f"none on money; {shown}", "set budget.per_day and budget.per_month")
    if not answers:
        return warning(
            "caps", f"none on answers; {shown}", "set throttle.per_day and throttle.recipients_per_month"
        )
    return ok("caps", shown)


def _words(cap: Cap, currency: str) -> str:
    limit = f"{decimal(cap.limit)} {currency}" if cap.unit is Unit.MONEY else str(cap.limit)
    return f"{cap.name} {limit}"


def credit(rules: Budget, known: Credit | None) -> Finding:
    """Look at what is left on the SIM, and whether anybody watches it."""
    if rules.keep is None:
        cure = "set budget.keep to an amount at which sending stops, so that the SIM is never quite empty"
        return warning("credit", "the gateway goes on until the SIM is empty", cure)
    stop = f"sending stops at {decimal(rules.keep)} {rules.currency}"
    if known is not None:
        told = (
            f"{decimal(known.amount)} {rules.currency} at {known.told_wall.isoformat(' ', 'minutes')}; {stop}"
        )
        return ok("credit", told) if known.amount > rules.keep else failure("credit", told, "top the SIM up")
    if rules.balance is None:
        return skipped(
            "credit", "it is not asked for (budget.balance); what is spent is counted all the same"
        )
    return skipped("credit", f"not known yet; the gateway asks with {rules.balance.ussd}")
