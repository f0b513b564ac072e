"""What a page of a sync brought, stored with its position; what cannot be stored is set aside.

One bad record must stop nothing: neither the source, nor the other records of its page. It is kept as it came (`poison`), and the
sync says that there is something it cannot vouch for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain.records import Decision, Message, Record, Send, Source
from modconsole.domain.times import to_datetime
from modconsole.errors import StoreError
from modconsole.store import marks, rows
from modconsole.store.db import Db, explained
from modconsole.store.ingest import Counts, Ingest

_OF_THE_RECORD = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
"""What SQLite says of values that it does not take; everything else that it says is about the database."""


class Landed(Struct):
    """What became of a page: what was stored, and for each record that was set aside the reason."""

    counts: Counts
    set_aside: list[str]


def land(
    db: Db,
    source: str,
    records: Sequence[Record],
    position: dict[str, Any],
    now: int,
    *,
    gone: Sequence[str] = (),
    seen: int,
    poison: Sequence[tuple[str, bytes]] = (),
) -> Landed:
    """Store a page and its position in one transaction, whatever it holds. `seen` is the instant of the look at the platform.

    `gone` are ids that the platform, asked for each, says do not exist; `poison` is what the connector could not understand, with
    why. Raises `StoreError` where the database itself fails.
    """
    good = [record for record in records if not _misplaced(record, source)]
    bad = [(record, why) for record in records if (why := _misplaced(record, source))]
    counts = Counts()
    with_gone: list[Record] = [*good, *_deleted(db, source, gone, seen)]
    unread = [why for why, _ in poison]
    if not bad:
        try:
            with db.write():
                for why, payload in poison:
                    marks.poison(db, source, now, why, payload)
                return Landed(marks.store_page(db, source, with_gone, position, now), unread)
        except Exception as error:
            _only_of_the_record(error)
    for record in with_gone:
        try:
            counts.add(Ingest(db, reread=True).batch([record], now))
        except Exception as error:
            _only_of_the_record(error)
            bad.append((record, f"it cannot be stored ({type(error).__name__})"))
    with db.write():
        for why, payload in (*((why, _payload(record)) for record, why in bad), *poison):
            marks.poison(db, source, now, why, payload)
        marks.store_page(db, source, [], position, now)
    return Landed(counts, [*(why for _, why in bad), *unread])


def _misplaced(record: Record, source: str) -> str:
    """Why a record has no business in a sync of this source; empty where it has."""
    if isinstance(record, Decision | Send):
        return "a platform brings no decisions and no sends of ours"
    of = record.id if isinstance(record, Source) else record.source
    return "" if of == source else "it belongs to another source"


def _only_of_the_record(error: Exception) -> None:
    """Raise what is wrong with the database; what is wrong with a record passes."""
    cause = error.__cause__ if isinstance(error, StoreError) else error
    if not isinstance(cause, Exception) or isinstance(cause, MemoryError):
        raise error
    if isinstance(cause, sqlite3.Error) and not isinstance(cause, _OF_THE_RECORD):
        raise explained(cause) from None


def _payload(record: Record) -> bytes:
    try:
        return msgspec.json.encode(record)
    except (ValueError, TypeError, OverflowError):
        return repr(record).encode("utf-8", "backslashreplace")


def _deleted(db: Db, source: str, gone: Sequence[str], seen: int) -> list[Message]:
    """For each message that is gone a last version: its last known text, state `deleted`."""
    if not gone:
        return []
    found = db.rows(
        rows.MESSAGE_SELECT + "where s.native = ? and m.native in (select value from json_each(?))",
        (source, msgspec.json.encode(list(gone)).decode()),
    )
    moment = to_datetime(seen)
    return [
        msgspec.structs.replace(message, state="deleted", state_at=moment, observed_at=moment)
        for message in map(rows.message_of, found)
        if message.state != "deleted"
    ]
