"""The picture of a simulation: what came in, who was answered, and what it cost against its caps."""

from __future__ import annotations

from importlib.util import find_spec

from .panels import draw
from .picture import Picture

__all__ = ["Picture", "draw", "possible"]


def possible() -> bool:
    """Say whether there is a matplotlib to draw with."""
    return find_spec("matplotlib") is not None
