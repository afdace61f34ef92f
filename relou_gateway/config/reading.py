"""From a document to the settings in force, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..rules.policy import Policy
from . import checks, document
from .allowance import strangers_per_day
from .checks import Finding
from .document import Place
from .faults import ConfigError, Fault
from .raid_keys import FROM_CAPS
from .schema import ROOT
from .settings import Sections, Settings


def defaults() -> Settings:
    """Return the settings that hold without a file."""
    return _settled(ROOT.defaults())


def read(path: Path) -> Settings:
    """Return the settings of the file at `path`; raises ConfigError with every fault."""
    return interpret(document.read(path))


def interpret(root: Place) -> Settings:
    """Return the settings that stand at `root`; raises ConfigError with every fault."""
    faults: list[Fault] = []
    sections = ROOT.gather(root, faults)
    # What is faulty has its default by now, and so has what was meant by an unknown key.
    doubtful = {_setting(fault.key or "") for fault in faults}
    found = _all(checks.CONTRADICTIONS, sections)
    faults.extend([_at(finding, root) for finding in found if not _touches(finding, doubtful)])
    if faults:
        raise ConfigError(*faults)
    warnings = [*_all(checks.WARNINGS, sections)]
    if root.path is not None:
        warnings.extend(checks.pin_readable_by_others(sections, root.path))
    return replace(
        _settled(sections),
        path=root.path,
        given=frozenset(_given(root)),
        warnings=tuple(_at(finding, root) for finding in warnings),
    )


def _settled(sections: Sections) -> Settings:
    raid = sections.raid
    policy = Policy(sections.replies, sections.senders, sections.throttle, sections.budget, raid)
    if raid.strangers_per_day == FROM_CAPS:
        expected = strangers_per_day(policy)
        policy = replace(policy, raid=replace(raid, strangers_per_day=expected))
    return Settings(sections.modem, policy, sections.storage, sections.log)


def _all(every: Iterable[checks.Check], sections: Sections) -> Iterator[Finding]:
    for check in every:
        yield from check(sections)


def _setting(key: str) -> str:
    """Return the section and key that `key` lies in: "replies.texts" for "replies.texts[1].countries"."""
    return ".".join(key.split("[", maxsplit=1)[0].split(".")[:2])


def _touches(finding: Finding, doubtful: Container[str]) -> bool:
    return any(_setting(key) in doubtful or key.split(".")[0] in doubtful for key in finding.keys)


def _at(finding: Finding, root: Place) -> Fault:
    """Place a finding where the first of its keys that the file holds stands."""
    for key in finding.keys:
        place = root.below(key)
        if place is not None:
            return Fault(root.path, place.node.line, key, finding.message)
    return Fault(root.path, None, finding.keys[0], finding.message)


def _given(root: Place) -> Iterator[str]:
    for _, section, place in root.entries():
        for _, name, _ in place.entries():
            yield f"{section}.{name}"
