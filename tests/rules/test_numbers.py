"""Whose phone is this? Numbers of real plans, spellings of one number, and hostile origins."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relou_gateway.rules.numbers import LONGEST, Owner, Sender, countries, matches, read

PERSON = Sender("+33612345678", Owner.PERSON, "FR")

ONE_NUMBER = [
    "+33612345678",
    "0033612345678",
    "33612345678",
    "0612345678",
    "612345678",
    "+33 6 12 34 56 78",
    "06.12.34.56.78",
    "06-12-34-56-78",
    "06‑12–34—56−78",
    "+33 (0)6 12 34 56 78",
    "+33 (6) 12/34/56/78",
    "tel:+33-6-12-34-56-78",
    "TEL: 06 12 34 56 78",
    "\u202a+33612345678\u202c",
    "06\u200b12\u00ad34\ufeff56\u200f78",
    "06\u00a012\u202f34\u200956\t78",
    "+33612345678\r\n",
    "+33612345678\x00",
    "＋３３６１２３４５６７８",
    "٠٦١٢٣٤٥٦٧٨",
    "०६१२३४५६७८",
    "⁰⁶¹²³⁴⁵⁶⁷⁸",
    "𝟎𝟔𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
]


@pytest.mark.parametrize("raw", ONE_NUMBER, ids=ascii)
def test_one_number_in_many_spellings_is_one_sender(raw: str) -> None:
    assert read(raw, "FR") == PERSON


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("0470 12 34 56", "BE", Sender("+32470123456", Owner.PERSON, "BE")),
        ("0470/12.34.56", "BE", Sender("+32470123456", Owner.PERSON, "BE")),
        ("0033612345678", "BE", PERSON),
        ("0033612345678", "US", PERSON),  # dialled 011 there; 00 is what modems write
        ("01133612345678", "US", PERSON),
        ("+33612345678", "no such country", PERSON),
        ("0612345678", "no such country", Sender("0612345678", Owner.INVALID, None)),
        ("0612345678", "", Sender("0612345678", Owner.INVALID, None)),
    ],
)
def test_numbers_without_plus_are_read_as_dialled_in_the_configured_country(
    raw: str, country: str, expected: Sender
) -> None:
    assert read(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "owner", "country"),
    [
        ("+33712345678", Owner.INVALID, "FR"),  # 0712 was never opened
        ("+33756123456", Owner.PERSON, "FR"),
        ("+33123456789", Owner.FIXED, "FR"),
        ("+33971234567", Owner.FIXED, "FR"),
        ("+33937123456", Owner.FIXED, "FR"),
        ("+33800123456", Owner.SERVICE, "FR"),
        ("+33812345678", Owner.PREMIUM, "FR"),
        ("+33899123456", Owner.PREMIUM, "FR"),
        ("+337001234567890", Owner.SERVICE, "FR"),
        ("+33700123456", Owner.INVALID, "FR"),
        ("+491801234567", Owner.PREMIUM, "DE"),  # shared cost
        ("+447012345678", Owner.PREMIUM, "GB"),  # personal number
        ("+447640123456", Owner.SERVICE, "GB"),  # pager
        ("+443001234567", Owner.SERVICE, "GB"),  # universal access number
        ("+3934812345678", Owner.SERVICE, "IT"),  # voicemail
        ("+12025550123", Owner.PERSON, "US"),  # the plan cannot tell mobile from fixed
        ("+14165551234", Owner.PERSON, "CA"),
        ("+525512345678", Owner.PERSON, "MX"),
        ("+18765551234", Owner.PERSON, "JM"),
        ("+19005551234", Owner.PREMIUM, "US"),
        ("+262692123456", Owner.PERSON, "RE"),
        ("+262639123456", Owner.INVALID, None),
        ("+590690123456", Owner.PERSON, "GP"),  # BL and MF share the range
        ("+594694123456", Owner.PERSON, "GF"),
        ("+596696123456", Owner.PERSON, "MQ"),
        ("+508551234", Owner.PERSON, "PM"),
        ("+687751234", Owner.PERSON, "NC"),
        ("+68987123456", Owner.PERSON, "PF"),
        ("+447400123456", Owner.PERSON, "GB"),
        ("+447911123456", Owner.PERSON, "GG"),
        ("+447797123456", Owner.PERSON, "JE"),
        ("+447624123456", Owner.PERSON, "IM"),
        ("+79123456789", Owner.PERSON, "RU"),
        ("+77011234567", Owner.PERSON, "KZ"),
        ("+870773111632", Owner.SATELLITE, None),
        ("+8816123456789", Owner.SATELLITE, None),
        ("+8821612345678", Owner.SATELLITE, None),
        ("+883510012345678", Owner.SATELLITE, None),
        ("+80012345678", Owner.SERVICE, None),
        ("+979123456789", Owner.PREMIUM, None),
        ("+999123456789", Owner.INVALID, None),
        ("+33692123456", Owner.INVALID, "FR"),  # Réunion's 0692 under the wrong code
    ],
)
def test_a_number_belongs_to_whom_its_plan_says(raw: str, owner: Owner, country: str | None) -> None:
    assert read(raw, "FR") == Sender(raw, owner, country)


def test_a_number_for_machines_is_one_sender_with_and_without_country() -> None:
    assert read("07001234567890", "FR") == read("+337001234567890", "FR")


@pytest.mark.parametrize("digits", ["36105", "38000", "3615", "118218", "1014", "112", "15", "0", "12345678"])
@pytest.mark.parametrize("mark", ["", "+"])
def test_a_few_digits_are_a_short_code_even_if_marked_international(mark: str, digits: str) -> None:
    assert read(mark + digits, "FR") == Sender(digits, Owner.SHORT_CODE, None)


@pytest.mark.parametrize("raw", ["", " ", "\t\n", "\u200b\u202e", "\x00"], ids=ascii)
def test_an_origin_without_anything_to_see_is_hidden(raw: str) -> None:
    assert read(raw, "FR") == Sender("", Owner.HIDDEN, None)


@pytest.mark.parametrize(
    "raw",
    [
        "MyBank",
        "Chez Léa",
        "FR0612345678",
        "O612345678",
        "0612345678x5",
        "0612345678 ext. 5",
        "0612345678;5",
        "1-800-FLOWERS",
        "'; DROP TABLE inbox; --",
        "\x1b[2JBank",
        "+33612345678🙂",
        "🙂",
        "!!!",
        "\ud83d",
    ],
    ids=ascii,
)
def test_whatever_is_not_dialled_is_a_name_and_kept_as_received(raw: str) -> None:
    assert read(raw, "FR") == Sender(raw, Owner.NAME, None)


@pytest.mark.parametrize(
    "raw", ["*100#", "#31#0612345678", "+", "-", "++33612345678", "+0612345678", "9" * 20]
)
def test_what_a_keypad_gives_without_a_number_is_invalid(raw: str) -> None:
    assert read(raw, "FR") == Sender(raw, Owner.INVALID, None)


def test_two_numbers_in_one_are_none() -> None:
    assert read("0612345678/0712345678", "FR") == Sender("06123456780712345678", Owner.INVALID, None)


@pytest.mark.parametrize(
    ("raw", "owner"),
    [("9" * 10_000, Owner.INVALID), ("A" * 10_000, Owner.NAME), ("ﷺ" * 10_000, Owner.NAME)],
    ids=["digits", "letters", "a character that normalises to eighteen"],
)
def test_an_endless_origin_is_bounded(raw: str, owner: Owner) -> None:
    assert read(raw, "FR") == Sender(raw[:LONGEST], owner, None)


@given(raw=st.text() | st.text(alphabet="+0123456789 .-()*#٠١٢\u200b\u202e", max_size=80))
@example(raw="\ud800\udfff")
@example(raw="\u202e+33612345678" * 700)
def test_reading_never_fails_and_never_grows(raw: str) -> None:
    assert len(read(raw, "FR").number) <= LONGEST


def examples() -> Iterator[tuple[str, str, phonenumbers.PhoneNumber]]:
    """Yield libphonenumber's own examples: country, name of the type, number."""
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(country, kind)
            if number is not None:
                yield (
                    country,
                    phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number)),
                    number,
                )


