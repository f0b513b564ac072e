"""Calls behind the screens go the way that does not grow with the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modconsole.store import lists, queue
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from tests.scenarios.story import Story, when

NOW = when("9 9:00")


@pytest.fixture
def db(tmp_path: Path) -> Db:
    """Two sources with a few people who wait."""
    told = Story().message("m1", "ann", "9:00").message("m2", "bob", "9:10")
    told.then(Story("dm", source="chat", conversation="d").message("x1", "ann", "9:20"))
    made = Db(tmp_path / "a.db")
    ingest(made, told.records, NOW)
    return made


def plan(db: Db, call: Callable[[], object]) -> list[str]:
    """The steps of the last statement that a call carries out, in SQLite's words."""
    statements: list[str] = []
    db.conn.set_trace_callback(statements.append)
    call()
    db.conn.set_trace_callback(None)
    select = next(each for each in reversed(statements) if each.lower().startswith("select"))
    return [row[3] for row in db.rows(f"explain query plan {select}")]


def test_possible_duplicates_are_looked_up_from_the_handles(db: Db) -> None:
    """Not by going through all open asks: that was a thousand times as slow on 14,000 asks."""
    steps = plan(db, lambda: lists.duplicates(db, {"ann"}))
    assert "SCAN j" in steps[0]
    assert "person_handle" in steps[1]
    assert "person=?" in steps[2]


def test_one_ask_is_looked_up_by_its_conversation(db: Db) -> None:
    """Not by going through the queue."""
    steps = plan(db, lambda: queue.one(db, NOW, "blog", "post", "m1", "ann"))
    assert any(
        "k USING INDEX sqlite_autoindex_ask_1 (conversation=? AND thread=? AND person=?)" in step for step in steps
    )
