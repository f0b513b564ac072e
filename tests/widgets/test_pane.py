"""The second pane: wrapped paragraphs, and a repaint of what differs."""

from __future__ import annotations

from textual.app import App, ComposeResult

from modconsole.domain.safetext import EMPTY, line, literal
from modconsole.widgets.pane import Pane


class Page(App[None]):
    CSS = "Pane { padding: 1 2; }"

    def compose(self) -> ComposeResult:
        yield Pane()


def lines(app: App[None]) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_what_is_shown_replaces_what_was_there() -> None:
    """Whatever is repainted, the picture is that of the new paragraphs alone, with their padding."""
    app = Page()
    async with app.run_test(size=(24, 8)) as pilot:
        pane = app.query_one(Pane)
        pane.show([[(line("a name"), "strong"), (line(" @handle"), "dim")], [(EMPTY, "")], [(line("word " * 12), "")]])
        await pilot.pause()
        assert lines(app) == ["", "  a name@handle", "", *["  word word word word"] * 3, "", ""]
        pane.show([[(literal("x"), "")], [(literal("y"), "")]])
        await pilot.pause()
        assert lines(app) == ["", "  x", "  y", "", "", "", "", ""]
        pane.show([])
        await pilot.pause()
        assert lines(app) == [""] * 8


async def test_only_lines_that_differ_are_repainted() -> None:
    """The others are not drawn again."""
    app = Page()
    async with app.run_test(size=(24, 8)) as pilot:
        pane = app.query_one(Pane)
        pane.show([[(literal("one"), "")], [(literal("two"), "")], [(literal("three"), "")]])
        await pilot.pause()
        drawn: list[int] = []
        draw = pane.render_line
        pane.render_line = lambda y: drawn.append(y) or draw(y)  # type: ignore[method-assign, func-returns-value]
        pane.show([[(literal("one"), "")], [(literal("TWO"), "")], [(literal("three"), "")]])
        await pilot.pause()
        assert drawn == [1]


async def test_another_width_wraps_anew() -> None:
    """And nothing is higher than the pane."""
    app = Page()
    async with app.run_test(size=(40, 6)) as pilot:
        pane = app.query_one(Pane)
        pane.show([[(line("word " * 12), "")]])
        await pilot.pause()
        assert [each for each in lines(app) if each] == ["  " + "word " * 6 + "word", "  word word word word word"]
        await pilot.resize_terminal(24, 5)
        await pilot.pause()
        assert [each for each in lines(app) if each] == ["  word word word word"] * 3
