"""The half of the rule lab that shows what a rule would hit: figures, hits, and what else is to be known.

A process beside the screen looks through the messages (`desk.rule_trials.Bench`), and says when it has news.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from modconsole.desk import rule_trials
from modconsole.domain.safetext import EMPTY, Safe, cut, fill, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.screens import rule_report
from modconsole.screens.rule_report import Row
from modconsole.screens.wording import DOT, SPACE, clock
from modconsole.widgets.lines import Lines
from modconsole.widgets.plain import Piece
from modconsole.widgets.rowlist import RowList
from modconsole.widgets.window import ListPager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.timer import Timer
    from textual.widget import Widget

    from modconsole.desk.rule_texts import Field
    from modconsole.desk.rule_trials import Bench, Found
    from modconsole.screens.rule_lab import LabScreen

PACE: Final = 0.05
"""Seconds between two pictures of what the process has found."""
LONGEST: Final = 300
"""Characters of a hit that are saved as an example: what was found and what stands around it."""

_WAIT: Final = literal(" \u2026")


class Trial:
    """What stands beside the text."""

    def __init__(self, screen: LabScreen) -> None:
        self._screen = screen
        self.head = Lines(id="found")
        self.tail = Lines(id="besides")
        self.list: RowList[Row] = RowList(
            ListPager[Row](),
            self._draw,
            on_cursor=lambda *_: self._moved(),
            on_open=self._open,
            threaded=False,
            id="list",
        )
        self.found: Found | None = None
        self._rows: list[Row] = []
        self._takes_down = True
        self._stale: Safe = EMPTY
        """Why what is shown is not of the text that stands there; empty where it is."""
        self._bench: Bench | None = None
        self._starting = self._closed = False
        self._tried: tuple[str, str, str] | None = None
        """The text that is tried, the one that it is compared with, and what that is called."""
        self._coming: Timer | None = None

    def widgets(self) -> Iterator[Widget]:
        """From the top down."""
        yield self.head
        yield self.list
        yield self.tail

    @property
    def row(self) -> Row | None:
        """The hit under the cursor."""
        row = self.list.row
        return row if row is not None and row.hit is not None else None

    # -- the process --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin the process; in a thread, for that takes a while."""
        if self._starting:
            return
        self._starting = True
        self._say(literal("getting ready to try it \u2026"))
        loop, context = asyncio.get_running_loop(), copy_context()

        def told() -> None:
            """From another thread."""
            with suppress(RuntimeError):  # the loop has ended, and with it the screen
                loop.call_soon_threadsafe(self._heard, context=context)

        self._screen.work(lambda: rule_trials.Bench(self._screen.desk, told), self._started, self._failed)

    def _started(self, bench: Bench) -> None:
        self._bench = bench
        if self._closed:
            self.close()
        else:
            self._ask()

    def close(self) -> None:
        """The process ends; nobody waits for that."""
        self._closed = True
        if self._bench is not None:
            threading.Thread(target=self._bench.close, name="lab ends").start()
            self._bench = None

    def use(self, text: str | None, against: str = "", label: str = "", *, takes_down: bool = True) -> None:
        """Try this rule; None where the text holds none that can be read: what was found for the last one stays, and says so."""
        wanted = (text, against, label) if text is not None else None
        self._takes_down = takes_down
        if wanted is None:
            self._tried = None
            if self._bench is not None:
                self._bench.cancel()
            self._stale = literal("! cannot be tried as it stands")
            if self.found is not None and self.found.first:
                self._stale = literal("! cannot be tried as it stands; below: the text before")
            self.show()
        elif wanted != self._tried or self._stale:
            self._tried = wanted
            self._ask()

    def again(self) -> None:
        """Try it anew: messages have come, or it is compared with another version."""
        self._ask()

    def _ask(self) -> None:
        if self._bench is None or self._tried is None:
            return
        try:
            self._bench.try_text(*self._tried)
        except ModConsoleError as error:
            self._failed(error)
            return

    def _heard(self) -> None:
        """There is news: show it soon, with whatever comes until then."""
        if self._coming is None and not self._closed:
            self._coming = self._screen.set_timer(PACE, self._look)

    def _look(self) -> None:
        self._coming = None
        if self._bench is None or self._tried is None:
            return
        try:
            found = self._bench.poll()
        except ModConsoleError as error:
            self._failed(error)
            return
        if found is not None:
            self._show_found(found)

    def _failed(self, error: ModConsoleError) -> None:
        self._screen.say_error(error)
        self._stale = literal("! it could not be tried")
        self.show()

    # -- showing ------------------------------------------------------------------------------------------------

    def _say(self, words: Safe, style: str = "dim") -> None:
        self.head.show([[(SPACE, ""), (words, style)]])

    def _show_found(self, found: Found) -> None:
        self._stale = EMPTY
        found = replace(found, takes_down=self._takes_down)
        first = self.found is None or self.found.first != found.first
        self.found = found
        if first:
            row = self.row
            rows = self._rows = rule_report.rows(found)
            here = next((each.key for each in rows if row is not None and _same(each, row)), None)
            self.list.use(ListPager(rows), start_at=here)
        self.show()

    def show(self) -> None:
        """The figures, in the width that there is now."""
        found = self.found
        if self._stale:
            self._say(self._stale, "warning")
            self.tail.show([])
        elif found is not None:
            width = self.head.content_size.width or self._screen.app.size.width
            self.head.show(rule_report.head(found, width))
            self.tail.show(rule_report.tail(found)[: 3 if self._screen.roomy else 1])

    def _moved(self) -> None:
        """The ribbon says whose hit is under the cursor."""
        row, now = self.row, self._screen.desk.now()
        left: list[Piece] = []
        if row is not None and row.hit is not None:
            hit = row.hit
            left = [
                (SPACE, ""),
                (cut(line(hit.name, 80), 30), ""),
                (join([DOT, line(hit.source, 30), DOT, clock(hit.at, now)]), "dim"),
            ]
        shown = sum(each.hit is not None for each in self._rows)
        total = self.found.hits if self.found is not None else 0
        right = fill("the first {:,} ", shown) if shown < total else EMPTY
        self._screen.ribbon.show(left, [(right, "dim")])
        self._screen.show_foot()

    def _draw(self, row: Row, width: int) -> list[Piece]:
        return rule_report.draw(row, width, self._screen.desk.now())

    # -- a hit --------------------------------------------------------------------------------------------------

    def _open(self, row: Row) -> None:
        """Its conversation, at it."""
        if row.hit is not None:
            self._screen.console.open_conversation(row.hit.source, row.hit.conversation, row.hit.message)

    def example(self, row: Row) -> tuple[str, Field]:
        """What is saved of a hit: the words that were found and what stands around them, on one line."""
        hit = row.hit
        if hit is None:
            return "", "body"
        start = hit.spans[0][0] if hit.spans else 0
        begin = max(0, start - LONGEST // 3) if len(hit.text) > LONGEST else 0
        return hit.text[begin : begin + LONGEST], hit.field


def _same(one: Row, other: Row) -> bool:
    return one.hit is not None and other.hit is not None and one.hit.ident == other.hit.ident
