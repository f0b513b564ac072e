"""What is on the terminal, cell by cell, and the shortest way from there to the next picture.

A frame is what we believe the terminal shows. `advance` takes the rows that should be different and gives the bytes:
a scroll where a run of rows is the old picture moved up or down, then for each row the runs of cells that changed, with
the cursor moved in the shortest way and colours written only where they change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from modconsole.widgets.display.cells import UNKNOWN, Line, width_is_certain

GAP: Final = 6
"""Unchanged cells between two changes that are rather written again than jumped over: a jump costs about as much."""

ERASE_FROM: Final = 8
"""Blank cells at the end of a row from which on erasing is shorter than writing them."""

SCROLL_FROM: Final = 4
"""Changed rows from which on looking for a scroll is worth it."""


class Frame:
    """A picture of the terminal. `scrolls` and `erases` say what the terminal can do.

    Erasing needs a terminal that erases in the current background colour, which GNU screen does not by default.
    """

    def __init__(self, width: int, height: int, *, scrolls: bool = True, erases: bool = True) -> None:
        self.width = width
        self.height = height
        self.lines: list[Line] = [[UNKNOWN] * width for _ in range(height)]
        self._scrolls = scrolls
        self._erases = erases
        self._out: list[str] = []
        self._pen: str | None = None
        self._at: tuple[int, int] | None = None

    def advance(self, rows: dict[int, Line]) -> str:
        """The bytes that turn the terminal's picture into one with these rows; the frame then holds that picture."""
        rows = {y: row for y, row in rows.items() if row != self.lines[y]}
        if not rows:
            return ""
        self._out, self._pen, self._at = [], None, None
        if self._scrolls and len(rows) >= SCROLL_FROM:
            self._scroll(rows)
        for y in sorted(rows):
            if rows[y] != self.lines[y]:
                self._row(y, rows[y])
                self.lines[y] = rows[y]
        if self._pen:
            self._out.append("\x1b[0m")
        return "".join(self._out)

    def _row(self, y: int, row: Line) -> None:
        old = self.lines[y]
        tail = self._tail(row, old)
        for start, end in _runs(row, old, tail):
            self._go(start, y)
            self._write(row, start, end)
            # At the right edge a terminal may wait with the wrap: where its cursor is, nobody knows.
            self._at = (end, y) if end < self.width else None
        if tail < self.width:
            self._go(tail, y)
            self._colour(row[-1][1])
            self._out.append("\x1b[K")

    def _tail(self, row: Line, old: Line) -> int:
        """From which cell on the row is blank and better erased than written; the width if nowhere."""
        last = row[-1]
        if not self._erases or last[0] != " " or {"4", "7"} & set((last[1] or "").split(";")):
            return self.width
        tail = self.width
        while tail and row[tail - 1] == last:
            tail -= 1
        if self.width - tail < ERASE_FROM or old[tail:] == row[tail:]:
            return self.width
        return tail

    def _go(self, x: int, y: int) -> None:
        if self._at == (x, y):
            return
        if self._at is not None and self._at[1] == y and x > self._at[0]:
            by = x - self._at[0]
            self._out.append(f"\x1b[{by}C" if by > 1 else "\x1b[C")
        elif x == 0 and self._at is not None and self._at[1] == y - 1:
            self._out.append("\r\n")
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self._at = (x, y)

    def _colour(self, sgr: str | None) -> None:
        if sgr == self._pen:
            return
        if not sgr:
            self._out.append("\x1b[0m")
        else:
            self._out.append(f"\x1b[{sgr}m" if self._pen == "" else f"\x1b[0;{sgr}m")
        self._pen = sgr or ""

    def _write(self, row: Line, start: int, end: int) -> None:
        out = self._out
        for at in range(start, end):
            text, sgr = row[at]
            self._colour(sgr or "")
            out.append(text)
            if text and not width_is_certain(text):
                after = at + 1
                while after < self.width and row[after][0] == "":
                    after += 1
                out.append(f"\x1b[{after + 1}G")

    def _scroll(self, rows: dict[int, Line]) -> None:
        """If a run of rows is the old picture moved up or down, let the terminal move it."""
        shift = self._shift(rows)
        if not shift:
            return
        ys = sorted(rows)
        moved = [y for y in ys if ys[0] <= y + shift <= ys[-1] and self.lines[y + shift] == rows[y]]
        top, bottom = min(moved[0], moved[0] + shift), max(moved[-1], moved[-1] + shift)
        region = self.lines[top : bottom + 1]
        if any(UNKNOWN in line for line in region):
            return  # what would be moved is not known, so it could not be put right afterwards
        for y in range(top, bottom + 1):
            rows.setdefault(y, self.lines[y])  # rows of the region that should stay are displaced, too
        by = abs(shift)
        self._out.append(f"\x1b[{top + 1};{bottom + 1}r\x1b[{by if by > 1 else ''}{'S' if shift > 0 else 'T'}\x1b[r")
        blank: list[Line] = [[UNKNOWN] * self.width for _ in range(by)]
        self.lines[top : bottom + 1] = region[by:] + blank if shift > 0 else blank + region[:-by]

    def _shift(self, rows: dict[int, Line]) -> int:
        """By how many lines most of the rows came up (down, if negative); 0 if they did not."""
        ys = sorted(rows)
        places: dict[tuple[object, ...], int] = {}
        for y in range(ys[0], ys[-1] + 1):
            places.setdefault(tuple(self.lines[y]), y)
        votes: dict[int, int] = {}
        for y in ys:
            place = places.get(tuple(rows[y]))
            if place is not None and place != y:
                votes[place - y] = votes.get(place - y, 0) + 1
        if not votes:
            return 0
        shift, count = max(votes.items(), key=lambda vote: vote[1])
        return shift if count >= 3 and count * 3 >= len(ys) else 0


def _runs(row: Line, old: Line, tail: int) -> Iterator[tuple[int, int]]:
    """The runs of cells before `tail` that must be written, whole characters each."""
    width = len(row)
    x = 0
    while x < tail:
        if row[x] == old[x]:
            x += 1
            continue
        start, end, same = x, x + 1, 0
        x += 1
        while x < tail and same < GAP:
            if row[x] == old[x]:
                same += 1
            else:
                same, end = 0, x + 1
            x += 1
        while start and row[start][0] == "":
            start -= 1
        while end < width and row[end][0] == "":
            end += 1
        x = max(x, end)
        yield start, end
