"""The console as a program, for tests that need a real terminal: `python -m tests.screens.console DATABASE [WHO] [SCREEN…]`.

With two more arguments it opens a conversation: source and id.
"""

from __future__ import annotations

import sys
from pathlib import Path

from modconsole import app
from modconsole.app import ModConsoleApp
from modconsole.desk.desk import Desk
from modconsole.widgets.display.terminal import run_console


class At(ModConsoleApp):
    """The console, opened at a conversation."""

    CSS_PATH = str(Path(app.__file__).parent / "app.tcss")  # Textual looks for it beside a subclass
    place: tuple[str, str] | None = None

    def on_ready(self) -> None:
        """Textual's notice that the first screen is there."""
        if self.place is not None:
            self.open_conversation(*self.place)


def main(argv: list[str]) -> int:
    """Run it."""
    path, who, *place = argv
    console = At(Desk(Path(path), who=who))
    if place:
        console.place = (place[0], place[1])
    return run_console(console)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
