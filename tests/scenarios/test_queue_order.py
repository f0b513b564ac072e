"""The order of the queue, and what counts as asking and covering where no scenario says it."""

from __future__ import annotations

from modconsole.domain.records import Identity
from tests.scenarios.conftest import Ask
from tests.scenarios.story import story, when


def test_the_queue_is_ordered_by_trouble_then_window_then_target_then_age(at: Ask) -> None:
    """Failed sends, windows that close soon, overdue asks, the rest; oldest first in each."""
    told = story().message("late", "late", "10:00").message("late2", "later", "11:00")
    told.message("new2", "newer", "2 11:40").message("new", "new", "2 11:30").message("fail", "fail", "2 11:50")
    told.send("2 11:51", "fail", "failed")
    for name, until in (("w2", "2 14:30"), ("w1", "2 13:30"), ("far", "9 10:00")):
        told.then(story("dm", conversation=name, reply_until=until).message(name, name, "2 11:55"))
    people = [a.person for a in at(told, "2 12:00").queue]
    assert people == ["fail", "w1", "w2", "late", "later", "new", "newer", "far"]


def test_ties_in_the_queue_go_by_source_conversation_thread_and_person(at: Ask) -> None:
    """Two waits since the same minute never change places."""
    told = story().message("b", "ann", "10:00").message("a", "ben", "10:00").message("c", "ann", "10:00", under="a")
    told.then(story(source="a", conversation="z").message("q", "zoe", "10:00"))
    told.then(story(conversation="a").message("9", "eve", "10:00"))
    assert [(a.source, a.thread, a.person) for a in at(told, "11:00").queue] == [
        ("a", "q", "zoe"),
        ("blog", "9", "eve"),
        ("blog", "a", "ann"),
        ("blog", "a", "ben"),
        ("blog", "b", "ann"),
    ]


def test_a_forum_answers_its_opener_and_who_addresses_us(at: Ask) -> None:
    """By a reply to us or our bot, a mention or a quote; nobody else asks there."""
    told = (
        story("forum")
        .message("q", "ann", "10:00")
        .message("x", "ben", "10:01")
        .reply("b", "10:02", by="bot", under="x")
        .message("c", "cat", "10:03", under="b")
        .message("d", "dan", "10:04", mentions=["us"])
        .message("e", "eve", "10:05", quotes="b")
        .message("f", "fay", "10:06", quotes="c")
    )
    assert {a.person for a in at(told, "11:00").queue} == {"ann", "cat", "dan", "eve"}


def test_a_source_that_answers_what_is_addressed_still_answers_direct_messages(at: Ask) -> None:
    """A direct message is addressed to us."""
    told = story("dm", answer="addressed").message("q", "ann", "10:00")
    told.then(story("group_dm", conversation="g", answer="addressed").message("p", "ben", "10:00"))
    assert [a.person for a in at(told, "11:00").queue] == ["ann"]


def test_other_peoples_bots_and_internal_messages_do_not_ask(at: Ask) -> None:
    """They count as automatic."""
    told = (
        story()
        .message("a", "robot", "10:00", author_kind="bot")
        .message("b", "ann", "10:01", automatic=True)
        .message("c", "ben", "10:02", visibility="internal")
    )
    assert at(told, "11:00").queue == []


def test_a_top_level_comment_of_ours_that_addresses_nobody_covers_nothing(at: Ask) -> None:
    """In a forum it answers the opener, in a group who wrote last, under a post nobody."""
    comments = story().message("q", "ann", "10:00").reply("r", "10:10")
    assert at(comments, "11:00").of("ann").status == "waiting"
    forum = story("forum", answer="everyone").message("q", "ann", "10:00").message("p", "ben", "10:01")
    answers = at(forum.reply("r", "10:10"), "11:00")
    assert [answers.of(p).status for p in ("ann", "ben")] == ["answered", "waiting"]
    group = story("group_dm").message("q", "ann", "10:00").message("p", "ben", "10:01")
    answers = at(group.reply("r", "10:10"), "11:00")
    assert [answers.of(p).status for p in ("ann", "ben")] == ["waiting", "answered"]


def test_a_mention_answers_unless_the_reply_stands_under_an_item_of_that_person(at: Ask) -> None:
    """Under an item of theirs, the parent says which question was meant."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .message("p", "ben", "10:01", under="q")
        .reply("r", "10:10", under="p", mentions=["ann"])
    )
    answers = at(told, "11:00")
    assert [answers.of(p).status for p in ("ann", "ben")] == ["answered", "answered"]
    own = story().message("q", "ann", "10:00").message("q2", "ann", "10:05", under="q")
    own.reply("r", "10:10", under="q", mentions=["ann"])
    assert at(own, "11:00").of("ann").messages == ("q2",)


def test_a_quote_answers_what_is_quoted_and_what_was_before_it(at: Ask) -> None:
    """And nothing later."""
    told = story("forum").message("q", "ann", "10:00").message("q2", "ann", "10:05").message("q3", "ann", "10:06")
    ask = at(told.reply("r", "10:10", quotes="q2"), "11:00").of("ann")
    assert (ask.messages, ask.waiting_since) == (("q3",), when("10:06"))


def test_native_ids_are_compared_as_numbers_where_they_are_numbers(at: Ask) -> None:
    """At equal times `9` comes before `10`, and a number before a word."""
    told = story("dm", us=[Identity(id="us")]).message("10", "ann", "10:00").message("9", "ann", "10:00")
    told.message("a2", "ann", "10:00").message("a10", "ann", "10:00")
    assert at(told, "11:00").of("ann").messages == ("9", "10", "a2", "a10")
    assert at(told.decide("close", "10:30", "10"), "11:00").of("ann").messages == ("a2", "a10")


def test_a_circle_of_parents_is_cut_at_its_earliest_message(at: Ask) -> None:
    """It becomes the top of the thread, and nothing loops."""
    told = story().message("c", "cat", "10:02", under="b").message("a", "ann", "10:00", under="c")
    told.message("b", "ben", "10:01", under="a")
    assert [(a.thread, a.person) for a in at(told, "11:00").queue] == [("a", "ann"), ("a", "ben"), ("a", "cat")]
