"""What became of messages: what moderators decided about them, and who waits with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modconsole.domain.ids import new_id
from modconsole.store import acts, outcomes
from modconsole.store.acts import Moderated
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from tests.scenarios.story import story, when

NOW = when("12:00")


@pytest.fixture
def db(tmp_path: Path) -> Db:
    """An empty database."""
    return Db(tmp_path / "modconsole.db")


def row(db: Db, native: str) -> int:
    """The row id of a message."""
    found = db.value("select id from message where native = ?", (native,))
    assert found is not None
    return int(found)


def became(db: Db) -> dict[str, tuple[str, bool]]:
    """What became of each message, and whether it waits."""
    natives = dict(db.rows("select id, native from message"))
    return {natives[each.row_id]: (each.decided, each.waits) for each in outcomes.outcomes(db, list(natives))}


def acted(db: Db, message: str, act: str, by: str = "ann", **more: Any) -> str:
    """An act on a message that the platform has carried out."""
    found = acts.begin(
        db,
        Moderated(
            id=new_id(NOW),
            at=NOW,
            by=by,
            source="blog",
            conversation="post",
            on="message",
            target=message,
            message=message,
            person=None,
            act=act,
            **more,
        ),
    )
    acts.done(db, found.id, became=None, undo=None, note="")
    return found.id


def test_a_comment_that_nobody_looked_at_is_open_and_waits(db: Db) -> None:
    """Nobody answered, nobody acted."""
    ingest(db, story().message("1", "ann", "10:00", "why?").records, NOW)
    assert became(db) == {"1": ("open", True)}


def test_what_was_answered_is_kept_and_what_came_after_the_answer_waits(db: Db) -> None:
    """The answer is to the first; the second asks again."""
    told = story().message("1", "ann", "10:00", "why?").reply("2", "10:01", under="1")
    ingest(db, told.records, NOW)
    assert became(db)["1"] == ("kept", False)
    ingest(db, told.message("3", "ann", "10:02", "and then?", under="2").records, NOW)
    assert became(db)["3"] == ("open", True)


def test_what_somebody_closed_is_kept(db: Db) -> None:
    """Closing an ask without a reply is looking at it."""
    ingest(
        db,
        story().message("1", "ann", "10:00", "nice").decide("close", "10:05", through="1", person="ann").records,
        NOW,
    )
    assert became(db) == {"1": ("kept", False)}


@pytest.mark.parametrize("act", ["hold", "hide", "spam", "remove"])
def test_what_a_person_put_away_is_removed(db: Db, act: str) -> None:
    """Whatever the platform says of it by now."""
    ingest(db, story().message("1", "ann", "10:00", "spam").records, NOW)
    acted(db, "1", act)
    assert became(db)["1"][0] == "removed"


@pytest.mark.parametrize("act", ["approve", "unhide", "restore"])
def test_what_a_person_brought_back_is_kept(db: Db, act: str) -> None:
    """The last act counts, also after a rule's."""
    ingest(db, story().message("1", "ann", "10:00", "ham", state="spam").records, NOW)
    acted(db, "1", "spam")
    acted(db, "1", act)
    acted(db, "1", "remove", by="rule:x@1")
    assert became(db)["1"][0] == "kept"


@pytest.mark.parametrize("state", ["hidden", "spam", "removed"])
def test_what_was_put_away_on_the_platform_is_removed_unless_a_rule_of_ours_did_it(db: Db, state: str) -> None:
    """What a rule did is nobody's decision."""
    told = story().message("1", "ann", "10:00", "x", state=state).message("2", "bob", "10:00", "y", state=state)
    ingest(db, told.records, NOW)
    acted(db, "2", "remove", by="rule:x@1")
    assert {native: decided for native, (decided, _) in became(db).items()} == {"1": "removed", "2": "open"}


@pytest.mark.parametrize("state", ["held", "deleted"])
def test_what_waits_for_approval_and_what_its_author_deleted_is_open(db: Db, state: str) -> None:
    """Nobody of us decided."""
    ingest(db, story().message("1", "ann", "10:00", "x", state=state).records, NOW)
    assert became(db)["1"][0] == "open"


def test_an_act_that_was_taken_back_or_failed_counts_for_nothing(db: Db) -> None:
    """As if it had never been done."""
    ingest(db, story().message("1", "ann", "10:00", "x").message("2", "bob", "10:00", "y").records, NOW)
    acts.undone(db, acted(db, "1", "remove"), "ann", NOW)
    acts.begin(
        db,
        Moderated(
            id=new_id(NOW),
            at=NOW,
            by="ann",
            source="blog",
            conversation="post",
            on="message",
            target="2",
            message="2",
            person=None,
            act="remove",
            state="failed",
        ),
    )
    assert {decided for decided, _ in became(db).values()} == {"open"}


def test_a_person_with_asks_in_several_threads_counts_each_message_once(db: Db) -> None:
    """One thread is answered, the other waits."""
    told = (
        story().message("1", "ann", "10:00", "one?").message("2", "ann", "10:01", "two?").reply("3", "10:02", under="1")
    )
    ingest(db, told.records, NOW)
    found = became(db)
    assert (found["1"], found["2"]) == (("kept", False), ("open", True))
    assert len(found) == 3


def test_a_message_is_described_by_what_a_list_shows(db: Db) -> None:
    """Where it is, who wrote it under which name, when, and its state."""
    told = story().message("1", "ann", "10:00", "x", state="held")
    told.records[1].title = "Shown"  # type: ignore[union-attr]
    told.records[2].author.name = "Ann"  # type: ignore[union-attr]
    ingest(db, told.records, NOW)
    found = outcomes.about(db, [row(db, "1"), 99])[row(db, "1")]
    assert (found.source, found.conversation, found.message, found.person) == ("blog", "post", "1", "ann")
    assert (found.name, found.handle, found.title, found.created, found.state) == (
        "Ann",
        None,
        "Shown",
        when("10:00"),
        "held",
    )
    (person,) = db.row("select person from message where native = '1'")
    assert [(each.source, each.person, each.name) for each in outcomes.people(db, [person])] == [("blog", "ann", "Ann")]
