"""How a pull walks one list of Reddit's: page by page, newest first, with several anchors to go on from.

`after` names the item that the next page begins behind. Where that has vanished in between, Reddit answers with an empty
list, which looks like the end. So a cursor names the last few items of a page, and the next is tried where one gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

import msgspec
from msgspec import Raw

from modconsole.domain.walk import Walk, step

OVERLAP = 600
"""Seconds before a mark that are read again: lists are cached, and put in order by the second."""
ANCHORS = 3


@dataclass(frozen=True)
class Place:
    """What is looked after: the subreddits, those of them whose queues and whose modmail we may see, and whether anything
    elsewhere counts."""

    subreddits: tuple[str, ...]
    queues: tuple[str, ...] = ()
    mail: tuple[str, ...] = ()
    elsewhere: bool = True

    def covers(self, subreddit: str) -> bool:
        """Whether something in this subreddit is ours to see."""
        return subreddit.lower() in {name.lower() for name in self.subreddits}


@dataclass
class State:
    """Where a walk of one list stands in a position: the walk, how many items it has seen, and how old the oldest was."""

    walk: Walk
    count: int = 0
    oldest: int | None = None

    @classmethod
    def of(cls, stored: object) -> State:
        """From a position; whatever makes no sense is read again."""
        given = stored if isinstance(stored, dict) else {}
        count, oldest = given.get("count"), given.get("oldest")
        walk = Walk.from_json(given.get("walk"))
        if walk.cursor is None:
            return cls(walk)
        return cls(walk, count if isinstance(count, int) else 0, oldest if isinstance(oldest, int) else None)

    def json(self) -> dict[str, Any]:
        under_way = {"count": self.count, "oldest": self.oldest} if self.walk.cursor is not None else {}
        return {"walk": self.walk.to_json(), **under_way}


@dataclass
class Listed:
    """One page of any list, newest first: its items with their times in seconds, and the anchors of what is older."""

    items: list[Raw]
    keys: list[int]
    anchors: str | None
    names: list[str] = field(default_factory=list)
    broken: bool = False
    """Nothing came where something was to be."""

    def since(self, key: int) -> Listed:
        """Without what is older. Where not every item tells its time, all of them."""
        if len(self.keys) != len(self.items):
            return self
        kept = [index for index, each in enumerate(self.keys) if each >= key]
        return replace(self, items=[self.items[i] for i in kept], names=[self.names[i] for i in kept])


def next_page(page: Callable[[str | None], Listed], cursor: str | None) -> Listed:
    """The next page of a list: behind the last item of the one before or, where that has vanished, behind one before it."""
    for anchor in cursor.split() if cursor else (None,):
        got = page(anchor)
        if got.items or cursor is None:
            anchors = [got.anchors or "", *reversed(got.names[-ANCHORS:])]
            following = " ".join(dict.fromkeys(name for name in anchors if name)) if got.anchors else None
            return replace(got, anchors=following)
    return Listed([], [], None, broken=True)


def stepped(state: State, got: Listed) -> tuple[State, bool, bool]:
    """The walk after a page; whether it has come to its end; whether it has got beyond its mark.

    Items beyond the mark at the end of a page count as a page of their own. They are enough to say that the mark was
    reached, where the rule would else ask for another page; one in the middle, out of order, is not.
    """
    mark = state.walk.mark
    oldest = min([*got.keys, *([state.oldest] if state.oldest is not None else [])], default=None)
    older = list(takewhile(lambda key: mark is not None and key < mark - OVERLAP, reversed(got.keys)))
    walk, ended = step(state.walk, got.keys[: len(got.keys) - len(older)], got.anchors, overlap=OVERLAP)
    if not ended and older:
        walk, ended = step(walk, older, got.anchors, overlap=OVERLAP)
    return State(walk, state.count + len(got.items), oldest), ended, bool(older)


def with_mark(walk: Walk, mark: int | None) -> Walk:
    """The walk with another mark."""
    return msgspec.structs.replace(walk, mark=mark)
