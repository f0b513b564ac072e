"""The window over a long list keeps the cursor's row in place, knows where it is, and stays small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from modconsole.widgets.window import Key, ListPager, Page, Request, Window, read

SMALL = 40


@dataclass(frozen=True)
class Item:
    key: tuple[int, ...]
    selectable: bool = True
    text: str = ""


class Counting(ListPager[Item]):
    """A pager that counts what is asked of it, and may not know ranks."""

    def __init__(self, rows: Sequence[Item], ranks: bool = True) -> None:
        super().__init__(rows)
        self.reads = 0
        self.ranks = ranks

    def after(self, key: Key, n: int) -> list[Item]:
        self.reads += 1
        return super().after(key, n)

    def position(self, key: Key) -> int | None:
        return super().position(key) if self.ranks else None


def numbers(n: int) -> list[Item]:
    return [Item((i * 10,)) for i in range(n)]


def settle(window: Window[Item], pager: ListPager[Item]) -> list[Item]:
    """Carry out all reads; gives the rows that were reported lost."""
    lost: list[Item] = []
    for _ in range(20):
        request = window.wanted()
        if request is None:
            return lost
        outcome = window.apply(read(pager, request))
        if outcome.lost:
            lost.append(outcome.lost)
    raise AssertionError("the window never stops reading")


def opened(n: int, height: int = 10, **options: Any) -> tuple[Window[Item], Counting]:
    pager = Counting(numbers(n), **options)
    window: Window[Item] = Window(SMALL)
    window.resize(height)
    window.open()
    settle(window, pager)
    return window, pager


def test_home_and_end_of_a_long_list_are_one_read_each_and_know_their_place() -> None:
    """End shows the last rows with the cursor on the last one, Home the first."""
    window, pager = opened(10_000)
    assert (window.cursor, window.line, window.count) == (0, 0, 10_000)
    window.end()
    request = window.wanted()
    assert request is not None
    window.apply(read(pager, request))
    assert (window.cursor, window.top, window.line) == (9_999, 9_990, 9)
    window.home()
    request = window.wanted()
    assert request is not None
    window.apply(read(pager, request))
    assert (window.cursor, window.top) == (0, 0)


def test_a_held_key_always_finds_its_rows_here() -> None:
    """With one read allowed between two keys, neither `move` nor `page` ever meets a row that is not held."""
    window, pager = opened(5_000)
    for step in range(300):
        before = window.cursor
        window.page(1)
        assert window.cursor == before + 9
        assert not any(window.missing(line) for line in range(10)), step
        request = window.wanted()
        if request is not None:
            window.apply(read(pager, request))
    for _ in range(200):
        before = window.cursor
        window.move(-1)
        assert window.cursor == before - 1
        settle(window, pager)


def test_memory_is_bounded() -> None:
    """However far one goes, no more rows are held than the buffer and one page."""
    window, pager = opened(5_000)
    largest = 0
    for _ in range(400):
        window.page(1)
        settle(window, pager)
        largest = max(largest, len(window.rows))
    assert largest <= window.size + window.size // 2


def test_a_key_pressed_before_the_rows_are_here_is_carried_out_when_they_come() -> None:
    """Presses beyond the buffer are owed, not forgotten."""
    window, pager = opened(1_000)
    for _ in range(100):
        window.move(1)
    assert window.cursor < 100
    settle(window, pager)
    while window._owed:
        settle(window, pager)
    assert window.cursor == 100


def test_rows_arriving_above_leave_the_cursor_where_it_is_and_are_counted() -> None:
    """New rows at the top do not move the list; `new_above` counts them until the beginning is in view."""
    window, pager = opened(100)
    window.move(3)
    row = window.row
    pager.rows[:0] = [Item((-2,)), Item((-1,))]
    window.changed()
    assert settle(window, pager) == []
    assert (window.row, window.line, window.cursor, window.new_above) == (row, 3, 5, 2)
    window.home()
    settle(window, pager)
    assert (window.cursor, window.new_above) == (0, 0)


def test_a_vanished_row_gives_way_to_its_successor_and_is_reported() -> None:
    """The cursor stays on its line; the row that was under it is named."""
    window, pager = opened(100)
    window.move(5)
    gone = window.row
    pager.rows.remove(Item((50,)))
    window.changed()
    assert settle(window, pager) == [gone]
    assert window.row == Item((60,))
    assert window.line == 5


def test_the_last_row_vanishing_leaves_the_cursor_on_the_new_last() -> None:
    """There is no successor of the last row; an emptied list has no cursor."""
    window, pager = opened(3)
    window.end()
    settle(window, pager)
    pager.rows.pop()
    window.changed()
    assert settle(window, pager) == [Item((20,))]
    assert window.row == Item((10,))
    pager.rows.clear()
    window.changed()
    assert settle(window, pager) == [Item((10,))]
    assert window.row is None
    assert window.count == 0
    pager.rows = numbers(2)
    window.changed()
    settle(window, pager)
    assert window.row == Item((0,))


def test_a_changed_row_is_shown_as_it_is_now() -> None:
    """A row with the same key and another content replaces the old one in place."""
    window, pager = opened(10)
    window.move(2)
    pager.rows[2] = Item((20,), text="edited")
    window.changed()
    settle(window, pager)
    assert window.row == Item((20,), text="edited")


def test_the_cursor_passes_over_rows_that_cannot_be_selected() -> None:
    """Headings are shown, never selected, and come into view again above the first row."""
    pager = ListPager([Item((0,), False), Item((1,)), Item((2,), False), Item((3,)), Item((4,), False)])
    window: Window[Item] = Window(SMALL)
    window.resize(2)
    window.open()
    settle(window, pager)
    assert (window.row, window.line) == (Item((1,)), 1)
    window.move(1)
    assert window.row == Item((3,))
    window.move(1)
    assert window.row == Item((3,))
    window.move(-1)
    window.move(-1)
    assert (window.row, window.line, window.top) == (Item((1,)), 1, 0)
    assert not window.click(0)
    window.end()
    assert window.row == Item((3,))


def test_opening_at_a_key_shows_it_with_rows_above() -> None:
    """One may begin at a row, or at the place where a row was."""
    window, pager = opened(1_000)
    window.open((5_000,))
    settle(window, pager)
    assert (window.row, window.cursor, window.line) == (Item((5_000,)), 500, 3)
    window.open((5_001,))
    settle(window, pager)
    assert (window.row, window.cursor) == (Item((5_010,)), 501)


def test_a_change_during_a_jump_is_not_forgotten() -> None:
    """A change that is reported while a jump is read is read after it."""
    window, pager = opened(1_000)
    window.end()
    request = window.wanted()
    assert request is not None
    page = read(pager, request)
    pager.rows.append(Item((99_999,)))
    window.changed()
    window.apply(page)
    settle(window, pager)
    assert window.count == 1_001


def test_a_page_that_comes_after_a_jump_is_ignored() -> None:
    """An extension that was asked for before Home was pressed does not get mixed into the new place."""
    window, pager = opened(1_000)
    window.end()
    settle(window, pager)
    while (request := window.wanted()) is None:
        window.page(-1)
    assert request.kind == "before"
    window.home()
    assert not window.apply(read(pager, request)).repaint
    settle(window, pager)
    assert (window.cursor, window.rows[0]) == (0, Item((0,)))


def test_a_failed_read_leaves_the_list_as_it_is() -> None:
    """After a failure the window asks again when something changes."""
    window, pager = opened(1_000)
    window.end()
    assert window.wanted() is not None
    window.failed()
    assert (window.cursor, window.wanted()) == (0, None)
    window.changed()
    settle(window, pager)
    assert window.cursor == 0


def test_the_screen_scrolls_under_the_cursor_by_wheel() -> None:
    """The wheel moves the view; the cursor stays on its row until that leaves the view."""
    window, pager = opened(1_000)
    window.move(5)
    window.scroll(3)
    assert (window.top, window.cursor) == (3, 5)
    window.scroll(3)
    assert (window.top, window.cursor) == (6, 6)
    window.scroll(-100)
    assert window.top == 0
    settle(window, pager)


def test_a_higher_screen_shows_more_rows_and_no_gap_at_the_end() -> None:
    """After a resize at the end of the list the screen is full again."""
    window, pager = opened(100)
    window.end()
    settle(window, pager)
    window.resize(20)
    assert (window.top, window.line, window.cursor) == (80, 19, 99)
    window.resize(5)
    assert (window.line, window.cursor) == (4, 99)


@pytest.mark.parametrize("ranks", [True, False])
def test_where_ranks_are_unknown_the_ends_are_still_exact(ranks: bool) -> None:
    """A pager that cannot tell ranks costs exactness in the middle only."""
    window, pager = opened(1_000, ranks=ranks)
    window.end()
    settle(window, pager)
    window.page(-30)
    settle(window, pager)
    pager.rows[:0] = [Item((-5,))]
    window.changed()
    settle(window, pager)
    window.home()
    settle(window, pager)
    assert (window.cursor, window.count) == (0, 1_001)
    window.end()
    settle(window, pager)
    assert window.cursor == 1_000


class Moving(ListPager[Item]):
    """Rows are people who can move to another place; their text is who they are."""

    def find(self, row: Item) -> Item | None:
        return next((other for other in self.rows if other.text == row.text), None)

    def position(self, key: Key) -> int | None:
        return None


def people(n: int) -> Moving:
    return Moving([Item((i * 10,), text=f"person {i}") for i in range(n)])


def test_a_row_that_moved_elsewhere_stays_under_the_cursor() -> None:
    """Somebody else's change takes the row to another place: the cursor stays on it and on its line, nothing is lost."""
    pager = people(1_000)
    window: Window[Item] = Window(SMALL)
    window.resize(10)
    window.open()
    settle(window, pager)
    window.move(5)
    moved = Item((7_001,), text="person 5")
    pager.rows = sorted([*(row for row in pager.rows if row.text != "person 5"), moved], key=lambda row: row.key)
    window.changed()
    assert settle(window, pager) == []
    assert (window.row, window.line) == (moved, 5)


