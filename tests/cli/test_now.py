"""`--now` moves the clock and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, write
from tests.scenarios.story import Story

EARLY, LATE = "2026-03-02T11:00:00Z", "2026-03-09T11:00:00Z"


@pytest.fixture
def filled(cli: Cli, tmp_path: Path) -> Cli:
    """Somebody is snoozed until the third day, somebody promised an answer until the fourth."""
    told = (
        Story()
        .message("m1", "ann", "9:00")
        .decide("snooze", "9:30", "m1", person="ann", until="3 9:00")
        .message("m2", "bob", "9:10")
        .reply("r2", "9:20", under="m2")
        .decide("promise", "9:25", "r2", until="4 9:00")
        .message("m3", "carol", "5 9:00")
    )
    assert cli("import", str(write(tmp_path / "s.jsonl", told.records))).code == 0
    return cli


def statuses(cli: Cli, now: str) -> dict[str, str]:
    """Who stands how at a time."""
    asks = cli("waiting", "--all", "--json", "--now", now).document["asks"]
    return {ask["person"]["id"]: ask["status"] for ask in asks}


def test_snoozes_and_promises_stand_or_have_ended_by_that_clock(filled: Cli) -> None:
    """In any order of asking, and without a trace in the database."""
    early = {"ann": "snoozed", "bob": "promised", "carol": "waiting"}
    late = {"ann": "waiting", "bob": "waiting", "carol": "waiting"}
    assert [statuses(filled, now) for now in (EARLY, LATE, EARLY)] == [early, late, early]


def test_what_is_counted_is_what_is_listed_at_that_time(filled: Cli) -> None:
    """The counters move with the clock."""
    for now, expected in ((EARLY, 1), (LATE, 3)):
        said = filled("waiting", "--json", "--now", now).document
        assert said["counts"]["waiting"] == len(said["asks"]) == expected


def test_no_record_is_hidden_and_no_wait_is_below_zero(filled: Cli) -> None:
    """A message from after that time is there, and its age is nothing."""
    said = filled("waiting", "--now", EARLY)
    line = next(line for line in said.out.splitlines() if "Carol" in line)
    assert line.split()[0] == "0m"


def test_why_and_verify_go_by_that_clock_too(filled: Cli) -> None:
    """The proof says that the snooze stands, then that it does not; both are verified."""
    assert filled("why", "blog", "m1", "--json", "--now", EARLY).document["status"] == "snoozed"
    assert filled("why", "blog", "m1", "--json", "--now", LATE).document["status"] == "waiting"
    for now in (EARLY, LATE):
        assert filled("verify", "--now", now).code == 0


def test_due_dates_count_by_that_clock(filled: Cli) -> None:
    """Overdue is a matter of the time at which one asks."""
    overdue = [len(filled("waiting", "is:overdue", "--json", "--now", now).document["asks"]) for now in (EARLY, LATE)]
    assert overdue == [0, 3]


def test_nothing_is_written(filled: Cli, home: Path) -> None:
    """The file is, byte for byte, what it was."""
    database = home / "home" / "modconsole.db"
    filled("waiting", "--json")  # what has ended by now is renewed first
    before = database.read_bytes()
    for words in (["waiting"], ["waiting", "--all"], ["why", "blog", "m1"], ["verify"], ["sweep"]):
        for now in (EARLY, LATE):
            filled(*words, "--now", now)
    assert database.read_bytes() == before
    wal = database.with_name(database.name + "-wal")
    assert not wal.exists() or wal.stat().st_size == 0
