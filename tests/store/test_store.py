"""What the database holds, and that it notices when it holds something wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modconsole.errors import StoreError
from modconsole.store import lists, marks, queue, schema
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.verify import verify
from tests.scenarios.story import story, when

NOW = when("12:00")


@pytest.fixture
def db(tmp_path: Path) -> Db:
    """An empty database."""
    return Db(tmp_path / "modconsole.db")


def test_a_database_is_for_its_owner_only(db: Db) -> None:
    """Private messages are in it."""
    assert db.path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """And left as it is."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear all, this is no database, and longer than its header would be. " * 4, encoding="utf-8")
    with pytest.raises(StoreError, match="no modconsole database"):
        Db(path)
    assert path.read_text(encoding="utf-8").startswith("Dear all")


def test_a_database_of_a_newer_modconsole_is_left_alone(db: Db) -> None:
    """Guessing at a schema we do not know could destroy what it holds."""
    db.run("pragma user_version = 99")
    with pytest.raises(StoreError, match="newer modconsole"):
        Db(db.path)


def test_two_processes_can_make_the_same_database_at_once(tmp_path: Path) -> None:
    """The second finds the first one's work done, and nothing fails."""
    code = "import sys; from modconsole.store.db import Db; Db(sys.argv[1]).close()"
    path = str(tmp_path / "new.db")
    running = [subprocess.Popen([sys.executable, "-c", code, path], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, errors
    with Db(path) as made:
        assert made.value("select count(*) from _sqlite_migrations") == schema.VERSION


def test_a_database_from_before_rate_limits_were_kept_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it holds stays, and there is room for until when a platform wants to be left alone."""
    path = tmp_path / "old.db"
    with Db(path) as old:
        ingest(old, story().message("m1", "ann", "8:00").records, when("9:00"))
        marks.failed(old, "blog", when("9:00"), "down", "")
        old.run("alter table mark drop column retry_at")
        old.run("drop index coverage_gap")
        old.run("delete from _sqlite_migrations where name = '0004_covering'")
        old.run("pragma user_version = 3")
    with Db(path) as new:
        assert marks.mark(new, "blog").failure == "down"
        marks.failed(new, "blog", when("9:10"), "slow down", "", when("9:30"))
        assert marks.mark(new, "blog").retry_at == when("9:30")
        assert verify(new, when("9:10")) == []


TAMPERED = {
    "an ask's status": "update ask set status = 'answered', open = 0",
    "an ask's time": "update ask set waiting_since = waiting_since + 1",
    "an ask that is gone": "delete from ask",
    "a counter": "update tally set n = n + 1",
    "the counter of what is overdue": "update counter set value = value + 1 where name = 'overdue'",
    "the number of conversations": "update source set conversations = 0",
    "a conversation's size": "update conversation set messages = messages + 1",
    "the search index": "insert into message_search (message_search) values ('delete-all')",
}


@pytest.mark.parametrize("what", list(TAMPERED))
def test_verify_names_what_is_not_as_it_should_be(db: Db, what: str) -> None:
    """A check that finds nothing wrong with a wrong database would be worth nothing."""
    ingest(db, story().message("q", "bo", "09:00").message("q2", "cy", "09:10").records, NOW)
    assert verify(db, NOW) == []
    db.run(TAMPERED[what])
    assert verify(db, NOW)


def test_the_same_records_again_change_nothing(db: Db) -> None:
    """Not the counts, not the rows, not the answers."""
    told = (
        story().message("q", "bo", "09:00").reply("r", "09:30", under="q").decide("close", "10:00", "q").look("11:00")
    )
    told.like("q", "09:05").send("09:20", "q", "queued")
    first = ingest(db, told.records, NOW)
    assert (first.new, first.unchanged) == (len(told.records), 0)
    before = list(db.conn.iterdump())
    again = ingest(db, told.records, NOW)
    assert (again.new, again.changed, again.unchanged) == (0, 0, len(told.records))
    assert list(db.conn.iterdump()) == before


def test_a_batch_that_fails_leaves_nothing_behind(db: Db) -> None:
    """Rows and the asks that follow from them go in together or not at all."""
    db.run("create trigger stop before insert on ask begin select raise(abort, 'no room'); end")
    with pytest.raises(StoreError, match="no room"):
        ingest(db, story().message("q", "bo", "09:00").records, NOW)
    assert db.value("select count(*) from message") == 0
    db.run("drop trigger stop")
    ingest(db, story().message("q", "bo", "09:00").records, NOW)
    assert verify(db, NOW) == []


def test_an_edited_text_is_found_by_its_new_words_only(db: Db) -> None:
    """The search index forgets the old text."""
    ingest(db, story().message("q", "bo", "09:00", "walrus", observed_at="09:01").records, NOW)
    ingest(db, story().message("q", "bo", "09:00", "penguin", observed_at="10:01").records, NOW)
    assert [hit.message for hit in lists.search(db, "penguin", 5)] == ["q"]
    assert lists.search(db, "walrus", 5) == []
    assert [version.text for version in lists.versions(db, 1)] == ["walrus", "penguin"]


def test_search_words_are_words_and_never_operators(db: Db) -> None:
    """Quotes, stars and NEAR( come from people who type, and mean nothing special."""
    ingest(db, story().message("q", "bo", "09:00", 'say "hello" NEAR the* door').records, NOW)
    for words in ('"hello"', 'say "hel', "NEAR(say hello)", "door*", "the* - door", 'he"llo'):
        lists.search(db, words, 5)
    assert [hit.message for hit in lists.search(db, 'NEAR "door', 5)] == ["q"]
    assert lists.search(db, '"', 5) == []


def test_scenario_53_the_oldest_of_a_hundred_thousand_is_reachable_and_counted(db: Db) -> None:
    """Nothing is cut off by paging, from either end."""
    told = story()
    for number in range(2_000):
        told.message(f"m{number}", f"p{number}", "09:00")
    ingest(db, told.records, NOW)
    db.run(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 49) insert into ask"
        " select null, conversation, source_native, conversation_native, thread || '-' || i, person, source, status, open,"
        " trouble, waiting_since - i, due_at, reply_until, messages, latest, shown, shown_at, badges, backlog, claimed_by,"
        " claimed_until, suggest_act, suggest_reason, reason, by, until from ask, n"
    )
    assert queue.size(db, NOW) == 100_000
    first, last = queue.page(db, NOW, 1)[0], queue.page(db, NOW, 1, backwards=True)[0]
    assert first.waiting_since == when("09:00") - 49
    assert last.waiting_since == when("09:00")
    assert queue.page(db, NOW, 10, after=last.key) == []
    assert queue.page(db, NOW, 10, before=first.key) == []


def test_what_is_overdue_is_counted_the_same_at_every_moment(db: Db) -> None:
    """Before, at and after the instant up to which it was counted already, and after asks were closed."""
    told = story()
    for hour in range(10):
        told.message(f"m{hour}", f"p{hour}", f"{hour:02}:00")
    ingest(db, told.records, when("2 04:30"))
    ingest(db, story().decide("close", "2 04:31", "m1").records, when("2 06:30"))
    for at in ("1 23:00", "2 00:00", "2 03:30", "2 04:30", "2 06:30", "2 08:30", "3 00:00"):
        rows = queue.page(db, when(at), 50)
        assert queue.overdue(db, when(at)) == sum(
            1 for row in rows if row.due_at is not None and row.due_at <= when(at)
        )
    assert queue.overdue(db, when("3 00:00")) == 9
    assert verify(db, when("2 06:30")) == []


def test_a_writer_that_waits_too_long_says_why(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process holds the database; nothing was stored, and trying again helps."""
    monkeypatch.setattr("modconsole.store.db.BUSY_SECONDS", 0.05)
    with Db(db.path) as other, db.write(), pytest.raises(StoreError, match="Another process"):
        ingest(other, story().message("q", "bo", "09:00").records, NOW)
