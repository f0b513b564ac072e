"""The JSON documents of the command line, as plain values, exactly as the exchange format's page has them.

Times are RFC 3339 text in UTC, absent values are null. What can be long comes as an iterator, to be written piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from modconsole.desk import asks
from modconsole.desk.desk import Desk
from modconsole.desk.views import QueuePager, SourceState, coverage
from modconsole.domain.ask import STATUSES
from modconsole.domain.proof import Proof
from modconsole.domain.query import read
from modconsole.domain.times import to_text
from modconsole.store import coverage as gaps
from modconsole.store import journal, lists, queue, refresh, verify
from modconsole.store.coverage import StandingGap
from modconsole.store.lists import InboxRow
from modconsole.store.outbox import OutboxRow
from modconsole.store.queue import QueueRow
from modconsole.store.verify import Difference

if TYPE_CHECKING:
    from modconsole.desk.covering import Detail
    from modconsole.desk.moderating import Offer
    from modconsole.desk.sources import Changed, Standing
    from modconsole.store.acts import Moderated

PAGE = 1_000
_LAST = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z, the last instant that RFC 3339 can spell
_FIRST = -62_135_596_800_000_000


def time_text(instant: int | None) -> str | None:
    """An instant as text; None for None. What lies beyond the calendar is its last or first instant."""
    return to_text(min(max(instant, _FIRST), _LAST)) if instant is not None else None


@contextmanager
def moment(desk: Desk, now: int | None) -> Iterator[Desk]:
    """A desk whose answers are all those of one moment and of one state of the database. Nothing is written for another moment.

    Without `now` it is the desk's own time, and what has ended by then (a snooze, a promise) is renewed in the database.
    """
    if now is None:
        desk.catch_up()
        at = desk.now()
    else:
        at = now
    fixed = desk.at(at)
    db = fixed.db
    if now is not None and refresh.other_at(db, at):
        with db.pretend():
            refresh.refresh_for(db, at)
            yield fixed
    else:
        with db.read():
            yield fixed


# -- the queue -------------------------------------------------------------------------------------------------------------


class Waiting(Struct, kw_only=True):
    """The answer to "who is waiting?": head and asks in queue order. Valid within the `moment` it was made in."""

    now: int
    counts: dict[str, int]
    coverage: list[SourceState]
    gaps: dict[str, list[StandingGap]]
    """What cannot be seen, by source: see `standing`."""
    rows: Iterator[QueueRow]
    listed: int


def waiting(desk: Desk, query: str = "", *, every: bool = False, limit: int | None = None) -> Waiting:
    """The queue. `counts` are of all asks that match, whatever is listed."""
    now = desk.now()
    terms = read(query)
    found = queue.counts(desk.db, now, terms)
    states = coverage(desk, now)
    return Waiting(
        now=now,
        counts={status: found.get(status, 0) for status in STATUSES},
        coverage=states,
        gaps={state.source.id: standing(desk, state) for state in states},
        rows=_queue_rows(QueuePager(desk, query, every=every), limit),
        listed=queue.size(desk.db, now, terms, every=every),
    )


def _queue_rows(pager: QueuePager, limit: int | None) -> Iterator[QueueRow]:
    left = limit if limit is not None else 1 << 62
    rows = pager.first(min(PAGE, left))
    while rows:
        yield from rows
        left -= len(rows)
        rows = pager.after(rows[-1].key, min(PAGE, left)) if left > 0 else []


def ask(row: QueueRow) -> dict[str, Any]:
    """One ask of the queue."""
    return {
        "source": row.source,
        "conversation": row.conversation,
        "thread": row.thread,
        "person": {"id": row.person, "handle": row.handle, "name": row.name},
        "status": row.status,
        "waiting_since": time_text(row.waiting_since),
        "due_at": time_text(row.due_at),
        "messages": list(row.messages),
        "badges": list(row.badges),
        "backlog": row.backlog,
        "claimed_by": row.claimed_by,
        "suggestion": {"act": row.suggest_act, "reason": row.suggest_reason} if row.suggest_act else None,
    }


GAPS = 100
"""How many conversations with gaps a document about all sources names of each; `conversation_gaps` counts them all."""


def standing(desk: Desk, state: SourceState, *, listed: int = GAPS) -> list[StandingGap]:
    """Every standing gap of a source: its own, then those of its conversations, of these at most `listed`."""
    source = state.source
    return gaps.gaps(desk.db, source.id, listed) if source.gap is not None or source.gaps else []


def look(state: SourceState, found: list[StandingGap]) -> dict[str, Any]:
    """Whether a source can vouch for what is shown of it, and what it cannot see."""
    source = state.source
    return {
        "source": source.id,
        "state": state.state,
        "checked_at": time_text(state.checked_at),
        "complete_through": time_text(state.complete_through),
        "why": state.why or None,
        "last_full_walk": time_text(source.walked_at),
        "rate_limited_until": time_text(source.retry_at),
        "gaps": [gap(each) for each in found],
        "conversation_gaps": source.gaps,
        "set_aside": source.poisoned,
    }


def gap(each: StandingGap) -> dict[str, Any]:
    """One thing that cannot be seen; without a conversation it is of the source as a whole."""
    return {
        "conversation": each.conversation,
        "why": each.why,
        "since": time_text(each.since),
        "from": time_text(each.begins),
        "to": time_text(each.ends),
    }


def waiting_head(found: Waiting) -> dict[str, Any]:
    """Everything of the document but its asks."""
    return {
        "now": time_text(found.now),
        "counts": found.counts,
        "coverage": [look(state, found.gaps[state.source.id]) for state in found.coverage],
    }


# -- proofs ----------------------------------------------------------------------------------------------------------------


def why(desk: Desk, source: str, message: str) -> tuple[Proof, dict[str, Any]]:
    """The proof for a message, and its document."""
    proof = asks.why(desk, source, message)
    because: list[dict[str, Any]] = []
    for entry in proof.because:
        named = {"decision": entry.decision} if entry.decision is not None else {"message": entry.message}
        because.append({**named, "effect": entry.effect, "reason": entry.reason})
    missing = gaps.gap_of_message(desk.db, source, message)
    return proof, {
        "status": proof.status,
        "waiting_since": time_text(proof.waiting_since),
        "because": because,
        "gap": gap(missing) if missing is not None else None,
    }


def verified(desk: Desk, progress: Callable[[int, int], None] | None = None) -> tuple[list[Difference], dict[str, Any]]:
    """Everything recomputed from nothing and compared: the differences, and the document."""
    now = desk.now()
    found = verify.verify(desk.db, now, progress)
    return found, {
        "now": time_text(now),
        "ok": not found,
        "differences": [
            {"where": each.where, "what": each.what, "stored": each.stored, "derived": each.derived} for each in found
        ],
    }


# -- lists -----------------------------------------------------------------------------------------------------------------


def conversation(row: InboxRow) -> dict[str, Any]:
    """One conversation of the inbox."""
    return {
        "source": row.source,
        "conversation": row.conversation,
        "kind": row.kind,
        "title": row.title,
        "messages": row.messages,
        "waiting": row.open_asks,
        "latest": {
            "message": row.message or None,
            "at": time_text(row.last_at) if row.message else None,
            "author": {"id": row.author, "handle": row.handle, "name": row.name},
            "ours": row.ours,
            "state": row.state,
            "text": row.text,
        },
    }


def hit(found: lists.Hit) -> dict[str, Any]:
    """One message that a search found."""
    return {
        "source": found.source,
        "conversation": found.conversation,
        "message": found.message,
        "title": found.title,
        "author": {"id": found.author, "handle": found.handle, "name": found.name},
        "created_at": time_text(found.created),
        "state": found.state,
        "text": found.text,
    }


def acted(done: asks.Acted) -> dict[str, Any]:
    """What an act did."""
    return {"id": done.id, "status": done.status}


def done(act: journal.Done) -> dict[str, Any]:
    """One act of the journal."""
    return {
        "id": act.id,
        "at": time_text(act.at),
        "by": act.by,
        "act": act.what,
        "source": act.source,
        "conversation": act.conversation,
        "person": act.person,
        "through": act.through,
        "undone": act.undone,
        "state": act.state or None,
        "text": act.text,
    } | ({"on": act.on, "label": act.label or None, "until": time_text(act.until)} if act.on else {})


def moderated(act: Moderated) -> dict[str, Any]:
    """One moderation act with what came of it."""
    return {
        "id": act.id,
        "at": time_text(act.at),
        "by": act.by,
        "source": act.source,
        "conversation": act.conversation,
        "act": act.act,
        "on": act.on,
        "target": act.target,
        "message": act.message,
        "person": act.person,
        "label": act.label or None,
        "reason": act.reason or None,
        "until": time_text(act.until),
        "state": act.state,
        "due_at": time_text(act.not_before) if act.state == "queued" else None,
        "was": act.was,
        "became": act.became,
        "undone": act.undone,
        "note": act.note or None,
        "trouble": act.trouble or None,
    }


def offer(each: Offer) -> dict[str, Any]:
    """One act that can be done, or not and why."""
    info = each.info
    return {
        "act": info.act,
        "on": info.on,
        "does": info.does,
        "undo": info.undo or None,
        "takes": sorted(info.takes),
        "needs": sorted(info.needs),
        "choices": list(info.choices),
        "can": not each.why_not,
        "why_not": each.why_not or None,
        "stands": each.stands.id if each.stands is not None else None,
    }


def sending(send: OutboxRow) -> dict[str, Any]:
    """One reply on its way."""
    return {
        "id": send.id,
        "at": time_text(send.at),
        "by": send.by,
        "source": send.source,
        "conversation": send.conversation,
        "reply_to": send.reply_to,
        "state": send.state,
        "attempts": send.attempts,
        "retry_at": time_text(send.retry_at),
        "trouble": send.trouble,
        "message": send.message,
        "text": send.text,
    }


def source(state: SourceState, found: list[StandingGap]) -> dict[str, Any]:
    """One source, with what it can vouch for."""
    row = state.source
    return {
        **look(state, found),
        "platform": row.platform,
        "name": row.name,
        "url": row.url,
        "identities": [
            {"id": each.id, "name": each.name, "handle": each.handle, "kind": each.kind or "person"}
            | ({"counts": True} if each.counts else {})
            for each in row.identities
        ],
        "target_hours": row.target_hours,
        "hours": row.hours,
        "answer": row.answer,
        "fresh_within": row.fresh_within,
        "connected_at": time_text(row.connected_at),
        "synced": row.account,
        "paused": row.paused,
        "open": row.open_asks,
        "conversations": row.conversations,
    }


def detail(found: Detail) -> dict[str, Any]:
    """Everything that is known of one source."""
    row = found.state.source
    return {
        **source(found.state, [*found.gaps, *found.conversations]),
        "title": found.title,
        "failing_since": time_text(row.failed_at),
        "failure": row.failure,
        "hint": row.hint,
        "last_try": time_text(row.tried_at),
        "last_sync": time_text(row.synced_at),
        "missing": found.missing,
        "identity": found.identity or None,
        "secret_kept_in": found.secret or None,
        "interval": found.interval,
        "syncing": found.syncing or None,
        "messages": found.holdings.messages,
        "people": found.holdings.people,
        "held": found.holdings.held,
        "items_set_aside": [
            {"id": each.ident, "at": time_text(each.at), "why": each.why, "bytes": each.size}
            for each in found.set_aside
        ],
    }


def change(each: Changed) -> dict[str, Any]:
    """One ask that stands differently after a change."""
    return {
        "conversation": each.conversation,
        "thread": each.thread,
        "person": each.person,
        "before": _stands(each.before),
        "after": _stands(each.after),
    }


def _stands(each: Standing | None) -> dict[str, Any]:
    return {
        "status": each.status if each is not None else None,
        "waiting_since": time_text(each.since) if each is not None else None,
        "due_at": time_text(each.due_at) if each is not None else None,
        "backlog": each.backlog if each is not None else False,
    }
