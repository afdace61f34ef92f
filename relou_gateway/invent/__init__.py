"""Invented floods: traces and their truth for `simulate`, made by a seed and nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path

from .people import Event, Scene
from .shapes import SHAPES
from .texts import CORPORA, Corpus

__all__ = ["CORPORA", "SHAPES", "Corpus", "Event", "Scene", "invent", "write"]


def invent(name: str, seed: int, corpus: Corpus = CORPORA["second"]) -> Scene:
    """Return the shape `name`, its events in order of time, and its truth; KeyError for an unknown name.

    The same name, seed and corpus give the same trace everywhere.
    """
    scene = Scene(random.Random(f"{name} {seed}"), corpus)  # noqa: S311 - a trace must come out the same again
    SHAPES[name](scene)
    scene.events.sort(key=lambda event: event.at)
    return scene


def write(scene: Scene, directory: Path) -> tuple[Path, Path]:
    """Write `scene` as trace.jsonl and truth.json into `directory`, which is made; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    trace, truth = directory / "trace.jsonl", directory / "truth.json"
    with trace.open("w", encoding="utf-8") as out:
        for event in scene.events:
            line = {"at": event.at.isoformat(), "kind": event.kind, "number": event.number}
            if event.kind == "sms":
                line["text"] = event.text
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    truth.write_text(json.dumps(scene.truth, indent=0, sort_keys=True), encoding="utf-8")
    return trace, truth
