"""The double of YouTube, checked by Google's discovery document, as the contract suite drives it."""

from __future__ import annotations

import atexit
import json
from typing import Any
from urllib.parse import urlsplit

from modconsole.connectors.signing import Credentials
from tests.connectors.youtube_double import US, YouTubeDouble, wall_clock
from tests.contract.driver import Driver, There

OLD = 400 * 86_400 * 1_000_000
"""So long ago is what nobody announces: further down than anybody reads who only looks for news."""


class YouTubeDriver(Driver):
    """Videos are spots."""

    platform = "youtube"

    def __init__(self, double: YouTubeDouble) -> None:
        self.double = double
        double.limit = 100_000_000
        self.people = {name: double.person(name) for name in ("ann", "bob")}

    @property
    def us(self) -> str:
        return US

    def settings(self, url: str | None = None) -> dict[str, Any]:
        api = url or self.double.url
        return {**self.double.settings, "api": api, "token": f"{api.rstrip('/')}/token", "quota": 100_000_000}

    def credentials(self) -> Credentials:
        return Credentials(self.double.secret)

    def wrong_credentials(self) -> Credentials:
        """One that Google has ended: the hour of its token is over, and it gives no other."""
        ended = {**json.loads(self.double.secret), "access_token": "access-ended", "refresh_token": "refresh-ended"}
        return Credentials(json.dumps(ended))

    @property
    def port(self) -> int:
        return urlsplit(self.double.url).port or 0

    def spot(self) -> str:
        return self.double.video("A spot")

    def post(self, spot: str, text: str, *, by: str = "ann", parent: str | None = None) -> str:
        return self.double.comment(spot, self.people[by], text, reply_to=parent)

    def native(self, spot: str, text: str, parent: str) -> str:
        return self.double.reply_as_us(parent, text)

    def edit(self, spot: str, message: str, text: str, *, by: str = "ann") -> str:
        self.double.edit(message, text)
        return message

    def delete(self, spot: str, message: str, *, by: str = "ann") -> None:
        self.double.delete(message)

    def unannounced(self, spot: str, text: str, parent: str) -> str:
        """A reply in a thread that is far down in every list: it does not bring it up."""
        row = self.double.rows[parent]
        row.published = row.updated = wall_clock() // 1_000_000 * 1_000_000 - OLD
        return self.double.comment(spot, self.people["ann"], text, reply_to=parent)

    def truth(self, spot: str) -> dict[str, There]:
        rows = self.double.messages()
        return {
            ident: There(row.author, row.text)
            for ident, row in rows.items()
            if row.video == spot
            and row.status == "published"
            and (row.parent is None or rows[row.parent].status == "published")
        }

    def settle(self) -> None:
        """The double answers from memory."""


def make() -> Driver:
    """The one double of this process."""
    double = YouTubeDouble()
    atexit.register(double.close)
    return YouTubeDriver(double)


__all__ = ["YouTubeDriver", "make"]
