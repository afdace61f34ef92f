"""Tests that run side by side: what a daemon takes its time for is mostly libGammu's sleep."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

Story = Callable[[Path], None]
Test = Callable[[pytest.FixtureRequest, pytest.TempPathFactory], None]

AT_ONCE = 10
"""Stories at one time: each has three processes, which start on few cores."""

_STORIES: dict[object, Story] = {}
_BEGUN = pytest.StashKey[dict[Story, Future[None]]]()


def side_by_side(story: Story) -> Test:
    """Make a test of a function of its own empty directory.

    The first such test of a session starts all that were selected, in threads; each then waits
    for its own end. Where several processes share the tests, one of them gets all of these: each
    that got one would start them all.
    """

    def test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
        stash = request.session.stash
        if _BEGUN not in stash:
            stash[_BEGUN] = _begin(request.session, tmp_path_factory)
        stash[_BEGUN][story].result()

    test.__name__, test.__module__ = story.__name__, story.__module__
    _STORIES[test] = story
    return test


def scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Return what shares tests out among processes, a file at a time, in the order of the files.

    A file's tests share what they make. The files with such stories go together, and those of the
    package: each process would start, or build, all of its own.
    """
    root = config.rootpath
    with_stories = {
        str(path.relative_to(root))
        for path in (root / "tests").rglob("test_*.py")
        if "\n@side_by_side\n" in path.read_text()
    }
    # The other order, files with many tests first, would leave the package's few and long ones for the end.
    config.option.loadscopereorder = False

    class AFileAtATime(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file in with_stories:
                return "side by side"
            return "package" if file.startswith("tests/package/") else file

    return AFileAtATime(config, log)


def _begin(session: pytest.Session, directories: pytest.TempPathFactory) -> dict[Story, Future[None]]:
    functions = [getattr(item, "function", None) for item in session.items]
    stories = [_STORIES[function] for function in functions if function in _STORIES]
    pool = ThreadPoolExecutor(AT_ONCE)
    begun = {story: pool.submit(story, directories.mktemp("story")) for story in stories}
    pool.shutdown(wait=False)
    return begun
