"""Records out: importing them into an empty database gives the same answers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from modconsole.domain.query import Term
from modconsole.domain.records import Reaction, Record
from modconsole.store import rows
from modconsole.store.conditions import compile_terms
from modconsole.store.db import Db
from modconsole.store.versioning import versions_of


def export(db: Db, terms: tuple[Term, ...], now: int) -> Iterator[Record]:
    """Everything, or with a query the conversations in which an ask matches it, whole. One state of the database throughout."""
    with db.read():
        condition, args = compile_terms(terms, now)
        wanted = "1"
        if condition != "1":
            found = db.rows(
                "select distinct k.conversation from ask k join conversation c on c.id = k.conversation"
                " join source s on s.id = k.source left join person p on p.source = k.source and p.native = k.person"
                f" where {condition}",
                args,
            )
            wanted = f"c.id in ({','.join(str(int(row[0])) for row in found)})"
        yield from _described(db, wanted)
        yield from _messages(db, wanted)
        yield from _ours(db, wanted)
        yield from _looks(db, wanted)


def _described(db: Db, wanted: str) -> Iterator[Record]:
    where = (
        f"where described = 1 and id in (select c.source from conversation c where {wanted})" if wanted != "1" else ""
    )
    for row in db.rows(rows.SOURCE_SELECT + (where or "where described = 1") + " order by id"):
        yield rows.source_of(row)
    for row in db.conn.execute(rows.CONVERSATION_SELECT + f"where c.described = 1 and {wanted} order by c.id"):
        yield rows.conversation_of(row)


def _messages(db: Db, wanted: str) -> Iterator[Record]:
    for row in db.conn.execute(rows.MESSAGE_SELECT + f"where {wanted} order by m.id"):
        if row[25] > 1:
            yield from versions_of(db, row[24]).values()
        else:
            yield rows.message_of(row)
    reactions = db.conn.execute(
        "select r.body from reaction r where ?1 = '1' or exists (select 1 from message m join conversation c"
        f" on c.id = m.conversation where m.source = r.source and m.native = r.message and {wanted})",
        ("1" if wanted == "1" else "",),
    )
    for (body,) in reactions:
        yield msgspec.json.decode(body, type=Reaction)


def _ours(db: Db, wanted: str) -> Iterator[Record]:
    for row in db.conn.execute(rows.DECISION_SELECT + f"where {wanted} order by d.seq"):
        yield rows.decision_of(row)
    for row in db.conn.execute(rows.SEND_SELECT + f"where {wanted} order by d.seq"):
        yield rows.send_of(row)


def _looks(db: Db, wanted: str) -> Iterator[Record]:
    scope = (
        "1"
        if wanted == "1"
        else f"l.source in (select c.source from conversation c where {wanted}) and (l.conversation = '' or exists"
        f" (select 1 from conversation c where c.source = l.source and c.native = l.conversation and {wanted}))"
    )
    for row in db.conn.execute(
        "select s.native, l.conversation, l.checked_at, l.complete_through, l.gap_from, l.gap_to, l.gap_why, l.gap,"
        f" l.observed_at from coverage l join source s on s.id = l.source where {scope} order by l.id"
    ):
        yield rows.coverage_of(row)
