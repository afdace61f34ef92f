from __future__ import annotations

import re
from pathlib import Path

import pytest

from relou_gateway.config import load
from relou_gateway.config.kinds import Record
from relou_gateway.config.schema import BALANCE, ROOT, TEXT
from relou_gateway.config.writing import example

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"

KEYS = [
    f"{section.name}.{key.name}"
    for section in ROOT.keys
    if isinstance(section.kind, Record)
    for key in section.kind.keys
]


def test_the_example_is_what_the_table_of_keys_writes() -> None:
    assert example() == EXAMPLE.read_text(encoding="utf-8"), (
        "relou-gateway config example > config.example.yaml"
    )


def test_the_example_means_exactly_the_defaults() -> None:
    assert load(None).sections() == load(EXAMPLE).sections()


def test_the_example_holds_every_key() -> None:
    assert set(KEYS) == load(EXAMPLE).given


def test_the_example_deserves_no_warning() -> None:
    assert () == load(EXAMPLE).warnings


@pytest.mark.parametrize("key", [*(key.name for key in ROOT.keys), *KEYS])
def test_above_every_key_of_the_example_stands_a_sentence(key: str) -> None:
    *section, name = key.split(".")
    lines = example().splitlines()
    start = lines.index(f"{section[0]}:") + 1 if section else 0
    indent = "  " if section else ""
    place = next(n for n in range(start, len(lines)) if lines[n].startswith(f"{indent}{name}:"))
    assert lines[place - 1].startswith(f"{indent}# ")


@pytest.mark.parametrize("name", [key.name for record in (BALANCE, TEXT) for key in record.keys])
def test_the_keys_of_inner_mappings_stand_in_a_comment(name: str) -> None:
    assert re.search(rf"^ +#.*\b{name}: ", example(), re.MULTILINE)


def test_what_the_comments_offer_is_accepted(tmp_path: Path) -> None:
    offered = {
        "texts": '["Non", {text: "Hallo! …", countries: [BE, DE]}]',
        "price": "{default: 0.16, BE: 0.25}",
        "balance": '{ussd: "#123#"}',
    }
    text = example()
    for name, value in offered.items():
        text = re.sub(rf"^  {name}:.*\n(    .*\n)*", f"  {name}: {value}\n", text, flags=re.MULTILINE)
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("answer: [FR]", "answer: [FR, BE]"), encoding="utf-8")
    settings = load(path)
    assert (2, 250_000, "#123#") == (
        len(settings.policy.replies.texts),
        settings.policy.budget.price.of("BE"),
        settings.policy.budget.balance and settings.policy.budget.balance.ussd,
    )
