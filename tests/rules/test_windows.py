"""Caps added up once answer as caps asked one by one."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.throttle import MINUTE, Cap, Spending, Unit, Windows, denial
from tests.rules.test_throttle import (
    ANNE,
    BEA,
    CAPS,
    MOMENTS,
    PER_MINUTE,
    RECIPIENTS,
    SPENDINGS,
    START,
    WISHES,
    brute_amount,
)


def fits_by_definition(cap: Cap, spent: list[Spending], wish: Spending, now: datetime) -> bool:
    """Count from the beginning, as `Windows` does not."""
    counting = [each for each in spent if each.counts(cap.span, now)]
    return brute_amount(cap.unit, [*counting, wish]) <= cap.limit


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS)
def test_what_fits_is_what_no_cap_denies(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime
) -> None:
    windows = Windows(all_caps, spent, now)
    fits = all(fits_by_definition(cap, spent, wish, now) for cap in all_caps)
    denied = denial(all_caps, spent, wish, now)
    assert (fits, fits, denied) == (windows.fits(wish), denied is None, windows.denial(wish))


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS, RECIPIENTS)
def test_whose_recipients_are_known_alike_fare_alike(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime, other: str
) -> None:
    windows = Windows(all_caps, spent, now)
    if windows.known(wish.recipient) == windows.known(other):
        assert windows.fits(wish) is windows.fits(wish._replace(recipient=other))


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS)
def test_what_is_denied_to_everyone_fits_for_nobody(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime
) -> None:
    windows = Windows(all_caps, spent, now)
    assert not (windows.denies_everyone(wish.parts, wish.cost) and windows.fits(wish))


def test_a_cap_on_recipients_denies_strangers_alone() -> None:
    one = Cap("throttle.recipients_per_month", Unit.RECIPIENTS, MINUTE, 1)
    windows = Windows([one], [Spending(ANNE, 1, 1, None)], START)
    assert (True, False, False) == (
        windows.fits(Spending(ANNE, 1, 1, None)),
        windows.fits(Spending(BEA, 1, 1, None)),
        windows.denies_everyone(1, 1),
    )


def test_a_full_cap_on_answers_denies_everyone() -> None:
    windows = Windows([PER_MINUTE], [Spending(ANNE, 1, 1, None), Spending(BEA, 1, 1, None)], START)
    assert windows.denies_everyone(1, 1)
