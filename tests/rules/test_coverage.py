"""What follows from how the modem stands with the network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from relou_gateway.rules.coverage import Coverage, coverage, may_send, restart_at, trouble
from relou_gateway.rules.records import Network

HOME = Network(registered=True, roaming=False, operator="20801", signal_percent=60)
ROAMING = replace(HOME, roaming=True)
NONE = replace(HOME, registered=False)
DENIED = replace(NONE, denied=True)
NOW = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("network", "expected", "at_home", "abroad"),
    [
        (HOME, Coverage.HOME, True, True),
        (ROAMING, Coverage.ROAMING, False, True),
        (NONE, Coverage.NONE, False, False),
        (DENIED, Coverage.DENIED, False, False),
    ],
)
def test_nothing_is_sent_without_network_nor_abroad_unless_that_is_allowed(
    network: Network, expected: Coverage, at_home: bool, abroad: bool
) -> None:
    assert expected is coverage(network)
    assert (at_home, abroad) == (may_send(network, roaming=False), may_send(network, roaming=True))


@pytest.mark.parametrize(
    ("network", "roaming", "expected"),
    [
        (HOME, False, None),
        (ROAMING, True, None),
        (ROAMING, False, "modem.roaming"),
        (NONE, False, "antenna"),
        (DENIED, True, "refuses this SIM"),
    ],
)
def test_what_stands_against_sending_is_told_with_what_to_do(
    network: Network, roaming: bool, expected: str | None
) -> None:
    told = trouble(network, roaming=roaming)
    assert (expected is None) is (told is None)
    assert (expected or "") in (told or "")


@pytest.mark.parametrize(
    ("restarted_at", "restarts", "expected"),
    [
        (None, 0, NOW + 5 * MINUTE),
        (NOW + 5 * MINUTE, 1, NOW + 15 * MINUTE),
        (NOW + 15 * MINUTE, 2, NOW + 45 * MINUTE),
        (NOW + 45 * MINUTE, 3, NOW + 105 * MINUTE),
        (NOW + 105 * MINUTE, 4, NOW + 285 * MINUTE),
        (NOW + 285 * MINUTE, 9, NOW + 465 * MINUTE),
    ],
)
def test_the_radio_is_restarted_after_five_minutes_and_then_ever_less_often(
    restarted_at: datetime | None, restarts: int, expected: datetime
) -> None:
    assert expected == restart_at(NOW, 5 * MINUTE, restarted_at, restarts)


def test_the_radio_is_never_restarted_where_nobody_wants_it() -> None:
    assert restart_at(NOW, None, None, 0) is None
