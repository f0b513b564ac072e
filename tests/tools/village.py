"""A platform in memory whose sign-in takes two steps, as with OAuth: which server, then a code from an address to open.

`register` brings it in as an installed package would, by an entry point. As a program it runs the command line with it:

    python -m tests.tools.village sources add village
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.domain.records import Author, Conversation, Coverage, Gap, Identity, Message, Record
from modconsole.domain.times import to_datetime
from modconsole.errors import InputError, ModConsoleError, Refused, SignInError
from modconsole.sync import registry

SECRET = "token-of-the-village"
CODE = "open-sesame"

CAN = Can("yes")


ACCOUNT = Account(
    id="us:1",
    name="Acme Team",
    handle="@acme@village.example",
    missing=("read direct messages: they are not seen",),
    site_name="The Village",
    site_url="https://village.example",
    syncs=("comments on 12 posts", "mentions"),
    others=(Identity(id="us:2", name="Acme Bot", kind="bot"), Identity(id="us:3", name="Bob")),
)

PLATFORM = PlatformInfo(
    name="village",
    title="Village",
    about="Comments and mentions of one account on a village server.",
    incremental=CAN,
    full_thread=CAN,
    direct_messages=Can("no"),
    own_replies=CAN,
    edits=CAN,
    deletions=CAN,
    idempotent_send=CAN,
    tested="double",
    answer="addressed",
    settles=0.1,
)


@dataclass
class Village:
    """The platform, and its connector module in one."""

    account: Account = field(default_factory=lambda: ACCOUNT)
    trouble: list[ModConsoleError] = field(default_factory=list)
    """What the next calls of `check` raise."""
    begun: int = 0
    """How often a sign-in was begun."""
    opened: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    """Settings and secret of each connector that was made."""
    renews: str = ""
    """A secret that `check` puts in the place of the one it was given."""
    gap: Gap | None = None
    PLATFORM: PlatformInfo = field(default_factory=lambda: PLATFORM)

    def sign_in(self, _clock: Callable[[], int]) -> SignIn:
        """Which server, then a code."""
        self.begun += 1
        begun = self.begun
        answers = yield Step(
            title="Which village?",
            text="The server on which the account is.",
            fields=(
                Field("server", "Server", hint="village.example"),
                Field("scope", "What we may do", choices=("read", "read and write"), default="read and write"),
            ),
        )
        server = answers["server"]
        if "." not in server:
            raise InputError(f"{server!r} is no server.", hint="Write it as village.example.")
        given = yield Step(
            title="Let modconsole in",
            text="The village shows a code once you have agreed.",
            url=f"https://{server}/oauth/authorize?client_id={'c' * 90}&state={begun}&scope=read+write&response_type=code",
            fields=(Field("code", "Code", hint="as the village shows it", secret=True),),
        )
        if given["code"] != CODE:
            raise SignInError(
                "The village does not take this code.", hint="Open the address again: codes are used once."
            )
        return SignedIn({"server": server, "scope": answers["scope"]}, SECRET, server)

    def connect(
        self, settings: Mapping[str, Any], credentials: Credentials, *, source: str, clock: Callable[[], int]
    ) -> Gate:
        """A connector."""
        self.opened.append((dict(settings), credentials.secret))
        return Gate(self, source, credentials, clock)


@dataclass
class Gate:
    """A connector to the village: it has one post with one comment."""

    village: Village
    source: str
    credentials: Credentials
    clock: Callable[[], int]
    platform = "village"
    capabilities = Capabilities()

    def check(self) -> Account:
        """Who we are."""
        if self.village.trouble:
            raise self.village.trouble.pop(0)
        if self.village.renews:
            self.credentials.renew(self.credentials.secret, lambda _: self.village.renews)
        return self.village.account

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """The post and its comment."""
        at = to_datetime(now)
        records: list[Record] = [
            Conversation(source=self.source, id="post", kind="comments", title="Well", observed_at=at),
            Message(
                source=self.source,
                id="m1",
                conversation="post",
                author=Author(id="ann", name="Ann"),
                created_at=at,
                text="Is the well deep?",
                mentions=["us:1"],
                observed_at=at,
            ),
            Coverage(source=self.source, checked_at=at, complete_through=at, gap=self.village.gap),
        ]
        poison = (("this is no comment", b'{"id": 7}'),) if full else ()
        yield Page(tuple(records), {"at": now}, "discovery", complete=True, poison=poison)

    def send(self, reply: Outgoing) -> Record:
        """Nobody answers here."""
        raise Refused("The village takes no replies.")

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> None:
        """Nothing was ever sent."""

    def read(self, message: str) -> None:
        """Nothing is read by itself."""

    def acts(self) -> tuple[ActInfo, ...]:
        """None."""
        return ()

    def act(self, order: Order) -> Done:
        """None."""
        raise Refused("The village has no such act.")

    def close(self) -> None:
        """Nothing to let go of."""


village = Village()
"""The one that the entry point leads to."""

_ENTRIES = EntryPoints([EntryPoint("village", "tests.tools.village:village", registry.GROUP)])


def register(replace: Callable[[Any, str, Any], object] = setattr) -> Village:
    """Bring it in, fresh. `replace` is `monkeypatch.setattr` in a test."""

    def entry_points(**params: Any) -> EntryPoints:
        return EntryPoints(_ENTRIES).select(**params)

    for name, value in Village().__dict__.items():
        setattr(village, name, value)
    replace(registry, "entry_points", entry_points)
    return village


if __name__ == "__main__":
    from modconsole.cli.root import run
    from tests.tools import village as module

    module.register()
    sys.exit(run(sys.argv[1:]))
