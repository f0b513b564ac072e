"""The receipt of a sweep: who was answered, who was not, and what cannot be said.

A sweep passes only when every source can vouch for what we show of it, nothing of it is unknown, and nobody waits past the
target. What cannot be said wins over everything: a zero that nobody can vouch for is no good news.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.domain.ask import STATUSES
from modconsole.domain.times import to_text
from modconsole.store import coverage, queue, sums
from modconsole.store.coverage import StandingGap
from modconsole.store.db import Db
from modconsole.store.places import SourceRow

GAPS = 100

FINE, LEFT, CANNOT_SAY = 0, 1, 2
"""Nobody is left; somebody waits past the target; it cannot be said."""


class Vouched(Struct, kw_only=True):
    """A source, and whether it can vouch for itself; `why` not, where it cannot."""

    source: SourceRow
    fresh: bool
    why: str


class SourceLine(Struct, kw_only=True):
    """One source on the receipt. Times are instants."""

    source: str
    name: str
    fresh: bool
    why: str
    complete_through: int | None
    items: int
    people: int
    answered: int
    promised: int
    waiting: int
    overdue: int
    backlog_overdue: int
    walked_at: int | None
    """When the last full walk that came to its end had begun."""
    gaps: list[StandingGap]
    """What cannot be seen: of the source, then of at most `GAPS` conversations; `conversation_gaps` counts those."""
    conversation_gaps: int


class Receipt(Struct, kw_only=True):
    """A sweep's outcome. `since` to `until` is the stretch of time that it counts."""

    since: int
    until: int
    by: str
    sources: list[SourceLine]
    counts: dict[str, int]
    closed: dict[str, int]
    reasons: list[str]
    """Why it cannot be said that nobody is left, each in words."""
    outcome: int

    @property
    def overdue(self) -> int:
        """How many wait past the target."""
        return sum(line.overdue for line in self.sources)

    @property
    def carried_over(self) -> int:
        """How many wait, and are still within the target."""
        return sum(line.waiting for line in self.sources) - self.overdue


def make(db: Db, vouched: list[Vouched], *, since: int, until: int, by: str) -> Receipt:
    """The receipt for a stretch of time that ends now (`until`, an instant)."""
    stretch, left = sums.of_stretch(db, since, until), sums.left_over(db, until)
    counts = queue.counts(db, until)
    lines = []
    reasons = [] if vouched else ["There is no source: nobody was looked for."]
    for each in vouched:
        tally, (waiting, overdue, backlog) = stretch[each.source.id], left.get(each.source.id, (0, 0, 0))
        lines.append(
            SourceLine(
                source=each.source.id,
                name=each.source.name,
                fresh=each.fresh,
                why=each.why,
                complete_through=each.source.complete_through,
                items=tally.items,
                people=tally.people,
                answered=tally.statuses.get("answered", 0) + tally.statuses.get("answered_privately", 0),
                promised=tally.statuses.get("promised", 0),
                waiting=waiting,
                overdue=overdue,
                backlog_overdue=backlog,
                walked_at=each.source.walked_at,
                gaps=coverage.gaps(db, each.source.id, GAPS),
                conversation_gaps=each.source.gaps,
            )
        )
        if not each.fresh:
            why = (each.why or "it cannot vouch for itself").rstrip(".")
            reasons.append(f"{why}." if why.startswith(each.source.name) else f"{each.source.name}: {why}.")
    unknown = counts.get("unknown", 0)
    if unknown:
        reasons.append(
            f"{unknown:,} {'ask is' if unknown == 1 else 'asks are'} unknown: a part of the thread could not be seen."
        )
    overdue = sum(line.overdue for line in lines)
    return Receipt(
        since=since,
        until=until,
        by=by,
        sources=lines,
        counts={status: counts.get(status, 0) for status in STATUSES},
        closed=sums.closed_reasons(db, since, until),
        reasons=reasons,
        outcome=CANNOT_SAY if reasons else LEFT if overdue else FINE,
    )


def document(receipt: Receipt) -> dict[str, Any]:
    """The receipt as JSON values."""
    return {
        "since": to_text(receipt.since),
        "now": to_text(receipt.until),
        "by": receipt.by,
        "result": ("nobody is left", "somebody waits past the target", "cannot say")[receipt.outcome],
        "cannot_say": receipt.reasons,
        "overdue": receipt.overdue,
        "carried_over": receipt.carried_over,
        "counts": receipt.counts,
        "closed": receipt.closed,
        "sources": [
            {
                "source": line.source,
                "fresh": line.fresh,
                "why": line.why or None,
                "complete_through": to_text(line.complete_through) if line.complete_through is not None else None,
                "items": line.items,
                "people": line.people,
                "answered": line.answered,
                "promised": line.promised,
                "waiting": line.waiting,
                "overdue": line.overdue,
                "backlog_overdue": line.backlog_overdue,
                "last_full_walk": to_text(line.walked_at) if line.walked_at is not None else None,
                "gaps": [_gap(each) for each in line.gaps],
                "conversation_gaps": line.conversation_gaps,
            }
            for line in receipt.sources
        ],
    }


def _gap(each: StandingGap) -> dict[str, Any]:
    times = {"since": each.since, "from": each.begins, "to": each.ends}
    told = {name: to_text(at) if at is not None else None for name, at in times.items()}
    return {"conversation": each.conversation, "why": each.why, **told}


def verdict(receipt: Receipt) -> str:
    """The last line: what follows from all of it, in words."""
    late = f"{receipt.overdue:,} {'waits' if receipt.overdue == 1 else 'wait'} past the target."
    if receipt.outcome == CANNOT_SAY:
        known = late if receipt.overdue else "Nobody is known to be left past the target."
        return " ".join([known, "It cannot be said that nobody is left.", *receipt.reasons])
    if receipt.overdue:
        return late
    if receipt.carried_over:  # zero past the target is no zero
        n = receipt.carried_over
        return f"Nobody waits past the target; {n:,} {'waits' if n == 1 else 'wait'} within it."
    return "Nobody is left."
