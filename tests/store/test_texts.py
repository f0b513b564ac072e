"""The texts of messages for the rules: as they stand, as they come, as they change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modconsole.domain.texts import Texts
from modconsole.store import texts
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from tests.scenarios.story import Story, story, when
from tests.store.test_plans import plan

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


def bodies(db: Db, change: int = 0) -> list[str | None]:
    """What stands now in the messages that changed after a change; None where one is gone."""
    ids = [message for _, message in texts.changed_since(db, change, 100)]
    there = {found[0]: found[1] for found in texts.bodies_of(db, ids)}
    return [there.get(ident) for ident in ids]


def edited(native: str, text: str, at: str, **keys: Any) -> Story:
    """Another version of a message."""
    return story().message(native, "ann", "10:00", text, observed_at=at, **keys)


def test_a_message_comes_with_its_plain_text_title_and_the_names_it_was_written_under(db: Db) -> None:
    """HTML is read; the title is its own, else that of the conversation; an old name stays where the message has it."""
    told = story().message("1", "ann", "10:00", "<p>fish &amp; <b>chips</b></p>", format="html", title="Own")
    told = told.message("2", "ann", "10:01", "plain")
    told.records[1].title = "Shown"  # type: ignore[union-attr]
    for record, name, handle in zip(told.records[2:], ("Old", "Ann"), (None, "@ann"), strict=True):
        record.author.name, record.author.handle = name, handle  # type: ignore[union-attr]
    ingest(db, told.records, NOW)
    one, other = row(db, "1"), row(db, "2")
    assert texts.texts_of(db, [other, 99, one]) == [
        Texts(ident=other, body="plain", title="Shown", name="Ann", handle="@ann"),
        Texts(ident=one, body="fish & chips", title="Own", name="Old", handle="@ann"),
    ]
    assert texts.about(db, [other, one]) == {one: ("Own", "Old", "@ann"), other: ("Shown", "Ann", "@ann")}


def test_many_messages_at_once_come_in_the_order_that_was_asked_for(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one statement does not take them all."""
    told = story()
    for n in range(25):
        told = told.message(str(n), "ann", "10:00", f"text {n}")
    ingest(db, told.records, NOW)
    monkeypatch.setattr(texts, "AT_ONCE", 7)
    order = [*range(25, 0, -2), *range(2, 25, 2)]
    assert [found.ident for found in texts.texts_of(db, order)] == order


def test_new_messages_come_in_the_order_in_which_they_were_stored(db: Db) -> None:
    """After the last one that is known, as many as wanted."""
    ingest(db, story().message("a", "ann", "11:00", "later").message("b", "bob", "10:00", "earlier").records, NOW)
    assert [found[1] for found in texts.texts_since(db, 0, 10)] == ["later", "earlier"]
    assert [found[1] for found in texts.texts_since(db, row(db, "a"), 10)] == ["earlier"]
    assert [found[1] for found in texts.texts_since(db, 0, 1)] == ["later"]


def test_a_text_that_is_replaced_is_numbered_and_one_that_is_only_seen_again_is_not(db: Db) -> None:
    """The state of a message is no text; each message counts once, with its last change."""
    ingest(db, story().message("1", "ann", "10:00", "one").message("2", "bob", "10:00", "two").records, NOW)
    before = texts.stamp(db)
    assert (before.last, before.change) == (row(db, "2"), 0)
    ingest(db, edited("1", "one", "10:05", state="removed").records, NOW)
    assert texts.stamp(db) == before
    ingest(db, edited("1", "uno", "10:06").records, NOW)
    first = texts.stamp(db).change
    assert bodies(db) == ["uno"]
    ingest(db, edited("2", "due", "10:06").records, NOW)
    ingest(db, edited("1", "ein", "10:07").records, NOW)
    assert bodies(db) == ["due", "ein"]
    assert bodies(db, first) == ["due", "ein"]
    assert texts.stamp(db).last == before.last
    assert bodies(db, texts.stamp(db).change) == []


def test_another_title_or_conversation_counts_as_a_change(db: Db) -> None:
    """Rules look at titles, and the copy knows where a message is."""
    ingest(db, story().message("1", "ann", "10:00", "one", title="Old").records, NOW)
    ingest(db, edited("1", "one", "10:05", title="New").records, NOW)
    change = texts.stamp(db).change
    assert bodies(db) == ["one"]
    moved = story(conversation="elsewhere").message("1", "ann", "10:00", "one", title="New", observed_at="10:06")
    ingest(db, moved.records, NOW)
    assert bodies(db, change) == ["one"]


def test_a_message_that_is_gone_is_numbered_too(db: Db) -> None:
    """Whoever has a copy of it can take it out."""
    ingest(db, story().message("1", "ann", "10:00", "one").records, NOW)
    db.run("delete from message where native = '1'")
    assert bodies(db) == [None]


def test_a_database_keeps_its_number_and_two_have_different_ones(tmp_path: Path) -> None:
    """So that a copy of the texts of one is not taken for one of the other."""
    with Db(tmp_path / "one.db") as one, Db(tmp_path / "two.db") as two:
        assert texts.stamp(one) == texts.stamp(one)
        assert texts.stamp(one).database != texts.stamp(two).database


def test_titles_and_names_are_listed_with_whom_they_belong_to(db: Db) -> None:
    """Of a person every name that a message has, and today's."""
    told = (
        story()
        .message("1", "ann", "10:00", "one")
        .message("2", "ann", "10:01", "two")
        .message("3", "bob", "10:02", "x")
    )
    told.records[1].title = "Shown"  # type: ignore[union-attr]
    for record, name in zip(told.records[2:], ("Ann", "Anna", None), strict=True):
        record.author.name = name  # type: ignore[union-attr]
    ingest(db, told.records, NOW)
    (found,) = texts.titles(db)
    assert found[1] == "Shown"
    assert {name for _, name, _ in texts.names(db) if name} == {"Ann", "Anna"}
    assert len({person for person, *_ in texts.names(db)}) == 1


@pytest.mark.parametrize(
    "ask", [texts.stamp, lambda db: texts.changed_since(db, 5, 9), lambda db: texts.texts_since(db, 5, 9)]
)
def test_what_is_asked_with_every_key_goes_by_an_index(db: Db, ask: Callable[[Db], object]) -> None:
    """However large the database is."""
    texts.stamp(db)
    steps = plan(db, lambda: ask(db))
    assert [
        step for step in steps if "TEMP B-TREE" in step or (step.startswith("SCAN") and "CONSTANT" not in step)
    ] == []
