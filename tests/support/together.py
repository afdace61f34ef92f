"""Tests that run side by side: what a daemon takes its time for is mostly libGammu's sleep."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

Story = Callable[[Path], None]
Test = Callable[[pytest.FixtureRequest, pytest.TempPathFactory], None]


class Together:
    """Decorates the tests of one module: the first that runs starts all that were selected, in threads.

    Each is a function of its own empty directory, which every user of the machine may enter.
    """

    def __init__(self) -> None:
        self._stories: dict[str, Story] = {}
        self._begun: dict[str, Future[None]] = {}

    def __call__(self, story: Story) -> Test:
        self._stories[story.__name__] = story

        def test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
            if not self._begun:
                self._begin(request, tmp_path_factory)
            self._begun[story.__name__].result()

        test.__name__, test.__module__ = story.__name__, story.__module__
        return test

    def _begin(self, request: pytest.FixtureRequest, directories: pytest.TempPathFactory) -> None:
        module = request.node.path
        selected = [each.name for each in request.session.items if each.path == module]
        stories = {name: self._stories[name] for name in selected if name in self._stories}
        pool = ThreadPoolExecutor(len(stories))
        self._begun = {name: pool.submit(story, directories.mktemp("side")) for name, story in stories.items()}
        pool.shutdown(wait=False)
