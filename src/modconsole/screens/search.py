"""Messages that hold some words, the latest stored first, with what stands around the words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import BindingType

from modconsole.desk.searching import Hit, SearchPager
from modconsole.domain.safetext import Safe, cells, cut, fill, fit, join, line, literal
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.inbox import STATES
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.wording import clock, where, who
from modconsole.widgets.plain import Piece

WHEN, WHO, PLACE = 12, 18, 20
"""Widths of columns, in cells."""

BEFORE: Final = 24
"""Characters before the first of the words that are shown with it."""


class SearchScreen(ListScreen[Hit]):
    """The messages that hold some words."""

    PLACE = "search"
    BINDINGS: ClassVar[list[BindingType]] = bindings("search")

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def heading(self) -> Sequence[Piece]:
        """`Search  arm`."""
        return [(literal("Search"), "strong"), (literal("   "), ""), (line(self.words, 60), "accent")]

    def pager(self) -> SearchPager:
        """The hits."""
        return SearchPager(self.desk, self.words)

    def column_names(self, width: int) -> Sequence[Piece]:
        """when, who, where, what was said."""
        rest = max(0, width - WHEN - WHO - PLACE)
        return titles(
            (literal("when"), WHEN), (literal("who"), WHO), (literal("where"), PLACE), (literal("what was said"), rest)
        )

    def draw(self, row: Hit, width: int) -> list[Piece]:
        """One hit: the words stand out in what was said."""
        rest = max(0, width - WHEN - WHO - PLACE)
        pieces: list[Piece] = [
            (fit(clock(row.created, self.now), WHEN), "dim"),
            (fit(cut(who(row.name, row.handle, row.author), WHO - 1), WHO), "strong"),
            (fit(cut(where(row.source, row.title, "comments"), PLACE - 1), PLACE), "dim"),
        ]
        if row.state in STATES:
            pieces.append((STATES[row.state], "dim"))
            rest -= cells(STATES[row.state])
        return pieces + snippet(row.text, self.words, rest)

    def lesson(self) -> Sequence[Piece]:
        """No message holds them."""
        return lessons.page(
            join([literal("No message holds "), line(self.words)]),
            literal("All words must occur; the last one may go on. Case and accents do not matter."),
            (literal("/"), literal("search for something else")),
            (literal("q"), literal("go back")),
        )

    def ribbon_right(self) -> Safe:
        """How many there are."""
        return fill("{:,} hits ", self.list.count) if self.list.count != 1 else literal("1 hit ")

    def opened(self, row: Hit) -> None:
        """The conversation, at the message."""
        self.console.open_conversation(row.source, row.conversation, row.message)

    async def action_search_again(self) -> None:
        """Other words, in this list."""
        await self.ask_for(literal("search"), self.words, self._search_again)

    def _search_again(self, words: str) -> None:
        if words.strip():
            self.words = words.strip()
            self.show_head()
            self.use()


def snippet(text: str, words: str, width: int) -> list[Piece]:
    """The line around the first of the words, with all of them in the accent; in at most `width` cells."""
    said = line(text, 20_000)
    places = _places(said, words)
    if places and places[0][0] > BEFORE and cells(said) > width:
        start = places[0][0] - BEFORE // 2
        said = join([literal("\u2026"), line(said[start:], 400)])
        places = _places(said, words)
    pieces: list[Piece] = []
    left, at = width, 0
    for begin, end in [*places, (len(said), len(said))]:
        for part, style in ((said[at:begin], ""), (said[begin:end], "accent")):
            piece = _kept(part)
            if piece and left > 0:
                pieces.append((cut(piece, left), style))
                left -= min(left, cells(piece))
        at = end
    return pieces


def _kept(part: str) -> Safe:
    """A part of a gated line, gated again without losing the spaces at its ends."""
    head = literal(" ") if part[:1] == " " else literal("")
    tail = literal(" ") if part[-1:] == " " and part.strip() else literal("")
    return join([head, line(part), tail])


def _places(text: str, words: str) -> list[tuple[int, int]]:
    """Where the words stand in a text, without regard to case and accents, from left to right."""
    folded = [_fold(char) for char in text]
    flat = "".join(folded)
    if len(flat) != len(folded):  # a character that folds to several: places would be wrong
        flat = "".join(part[0] if part else " " for part in folded)
    found = []
    for word in re.findall(r"\w+", words):
        looked = "".join(map(_fold, word))
        found += [match.span() for match in re.finditer(rf"(?<!\w){re.escape(looked)}\w*", flat)]
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if not merged or begin >= merged[-1][1]:
            merged.append((begin, end))
    return merged


def _fold(char: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", char.casefold()) if not unicodedata.combining(c))
