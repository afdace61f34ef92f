"""Delivery reports: which message each is on, and when all of it has arrived."""

from __future__ import annotations

import pytest

from relou_gateway.rules.delivery import Candidate, is_whole, reported_on

NEW, OLD, UNTOLD = Candidate(9, [17, 18]), Candidate(3, [17]), Candidate(12, [-1])


@pytest.mark.parametrize(
    ("reference", "candidates", "expected"),
    [
        (17, [NEW, OLD], 9),
        (17, [OLD], 3),
        (18, [NEW, OLD], 9),
        (19, [NEW, OLD], None),
        (17, [UNTOLD, NEW], 9),
        (19, [NEW, UNTOLD], 12),
        (17, [], None),
    ],
)
def test_a_report_is_on_the_newest_message_of_its_reference_or_else_on_one_that_has_none(
    reference: int, candidates: list[Candidate], expected: int | None
) -> None:
    assert expected == reported_on(reference, candidates)


@pytest.mark.parametrize(
    ("references", "delivered", "expected"),
    [
        ([17], {17}, True),
        ([17], set(), False),
        ([17, 18], {17}, False),
        ([17, 18], {18, 17}, True),
        ([-1], {200}, True),
        ([-1, 18], {18}, False),
        ([-1, 18], {18, 19}, True),
        ([-1, -1], {200}, False),
        ([255, 0], {255, 0}, True),
    ],
)
def test_a_message_has_arrived_when_each_of_its_parts_has(
    references: list[int], delivered: set[int], expected: bool
) -> None:
    assert expected is is_whole(references, delivered)
