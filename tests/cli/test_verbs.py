"""What holds for every verb that works at the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .office import JULIEN, KARIM, Office, opened
from .program import Program

LISTS = (("queue",), ("messages",), ("budget",), ("status",), ("senders",))
SINGLE = (("credit",), ("queue", "show", "1"), ("why", "1"), ("why", "2"), ("senders", "show", KARIM))
WITH_JSON = (*LISTS, *SINGLE)
MOVES = (
    ("pause",),
    ("resume",),
    ("queue", "hold", "2"),
    ("queue", "cancel", "--above", "1"),
    ("queue", "settle", "1", "sent"),
    ("senders", "block", KARIM),
    ("senders", "unblock", KARIM),
    ("senders", "forget", KARIM),
)
ALL = (*WITH_JSON, *MOVES)


@pytest.fixture
def office(tmp_path: Path, program: Program) -> Iterator[Office]:
    """Reply 1 was sent, reply 2 waits."""
    with opened(tmp_path, program) as here:
        here.sent(KARIM)
        here.wrote(JULIEN)
        yield here


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_without_a_database_it_is_not_possible_and_says_how_it_will_be(
    program: Program, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "config.yaml").write_text("storage: {path: none.db}")
    assert 1 == program(*verb)
    assert (
        f"Error: {tmp_path / 'none.db'}: there is no database yet; `relou-gateway run` makes it\n"
        == program.err
    )


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_a_configuration_that_is_named_but_missing_is_wrong_use(
    program: Program, verb: tuple[str, ...]
) -> None:
    assert 2 == program(*verb, "--config", "nowhere.yaml")
    assert "nowhere.yaml" in program.err


@pytest.mark.parametrize("verb", WITH_JSON, ids=" ".join)
def test_the_configuration_may_stand_before_or_after_the_verb(
    office: Office, verb: tuple[str, ...], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    (tmp_path / "config.yaml").rename(elsewhere)
    before = office("--config", str(elsewhere), *verb, "--json")
    after = office(*verb, "--json", "--config", str(elsewhere))
    assert before == after != ""


@pytest.mark.parametrize("verb", WITH_JSON, ids=" ".join)
def test_times_are_iso_8601_in_utc_and_money_is_a_decimal_string(
    office: Office, verb: tuple[str, ...]
) -> None:
    for row in office.rows(*verb):
        for key, value in flat(row).items():
            if key.endswith("_at") and value is not None:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", str(value)), key
            if key in {"cost", "spent_day", "left_day"}:
                assert re.fullmatch(r"\d+\.\d\d+", str(value)), key


def flat(row: dict[str, object]) -> dict[str, object]:
    """Return a record and those inside it as one."""
    found = {key: value for key, value in row.items() if not isinstance(value, dict)}
    for value in row.values():
        if isinstance(value, dict):
            found |= flat(value)
    return found


@pytest.mark.parametrize("verb", WITH_JSON, ids=" ".join)
def test_in_a_pipe_nothing_is_cut_or_coloured(office: Office, verb: tuple[str, ...]) -> None:
    shown = office(*verb)
    assert (False, False) == ("\x1b" in shown, "…" in shown)
    assert all(line == line.rstrip() for line in shown.splitlines())


@pytest.mark.parametrize("verb", ALL, ids=" ".join)
def test_a_stray_word_is_wrong_use(office: Office, verb: tuple[str, ...]) -> None:
    assert 2 == office.program(*verb, "--colour")
