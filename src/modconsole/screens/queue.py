"""The queue, home of the console: everybody who waits, whoever needs us soonest first.

Above the list stands what the header knows; below it, always in view, replies that are on their way and sources that
cannot vouch for what they show: an empty list is good news only where there are none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk.outgoing import Outgoing, OutgoingAct, acts_under_way, under_way
from modconsole.desk.views import Header, QueueRow, SourceState
from modconsole.domain.safetext import EMPTY, Safe, fill, fit, join, line, literal
from modconsole.errors import UsageError
from modconsole.keys import Command, keys_of, shown
from modconsole.keys import command as by_id
from modconsole.screens import lessons
from modconsole.screens.act_words import STATES, on_whom
from modconsole.screens.ask_actions import AskActions
from modconsole.screens.base import bindings, rule, vouched
from modconsole.screens.listing import ListScreen
from modconsole.screens.moderate import ModerateActions, Target
from modconsole.screens.queue_rows import VIEWS, Part, View, detail, draw, head
from modconsole.screens.wording import DOT, SPACE, clock, where, who
from modconsole.widgets.pane import Pane
from modconsole.widgets.plain import Painted, Piece

if TYPE_CHECKING:
    from textual.strip import Strip

    from modconsole.desk.views import Moderated

WIDE: Final = 120
"""From this width on, a second pane shows the text of the ask under the cursor."""

FOOT_LINES: Final = 3
"""At most as many lines of replies under way, and of sources that cannot vouch; fewer on low screens."""


class Foot(Painted):
    """Lines below the list that the cursor does not reach; as high as it has lines."""

    DEFAULT_CSS = "Foot { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._sections: list[tuple[Safe, list[list[Piece]]]] = []

    def show(self, sections: list[tuple[Safe, list[list[Piece]]]]) -> None:
        """Show these sections, each with a title and lines; the empty ones are left out."""
        sections = [section for section in sections if section[1]]
        if sections == self._sections:
            return
        higher = [len(lines) for _, lines in sections] != [len(lines) for _, lines in self._sections]
        self._sections = sections
        self.display = bool(sections)
        self.refresh(layout=higher)

    def get_content_height(self, *_: object) -> int:
        """Textual's question for the height."""
        return sum(1 + len(lines) for _, lines in self._sections)

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        width = self.content_size.width
        for title, lines in self._sections:
            if y == 0:
                return self.strip(rule(title, width), width)
            if y <= len(lines):
                return self.strip([(SPACE, ""), (SPACE, ""), *lines[y - 1]], width)
            y -= 1 + len(lines)
        return self.strip([], width)


