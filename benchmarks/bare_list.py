"""A bare Textual app with a list of 100 rows over the Line API: what a key in our lists is compared with.

Nothing but what Textual offers for the purpose: a scroll view that draws its lines, two of them per cursor move, and
one line of status, updated in the same handler. Rows are made beforehand. Keys: j, k, arrows, PgUp, PgDn, Home, End, q.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

ROWS = [
    f"{at:3}  {at % 24:2} h  author {at % 17:<4} blog · Release 2.{at % 9}  what they said about it"
    for at in range(100)
]


class BareList(ScrollView, can_focus=True):
    """The rows, and a cursor in reverse video."""

    DEFAULT_CSS = "BareList { height: 1fr; scrollbar-size-vertical: 0; }"
    BINDINGS = [  # noqa: RUF012 - as Textual's own documentation writes it
        ("j,down", "move(1)", "Down"),
        ("k,up", "move(-1)", "Up"),
        ("pagedown", "page(1)", "Page down"),
        ("pageup", "page(-1)", "Page up"),
        ("home", "move(-100)", "Home"),
        ("end", "move(100)", "End"),
    ]

    def __init__(self, status: Static) -> None:
        super().__init__()
        self.cursor = 0
        self.status = status

    def on_mount(self) -> None:
        """The height of all rows together."""
        self.virtual_size = Size(0, len(ROWS))

    def render_line(self, y: int) -> Strip:
        """One row."""
        at = self.scroll_offset.y + y
        style = self.rich_style
        if at >= len(ROWS):
            return Strip.blank(self.size.width, style)
        if at == self.cursor:
            style += Style(reverse=True)
        return Strip([Segment(ROWS[at][: self.size.width].ljust(self.size.width), style)], self.size.width)

    def action_move(self, by: int) -> None:
        """The cursor some rows down or up, the view after it."""
        old, self.cursor = self.cursor, max(0, min(len(ROWS) - 1, self.cursor + by))
        top, height = self.scroll_offset.y, self.size.height
        self.refresh_line(old)
        if not top <= self.cursor < top + height:
            new_top = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=new_top, animate=False, immediate=True)
        self.refresh_line(self.cursor)
        self.status.update(f"{self.cursor + 1} of {len(ROWS)}", layout=False)

    def action_page(self, by: int) -> None:
        """A screen down or up."""
        self.action_move(by * (self.size.height - 1))


class Bare(App[None]):
    """The list and its status line."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "#status { height: 1; }"
    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012 - as Textual's own documentation writes it

    def compose(self) -> ComposeResult:
        """List above, status below."""
        status = Static(f"1 of {len(ROWS)}", id="status", markup=False)
        yield BareList(status)
        yield status


if __name__ == "__main__":
    Bare().run()
