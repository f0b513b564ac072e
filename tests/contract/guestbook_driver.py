"""The guestbook of docs/connectors.md, as the contract suite drives it."""

from __future__ import annotations

import itertools
import sys
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

from modconsole.connectors.signing import Credentials
from modconsole.sync import registry
from tests.contract import guestbook
from tests.contract.driver import Driver, There


class GuestbookDriver(Driver):
    """Pages are spots; numbers below a thousand were never announced."""

    platform = "guestbook"
    real = True

    def __init__(self) -> None:
        self.server = guestbook.Guestbook()
        self._low = itertools.count(1)
        self._pages = itertools.count(1)

    @property
    def us(self) -> str:
        return "us"

    @property
    def port(self) -> int:
        return self.server.port

    def settings(self, url: str | None = None) -> dict[str, Any]:
        return {"url": url or f"http://127.0.0.1:{self.server.port}"}

    def credentials(self) -> Credentials:
        return Credentials(guestbook.TOKEN)

    def wrong_credentials(self) -> Credentials:
        return Credentials("not this one")

    def spot(self) -> str:
        return f"page {next(self._pages)}"

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return str(self.server.write(spot, text, by, int(parent) if parent else None)["id"])

    def native(self, spot: str, text: str, parent: str) -> str:
        return str(self.server.write(spot, text, "us", int(parent))["id"])

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        self.server.entries[int(message)]["text"] = text
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        del self.server.entries[int(message)]

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        return str(self.server.write(spot, text, "ann", int(parent), number=next(self._low))["id"])

    def truth(self, spot: str) -> dict[str, There]:
        return {
            str(e["id"]): There(e["author"]["id"], e["text"]) for e in self.server.entries.values() if e["page"] == spot
        }

    def settle(self) -> None:
        """Everything is visible at once."""


def make() -> Driver:
    """A guestbook of its own, with its connector installed as an entry point would."""
    sys.modules["modconsole_guestbook"] = guestbook.module()
    ours = EntryPoint("guestbook", "modconsole_guestbook", registry.GROUP)
    found = metadata.entry_points

    def entry_points(**params: Any) -> EntryPoints:
        return EntryPoints([*found(**params), *EntryPoints([ours]).select(**params)])

    vars(registry)["entry_points"] = entry_points
    return GuestbookDriver()
