"""The program, run as a process of its own or within the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from relou_gateway.cli import main

COMMAND = (sys.executable, "-c", "from relou_gateway.cli import main; main()")


def surroundings(folder: Path) -> dict[str, str]:
    """Return an environment in which no configuration of this machine is found."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"RELOU_CONFIG", "NO_COLOR", "COLUMNS"}
    }
    return {**kept, "HOME": str(folder), "PYTHONWARNINGS": "error"}


def process(
    *arguments: str, folder: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program to its end in `folder`."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env={**surroundings(folder), **(environ or {})},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class Program:
    """Runs verbs within the test: what they print is in `out` and `err`, their exit code is returned."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        self.out, self.err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    @property
    def json(self) -> Any:
        """The one line of JSON that was printed."""
        return json.loads(self.out)
