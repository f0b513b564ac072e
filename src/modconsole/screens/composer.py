"""Writing a reply: to whom, as whom, for whom to read; what it answers; what has happened since one began.

What is written is in the database half a second later, and when the screen is left, however it is left. Nothing discards it
but sending it. Before a reply goes out it is looked once more whether somebody has answered, or the person has written again:
what the writer has not been shown stops the key, once; what says that somebody else is answering needs the key twice.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult, SuspendNotSupported

from modconsole.desk import asks, composing, drafts
from modconsole.desk.composing import Beginning, Notice
from modconsole.desk.views import QueueRow
from modconsole.domain.safetext import EMPTY, block, fill, join, line, literal, wrap
from modconsole.domain.times import to_instant
from modconsole.errors import Conflict, ModConsoleError
from modconsole.screens import editor
from modconsole.screens.base import Base, Rule, bindings
from modconsole.screens.saying import caution_words
from modconsole.screens.suggested import Suggested
from modconsole.screens.wording import DOT, SPACE, clock, who
from modconsole.widgets.compose import ComposeArea
from modconsole.widgets.lines import Lines
from modconsole.widgets.plain import Piece, lay_out

SAVE_AFTER: Final = 0.3
"""Seconds from a change until the draft is written: with the writing itself, at most half a second is ever lost."""

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at what has happened; more where a look takes long, as in a very long conversation."""

QUOTED: Final = 8
"""Lines of what is answered that stand above the reply; fewer on a small screen."""

_MARK = literal("! ")


@dataclass(frozen=True)
class Sent:
    """A reply that was queued, and the ask that it answers."""

    row: QueueRow
    acted: asks.Acted


