"""Money: caps in micro-units, and the floor beneath a known credit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules import budget
from relou_gateway.rules.budget import below_floor
from relou_gateway.rules.policy import Budget, Prices
from relou_gateway.rules.throttle import Cap, Denial, Spending, Unit, denial

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
EURO = 1_000_000


def money(*, per_day: int | None = None, per_month: int | None = None, keep: int | None = None) -> Budget:
    return Budget("EUR", Prices(160_000), per_day, per_month, keep, None)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (money(), ()),
        (money(per_day=16 * EURO), (Cap("budget.per_day", Unit.MONEY, DAY, 16 * EURO),)),
        (money(per_month=100 * EURO), (Cap("budget.per_month", Unit.MONEY, MONTH, 100 * EURO),)),
        (
            money(per_day=0, per_month=100 * EURO),
            (
                Cap("budget.per_day", Unit.MONEY, DAY, 0),
                Cap("budget.per_month", Unit.MONEY, MONTH, 100 * EURO),
            ),
        ),
    ],
)
def test_each_limit_that_is_set_is_a_cap_on_money_and_zero_is_a_limit(
    settings: Budget, expected: tuple[Cap, ...]
) -> None:
    assert expected == budget.caps(settings)


@pytest.mark.parametrize(
    ("credit", "cost", "keep", "expected"),
    [
        (None, 320_000, 2 * EURO, False),
        (0, 320_000, None, False),
        (2 * EURO, 0, 2 * EURO, False),
        (2 * EURO, 1, 2 * EURO, True),
        (2_320_000, 320_000, 2 * EURO, False),
        (2_319_999, 320_000, 2 * EURO, True),
        (0, 160_000, 0, True),
        (160_000, 160_000, 0, False),
        (-1, 0, 0, True),
    ],
)
def test_what_is_to_be_kept_of_a_known_credit_is_not_spent(
    credit: int | None, cost: int, keep: int | None, expected: bool
) -> None:
    assert expected is below_floor(credit, cost, money(keep=keep))


def test_the_floor_has_the_name_of_its_key_and_no_window() -> None:
    assert (None, Cap("budget.keep", Unit.MONEY, timedelta(0), 0)) == (
        budget.floor(money()),
        budget.floor(money(keep=0)),
    )


@pytest.mark.parametrize(
    ("country", "expected"), [("FR", 160_000), ("BE", 250_000), ("", 160_000), (None, 160_000)]
)
def test_a_part_has_the_price_of_its_country_or_the_default(country: str | None, expected: int) -> None:
    assert expected == Prices(160_000, {"BE": 250_000}).of(country)


@given(
    st.lists(st.integers(0, 2 * EURO), max_size=20),
    st.integers(0, 3 * EURO),
    st.integers(0, 10 * EURO),
)
def test_a_cap_on_money_is_exact_to_the_micro_unit(spent: list[int], cost: int, limit: int) -> None:
    spendings = [Spending("+33612345678", 1, each, NOW) for each in spent]
    wish = Spending("+33612345678", 1, cost, None)

    denied = denial(budget.caps(money(per_day=limit)), spendings, wish, NOW)

    assert (denied is None) is (sum(spent) + cost <= limit)


def test_the_cap_that_lets_go_last_is_the_one_that_is_named() -> None:
    caps = budget.caps(money(per_day=EURO, per_month=EURO))
    spent = [Spending("+33612345678", 1, EURO, NOW)]

    denied = denial(caps, spent, Spending("+33687654321", 1, 1, None), NOW)

    assert Denial(caps[1], NOW + MONTH) == denied
