"""Made-up worlds: few people, few times and few ids, so that everything meets everything.

The pools are small on purpose. Times fall on the half hours of two days, so that clocks are skewed and times are equal;
ids are such that text order and number order disagree; parents and quotes may be anything, known or not. Most choices
are tilted towards what happens in life, or hardly any ask of a world would ever be answered.

A world is made from a `random.Random`. Hypothesis brings one whose every choice it can shrink; a plain one makes many
worlds quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar, get_args

import msgspec
from hypothesis import strategies as st

from modconsole.domain.records import (
    STATES,
    Act,
    Answer,
    Author,
    Conversation,
    ConversationKind,
    Coverage,
    Decision,
    Gap,
    Identity,
    Message,
    Reaction,
    Record,
    Send,
    SendState,
    Source,
    State,
)
from modconsole.domain.times import to_instant

T = TypeVar("T")

START = datetime(2026, 3, 2, tzinfo=UTC)
LAST = 96
ROOMS = ["c1", "c2", "c10"]
PEOPLE = ["ann", "ben"]
EVERYBODY = [*PEOPLE, *PEOPLE, *PEOPLE, "us", "us", "us", "us", "page", "bot", "goodbot", "other"]
IDS = ["1", "2", "9", "10", "a2", "a10", "b", "x", "01"]
NOWHERE = "nowhere"
TEXTS = [
    "Where is my parcel 4711, please?",
    "where is my parcel 4711 please!!",
    "Where is my parcel 4711, please? And where is the invoice?",
    "Something else altogether.",
    "Thanks!",
    "",
    "Ｗhere is my parcel ４７１１, please?",
    "<p>Where is my <b>parcel</b> 4711, please?</p>",
    "abcdefghi",
    "abcdefghixx",
    "abcdefghixxx",
]
ALL_OF_US = [
    Identity(id="us"),
    Identity(id="page", kind="page"),
    Identity(id="bot", kind="bot"),
    Identity(id="goodbot", kind="bot", counts=True),
]
ACTS: list[Act] = [*["close", "promise", "link"] * 4, *["reopen", "snooze", "snooze", "unsnooze"] * 2, *get_args(Act)]  # type: ignore[list-item]


class Maker:
    """Makes one world by throwing dice."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.records: list[Record] = []
        self.number = 0

    def one_of(self, choices: Sequence[T]) -> T:
        """Any of these."""
        return choices[self.dice.randrange(len(choices))]

    def once_in(self, n: int) -> bool:
        """True once in n times."""
        return self.dice.randrange(n) == n - 1

    def moment(self, last: int = LAST) -> datetime:
        """A half hour, counted from the start."""
        return START + timedelta(minutes=30 * self.dice.randrange(last))

    def maybe_moment(self, one_in: int = 2, last: int = LAST) -> datetime | None:
        """A time, or none."""
        return self.moment(last) if self.once_in(one_in) else None

    def world(self) -> list[Record]:
        """All records of one or two sources."""
        for source in ["blog", "chat"][: 2 if self.once_in(6) else 1]:
            self.source(source)
        return self.records

    def source(self, source: str) -> None:
        """One source: how it is described, what was written there, what we did."""
        ids = list(IDS)
        self.dice.shuffle(ids)
        ids = ids[: self.one_of([2, 4, 6, len(IDS)])]
        rooms = ROOMS[: self.one_of([1, 2, 3])]
        for n in range(self.one_of([1, 1, 1, 0, 2])):
            self.records.append(self.description(source, n))
        for room in rooms:
            for n in range(self.one_of([1, 1, 1, 1, 0, 2])):
                self.records.append(self.conversation(source, room, n))
        for ident in ids:
            self.message(source, ident, self.one_of(rooms), ids)
        known = [r for r in self.records if isinstance(r, Message) and r.source == source]
        for _ in range(self.one_of([0, 1, 2, 4])):
            self.decision(known)
        for _ in range(self.one_of([0, 0, 1, 2])):
            self.send(known)
        for _ in range(self.one_of([0, 0, 0, 1, 3])):
            self.records.append(self.look(source, rooms))
        if self.once_in(4):
            self.reaction(known)

    def description(self, source: str, n: int) -> Source:
        """A description of a source; a later one may have other identities."""
        identities = list(ALL_OF_US)
        if self.once_in(5):
            identities = [i for i in [*ALL_OF_US, Identity(id="ben")] if self.once_in(2)]
        return Source(
            id=source,
            platform="test",
            identities=identities,
            answer=self.one_of([None, None, None, *get_args(Answer)]),
            target_hours=self.one_of([None, 1, 8, 48]),
            connected_at=self.maybe_moment(4),
            observed_at=START + timedelta(days=10 - n) if n or self.once_in(2) else START + timedelta(days=9.5),
        )

    def conversation(self, source: str, room: str, n: int) -> Conversation:
        """A description of a conversation."""
        kinds: list[ConversationKind] = ["dm"] if room == "c2" and self.once_in(2) else [*get_args(ConversationKind)]
        return Conversation(
            source=source,
            id=room,
            kind=self.one_of(kinds),
            opened_by=self.one_of(EVERYBODY) if self.once_in(4) else None,
            reply_until=self.maybe_moment(3, 160),
            observed_at=START + timedelta(days=10 - n),
        )

    def message(self, source: str, ident: str, room: str, ids: list[str]) -> None:
        """A message, and sometimes more versions of it."""
        kinds: list[ConversationKind | None] = [None, None, "dm", "forum", "group_dm"]
        message = Message(
            source=source,
            id=ident,
            conversation=room,
            author=Author(id=self.one_of(EVERYBODY), kind="bot" if self.once_in(20) else None),
            created_at=self.moment(),
            text=self.one_of(TEXTS),
            kind=self.one_of(kinds),
            parent=None if self.once_in(3) else self.one_of([*ids, *ids, NOWHERE]),
            quotes=self.one_of([*ids, NOWHERE]) if self.once_in(8) else None,
            mentions=[self.one_of(EVERYBODY)] if self.once_in(6) else None,
            visibility=self.one_of(["private", "internal"]) if self.once_in(15) else None,
            automatic=True if self.once_in(20) else None,
            state=self.state(12),
            observed_at=self.maybe_moment(3),
        )
        self.records.append(message)
        for _ in range(self.one_of([0, 0, 0, 1, 2])):
            self.records.append(self.version(message))

    def state(self, one_in: int) -> State | None:
        """A state; mostly live."""
        return self.one_of(STATES) if self.once_in(one_in) else None

    def version(self, message: Message) -> Message:
        """The same message once more: edited, moderated, deleted."""
        return msgspec.structs.replace(
            message,
            text=message.text if self.once_in(3) else self.one_of(TEXTS),
            format="html" if self.once_in(6) else None,
            edited_at=self.maybe_moment(),
            observed_at=self.maybe_moment(),
            state=self.state(3),
            state_at=self.maybe_moment(3),
        )

    def decision(self, known: list[Message]) -> None:
        """A decision, and sometimes that it was taken back."""
        self.number += 1
        act = self.one_of(ACTS)
        near = self.one_of(known)
        through: str | None = near.id
        if self.once_in(4):
            through = self.one_of([None, NOWHERE, self.one_of(known).id])
        ours = [m for m in known if m.author.id in ("us", "page")]
        to = None
        if act == "link":
            theirs = [m for m in known if m.author.id in PEOPLE and m.conversation != "c2"]
            late = sorted((m for m in ours if m.conversation == "c2"), key=lambda m: m.created_at)
            there = late[-1] if late else self.one_of(known)
            to = self.one_of([there.id, there.id, there.conversation])
            near = self.one_of(theirs or known)
            through = near.id if through else None
        if act == "promise" and ours and not self.once_in(6):
            near = self.one_of(ours)
            through = near.id
        one = Decision(
            id=f"00000000-0000-7000-8000-{self.number:012d}",
            at=self.moment(),
            by="mod",
            act=act,
            source=near.source,
            conversation=near.conversation if not self.once_in(12) else self.one_of(ROOMS),
            person=self.one_of([None, near.author.id, self.one_of(PEOPLE)]),
            through=through,
            until=self.moment(160) if act == "promise" else self.maybe_moment(3, 160),
            to=to,
            reason="so",
            observed_at=START,
        )
        self.records.append(one)
        if self.once_in(10):
            later = START + timedelta(days=1)
            self.records.append(msgspec.structs.replace(one, undone_at=one.at, undone_by="mod", observed_at=later))

    def send(self, known: list[Message]) -> None:
        """A reply on its way, in one or two states."""
        self.number += 1
        near = self.one_of(known)
        reply_to: str | None = near.id
        if self.once_in(3):
            reply_to = self.one_of([None, None, NOWHERE, self.one_of(known).id])
        one = Send(
            id=f"00000000-0000-7000-9000-{self.number:012d}",
            at=self.moment(),
            by="mod",
            source=near.source,
            conversation=near.conversation,
            through=self.one_of([near.id, near.id, self.one_of(known).id, NOWHERE]),
            text="An answer.",
            reply_to=reply_to,
            state="queued",
            message=self.one_of([*[m.id for m in known], NOWHERE]) if self.once_in(2) else None,
        )
        states: tuple[SendState, ...] = get_args(SendState)
        for _ in range(self.one_of([1, 1, 2])):
            self.records.append(msgspec.structs.replace(one, state=self.one_of(states)))

    def look(self, source: str, rooms: list[str]) -> Coverage:
        """What a look at a source or a conversation could vouch for."""
        return Coverage(
            source=source,
            conversation=self.one_of([None, *rooms, *rooms]),
            checked_at=self.moment(),
            complete_through=self.maybe_moment(),
            gap=Gap(why="truncated") if self.once_in(2) else None,
        )

    def reaction(self, known: list[Message]) -> None:
        """A like of ours, or of somebody else."""
        near = self.one_of(known)
        who = Author(id=self.one_of(EVERYBODY))
        self.records.append(Reaction(source=near.source, message=near.id, author=who, name="like", at=self.moment()))


def make_world(dice: Random) -> list[Record]:
    """The records of one world, in the order in which they were made."""
    return Maker(dice).world()


def make_now(dice: Random) -> int:
    """A time to ask at."""
    return to_instant(START + timedelta(minutes=30 * dice.randrange(160)))


worlds: st.SearchStrategy[list[Record]] = st.randoms(use_true_random=False).map(make_world)
nows: st.SearchStrategy[int] = st.integers(0, 159).map(lambda half: to_instant(START + timedelta(minutes=30 * half)))
