"""Strangers' texts, whatever they hold, come out of the database as they went in."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.store.text_codec import storable, text, units

ANY_UTF16 = st.text(st.characters(exclude_categories=()), max_size=40)
"""Lone surrogates too: Python's texts hold what libGammu gives."""

EMOJI = "\N{FACE WITH TEARS OF JOY}"
HALVES = ("\ud83d", "\ude02")


def _as_utf16(received: str) -> str:
    return received.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")


@given(ANY_UTF16)
def test_nothing_is_lost_whatever_a_text_holds(received: str) -> None:
    stored, kept = storable(received)

    assert _as_utf16(received) == (stored if kept is None else text(kept))


@given(ANY_UTF16)
def test_what_is_storable_is_stored_and_read_back_by_sqlite(received: str) -> None:
    stored, _ = storable(received)
    connection = sqlite3.connect(":memory:")

    assert (stored,) == connection.execute("SELECT ?", (stored,)).fetchone()
    connection.close()


@given(ANY_UTF16)
def test_the_units_are_kept_only_where_the_text_alone_would_lose_something(received: str) -> None:
    stored, kept = storable(received)

    assert (kept is None) is (stored == _as_utf16(received))


@given(ANY_UTF16, st.integers(0, 80))
def test_a_text_cut_between_any_two_units_is_whole_again_when_joined(received: str, place: int) -> None:
    whole = units(received)
    first, second = whole[: 2 * place], whole[2 * place :]

    assert text(whole) == text(units(text(first)) + units(text(second)))


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("", ("", None)),
        ("Salut", ("Salut", None)),
        ("a\0b", ("a\0b", None)),
        (EMOJI, (EMOJI, None)),
        (HALVES[0] + HALVES[1], (EMOJI, None)),
        (HALVES[0], ("\N{REPLACEMENT CHARACTER}", b"\xd8\x3d")),
        (f"a{HALVES[1]}b", ("a\N{REPLACEMENT CHARACTER}b", b"\0a\xde\x02\0b")),
        (HALVES[1] + HALVES[0], ("\N{REPLACEMENT CHARACTER}" * 2, b"\xde\x02\xd8\x3d")),
        ("\N{REPLACEMENT CHARACTER}", ("\N{REPLACEMENT CHARACTER}", None)),
        ("\N{RIGHT-TO-LEFT OVERRIDE}abc", ("\N{RIGHT-TO-LEFT OVERRIDE}abc", None)),
    ],
    ids=ascii,
)
def test_worked_examples(received: str, expected: tuple[str, bytes | None]) -> None:
    assert expected == storable(received)


def test_the_halves_of_an_emoji_meet_across_two_parts() -> None:
    assert f"ha {EMOJI} ha" == text(units(f"ha {HALVES[0]}") + units(f"{HALVES[1]} ha"))
