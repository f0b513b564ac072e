"""One list of the interface, walked newest first: `domain.walk` with what Mastodon adds to it.

Going up with `min_id` from the last id seen would be one request less for a long absence, but what `min_id` does
differs: GoToSocial's own `prev` links use `since_id`, which gives the newest page above the floor and leaves a hole in
the middle. Going down with `max_id` means the same everywhere, and the mark moves only when the walk has come to the
old one. `since_id` is given along as a hint: a server that honours it ends the list there, one that does not costs a
page more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from modconsole.connectors.mastodon_api import Listing
from modconsole.domain.times import SECOND
from modconsole.domain.walk import Walk, step

OVERLAP = 60 * SECOND
"""How far beyond the mark a walk reads: ids and times are given out by several processes of a server."""


@dataclass
class Lane:
    """Where the walk of one list stands. `since` is the id at the mark, `newest` the id at the top of the walk under
    way."""

    name: str
    walk: Walk
    since: str | None = None
    newest: str | None = None
    overlap: int = OVERLAP

    @classmethod
    def of(cls, position: dict[str, Any], name: str, overlap: int = OVERLAP) -> Lane:
        """The lane as a position has it; whatever makes no sense is read again."""
        stored = position.get(name)
        since, newest = ((stored.get(key) if isinstance(stored, dict) else None) for key in ("since", "newest"))
        return cls(
            name,
            Walk.from_json(stored),
            since if isinstance(since, str) else None,
            newest if isinstance(newest, str) else None,
            overlap,
        )

    def json(self) -> dict[str, Any]:
        """Plain values for a position."""
        names = {"since": self.since, "newest": self.newest}
        return {**self.walk.to_json(), **{key: value for key, value in names.items() if value is not None}}

    def query(self) -> list[tuple[str, str]]:
        """What to ask for next."""
        query = [("max_id", self.walk.cursor)] if self.walk.cursor is not None else []
        return [*query, ("since_id", self.since)] if self.since is not None else query

    def met(self, page: Listing[Any], keys: Sequence[int]) -> bool:
        """Go on after a page whose items have these instants; true when the walk has come to its end."""
        if self.walk.cursor is None:
            self.newest = page.first
        self.walk, done = step(self.walk, keys, page.following, overlap=self.overlap)
        if done:
            self.since, self.newest = self.newest or self.since, None
        return done


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
