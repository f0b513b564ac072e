"""The body of a conversation: messages of different heights, drawn line by line, texts read when they come near.

A key costs one frame. Of a conversation of a hundred thousand messages only some dozens around the cursor are held as text
and lines; the rest are places. When the database changes, `use` takes the new state; the message under the cursor stays on
its line of the screen (see `stack`).

What the screen gives:

    ThreadView(draw, on_cursor=..., on_open=...)
    view.use(source)            # anything with `count`, `key(i)`, `find(key)` and `read(start, stop)`

    def draw(item, width) -> Drawn: ...         # gated text and names of styles; called on the event loop, reads nothing
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from modconsole.domain.safetext import EMPTY, Safe, literal
from modconsole.widgets.plain import STYLE_CLASSES, Painted, Piece
from modconsole.widgets.stack import Stack

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

GUTTER: Final = 2
"""Cells at the left edge: the cursor's bar, and the sign of what waits."""

MARGIN: Final = 1
"""Cells that stay free at the right edge."""

GUESS: Final = 3
"""Height of a message whose text has not been read."""

AROUND: Final = 60
"""Messages that are held on each side of those on the screen."""

WHEEL: Final = 3

_BLANK, _BAR, _WAITS, _DOTS = literal(" "), literal("\u258c"), literal("\u2503"), literal("\u2026")


class Source(Protocol[T_co]):
    """The messages, by index in reading order. `read` is called from a thread; the rest must not read anything."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def key(self, index: int) -> Hashable:
        """What stays the same of a message when others come and go."""
        ...

    def find(self, key: Hashable, near: int) -> int | None:
        """Where that message is now, probably near an index; None where it is gone."""
        ...

    def read(self, start: int, stop: int) -> Sequence[T_co]:
        """The messages from `start` to `stop`, with their texts."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message as lines of pieces. `waits` puts the sign of waiting at its left edge."""

    lines: list[list[Piece]] = field(default_factory=list)
    waits: bool = False


