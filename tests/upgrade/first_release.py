"""A database as the first release left it: its schema, and rows in every one of its tables.

The schema is made by the migration that was released, which is never changed. What stands in the mirror, the journal and the
outbox is what the demo brings; acts on platforms are written as the first release wrote them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from modconsole.connectors import demo
from modconsole.domain.records import Author, Reaction
from modconsole.domain.times import to_datetime
from modconsole.store import journal, marks, schema
from modconsole.store.db import Db
from modconsole.store.ingest import ingest

NOT_COPIED = ("message_search", "_sqlite_migrations", "sqlite_", "moderation")
"""Tables of the search index, of SQLite and of the migrations; those whose rows are made otherwise."""

ACTS = (
    ("a1", "c222", "approve", "held", "live", "", None),
    ("a2", "c203", "hold", "live", "held", "", None),
    ("a3", "c227", "spam", "live", "spam", "an advertisement", None),
    ("a4", "c225", "trash", "live", "removed", "", None),
    ("a5", "c220", "trash", "spam", "removed", "", 5),
    ("a6", "c221", "restore", "removed", "live", "", None),
    ("a7", "c205", "approve", "live", "live", "", None),
)
"""Acts as the first release knew them: id, message, act, state before, state after, reason, when undone."""


def make(path: Path, now: int) -> Path:
    """The database of somebody who has used the first release; the demo began at `now`."""
    full = path.with_name("today.db")
    _fill(full, now)
    with sqlite3.connect(path, isolation_level=None) as conn:
        conn.execute("pragma journal_mode = wal")
        schema.migrations.apply(Database(conn, execute_plugins=False), stop_before="0002_acts")
        conn.execute("attach ? as today", (str(full),))
        conn.execute("begin")
        triggers = list(conn.execute("select name, sql from main.sqlite_master where type = 'trigger'"))
        for name, _ in triggers:  # what they keep count of is copied
            conn.execute(f"drop trigger main.{name}")
        tables = [row[0] for row in conn.execute("select name from main.sqlite_master where type = 'table'")]
        for table in tables:
            if table.startswith(NOT_COPIED):
                continue
            columns = ", ".join(f'"{row[1]}"' for row in conn.execute(f"pragma main.table_info({table})"))
            conn.execute(f"delete from main.{table}")
            conn.execute(f"insert into main.{table} ({columns}) select {columns} from today.{table}")
        for _, statement in triggers:
            conn.execute(statement)
        _acts(conn, now)
        conn.execute("insert into main.message_search (message_search) values ('rebuild')")
        conn.execute("commit")
        conn.execute("pragma user_version = 1")
        conn.execute("detach today")
    conn.close()
    full.unlink()
    return path


def _fill(path: Path, now: int) -> None:
    """Rows in every table but those of acts."""
    with Db(path) as db:
        ingest(db, list(demo.records(now)), now)
        ingest(
            db,
            [Reaction(source="blog", message="c203", author=Author(id="joao"), name="like", at=to_datetime(now))],
            now,
        )
        for platform, source in demo.PLATFORMS.items():
            marks.save_account(db, source, platform, {"place": source, "start": now})
        marks.store_page(db, "blog", [], {"through": now}, now)
        marks.synced(db, "blog", now, now, walked=True)
        marks.poison(db, "forum", now, "it cannot be read", b"\x00{")
        marks.acquire(db, "sync", "a program", "ann@host", now, now + 1)
        journal.save_draft(
            db, journal.Draft(source="blog", message="c203", by="ann", text="Hi!", through=None, saved_at=now)
        )
        db.settle()


def _acts(conn: sqlite3.Connection, now: int) -> None:
    for number, (ident, message, act, was, became, reason, undone) in enumerate(ACTS, 1):
        conn.execute(
            "insert into main.moderation (id, at, by, source, conversation, message, act, was, became, reason, undone_at,"
            " undone_by, seq) select ?, ?, 'ann', m.source, m.conversation, m.native, ?, ?, ?, ?, ?, ?, 1000 + ?"
            " from main.message m join main.source s on s.id = m.source where s.native = 'blog' and m.native = ?",
            (ident, now, act, was, became, reason or None, undone, "bob" if undone else None, number, message),
        )
    conn.execute("insert or replace into main.counter values ('seq', 2000)")
    assert conn.execute("select count(*) from main.moderation").fetchone()[0] == len(ACTS)
