"""Messages of different heights on one screen: what is where, whatever the keys and whatever arrives."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from modconsole.widgets.stack import Stack

HEIGHTS = st.lists(st.integers(1, 30), min_size=1, max_size=40)
KEYS = st.lists(
    st.sampled_from(["down", "up", "page", "back", "home", "end", "wheel", "wheel-up", "go", "size"]), max_size=40
)


def press(stack: Stack, key: str, count: int) -> None:
    """One key."""
    if key == "down":
        stack.move(1)
    elif key == "up":
        stack.move(-1)
    elif key == "page":
        stack.page(1)
    elif key == "back":
        stack.page(-1)
    elif key == "home":
        stack.home()
    elif key == "end":
        stack.end()
    elif key == "wheel":
        stack.scroll(3)
    elif key == "wheel-up":
        stack.scroll(-3)
    elif key == "go":
        stack.go(count // 2)
    else:
        stack.resize(5 if stack.height != 5 else 17)


@given(HEIGHTS, KEYS, st.integers(1, 25))
def test_the_screen_is_filled_and_the_cursor_is_on_it(heights: list[int], keys: list[str], height: int) -> None:
    """After any keys: no gap between messages, no empty line that could hold one, the cursor's message in view."""
    stack = Stack(heights.__getitem__, len(heights), height)
    for key in keys:
        press(stack, key, len(heights))
        placed = list(stack.visible())
        assert stack.cursor in [index for index, _ in placed]
        for (index, top), (after, below) in pairwise(placed):
            assert (after, below) == (index + 1, top + heights[index])
        first, top = placed[0]
        last, foot = placed[-1][0], placed[-1][1] + heights[placed[-1][0]]
        assert top <= 0
        assert (first, top) == (0, 0) or top + heights[first] > 0
        if foot < stack.height:
            assert (last, first, top) == (len(heights) - 1, 0, 0), (
                "empty lines at the foot although there is more above"
            )


@given(HEIGHTS, st.integers(3, 25))
def test_going_down_shows_every_line_of_every_message(heights: list[int], height: int) -> None:
    """From the first to the last, and a message that is higher than the screen is read to its end before the next one."""
    stack = Stack(heights.__getitem__, len(heights), height)
    seen: set[tuple[int, int]] = set()
    for _ in range(sum(heights) + len(heights)):
        for index, top in stack.visible():
            seen |= {(index, line) for line in range(heights[index]) if 0 <= top + line < height}
        stack.move(1)
    assert seen == {(index, line) for index, high in enumerate(heights) for line in range(high)}
    assert stack.cursor == len(heights) - 1


@given(HEIGHTS, HEIGHTS, KEYS, st.integers(4, 20))
def test_what_arrives_does_not_move_the_message_under_the_cursor(
    heights: list[int], more: list[int], keys: list[str], height: int
) -> None:
    """Messages above and below come; the cursor's message stays on its line, where the screen is full."""
    now = list(heights)
    stack = Stack(lambda index: now[index], len(now), height)
    for key in keys:
        press(stack, key, len(heights))
    stack.resize(height)
    was = stack.line
    now[:0] = more
    now += more
    stack.replace(len(now), stack.cursor + len(more))
    assert now[stack.cursor] == heights[stack.cursor - len(more)]
    full = sum(heights) >= height
    if full:
        assert stack.line == was


@given(HEIGHTS, st.integers(4, 20), st.data())
def test_every_line_of_the_screen_knows_its_message(heights: list[int], height: int, data: st.DataObject) -> None:
    """What is asked for one line agrees with what is laid out for all."""
    stack = Stack(heights.__getitem__, len(heights), height)
    for key in data.draw(KEYS):
        press(stack, key, len(heights))
    placed = {top + line: (index, line) for index, top in stack.visible() for line in range(heights[index])}
    for y in range(stack.height):
        assert stack.at(y) == placed.get(y)


def test_an_empty_conversation_has_no_cursor_to_lose() -> None:
    """Every key is harmless."""
    stack = Stack(lambda index: 1, 0, 10)
    for key in ("down", "up", "page", "back", "home", "end", "wheel", "go", "size"):
        press(stack, key, 0)
    assert (list(stack.visible()), stack.at(0), stack.click(3)) == ([], None, False)
