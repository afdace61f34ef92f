"""Configurations as the tests write them down."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from relou_gateway.config import ConfigError, Settings, load


def settings_of(folder: Path, text: str) -> Settings:
    """Return the settings of a file with `text`."""
    return load(_written(folder, text))


def faults_of(folder: Path, text: str) -> list[str]:
    """Return the lines that a file with `text` is refused with, without the folder's name."""
    path = _written(folder, text)
    with pytest.raises(ConfigError) as refused:
        load(path)
    return [line.removeprefix(f"{folder}/") for line in str(refused.value).splitlines()]


def warnings_of(folder: Path, text: str) -> list[str]:
    """Return the keys that a file with `text` is warned of."""
    return [warning.key or "" for warning in settings_of(folder, text).warnings]


def _written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    path.chmod(0o640)
    return path
