from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relou_gateway.config import ConfigError
from relou_gateway.config.countries import COUNTRIES
from relou_gateway.config.document import Place, parse
from relou_gateway.config.kinds import Kind, Listed, Optional, PriceList, Secret, Several, Short, Spread
from relou_gateway.config.schema import TEXT
from relou_gateway.config.values import (
    AMOUNT,
    CONNECTION,
    COUNTRY,
    CURRENCY,
    DAYS,
    DEVICE,
    DURATION,
    FACTOR,
    MESSAGE,
    NUMBER,
    PATTERN,
    POSITIVE,
    PREFIX,
    SCORE,
    SHARE,
    SIZE,
    USSD,
    WHOLE,
    WORD,
    YES_NO,
    Choice,
    FilePath,
    PinFile,
)
from relou_gateway.config.writing import flow
from relou_gateway.rules.policy import MICRO, Prices, Text


def at(text: str) -> Place:
    place = parse(f"key: {text}", Path("/etc/relou/config.yaml")).below("key")
    assert place is not None
    return place


def refusal(kind: Kind[Any], text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        kind.read(at(text))
    return str(refused.value).removeprefix("/etc/relou/config.yaml:1: key: ")


# --- durations ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("'7d'", timedelta(days=7)),
        ("007d", timedelta(days=7)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert expected == DURATION.read(at(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5 m",
        "5min",
        "1h30m",
        "12:30",
        "-5m",
        "0s",
        "1.5h",
        "5M",
        "٥m",
        "3651d",
        "9" * 500 + "d",
        "[5m]",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert refusal(DURATION, text).startswith("expected a duration such as 90s, 5m, 12h or 7d, found ")


@given(st.integers(1, 3650 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
@example(timedelta(days=7))
def test_a_duration_is_read_as_it_is_written(value: timedelta) -> None:
    assert value == DURATION.read(at(flow(DURATION.write(value))))


# --- money --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.16", 160_000), ("16", 16 * MICRO), ("0.000001", 1), ("100.00", 100 * MICRO), ("0", 0)],
)
def test_money_is_micro_units_exactly(text: str, expected: int) -> None:
    assert expected == AMOUNT.read(at(text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0,16", "write a point: 0.16"),
        ("0.1234567", "at most six decimals"),
        ("-1", "it must not be negative"),
        ("NaN", "digits and a point only; the currency stands in budget.currency"),
        ("1e3", "digits and a point only; the currency stands in budget.currency"),
        ("16 EUR", "digits and a point only; the currency stands in budget.currency"),
        (".5", "digits and a point only; the currency stands in budget.currency"),
    ],
)
def test_money_that_is_doubtful_is_refused_with_a_hint(text: str, hint: str) -> None:
    assert f"expected an amount such as 16.00, found '{text}': {hint}" == refusal(AMOUNT, text)


@pytest.mark.parametrize("text", ["1_000", "１６", "+1", "1.", "0x10", "9" * 400, ".inf", "[1]", "true"])
def test_no_other_form_of_money_is_known(text: str) -> None:
    assert refusal(AMOUNT, text).startswith("expected an amount such as 16.00, found ")


@given(st.integers(0, 10**15 - 1))
def test_money_is_read_as_it_is_written(value: int) -> None:
    assert value == AMOUNT.read(at(flow(AMOUNT.write(value))))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (SCORE, "3", 3.0),
        (SCORE, "-2.5", -2.5),
        (POSITIVE, "12", 12.0),
        (POSITIVE, "0.01", 0.01),
        (FACTOR, "1.5", 1.5),
        (DAYS, "0", 0.0),
        (DAYS, "30", 30.0),
        (SHARE, "0", 0.0),
        (SHARE, "0.25", 0.25),
        (SHARE, "1.0", 1.0),
    ],
)
def test_numbers_are_read_as_decimals(kind: Kind[float], text: str, expected: float) -> None:
    assert expected == kind.read(at(text))


@pytest.mark.parametrize(
    ("kind", "text", "hint"),
    [
        (SCORE, "3,5", "write a point: 3.5"),
        (SCORE, "101", "scores are log-odds: beyond 100 there is nothing"),
        (POSITIVE, "0", "it must be above 0"),
        (POSITIVE, "-1", "it must be above 0"),
        (FACTOR, "1", "it must be above 1"),
        (DAYS, "31", "it must be from 0 to 30"),
        (SHARE, "1.01", "it must be from 0 to 1"),
        (SHARE, "-0.1", "it must be from 0 to 1"),
        (SHARE, "25%", "write 0.25 for 25 %"),
    ],
)
def test_a_number_that_is_doubtful_is_refused_with_a_hint(kind: Kind[float], text: str, hint: str) -> None:
    assert f"expected {kind.expected}, found '{text}': {hint}" == refusal(kind, text)


@pytest.mark.parametrize("kind", [SCORE, POSITIVE, FACTOR, DAYS, SHARE])
@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1e3", "+1", ".5", "1.", "1_0", "１", "9" * 400, "[1]", "null"]
)
def test_no_other_form_of_a_number_is_known(kind: Kind[float], text: str) -> None:
    assert refusal(kind, text).startswith(f"expected {kind.expected}, found ")


@given(st.decimals(-100, 100, places=9))
def test_a_number_is_read_as_it_is_written(value: Decimal) -> None:
    assert float(value) == SCORE.read(at(flow(SCORE.write(float(value)))))


PRICES = PriceList(AMOUNT, COUNTRY)


def test_a_price_may_differ_by_country() -> None:
    assert Prices(160_000, {"BE": 250_000}) == PRICES.read(at("{default: 0.16, BE: 0.25}"))


def test_all_faults_of_a_price_list_are_named() -> None:
    with pytest.raises(ConfigError) as refused:
        PRICES.read(at("{UK: 0.3, BE: free, FR: 0.1, FR: 0.2}"))
    amount = "expected an amount such as 16.00, found 'free': digits and a point only"
    assert [
        ("key", "'FR' stands here twice, first in line 1; remove one"),
        ("key", "default is missing: the price for all countries that are not named"),
        ("key", "expected a country's ISO 3166 code such as FR, found 'UK': write GB"),
        ("key.BE", f"{amount}; the currency stands in budget.currency"),
    ] == [(fault.key, fault.message) for fault in refused.value.faults]


@given(
    st.dictionaries(st.sampled_from(sorted(COUNTRIES)), st.integers(0, 10**9), max_size=4),
    st.integers(0, 10**9),
)
def test_a_price_list_is_read_as_it_is_written(by_country: dict[str, int], default: int) -> None:
    value = Prices(default, by_country)
    assert value == PRICES.read(at(flow(PRICES.write(value))))


# --- numbers and countries ----------------------------------------------------------------


def test_the_countries_are_those_that_have_a_numbering_plan() -> None:
    assert phonenumbers.SUPPORTED_REGIONS == COUNTRIES


@pytest.mark.parametrize(
    ("text", "hint"), [("UK", "write GB"), ("fr", "write FR"), ("XX", "no such country")]
)
def test_an_unknown_country_is_refused_with_a_hint(text: str, hint: str) -> None:
    assert f"expected a country's ISO 3166 code such as FR, found '{text}': {hint}" == refusal(COUNTRY, text)


def test_norway_is_a_country_and_no_denial() -> None:
    assert frozenset({"NO", "FR"}) == Several(Listed(COUNTRY, "countries")).read(at("[NO, FR]"))


@pytest.mark.parametrize(
    "text", ["+33612345678", '"+33 6 12 34 56 78"', "+33.6.12.34.56.78", "+33 (0)6-12-34-56-78"]
)
def test_a_number_may_be_written_as_people_write_it(text: str) -> None:
    assert "+33612345678" == NUMBER.read(at(text))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0612345678", "it begins with + and the country's calling code"),
        ("+3361234567", "it is too long or too short for its country"),
        ("+999612345678", "no country has such a number"),
    ],
)
def test_a_number_that_nobody_can_have_is_refused(text: str, hint: str) -> None:
    expected = "a complete phone number such as +33612345678"
    assert f"expected {expected}, found '{text}': {hint}" == refusal(NUMBER, text)


