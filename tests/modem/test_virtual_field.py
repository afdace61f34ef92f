"""What the virtual modem knows of the field: PUK, broken SIMs, forwarding, another name after a replug."""

from __future__ import annotations

from pathlib import Path

import pytest

from relou_gateway.modem.virtual import VirtualFailure
from tests.support.at_client import AtClient
from tests.support.virtual import Virtual


def test_the_puk_gives_a_new_pin_and_all_tries(modem: Virtual, client: AtClient) -> None:
    modem.set(pin="1234")
    modem.set(tries_left=0)
    assert ["ERROR"] == client.ask('AT+CPIN="00000000","4321"')
    assert ["+CPINR: SIM PIN,0,3", "+CPINR: SIM PUK,9,10", "OK"] == client.ask("AT+CPINR")
    assert ["OK"] == client.ask('AT+CPIN="12345678","4321"')
    assert ["+CPIN: READY", "OK"] == client.ask("AT+CPIN?")
    assert 3 == modem.state()["pin_tries"]


def test_a_modem_may_keep_the_tries_left_to_itself(modem: Virtual, client: AtClient) -> None:
    modem.set(tells_tries=False)
    assert [["ERROR"], ["ERROR"]] == [client.ask("AT+CPINR"), client.ask("AT^CPIN?")]


@pytest.mark.parametrize(("fault", "cme"), [("absent", 10), ("failed", 13), ("busy", 14)])
def test_a_sim_that_does_not_work_gives_nothing(
    modem: Virtual, client: AtClient, fault: str, cme: int
) -> None:
    client.ask("AT+CMEE=1")
    modem.set(sim_fault=fault)
    refused = [f"+CME ERROR: {cme}"]
    assert [refused, refused] == [client.ask("AT+CPIN?"), client.ask("AT+CIMI")]
    assert [f"+CMS ERROR: {300 + cme}"] == client.ask("AT+CMGL=4")
    assert not modem.state()["registered"]
    modem.set(sim_fault=None)
    assert ["+CPIN: READY", "OK"] == client.ask("AT+CPIN?")


def test_a_sim_has_only_the_faults_that_there_are(modem: Virtual) -> None:
    with pytest.raises(VirtualFailure, match="absent, failed, busy"):
        modem.set(sim_fault="tired")


def test_calls_that_nobody_takes_can_be_forwarded(modem: Virtual, client: AtClient) -> None:
    assert ["+CCFC: 0,7", "OK"] == client.ask("AT+CCFC=2,2")
    modem.set(forwarding="+33695000888")
    assert '+CCFC: 1,1,"+33695000888",145' == client.ask("AT+CCFC=2,2")[0]
    assert ["+CCFC: 0,7", "OK"] == client.ask("AT+CCFC=0,2"), "not all of them"
    assert "ERROR" in client.ask("AT+CCFC=0,4")[0], "only asked, never changed"


def test_it_comes_back_under_another_name(modem: Virtual, tmp_path: Path) -> None:
    other = tmp_path / "ttyUSB7"
    modem.ask("replug", link=str(other))
    assert not Path(modem.link).is_symlink()
    with AtClient(str(other)) as client:
        assert ["OK"] == client.ask("AT")
