from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relou_gateway.modem.cms import EQUIPMENT_ERRORS, MESSAGE_ERRORS, Family, meaning, send_failure
from relou_gateway.modem.port import InDoubt, NotSent, Refused, SendFailure

RULINGS: list[tuple[int, type[SendFailure]]] = [
    # 24.011 Annex E-2: the network's own answer to this very message
    (8, NotSent),
    (21, NotSent),
    (28, NotSent),
    (41, NotSent),
    (42, NotSent),
    (50, NotSent),
    (96, Refused),
    # 23.540 table 5.1.8-1: what it also says when the SMSC's answer did not come
    (38, InDoubt),
    (98, InDoubt),
    (127, InDoubt),
    # 23.040 ch. 9.2.3.22: the SMSC's answer
    (144, Refused),
    (192, NotSent),
    (194, NotSent),
    (195, Refused),
    (196, Refused),
    (197, InDoubt),
    (208, InDoubt),
    (255, InDoubt),
    # 27.005 ch. 3.2.5: the modem's
    (300, InDoubt),
    (304, Refused),
    (310, NotSent),
    (330, NotSent),
    (331, NotSent),
    (332, InDoubt),
    (500, InDoubt),
    (512, InDoubt),
]


@pytest.mark.parametrize(("code", "expected"), RULINGS)
def test_only_a_code_that_proves_it_is_certain(code: int, expected: type[SendFailure]) -> None:
    assert meaning(code).failure is expected


@pytest.mark.parametrize(
    ("code", "words"), [(230, "operator's own"), (513, "maker's own"), (400, "without a public meaning")]
)
def test_of_a_code_that_nobody_lists_it_is_said_who_gave_it(code: int, words: str) -> None:
    assert words in str(send_failure(code))
    assert f"(+CMS ERROR: {code})" in str(send_failure(code))


@pytest.mark.parametrize("code", [40, 47])
def test_a_modem_that_is_locked_to_an_operator_has_sent_nothing(code: int) -> None:
    assert type(send_failure(code, family=Family.EQUIPMENT)) is NotSent


def test_no_code_is_a_doubt() -> None:
    assert meaning(None).failure is InDoubt


@given(some.integers().filter(lambda code: code not in MESSAGE_ERRORS))
def test_a_code_that_nobody_lists_is_a_doubt(code: int) -> None:
    assert meaning(code).failure is InDoubt


@given(some.integers().filter(lambda code: code not in EQUIPMENT_ERRORS))
def test_a_code_of_the_equipment_that_nobody_lists_is_a_doubt(code: int) -> None:
    assert meaning(code, Family.EQUIPMENT).failure is InDoubt


def test_the_same_number_means_something_else_in_the_other_list() -> None:
    assert meaning(10).words == "outgoing messages are barred on this SIM; ask the operator"
    assert meaning(10, Family.EQUIPMENT).words == "no SIM is inserted"


@given(some.sampled_from(sorted(MESSAGE_ERRORS)), some.integers(0, 10))
def test_a_failure_tells_its_code_its_words_and_the_parts_before_it(code: int, accepted: int) -> None:
    failure = send_failure(code, accepted=accepted)
    assert (failure.code, failure.accepted) == (code, accepted)
    assert str(failure) == f"{meaning(code).words} (+CMS ERROR: {code})"


@given(some.none() | some.integers(0, 1000), some.sampled_from(Family))
def test_what_was_refused_before_it_was_written_has_not_left(code: int | None, family: Family) -> None:
    assert not isinstance(send_failure(code, family=family, written=False), InDoubt)


@pytest.mark.parametrize(
    ("code", "family", "expected"),
    [
        (1, Family.MESSAGE, True),
        (21, Family.MESSAGE, True),
        (195, Family.MESSAGE, True),
        (255, Family.MESSAGE, True),
        (310, Family.MESSAGE, False),
        (331, Family.MESSAGE, False),
        (10, Family.EQUIPMENT, False),
        (None, Family.MESSAGE, False),
    ],
)
def test_it_is_told_whether_the_network_refused_or_the_modem(
    code: int | None, family: Family, expected: bool
) -> None:
    assert expected is send_failure(code, family=family).by_network


def test_all_words_are_a_person_s() -> None:
    for words in {known.words for known in (MESSAGE_ERRORS | EQUIPMENT_ERRORS).values()}:
        assert words
        assert words[-1] not in ".!"
        assert words == words.strip()
