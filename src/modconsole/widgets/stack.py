"""Messages of different heights on one screen: pure arithmetic, no Textual, no thread, no clock.

A conversation can have a hundred thousand messages, and how high one is, is known only when its text is. So nothing here
counts lines from the beginning: the place is *the message under the cursor, and the line of the screen on which it begins*;
everything else is laid out from there, up and down, as far as the screen goes. What arrives, goes or grows elsewhere
therefore never moves the message under the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator


class Stack:
    """The place in a conversation. `height_of(index)` is a message's height in lines, at least 1; a guess is allowed."""

    def __init__(self, height_of: Callable[[int], int], count: int = 0, height: int = 24) -> None:
        self._height_of = height_of
        self.count = count
        self.height = max(1, height)
        self.cursor = 0
        """Index of the message under the cursor."""
        self.line = 0
        """The line of the screen on which that message begins; negative where its beginning is above the screen."""

    # -- what is where --------------------------------------------------------------------------------------------

    def visible(self) -> Iterator[tuple[int, int]]:
        """(index, line of the screen on which it begins) of every message that is on the screen, from the top."""
        if not self.count:
            return
        index, top = self._from(0)
        while index < self.count and top < self.height:
            yield index, top
            top += self._height_of(index)
            index += 1

    def at(self, y: int) -> tuple[int, int] | None:
        """(index, line within it) of what is on a line of the screen; None where nothing is."""
        if not self.count:
            return None
        index, top = self._from(y)
        inside = y - top
        return (index, inside) if 0 <= inside < self._height_of(index) else None

    def _from(self, y: int) -> tuple[int, int]:
        """The message on line `y` and where it begins; the first or last one where there is none."""
        index, top = self.cursor, self.line
        while top > y and index > 0:
            index -= 1
            top -= self._height_of(index)
        while index < self.count - 1 and top + self._height_of(index) <= y:
            top += self._height_of(index)
            index += 1
        return index, top

    # -- keys ------------------------------------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """To the next (1) or previous (-1) message; one that is higher than the screen is first read to its end."""
        for _ in range(abs(by)):
            if by > 0:
                self._down()
            else:
                self._up()

    def _down(self) -> None:
        if not self.count:
            return
        below = self.line + self._height_of(self.cursor) - self.height
        if below > 0:
            self.line -= min(below, max(1, self.height // 2))
        elif self.cursor < self.count - 1:
            self.line += self._height_of(self.cursor)
            self.cursor += 1
            self.reveal()

    def _up(self) -> None:
        if not self.count:
            return
        if self.line < 0:
            self.line += min(-self.line, max(1, self.height // 2))
        elif self.cursor > 0:
            self.cursor -= 1
            high = self._height_of(self.cursor)
            self.line -= high
            if self.line < 0:
                self.line = min(0, self.height - high)
        self.settle()

    def page(self, by: int) -> None:
        """A screen down or up, with one line in common; at an end, the cursor goes to the first or last message."""
        if not self.count:
            return
        before = next(self.visible())
        y = min(max(self.line, 0), self.height - 1)
        self.line -= by * max(1, self.height - 1)
        self.cursor, self.line = self._from(y)
        self.settle()
        if next(self.visible()) == before:
            self.go(self.count - 1 if by > 0 else 0)

    def scroll(self, by: int) -> None:
        """The screen some lines down, or up if negative; the cursor only where it would leave the screen."""
        if not self.count:
            return
        self.line -= by
        self.settle()
        if self.line >= self.height:
            self.cursor, self.line = self._from(self.height - 1)
        elif self.line + self._height_of(self.cursor) <= 0:
            self.cursor, self.line = self._from(0)

    def go(self, index: int) -> None:
        """To a message. One that is wholly on the screen stays where it is."""
        if not self.count:
            return
        index = max(0, min(index, self.count - 1))
        line = next((top for other, top in self.visible() if other == index), None)
        if line is None or line < 0 or line + self._height_of(index) > self.height:
            line = self.height // 3
        self.cursor, self.line = index, line
        self.reveal()

    def home(self) -> None:
        """To the first message."""
        self.cursor = self.line = 0

    def end(self) -> None:
        """To the last message, whose end is then at the foot of the screen, if the conversation is that long."""
        if self.count:
            self.cursor = self.count - 1
            self.line = self.height - self._height_of(self.cursor)
            self.reveal()

    def click(self, y: int) -> bool:
        """The cursor to the message on a line of the screen; False where there is none."""
        found = self.at(y)
        if found is None:
            return False
        self.cursor, self.line = found[0], y - found[1]
        return True

    # -- keeping in bounds -----------------------------------------------------------------------------------------

    def resize(self, height: int) -> None:
        """Another height of the screen."""
        self.height = max(1, height)
        if self.count:
            self.reveal()

    def replace(self, count: int, cursor: int) -> None:
        """Other messages, of which the one under the cursor has another index now."""
        self.count = count
        self.cursor = max(0, min(cursor, count - 1))
        self.settle()

    def reveal(self) -> None:
        """Bring all of the message under the cursor onto the screen, or its beginning if it is too high."""
        high = self._height_of(self.cursor)
        if self.line + high > self.height:
            self.line = self.height - high
        self.line = max(0, self.line)
        self.settle()

    def settle(self) -> None:
        """No empty lines above the first message, and none below the last while there is something above."""
        if not self.count:
            self.cursor = self.line = 0
            return
        index, top = self._from(self.height - 1)
        foot = top + self._height_of(index)
        if index == self.count - 1 and foot < self.height:
            self.line += self.height - foot
        index, top = self._from(0)
        if top > 0:
            self.line -= top
