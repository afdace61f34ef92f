"""What a client on the virtual modem's tty sees: the AT dialogue itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relou_gateway.modem.virtual.at import Form, PlainError, Query, parse
from tests.support.at_client import PROMPT, AtClient
from tests.support.virtual import Virtual
from tests.support.waiting import wait_until

PERSON = "+33612345678"
SUBMIT = "0001000b913316325476f800000ae8329bfd4697d9ec37"
SUBMIT_LENGTH = 22


# --- the grammar ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "queries"),
    [
        ("", []),
        ("E1", [Query("E", Form.SET, ("1",))]),
        ("E0V1", [Query("E", Form.SET, ("0",)), Query("V", Form.SET, ("1",))]),
        ("&F", [Query("&F", Form.SET, ("",))]),
        ("+csq", [Query("+CSQ", Form.EXECUTE)]),
        ("+CPIN?", [Query("+CPIN", Form.READ)]),
        ("^CPIN?", [Query("^CPIN", Form.READ)]),
        ("+CPMS=?", [Query("+CPMS", Form.TEST)]),
        ('+CPMS="SM","ME"', [Query("+CPMS", Form.SET, ("SM", "ME"))]),
        ("+CNMI=2,1,,2", [Query("+CNMI", Form.SET, ("2", "1", "", "2"))]),
        ('+CUSD=1,"a;b,c",15', [Query("+CUSD", Form.SET, ("1", "a;b,c", "15"))]),
        (
            "E0+CSQ;+CREG?",
            [Query("E", Form.SET, ("0",)), Query("+CSQ", Form.EXECUTE), Query("+CREG", Form.READ)],
        ),
        ("D+33612345678;", [Query("D", Form.SET, ("+33612345678",))]),
    ],
)
def test_a_line_is_cut_into_its_commands(line: str, queries: list[Query]) -> None:
    assert queries == parse(line)


@pytest.mark.parametrize("line", ["?", "+CSQ?x", "1", "é", "E1 !"])
def test_a_line_that_is_no_command_is_an_error(line: str) -> None:
    with pytest.raises(PlainError):
        parse(line)


@given(st.text(st.characters(codec="latin-1")))
def test_any_line_is_either_commands_or_an_error(line: str) -> None:
    try:
        parse(line)
    except PlainError:
        return


# --- the dialogue ---------------------------------------------------------------------------


def test_a_command_is_echoed_until_the_client_does_not_want_it(fresh_client: AtClient) -> None:
    fresh_client.write(b"AT\r")
    assert b"AT\r\r\nOK\r\n" == fresh_client.read_until(re.compile(rb"OK\r\n"))
    fresh_client.ask("ATE0")
    fresh_client.write(b"AT\r")
    assert b"\r\nOK\r\n" == fresh_client.read_until(re.compile(rb"OK\r\n"))


def test_a_line_without_at_is_met_with_silence(fresh_client: AtClient) -> None:
    fresh_client.ask("ATE0")
    fresh_client.write(b"HELLO\rAT+CGSN\r")
    assert b"\r\n350000000000006\r\n\r\nOK\r\n" == fresh_client.read_until(re.compile(rb"OK\r\n"))


def test_a_backspace_takes_back_a_character_and_an_escape_the_line(fresh_client: AtClient) -> None:
    fresh_client.ask("ATE0")
    fresh_client.write(b"AT+CSX\x08Q\r")
    assert b"+CSQ: 21,99" in fresh_client.read_until(re.compile(rb"OK\r\n"))
    fresh_client.write(b"AT+CMGD=1\x1b\rAT\r")
    assert b"\r\nOK\r\n" == fresh_client.read_until(re.compile(rb"(OK|ERROR.*)\r\n"))


def test_a_line_of_commands_stops_at_the_first_that_fails(fresh_client: AtClient) -> None:
    assert ["+CSQ: 21,99", "ERROR"] == fresh_client.ask("AT+CSQ;+NOSUCH;+CGSN")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT+CGMI", "Relou"),
        ("AT+CGMM", "Virtual"),
        ("AT+CGMR", "1.0"),
        ("AT+CGSN", "350000000000006"),
        ("AT+CIMI", "208990123456789"),
        ("ATI4", "Virtual"),
        ("AT+CSCS?", '+CSCS: "GSM"'),
        ("AT+CSCS=?", '+CSCS: ("GSM","IRA","UCS2")'),
        ("AT+CPMS=?", '+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")'),
        ("AT+CPMS?", '+CPMS: "SM",0,3,"SM",0,3,"SM",0,3'),
        ('AT+CPMS="ME"', "+CPMS: 0,2,0,3,0,3"),
        ("AT+CMGF?", "+CMGF: 0"),
        ("AT+CMGD=?", "+CMGD: (),(0-4)"),
        ("AT+CSQ", "+CSQ: 21,99"),
        ("AT+CREG?", "+CREG: 0,1"),
        ("AT+CREG=2;+CREG?", '+CREG: 2,1,"2017","00C0FFEE"'),
        ("AT+COPS?", '+COPS: 0,0,"Relou Mobile"'),
        ("AT+COPS=3,2;+COPS?", '+COPS: 0,2,"20899"'),
        ('AT+CSCS="UCS2";+COPS?', '+COPS: 0,0,"00520065006C006F00750020004D006F00620069006C0065"'),
        ('AT+CPMS="SM",,"ME"', "+CPMS: 0,3,0,3,0,2"),
        ("AT+CGATT?", "+CGATT: 1"),
        ("AT+CPIN?", "+CPIN: READY"),
        ("AT+CSCA?", '+CSCA: "+33609001390",145'),
        ("AT+CNMI?", "+CNMI: 0,0,0,0,0"),
        ("AT+CBC", "+CBC: 1,100"),
        ("AT+CFUN?", "+CFUN: 1"),
        ("AT+CLIP?", "+CLIP: 0,1"),
    ],
)
def test_a_question_has_its_answer(fresh_client: AtClient, line: str, answer: str) -> None:
    assert [answer, "OK"] == fresh_client.ask(line)


@pytest.mark.parametrize(
    "line",
    [
        "ATZ",
        "AT&F",
        "ATE1",
        "AT+CMGF=0",
        "AT+CHUP",
        "ATH",
        "AT+CHUP=?",
        "AT+CCWA=1",
        "AT+CUSD=2",
        "AT+CMMS=2",
    ],
)
def test_what_changes_nothing_is_accepted(fresh_client: AtClient, line: str) -> None:
    assert ["OK"] == fresh_client.ask(line)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT+NOSUCH", "ERROR"),
        ("AT+CMGF=1", "ERROR"),
        ("AT+MODE=2", "ERROR"),
        ('AT+CPMS="XX"', "+CMS ERROR: 302"),
        ("AT+CMGL=5", "+CMS ERROR: 302"),
        ("AT+CMGR=1", "+CMS ERROR: 321"),
        ("AT+CMGD=1", "+CMS ERROR: 321"),
        ("AT+CMGD=99999999999999999999", "ERROR"),
        ("AT+CMGW=22", "+CMS ERROR: 302"),
        ("AT+CNMI=2,3", "+CMS ERROR: 302"),
        ("ATD+33612345678;", "NO CARRIER"),
        ('AT+CPIN="1234"', "ERROR"),
    ],
)
def test_what_cannot_be_is_refused(fresh_client: AtClient, line: str, answer: str) -> None:
    assert [answer] == fresh_client.ask(line)


@pytest.mark.parametrize(
    ("level", "answer"), [(0, "ERROR"), (1, "+CME ERROR: 3"), (2, "+CME ERROR: operation not allowed")]
)
def test_an_error_is_told_as_the_client_wants_it(fresh_client: AtClient, level: int, answer: str) -> None:
    fresh_client.ask(f"AT+CMEE={level}")
    assert [answer] == fresh_client.ask('AT+CSCS="KLINGON"')


# --- slots ----------------------------------------------------------------------------------


def test_a_message_is_unread_once_and_then_read(modem: Virtual, client: AtClient) -> None:
    modem.deliver(PERSON, "hellohello", smsc_at="2026-03-06T18:35:51+01:00")
    pdu = "07913306091093F0040B913316325476F80000623060815315400AE8329BFD4697D9EC37"
    assert ["+CMGL: 1,0,,28", pdu, "OK"] == client.ask("AT+CMGL=0")
    assert ["OK"] == client.ask("AT+CMGL=0")
    assert ["+CMGR: 1,,28", pdu, "OK"] == client.ask("AT+CMGR=1")
    assert ["+CMGL: 1,1,,28", pdu, "OK"] == client.ask("AT+CMGL=4")


def test_what_does_not_fit_waits_and_takes_the_slot_that_is_freed_at_once(
    modem: Virtual, client: AtClient
) -> None:
    for number in range(5):
        modem.deliver(PERSON, f"message {number}")
    assert (3, 2) == (modem.state()["stored"], modem.state()["waiting"])
    assert ["OK"] == client.ask("AT+CMGD=2")
    assert [("SM", 1, 1), ("SM", 2, 4), ("SM", 3, 3)] == [
        (each["memory"], each["location"], each["serial"]) for each in modem.slots()
    ]
    state = modem.state()
    assert (5, 1, 4, 1) == (state["delivered"], state["waiting"], state["stored"], state["deleted"])


def test_new_messages_go_to_the_memory_that_was_chosen_last_for_receiving(
    modem: Virtual, client: AtClient
) -> None:
    for number in range(4):
        modem.deliver(PERSON, f"message {number}")
    client.ask('AT+CPMS="ME"')
    assert {"SM": 3, "ME": 0} == modem.state()["used"]
    client.ask('AT+CPMS="ME","ME","ME"')
    assert {"SM": 3, "ME": 1} == modem.state()["used"]


@pytest.mark.parametrize(("flag", "left"), [(1, 1), (3, 1), (4, 0)])
def test_a_flag_deletes_what_was_read_or_all(modem: Virtual, client: AtClient, flag: int, left: int) -> None:
    modem.deliver(PERSON, "read")
    client.ask("AT+CMGR=1")
    modem.deliver(PERSON, "unread")
    assert ["OK"] == client.ask(f"AT+CMGD=0,{flag}")
    assert left == modem.state()["used"]["SM"]


def test_a_raw_pdu_lies_in_its_slot_as_it_came(modem: Virtual, client: AtClient) -> None:
    modem.deliver_raw("00FF00")
    modem.deliver_raw("")
    assert ["+CMGL: 1,0,,2", "00FF00", "+CMGL: 2,0,,0", "OK"] == client.ask("AT+CMGL=4")


def test_a_new_message_and_a_report_are_announced_if_the_client_wants_it(
    modem: Virtual, client: AtClient
) -> None:
    modem.deliver(PERSON, "before")
    assert ["OK"] == client.ask("AT+CNMI=2,1,0,2,0")
    modem.deliver(PERSON, "after")
    assert b'\r\n+CMTI: "SM",2\r\n' == client.read_until(re.compile(rb"\d\r\n"))
    modem.report(PERSON, 7)
    assert b'\r\n+CDSI: "SM",3\r\n' == client.read_until(re.compile(rb"\d\r\n"))


# --- sending --------------------------------------------------------------------------------


def test_an_accepted_part_is_on_record_with_its_cost(modem: Virtual, client: AtClient) -> None:
    assert ["+CMGS: 0", "OK"] == client.send(SUBMIT_LENGTH, SUBMIT)
    assert ["+CMGS: 1", "OK"] == client.send(SUBMIT_LENGTH, SUBMIT)
    first, second = modem.record()
    assert (PERSON, "hellohello", "gsm7", 0, None) == tuple(
        first[key] for key in ("number", "text", "alphabet", "reference", "part")
    )
    assert ("0.16", "19.84", 1, "19.68") == (
        first["cost"],
        first["credit"],
        second["reference"],
        second["credit"],
    )


def test_the_record_is_written_before_the_client_hears_of_it(modem: Virtual, client: AtClient) -> None:
    modem.lose_send_answers()
    client.write(f"AT+CMGS={SUBMIT_LENGTH}\r".encode())
    client.read_until(PROMPT)
    client.write(SUBMIT.encode() + b"\x1a")
    wait_until(lambda: modem.state()["accepted"] == 1)
    assert 1 == len(modem.record())


def test_an_escape_gives_the_message_up(modem: Virtual, client: AtClient) -> None:
    client.write(f"AT+CMGS={SUBMIT_LENGTH}\r".encode())
    client.read_until(PROMPT)
    client.write(SUBMIT.encode() + b"\x1b")
    client.read_until(re.compile(rb"\r\nOK\r\n"))
    assert [] == modem.record()


@pytest.mark.parametrize(
    ("length", "pdu"),
    [(21, SUBMIT), (SUBMIT_LENGTH, SUBMIT[:-2]), (SUBMIT_LENGTH, "xyz"), (2, "000400"), (0, "")],
)
def test_a_message_that_is_no_submit_of_that_length_is_refused(
    fresh_client: AtClient, length: int, pdu: str
) -> None:
    assert ["+CMS ERROR: 304"] == fresh_client.send(length, pdu)


def test_nothing_is_sent_without_credit_or_network(modem: Virtual, client: AtClient) -> None:
    modem.set(credit="0.15")
    assert ["+CMS ERROR: 21"] == client.send(SUBMIT_LENGTH, SUBMIT)
    modem.set(credit="0.16", registered=False)
    assert ["+CMS ERROR: 331"] == client.send(SUBMIT_LENGTH, SUBMIT)
    modem.set(registered=True)
    assert ["+CMGS: 0", "OK"] == client.send(SUBMIT_LENGTH, SUBMIT)
    assert "0.00" == modem.state()["credit"]


def test_a_send_takes_its_time_and_other_commands_wait_for_it(modem: Virtual, client: AtClient) -> None:
    modem.set(send_seconds=0.3)
    client.write(f"AT+CMGS={SUBMIT_LENGTH}\r".encode())
    client.read_until(PROMPT)
    client.write(SUBMIT.encode() + b"\x1aAT+CGSN\r")
    heard = client.read_until(re.compile(rb"350000000000006\r\n\r\nOK\r\n"))
    assert heard.index(b"+CMGS: 0") < heard.index(b"350000000000006")


def test_a_delivery_report_comes_for_the_send_that_asks_for_one(modem: Virtual, client: AtClient) -> None:
    modem.set(report_seconds=0.01)
    assert ["+CMGS: 0", "OK"] == client.send(SUBMIT_LENGTH, "0021" + SUBMIT[4:])
    wait_until(lambda: modem.state()["stored"] == 1)
    assert "06000b913316325476f8" == modem.slots()[0]["pdu"][16:36]
    assert modem.record()[0]["report"] is True


def test_what_comes_in_while_a_message_is_typed_is_announced_afterwards(
    modem: Virtual, client: AtClient
) -> None:
    client.ask("AT+CNMI=2,1")
    client.write(f"AT+CMGS={SUBMIT_LENGTH}\r".encode())
    client.read_until(PROMPT)
    modem.deliver(PERSON, "x")
    assert b"" == client.pending()
    client.write(SUBMIT.encode() + b"\x1a")
    assert b'\r\n+CMTI: "SM",1\r\n' in client.read_until(re.compile(rb"\r\nOK\r\n"))


# --- SIM, network, calls, service codes -----------------------------------------------------


def test_a_locked_sim_gives_nothing_until_its_pin(modem: Virtual, client: AtClient) -> None:
    modem.set(pin="1234")
    modem.deliver(PERSON, "waits")
    client.ask("AT+CMEE=1")
    assert ["+CPIN: SIM PIN", "OK"] == client.ask("AT+CPIN?")
    assert ["+CME ERROR: 11"] == client.ask("AT+CIMI")
    assert ["+CMS ERROR: 311"] == client.ask("AT+CMGL=4")
    assert ["+CREG: 0,2", "OK"] == client.ask("AT+CREG?")
    assert ["+CME ERROR: 16"] == client.ask('AT+CPIN="0000"')
    assert ["+CPINR: SIM PIN,2,3", "+CPINR: SIM PUK,10,10", "OK"] == client.ask("AT+CPINR")
    assert ["^CPIN: SIM PIN,2,10,2,10,3", "OK"] == client.ask("AT^CPIN?")
    assert ["OK"] == client.ask('AT+CPIN="1234"')
    assert 1 == modem.state()["stored"]
    assert 3 == modem.state()["pin_tries"]


def test_three_wrong_pins_ask_for_the_puk(modem: Virtual, client: AtClient) -> None:
    modem.set(pin="1234")
    for _ in range(3):
        client.ask('AT+CPIN="0000"')
    assert ["+CPIN: SIM PUK", "OK"] == client.ask("AT+CPIN?")
    assert ["ERROR"] == client.ask('AT+CPIN="1234"')
    assert 0 == modem.state()["pin_tries"]


def test_a_radio_that_is_switched_off_or_out_of_reach_is_not_registered(
    modem: Virtual, client: AtClient
) -> None:
    client.ask("AT+CFUN=4")
    modem.deliver(PERSON, "waits")
    assert ["+CREG: 0,2", "+CSQ: 99,99", "+COPS: 0", "OK"] == client.ask("AT+CREG?;+CSQ;+COPS?")
    assert 0 == modem.state()["stored"]
    client.ask("AT+CFUN=1")
    assert 1 == modem.state()["stored"]
    modem.set(roaming=True, signal=3)
    assert ["+CREG: 0,5", "+CSQ: 3,99", "OK"] == client.ask("AT+CREG?;+CSQ")


def test_a_call_rings_until_the_caller_gives_up(modem: Virtual, client: AtClient) -> None:
    assert modem.call(PERSON, rings=2, seconds=0.02)
    wait_until(lambda: not modem.state()["ringing"])
    assert b"\r\nRING\r\n" * 2 == client.pending()


def test_each_ring_tells_who_calls_if_the_client_wants_it(modem: Virtual, client: AtClient) -> None:
    client.ask("AT+CLIP=1;+CRC=1")
    modem.call(PERSON, rings=1, seconds=0.02, says_end=True)
    expected = b'\r\n+CRING: VOICE\r\n\r\n+CLIP: "+33612345678",145,,,,0\r\n\r\nNO CARRIER\r\n'
    assert expected == client.read_until(re.compile(rb"NO CARRIER\r\n"))
    modem.call("", rings=1, seconds=0.02)
    assert b'+CLIP: "",128,,,,1\r\n' in client.read_until(re.compile(rb"CLIP.*\r\n"))


def test_a_call_can_be_rejected_or_taken_and_a_second_caller_hears_the_busy_tone(
    modem: Virtual, client: AtClient
) -> None:
    assert modem.call(PERSON, rings=99, seconds=60)
    assert not modem.call(PERSON)
    client.read_until(re.compile(rb"RING\r\n"))
    assert ['+CLCC: 1,1,4,0,0,"+33612345678",145', "OK"] == client.ask("AT+CLCC")
    assert ["OK"] == client.ask("ATA")
    assert ['+CLCC: 1,1,0,0,0,"+33612345678",145', "OK"] == client.ask("AT+CLCC")
    assert ["OK"] == client.ask("AT+CHUP")
    assert not modem.state()["ringing"]


@pytest.mark.parametrize(
    ("charset", "code", "answer"),
    [
        ("GSM", "#123#", b'+CUSD: 0,"Votre cr\x05dit est de 20,00 \x1be",15'),
        ("IRA", "#123#", b'+CUSD: 0,"Votre cr?dit est de 20,00 ?",15'),
        (
            "UCS2",
            "0023",
            b'+CUSD: 0,"' + "Votre crédit est de 20,00 €".encode("utf-16-be").hex().upper().encode(),
        ),
    ],
)
def test_a_service_code_is_answered_with_the_credit_after_ok(
    modem: Virtual, client: AtClient, charset: str, code: str, answer: bytes
) -> None:
    modem.set(ussd_seconds=0.01)
    client.ask(f'AT+CSCS="{charset}"')
    assert ["OK"] == client.ask(f'AT+CUSD=1,"{code}",15')
    assert answer in client.read_until(re.compile(rb"CUSD: 0.*\r\n"))


# --- garbage in -----------------------------------------------------------------------------


def test_no_octets_on_the_line_can_end_the_modem(modem: Virtual, client: AtClient) -> None:
    words = b"AT +CMGS +CPMS +CMGD +CMGL +CNMI +CUSD +COPS +CFUN +CSCS ^CPIN D E I S0 SM 9 22".split()
    marks = [bytes([octet]) for octet in b'\r\r\r\x1a";,=?\x1b\0\xff']
    alphabet = [*words, *marks]

    @given(st.lists(st.sampled_from(alphabet) | st.binary(max_size=20), max_size=60).map(b"".join))
    def write(octets: bytes) -> None:
        client.write(octets)
        client.pending()

    write()
    client.write(b"\x1b\r\x1b\rAT+CGSN\r")
    client.read_until(re.compile(rb"\r\n350000000000006\r\n\r\nOK\r\n\Z"))
    assert modem.modem.alive


def test_fifty_kilobytes_of_garbage_and_a_line_without_end_are_survived(
    modem: Virtual, client: AtClient
) -> None:
    client.ask("ATE0")
    client.write(b"\xfe" * 50_000 + b"\r")
    client.write(b"AT" + b"+" * 50_000 + b"\r")
    client.read_until(re.compile(rb"ERROR\r\n"))
    assert ["OK"] == client.ask("AT")
    assert modem.modem.alive
