"""Service codes through the real libGammu in a cell, on the virtual modem's network."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import pytest

from relou_gateway.modem.cell import DEADLINES, Cell, Deadlines
from relou_gateway.modem.port import ModemLost, UssdFailed
from relou_gateway.modem.service_code import ANSWER_WITHIN, MENU, REFUSALS
from tests.modem.fakes import spec
from tests.support.virtual import Virtual, virtual_modem

CODE = "#123#"
PATTERN = "([0-9]+[.,][0-9]{2}) ?(?:€|EUR)"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Virtual, Cell]]:
    """One libGammu for all of them, which waits less than a second for the network."""
    with virtual_modem(tmp_path_factory.mktemp("ussd"), credit=12_340_000) as virtual:
        cell = Cell.start(spec("Impatient", device=virtual.link))
        yield virtual, cell
        cell.close()


@pytest.fixture
def modem(opened: tuple[Virtual, Cell]) -> Virtual:
    opened[0].clear()
    opened[0].set(
        ussd_answer="Votre crédit est de {credit} €", ussd_status=0, ussd_line=None, ussd_seconds=0.1
    )
    return opened[0]


@pytest.fixture
def cell(opened: tuple[Virtual, Cell], modem: Virtual) -> Cell:  # noqa: ARG001 - as on the first day
    return opened[1]


def failure(cell: Cell) -> str:
    with pytest.raises(UssdFailed) as failed:
        cell.ussd(CODE, PATTERN)
    assert cell.network().registered, "the modem works on"
    return str(failed.value)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Votre crédit est de {credit} €", "Votre crédit est de 12,34 €"),
        ("Ваш баланс {credit} EUR", "Ваш баланс 12,34 EUR"),
        ("رصيدك {credit} EUR", "رصيدك 12,34 EUR"),
    ],
)
def test_the_network_answers_in_any_alphabet(modem: Virtual, cell: Cell, said: str, answer: str) -> None:
    modem.set(ussd_answer=said)
    assert answer == cell.ussd(CODE, PATTERN)
    modem.set(ussd_answer=f"{said}\r\n")
    assert answer == cell.ussd(CODE, PATTERN).strip()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ('0,"Solde 12,34 EUR",15', "Solde 12,34 EUR"),
        ('2,"Maaf, 12.34 EUR",0', "Maaf, 12.34 EUR"),
        ('1,"Kontostand: 3.00 EUR Bitte w{hlen Sie"', "Kontostand: 3.00 EUR Bitte wählen Sie"),
        ('0,"Solde 12,34 EUR', "Solde 12,34 EUR"),
        ('0,"0053006F006C00640065002000310032002C0033003400200045', "Solde 12,34 E"),
        ('0,"D3379B5C06C564AC190D54AC4A01",15', "Solde 12"),
    ],
)
def test_what_modems_garble_is_read(modem: Virtual, cell: Cell, line: str, answer: str) -> None:
    modem.set(ussd_line=line)
    assert cell.ussd(CODE, PATTERN).startswith(answer)


def test_an_answer_in_which_nothing_is_found_is_handed_on(modem: Virtual, cell: Cell) -> None:
    modem.set(ussd_answer="Service indisponible")
    assert "Service indisponible" == cell.ussd(CODE, PATTERN)


@pytest.mark.parametrize(("status", "word"), [(3, "AnotherClient"), (4, "NotSupported"), (5, "Timeout")])
def test_a_refusal_is_told(modem: Virtual, cell: Cell, status: int, word: str) -> None:
    modem.set(ussd_line=str(status))
    assert REFUSALS[word] == failure(cell)


@pytest.mark.parametrize("line", ["0", '0,"",15', '0,"12,34 EUR",245', "x"])
def test_an_answer_without_words_is_none(modem: Virtual, cell: Cell, line: str) -> None:
    modem.set(ussd_line=line)
    assert "the network did not answer the service code in 0.7 s" == failure(cell)


def test_a_network_that_never_answers_is_given_up(modem: Virtual, cell: Cell) -> None:
    modem.set(ussd_answer=None)
    began = time.monotonic()
    assert "the network did not answer the service code in 0.7 s" == failure(cell)
    assert 0.7 <= time.monotonic() - began < 5


def test_a_modem_that_refuses_the_command_works_on(modem: Virtual, cell: Cell) -> None:
    modem.fault("refuse", at='AT+CUSD=1,"')
    assert "the modem did not take the service code (ERR_UNKNOWN)" == failure(cell)


def test_a_modem_that_knows_no_service_codes_works_on(modem: Virtual, cell: Cell) -> None:
    modem.fault("refuse", at="AT+CUSD", count=None)
    assert failure(cell).startswith("the modem did not take the service code (ERR_")


def test_nothing_is_answered_out_of_the_network(modem: Virtual, cell: Cell) -> None:
    modem.set(registered=False)
    with pytest.raises(UssdFailed, match="the modem did not take the service code"):
        cell.ussd(CODE, PATTERN)
    modem.set(registered=True)


def test_a_late_answer_is_not_taken_for_that_to_the_next_question(modem: Virtual, cell: Cell) -> None:
    modem.set(ussd_answer="Solde 99,99 EUR", ussd_seconds=1.0)
    assert "the network did not answer the service code in 0.7 s" == failure(cell)
    time.sleep(0.8)
    modem.set(ussd_answer="Solde 12,34 EUR", ussd_seconds=0.1)
    assert "Solde 12,34 EUR" == cell.ussd(CODE, PATTERN)


def test_what_the_network_says_of_its_own_accord_is_not_taken_for_the_answer(
    modem: Virtual, cell: Cell
) -> None:
    modem.set(ussd_seconds=0.4)
    adverts = [threading.Timer(seconds, modem.push_ussd, ("Gagnez un voyage",)) for seconds in (0.1, 0.3)]
    for advert in adverts:
        advert.start()
    assert "Votre crédit est de 12,34 €" == cell.ussd(CODE, PATTERN)
    for advert in adverts:
        advert.join()


def test_a_menu_is_left_and_told(modem: Virtual, cell: Cell) -> None:
    modem.set(ussd_answer="1: crédit 2: options", ussd_status=1)
    assert MENU == failure(cell)
    assert not modem.state()["ussd_open"]


def test_a_call_that_comes_meanwhile_is_not_lost(modem: Virtual, cell: Cell) -> None:
    cell.listing()
    modem.set(ussd_seconds=0.4)
    assert modem.call("+33612345678", rings=2, seconds=0.1)
    assert "Votre crédit est de 12,34 €" == cell.ussd(CODE, PATTERN)
    assert ["+33612345678"] == [call.number for call in cell.listing().calls]


def test_a_pattern_that_takes_for_ever_costs_no_modem(modem: Virtual, cell: Cell) -> None:
    modem.set(ussd_answer="x" * 100 + "y")
    with pytest.raises(UssdFailed, match=re.escape("budget.balance.pattern takes too long")):
        cell.ussd(CODE, "(x+)+$")
    assert cell.network().registered


def test_a_modem_that_hangs_in_a_service_code_is_killed_at_its_deadline() -> None:
    hung = Cell.start(spec("Answerless"), Deadlines(ussd=0.3))
    with pytest.raises(ModemLost) as lost:
        hung.ussd(CODE, PATTERN)
    assert ("hung", False) == (lost.value.cause, hung.alive)


def test_the_deadline_leaves_time_to_wait_for_the_network() -> None:
    assert (40, True) == (DEADLINES.ussd, ANSWER_WITHIN + 10 < DEADLINES.ussd)
