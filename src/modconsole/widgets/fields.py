"""Fields that a person types into. What is put there for them, or pasted, passes the gate for files first.

A paste or a quoted message may hold escape sequences, and Textual's own fields show what they hold as it is. Emoji stay
whole: what a person writes is sent as they wrote it. The cursor does not blink, because blinking is traffic.

Import this module only where something is typed: Textual's text area costs ten milliseconds of a start.
"""

from __future__ import annotations

from textual import events
from textual.widgets import Input, TextArea

from modconsole.domain.safetext import EMPTY, Safe, for_file


def one_line(text: str) -> str:
    """`text` for a field of one line."""
    return for_file(text).replace("\n", " ")


class LineField(Input):
    """One line: a search, a name, a limit. Enter posts `Input.Submitted`, each change `Input.Changed`."""

    def __init__(
        self,
        text: str = "",
        *,
        hint: Safe = EMPTY,
        password: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`hint` stands dim in the empty field; `password` shows dots."""
        super().__init__(one_line(text), hint, password=password, id=id, classes=classes, select_on_focus=False)
        self.cursor_blink = False

    def put(self, text: str) -> None:
        """Replace what is in the field."""
        self.value = one_line(text)
        self.cursor_position = len(self.value)

    def _on_paste(self, event: events.Paste) -> None:
        """Called before Textual's own handler, which then puts in what is left."""
        event.text = one_line(event.text)


class TextField(TextArea):
    """Several lines: a reply, a note, a rule. Each change posts `TextArea.Changed`; `text` is what it holds."""

    def __init__(
        self, text: str = "", *, read_only: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(for_file(text), read_only=read_only, id=id, classes=classes)
        self.cursor_blink = False

    def put(self, text: str) -> None:
        """Replace what is in the field, as one step that can be undone no more."""
        self.load_text(for_file(text))

    async def _on_paste(self, event: events.Paste) -> None:
        """Called before Textual's own handler, which then puts in what is left."""
        event.text = for_file(event.text)
