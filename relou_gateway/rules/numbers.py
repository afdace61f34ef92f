"""Whose phone is this? What a network gives as the origin of a message or call, read and named.

Only a person's phone is ever answered (invariant 7), so everything that is in doubt is read
as something else: a missed answer is a pity, an answer to a premium number is money for its
owner. The plans are those of libphonenumber.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


class Owner(StrEnum):
    """What stands behind a number. Own numbers are a matter of the configuration, not of a plan."""

    PERSON = "person"
    SHORT_CODE = "short_code"
    NAME = "name"
    HIDDEN = "hidden"
    PREMIUM = "premium"
    FIXED = "fixed"
    SERVICE = "service"
    SATELLITE = "satellite"
    INVALID = "invalid"


_BY_TYPE = {
    "MOBILE": Owner.PERSON,
    # Plans such as those of US, CA, DO and MX give mobiles and landlines the same ranges. There a
    # message that came in is the better witness that the phone can receive one.
    "FIXED_LINE_OR_MOBILE": Owner.PERSON,
    "FIXED_LINE": Owner.FIXED,
    "VOIP": Owner.FIXED,  # FR 09: a box, a call centre or, since Arcep 2022-1583, a platform
    "PREMIUM_RATE": Owner.PREMIUM,
    "SHARED_COST": Owner.PREMIUM,
    "PERSONAL_NUMBER": Owner.PREMIUM,  # GB 070: follows its owner at up to a premium price
    "TOLL_FREE": Owner.SERVICE,
    "UAN": Owner.SERVICE,
    "PAGER": Owner.SERVICE,
    "VOICEMAIL": Owner.SERVICE,
}
"""Owner by libphonenumber's PhoneNumberType; a type that is not here is no number."""

_BY_CALLING_CODE = {
    800: Owner.SERVICE,  # international freephone
    808: Owner.PREMIUM,  # international shared cost
    870: Owner.SATELLITE,  # Inmarsat
    878: Owner.SATELLITE,  # universal personal telecommunications
    881: Owner.SATELLITE,  # Iridium, Globalstar
    882: Owner.SATELLITE,  # international networks, among them Thuraya
    883: Owner.SATELLITE,  # the same, with longer codes
    888: Owner.SATELLITE,  # disaster relief
    979: Owner.PREMIUM,  # international premium rate
}
"""Owner by calling codes that belong to no country (ITU-T E.164, list of assigned codes)."""

_MACHINE = re.compile(r"\+33700[0-9]{10}")
"""Mobiles of machines are no numbers to libphonenumber; FR 0700, 14 digits: Arcep 2012-0855."""

LONGEST = 64
"""Characters that are looked at and kept; a name has 11 (23.040 ch. 9.1.2.5), a number 15 digits."""

_E164_DIGITS = 15
_SHORT_CODE_DIGITS = 8
"""FR has 3 to 6, GB up to 7, AU 8. Some networks mark them as international, so + means nothing."""

_SEPARATORS = re.compile(r"[().\-/\u2010-\u2015\u2212]")
_DIALLED = re.compile(r"\+?[0-9]+")
_KEYS = re.compile(r"[0-9+*#]*")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent or called.

    `number` is E.164 where it is a number, the digits of a short code, empty where it is
    hidden, and else as received, at most `LONGEST` characters. `country` is the ISO 3166 code
    of the plan (RE, GP, GG … count as countries), None where there is none.
    """

    number: str
    owner: Owner
    country: str | None


def read(raw: str, country: str) -> Sender:
    """Return who stands behind `raw`, an origin as the modem gave it; never raises.

    Numbers without + are read as dialled in `country`. All spellings of one number (00 or +,
    separators, digits of other scripts, invisible characters, `tel:`) give the same record.
    Where territories share a calling code and its ranges (GP, BL and MF on +590) the country is
    the one that libphonenumber calls the main one.
    """
    # Cut first: strangers choose what is cached, and a long text takes long to normalise.
    return _read(raw[: LONGEST + 1], country)


def matches(number: str, patterns: Iterable[str]) -> bool:
    """Say whether `number` is, or begins with, one of `patterns`.

    A pattern that ends in `*` is a prefix. So is one that begins with +: no complete number
    is the beginning of another. Any other must be the whole number, or the code 3610 would
    stand for 36105 as well. An empty pattern matches nothing.
    """
    return any(_match(number, pattern) for pattern in patterns)


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Return the ISO 3166 codes that have a numbering plan: what a configuration may name."""
    import phonenumbers  # noqa: PLC0415 - half of a verb's start, and most verbs do not need it

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def _match(number: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return number.startswith(pattern[:-1])
    if pattern.startswith("+"):
        return number.startswith(pattern)
    return number == pattern != ""


@lru_cache(maxsize=4096)  # a flooder writes a thousand times, and reading a number takes 0.1 ms
def _read(raw: str, country: str) -> Sender:
    visible = _visible(raw)
    if not visible:
        return Sender("", Owner.HIDDEN, None)
    dialled = _SEPARATORS.sub("", visible.casefold().removeprefix("tel:"))
    if len(raw) <= LONGEST and _DIALLED.fullmatch(dialled):
        return _numbered(dialled, country)
    # What only holds a keypad's keys is a service code or rubbish; everything else is a name.
    owner = Owner.INVALID if _KEYS.fullmatch(dialled) else Owner.NAME
    return Sender(raw[:LONGEST], owner, None)


def _visible(raw: str) -> str:
    """Return `raw` with digits of any script as 0-9, without spaces and what cannot be seen."""
    return "".join(
        str(unicodedata.decimal(character, character))
        for character in unicodedata.normalize("NFKC", raw)
        if unicodedata.category(character) not in {"Cc", "Cf"} and not character.isspace()
    )


def _numbered(dialled: str, country: str) -> Sender:
    """Return who stands behind a string of digits, with or without + before them."""
    readings = [_assigned(number) for number in _parsed(dialled, country)]
    for sender in readings:
        if sender.owner is not Owner.INVALID:
            return sender
    digits = dialled.removeprefix("+")
    if len(digits) <= _SHORT_CODE_DIGITS:
        return Sender(digits, Owner.SHORT_CODE, None)
    sized = (sender for sender in readings if _SHORT_CODE_DIGITS < len(sender.number) - 1 <= _E164_DIGITS)
    return next(sized, Sender(dialled, Owner.INVALID, None))


def _parsed(dialled: str, country: str) -> Iterator[PhoneNumber]:
    """Yield the readings of `dialled`: as in `country`, and 00 as + where the plan has another."""
    import phonenumbers  # noqa: PLC0415 - as in countries()

    for reading in [dialled, f"+{dialled[2:]}"] if dialled.startswith("00") else [dialled]:
        with suppress(phonenumbers.NumberParseException):
            yield phonenumbers.parse(reading, country)


def _assigned(number: PhoneNumber) -> Sender:
    """Return whom the plans give `number` to."""
    import phonenumbers  # noqa: PLC0415 - as in countries()

    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(number)
    if number.country_code in _BY_CALLING_CODE:
        owner = _BY_CALLING_CODE[number.country_code]
    elif _MACHINE.fullmatch(e164):
        owner = Owner.SERVICE
    else:
        kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number))
        owner = _BY_TYPE.get(kind, Owner.INVALID)
    return Sender(e164, owner, region if region in countries() else None)
