"""Opening the database, and taking turns at writing.

One `Db` is one connection and belongs to the thread that opened it; every thread opens its own. Readers never wait (WAL).
Writers take turns: a write transaction begins `immediate`, and waits for another process for up to `BUSY_SECONDS`.
Commits are durable when they return (`synchronous=FULL`) unless the caller says `bulk`, which is for what can be fetched again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modconsole.errors import StoreError

BUSY_SECONDS = 15.0
_VERSION = 8
"""How many migrations `schema` has. A number of its own, since that takes 50 ms to import; a test compares them."""


Judge = Callable[[list[int], int], None]
"""Judges messages by the house's rules: row ids of what is new or has another text, and now. It deals with its own failures."""


class Db:
    """One connection to a modconsole database. Use as a context manager, or call `close`.

    `judge` is asked in each transaction that stores messages; who attaches it is to be found in `sync.judging`.
    """

    def __init__(self, path: Path | str, *, bulk: bool = False, create: bool = True) -> None:
        self.path = Path(path)
        self.judge: Judge | None = None
        self._open(create)
        try:
            version = self.conn.execute("pragma user_version").fetchone()[0]
            if version > _VERSION:
                raise StoreError(
                    f"{self.path} was written by a newer modconsole.",
                    hint="Upgrade modconsole, or name another file with --db.",
                )
            if version < _VERSION:
                self._migrate()
            self.conn.execute(f"pragma synchronous = {'normal' if bulk else 'full'}")
        except sqlite3.DatabaseError as error:
            self.conn.close()
            raise self._explained(error) from None
        except BaseException:
            self.conn.close()
            raise

    def _open(self, create: bool) -> None:
        if not create and not self.path.exists():
            raise StoreError(
                f"There is no database at {self.path}.", hint="Import something first, or try `modconsole demo`."
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = not self.path.exists()
            # legacy transaction control, switched off: sqlite-utils needs the former, we say BEGIN ourselves
            # each thread opens its own; the check is off so that one that ended without closing can be closed for it
            self.conn = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            if new:
                self.path.chmod(0o600)  # private messages are nobody else's to read
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self.path} cannot be opened: {error}.", hint="Name another file with --db.") from None
        self.conn.execute("pragma foreign_keys = on")

    def _migrate(self) -> None:
        from sqlite_utils import Database  # 50 ms to import, and only a new or an old database needs it

        from modconsole.store import schema

        self.conn.execute("pragma journal_mode = wal")
        with self.write():
            schema.migrate(Database(self.conn, execute_plugins=False))

    def _explained(self, error: sqlite3.Error) -> StoreError:
        if "not a database" in str(error) or "malformed" in str(error):
            return StoreError(
                f"{self.path} is no modconsole database, or it is damaged.", hint="Name another file with --db."
            )
        return explained(error)

    def close(self) -> None:
        """Let go of the file. Safe to call twice."""
        self.conn.close()

    def __del__(self) -> None:
        """What a thread that has ended left open is closed."""
        if hasattr(self, "conn"):
            self.conn.close()

    def __enter__(self) -> Db:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- transactions ----------------------------------------------------------------------------------------------------

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction: all of what happens inside is stored, or nothing. Nested uses join the outer one."""
        if self.conn.in_transaction:
            yield
            return
        try:
            self.conn.execute("begin immediate")
        except sqlite3.OperationalError as error:
            raise explained(error) from None
        try:
            yield
        except sqlite3.Error as error:
            if self.conn.in_transaction:
                self.conn.execute("rollback")
            raise explained(error) from error
        except BaseException:
            if self.conn.in_transaction:
                self.conn.execute("rollback")
            raise
        self._commit()

    def _commit(self) -> None:
        try:
            self.conn.execute("commit")
        except sqlite3.Error as error:
            if self.conn.in_transaction:
                self.conn.execute("rollback")
            raise explained(error) from None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of a write transaction that is taken back alone where it fails. The error goes on to the caller."""
        self.conn.execute("savepoint attempt")
        try:
            yield
        except BaseException:
            if self.conn.in_transaction:  # a full disk has taken all of it back
                self.conn.execute("rollback to attempt")
                self.conn.execute("release attempt")
            raise
        self.conn.execute("release attempt")

    @contextmanager
    def read(self) -> Iterator[None]:
        """Several reads that see the same state of the database."""
        if self.conn.in_transaction:
            yield
            return
        self.conn.execute("begin")
        try:
            yield
        finally:
            self.conn.execute("rollback")

    @contextmanager
    def pretend(self) -> Iterator[None]:
        """A write transaction that is always taken back: to ask "what if" with the very code that would do it."""
        try:
            self.conn.execute("begin immediate")
        except sqlite3.OperationalError as error:
            raise explained(error) from None
        try:
            yield
        finally:
            self.conn.execute("rollback")

    # -- asking ----------------------------------------------------------------------------------------------------------

    def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, as tuples."""
        try:
            return self.conn.execute(sql, args).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def row(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """The first row of a query, or None."""
        try:
            return self.conn.execute(sql, args).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def value(self, sql: str, args: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, args)
        return row[0] if row is not None else None

    def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Carry out one statement; gives the number of rows it changed."""
        return self.conn.execute(sql, args).rowcount

    def data_version(self) -> int:
        """A number that changes when another connection has committed a change. Costs microseconds."""
        return int(self.conn.execute("pragma data_version").fetchone()[0])

    def settle(self) -> None:
        """Make durable what was committed in bulk, and give the room of the write-ahead log back. Waits for no reader."""
        self.conn.execute("pragma synchronous = full")
        self.conn.execute("pragma wal_checkpoint(passive)")
        with self.write():  # a commit at full synchronisation flushes the log that holds all commits before it
            self.run("insert into counter values ('settled', 1) on conflict do update set value = value + 1")

    def next_seq(self) -> int:
        """The next number in the order in which people acted here; for "my last act"."""
        return int(
            self.value(
                "insert into counter values ('seq', 1) on conflict do update set value = value + 1 returning value"
            )
        )


def explained(error: sqlite3.Error) -> StoreError:
    """An error of SQLite in words that help."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreError(
            "Another process is writing to the database and does not finish.", hint="Try again in a moment."
        )
    if "disk is full" in text or "disk I/O" in text:
        return StoreError(
            f"The disk does not take the data ({text}).", hint="Nothing was stored; make room and try again."
        )
    if "readonly" in text:
        return StoreError("The database is read-only.", hint="Check who owns the file and its folder.")
    return StoreError(f"The database said: {text}.")
