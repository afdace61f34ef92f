"""Kinds of values: how each is read from a file, written for people, and named in a fault.

Reading and writing are inverse: what `write` gives, `read` takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from ..rules.policy import Prices
from .document import ListNode, MappingNode, Place, ScalarNode, quoted
from .faults import ConfigError, Fault

T = TypeVar("T")

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What a value is written as: JSON, and with few quotes also YAML."""


class Kind(Protocol[T]):
    """One kind of value. `expected` goes on after "expected"."""

    @property
    def expected(self) -> str:
        """What a fault says that should stand there."""

    def read(self, place: Place) -> T:
        """Return the value at `place`; raises ConfigError with every fault in it."""

    def write(self, value: T) -> Plain:
        """Return `value` in the form in which `read` takes it."""


def wrong(place: Place, expected: str, hint: str = "") -> ConfigError:
    """Return the fault that something else than `expected` stands at `place`."""
    return place.error(f"expected {expected}, found {place.found()}{f': {hint}' if hint else ''}")


def attempt(kind: Kind[T], place: Place, faults: list[Fault]) -> T | None:
    """Return the value at `place`, or None after adding to `faults`."""
    try:
        return kind.read(place)
    except ConfigError as error:
        faults.extend(error.faults)
        return None


def every(kind: Kind[T], places: Iterable[Place]) -> list[T]:
    """Read all places; raises one ConfigError with the faults of all of them."""
    faults: list[Fault] = []
    values = [attempt(kind, place, faults) for place in places]
    if faults:
        raise ConfigError(*faults)
    return cast("list[T]", values)


class Text(NamedTuple, Generic[T]):
    """A single value. `parse` raises ValueError, with a hint for the operator or without."""

    expected: str
    parse: Callable[[str], T]
    form: Callable[[T], Plain]

    def read(self, place: Place) -> T:
        """Return what the text at `place` means."""
        if not isinstance(place.node, ScalarNode) or place.is_null:
            raise wrong(place, self.expected)
        try:
            return self.parse(place.node.text)
        except ValueError as error:
            raise wrong(place, self.expected, str(error)) from None

    def write(self, value: T) -> Plain:
        """Return the text for `value`."""
        return self.form(value)


class Secret(NamedTuple):
    """A text that is never shown: no fault quotes it, and it is written as "set"."""

    expected: str
    pattern: str

    def read(self, place: Place) -> str:
        """Return the text at `place`."""
        if isinstance(place.node, ScalarNode) and re.fullmatch(self.pattern, place.node.text, re.ASCII):
            return place.node.text
        raise place.error(f"expected {self.expected}; what stands there is not shown")

    def write(self, value: str) -> Plain:  # noqa: ARG002 (that is the point)
        """Return that there is one."""
        return "set"


class Optional(NamedTuple, Generic[T]):
    """A value or null."""

    kind: Kind[T]

    @property
    def expected(self) -> str:
        """As its kind, or null."""
        return f"{self.kind.expected}, or null"

    def read(self, place: Place) -> T | None:
        """Return the value at `place`, None for null or nothing."""
        return None if place.is_null else self.kind.read(place)

    def write(self, value: T | None) -> Plain:
        """Return null or the value's own form."""
        return None if value is None else self.kind.write(value)


class Unless(NamedTuple, Generic[T]):
    """A value, or null for one that the settings themselves have instead of none."""

    kind: Kind[T]
    none: T

    @property
    def expected(self) -> str:
        """As its kind, or null."""
        return f"{self.kind.expected}, or null"

    def read(self, place: Place) -> T:
        """Return the value at `place`."""
        return self.none if place.is_null else self.kind.read(place)

    def write(self, value: T) -> Plain:
        """Return null or the value's own form."""
        return None if value == self.none else self.kind.write(value)


class Listed(NamedTuple, Generic[T]):
    """A list of one kind; `least` is how many there must be."""

    kind: Kind[T]
    expected: str
    least: int = 0

    def read(self, place: Place) -> tuple[T, ...]:
        """Return the values in their order."""
        if not isinstance(place.node, ListNode) or len(place.node.items) < self.least:
            raise wrong(place, self.expected, "" if not isinstance(place.node, ListNode) else "it is empty")
        return tuple(every(self.kind, place.items()))

    def write(self, value: Iterable[T]) -> Plain:
        """Return the list of the values' own forms."""
        return [self.kind.write(item) for item in value]


class Several(NamedTuple, Generic[T]):
    """A list whose order means nothing."""

    listed: Listed[T]

    @property
    def expected(self) -> str:
        """As the list."""
        return self.listed.expected

    def read(self, place: Place) -> frozenset[T]:
        """Return the set of the values."""
        return frozenset(self.listed.read(place))

    def write(self, value: frozenset[T]) -> Plain:
        """Return the values' own forms, sorted."""
        return sorted((self.listed.kind.write(item) for item in value), key=str)


class Spread(NamedTuple):
    """A lower and an upper end, `[low, high]`."""

    kind: Kind[timedelta]
    expected: str

    def read(self, place: Place) -> tuple[timedelta, timedelta]:
        """Return both ends."""
        if not isinstance(place.node, ListNode) or len(place.node.items) != 2:
            raise wrong(place, self.expected)
        low, high = every(self.kind, place.items())
        if low > high:
            raise place.error("the lower end is above the upper one; exchange them")
        return low, high

    def write(self, value: tuple[timedelta, timedelta]) -> Plain:
        """Return both ends."""
        return [self.kind.write(end) for end in value]


