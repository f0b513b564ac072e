"""A small language for stating a scenario: what happened, in order, as records of the exchange format.

Times are written `"10:00"` on the first day, or `"3 10:00"` on the third; all in UTC. The source is called `blog` and the
conversation `post` unless told otherwise; `us` is a person of ours, `bot` our bot. Every step returns the story, so that
one scenario reads as one chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from modconsole.domain.ask import Ask
from modconsole.domain.records import (
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
)
from modconsole.domain.times import to_instant

Answering = Callable[[Iterable[Record], int], list[Ask]]

US = [Identity(id="us", name="Us", kind="person"), Identity(id="bot", name="Bot", kind="bot")]
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)


def moment(at: str) -> datetime:
    """`"10:00"` on the first day, `"3 10:00"` on the third."""
    day, _, clock = at.rpartition(" ")
    hour, minute = clock.split(":")
    return FIRST_DAY + timedelta(days=int(day or 1) - 1, hours=int(hour), minutes=int(minute))


def when(at: str) -> int:
    """The instant of a time of a story."""
    return to_instant(moment(at))


def maybe(at: str | None) -> datetime | None:
    """The same, where there may be none."""
    return None if at is None else moment(at)


class Story:
    """Records in the making."""

    def __init__(
        self,
        kind: ConversationKind = "comments",
        *,
        source: str = "blog",
        conversation: str = "post",
        us: list[Identity] | None = None,
        answer: Answer | None = None,
        opened_by: str | None = None,
        reply_until: str | None = None,
        connected_at: str | None = None,
        described: bool = True,
    ) -> None:
        self.source, self.conversation = source, conversation
        self.records: list[Record] = [
            Source(
                id=source,
                platform="test",
                identities=US if us is None else us,
                answer=answer,
                connected_at=maybe(connected_at),
                observed_at=FIRST_DAY,
            ),
        ]
        if described:
            window = maybe(reply_until)
            self.records.append(
                Conversation(source=source, id=conversation, kind=kind, opened_by=opened_by, reply_until=window)
            )
        self.acts = 0

    def message(self, native: str, author: str, at: str, text: str = "", **keys: Any) -> Story:
        """A message, or a version of one. `under` is the parent; times may be written as in a story."""
        for key in ("edited_at", "state_at", "observed_at"):
            keys[key] = maybe(keys.get(key))
        keys["parent"] = keys.pop("under", None)
        kind = keys.pop("author_kind", None)
        keys.setdefault("conversation", self.conversation)
        text = text or f"What about {native}, please?"
        who = Author(id=author, name=author.title(), kind=kind)
        self.records.append(
            Message(source=self.source, id=native, author=who, created_at=moment(at), text=text, **keys)
        )
        return self

    def reply(self, native: str, at: str, under: str | None = None, by: str = "us", **keys: Any) -> Story:
        """A message of ours."""
        return self.message(native, by, at, under=under, **keys)

    def like(self, message: str, at: str, by: str = "us") -> Story:
        """A reaction."""
        self.records.append(
            Reaction(source=self.source, message=message, author=Author(id=by), name="like", at=moment(at))
        )
        return self

    def decide(self, act: Act, at: str, through: str | None = None, by: str = "mod", **keys: Any) -> Story:
        """A decision. `native` names it, for a later version of it."""
        self.acts += 1
        for key in ("until", "undone_at", "observed_at"):
            keys[key] = maybe(keys.get(key))
        keys.setdefault("conversation", self.conversation)
        native = keys.pop("native", f"00000000-0000-7000-8000-{self.acts:012d}")
        self.records.append(
            Decision(id=native, at=moment(at), by=by, act=act, source=self.source, through=through, **keys)
        )
        return self

    def send(self, at: str, through: str, state: SendState, *, native: str = "s1", **keys: Any) -> Story:
        """A reply on its way; to the message it was sent through unless told otherwise."""
        keys.setdefault("reply_to", through)
        keys.setdefault("conversation", self.conversation)
        self.records.append(
            Send(
                id=f"00000000-0000-7000-9000-{native:>12}".replace(" ", "0"),
                at=moment(at),
                by="mod",
                source=self.source,
                through=through,
                text="An answer.",
                state=state,
                **keys,
            )
        )
        return self

    def look(
        self, at: str, *, complete_through: str | None = None, gap: str | None = None, whole_source: bool = False
    ) -> Story:
        """A coverage record of the conversation; `gap` says why something could not be seen."""
        self.records.append(
            Coverage(
                source=self.source,
                conversation=None if whole_source else self.conversation,
                checked_at=moment(at),
                complete_through=maybe(complete_through),
                gap=None if gap is None else Gap(why=gap),
            )
        )
        return self

    def identities(self, observed_at: str, *identities: Identity) -> Story:
        """A later description of the source, with other identities."""
        self.records.append(
            Source(id=self.source, platform="test", identities=list(identities), observed_at=moment(observed_at))
        )
        return self

    def then(self, other: Story) -> Story:
        """This story with the records of another one, for instance of another source."""
        self.records = [*self.records, *other.records]
        return self


story = Story


class Answers:
    """What one implementation says about a story at a time."""

    def __init__(self, answering: Answering, told: Story, now: str) -> None:
        self.queue = answering(told.records, when(now))

    def of(self, person: str, thread: str | None = None, source: str | None = None) -> Ask:
        """The one ask of a person."""
        found = [
            a for a in self.queue if a.person == person and thread in (None, a.thread) and source in (None, a.source)
        ]
        assert len(found) == 1, f"{person} has {len(found)} asks"
        return found[0]
