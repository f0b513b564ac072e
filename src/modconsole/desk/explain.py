"""The proof of an ask for people: who wrote what, and what it does to the wait. The words of strangers in it are raw."""

from __future__ import annotations

from msgspec import Struct

from modconsole.desk import asks
from modconsole.desk.desk import Desk
from modconsole.domain.ask import Ask
from modconsole.domain.proof import Because
from modconsole.domain.records import Decision
from modconsole.domain.times import to_instant
from modconsole.store import coverage, journal, lists, places
from modconsole.store.coverage import StandingGap

MOST = 400
"""Considered messages of which who and what are read; of the others, the reason alone is told."""


class Line(Struct, kw_only=True):
    """One thing that was considered, with what is needed to say it in a sentence. Times are instants."""

    at: int
    covers: bool
    reason: str
    message: str | None = None
    who: str = ""
    ours: str = ""
    """Of a message of ours the kind of identity that wrote it."""
    text: str = ""
    act: str = ""
    """Of a decision what it was; `by` who made it."""
    by: str = ""
    others: bool = False
    """Whether it is a decision about somebody else, which could not have anything to do with this wait."""


class Explanation(Struct, kw_only=True):
    """Why somebody waits, or does not."""

    source: str
    conversation: str
    message: str
    status: str
    item: str
    """Status of the message itself, which can differ from its ask's: an earlier message may be answered already."""
    who: str
    text: str
    at: int
    first_text: str
    """The text of the ask's earliest uncovered message, which is the one that waits longest."""
    ask: Ask | None
    lines: list[Line]
    target_hours: float
    hours: str | None
    gap: StandingGap | None = None
    """What of the conversation cannot be seen: who waits there may not be known."""


def explain(desk: Desk, source: str, message: str) -> Explanation:
    """The proof for a message, told. Raises `NotFound`."""
    db = desk.db
    proof = asks.why(desk, source, message)
    shown = lists.message(db, source, message)
    assert shown is not None  # the proof would have raised
    settings = next(row for row in places.sources(db) if row.id == source)
    considered = {each.message for each in proof.because[-MOST:] if each.message is not None}
    told = {each: lists.message(db, source, each) for each in considered}
    return Explanation(
        source=source,
        conversation=shown.message.conversation,
        message=message,
        status=proof.status,
        item=proof.item,
        who=_name(shown),
        text=shown.plain,
        at=to_instant(shown.message.created_at),
        first_text=_first(desk, source, proof.ask, message),
        ask=proof.ask,
        lines=[_line(desk, each, told, shown.message.author.id) for each in proof.because],
        target_hours=settings.target_hours,
        hours=settings.hours,
        gap=coverage.gap_of_message(db, source, message),
    )


def _first(desk: Desk, source: str, ask: Ask | None, message: str) -> str:
    """The text of the earliest uncovered message of an ask; empty where that is the message itself, or there is none."""
    if ask is None or not ask.messages or ask.messages[0] == message:
        return ""
    shown = lists.message(desk.db, source, ask.messages[0])
    return shown.plain if shown is not None else ""


def _name(shown: lists.Shown) -> str:
    ours = shown.ours
    if ours is not None and (ours.name or ours.handle):
        return ours.name or ours.handle or ""
    return shown.name or shown.handle or shown.message.author.id


def _kind(shown: lists.Shown) -> str:
    return (shown.ours.kind or "person") if shown.ours is not None else ""


def _line(desk: Desk, because: Because, told: dict[str, lists.Shown | None], person: str) -> Line:
    line = Line(at=because.at, covers=because.effect == "covers", reason=because.reason, message=because.message)
    shown = told.get(because.message or "")
    if shown is not None:
        line.who, line.ours, line.text = _name(shown), _kind(shown), shown.plain
    if because.decision is not None:
        decision = journal.find(desk.db, because.decision)
        if isinstance(decision, Decision):
            line.act, line.by, line.message = decision.act, decision.by, decision.through
            line.others = decision.person not in (None, person)
    return line
