from __future__ import annotations

import pytest

from relou_gateway.rules.pin import Tried, objection


@pytest.mark.parametrize(
    ("tried", "tries_left", "allowed"),
    [
        (None, None, True),
        (None, 3, True),
        (None, 2, False),
        (None, 0, False),
        (Tried(accepted=True), None, True),
        (Tried(accepted=True), 3, True),
        (Tried(accepted=True), 2, False),
        (Tried(refused=True), None, False),
        (Tried(refused=True), 3, False),
        (Tried(unanswered=1), None, False),
        (Tried(unanswered=1), 3, True),
        (Tried(accepted=True, unanswered=1), None, True),
        (Tried(accepted=True, unanswered=2), None, False),
        (Tried(accepted=True, unanswered=9), 3, True),
    ],
)
def test_a_pin_is_tried_once_and_never_where_it_could_cost_the_second_try(
    tried: Tried | None, tries_left: int | None, *, allowed: bool
) -> None:
    assert allowed == (objection(tried, tries_left) is None)


def test_why_not_is_told_with_what_to_do() -> None:
    assert "correct modem.pin" in str(objection(Tried(refused=True), 3))
    assert "only 1 of 3" in str(objection(None, 1))
