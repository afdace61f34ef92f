"""Caps added up once answer as caps asked one by one."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.throttle import MINUTE, Cap, Spending, Unit, Windows, denial
from tests.rules.test_throttle import ANNE, BEA, CAPS, MOMENTS, PER_MINUTE, SPENDINGS, START, WISHES


@given(CAPS, st.lists(SPENDINGS, max_size=12), WISHES, MOMENTS)
def test_what_fits_is_what_no_cap_denies(
    all_caps: list[Cap], spent: list[Spending], wish: Spending, now: datetime
) -> None:
    windows = Windows(all_caps, spent, now)
    denied = denial(all_caps, spent, wish, now)
    assert (denied is None, denied) == (windows.fits(wish), windows.denial(wish))


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
