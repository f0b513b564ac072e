"""A conversation as the screen shows it: what belongs to which message, and where the people who wait are.

Made in a thread from `desk.views.Conversation`; the texts are read when the messages come near the screen.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modconsole.desk.views import Conversation

if TYPE_CHECKING:
    from modconsole.desk.views import Entry, Hit, Moderated, OutboxRow, QueueRow, Shown
    from modconsole.domain.records import Decision

UNCOVERED = ("waiting", "sending", "unknown", "snoozed", "promised", "held")
"""Statuses of asks whose items are marked in the conversation."""

MOST_UP = 20
"""Answers to answers of ours that are followed up to a person."""

NEAR = 400
"""How far from its old index a message is looked for before all are."""


@dataclass(frozen=True, slots=True)
class Told:
    """One message with everything that is shown of it. All text of strangers is raw."""

    index: int
    entry: Entry
    shown: Shown
    ask: QueueRow | None = None
    """The ask that this message is an uncovered item of."""
    first_comment: bool = False
    decisions: tuple[Decision, ...] = ()
    sends: tuple[OutboxRow, ...] = ()
    acts: tuple[Moderated, ...] = ()
    """Moderation of this message, and of the person or the place as seen at it."""
    stands: tuple[Moderated, ...] = ()
    """What we have done to its author and still holds, as a ban."""
    hits: tuple[Hit, ...] = ()
    """What rules found in it."""
    sent_by: str = ""
    """Who wrote this reply of ours at this desk; empty where it was written elsewhere, or by them."""


@dataclass
class Talk:
    """The messages of a conversation, by index in reading order. Keeps the promises of `widgets.thread.Source`."""

    conversation: Conversation
    standing: Sequence[Moderated] = ()
    """What we have done to the people who write here and still holds."""
    waiting: list[int] = field(init=False)
    """Indexes of the earliest uncovered message of each person who waits, ascending."""
    _asks: dict[str, QueueRow] = field(init=False, default_factory=dict)
    _newcomers: set[str] = field(init=False, default_factory=set)
    _decisions: dict[int, list[Decision]] = field(init=False, default_factory=dict)
    _sends: dict[int, list[OutboxRow]] = field(init=False, default_factory=dict)
    _acts: dict[int, list[Moderated]] = field(init=False, default_factory=dict)
    _stands: dict[str, list[Moderated]] = field(init=False, default_factory=dict)
    _hits: dict[int, list[Hit]] = field(init=False, default_factory=dict)
    _authors: dict[str, str] = field(init=False, default_factory=dict)
    _index: dict[str, int] = field(init=False, default_factory=dict)
    _people: dict[tuple[str, str], QueueRow] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        talk = self.conversation
        for ask in talk.asks:
            self._people[ask.thread, ask.person] = ask
            if ask.status in UNCOVERED:
                self._asks.update(dict.fromkeys(ask.messages or (ask.latest,), ask))
            if "new" in ask.badges:
                self._newcomers.add(ask.person)
        decisions = [each for each in talk.decisions if each.undone_at is None]
        sends = [each for each in talk.sends if each.state != "taken_back"]
        named = {each.through for each in decisions} | {each.reply_to for each in sends} | self._asks.keys()
        named |= {each.message for each in sends} | {ask.latest for ask in talk.asks}
        acts = [each for each in talk.acts if each.conversation == talk.row.conversation]
        named |= {each.message for each in acts}
        self._index = {entry.id: at for at, entry in enumerate(talk.entries) if entry.id in named}
        last = len(talk.entries) - 1
        for decision in decisions:
            self._decisions.setdefault(self._index.get(decision.through or "", last), []).append(decision)
        for send in sends:
            if send.message is not None and send.message in self._index:
                self._authors[send.message] = send.by
            else:
                self._sends.setdefault(self._index.get(send.reply_to or "", last), []).append(send)
        for act in acts:
            self._acts.setdefault(self._index.get(act.message or "", last), []).append(act)
        for hit in talk.hits:
            self._hits.setdefault(hit.row_id, []).append(hit)
        for act in self.standing:
            self._stands.setdefault(act.target, []).append(act)
        self.waiting = sorted(self._first(ask) for ask in talk.asks if ask.key[0] < 4)

    def _first(self, ask: QueueRow) -> int:
        places = [self._index[each] for each in (*ask.messages, ask.latest) if each in self._index]
        return min(places, default=0)

    # -- what the widget asks ---------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self.conversation.entries)

    def key(self, index: int) -> Hashable:
        """A message's row id."""
        return self.conversation.entries[index].row_id

    def find(self, key: Hashable, near: int) -> int | None:
        """Where a message is now."""
        entries = self.conversation.entries
        low, high = max(0, near - NEAR), min(len(entries), near + NEAR)
        for places in (range(low, high), range(len(entries))):
            for index in places:
                if entries[index].row_id == key:
                    return index
        return None

    def read(self, start: int, stop: int) -> Sequence[Told]:
        """The messages from `start` to `stop`; reads the store."""
        entries = self.conversation.entries
        texts = {shown.row_id: shown for shown in self.conversation.texts(start, stop)}
        return [
            Told(
                index=index,
                entry=entries[index],
                shown=texts[entries[index].row_id],
                ask=self._asks.get(entries[index].id),
                first_comment=entries[index].author in self._newcomers,
                decisions=tuple(self._decisions.get(index, ())),
                sends=tuple(self._sends.get(index, ())),
                acts=tuple(self._acts.get(index, ())),
                stands=tuple(self._stands.get(entries[index].author, ())),
                hits=tuple(self._hits.get(entries[index].row_id, ())),
                sent_by=self._authors.get(entries[index].id, ""),
            )
            for index in range(start, min(stop, len(entries)))
        ]

    # -- what the screen asks ---------------------------------------------------------------------------------------

    def where(self, message: str) -> int | None:
        """Index of a message by its native id."""
        found = self._index.get(message)
        if found is not None:
            return found
        return next((at for at, entry in enumerate(self.conversation.entries) if entry.id == message), None)

    def ask_at(self, index: int) -> QueueRow | None:
        """The ask of the author of a message in its thread; at a message of ours, the ask of whom it answers."""
        entries = self.conversation.entries
        for _ in range(MOST_UP):
            entry = entries[index]
            found = self._people.get((entry.thread, entry.author))
            if found is not None or entry.parent is None:
                return found
            up = next(
                (at for at in range(index - 1, max(-1, index - NEAR), -1) if entries[at].id == entry.parent), None
            )
            if up is None:
                return None
            index = up
        return None

    def next_waiting(self, index: int, by: int) -> int | None:
        """Where the next (1) or previous (-1) person waits, counted from an index; None at the end."""
        if by > 0:
            return next((at for at in self.waiting if at > index), None)
        return next((at for at in reversed(self.waiting) if at < index), None)
