"""The inbox: all conversations, newest first, with those who still wait in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from modconsole.desk.views import InboxPager, InboxRow
from modconsole.domain.safetext import Safe, fill, fit, join, line, literal
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.wording import SPACE, clock, where, who
from modconsole.widgets.plain import Piece

OPEN, WHEN, WHO, MANY = 5, 11, 18, 6
"""Widths of columns, in cells."""

STATES = {
    "held": literal("[held] "),
    "hidden": literal("[hidden] "),
    "spam": literal("[spam] "),
    "removed": literal("[removed] "),
    "deleted": literal("[deleted] "),
}


class InboxScreen(ListScreen[InboxRow]):
    """All conversations, newest first."""

    PLACE = "inbox"
    BINDINGS: ClassVar[list[BindingType]] = bindings("inbox")

    def heading(self) -> Sequence[Piece]:
        """`Inbox   1,204 conversations`."""
        header = self.console.header
        pieces: list[Piece] = [(literal("Inbox"), "strong")]
        if header is not None:
            total = sum(each.source.conversations for each in header.sources)
            pieces.append((fill("   {:,} conversations", total), ""))
        return pieces

    def pager(self) -> InboxPager:
        """All of them."""
        return InboxPager(self.desk)

    def column_names(self, width: int) -> Sequence[Piece]:
        """open, last, who, where, messages, what was said last."""
        place = _place(width)
        return titles(
            (literal("open"), OPEN),
            (literal("last"), WHEN),
            (literal("who"), WHO),
            (literal("where"), place),
            (literal("msgs"), MANY),
            (literal("what was said last"), max(0, width - OPEN - WHEN - WHO - place - MANY)),
        )

    def draw(self, row: InboxRow, width: int) -> list[Piece]:
        """One conversation."""
        place = _place(width)
        title = None if row.kind == "dm" else row.title
        waiting = fill("{} \u25b8", row.open_asks) if row.open_asks else SPACE
        last = who(row.name, row.handle, row.author) if row.message else literal("(nobody)")
        said: list[Safe] = [STATES[row.state]] if row.state in STATES else []
        said.append(line(row.text, 300))
        return [
            (fit(waiting, OPEN), "accent"),
            (fit(clock(row.last_at, self.now), WHEN), "dim"),
            (
                fit(fit(join([last, literal(" (us)")]) if row.ours else last, WHO - 1), WHO),
                "dim" if row.ours else "strong",
            ),
            (fit(fit(where(row.source, title, row.kind), place - 1), place), "dim"),
            (fit(fill("{:,}", row.messages), MANY), "dim"),
            (fit(join(said), max(0, width - OPEN - WHEN - WHO - place - MANY)), "dim" if row.ours else ""),
        ]

    def lesson(self) -> Sequence[Piece]:
        """No database, no source, or nothing said yet."""
        header = self.console.header
        if self.trouble is not None and header is None:
            return lessons.no_database(self.trouble)
        if header is not None and not header.sources:
            return lessons.no_sources()
        return lessons.page(literal("Nothing has been said yet"), literal("Conversations appear here as they come in."))

    def opened(self, row: InboxRow) -> None:
        """The conversation, at its newest message."""
        self.console.open_conversation(row.source, row.conversation, row.message or None)


def _place(width: int) -> int:
    return max(0, min(30, (width - OPEN - WHEN - WHO - MANY) * 2 // 5))
