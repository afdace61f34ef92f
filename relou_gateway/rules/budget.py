"""Money: what may still be spent, and when again.

Money is capped like everything else, by rolling windows over reservations (`throttle`).
What the SIM itself says of its credit is advice that can only make us stop earlier.
"""

from __future__ import annotations

from datetime import timedelta

from .policy import Budget
from .throttle import DAY, MONTH, Cap, Unit


def caps(budget: Budget) -> tuple[Cap, ...]:
    """Return the caps on money that `budget` sets; limits are micro-units."""
    every = (("budget.per_day", DAY, budget.per_day), ("budget.per_month", MONTH, budget.per_month))
    return tuple(Cap(name, Unit.MONEY, span, limit) for name, span, limit in every if limit is not None)


def floor(budget: Budget) -> Cap | None:
    """Return what is to be kept of the SIM's credit as a cap to name; it has no window."""
    return None if budget.keep is None else Cap("budget.keep", Unit.MONEY, timedelta(0), budget.keep)


def below_floor(credit: int | None, cost: int, budget: Budget) -> bool:
    """Say whether spending `cost` would take a known `credit` below what is to be kept."""
    return credit is not None and budget.keep is not None and credit - cost < budget.keep
