"""A database of texts that is only in memory, for the copy of the texts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from modconsole.policy.corpus import View, Words


class Stamp(Struct, frozen=True):
    """How far it has come."""

    database: int
    last: int
    change: int


class Feed:
    """Messages that can be added, changed and removed, as a store would tell of them."""

    def __init__(self, database: int = 1) -> None:
        self.database = database
        self.messages: dict[int, Words] = {}
        self.changes: dict[int, int] = {}
        self._last = 0
        self._change = 0

    def add(self, text: str, title: str | None = None, talk: int = 1, person: int = 1) -> int:
        """A new message."""
        self._last += 1
        self.messages[self._last] = (self._last, text, title, talk, person)
        return self._last

    def edit(self, row: int, text: str, title: str | None = None) -> None:
        """Another text for a message."""
        self.messages[row] = (row, text, title, *self.messages[row][3:])
        self._changed(row)

    def remove(self, row: int) -> None:
        """Take a message out."""
        del self.messages[row]
        self._changed(row)

    def _changed(self, row: int) -> None:
        self._change += 1
        self.changes[row] = self._change

    def stamp(self) -> Stamp:
        """How far it has come."""
        return Stamp(self.database, self._last, self._change)

    def since(self, row_id: int, limit: int) -> Sequence[Words]:
        """Messages after that one."""
        return [self.messages[row] for row in sorted(self.messages) if row > row_id][:limit]

    def changed(self, change: int, limit: int) -> Sequence[tuple[int, int]]:
        """Changes after that one."""
        return sorted((number, row) for row, number in self.changes.items() if number > change)[:limit]

    def bodies(self, row_ids: Sequence[int]) -> Sequence[Words]:
        """These messages."""
        return [self.messages[row] for row in sorted(row_ids) if row in self.messages]


def told(view: View) -> dict[int, tuple[str, str | None]]:
    """What a view has, by row id. No message may be there twice."""
    places = [place for place in range(view.count) if place not in view.masked]
    rows = [view.rows[place] for place in places]
    assert len(set(rows)) == len(rows) == len(view)
    return {row: view.words(place) for row, place in zip(rows, places, strict=True)}


def truth(feed: Feed) -> dict[int, tuple[str, str | None]]:
    """What it should have."""
    return {row: (text, title) for row, text, title, *_ in feed.messages.values()}
