"""The systemd units of this repository, read line by line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "systemd"

Settings = Mapping[str, Sequence[str]]
"""The values of each key in their order, by `Section.Key`."""


def text_of(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def settings_of(name: str) -> Settings:
    """Return all settings of a unit."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in text_of(name).splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[f"{section}.{key}"].append(value)
    return found


def names(kind: str = "*") -> list[str]:
    """Return the names of all units, or of those of one kind."""
    return sorted(path.name for path in FOLDER.glob(f"*.{kind}"))


def single(kind: str = "*") -> list[str]:
    """Return the names of the units that are no templates."""
    return [name for name in names(kind) if "@" not in name]


def part(name: str, title: str) -> str:
    """Return what stands under a heading `# --- title ---` of a unit, up to the next heading or section."""
    found = re.search(rf"^# --- {title} -+\n(.*?)(?=^# --- |^\[|\Z)", text_of(name), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{name} has no part {title}"
    return found[1]


def template(text: str) -> str:
    """Return what a unit's template must be: the same, with the instance's name in every path and unit."""
    text = text.replace("/etc/relou-gateway/config.yaml", "/etc/relou-gateway/%i.yaml")
    text = text.replace("/etc/relou-gateway/pin", "/etc/relou-gateway/%i.pin")
    text = text.replace("/var/lib/relou-gateway/", "/var/lib/relou-gateway/%i/")
    text = re.sub(
        r"(?m)^StateDirectory=.*$", lambda line: re.sub(r"relou-gateway", r"\g<0>/%i", line[0]), text
    )
    named = re.compile(r"\b(relou-[\w-]+)\.(?=service|timer)")
    text = re.sub(r"(?m)^(Also|After|WantedBy)=.*$", lambda line: named.sub(r"\1@%i.", line[0]), text)
    return re.sub(r"(?m)^Description=.*$", r"\g<0> (%i)", text)
