"""Conversations as the question "who is waiting?" sees them, from the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain.board import linked_from
from modconsole.domain.case import Case, Dispatch, Item, Linked, Member, Ruling, default_answer
from modconsole.domain.order import first_of
from modconsole.domain.records import Answer, ConversationKind
from modconsole.domain.times import HOUR
from modconsole.domain.versions import first_observed, texts_of, version_key
from modconsole.domain.world import members_of
from modconsole.store.db import Db
from modconsole.store.rows import identities_of
from modconsole.store.versioning import versions_of

_ITEMS = (
    "select m.native, p.native, m.created_at, m.text, m.parent, m.quotes, m.mentions, m.state, m.automatic, m.visibility,"
    " a.kind, m.format, m.edited_at, m.first_observed, m.versions, m.id, m.kind, m.title"
    " from message m join person p on p.id = m.person left join author a on a.id = m.author where m.conversation = ?"
)


class Settings(Struct):
    """What a source's record decides about all of its conversations."""

    native: str
    answer: Answer | None
    members: dict[str, Member]
    target: int
    hours: str | None
    connected_at: int | None


class Loaded(Struct):
    """A case with what the tables need to keep its answer: row ids by native id, and what the conversation is shown as."""

    case: Case
    conversation: int
    source: int
    row_ids: dict[str, int]
    kind: ConversationKind
    title: str | None
    last_at: int
    last_message: int | None


class Loader:
    """Makes cases. Remembers the settings of sources for as long as it lives: make a new one for each transaction."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self._settings: dict[int, Settings] = {}
        self._links = db.value("select 1 from decision where act = 'link' limit 1") is not None
        self._decisions = db.value("select 1 from decision limit 1") is not None
        self._sends = db.value("select 1 from send limit 1") is not None
        self._gaps = db.value("select 1 from coverage limit 1") is not None

    def cases(self, conversations: Iterable[int]) -> Iterator[Loaded]:
        """One case for each conversation, by its row id."""
        for ident in conversations:
            yield self.case(ident)

    def settings(self, source: int) -> Settings:
        """The settings of a source."""
        found = self._settings.get(source)
        if found is None:
            native, answer, identities, target, hours, connected = self.db.row(
                "select native, answer, identities, target_hours, hours, connected_at from source where id = ?",
                (source,),
            )
            found = self._settings[source] = Settings(
                native,
                answer,
                members_of(identities_of(identities)),
                int((target if target is not None else 24) * HOUR),
                hours,
                connected,
            )
        return found

    def case(self, ident: int, *, linked: bool = True) -> Loaded:
        """The case of one conversation; without `linked` without what its links lead to, which could be a circle."""
        db = self.db
        source, native, described_kind, title, opened_by, reply_until = db.row(
            "select source, native, kind, title, opened_by, reply_until from conversation where id = ?", (ident,)
        )
        settings = self.settings(source)
        found = db.rows(_ITEMS, (ident,))
        items = [self._item(row) for row in found]
        kind: ConversationKind = described_kind or _of_first(items, found, 16) or "comments"
        last = max(found, key=lambda row: (row[2], row[15]), default=None)
        rulings = self._rulings(ident) if self._decisions else []
        case = Case(
            source=settings.native,
            id=native,
            kind=kind,
            answer=settings.answer or default_answer(kind),
            members=settings.members,
            items=items,
            opened_by=opened_by,
            reply_until=reply_until,
            target=settings.target,
            hours=settings.hours,
            connected_at=settings.connected_at,
            rulings=rulings,
            dispatches=self._dispatches(ident) if self._sends else [],
            linked={r.to: self._linked(source, r.to) for r in rulings if linked and r.act == "link" and r.to},
            gap=self._gap(source, native) if self._gaps else None,
            vouched=lambda before: self._vouched(source, before) if self._gaps else None,
        )
        return Loaded(
            case,
            ident,
            source,
            {row[0]: row[15] for row in found},
            kind,
            title or _of_first(items, found, 17),
            last[2] if last is not None else 0,
            last[15] if last is not None else None,
        )

    def _item(self, row: tuple[Any, ...]) -> Item:
        item = Item(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            row[5],
            tuple(msgspec.json.decode(row[6])) if row[6] else (),
            row[7] or "live",
            row[8] is not None or row[9] == "internal",
            row[10] == "bot",
            row[11] or "text",
            row[12],
            row[13],
        )
        if row[14] > 1:
            every = sorted(versions_of(self.db, row[15]).values(), key=version_key)
            item.texts, item.first_observed = texts_of(every), first_observed(every)
        return item

    def _rulings(self, conversation: int) -> list[Ruling]:
        found = self.db.rows(
            'select id, at, by, act, person, through, until, reason, "to" from decision'
            " where conversation = ? and undone_at is null order by at, id",
            (conversation,),
        )
        return [
            Ruling(id=i, at=at, by=by, act=act, person=person, through=through, until=until, reason=why or "", to=to)
            for i, at, by, act, person, through, until, why, to in found
        ]

    def _dispatches(self, conversation: int) -> list[Dispatch]:
        """Sends of a conversation, and sends of others that name a message of it."""
        found = self.db.rows(
            "select d.id, d.at, d.by, d.state, d.through, d.reply_to, d.message, d.conversation = ?1, exists (select 1"
            " from message m where m.source = d.source and m.native = d.message) from send d where d.conversation = ?1"
            " or (d.message is not null and exists (select 1 from message m where m.source = d.source"
            " and m.native = d.message and m.conversation = ?1))",
            (conversation,),
        )
        return [
            Dispatch(i, at, by, state, through, reply_to, message, here=bool(here), landed=bool(landed))
            for i, at, by, state, through, reply_to, message, here, landed in found
        ]

    def _gap(self, source: int, conversation: str) -> str | None:
        found = self.db.row(
            "select gap, gap_why from coverage where source = ? and conversation = ?"
            " order by checked_at desc, ifnull(observed_at, checked_at) desc, gap desc, body desc limit 1",
            (source, conversation),
        )
        return (found[1] or "a part could not be seen") if found is not None and found[0] else None

    def _vouched(self, source: int, before: int) -> int | None:
        return self.db.value(  # type: ignore[no-any-return]
            "select max(complete_through) from coverage where source = ? and conversation = '' and checked_at < ?",
            (source, before),
        )

    def _linked(self, source: int, to: str) -> list[Linked]:
        """The replies of ours that a link leads to: the message of that id, or all of that conversation."""
        homes = self.db.rows(
            "select conversation from message where source = ?1 and native = ?2"
            " union select id from conversation where source = ?1 and native = ?2",
            (source, to),
        )
        return [reply for (home,) in homes for reply in linked_from(self.case(home, linked=False).case, to)]


def _of_first(items: list[Item], found: list[tuple[Any, ...]], column: int) -> Any:
    """A value that the first message gives, for a conversation that nobody described."""
    given = {row[0]: row[column] for row in found if row[column]}
    first = first_of(items) if given else None
    return given.get(first.id) if first is not None else None