def test_after_an_act_of_ones_own_the_cursor_goes_to_the_next_row() -> None:
    """With `follow=False` a row that moved away is left, and its successor takes its line."""
    pager = people(100)
    window: Window[Item] = Window(SMALL)
    window.resize(10)
    window.open()
    settle(window, pager)
    window.move(5)
    gone = window.row
    pager.rows = [*(row for row in pager.rows if row.text != "person 5"), Item((7_001,), text="person 5")]
    window.changed(follow=False)
    assert settle(window, pager) == [gone]
    assert window.row is not None
    assert (window.row.text, window.line) == ("person 6", 5)


@pytest.mark.parametrize(("grows", "wanted"), [("above", (503, 3)), ("below", (500, 0))])
def test_growth_out_of_sight_is_taken_to_be_where_the_list_grows(grows: str, wanted: tuple[int, int]) -> None:
    """Without ranks, deep in the list, the pager's word decides whether new rows count as above."""
    pager = people(1_000)
    pager.grows = grows  # type: ignore[attr-defined]
    window: Window[Item] = Window(SMALL)
    window.resize(10)
    window.open()
    settle(window, pager)
    while window.cursor < 500:
        window.move(1)
        settle(window, pager)
    new = [Item((-at,)) for at in (3, 2, 1)] if grows == "above" else []
    pager.rows = [*new, *pager.rows] if new else [*pager.rows, *(Item((20_000 + at,)) for at in range(3))]
    window.changed()
    settle(window, pager)
    assert (window.cursor, window.new_above) == wanted
    assert window.count == 1_003