REQUIRED: Any = object()
"""The default of a key that has none."""


class Key(NamedTuple, Generic[T]):
    """One key of a record: its kind, its default, and the sentence that describes it.

    `example` is another way to write it, for config.example.yaml.
    """

    name: str
    kind: Kind[T]
    default: T
    about: str
    example: str = ""


class Record(NamedTuple, Generic[T]):
    """A mapping with known keys, which become the arguments of `build`."""

    build: Callable[..., T]
    keys: tuple[Key[Any], ...]
    expected: str = "a mapping of keys and values"

    def defaults(self) -> T:
        """Return the record with all its defaults."""
        return self.build(**{key.name: key.default for key in self.keys})

    def read(self, place: Place) -> T:
        """Return the record at `place`, defaults filled in; nothing there means all defaults."""
        faults: list[Fault] = []
        value = self.gather(place, faults)
        if faults:
            raise ConfigError(*faults)
        return value

    def gather(self, place: Place, faults: list[Fault]) -> T:
        """Return the record as far as it can be read, defaults elsewhere, and add to `faults`."""
        if not isinstance(place.node, MappingNode) and not place.is_null:
            # Not quoted: `pin:1234` without its space would show the PIN.
            faults.append(place.fault(f"expected {self.expected}"))
            return self.defaults()
        given = unique(place, faults)
        faults.extend(self._strangers(given))
        return self.build(**{key.name: self._value(key, given, place, faults) for key in self.keys})

    def write(self, value: T) -> Plain:
        """Return the mapping that `read` would take."""
        return {key.name: key.kind.write(getattr(value, key.name)) for key in self.keys}

    def _strangers(self, given: Mapping[str, Entry]) -> Iterator[Fault]:
        known = sorted(key.name for key in self.keys)
        for name, entry in given.items():
            if name not in known:
                yield entry.name.fault(_unknown(name, known))

    @staticmethod
    def _value(key: Key[Any], given: Mapping[str, Entry], place: Place, faults: list[Fault]) -> Any:
        entry = given.get(key.name)
        if entry is None:
            if key.default is REQUIRED:
                faults.append(place.fault(f"{key.name} is missing: expected {key.kind.expected}"))
            return key.default
        if isinstance(key.kind, Record):
            return key.kind.gather(entry.value, faults)
        try:
            return key.kind.read(entry.value)
        except ConfigError as error:
            faults.extend(error.faults)
            return key.default


class Entry(NamedTuple):
    """One entry of a mapping: where its key and where its value stands."""

    name: Place
    value: Place


def unique(place: Place, faults: list[Fault]) -> dict[str, Entry]:
    """Return the entries of a mapping by name; what is no word or stands there twice is a fault."""
    found: dict[str, Entry] = {}
    for key, name, value in place.entries():
        if name is None:
            faults.append(key.fault("a key must be a word"))
        elif name in found:
            first = found[name].name.node.line
            faults.append(key.fault(f"{_shown(name)} stands here twice, first in line {first}; remove one"))
        else:
            found[name] = Entry(key, value)
    return found


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"there is no key {_shown(name)} here; {hint}"


def _shown(name: str) -> str:
    """Quote a key without its digits: a slip such as `pin1234:` would show the PIN."""
    return quoted(re.sub(r"[0-9]", "*", name))


class Short(NamedTuple, Generic[T]):
    """A record that may also be written as the value of its first key alone."""

    record: Record[T]

    @property
    def expected(self) -> str:
        """As the record."""
        return self.record.expected

    def read(self, place: Place) -> T:
        """Return the record, of which a single value is the first key."""
        if isinstance(place.node, MappingNode):
            return self.record.read(place)
        first, *others = self.record.keys
        return self.record.build(first.kind.read(place), *(key.default for key in others))

    def write(self, value: T) -> Plain:
        """Return the first key alone where all others have their defaults, else the mapping."""
        first, *others = self.record.keys
        if all(getattr(value, key.name) == key.default for key in others):
            return first.kind.write(getattr(value, first.name))
        return self.record.write(value)


class PriceList(NamedTuple):
    """The price of one part: one amount, or a mapping of countries with a default."""

    amount: Kind[int]
    country: Kind[str]
    expected: str = "an amount such as 0.16, or a mapping such as {default: 0.16, BE: 0.25}"

    def read(self, place: Place) -> Prices:
        """Return the prices in micro-units."""
        if place.is_null:
            raise wrong(place, self.expected)
        if not isinstance(place.node, MappingNode):
            return Prices(self.amount.read(place))
        faults: list[Fault] = []
        entries = unique(place, faults)
        if "default" not in entries:
            faults.append(place.fault("default is missing: the price for all countries that are not named"))
        for name, entry in entries.items():
            if name != "default":
                attempt(self.country, entry.name, faults)
        prices = {name: attempt(self.amount, entry.value, faults) for name, entry in entries.items()}
        if faults:
            raise ConfigError(*faults)
        known = {name: price for name, price in prices.items() if price is not None}
        return Prices(known.pop("default"), known)

    def write(self, value: Prices) -> Plain:
        """Return one amount where all countries cost the same, else the mapping."""
        default = self.amount.write(value.default)
        if not value.by_country:
            return default
        countries = {name: self.amount.write(price) for name, price in sorted(value.by_country.items())}
        return {"default": default, **countries}
