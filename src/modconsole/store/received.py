"""What came by webhook: which sources may be written to that way, and which deliveries have been stored.

A delivery's id is remembered in the transaction that stores its records. So whatever a program dies of, a delivery is
either stored and known, or neither; and one that comes again, since its sender never heard our answer, changes
nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from modconsole.domain.records import Record, Source
from modconsole.domain.times import DAY
from modconsole.errors import InputError, StoreError
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import Counts, Ingest

_OF_A_VALUE = (ValueError, OverflowError, sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError)
"""What Python and SQLite say of values; everything else that SQLite says is about the database."""
REMEMBERED = 30 * DAY
"""How long a delivery's id is known. Its signature is good for minutes; senders that sign anew try again for days."""


class Receiver(Struct, kw_only=True):
    """A source that is written to by webhook. `fresh_within` is in minutes; `last_at` an instant."""

    source: str
    added_at: int
    fresh_within: float
    deliveries: int
    last_at: int | None


def add(db: Db, record: Source, fresh_within: float, now: int) -> None:
    """Let a source be written to by webhook, and describe it."""
    with db.write():
        Ingest(db).batch([record], now)
        db.run(
            "insert into receiver (source, added_at, fresh_within) values (?, ?, ?) on conflict do update set"
            " fresh_within = excluded.fresh_within",
            (marks.source_id(db, record.id), now, fresh_within),
        )


def remove(db: Db, source: str) -> bool:
    """Let it be written to no more; what it brought stays. False where it was not."""
    with db.write():
        return db.run("delete from receiver where source = (select id from source where native = ?)", (source,)) > 0


def receivers(db: Db) -> list[Receiver]:
    """All sources that are written to by webhook, by name."""
    found = db.rows(
        "select s.native, r.added_at, r.fresh_within, r.deliveries, r.last_at from receiver r"
        " join source s on s.id = r.source order by s.native"
    )
    return [Receiver(**dict(zip(Receiver.__struct_fields__, row, strict=True))) for row in found]


def receiver(db: Db, source: str) -> Receiver | None:
    """One of them; None where a source is not written to by webhook."""
    return next((each for each in receivers(db) if each.source == source), None)


def store(db: Db, source: str, delivery: str, records: Sequence[Record], now: int) -> Counts | None:
    """Store a delivery's records and remember its id, in one transaction; None for one that is known, of which
    nothing is stored.

    Raises `InputError` for a value that no database takes, `StoreError` where this one fails; nothing is stored then.
    """
    ident = marks.source_id(db, source)
    try:
        with db.write():
            if not db.run("insert or ignore into received (source, id, at) values (?, ?, ?)", (ident, delivery, now)):
                return None
            counts = Ingest(db).batch(records, now)
            db.run("update receiver set deliveries = deliveries + 1, last_at = ? where source = ?", (now, ident))
            db.run("delete from received where at < ?", (now - REMEMBERED,))
    except (StoreError, ValueError, OverflowError) as error:
        cause = error.__cause__ if isinstance(error, StoreError) else error
        if isinstance(cause, _OF_A_VALUE):
            raise InputError("A value in it cannot be stored.") from None
        raise
    return counts
