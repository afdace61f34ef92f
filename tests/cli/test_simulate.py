from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from relou_gateway.cli import plot

from .program import COMMAND, Program, surroundings

ORDINARY, FLOODER = "+33600000001", "+33760000002"
CONFIG = """
replies: {texts: ["Un non est un non."]}
throttle: {per_minute: null, per_hour: 30}
budget: {per_day: 1.60}
storage: {path: gateway.db}
"""


def line(minute: int, number: str, text: str | None = "Salut") -> str:
    record = {"at": f"2026-03-06T17:{minute:02}:00+00:00", "kind": "sms", "number": number, "text": text}
    if text is None:
        record |= {"kind": "call"}
        del record["text"]
    return json.dumps(record)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Two people, one of whom writes eleven times, and an operator, in a folder with a configuration."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "config.yaml").chmod(0o640)
    path = tmp_path / "evening.jsonl"
    lines = [line(0, ORDINARY), line(1, "ORANGE", "Votre facture"), line(2, ORDINARY, None)]
    lines += [line(3 + index, FLOODER, f"flood {index}") for index in range(11)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.json"
    path.write_text(json.dumps({ORDINARY: "ordinary", FLOODER: "flooder"}), encoding="utf-8")
    return path


def test_the_summary_for_programs_has_the_keys_of_the_interface(
    program: Program, trace: Path, truth: Path
) -> None:
    assert 0 == program("simulate", str(trace), "--truth", str(truth), "--json")
    record = program.json
    assert record.pop("wall_seconds") >= 0
    waits = record.pop("wait_seconds")
    assert {"median", "p90", "max"} == waits.keys()
    assert waits["median"] >= 180
    assert {
        "messages": 14,
        "senders": 3,
        "replies": {"sent": 2, "expired": 0, "failed": 0, "cancelled": 0},
        "parts": 2,
        "cost": "0.32",
        "currency": "EUR",
        "peak_day": {"cost": "0.32", "parts": 2, "messages": 2},
        "answered_senders": 2,
        "ordinary": {"senders": 1, "answered": 1, "answered_in_hour": 1},
        "flooders": {"senders": 1, "answered": 1},
    } == record


def test_without_a_truth_nobody_is_called_a_flooder(program: Program, trace: Path) -> None:
    program("simulate", str(trace), "--json")
    assert {"ordinary", "flooders"}.isdisjoint(program.json)


def test_people_get_a_small_table(program: Program, trace: Path, truth: Path) -> None:
    assert 0 == program("simulate", str(trace), "--truth", str(truth), "--policy", "none")
    assert "14 messages and calls of 3 senders" in program.out
    assert "2.24 EUR  at most 2.24 EUR in 24 h" in program.out
    assert "ordinary senders        1  1 (100.0%)      1 (100.0%)" in program.out
    assert "" == program.err


@pytest.mark.parametrize("policy", ["none", "caps", "full"])
def test_outcomes_are_one_line_each_and_the_same_again(
    program: Program, trace: Path, tmp_path: Path, policy: str
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    for target in (first, again):
        assert 0 == program(
            "simulate", str(trace), "--policy", policy, "--outcomes", str(target), "--seed", "7"
        )
    assert first.read_bytes() == again.read_bytes()
    records = [json.loads(each) for each in first.read_text().splitlines()]
    assert list(range(1, 15)) == [record["line"] for record in records]
    assert [ORDINARY, "ORANGE", ORDINARY, *[FLOODER] * 11] == [record["number"] for record in records]


def test_neither_the_database_nor_a_modem_is_touched(program: Program, trace: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    program("simulate", str(trace))
    assert before == sorted(tmp_path.iterdir())


def test_sends_take_what_is_said(program: Program, trace: Path, tmp_path: Path) -> None:
    target = tmp_path / "outcomes"
    program("simulate", str(trace), "--policy", "none", "--outcomes", str(target), "--send-seconds", "2.5")
    assert "2026-03-06T17:00:02.500000+00:00" == json.loads(target.read_text().splitlines()[0])["sent_at"]


# --- pictures -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "magic"), [("flood.png", b"\x89PNG"), ("flood.SVG", b"<?xml")])
@pytest.mark.parametrize("options", [[], ["--policy", "none", "--truth", "truth.json"]])
def test_a_picture_is_drawn_and_is_the_same_again(
    program: Program, trace: Path, truth: Path, tmp_path: Path, name: str, magic: bytes, options: list[str]
) -> None:
    assert truth.exists()
    drawn = []
    for _ in range(2):
        assert 0 == program("simulate", str(trace), "--plot", name, *options)
        drawn.append((tmp_path / name).read_bytes())
    assert drawn[0].startswith(magic)
    assert drawn[0] == drawn[1]


def test_a_picture_tells_its_shape_and_figures_and_reads_no_formula_in_a_name(
    program: Program, trace: Path, tmp_path: Path
) -> None:
    trace.rename(tmp_path / "$x^2$<b>.jsonl")
    assert 0 == program("simulate", "$x^2$<b>.jsonl", "--plot", "flood.svg")
    drawn = (tmp_path / "flood.svg").read_text(encoding="utf-8")
    assert "$x^2$&lt;b&gt;" in drawn
    assert "2 of 3 senders answered" in drawn
    assert "<b>" not in drawn


def test_an_empty_trace_gives_zeros_and_an_empty_picture(
    program: Program, trace: Path, tmp_path: Path
) -> None:
    trace.write_text("")
    assert 0 == program("simulate", str(trace), "--json", "--plot", "flood.png")
    assert (0, "0.00", {"median": None, "p90": None, "max": None}) == (
        program.json["messages"],
        program.json["cost"],
        program.json["wait_seconds"],
    )
    assert (tmp_path / "flood.png").exists()


def test_a_missing_matplotlib_is_said_before_the_work(
    program: Program, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plot, "find_spec", lambda _name: None)
    assert 1 == program("simulate", str(trace), "--plot", "flood.png")
    assert "Error: --plot needs matplotlib: pip install 'relou-gateway[plot]'\n" == program.err


def test_a_picture_has_one_of_two_endings(program: Program, trace: Path) -> None:
    assert 2 == program("simulate", str(trace), "--plot", "flood.jpg")
    assert "expected a name that ends in .png or .svg" in program.err


# --- what can be wrong --------------------------------------------------------------------


def test_every_fault_of_a_trace_is_named_and_made_harmless(program: Program, trace: Path) -> None:
    with trace.open("a") as more:
        more.write('{"at": "2026", "kind": "sms"}\n{"at": "2026-03-06T17:30:00Z", "kind": "\x1b[2J"}\n')
    assert (2, "") == (program("simulate", str(trace)), program.out)
    assert [f"{trace}:15: at", f"{trace}:16: not JSON"] == [
        each.rsplit(": ", 1)[0] for each in program.err.splitlines()
    ]


def test_a_bad_truth_is_refused(program: Program, trace: Path, truth: Path) -> None:
    truth.write_text('{"+33600000001": "\\u001b]0;troll"}')
    assert 2 == program("simulate", str(trace), "--truth", str(truth))
    assert f"{truth}: +33600000001: expected ordinary or flooder\n" == program.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "which TRACE?"),
        (["absent.jsonl"], 1, "absent.jsonl: No such file or directory"),
        (["evening.jsonl", "--outcomes", "absent/outcomes"], 1, "absent: there is no such directory"),
        (["evening.jsonl", "--policy", "all"], 2, "--policy"),
        (["evening.jsonl", "--send-seconds", "-1"], 2, "--send-seconds"),
        (["evening.jsonl", "--out", "there"], 2, "--out belongs to --invent"),
        (["evening.jsonl", "--invent", "forum"], 2, "it reads none"),
        (["--invent", "forum"], 2, "--out DIR"),
        (["--invent", "storm", "--out", "there"], 2, "there is no shape 'storm'; there are"),
    ],
)
@pytest.mark.usefixtures("trace")
def test_wrong_use_is_said(program: Program, arguments: list[str], code: int, said: str) -> None:
    assert code == program("simulate", *arguments)
    assert said in program.err


# --- invented traces ----------------------------------------------------------------------


def test_an_invented_trace_can_be_simulated(program: Program, tmp_path: Path) -> None:
    assert 0 == program("simulate", "--invent", "one-ordinary", "--out", "there", "--seed", "3")
    trace, truth = tmp_path / "there" / "trace.jsonl", tmp_path / "there" / "truth.json"
    assert 0 == program("simulate", str(trace), "--truth", str(truth), "--policy", "none", "--json")
    assert (2200, 1500) == (program.json["ordinary"]["senders"], program.json["flooders"]["senders"])


def test_the_shapes_are_listed(program: Program) -> None:
    assert 0 == program("simulate", "--invent", "list")
    assert "forum " in program.out


# --- on a terminal ------------------------------------------------------------------------


def test_a_terminal_sees_the_progress_on_standard_error(trace: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "simulate", str(trace), "--json"],
        cwd=tmp_path,
        env={**surroundings(tmp_path), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert b"simulating" in shown
    assert 14 == json.loads(done.stdout)["messages"]
