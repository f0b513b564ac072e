"""Deliveries in the store: remembered with what they brought, or not at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from modconsole.domain.records import Author, Message, Record, Source
from modconsole.domain.times import DAY, to_datetime
from modconsole.errors import InputError, NotFound
from modconsole.store import db as db_module
from modconsole.store import received, schema
from modconsole.store.db import Db
from modconsole.store.verify import verify

NOW = 1_700_000_000_000_000


@pytest.fixture
def db(tmp_path: Path) -> Db:
    made = Db(tmp_path / "m.db")
    received.add(made, Source(id="shop", platform="custom"), 60.0, NOW)
    return made


def message(ident: str, text: str = "hi") -> Record:
    author = Author(id="ann")
    return Message(source="shop", id=ident, conversation="c", author=author, created_at=to_datetime(NOW), text=text)


def texts(db: Db) -> list[str]:
    return [row[0] for row in db.rows("select text from message order by native")]


def test_the_version_of_a_database_is_the_number_of_migrations(tmp_path: Path) -> None:
    """It is written down in two places, since one of them must cost nothing to look at."""
    with Db(tmp_path / "new.db") as made:
        applied = made.value("select count(*) from _sqlite_migrations")
        assert made.value("pragma user_version") == applied == schema.VERSION == db_module._VERSION


def test_a_database_of_the_first_release_gets_the_tables(tmp_path: Path) -> None:
    """With everything that is in it; whatever other migrations there are in between."""
    from sqlite_utils import Database

    conn = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    schema.migrations.apply(Database(conn, execute_plugins=False), stop_before="0002")
    conn.execute("insert into source (native) values ('kept')")
    conn.execute("pragma user_version = 1")
    conn.close()
    with Db(tmp_path / "old.db") as db:
        assert db.value("select native from source") == "kept"
        received.add(db, Source(id="shop", platform="custom"), 60.0, NOW)
        assert [each.source for each in received.receivers(db)] == ["shop"]


def test_a_delivery_is_stored_once(db: Db) -> None:
    """However often it comes; a source's ids are its own."""
    counts = received.store(db, "shop", "d1", [message("1")], NOW)
    assert counts is not None
    assert counts.new == 1
    assert received.store(db, "shop", "d1", [message("2")], NOW) is None
    assert texts(db) == ["hi"]
    received.add(db, Source(id="game", platform="custom"), 60.0, NOW)
    assert received.store(db, "game", "d1", [], NOW) is not None
    found = received.receiver(db, "shop")
    assert found is not None
    assert (found.deliveries, found.last_at) == (1, NOW)
    assert verify(db, NOW) == []


def test_a_delivery_that_cannot_be_stored_is_not_remembered(db: Db) -> None:
    """It can be mended and sent again under the same id."""
    bad = message("2", "\ud800")
    with pytest.raises(InputError):
        received.store(db, "shop", "d1", [message("1"), bad], NOW)
    assert texts(db) == []
    assert received.store(db, "shop", "d1", [message("1")], NOW) is not None


def test_ids_are_forgotten_after_thirty_days(db: Db) -> None:
    """Nobody tries for so long; and importing twice changes nothing anyway."""
    received.store(db, "shop", "old", [message("1")], NOW)
    received.store(db, "shop", "new", [], NOW + 31 * DAY)
    assert [row[0] for row in db.rows("select id from received")] == ["new"]
    counts = received.store(db, "shop", "old", [message("1")], NOW + 31 * DAY)
    assert counts is not None
    assert (counts.new, counts.unchanged) == (0, 1)


def test_a_source_that_is_removed_keeps_what_it_brought(db: Db) -> None:
    """It may only write no more."""
    received.store(db, "shop", "d1", [message("1")], NOW)
    assert received.remove(db, "shop")
    assert not received.remove(db, "shop")
    assert received.receiver(db, "shop") is None
    assert texts(db) == ["hi"]


def test_a_delivery_of_a_source_that_is_not_here_is_an_error(db: Db) -> None:
    """It is found before anything is written."""
    with pytest.raises(NotFound):
        received.store(db, "nobody", "d1", [], NOW)
