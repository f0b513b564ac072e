"""What keys do to the ask under the cursor: a mixin for every screen that has one.

    class Queue(AskActions, Base):
        def current_ask(self) -> QueueRow | None: ...
        def after_act(self, row: QueueRow, *, done: bool) -> None: ...     # optional: where the cursor goes

Every act is bound to the ask that was seen when the key was pressed. It runs in a thread; first it is looked whether that ask
is still what was seen, and if not, what has happened is told and nothing is done without a yes. What was done stands in the
footer, with how to undo it; `.` does it again on another ask.

Dialogs are loaded when the first one is asked for: what one types into costs ten milliseconds of a start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from modconsole.desk import asks, links, seen
from modconsole.domain.safetext import Safe, cut, fill, join, line, literal
from modconsole.errors import Conflict
from modconsole.screens import browser
from modconsole.screens.counting import Counting
from modconsole.screens.saying import change_words, undone_words
from modconsole.screens.wording import clock, who

if TYPE_CHECKING:
    from modconsole.desk.asks import Acted
    from modconsole.desk.undoing import Undone
    from modconsole.desk.views import QueueRow
    from modconsole.screens.composer import Sent
    from modconsole.screens.dialogs import Until

_UNDO = literal(" · u undo")


class AskActions(Counting):
    """The commands of the place `ask`, and undo. Needs `current_ask`."""

    def after_act(self, row: QueueRow, *, done: bool) -> None:
        """An act on a row is stored; `done` where it takes the ask out of the queue. Where the cursor goes, if anywhere."""

    # -- answering ------------------------------------------------------------------------------------------------

    def action_reply(self) -> None:
        """Write a reply."""
        self._write_reply(editor=False)

    def action_reply_editor(self) -> None:
        """Write a reply in one's own editor."""
        self._write_reply(editor=True)

    def _write_reply(self, *, editor: bool) -> None:
        from modconsole.screens.composer import Composer  # the text area is imported when it is first used

        row = self.current_ask()
        if row is not None:
            self.app.push_screen(Composer(row, editor=editor, on_leave=self._composed))

    def _composed(self, sent: Sent | None) -> None:
        self.console.read_again()
        if sent is None:
            return
        self.after_act(sent.row, done=True)
        self.count_down(sent.acted.goes_out_at or 0)

    # -- acts without words to anybody ----------------------------------------------------------------------------

    def action_close_ask(self) -> None:
        """Close without a reply, with a reason."""
        from modconsole.screens.dialogs import CloseDialog

        row = self.current_ask()
        if row is not None:

            def chosen(reason: str | None) -> None:
                if reason is not None:
                    self._act(
                        row,
                        literal("close it"),
                        lambda r: asks.close(self.desk, r.source, r.latest, reason=reason),
                        fill("Closed {}: {}", self._whom(row), line(reason, 80)),
                        done=True,
                    )

            self.app.push_screen(CloseDialog(row), chosen)

    def action_snooze(self) -> None:
        """Out of sight until a time."""
        from modconsole.screens.dialogs import SnoozeDialog

        row = self.current_ask()
        if row is not None:
            now = self.desk.now()

            def chosen(until: Until | None) -> None:
                if until is None:
                    return
                end = clock(until.instant, now) if until.instant is not None else literal("they write")
                self._act(
                    row,
                    literal("snooze it"),
                    lambda r: asks.snooze(self.desk, r.source, r.latest, until=until.instant),
                    fill("Snoozed {} until {}", self._whom(row), end),
                    done=True,
                )

            self.app.push_screen(SnoozeDialog(row, now), chosen)

    def action_claim(self) -> None:
        """Take it on, or let go of it; from somebody else only after a yes."""
        from modconsole.screens.dialogs import ConfirmDialog

        row = self.current_ask()
        if row is None:
            return
        if row.claimed_by == self.desk.who:
            self._act(
                row,
                literal("let go of it"),
                lambda r: asks.release(self.desk, r.source, r.latest),
                fill("You let go of {}", self._whom(row)),
                done=False,
            )
            return

        def take(take_over: bool | None) -> None:
            if take_over is not None:
                self._act(
                    row,
                    literal("claim it"),
                    lambda r: asks.claim(self.desk, r.source, r.latest, take_over=take_over),
                    fill("You take on {}", self._whom(row)),
                    done=False,
                )

        if row.claimed_by is None:
            take(False)
        else:
            by = line(row.claimed_by, 60)
            self.app.push_screen(
                ConfirmDialog(literal("Claim"), fill("{} has claimed this ask.", by), literal("take it over")),
                lambda yes: take(True) if yes else None,
            )

    def action_note(self) -> None:
        """A note for the team."""
        row = self.current_ask()
        if row is not None:
            title = fill("Note on {}", self._whom(row))
            self._ask_line(row, title, literal("Nobody outside sees it, and it answers nothing."), self._note)

    def _note(self, row: QueueRow, text: str) -> None:
        self._act(
            row,
            literal("note it"),
            lambda r: asks.note(self.desk, r.source, r.latest, text),
            fill("Noted on {}", self._whom(row)),
            done=False,
            bound=False,
        )

    def action_tag(self) -> None:
        """Put tags on it; one with a minus before it is taken off."""
        row = self.current_ask()
        if row is not None:
            title = fill("Tags for {}", self._whom(row))
            self._ask_line(row, title, literal("Words, with spaces between them; -word takes one off."), self._tag)

    def _tag(self, row: QueueRow, text: str) -> None:
        words = text.replace(",", " ").split()
        on = [word.lstrip("#") for word in words if not word.startswith("-") and word.lstrip("#")]
        off = [word[1:].lstrip("#") for word in words if word.startswith("-") and word[1:].lstrip("#")]

        def tag(r: QueueRow) -> Acted:
            acted: Acted | None = None
            if on:
                acted = asks.tag(self.desk, r.source, r.latest, on)
            if off:
                acted = asks.tag(self.desk, r.source, r.latest, off, remove=True)
            if acted is None:
                raise Conflict("There is no tag in that.", hint="Type words with spaces between them.")
            return acted

        self._act(row, literal("tag it"), tag, fill("Tagged {}", self._whom(row)), done=False, bound=False)

    def _ask_line(self, row: QueueRow, title: Safe, about: Safe, then: Callable[[QueueRow, str], None]) -> None:
        from modconsole.screens.dialogs import LineDialog

        def typed(text: str | None) -> None:
            if text is not None:
                then(row, text)

        self.app.push_screen(LineDialog(title, about), typed)

    # -- looking --------------------------------------------------------------------------------------------------

    def action_why(self) -> None:
        """Why somebody waits, or does not."""
        from modconsole.screens.why import Why

        row = self.current_ask()
        if row is not None:
            self.app.push_screen(Why(row.source, self.message_meant(row)))

    def message_meant(self, row: QueueRow) -> str:
        """Which message of an ask is meant where one must be named: the earliest that nobody has answered."""
        return row.messages[0] if row.messages else row.latest

    def action_open_browser(self) -> None:
        """Open it on the platform."""
        row = self.current_ask()
        if row is not None:
            self.work(lambda: links.link_of(self.desk, row.source, self.message_meant(row)), self._open)

    def _open(self, link: str) -> None:
        if not link:
            self.say(literal("There is no link to this that can be followed."), "warning")
        elif browser.open_link(link):
            self.say(fill("Opened in the browser: {}", cut(line(link, 400), 60)))
        else:
            self.app.copy_to_clipboard(link)
            self.say(fill("No browser can be reached from here. Copied: {}", line(link, 400)))

    def action_copy_link(self) -> None:
        """Copy its link, by way of the terminal (OSC 52)."""
        row = self.current_ask()
        if row is not None:
            self.work(lambda: links.link_of(self.desk, row.source, self.message_meant(row)), self._copy)

    def _copy(self, link: str) -> None:
        if not link:
            self.say(literal("There is no link to this."), "warning")
            return
        self.app.copy_to_clipboard(link)
        self.say(fill("Copied: {}", line(link, 400)))

    # -- undo -----------------------------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Take back my last act; a reply becomes a draft again."""
        self.work(self._undo, self._undone)

    def _undo(self) -> Undone:
        from modconsole.desk import undoing  # it knows the platforms, whose acts can be undone too

        return undoing.undo(self.desk)

    def _undone(self, undone: Undone) -> None:
        self.count_no_more()
        self.console.read_again()
        self.say(undone_words(undone))

    # -- how an act is carried out ----------------------------------------------------------------------------------

    def _whom(self, row: QueueRow) -> Safe:
        return cut(who(row.name, row.handle, row.person), 30)

    def _act(
        self,
        row: QueueRow,
        words: Safe,
        act: Callable[[QueueRow], Acted],
        said: Safe,
        *,
        done: bool,
        bound: bool = True,
    ) -> None:
        """Do it, if the ask is what was seen (or `bound` is off, because it does not matter), and say that it is done."""

        def carry_out() -> None:
            self.work(lambda: act(row), self_then)

        def self_then(acted: Acted) -> None:
            self.console.repeatable = (words, lambda other: self._act(other, words, act, said, done=done, bound=bound))
            self.console.read_again()
            self.after_act(row, done=done)
            self.say(join([said, _UNDO]))

        def looked(change: seen.Change | None) -> None:
            if change is None:
                carry_out()
                return
            what = change_words(change, row, self.desk.now())
            if change.kind == "gone":
                self.console.read_again()
                self.say(what, "warning")
                return
            self.console.read_again()
            from modconsole.screens.dialogs import ConfirmDialog

            title = literal("It is not what you saw")
            self.app.push_screen(
                ConfirmDialog(title, what, fill("{} all the same", words)), lambda yes: carry_out() if yes else None
            )

        if bound:
            self.work(lambda: seen.changed(self.desk, row), looked)
        else:
            carry_out()