def test_in_all_plans_only_mobiles_and_what_may_be_one_are_persons() -> None:
    kinds = defaultdict(set)
    for country, kind, number in examples():
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        kinds[read(e164, country).owner].add(kind)
    assert kinds == {
        Owner.PERSON: {"MOBILE", "FIXED_LINE_OR_MOBILE"},
        Owner.FIXED: {"FIXED_LINE", "VOIP"},
        Owner.PREMIUM: {"PREMIUM_RATE", "SHARED_COST", "PERSONAL_NUMBER"},
        Owner.SERVICE: {"TOLL_FREE", "UAN", "PAGER", "VOICEMAIL"},
    }


def test_in_all_plans_a_number_in_e164_is_the_same_sender_wherever_it_is_read() -> None:
    for country, _kind, number in examples():
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert e164 == read(e164, country).number
        assert read(e164, "FR") == read(e164, country) == read(e164, "nowhere")


@given(raw=st.from_regex(r"(\+(33[67]|32|1|44|262|88)|0[1-9])[0-9]{7,11}", fullmatch=True))
def test_every_person_has_an_e164_number_and_a_country(raw: str) -> None:
    sender = read(raw, "FR")
    assert sender.owner is not Owner.PERSON or (
        re.fullmatch(r"\+[1-9][0-9]{6,14}", sender.number) is not None and sender.country in countries()
    )


