"""The line in which a modem shows a message, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relou_gateway.modem.pdu_line import LONGEST, PduLine, behind_header, listed

LATIN = some.text(some.characters(max_codepoint=255), max_size=40)
OCTETS = some.binary(min_size=1, max_size=200)


@given(OCTETS, some.booleans())
def test_of_a_line_of_hex_digits_its_octets_are_kept(octets: bytes, capitals: bool) -> None:
    line = PduLine(octets.hex().upper() if capitals else octets.hex())
    assert (True, octets, octets) == (line.is_hex, line.octets, line.kept)


@given(OCTETS, some.sampled_from("ZgGé\" \t'"), LATIN)
def test_of_any_other_line_every_character_is_kept(octets: bytes, odd: str, rest: str) -> None:
    line = PduLine(octets.hex() + odd + rest)
    assert (False, octets) == (line.is_hex, line.octets)
    assert line.text == line.kept.decode("latin-1")


@given(some.text(max_size=3 * LONGEST))
def test_what_is_kept_has_a_bound(text: str) -> None:
    assert LONGEST >= len(PduLine(text).kept)


@pytest.mark.parametrize(
    ("text", "length", "whole"),
    [
        ("0003", None, True),
        ("0003", 24, True),  # a cut-off message is libGammu's to judge
        ("000341Z", 2, True),
        ("000341Z", 3, False),
        ("000341Z", None, False),
        ("Z", 0, False),
    ],
)
def test_a_message_is_whole_if_it_ends_before_what_is_no_hex_digit(
    text: str, length: int | None, whole: bool
) -> None:
    assert whole == PduLine(text, length).has_whole_message


@pytest.mark.parametrize(
    "unasked", ["RING", "+CRING: VOICE", '+CLIP: "0612",129', "^RSSI:21", "NO CARRIER", ""]
)
def test_what_the_modem_says_unasked_is_no_message(unasked: str) -> None:
    assert PduLine("0003", 2) == behind_header("+CMGR: 0,,2", [unasked, "0003", "OK"])
    assert behind_header("+CMGR: 0,,2", [unasked, "OK"]) is None


def test_a_line_of_octets_goes_before_one_that_nobody_knows() -> None:
    assert PduLine("0003", 2) == behind_header("+CMGR: 0,,2", ["Welcome", "0003"])
    assert PduLine("Welcome", 2) == behind_header("+CMGR: 0,,2", ["Welcome"])


def test_a_list_is_cut_at_its_headers() -> None:
    lines = ["+CMGL: 1,0,,2", "0003", "RING", "+CMGL: 30,1,,3", "000341Z", "+CMGL: 31,1,,0"]
    assert [(1, PduLine("0003", 2)), (30, PduLine("000341Z", 3))] == list(listed(lines))


@given(some.lists(LATIN | some.just("+CMGL: 1,0,,2") | some.just("0003"), max_size=10))
def test_whatever_is_listed_is_read_or_left_out(lines: list[str]) -> None:
    assert all(slot >= 0 and line.text for slot, line in listed(lines))
