"""The configuration before and after: what was found, what is to be written, and what differs."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...config import ConfigError, Fault, document, editing, reading, writing
from ...config.document import Place
from ...config.loading import PLACES
from ...config.schema import ROOT
from ...config.settings import Sections, Settings
from .files import free_name
from .questions import changed, differences

SERVICE = PLACES[-1]
"""Where the service looks for its configuration."""


@dataclass(frozen=True, slots=True)
class Before:
    """A configuration as it was found: `text` is None where there is none, `faults` are all of its faults.

    `sections` hold what can be read of it, and defaults.
    """

    path: Path
    text: str | None
    sections: Sections
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written: `text` to `path`, the PIN to its file, and the old text to `kept`.

    `settings` are what the text means. `kept` is None where nothing is lost, `pin_file` without a new PIN.
    """

    path: Path
    text: str
    settings: Settings
    kept: Path | None
    pin_file: Path | None
    pin: str | None

    def contents(self, before: Before) -> dict[Path, str]:
        """Return what goes to which file; the configuration comes last, for it names the others."""
        contents: dict[Path, str] = {}
        if self.kept is not None and before.text is not None:
            contents[self.kept] = before.text
        if self.pin_file is not None:
            contents[self.pin_file] = f"{self.pin}\n"
        if self.text != before.text:
            contents[self.path] = self.text
        return contents


def place(explicit: Path | None) -> Path:
    """Return where the configuration is to be, `explicit` being what verbs find now.

    Without any it is the service's where root sets up an installed gateway, else ./config.yaml.
    """
    if explicit is not None:
        return explicit.absolute()
    installed = os.geteuid() == 0 and SERVICE.parent.is_dir()
    return SERVICE if installed else PLACES[0].absolute()


def found(path: Path) -> Before:
    """Return the configuration at `path`; raises ConfigError where it is there and cannot be looked at."""
    text = text_now(path)
    if text is None:
        return Before(path, None, _local(path, ROOT.defaults()))
    try:
        root = document.parse(text, path)
    except ConfigError as error:
        return Before(path, text, _local(path, ROOT.defaults()), error.faults)
    sections, faults = _gathered(root)
    if not faults:
        try:
            reading.interpret(root)
        except ConfigError as error:
            faults = list(error.faults)
    return Before(path, text, sections, tuple(faults))


def text_now(path: Path) -> str | None:
    """Return what stands at `path` at this moment, None for nothing."""
    return document.text_of(path) if os.path.lexists(path) else None


def unit_of(path: Path) -> str | None:
    """Return the service that reads the configuration at `path`, None for one of a person's own."""
    if path.parent != SERVICE.parent:
        return None
    return "relou-gateway" if path.name == SERVICE.name else f"relou-gateway@{path.stem}"


def _local(path: Path, sections: Sections) -> Sections:
    """Let a gateway that is not the service have a database of its own, beside its configuration."""
    folder, database = path.parent, sections.storage.path
    if path == SERVICE:
        return sections
    if folder == SERVICE.parent:  # a second SIM: relou-gateway@.service gives it a folder of its own
        folder = database.parent / path.stem
    return changed(sections, "storage", path=folder / database.name)


def _gathered(root: Place) -> tuple[Sections, list[Fault]]:
    faults: list[Fault] = []
    return ROOT.gather(root, faults), faults


def pin_place(before: Before) -> Path:
    """Return the file for a PIN: the one that is set, else one beside the configuration."""
    at = before.sections.modem.pin_file
    if at is not None and "$" not in str(at):
        return at
    return before.path.with_name("pin" if before.path.name == SERVICE.name else f"{before.path.stem}.pin")


def drawn(before: Before, sections: Sections, pin: str | None) -> Draft:
    """Return what to write so that `sections` hold; raises ConfigError with what contradicts itself."""
    pin_file = None if pin is None else pin_place(before)
    if pin_file is not None:
        sections = changed(sections, "modem", pin=None, pin_file=pin_file)
    text, kept = _edited(before, sections), None
    if text is None:
        if sections.modem.pin is not None:  # no file with the sentences of the example ever holds one
            pin, pin_file = sections.modem.pin, pin_place(before)
            sections = changed(sections, "modem", pin=None, pin_file=pin_file)
        text = writing.commented(sections)
        kept = None if before.text is None else free_name(before.path)
    settings = reading.interpret(document.parse(text, before.path))
    return Draft(before.path, text, settings, kept, pin_file, pin)


def _edited(before: Before, sections: Sections) -> str | None:
    """Return the old text with new values, None where there is none or it would not mean `sections`."""
    if before.text is None:
        return None
    try:
        text = editing.edited(before.text, differences(before.sections, sections))
        meant, faults = _gathered(document.parse(text, before.path))
    except (editing.CannotEdit, ConfigError):
        return None
    return text if not faults and meant == sections else None


# --- showing ------------------------------------------------------------------------------


def difference(before: Before, draft: Draft) -> list[str]:
    """Return the lines that come and go, no PIN among them; against the example where there was no file."""
    if before.text is None:
        found = _changes(writing.example().splitlines(), draft.text.splitlines())
        return [line for line in found if not line[1:].lstrip().startswith("#")]
    secret = before.sections.modem.pin
    return list(_changes(_shown(before.text, secret), _shown(draft.text, secret)))


def _changes(old: list[str], new: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(old, new, lineterm="", n=0):
        if not line.startswith(("---", "+++", "@@")) and line[1:].strip():
            yield line


def _shown(text: str, secret: str | None) -> list[str]:
    lines = text.splitlines()
    if secret is not None:
        lines = [line.replace(secret, "****") for line in lines]
    return [_PIN.sub(r"\1****", line) for line in lines]


_PIN = re.compile(r"""(\bpin["']?\s*:\s*["']?)[0-9]+""", re.ASCII)
