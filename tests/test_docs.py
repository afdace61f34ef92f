"""What pages promise: links that lead somewhere, verbs and targets that exist, pictures that are of today."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest

from relou_gateway.cli import program
from tests import pictures
from tests.support.drawing import Picture, typed

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
}
DRAWN = sorted(pictures.FOLDER.glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?<!-u )(?:(?<=[\s`(/])|^)relou-gateway((?: +[^\s`|;,)\]#]+)+)")
TARGET = re.compile(r"(?:^|`|sudo )make ((?!sure)[a-z]+)", re.MULTILINE)


# --- links --------------------------------------------------------------------------------


def links(text: str) -> Iterator[str]:
    """Yield where a page's links lead; none is looked for in what is to be typed."""
    yield from LINK.findall(re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ +(.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def missing(page: str, link: str) -> bool:
    place, _, anchor = link.partition("#")
    target = (ROOT / page).parent.joinpath(place).resolve() if place else ROOT / page
    return not target.exists() or bool(anchor and anchor not in anchors(target.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_picture_leads_somewhere_in_the_repository(page: str) -> None:
    inner = [link for link in links(PAGES[page]) if not re.match("[a-z]+:", link)]
    assert [] == [link for link in inner if missing(page, link)]


def test_links_and_anchors_are_found_in_a_page() -> None:
    page = "# A card, and more\n[a\nb](x.md#y) `[no](z.md)` ![p](p.svg)\n```\n# no\n[no](n.md)\n```\n"
    assert (["x.md#y", "p.svg"], {"a-card-and-more"}) == (list(links(page)), anchors(page))


# --- commands -----------------------------------------------------------------------------


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words behind `relou-gateway` where something is to be typed: in blocks and quotes."""
    blocks = re.findall(r"^```\n(.*?)^```|^((?:(?: {4}|\t).+\n)+)", text, re.DOTALL | re.MULTILINE)
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    for piece in (*itertools.chain.from_iterable(blocks), *quoted):
        for line in piece.splitlines():
            yield from (found.split() for found in COMMAND.findall(line))


def unknown(words: Sequence[str]) -> str | None:
    """Return the first word that the program does not know where it stands; None if it knows all."""
    command: click.Command = program
    context = click.Context(command)
    options = {"--help", "--version", *(option for each in command.params for option in each.opts)}
    for word in words:
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                return word
        elif isinstance(command, click.Group):
            below = command.get_command(context, word)
            if below is None:
                return word if command is program and not _is_value(word) else None
            command, context = below, click.Context(below)
            options |= {option for each in command.params for option in each.opts}
    return None


def _is_value(word: str) -> bool:
    """Say whether a word stands for something else than a verb: VERB, a path."""
    return word.isupper() or "/" in word


@pytest.mark.parametrize("page", PAGES)
def test_every_verb_and_option_on_a_page_exists(page: str) -> None:
    found = [(words, unknown(words)) for words in commands(PAGES[page])]
    assert [] == [(words, word) for words, word in found if word is not None]


def test_commands_are_found_where_something_is_to_be_typed() -> None:
    page = (
        "relou-gateway is; `relou-gateway why 5` and `sudo relou-gateway mend`\n```\n"
        "sudo relou-gateway queue hold --above 2  # three\n.venv/bin/relou-gateway doctor --hurry\n```\n"
    )
    assert [
        (["queue", "hold", "--above", "2"], None),
        (["doctor", "--hurry"], "--hurry"),
        (["why", "5"], None),
        (["mend"], "mend"),
    ] == [(words, unknown(words)) for words in commands(page)]


def test_the_page_of_installation_names_the_verbs_that_it_takes() -> None:
    named = {words[0] for words in commands(PAGES["docs/install.md"])}
    assert {"setup", "doctor", "messages", "queue", "status", "config", "backup"} <= named


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_on_a_page_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert [] == [each for each in TARGET.findall(PAGES[page]) if each not in targets]


# --- pictures -----------------------------------------------------------------------------


def test_every_picture_of_the_terminal_is_drawn_by_the_script_and_used() -> None:
    drawn = {path.stem for path in DRAWN}
    used = {Path(link).stem for link in links(PAGES["docs/install.md"]) if link.startswith("install/")}
    assert (set(pictures.PICTURES), set(pictures.PICTURES)) == (drawn, used)


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_a_picture_fetches_nothing_and_can_be_read_aloud(path: Path) -> None:
    told = path.read_text("utf-8")
    assert ["http://www.w3.org/2000/svg"] == re.findall(r"""[a-z]+://[^"'\s<]*""", told)
    assert [] == re.findall(r"<script|<image|<foreignObject|@import|@font-face|href|url\(", told)
    drawing = ET.fromstring(told)
    assert pictures.PICTURES[path.stem] == drawing.findtext(f"{SVG}title")
    assert (drawing.findtext(f"{SVG}desc") or "").lstrip().startswith("pi@relou:~ $ ")


def test_a_picture_keeps_colours_places_and_every_sign() -> None:
    picture = Picture(
        "test", "A & B", typed("x <y>", "\x1b[1;31mno\x1b[0m  \x1b[32m’é\x1b[0m {z}\r\n\r\n"), 20
    )
    drawing = ET.fromstring(picture.svg())
    pieces = [
        (each.text, each.get("fill"), each.get("font-weight"), each.get("x"), each.get("y"))
        for each in drawing.iter(f"{SVG}text")
    ][-3:]
    assert [
        ("no", "#ff7676", "bold", "14.00", "71"),
        ("’é", "#7ed376", None, "47.72", "71"),
        ("{z}", None, None, "73.01", "71"),
    ] == pieces
    assert ("A & B", "\npi@relou:~ $ x <y>\nno  ’é {z}\n") == (
        drawing.findtext(f"{SVG}title"),
        drawing.findtext(f"{SVG}desc"),
    )


def test_the_picture_of_setup_is_what_setup_asks_today(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.pictures", "--only", "setup", "--into", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert (0, "setup.svg\n") == (done.returncode, done.stdout), done.stderr
    kept = pictures.FOLDER / "setup.svg"
    assert kept.read_text("utf-8") == (tmp_path / "setup.svg").read_text("utf-8"), (
        "`make pictures` draws anew"
    )
