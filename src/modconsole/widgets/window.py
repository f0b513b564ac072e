"""A window over a list that is too long to hold: pure arithmetic, no Textual, no thread, no clock.

The list lives elsewhere and is read page by page through a `Pager`, by key, so that a page costs the same wherever it
is. `Window` keeps some hundred rows around the cursor, knows where in the list they are, and says what to read next;
somebody else reads (`read`, in any thread) and gives the page back (`Window.apply`).

    window.move(1)                         # a key was pressed; done at once if the rows are here
    request = window.wanted()              # what to read now, if anything; None while a read is under way
    window.apply(read(pager, request))     # the page has arrived

What it promises: the row under the cursor stays that row, on that line of the screen, whatever arrives or goes
elsewhere in the list. Rows that arrived above are counted in `new_above` until the beginning is in view. If the row
under the cursor itself is gone, the one after it takes its place, and `apply` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Generic

from modconsole.widgets.pager import Key, ListPager, Page, Pager, R, Request, Row, read, selectable

__all__ = ["BUFFER", "Key", "ListPager", "Outcome", "Page", "Pager", "Request", "Row", "Window", "read"]

BUFFER: Final = 400
"""Rows that are kept; more where the screen is very high."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What a page changed: whether anything must be painted, and the row that vanished under the cursor."""

    repaint: bool
    lost: R | None = None


