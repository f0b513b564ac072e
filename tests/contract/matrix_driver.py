"""A real Synapse, as the contract suite drives it."""

from __future__ import annotations

from typing import Any

import pytest

from modconsole.connectors.signing import Credentials
from tests.contract.driver import Driver, There
from tests.servers import fixtures
from tests.servers.matrix import US, Synapse, missing

PEOPLE = {"ann": "alice", "bob": "bob"}


class MatrixDriver(Driver):
    """Rooms are spots. Who writes to us there mentions us: in rooms only what is addressed to us waits."""

    platform = "matrix"
    real = True

    def __init__(self, server: Synapse) -> None:
        self.server = server
        self._secret = server.session(US)

    @property
    def us(self) -> str:
        return self.server.people[US].id

    def settings(self, url: str | None = None) -> dict[str, Any]:
        return {"homeserver": url or self.server.url, "user": self.us}

    def credentials(self) -> Credentials:
        return Credentials(self._secret)

    def wrong_credentials(self) -> Credentials:
        return Credentials("syt_bm9ib2R5_AAAAAAAAAAAAAAAAAAAA_000000")

    @property
    def port(self) -> int:
        return self.server.port

    def spot(self) -> str:
        return self.server.room("A spot", members=(US, "alice", "bob"))

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return self.server.say(spot, text, by=PEOPLE[by], to=parent, more={"m.mentions": {"user_ids": [self.us]}})

    def native(self, spot: str, text: str, parent: str) -> str:
        return self.server.say(spot, text, by=US, to=parent)

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        self.server.edit(message, text, by=PEOPLE[by], more={"m.mentions": {"user_ids": [self.us]}})
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        self.server.redact(message, by=PEOPLE[by])

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """As an event that the homeserver fetched from another one later: it is in the room, and in no sync."""
        message = self.post(spot, text, parent=parent)
        self.server.unannounce(message)
        return message

    def settle(self) -> None:
        """Synapse answers a request when the event is stored."""

    def truth(self, spot: str) -> dict[str, There]:
        return {
            ident: There(author, text)
            for ident, (author, text) in self.server.messages(spot).items()
            if text is not None
        }


def make() -> Driver:
    """The one homeserver of this process."""
    why = missing()
    if why:
        pytest.skip(why)
    return MatrixDriver(fixtures._homeserver())


__all__ = ["MatrixDriver", "make"]
