"""A small console for the tests of the screen writer: header, long list, detail, footer. Run with python -m."""

from __future__ import annotations

import os
import random
import sys
import threading
from dataclasses import dataclass
from typing import ClassVar

from modconsole.widgets.display.terminal import prepare_environment, run_console

if __name__ == "__main__":
    prepare_environment()

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from modconsole.domain.safetext import block, fill, fit, line, literal
from modconsole.widgets.display.mixin import DiffDisplay
from modconsole.widgets.plain import Piece, Plain, PlainLine, notify_safe
from modconsole.widgets.rowlist import RowList
from modconsole.widgets.window import ListPager

WORDS = [
    "spam", "offer", "report", "abuse", "user", "banned", "please", "review", "caf\u00e9", "\u65e5\u672c\u8a9e",
    "\u043f\u0440\u0438\u0432\u0435\u0442", "\U0001f680", "a\u0301\u0302", "\u0928\u092e\u0938\u094d\u0924\u0947",
    "link", "crypto", "hello",
]  # fmt: skip


@dataclass(frozen=True)
class Item:
    key: tuple[int]
    text: str
    late: bool


def items(n: int) -> list[Item]:
    rng = random.Random(7)
    return [
        Item((i,), f"{i:06d} " + " ".join(rng.choices(WORDS, k=rng.randint(3, 20))), rng.random() < 0.2)
        for i in range(n)
    ]


class Demo(DiffDisplay, App[None]):
    """What the screens are made of, without a store."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head, #foot { background: $panel; }
    #detail { height: 6; border-top: solid $primary; }
    Input { display: none; height: 1; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="quit"),
        Binding("n", "notice", "Notice", id="notice"),
        Binding("d", "detail", "Detail", id="detail"),
        Binding("slash", "search", "Search", id="search"),
        Binding("a", "arrive", "Arrive", id="arrive"),
        Binding("s", "shell", "Shell", id="shell"),
        Binding("c", "crash", "Crash", id="crash"),
        Binding("h", "hang", "Hang", id="hang"),
    ]

    def __init__(self, n: int) -> None:
        super().__init__()
        self.pager = ListPager(items(n))
        self.arrived = 0

    def compose(self) -> ComposeResult:
        yield PlainLine([(literal("Demo"), "strong")], literal("all seen 2m"), id="head")
        yield RowList(self.pager, self.draw, on_cursor=self.show)
        yield Plain(id="detail")
        yield Input(id="search", placeholder="search")
        yield PlainLine(id="foot")

    def draw(self, row: Item, width: int) -> list[Piece]:
        return [(fit(line(row.text), width), "warning" if row.late else "")]

    def show(self, row: Item | None, position: int, count: int) -> None:
        self.query_one("#foot", PlainLine).show(fill("{} of {}", position + 1, count), literal("q quit"))
        if row is not None:
            self.query_one("#detail", Plain).show(block(row.text), layout=False)

    def action_notice(self) -> None:
        notify_safe(self, literal("noticed"), timeout=1)

    def action_detail(self) -> None:
        detail = self.query_one("#detail", Plain)
        detail.display = not detail.display

    def action_search(self) -> None:
        box = self.query_one(Input)
        box.styles.display = "block"
        box.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.styles.display = "none"
        self.query_one(RowList).focus()

    def action_arrive(self) -> None:
        self.arrived += 1
        self.pager.rows.insert(0, Item((-self.arrived,), f"arrived {self.arrived}", True))
        self.query_one(RowList).changed()

    def action_shell(self) -> None:
        with self.suspend():
            print("in the shell", flush=True)
            sys.stdin.readline()

    def action_hang(self) -> None:
        threading.Event().wait(60)

    def action_crash(self) -> None:
        secret = "a private message"
        raise RuntimeError(f"crashed with {len(secret)} characters")


if __name__ == "__main__":
    sys.exit(run_console(Demo(int(os.environ.get("ROWS", "2000")))))