@pytest.mark.parametrize(
    ("text", "expected"), [("+33612345678", "+33612345678"), ("+33 70*", "+3370*"), ("+337", "+337")]
)
def test_a_prefix_is_kept(text: str, expected: str) -> None:
    assert expected == PREFIX.read(at(text))


@pytest.mark.parametrize("text", ["0612", "*", "+", "+0612", "+33*6", "+3361234567890123456"])
def test_what_is_no_prefix_is_refused(text: str) -> None:
    assert refusal(PREFIX, f'"{text}"').startswith("expected a phone number such as +33612345678 or a prefix")


# --- the rest -----------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


READ: list[tuple[Kind[Any], str, object]] = [
    (SIZE, "2GB", 2 * 10**9),
    (SIZE, "500MB", 500 * 10**6),
    (WHOLE, "30", 30),
    (YES_NO, "yes", True),
    (YES_NO, "Off", False),
    (YES_NO, "'true'", True),
    (CURRENCY, "CHF", "CHF"),
    (DEVICE, "auto", "auto"),
    (DEVICE, "virtual", "virtual"),
    (DEVICE, "/dev/serial/by-id/usb-HUAWEI-if00", "/dev/serial/by-id/usb-HUAWEI-if00"),
    (CONNECTION, "at", "at"),
    (CONNECTION, "at19200-nodtr", "at19200-nodtr"),
    (MESSAGE, "|\n  Bonjour !\n  Non.\n", "Bonjour !\nNon."),
    (MESSAGE, '"Non 🙂 \\u2019"', "Non 🙂 ’"),
    (MESSAGE, "' x '", "x"),
    (WORD, "NO", "NO"),
    (USSD, '"#123#"', "#123#"),
    (USSD, '"*#100*2#"', "*#100*2#"),
    (PATTERN, "'([0-9]+) ?(?:€|EUR)'", "([0-9]+) ?(?:€|EUR)"),
    (Secret("digits", "[0-9]{4}"), "0042", "0042"),
    (Choice(Colour), "red", Colour.RED),
    (FilePath(), "/var/lib/x.db", Path("/var/lib/x.db")),
    (FilePath(), "x.db", Path("/etc/relou/x.db")),
    (PinFile(), "pin", Path("/etc/relou/pin")),
    (Optional(WHOLE), "null", None),
    (Optional(WHOLE), "1", 1),
    (Spread(DURATION, "x"), "[3m, 3m]", (timedelta(minutes=3), timedelta(minutes=3))),
    (Short(TEXT), "Non", Text("Non")),
    (Short(TEXT), "{text: Nein, countries: [BE, DE]}", Text("Nein", frozenset({"BE", "DE"}))),
    (Short(TEXT), "{text: Nein, countries: null}", Text("Nein")),
]


