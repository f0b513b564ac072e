"""Reading a list that is too long to hold, page by page and by key, so that a page costs the same wherever it is.

`Pager` is what the desk gives for each list; `ListPager` is one over rows in memory. `read` carries out what a `Window`
wants to have read, in any thread, and gives back a plain `Page`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

Key = tuple[Any, ...]


class Row(Protocol):
    """What the window must know of a row. A row with `selectable = False` is shown, but the cursor passes over it."""

    @property
    def key(self) -> Key:
        """Identity and place in the list; no two rows of a list have the same."""
        ...


R = TypeVar("R", bound=Row)
R_co = TypeVar("R_co", bound=Row, covariant=True)


class Pager(Protocol[R_co]):
    """The long list. May be called from any thread; each call sees the list as it is at that moment.

    All rows come in list order. A key need not be in the list any more: it is a place, too.

    Two things a pager may have besides, which are used if they are there: `find(row)` gives the same row as it stands
    now, with the key of where it stands now, or None if it is no longer listed; `grows` says where rows usually arrive,
    "above" (the default: newest first) or "below", for lists whose ranks are too dear.
    """

    def count(self) -> int:
        """How many rows there are."""
        ...

    def first(self, n: int) -> Sequence[R_co]:
        """The first `n` rows."""
        ...

    def last(self, n: int) -> Sequence[R_co]:
        """The last `n` rows."""
        ...

    def after(self, key: Key, n: int) -> Sequence[R_co]:
        """The `n` rows that follow `key`, without it."""
        ...

    def before(self, key: Key, n: int) -> Sequence[R_co]:
        """The `n` rows that come directly before `key`, without it, in list order."""
        ...

    def position(self, key: Key) -> int | None:
        """How many rows come before `key`; None if that would be too dear to find out."""
        ...


class ListPager(Generic[R]):
    """A pager over rows in memory, sorted by key, for lists that are short anyway. Rows may be replaced at any time."""

    def __init__(self, rows: Sequence[R] = (), *, newest_first: bool = False) -> None:
        self.rows = list(rows)
        self._turn = newest_first

    def _rank(self, key: Key, *, behind: bool) -> int:
        low, high = 0, len(self.rows)
        while low < high:
            middle = (low + high) // 2
            other = self.rows[middle].key
            goes_before = other > key if self._turn else other < key
            if goes_before or (behind and other == key):
                low = middle + 1
            else:
                high = middle
        return low

    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def first(self, n: int) -> list[R]:
        """The first `n` rows."""
        return self.rows[:n]

    def last(self, n: int) -> list[R]:
        """The last `n` rows."""
        return self.rows[max(0, len(self.rows) - n) :]

    def after(self, key: Key, n: int) -> list[R]:
        """The `n` rows behind `key`."""
        at = self._rank(key, behind=True)
        return self.rows[at : at + n]

    def before(self, key: Key, n: int) -> list[R]:
        """The `n` rows before `key`."""
        at = self._rank(key, behind=False)
        return self.rows[max(0, at - n) : at]

    def position(self, key: Key) -> int | None:
        """How many rows come before `key`."""
        return self._rank(key, behind=False)


class FewPager(Generic[R]):
    """A pager over rows that are few: each reading reads them all anew, and cuts the page out of that.

    `same` tells the row that is meant from the others where its key may change.
    """

    def __init__(self, rows: Callable[[], Sequence[R]], *, same: Callable[[R], object] | None = None) -> None:
        self._rows, self._same = rows, same

    def _all(self) -> ListPager[R]:
        return ListPager(sorted(self._rows(), key=lambda row: row.key))

    def count(self) -> int:
        """How many rows there are."""
        return self._all().count()

    def first(self, n: int) -> list[R]:
        """The first `n` rows."""
        return self._all().first(n)

    def last(self, n: int) -> list[R]:
        """The last `n` rows."""
        return self._all().last(n)

    def after(self, key: Key, n: int) -> list[R]:
        """The `n` rows behind `key`."""
        return self._all().after(key, n)

    def before(self, key: Key, n: int) -> list[R]:
        """The `n` rows before `key`."""
        return self._all().before(key, n)

    def position(self, key: Key) -> int | None:
        """How many rows come before `key`."""
        return self._all().position(key)

    def find(self, row: R) -> R | None:
        """The same row as it stands now."""
        same = self._same or (lambda each: each.key)
        return next((each for each in self._rows() if same(each) == same(row)), None)


@dataclass(frozen=True, slots=True)
class Request:
    """What to read: around a key, from an end, or on from an edge of what is held."""

    kind: Literal["first", "last", "around", "after", "before"]
    size: int
    key: Key | None = None
    generation: int = 0
    row: Any = None
    """The row to look for where it stands now; else the key is the place."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """What was read. `start` and `count` are None where they were not asked for or cannot be known."""

    request: Request
    rows: Sequence[R]
    start: int | None = None
    count: int | None = None
    at: int = 0
    """In a page around a key: where that key's row is, or would be."""
    key: Key | None = None
    """The key of the row that was asked for, where it stands now."""
    grows: str = "above"


def read(pager: Pager[R], request: Request) -> Page[R]:
    """Carry out a request. The only place where a pager is called."""
    key, size = request.key, request.size
    if request.kind == "after" and key is not None:
        return Page(request, pager.after(key, size))
    if request.kind == "before" and key is not None:
        return Page(request, pager.before(key, size))
    if request.kind == "around" and key is not None:
        find = getattr(pager, "find", None)
        found = find(request.row) if find is not None and request.row is not None else None
        key = found.key if found is not None else key
        above = list(pager.before(key, size // 2))
        # From the row above on, so that the key's own row is in it if it still exists.
        below = pager.after(above[-1].key, size - size // 2) if above else pager.first(size - size // 2)
        rows = [*above, *below]
        count = pager.count()
        start = 0 if len(above) < size // 2 else pager.position(rows[0].key)
        if start is None and len(below) < size - size // 2:
            start = count - len(rows)
        return Page(request, rows, start, count, len(above), key, getattr(pager, "grows", "above"))
    if request.kind == "last":
        rows = list(pager.last(size))
        count = max(pager.count(), len(rows))
        return Page(request, rows, count - len(rows) if len(rows) == size else 0, count)
    rows = list(pager.first(size))
    return Page(request, rows, 0, pager.count() if len(rows) == size else len(rows))


def selectable(row: Row) -> bool:
    """Whether the cursor may rest on the row."""
    return bool(getattr(row, "selectable", True))