class QueueScreen(AskActions, ModerateActions, ListScreen[QueueRow]):
    """Who waits, most urgent first."""

    PLACE = "queue"
    BINDINGS: ClassVar[list[BindingType]] = bindings("queue")

    def __init__(self) -> None:
        super().__init__()
        self.view: View = "tonight"
        self.limit = ""
        self.foot_lines = Foot(id="sections")
        self.detail = Pane(id="detail")
        self._under_way: list[Outgoing] = []
        self._acts: list[OutgoingAct] = []
        self._narrowed = True
        self._unlimited = 0
        self._done: set[tuple[str, ...]] = set()

    # -- the frame ----------------------------------------------------------------------------------------------

    def heading(self) -> Sequence[Piece]:
        """`Queue  14 waiting · 3 overdue · 2 promised today`; never "nobody" while a source cannot vouch."""
        pieces: list[Piece] = [(literal("Queue"), "strong"), (fill("   "), "")]
        header = self.console.header
        if header is None:
            return pieces[:1]
        waiting = header.waiting - header.backlog
        overdue = header.overdue - header.backlog_overdue
        if waiting:
            pieces.append((fill("{:,} waiting", waiting), ""))
        else:
            pieces.append((literal("nobody waits") if vouched(header) else literal("nobody known to wait"), ""))
        if overdue > 0:
            pieces += [(DOT, ""), (fill("{:,} overdue", overdue), "warning")]
        if header.promised_today:
            pieces += [(DOT, ""), (fill("{:,} promised today", header.promised_today), "")]
        if header.backlog:
            pieces += [(DOT, ""), (fill("{:,} backlog", header.backlog), "dim")]
        return pieces

    def beside(self) -> ComposeResult:
        """The text of the ask, on wide screens."""
        yield self.detail

    def below(self) -> ComposeResult:
        """What is under way, and what cannot be said."""
        self.foot_lines.display = False
        yield self.foot_lines

    def column_names(self, width: int) -> Sequence[Piece]:
        """wait, due, who, where, what they said."""
        return head(width)

    def list_width(self) -> int:
        """The second pane takes its part on wide screens."""
        width = self.app.size.width
        return width - _pane(width) if width >= WIDE else width

    def on_mount(self) -> None:
        """What is under way is read beside the first page."""
        self._look_under_way()

    def on_resize(self) -> None:
        """The second pane comes and goes with the width."""
        width = self.app.size.width
        self.detail.display = width >= WIDE
        self.detail.styles.width = _pane(width)
        self._show_detail(self.list.row)
        self._show_foot()

    # -- what is shown ------------------------------------------------------------------------------------------

    def pager(self) -> Part:
        """The part of the queue that is listed. Raises `UsageError` for a limit that cannot be read."""
        header = self.console.header
        self._narrowed = header is None or header.backlog > 0
        return Part(self.desk, self.view, self.limit, has_backlog=self._narrowed)

    def changed(self) -> None:
        """Asks may have come and gone, and all of them are older."""
        super().changed()
        self._look_under_way()

    def header_changed(self, header: Header | None) -> None:
        """The figures were read. The first ones tell whether there is a backlog that has to be kept apart."""
        if header is not None and self.view == "tonight" and self._narrowed != (header.backlog > 0):
            self.list.use(self.pager(), start_at=self.list.row.key if self.list.row is not None else None)
        self._show_foot()
        super().header_changed(header)

    def _look_under_way(self) -> None:
        self.work(
            lambda: (under_way(self.desk, FOOT_LINES + 1), acts_under_way(self.desk, FOOT_LINES + 1)),
            self._show_under_way,
            lambda _error: None,
        )

    def _show_under_way(self, found: tuple[list[Outgoing], list[OutgoingAct]]) -> None:
        self._under_way, self._acts = found
        self._show_foot()

    def _show_foot(self) -> None:
        header = self.console.header
        room = 1 if self.app.size.height < 20 else 2 if self.app.size.height < 30 else FOOT_LINES
        sending = self._under_way
        doubtful = [each for each in header.sources if each.state != "fresh" or each.source.paused] if header else []
        self.foot_lines.show(
            [
                (literal("sending"), [self._sending(each) for each in sending[:room]]),
                (literal("acts"), [self._acting(each.act) for each in self._acts[:room]]),
                (literal("cannot say"), _doubts(doubtful, room, self.now)),
            ]
        )

    def _sending(self, each: Outgoing) -> list[Piece]:
        to = who(each.name, each.handle, each.person) if each.person else literal("(somebody)")
        state = literal("\u2192 sending") if each.send.state == "sending" else literal("\u2192 queued")
        return [
            (fit(clock(each.send.at, self.now), 16), "dim"),
            (fit(to, 22), "strong"),
            (join([where(each.send.source, each.send.title, "comments"), SPACE, SPACE]), "dim"),
            (state, "dim"),
        ]

    def _acting(self, act: Moderated) -> list[Piece]:
        state = STATES.get(act.state, EMPTY)
        doubtful = act.state in ("unsure", "failed")
        return [
            (fit(clock(act.at, self.now), 16), "dim"),
            (fit(on_whom(act), 22), "strong"),
            (fill("{} · {}: ", line(act.source, 30), line(act.act, 30)), "dim"),
            (fill("{} · 7", state) if doubtful else state, "warning" if doubtful else "dim"),
        ]

    def draw(self, row: QueueRow, width: int) -> list[Piece]:
        """One ask."""
        return draw(row, width, self.now, self.desk.who)

    def moved(self, row: QueueRow | None) -> None:
        """The second pane follows the cursor."""
        self._show_detail(row)

    def _show_detail(self, row: QueueRow | None) -> None:
        if self.detail.display:
            self.detail.show(detail(row, self.now, self.desk.who) if row is not None else [])

    def ribbon_left(self) -> Sequence[Piece]:
        """What limits the list."""
        if not self.limit and self.view == "tonight":
            return ()
        left: list[Piece] = [(join([SPACE, line(self.view)]), "dim")]
        if self.limit:
            left += [(literal("  limited to "), "dim"), (line(self.limit), "accent")]
        return left

    def ribbon_right(self) -> Safe:
        """`14 of 14`: how many are listed, of how many that wait."""
        if self.console.header is None:
            return EMPTY
        total = self._total()
        if not self.limit and self.list.window.loaded:
            self._unlimited = self.list.count - total
        return fill("{:,} of {:,} ", self.list.count, max(total + self._unlimited, self.list.count))

    def _total(self) -> int:
        """How many asks the view has by the header's figures, which leave out troubled sends."""
        header = self.console.header
        if header is None:
            return 0
        if self.view == "backlog":
            return header.backlog
        total = sum(header.counts.get(status, 0) for status in ("waiting", "unknown"))
        return total - header.backlog if self.view == "tonight" else total

    def lost(self, row: QueueRow) -> None:
        """The ask under the cursor left the queue: say whose it was, unless we did it and that is being said."""
        if _names(row) in self._done:
            self._done.discard(_names(row))
            return
        self.say(fill("{} is not in this list any more.", who(row.name, row.handle, row.person)))

    def after_act(self, row: QueueRow, *, done: bool) -> None:
        """The row will go from under the cursor, to which the next one comes."""
        if done:
            self._done.add(_names(row))

    def lesson(self) -> Sequence[Piece]:
        """No database, no source, no match, or really nobody."""
        header = self.console.header
        if self.trouble is not None and header is None:
            return lessons.no_database(self.trouble)
        if header is not None and not header.sources:
            return lessons.no_sources()
        if self.limit:
            return lessons.no_match(self.limit)
        return lessons.nobody(header, self.view, self.now)

    # -- commands -----------------------------------------------------------------------------------------------

    def current_ask(self) -> QueueRow | None:
        """The ask under the cursor."""
        return self.list.row

    def after_moderation(self, done: Moderated) -> None:
        """An ask that leaves the list because of it leaves by our own act."""
        row = self.current_ask()
        changed = done.on == "message" and done.was != done.became
        if row is not None and changed and done.message in (*row.messages, row.latest):
            self.after_act(row, done=True)

    def moderated(self) -> Target | None:
        """The message that the row shows."""
        row = self.current_ask()
        if row is None:
            return None
        return Target(row.source, self.message_meant(row))

    def refusal(self, command: Command) -> Safe | None:
        """At home there is nowhere to go back to."""
        if command.id == "back" and not self.limit and self.view == "tonight":
            key = shown(keys_of(by_id("quit"), self.console.keymap)[0])
            return fill("This is the first screen. {} leaves modconsole.", line(key))
        return super().refusal(command)

    def opened(self, row: QueueRow) -> None:
        """The conversation, at the ask's latest message."""
        self.console.open_conversation(row.source, row.conversation, row.latest)

    def action_next_view(self) -> None:
        """Tonight, the backlog, everything."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.use()

    async def action_limit(self) -> None:
        """Ask for a query; it is applied when Enter is pressed."""
        await self.ask_for(literal("limit to"), self.limit, self._limit_to)

    def action_back(self) -> None:
        """Take the limit away, then the view."""
        if self.limit:
            self.limit = ""
        else:
            self.view = "tonight"
        self.use()

    def _limit_to(self, text: str) -> None:
        before, self.limit = self.limit, text.strip()
        try:
            self.use()
        except UsageError as error:
            self.limit = before
            self.say_error(error)


def _names(row: QueueRow) -> tuple[str, ...]:
    """What makes an ask this ask, wherever it stands."""
    return row.source, row.conversation, row.thread, row.person


def _pane(width: int) -> int:
    """Cells of the second pane on a screen of that width."""
    return max(36, min(70, width - 84))


def _doubts(sources: Sequence[SourceState], room: int, now: int) -> list[list[Piece]]:
    """A line for each source that cannot vouch: why, since when, and what follows."""
    lines: list[list[Piece]] = []
    for each in sources[: room if len(sources) <= room else room - 1]:
        seen = each.complete_through if each.complete_through is not None else each.checked_at
        since = (
            join([literal("no complete look since "), clock(seen, now)]) if seen else literal("never seen completely")
        )
        said = [line(each.source.id, 40), literal(": ")]
        if each.source.paused:
            said.append(literal("paused; "))
        elif each.state == "failed":
            said += [line(each.why.rstrip("."), 200), literal("; ")]
        lines.append([(join([*said, since, literal(". Asks may be missing.")]), "warning")])
    if len(sources) > room:
        lines.append([(_and_more(len(sources), room), "warning")])
    return lines


def _and_more(number: int, room: int) -> Safe:
    if room == 1:
        return fill("{} sources cannot vouch for what they show: 6", number)
    return fill("{} more sources cannot vouch for what they show: 6", number - room + 1)
