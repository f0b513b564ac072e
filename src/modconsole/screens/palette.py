"""The palette: type a part of a command's name, Enter runs it where one came from. Made from the key table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

from modconsole import keys
from modconsole.domain.safetext import Safe, cut, fit, line, literal
from modconsole.screens.base import Base
from modconsole.widgets.plain import Piece, PlainLine
from modconsole.widgets.rowlist import RowList
from modconsole.widgets.window import ListPager


@dataclass(frozen=True)
class Found:
    """A command that fits what was typed, and why it cannot be run now, if so."""

    key: tuple[int]
    command: keys.Command
    refused: Safe | None


def matches(words: str, command: keys.Command) -> int | None:
    """How well a command fits what was typed, 0 best; None if not at all. All words must occur in it."""
    said = f"{command.label} {command.help} {command.id}".lower()
    parts = words.lower().split()
    if not all(part in said for part in parts):
        return None
    if not parts or command.label.startswith(parts[0]):
        return 0
    return 1 if any(part in command.label for part in parts) else 2


class PaletteScreen(ModalScreen[None]):
    """Finds commands by their names."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
    ]

    def __init__(self, below: Base) -> None:
        """`below` is the screen that commands are run on."""
        super().__init__()
        self._below = below
        self._pager: ListPager[Found] = ListPager(self._fitting(""))

    def compose(self) -> ComposeResult:
        """A line to type into, and the commands that fit it."""
        yield PlainLine([(literal(" Commands"), "strong")], literal("Enter runs it  esc leaves "), id="palette-head")
        self._input = Input(compact=True, placeholder="a part of its name", id="palette-input")
        self._input.cursor_blink = False
        yield self._input
        self.list: RowList[Found] = RowList(
            self._pager,
            self._draw,
            on_open=self._run,
            empty=literal("No command fits."),
            threaded=False,
            id="palette-list",
        )
        self.list.can_focus = False
        yield self.list

    def _fitting(self, words: str) -> list[Found]:
        ranked = []
        for at, each in enumerate(keys.of_screen(self._below.place)):
            rank = matches(words, each)
            if rank is not None and each.action and each.id != "palette":
                ranked.append((rank, at, each))
        return [
            Found((at,), each, self._below.refusal(each))
            for at, (_, _, each) in enumerate(sorted(ranked, key=lambda r: r[:2]))
        ]

    def _draw(self, row: Found, width: int) -> list[Piece]:
        named = keys.keys_of(row.command, self._below.console.keymap)
        said = row.refused if row.refused is not None else line(row.command.help)
        return [
            (fit(line(row.command.label), 18), "dim" if row.refused is not None else "strong"),
            (fit(cut(line("  ".join(map(keys.shown, named))), 13), 14), "dim" if row.refused is not None else "accent"),
            (fit(said, max(0, width - 32)), "dim"),
        ]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Other words, other commands."""
        event.stop()
        self._pager.rows = self._fitting(event.value)
        self.list.use(self._pager)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the command under the cursor."""
        event.stop()
        if self.list.row is not None:
            self._run(self.list.row)

    def action_move(self, by: int) -> None:
        """Up and down without leaving the line."""
        self.list.action_move(by)

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.list.action_page(by)

    def action_leave(self) -> None:
        """Back, with nothing done."""
        self.dismiss()

    def _run(self, row: Found) -> None:
        below, ident = self._below, row.command.id
        self.dismiss()
        below.call_later(below.action_command, ident)
