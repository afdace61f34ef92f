from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support import together
from tests.support.world import World

# A slow machine is no fault of the code: what a property may take is bounded by its examples.
# Half of the usual examples keep the suite under ten minutes; the seeds differ from run to run.
settings.register_profile(
    "suite", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


# A runner in the background may have it ignored, and so would every program that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    here = World(tmp_path)
    yield here
    here.close()


@pytest.fixture(autouse=True)
def log_of_its_own() -> None:
    """Let no test's log be what an earlier one made of it."""
    structlog.reset_defaults()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Share the tests out among processes so that what they make is made once."""
    return together.scheduler(config, log)
