from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules.money import LARGEST, decimal, micros


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "0.00"),
        (160_000, "0.16"),
        (16_000_000, "16.00"),
        (1_500, "0.0015"),
        (1, "0.000001"),
        (-160_000, "-0.16"),
        (-1, "-0.000001"),
        (100_000, "0.10"),
    ],
)
def test_an_amount_is_shown_with_two_decimals_or_as_many_as_it_has(amount: int, expected: str) -> None:
    assert expected == decimal(amount)


@given(st.integers(0, LARGEST - 1))
def test_an_amount_survives_being_written_and_read(amount: int) -> None:
    assert amount == micros(decimal(amount))


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_amount_is_shown_exactly(amount: int) -> None:
    assert Decimal(amount) == Decimal(decimal(amount)) * 1_000_000


@pytest.mark.parametrize(
    "text", ["", "0,16", "-1", "+1", ".5", "1.", "1e3", "NaN", "0.1234567", "１", " 1", "1\n", "9999999999"]
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal amount"):
        micros(text)
