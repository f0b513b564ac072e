"""A page to read about rules: lines with a label, of which some can be opened. Base of digest, explanation and difference."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.domain.safetext import EMPTY, Safe, fit, join, literal, wrap
from modconsole.errors import ModConsoleError
from modconsole.keys import Command
from modconsole.screens.base import Base, bindings
from modconsole.widgets.plain import Piece
from modconsole.widgets.thread import Drawn, ThreadView

LABEL: Final = 14
"""Cells of the labels at the left, where there are any."""


@dataclass(frozen=True)
class Told:
    """One line. `opens` is what Enter is about; None where nothing is behind it. Without a label `pieces` has the whole width."""

    pieces: tuple[Piece, ...] = ()
    label: Safe = EMPTY
    opens: Any = None
    indent: int = 0


def told(text: Safe, style: str = "", *, label: Safe = EMPTY, opens: Any = None, indent: int = 0) -> Told:
    """A line of one piece."""
    return Told(((text, style),), label, opens, indent)


GAP: Final = Told()
"""An empty line."""


@dataclass(frozen=True)
class Page:
    """The lines, for `ThreadView`."""

    lines: tuple[Told, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.lines)

    def key(self, index: int) -> Hashable:
        """A line's number is all that it has."""
        return index

    def find(self, key: Hashable, near: int) -> int | None:
        """Where it was, it is."""
        return near if near < self.count else None

    def read(self, start: int, stop: int) -> Sequence[Told]:
        """Some of them."""
        return self.lines[start:stop]


def draw(line: Told, width: int) -> Drawn:
    """The label at the left, the text beside it; one piece is wrapped, several are one line."""
    lead = (LABEL if line.label else 0) + line.indent
    first: list[Piece] = [(fit(line.label, lead), "dim")] if lead else []
    if len(line.pieces) != 1:
        return Drawn([[*first, *line.pieces]])
    text, style = line.pieces[0]
    rest: list[Piece] = [(fit(EMPTY, lead), "")] if lead else []
    parts = wrap(text, max(10, width - lead))
    return Drawn([[*(rest if at else first), (each, style)] for at, each in enumerate(parts)])


class PageScreen(Base):
    """A page. What it gives: `read` in a thread, `lines` of what was read, `opened` for Enter."""

    PLACE = "rule-page"
    BINDINGS: ClassVar[list[BindingType]] = bindings("rule-page")
    TITLE_WORDS: ClassVar[Safe] = EMPTY

    def __init__(self) -> None:
        super().__init__()
        self.trouble: ModConsoleError | None = None
        self.view: ThreadView[Told] = ThreadView(draw, on_cursor=self._moved, on_open=self._open, id="page")

    def read(self) -> Any:
        """What the page is about; in a thread."""
        raise NotImplementedError

    def lines(self, found: Any) -> Sequence[Told]:
        """What was read, in lines."""
        raise NotImplementedError

    def opened(self, what: Any) -> None:
        """Enter on a line that can be opened."""

    # -- the frame ----------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The lines."""
        yield self.view

    def heading(self) -> Sequence[Piece]:
        """What it is about."""
        return [(self.TITLE_WORDS, "strong")]

    def on_mount(self) -> None:
        """Read it."""
        self.view.focus()
        self.changed()

    def changed(self) -> None:
        """It may say something else now."""
        self.work(self.read, self._show, self._failed)

    def _show(self, found: Any) -> None:
        self.view.use(Page(tuple(self.lines(found))))
        self.show_head()
        self.show_foot()

    def _failed(self, error: ModConsoleError) -> None:
        self.view.use(Page((told(join([literal("! "), _error(error)]), "warning"),)))

    def _moved(self, *_: object) -> None:
        self.show_foot()

    def refusal(self, command: Command) -> Safe | None:
        """Only what names something can be opened."""
        if command.id == "list.open" and (self.view.item is None or self.view.item.opens is None):
            return literal("There is nothing behind this line.")
        return super().refusal(command)

    def _open(self, line: Told) -> None:
        if line.opens is not None:
            self.opened(line.opens)
        else:
            self.say(literal("There is nothing behind this line."))


def _error(error: ModConsoleError) -> Safe:
    from modconsole.domain.safetext import line

    return line(str(error), 600)
