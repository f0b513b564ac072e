"""The body of a conversation: texts are read when they come near, and only what is near is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from textual.app import App, ComposeResult

from modconsole.domain.safetext import fill, literal
from modconsole.widgets.plain import PlainLine
from modconsole.widgets.thread import AROUND, Drawn, ThreadView


@dataclass
class Numbers:
    """Messages that are numbers, and a note of what was read."""

    keys: list[int]
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many."""
        return len(self.keys)

    def key(self, index: int) -> Hashable:
        """The number."""
        return self.keys[index]

    def find(self, key: Hashable, near: int) -> int | None:
        """Where it is."""
        return self.keys.index(key) if key in self.keys else None

    def read(self, start: int, stop: int) -> Sequence[int]:
        """Some of them."""
        self.asked.append((start, stop))
        return self.keys[start:stop]


def draw(number: int, width: int) -> Drawn:
    """A head and up to three lines."""
    lines = [[(fill("message {}", number), "strong")]]
    lines += [[(fill("line {} of {}", line, number), "")] for line in range(number % 4)]
    return Drawn(lines, waits=number % 5 == 0)


class Page(App[None]):
    """A view, and a line that follows its cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.view: ThreadView[int] = ThreadView(draw, on_cursor=self.show, empty=literal("nothing"))

    def compose(self) -> ComposeResult:
        """The view and the line."""
        yield self.view
        yield PlainLine(id="status")

    def show(self, item: int | None, index: int, count: int) -> None:
        """Called in the handler of the key."""
        self.query_one("#status", PlainLine).show(fill("{} of {}", index + 1, count))

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


async def until(true: Callable[[], object]) -> None:
    """Wait until it is so, at most five seconds."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.005)


async def test_a_hundred_thousand_messages_open_with_two_reads_and_hold_few() -> None:
    """What is on the screen first, then what is near; wherever one goes, no more is held."""
    source = Numbers(list(range(100_000)))
    app = Page()
    async with app.run_test(size=(40, 24)) as pilot:
        app.view.use(source, start_at=50_000)
        await until(lambda: any("message 50000" in line for line in app.lines) and app.view._reading is None)
        assert len(source.asked) <= 2
        assert sum(stop - start for start, stop in source.asked) <= 4 * AROUND
        for key in ("end", "home", *["pagedown"] * 40, "end", *["pageup"] * 40):
            await pilot.press(key)
            assert app.view.held <= 24 + 4 * AROUND + 24
        await until(lambda: app.view.item is not None and app.view._reading is None)
        assert len(app.view._drawn) <= app.view.held
        assert len(source.asked) < 60


async def test_a_key_is_answered_in_its_own_handler() -> None:
    """Cursor and status line have moved when the handler returns."""
    app = Page()
    async with app.run_test(size=(40, 10)):
        app.view.use(Numbers(list(range(100))))
        await until(lambda: app.view.item == 0)
        app.view.action_move(1)
        assert (app.view.index, app.query_one("#status", PlainLine).text) == (1, "2 of 100")


async def test_a_cursor_move_repaints_only_the_two_messages() -> None:
    """The others are not drawn again."""
    drawn: list[int] = []
    app = Page()

    def noting(number: int, width: int) -> Drawn:
        drawn.append(number)
        return draw(number, width)

    app.view._draw = noting
    async with app.run_test(size=(40, 20)) as pilot:
        app.view.use(Numbers(list(range(100))))
        await until(lambda: app.view.item == 0 and app.view._reading is None)
        drawn.clear()
        await pilot.press("j", "k", "j")
        assert drawn == []
        assert [line[:1] for line in app.lines[:3]] == [" ", "\u258c", "\u258c"]


async def test_the_sign_of_waiting_does_not_depend_on_the_cursor() -> None:
    """Number 0 and 5 wait."""
    app = Page()
    async with app.run_test(size=(40, 24)) as pilot:
        app.view.use(Numbers(list(range(8))))
        await until(lambda: app.view.item == 0)
        await pilot.press("end")
        assert {line[2:] for line in app.lines if line[1:2] == "\u2503"} == {"message 0", "message 5", "line 0 of 5"}


async def test_new_messages_do_not_move_what_is_under_the_cursor() -> None:
    """Ten above, ten below; message and line stay, and its old drawing is shown until it is read again."""
    app = Page()
    async with app.run_test(size=(40, 20)) as pilot:
        app.view.use(Numbers(list(range(100, 150))), start_at=20)
        await until(lambda: app.view.item == 120)
        await pilot.press("j", "j")
        line = next(y for y, text in enumerate(app.lines) if "message 122" in text)
        app.view.use(Numbers([*range(10), *range(100, 150), *range(200, 210)]))
        assert (app.view.item, app.view.index) == (122, 32)
        await until(lambda: app.view._reading is None)
        assert next(y for y, text in enumerate(app.lines) if "message 122" in text) == line


async def test_a_message_that_is_gone_leaves_the_cursor_on_the_one_in_its_place() -> None:
    """And nothing breaks where all are gone."""
    app = Page()
    async with app.run_test(size=(40, 20)):
        app.view.use(Numbers(list(range(10))), start_at=4)
        await until(lambda: app.view.item == 4)
        app.view.use(Numbers([0, 1, 2, 3, 5, 6, 7, 8, 9]))
        await until(lambda: app.view.item == 5)
        app.view.use(Numbers([]))
        await until(lambda: app.lines[0].strip() == "nothing")
        app.view.action_move(1)
        app.view.action_end()
        assert app.view.item is None


async def test_an_error_of_the_source_is_told() -> None:
    """And the view can be used again."""
    told: list[Exception] = []
    app = Page()
    app.view._on_error = told.append

    class Broken(Numbers):
        def read(self, start: int, stop: int) -> Sequence[int]:
            raise OSError("gone")

    async with app.run_test(size=(40, 20)):
        app.view.use(Broken(list(range(5))))
        await until(lambda: told)
        app.view._on_error = None
        app.view.use(Numbers(list(range(5))), start_at=2)
        await until(lambda: app.view.item == 2)


async def test_a_click_goes_to_a_message_and_the_wheel_scrolls() -> None:
    """A second click does what Enter does."""
    opened: list[int] = []
    app = Page()
    app.view._on_open = opened.append
    async with app.run_test(size=(40, 11)) as pilot:
        app.view.use(Numbers(list(range(40))))
        await until(lambda: app.view.item == 0 and app.view._reading is None)
        await pilot.click(ThreadView, offset=(5, 3))
        assert (app.view.index, opened) == (2, [])
        await pilot.click(ThreadView, offset=(5, 3))
        assert opened == [2]
