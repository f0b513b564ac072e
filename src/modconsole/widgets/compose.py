"""Where a reply is written: Textual's text area without what blinks, without keys that the console needs, and gated.

What is pasted, loaded or comes back from an editor loses its control characters and what changes the direction of text
(`safetext.for_file`); emoji stay whole, because they are sent as they were written. What is typed is printable by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from modconsole.domain.safetext import for_file

LONGEST: Final = 200_000
"""Characters that are taken. A text area becomes slow with much more, and no platform takes as much."""


def _keys(table: str) -> list[BindingType]:
    found: list[BindingType] = []
    for row in table.split("\n"):
        keys, _, action = row.strip().rpartition(" ")
        if keys:
            found.append(Binding(keys, action, show=False))
    return found


class ComposeArea(TextArea, inherit_bindings=False):
    """The text area. `on_text` is called in the handler that changed the text, so that what depends on it shares the frame."""

    DEFAULT_CSS = """
    ComposeArea {
        border: none;
        padding: 0 1;
        width: 1fr;
        height: 1fr;
        background: $background;
        &:focus { border: none; }
        & .text-area--cursor-line { background: $background; }
    }
    """
    # Textual's own without those that the console needs (ctrl+e, ctrl+s, ctrl+o), those that leave the area, function keys.
    BINDINGS: ClassVar[list[BindingType]] = _keys(
        """
        up cursor_up
        down cursor_down
        left cursor_left
        right cursor_right
        ctrl+left,alt+b cursor_word_left
        ctrl+right,alt+f cursor_word_right
        home,ctrl+a cursor_line_start
        end cursor_line_end
        pageup cursor_page_up
        pagedown cursor_page_down
        shift+up cursor_up(True)
        shift+down cursor_down(True)
        shift+left cursor_left(True)
        shift+right cursor_right(True)
        ctrl+shift+left cursor_word_left(True)
        ctrl+shift+right cursor_word_right(True)
        shift+home cursor_line_start(True)
        shift+end cursor_line_end(True)
        backspace delete_left
        delete,ctrl+d delete_right
        ctrl+w,ctrl+backspace,alt+backspace delete_word_left
        alt+delete delete_word_right
        ctrl+u delete_to_start_of_line
        ctrl+k delete_to_end_of_line_or_delete_line
        ctrl+x cut
        ctrl+c copy
        ctrl+v paste
        ctrl+z undo
        ctrl+y redo
        """
    )

    def __init__(self, on_text: Callable[[], None], *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            highlight_cursor_line=False,
            max_checkpoints=200,
        )
        self.cursor_blink = False
        self._on_text = on_text
        self._told = ""

    def _tell(self) -> None:
        text = self.text
        if text != self._told:
            self._told = text
            self._on_text()

    def edit(self, edit: Edit) -> EditResult:
        """Textual's one way for every change but undo."""
        result = super().edit(edit)
        self._tell()
        return result

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Undo and redo end here alone."""
        event.stop()
        self._tell()

    def put(self, text: str) -> None:
        """Replace the whole text, and go to its end."""
        self.text = for_file(text, LONGEST)
        self.move_cursor(self.document.end)
        self._tell()

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        room = LONGEST - len(self.text)
        if room > 0:
            result = self._replace_via_keyboard(for_file(event.text, room), *self.selection)
            if result is not None:
                self.move_cursor(result.end_location)
