"""The answer from exchange records alone: everything in memory, nothing stored.

This is the plain reading of the specification, record by record. Scenarios and laws are stated with it, and it shows anybody
how to check a database's answers with their own program. The store keeps the same answer incrementally.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TypeVar

from msgspec import Struct, field

from modconsole.domain import versions
from modconsole.domain.ask import Ask
from modconsole.domain.case import Case, Dispatch, Item, Linked, Member, Ruling, default_answer
from modconsole.domain.order import natural
from modconsole.domain.proof import Proof, prove
from modconsole.domain.records import (
    Conversation,
    ConversationKind,
    Coverage,
    Decision,
    Identity,
    Message,
    Record,
    Send,
    Source,
)
from modconsole.domain.times import HOUR, to_instant
from modconsole.domain.waiting import derive, newcomers, queue_key
from modconsole.errors import NotFound

Described = TypeVar("Described", Source, Conversation)
Name = TypeVar("Name", str, tuple[str, str])


class World(Struct):
    """All records, merged: of each thing the version that counts."""

    sources: dict[str, Source] = field(default_factory=dict)
    conversations: dict[tuple[str, str], Conversation] = field(default_factory=dict)
    messages: dict[tuple[str, str], list[Message]] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    sends: dict[str, Send] = field(default_factory=dict)
    coverage: dict[tuple[str, str | None], Coverage] = field(default_factory=dict)
    looks: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Of each source every look without a conversation: when it was made, and up to when it vouched."""


def answer(records: Iterable[Record], now: int) -> list[Ask]:
    """All asks in queue order: the open ones first, then the others. `now` is an instant."""
    world = merge(records)
    asks: list[Ask] = []
    for case in cases(world):
        asks.extend(derive(case, now).asks)
    current = [every[-1] for every in world.messages.values()]
    first: dict[tuple[str, str], int] = {}
    for message in current:
        who, at = (message.source, message.author.id), to_instant(message.created_at)
        first[who] = min(at, first.get(who, at))
    newcomers(asks, first, {(m.source, m.id): to_instant(m.created_at) for m in current})
    targets = {ident: target_of(source) for ident, source in world.sources.items()}
    return sorted(asks, key=lambda ask: queue_key(ask, now, targets[ask.source]))


def explain(records: Iterable[Record], source: str, message: str, now: int) -> Proof:
    """Why the author of a message waits, or does not. Raises `NotFound` for a message that is not in the records."""
    world = merge(records)
    versions_ = world.messages.get((source, message))
    if versions_ is None:
        raise NotFound(f"There is no message {message!r} in source {source!r}.")
    home = (source, versions_[-1].conversation)
    return prove(next(case for case in cases(world) if (case.source, case.id) == home), message, now)


def merge(records: Iterable[Record]) -> World:
    """Put records together so that neither their order nor repetition matters."""
    world = World()
    seen: dict[tuple[str, str], set[bytes]] = {}
    for record in records:
        if isinstance(record, Message):
            message = versions.tidy(record)
            key, body = (message.source, message.id), versions.canonical(message)
            if body not in seen.setdefault(key, set()):
                seen[key].add(body)
                world.messages.setdefault(key, []).append(message)
        elif isinstance(record, Source):
            _described(world.sources, record.id, record)
        elif isinstance(record, Conversation):
            _described(world.conversations, (record.source, record.id), record)
        elif isinstance(record, Decision):
            record = versions.tidied(record)
            known = world.decisions.get(record.id)
            if known is None or versions.decision_key(record) >= versions.decision_key(known):
                world.decisions[record.id] = record
        elif isinstance(record, Send):
            record = versions.tidied(record)
            sent = world.sends.get(record.id)
            if sent is None or versions.send_key(record) > versions.send_key(sent):
                world.sends[record.id] = record
        elif isinstance(record, Coverage):
            _look(world, versions.tidied(record))
    for every in world.messages.values():
        every.sort(key=versions.version_key)
    return world


def cases(world: World) -> list[Case]:
    """One case for each conversation that is described or has a message; sources without a record have none of us."""
    homes: dict[tuple[str, str], list[list[Message]]] = {key: [] for key in world.conversations}
    for every in world.messages.values():
        homes.setdefault((every[-1].source, every[-1].conversation), []).append(every)
    for source, _ in homes:
        world.sources.setdefault(source, Source(id=source, platform=""))
    return [_case(world, *home, messages) for home, messages in homes.items()]


def members_of(identities: Iterable[Identity]) -> dict[str, Member]:
    """Our identities, by author id."""
    return {
        identity.id: Member(identity.kind or "person", identity.kind != "bot" or bool(identity.counts))
        for identity in identities
    }


def target_of(source: Source) -> int:
    """A source's target in microseconds; 24 hours where it does not say."""
    return int((source.target_hours if source.target_hours is not None else 24) * HOUR)


