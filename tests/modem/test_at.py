"""AT by hand, on lines that bring anything."""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from relou_gateway.modem.at import SET_ASIDE, AtFailure, CannotOpen, Conversation, NoAnswer
from tests.modem.puppet import OK, Answer, Puppet

BUSY_LINE = b"\r\n^RSSI:17\r\n"


def ask(command: str, answer: Answer, *, echo: bool = True, timeout: float = 2.0) -> tuple[str, ...]:
    with Puppet({command: answer}, echo=echo) as puppet, Conversation(puppet.device) as talk:
        return talk.ask(command, timeout)


def seconds_in_vain(answers: Mapping[str, Answer], timeout: float = 0.3) -> float:
    with Puppet(answers) as puppet, Conversation(puppet.device) as talk:
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            talk.ask("AT", timeout)
        return time.monotonic() - began


# --- answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("echo", [True, False])
def test_the_lines_between_echo_and_ok_are_the_answer(*, echo: bool) -> None:
    said = b'\r\n+CPMS: "SM",1,30\r\n\r\nand more\r\n' + OK
    assert ('+CPMS: "SM",1,30', "and more") == ask("AT+CPMS?", said, echo=echo)


@pytest.mark.parametrize(
    ("said", "family", "code"),
    [
        (b"ERROR", None, None),
        (b"+CME ERROR: 10", "CME", 10),
        (b"+CMS ERROR: 321", "CMS", 321),
        (b"+CME ERROR: SIM not inserted", "CME", None),
        (b"COMMAND NOT SUPPORT", None, None),
    ],
)
def test_a_refusal_tells_its_code(said: bytes, family: str | None, code: int | None) -> None:
    with pytest.raises(AtFailure) as failed:
        ask("AT+CPIN?", b"\r\n" + said + b"\r\n")
    assert (family, code) == (failed.value.family, failed.value.code)


def test_what_is_said_unasked_is_set_aside() -> None:
    said = b'\r\nRING\r\n\r\n+CLIP: "+33612345678",145\r\n\r\n+CSQ: 21,99\r\n' + BUSY_LINE + OK
    with Puppet({"AT+CSQ": said}) as puppet, Conversation(puppet.device) as talk:
        assert ("+CSQ: 21,99",) == talk.ask("AT+CSQ")
        assert ["RING", '+CLIP: "+33612345678",145', "^RSSI:17"] == talk.unsolicited


def test_an_answer_may_come_in_the_smallest_pieces() -> None:
    def dribble(say: Callable[[bytes], None]) -> None:
        for octet in b"\r\nRelou\r\n" + OK:
            say(bytes([octet]))

    assert ("Relou",) == ask("AT+CGMI", dribble)


def test_a_late_answer_is_not_taken_for_that_of_the_next_command() -> None:
    with (
        Puppet(
            {"ATE1": OK, "AT+CGSN": b"", "AT+CIMI": b"\r\n1234\r\n" + OK + b"\r\n208011234567890\r\n" + OK}
        ) as puppet,
        Conversation(puppet.device) as talk,
    ):
        talk.greet()
        with pytest.raises(NoAnswer):
            talk.ask("AT+CGSN", 0.2)
        puppet.say(b"\r\n356938035643809\r\n" + OK)
        assert ("1234",) == talk.ask("AT+CIMI")
        assert "356938035643809" in talk.unsolicited


def test_a_modem_without_echo_is_not_asked_again_after_a_silence() -> None:
    with Puppet({"AT+CGSN": b"", "AT+CIMI": OK}, echo=False) as puppet, Conversation(puppet.device) as talk:
        with pytest.raises(NoAnswer):
            talk.ask("AT+CGSN", 0.2)
        with pytest.raises(NoAnswer):
            talk.ask("AT+CIMI", 0.2)
        assert ["AT+CGSN"] == puppet.heard


def test_a_modem_that_waits_for_a_message_forgets_it_when_it_is_greeted() -> None:
    with Puppet({"ATE1": OK, "AT+CMEE=1": OK}) as puppet, Conversation(puppet.device) as talk:
        talk.greet()
        assert ["ATE1", "ATE1", "AT+CMEE=1"] == puppet.heard


# --- what never ends ------------------------------------------------------------------------


def test_silence_ends_at_the_timeout() -> None:
    assert 0.2 < seconds_in_vain({"AT": b""}) < 2


def test_a_line_that_never_falls_silent_ends_at_the_timeout() -> None:
    with Puppet({}) as puppet:

        def chatter(say: Callable[[bytes], None]) -> None:
            while not puppet.stopped(0.01):
                say(BUSY_LINE)

        puppet._answers = {"AT": chatter}
        with Conversation(puppet.device) as talk:
            began = time.monotonic()
            with pytest.raises(NoAnswer):
                talk.ask("AT", 0.5)
            assert time.monotonic() - began < 2
            assert len(talk.unsolicited) <= SET_ASIDE


def test_garbage_without_a_line_end_is_read_only_so_far() -> None:
    noise = random.Random(4).randbytes(3000).replace(b"\r", b"").replace(b"\n", b"")
    assert seconds_in_vain({"AT": noise}) < 2


@settings(max_examples=30)
@given(some.binary(max_size=200))
def test_whatever_the_line_brings_ends_in_one_of_three_ways(noise: bytes) -> None:
    with (
        Puppet({"AT": noise + OK}) as puppet,
        Conversation(puppet.device) as talk,
        suppress(AtFailure, NoAnswer),
    ):
        assert isinstance(talk.ask("AT", 0.2), tuple)


def test_a_line_that_goes_down_ends_at_once() -> None:
    with Puppet({}) as puppet, Conversation(puppet.device) as talk:
        os.close(puppet._master)
        puppet._master = os.open(os.devnull, os.O_RDWR)
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            talk.ask("AT", 5)
        assert time.monotonic() - began < 3


# --- opening --------------------------------------------------------------------------------


def failure_at(device: str) -> str:
    with pytest.raises(CannotOpen) as failed:
        Conversation(device)
    return failed.value.cause


def test_a_port_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "absent" == failure_at(str(tmp_path / "nothing"))
    assert "broken" == failure_at(str(tmp_path / "file"))


def test_a_port_that_another_program_holds_is_left_alone() -> None:
    with Puppet({}) as puppet:
        held = os.open(puppet.device, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "busy" == failure_at(puppet.device)
        os.close(held)
        Conversation(puppet.device).close()
        assert [] == puppet.heard


def test_a_command_is_one_line() -> None:
    with Puppet({}) as puppet, Conversation(puppet.device) as talk, pytest.raises(AssertionError):
        talk.ask("AT\rAT+CMGD=1")
