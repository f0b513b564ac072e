"""Scenarios 46 to 60: sending and sync. What needs a store, a screen or a server is tested in their rooms."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from modconsole.domain.ask import OPEN
from modconsole.domain.records import SendState
from tests.scenarios.conftest import Ask
from tests.scenarios.story import story, when


def test_scenario_46_a_reply_is_queued_offline(at: Ask) -> None:
    """`sending` until it is seen on the platform, then answered."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "queued")
    ask = at(told, "11:00").of("ann")
    assert (ask.status, ask.waiting_since, ask.messages) == ("sending", when("10:00"), ("q",))
    assert at(told.send("10:10", "q", "sending"), "11:00").of("ann").status == "sending"
    told.send("10:10", "q", "confirmed", message="r").reply("r", "11:10", under="q")
    assert at(told, "12:00").of("ann").status == "answered"


def test_scenario_46_sending_wins_over_snoozed(at: Ask) -> None:
    """A snooze does not hide a reply on its way."""
    told = story().message("q", "ann", "10:00").decide("snooze", "10:05", "q").send("10:10", "q", "queued")
    assert at(told, "11:00").of("ann").status == "sending"


def test_scenario_46_a_reply_through_an_older_message_does_not_stop_the_wait(at: Ask) -> None:
    """Written again since: waiting, not sending."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "queued").message("q2", "ann", "10:20", under="q")
    assert at(told, "11:00").of("ann").status == "waiting"


def test_scenario_46_a_reply_that_was_taken_back_is_none(at: Ask) -> None:
    """The ask waits as before."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "queued").send("10:10", "q", "taken_back")
    assert at(told, "11:00").of("ann").status == "waiting"


def test_scenario_46_whom_a_send_concerns(at: Ask) -> None:
    """By what it replies to; without that, everybody in a direct message, a topic's opener, who wrote last in a group."""
    told = story().message("q", "ann", "10:00").message("p", "ben", "10:01", under="q").send("10:10", "p", "queued")
    assert [at(told, "11:00").of(p).status for p in ("ann", "ben")] == ["waiting", "sending"]
    nobody = story().message("q", "ann", "10:00").send("10:10", "q", "queued", reply_to=None)
    assert at(nobody, "11:00").of("ann").status == "waiting"
    dm = (
        story("dm")
        .message("q", "ann", "10:00")
        .message("p", "ben", "10:01")
        .send("10:10", "p", "queued", reply_to=None)
    )
    assert [at(dm, "11:00").of(p).status for p in ("ann", "ben")] == ["sending", "sending"]
    forum = story("forum").message("q", "ann", "10:00").message("p", "ben", "10:01", mentions=["us"])
    forum.send("10:10", "p", "queued", reply_to=None)
    assert [at(forum, "11:00").of(p).status for p in ("ann", "ben")] == ["sending", "waiting"]
    group = story("group_dm").message("q", "ann", "10:00").message("p", "ben", "10:01").message("p2", "ann", "10:02")
    group.send("10:10", "p", "queued", reply_to=None)
    assert [at(group, "11:00").of(p).status for p in ("ann", "ben")] == ["waiting", "sending"]


@pytest.mark.parametrize("state", ["sent", "unsure", "confirmed"])
def test_scenario_47_not_there_on_read_back(at: Ask, state: SendState) -> None:
    """`sending`, unconfirmed, at the top of the queue, before an older wait."""
    told = story().message("o", "old", "01:00").message("q", "ann", "10:00").send("10:10", "q", state, message="r")
    queue = at(told, "11:00").queue
    assert [(a.person, a.status, a.trouble) for a in queue] == [
        ("ann", "sending", "unconfirmed"),
        ("old", "waiting", ""),
    ]


def test_scenario_47_the_badge_says_unconfirmed(product: Ask) -> None:
    """And goes when the message is there."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "sent", message="r")
    assert "unconfirmed" in product(told, "11:00").of("ann").badges
    assert "unconfirmed" not in product(told.reply("r", "10:11", under="q"), "11:00").of("ann").badges


def test_scenario_48_a_send_failed_twice(at: Ask) -> None:
    """Still waiting, and at the top."""
    told = story().message("o", "old", "01:00").message("q", "ann", "10:00")
    told.send("10:10", "q", "failed", native="s1").send("10:20", "q", "failed", native="s2")
    queue = at(told, "11:00").queue
    assert [(a.person, a.status, a.trouble) for a in queue] == [("ann", "waiting", "failed"), ("old", "waiting", "")]


def test_scenario_48_a_retry_that_arrives_ends_the_trouble(at: Ask) -> None:
    """One send, further on, with its message on the platform: answered."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "failed").send("10:10", "q", "sent", message="r")
    assert at(told, "11:00").of("ann").status == "sending"
    ask = at(told.reply("r", "10:30", under="q"), "11:00").of("ann")
    assert (ask.status, ask.trouble) == ("answered", "")


def test_scenario_48_the_badge_says_send_failed(product: Ask) -> None:
    """On the ask whose reply did not arrive."""
    told = story().message("q", "ann", "10:00").send("10:10", "q", "failed")
    assert "send failed" in product(told, "11:00").of("ann").badges


