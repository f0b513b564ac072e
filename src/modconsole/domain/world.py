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
from modconsole.domain.board import linked_from
from modconsole.domain.case import Case, Dispatch, Item, Linked, Member, Ruling, default_answer
from modconsole.domain.order import first_of
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


def dispatch_of(send: Send, *, here: bool, landed: bool) -> Dispatch:
    """A send as it bears on waiting in a conversation; `landed` when the store has the message that it names."""
    return Dispatch(
        id=send.id,
        at=to_instant(send.at),
        by=send.by,
        state=send.state,
        through=send.through,
        reply_to=send.reply_to,
        message=send.message,
        here=here,
        landed=landed,
    )


def kind_of(
    conversation: Conversation | None, items: list[Item], kinds: dict[str, ConversationKind]
) -> ConversationKind:
    """A conversation's kind: as described, else that of its first message, else `comments`.

    `kinds` are those that messages give, by message id.
    """
    if conversation is not None:
        return conversation.kind
    first = first_of(items) if kinds else None
    return kinds.get(first.id, "comments") if first is not None else "comments"


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


def _case(world: World, source: str, ident: str, messages: list[list[Message]], *, linked: bool = True) -> Case:
    described = world.conversations.get((source, ident))
    settings = world.sources[source]
    items = [item_of(every) for every in messages]
    kind = kind_of(described, items, {every[-1].id: every[-1].kind for every in messages if every[-1].kind})
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
        items=items,
        opened_by=described.opened_by if described is not None else None,
        reply_until=to_instant(described.reply_until) if described is not None and described.reply_until else None,
        target=target_of(settings),
        hours=settings.hours,
        connected_at=to_instant(settings.connected_at) if settings.connected_at is not None else None,
        rulings=rulings,
        dispatches=[
            dispatch_of(s, here=s.conversation == ident, landed=(source, s.message) in world.messages)
            for s in world.sends.values()
            if s.source == source and (s.conversation == ident or s.message in {every[-1].id for every in messages})
        ],
        linked={r.to: _linked(world, source, r.to) for r in rulings if linked and r.act == "link" and r.to},
        gap=(coverage.gap.why or "a part could not be seen") if coverage is not None and coverage.gap else None,
        vouched=partial(_vouched, world.looks.get(source, [])),
    )


def _vouched(looks: list[tuple[int, int]], before: int) -> int | None:
    return max((through for checked, through in looks if checked < before), default=None)


def _linked(world: World, source: str, to: str) -> list[Linked]:
    """The replies of ours that a link leads to: the message of that id, or all of that conversation."""
    homes = {to}
    if (source, to) in world.messages:
        homes.add(world.messages[source, to][-1].conversation)
    found: list[Linked] = []
    for home in homes:
        messages = [e for e in world.messages.values() if (e[-1].source, e[-1].conversation) == (source, home)]
        if messages:
            found += linked_from(_case(world, source, home, messages, linked=False), to)
    return found
