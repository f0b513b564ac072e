"""Replies on their way, for the screen that lists them: pages, what is under way, retry, take back."""

from __future__ import annotations

from dataclasses import dataclass

from modconsole.desk import undoing
from modconsole.desk.desk import Desk
from modconsole.errors import Conflict, NotFound
from modconsole.store import lists, marks, outbox
from modconsole.store.outbox import OutboxRow

__all__ = ["OutboxPager", "Outgoing", "pause", "retry", "take_back", "under_way"]


@dataclass(frozen=True)
class Outgoing:
    """A send, and to whom it goes. All text of strangers is raw."""

    send: OutboxRow
    name: str | None
    handle: str | None
    person: str
    asked: str
    """What they said, as plain text; empty where the reply answers no single message."""

    @property
    def key(self) -> tuple[int]:
        """Place in the outbox: newest first."""
        return (self.send.seq,)


class OutboxPager:
    """Everything that was ever sent or tried, newest first."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def count(self) -> int:
        """How many there are."""
        return outbox.listing_size(self.desk.db)

    def first(self, n: int) -> list[Outgoing]:
        """The newest ones."""
        return _told(self.desk, outbox.listing(self.desk.db, n))

    def last(self, n: int) -> list[Outgoing]:
        """The oldest ones."""
        return _told(self.desk, outbox.listing(self.desk.db, n, backwards=True))

    def after(self, key: tuple[int], n: int) -> list[Outgoing]:
        """Older ones than a key."""
        return _told(self.desk, outbox.listing(self.desk.db, n, after=key[0]))

    def before(self, key: tuple[int], n: int) -> list[Outgoing]:
        """Newer ones than a key, in list order."""
        return _told(self.desk, outbox.listing(self.desk.db, n, before=key[0]))

    def position(self, key: tuple[int]) -> int | None:
        """Unknown: counting up to a key would cost what the list is long."""
        return None


def under_way(desk: Desk, limit: int = 50) -> list[Outgoing]:
    """Replies that are queued or being sent, oldest first. Those that went wrong stand in the queue itself."""
    return _told(desk, outbox.under_way(desk.db, limit))


def _told(desk: Desk, sends: list[OutboxRow]) -> list[Outgoing]:
    found = []
    for send in sends:
        asked = lists.message(desk.db, send.source, send.reply_to or send.through)
        if asked is None or asked.ours is not None:  # to nobody by name, as in a chat where we had the last word
            found.append(Outgoing(send, None, None, "", ""))
            continue
        found.append(Outgoing(send, asked.name, asked.handle, asked.message.author.id, asked.plain))
    return found


def retry(desk: Desk, ident: str) -> None:
    """Put a failed reply back in line; the next sync sends it. Raises `NotFound`, or `Conflict` where it has not failed."""
    send = outbox.get(desk.db, ident)
    if send is None:
        raise NotFound("That reply is not in the outbox.")
    if not outbox.retry(desk.db, ident, desk.now()):
        raise Conflict(f"The reply is {send.state}.", hint="Only one that has failed can be tried again.")


def take_back(desk: Desk, ident: str) -> undoing.Undone:
    """Take a reply back that has not gone out: it is a draft again. Raises `Conflict` where it is too late."""
    return undoing.undo(desk, ident)


def pause(desk: Desk, source: str, paused: bool) -> None:
    """Leave a source out of syncs and sends, or take it in again. Raises `NotFound`."""
    marks.pause(desk.db, source, paused)
