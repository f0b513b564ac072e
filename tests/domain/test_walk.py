"""The walk rule: however a list changes and wherever a sync dies, nothing that was there is skipped."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.domain.walk import Walk, restart, step

PAGE = 3


class Feed:
    """A list of a platform, newest first, whose cursors are what most platforms give: "older than this one"."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.made = 0

    def post(self) -> None:
        self.made += 10
        self.items.append(self.made)

    def post_back(self, by: int) -> None:
        """An item that is dated back, as clients and imports do; keys stay unlike."""
        key = max(1, self.made - by)
        if key not in self.items:
            self.items.append(key)

    def page(self, cursor: str | None) -> tuple[list[int], str | None]:
        """A page, and the cursor to what is older."""
        older = [key for key in sorted(self.items, reverse=True) if cursor is None or key < int(cursor)]
        found = older[:PAGE]
        following = str(found[-1]) if len(older) > PAGE else None
        return found, following


class Sync:
    """A walker that keeps what it saw and its position together, as one transaction does."""

    def __init__(self, feed: Feed, overlap: int) -> None:
        self.feed = feed
        self.overlap = overlap
        self.position: object = {}
        self.seen: set[int] = set()
        self.whole = False
        """Whether the last run came to its end."""

    def run(self, pages: int, between: list[str]) -> None:
        """At most so many pages, as a sync that is killed then; things happen between two pages."""
        walk = Walk.from_json(self.position)
        self.whole = False
        for number in range(pages):
            keys, following = self.feed.page(walk.cursor)
            walk, ended = step(walk, keys, following, overlap=self.overlap)
            self.seen.update(keys)
            self.position = walk.to_json()
            if ended:
                self.whole = True
                return
            if number < len(between):
                happen(self.feed, between[number])


def happen(feed: Feed, what: str) -> None:
    """One letter, one event."""
    if what in "abcdefgh":
        for _ in range(1 + "abcdefgh".index(what)):
            feed.post()
    elif what in "wxyz":
        feed.post_back(by=1 + "wxyz".index(what) * 4)
    elif what in "pq" and feed.items:
        feed.items.remove(feed.items[len(feed.items) // 2] if what == "p" else feed.items[-1])


EVENTS = st.text(alphabet=string.ascii_lowercase, max_size=8)


@settings(max_examples=400, deadline=None)
@given(runs=st.lists(st.tuples(EVENTS, st.integers(1, 6), EVENTS.map(list)), max_size=12))
def test_a_walk_that_came_to_its_end_has_seen_everything_that_was_there_before_it_began(
    runs: list[tuple[str, int, list[str]]],
) -> None:
    """Whatever was posted, dated back by up to the overlap or deleted, and wherever earlier runs died."""
    feed = Feed()
    sync = Sync(feed, overlap=20)
    for before, pages, between in runs:
        for event in before:
            happen(feed, event)
        sync.run(pages, between)
    sync.run(10_000, [])  # ends a walk that was under way
    sync.run(10_000, [])  # and one that began after everything was there
    assert sync.whole
    assert set(feed.items) <= sync.seen


@settings(max_examples=300, deadline=None)
@given(first=st.integers(0, 20), later=st.integers(0, 40), pages=st.integers(1, 5), dies=st.integers(0, 6))
def test_nothing_is_skipped_between_the_mark_and_a_top_that_moved_while_runs_died(
    first: int, later: int, pages: int, dies: int
) -> None:
    """The trap of newest-first lists: more came in than one page holds, and the run died before it met the old mark."""
    feed = Feed()
    for _ in range(first):
        feed.post()
    sync = Sync(feed, overlap=0)
    sync.run(1000, [])
    for _ in range(later):
        feed.post()
    for _ in range(dies):
        sync.run(pages, ["a", "b"])
    for _ in range(2):
        sync.run(1000, [])
    assert sync.seen == set(feed.items)


@given(mark=st.one_of(st.none(), st.integers()), following=st.one_of(st.none(), st.just("1")))
def test_an_empty_page_moves_no_mark(mark: int | None, following: str | None) -> None:
    """Platforms answer 200 with nothing for many reasons."""
    walk, ended = step(Walk(mark=mark), [], following)
    assert walk.mark == mark
    assert ended is (following is None)


@given(
    stored=st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: st.dictionaries(st.sampled_from(["mark", "top", "cursor", "else"]), inner, max_size=4),
        max_leaves=6,
    )
)
def test_a_position_that_makes_no_sense_is_read_again_from_the_top(stored: object) -> None:
    """Whatever is in the database, a walk begins, and what it stores is read back alike."""
    walk = Walk.from_json(stored)
    assert Walk.from_json(walk.to_json()) == walk
    assert walk.cursor is None or walk.top is not None


def test_a_cursor_that_the_platform_forgot_costs_a_walk_and_no_item() -> None:
    """Restarting keeps the mark: the list is read from the top down to it."""
    walk, ended = step(Walk(mark=50), [90, 80], "80")
    assert not ended
    walk = restart(walk)
    assert (walk.mark, walk.cursor) == (50, None)
