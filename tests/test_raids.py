"""The comparison of docs/raids.md: what it counts, what it checks, and where it writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.raids import promises, report, runs
from benchmarks.raids.__main__ import main
from benchmarks.raids.report import BEGIN, END, TARGETS, Target, met, write
from benchmarks.raids.runs import Figures, Run
from relou_gateway.config import Settings
from relou_gateway.invent import SHAPES, Scene
from relou_gateway.invent.people import START, ordinary_days
from relou_gateway.invent.raiders import burst, flood_text, raid
from relou_gateway.rules.records import Kind, Ruling, Status
from relou_gateway.simulation import Answer, Group, Outcome, Policy, TraceLine
from tests.support.world import mobile

PAGE = Path(__file__).resolve().parents[1] / "docs" / "raids.md"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEND = timedelta(seconds=4)


def tiny(scene: Scene) -> None:
    """Two days with twenty ordinary senders each, and fifteen raiders in the evening of the second."""
    ordinary_days(scene, 2, 20)
    start = START + DAY + 9 * HOUR
    raid(scene, start, 3 * HOUR)
    for each in range(15):
        burst(scene, start + each * 10 * MINUTE, scene.fresh_number("flooder"), 4, 30, flood_text)


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(SHAPES, "tiny", tiny)
    (tmp_path / "raids.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return tmp_path


# --- the short form -----------------------------------------------------------------------


def test_the_command_plays_a_shape_and_writes_table_and_pictures(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["--shape", "tiny", "--jobs", "1", "--docs", str(docs)])
    page = (docs / "raids.md").read_text(encoding="utf-8")
    assert page == f"before\n{BEGIN}\n\n{capsys.readouterr().out.strip()}\n\n{END}\nafter\n"
    shares = r" \| ".join([r"\d\.\d{3} / \d\.\d{3}"] * 4)
    assert re.search(rf"\| `tiny` \| 40 \| {shares} \| – \|", page)
    assert "All of it held." in page
    (picture,) = (docs / "raids").iterdir()
    assert ("tiny-full", True) == (picture.stem, picture.stat().st_size < runs.LARGEST_SVG)


def test_the_same_run_gives_the_same_figures(docs: Path) -> None:
    assert docs.is_dir()
    one, again = (runs.play(Run("tiny", Policy.FULL, 7)) for _ in range(2))
    assert replace(one, seconds=0) == replace(again, seconds=0)


def test_the_page_has_the_marks_and_a_word_on_every_shape() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert (1, 1) == (page.count(BEGIN), page.count(END))
    assert [] == [shape for shape in SHAPES if f"`{shape}`" not in page]


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "raids.md"
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match=r"raids\.md has no"):
        write(page, "text")
    assert "no marks" == page.read_text(encoding="utf-8")


# --- counting -----------------------------------------------------------------------------


def test_the_assumptions_are_those_of_the_targets() -> None:
    policy = runs.settings_of("forum").policy
    assert (4 * MINUTE, 10 * MINUTE, 6 * HOUR) == (*policy.replies.delay, policy.replies.expire)
    assert (240, None, None) == (policy.throttle.per_day, policy.throttle.per_hour, policy.budget.per_day)
    assert 200 == runs.settings_of("month").policy.throttle.recipients_per_month


def test_every_target_is_of_a_shape() -> None:
    assert set(TARGETS) <= set(SHAPES)


@pytest.mark.parametrize(
    ("target", "answered", "in_hour", "expected"),
    [
        (Target(0.985, 0.95), 985, 950, True),
        (Target(0.985, 0.95), 984, 950, False),
        (Target(0.985, 0.95), 985, 949, False),
        (Target(0.60, None), 600, 0, False),
        (Target(0.60, None), 601, 0, True),
    ],
)
def test_a_target_is_met_or_missed_by_one_sender(
    target: Target, answered: int, in_hour: int, expected: bool
) -> None:
    assert expected == met(target, Group(1000, answered, in_hour))


def figures(policy: Policy, cost: int) -> Figures:
    group = Group(10, 9, 8)
    return Figures(Run("forum", policy, 101), cost, cost, group, group, group, (), 1.0)


def test_more_money_than_under_the_caps_breaks_a_promise() -> None:
    found = [figures(Policy.CAPS, 160_000), figures(Policy.FULL, 320_000)]
    assert ["forum, seed 101, full: 0.32 spent, 0.16 under the caps alone"] == list(report.broken(found))
    assert "**Broken promises:**" in report.report(found)


# --- promises -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settings() -> Settings:
    """Two answers in an hour, and three recipients in a month."""
    settings = runs.settings_of("forum")
    throttle = replace(settings.policy.throttle, per_day=None, per_hour=2, recipients_per_month=3)
    return replace(settings, policy=replace(settings.policy, throttle=throttle))


def outcome(line: int, minutes: float, number: str, sent: float | None) -> Outcome:
    """A text, and the answer that it scheduled if one was sent; times are minutes."""
    at = START + minutes * MINUTE
    answer = None if sent is None else Answer(Status.SENT, START + sent * MINUTE, 1, 160_000)
    ruling = Ruling.JOINED if answer is None else Ruling.REPLY
    return Outcome(TraceLine(line, at, Kind.SMS, number, "Salut"), number, ruling, "", answer)


def faults(settings: Settings, outcomes: Sequence[Outcome]) -> list[str]:
    return promises.broken(outcomes, settings, SEND)


def test_a_good_run_breaks_nothing(settings: Settings) -> None:
    sent = [outcome(each, 60 * each, mobile(each), 60 * each + 5) for each in range(3)]
    assert [] == faults(settings, sent)


def test_a_cap_that_one_window_passes_is_named(settings: Settings) -> None:
    sent = [outcome(each, each, mobile(each), each + 5) for each in range(3)]
    assert ["3 answers in an hour, allowed are 2"] == faults(settings, sent)


def test_windows_are_half_open(settings: Settings) -> None:
    sent = [outcome(each, 30 * each, mobile(each), 30 * each + 5) for each in range(3)]
    assert [] == faults(settings, sent)


def test_one_recipient_too_many_is_named(settings: Settings) -> None:
    sent = [outcome(each, 60 * each, mobile(each), 60 * each + 5) for each in range(4)]
    assert ["4 recipients in a month, allowed are 3"] == faults(settings, sent)


@pytest.mark.parametrize(
    ("number", "whose"),
    [
        ("38105", "short_code of None"),
        ("INFO SMS", "name of None"),
        ("+33899123456", "premium of FR"),
        ("+33140123456", "fixed of FR"),
        ("+4915112345678", "person of DE"),
    ],
)
def test_whoever_must_never_be_answered_is_named(settings: Settings, number: str, whose: str) -> None:
    assert [f"line 1: answered {whose}"] == faults(settings, [outcome(1, 0, number, 5)])


@pytest.mark.parametrize(
    ("latest", "sent", "expected"),
    [
        (3, 7, []),
        (3, 6, ["line 1: answered 0:01:00 before its delay was over"]),
        (28, 30, []),  # for no longer than half an hour after the first
        (28, 29, ["line 1: answered 0:01:00 before its delay was over"]),
    ],
)
def test_an_answer_before_its_delay_is_named(
    settings: Settings, latest: float, sent: float, expected: list[str]
) -> None:
    wrote = [outcome(1, 0, mobile(1), sent), outcome(2, latest, mobile(1), None)]
    assert expected == faults(settings, wrote)


def test_what_was_not_seen_in_time_excuses_an_answer(settings: Settings) -> None:
    unseen = 5 - (SEND + settings.modem.poll) / MINUTE + 0.01
    assert [] == faults(settings, [outcome(1, 0, mobile(1), 5), outcome(2, unseen, mobile(1), None)])


def test_a_second_answer_in_the_cooldown_is_named(settings: Settings) -> None:
    wrote = [outcome(1, 0, mobile(1), 5), outcome(2, 3 * DAY / MINUTE, mobile(1), 3 * DAY / MINUTE + 5)]
    assert [f"{mobile(1)}: answered again after 3 days, 0:00:00"] == faults(settings, wrote)
