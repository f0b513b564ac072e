"""One line to type into, in the ribbon's place: for limits and searches. Enter takes it, Esc leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from modconsole.domain import safetext
from modconsole.domain.safetext import Safe, cells, join
from modconsole.screens.wording import SPACE
from modconsole.widgets.fields import LineField
from modconsole.widgets.plain import PlainLine

LONGEST: Final = 400
"""Characters that are taken."""


class Asking(Horizontal):
    """The line. It goes away by itself, and gives the focus back to `home`."""

    DEFAULT_CSS = """
    Asking { height: 1; width: 1fr; }
    Asking > PlainLine { width: auto; }
    Asking > LineField { width: 1fr; border: none; height: 1; padding: 0; background: transparent; }
    Asking > LineField:focus { border: none; background-tint: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]

    def __init__(self, label: Safe, text: str, take: Callable[[str], None], left: Callable[[], None]) -> None:
        """`text` stands in the line at the beginning; `left` is called when the line goes, then `take` with what was typed."""
        super().__init__(id="asking")
        self._label = join([SPACE, label, SPACE])
        self._take, self._left = take, left
        self.line = LineField(safetext.line(text, LONGEST))
        self.line.max_length = LONGEST

    def compose(self) -> ComposeResult:
        """The label and the line."""
        label = PlainLine([(self._label, "accent")])
        label.styles.width = cells(self._label)
        yield label
        yield self.line

    def on_mount(self) -> None:
        """Go on at the end of what stands there."""
        self.line.action_end()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is pasted may hold anything: only what passes the gate stays."""
        event.stop()
        value = event.value
        clean = safetext.line(value, LONGEST)
        if clean != " ".join(value.split()):
            self.line.value = clean

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it."""
        event.stop()
        text = event.value
        self._close()
        self._left()
        self._take(text)

    def action_leave(self) -> None:
        """Leave everything as it was."""
        self._close()
        self._left()

    def _close(self) -> None:
        self.screen.query_one("#ribbon").display = True
        for each in self.screen.query("RowList"):
            self.screen.set_focus(each)
        self.remove()
