"""What the screens show: pages of lists, the header, a conversation. Plain data; the text of strangers in it is raw.

Pagers are what the list widget asks for rows, from any thread. Every page starts at a key, so the last one costs what the
first one costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.domain.likeness import differ
from modconsole.domain.query import Term, read
from modconsole.domain.records import Decision, Message
from modconsole.domain.times import DAY, MINUTE
from modconsole.errors import NotFound
from modconsole.store import acts, journal, lists, marks, outbox, places, queue, verdicts
from modconsole.store import coverage as looks
from modconsole.store.acts import Moderated, standing
from modconsole.store.coverage import StandingGap
from modconsole.store.lists import Entry, InboxRow, Shown
from modconsole.store.outbox import OutboxRow
from modconsole.store.places import SourceRow
from modconsole.store.queue import QueueRow
from modconsole.store.verdicts import Hit

__all__ = [
    "Conversation",
    "Entry",
    "Header",
    "Hit",
    "InboxPager",
    "InboxRow",
    "Moderated",
    "OutboxRow",
    "QueuePager",
    "QueueRow",
    "Shown",
    "SourceRow",
    "SourceState",
    "StandingGap",
    "conversation",
    "coverage",
    "header",
    "mark_duplicates",
    "message",
    "standing",
    "state_of",
]

SYNC_LEASE = "sync"
"""Name of the lease of whoever syncs a database."""


class QueuePager:
    """The queue, in queue order; with `every` also what is not open."""

    grows = "below"
    """New asks come in at the end: whoever has waited longest stands first."""

    def __init__(self, desk: Desk, query: str = "", *, every: bool = False) -> None:
        self.desk, self.every = desk, every
        self.terms: tuple[Term, ...] = read(query)

    def count(self) -> int:
        """How many asks there are."""
        self.desk.catch_up()
        return queue.size(self.desk.db, self.desk.now(), self.terms, every=self.every)

    def first(self, n: int) -> list[QueueRow]:
        """The first rows."""
        return self._page(n)

    def last(self, n: int) -> list[QueueRow]:
        """The last rows."""
        return self._page(n, backwards=True)

    def after(self, key: queue.Key, n: int) -> list[QueueRow]:
        """Rows after a key."""
        return self._page(n, after=key)

    def before(self, key: queue.Key, n: int) -> list[QueueRow]:
        """Rows before a key, in list order."""
        return self._page(n, before=key)

    def position(self, key: queue.Key) -> int | None:
        """Unknown: counting up to a key would cost what the list is long."""
        return None

    def find(self, row: QueueRow) -> QueueRow | None:
        """The same ask as it stands now, with the key of where it stands now; None where it is no longer listed."""
        names = (row.source, row.conversation, row.thread, row.person)
        found = queue.one(self.desk.db, self.desk.now(), *names, self.terms)
        return found if found is not None and (self.every or found.key[0] < 4) else None

    def _page(
        self, n: int, *, after: queue.Key | None = None, before: queue.Key | None = None, backwards: bool = False
    ) -> list[QueueRow]:
        rows = queue.page(
            self.desk.db,
            self.desk.now(),
            n,
            after=after,
            before=before,
            terms=self.terms,
            every=self.every,
            backwards=backwards,
        )
        return mark_duplicates(self.desk, rows)


class InboxPager:
    """All conversations, newest first; `words` limits them to those in which the words occur."""

    def __init__(self, desk: Desk, words: str = "", *, source: str = "") -> None:
        self.desk, self.words, self.source = desk, words, source

    def count(self) -> int:
        """How many conversations there are."""
        return lists.inbox_size(self.desk.db, self.words, self.source)

    def first(self, n: int) -> list[InboxRow]:
        """The newest ones."""
        return lists.inbox(self.desk.db, n, words=self.words, source=self.source)

    def last(self, n: int) -> list[InboxRow]:
        """The oldest ones."""
        return lists.inbox(self.desk.db, n, backwards=True, words=self.words, source=self.source)

    def after(self, key: lists.InboxKey, n: int) -> list[InboxRow]:
        """Older ones than a key."""
        return lists.inbox(self.desk.db, n, after=key, words=self.words, source=self.source)

    def before(self, key: lists.InboxKey, n: int) -> list[InboxRow]:
        """Newer ones than a key, in list order."""
        return lists.inbox(self.desk.db, n, before=key, words=self.words, source=self.source)

    def position(self, key: lists.InboxKey) -> int | None:
        """Unknown: counting up to a key would cost what the list is long."""
        return None

    def find(self, row: InboxRow) -> InboxRow | None:
        """The same conversation as it stands now."""
        ident = lists.conversation_row_id(self.desk.db, row.source, row.conversation)
        return lists.inbox_row(self.desk.db, ident) if ident is not None else None


def mark_duplicates(desk: Desk, rows: list[QueueRow]) -> list[QueueRow]:
    """Add the badge `possible duplicate` where somebody of the same handle asks the same on another source."""
    handles = {row.handle for row in rows if row.handle and row.key[0] < 4}
    if not handles:
        return rows
    others = lists.duplicates(desk.db, handles)
    for row in rows:
        for source, *_, text in others.get((row.handle or "").lstrip("@").lower(), ()):
            if source != row.source and row.key[0] < 4 and not differ(row.text, text):
                row.badges = (*row.badges, "possible duplicate")
                break
    return rows


Freshness = Literal["fresh", "stale", "failed"]


class SourceState(Struct, kw_only=True):
    """Whether a source can vouch for what we show of it, and why not. Times are instants."""

    source: SourceRow
    state: Freshness
    checked_at: int | None
    complete_through: int | None
    why: str


class Header(Struct, kw_only=True):
    """What the top line says: what waits, and whether that can be trusted."""

    counts: dict[str, int]
    waiting: int
    overdue: int
    promised_today: int
    sources: list[SourceState]
    backlog: int
    """Of the waiting ones those from before their source was connected; `backlog_overdue` of them are overdue."""
    backlog_overdue: int
    syncing: str
    """Who holds the sync lease; empty where nobody syncs."""


def coverage(desk: Desk, now: int | None = None) -> list[SourceState]:
    """Each source with whether it can vouch for itself at an instant."""
    at = desk.now() if now is None else now
    return [state_of(source, at) for source in places.sources(desk.db)]


def state_of(source: SourceRow, now: int) -> SourceState:
    """Fresh, stale or failed. A source that is only imported is never stale unless it says within what time it would be."""
    state: Freshness = "fresh"
    why = ""
    limit = source.fresh_within if source.fresh_within is not None else (15.0 if source.account else None)
    if source.failed_at is not None and source.failed_at <= now:
        state, why = "failed", source.failure or "the last sync failed"
    elif source.gap is not None:
        state, why = "failed", source.gap
    elif source.account and source.checked_at is None:
        state, why = "stale", "it has not been looked at yet"
    elif limit is not None and (source.complete_through or source.checked_at or 0) < now - int(limit * MINUTE):
        state, why = "stale", f"no complete look for more than {limit:g} minutes"
        if source.checked_at is None and source.complete_through is None:
            why = "no complete look is known"
    return SourceState(
        source=source, state=state, checked_at=source.checked_at, complete_through=source.complete_through, why=why
    )


def header(desk: Desk) -> Header:
    """The figures of the top line."""
    desk.catch_up()
    db, now = desk.db, desk.now()
    counts = queue.counts(db, now)
    backlog, backlog_overdue = queue.backlog(db, now)
    return Header(
        counts=counts,
        waiting=counts.get("waiting", 0),
        overdue=queue.overdue(db, now),
        promised_today=queue.promised_by(db, (now // DAY + 1) * DAY),
        sources=coverage(desk),
        backlog=backlog,
        backlog_overdue=backlog_overdue,
        syncing=marks.holder(db, SYNC_LEASE, now),
    )


@dataclass
class Conversation:
    """One conversation for the screen: where every message stands, and texts on demand."""

    desk: Desk
    row_id: int
    row: InboxRow
    entries: list[Entry]
    asks: list[QueueRow]
    decisions: list[Decision]
    sends: list[OutboxRow]
    acts: list[Moderated]
    """Moderation here, and what was done elsewhere to the people who write here; oldest first."""
    gap: StandingGap | None = None
    """What of it cannot be seen, and why."""
    hits: list[Hit] = field(default_factory=list)
    """What rules found in its messages, oldest first."""
    _texts: dict[int, Shown] = field(default_factory=dict)

    def texts(self, start: int, stop: int) -> list[Shown]:
        """The messages of entries `start` to `stop`, with their texts."""
        wanted = [entry.row_id for entry in self.entries[start:stop]]
        if len(self._texts) > 2_000:
            self._texts.clear()
        missing = [ident for ident in wanted if ident not in self._texts]
        if missing:
            self._texts.update(lists.messages(self.desk.db, missing))
        return [self._texts[ident] for ident in wanted if ident in self._texts]

    def versions(self, row_id: int) -> list[Message]:
        """Earlier and current versions of a message, oldest first."""
        return lists.versions(self.desk.db, row_id)


def conversation(desk: Desk, source: str, ident: str) -> Conversation:
    """Everything about one conversation. Raises `NotFound`."""
    db, now = desk.db, desk.now()
    row_id = lists.conversation_row_id(db, source, ident)
    if row_id is None:
        raise NotFound(f"There is no conversation {ident!r} in source {source!r}.")
    row = lists.inbox_row(db, row_id)
    return Conversation(
        desk=desk,
        row_id=row_id,
        row=row,
        entries=lists.entries(db, row_id),
        asks=queue.of_conversation(db, now, row_id),
        decisions=journal.decisions_on(db, row_id),
        sends=outbox.of_conversation(db, row_id),
        gap=looks.gap_of_conversation(db, row_id),
        acts=acts.in_conversation(db, row_id),
        hits=verdicts.in_conversation(db, row_id),
    )


def message(desk: Desk, source: str, ident: str) -> Shown:
    """One message. Raises `NotFound`."""
    found = lists.message(desk.db, source, ident)
    if found is None:
        raise NotFound(f"There is no message {ident!r} in source {source!r}.")
    return found


def search(desk: Desk, words: str, limit: int, *, source: str = "") -> list[lists.Hit]:
    """Messages that hold all the words, the latest stored first."""
    return lists.search(desk.db, words, limit, source=source)


def journal_of(desk: Desk, limit: int, *, mine: bool = False) -> list[journal.Done]:
    """The latest acts, newest first: everybody's, or mine."""
    return journal.journal(desk.db, limit, by=desk.who if mine else None)
