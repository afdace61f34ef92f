from __future__ import annotations

from pathlib import Path

import pytest

from .program import Program


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """Return the program, to be run in `tmp_path`, where no configuration is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELOU_CONFIG", raising=False)
    monkeypatch.setattr("relou_gateway.config.loading.PLACES", (Path("config.yaml"),))
    return Program(capsys)
