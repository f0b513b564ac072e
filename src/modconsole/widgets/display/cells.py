"""Drawn strips as rows of cells, and the last door before the terminal.

What passes here is text and colours. Control characters, characters that change direction, and hyperlinks do not pass,
whoever let them get so far: the gate for strangers' text is `domain.safetext`; this is the second one, for what it was
never asked about (a widget's own mistake, a paste into a text field).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from rich.cells import get_character_cell_size, split_graphemes
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

Cell = tuple[str, str | None]
"""What stands in a cell and in which colours (the parameters of an SGR sequence).

The second cell of a wide character is `""`; colours `None` mean that nobody knows what the terminal shows there.
"""

Line = list[Cell]

UNKNOWN: Final[Cell] = (" ", None)

MAX_CLUSTER: Final = 24
"""Code points of one cluster that are sent; nobody's script needs more, and a terminal's cell holds few."""

_JOINERS: Final = "\u200c\u200d"  # they hold emoji and several scripts together, and do nothing by themselves


def harmless(char: str) -> str:
    """What is put into a cell for a character that `str.isprintable` refuses: as wide as was laid out, but inert."""
    code = ord(char)
    if char in _JOINERS or char in "\u00a0\u3000":
        return char
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        return "\ufffd"
    category = unicodedata.category(char)
    if category in ("Cf", "Zl", "Zp", "Zs"):
        return " " * get_character_cell_size(char)
    return char if code > 0xFFFF or category == "Cn" else "\ufffd"


class Painter:
    """Turns strips into cells for one kind of terminal; remembers how styles are written."""

    def __init__(self, colours: ColorSystem, *, no_colour: bool = False) -> None:
        self._colours = colours
        self._no_colour = no_colour
        self._sgr: dict[Style, str] = {}

    def sgr(self, style: Style | None) -> str:
        """The parameters of the SGR sequence for a style, without its hyperlink; empty for the terminal's own."""
        if style is None:
            return ""
        found = self._sgr.get(style)
        if found is None:
            if len(self._sgr) > 4000:  # an animation may have made endless shades
                self._sgr.clear()
            plain = style.without_color if self._no_colour else style
            found = self._sgr[style] = Strip.render_ansi(plain, self._colours)
        return found

    def cells(self, strips: Iterable[Strip]) -> Line:
        """The cells of strips that stand side by side."""
        cells: Line = []
        for strip in strips:
            for text, style, control in strip._segments:
                if control:
                    continue
                sgr = self.sgr(style)
                if not text.isprintable():
                    text = "".join(char if char.isprintable() else harmless(char) for char in text)
                if text.isascii():
                    cells += [(char, sgr) for char in text]
                else:
                    _clusters(text, sgr, cells)
        return cells


def _clusters(text: str, sgr: str, cells: Line) -> None:
    """Append text by grapheme clusters, as Textual measured it."""
    for start, end, width in split_graphemes(text)[0]:
        cluster = text[start:end]
        if width == 0:  # joins the cell before it
            at = -1 if cells and cells[-1][0] else -2
            if len(cells) >= -at and len(cells[at][0]) < MAX_CLUSTER:
                cells[at] = (cells[at][0] + cluster, cells[at][1])
            continue
        cells.append((cluster[:MAX_CLUSTER], sgr))
        cells += [("", sgr)] * (width - 1)


def width_is_certain(text: str) -> bool:
    """Whether every terminal agrees how many cells this cell's text takes.

    They disagree about clusters of several code points (terminals that know grapheme clusters against those that add up
    code points), and about emoji that are younger than their tables.
    """
    return len(text) < 2 and text < "\U0001f6d5"
