"""Reddit's double on loopback, as the contract suite drives it: its answers are held to recorded shapes all the while."""

from __future__ import annotations

import threading
import time
from typing import Any

from modconsole.connectors.reddit_auth import Grant
from modconsole.connectors.signing import Credentials
from tests.connectors.reddit_double import Place
from tests.connectors.reddit_server import SECRET, Server, Stand
from tests.contract.driver import Driver, There


class Now(Place):
    """Reddit in real time, by whole seconds as it tells them."""

    @property
    def now(self) -> float:
        """The time."""
        return float(int(time.time()))

    @now.setter
    def now(self, value: float) -> None:
        """Time passes by itself."""

    @property
    def left(self) -> float:
        """Requests left: as many as anybody wants, for a suite makes in a minute what moderators make in an hour."""
        return 996.0

    @left.setter
    def left(self, value: float) -> None:
        """They never run out."""

    def tick(self, seconds: float = 1.0) -> float:
        """Time passes by itself."""
        return self.now


class RedditDriver(Driver):
    """Posts of ours are spots; ann and bob comment below them."""

    platform = "reddit"
    real = True

    def __init__(self) -> None:
        self.server = Server(Now())
        self.stand = Stand(self.server)
        self.place = self.server.place
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def us(self) -> str:
        return self.stand.us.native

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def settings(self, url: str | None = None) -> dict[str, Any]:
        address = url or self.server.url
        return {**self.stand.settings, "interface": address, "site": address}

    def credentials(self) -> Credentials:
        return Credentials(self.stand.secret)

    def wrong_credentials(self) -> Credentials:
        return Credentials(Grant(client_secret=SECRET, refresh="revoked-long-ago").text())

    def spot(self) -> str:
        with self.server.lock:
            return self.place.post("us", "tea", "A spot", "Say what you think.").name

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        with self.server.lock:
            return self.place.comment(by, parent or spot, text).name

    def native(self, spot: str, text: str, parent: str) -> str:
        with self.server.lock:
            return self.place.comment("us", parent, text).name

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        with self.server.lock:
            self.place.edit(self.place.items[message], text)
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        with self.server.lock:
            self.place.delete(self.place.items[message])

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """A comment that no list ever tells of."""
        with self.server.lock:
            return self.place.comment("ann", parent, text, listed=False).name

    def truth(self, spot: str) -> dict[str, There]:
        with self.server.lock:
            assert not self.place.complaints, sorted(set(self.place.complaints))
            return {
                item.name: There(item.author.native, item.text)
                for item in self.place.items.values()
                if item.link == spot and item.name != spot and item.author and not item.deleted and item.taken is None
            }

    def settle(self) -> None:
        """What was written is there at once."""


def make() -> Driver:
    """A Reddit of its own, for as long as the process lives."""
    return RedditDriver()


__all__ = ["RedditDriver", "make"]
