"""A conversation: what was said, who waits in it, what we did.

The message under the cursor names the ask that keys act on; the header says whose that is. What arrives is announced in the
ribbon and drawn without moving the message under the cursor.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult

from modconsole import keys
from modconsole.desk import ahead
from modconsole.desk.views import conversation, standing
from modconsole.domain.safetext import Safe, cells, cut, fill, join, line, literal
from modconsole.screens.ask_actions import AskActions
from modconsole.screens.base import bindings, trust
from modconsole.screens.messages import MOST, author, draw, is_cut, is_long
from modconsole.screens.moderate import ModerateActions, Target
from modconsole.screens.saying import STATUS
from modconsole.screens.talk import Talk, Told
from modconsole.screens.wording import DOT, SPACE, wait, who
from modconsole.widgets.plain import Piece
from modconsole.widgets.thread import Drawn, ThreadView

if TYPE_CHECKING:
    from modconsole.desk.ahead import Place
    from modconsole.desk.views import QueueRow
    from modconsole.errors import ModConsoleError

NOUNS: Final = {
    "comments": (literal("comment"), literal("comments")),
    "forum": (literal("post"), literal("posts")),
    "dm": (literal("message"), literal("messages")),
    "group_dm": (literal("message"), literal("messages")),
}

BUSY: Final = 4
"""After a read that took long, no other one for this many times as long."""

TITLE: Final = 3
"""Which piece of the header is the title, where there is one."""

_UP, _DOWN = literal("\u2191 "), literal("\u2193 ")


class ConversationScreen(AskActions, ModerateActions):
    """One conversation, at a message if one is named, else at the first person who waits."""

    PLACE = "conversation"
    BINDINGS = bindings("conversation")

    def __init__(self, source: str, conversation_id: str, focus: str | None = None) -> None:
        super().__init__()
        self._source_id, self._conversation_id, self._focus_on = source, conversation_id, focus
        self._talk: Talk | None = None
        self._opened: dict[int, int] = {}
        self._newest = 0
        self._began = self._not_before = 0.0
        self._news: set[int] = set()
        self._reading = self._read_again = False
        self._after: QueueRow | None = None
        self.view: ThreadView[Told] = ThreadView(
            self._draw,
            on_cursor=self._moved,
            on_open=self._fold,
            empty=literal("Nothing has been said here."),
            id="thread",
        )

    # -- the frame --------------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The messages."""
        yield self.view

    def on_mount(self) -> None:
        """Read it."""
        self.view.focus()
        self.changed()

    def heading(self) -> Sequence[Piece]:
        """Where: source, title, how much was said, how many wait."""
        talk = self._talk
        if talk is None:
            return [(line(self._source_id, 40), "strong")]
        row = talk.conversation.row
        one, several = NOUNS[row.kind] if row.kind in NOUNS else NOUNS["comments"]
        told: list[Piece] = [(line(row.source, 30), "strong"), (DOT, "dim")]
        if row.title:
            told += [(line(row.title), "strong"), (DOT, "dim")]
        told.append((fill("{:,} {}", talk.count, one if talk.count == 1 else several), "dim"))
        waiting = len(talk.waiting)
        if waiting:
            told += [(DOT, "dim"), (fill("{:,} waiting", waiting), "")]
        return told

    def show_head(self) -> None:
        """On the right stands whose ask the keys act on, and how it is with them."""
        right = self._about(self.current_ask())
        if self._talk is not None and self._talk.conversation.gap is not None:
            right = [(literal("! not seen to the end"), "warning"), (literal("  "), ""), *right]
        header = self.console.header
        bad = (
            [each for each in header.sources if each.source.id == self._source_id and each.state != "fresh"]
            if header
            else []
        )
        if bad:
            right = [*trust(bad, self.desk.now(), 30), (literal("  "), ""), *right]
        ends: list[Piece] = [(literal("  "), ""), *right, (SPACE, "")] if right else []
        left: list[Piece] = [(SPACE, ""), *self.heading()]
        excess = sum(cells(text) for text, _ in [*left, *ends]) - self.app.size.width
        if excess > 0 and len(left) > TITLE + 2:
            # the title gives way, for the figures say more
            left[TITLE] = (cut(left[TITLE][0], max(8, cells(left[TITLE][0]) - excess)), left[TITLE][1])
        self.head.show(left, ends)

    def _about(self, ask: QueueRow | None) -> list[Piece]:
        if ask is None:
            return []
        name = cut(who(ask.name, ask.handle, ask.person), 24)
        claimed: list[Piece] = []
        if ask.claimed_by is not None:
            mine = ask.claimed_by == self.desk.who
            claimed = [
                (literal("\u25cf you  ") if mine else fill("\u25cf {}  ", cut(line(ask.claimed_by), 16)), "accent")
            ]
        if ask.status in ("waiting", "unknown") and ask.waiting_since is not None:
            since = wait(max(0, self.desk.now() - ask.waiting_since))
            return [*claimed, (name, "strong"), (fill(" waits {}", since), "warning")]
        return [*claimed, (name, "strong"), (join([literal(": "), STATUS.get(ask.status, line(ask.status))]), "dim")]

    # -- reading ----------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """The database has changed, or a minute has passed: read it again, one read at a time."""
        rest = self._not_before - time.monotonic()
        if self._reading or (rest > 0 and self._after is None):
            if not self._reading and not self._read_again:
                self.set_timer(rest, self._rested)
            self._read_again = True
            return
        self._reading, self._read_again = True, False
        self._began = time.monotonic()
        source, ident = self._source_id, self._conversation_id
        self.work(lambda: self._read(source, ident), self._show, self._cannot_read)

    def _read(self, source: str, ident: str) -> Talk:
        """In a thread."""
        found = conversation(self.desk, source, ident)
        return Talk(found, standing(found.acts, self.desk.now()))

    def _rested(self) -> None:
        if self._read_again and not self._reading:
            self._read_again = False
            self.changed()

    def _cannot_read(self, error: ModConsoleError) -> None:
        self._reading = False
        self.say_error(error)

    def _show(self, talk: Talk) -> None:
        self._reading = False
        # a conversation of a hundred thousand messages takes half a second to read: not for every change elsewhere
        self._not_before = time.monotonic() + BUSY * (time.monotonic() - self._began)
        if (talk.conversation.row.source, talk.conversation.row.conversation) != (
            self._source_id,
            self._conversation_id,
        ):
            self.changed()  # another conversation was asked for meanwhile
            return
        first = self._talk is None
        self._talk = talk
        newest = max((entry.row_id for entry in talk.conversation.entries), default=0)
        if first:
            self._news.clear()
            self.view.use(talk, start_at=self._start(talk))
        else:
            self._news |= {entry.row_id for entry in talk.conversation.entries if entry.row_id > self._newest}
            self.view.use(talk)
        self._newest = newest
        if self._after is not None:
            self._go_on(talk, self._after)
        self.show_head()
        self.show_foot()
        self._show_ribbon()
        if self._read_again:
            self._read_again = False
            self.changed()

    def _start(self, talk: Talk) -> int:
        if self._focus_on is not None:
            found = talk.where(self._focus_on)
            if found is not None:
                return found
        return talk.waiting[0] if talk.waiting else max(0, talk.count - 1)

    def show_message(self, source: str, ident: str, message: str) -> bool:
        """The cursor to a message, if it is in this conversation."""
        talk = self._talk
        index = (
            talk.where(message)
            if talk is not None and (source, ident) == (self._source_id, self._conversation_id)
            else None
        )
        if index is None:
            return False
        self.view.go(index)
        return True

    # -- the cursor ---------------------------------------------------------------------------------------------------

    def _moved(self, told: Told | None, _index: int, _count: int) -> None:
        """In the handler of the key: what depends on the cursor is shown in the same frame."""
        if told is not None:
            self._news.discard(told.entry.row_id)
        self.show_head()
        self._show_ribbon()

    def current_ask(self) -> QueueRow | None:
        """The ask of who wrote the message under the cursor; at an answer, the ask that it answers."""
        talk = self._talk
        if talk is None or not talk.count:
            return None
        return talk.ask_at(min(self.view.index, talk.count - 1))

    def moderated(self) -> Target | None:
        """The message under the cursor, whoever wrote it."""
        told = self.view.item
        if told is None:
            return None
        return Target(self._source_id, told.entry.id, told.entry.state)

    def message_meant(self, row: QueueRow) -> str:
        """The message under the cursor, where it belongs to the ask."""
        talk = self._talk
        if talk is not None and self.view.index < talk.count:
            entry = talk.conversation.entries[self.view.index]
            if (entry.author, entry.thread) == (row.person, row.thread):
                return entry.id
        return super().message_meant(row)

    def refusal(self, command: keys.Command) -> Safe | None:
        """Why a command cannot be done now."""
        if command.id == "talk.diff":
            told = self.view.item
            return None if told is not None and told.shown.edits > 0 else literal("This message has not been edited.")
        if command.id in ("ask.why", "ask.browser", "ask.link") and self.view.item is not None:
            return None
        return super().refusal(command)

    def _show_ribbon(self) -> None:
        talk = self._talk
        if talk is None or not talk.count:
            return
        left: list[Piece] = [(SPACE, "")]
        if self._news:
            index = self.view.index
            above = sum(1 for entry in talk.conversation.entries[:index] if entry.row_id in self._news)
            below = len(self._news) - above
            if above:
                left += [(_UP, "accent"), (fill("{} new above  ", above), "accent")]
            if below:
                left += [(_DOWN, "accent"), (fill("{} new below", below), "accent")]
        place = fill("{:,} of {:,} ", min(self.view.index + 1, talk.count), talk.count)
        self.ribbon.show(left, [(place, "dim")])

    # -- drawing ------------------------------------------------------------------------------------------------------

    def _draw(self, told: Told, width: int) -> Drawn:
        opened = self._opened.get(told.entry.row_id, 0)
        return draw(told, width, now=self.desk.now(), me=self.desk.who, opened=opened)

    def _fold(self, told: Told) -> None:
        """Unfold, show more, or fold again."""
        key = told.entry.row_id
        opened = self._opened.get(key, 0)
        if not is_long(told, self.view.size.width - 2):
            return
        if not opened or (opened < MOST and is_cut(told, opened)):
            self._opened[key] = opened + 1
        else:
            self._opened.pop(key, None)
        self.view.redraw()

    # -- commands -------------------------------------------------------------------------------------------------------

    def action_next_waiting(self) -> None:
        """To the next person who waits here."""
        self._to_waiting(1)

    def action_previous_waiting(self) -> None:
        """To the previous one."""
        self._to_waiting(-1)

    def _to_waiting(self, by: int) -> None:
        found = self._talk.next_waiting(self.view.index, by) if self._talk is not None else None
        if found is None:
            self.say(
                literal("Nobody waits further down. ] goes on elsewhere.")
                if by > 0
                else literal("Nobody waits further up.")
            )
        else:
            self.view.go(found)

    def action_next_thread(self) -> None:
        """To the next ask in another conversation, in queue order."""
        here, place = self.current_ask(), (self._source_id, self._conversation_id)
        self.work(lambda: ahead.next_place(self.desk, here, place), self._elsewhere)

    def _elsewhere(self, place: Place | None) -> None:
        if place is None:
            self.say(literal("Nobody else is known to wait elsewhere."))
            return
        self._source_id, self._conversation_id, self._focus_on = place.source, place.conversation, place.message
        self._talk, self._after, self._not_before = None, None, 0.0
        self._opened.clear()
        self.changed()

    def action_diff(self) -> None:
        """What the edits changed."""
        from modconsole.screens.versions import VersionsScreen

        told = self.view.item
        if told is not None:
            self.app.push_screen(VersionsScreen(self._source_id, told.entry.id, author(told, self.desk.who)))

    def action_why(self) -> None:
        """Why its author waits, or why it is not in the queue."""
        from modconsole.screens.why import Why

        told = self.view.item
        if told is not None:
            self.app.push_screen(Why(self._source_id, told.entry.id))

    # -- after an act -----------------------------------------------------------------------------------------------------

    def after_act(self, row: QueueRow, *, done: bool) -> None:
        """Where somebody else waits here, go to them; the state is read anew first."""
        if done:
            self._after = row
        self.changed()

    def _go_on(self, talk: Talk, row: QueueRow) -> None:
        self._after = None
        found = talk.next_waiting(self.view.index, 1) or next(iter(talk.waiting), None)
        if found is not None:
            self.view.go(found)
