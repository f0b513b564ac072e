"""A Discourse, as the contract suite drives it: the double on loopback, whose answers are checked by the published schema."""

from __future__ import annotations

from typing import Any

from modconsole.connectors.signing import Credentials
from tests.connectors.discourse_double import KEY, Double
from tests.connectors.discourse_world import Item, World
from tests.contract.driver import Driver, There


class DiscourseDriver(Driver):
    """Topics are spots, each opened by somebody who takes no part in a test."""

    platform = "discourse"
    answer = "everyone"  # a forum answers who opened a topic: here everybody writes to us
    real = True

    def __init__(self) -> None:
        self.double = Double(World(live=True))
        self.world = self.double.world
        self.double.__enter__()

    @property
    def us(self) -> str:
        return str(self.world.us.id)

    def settings(self, url: str | None = None) -> dict[str, Any]:
        return {"url": url or self.double.url, "user": "moderator", "requests_per_minute": 1_000_000}

    def credentials(self) -> Credentials:
        return Credentials(KEY)

    def wrong_credentials(self) -> Credentials:
        return Credentials("fedcba9876543210")

    @property
    def port(self) -> int:
        return self.double.port

    def spot(self) -> str:
        with self.double.lock:
            return str(self.world.topic(self.world.member("opener"), "A spot", "Write below, please.").thread.id)

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return self._post(spot, text, by, parent)

    def native(self, spot: str, text: str, parent: str) -> str:
        return self._post(spot, text, "moderator", parent)

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        return self._post(spot, text, "ann", parent, unannounced=True)

    def _post(self, spot: str, text: str, by: str, parent: str | None, **more: Any) -> str:
        with self.double.lock:
            to = self._item(parent) if parent is not None else None
            thread = self.world.threads[int(spot)]
            made = self.world.post(self.world.member(by), thread, text, to=to, **more)
            if more:
                self.world.notes = [note for note in self.world.notes if note["at"] != made.at]
            return str(made.id)

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        with self.double.lock:
            self.world.edit(self._item(message), text)
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        with self.double.lock:
            self.world.delete(self._item(message), self.world.member(by))

    def truth(self, spot: str) -> dict[str, There]:
        with self.double.lock:
            return {
                str(post.id): There(str(post.author.id), post.raw)
                for post in self.world.posts.values()
                if post.thread.id == int(spot) and not (post.deleted or post.user_deleted or post.hidden)
            }

    def settle(self) -> None:
        """What was written is there at once. What was asked and answered until now must have been what Discourse describes."""
        with self.double.lock:
            assert self.double.violations == []

    def _item(self, message: str) -> Item:
        return self.world.posts[int(message)]


def make() -> Driver:
    """A forum of its own."""
    return DiscourseDriver()
