"""What a moderator can do to an ask, and what they are told before they do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from modconsole.desk import asks, undoing, views
from modconsole.desk.desk import CLAIM_SECONDS, Desk
from modconsole.domain.ids import new_id
from modconsole.domain.records import Message, Source
from modconsole.domain.times import SECOND
from modconsole.errors import Conflict, NotFound, UsageError
from modconsole.store import journal, outbox
from modconsole.store.ingest import ingest
from modconsole.store.verify import verify
from tests.desk.conftest import Clock
from tests.scenarios.story import Story, story, when

Sit = Callable[..., Desk]


def status(desk: Desk, message: str) -> str:
    """The status of the ask of a message's author."""
    ask = asks.status(desk, "blog", message)
    return ask.status if ask is not None else "not asking"


def later(desk: Desk, told: Story) -> None:
    """What has happened since."""
    ingest(desk.db, told.records, desk.now())


def test_a_close_can_be_undone_as_if_it_had_never_been_made(sit: Sit) -> None:
    """Even where a reply had answered an earlier item, which a reopening would bring back."""
    told = story().message("q", "bo", "09:00").reply("r", "09:30", under="q").message("q2", "bo", "10:00", under="r")
    desk = sit(told)
    before = asks.why(desk, "blog", "q2")
    acted = asks.close(desk, "blog", "q2", reason="thanks")
    assert (acted.status, status(desk, "q2")) == ("closed", "closed")
    undone = undoing.undo(desk)
    assert (undone.what, undone.status) == ("close", "waiting")
    assert asks.why(desk, "blog", "q2").waiting_since == before.waiting_since == when("10:00")
    assert verify(desk.db, desk.now()) == []


def test_undo_without_an_id_takes_back_my_own_last_act_and_nobody_elses(sit: Sit) -> None:
    """Two people at one database never undo each other by accident."""
    desk = sit(story().message("q", "bo", "09:00").message("q2", "cy", "09:10"))
    other = sit(who="ben")
    mine = asks.close(desk, "blog", "q")
    theirs = asks.close(other, "blog", "q2")
    assert undoing.undo(desk).id == mine.id
    with pytest.raises(NotFound, match="nothing of ann's"):
        undoing.undo(desk)
    assert undoing.undo(desk, theirs.id).id == theirs.id
    with pytest.raises(Conflict, match="undone already"):
        undoing.undo(desk, theirs.id)


def test_an_act_on_our_own_message_is_refused(sit: Sit) -> None:
    """It is nobody's ask; the error says what to name instead."""
    desk = sit(story().message("q", "bo", "09:00").reply("r", "09:30", under="q"))
    with pytest.raises(UsageError, match="our own"):
        asks.close(desk, "blog", "r")
    with pytest.raises(NotFound, match="no message 'zzz'"):
        asks.close(desk, "blog", "zzz")
    with pytest.raises(NotFound, match="no source 'nowhere'"):
        asks.close(desk, "nowhere", "q")


def test_a_reply_waits_for_the_undo_delay_and_comes_back_as_a_draft(sit: Sit, clock: Clock) -> None:
    """Until it goes out it can be taken back, and its words are never lost."""
    desk = sit(story().message("q", "bo", "09:00"))
    acted = asks.reply(desk, "blog", "q", "Of course.")
    assert (acted.status, acted.goes_out_at) == ("sending", clock.now + 10 * SECOND)
    assert outbox.due(desk.db, "blog", clock.now) == []
    assert [row.id for row in outbox.due(desk.db, "blog", clock.now + 10 * SECOND)] == [acted.id]
    assert undoing.undo(desk).status == "waiting"
    kept = journal.draft(desk.db, "blog", "q", "ann")
    assert kept is not None
    assert kept.text == "Of course."


def test_a_reply_that_has_gone_out_cannot_be_taken_back_and_says_so(sit: Sit, clock: Clock) -> None:
    """It is on the platform, or may be."""
    desk = sit(story().message("q", "bo", "09:00"))
    acted = asks.reply(desk, "blog", "q", "Of course.")
    assert outbox.take(desk.db, acted.id, clock.now)
    with pytest.raises(Conflict, match="cannot be taken back"):
        undoing.undo(desk)


def test_scenario_21_what_they_write_while_we_compose_stays_open_and_we_are_told(sit: Sit) -> None:
    """The warning names the newer message; the reply is sent through the one that was shown."""
    desk = sit(story().message("q", "bo", "09:00"))
    later(desk, story().message("q2", "bo", "09:30", under="q"))
    told = asks.check_reply(desk, "blog", "q", through="q")
    assert [(c.kind, c.message, c.stops) for c in told if c.kind == "newer"] == [("newer", "q2", False)]
    acted = asks.reply(desk, "blog", "q", "Yes.", through="q")
    later(desk, story().reply("r", "12:01", under="q"))
    outbox.move(desk.db, acted.id, "confirmed", desk.now(), message="r")
    ask = asks.status(desk, "blog", "q2")
    assert ask is not None
    assert (ask.status, ask.messages) == ("waiting", ("q2",))


def test_scenario_50_the_second_moderator_is_told_who_is_answering_before_sending(sit: Sit) -> None:
    """And who has answered; either stops the send until they insist."""
    desk, other = sit(story().message("q", "bo", "09:00")), sit(who="ben")
    asks.reply(other, "blog", "q", "I have it.")
    with pytest.raises(Conflict, match="ben has a reply"):
        asks.reply(desk, "blog", "q", "Me too.")
    later(desk, story().reply("r", "12:01", under="q"))
    told = asks.check_reply(desk, "blog", "q", through="q")
    assert [(c.kind, c.by, c.at) for c in told if c.kind == "answered"] == [("answered", "us", when("12:01"))]
    assert asks.reply(desk, "blog", "q", "Me too.", insist=True).id


