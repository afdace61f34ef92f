"""Whether anything ends the sending: caps on answers and on money, and the SIM's credit."""

from __future__ import annotations

from datetime import timedelta

from ...rules import budget, throttle
from ...rules.balance import IDLE
from ...rules.money import decimal
from ...rules.policy import Budget, KeepAlive, Policy
from ...rules.throttle import Cap, Unit
from ...store.balance import Credit
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
            f"{decimal(known.told)} {rules.currency} at {known.told_wall.isoformat(' ', 'minutes')}, "
            f"{decimal(known.left)} left by the ledger; {stop}"
        )
        return ok("credit", told) if known.left > rules.keep else failure("credit", told, "top the SIM up")
    if rules.balance is None:
        return skipped(
            "credit", "it is not asked for (budget.balance); what is spent is counted all the same"
        )
    return skipped("credit", f"not known yet; the gateway asks with {rules.balance.ussd}")


def use(keep_alive: KeepAlive | None, idle: timedelta | None) -> Finding:
    """Look at how long the SIM lies idle."""
    if idle is None:
        return skipped("use", "nothing is known yet of how often something is sent")
    if keep_alive is not None:
        return ok("use", f"after {keep_alive.every.days} days without an answer an own number gets a message")
    if idle < IDLE:
        return ok("use", f"something was sent within {IDLE.days} days")
    cure = "set modem.keep_alive: prepaid SIMs without use for 70 days to 6 months are switched off"
    return warning("use", f"nothing was sent for {idle.days} days", cure)
