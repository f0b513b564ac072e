"""What a platform must be able to do for us: the contract that every connector keeps.

A connector is the only code that knows a platform. It speaks HTTP, and nothing else: it has no database, no clock of
its own (the time is given) and no screen. What it reads comes out as records of the exchange format, page by page,
each page with the *position* from which the next run can go on; whoever calls stores page and position in one
transaction, so that a crash between two pages loses nothing and repeats at most one page.

A connector module offers three names: `PLATFORM` (a `signing.PlatformInfo`), `connect(settings, credentials, *, source, clock)`
which makes a connector without a request, and `sign_in(clock)`, the generator of questions (`signing.SignIn`).

Four lanes make an answer to "who waits" possible, and a `pull` runs through all of them:

- `discovery`: what the platform announces; cheap, and lossy.
- `queues`: what is held, reported or filtered there.
- `own`: our own messages, so that a reply written in the platform's own app counts.
- `threads`: conversations read whole, those with somebody waiting first: what was never announced is found here.

Every message carries `observed_at`: for `pull` the `now` that it was given, which is before the first request, so
that a version read by itself in the meantime counts as the later one; for `send`, `find`, `read` and `act` the
instant of the call, from the clock that `connect` was given. Where a platform does not say when a text or a state
changed, `edited_at` and `state_at` are empty, and whoever stores the version sets them to its `observed_at` when the
text, or the state, differs from the version before.

Errors are those of `modconsole.errors`: retryable or final is part of their type. A send whose outcome is not known
raises `OutcomeUnknown` and is never repeated by the connector itself. What is needed to describe a reply is read before it
is sent; after the write, every error but `OutcomeUnknown` would say that nothing was sent. `connectors.writes` holds every
connector to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from modconsole.connectors.acts import Act, ActInfo, Done, Order, Target
from modconsole.domain.lengths import LengthUnit
from modconsole.domain.records import Identity, Record


def as_written(text: str) -> str:
    """Where a platform counts what was written, as it was written."""
    return text


@dataclass(frozen=True)
class Capabilities:
    """What can be done through this connector: what its platform has (`acts`), and how long a reply may be.

    `counted` gives the text as the platform counts it, where that is not what was written.
    """

    acts: tuple[ActInfo, ...] = ()
    direct_messages: bool = False
    max_length: int | None = None
    """The longest text that can be sent, in units of `length_unit`."""
    length_unit: LengthUnit = "characters"
    counted: Callable[[str], str] = as_written

    def act(self, act: Act, on: Target) -> ActInfo | None:
        """What is said of an act on a kind of target; None where the platform does not have it."""
        return next((info for info in self.acts if (info.act, info.on) == (act, on)), None)


@dataclass(frozen=True)
class Account:
    """Who we are on the platform once signed in, and what we may not do there."""

    id: str
    name: str
    handle: str = ""
    missing: tuple[str, ...] = ()
    """Permissions that we lack, each in words, with what cannot be seen or done without it."""
    site_name: str = ""
    site_url: str = ""
    syncs: tuple[str, ...] = ()
    """What will be synced, each in a few words, as "comments on 12 posts"; shown before a source is added."""
    others: tuple[Identity, ...] = ()
    """Who else may be us there, as far as the platform says: offered when a source is added, never taken for granted."""


@dataclass(frozen=True)
class Page:
    """One piece of what a platform told us; stored in one transaction with `position`."""

    records: tuple[Record, ...]
    position: dict[str, Any]
    """Where to go on from, opaque to everybody but the connector. Plain JSON values."""
    lane: str
    done: int = 0
    total: int | None = None
    """Progress within the lane, in items; `total` is None where the platform does not say."""
    complete: bool = False
    """True on the last page of a lane that has seen all it should see."""
    gone: tuple[str, ...] = ()
    """Ids that were given in `Known` and that the platform, asked for each, says do not exist. There is nothing left
    to read, so there is no record: the store writes a version with the last known text, state `deleted`, observed at
    the pull's `now`."""
    poison: tuple[tuple[str, bytes], ...] = ()
    """Items that could not be understood: why, in our words, and the raw payload. They are set aside and reported, and stop
    nothing."""


@dataclass(frozen=True)
class Outgoing:
    """A reply to be sent. `key` is the send's UUID, for platforms that honour an idempotency key."""

    key: str
    conversation: str
    reply_to: str | None
    text: str
    attempted_at: int | None = None
    """Instant of the first try, where there was one: the reply cannot be older than that (less the clock skew)."""


@dataclass(frozen=True)
class Known:
    """What the store already has, given to the connector so that it can re-read what may have changed."""

    waiting: tuple[str, ...] = ()
    """Native ids of messages of people who wait, and of our own latest replies: re-read on every run."""
    recent: tuple[str, ...] = ()
    """Native ids of messages of the last days: re-read for edits, deletions and moderation."""
    queued: tuple[str, ...] = ()
    """Native ids of messages last seen held, hidden, as spam or removed: re-read, because leaving a queue is nowhere
    announced."""
    live: tuple[str, ...] = ()
    """Only on a full walk: all native ids that we believe to exist there."""
    conversations: tuple[str, ...] = ()
    """Native ids of the conversations to read whole, the most urgent first: those in which somebody waits, then those of the
    last days; on a full walk all that we know."""
    position: dict[str, Any] = field(default_factory=dict)


class Connector(Protocol):
    """A signed-in platform. Made by the connector module's `connect(...)`; closed with `close()`."""

    platform: str
    capabilities: Capabilities

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        ...

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything that exists.

        The last page holds the `Coverage` of the whole source: up to when it is complete, and what it could not see. Coverage
        of one conversation may come with any page.
        """
        ...

    def send(self, reply: Outgoing) -> Record:
        """Send a reply and give back the message as the platform stored it.

        Raises `OutcomeUnknown` when it cannot be told whether it arrived, `Duplicate` when the platform says it
        already has it. Any other error says that this try did nothing.
        """
        ...

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Record | None:
        """Look for a reply that may have arrived: ours, same place, same text, not one of `candidates`.

        `candidates` are the ids of ours that were known *before the first try*. A reply that a pull has brought in
        since then must not be among them: it is what is being looked for.
        """
        ...

    def read(self, message: str) -> Record | None:
        """One message as it stands now; None when it no longer exists."""
        ...

    def acts(self) -> tuple[ActInfo, ...]:
        """The acts that this account may carry out, as far as the platform says; some of `capabilities.acts`. May ask the
        platform."""
        ...

    def act(self, order: Order) -> Done:
        """Carry out a moderation act. Doing it twice does no more than doing it once.

        Raises `Refused` where the platform has no such act or does not allow it, `Gone`, other `PlatformError`s as they come.
        `OutcomeUnknown` only where it cannot be told by reading what became of it, `NotDone` where that was read and it is not
        done. A message that cannot be read after the act is left out of the records.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
