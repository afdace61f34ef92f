"""What a client sees when the virtual modem fails as it was told to."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.at_client import PROMPT, AtClient
from tests.support.virtual import Virtual
from tests.support.waiting import wait_until

PERSON = "+33612345678"
SUBMIT = "0001000b913316325476f800000ae8329bfd4697d9ec37"
SUBMIT_LENGTH = 22


def heard_nothing(modem: Virtual, client: AtClient, line: str) -> bool:
    """Send a command line that must get no answer; its echo is none."""
    before = modem.state()["commands"]
    client.write(line.encode() + b"\r")
    wait_until(lambda: modem.state()["commands"] > before)
    return client.pending().strip() == line.encode()


def type_message(client: AtClient) -> None:
    client.write(f"AT+CMGS={SUBMIT_LENGTH}\r".encode())
    client.read_until(PROMPT)
    client.write(SUBMIT.encode() + b"\x1a")


# --- hang -----------------------------------------------------------------------------------


def test_a_modem_that_hangs_is_silent_until_it_is_well_and_forgets_what_it_was_told(
    modem: Virtual, client: AtClient
) -> None:
    modem.fault("hang")
    client.write(b"AT+CMEE=2\r")
    modem.deliver(PERSON, "x")
    assert modem.state()["hung"]
    assert b"" == client.pending()
    modem.clear()
    assert ["+CMEE: 0", "OK"] == client.ask("AT+CMEE?")


def test_it_hangs_at_the_nth_command_that_begins_so(modem: Virtual, client: AtClient) -> None:
    modem.fault("hang", at="at+csq", skip=2)
    assert ["+CSQ: 21,99", "OK"] == client.ask("AT+CSQ")
    assert ["OK"] == client.ask("AT")
    assert ["+CSQ: 21,99", "OK"] == client.ask("AT+CSQ")
    assert heard_nothing(modem, client, "AT+CSQ")
    client.write(b"AT\r")
    assert modem.state()["hung"]
    assert b"" == client.pending()


def test_a_hang_before_the_message_is_accepted_sends_nothing_and_one_after_it_does(
    modem: Virtual, client: AtClient
) -> None:
    modem.fault("hang", at="<message>")
    type_message(client)
    wait_until(lambda: modem.state()["hung"])
    assert [] == modem.record()
    modem.clear()
    modem.fault("hang", at="<message>", executed=True)
    type_message(client)
    wait_until(lambda: modem.state()["hung"])
    assert 1 == len(modem.record())


# --- refuse ---------------------------------------------------------------------------------


def test_the_next_sends_are_refused_with_the_code_before_they_are_accepted(
    modem: Virtual, client: AtClient
) -> None:
    modem.refuse_sends(38, count=2)
    assert ["+CMS ERROR: 38"] == client.send(SUBMIT_LENGTH, SUBMIT)
    assert ["+CMS ERROR: 38"] == client.send(SUBMIT_LENGTH, SUBMIT)
    assert [] == modem.record()
    assert ["+CMGS: 0", "OK"] == client.send(SUBMIT_LENGTH, SUBMIT)


def test_a_send_can_be_refused_before_its_prompt(modem: Virtual, client: AtClient) -> None:
    modem.fault("refuse", at="AT+CMGS", cms=500)
    assert ["+CMS ERROR: 500"] == client.ask(f"AT+CMGS={SUBMIT_LENGTH}")


@pytest.mark.parametrize(
    ("code", "answer"), [({}, "ERROR"), ({"cms": 302}, "+CMS ERROR: 302"), ({"cme": 100}, "+CME ERROR: 100")]
)
def test_a_delete_is_refused_until_it_is_allowed_again(
    modem: Virtual, client: AtClient, code: dict[str, int], answer: str
) -> None:
    modem.deliver(PERSON, "x")
    modem.fault("refuse", at="AT+CMGD", count=None, **code)
    for _ in range(3):
        assert [answer] == client.ask("AT+CMGD=1")
    modem.clear()
    assert 1 == modem.state()["used"]["SM"]
    assert ["OK"] == client.ask("AT+CMGD=1")


# --- lose -----------------------------------------------------------------------------------


def test_the_answer_of_an_accepted_send_is_lost_but_not_the_next_one(
    modem: Virtual, client: AtClient
) -> None:
    modem.lose_send_answers()
    type_message(client)
    wait_until(lambda: modem.state()["accepted"] == 1)
    assert SUBMIT.encode() + b"\x1a" == client.pending()
    assert ["+CMGS: 1", "OK"] == client.send(SUBMIT_LENGTH, SUBMIT)
    assert 2 == len(modem.record())


def test_the_answer_of_a_delete_is_lost_and_its_slot_taken_by_the_next_message(
    modem: Virtual, client: AtClient
) -> None:
    for number in range(4):
        modem.deliver(PERSON, f"message {number}")
    modem.fault("lose", at="AT+CMGD")
    assert heard_nothing(modem, client, "AT+CMGD=1")
    assert 4 == modem.slots()[0]["serial"]
    assert 1 == modem.state()["deleted"]


# --- drop -----------------------------------------------------------------------------------


def assert_gone(modem: Virtual, client: AtClient) -> None:
    assert not os.path.lexists(modem.link)
    with pytest.raises(OSError, match="Input/output error"):
        client.write(b"AT\r")


def test_a_stick_that_is_pulled_takes_its_line_and_its_link_away(modem: Virtual, client: AtClient) -> None:
    modem.drop()
    assert_gone(modem, client)
    assert modem.state()["device"] is None


def test_a_stick_that_is_plugged_in_again_has_its_messages_but_not_its_settings(
    modem: Virtual, client: AtClient
) -> None:
    modem.deliver(PERSON, "x")
    client.ask("AT+CMEE=2")
    modem.replug()
    with AtClient(modem.link) as again:
        assert ["+CMEE: 0", "OK"] == again.ask("AT+CMEE?")
        assert ['+CPMS: "SM",1,3,"SM",1,3,"SM",1,3', "OK"] == again.ask("AT+CPMS?")


def test_a_stick_that_is_plugged_in_again_asks_for_its_pin(modem: Virtual, client: AtClient) -> None:
    modem.set(pin="1234")
    client.ask('AT+CPIN="1234"')
    modem.replug()
    with AtClient(modem.link) as again:
        assert ["+CPIN: SIM PIN", "OK"] == again.ask("AT+CPIN?")


@pytest.mark.parametrize(("executed", "accepted"), [(False, 0), (True, 1)])
def test_it_is_pulled_just_before_or_just_after_a_message_is_accepted(
    modem: Virtual, client: AtClient, executed: bool, accepted: int
) -> None:
    modem.fault("drop", at="<message>", executed=executed)
    type_message(client)
    wait_until(lambda: modem.state()["device"] is None)
    assert_gone(modem, client)
    assert accepted == len(modem.record())


def test_what_was_typed_ahead_when_it_is_pulled_is_not_obeyed(modem: Virtual, client: AtClient) -> None:
    modem.deliver(PERSON, "x")
    modem.fault("drop", at="AT+CSQ")
    client.write(b"AT+CSQ\rAT+CMGD=1\r")
    wait_until(lambda: modem.state()["device"] is None)
    assert 0 == modem.state()["deleted"]


def test_what_is_being_sent_when_it_is_pulled_was_not_accepted(modem: Virtual, client: AtClient) -> None:
    modem.set(send_seconds=60)
    type_message(client)
    modem.drop()
    modem.set(send_seconds=0)
    modem.replug()
    with AtClient(modem.link) as again:
        assert ["+CMGS: 0", "OK"] == again.send(SUBMIT_LENGTH, SUBMIT)
    assert 1 == len(modem.record())


# --- noise ----------------------------------------------------------------------------------


def test_garbage_comes_in_the_length_asked_for_and_talk_goes_on(modem: Virtual, client: AtClient) -> None:
    modem.ask("garbage", length=200)
    assert 200 == len(client.read_until(re.compile(rb".{200}", re.DOTALL)))
    assert ["OK"] == client.ask("AT")


def test_a_modem_can_talk_on_while_it_answers_nothing(modem: Virtual, client: AtClient) -> None:
    modem.fault("hang", at="AT+CSQ")
    modem.ask("chatter", seconds=0.01)
    client.write(b"AT+CSQ\r")
    wait_until(lambda: modem.state()["hung"])
    client.pending()
    assert b"CSQ" not in client.read_until(re.compile(rb"(\r\n\^RSSI:\d+\r\n){3}"))


def test_a_modem_that_is_never_silent_still_answers(modem: Virtual, client: AtClient) -> None:
    modem.ask("chatter", seconds=0.01)
    client.read_until(re.compile(rb"(\r\n\^RSSI:\d+\r\n){3}"))
    assert "OK" == client.ask("AT")[-1]
    modem.clear()
    client.pending()
    assert ["OK"] == client.ask("AT")


# --- full, no network -----------------------------------------------------------------------


def test_a_memory_that_is_full_takes_nothing_until_it_is_well(modem: Virtual, client: AtClient) -> None:
    modem.fault("full")
    modem.deliver(PERSON, "x")
    assert ["OK"] == client.ask("AT+CMGL=4")
    modem.clear()
    assert 1 == modem.state()["stored"]


def test_without_network_nothing_comes_and_nothing_goes(modem: Virtual, client: AtClient) -> None:
    modem.fault("no_network")
    modem.deliver(PERSON, "x")
    assert not modem.call(PERSON)
    assert ["+CREG: 0,2", "OK"] == client.ask("AT+CREG?")
    assert ["+CMS ERROR: 331"] == client.send(SUBMIT_LENGTH, SUBMIT)
    modem.clear()
    assert (1, []) == (modem.state()["stored"], modem.record())