DIGITS_OF_SCRIPTS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"]
NOISE = ["", " ", ".", "-", "\u00a0", "\u200b", "\u2060", "\u202e", "–", "(", ")"]


@given(data=st.data(), subscriber=st.integers(10_000_000, 38_999_999))
def test_no_disguise_makes_a_second_sender_of_one_number(data: st.DataObject, subscriber: int) -> None:
    prefix = data.draw(st.sampled_from(["+336", "00336", "06", "336"]))
    scripts = st.sampled_from(DIGITS_OF_SCRIPTS)
    disguised = "".join(
        (data.draw(scripts)[int(digit)] if digit.isdigit() else digit) + data.draw(st.sampled_from(NOISE))
        for digit in f"{prefix}{subscriber}"
    )
    assert read(disguised, "FR") == Sender(f"+336{subscriber}", Owner.PERSON, "FR")


@given(raw=st.text(min_size=1, max_size=11))
def test_nothing_with_a_letter_is_ever_a_number(raw: str) -> None:
    visible = unicodedata.normalize("NFKC", raw)
    owner = read(raw, "FR").owner
    assert owner is Owner.NAME or not any(character.isalpha() for character in visible)


@pytest.mark.parametrize(
    ("number", "pattern", "expected"),
    [
        ("+33612345678", "+33612345678", True),
        ("+33612345678", "+336", True),
        ("+33612345678", "+336*", True),
        ("+33612345678", "+337", False),
        ("+33612345678", "+336123456789", False),
        ("+33612345678", "*", True),
        ("+33612345678", "", False),
        ("", "", False),
        ("36105", "36105", True),
        ("36105", "3610", False),
        ("36105", "3610*", True),
        ("MyBank", "MyBank", True),
        ("MyBank2", "MyBank", False),
        ("MyBank2", "My*", True),
    ],
)
def test_a_pattern_is_a_number_or_a_prefix(number: str, pattern: str, expected: bool) -> None:
    assert matches(number, [pattern]) is expected


def test_one_pattern_of_many_is_enough_and_none_is_not() -> None:
    assert (matches("+33612345678", ["+32", "+336"]), matches("+33612345678", [])) == (True, False)


def test_a_configuration_may_name_countries_that_have_a_plan() -> None:
    assert {"FR", "BE", "RE", "US"} <= countries()
    assert not {"fr", "FRA", "001", "ZZ", ""} & countries()


def test_the_plans_are_not_loaded_before_a_number_is_read() -> None:
    statement = "import sys, relou_gateway.rules.numbers; print('phonenumbers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
