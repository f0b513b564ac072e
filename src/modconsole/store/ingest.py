"""Records in.

A batch of records goes into the tables, and the asks of every conversation it touches are derived anew, in one transaction. A
record that is already there changes nothing, so that a file can be imported again after a crash at any instruction.

What a record touches may be more than its conversation: a source's identities decide about all of its conversations, a linked
direct message about the conversation that links to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain import versions
from modconsole.domain.exchange import TYPES
from modconsole.domain.records import (
    Conversation,
    Coverage,
    Decision,
    Message,
    Reaction,
    Record,
    Send,
    Source,
)
from modconsole.domain.times import to_instant
from modconsole.store import coverage as looks
from modconsole.store import rows
from modconsole.store.db import Db
from modconsole.store.names import Names, named_by
from modconsole.store.refresh import refresh
from modconsole.store.versioning import Revision, revise


class Counts(Struct):
    """What an import did."""

    records: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0

    def add(self, other: Counts) -> None:
        """Add another count to this one."""
        self.records += other.records
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.bad += other.bad


class Ingest:
    """Puts records into one database. Remembers names between batches; belongs to its `Db`'s thread.

    `reread` is for sync: a version that differs from the stored one only in when it was observed is no new version, since
    re-reading the same text every minute is no news.
    """

    def __init__(self, db: Db, *, reread: bool = False) -> None:
        self.db = db
        self.reread = reread
        self.asks_changed = 0
        """How many asks the batches so far have made, changed or ended."""
        self.names = Names(db)

    def batch(self, records: Sequence[Record], now: int) -> Counts:
        """Store a batch and renew the asks it touches, in one transaction. `now` is an instant."""
        self.names.keep_small()
        try:
            with self.db.write():
                counts, touched = self._store(records)
                changed = refresh(self.db, touched, now)
                if (
                    self.db.judge is not None and self.judgeable
                ):  # by rules that may ask who waits, and what a topic is called
                    self.db.judge(self.judgeable, now)
        except BaseException:
            self.names.forget()  # ids given out in a transaction that was taken back
            raise
        self.asks_changed += changed
        return counts

    def _store(self, records: Sequence[Record]) -> tuple[Counts, set[int]]:
        self.touched: set[int] = set()
        self.judgeable: list[int] = []
        self.counts = Counts(records=len(records))
        messages: list[Message] = []
        others: list[Record] = []
        for record in records:
            if isinstance(record, Message):
                messages.append(record)
            elif isinstance(record, Source):
                self._source(record)
            elif isinstance(record, Conversation):
                self._conversation(record)
            else:
                others.append(record)
        if messages:
            self._messages(messages)
        for other in others:
            if isinstance(other, Reaction):
                self._reaction(other)
            elif isinstance(other, Decision):
                self._decision(other)
            elif isinstance(other, Send):
                self._send(other)
            elif isinstance(other, Coverage):
                self._coverage(other)
        self._touch_links()
        return self.counts, self.touched

    def _tell(self, known: bool, changed: bool) -> None:
        if not known:
            self.counts.new += 1
        elif changed:
            self.counts.changed += 1
        else:
            self.counts.unchanged += 1

    # -- mirrored records ------------------------------------------------------------------------------------------------

    def _source(self, record: Source) -> None:
        native = record.id
        ident = self.names.source_id(native)
        before = self.db.row(rows.SOURCE_SELECT + "where id = ?", (ident,))
        known = bool(before[-1])
        new = rows.source_row(record)
        old = tuple(before[1:11])
        newer = not known or (new[-1] if new[-1] is not None else -(1 << 62)) >= (
            old[-1] if old[-1] is not None else -(1 << 62)
        )
        changed = newer and (new != old or not known)
        if changed:
            self.db.run(
                "update source set platform = ?, name = ?, url = ?, connected_at = ?, target_hours = ?, hours = ?,"
                " fresh_within = ?, answer = ?, identities = ?, observed_at = ?, described = 1 where id = ?",
                (*new, ident),
            )
            judged = (3, 4, 5, 7, 8)  # connected_at, target_hours, hours, answer, identities
            if any(new[at] != old[at] for at in judged):
                self.touched.update(
                    row[0] for row in self.db.rows("select id from conversation where source = ?", (ident,))
                )
        self._tell(known, changed)

    def _conversation(self, record: Conversation) -> None:
        source = self.names.source_id(record.source)
        ident = self.names.conversation_id(source, record.id)
        before = self.db.row(
            "select kind, title, url, opened_by, opened_at, reply_until, observed_at, described from conversation where id = ?",
            (ident,),
        )
        known = bool(before[-1])
        new = (
            record.kind,
            record.title,
            record.url,
            record.opened_by,
            rows.instant(record.opened_at),
            rows.instant(record.reply_until),
            rows.instant(record.observed_at),
        )
        seen, had = new[-1], before[-2]
        newer = not known or (seen if seen is not None else -(1 << 62)) >= (had if had is not None else -(1 << 62))
        changed = newer and (not known or new != tuple(before[:7]))
        if changed:
            self.db.run(
                "update conversation set kind = ?, title = ?, url = ?, opened_by = ?, opened_at = ?, reply_until = ?,"
                " observed_at = ?, described = 1 where id = ?",
                (*new, ident),
            )
            self.touched.add(ident)
        self._tell(known, changed)

    def _messages(self, messages: list[Message]) -> None:
        """New messages go in as one bulk; for known ones it is decided which version counts."""
        by_source: dict[str, dict[str, list[Message]]] = {}
        for message in messages:
            versions.tidy(message)
            by_source.setdefault(message.source, {}).setdefault(message.id, []).append(message)
        for native, groups in by_source.items():
            source = self.names.source_id(native)
            known = self._known(source, groups)
            fresh: list[tuple[Any, ...]] = []
            revisions: list[Revision] = []
            ident = (self.db.value("select max(id) from message") or 0) + 1
            for key, every in groups.items():
                stored = known.get(key)
                if stored is None and len(every) == 1:
                    fresh.append(self._row(every[0], ident, source))
                    ident += 1
                    self.counts.new += 1
                else:
                    revision = revise(self.db, stored, every, reread=self.reread)
                    self.counts.new += 0 if stored is not None else 1
                    self.counts.changed += revision.changes - (0 if stored is not None else 1)
                    self.counts.unchanged += len(every) - revision.changes
                    if revision.changes:
                        revision.ident = stored[-2] if stored is not None else ident
                        ident += 0 if stored is not None else 1
                        revisions.append(revision)
            self._touch_sends(source, groups)
            self._insert(fresh)
            for revision in revisions:
                self._apply(source, revision)

    def _known(self, source: int, groups: dict[str, list[Message]]) -> dict[str, tuple[Any, ...]]:
        """The stored rows of those messages that are already here."""
        if self.db.value("select 1 from message where source = ? limit 1", (source,)) is None:
            return {}
        found = self.db.rows(
            rows.MESSAGE_SELECT + "where m.source = ? and m.native in (select value from json_each(?))",
            (source, msgspec.json.encode(list(groups)).decode()),
        )
        return {row[1]: row for row in found}

    def _row(self, message: Message, ident: int, source: int) -> tuple[Any, ...]:
        conversation = self.names.conversation_id(source, message.conversation)
        person = self.names.person_id(source, message.author, versions.observed(message))
        self.touched.add(conversation)
        return rows.message_row(
            message, ident, source, conversation, person, self.names.author_id(person, message.author)
        )

    def _insert(self, fresh: list[tuple[Any, ...]]) -> None:
        if not fresh:
            return
        for statement, some in rows.message_inserts(fresh):
            self.db.conn.executemany(statement, some)
        self.judgeable += [row[0] for row in fresh]
        self.db.run(
            "insert into message_search (rowid, text) select id, text from message_text where id between ? and ?",
            (fresh[0][0], fresh[-1][0]),
        )

    def _apply(self, source: int, revision: Revision) -> None:
        """Store what became of a message with several versions."""
        ident, current = revision.ident, revision.current
        old = revision.stored
        if old is not None:
            self.touched.add(self.names.conversation_id(source, old[2]))
        row = self._row(current, ident, source)
        row = (*row[:-1], revision.first_observed)
        if old is None:
            self._insert([row])
        elif revision.replaces:
            said = "select coalesce(plain, text), title from message where id = ?"
            before, title = self.db.row(said, (ident,))
            self.db.run(rows.MESSAGE_UPDATE, row)
            after, titled = self.db.row(said, (ident,))
            if (before, title) != (after, titled):
                self.judgeable.append(ident)
            if before != after:
                self.db.run(
                    "insert into message_search (message_search, rowid, text) values ('delete', ?, ?)", (ident, before)
                )
                self.db.run("insert into message_search (rowid, text) values (?, ?)", (ident, after))
        self.db.run(
            "update message set first_observed = ?, versions = ? where id = ?",
            (revision.first_observed, len(revision.bodies), ident),
        )
        if len(revision.bodies) > 1:
            self.db.conn.executemany(
                "insert or ignore into version (message, body) values (?, ?)",
                [(ident, body) for body in revision.bodies],
            )

    def _reaction(self, record: Reaction) -> None:
        record = versions.tidied(record)
        source = self.names.source_id(record.source)
        key = (source, record.message, record.author.id, record.name)
        before = self.db.value(
            "select body from reaction where source = ? and message = ? and person = ? and name = ?", key
        )
        body = versions.canonical(record)
        known = msgspec.json.decode(before, type=TYPES["reaction"]) if before is not None else None
        changed = known is None or versions.reaction_key(record) > versions.reaction_key(known)  # type: ignore[arg-type]
        if changed:
            self.db.run(
                "insert or replace into reaction values (?, ?, ?, ?, ?, ?, ?)",
                (*key, to_instant(record.at), int(bool(record.removed)), body),
            )
        self._tell(known is not None, changed)

    # -- ours ------------------------------------------------------------------------------------------------------------

    def _decision(self, record: Decision) -> None:
        record = versions.tidied(record)
        row = self.db.row(rows.DECISION_SELECT + "where d.id = ?", (record.id,))
        known = rows.decision_of(row) if row is not None else None
        changed = known is None or versions.decision_key(record) > versions.decision_key(known)
        if changed:
            source = self.names.source_id(record.source)
            conversation = self.names.conversation_id(source, record.conversation)
            if known is not None:
                self.touched.add(self.names.conversation_id(self.names.source_id(known.source), known.conversation))
            self.touched.add(conversation)
            seq = row[-1] if row is not None else self.db.next_seq()
            at, by, act, *rest = rows.decision_row(record)
            self.db.run(
                f"insert or replace into decision values ({','.join('?' * 17)})",
                (record.id, at, by, act, source, conversation, *rest, seq),
            )
        self._tell(known is not None, changed)

    def _send(self, record: Send) -> None:
        record = versions.tidied(record)
        row = self.db.row(rows.SEND_SELECT + "where d.id = ?", (record.id,))
        known = rows.send_of(row) if row is not None else None
        changed = known is None or versions.send_key(record) > versions.send_key(known)
        if changed:
            source = self.names.source_id(record.source)
            conversation = self.names.conversation_id(source, record.conversation)
            self.touched.add(conversation)
            self.touched.update(named_by(self.db, source, record.message))
            if known is not None:
                self.touched.update(named_by(self.db, source, known.message))
            self.db.run(
                "insert into send (id, at, by, source, conversation, reply_to, through, text, state, message, seq)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set state = excluded.state,"
                " message = excluded.message, text = excluded.text, through = excluded.through, reply_to = excluded.reply_to,"
                " at = excluded.at, by = excluded.by",
                (
                    record.id,
                    to_instant(record.at),
                    record.by,
                    source,
                    conversation,
                    record.reply_to,
                    record.through,
                    record.text,
                    record.state,
                    record.message,
                    self.db.next_seq(),
                ),
            )
        self._tell(known is not None, changed)

    def _coverage(self, record: Coverage) -> None:
        record = versions.tidied(record)
        source = self.names.source_id(record.source)
        before = looks.said(self.db, source, record.conversation) if record.conversation else None
        added = self.db.run(
            "insert or ignore into coverage (source, conversation, checked_at, complete_through, gap_from, gap_to, gap_why, gap,"
            " observed_at, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (source, *rows.coverage_row(record), versions.canonical(record)),
        )
        if added and record.conversation:
            if looks.said(self.db, source, record.conversation) != before:
                self.touched.add(self.names.conversation_id(source, record.conversation))
            if self.reread:
                looks.thin(self.db, source, record.conversation)
        elif added and record.complete_through is not None:
            self._touch_found_late(source, record)
        self._tell(not added, False)

    def _touch_found_late(self, source: int, record: Coverage) -> None:
        """A look that comes in late can show that messages already here had been found late."""
        checked, through = to_instant(record.checked_at), rows.instant(record.complete_through)
        found = self.db.rows(
            "select distinct m.conversation from ask k join conversation c on c.id = k.conversation"
            " join message m on m.conversation = c.id where k.open = 1 and k.source = ? and m.first_observed > ?"
            " and m.created_at <= ?",
            (source, checked, through),
        )
        self.touched.update(row[0] for row in found)

    def _touch_sends(self, source: int, groups: dict[str, list[Message]]) -> None:
        """A message that a send names ends the send's wait, whichever conversation it turns up in."""
        if self.db.value("select 1 from send limit 1") is None:
            return
        found = self.db.rows(
            "select conversation from send where source = ? and message in (select value from json_each(?))",
            (source, msgspec.json.encode(list(groups)).decode()),
        )
        self.touched.update(row[0] for row in found)

    def _touch_links(self) -> None:
        """Conversations that link to a direct message which changed are touched as well."""
        if self.db.value("select 1 from decision where act = 'link' limit 1") is None:
            return
        for ident in list(self.touched):
            found = self.db.rows(
                "select d.conversation from conversation c join decision d on d.act = 'link' and d.source = c.source"
                ' and d."to" = c.native where c.id = ?1 union select d.conversation from message m'
                " join decision d on d.act = 'link' and d.source = m.source and d.\"to\" = m.native where m.conversation = ?1",
                (ident,),
            )
            self.touched.update(row[0] for row in found)


def ingest(db: Db, records: Iterable[Record], now: int, *, reread: bool = False) -> Counts:
    """Store some records in one transaction, with the asks they touch. `now` is an instant."""
    return Ingest(db, reread=reread).batch(list(records), now)
