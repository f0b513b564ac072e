"""Where a rule is written: the text area with line numbers, and beside them a sign for what is known of a line.

A sign says it without colour: `!` something is wrong there, `?` something to know, `✓` and `✗` an example of the rule that does
what it should, or does not. What they mean in words stands elsewhere on the screen; `at_line` brings the cursor there.

Enter goes on at the indentation of the line before, a step deeper after `:` and `|`, because YAML is made of indentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from textual import events
from textual.strip import Strip

from modconsole.domain.safetext import EMPTY, Safe, fill, for_file, join, literal
from modconsole.widgets.compose import LONGEST, ComposeArea
from modconsole.widgets.plain import overwrite

STEP: Final = 2
"""Spaces that one level is indented by."""

_DEEPER: Final = (":", "|", ">", "|-", ">-")
_GAP: Final = literal(" ")


class RuleArea(ComposeArea):
    """The text area of the rule lab. `on_text` is called in the handler that changed the text, `on_cursor` when the cursor has
    gone to another line."""

    DEFAULT_CSS = """
    RuleArea {
        padding: 0;
        scrollbar-size-vertical: 1;
        & .text-area--gutter { color: #8c8c8c; }
        & .text-area--cursor-gutter { color: $text-primary; background: $background; text-style: bold; }
        & .text-area--selection { background: $primary 40%; }
    }
    """

    _cursor_moved: Callable[[], None] | None = None  # the cursor is set before the area is made
    _row = 0

    def __init__(
        self, on_text: Callable[[], None], on_cursor: Callable[[], None] | None = None, *, id: str | None = None
    ) -> None:
        super().__init__(on_text, id=id)
        self.show_line_numbers = True
        self.highlight_cursor_line = True  # its number stands out; the line itself has no colour of its own
        self._cursor_moved = on_cursor
        self._signs: dict[int, Safe] = {}

    # -- what screens ask and say -------------------------------------------------------------------------------

    @property
    def line(self) -> int:
        """The line of the cursor, from 1."""
        return self.cursor_location[0] + 1

    def at_line(self, line: int, column: int = 1) -> None:
        """The cursor to a line and a column, both from 1; to the nearest that there is."""
        row = min(max(0, line - 1), self.document.line_count - 1)
        self.move_cursor((row, min(max(0, column - 1), len(self.document.get_line(row)))), center=True)

    def show_signs(self, signs: Mapping[int, Safe]) -> None:
        """A sign of one cell for each line that has one; lines count from 1."""
        new = dict(signs)
        if new != self._signs:
            self._signs = new
            self.refresh()

    def load(self, text: str) -> None:
        """Begin with this text, at its first line; nothing before it can be brought back by undo."""
        self._told = self.text = for_file(text, LONGEST)
        self.move_cursor((0, 0))

    def replace_all(self, text: str) -> None:
        """Put another text in its place, as one step that undo takes back; the cursor stays on its line."""
        row, column = self.cursor_location
        self.replace(for_file(text, LONGEST), (0, 0), self.document.end)
        row = min(row, self.document.line_count - 1)
        self.move_cursor((row, min(column, len(self.document.get_line(row)))))

    # -- keys ---------------------------------------------------------------------------------------------------

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "enter" or self.read_only:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        row, column = min(self.selection)
        before = self.document.get_line(row)[:column]
        indent = " " * (len(before) - len(before.lstrip(" ")))
        if before.rstrip().endswith(_DEEPER):
            indent += " " * STEP
        self._replace_via_keyboard("\n" + indent, *self.selection)

    def watch_selection(self) -> None:
        """Textual's notice that the cursor has moved."""
        row = self.cursor_location[0]
        if row != self._row:
            self._row = row
            if self._cursor_moved is not None:
                self._cursor_moved()

    # -- drawing ------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line: its own, with the sign between number and text."""
        strip = super().render_line(y)
        found = self._line_at(y)
        sign = self._signs.get(found + 1) if found is not None else None
        if sign is None:
            return strip
        return overwrite(strip, self.gutter_width - 2, join([sign, _GAP]))

    def _line_at(self, y: int) -> int | None:
        """The line of the text that begins on a line of the screen."""
        try:
            index, section = self.wrapped_document._offset_to_line_info[y + self.scroll_offset[1]]
        except IndexError:
            return None
        return index if section == 0 else None

    @property
    def signs(self) -> str:
        """The signs with their lines, for tests and for screen readers."""
        return join([fill("{}{}", line, sign) for line, sign in sorted(self._signs.items())], _GAP) or EMPTY
