"""The list on the screen: keys, mouse, changes, and what is told to those who depend on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual.app import App, ComposeResult

from modconsole.domain.safetext import fill, line, literal
from modconsole.widgets.plain import Piece, PlainLine
from modconsole.widgets.rowlist import RowList
from modconsole.widgets.window import Key, ListPager


@dataclass(frozen=True)
class Item:
    key: tuple[int, ...]
    text: str = ""
    selectable: bool = True


def numbers(n: int) -> list[Item]:
    return [Item((i,), f"row {i}") for i in range(n)]


def draw(row: Item, width: int) -> list[Piece]:
    return [(line(row.text), "" if row.selectable else "dim")]


@dataclass
class Told:
    cursor: list[tuple[Key | None, int, int]] = field(default_factory=list)
    opened: list[Item] = field(default_factory=list)
    marks: list[frozenset[Key]] = field(default_factory=list)
    news: list[int] = field(default_factory=list)
    lost: list[Item] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)


class Page(App[None]):
    def __init__(self, pager: ListPager[Item], **options: Any) -> None:
        super().__init__()
        self.told = Told()
        self.pager = pager
        self.options = options

    def compose(self) -> ComposeResult:
        told = self.told
        yield RowList(
            self.pager,
            draw,
            on_cursor=self.show,
            on_open=told.opened.append,
            on_mark=told.marks.append,
            on_news=told.news.append,
            on_lost=told.lost.append,
            on_error=told.errors.append,
            empty=literal("nothing here"),
            **self.options,
        )
        yield PlainLine(id="status")

    def show(self, row: Item | None, position: int, count: int) -> None:
        self.told.cursor.append((row.key if row else None, position, count))
        self.query_one("#status", PlainLine).show(fill("{} of {}", position + 1, count))

    @property
    def rows(self) -> RowList[Item]:
        return self.query_one(RowList)

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


async def until(true: Callable[[], object]) -> None:
    """Wait until it is so, at most five seconds."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_the_list_shows_its_rows_with_the_cursor_as_a_bar() -> None:
    """You should see the rows, a bar at the first, and the count below."""
    app = Page(ListPager(numbers(1000)))
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        assert app.lines == ["\u258c row 0", "  row 1", "  row 2", "  row 3", "  row 4", "1 of 1000"]
        await pilot.press("j", "down", "k", "j")
        assert app.lines[2:3] + app.lines[5:] == ["\u258c row 2", "3 of 1000"]
        await pilot.press("pagedown")
        assert app.lines[0] == "  row 4"
        await pilot.press("end")
        await until(lambda: "1000 of 1000" in app.lines[5])
        assert app.lines[4] == "\u258c row 999"
        await pilot.press("home")
        await until(lambda: app.lines[5].startswith("1 of"))
        assert app.lines[0] == "\u258c row 0"


async def test_who_depends_on_the_cursor_is_told_in_the_same_handler() -> None:
    """When the key's handler returns, the status line already knows."""
    app = Page(ListPager(numbers(50)))
    async with app.run_test(size=(20, 6)):
        await until(lambda: app.told.cursor)
        app.rows.action_move(1)
        assert app.told.cursor[-1] == ((1,), 1, 50)
        assert app.query_one("#status", PlainLine).text == "2 of 50"


async def test_a_cursor_move_repaints_two_lines_and_draws_no_row_twice() -> None:
    """The lines of the old and the new cursor are repainted, the others are not drawn again."""
    drawn: list[int] = []

    def counting(row: Item, width: int) -> list[Piece]:
        drawn.append(row.key[0])
        return draw(row, width)

    app = Page(ListPager(numbers(50)))
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        app.rows._draw = counting
        app.rows.redraw()
        await pilot.pause()
        drawn.clear()
        await pilot.press("j")
        assert sorted(drawn) == [0, 1]


async def test_rows_that_arrive_above_do_not_move_the_list() -> None:
    """The row under the cursor stays on its line, and the number of new rows is told."""
    pager = ListPager(numbers(100))
    app = Page(pager)
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        await pilot.press("j", "j")
        before = app.lines
        pager.rows[:0] = [Item((-2,), "new"), Item((-1,), "new")]
        app.rows.changed()
        await until(lambda: app.told.news == [2])
        await pilot.pause()
        assert app.lines[:5] == before[:5]
        assert app.lines[5] == "5 of 102"
        await pilot.press("home")
        await until(lambda: app.told.news == [2, 0])
        await pilot.pause()
        assert app.lines[0] == "\u258c new"


async def test_a_vanished_row_is_reported() -> None:
    """The successor takes its place."""
    pager = ListPager(numbers(10))
    app = Page(pager)
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        await pilot.press("j")
        del pager.rows[1]
        app.rows.changed()
        await until(lambda: app.told.lost == [Item((1,), "row 1")])
        await pilot.pause()
        assert app.lines[1] == "\u258c row 2"


