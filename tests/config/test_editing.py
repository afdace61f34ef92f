"""Changing keys in a file that people wrote: they mean what was wanted, and all else stays as it was."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.config.document import parse
from relou_gateway.config.editing import CannotEdit, edited
from relou_gateway.config.faults import Fault
from relou_gateway.config.schema import ROOT
from relou_gateway.config.settings import LogLevel, Sections
from relou_gateway.config.writing import commented, example
from relou_gateway.rules.policy import KeepAlive, Prices, Text

EXAMPLE = example()

BY_HAND = """\
# ours, by hand
senders:   # who
    country: FR   # home
    answer:
    - FR          # and
    - BE          # these

    # nobody else
    never: [
      "+3370*",   # marketing
    ]

budget: {per_day: 16.00, price: {default: 0.16}}  # cheap
replies:
  texts:
    - |
      Non,
      c’est non.
    # the second
    - {text: "Nee", countries: [BE]}
  gsm7: yes
# the end"""

VALUES: dict[str, dict[str, list[Any]]] = {
    "senders": {
        "country": ["BE", "NO"],
        "answer": [frozenset({"NO", "FR"})],
        "never": [(), ("+3370*", "+33612345678")],
        "own": [("+33612345678",)],
    },
    "budget": {
        "currency": ["CHF"],
        "price": [Prices(250_000), Prices(1, {"BE": 2})],
        "per_day": [None, 20_000_000],
    },
    "replies": {
        "delay": [(timedelta(minutes=5), timedelta(minutes=6))],
        "texts": [
            (Text("# : - 'x' \"y\" \\ {a} [b] & * ! | > % @ `"),),
            (Text("a\nb"), Text("Nein", frozenset({"DE"}))),
        ],
        "gsm7": [False],
    },
    "throttle": {"recipients_per_month": [None, 99]},
    "modem": {
        "pin_file": [Path("/etc/relou-gateway/pin"), None],
        "device": ["/dev/serial/by-id/usb-HUAWEI_E173: #1"],
        "keep_alive": [KeepAlive("+33612345678", timedelta(days=60), "all is well")],
    },
}


def meant(text: str) -> Sections:
    faults: list[Fault] = []
    sections = ROOT.gather(parse(text, Path("/etc/config.yaml")), faults)
    assert [] == faults, text
    return sections


def with_values(sections: Sections, values: dict[str, dict[str, Any]]) -> Sections:
    changed = {}
    for name, keys in values.items():
        section = getattr(sections, name)
        fields = {field: getattr(section, field) for field in section.__dataclass_fields__}
        changed[name] = type(section)(**(fields | keys))
    return sections._replace(**changed)


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    names = [(section, key) for section, keys in VALUES.items() for key in keys]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    found: dict[str, dict[str, Any]] = {}
    for section, key in chosen:
        found.setdefault(section, {})[key] = draw(st.sampled_from(VALUES[section][key]))
    return found


@given(text=st.sampled_from([EXAMPLE, BY_HAND, "", "# nothing yet", "log: {level: debug}"]), values=wishes())
def test_what_is_set_is_what_the_file_means_then_and_nothing_else_changes(
    text: str, values: dict[str, dict[str, Any]]
) -> None:
    assert with_values(meant(text), values) == meant(edited(text, values))


@given(values=wishes())
def test_the_same_once_more_changes_nothing(values: dict[str, dict[str, Any]]) -> None:
    once = edited(BY_HAND, values)
    assert meant(once) == meant(edited(once, values))


@given(values=wishes())
def test_no_comment_is_lost_but_those_within_a_list_that_is_replaced(
    values: dict[str, dict[str, Any]],
) -> None:
    kept = {"# ours, by hand", "# who", "# home", "# nobody else", "# cheap", "# the end"}
    text = edited(BY_HAND, values)
    assert set() == {comment for comment in kept if comment not in text}


def test_a_value_is_replaced_where_it_stands() -> None:
    text = edited(BY_HAND, {"senders": {"country": "BE", "answer": frozenset({"BE"})}})
    assert "    country: BE   # home\n    answer:\n    - BE          # these\n\n    # nobody else\n" in text


def test_a_key_that_is_not_there_comes_with_its_sentence() -> None:
    text = edited(BY_HAND, {"senders": {"lifetime": 3}, "log": {"level": LogLevel.DEBUG}})
    assert "\n    # How many answers a number can get, ever; null: any number.\n    lifetime: 3\n" in text
    assert text.endswith(
        "# the end\n\n# What is logged.\nlog:\n"
        "  # From which level on: debug, info, warning or error.\n  level: debug\n"
    )


@pytest.mark.parametrize(
    "text",
    ["{senders: {country: FR}}", "senders: FR", "senders:", "senders: {country: FR, country: BE}", "a: ["],
)
def test_what_cannot_be_changed_key_by_key_is_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        edited(text, {"senders": {"country": "BE"}})


# --- the whole file -----------------------------------------------------------------------


@given(values=wishes())
def test_a_commented_file_means_what_was_wanted_and_has_every_sentence_of_the_example(
    values: dict[str, dict[str, Any]],
) -> None:
    wanted = with_values(ROOT.defaults(), values)
    text = commented(wanted)
    assert wanted == meant(text)
    sentences = re.findall(r"^ *# .*$", EXAMPLE, re.MULTILINE)[1:]
    assert [] == [each for each in sentences if each not in text]


def test_a_pin_is_never_written() -> None:
    with pytest.raises(ValueError, match="pin_file"):
        commented(with_values(ROOT.defaults(), {"modem": {"pin": "4711"}}))
