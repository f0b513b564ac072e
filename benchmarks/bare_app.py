"""The least that a Textual app can be: what every start is compared with. Run it in a terminal or under the probe."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Hello(App[None]):
    """One line of text; q ends it."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012 - as Textual's own documentation writes it

    def compose(self) -> ComposeResult:
        """The one line."""
        yield Static("hello")


if __name__ == "__main__":
    Hello().run()
