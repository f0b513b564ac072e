"""The queue, home of the console: everybody who waits, whoever needs us soonest first.

Above the list stands what the header knows; below it, always in view, replies that are on their way and sources that
cannot vouch for what they show: an empty list is good news only where there are none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from modconsole.desk.outgoing import Outgoing, under_way
from modconsole.desk.views import Header, QueueRow, SourceState
from modconsole.domain.safetext import EMPTY, Safe, fill, fit, join, line, literal
from modconsole.errors import ModConsoleError, StoreError, UsageError
from modconsole.screens.ask_actions import AskActions
from modconsole.screens.base import Base, bindings, rule, vouched
from modconsole.screens.queue_rows import VIEWS, Part, View, detail, draw, head
from modconsole.screens.wording import DOT, SPACE, clock, where, who
from modconsole.widgets.plain import Painted, Piece, Plain, PlainLine
from modconsole.widgets.rowlist import RowList

if TYPE_CHECKING:
    from textual.strip import Strip

WIDE: Final = 120
"""From this width on, a second pane shows the text of the ask under the cursor."""

FOOT_LINES: Final = 3
"""At most as many lines of replies under way, and of sources that cannot vouch."""

_SEND_STATES: Final = {
    "queued": literal("queued"),
    "sending": literal("sending"),
    "sent": literal("sent, not seen there yet"),
    "unsure": literal("looked for on the platform"),
}


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


class QueueScreen(AskActions, Base):
    """Who waits, most urgent first."""

    PLACE = "queue"
    BINDINGS: ClassVar[list[BindingType]] = bindings("queue")

    def __init__(self) -> None:
        super().__init__()
        self.view: View = "tonight"
        self.limit = ""
        self._columns = PlainLine(id="columns")
        self._foot = Foot(id="sections")
        self._detail = Plain(id="detail")
        self._empty = Plain(id="empty")
        self._under_way: list[Outgoing] = []
        self._news = 0
        self._now = 0
        self._trouble: ModConsoleError | None = None

    # -- the frame ----------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """Names of columns, the list with a second pane on wide screens, what is under way and what cannot be said."""
        self._now = self.desk.now()
        yield self._columns
        self.list: RowList[QueueRow] = RowList(
            self._part(),
            self._draw,
            on_cursor=self._moved,
            on_open=self._open,
            on_news=self._told_news,
            on_lost=self._lost,
            on_error=self._list_failed,
            id="queue",
        )
        self._empty.display = False
        self._foot.display = False
        with Horizontal(id="panes"):
            yield self.list
            yield self._empty
            yield self._detail
        yield self._foot

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

    def on_mount(self) -> None:
        """Nothing is selected but the list."""
        self._show_columns()
        self.list.focus()
        self._look_under_way()

    def on_resize(self) -> None:
        """The second pane comes and goes with the width."""
        wide = self.app.size.width >= WIDE
        self._detail.display = wide
        self._detail.styles.width = max(36, min(70, self.app.size.width - 84))
        self._show_columns()
        if wide:
            self._show_detail(self.list.row)

    def _show_columns(self) -> None:
        width = self.app.size.width
        if width >= WIDE:
            width -= max(36, min(70, width - 84))
        self._columns.show([(fit(EMPTY, 2), ""), *head(width - 2)])

    # -- what is shown ------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Asks may have come and gone, and all of them are older."""
        self._now = self.desk.now()
        self.list.redraw()
        self.list.changed()
        self._look_under_way()

    def _look_under_way(self) -> None:
        self.work(lambda: under_way(self.desk, FOOT_LINES + 1), self._show_under_way, self._quietly)

    def header_changed(self, header: Header | None) -> None:
        """The figures were read."""
        self._show_foot()
        self._show_empty()

    def _quietly(self, error: ModConsoleError) -> None:
        self._trouble = error
        self._show_empty()

    def _show_under_way(self, found: list[Outgoing]) -> None:
        self._under_way = found
        self._show_foot()

    def _show_foot(self) -> None:
        header = self.console.header
        room = 1 if self.app.size.height < 20 else FOOT_LINES
        sending = self._under_way
        doubtful = [each for each in header.sources if each.state != "fresh" or each.source.paused] if header else []
        total = header.counts.get("sending", len(sending)) if header is not None else len(sending)
        self._foot.show(
            [
                (fill("sending {}", max(total, len(sending))), [self._sending(each) for each in sending[:room]]),
                (literal("cannot say"), _doubts(doubtful, room, self._now)),
            ]
        )

    def _sending(self, each: Outgoing) -> list[Piece]:
        to = who(each.name, each.handle, each.person) if each.person else literal("(somebody)")
        state = _SEND_STATES.get(each.send.state, EMPTY)
        place = where(each.send.source, each.send.title, "comments")
        style = "warning" if each.send.state == "unsure" else "dim"
        return [
            (fit(clock(each.send.at, self._now), 10), "dim"),
            (fit(to, 20), "strong"),
            (fit(join([literal("\u2192 "), state]), 28), style),
            (place, "dim"),
        ]

    def _draw(self, row: QueueRow, width: int) -> list[Piece]:
        return draw(row, width, self._now, self.desk.who)

    def _moved(self, row: QueueRow | None, _position: int, _count: int) -> None:
        self.unsay()
        self._show_ribbon()
        self._show_detail(row)
        self._show_empty()

    def _show_detail(self, row: QueueRow | None) -> None:
        if self._detail.display:
            self._detail.show(detail(row, self._now, self.desk.who) if row is not None else EMPTY, layout=False)

    def _show_ribbon(self) -> None:
        """What is new above, what limits the list, and how many there are."""
        left: list[Piece] = []
        if self._news:
            left = [(fill(" \u2191 {} new", self._news), "accent")]
        elif self.limit or self.view != "tonight":
            left = [(join([SPACE, line(self.view)]), "dim")]
            if self.limit:
                left += [(literal("  limited to "), "dim"), (line(self.limit), "accent")]
        header = self.console.header
        total = self._total(header)
        count = fill("{:,} ", self.list.count) if total is None else fill("{:,} of {:,} ", self.list.count, total)
        self.ribbon.show(left, [(count, "dim")])

    def _total(self, header: Header | None) -> int | None:
        """Of how many asks the list shows a part."""
        if header is None:
            return None
        listed = sum(header.counts.get(status, 0) for status in ("waiting", "unknown"))
        listed += 0 if self.view == "everything" else -header.backlog if self.view == "tonight" else 0
        if self.view == "backlog":
            listed = header.backlog
        return max(listed, self.list.count)

    def _told_news(self, number: int) -> None:
        self._news = number
        self._show_ribbon()

    def _lost(self, row: QueueRow) -> None:
        """The ask under the cursor left the queue by itself: say whose it was."""
        self.say(fill("{} is not in this list any more.", who(row.name, row.handle, row.person)))

    def _list_failed(self, error: Exception) -> None:
        if not isinstance(error, ModConsoleError):
            raise error
        self._trouble = error
        if not isinstance(error, StoreError):
            self.say_error(error)
        self._show_empty()

    # -- empty lists teach --------------------------------------------------------------------------------------

    def _show_empty(self) -> None:
        """Instead of an empty list, what it means and what to do."""
        empty = (self.list.window.loaded and self.list.count == 0) or self._trouble is not None
        if empty:
            self._empty.show(self._lesson())
        if empty != self._empty.display:
            self._empty.display = empty
            self.list.styles.display = "block"
            self.list.styles.width = 0 if empty else "1fr"

    def _lesson(self) -> list[Piece]:
        from modconsole.screens import lessons

        header = self.console.header
        if self._trouble is not None and header is None:
            return lessons.no_database(self._trouble)
        if header is not None and not header.sources:
            return lessons.no_sources()
        if self.limit:
            return lessons.no_match(self.limit)
        return lessons.nobody(header, self.view, self._now)

    # -- commands -----------------------------------------------------------------------------------------------

    def current_ask(self) -> QueueRow | None:
        """The ask under the cursor."""
        return self.list.row

    def _open(self, row: QueueRow) -> None:
        self.console.open_conversation(row.source, row.conversation, row.latest)

    def action_next_view(self) -> None:
        """Tonight, the backlog, everything."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self._use()

    def action_limit(self) -> None:
        """Ask for a query; it is applied when Enter is pressed."""
        self._ask_for(self.limit)

    def action_back(self) -> None:
        """Take a limit away; else as everywhere."""
        if self.limit:
            self.limit = ""
            self._use()
        elif self.view != "tonight":
            self.view = "tonight"
            self._use()
        else:
            super().action_back()

    def _ask_for(self, text: str) -> None:
        from modconsole.screens.asking import Asking

        self.mount(Asking(literal("limit to"), text, self._limit_to), after=self.ribbon)

    def _limit_to(self, text: str) -> None:
        before = self.limit
        self.limit = text.strip()
        try:
            self._use()
        except UsageError as error:
            self.limit = before
            self.say_error(error)

    def _part(self) -> Part:
        return Part(self.desk, self.view, self.limit, self.console.header)

    def _use(self) -> None:
        self.list.use(self._part())
        self._show_ribbon()


def _doubts(sources: Sequence[SourceState], room: int, now: int) -> list[list[Piece]]:
    """A line for each source that cannot vouch: why, since when, and what follows."""
    lines: list[list[Piece]] = []
    for each in sources[:room]:
        seen = each.complete_through if each.complete_through is not None else each.checked_at
        since = (
            join([literal("no complete look since "), clock(seen, now)]) if seen else literal("never seen completely")
        )
        why = literal("paused") if each.source.paused else line(each.why)
        said = join(
            [line(each.source.id, 40), literal(": "), since, literal(", "), why, literal(". Asks may be missing.")]
        )
        lines.append([(said, "warning")])
    if len(sources) > room and lines:
        lines[-1] = [(fill("{} sources cannot vouch for what they show: see 6.", len(sources) - room + 1), "warning")]
    return lines