class ThreadView(Painted, Generic[T], can_focus=True):
    """The messages of a conversation. Generic over what the source reads for one message."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*STYLE_CLASSES, "text--cursor", "text--waits"}
    DEFAULT_CSS = """
    ThreadView {
        height: 1fr;
        width: 1fr;
        & > .text--cursor { color: $text-primary; }
        & > .text--waits { color: $text-warning; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False, id="list.down"),
        Binding("k,up", "move(-1)", "Up", show=False, id="list.up"),
        Binding("pagedown,space", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("home,g", "home", "First", show=False, id="list.home"),
        Binding("end,G", "end", "Last", show=False, id="list.end"),
        Binding("enter", "open", "Fold or unfold", show=False, id="list.open"),
    ]

    def __init__(
        self,
        draw: Callable[[T, int], Drawn],
        *,
        on_cursor: Callable[[T | None, int, int], None] | None = None,
        on_open: Callable[[T], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        empty: Safe = EMPTY,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`on_cursor(item, index, count)` is called in the handler that moved the cursor, and when the item's text arrives;
        until then the item is None. `on_open` is Enter or a click on the message under the cursor. `on_error` is told when
        the source raised; without it the error ends the app as any other would.
        """
        super().__init__(id=id, classes=classes, markup=False)
        self._draw = draw
        self._on_cursor, self._on_open, self._on_error = on_cursor, on_open, on_error
        self._empty = empty
        self._source: Source[T] | None = None
        self._items: dict[int, T] = {}
        self._stale: set[int] = set()
        self._drawn: dict[int, Drawn] = {}
        self._width = 80
        self._reading: asyncio.Task[None] | None = None
        self._shown: tuple[object, ...] | None = None
        self.stack = Stack(self._height_of)
        self.reads = 0
        """How often the source was asked, for tests and for the figures of the benchmark."""

    # -- what screens ask and say -----------------------------------------------------------------------------------

    @property
    def item(self) -> T | None:
        """The message under the cursor; None while its text has not been read."""
        return self._items.get(self.stack.cursor)

    @property
    def index(self) -> int:
        """Which message the cursor is on, from 0."""
        return self.stack.cursor

    @property
    def held(self) -> int:
        """How many messages are in memory with their texts."""
        return len(self._items)

    def use(self, source: Source[T], *, start_at: int | None = None) -> None:
        """Show this. Without `start_at` the cursor stays on its message, and that on its line of the screen.

        If that message is gone, the one that took its place is under the cursor.
        """
        before = self._source
        self._source = source
        if before is None or start_at is not None:
            self._items.clear()
            self._stale.clear()
            self._drawn.clear()
            self.stack.replace(source.count, 0)
            self.stack.go(start_at or 0)
        else:
            self._carry_over(before, source)
        self._shown = None
        self._moved()

    def _carry_over(self, before: Source[T], source: Source[T]) -> None:
        """Keep showing what is there, under its new index, until it has been read again."""
        at = self.stack.cursor
        here = source.find(before.key(at), at) if at < before.count else None
        shift = (here if here is not None else at) - at
        items: dict[int, T] = {}
        for index, item in self._items.items():
            new = index + shift
            if not (0 <= new < source.count and source.key(new) == before.key(index)):
                found = source.find(before.key(index), new) if index < before.count else None
                if found is None:
                    continue
                new = found
            items[new] = item
        self._items = items
        self._stale = set(items)
        self._drawn.clear()
        self.stack.replace(source.count, at + shift)

    def redraw(self) -> None:
        """Draw all messages again, because `draw` would give something else now (folds, ages)."""
        self._drawn.clear()
        self.stack.settle()
        self._shown = None
        self._moved()

    def go(self, index: int) -> None:
        """The cursor to a message."""
        self.stack.go(index)
        self._moved()

    # -- keys and mouse ---------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """To the next or previous message."""
        self.stack.move(by)
        self._moved()

    def action_page(self, by: int) -> None:
        """A screen down or up."""
        self.stack.page(by)
        self._moved()

    def action_home(self) -> None:
        """To the first message."""
        self.stack.home()
        self._moved()

    def action_end(self) -> None:
        """To the last message."""
        self.stack.end()
        self._moved()

    def action_open(self) -> None:
        """What Enter does to the message under the cursor."""
        item = self.item
        if item is not None and self._on_open is not None:
            self._on_open(item)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a message; on the one under the cursor it does what Enter does."""
        place = event.get_content_offset(self)
        if place is None:
            return
        was = self.stack.cursor
        if self.stack.click(place.y):
            if self.stack.cursor == was:
                self.action_open()
            self._moved()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the screen, the cursor only where it would leave it."""
        event.stop()
        self.stack.scroll(WHEEL)
        self._moved()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """As above, upwards."""
        event.stop()
        self.stack.scroll(-WHEEL)
        self._moved()

    # -- life -------------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Another size: other lines, other messages."""
        width, height = self.content_size
        if width != self._width:
            self._width = width
            self._drawn.clear()
        self.stack.resize(height)
        self._shown = None
        self._moved()

    def on_unmount(self) -> None:
        """Nobody waits for a text any more."""
        if self._reading is not None:
            self._reading.cancel()

    def notify_style_update(self) -> None:
        """Textual's notice that a theme or a class changed."""
        super().notify_style_update()
        self.refresh()

    # -- reading ----------------------------------------------------------------------------------------------------

    def _wanted(self) -> tuple[int, int] | None:
        """Which messages to read now; None where everything near is here."""
        if self._source is None or not self.stack.count or self._reading is not None:
            return None
        on_screen = [index for index, _ in self.stack.visible()]
        first, last = min(on_screen), max(on_screen) + 1
        near = range(max(0, first - AROUND // 2), min(self.stack.count, last + AROUND // 2))
        missing = [index for index in near if index not in self._items or index in self._stale]
        if not missing:
            return None
        # what is on the screen first; a little more than is missing, so that a held key asks rarely
        urgent = [index for index in missing if first <= index < last]
        if urgent:
            return max(0, urgent[0] - 8), min(self.stack.count, urgent[-1] + 9)
        return max(0, missing[0] - AROUND // 2), min(self.stack.count, missing[-1] + 1 + AROUND // 2)

    def _read_on(self) -> None:
        wanted = self._wanted()
        if wanted is not None and self.is_attached:
            assert self._source is not None
            self._reading = asyncio.create_task(self._read(self._source, *wanted))

    async def _read(self, source: Source[T], start: int, stop: int) -> None:
        try:
            self.reads += 1
            items = await asyncio.to_thread(source.read, start, stop)
        except Exception as error:
            self._reading = None
            self.call_later(self._on_error or _raise, error)
            return
        self._reading = None
        if not self.is_attached:
            return
        if source is self._source:
            self._arrived(start, items)
        else:
            self._read_on()

    def _arrived(self, start: int, items: Sequence[T]) -> None:
        stack = self.stack
        was_here = stack.cursor in self._items
        for index, item in enumerate(items, start):
            self._items[index] = item
            self._drawn.pop(index, None)
            self._stale.discard(index)
        self._forget_far()
        if was_here:
            stack.settle()
        else:
            stack.reveal()
        self._shown = None
        self._moved()

    def _forget_far(self) -> None:
        """Hold only what is near the cursor."""
        reach = self.stack.height + 2 * AROUND
        for index in [index for index in self._items if abs(index - self.stack.cursor) > reach]:
            del self._items[index]
            self._drawn.pop(index, None)
            self._stale.discard(index)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _height_of(self, index: int) -> int:
        return max(1, len(self._lines(index).lines)) if index in self._items else GUESS

    def _lines(self, index: int) -> Drawn:
        drawn = self._drawn.get(index)
        if drawn is None:
            drawn = self._drawn[index] = self._draw(self._items[index], max(1, self._width - GUTTER - MARGIN))
        return drawn

    def _moved(self) -> None:
        """The cursor or the screen may have moved: repaint what changed, tell who depends on it, read ahead."""
        stack = self.stack
        top = next(stack.visible(), (0, 0))
        shown = (top, stack.cursor, stack.line, stack.count)
        if shown != self._shown:
            before, self._shown = self._shown, shown
            if before is None or before[0] != top:
                self.refresh()
            else:
                self.refresh(*self._regions(before[1], stack.cursor))
            if self._on_cursor is not None:
                self._on_cursor(self.item, stack.cursor, stack.count)
        self._read_on()

    def _regions(self, *indexes: object) -> list[Region]:
        width, height = self.size
        found = []
        for index, top in self.stack.visible():
            if index in indexes:
                start, end = max(0, top), min(height, top + self._height_of(index))
                found.append(Region(0, start, width, max(0, end - start)))
        return found or [Region(0, 0, width, height)]

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        width = self.content_size.width
        place = self.stack.at(y)
        if place is None:
            said = self._empty if y == 0 and self._source is not None and not self.stack.count else EMPTY
            return self.strip([(_BLANK, ""), (_BLANK, ""), (said, "dim")], width)
        index, inside = place
        is_cursor = index == self.stack.cursor
        edge: Piece = (_BAR, "cursor") if is_cursor else (_BLANK, "")
        if index not in self._items:
            return self.strip([edge, (_BLANK, ""), (_DOTS if inside == 0 else EMPTY, "dim")], width)
        drawn = self._lines(index)
        line = drawn.lines[inside] if inside < len(drawn.lines) else []
        return self.strip([edge, (_WAITS, "waits") if drawn.waits else (_BLANK, ""), *line], width)


def _raise(error: Exception) -> None:
    raise error
