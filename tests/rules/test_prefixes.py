"""What operators type to mean senders: numbers as they would dial them, and prefixes of them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.rules import numbers
from relou_gateway.rules.prefixes import Unreadable, countries_within, read


@pytest.mark.parametrize(
    ("typed", "country", "pattern"),
    [
        ("+33612345678", "FR", "+33612345678"),
        (" 06 12 34 56 78 ", "FR", "+33612345678"),
        ("0033612345678", "FR", "+33612345678"),
        ("38105", "FR", "38105"),
        ("Relou Mob", "FR", "Relou Mob"),
        ("*", "FR", "*"),
        ("+*", "FR", "+*"),
        ("+336*", "FR", "+336*"),
        ("06*", "FR", "+336*"),
        ("06 12.34-5*", "FR", "+33612345*"),
        ("00336*", "FR", "+336*"),
        ("0*", "FR", "+33*"),
        ("0470*", "BE", "+32470*"),
        ("38*", "FR", "38*"),
        ("3*", "IT", "3*"),
        ("Relou M*", "FR", "Relou M*"),
    ],
)
def test_what_is_typed_means_senders_as_they_are_known(typed: str, country: str, pattern: str) -> None:
    assert pattern == read(typed, country)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "there is no number in it"),
        ("\u200b", "there is no number in it"),
        ("+3361", "'+3361' is no whole number; write +3361* for all that begin with it"),
        ("06*12", "'06*12': a * can only stand at the end"),
        ("0*6*", "'0*6*': a * can only stand at the end"),
    ],
)
def test_what_means_nobody_is_refused_with_what_to_write(typed: str, why: str) -> None:
    with pytest.raises(Unreadable, match=r".*") as refused:
        read(typed, "FR")
    assert why == str(refused.value)


@given(st.from_regex(r"0[67][0-9]{8}", fullmatch=True), st.integers(2, 10))
def test_a_national_prefix_means_the_numbers_that_are_dialled_so(dialled: str, length: int) -> None:
    prefix = read(f"{dialled[:length]}*", "FR")
    assert numbers.matches(numbers.read(dialled, "FR").number, [prefix])


@given(st.text(max_size=20))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    with suppress(Unreadable):
        assert read(typed, "FR")


@pytest.mark.parametrize(
    ("pattern", "countries"),
    [
        ("*", ["BE", "FR"]),
        ("+*", ["BE", "FR"]),
        ("+3*", ["BE", "FR"]),
        ("+33*", ["FR"]),
        ("+336*", []),
        ("+44*", []),
        ("33*", []),
        ("+33", []),
    ],
)
def test_a_prefix_may_mean_everyone_of_a_country(pattern: str, countries: list[str]) -> None:
    assert countries == countries_within(pattern, ["FR", "BE"])
