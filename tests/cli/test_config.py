from __future__ import annotations

from pathlib import Path

import pytest

from relou_gateway.config import load
from relou_gateway.config.writing import as_file, example

from .program import Program


def configure(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    return path


# --- check --------------------------------------------------------------------------------


def test_check_says_that_there_is_no_fault(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, "")
    assert (0, "config.yaml: no faults\n", "") == (program("config", "check"), program.out, program.err)


def test_check_names_every_fault_and_exits_with_2(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, "log: {level: loud}\nstorage: {max: 2}\n")
    assert (2, "") == (program("config", "check"), program.out)
    assert ["config.yaml:1: log.level", "config.yaml:2: storage.max"] == [
        line.rsplit(": expected", 1)[0] for line in program.err.splitlines()
    ]


def test_check_warns_and_exits_with_0(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, "modem: {calls: hang_up}")
    warning = "warning: who is hung up on at once knows that this is no ordinary phone"
    assert (0, f"config.yaml:1: modem.calls: {warning}\nconfig.yaml: no faults\n") == (
        program("config", "check"),
        program.out,
    )


def test_check_without_a_configuration_is_not_possible(program: Program) -> None:
    assert 1 == program("config", "check")
    assert "there is no configuration" in program.err


def test_check_gives_faults_as_json(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, "log: 1\n")
    fault = {"line": 1, "key": "log", "message": "expected a mapping of keys and values"}
    assert (2, {"path": "config.yaml", "faults": [fault], "warnings": []}) == (
        program("config", "check", "--json"),
        program.json,
    )


def test_check_gives_warnings_as_json(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, "log: {numbers: full}\n")
    assert 0 == program("config", "check", "--json")
    assert (["log.numbers"], []) == (
        [each["key"] for each in program.json["warnings"]],
        program.json["faults"],
    )


# --- show ---------------------------------------------------------------------------------

GIVEN = """\
modem: {pin: 4711}
replies:
  texts:
    - "C’est non."
    - {text: "Nein 🙂", countries: [DE]}
senders: {answer: [FR, DE]}
budget: {price: {default: 0.16, DE: 0.25}, per_day: 8.00}
"""


def test_show_gives_every_key_and_marks_the_defaults(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, GIVEN)
    assert 0 == program("config", "show")
    lines = program.out.splitlines()
    for line in (
        "# config.yaml",
        "  device: auto  # default",
        '  texts: ["C’est non.", {text: "Nein 🙂", countries: [DE]}]',
        "  answer: [DE, FR]",
        "  price: {default: 0.16, DE: 0.25}",
        "  per_day: 8.00",
        "  per_month: 100.00  # default",
        "  strangers_per_day: 10.67  # default",
        "  keep: 90d  # default",
    ):
        assert line in lines


def test_show_never_shows_the_pin(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, GIVEN)
    program("config", "show")
    text = program.out
    program("config", "show", "--json")
    assert ("set", False, True) == (
        program.json["settings"]["modem"]["pin"],
        "4711" in text + program.out,
        "  pin: set" in text.splitlines(),
    )


def test_show_does_not_read_the_pin_file(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, "modem: {pin_file: none}")
    assert (0, True) == (program("config", "show"), f"  pin_file: {tmp_path}/none\n" in program.out)


def test_show_tells_what_an_answer_costs_and_how_many_may_go(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, GIVEN)
    program("config", "show")
    table = program.out.split("\n\n")[1].splitlines()
    dear = ["0.25 EUR", "32 (budget.per_day)", "400 (throttle.recipients_per_month, budget.per_month)"]
    cheap = ["0.16 EUR", "50 (budget.per_day)", "400 (throttle.recipients_per_month)"]
    assert [
        ["ANSWER", "TO", "PARTS", "COST", "MOST A DAY", "MOST IN 30 DAYS"],
        ["texts[0]", "DE", "1", *dear],
        ["texts[0]", "FR", "1", *cheap],
        ["texts[1]", "DE", "1", *dear],
    ] == [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in table]


def test_show_names_the_characters_that_cost_more(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, GIVEN)
    program("config", "show")
    because = "one SMS holds 70 characters instead of 160, because of U+1F642 SLIGHTLY SMILING FACE"
    assert [
        ["texts[0] goes in GSM 7-bit as: C'est non."],
        ["texts[1] goes in UCS-2 as: Nein 🙂", f"  {because}"],
    ] == [paragraph.splitlines() for paragraph in program.out.split("\n\n")[2:]]


def test_show_tells_what_rewriting_saves(program: Program) -> None:
    assert (0, True) == (
        program("config", "show"),
        "  5 parts as typed, 2 as it goes" in program.out.splitlines(),
    )


def test_show_without_a_configuration_shows_the_defaults(program: Program) -> None:
    assert (0, "# no configuration: all defaults") == (program("config", "show"), program.out.splitlines()[0])


def test_show_gives_all_of_it_as_one_json_object(program: Program, tmp_path: Path) -> None:
    configure(tmp_path, GIVEN)
    assert 0 == program("config", "show", "--json")
    shown = program.json
    assert ("config.yaml", "EUR") == (shown["path"], shown["currency"])
    assert ["budget.per_day", "budget.price", "modem.pin", "replies.texts", "senders.answer"] == shown[
        "given"
    ]
    assert {"keep": "90d", "max": "2GB", "path": "/var/lib/relou-gateway/gateway.db"} == shown["settings"][
        "storage"
    ]
    assert {
        "typed": "Nein 🙂",
        "text": "Nein 🙂",
        "alphabet": "UCS-2",
        "parts": 1,
        "characters": 6,
        "septets": None,
        "forcing": ["U+1F642 SLIGHTLY SMILING FACE"],
        "parts_as_typed": 1,
        "countries": [
            {
                "country": "DE",
                "cost": "0.25",
                "per_day": 32,
                "per_day_because": ["budget.per_day"],
                "per_month": 400,
                "per_month_because": ["throttle.recipients_per_month", "budget.per_month"],
            }
        ],
    } == shown["texts"][1]


def test_show_says_where_no_cap_holds(program: Program, tmp_path: Path) -> None:
    keys = ("per_minute", "per_hour", "per_day", "recipients_per_month")
    throttle = ", ".join(f"{key}: null" for key in keys)
    configure(tmp_path, f"throttle: {{{throttle}}}\nbudget: {{per_day: ~, per_month: ~}}\n")
    program("config", "show")
    assert 2 == program.out.count("no cap")


# --- example, and writing -----------------------------------------------------------------


def test_example_prints_a_whole_configuration(program: Program) -> None:
    assert (0, example()) == (program("config", "example"), program.out)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GIVEN.replace("4711", "null"),
        'budget: {balance: {ussd: "#123#"}, per_day: null}',
        'replies: {texts: ["null", "~", "a: b # c", "- x", "|"]}',
        'replies: {stop_words: ["NO", "null", "🛑", "a\\\\b"]}\nmodem: {pin_file: "x y#z"}',
    ],
)
def test_settings_that_are_written_as_a_file_mean_the_same(tmp_path: Path, text: str) -> None:
    settings = load(configure(tmp_path, text))
    assert settings.sections() == load(configure(tmp_path, as_file(settings))).sections()


def test_a_pin_is_never_written_to_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a PIN is never written"):
        as_file(load(configure(tmp_path, GIVEN)))
