"""What stood on a terminal, drawn as SVG: in its colours, in a frame, with nothing that must be fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

PLAIN = "#dee2e8"
COLOURS = {1: "#ff7676", 2: "#7ed376", 3: "#f0c860", 4: "#7ab2ff", 5: "#d69af0", 6: "#6ed0d8"}
"""Red, green, yellow, blue, magenta and cyan by their numbers, to be read on `GROUND` on any page."""

GROUND, FRAME, BAR = "#181b21", "#59606c", "#262b34"
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

SIZE = 14
"""Of the font, in units of the drawing; a cell is so wide, and a line so high, in these fonts."""
CELL, LINE = 8.43, 19
MARGIN, TOP = 14, 38

FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"
  role="img" aria-labelledby="named told">
<title id="named">{title}</title>
<desc id="told">
{told}
</desc>
<rect x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="8" fill="{ground}" stroke="{frame}"/>
<path d="M1 27 V8.5 A7.5 7.5 0 0 1 8.5 1 H{bar_end} a7.5 7.5 0 0 1 7.5 7.5 V27 Z" fill="{bar}"/>
<circle cx="18" cy="14" r="5" fill="#ff5f57"/>
<circle cx="36" cy="14" r="5" fill="#febc2e"/>
<circle cx="54" cy="14" r="5" fill="#28c840"/>
<g font-family="{fonts}" font-size="{size}" fill="{plain}">
{lines}
</g>
</svg>
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A terminal after some commands: `title` says what it shows, `shown` is what was written to it.

    `columns` is how wide the terminal was.
    """

    name: str
    title: str
    shown: str
    columns: int

    @property
    def lines(self) -> list[Text]:
        """Return what stands there."""
        shown = Text.from_ansi(self.shown.replace("\r\n", "\n").rstrip("\n"))
        return list(shown.split("\n", allow_blank=True))

    @property
    def text(self) -> str:
        """Return what stands there, without colours."""
        return "\n".join(line.plain for line in self.lines)

    def svg(self) -> str:
        """Return the drawing; its description holds the whole text, for those to whom it is read."""
        width = round(self.columns * CELL + 2 * MARGIN)
        height = TOP + len(self.lines) * LINE + MARGIN
        return FORMAT.format(
            width=width,
            height=height,
            inner_width=width - 1,
            inner_height=height - 1,
            bar_end=width - 8.5,
            title=escape(self.title),
            told=escape(self.text),
            lines="\n".join(_drawn(self.lines)),
            ground=GROUND,
            frame=FRAME,
            bar=BAR,
            fonts=FONTS,
            size=SIZE,
            plain=PLAIN,
        )


def typed(command: str, shown: str) -> str:
    """Return a prompt with a command, and what it showed."""
    return f"\x1b[32;1mpi@relou\x1b[0m:\x1b[34;1m~ $\x1b[0m {command}\r\n{shown.rstrip()}\r\n"


def _drawn(lines: list[Text]) -> Iterator[str]:
    """Yield an element for each piece of one look."""
    console = Console(color_system="standard")
    for number, line in enumerate(lines):
        column = 0
        for piece, style, _ in line.render(console):
            if piece.strip():
                yield _element(piece, style or Style.null(), column, TOP + number * LINE + SIZE)
            column += cell_len(piece)


def _element(piece: str, style: Style, column: int, y: int) -> str:
    """Return a piece at its place, stretched to its cells: fonts differ, columns must not."""
    lead = len(piece) - len(piece.lstrip())
    kept = piece.strip()
    x = MARGIN + (column + lead) * CELL
    look = ' font-weight="bold"' if style.bold else ""
    if style.color is not None and style.color.number is not None:
        look += f' fill="{COLOURS[style.color.number]}"'
    told = escape(kept, quote=False).replace(" ", "\u00a0")
    return f'<text x="{x:.2f}" y="{y}" textLength="{cell_len(kept) * CELL:.2f}"{look}>{told}</text>'
