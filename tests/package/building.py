"""The package and the libraries, built as `make deb` builds them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

SOURCE = Path(__file__).parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"

SOURCES = (
    *("Makefile", "README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "constraints.txt"),
    *("config.example.yaml", "packaging", "relou_gateway", "systemd", "udev"),
)
"""What somebody who installs from a clone has of it."""


def fetch_wheels(folder: Path) -> Path:
    """Download the libraries that the program and its building need, for the system's Python, once."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text("utf-8"))
    needed = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    pip = folder.with_name("pip")
    _run(SYSTEM_PYTHON, "-m", "venv", str(pip))
    _run(
        *(str(pip / "bin/python"), "-m", "pip", "download", "--quiet", "--only-binary", ":all:"),
        *("--constraint", "constraints.txt", "--dest", str(folder), *needed),
    )
    return folder


def build_package(folder: Path, wheels: Path) -> Path:
    """Run `make deb`; return the package that it left in `folder`."""
    _run("make", "deb", f"DIST={folder}", **offline(str(wheels)))
    (package,) = folder.glob("*.deb")
    return package


def older(package: Path, folder: Path) -> Path:
    """Return the same package under a lower version, as an earlier release would be."""
    tree, target = folder / "tree", folder / "older.deb"
    _run("dpkg-deb", "--raw-extract", str(package), str(tree))
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text("utf-8").replace("\nVersion: ", "\nVersion: 0~"), "utf-8")
    _run("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(target))
    shutil.rmtree(tree)
    return target


def offline(wheels: str) -> dict[str, str]:
    """Return the environment in which pip finds everything in `wheels`, and looks nowhere else."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels, "PIP_CONFIG_FILE": os.devnull}


def _run(*command: str, **environ: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        command, cwd=SOURCE, env={**kept, **environ}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
