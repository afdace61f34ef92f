"""Where the configuration lies, and reading it.

What reads it is imported on use: most modules only want the names of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .settings import Settings

VARIABLE = "RELOU_CONFIG"
PLACES = (Path("config.yaml"), Path("/etc/relou-gateway/config.yaml"))


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the file that holds the configuration, None if there is none.

    `explicit` counts first and $RELOU_CONFIG second, whether they exist or not: a slip in a
    name must never mean defaults. After them the first of `PLACES` that is there.
    """
    if explicit is not None:
        return explicit
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    return next((place for place in PLACES if _is_there(place)), None)


def _is_there(path: Path) -> bool:
    """Say whether something has this name; what may not be looked at is there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def load(path: Path | None) -> Settings:
    """Return the settings of the file at `path`, all defaults for None.

    Raises ConfigError with every fault of the file at once.
    """
    from . import reading  # noqa: PLC0415 (see above)

    return reading.defaults() if path is None else reading.read(path)
