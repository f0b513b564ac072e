"""The outbox: replies and moderation acts on their way, and what became of those that went out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import outgoing
from modconsole.desk.outgoing import OutboxPager, Outgoing, OutgoingAct
from modconsole.desk.undoing import Undone
from modconsole.domain.safetext import EMPTY, Safe, block, cut, fill, fit, join, line, literal
from modconsole.keys import Command
from modconsole.screens import lessons
from modconsole.screens.act_words import done_words, log_line, on_whom, why
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.wording import clock, where, who
from modconsole.widgets.plain import Piece, Plain

if TYPE_CHECKING:
    from modconsole.desk.views import Moderated

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


ACTS: dict[str, tuple[Safe, str]] = {
    "queued": (literal("\u2192 queued"), ""),
    "doing": (literal("\u2192 at it"), ""),
    "done": (literal("\u2713 done"), "dim"),
    "unsure": (literal("? unsure"), "warning"),
    "failed": (literal("\u2717 failed"), "warning"),
    "cancelled": (literal("  called off"), "dim"),
}

ACT_MEANS = {
    "queued": literal("Nothing takes this back once it is done. Until it is, u or t calls it off."),
    "doing": literal("It is being done."),
    "done": literal("It was done."),
    "unsure": literal("Nobody knows whether it was done. r does it again, which does no harm; t lets it go."),
    "failed": literal("It was not done. r does it again; t lets it go."),
    "cancelled": literal("It was called off."),
}


Row = Outgoing | OutgoingAct


class OutboxScreen(ListScreen[Row]):
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

    def draw(self, row: Row, width: int) -> list[Piece]:
        """One reply, or one act."""
        if isinstance(row, OutgoingAct):
            return self._draw_act(row.act, width)
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

    def _draw_act(self, act: Moderated, width: int) -> list[Piece]:
        word, style = ACTS[act.state]
        to = who(act.name, act.handle, act.person) if act.person else on_whom(act)
        said = join(
            [fill("{} ({})", line(act.act, 40), line(act.on)), *([why(act)] if why(act) else [])], literal(": ")
        )
        return [
            (fit(word, STATE), style),
            (fit(clock(act.at, self.now), WHEN), "dim"),
            (fit(cut(to, WHO - 1), WHO), "strong"),
            (fit(cut(where(act.source, act.title, "comments"), PLACE - 1), PLACE), "dim"),
            (fit(said, max(0, width - STATE - WHEN - WHO - PLACE)), ""),
        ]

    def moved(self, row: Row | None) -> None:
        """The lower part follows the cursor."""
        self.about.show(self._about(row) if row is not None else EMPTY)

    def _about(self, row: Row) -> list[Piece]:
        newline = literal("\n")
        if isinstance(row, OutgoingAct):
            return self._about_act(row.act, newline)
        send = row.send
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

    def _about_act(self, act: Moderated, newline: Safe) -> list[Piece]:
        pieces: list[Piece] = [(ACT_MEANS[act.state], "strong")]
        if act.trouble:
            pieces += [(newline, ""), (line(act.trouble, 300), "warning")]
        if act.hint and act.state != "unsure":
            pieces += [(newline, ""), (line(act.hint, 300), "")]
        return [*pieces, (newline, ""), (log_line(act, self.now), "dim")]

    def lesson(self) -> Sequence[Piece]:
        """Nothing was sent yet."""
        if self.trouble is not None and self.console.header is None:
            return lessons.no_database(self.trouble)
        return lessons.page(
            literal("Nothing has been sent yet"),
            literal("A reply waits here for some seconds, in which u takes it back; then it goes out,"),
            literal("and is called confirmed when it has been seen on the platform."),
        )

    def opened(self, row: Row) -> None:
        """The conversation, at what was replied to, or acted on."""
        if isinstance(row, OutgoingAct):
            if row.act.conversation is not None:
                self.console.open_conversation(row.act.source, row.act.conversation, row.act.message)
            return
        self.console.open_conversation(row.send.source, row.send.conversation, row.send.reply_to)

    # -- commands -----------------------------------------------------------------------------------------------

    def refusal(self, command: Command) -> Safe | None:
        """Only what failed can be tried again, only what has not gone out can be taken back."""
        if command.id in ("outbox.retry", "outbox.take-back"):
            row = self.list.row
            if row is None:
                return literal("There is nothing under the cursor.")
            again = command.id == "outbox.retry"
            if isinstance(row, OutgoingAct):
                if again and row.act.state not in ("unsure", "failed"):
                    return literal("Only an act that is unsure or has failed can be done again.")
                if not again and row.act.state not in ("queued", "unsure", "failed"):
                    return literal("It is done, or called off already.")
            elif again and row.send.state != "failed":
                return literal("Only a reply that has failed can be tried again.")
            elif not again and row.send.state not in ("queued", "failed"):
                return literal("It has gone out: remove it on the platform if it must go.")
        return super().refusal(command)

    def action_retry(self) -> None:
        """Put a reply back in line, or do an act again now."""
        row = self.list.row
        if row is None:
            return
        if isinstance(row, OutgoingAct):
            self.say(literal("Asking the platform…"))
        self.work(lambda: outgoing.retry(self.desk, _id(row)), self._retried)

    def _retried(self, act: Moderated | None) -> None:
        self._did(literal("It is tried again.") if act is None else done_words(act, self.desk.now()))

    def action_take_back(self) -> None:
        """Make a reply a draft again; call an act off, or let go of it."""
        row = self.list.row
        if row is not None:
            self.work(lambda: outgoing.take_back(self.desk, _id(row)), self._took_back)

    def _took_back(self, undone: Undone) -> None:
        if undone.what == "reply":
            self._did(literal("Taken back: its words are a draft."))
        else:
            self._did(fill("Called off: {}.", line(undone.what, 40)))

    def _did(self, said: Safe) -> None:
        self.console.read_again()
        self.say(said, "accent")


def _id(row: Row) -> str:
    return row.act.id if isinstance(row, OutgoingAct) else row.send.id
