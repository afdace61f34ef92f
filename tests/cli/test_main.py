from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import click
import pytest

from relou_gateway import __version__
from relou_gateway.cli import VERBS, Verbs
from relou_gateway.cli.options import NoSuchRow, NotPossible

from .program import COMMAND, Program, process, surroundings


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_the_table_helps_and_takes_a_configuration(program: Program, verb: str) -> None:
    assert (0, True) == (program(verb, "--help"), "--config FILE" in program.out)


def test_the_list_of_verbs_has_a_sentence_for_each(program: Program) -> None:
    assert 0 == program("--help")
    assert all(
        f"{name} " in program.out and verb.sentence[:30] in program.out for name, verb in VERBS.items()
    )


def test_the_version_is_told(program: Program) -> None:
    assert (0, f"relou-gateway, version {__version__}\n") == (program("--version"), program.out)


def test_an_unknown_verb_is_wrong_use_and_the_nearest_is_named(program: Program) -> None:
    assert 2 == program("statsu")
    assert "there is no verb `statsu`; did you mean `status`?" in program.err


def test_hostile_bytes_in_an_argument_are_shown_harmlessly(tmp_path: Path) -> None:
    ended = process("\x1b[2J\udcff", folder=tmp_path)
    assert (2, False, True) == (ended.returncode, "\x1b" in ended.stderr, r"\x1b[2J\udcff" in ended.stderr)


def test_an_unknown_option_is_wrong_use(program: Program) -> None:
    assert 2 == program("config", "check", "--colour")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "good.yaml", "config", "show"],
        ["config", "--config", "good.yaml", "show"],
        ["config", "show", "--config", "good.yaml"],
        ["--config", "bad.yaml", "config", "show", "--config", "good.yaml"],
    ],
)
def test_the_configuration_may_be_named_before_or_after_the_verb(
    program: Program, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "good.yaml").write_text("throttle: {per_day: 7}")
    (tmp_path / "bad.yaml").write_text("throttle: 7")
    assert (0, "# good.yaml") == (program(*arguments), program.out.splitlines()[0])


def test_the_configuration_is_found_by_its_variable(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").touch()
    monkeypatch.setenv("RELOU_CONFIG", "mine.yaml")
    assert (0, "# mine.yaml") == (program("config", "show"), program.out.splitlines()[0])


@pytest.mark.parametrize("verb", ["status", "queue", "messages", "budget", "pause", "resume", "run"])
def test_faults_of_the_configuration_end_every_verb_with_one_line_each(
    program: Program, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "config.yaml").write_text("throttle: {per_day: x}\nbudget: {per_dy: 1}\n")
    assert (2, "") == (program(verb), program.out)
    assert [
        "config.yaml:1: throttle.per_day: expected a whole number from 1, found 'x'",
        "config.yaml:2: budget: there is no key 'per_dy' here; did you mean per_day?",
    ] == program.err.splitlines()


@pytest.mark.parametrize("verb", ["status", "run"])
def test_a_configuration_that_is_named_must_be_there(program: Program, verb: str) -> None:
    assert (2, "none.yaml: there is no such file\n") == (program(verb, "--config", "none.yaml"), program.err)


def test_faults_are_shown_harmlessly(program: Program, tmp_path: Path) -> None:
    name = "\x1b[2J\u202e.yaml"
    (tmp_path / name).write_text("a: 1")
    assert (2, r"\x1b[2J\u202e.yaml:1: there is no key 'a' here; known are ") == (
        program("status", "--config", name),
        program.err[:58],
    )


# --- exit codes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "code"),
    [(NotPossible("not now"), 1), (NoSuchRow("none such"), 3), (click.UsageError("no"), 2)],
)
def test_a_failure_has_its_exit_code(
    program: Program, monkeypatch: pytest.MonkeyPatch, failure: click.ClickException, code: int
) -> None:
    @click.command()
    def verb() -> None:
        raise failure

    monkeypatch.setattr(Verbs, "get_command", lambda *_: verb)
    assert (code, True) == (program("status"), failure.message in program.err)


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3), (True, 0), ("text", 0)])
def test_a_number_that_a_verb_returns_is_its_exit_code(
    program: Program, monkeypatch: pytest.MonkeyPatch, returned: object, code: int
) -> None:
    @click.command()
    def verb() -> object:
        return returned

    monkeypatch.setattr(Verbs, "get_command", lambda *_: verb)
    assert code == program("status")


# --- how it ends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["config", "show"], ["config", "show", "--json"], ["config", "example"], ["--help"]]
)
def test_a_reader_that_left_is_no_reason_to_complain(tmp_path: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=surroundings(tmp_path),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
    finally:
        os.close(writing)
    assert (1, b"") == (ended.returncode, ended.stderr)


ENDLESS = """
import signal, click
from relou_gateway.cli import Verbs, main

@click.command()
def verb():
    print("waiting", flush=True)
    while True:
        signal.pause()

Verbs.get_command = lambda *_: verb
main(["status"])
"""


def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    command = [COMMAND[0], "-c", ENDLESS]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=surroundings(tmp_path), stdout=pipe, stderr=pipe, text=True
    ) as waiting:
        try:
            assert waiting.stdout is not None
            assert "waiting\n" == waiting.stdout.readline()
            waiting.send_signal(signal.SIGINT)
            assert ("", "\n") == waiting.communicate(timeout=30)  # ends the line on which ^C stands
        finally:
            waiting.kill()
    assert 130 == waiting.returncode


# --- how fast it begins -------------------------------------------------------------------

HEAVY = {
    "yaml",
    "phonenumbers",
    "rich",
    "structlog",
    "apscheduler",
    "gammu",
    "sqlite3",
    "asyncio",
    "pydantic",
}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], set()),
        (["--version"], set()),
        (["config", "check"], {"yaml"}),
        (["config", "show", "--json"], {"yaml"}),
    ],
)
def test_a_verb_imports_only_what_it_needs(tmp_path: Path, arguments: list[str], expected: set[str]) -> None:
    (tmp_path / "config.yaml").write_text("senders: {country: BE, answer: [BE]}")
    code = f"""
import sys
from relou_gateway.cli import main
try:
    main({arguments!r})
except SystemExit:
    print(*sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)
"""
    ended = subprocess.run(
        [COMMAND[0], "-c", code],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert expected == set(ended.stderr.split())
