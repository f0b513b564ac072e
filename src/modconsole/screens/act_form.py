"""What a moderation act takes: its label, its end, its reason; a line each, asked for once the act is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from modconsole.domain.safetext import EMPTY, Safe, fill, join, line, literal
from modconsole.errors import InputError, ModConsoleError
from modconsole.screens import whens
from modconsole.screens.dialogs import Dialog
from modconsole.widgets.fields import LineField
from modconsole.widgets.plain import Piece, PlainLine

if TYPE_CHECKING:
    from modconsole.desk.moderating import Offer

_GAP: Final = literal("  ")
_NO_UNDO: Final = literal("Cannot be undone.")


@dataclass(frozen=True)
class Given:
    """What was given with an act. `until` is an instant; None is for good."""

    reason: str = ""
    until: int | None = None
    label: str = ""


class ActForm(Dialog[Given]):
    """What an act takes, a line each; Enter does it."""

    DEFAULT_CSS = """
    ActForm {
        & Horizontal { height: 1; width: 1fr; }
        & Horizontal > PlainLine { width: 9; padding: 0 0 0 1; }
        & Horizontal > LineField { width: 1fr; }
        & Horizontal > LineField:focus { border: none; height: 1; background-tint: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "app.focus_next", show=False, priority=True),
        Binding("shift+tab,up", "app.focus_previous", show=False, priority=True),
    ]

    def __init__(self, offer: Offer, whom: Safe, now: int) -> None:
        super().__init__(fill("{}: {}", line(offer.info.act, 40), whom))
        self._info, self._now = offer.info, now
        takes = offer.info.takes | offer.info.needs
        self._fields = {
            name: LineField(hint=self._hint(name)) for name in ("label", "until", "reason") if name in takes
        }
        self._choices = PlainLine()

    def _hint(self, name: str) -> Safe:
        needed = name in self._info.needs
        if name == "until":
            return literal("1d, 7d, fri 10:00") if needed else literal("1d, 7d, fri 10:00; empty is for good")
        if name == "label":
            return (
                literal("its number, or how it begins") if self._info.choices else literal("as the platform calls it")
            )
        return literal("why; it must be said") if needed else literal("why; may be empty")

    def question(self) -> ComposeResult:
        """What it does, the choices, the lines."""
        yield PlainLine([(line(self._info.does, 300), "")])
        if self._info.choices and "label" in self._fields:
            yield self._choices
        for name, field in self._fields.items():
            with Horizontal():
                yield PlainLine([(line(name), "accent")])
                yield field

    def on_mount(self) -> None:
        """Ready to type."""
        pieces: list[Piece] = []
        for number, choice in enumerate(self._info.choices, 1):
            pieces += [(fill("{} ", number), "accent"), (line(choice, 60), ""), (_GAP, "")]
        self._choices.show(pieces)
        next(iter(self._fields.values())).focus()
        self._say(EMPTY)

    def _say(self, trouble: Safe) -> None:
        if trouble:
            self.foot.show([(join([literal("! "), trouble]), "warning")])
            return
        undo = fill("Undo: {}.   ", line(self._info.undo, 80)) if self._info.undo else join([_NO_UNDO, literal("   ")])
        turn = literal("tab next line   ") if len(self._fields) > 1 else EMPTY
        keys = join([literal("enter does it   "), turn, literal("esc leaves it")])
        self.foot.show([(undo, "dim" if self._info.undo else "warning"), (keys, "dim")])

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong may be right now."""
        event.stop()
        self._say(EMPTY)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in any line: the whole, if nothing is missing; else to what is."""
        event.stop()
        for name, field in self._fields.items():
            try:
                self._read(name, field.value.strip())
            except ModConsoleError as error:
                field.focus()
                self._say(line(str(error)))
                return
        given = {name: self._read(name, field.value.strip()) for name, field in self._fields.items()}
        self.dismiss(Given(**given))  # type: ignore[arg-type]

    def _read(self, name: str, typed: str) -> str | int | None:
        if not typed and name in self._info.needs:
            raise InputError(f"This act needs a {name}.")
        if name == "until":
            return None if typed.casefold() in ("", "for good", "never") else whens.parse(typed, self._now)
        if name == "label" and typed and self._info.choices:
            return _choice(self._info.choices, typed)
        return typed


def _choice(choices: Sequence[str], typed: str) -> str:
    """One of several, by its number or by how it begins. Raises `InputError`."""
    if typed.isascii() and typed.isdigit() and 0 < int(typed) <= len(choices):
        return choices[int(typed) - 1]
    found = [each for each in choices if each.casefold() == typed.casefold()]
    found = found or [each for each in choices if each.casefold().startswith(typed.casefold())]
    if len(found) != 1:
        raise InputError(
            "There is no such choice." if not found else "Several begin like that.", hint="Type its number."
        )
    return found[0]
