"""pyte's screen, with what it lacks."""

from __future__ import annotations

import collections
import unicodedata
from typing import Any

import pyte
import pyte.screens
from wcwidth import wcwidth


class _Screen(pyte.Screen):
    """pyte's screen with scrolling (SU/SD), alternate screen and REP."""

    def __init__(self, columns: int, lines: int) -> None:
        self._main: tuple[Any, Any] | None = None
        super().__init__(columns, lines)

    def _fresh_buffer(self) -> Any:
        return collections.defaultdict(lambda: pyte.screens.StaticDefaultDict(self.default_char))

    def draw(self, data: str) -> None:
        # pyte 0.8.2 drops the rest of the text after a zero-width character that is
        # not a combining mark (ZWJ, VS16, Thai vowels): join those to their cell here.
        if data.isascii():
            super().draw(data)
            return
        start = 0
        for at, char in enumerate(data):
            if char > "\x7f" and wcwidth(char) <= 0 and not unicodedata.combining(char):
                super().draw(data[start:at])
                start = at + 1
                x, y = self.cursor.x - 1, self.cursor.y
                if x >= 0 and self.buffer[y][x].data == "":
                    x -= 1
                if x >= 0 and len(self.buffer[y][x].data) < 32:
                    cell = self.buffer[y][x]
                    self.buffer[y][x] = cell._replace(data=cell.data + char)
                    self.dirty.add(y)
        super().draw(data[start:])

    def enter_alt(self) -> None:
        if self._main is None:
            self._main = (self.buffer, (self.cursor.x, self.cursor.y))
            self.buffer = self._fresh_buffer()
            self.dirty.update(range(self.lines))

    def leave_alt(self) -> None:
        if self._main is not None:
            self.buffer, (self.cursor.x, self.cursor.y) = self._main
            self._main = None
            self.dirty.update(range(self.lines))
            self.ensure_hbounds()
            self.ensure_vbounds()

    def scroll(self, count: int, up: bool) -> None:
        top, bottom = self.margins or pyte.screens.Margins(0, self.lines - 1)
        self.dirty.update(range(top, bottom + 1))
        for _ in range(min(count, bottom - top + 1)):
            order = range(top, bottom) if up else range(bottom, top, -1)
            for y in order:
                self.buffer[y] = self.buffer[y + 1 if up else y - 1]
            self.buffer.pop(bottom if up else top, None)

    def row(self, y: int) -> tuple[pyte.screens.Char, ...]:
        line = self.buffer[y]
        return tuple(line[x] for x in range(self.columns))
