"""Only gated text gets onto the screen, and it is shown as it is."""

from __future__ import annotations

from typing import Any, cast

import pytest
from textual.app import App, ComposeResult
from textual.widgets._toast import Toast

from modconsole.domain.safetext import Safe, block, cells, fit, line, literal
from modconsole.widgets.plain import Painted, Piece, Plain, PlainLine, fit_pieces, lay_out, notify_safe

RAW = cast("Safe", "not gated [b]x[/nope]")


class Page(App[None]):
    """One of each."""

    def compose(self) -> ComposeResult:
        yield PlainLine([(literal("Queue"), "strong")], literal("14 waiting"), id="head")
        yield Plain(block("[@click=app.quit]press[/nope]\nsecond"), id="body")


def row(app: App[Any], y: int) -> str:
    """What is on that line of the screen."""
    strips = app.screen._compositor.render_strips()
    return strips[y].text.rstrip()


async def test_text_is_shown_as_it_is_and_markup_is_just_text() -> None:
    """Square brackets neither style, nor act, nor fail."""
    app = Page()
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        assert row(app, 0) == "Queue" + " " * 25 + "14 waiting"
        assert row(app, 1) == "[@click=app.quit]press[/nope]"
        assert row(app, 2) == "second"
        app.query_one("#body", Plain).show([(literal("one "), ""), (literal("two"), "warning")])
        app.query_one("#head", PlainLine).show(literal("Inbox"))
        await pilot.pause()
        assert (row(app, 0), row(app, 1), row(app, 2)) == ("Inbox", "one two", "")


async def test_what_was_not_gated_is_refused() -> None:
    """A plain string is a TypeError wherever text is shown."""
    app = Page()
    async with app.run_test() as pilot:
        body, head = app.query_one("#body", Plain), app.query_one("#head", PlainLine)
        for call in (
            lambda: body.show(RAW),
            lambda: body.update(RAW),
            lambda: head.show(RAW),
            lambda: head.show(literal("x"), [(RAW, "")]),
            lambda: Plain(RAW),
            lambda: PlainLine(RAW),
            lambda: notify_safe(app, RAW),
        ):
            with pytest.raises(TypeError):
                call()
        await pilot.pause()


async def test_the_same_text_again_repaints_nothing() -> None:
    """Showing what is shown costs no frame."""
    app = Page()
    async with app.run_test() as pilot:
        head = app.query_one("#head", PlainLine)
        await pilot.pause()
        painted: list[object] = []
        head.refresh = lambda *regions, **_options: painted.append(regions)  # type: ignore[method-assign,assignment]
        head.show([(literal("Queue"), "strong")], literal("14 waiting"))
        assert painted == []
        head.show(literal("Queue"), literal("13 waiting"))
        assert len(painted) == 1


async def test_a_notice_shows_its_text() -> None:
    """A notice is plain text, too."""
    app = Page()
    async with app.run_test(notifications=True) as pilot:
        notify_safe(app, line("gone: [b]Ann[/nope]"), "warning")
        await pilot.pause()
        assert app.screen.query_one(Toast)._notification.message == "gone: [b]Ann[/nope]"
        assert app.screen.query_one(Toast)._notification.markup is False


async def test_styles_have_names_and_unknown_names_are_errors() -> None:
    """Each name gives a style of its own over the widget's; a misspelt one is found at once."""
    app = Page()
    async with app.run_test():
        head = app.query_one("#head", PlainLine)
        assert head.styled("strong").bold
        assert head.styled("struck").strike
        assert head.styled("dim").color != head.styled("").color
        assert head.styled("warning").color != head.styled("accent").color
        assert {head.styled(name).bgcolor for name in ("", "dim", "accent", "warning")} == {head.styled("").bgcolor}
        with pytest.raises(KeyError):
            head.styled("bald")


@pytest.mark.parametrize("width", range(14))
def test_a_line_is_laid_out_to_the_cell(width: int) -> None:
    """Left and right part together always take exactly the width, and a cut is shown."""
    left: list[Piece] = [(literal("ab"), ""), (line("\u65e5\u672c\u8a9e"), "dim")]
    for laid in (fit_pieces(left, width), lay_out(left, [(literal("xyz"), "")], width)):
        assert sum(cells(text) for text, _ in laid) == width
    shown = "".join(text for text, _ in fit_pieces(left, width))
    assert shown.startswith("ab") == (width > 2)
    assert ("\u2026" in shown) == (0 < width < 8)


def test_cut_pieces_end_in_an_ellipsis() -> None:
    """Whether the cut falls into a piece or between two, it is shown."""
    pieces: list[Piece] = [(literal("abc"), ""), (literal("def"), "dim")]
    assert fit_pieces(pieces, 6) == pieces
    assert fit_pieces(pieces, 5) == [(literal("abc"), ""), (line("d\u2026"), "dim")]
    assert fit_pieces(pieces, 3) == [(line("ab\u2026"), "")]
    assert fit_pieces(pieces, 8) == [*pieces, (fit(literal(""), 2), "")]


def test_painted_is_a_widget() -> None:
    """Screens' own widgets draw through `Painted`."""
    assert "text--dim" in Painted.COMPONENT_CLASSES