@pytest.mark.parametrize(("kind", "text", "expected"), READ)
def test_a_value_is_read_as_its_kind_says(kind: Kind[Any], text: str, expected: object) -> None:
    assert expected == kind.read(at(text))


@pytest.mark.parametrize(("kind", "text", "expected"), READ)
def test_a_value_is_read_again_as_it_was_written(kind: Kind[Any], text: str, expected: object) -> None:
    if not isinstance(kind, Secret):
        assert expected == kind.read(at(flow(kind.write(kind.read(at(text))))))


@pytest.mark.parametrize(
    ("kind", "text", "found", "hint"),
    [
        (SIZE, "2 GB", "'2 GB'", "one whole number and one of kB, MB, GB, TB, without a space"),
        (SIZE, "2G", "'2G'", "one whole number and one of kB, MB, GB, TB, without a space"),
        (WHOLE, "many", "'many'", ""),
        (WHOLE, "030", "'030'", ""),
        (WHOLE, "3.0", "'3.0'", ""),
        (WHOLE, "-3", "'-3'", ""),
        (WHOLE, "1000000001", "'1000000001'", ""),
        (WHOLE, "0", "'0'", "null switches it off; `relou-gateway pause` stops all sending"),
        (WHOLE, "", "nothing", ""),
        (WHOLE, "{}", "a mapping", ""),
        (WHOLE, f"'{'9' * 100}'", f"'{'9' * 39}…'", ""),
        (WHOLE, '"\\u202e\\x9b"', r"'\u202e\x9b'", ""),
        (YES_NO, "maybe", "'maybe'", ""),
        (CURRENCY, "€", "'€'", "write EUR"),
        (CURRENCY, "eur", "'eur'", "write EUR"),
        (DEVICE, "ttyUSB0", "'ttyUSB0'", "write /dev/ttyUSB0"),
        (DEVICE, "modem", "'modem'", ""),
        (MESSAGE, "' '", "' '", "it is empty"),
        (MESSAGE, '"a\\e[2Jb"', r"'a\x1b[2Jb'", "it holds the character U+001B, which no phone can show"),
        (MESSAGE, '"a\\0b"', r"'a\x00b'", "it holds the character U+0000, which no phone can show"),
        (MESSAGE, '"\\ud83d"', r"'\ud83d'", "it holds the character U+D83D, which no phone can show"),
        (WORD, "''", "''", ""),
        (USSD, "#123#", "nothing", ""),
        (USSD, "'123'", "'123'", ""),
        (PATTERN, "'[0-9]+'", "'[0-9]+'", "it has no group; put round brackets round the amount"),
        (PATTERN, "'(a)(b)'", "'(a)(b)'", "it has 2 groups; (?:…) makes one that does not count"),
        (PATTERN, "'(a'", "'(a'", "it does not compile: missing ), unterminated subpattern at position 0"),
        (PATTERN, "'([[a])'", "'([[a])'", "it does not compile: Possible nested set at position 2"),
        (
            PATTERN,
            "'a{9999999999}'",
            "'a{9999999999}'",
            "it does not compile: the repetition number is too large",
        ),
        (Choice(Colour), "rad", "'rad'", "did you mean red?"),
        (Choice(Colour), "pink", "'pink'", ""),
        (FilePath(), "~/x.db", "'~/x.db'", "~ means nothing here; write the whole path"),
        (FilePath(), "''", "''", ""),
        (Spread(DURATION, "two durations"), "[1m]", "a list", ""),
        (Spread(DURATION, "two durations"), "5m", "'5m'", ""),
        (Listed(WORD, "a list of words", least=1), "[]", "a list", "it is empty"),
        (Listed(WORD, "a list of words"), "STOP", "'STOP'", ""),
    ],
)
def test_a_wrong_value_is_refused_in_words(kind: Kind[Any], text: str, found: str, hint: str) -> None:
    told = f"expected {kind.expected}, found {found}"
    assert (f"{told}: {hint}" if hint else told) == refusal(kind, text)


@pytest.mark.parametrize("text", ["proxyat", "at115201", "AT115200", "fbus", "at115200-nopower; reboot"])
def test_only_the_connections_of_modems_are_known(text: str) -> None:
    assert refusal(CONNECTION, text).startswith("expected a connection of libGammu such as at115200, found ")


def test_a_spread_that_is_upside_down_is_refused() -> None:
    told = "the lower end is above the upper one; exchange them"
    assert told == refusal(Spread(DURATION, "two durations"), "[10m, 3m]")


def test_a_mapping_without_its_first_key_is_refused() -> None:
    assert "text is missing: expected a text to answer with" == refusal(Short(TEXT), "{countries: [FR]}")


@given(st.text(min_size=1).map(str.strip).filter(bool))
@example("null")
@example("~")
@example("a: b # c")
@example("\"quoted\" \\ 'text'")
@example("- \u2028\u2029\x85\ufeff\u200b")
@example("🙂 \U0001f1eb")
def test_any_text_survives_being_written_and_read(text: str) -> None:
    try:
        value = MESSAGE.parse(text)
    except ValueError:
        return
    assert value == MESSAGE.read(at(flow(MESSAGE.write(value))))
