"""What the records say, by the letter of the exchange format: which version counts, and in which order messages stand.

Everything is searched from the start each time it is asked for: slow, and too simple to be wrong in the same way as a
fast program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from modconsole.domain.records import (
    SEND_STATES,
    STATES,
    Conversation,
    Coverage,
    Decision,
    Identity,
    Message,
    Record,
    Send,
    Source,
)
from modconsole.domain.times import to_instant

Described = TypeVar("Described", Source, Conversation, Decision)
OrderKey = tuple[int, int, tuple[tuple[int, int, str], ...], str]


def instant(moment: datetime | None, default: int) -> int:
    """The instant of a time, or the default where there is none."""
    return default if moment is None else to_instant(moment)


def canonical(record: Record) -> str:
    """Canonical JSON: the last word between two records that nothing else tells apart."""
    return json.dumps(msgspec.to_builtins(record), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def latest(records: Sequence[Described]) -> Described:
    """The description that counts: the latest `observed_at`; where none carries it, the last line."""
    seen = [r for r in records if r.observed_at is not None]
    if not seen:
        return records[-1]
    return max(seen, key=lambda r: (instant(r.observed_at, 0), canonical(r)))


def version_key(message: Message) -> tuple[int, int, str, str]:
    """The order of the versions of one message."""
    moments = [m for m in (message.created_at, message.edited_at, message.state_at) if m is not None]
    seen = instant(message.observed_at, max(to_instant(m) for m in moments))
    return seen, STATES.index(message.state or "live"), message.text, canonical(message)


def natural(native: str) -> tuple[tuple[int, int, str], ...]:
    """Native ids in natural order: runs of digits as numbers, before text."""
    runs = re.findall(r"[0-9]+|[^0-9]+", native)
    return tuple((0, int(run), "") if run[0] in "0123456789" else (1, 0, run) for run in runs)


class World:
    """All records of an import, with the superseded ones set aside."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.records = list(records)

    def source(self, source: str) -> Source:
        """The description of a source; an empty one where it is never described."""
        found = [r for r in self.records if isinstance(r, Source) and r.id == source]
        return latest(found) if found else Source(id=source, platform="")

    def identity(self, source: str, author: str) -> Identity | None:
        """Whether an author id is us on a source, and of which kind."""
        found = [i for i in self.source(source).identities or [] if i.id == author]
        return found[-1] if found else None

    def described(self, source: str, conversation: str) -> Conversation | None:
        """The description of a conversation, if it has one."""
        found = [r for r in self.records if isinstance(r, Conversation) and (r.source, r.id) == (source, conversation)]
        return latest(found) if found else None

    def versions(self, source: str, message: str) -> list[Message]:
        """All versions of a message, from the first to the current one."""
        found = [r for r in self.records if isinstance(r, Message) and (r.source, r.id) == (source, message)]
        return sorted(found, key=version_key)

    def messages(self, source: str) -> list[Message]:
        """The current version of every message of a source."""
        ids = dict.fromkeys(r.id for r in self.records if isinstance(r, Message) and r.source == source)
        return [self.versions(source, native)[-1] for native in ids]

    def decisions(self, source: str, conversation: str) -> list[Decision]:
        """The decisions made in a conversation that were not undone, from the oldest to the newest."""
        all_of_it = [r for r in self.records if isinstance(r, Decision) and r.source == source]
        ids = dict.fromkeys(r.id for r in all_of_it)
        current = [latest([r for r in all_of_it if r.id == one]) for one in ids]
        standing = [d for d in current if d.conversation == conversation and d.undone_at is None]
        return sorted(standing, key=lambda d: (to_instant(d.at), d.id))

    def sends(self, source: str) -> list[Send]:
        """The sends of a source, each as far on as any record says."""
        all_of_it = [r for r in self.records if isinstance(r, Send) and r.source == source]
        ids = dict.fromkeys(r.id for r in all_of_it)

        def far(send: Send) -> tuple[int, int, str]:
            return SEND_STATES.index(send.state), to_instant(send.at), canonical(send)

        return [max((r for r in all_of_it if r.id == one), key=far) for one in ids]

    def gap(self, source: str, conversation: str) -> bool:
        """Whether the latest look at a conversation could not see all of it."""
        found = [
            r for r in self.records if isinstance(r, Coverage) and (r.source, r.conversation) == (source, conversation)
        ]

        def when(look: Coverage) -> tuple[int, int, bool, str]:
            return to_instant(look.checked_at), instant(look.observed_at, 0), look.gap is not None, canonical(look)

        return bool(found) and max(found, key=when).gap is not None

    def conversations(self) -> list[tuple[str, str]]:
        """Every conversation that has messages."""
        sources = dict.fromkeys(r.source for r in self.records if isinstance(r, Message))
        return list(dict.fromkeys((s, m.conversation) for s in sources for m in self.messages(s)))


class Room:
    """One conversation: its messages, who is a parent of whom, and in which order they stand."""

    def __init__(self, world: World, source: str, conversation: str) -> None:
        self.world = world
        self.source = source
        self.id = conversation
        mine = [m for m in world.messages(source) if m.conversation == conversation]
        self.by_id = {m.id: m for m in mine}
        self.identities = {i.id: i for i in world.source(source).identities or []}
        self.parents = {m.id: self._resolved(m) for m in mine}
        self.keys = {m.id: self._key(m) for m in mine}
        self.messages = sorted(mine, key=lambda m: self.keys[m.id])
        described = world.described(source, conversation)
        first = self.messages[0] if self.messages else None
        self.kind = described.kind if described else (first.kind if first and first.kind else "comments")
        self.reply_until = described.reply_until if described else None
        named = described.opened_by if described else None
        self.opener = named if named is not None else (first.author.id if first else "")
        self.sends = world.sends(source)
        self.decisions = world.decisions(source, conversation)

    def _resolved(self, message: Message) -> str | None:
        """The parent of a message within the conversation; none for the earliest message of a circle."""
        if message.parent is None or message.parent not in self.by_id:
            return None
        circle = [message]
        while True:
            above = circle[-1].parent
            if above is None or above not in self.by_id:
                return message.parent
            if above == message.id:
                break
            if above in [m.id for m in circle]:
                return message.parent
            circle.append(self.by_id[above])
        earliest = min(circle, key=lambda m: (to_instant(m.created_at), natural(m.id), m.id))
        return None if earliest.id == message.id else message.parent

    def above(self, message: Message) -> list[Message]:
        """The parents of a message, from its own to the root."""
        chain: list[Message] = []
        parent = self.parents[message.id]
        while parent is not None:
            chain.append(self.by_id[parent])
            parent = self.parents[parent]
        return chain

    def effective(self, message: Message) -> int:
        """The time of a message, but never before its parent's."""
        return max(to_instant(m.created_at) for m in [message, *self.above(message)])

    def _key(self, message: Message) -> OrderKey:
        return self.effective(message), len(self.above(message)), natural(message.id), message.id

    def later(self, one: Message, other: Message) -> bool:
        """Whether one message is later than another."""
        return self.keys[one.id] > self.keys[other.id]

    def parent(self, message: Message) -> Message | None:
        """The parent that is known."""
        parent = self.parents[message.id]
        return None if parent is None else self.by_id[parent]

    def quoted(self, message: Message) -> Message | None:
        """The quoted message that is known."""
        return None if message.quotes is None else self.by_id.get(message.quotes)

    def thread(self, message: Message) -> str:
        """The thread that a message is in."""
        if self.kind != "comments":
            return self.id
        return [message, *self.above(message)][-1].id
