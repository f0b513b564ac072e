"""Our own account on the network, signed in, with everything that goes through it held to the published lexicons."""

from __future__ import annotations

import time
from typing import Any

from tests.servers.bluesky import Bluesky
from tests.servers.lexicon import Checked

from modconsole.connectors import bluesky as connector_module
from modconsole.connectors.bluesky import connect
from modconsole.connectors.bluesky_api import Tokens
from modconsole.connectors.signing import Credentials


def clock() -> int:
    """Now."""
    return time.time_ns() // 1000


class Us:
    """A new account of ours; `checked.wrong` is what broke a lexicon."""

    def __init__(self, network: Bluesky) -> None:
        self.network = network
        self.person = network.person("team")
        self.secret = Tokens(self.person.password, self.person.token, self.person.refresh).text()
        self.checked = Checked()
        self._made: list[connector_module.Bluesky] = []

    def connect(self, *, url: str | None = None, **settings: Any) -> connector_module.Bluesky:
        """A connector of ours."""
        place = {"did": self.person.did, "handle": self.person.handle, "pds": url or self.network.pds, **settings}
        made = connect(place, Credentials(self.secret), source="sky", clock=clock, transport=self.checked)
        self._made.append(made)
        return made

    def close(self) -> None:
        """Close what was connected."""
        for made in self._made:
            made.close()
        self.checked.close()
