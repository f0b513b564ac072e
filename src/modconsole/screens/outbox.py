"""The outbox: replies on their way, and what became of those that were sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import outgoing
from modconsole.desk.outgoing import OutboxPager, Outgoing
from modconsole.desk.undoing import Undone
from modconsole.domain.safetext import EMPTY, Safe, block, cut, fill, fit, join, line, literal
from modconsole.keys import Command
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.wording import clock, where, who
from modconsole.widgets.plain import Piece, Plain

STATE, WHEN, WHO, PLACE = 13, 11, 18, 18
"""Widths of columns, in cells."""

STATES: dict[str, tuple[Safe, str]] = {
    "draft": (literal("  draft"), "dim"),
    "queued": (literal("\u2192 queued"), ""),
    "sending": (literal("\u2192 sending"), ""),
    "sent": (literal("? unseen"), "warning"),
    "unsure": (literal("? unsure"), "warning"),
    "confirmed": (literal("\u2713 confirmed"), "dim"),
    "failed": (literal("\u2717 failed"), "warning"),
    "taken_back": (literal("  taken back"), "dim"),
}

MEANS = {
    "queued": literal("It goes out with the next sync, once the time to undo is over."),
    "sending": literal("It is being sent."),
    "sent": literal("The platform took it, but it has not been seen there yet. Until then it is not called answered."),
    "unsure": literal("Nobody knows whether it arrived. It is looked for there before anything is sent again."),
    "confirmed": literal("It was seen on the platform."),
    "failed": literal("It did not go out."),
    "taken_back": literal("It was taken back before it went out; its words are a draft."),
}


class OutboxScreen(ListScreen[Outgoing]):
    """Everything that was sent or tried, newest first."""

    PLACE = "outbox"
    BINDINGS: ClassVar[list[BindingType]] = bindings("outbox")
    FOOT_FOLLOWS = True

    def __init__(self) -> None:
        super().__init__()
        self.about = Plain(id="about")

    def heading(self) -> Sequence[Piece]:
        """`Outbox`."""
        return [(literal("Outbox"), "strong")]

    def pager(self) -> OutboxPager:
        """All of them."""
        return OutboxPager(self.desk)

    def below(self) -> ComposeResult:
        """All about the reply under the cursor."""
        yield self.about

    def column_names(self, width: int) -> Sequence[Piece]:
        """state, when, to, where, what we said."""
        rest = max(0, width - STATE - WHEN - WHO - PLACE)
        return titles(
            (literal("state"), STATE),
            (literal("when"), WHEN),
            (literal("to"), WHO),
            (literal("where"), PLACE),
            (literal("what we said"), rest),
        )

    def draw(self, row: Outgoing, width: int) -> list[Piece]:
        """One reply."""
        send = row.send
        word, style = STATES[send.state]
        to = who(row.name, row.handle, row.person) if row.person else literal("\u2014")
        return [
            (fit(word, STATE), style),
            (fit(clock(send.at, self.now), WHEN), "dim"),
            (fit(cut(to, WHO - 1), WHO), "strong"),
            (fit(cut(where(send.source, send.title, "comments"), PLACE - 1), PLACE), "dim"),
            (fit(line(send.text, 300), max(0, width - STATE - WHEN - WHO - PLACE)), ""),
        ]

    def moved(self, row: Outgoing | None) -> None:
        """The lower part follows the cursor."""
        self.about.show(self._about(row) if row is not None else EMPTY)

    def _about(self, row: Outgoing) -> list[Piece]:
        send, newline = row.send, literal("\n")
        pieces: list[Piece] = [(MEANS.get(send.state, EMPTY), "strong")]
        if send.trouble:
            pieces += [(newline, ""), (line(send.trouble, 300), "warning")]
        if send.hint:
            pieces += [(newline, ""), (line(send.hint, 300), "")]
        if send.retry_at is not None and send.state == "failed":
            pieces += [(newline, ""), (join([literal("Tried again at "), clock(send.retry_at, self.now)]), "dim")]
        if send.attempts > 1:
            pieces += [(newline, ""), (fill("Tried {} times.", send.attempts), "dim")]
        pieces += [(newline, ""), (join([literal("by "), line(send.by, 40)]), "dim"), (newline, "")]
        return [*pieces, (block(send.text, 1_000, 6), "")]

    def lesson(self) -> Sequence[Piece]:
        """Nothing was sent yet."""
        if self.trouble is not None and self.console.header is None:
            return lessons.no_database(self.trouble)
        return lessons.page(
            literal("Nothing has been sent yet"),
            literal("A reply waits here for some seconds, in which u takes it back; then it goes out,"),
            literal("and is called confirmed when it has been seen on the platform."),
        )

    def opened(self, row: Outgoing) -> None:
        """The conversation, at what was replied to."""
        self.console.open_conversation(row.send.source, row.send.conversation, row.send.reply_to)

    # -- commands -----------------------------------------------------------------------------------------------

    def refusal(self, command: Command) -> Safe | None:
        """Only what failed can be tried again, only what has not gone out can be taken back."""
        if command.id in ("outbox.retry", "outbox.take-back"):
            row = self.list.row
            if row is None:
                return literal("There is no reply under the cursor.")
            if command.id == "outbox.retry" and row.send.state != "failed":
                return literal("Only a reply that has failed can be tried again.")
            if command.id == "outbox.take-back" and row.send.state not in ("queued", "failed"):
                return literal("It has gone out: remove it on the platform if it must go.")
        return super().refusal(command)

    def action_retry(self) -> None:
        """Put it back in line."""
        row = self.list.row
        if row is not None:
            self.work(
                lambda: outgoing.retry(self.desk, row.send.id), lambda _: self._did(literal("It is tried again."))
            )

    def action_take_back(self) -> None:
        """Make it a draft again."""
        row = self.list.row
        if row is not None:
            self.work(lambda: outgoing.take_back(self.desk, row.send.id), self._took_back)

    def _took_back(self, undone: Undone) -> None:
        self._did(literal("Taken back: its words are a draft."))

    def _did(self, said: Safe) -> None:
        self.console.read_again()
        self.say(said, "accent")
