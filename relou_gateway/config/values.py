"""The single values that a configuration holds, read strictly: what is doubtful is refused with a hint.

Each `_…` function turns a text into a value or raises ValueError with a hint, which may be empty.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ..rules import money
from .countries import COUNTRIES
from .document import Place, ScalarNode
from .kinds import Plain, Text
from .settings import is_credential

E = TypeVar("E", bound=StrEnum)

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST = 3_650 * 86_400
"""Ten years, in seconds: longer is a slip, and far longer would not fit into a date."""

_SIZES = {"TB": 10**12, "GB": 10**9, "MB": 10**6, "kB": 10**3}
_MOST = 10**9


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]+)([smhd])", text, re.ASCII)
    if match is None:
        raise ValueError("one whole number and one of s, m, h, d, without a space")
    seconds = int(match[1][:12]) * _UNITS[match[2]]
    if not 0 < seconds <= _LONGEST:
        raise ValueError("it must be longer than nothing and no longer than ten years")
    return timedelta(seconds=seconds)


def _duration_form(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    unit = next(unit for unit, length in _UNITS.items() if seconds % length == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _size(text: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,5})(kB|MB|GB|TB)", text, re.ASCII)
    if match is None:
        raise ValueError("one whole number and one of kB, MB, GB, TB, without a space")
    return int(match[1]) * _SIZES[match[2]]


def _size_form(value: int) -> str:
    unit = next((unit for unit, bytes_ in _SIZES.items() if value % bytes_ == 0), "kB")
    return f"{value // _SIZES[unit]}{unit}"


def _whole(text: str) -> int:
    if text == "0":
        raise ValueError("null switches it off; `relou-gateway pause` stops all sending")
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text, re.ASCII) or int(text) > _MOST:
        raise ValueError
    return int(text)


def _decimal(text: str) -> float:
    if re.fullmatch(r"-?[0-9]+,[0-9]+", text, re.ASCII):
        raise ValueError(f"write a point: {text.replace(',', '.')}")
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", text, re.ASCII):
        raise ValueError
    return float(text)


def _score(text: str) -> float:
    value = _decimal(text)
    if abs(value) > 100:
        raise ValueError("scores are log-odds: beyond 100 there is nothing")
    return value


def _positive(text: str) -> float:
    value = _decimal(text)
    if value <= 0:
        raise ValueError("it must be above 0")
    return value


def _factor(text: str) -> float:
    value = _decimal(text)
    if value <= 1:
        raise ValueError("it must be above 1")
    return value


def _days(text: str) -> float:
    value = _decimal(text)
    if not 0 <= value <= 30:
        raise ValueError("it must be from 0 to 30")
    return value


def _share(text: str) -> float:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)? ?%", text, re.ASCII):
        raise ValueError("write 0.25 for 25 %")
    value = _decimal(text)
    if not 0 <= value <= 1:
        raise ValueError("it must be from 0 to 1")
    return value


def _amount(text: str) -> int:
    try:
        return money.micros(text)
    except ValueError:
        raise ValueError(_amount_hint(text)) from None


def _amount_hint(text: str) -> str:
    if re.fullmatch(r"[0-9]+,[0-9]+", text, re.ASCII):
        return f"write a point: {text.replace(',', '.')}"
    if re.fullmatch(r"[0-9]+\.[0-9]{7,}", text, re.ASCII):
        return "at most six decimals"
    if text.startswith("-"):
        return "it must not be negative"
    return "digits and a point only; the currency stands in budget.currency"


def _yes_no(text: str) -> bool:
    try:
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}[
            text.lower()
        ]
    except KeyError:
        raise ValueError from None


_COUNTRY_SLIPS = {"UK": "GB", "EL": "GR", "EN": "GB"}


def _country(text: str) -> str:
    if text in COUNTRIES:
        return text
    meant = _COUNTRY_SLIPS.get(text.upper(), text.upper())
    raise ValueError(f"write {meant}" if meant in COUNTRIES else "no such country")


def _currency(text: str) -> str:
    if re.fullmatch(r"[A-Z]{3}", text, re.ASCII):
        return text
    sign = {"€": "EUR", "£": "GBP", "$": "USD"}.get(text, text.upper())
    raise ValueError(f"write {sign}" if re.fullmatch(r"[A-Z]{3}", sign, re.ASCII) else "")


def _digits(text: str) -> str:
    """Return `text` without the separators that people write between digits."""
    return re.sub(r"[ .\-()/\u00a0\u202f]", "", text)


def _number(text: str) -> str:
    import phonenumbers  # noqa: PLC0415 (a quarter of a verb's start, and most files name no number)

    digits = _digits(text)
    if not re.fullmatch(r"\+[1-9][0-9]{2,14}", digits, re.ASCII):
        raise ValueError("" if digits.startswith("+") else "it begins with + and the country's calling code")
    try:
        number = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        raise ValueError("no country has such a number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("it is too long or too short for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _prefix(text: str) -> str:
    digits = _digits(text)
    if not re.fullmatch(r"\+[1-9][0-9]{0,14}\*?", digits, re.ASCII):
        raise ValueError("" if digits.startswith("+") else "it begins with + and the country's calling code")
    return digits


def _device(text: str) -> str:
    if text in {"auto", "virtual"} or (text.startswith("/") and text.isprintable()):
        return text
    raise ValueError(f"write /dev/{text}" if re.fullmatch(r"tty\w+", text, re.ASCII) else "")


# Speeds of libgammu/device/devfunc.c from 1200 on. Its other connections are not for modems,
# and one of them, proxyat, hands the device to a shell.
_SPEEDS = (1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 115200, 230400, 460800, 921600, 3000000)


def _connection(text: str) -> str:
    if not re.fullmatch(rf"at({'|'.join(map(str, _SPEEDS))})?(-nodtr)?", text):
        raise ValueError("at and one of the speeds " + ", ".join(map(str, _SPEEDS)))
    return text


def _message(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("it is empty")
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character != "\n"):
            raise ValueError(f"it holds the character U+{ord(character):04X}, which no phone can show")
    return text


def _word(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 160:
        raise ValueError
    return text.strip()


def _ussd(text: str) -> str:
    if not re.fullmatch(r"[*#][0-9*#]{0,30}#", text, re.ASCII):
        raise ValueError
    return text


def _pattern(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what re only warns of would mean something else tomorrow
            groups = re.compile(text).groups
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"it does not compile: {error}") from None
    if groups == 0:
        raise ValueError("it has no group; put round brackets round the amount")
    if groups > 1:
        raise ValueError(f"it has {groups} groups; (?:…) makes one that does not count")
    return text


def _same(value: Plain) -> Plain:
    return value


DURATION = Text("a duration such as 90s, 5m, 12h or 7d", _duration, _duration_form)
SIZE = Text("a size such as 500MB or 2GB", _size, _size_form)
WHOLE = Text[int]("a whole number from 1", _whole, _same)
SCORE = Text[float]("a number such as 3.5", _score, _same)
POSITIVE = Text[float]("a number above 0 such as 12", _positive, _same)
FACTOR = Text[float]("a factor above 1 such as 2.5", _factor, _same)
DAYS = Text[float]("a number of days such as 3 or 0.5", _days, _same)
SHARE = Text[float]("a share from 0 to 1 such as 0.25", _share, _same)
AMOUNT = Text("an amount such as 16.00", _amount, money.decimal)
YES_NO = Text[bool]("true or false", _yes_no, _same)
COUNTRY = Text[str]("a country's ISO 3166 code such as FR", _country, _same)
CURRENCY = Text[str]("a currency's ISO 4217 code such as EUR", _currency, _same)
NUMBER = Text[str]("a complete phone number such as +33612345678", _number, _same)
PREFIX = Text[str]("a phone number such as +33612345678 or a prefix such as +3370*", _prefix, _same)
DEVICE = Text[str]("auto, virtual or a path such as /dev/relou-modem", _device, _same)
CONNECTION = Text[str]("a connection of libGammu such as at115200", _connection, _same)
MESSAGE = Text[str]("a text to answer with", _message, _same)
WORD = Text[str]("a word of at most 160 characters", _word, _same)
USSD = Text[str]('a USSD code in quotes, such as "#123#"', _ussd, _same)
PATTERN = Text[str]("a regular expression with exactly one group", _pattern, _same)


class Choice(NamedTuple, Generic[E]):
    """One of the names that an enumeration has."""

    names: type[E]

    @property
    def expected(self) -> str:
        """The names."""
        *others, last = self.names
        return f"{', '.join(others)} or {last}"

    def read(self, place: Place) -> E:
        """Return the member that is named."""
        return Text[E](self.expected, self._named, _same).read(place)

    def write(self, value: E) -> Plain:
        """Return its name."""
        return value.value

    def _named(self, text: str) -> E:
        if text in list(self.names):
            return self.names(text)
        near = get_close_matches(text.lower(), list(self.names), n=1)
        raise ValueError(f"did you mean {near[0]}?" if near else "")


class FilePath:
    """A path; a relative one begins where the configuration lies, from wherever a verb is called."""

    expected = "a path such as /var/lib/relou-gateway/gateway.db"

    def read(self, place: Place) -> Path:
        """Return the absolute path."""
        text = Text[str](self.expected, self._checked, _same).read(place)
        return (place.path or Path("config.yaml")).absolute().parent / text

    def write(self, value: Path) -> Plain:
        """Return the path."""
        return str(value)

    @staticmethod
    def _checked(text: str) -> str:
        if text.startswith("~"):
            raise ValueError("~ means nothing here; write the whole path")
        if not text or not text.isprintable():
            raise ValueError
        return text


class PinFile(FilePath):
    """The path of a file with a PIN, or a credential: `$CREDENTIALS_DIRECTORY/pin`.

    A PIN that was written here by a slip is not shown.
    """

    expected = "the path of a file that holds the PIN"

    def read(self, place: Place) -> Path:
        """Return the absolute path, or the credential as it is named."""
        text = place.node.text if isinstance(place.node, ScalarNode) else ""
        if text.isdecimal():
            raise place.error(f"expected {self.expected}, not the PIN itself")
        return Path(text) if is_credential(Path(text)) else super().read(place)