def test_an_edit_made_while_we_write_is_told(sit: Sit) -> None:
    """The text we answer is not the one that stands there now (scenario 38)."""
    desk = sit(story().message("q", "bo", "09:00", observed_at="09:01"))
    later(desk, story().message("q", "bo", "09:00", "Never mind, how about this?", edited_at="12:05"))
    assert "edited" in {c.kind for c in asks.check_reply(desk, "blog", "q", since=when("12:00"))}
    assert "edited" not in {c.kind for c in asks.check_reply(desk, "blog", "q", since=when("12:10"))}


def test_a_claim_keeps_others_off_until_it_runs_out(sit: Sit, clock: Clock) -> None:
    """Somebody who was called away blocks nobody for ever."""
    desk, other = sit(story().message("q", "bo", "09:00")), sit(who="ben")
    asks.claim(desk, "blog", "q")
    with pytest.raises(Conflict, match="ann has claimed"):
        asks.claim(other, "blog", "q")
    assert views.QueuePager(other).first(5)[0].claimed_by == "ann"
    clock.now += (CLAIM_SECONDS + 1) * SECOND
    assert views.QueuePager(other).first(5)[0].claimed_by is None
    assert asks.claim(other, "blog", "q").status == "waiting"


def test_a_snooze_ends_when_its_time_has_come_without_anybody_writing(sit: Sit, clock: Clock) -> None:
    """The stored answer is renewed when it is read."""
    desk = sit(story().message("q", "bo", "09:00"))
    asks.snooze(desk, "blog", "q", until=when("2 09:00"))
    assert views.QueuePager(desk).count() == 0
    clock.set("2 09:00")
    assert views.QueuePager(desk).count() == 1
    assert views.header(desk).waiting == 1
    assert verify(desk.db, clock.now) == []
    with pytest.raises(UsageError, match="past"):
        asks.snooze(desk, "blog", "q", until=when("10:00"))


def test_a_promise_makes_our_reply_a_holding_one(sit: Sit, clock: Clock) -> None:
    """And at its date the ask is back, since its original time (scenario 32)."""
    desk = sit(story().message("q", "bo", "09:00").reply("r", "09:30", under="q"))
    asks.promise(desk, "blog", "r", until=when("3 09:00"))
    assert status(desk, "q") == "promised"
    clock.set("3 09:00")
    ask = asks.status(desk, "blog", "q")
    assert ask is not None
    assert (ask.status, ask.waiting_since) == ("waiting", when("09:00"))


def test_scenario_26_a_thank_you_is_suggested_for_closing_and_never_closed_by_itself(sit: Sit) -> None:
    """One key closes it."""
    told = (
        story()
        .message("q", "bo", "09:00")
        .reply("r", "09:30", under="q")
        .message("t", "bo", "10:00", "Thanks!", under="r")
    )
    desk = sit(told)
    row = views.QueuePager(desk).first(5)[0]
    assert (row.status, row.suggest_act, row.suggest_reason) == ("waiting", "close", "no reply needed")


def test_scenario_20_the_same_question_on_two_platforms_is_marked_on_both(sit: Sit) -> None:
    """By the handle and the words; one of them answered leaves the other waiting."""
    blog, toot = story(source="blog"), story(source="masto")
    desk = sit()
    for told in (blog, toot):
        told.message("q", "bo-" + told.source, "09:00", "Does the new sensor work outdoors?")
        for record in told.records:
            if isinstance(record, Message):
                record.author.handle = "bo@example.org" if told is blog else "@bo@example.org"
        later(desk, told)
    rows = views.QueuePager(desk).first(5)
    assert [("possible duplicate" in row.badges, row.source) for row in rows] == [(True, "blog"), (True, "masto")]
    later(desk, story(source="blog").reply("r", "10:00", under="q"))
    assert [(row.source, row.badges.count("possible duplicate")) for row in views.QueuePager(desk).first(5)] == [
        ("masto", 0)
    ]


def test_scenario_54_a_source_that_failed_cannot_vouch(sit: Sit, clock: Clock) -> None:
    """Nor can one whose last complete look is too old; an imported one never goes stale unless it says when."""
    told = story().look("09:00", complete_through="09:00", whole_source=True)
    desk = sit(told)
    assert [state.state for state in views.coverage(desk)] == ["fresh"]
    source = told.records[0]
    assert isinstance(source, Source)
    source.fresh_within, source.observed_at = 60.0, datetime(2026, 3, 2, 1, tzinfo=UTC)
    later(desk, told)
    assert [(s.state, "60 minutes" in s.why) for s in views.coverage(desk)] == [("stale", True)]
    clock.set("09:30")
    assert [state.state for state in views.coverage(desk)] == ["fresh"]


def test_ids_of_ours_sort_by_the_time_of_the_act() -> None:
    """UUID version 7: merged databases keep the order in which people acted."""
    ids = [new_id(when(f"{hour:02}:00")) for hour in range(24)]
    assert ids == sorted(ids)
    assert {ident[14] for ident in ids} == {"7"}
    assert len(set(ids)) == 24


def test_an_ask_that_has_left_a_limited_queue_is_not_found_in_it(sit: Sit) -> None:
    """So the cursor goes to its neighbour instead of following it to a place that is not on the list."""
    desk = sit(story().message("q", "bo", "09:00"))
    limited = views.QueuePager(desk, "is:waiting older:1h")
    row = limited.first(1)[0]
    assert limited.find(row) is not None
    asks.reply(desk, "blog", "q", "Yes.")
    assert limited.find(row) is None
    assert views.QueuePager(desk).find(row) is not None
