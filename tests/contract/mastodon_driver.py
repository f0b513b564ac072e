"""mastodon-mock, a stateful double of Mastodon, as the contract suite drives it: a double, but behind a socket."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from modconsole.connectors.signing import Credentials
from tests.contract.driver import Driver, There
from tests.servers import fixtures
from tests.servers.mastodon import Mastodon, Person, missing


class MastodonDriver(Driver):
    """Posts of ours are spots; ann and bob answer below them. Each names us, but for `unannounced`."""

    platform = "mastodon"
    real = True

    def __init__(self, server: Mastodon) -> None:
        self.server = server
        self.ours = server.person("us")
        self.people: dict[str, Person] = {name: server.person(name) for name in ("ann", "bob")}

    @property
    def us(self) -> str:
        return self.ours.id

    def settings(self, url: str | None = None) -> dict[str, Any]:
        return {"url": url or self.server.url}

    def credentials(self) -> Credentials:
        return Credentials(self.ours.token)

    def wrong_credentials(self) -> Credentials:
        return Credentials("revoked-long-ago")

    @property
    def port(self) -> int:
        return self.server.port

    def spot(self) -> str:
        return self.server.post(self.ours, "Say what you think")

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return self.server.reply(self.people[by], parent or spot, f"@{self.ours.name} {text}")

    def native(self, spot: str, text: str, parent: str) -> str:
        return self.server.reply(self.ours, parent, text)

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        self.server.edit(self.people[by], message, f"@{self.ours.name} {text}")
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        self.server.delete(self.people[by], message)

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """An answer to a post of ours that mentions nobody: no notification tells of it."""
        return self.server.reply(self.people["bob"], spot, text)

    def truth(self, spot: str) -> dict[str, There]:
        whole = self.server.api("GET", f"/api/v1/statuses/{spot}/context", by=self.ours)
        root = self.server.status(self.ours, spot)
        found = {}
        for status in [*([root] if root is not None else []), *whole["descendants"]]:
            words = html.unescape(re.sub(r"<[^>]*>", "", status["content"]))
            if status["id"] != spot:
                found[status["id"]] = There(status["account"]["id"], re.sub(r"^(@\S+ )+", "", words))
        self.server.log.clear()
        return found

    def settle(self) -> None:
        """The double answers from its database."""


def make() -> Driver:
    """The one double of this process."""
    why = missing()
    if why:
        pytest.skip(why)
    return MastodonDriver(fixtures._running_mastodon())


__all__ = ["MastodonDriver", "make"]
