"""An app made of all our widgets that shows the corpus, payload after payload. Run with python -m."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar

from modconsole.widgets.display.terminal import prepare_environment, run_console

if __name__ == "__main__":
    prepare_environment()

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from modconsole.domain.safetext import block, fill, line, literal
from modconsole.widgets.display.mixin import DiffDisplay
from modconsole.widgets.plain import Piece, Plain, PlainLine, notify_safe
from modconsole.widgets.rowlist import RowList
from modconsole.widgets.window import ListPager
from tests.hostile.corpus import PAYLOADS

BOUND = "b,g,r,c,u,d,R,P,0,1,2,3,4,5,6,7,8,9"
"""Keys that the answers of terminals are made of."""


@dataclass(frozen=True)
class Item:
    key: tuple[int]
    text: str


class Hostile(DiffDisplay, App[None]):
    """Space shows the next payload everywhere; every other key that comes is counted."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "RowList { height: 4; } Plain { height: 6; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next", "Next", priority=True),
        Binding("q", "quit", "Quit"),
        Binding(BOUND, "pwn", "Ban"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.texts = list(PAYLOADS.values())
        self.at = -1
        self.pressed = 0
        self.acts = 0

    def compose(self) -> ComposeResult:
        yield PlainLine(id="name")
        yield Plain(id="body")
        yield RowList(ListPager[Item](), self.draw, threaded=False)
        yield PlainLine(id="count")

    def on_mount(self) -> None:
        self.action_next()

    def draw(self, row: Item, width: int) -> list[Piece]:
        return [(line(row.text), "strong"), (literal(" | "), "dim"), (line(row.text), "")]

    def action_next(self) -> None:
        self.at += 1
        text = self.texts[self.at % len(self.texts)]
        self.query_one("#name", PlainLine).show(line(text), line(text, 30))
        self.query_one("#body", Plain).show([(block(text), "accent"), (block(text), "")])
        self.query_one(RowList).use(ListPager([Item((1,), text), Item((2,), "after")]))
        notify_safe(self, line(text, 100), timeout=0.05)
        self.tell()

    def on_key(self, event: Any) -> None:
        if event.key != "n":
            self.pressed += 1
            self.tell()

    def action_pwn(self) -> None:
        self.acts += 1
        self.tell()

    def tell(self) -> None:
        self.query_one("#count", PlainLine).show(fill("shown {} keys {} acts {}", self.at, self.pressed, self.acts))


if __name__ == "__main__":
    sys.exit(run_console(Hostile()))
