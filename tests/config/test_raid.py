"""The section of raids: what it becomes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from relou_gateway.config import load
from relou_gateway.config.schema import ROOT
from relou_gateway.config.values import DURATION
from relou_gateway.config.writing import as_file
from relou_gateway.rules.vigilance import Vigilance

from .reader import faults_of, settings_of, warnings_of

LENGTHS = "it must be longer than nothing and no longer than ten years"
GIVEN = """\
raid:
  strangers_per_day: 40
  words: [forum, "raid!"]
  suspicious: -1.5
  kept_share: 0.5
  carry_days: 0
  delay: [10m, 30m]
  mute_after: null
  mute_for: 2h
  senders: 500
"""


def test_what_is_given_is_what_the_rules_get(tmp_path: Path) -> None:
    minutes = timedelta(minutes=1)
    assert (
        Vigilance(
            strangers_per_day=40.0,
            words=("forum", "raid!"),
            suspicious=-1.5,
            kept_share=0.5,
            carry_days=0.0,
            delay=(10 * minutes, 30 * minutes),
            mute_after=None,
            mute_for=120 * minutes,
            senders=500,
        )
        == settings_of(tmp_path, GIVEN).policy.raid
    )


def test_nothing_given_means_the_measured_defaults_and_the_strangers_of_the_caps() -> None:
    assert replace(Vigilance(), strangers_per_day=8.32) == load(None).policy.raid


def test_null_strangers_are_reckoned_from_the_caps_of_the_file(tmp_path: Path) -> None:
    text = """\
        throttle: {per_day: 240, per_hour: null, per_minute: null, recipients_per_month: null}
        budget: {per_day: null, per_month: null}
        raid: {strangers_per_day: null}
        """
    assert 192.0 == settings_of(tmp_path, text).policy.raid.strangers_per_day


def test_settings_say_what_the_strangers_came_to() -> None:
    settings = load(None)
    assert "\n  strangers_per_day: 8.32\n" in as_file(settings)
    written = ROOT.write(settings.sections())
    assert isinstance(written, dict)
    assert isinstance(written["raid"], dict)
    assert 8.32 == written["raid"]["strangers_per_day"]


def test_what_is_written_means_the_same(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, GIVEN)
    assert settings.sections() == settings_of(tmp_path, as_file(settings)).sections()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "strangers_per_day: 0",
            "expected a number above 0 such as 12, found '0': it must be above 0",
        ),
        ("alarm: 0", "expected a number above 0 such as 12, found '0': it must be above 0"),
        ("alarm: -3", "expected a number above 0 such as 12, found '-3': it must be above 0"),
        ("all_clear: 0", "expected a number above 0 such as 12, found '0': it must be above 0"),
        ("surge_factor: 1", "expected a factor above 1 such as 2.5, found '1': it must be above 1"),
        ("kept_share: 1.1", "expected a share from 0 to 1 such as 0.25, found '1.1': it must be from 0 to 1"),
        ("callers_share: 2", "expected a share from 0 to 1 such as 0.25, found '2': it must be from 0 to 1"),
        ("mute_after: 1", "a raid would mute everyone who writes; null mutes nobody"),
        (
            "mute_for: 0s",
            f"expected {DURATION.expected}, found '0s': {LENGTHS}",
        ),
        (
            "mute_for: 91d",
            "storage.keep is shorter than raid.mute_for: numbers are forgotten too soon",
        ),
        (
            "delay: [10m, 12h]",
            "a reply would expire before its delay is over; replies.expire must be longer",
        ),
        ("delay: [30m, 10m]", "the lower end is above the upper one; exchange them"),
        ("words: forum", "expected a list of words such as [forum, raid], found 'forum'"),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(tmp_path: Path, line: str, told: str) -> None:
    key = line.partition(":")[0]
    [fault] = faults_of(tmp_path, f"log: {{}}\nraid:\n  {line}\n")
    assert f"config.yaml:3: raid.{key}: {told}" == fault


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("delay: [30s, 10m]", ["raid.delay"]),
        ("delay: [10m, 30m]", []),
        ("mute_after: 3", ["raid.mute_after"]),
        ("mute_after: 6", []),
        ("kept_share: 1", ["raid.kept_share"]),
        ("carry_days: 0", []),
    ],
)
def test_what_may_hurt_ordinary_people_deserves_a_word(tmp_path: Path, line: str, keys: list[str]) -> None:
    assert keys == warnings_of(tmp_path, f"raid: {{{line}}}")
