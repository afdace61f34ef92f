"""Which of what the network says after a service code is the answer."""

from __future__ import annotations

import re
import time

import pytest

from relou_gateway.modem.port import UssdFailed
from relou_gateway.modem.service_code import (
    ANSWER_WITHIN,
    LISTEN_ON,
    MENU,
    REFUSALS,
    SEARCH_WITHIN,
    Dialogue,
    readings,
)

PATTERN = "([0-9]+[.,][0-9]{2}) ?(?:€|EUR)"
CREDIT = "Votre crédit est de 12,34 €"
ADVERT = "Gagnez un voyage"


def after(*said: tuple[str, str]) -> tuple[bool, str]:
    """Return whether the dialogue is over once this was said, a second apart, and what it concludes."""
    dialogue = Dialogue(PATTERN, 0)
    for second, (status, text) in enumerate(said):
        dialogue.hear(status, text, second)
    try:
        return dialogue.is_over(len(said)), dialogue.conclude()
    except UssdFailed as failed:
        return dialogue.is_over(len(said)), f"failed: {failed}"


def test_the_first_text_with_an_amount_is_the_answer() -> None:
    said = ("NoActionNeeded", CREDIT), ("NoActionNeeded", "Solde 99,99 €")
    assert (True, CREDIT) == after(*said)


def test_what_the_network_says_of_its_own_accord_is_not_taken_for_the_answer() -> None:
    said = ("NoActionNeeded", ADVERT), ("ActionNeeded", "1: oui 2: non"), ("NoActionNeeded", CREDIT)
    assert (True, CREDIT) == after(*said)


def test_an_answer_in_which_nothing_is_found_is_handed_on_when_no_better_one_comes() -> None:
    assert (False, ADVERT) == after(("NoActionNeeded", ADVERT), ("NoActionNeeded", "Merci"))


def test_after_another_text_a_little_time_is_left_for_the_answer() -> None:
    dialogue = Dialogue(PATTERN, 0)
    dialogue.hear("NoActionNeeded", ADVERT, 3)
    assert (False, True) == (dialogue.is_over(3 + LISTEN_ON - 0.1), dialogue.is_over(3 + LISTEN_ON))
    dialogue.hear("NoActionNeeded", CREDIT, 3 + LISTEN_ON)
    assert ADVERT == dialogue.conclude(), "what comes later is none"


def test_a_network_that_says_nothing_is_not_waited_for_for_ever() -> None:
    dialogue = Dialogue(PATTERN, 0)
    assert (False, True) == (dialogue.is_over(ANSWER_WITHIN - 0.1), dialogue.is_over(ANSWER_WITHIN))
    with pytest.raises(UssdFailed, match=re.escape("the network did not answer the service code in 25 s")):
        dialogue.conclude()


@pytest.mark.parametrize("status", sorted(REFUSALS))
def test_a_refusal_ends_it(status: str) -> None:
    assert (True, f"failed: {REFUSALS[status]}") == after((status, ""))


def test_a_menu_that_tells_the_credit_is_an_answer() -> None:
    menu = "Kontostand: 3.00 EUR Bitte wählen Sie: 1 Konto aufladen 2 CallNow Transfer"
    assert (True, menu) == after(("ActionNeeded", menu))


def test_any_other_menu_is_told_as_one() -> None:
    assert (False, f"failed: {MENU}") == after(("ActionNeeded", "1: crédit 2: options"))


@pytest.mark.parametrize(
    ("garbled", "meant"),
    [
        ("0053006F006C00640065002000310032002C0033003400A020AC", "Solde 12,34 €"),
        (
            # gammu, tests/at-ussd: of a Huawei E160
            "49B41C74ACD3D16171D90D32FBE52072BA0C72CA5DB45CAC76C3CD6CB41B2D060389CB74F9FE4C07D55C371CA85897BF1B",
            "Ihr",
        ),
        ('"Solde 12,34 €', "Solde 12,34 €"),
        ("12345678", None),
        ("12,34", "12,34"),
        ("ABCD", "ABCD"),
    ],
)
def test_what_modems_do_not_decode_is_read_all_the_same(garbled: str, meant: str | None) -> None:
    first = next(readings(garbled))
    assert meant is None or first.startswith(meant), list(readings(garbled))


def test_the_reading_in_which_an_amount_is_found_is_the_answer() -> None:
    packed = "536F6C64653A2031322C333420455552"  # octets, which are not septets
    answer = "0053006F006C00640065002000310032002C003300340020004500550052"
    said = ("NoActionNeeded", packed), ("NoActionNeeded", answer)
    assert (True, "Solde 12,34 EUR") == after(*said)


@pytest.mark.parametrize("pattern", ["(x+)+$", "(x|x)*b", "(.*.*.*.*.*.*.*.*.*)b"])
def test_a_pattern_that_takes_for_ever_is_broken_off(pattern: str) -> None:
    began = time.process_time()
    with pytest.raises(UssdFailed, match=re.escape("budget.balance.pattern takes too long")):
        Dialogue(pattern, 0).hear("NoActionNeeded", "x" * 199 + "y", 1)
    assert time.process_time() - began < 2 * SEARCH_WITHIN + 1
