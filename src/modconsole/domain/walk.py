"""The pure rule for walking a list that is read newest first, page by page, and never skipping anything.

Most platforms list the newest first and give a cursor to what is older. Two mistakes lose messages there: moving the mark to
the newest item as soon as it is seen, and starting again from the top after a crash with the mark already moved. So a walk
has a *mark* (everything up to it was seen by a walk that came to its end), a *top* (the newest that the walk under way has
seen) and a *cursor* (where it goes on). Only when it has reached the old mark, or the end of the list, does the mark move to
the top.

Keys are instants or numbers that grow with the list's order; where that order is only nearly kept, as where a message may be
dated back, `overlap` says by how much the walk goes on beyond the mark, in units of the keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace


class Walk(Struct, frozen=True, kw_only=True):
    """Where the walks of one list stand; `to_json` and `from_json` keep it in a position."""

    mark: int | None = None
    top: int | None = None
    cursor: str | None = None
    """Where the walk under way goes on; None where the next page is the first."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values for a position."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}

    @classmethod
    def from_json(cls, stored: object) -> Walk:
        """A stored walk; whatever makes no sense is left out, and read again."""
        if not isinstance(stored, dict):
            return cls()
        mark, top, cursor = stored.get("mark"), stored.get("top"), stored.get("cursor")
        return cls(
            mark=mark if isinstance(mark, int) else None,
            top=top if isinstance(top, int) else None,
            cursor=cursor if isinstance(cursor, str) and isinstance(top, int) else None,
        )


def step(walk: Walk, keys: Sequence[int], following: str | None, *, overlap: int = 0) -> tuple[Walk, bool]:
    """The walk after a page with these keys, and whether it has come to its end. `following` is the cursor to what is older.

    A page without items ends a walk only where nothing follows it: platforms give empty pages when all items of one are
    filtered. At the end of an empty list the mark stays where it was: an empty answer proves nothing.
    """
    newest = max((key for key in keys), default=None)
    top = max((key for key in (walk.top, newest) if key is not None), default=None)
    reached = walk.mark is not None and bool(keys) and max(keys) < walk.mark - overlap
    if following is None or reached:
        marks = [key for key in (walk.mark, top) if key is not None]
        return Walk(mark=max(marks, default=None)), True
    return replace(walk, top=top, cursor=following), False


def restart(walk: Walk) -> Walk:
    """The walk from the first page again, with the mark where it was: for a cursor that the platform no longer takes."""
    return Walk(mark=walk.mark)
