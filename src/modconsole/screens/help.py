"""Help: the keys that work where one came from, and everywhere; made from the key table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType

from modconsole import keys
from modconsole.domain.safetext import EMPTY, Safe, fit, join, line, literal
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen
from modconsole.widgets.plain import Piece
from modconsole.widgets.window import ListPager

TITLES = {
    keys.GLOBAL: literal("everywhere"),
    keys.LIST: literal("lists"),
    keys.ASK: literal("the ask under the cursor"),
}


@dataclass(frozen=True)
class Line:
    """A line of the help; a heading cannot be selected."""

    key: tuple[int]
    heading: Safe
    command: keys.Command | None = None

    @property
    def selectable(self) -> bool:
        """Whether the cursor rests on it."""
        return self.command is not None


class HelpScreen(ListScreen[Line]):
    """All keys of a screen."""

    PLACE = "help"
    BINDINGS: ClassVar[list[BindingType]] = bindings("help")

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._screen = screen

    def heading(self) -> Sequence[Piece]:
        """`Help   keys of the queue`."""
        return [(literal("Help"), "strong"), (join([literal("   keys of the "), line(self._screen)]), "")]

    def pager(self) -> ListPager[Line]:
        """What is special here first, then what works everywhere."""
        places = keys.PLACES[self._screen]
        order = [place for place in places if place not in TITLES] + [
            place for place in reversed(places) if place in TITLES
        ]
        lines: list[Line] = []
        told: set[str] = set()
        for place in order:
            found = [each for each in keys.of_screen(self._screen) if place in each.where and each.id not in told]
            if not found:
                continue
            told |= {each.id for each in found}
            if lines:
                lines.append(Line((len(lines),), EMPTY))
            lines.append(Line((len(lines),), TITLES.get(place, line(place))))
            for each in found:
                lines.append(Line((len(lines),), EMPTY, each))
        return ListPager(lines)

    def draw(self, row: Line, width: int) -> list[Piece]:
        """A heading, or a command with its keys."""
        if row.command is None:
            return [(fit(row.heading, width), "strong")]
        named = keys.keys_of(row.command, self.console.keymap)
        pressed = line("  ".join(map(keys.shown, named))) if named else literal("(no key)")
        return [
            (fit(pressed, 16), "accent"),
            (fit(line(row.command.label), 18), ""),
            (fit(line(row.command.help), max(0, width - 34)), "dim"),
        ]

    def refusal(self, command: keys.Command) -> Safe | None:
        """Help is read, not opened."""
        return literal("Go back, and press the key there.") if command.id == "list.open" else super().refusal(command)

    def ribbon_right(self) -> Safe:
        """Where to go on."""
        return literal("keys can be changed: docs/keys.md ")

    def lesson(self) -> Sequence[Piece]:
        """There are always keys."""
        return ()
