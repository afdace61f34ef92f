"""The workflow for public forges, as far as it can be held without one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)


def commands() -> Iterator[str]:
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            yield from step.get("run", "").splitlines()


def test_it_needs_no_secret_and_may_only_read() -> None:
    assert "secrets." not in TEXT
    assert {"contents": "read"} == WORKFLOW["permissions"]
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())


def test_a_stranger_s_pull_request_runs_without_more_rights_than_a_reader_s() -> None:
    triggers = WORKFLOW[True]  # YAML 1.1 reads the key `on` so
    assert "pull_request" in triggers
    assert "pull_request_target" not in triggers


def test_what_it_uses_of_others_cannot_be_exchanged_under_it() -> None:
    used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in used)


def test_every_make_target_and_script_that_it_runs_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {target for line in commands() for target in re.findall(r"^make ([a-z]+)", line)}
    scripts = {ROOT / name for line in commands() for name in re.findall(r"^bash (\S+)", line)}
    assert made
    assert made <= targets
    assert scripts
    assert all(script.is_file() for script in scripts)


def test_it_tries_the_oldest_python_that_is_promised_and_the_newest_there_is() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    assert [oldest, "3.x"] == WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["python"]


def test_it_packages_for_every_architecture_that_is_promised() -> None:
    matrix = WORKFLOW["jobs"]["package"]["strategy"]["matrix"]
    assert ["ubuntu-24.04", "ubuntu-24.04-arm"] == matrix["runner"]
    assert ["bookworm", "trixie"] == matrix["debian"]
