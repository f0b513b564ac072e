"""What the tests of the Mastodon connector share: connectors whose traffic is checked, accounts that are new each
time."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field

from tests.servers import mastodon_types
from tests.servers.mastodon import Mastodon, Person
from tests.servers.mastodon_mirror import Mirror, Recording
from tests.servers.mastodon_shapes import Shapes

from modconsole.connectors.mastodon import Mastodon as Connector
from modconsole.connectors.mastodon import connect
from modconsole.connectors.signing import Credentials


@functools.cache
def shapes() -> Shapes:
    """The types, read once in a process."""
    return Shapes()


def now() -> int:
    """This instant."""
    return time.time_ns() // 1000


@dataclass
class Kit:
    """Our account on the double and two others; `signed_in` opens connectors, `close` ends them and checks what
    travelled."""

    server: Mastodon
    us: Person
    alice: Person
    bob: Person
    transports: list[Recording] = field(default_factory=list)
    connectors: list[Connector] = field(default_factory=list)

    @classmethod
    def on(cls, server: Mastodon) -> Kit:
        """New accounts."""
        return cls(server, server.person("us"), server.person("alice"), server.person("bob"))

    def signed_in(
        self, person: Person | None = None, *, url: str = "", credentials: Credentials | None = None
    ) -> Connector:
        """The connector, as us or as somebody else."""
        who = person or self.us
        self.transports.append(Recording())
        settings = {"url": url or self.server.url}
        found = connect(settings, credentials or Credentials(who.token), source="fedi", transport=self.transports[-1])
        self.connectors.append(found)
        return found

    @functools.cached_property
    def connector(self) -> Connector:
        """The connector, signed in as us."""
        return self.signed_in()

    @functools.cached_property
    def mirror(self) -> Mirror:
        """An empty store of what our connector brings."""
        return Mirror(self.connector, now())

    def truth(self) -> dict[str, str]:
        """What is really there of these three: each status' id, and its text as HTML."""
        found = [status for person in (self.us, self.alice, self.bob) for status in self.server.statuses(person)]
        return {str(status["id"]): str(status["content"]) for status in found if status["reblog"] is None}

    def close(self) -> list[str]:
        """Close all connectors; what was not as Mastodon's interface is typed, where the types can be had."""
        for connector in self.connectors:
            connector.close()
        answers = [answer for transport in self.transports for answer in transport.answers]
        answers += self.server.log
        self.server.log.clear()
        return shapes().wrong(answers) if not mastodon_types.missing() else []
