"""The SIM's credit: read from an operator's answer, and held against our own reckoning."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relou_gateway.config.loading import load
from relou_gateway.config.schema import BALANCE
from relou_gateway.rules.balance import (
    LITTLE,
    LONGEST,
    PAUSES,
    Standing,
    Unread,
    find,
    pause,
    plain,
    read,
    reconcile,
)
from relou_gateway.rules.money import LARGEST
from relou_gateway.rules.policy import MICRO

PATTERN = "([0-9]+[.,][0-9]{2}) ?(?:€|EUR)"
"""As in the example of the configuration."""

ALL = "^(.*)$"
PRICE = 160_000


# --- reading ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("12,34", 12_340_000),
        ("12.34", 12_340_000),
        ("12,3", 12_300_000),
        ("12", 12_000_000),
        ("0,05", 50_000),
        (",05", 50_000),
        ("1.234,50", 1_234_500_000),
        ("1,234.50", 1_234_500_000),
        ("1 234,50", 1_234_500_000),
        ("1\u00a0234,50", 1_234_500_000),
        ("1\u202f234,50", 1_234_500_000),
        ("1\u2009234,50", 1_234_500_000),
        ("1'234.50", 1_234_500_000),
        ("1’234.50", 1_234_500_000),
        ("1.234.567", 1_234_567_000_000),
        ("1.234.567,89", 1_234_567_890_000),
        ("1 234 567", 1_234_567_000_000),
        ("12345,60", 12_345_600_000),
        ("4.860", 4_860_000),  # of two ways to mean it the one that stops earlier
        ("4,860", 4_860_000),
        ("12345.678", 12_345_678_000),
        ("0.1234567", 123_456),
        ("-0,50", -500_000),
        ("−0,50", -500_000),
        ("- 0,50", -500_000),
        ("٣٤٫٥٠", 34_500_000),
        ("12,34 €", 12_340_000),
        ("EUR 12,34", 12_340_000),
        ("12.34 EUR.", 12_340_000),
        ("Fr. 12.34", 12_340_000),
        ("£12.34", 12_340_000),
        ("12,34\r\n", 12_340_000),
    ],
)
def test_an_amount_is_read_as_its_country_writes_it(amount: str, expected: int) -> None:
    assert expected == read(amount, ALL)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Votre crédit est de 12,34 €", 12_340_000),
        ("Credit: 12.34EUR, valid until 31.12.2026", 12_340_000),
        ("Solde : 12,34\u00a0€. Bonus : 5,00\u202f€", 12_340_000),
        ("Solde :\n12,34\n€", 12_340_000),
    ],
)
def test_the_pattern_of_the_example_finds_the_amount(answer: str, expected: int) -> None:
    assert expected == read(answer, PATTERN)


def test_the_example_of_the_tests_is_that_of_the_configuration() -> None:
    assert load(None).policy.budget.balance is None
    assert [PATTERN] == [key.default for key in BALANCE.keys if key.name == "pattern"]


def test_of_two_amounts_the_group_says_which_one_counts() -> None:
    answer = "Bonus 5,00 EUR, credit 12,34 EUR"
    assert 12_340_000 == read(answer, "credit ([0-9,]+)")
    assert 5_000_000 == read(answer, "Bonus ([0-9,]+)")


@pytest.mark.parametrize(
    ("answer", "pattern", "reason"),
    [
        ("Service indisponible", PATTERN, "budget.balance.pattern finds nothing in the answer"),
        ("", PATTERN, "budget.balance.pattern finds nothing in the answer"),
        ("12,34 €", "(?:x(y))?12", "budget.balance.pattern finds nothing in the answer"),
        ("5,00 ou 12,34 EUR", ALL, "what budget.balance.pattern finds holds 2 amounts, not one"),
        ("12 34", ALL, "what budget.balance.pattern finds holds 2 amounts, not one"),
        ("EUR", ALL, "what budget.balance.pattern finds holds no amounts, not one"),
        ("9" * 30, ALL, "the amount is beyond all measure"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_reason(answer: str, pattern: str, reason: str) -> None:
    assert Unread(reason) == read(answer, pattern)


@given(some.text(max_size=2 * LONGEST))
def test_no_answer_is_too_strange(answer: str) -> None:
    amount = read(answer, ALL)
    assert isinstance(amount, Unread) or abs(amount) <= LARGEST
    assert len(plain(answer)) <= LONGEST
    assert plain(answer).isprintable() or not plain(answer).isascii()


def test_what_lies_beyond_the_longest_answer_is_not_looked_at() -> None:
    assert find("x" * LONGEST + "12,34 €", PATTERN) is None


AMOUNTS = some.integers(0, 10**6).map(lambda cents: cents * 10_000)


@given(
    AMOUNTS, some.sampled_from([("", ","), ("", "."), (".", ","), (",", "."), (" ", ","), ("\u202f", ",")])
)
def test_whatever_separates_the_same_amount_is_read(amount: int, separators: tuple[str, str]) -> None:
    group, point = separators
    units, cents = divmod(amount // 10_000, 100)
    written = f"{units:,}".replace(",", group) + point + f"{cents:02}"
    assert amount == read(f"Solde {written} EUR", "Solde (.*) EUR")


# --- reckoning ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "spent", "told", "doubtful", "standing", "words"),
    [
        (None, 0, 20, 0, "first", "told for the first time"),
        (20, 3, 17, 0, "as_expected", "as the ledger has it"),
        (20, 0, 20, 0, "as_expected", "as the ledger has it"),
        (
            20,
            0,
            18,
            0,
            "less",
            (
                "2.00 less than the ledger has it: delivery reports, calls or a subscription may cost, "
                "or credit ran out by date"
            ),
        ),
        (
            20,
            5,
            13,
            0,
            "less",
            (
                "2.00 less than the ledger has it: budget.price may be too low for what is sent; "
                "delivery reports, calls or a subscription may cost, or credit ran out by date"
            ),
        ),
        (
            20,
            5,
            0,
            0,
            "less",
            "15.00 less than the ledger has it: nothing is left; credit runs out by date, too",
        ),
        (
            20,
            5,
            16,
            1,
            "more",
            "1.00 more than the ledger has it: some of what is in doubt was not charged",
        ),
        (
            20,
            8,
            14,
            0,
            "more",
            (
                "2.00 more than the ledger has it: budget.price may be too high for what is sent, "
                "or the SIM was topped up"
            ),
        ),
        (20, 8, 22, 0, "topped_up", "the SIM was topped up by about 10.00"),
        (2, 0, 12, 0, "topped_up", "the SIM was topped up by about 10.00"),
        (20, 8, 22, 1, "topped_up", "the SIM was topped up by about 10.00"),
        (-1, 0, 9, 0, "topped_up", "the SIM was topped up by about 10.00"),
    ],
)
def test_a_difference_is_shown_and_explained(
    before: int | None, spent: int, told: int, doubtful: int, standing: str, words: str
) -> None:
    since = None if before is None else before * MICRO
    found = reconcile(since, spent * MICRO, told * MICRO, doubtful=doubtful * MICRO)
    assert (standing, words) == (found.standing, found.words)


def test_rounding_to_cents_is_no_difference() -> None:
    found = reconcile(20 * MICRO, 2_345_000, 17_650_000)
    assert (Standing.AS_EXPECTED, -5_000) == (found.standing, found.difference)


@given(AMOUNTS, AMOUNTS, some.integers(-LARGEST, LARGEST))
def test_expected_and_difference_add_up_to_what_was_told(before: int, spent: int, told: int) -> None:
    found = reconcile(before, spent, told)
    assert found.expected is not None
    assert found.difference is not None
    assert (before - spent, told) == (found.expected, found.expected + found.difference)


@given(AMOUNTS, AMOUNTS, some.integers(LITTLE + 1, LARGEST))
def test_a_credit_that_rose_was_topped_up(before: int, spent: int, rise: int) -> None:
    assert Standing.TOPPED_UP is reconcile(before, spent, before + rise).standing


@given(some.integers(1, 100), some.floats(0.51, 1.0))
def test_a_price_that_is_set_too_high_by_less_than_half_is_no_top_up(parts: int, paid: float) -> None:
    spent = parts * PRICE
    told = 100 * MICRO - int(spent * paid)
    assert Standing.TOPPED_UP is not reconcile(100 * MICRO, spent, told).standing


# --- asking -------------------------------------------------------------------------------


def test_questions_in_vain_are_put_more_and_more_seldom() -> None:
    every = timedelta(hours=12)
    assert [every, *PAUSES, every, every] == [pause(every, in_vain) for in_vain in range(len(PAUSES) + 3)]


def test_no_question_waits_longer_than_on_good_days() -> None:
    every = timedelta(minutes=10)
    assert [10, 1, 5, 10, 10] == [pause(every, in_vain).total_seconds() / 60 for in_vain in range(5)]