def test_scenario_50_two_moderators_answer_at_the_same_time(at: Ask, product: Ask) -> None:
    """The first answer ends the wait and is named with its author; what the second one sees is the composer's to test."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q").send("10:11", "q", "queued")
    assert at(told, "11:00").of("ann").status == "answered"
    assert product(told, "11:00").of("ann").by == "us"


def test_scenario_51_found_by_a_full_walk(at: Ask) -> None:
    """Waiting since its original time."""
    told = story().message("q", "ann", "10:00", observed_at="2 12:00").look("11:00", complete_through="11:00")
    ask = at(told, "3 10:00").of("ann")
    assert (ask.status, ask.waiting_since) == ("waiting", when("10:00"))


def test_scenario_51_it_is_marked_found_late(product: Ask) -> None:
    """Where an earlier look had claimed to be complete past it, and only there."""
    for through, late in (("10:30", True), ("09:30", False)):
        told = story().message("q", "ann", "10:00", observed_at="2 12:00")
        told.look("11:00", complete_through=through, whole_source=True)
        assert ("found late" in product(told, "3 10:00").of("ann").badges) is late
    seen = story().message("q", "ann", "10:00", observed_at="10:01")
    seen.look("11:00", complete_through="11:00", whole_source=True)
    assert "found late" not in product(seen, "3 10:00").of("ann").badges


def test_scenario_52_history_is_backlog(product: Ask) -> None:
    """Apart from fresh asks, with nothing left out."""
    told = story(connected_at="5 09:00").message("q", "ann", "10:00").message("p", "ben", "5 10:00")
    answers = product(told, "5 11:00")
    assert [(a.person, a.status, a.backlog) for a in answers.queue] == [
        ("ann", "waiting", True),
        ("ben", "waiting", False),
    ]


def test_scenario_53_of_very_many_asks_the_oldest_is_first_and_all_are_there(product: Ask) -> None:
    """A hundred thousand asks in one queue; the test makes two thousand, the store's tests the rest."""
    told = story()
    for i in range(2000):
        told.message(f"q{i}", f"p{i}", f"{1 + i // 1440} {i // 60 % 24:02}:{i % 60:02}")
    queue = product(told, "3 10:00").queue
    assert [a.person for a in queue] == [f"p{i}" for i in range(2000)]


def test_scenario_54_a_source_that_has_failed_is_not_an_answer(at: Ask) -> None:
    """A gap of the whole source is reported beside the queue and changes no ask; one on the thread makes it `unknown`."""
    told = story().message("q", "ann", "10:00").reply("r", "10:10", under="q").message("p", "ben", "10:20")
    whole = at(told.look("2 10:00", gap="no permission", whole_source=True), "3 10:00")
    assert [whole.of(p).status for p in ("ann", "ben")] == ["answered", "waiting"]
    gap = at(told.look("2 11:00", gap="truncated"), "3 10:00")
    assert [gap.of(p).status for p in ("ann", "ben")] == ["unknown", "waiting"]
    assert gap.of("ann").waiting_since is None
    healed = at(told.look("2 12:00"), "3 10:00")
    assert [healed.of(p).status for p in ("ann", "ben")] == ["answered", "waiting"]


def test_scenario_54_an_unknown_ask_is_in_the_queue(at: Ask) -> None:
    """Never shown as answered: it is among the open ones, after the waits that are certain."""
    told = story().message("p", "ben", "10:20").message("q", "ann", "10:00").reply("r", "10:10", under="q")
    queue = at(told.look("2 11:00", gap="truncated"), "2 12:00").queue
    assert [a.status for a in queue] == ["waiting", "unknown"]
    assert queue[1].status in OPEN


@pytest.mark.parametrize("seed", range(12))
def test_scenario_55_out_of_order_with_skewed_clocks(at: Ask, seed: int) -> None:
    """The same result, and a reply that is dated before its question still answers it."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .reply("r", "09:58", under="q")
        .message("q2", "ann", "09:50", under="r")
        .message("p", "ben", "23:00")
        .decide("close", "23:30", "p")
        .decide("reopen", "23:31", "p")
    )
    random.Random(seed).shuffle(told.records)
    answers = at(told, "11:00")
    assert (answers.of("ann").status, answers.of("ann").messages) == ("waiting", ("q2",))
    assert answers.of("ann").waiting_since == when("09:50")
    assert answers.of("ben").status == "waiting"


def test_scenario_58_a_new_message_does_not_change_who_was_seen(at: Ask) -> None:
    """An ask keeps its name when messages arrive, and an act through what was seen leaves the new one open."""
    told = story().message("q", "ann", "10:00").message("p", "ben", "10:01")
    before = at(told, "11:00").of("ann")
    told.message("q2", "ann", "10:59", under="q").message("o", "old", "01:00")
    after = at(told, "11:00").of("ann")
    assert (after.source, after.conversation, after.thread, after.person) == (
        before.source,
        before.conversation,
        before.thread,
        before.person,
    )
    closed = at(told.decide("close", "11:00", before.latest, person="ann"), "11:01").of("ann")
    assert (closed.status, closed.messages) == ("waiting", ("q2",))


def test_scenario_60_counting_statuses_counts_the_list(at: Ask) -> None:
    """Every ask is in exactly one status: the counts add up to the list; the store's counters have their own test."""
    told = (
        story()
        .message("q", "ann", "10:00")
        .message("p", "ben", "10:01")
        .reply("r", "10:10", under="p")
        .message("c", "cat", "10:02")
        .decide("close", "10:11", "c")
        .message("d", "dan", "10:03", state="deleted")
    )
    queue = at(told, "11:00").queue
    assert Counter(a.status for a in queue) == {"waiting": 1, "answered": 1, "closed": 1, "withdrawn": 1}
    assert len({(a.source, a.conversation, a.thread, a.person) for a in queue}) == len(queue)
