"""The virtual modem through the real, unmodified libGammu: what the gateway's driver is built on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import gammu
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relou_gateway.modem.virtual import septets
from tests.support.virtual import Virtual, virtual_modem
from tests.support.waiting import wait_until

PERSON = "+33612345678"
GSM7_CHARACTERS = septets.DEFAULT.replace("\x1b", "") + "".join(septets.EXTENSION.values())
Message = dict[str, Any]


@pytest.fixture(scope="module")
def listened_to(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Virtual, Any]]:
    """One modem with one libGammu on it, because Init alone takes four seconds."""
    with virtual_modem(tmp_path_factory.mktemp("virtual")) as modem:
        machine = gammu.StateMachine()
        machine.SetConfig(0, {"Device": modem.link, "Connection": "at115200"})
        machine.Init()
        yield modem, machine
        machine.Terminate()


@pytest.fixture
def modem(listened_to: tuple[Virtual, Any]) -> Iterator[Virtual]:
    yield listened_to[0]
    listened_to[0].clear()
    listened_to[0].empty()


@pytest.fixture
def machine(modem: Virtual, listened_to: tuple[Virtual, Any]) -> Any:  # noqa: ARG001 - cleans up behind
    return listened_to[1]


def read_all(machine: Any) -> list[Message]:
    """List both memories, as libGammu shows them."""
    messages: list[Message] = []
    where: dict[str, Any] = {"Start": True}
    while True:
        try:
            (message,) = machine.GetNextSMS(Folder=0, **where)
        except gammu.ERR_EMPTY:
            return messages
        messages.append(message)
        where = {"Location": message["Location"]}


def text_of(message: Message) -> str:
    """Return the text; behind one with escapes python-gammu shows a NUL and old memory."""
    text: str = message["Text"]
    return text.partition("\0")[0] if message["Coding"] == "Default_No_Compression" else text


def send(machine: Any, text: str, **more: Any) -> int:
    message = {"Number": PERSON, "Text": text, "SMSC": {"Location": 1}}
    reference: int = machine.SendSMS(message | more)
    return reference


# --- who and where --------------------------------------------------------------------------


def test_libgammu_knows_it_as_a_modem_without_peculiarities(machine: Any) -> None:
    assert ("Relou", ("unknown", "Virtual")) == (machine.GetManufacturer(), machine.GetModel())
    assert ("350000000000006", "208990123456789") == (machine.GetIMEI(), machine.GetSIMIMSI())
    assert "+33609001390" == machine.GetSMSC()["Number"]
    assert 100 == machine.GetBatteryCharge()["BatteryPercent"]


def test_libgammu_sees_the_network_come_and_go(modem: Virtual, machine: Any) -> None:
    network = machine.GetNetworkInfo()
    assert ("HomeNetwork", "208 99", "Relou Mobile") == tuple(
        network[key] for key in ("State", "NetworkCode", "NetworkName")
    )
    assert 63 == machine.GetSignalQuality()["SignalPercent"]
    modem.set(registered=False)
    assert "RequestingNetwork" == machine.GetNetworkInfo()["State"]
    assert -1 == machine.GetSignalQuality()["SignalPercent"]
    modem.set(registered=True, roaming=True)
    assert "RoamingNetwork" == machine.GetNetworkInfo()["State"]
    modem.set(roaming=False)


def test_libgammu_enters_the_pin(modem: Virtual, machine: Any) -> None:
    modem.set(pin="1234")
    assert "PIN" == machine.GetSecurityStatus()
    with pytest.raises(gammu.ERR_SECURITYERROR):
        machine.EnterSecurityCode("PIN", "0000")
    machine.EnterSecurityCode("PIN", "1234")
    assert machine.GetSecurityStatus() is None
    modem.set(pin=None)


# --- receiving ------------------------------------------------------------------------------


def test_libgammu_empties_both_memories_while_the_network_refills_them(modem: Virtual, machine: Any) -> None:
    for number in range(140):
        modem.deliver(PERSON, f"message {number}")
    status = machine.GetSMSStatus()
    assert (30, 30, 100, 100) == tuple(
        status[key] for key in ("SIMUsed", "SIMSize", "PhoneUsed", "PhoneSize")
    )
    texts: list[str] = []
    while messages := read_all(machine):
        for message in messages:
            machine.DeleteSMS(0, message["Location"])
            texts.append(text_of(message))
    assert sorted(f"message {number}" for number in range(140)) == sorted(texts)
    assert (0, {"SM": 0, "ME": 0}) == (modem.state()["waiting"], modem.state()["used"])


@pytest.mark.parametrize("text", ["Salut € {ça} va ? " * 20, "Ça va, les ñus ? ж " * 20])
@pytest.mark.parametrize("wide", [False, True])
def test_libgammu_joins_the_parts_of_a_long_text(modem: Virtual, machine: Any, text: str, wide: bool) -> None:
    modem.deliver(PERSON, text, reference=200, wide=wide)
    parts = read_all(machine)
    assert len(parts) > 1
    assert text == "".join(text_of(part) for part in parts)
    joined = gammu.LinkSMS([[part] for part in parts])
    assert [len(parts)] == [len(group) for group in joined]


def test_python_gammu_loses_the_emoji_that_stands_on_the_border_of_two_parts(
    modem: Virtual, machine: Any
) -> None:
    modem.deliver(PERSON, "ж" * 66 + "🙂" + "ж" * 9)
    assert ["ж" * 66 + "\ufffd", "\ufffd" + "ж" * 9] == [text_of(part) for part in read_all(machine)]


def test_libgammu_reads_what_people_write(modem: Virtual, machine: Any) -> None:
    """One listing for many generated texts of both alphabets, because each costs a call a slot."""
    gsm7 = st.text(st.sampled_from(GSM7_CHARACTERS), min_size=1, max_size=80)
    ucs2 = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\x01~"), min_size=1, max_size=35
    )
    texts = generate(st.one_of(gsm7, ucs2), 130)
    for number, text in enumerate(texts):
        modem.deliver(f"+336{number:08}", text)
    shown = {message["Number"]: text_of(message) for message in read_all(machine)}
    assert {f"+336{number:08}": text for number, text in enumerate(texts)} == shown


def generate(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    """Draw so many values of a strategy, the same ones in each run."""
    drawn: list[str] = []

    @settings(max_examples=count, derandomize=True, database=None)
    @given(strategy)
    def draw(value: str) -> None:
        drawn.append(value)

    draw()
    return drawn[:count]


def test_libgammu_reads_names_binary_messages_and_reports(modem: Virtual, machine: Any) -> None:
    modem.deliver("Banque", "Votre code est 1234", smsc_at="2026-03-06T18:35:51+01:00")
    modem.deliver_binary("38225", b"\x00\x06\x03\xff", header=bytes.fromhex("05040b8423f0"))
    modem.report(PERSON, 33, status=0)
    name, binary, report = read_all(machine)
    assert ("Banque", "Votre code est 1234") == (name["Number"], text_of(name))
    assert datetime.fromisoformat("2026-03-06T18:35:51+01:00") == name["DateTime"]
    assert ("38225", "8bit", b"\x00\x06\x03\xff") == (binary["Number"], binary["Coding"], binary["Text"])
    assert ("Status_Report", PERSON, 33) == (report["Type"], report["Number"], report["MessageReference"])


def test_libgammu_cannot_delete_a_poisonous_message_but_reads_on_behind_it(
    modem: Virtual, machine: Any
) -> None:
    modem.deliver(PERSON, "before")
    modem.deliver_raw("07913306091093f007" + "00" * 20)  # message type 3 is reserved
    modem.deliver(PERSON, "after")
    first = machine.GetNextSMS(Folder=0, Start=True)[0]["Location"]
    with pytest.raises(gammu.GSMError):
        machine.GetNextSMS(Folder=0, Location=first)
    assert "after" == text_of(machine.GetNextSMS(Folder=0, Location=first + 1)[0])
    with pytest.raises(gammu.GSMError):
        machine.DeleteSMS(0, first + 1)


# --- sending --------------------------------------------------------------------------------


def test_libgammu_sends_single_messages_of_both_alphabets(modem: Virtual, machine: Any) -> None:
    before = len(modem.record())
    first = send(machine, "Ça suffit @ 5 €")
    second = send(machine, "Ça suffit 🙂", Coding="Unicode_No_Compression")
    sent = [
        (each["number"], each["text"], each["alphabet"], each["reference"])
        for each in modem.record()[before:]
    ]
    assert [(PERSON, "Ça suffit @ 5 €", "gsm7", first), (PERSON, "Ça suffit 🙂", "ucs2", second)] == sent


@pytest.mark.parametrize("text", ["Laisse-la tranquille {[€]} " * 10, "Laisse-la tranquille 🙂 ж " * 6])
def test_libgammu_sends_the_parts_that_it_cuts_itself(modem: Virtual, machine: Any, text: str) -> None:
    before = len(modem.record())
    unicode = not septets.is_gsm7(text)
    information = {
        "Class": -1,
        "Unicode": unicode,
        "Entries": [{"ID": "ConcatenatedTextLong", "Buffer": text}],
    }
    for part in gammu.EncodeSMS(information):
        machine.SendSMS(part | {"Number": PERSON, "SMSC": {"Location": 1}})
    parts = modem.record()[before:]
    assert text == "".join(part["text"] for part in parts)
    assert [(number, len(parts)) for number in range(1, len(parts) + 1)] == [
        (part["part"]["number"], part["part"]["total"]) for part in parts
    ]
    assert 1 == len({part["part"]["reference"] for part in parts})


def test_libgammu_gets_the_delivery_report_that_it_asks_for(modem: Virtual, machine: Any) -> None:
    modem.set(report_seconds=0.05)
    before = modem.state()["stored"]
    reference = send(machine, "x", Type="Status_Report")
    wait_until(lambda: modem.state()["stored"] == before + 1)
    (report,) = read_all(machine)
    assert ("Status_Report", reference, PERSON) == (
        report["Type"],
        report["MessageReference"],
        report["Number"],
    )


@pytest.mark.parametrize(
    "break_it",
    [
        lambda modem: modem.refuse_sends(38),
        lambda modem: modem.set(credit="0.10"),
        lambda modem: modem.fault("no_network"),
    ],
    ids=["refused", "no credit", "no network"],
)
def test_libgammu_calls_every_refusal_of_a_send_unknown(
    modem: Virtual, machine: Any, break_it: Callable[[Virtual], None]
) -> None:
    before = modem.state()["accepted"]
    break_it(modem)
    with pytest.raises(gammu.ERR_UNKNOWN):
        send(machine, "x")
    assert before == modem.state()["accepted"]
    modem.set(credit="20.00")


# --- events ---------------------------------------------------------------------------------


def test_libgammu_raises_calls_new_messages_and_service_answers_as_events(
    modem: Virtual, machine: Any
) -> None:
    events: list[tuple[str, Message]] = []
    machine.SetIncomingCallback(lambda _, kind, data: events.append((kind, data)))
    machine.SetIncomingCall(True)
    machine.SetIncomingUSSD(True)
    modem.set(ussd_seconds=0.05)
    modem.call(PERSON, rings=3, seconds=0.1)
    machine.DialService("#123#")
    deadline = time.monotonic() + 10
    while not {"Call", "USSD"} <= {kind for kind, _ in events} and time.monotonic() < deadline:
        machine.ReadDevice()
    seen = dict(reversed(events))
    assert ("IncomingCall", PERSON) == (seen["Call"]["Status"], seen["Call"]["Number"])
    assert "Votre crédit est de " in seen["USSD"]["Text"]
    assert seen["USSD"]["Text"].endswith(" €")
    machine.SetIncomingCallback(None)
    machine.SetIncomingCall(False)
    machine.SetIncomingUSSD(False)
    assert "Relou Mobile" == machine.GetNetworkInfo()["NetworkName"]
