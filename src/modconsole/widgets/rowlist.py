"""A list of rows, as long as the store has them: a `Window` drawn line by line.

A key costs one frame: the cursor moves, the two lines it touches are repainted, and whoever depends on the cursor is
told in the same handler through `on_cursor`. Rows come from a pager, read in a thread, early enough that a held key
does not wait. The cursor is a bar at the left edge; a row's text does not change when the cursor comes or goes.

What the screen gives:

    RowList(pager, draw, on_cursor=show_where, on_open=open_conversation)

    def draw(row: Ask, width: int) -> list[Piece]: ...        # gated text and names of styles, `width` cells

What the screen calls: `changed()` when the database changed, `redraw()` when rows look different without having changed
(ages, for instance), `use(pager)` for another list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ClassVar, Final, Generic

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from modconsole.domain.safetext import EMPTY, Safe, literal
from modconsole.widgets.pager import Key, Page, Pager, R, Request, read, selectable
from modconsole.widgets.plain import STYLE_CLASSES, Painted, Piece
from modconsole.widgets.window import BUFFER, Window

WHEEL: Final = 3
"""Rows that one tick of the wheel scrolls."""

GUTTER: Final = 2
"""Cells at the left edge for cursor and mark; `draw` gets the rest of the width."""

_BLANK, _BAR, _MARK, _WAIT = literal(" "), literal("\u258c"), literal("\u2022"), literal("\u2026")


def _raise(error: Exception) -> None:
    raise error


class RowList(Painted, Generic[R], can_focus=True):
    """The list. Generic over the row's type, which needs a `key` and may have `selectable` (see `pager.Row`)."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*STYLE_CLASSES, "text--cursor", "text--mark"}
    DEFAULT_CSS = """
    RowList {
        height: 1fr;
        width: 1fr;
        & > .text--cursor { color: $text-primary; }
        & > .text--mark { color: $text-primary; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="list.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="list.up"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("home,g", "home", "First", show=False, id="list.home"),
        Binding("end,G", "end", "Last", show=False, id="list.end"),
        Binding("enter", "open", "Open", show=False, id="list.open"),
        Binding("x", "mark", "Mark", show=False, id="list.mark"),
    ]

    def __init__(
        self,
        pager: Pager[R],
        draw: Callable[[R, int], list[Piece]],
        *,
        on_cursor: Callable[[R | None, int, int], None] | None = None,
        on_open: Callable[[R], None] | None = None,
        on_mark: Callable[[frozenset[Key]], None] | None = None,
        on_news: Callable[[int], None] | None = None,
        on_lost: Callable[[R], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        start_at: Key | None = None,
        empty: Safe = EMPTY,
        threaded: bool = True,
        executor: Executor | None = None,
        buffer: int = BUFFER,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`draw` gives a row's text for a width in cells; it is called on the event loop and must not read anything.

        `on_cursor(row, position, count)` is called in the handler that moved the cursor, and whenever one of the three
        may have changed; position counts from 0. `on_open` is Enter or a click on the row under the cursor, `on_mark`
        tells all marked keys, `on_news` how many rows have arrived above, `on_lost` which row vanished from under the
        cursor, `on_error` that the pager raised (without it, the error ends the app as any other would).
        `threaded=False` reads on the event loop: for lists in memory only. `executor` is where reads run (the event
        loop's own if None); one with a single thread keeps a store to one connection for all lists.
        """
        super().__init__(id=id, classes=classes, markup=False)
        self.window: Window[R] = Window(buffer)
        self.marks: set[Key] = set()
        self._pager = pager
        self._draw = draw
        self._on_cursor, self._on_open, self._on_mark = on_cursor, on_open, on_mark
        self._on_news, self._on_lost, self._on_error = on_news, on_lost, on_error
        self._empty = empty
        self._threaded, self._executor = threaded, executor
        self._strips: dict[Key, tuple[R, bool, bool, Strip]] = {}
        self._strips_width = 0
        self._reading: asyncio.Task[None] | None = None
        self._shown: tuple[int, int, int] | None = None
        self._told_news = 0
        self.window.open(start_at)

    # -- what screens ask and say -------------------------------------------------------------------------------

    @property
    def row(self) -> R | None:
        """The row under the cursor."""
        return self.window.row

    @property
    def position(self) -> int:
        """Where the cursor is in the list, from 0."""
        return self.window.cursor

    @property
    def count(self) -> int:
        """How many rows the list has."""
        return self.window.count

    def changed(self, *, follow: bool = True) -> None:
        """The list may have changed: read it again around the cursor, which stays on its row and line.

        `follow=False` after an act of one's own that takes the row away or elsewhere: the cursor goes to the next row.
        """
        self.window.changed(follow=follow)
        self._read_on()

    def redraw(self) -> None:
        """Draw all rows again, because `draw` would give something else now."""
        self._strips.clear()
        self.refresh()

    def use(self, pager: Pager[R], *, start_at: Key | None = None, empty: Safe | None = None) -> None:
        """Show another list, from its beginning or from a key on. Marks are cleared."""
        height = self.window.height
        self._pager = pager
        if empty is not None:
            self._empty = empty
        self.window.start_over()
        self.window.resize(height)
        self._strips.clear()
        self.marks.clear()
        self.window.open(start_at)
        self._read_on()

    def go(self, key: Key) -> None:
        """The cursor to the row with that key, or to the one that follows its place."""
        self.window.open(key)
        self._read_on()

    def show_news(self) -> None:
        """Scroll to what has arrived above, as far as the row under the cursor stays on the screen."""
        self.window.scroll(-self.window.new_above)
        self._moved()

    def set_marks(self, keys: set[Key]) -> None:
        """Mark exactly these rows."""
        self.marks = set(keys)
        self._strips.clear()
        self.refresh()
        self._tell_marks()

    # -- keys and mouse -----------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """The cursor some rows down or up."""
        self.window.move(by)
        self._moved()

    def action_page(self, by: int) -> None:
        """A screen down or up."""
        self.window.page(by)
        self._moved()

    def action_home(self) -> None:
        """To the first row."""
        self.window.home()
        self._moved()

    def action_end(self) -> None:
        """To the last row."""
        self.window.end()
        self._moved()

    def action_open(self) -> None:
        """Open the row under the cursor."""
        row = self.window.row
        if row is not None and selectable(row) and self._on_open is not None:
            self._on_open(row)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows are marked only where somebody wants to know which."""
        return self._on_mark is not None if action == "mark" else super().check_action(action, parameters)

    def action_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go on to the next."""
        row = self.window.row
        if row is None or not selectable(row):
            return
        self.marks.symmetric_difference_update({row.key})
        self.refresh(self._line_region(self.window.line))
        self._tell_marks()
        self.action_move(1)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row; on the row under the cursor it opens."""
        line = event.get_content_offset(self)
        if line is None:
            return
        was = self.window.row
        if not self.window.click(line.y):
            return
        if self.window.row is was:
            self.action_open()
        else:
            self._moved()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the screen, the cursor only where it would leave it."""
        event.stop()
        self.window.scroll(WHEEL)
        self._moved()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """As above, upwards."""
        event.stop()
        self.window.scroll(-WHEEL)
        self._moved()

    # -- life ---------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to read before the layout is known: the first page is there when the first frame is drawn."""
        self.window.resize(self.app.size.height)
        self._read_on()

    def on_resize(self) -> None:
        """Another height: other rows may be needed."""
        self.window.resize(self.content_size.height)
        self._shown = None
        self._moved()

    def on_unmount(self) -> None:
        """Nobody waits for a page any more."""
        if self._reading is not None:
            self._reading.cancel()

    def notify_style_update(self) -> None:
        """Textual's notice that a theme or a class changed."""
        self._strips = {}
        super().notify_style_update()

    # -- reading ------------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        """Read what the window wants, in a thread; at most one read at a time."""
        while self.is_attached:
            request = self.window.wanted()
            if request is None:
                return
            if self._threaded:
                self._reading = asyncio.create_task(self._read(self._pager, request))
                return
            self._arrived(read(self._pager, request))

    async def _read(self, pager: Pager[R], request: Request) -> None:
        try:
            page = await asyncio.get_running_loop().run_in_executor(self._executor, read, pager, request)
        except Exception as error:
            self.window.failed()
            self.call_later(self._on_error or _raise, error)
            return
        if self.is_attached:
            self._arrived(page)
            self._read_on()

    def _arrived(self, page: Page[R]) -> None:
        outcome = self.window.apply(page)
        if outcome.repaint:
            self._shown = None
            self._moved(read_on=False)
        if outcome.lost is not None and self._on_lost is not None:
            self._on_lost(outcome.lost)

    # -- drawing ------------------------------------------------------------------------------------------------

    def _moved(self, *, read_on: bool = True) -> None:
        """The cursor or the screen may have moved: repaint what changed, tell who depends on it, read ahead."""
        window = self.window
        shown = (window.top, window.line, window.count)
        if shown != self._shown:
            before, self._shown = self._shown, shown
            if before is None or before[0] != shown[0]:
                self.refresh()
            else:
                self.refresh(self._line_region(before[1]), self._line_region(shown[1]))
            if self._on_cursor is not None:
                self._on_cursor(window.row, window.cursor, window.count)
        if window.new_above != self._told_news:
            self._told_news = window.new_above
            if self._on_news is not None:
                self._on_news(window.new_above)
        if read_on:
            self._read_on()

    def _tell_marks(self) -> None:
        if self._on_mark is not None:
            self._on_mark(frozenset(self.marks))

    def _line_region(self, line: int) -> Region:
        return Region(0, line, self.size.width, 1)

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        width = self.content_size.width
        row = self.window.row_at(y)
        if row is None:
            if self.window.missing(y):
                return self.strip([(_BLANK, ""), (_BLANK, ""), (_WAIT, "dim")], width)
            said = self._empty if y == 0 and self.window.loaded and not self.window.count else EMPTY
            return self.strip([(_BLANK, ""), (_BLANK, ""), (said, "dim")], width)
        return self._row_strip(row, y == self.window.line and selectable(row), width)

    def _row_strip(self, row: R, is_cursor: bool, width: int) -> Strip:
        """The row's line, drawn once for as long as it stays the same."""
        marked = row.key in self.marks
        if width != self._strips_width or len(self._strips) > 4 * self.window.height + 100:
            self._strips.clear()
            self._strips_width = width
        held = self._strips.get(row.key)
        if held is not None and held[0] is row and held[1:3] == (is_cursor, marked):
            return held[3]
        edge: list[Piece] = [
            (_BAR if is_cursor else _BLANK, "cursor" if is_cursor else ""),
            (_MARK if marked else _BLANK, "mark" if marked else ""),
        ]
        strip = self.strip([*edge, *self._draw(row, max(0, width - GUTTER))], width)
        self._strips[row.key] = (row, is_cursor, marked, strip)
        return strip
