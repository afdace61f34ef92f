"""Invented floods: traces and their truth for `simulate`, made by a seed and nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path

from . import knowing, shapes
from .people import Event, Scene
from .shapes import Shape
from .texts import CORPORA, Corpus

__all__ = ["CORPORA", "SHAPES", "Corpus", "Event", "Scene", "invent", "write"]

SHAPES: dict[str, Shape] = {
    "ordinary-week": shapes.ordinary_week,
    "trolls": shapes.trolls,
    "forum": shapes.forum,
    "forum-first-hour": shapes.forum_first_hour,
    "forum-copying": shapes.forum_copying,
    "four-hours": shapes.four_hours,
    "blocks": shapes.blocks,
    "callers": shapes.callers,
    "one-call": shapes.one_call,
    "one-abusive": shapes.one_abusive,
    "human-tempo": shapes.human_tempo,
    "one-ordinary": knowing.one_ordinary,
    "launch": shapes.launch,
    "month": shapes.month,
    "poisoning": knowing.poisoning,
    "poisoning-control": knowing.poisoning_control,
    "drip": knowing.drip,
    "blocks-among-people": shapes.blocks_among_people,
    "spellings": knowing.spellings,
    "costly-texts": knowing.costly_texts,
}

DRAWN_AS = {"poisoning-control": "poisoning"}
"""A control draws what the shape draws that it is compared with: the same people at the same hours."""


def invent(name: str, seed: int, corpus: Corpus = CORPORA["second"]) -> Scene:
    """Return the shape `name`, its events in order of time, and its truth; KeyError for an unknown name.

    The same name, seed and corpus give the same trace everywhere.
    """
    scene = Scene(random.Random(f"{DRAWN_AS.get(name, name)} {seed}"), corpus)  # noqa: S311 - a trace must come out the same again
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
