"""What is on its way to platforms, for the screen that lists it: replies, and moderation acts that nobody waits for.

Of the acts these are those that cannot be taken back, which are in line for some seconds, and those of which nobody knows
whether they were carried out. All others are done at once, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from modconsole.desk import undoing
from modconsole.desk.desk import Desk
from modconsole.errors import Conflict, NotFound
from modconsole.store import acts, lists, marks, outbox
from modconsole.store.acts import Moderated
from modconsole.store.outbox import OutboxRow

__all__ = [
    "Moderated",
    "OutboxPager",
    "Outgoing",
    "OutgoingAct",
    "acts_under_way",
    "pause",
    "retry",
    "take_back",
    "under_way",
]


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


@dataclass(frozen=True)
class OutgoingAct:
    """A moderation act on its way, or of which nobody knows whether it arrived."""

    act: Moderated

    @property
    def key(self) -> tuple[int]:
        """Place in the outbox: newest first."""
        return (self.act.seq,)


class OutboxPager:
    """Everything that was ever sent or tried, newest first."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def count(self) -> int:
        """How many there are."""
        return outbox.listing_size(self.desk.db) + acts.listing_size(self.desk.db)

    def first(self, n: int) -> list[Outgoing | OutgoingAct]:
        """The newest ones."""
        return self._page(n)

    def last(self, n: int) -> list[Outgoing | OutgoingAct]:
        """The oldest ones."""
        return self._page(n, backwards=True)

    def after(self, key: tuple[int], n: int) -> list[Outgoing | OutgoingAct]:
        """Older ones than a key."""
        return self._page(n, after=key[0])

    def before(self, key: tuple[int], n: int) -> list[Outgoing | OutgoingAct]:
        """Newer ones than a key, in list order."""
        return self._page(n, before=key[0])

    def _page(
        self, n: int, *, after: int | None = None, before: int | None = None, backwards: bool = False
    ) -> list[Outgoing | OutgoingAct]:
        """Replies and acts, which share one sequence of numbers, merged."""
        db = self.desk.db
        found: list[Outgoing | OutgoingAct] = [
            *_told(self.desk, outbox.listing(db, n, after=after, before=before, backwards=backwards)),
            *map(OutgoingAct, acts.listing(db, n, after=after, before=before, backwards=backwards)),
        ]
        found.sort(key=lambda each: each.key, reverse=True)
        return found[-n:] if backwards or before is not None else found[:n]

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


def acts_under_way(desk: Desk, limit: int = 50) -> list[OutgoingAct]:
    """Moderation acts that somebody should know of: in line, unsure, or failed while nobody was looking; oldest first."""
    return [OutgoingAct(act) for act in acts.under_way(desk.db, limit)]


def retry(desk: Desk, ident: str) -> Moderated | None:
    """Put a failed reply back in line, which the next sync sends; or do an act again that is unsure or failed, now.

    Gives the act. Raises `NotFound`, `Conflict` where there is nothing to try again, and what goes wrong with an act.
    """
    send = outbox.get(desk.db, ident)
    if send is None:
        act = acts.get(desk.db, ident)
        if act is None:
            raise NotFound("That is not in the outbox.")
        from modconsole.desk import moderating  # platforms are of no use to anybody who only sends

        return moderating.again(desk, act)
    if not outbox.retry(desk.db, send.id, desk.now()):
        raise Conflict(f"The reply is {send.state}.", hint="Only one that has failed can be tried again.")
    return None


def take_back(desk: Desk, ident: str) -> undoing.Undone:
    """Take a reply back that has not gone out (it is a draft again), or call off an act; `Conflict` where it is too late.

    An act that is unsure or has failed is let go: it is not shown any more as something to be decided.
    """
    act = acts.get(desk.db, ident)
    if act is not None and act.state in ("unsure", "failed"):
        let_go = f"{act.trouble} {desk.who} let it go.".lstrip()
        if not acts.move(desk.db, act.id, "cancelled", trouble=let_go, expect=("unsure", "failed")):
            raise Conflict("Somebody is trying it again just now.")
        return undoing.Undone(id=act.id, what=act.act, status="", source=act.source, message=act.message)
    return undoing.undo(desk, ident)


def pause(desk: Desk, source: str, paused: bool) -> None:
    """Leave a source out of syncs and sends, or take it in again. Raises `NotFound`."""
    marks.pause(desk.db, source, paused)