def item_of(every: list[Message]) -> Item:
    """A message as the question sees it, from all its versions in order."""
    message = every[-1]
    return Item(
        id=message.id,
        author=message.author.id,
        created=to_instant(message.created_at),
        text=message.text,
        parent=message.parent,
        quotes=message.quotes,
        mentions=tuple(message.mentions or ()),
        state=message.state or "live",
        silent=bool(message.automatic) or message.visibility == "internal",
        bot=message.author.kind == "bot",
        format=message.format or "text",
        edited=to_instant(message.edited_at) if message.edited_at is not None else None,
        first_observed=versions.first_observed(every),
        texts=versions.texts_of(every),
    )


def ruling_of(decision: Decision) -> Ruling:
    """A decision as it bears on waiting."""
    return Ruling(
        id=decision.id,
        at=to_instant(decision.at),
        by=decision.by,
        act=decision.act,
        person=decision.person,
        through=decision.through,
        until=to_instant(decision.until) if decision.until is not None else None,
        reason=decision.reason or "",
        to=decision.to,
    )


def dispatch_of(send: Send) -> Dispatch:
    """A send as it bears on waiting."""
    return Dispatch(send.id, to_instant(send.at), send.by, send.state, send.through, send.reply_to, send.message)


def kind_of(conversation: Conversation | None, first: Message | None) -> ConversationKind:
    """A conversation's kind: as described, else that of its first message, else `comments`."""
    if conversation is not None:
        return conversation.kind
    return (first.kind if first is not None else None) or "comments"


def earliest(messages: Iterable[Message]) -> Message | None:
    """The first message of a conversation that nobody described: by its own time, then by natural id."""
    return min(messages, key=lambda m: (to_instant(m.created_at), natural(m.id)), default=None)


def _described(into: dict[Name, Described], key: Name, record: Described) -> None:
    """The latest `observed_at` counts; where there is none, the last line."""
    known = into.get(key)
    if known is None or _seen(record) >= _seen(known):
        into[key] = record


def _seen(record: Source | Conversation) -> int:
    return to_instant(record.observed_at) if record.observed_at is not None else -(1 << 62)


def _look(world: World, record: Coverage) -> None:
    key = (record.source, record.conversation)
    known = world.coverage.get(key)
    if known is None or versions.coverage_key(record) > versions.coverage_key(known):
        world.coverage[key] = record
    if record.complete_through is not None and record.conversation is None:
        look = (to_instant(record.checked_at), to_instant(record.complete_through))
        world.looks.setdefault(record.source, []).append(look)


def _case(world: World, source: str, ident: str, messages: list[list[Message]]) -> Case:
    described = world.conversations.get((source, ident))
    settings = world.sources[source]
    kind = kind_of(described, earliest(every[-1] for every in messages))
    coverage = world.coverage.get((source, ident))
    rulings = [
        ruling_of(d)
        for d in world.decisions.values()
        if (d.source, d.conversation) == (source, ident) and d.undone_at is None
    ]
    members = members_of(settings.identities or ())
    return Case(
        source=source,
        id=ident,
        kind=kind,
        answer=settings.answer or default_answer(kind),
        members=members,
        items=[item_of(every) for every in messages],
        opened_by=described.opened_by if described is not None else None,
        reply_until=to_instant(described.reply_until) if described is not None and described.reply_until else None,
        target=target_of(settings),
        hours=settings.hours,
        connected_at=to_instant(settings.connected_at) if settings.connected_at is not None else None,
        rulings=rulings,
        dispatches=[dispatch_of(s) for s in world.sends.values() if (s.source, s.conversation) == (source, ident)],
        linked={r.to: _linked(world, source, members, r.to) for r in rulings if r.act == "link" and r.to},
        gap=(coverage.gap.why or "a part could not be seen") if coverage is not None and coverage.gap else None,
        vouched=partial(_vouched, world.looks.get(source, [])),
    )


def _vouched(looks: list[tuple[int, int]], before: int) -> int | None:
    return max((through for checked, through in looks if checked < before), default=None)


def _linked(world: World, source: str, members: dict[str, Member], to: str) -> list[Linked]:
    """The live replies of ours in a direct message that a link leads to: the message of that id, or all of that conversation."""
    found = []
    for (home, ident), every in world.messages.items():
        message = every[-1]
        member = members.get(message.author.id)
        if home != source or member is None or not member.replies or to not in (ident, message.conversation):
            continue
        described = world.conversations.get((source, message.conversation))
        kind = kind_of(described, message)
        quiet = message.automatic or message.visibility == "internal" or (message.state or "live") != "live"
        if kind == "dm" and not quiet:
            found.append(Linked(ident, message.author.id, to_instant(message.created_at)))
    return found
