"""A real Bluesky on loopback, as the contract suite drives it."""

from __future__ import annotations

from typing import Any

import pytest

from modconsole.connectors.bluesky_api import Tokens
from modconsole.connectors.signing import Credentials
from tests.contract.driver import Driver, There
from tests.servers.bluesky import Bluesky, Person, Ref, missing
from tests.servers.fixtures import running_bluesky


class BlueskyDriver(Driver):
    """A spot is a thread that we began; its first post does not count as a message of the spot."""

    platform = "bluesky"
    real = True

    def __init__(self, network: Bluesky) -> None:
        self.network = network
        self.team = network.person("team")
        self.people = {name: network.person(name) for name in ("ann", "bob")}
        session = network.do(
            "com.atproto.server.createSession", identifier=self.team.did, password=network.app_password(self.team)
        )
        self._secret = Tokens("not needed", session["accessJwt"], session["refreshJwt"]).text()
        self._refs: dict[str, Ref] = {}
        self._waiting: list[tuple[Ref, bool]] = []

    @property
    def us(self) -> str:
        return self.team.did

    def settings(self, url: str | None = None) -> dict[str, Any]:
        return {"did": self.team.did, "handle": self.team.handle, "pds": url or self.network.pds}

    def credentials(self) -> Credentials:
        return Credentials(self._secret)

    def wrong_credentials(self) -> Credentials:
        return Credentials("abcd-efgh-ijkl-mnop")

    @property
    def port(self) -> int:
        return self.network.ports["pds"]

    def spot(self) -> str:
        return self._wrote(self.team, "A thread of ours", None)

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return self._wrote(self.people[by], text, parent or spot)

    def native(self, spot: str, text: str, parent: str) -> str:
        return self._wrote(self.team, text, parent)

    def _wrote(self, by: Person, text: str, parent: str | None) -> str:
        ref = self.network.post(by, text, parent=self._refs[parent] if parent is not None else None)
        return self._new(ref)

    def _new(self, ref: Ref) -> str:
        self._refs[ref.uri] = ref
        self._waiting.append((ref, False))
        return ref.uri

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        return self._new(self.network.edit(self.people[by], self._refs[message], text))

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        self.network.delete(self.people[by], self._refs[message])
        self._waiting.append((self._refs[message], True))

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """A reply to a post of ours that the AppView comes to know before that post: it notifies nobody."""
        self.settle()
        with self.network.held(self.team):
            ours = self.network.post(self.team, "Tell us more", parent=self._refs[parent])
            lost = self.network.post(self.people["ann"], text, parent=ours, at_once=True)
            self.network.indexed(lost)
        self._new(ours)
        return self._new(lost)

    def truth(self, spot: str) -> dict[str, There]:
        rows = self.network.thread(self._refs[spot], [self.team, *self.people.values()])
        return {uri: There(did, text) for uri, (did, text) in rows.items() if uri != spot}

    def settle(self) -> None:
        last = {ref.uri: (ref, gone) for ref, gone in self._waiting}
        self._waiting.clear()
        for gone in (False, True):
            refs = [ref for ref, deleted in last.values() if deleted == gone]
            if refs:
                self.network.indexed(*refs, gone=gone)


def make() -> Driver:
    """The one network of this process."""
    why = missing()
    if why:
        pytest.skip(why)
    return BlueskyDriver(running_bluesky())


__all__ = ["BlueskyDriver", "make"]
