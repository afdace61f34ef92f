"""A virtual modem of its own for each test, and a raw client on its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.at_client import AtClient
from tests.support.virtual import Virtual, virtual_modem


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[Virtual]:
    """Three slots on the SIM, two in the modem; it sends at once."""
    with virtual_modem(tmp_path, sim_slots=3, me_slots=2) as virtual:
        yield virtual


@pytest.fixture(scope="module")
def shared_modem(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtual]:
    """One modem for the tests that leave nothing in its slots."""
    with virtual_modem(tmp_path_factory.mktemp("virtual"), sim_slots=3, me_slots=2) as virtual:
        yield virtual


@pytest.fixture
def fresh_client(shared_modem: Virtual) -> Iterator[AtClient]:
    """Connects to the shared modem after a power cycle, which forgets what clients have set."""
    shared_modem.replug()
    with AtClient(shared_modem.link) as connected:
        yield connected


@pytest.fixture
def client(modem: Virtual) -> Iterator[AtClient]:
    with AtClient(modem.link) as connected:
        yield connected