async def test_marks_are_a_set_of_keys() -> None:
    """`x` marks and goes on; again it takes the mark away."""
    app = Page(ListPager(numbers(10)))
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        await pilot.press("x", "x")
        assert app.rows.marks == {(0,), (1,)}
        assert app.lines[:3] == [" \u2022row 0", " \u2022row 1", "\u258c row 2"]
        await pilot.press("k", "x")
        assert app.told.marks[-1] == {(0,)}
        app.rows.set_marks({(3,)})
        await pilot.pause()
        assert app.lines[3] == " \u2022row 3"


async def test_headings_are_shown_and_passed_over() -> None:
    """A row that is not selectable never has the cursor, and cannot be opened or clicked."""
    pager = ListPager(
        [Item((0,), "-- now --", False), Item((1,), "one"), Item((2,), "-- later --", False), Item((3,), "two")]
    )
    app = Page(pager)
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        assert app.lines[:4] == ["  -- now --", "\u258c one", "  -- later --", "  two"]
        await pilot.press("j")
        assert app.lines[3] == "\u258c two"
        await pilot.click(RowList, offset=(4, 0))
        assert app.rows.row == Item((3,), "two")


async def test_the_mouse_selects_opens_and_scrolls() -> None:
    """A click selects, a click on the selected row opens, the wheel scrolls three rows."""
    app = Page(ListPager(numbers(100)))
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        await pilot.click(RowList, offset=(4, 2))
        assert (app.rows.row, app.told.opened) == (Item((2,), "row 2"), [])
        await pilot.click(RowList, offset=(4, 2))
        assert app.told.opened == [Item((2,), "row 2")]
        app.rows.on_mouse_scroll_down(_wheel())
        await pilot.pause()
        assert (app.lines[0], app.rows.position) == ("\u258c row 3", 3)
        app.rows.on_mouse_scroll_up(_wheel())
        await pilot.pause()
        assert app.lines[0] == "  row 0"
        await pilot.press("enter")
        assert app.told.opened[-1] == Item((3,), "row 3")


def _wheel() -> Any:
    class Wheel:
        def stop(self) -> None: ...

    return Wheel()


async def test_an_empty_list_says_so() -> None:
    """You should see why there is nothing, and keys do nothing."""
    app = Page(ListPager[Item]())
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        assert app.lines[0] == "  nothing here"
        await pilot.press("j", "pagedown", "end", "home", "enter", "x")
        assert (app.told.opened, app.rows.row) == ([], None)


async def test_another_list_can_be_shown() -> None:
    """`use` shows other rows from their beginning, or from a key on, and forgets marks."""
    app = Page(ListPager(numbers(100)))
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        await pilot.press("x", "end")
        app.rows.use(ListPager([Item((7,), "seven"), Item((8,), "eight")]), start_at=(8,))
        await until(lambda: "eight" in app.lines[1])
        assert app.lines[:3] == ["  seven", "\u258c eight", ""]
        assert app.rows.marks == set()


async def test_the_screen_never_waits_for_a_slow_pager() -> None:
    """While a read hangs, keys are handled; when it ends, the rows appear."""
    gate = threading.Event()

    class Slow(ListPager[Item]):
        def last(self, n: int) -> list[Item]:
            assert gate.wait(5)
            return super().last(n)

    app = Page(Slow(numbers(1000)))
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        await pilot.press("end", "j")
        assert app.lines[1] == "\u258c row 1"
        gate.set()
        await until(lambda: "1000 of" in app.lines[5])


async def test_a_pager_that_fails_is_reported_and_the_list_stays() -> None:
    """The error goes to `on_error`; what was shown stays; the next change reads again."""

    class Broken(ListPager[Item]):
        broken = False

        def last(self, n: int) -> list[Item]:
            if self.broken:
                raise OSError("disk")
            return super().last(n)

    pager = Broken(numbers(1000))
    app = Page(pager)
    async with app.run_test(size=(20, 6)) as pilot:
        await until(lambda: app.lines[0])
        pager.broken = True
        await pilot.press("end")
        await until(lambda: app.told.errors)
        assert app.lines[0] == "\u258c row 0"
        pager.broken = False
        await pilot.press("end")
        await until(lambda: "1000 of" in app.lines[5])


@pytest.mark.parametrize("size", [(20, 3), (40, 12), (5, 6)])
async def test_the_list_follows_the_size_of_the_terminal(size: tuple[int, int]) -> None:
    """After a resize the cursor's row is in view, drawn for the new width."""
    app = Page(ListPager(numbers(100)), threaded=False)
    async with app.run_test(size=(30, 8)) as pilot:
        await pilot.press("pagedown")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        bars = [text for text in app.lines if text.startswith("\u258c")]
        assert bars == [("\u258c row 6")[: size[0] - 1] + "\u2026" if size[0] < 7 else "\u258c row 6"]
        assert len(app.lines) == size[1]
