"""What strangers can put into a message arrives, is kept, and harms no terminal and no program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.daemon import Service, service
from tests.support.terminal import seen_on_a_terminal

KARIM = "+33612345678"
LONG = "".join(f"{number:04} é€~[{{|}}]\\^ 🌹 " for number in range(170))
"""Some 40 parts, with all that is hard to cut."""

TEXTS = {
    "an escape sequence": "vous êtes\x1b[2J\x1b]0;piraté\x07 nuls",
    "a NUL": "avant\x00après",
    "C1 controls": "a\x9b31mb\x85c",
    "reversed text": "gnp.\u202egpj.exe\u2066x\u2069",
    "nothing to see": "\u200b\u2060\u00ad",
    "line ends": "un\r\ndeux\u2028trois\u2029quatre",
    "half an emoji": "coupé \ud83d",
    "a formula": '=HYPERLINK("http://x";"y")',
    "SQL": "'); DROP TABLE inbox;--",
    "markup": "[bold red]gras[/] {0} %s $(reboot) `id`",
    "JSON": '"},{"event": "daemon.stopped"}',
    "a long text": LONG,
}
NAMES = {"a\r\nbc": "a\r\nbc", "[2J€": "\x1b<2J\x1be", "'; --": "'; --"}
"""Senders' names, and how libGammu shows them: it leaves escapes of the GSM alphabet as they are."""

HARMFUL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]"
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One gateway that got all of it."""
    with service(tmp_path_factory.mktemp("hostile")) as here:
        for text in TEXTS.values():
            here.modem.deliver(KARIM, text)
        for name in NAMES:
            here.modem.deliver(name, f"de {name!r}")
        here.wait_for("verdict.given", count=len(TEXTS) + len(NAMES))
        yield here


@pytest.fixture(scope="module")
def rows(gateway: Service) -> list[dict[str, Any]]:
    """What `messages --json` tells of it."""
    return gateway.rows("messages")


@pytest.mark.parametrize("what", TEXTS)
def test_a_hostile_text_arrives_whole(rows: list[dict[str, Any]], what: str) -> None:
    texts = [row["text"] for row in rows if row["number"] == KARIM]
    assert TEXTS[what].replace("\ud83d", "\N{REPLACEMENT CHARACTER}") in texts


def test_a_hostile_name_arrives_whole_and_is_not_answered(rows: list[dict[str, Any]]) -> None:
    assert sorted((name, "declined") for name in NAMES.values()) == sorted(
        (row["number"], row["verdict"]) for row in rows if row["number"] != KARIM
    )


@pytest.mark.parametrize("arguments", [("messages",), ("messages", "--json"), ("status",), ("queue",)])
def test_no_verb_writes_a_strangers_control_bytes_into_a_pipe(
    gateway: Service, arguments: tuple[str, ...]
) -> None:
    shown = gateway.verb(*arguments).stdout
    assert [] == HARMFUL.findall(shown)


def test_no_strangers_control_bytes_reach_a_terminal(gateway: Service) -> None:
    shown = seen_on_a_terminal(gateway, "messages", columns=300)
    ours = re.compile(r"\x1b\[[0-9;]*m|\r\n")
    assert [] == HARMFUL.findall(ours.sub("", shown))
    assert r"\x1b[2J" in shown
    assert r"\u202e" in shown


def test_each_message_is_one_line_in_a_pipe(gateway: Service) -> None:
    lines = gateway.verb("messages").stdout.split("\n")
    assert 1 + len(TEXTS) + len(NAMES) == len(lines) - 1


def test_the_log_has_neither_texts_nor_control_bytes(gateway: Service) -> None:
    told = gateway.output.raw.decode()
    assert [] == HARMFUL.findall(told.replace("\n", ""))
    assert "DROP TABLE" not in told
    assert [] == gateway.heard("tick.failed")
    assert [] == gateway.heard("daemon.stopped")
