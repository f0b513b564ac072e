"""Whoever upgrades finds everything, and nobody is lost on the way."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from modconsole.connectors import demo
from modconsole.desk import moderating, undoing
from modconsole.desk.desk import Desk
from modconsole.domain.records import Author, Message
from modconsole.domain.times import parse, to_datetime
from modconsole.errors import StoreError
from modconsole.store import acts, db, journal, judged, marks, queue, schema, verdicts
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.verify import verify
from modconsole.sync.judging import Judging
from tests.upgrade import first_release

NOW = parse("2026-11-21T20:00:00Z")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database that the first release left."""
    return first_release.make(tmp_path / "old.db", NOW)


def tables(path: Path) -> dict[str, int]:
    """How many rows each table has."""
    with sqlite3.connect(path) as conn:
        names = [row[0] for row in conn.execute("select name from sqlite_master where type = 'table'")]
        found = {
            name: int(conn.execute(f"select count(*) from {name}").fetchone()[0])
            for name in names
            if not name.startswith("sqlite_")
        }
    conn.close()
    return found


def version(path: Path) -> int:
    with sqlite3.connect(path) as conn:
        found = int(conn.execute("pragma user_version").fetchone()[0])
    conn.close()
    return found


def test_the_old_database_has_rows_in_every_table(old: Path) -> None:
    """Otherwise the other tests would show less than they say."""
    assert version(old) == 1
    assert {name for name, rows in tables(old).items() if not rows} == set()


def test_opening_an_old_database_keeps_every_row_and_every_answer(old: Path) -> None:
    """As many rows in every table, and everything recomputed from nothing is what is stored."""
    before = tables(old)
    with Db(old) as opened:
        assert verify(opened, NOW) == []
        assert len(queue.page(opened, NOW, 1000)) > 30
        assert len(marks.accounts(opened)) == len(demo.SOURCES)
    after = tables(old)
    assert version(old) == after.pop("_sqlite_migrations") == schema.VERSION > before.pop("_sqlite_migrations")
    assert {name: rows for name, rows in after.items() if rows} == before
    with Db(old) as again:
        assert verify(again, NOW) == []


def test_old_acts_are_on_messages_and_trash_is_remove_now(old: Path) -> None:
    """With who wrote the message, where, and what takes the act back."""
    with Db(old) as opened:
        found = {line.id: acts.get(opened, line.id) for line in journal.journal(opened, 1000) if line.on}
    assert set(found) == {row[0] for row in first_release.ACTS}
    for ident, message, act, was, became, reason, undone in first_release.ACTS:
        now = found[ident]
        assert now is not None
        assert (now.on, now.target, now.message, now.state) == ("message", message, message, "done")
        assert (now.act, now.was, now.became, now.reason) == ("remove" if act == "trash" else act, was, became, reason)
        assert (now.undone_at, now.undone_by) == (undone, "bob" if undone else None)
        assert (now.source, now.by) == ("blog", "ann")
        assert now.person
        assert now.conversation
    assert [found[ident].undo_act for ident in ("a1", "a2", "a3", "a4", "a6", "a7")] == [  # type: ignore[union-attr]
        *("hold", "approve", "restore", "restore", "remove", None),
    ]


def test_an_act_of_the_first_release_can_still_be_undone(old: Path) -> None:
    """Held before the upgrade, shown to everybody again after it."""
    desk = Desk(old, who="ann", clock=lambda: NOW + 1)
    moderating.moderate(desk, "blog", "c203", "hold")  # what the first release did there
    undone = undoing.undo(desk, "a2")
    assert (undone.what, undone.message) == ("hold", "c203")
    assert [act.undone for act in moderating.acts_on(desk, "blog", "message", "c203")] == [True, False]
    desk.close()


def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a migration or nothing: the disk may be full in the middle of it."""
    before = tables(old)
    monkeypatch.setattr(schema, "_ACTS", (*schema._ACTS, "no such statement"))
    with pytest.raises(StoreError):
        Db(old)
    assert (version(old), tables(old)) == (1, before)


def test_a_database_of_a_newer_release_is_not_touched(old: Path) -> None:
    """And the error says what to do."""
    with Db(old):
        pass
    with sqlite3.connect(old) as conn:
        conn.execute(f"pragma user_version = {schema.VERSION + 1}")
    conn.close()
    with pytest.raises(StoreError, match="newer modconsole"):
        Db(old)


def test_the_version_that_is_written_is_the_one_that_is_expected() -> None:
    """The opener knows it without loading the migrations."""
    assert db._VERSION == schema.VERSION == len(schema.migrations._migrations)


def test_rules_judge_what_comes_after_an_upgrade_and_leave_the_past_to_the_backtest(old: Path) -> None:
    """What was here before the first rule is no backlog."""
    folder = old.with_suffix(".rules")
    folder.mkdir()
    (folder / "any.yaml").write_text(
        "id: any\nstatus: shadow\nselect:\n  words:\n    body (includes, regex): ['.']\ndo: [flag]\n"
    )
    with Db(old) as opened:
        Judging(folder, undo_delay=0).attach(opened, NOW)
        assert judged.backlog(opened) == 0
        come = Message(
            source="blog",
            id="new",
            conversation="new",
            author=Author(id="eve"),
            created_at=to_datetime(NOW),
            text="Hello",
        )
        ingest(opened, [come], NOW)
        assert [hit.message for hit in verdicts.hits(opened, "any", 10)] == ["new"]
        assert verify(opened, NOW) == []