class Composer(Base):
    """The screen on which a reply to an ask is written. `on_sent` is called after the screen has gone."""

    PLACE = "composer"
    BINDINGS = bindings("composer")

    def __init__(self, row: QueueRow, *, editor: bool = False, on_leave: Callable[[Sent | None], None]) -> None:
        super().__init__()
        self._row = row
        self._start_editor = editor
        self._then = on_leave
        self.quote = Lines(id="quote")
        self.notices = Lines(id="notices")
        self.area = ComposeArea(self._edited, id="reply")
        self._begun: Beginning | None = None
        self._found: list[Notice] = []
        self._told: set[tuple[str, str, int, str]] = set()
        self._insisting: set[tuple[str, str, int, str]] = set()
        self._lock = threading.Lock()
        self._over = False
        """Set under the lock when the reply has been handed over: no later save may bring the draft back."""
        self._saved = ""
        self._old_drafts: set[str] = set()
        self._suggested = Suggested()
        self._saving = False
        self._busy = False
        self._looking = self._look_again = False
        self._rest = LOOK_EVERY

    # -- the frame --------------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """What is answered, the reply, what has happened."""
        yield self.quote
        yield Rule()
        yield self.area
        yield self.notices

    def on_mount(self) -> None:
        """Ready to type at once; everything else comes from a thread."""
        self.area.focus()
        self.work(lambda: composing.begin(self.desk, self._row), self._show_beginning, self.say_error)

    def heading(self) -> Sequence[Piece]:
        """Reply to whom, as whom, for whom, where."""
        row = self._row
        told: list[Piece] = [(literal("Reply to "), ""), (who(row.name, row.handle, row.person), "strong")]
        begun = self._begun
        if begun is None:
            return told
        # one name where it is known which; which of several it will be, only the platform knows
        names = [fill("\u201c{}\u201d", line(name, 40)) for name in begun.identities]
        parts = [fill("as {}", names[0] if len(names) == 1 else literal("the team"))] if names else []
        parts += [line(begun.audience), join([literal("on "), line(begun.source, 40)])]
        audience = "" if begun.audience == "public" else "strong"
        told += [(DOT, "dim"), (parts[0], "")] if names else []
        told += [(DOT, "dim"), (parts[-2], audience), (DOT, "dim"), (parts[-1], "")]
        return told

    def show_head(self) -> None:
        """On the right stands how much of the limit is used."""
        left: list[Piece] = [(SPACE, ""), *self.heading()]
        if self._begun is None:
            self.head.show(left)
            return
        limit = self._begun.limit
        used = limit.used(self.area.text)
        if limit.most is None:
            said = fill("{:,}", used)
        else:
            said = fill("{:,} / {:,}", used, limit.most)
            if limit.unit == "bytes":
                said = join([said, literal(" bytes")])
        over = limit.most is not None and used > limit.most
        self.head.show(
            left,
            [
                (literal("  "), ""),
                (literal("! too long: ") if over else EMPTY, "warning"),
                (said, "warning" if over else "dim"),
                (SPACE, ""),
            ],
        )

    def on_resize(self) -> None:
        """Other widths hold other words."""
        self._show_quote()
        self._show_notices()

    # -- beginning --------------------------------------------------------------------------------------------------

    def _show_beginning(self, begun: Beginning) -> None:
        first = self._begun is None
        self._begun = begun
        self._suggested.offers = begun.offers
        if first and begun.draft is not None:
            self._saved = begun.draft.text
            self.area.put(begun.draft.text + self.area.text)
            self.say(fill("Your draft of {}.", clock(begun.draft.saved_at, self.desk.now())))
        if begun.draft is not None and begun.draft.message != begun.message:
            self._old_drafts.add(begun.draft.message)
        self._show_quote()
        self.show_head()
        self._show_notices()
        self.changed()
        if first and self._start_editor:
            self.call_after_refresh(self.action_editor)

    def _show_quote(self) -> None:
        begun = self._begun
        if begun is None:
            return
        width, now = max(20, self.app.size.width - 2), self.desk.now()
        most = max(2, min(QUOTED, (self.app.size.height - 8) // 2))
        lines: list[list[Piece]] = []
        if begun.more > 0:
            lines.append([(fill("  {} earlier messages that nobody has answered", begun.more), "dim")])
        for shown in begun.shown:
            message = shown.message
            name = who(shown.name, shown.handle, message.author.id)
            edited: list[Piece] = [(literal("the text changed · "), "warning")] if shown.edits > 0 else []
            at: list[Piece] = [*edited, (clock(to_instant(message.created_at), now), "dim"), (SPACE, "")]
            lines.append(lay_out([(SPACE, ""), (name, "strong")], at, width + 2))
            text = wrap(block(shown.plain.strip(), 4_000, 60), width - 2)
            lines += [[(literal("   "), ""), (each, "")] for each in text]
        if len(lines) > most:
            # the end is what is asked now; the beginning says who asks
            lines = [
                *lines[: max(1, most // 2)],
                [(literal("   \u2026"), "dim")],
                *lines[len(lines) - (most - most // 2 - 1) :],
            ]
        self.quote.show(lines)

    # -- the draft --------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        """The text has changed, in the handler of the key."""
        self._insisting.clear()
        self.show_head()
        self.unsay()
        self._save_later()

    def _save_later(self) -> None:
        if not self._saving and self._begun is not None and self.area.text != self._saved:
            self._saving = True
            self.set_timer(SAVE_AFTER, self._save_soon)

    def _save_soon(self) -> None:
        text = self.area.text

        def saved(_: None) -> None:
            self._saving = False
            self._save_later()

        def failed(error: ModConsoleError) -> None:
            self._saving = False
            self.say_error(error)

        self.work(lambda: self._save(text), saved, failed)

    def _save(self, text: str) -> None:
        """Write the draft. May be called from any thread."""
        begun = self._begun
        with self._lock:
            if self._over or begun is None or text == self._saved:
                return
            drafts.save_draft(self.desk, self._row.source, begun.message, text, through=begun.message)
            for old in list(self._old_drafts):
                drafts.drop_draft(self.desk, self._row.source, old)
                self._old_drafts.discard(old)
            self._saved = text

    async def action_keep(self) -> None:
        """Keep the draft and go back."""
        try:
            await asyncio.to_thread(self._save, self.area.text)
        except ModConsoleError as error:
            self.say_error(error)
            return
        self._leave(None)

    def on_unmount(self) -> None:
        """However the screen ends, the draft is kept."""
        try:
            self._save(self.area.text)
        except ModConsoleError:
            return  # the terminal is going away; what was saved half a second ago is all that can be kept

    def _leave(self, sent: Sent | None) -> None:
        if self.is_current:
            self.app.pop_screen()
        self._then(sent)

    # -- what has happened since --------------------------------------------------------------------------------------

    def changed(self) -> None:
        """The database has changed: has anybody answered, or written again?"""
        if self._looking:
            self._look_again = True
            return
        begun = self._begun
        if begun is None or self._over:
            return
        self._looking, self._look_again = True, False
        started = time.monotonic()

        def looked(found: list[Notice]) -> None:
            self._show_found(found)
            self._rest = max(LOOK_EVERY, 5 * (time.monotonic() - started))
            self.set_timer(self._rest, self._rested)

        def failed(error: ModConsoleError) -> None:
            self.say_error(error)
            self.set_timer(self._rest, self._rested)

        self.work(lambda: self._look(begun), looked, failed)

    def _rested(self) -> None:
        self._looking = False
        if self._look_again:
            self.changed()

    def _look(self, begun: Beginning) -> list[Notice]:
        return composing.look(self.desk, self._row.source, begun.message, through=begun.message, since=begun.began)

    def _show_found(self, found: list[Notice]) -> None:
        self._found = found
        self._told |= {each.key for each in found}
        self._show_notices()

    def _show_notices(self) -> None:
        row, now = self._row, self.desk.now()
        name = who(row.name, row.handle, row.person)
        width = max(20, self.app.size.width - 4)
        lines: list[list[Piece]] = []
        for each in self._found[:4]:
            said = caution_words(each.caution, name, each.text, now, width)
            style = "dim" if each.caution.kind in ("no sign-in", "claimed") else "warning"
            lines.append([(SPACE, ""), (_MARK, style), (said, style)])
        if any(each.caution.kind not in ("no sign-in", "claimed") for each in self._found):
            keys: list[Piece] = [(literal("   "), ""), (literal("ctrl+o"), "accent"), (literal(" view   "), "dim")]
            lines.append([*keys, (literal("ctrl+s"), "accent"), (literal(" send anyway"), "dim")])
        lines += self._suggested.lines(width)
        self.notices.show(lines)

    def action_snippet(self) -> None:
        """Put in the text that a rule suggests, behind what is there."""
        text = self._suggested.take()
        if text is None:
            self.say(literal("No rule suggests a text for this."))
            return
        before = self.area.text
        self.area.put(before + ("\n\n" if before.strip() else "") + text)
        self._show_notices()

    def action_view(self) -> None:
        """Show what they wrote meanwhile; the reply then answers that, too."""
        self._insisting.clear()
        self.work(lambda: composing.begin(self.desk, self._row), self._viewed)

    def _viewed(self, begun: Beginning) -> None:
        if self._begun is not None and begun.message != self._begun.message:
            self._old_drafts.add(self._begun.message)
            self._saved = ""
        self._found = []
        self._show_beginning(begun)
        self._show_notices()
        self._save_later()

    # -- sending --------------------------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Queue the reply, unless there is something that the writer has not been told."""
        begun, text = self._begun, self.area.text
        if begun is None or self._busy:
            return
        limit = begun.limit
        if not text.strip():
            self.say(literal("The reply is empty. Write something, or close the ask with a reason."), "warning")
        elif limit.most is not None and limit.used(text) > limit.most:
            over = limit.used(text) - limit.most
            self.say(fill("Too long by {:,} {}. It was not sent.", over, line(limit.unit)), "warning")
        else:
            self._busy = True
            self.work(lambda: self._look(begun), lambda found: self._send_if_told(begun, text, found), self._not_sent)

    def _send_if_told(self, begun: Beginning, text: str, found: list[Notice]) -> None:
        news = {each.key for each in found} - self._told
        stops = {each.key for each in found if each.caution.stops}
        self._show_found(found)
        if news:
            self._busy = False
            self.say(literal("Not sent: look at this first. ctrl+s sends it anyway."), "warning")
        elif stops and not stops <= self._insisting:
            self._busy = False
            self._insisting = stops
            self.say(literal("Not sent. ctrl+s once more sends it all the same."), "warning")
        else:
            self.work(lambda: self._hand_over(begun, text, insist=bool(stops)), self._handed_over, self._not_sent)

    def _hand_over(self, begun: Beginning, text: str, *, insist: bool) -> asks.Acted:
        with self._lock:
            acted = asks.reply(self.desk, self._row.source, begun.message, text, through=begun.message, insist=insist)
            for old in self._old_drafts:
                drafts.drop_draft(self.desk, self._row.source, old)
            self._suggested.used(self.desk)
            self._over = True
        return acted

    def _handed_over(self, acted: asks.Acted) -> None:
        self._leave(Sent(self._row, acted))

    def _not_sent(self, error: ModConsoleError) -> None:
        self._busy = False
        self.say_error(error)
        if isinstance(error, Conflict):
            self.changed()

    # -- one's own editor ---------------------------------------------------------------------------------------------

    def action_editor(self) -> None:
        """Go on in one's own editor; an empty file keeps what there was."""
        begun = self._begun
        if begun is None:
            return
        quoted = [(who(each.name, each.handle, each.message.author.id), each.plain) for each in begun.shown]
        given = editor.for_editor(self.area.text, quoted)
        try:
            words = editor.command()
            self._save(self.area.text)
            with self.app.suspend():
                back = editor.edit(words, given)
        except ModConsoleError as error:
            self.say_error(error)
            return
        except SuspendNotSupported:
            self.say(literal("Another program cannot have this terminal."), "warning")
            return
        text = editor.from_editor(back, given) if back is not None else ""
        if back is None:
            self.say(literal("The editor ended with an error; the draft is as it was."), "warning")
        elif not text:
            self.say(literal("Nothing was written; the draft is as it was."))
        else:
            self.area.put(text)
            self.say(literal("Back from the editor. ctrl+s sends it."))
