"""A Discourse to test against: the double on loopback, since no real one can run here. See `tests.connectors.discourse_double`.

`Forum` is what the suites over all connectors use: people and what they do, and what there is as the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from tests.connectors.discourse_double import KEY, Double
from tests.connectors.discourse_world import Item, Member

from modconsole.connectors.discourse import Discourse, connect
from modconsole.connectors.signing import Credentials
from modconsole.domain.times import to_instant

FAST = 1_000_000
"""Requests a minute that the double grants: it has no limit of its own."""


class Forum:
    """A forum with one open topic. Use as a context manager."""

    def __init__(self, *, us: str = "moderator") -> None:
        self.double = Double()
        self.world = self.double.world
        self.double.keys[KEY] = us
        self.us = self.world.member(us)
        self.stranger = self.world.member("alice")
        self.opening = self.world.topic(self.stranger, "Where to begin", "I do not know where to begin.")

    def __enter__(self) -> Forum:
        self.double.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.double.__exit__(kind, error, trace)

    @property
    def settings(self) -> dict[str, Any]:
        """What `connect` takes."""
        return {"url": self.double.url, "user": self.us.name, "requests_per_minute": FAST}

    def clock(self) -> int:
        """The forum's own time."""
        return to_instant(self.world.now)

    def connect(self, *, clock: Callable[[], int] | None = None, **settings: Any) -> Discourse:
        """A connector signed in as us; its clock is the forum's own where none is given."""
        return connect({**self.settings, **settings}, Credentials(KEY), source="forum", clock=clock or self.clock)

    # ------------------------------------------------------------------ what people do there

    @property
    def conversation(self) -> str:
        """The conversation in which everything here is written."""
        return f"topic:{self.opening.thread.id}"

    def post_as_stranger(self, text: str, *, to: str | None = None, author: str = "alice") -> str:
        """Somebody else writes, maybe below another message; the new message's id."""
        return self._post(self.world.member(author), text, to)

    def reply_natively(self, text: str, *, to: str | None = None) -> str:
        """We write, in the platform's own app."""
        return self._post(self.us, text, to)

    def _post(self, author: Member, text: str, to: str | None) -> str:
        parent = self.world.posts[int(to)] if to is not None else None
        return str(self.world.post(author, self.opening.thread, text, to=parent).id)

    def edit(self, message: str, text: str) -> None:
        """The author edits."""
        self.world.edit(self._item(message), text)

    def delete(self, message: str) -> None:
        """The author deletes."""
        self.world.delete(self._item(message), self._item(message).author)

    def messages(self) -> dict[str, str]:
        """The truth: every message that stands there, with its text."""
        return {
            str(post.id): post.raw
            for post in self.world.posts.values()
            if not post.deleted and not post.user_deleted and post.kind != 3
        }

    def _item(self, message: str) -> Item:
        return self.world.posts[int(message)]
