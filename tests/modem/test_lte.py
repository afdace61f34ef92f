"""A modem that only LTE serves, for which libGammu never asks: found out, and asked no more than needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.modem.gammu_message import Message
from relou_gateway.modem.gammu_radio import Radio
from relou_gateway.modem.line import Line
from relou_gateway.modem.lte import NOTHING, PAUSE, STANDS, Answer, LteRegistration
from relou_gateway.modem.port import NotSent
from relou_gateway.modem.registration import Registration
from relou_gateway.rules.records import Network
from tests.modem.bench import VirtualBench, virtual_bench
from tests.support.virtual import Virtual

KARIM = "+33612345678"
HERE = Answer(Registration(registered=True, roaming=False, denied=False), "Relou Mobile")
RESTLESS: dict[str, Any] = {"driver": "tests.modem.fakes:Restless", "path": [str(Path(__file__).parents[2])]}


# --- through libGammu ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBench]:
    with virtual_bench(tmp_path_factory.mktemp("lte"), **RESTLESS) as here:
        yield here


def commands(bench: VirtualBench, ask: Callable[[], object]) -> int:
    before = int(bench.virtual.state()["commands"])
    ask()
    return int(bench.virtual.state()["commands"]) - before


def test_a_modem_that_lte_alone_serves_is_registered_for_as_long_as_that_is_so(bench: VirtualBench) -> None:
    bench.begin()
    cheap = commands(bench, bench.modem.network)
    bench.virtual.set(lte_only=True)
    first = bench.modem.network()
    assert Network(True, False, "Relou Mobile", first.signal_percent, first.full_percent) == first
    assert 1 == len(bench.modem.send(KARIM, ["Un non est un non."], unicode=False))
    assert commands(bench, bench.modem.network) <= cheap, "it is remembered"
    bench.virtual.set(registered=False)
    assert not bench.modem.network().registered, "which what libGammu sees has made doubtful"
    bench.virtual.set(registered=True, roaming=True)
    found = bench.modem.network()
    bench.virtual.set(lte_only=False, roaming=False)
    assert (True, True, "Relou Mobile") == (found.registered, found.roaming, found.operator)


def test_a_refused_send_makes_it_doubtful(bench: VirtualBench) -> None:
    bench.begin()
    bench.virtual.set(lte_only=True)
    bench.modem.network()
    bench.refuse_send(331)
    with pytest.raises(NotSent):
        bench.modem.send(KARIM, ["Un non est un non."], unicode=False)
    bench.virtual.fault("refuse", at="AT+CEREG?")
    found = bench.modem.network()
    bench.virtual.set(lte_only=False)
    assert not found.registered


# --- by hand ------------------------------------------------------------------------------


class Blind:
    """A `Machine` that sees what it is told to see of the network, and takes no time."""

    def __init__(self) -> None:
        self.log = '1 "AT+CREG?"\n2 "+CREG: 2,0"\n3 "OK"\n'

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def ask(self, method: str, *_: Any) -> Any:
        raise AssertionError(method)

    def ask_or(self, default: Any, *_: Any) -> Any:
        return default

    def attempt(self, method: str, *_: Any) -> tuple[Any, str]:
        raise AssertionError(method)

    def overheard(self) -> AbstractContextManager[Callable[[], str]]:
        return nullcontext(lambda: self.log)

    def decode(self, pdu: bytes) -> tuple[Message | None, str]:
        raise AssertionError(pdu)


class Asked:
    """A radio on a virtual modem whose client sees nothing."""

    def __init__(self, virtual: Virtual, speed: int | None = 115200) -> None:
        self.machine = Blind()
        self._virtual = virtual
        self._radio = Radio(Line(self.machine, virtual.link, speed), self.machine)

    def network(self) -> tuple[Network, bool]:
        """Return the state of the radio, and whether anything was asked by hand."""
        before = self._virtual.state()["commands"]
        network = self._radio.network(None)
        return network, self._virtual.state()["commands"] != before


@pytest.fixture
def asked(modem: Virtual) -> Asked:
    return Asked(modem)


def test_a_modem_without_network_is_not_asked_again_at_once(modem: Virtual, asked: Asked) -> None:
    modem.set(registered=False)
    assert [(False, True), (False, False)] == [
        (network.registered, by_hand) for network, by_hand in (asked.network(), asked.network())
    ]
    asked.machine.log = '2 "+CREG: 2,1"\n3 "OK"\n'
    assert asked.network()[0].registered
    asked.machine.log = '2 "+CREG: 2,2"\n3 "OK"\n'
    assert asked.network()[1], "but as soon as it has lost one again"


@pytest.mark.parametrize("fault", ["refuse", "lose"])
def test_a_modem_that_does_not_know_of_lte_is_asked_once(modem: Virtual, fault: str) -> None:
    asked = Asked(modem)
    modem.fault(fault, at="AT+CEREG?")
    modem.set(lte_only=True)
    assert [(False, True), (False, False)] == [
        (network.registered, by_hand) for network, by_hand in (asked.network(), asked.network())
    ]


def test_a_network_in_lte_that_refuses_the_sim_is_told_from_none(modem: Virtual, asked: Asked) -> None:
    modem.set(denied=True)
    assert [True, True] == [asked.network()[0].denied for _ in range(2)]


def test_an_operator_who_cannot_be_told_is_no_reason_to_doubt_his_network(
    modem: Virtual, asked: Asked
) -> None:
    modem.set(lte_only=True)
    modem.fault("lose", at="AT+COPS?")
    network, _ = asked.network()
    assert (True, "") == (network.registered, network.operator)


def test_a_modem_that_libgammu_cannot_ask_at_all_is_asked_by_hand(modem: Virtual, asked: Asked) -> None:
    asked.machine.log = '1 "AT+CGREG=2"\n2 "ERROR"\n'  # where libGammu gives up
    modem.fault("refuse", at="AT+CEREG?")
    assert asked.network()[0].registered


def test_data_alone_is_a_network_too(asked: Asked) -> None:
    asked.machine.log += '1 "AT+CGREG?"\n2 "+CGREG: 2,1"\n3 "OK"\n'
    network, by_hand = asked.network()
    assert (True, False) == (network.registered, by_hand)


def test_where_at_is_not_spoken_nothing_is_asked(modem: Virtual) -> None:
    network, by_hand = Asked(modem, speed=None).network()
    assert (False, False) == (network.registered, by_hand)


# --- when to ask --------------------------------------------------------------------------


def test_without_a_network_it_is_asked_at_most_once_a_minute() -> None:
    lte = LteRegistration()
    questions = []
    for at in range(0, 301, 5):
        if lte.is_due("the same", float(at)):
            questions.append(at)
            lte.take(NOTHING, "the same", float(at))
    assert [0, 55, 110, 165, 220, 275] == questions
    assert PAUSE < 60, "so that a look every minute never finds that it is too early"


def test_with_one_it_is_asked_as_soon_as_anything_has_changed_and_now_and_then() -> None:
    lte = LteRegistration()
    lte.take(HERE, "the same", 0.0)
    assert [False, False, True] == [lte.is_due("the same", at) for at in (PAUSE, STANDS - 1, STANDS)]
    assert [False, True] == [lte.is_due("something else", at) for at in (PAUSE - 1, PAUSE)]


def test_what_was_sent_proves_it_and_what_was_refused_makes_it_doubtful() -> None:
    lte = LteRegistration()
    lte.take(HERE, "the same", 0.0)
    lte.sent(STANDS - 1)
    assert not lte.is_due("the same", STANDS + 1)
    assert lte.is_due("something else", STANDS + 1)
    lte.doubt()
    assert lte.is_due("the same", STANDS + 1)
    lte.sent(STANDS + 1)
    assert not lte.is_due("the same", STANDS + 1)


def test_what_was_sent_elsewhere_proves_nothing() -> None:
    lte = LteRegistration()
    lte.take(HERE, "the same", 0.0)
    lte.is_not_needed()
    lte.sent(STANDS)
    assert (NOTHING, True) == (lte.answer, lte.is_due("the same", STANDS))