class Window(Generic[R]):
    """The rows around the cursor, and where they are.

    `rows[i]` is row `start + i` of `count`. The cursor is on `rows[at]`, which is shown on line `line` of `height`.
    """

    def __init__(self, buffer: int = BUFFER) -> None:
        self._buffer = buffer
        self.height = 1
        self._generation = 0
        self.start_over()

    def start_over(self) -> None:
        """Hold nothing, for another list; call `open` next."""
        self.rows: list[R] = []
        self.start = 0
        self.count = 0
        self.at = 0
        self.line = 0
        self.new_above = 0
        self.loaded = False
        self._generation += 1
        self._jump: Request | None = None
        self._stale = False
        self._follow = True
        self._reading: Request | None = None
        self._owed = 0

    # -- what is where ------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The position of the cursor's row in the list, from 0."""
        return self.start + self.at

    @property
    def top(self) -> int:
        """The position of the row on the first line of the screen."""
        return self.cursor - self.line

    @property
    def row(self) -> R | None:
        """The row under the cursor; None in an empty list."""
        return self.rows[self.at] if self.at < len(self.rows) else None

    def row_at(self, line: int) -> R | None:
        """The row on that line of the screen, if there is one and it is here."""
        index = self.at - self.line + line
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def missing(self, line: int) -> bool:
        """Whether that line has a row that is not here yet."""
        return 0 <= self.top + line < self.count and self.row_at(line) is None

    @property
    def size(self) -> int:
        """How many rows are held at most."""
        return max(self._buffer, 8 * self.height)

    @property
    def _margin(self) -> int:
        return max(self.size // 4, 2 * self.height)

    # -- keys ---------------------------------------------------------------------------------------------------

    def resize(self, height: int) -> None:
        """The screen shows that many rows now. The cursor's line stays unless it is off the screen."""
        self.height = max(1, height)
        self.line = min(self.line, self.height - 1)
        if self.loaded and self.top > max(0, self.count - self.height):
            self.line = min(self.cursor - max(0, self.count - self.height), self.height - 1)
        if self.loaded and self.top == 0:
            self.new_above = 0

    def open(self, key: Key | None = None) -> None:
        """Begin at the first row, or at the row with that key (or the one that follows its place)."""
        self._go(Request("first", self.size) if key is None else Request("around", self.size, key))

    def home(self) -> None:
        """To the first row."""
        if self.loaded and self.start == 0 and not self._jump:
            self._place(0, 0)
            self.new_above = 0
        else:
            self._go(Request("first", self.size))

    def end(self) -> None:
        """To the last row."""
        if self.loaded and self.start + len(self.rows) >= self.count and not self._jump:
            self._place(len(self.rows) - 1, min(self.height, self.count) - 1)
        else:
            self._go(Request("last", self.size))

    def move(self, by: int) -> None:
        """The cursor goes down (up, if negative) by that many rows that can be selected; the screen follows."""
        step = 1 if by > 0 else -1
        for done in range(abs(by)):
            at = self._next(self.at + step, step)
            if at is None:
                if self._beyond(self.at + step):
                    self._owed += by - done * step
                elif step < 0 and self.start == 0:
                    self.line = min(self.at, self.height - 1)  # show a heading above the first row, too
                break
            self._place(at, self.line + at - self.at)

    def page(self, by: int) -> None:
        """A screen down (up, if negative), with one row in common."""
        step = by * max(1, self.height - 1)
        top = max(0, min(self.top + step, self.count - self.height))
        cursor = max(0, min(self.cursor + step, self.count - 1))
        at = cursor - self.start
        if self._beyond(at):
            self._owed += at - (len(self.rows) - 1 if at > 0 else 0)
            at = max(0, min(at, len(self.rows) - 1))
            top = self.start + at - self.line
        self._place(at, self.start + at - top, 1 if by > 0 else -1)

    def scroll(self, by: int) -> None:
        """The screen moves over the list by that many rows; the cursor stays on its row while that is in view."""
        top = max(0, min(self.top + by, self.count - self.height))
        first, last = top - self.start, top - self.start + self.height - 1
        at = max(0, first, min(self.at, last))
        if at < len(self.rows):
            self._place(at, at - first, 1 if by > 0 else -1)

    def click(self, line: int) -> bool:
        """The cursor goes to the row on that line; False if there is none to go to."""
        index = self.at - self.line + line
        if not 0 <= index < len(self.rows) or not selectable(self.rows[index]):
            return False
        self._place(index, line)
        return True

    def changed(self, *, follow: bool = True) -> None:
        """The list has changed, anywhere: read again around the cursor.

        Where the row under the cursor has moved to another place of the list, the cursor stays on it and the list is
        shown from there, if the pager can find it. Not so with `follow=False`, for one's own acts: then the cursor goes
        to the row that follows.
        """
        self._stale = True
        self._follow = follow

    # -- reading ------------------------------------------------------------------------------------------------

    def wanted(self) -> Request | None:
        """What to read now, most urgent first; None if nothing is needed, or while a read is under way."""
        if self._reading is not None:
            return None
        if self._jump is not None:
            request = self._jump
            self._stale = False
        elif self._stale:
            row = self.row
            request = Request("first", self.size)
            if row is not None:
                request = Request("around", self.size, row.key, row=row if self._follow else None)
            self._stale = False
        else:
            extension = self._extension()
            if extension is None:
                return None
            request = extension
        request = replace(request, generation=self._generation)
        self._reading = request
        return request

    def failed(self) -> None:
        """The read that was under way failed; the window stays as it is, and asks again at the next change."""
        self._reading = None
        self._jump = None
        self._owed = 0

    def apply(self, page: Page[R]) -> Outcome[R]:
        """Take in what was read."""
        self._reading = None
        request = page.request
        if request.generation != self._generation:
            return Outcome(False)
        if request.kind in ("after", "before"):
            return self._extend(page)
        if self._jump is None:
            return self._refresh(page)
        self._jump = None
        return self._land(page)

    # -- the arithmetic -----------------------------------------------------------------------------------------

    def _go(self, request: Request) -> None:
        self._jump = request
        self._generation += 1
        self._owed = 0

    def _beyond(self, at: int) -> bool:
        """Whether that place is in the list, but not held."""
        return self.loaded and 0 <= self.start + at < self.count and not 0 <= at < len(self.rows)

    def _next(self, at: int, step: int) -> int | None:
        """The first row that can be selected, from `at` on in the direction of `step`."""
        while 0 <= at < len(self.rows):
            if selectable(self.rows[at]):
                return at
            at += step
        return None

    def _place(self, at: int, line: int, step: int = 1) -> None:
        """The cursor to `rows[at]` or the nearest that can be selected, on `line` if that is on the screen."""
        if not self.rows:
            self.at = self.line = 0
            return
        at = max(0, min(at, len(self.rows) - 1))
        found = self._next(at, step)
        if found is None:
            found = self._next(at, -step)
        if found is not None:
            line += found - at
            at = found
        self.at = at
        self.line = max(0, min(line, self.height - 1, self.cursor))
        if self.top <= 0:
            self.new_above = 0

    def _land(self, page: Page[R]) -> Outcome[R]:
        """A jump has arrived."""
        self._take(page)
        self.new_above = 0
        if page.request.kind == "last":
            self._place(len(self.rows) - 1, min(self.height, self.count) - 1, -1)
        elif page.request.kind == "around":
            self._place(page.at, min(page.at, self.height // 3))
        else:
            self._place(0, 0)
        return Outcome(True)

    def _take(self, page: Page[R]) -> None:
        self.rows = list(page.rows)
        self.start = page.start or 0
        self.count = max(page.count or 0, self.start + len(self.rows))
        self.loaded = True

    def _refresh(self, page: Page[R]) -> Outcome[R]:
        """The list changed elsewhere: keep the cursor on its row and the row on its line."""
        row, before = self.row, self.cursor
        lost: R | None = None
        at = page.at
        stayed = True
        if row is not None:
            key = page.key if row.key == page.request.key and page.key is not None else row.key
            found = next((i for i, other in enumerate(page.rows) if other.key == key), None)
            if found is None and row.key != page.request.key:
                self._stale = True  # the cursor moved on while this was read, out of its reach: read again from there
                return Outcome(False)
            lost = row if found is None else None
            at = page.at if found is None else found
            stayed = key == row.key
        if page.start is None:
            page = replace(page, start=self._guess(page))
        unread, was_empty = self.new_above, not self.rows
        self._take(page)
        self._place(at, self.line)
        if not was_empty and self.top > 0:
            self.new_above = max(0, unread + self.cursor - before) if stayed else unread
        return Outcome(True, lost)

    def _guess(self, page: Page[R]) -> int:
        """Where the page begins, judged by the rows that we had, and by how much the list has grown elsewhere."""
        held = {row.key: i for i, row in enumerate(self.rows)}
        common = [(i, held[row.key]) for i, row in enumerate(page.rows) if row.key in held]
        if not common:
            return self.start
        (first, old_first), (last, old_last) = common[0], common[-1]
        elsewhere = (page.count or 0) - self.count - ((last - first) - (old_last - old_first))
        start = self.start + old_first - first
        if page.grows == "above" and elsewhere > 0:
            start += elsewhere
        return max(0, min(start, (page.count or 0) - len(page.rows)))

    def _extension(self) -> Request | None:
        """The rows that the cursor may reach soon."""
        if not self.loaded or not self.rows:
            return None
        first, last = self.at - self.line, self.at - self.line + self.height
        chunk = self.size // 2
        if len(self.rows) - last < self._margin and self.start + len(self.rows) < self.count:
            return Request("after", chunk, self.rows[-1].key)
        if first < self._margin and self.start > 0:
            return Request("before", chunk, self.rows[0].key)
        return None

    def _extend(self, page: Page[R]) -> Outcome[R]:
        new = list(page.rows)
        showed_gap = any(self.missing(line) for line in range(self.height))
        if page.request.kind == "after":
            self._append(new, page.request.size)
        else:
            self._prepend(new, page.request.size)
        owed, self._owed = self._owed, 0
        if owed:
            self.move(owed)
        return Outcome(bool(owed) or showed_gap)

    def _append(self, new: list[R], asked: int) -> None:
        self.rows += new
        if len(new) < asked:
            self.count = self.start + len(self.rows)
        else:
            self.count = max(self.count, self.start + len(self.rows))
        excess = min(len(self.rows) - self.size, self.at - self.line - self._margin)
        if excess > 0:
            del self.rows[:excess]
            self.start += excess
            self.at -= excess

    def _prepend(self, new: list[R], asked: int) -> None:
        self.rows[:0] = new
        self.at += len(new)
        self.start -= len(new)
        if self.start < 0 or len(new) < asked:
            # Our place in the list was a guess; now the beginning is known.
            self.count = max(self.count - self.start, len(self.rows))
            self.start = 0
        excess = min(len(self.rows) - self.size, len(self.rows) - (self.at - self.line + self.height) - self._margin)
        if excess > 0:
            del self.rows[len(self.rows) - excess :]
