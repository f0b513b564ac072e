"""What comes out of the question "who is waiting?": one `Ask` for each person in each thread.

The words are those of the specification of waiting; `modconsole.domain.waiting` derives them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Status = Literal[
    "waiting",
    "promised",
    "snoozed",
    "sending",
    "held",
    "unknown",
    "answered",
    "answered_privately",
    "closed",
    "withdrawn",
]

STATUSES: tuple[Status, ...] = (
    "waiting",
    "sending",
    "unknown",
    "promised",
    "snoozed",
    "held",
    "answered",
    "answered_privately",
    "closed",
    "withdrawn",
)

OPEN: frozenset[Status] = frozenset({"waiting", "sending", "unknown"})
"""What the queue lists unless everything is asked for."""

WITH_SINCE: frozenset[Status] = frozenset({"waiting", "snoozed", "sending"})
"""The statuses that have a `waiting_since`; it is empty for all others."""


class Suggestion(Struct, frozen=True):
    """An act that a person may want to do with one key; never done by itself."""

    act: str
    reason: str


class Ask(Struct, kw_only=True):
    """One person waiting, or no longer waiting, in one thread. Times are instants (see `times`)."""

    source: str
    conversation: str
    thread: str
    person: str
    status: Status
    waiting_since: int | None = None
    due_at: int | None = None
    reply_until: int | None = None
    messages: tuple[str, ...] = ()
    """Ids of the uncovered items, oldest first."""
    latest: str = ""
    """The person's latest item in the thread: what an act on the ask is made *through*."""
    badges: tuple[str, ...] = ()
    backlog: bool = False
    claimed_by: str | None = None
    claimed_until: int | None = None
    suggestion: Suggestion | None = None
    trouble: str = ""
    """`failed` or `unconfirmed` where a send to this person went wrong: such asks stand at the top of the queue."""
    reason: str = ""
    """Of a closed ask: the reason given. Of a promised or snoozed one: until when is in `until`."""
    by: str = ""
    """Of a closed, promised or snoozed ask: who did it. Of an answered one: the author id of the covering reply."""
    until: int | None = None
