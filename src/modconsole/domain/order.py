"""The order of messages within a conversation, and the threads they belong to.

Platforms' clocks disagree, and a reply can carry an earlier time than what it replies to. So a message's *effective* time
is the later of its own and its parent's effective time; ties go to the depth below the root, then to the native id in
natural order. A message is always later than its parent, whatever the clocks say.
"""

from __future__ import annotations

import re
from operator import attrgetter

from modconsole.domain.case import Item

_moment = attrgetter("effective", "depth")
_RUNS = re.compile(r"([0-9]+)")

NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural(ident: str) -> NaturalKey:
    """Sort key of an id in natural order: runs of digits as numbers, before text; "9" comes before "10", "2" before "a"."""
    return (
        tuple((0, int(part), "") if at % 2 else (1, 0, part) for at, part in enumerate(_RUNS.split(ident)) if part),
        ident,
    )


def arrange(items: list[Item], kind: str, conversation: str) -> tuple[list[Item], dict[str, Item]]:
    """Sort messages into their order and fill in parent, effective time, depth, position and thread of each.

    Parents are resolved within `items`; a circle of parents is cut at its earliest message. In `comments`, a thread is a
    top-level comment with everything below it, else the whole conversation.
    """
    by_id = {item.id: item for item in items}
    nested = False
    for item in items:
        item.effective, item.depth, item.thread = item.created, 0, conversation
        parent = item.parent
        item.up = by_id.get(parent) if parent is not None else None
        if item.up is not None:
            nested = True
    if nested:
        _cut_circles(items)
        _descend(items)
    items = _sorted(items)
    comments = kind == "comments"
    for position, item in enumerate(items):
        item.position = position
        if comments:  # parents stand before their children by now
            item.thread = item.up.thread if item.up is not None else item.id
    return items, by_id


def first_of(items: list[Item]) -> Item | None:
    """The first message in the order, which does not depend on the conversation's kind."""
    return arrange(items, "", "")[0][0] if items else None


def _sorted(items: list[Item]) -> list[Item]:
    """By effective time and depth; ids are taken apart only where those two are equal, since that is the costly part."""
    items = sorted(items, key=_moment)
    start = 0
    for at in range(1, len(items) + 1):
        if at < len(items) and _moment(items[at]) == _moment(items[start]):
            continue
        if at - start > 1:
            items[start:at] = sorted(items[start:at], key=lambda item: natural(item.id))
        start = at
    return items


def _cut_circles(items: list[Item]) -> None:
    """Cut each circle of parents at its earliest message."""
    done: set[str] = set()
    for start in items:
        path: list[Item] = []
        on_path: set[str] = set()
        item: Item | None = start
        while item is not None and item.id not in done:
            if item.id in on_path:
                circle = path[next(at for at, other in enumerate(path) if other is item) :]
                min(circle, key=lambda other: (other.created, natural(other.id))).up = None
                break
            path.append(item)
            on_path.add(item.id)
            item = item.up
        done |= on_path


def _descend(items: list[Item]) -> None:
    """Give each message the effective time and depth that follow from its parent's, without recursion."""
    settled: set[str] = set()
    for start in items:
        path: list[Item] = []
        item: Item | None = start
        while item is not None and item.id not in settled:
            path.append(item)
            item = item.up
        for below in reversed(path):
            above = below.up
            if above is not None:
                below.depth = above.depth + 1
                if above.effective > below.effective:
                    below.effective = above.effective
            settled.add(below.id)