class Walk(RuleBasedStateMachine):
    """Random keys while rows come and go: what is shown is always the list's truth."""

    @initialize(n=st.integers(0, 300), height=st.integers(1, 12))
    def begin(self, n: int, height: int) -> None:
        self.pager = Counting(numbers(n))
        self.window: Window[Item] = Window(SMALL)
        self.window.resize(height)
        self.window.open()
        self.settle()

    def settle(self) -> None:
        while True:
            settle(self.window, self.pager)
            if not self.window._owed:
                return

    @rule(by=st.integers(-30, 30).filter(bool))
    def move(self, by: int) -> None:
        before = self.window.cursor
        self.window.move(by)
        self.settle()
        assert self.window.cursor == max(0, min(before + by, max(0, len(self.pager.rows) - 1)))

    @rule(by=st.sampled_from([-1, 1]), times=st.integers(1, 6))
    def page(self, by: int, times: int) -> None:
        for _ in range(times):
            before = self.window.cursor
            self.window.page(by)
            self.settle()
            step = by * max(1, self.window.height - 1)
            assert self.window.cursor == max(0, min(before + step, max(0, len(self.pager.rows) - 1)))

    @rule(last=st.booleans())
    def jump(self, last: bool) -> None:
        if last:
            self.window.end()
        else:
            self.window.home()
        self.settle()
        assert self.window.cursor == (max(0, len(self.pager.rows) - 1) if last else 0)

    @rule(by=st.integers(-5, 5))
    def scroll(self, by: int) -> None:
        self.window.scroll(by)
        self.settle()

    @rule(height=st.integers(1, 12))
    def resize(self, height: int) -> None:
        row = self.window.row
        self.window.resize(height)
        self.settle()
        assert self.window.row == row

    @rule(data=st.data(), n=st.integers(1, 5))
    def arrive(self, data: st.DataObject, n: int) -> None:
        keys = {row.key for row in self.pager.rows}
        new = data.draw(
            st.sets(st.integers(-50, 3_100).map(lambda k: (k,)).filter(lambda k: k not in keys), max_size=n)
        )
        self.pager.rows = sorted([*self.pager.rows, *map(Item, new)], key=lambda row: row.key)
        self.refresh(frozenset())

    @precondition(lambda self: self.pager.rows)
    @rule(data=st.data())
    def vanish(self, data: st.DataObject) -> None:
        gone = data.draw(st.sets(st.sampled_from([row.key for row in self.pager.rows]), min_size=1, max_size=5))
        self.pager.rows = [row for row in self.pager.rows if row.key not in gone]
        self.refresh(frozenset(gone))

    def refresh(self, gone: frozenset[tuple[int, ...]]) -> None:
        row, line = self.window.row, self.window.line
        self.window.changed()
        lost = settle(self.window, self.pager)
        if row is None:
            return
        if row.key not in gone:
            assert self.window.row == row
            assert self.window.line == min(line, self.window.cursor)
            assert lost == []
        else:
            assert lost == [row]
            rest = [other for other in self.pager.rows if other.key > row.key] or self.pager.rows[-1:]
            assert self.window.row == (rest[0] if rest else None)

    @invariant()
    def truth(self) -> None:
        if not hasattr(self, "window"):
            return
        window, rows = self.window, self.pager.rows
        assert window.count == len(rows)
        assert window.rows == rows[window.start : window.start + len(window.rows)]
        assert len(window.rows) <= 8 * 12 * 3 // 2
        assert 0 <= window.line < window.height
        assert window.top >= 0
        for line in range(window.height):
            want = rows[window.top + line] if window.top + line < len(rows) else None
            assert window.row_at(line) == want
        assert (window.new_above == 0) or window.top > 0


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_request_names_what_it_is_for() -> None:
    """Requests and pages are plain values that can cross threads."""
    request = Request("after", 10, (3,))
    assert read(ListPager(numbers(2)), request) == Page(request, [Item((10,))])
