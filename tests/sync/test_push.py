"""The outbox: nothing is sent twice on a guess, nothing is lost, and every row says where it stands."""

from __future__ import annotations

import pytest

from modconsole.domain.records import Message
from modconsole.errors import Gone, OutcomeUnknown, RateLimited, Refused, SignInError, Unreachable
from modconsole.store import outbox
from modconsole.sync.push import LeaseLost, Pusher
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, Double, Killed, lost


@pytest.fixture
def asked(bench: Bench) -> str:
    """Somebody has asked, and we have seen it."""
    ident = bench.place.write("Where is my order?")
    bench.turn()
    assert bench.status() == "waiting"
    return ident


def test_a_reply_is_sent_read_back_and_answered(bench: Bench, asked: str) -> None:
    """The states in order; the ask is answered once the reply has been seen there."""
    send = bench.reply(asked, "On its way.")
    assert bench.status() == "sending"
    pushed = bench.push()
    assert [step.state for step in pushed.steps] == ["sending", "sent", "confirmed"]
    assert (bench.state(send), bench.status(), bench.place.sends) == ("confirmed", "answered", 1)
    assert bench.push().steps == []


def test_nothing_goes_out_before_its_time(bench: Bench, asked: str) -> None:
    """Within the undo delay a reply can be taken back, and then never goes out."""
    kept, taken = bench.reply(asked, "Kept", delay=30), bench.reply(asked, "Taken", delay=30)
    bench.push()
    assert bench.place.sends == 0
    assert outbox.take_back(bench.db, taken, bench.place.now)
    bench.place.tick(31)
    bench.push()
    assert (bench.state(kept), bench.state(taken)) == ("confirmed", "taken_back")
    assert bench.place.ours("Taken") == []


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_looked_for_and_ends_in_one_reply(bench: Bench, asked: str, applied: bool) -> None:
    """Whether or not the platform carried it out: unsure first, and in the end exactly one is there."""
    send = bench.reply(asked, "Once.")
    bench.place.trouble["send"] = [lost(applied=applied)]
    states = [step.state for step in bench.push().steps]
    assert states[:2] == ["sending", "unsure"]
    if applied:
        assert bench.state(send) == "confirmed"
    else:
        assert bench.state(send) == "unsure"
        assert bench.status() == "sending"
        assert bench.place.sends == 0, "not sent again before it is sure"
        for _ in range(12):
            bench.place.tick(5)
            bench.push()
    assert (bench.state(send), bench.status(), len(bench.place.ours("Once."))) == ("confirmed", "answered", 1)


def test_a_reply_that_shows_late_is_not_sent_again(bench: Bench, asked: str) -> None:
    """It arrived and is invisible for twenty seconds: it is looked for until then."""
    send = bench.reply(asked, "Late.")
    bench.place.trouble["send"] = [lost(applied=True)]
    bench.place.hides = True
    for _ in range(4):
        bench.push()
        bench.place.tick(5)
    assert bench.state(send) == "unsure"
    bench.place.hides = False
    bench.push()
    assert (bench.state(send), len(bench.place.ours("Late."))) == ("confirmed", 1)


def test_before_a_second_try_the_first_is_looked_for(bench: Bench, asked: str) -> None:
    """Even when nobody believes that the first try arrived: it shows up later than it should, and is found."""
    send = bench.reply(asked, "Very late.")
    bench.place.trouble["send"] = [lost(applied=True)]
    bench.place.hides = True
    bench.push()
    bench.place.tick(40)
    bench.place.trouble["find"] = [None, lambda: setattr(bench.place, "hides", False)]
    bench.push()
    assert (bench.state(send), len(bench.place.ours("Very late."))) == ("confirmed", 1)


@pytest.mark.parametrize("applied", [True, False])
def test_killed_in_the_middle_of_a_send(bench: Bench, asked: str, applied: bool) -> None:
    """The row stays in `sending`; who comes next calls it unsure, looks, and there is one reply in the end."""
    send = bench.reply(asked, "Survivor.")
    bench.place.trouble["send"] = [("after", Killed()) if applied else Killed()]
    with pytest.raises(Killed):
        bench.push()
    assert bench.state(send) == "sending"
    first = [step.state for step in bench.push().steps]
    assert first[0] == "unsure"
    for _ in range(12):
        bench.place.tick(5)
        bench.push()
    assert (bench.state(send), len(bench.place.ours("Survivor."))) == ("confirmed", 1)


@pytest.mark.parametrize("at", ["before", "after"])
def test_killed_around_the_read_back(bench: Bench, asked: str, at: str) -> None:
    """It was sent; whatever comes between, the next run reads it back."""
    send = bench.reply(asked, "Read me.")
    bench.place.trouble["read"] = [Killed()]
    with pytest.raises(Killed):
        bench.push()
    assert bench.state(send) == "sent"
    if at == "after":
        bench.turn()
    bench.push()
    assert (bench.state(send), bench.status(), bench.place.sends) == ("confirmed", "answered", 1)


def test_refused_is_final_and_says_what_to_do(bench: Bench, asked: str) -> None:
    """The platform will not: the reason and a hint are kept, and nothing is tried again by itself."""
    send = bench.reply(asked, "No.")
    bench.place.trouble["send"] = [Refused("Comments are closed.", hint="Open them first.")]
    bench.push()
    row = bench.send(send)
    assert (row.state, row.trouble, row.hint, row.retry_at) == (
        "failed",
        "Comments are closed.",
        "Open them first.",
        None,
    )
    assert bench.asks()[0].trouble == "failed"
    bench.place.tick(100_000)
    assert bench.push().steps == []
    assert outbox.retry(bench.db, send, bench.place.now)
    bench.push()
    assert (bench.state(send), bench.place.sends) == ("confirmed", 1)


def test_a_reply_to_something_gone_fails(bench: Bench, asked: str) -> None:
    """What it answers was deleted meanwhile."""
    send = bench.reply(asked, "Too late.")
    del bench.place.messages[asked]
    bench.push()
    assert bench.state(send) == "failed"


@pytest.mark.parametrize("error", [Unreachable("Down."), RateLimited("Slow down.", retry_after=40)])
def test_surely_not_sent_waits_in_line_and_then_at_the_top(bench: Bench, asked: str, error: Exception) -> None:
    """Twice it goes back in line; from the third time on it is shown as failed, and still tried again."""
    send = bench.reply(asked, "Patience.")
    bench.place.trouble["send"] = [error] * 3
    seen = []
    for _ in range(4):
        pushed = bench.push()
        seen.append(bench.state(send))
        if bench.state(send) != "confirmed":
            assert pushed.trouble is error
            due = outbox.next_due(bench.db)
            assert due is not None
            assert due > bench.place.now + 10_000_000
            assert bench.push().steps == [], "not before its time"
            bench.place.now = due
    assert seen == ["queued", "queued", "failed", "confirmed"]
    assert len(bench.place.ours("Patience.")) == 1


def test_the_platforms_own_pause_is_kept(bench: Bench, asked: str) -> None:
    """`retry_after` says when."""
    send = bench.reply(asked, "Flood.")
    bench.place.trouble["send"] = [RateLimited("Flood.", retry_after=40)]
    bench.push()
    assert bench.send(send).not_before == bench.place.now + 40_000_000


def test_one_unreachable_send_ends_the_round(bench: Bench, asked: str) -> None:
    """The others are not tried into the void."""
    bench.reply(asked, "One")
    second = bench.reply(asked, "Two")
    bench.place.trouble["send"] = [Unreachable("Down.")]
    bench.push()
    assert bench.place.asked.count("send") == 1
    assert bench.state(second) == "queued"


def test_a_wrong_sign_in_is_shown_and_stops_the_source(bench: Bench, asked: str) -> None:
    """Nothing was sent; a person must act, and then it goes out by itself."""
    send = bench.reply(asked, "Signed.")
    bench.place.trouble["send"] = [SignInError("Wrong password.", hint="Sign in again.")]
    with pytest.raises(SignInError):
        bench.push()
    row = bench.send(send)
    assert (row.state, row.trouble, row.hint) == ("failed", "Wrong password.", "Sign in again.")
    bench.place.tick(20 * 60)
    bench.push()
    assert bench.state(send) == "confirmed"


def test_accepted_and_not_there_stays_unconfirmed(bench: Bench, asked: str) -> None:
    """The platform said yes and does not have it: scenario 47. After an hour it counts as failed, for a person to decide."""
    send = bench.reply(asked, "Swallowed.")
    bench.place.hides = True
    bench.push()
    assert (bench.state(send), bench.status()) == ("sent", "sending")
    assert bench.asks()[0].trouble == "unconfirmed"
    for _ in range(30):
        due = outbox.next_due(bench.db)
        if due is None:
            break
        bench.place.now = due
        bench.push()
    row = bench.send(send)
    assert (row.state, row.retry_at, bench.place.sends) == ("failed", None, 1)


def test_accepted_and_shown_later_is_confirmed(bench: Bench, asked: str) -> None:
    """A later read-back finds it."""
    send = bench.reply(asked, "Slow.")
    bench.place.hides = True
    bench.push()
    bench.place.hides = False
    bench.place.tick(60)
    bench.push()
    assert (bench.state(send), bench.status()) == ("confirmed", "answered")


def test_a_reply_that_the_platform_holds_back_says_so(bench: Bench, asked: str) -> None:
    """It arrived, nobody sees it: the person still waits, and the row says why."""
    send = bench.reply(asked, "Held.")
    bench.place.state_of_replies = "held"
    bench.push()
    row = bench.send(send)
    assert row.state == "confirmed"
    assert row.trouble is not None
    assert "holds the reply back" in row.trouble
    assert bench.status() == "waiting"
    bench.place.moderate(row.message or "", "live")
    bench.turn()
    assert bench.status() == "answered"


def test_a_duplicate_of_ours_is_the_reply(bench: Bench, asked: str) -> None:
    """The platform has it already, from a try that we know nothing of: found, and confirmed."""
    send = bench.reply(asked, "Twin.")
    bench.place.write("Twin.", by="us", parent=asked)
    bench.place.refuses_twins = True
    bench.push()
    assert (bench.state(send), len(bench.place.ours("Twin."))) == ("confirmed", 1)


def test_a_duplicate_of_another_send_is_refused(bench: Bench, asked: str) -> None:
    """The same words twice, where the platform takes them once: the second says so."""
    bench.place.refuses_twins = True
    first, second = bench.reply(asked, "Thanks."), bench.reply(asked, "Thanks.")
    bench.push()
    assert (bench.state(first), bench.state(second)) == ("confirmed", "failed")
    assert len(bench.place.ours("Thanks.")) == 1


def test_two_lost_sends_with_the_same_words_are_two_replies(bench: Bench, asked: str) -> None:
    """One message there is never taken for two."""
    first, second = bench.reply(asked, "Hi."), bench.reply(asked, "Hi.")
    bench.place.trouble["send"] = [lost(applied=True), lost(applied=True)]
    bench.push()
    assert (bench.state(first), bench.state(second)) == ("confirmed", "confirmed")
    assert {bench.send(first).message, bench.send(second).message} == {m.id for m in bench.place.ours("Hi.")}


def test_an_older_message_of_ours_is_not_taken_for_the_lost_one(bench: Bench, asked: str) -> None:
    """The same words were there before the reply was written."""
    bench.place.write("Same.", by="us", parent=asked)
    bench.turn()
    send = bench.reply(asked, "Same.")
    bench.place.trouble["send"] = [lost(applied=False)]
    for _ in range(12):
        bench.push()
        bench.place.tick(5)
    assert (bench.state(send), len(bench.place.ours("Same."))) == ("confirmed", 2)


def test_a_pull_that_brings_the_lost_reply_does_not_hide_it(bench: Bench, asked: str) -> None:
    """The reply comes in as a message before it is looked for: it is still the one that is looked for."""
    send = bench.reply(asked, "Overtaken.")
    bench.place.trouble["send"] = [("after", Killed())]
    with pytest.raises(Killed):
        bench.push()
    bench.place.trouble["find"] = [Unreachable("Down.")]
    bench.turn()
    assert bench.state(send) == "unsure"
    bench.place.tick(60)
    bench.turn()
    assert (bench.state(send), len(bench.place.ours("Overtaken."))) == ("confirmed", 1)


def test_a_pull_by_a_clock_that_is_behind_does_not_hide_the_lost_reply(bench: Bench, asked: str) -> None:
    """What was known before is told by the order of rows: by that clock, the reply is older than its own writing."""
    send = bench.reply(asked, "Out of time.")
    bench.place.trouble["send"] = [("after", Killed())]
    with pytest.raises(Killed):
        bench.push()
    bench.place.trouble["find"] = [Unreachable("Down.")]
    bench.turn(clock=lambda: bench.place.now - 180 * 1_000_000)
    (ours,) = bench.place.ours("Out of time.")
    assert bench.db.value("select count(*) from message where native = ?", (ours.id,)) == 1
    for _ in range(8):
        bench.place.tick(60)
        bench.turn()
    assert (bench.state(send), len(bench.place.ours("Out of time."))) == ("confirmed", 1)


def test_where_nobody_can_look_it_stays_unsure_until_a_person_decides(bench: Bench, asked: str) -> None:
    """The account cannot see its own held messages: no guess is made."""
    send = bench.reply(asked, "Dark.")
    bench.place.trouble["send"] = [lost(applied=False)]
    bench.place.trouble["find"] = [OutcomeUnknown("This account cannot see it.")] * 5
    for _ in range(4):
        bench.push()
        bench.place.tick(1000)
    assert (bench.state(send), bench.place.sends) == ("unsure", 0)
    assert outbox.give_up(bench.db, send, bench.place.now)
    assert outbox.retry(bench.db, send, bench.place.now)
    bench.push()
    assert (bench.state(send), bench.place.sends) == ("confirmed", 1)


def test_the_place_of_a_lost_reply_is_gone(bench: Bench, asked: str) -> None:
    """Where there is no conversation any more, there is no reply either."""
    send = bench.reply(asked, "Void.")
    bench.place.trouble["send"] = [lost(applied=False), Refused("No such post.")]
    bench.place.trouble["find"] = [Gone("No such post.")] * 3
    bench.push()
    bench.place.tick(60)
    bench.push()
    assert bench.state(send) == "failed"


class Broken(Double):
    """A connector with a bug."""

    def send(self, reply: object) -> Message:
        super().send(reply)  # type: ignore[arg-type]
        raise KeyError("a text of somebody")


def test_a_bug_in_a_connector_counts_as_not_known(bench: Bench, asked: str) -> None:
    """It broke after the reply had gone out: looked for, found, and its text is in no row."""
    bench.connector = Broken(bench.place)
    send = bench.reply(asked, "Buggy.")
    bench.push()
    assert (bench.state(send), len(bench.place.ours("Buggy."))) == ("confirmed", 1)


def test_who_lost_the_lease_sends_nothing(bench: Bench, asked: str) -> None:
    """Between claim and request somebody took over: the reply goes back in line, untouched."""

    def lost_it() -> None:
        raise LeaseLost

    send = bench.reply(asked, "Mine.")
    with pytest.raises(LeaseLost):
        Pusher(bench.db, bench.connector, SOURCE, bench.place.clock, guard=lost_it).run()
    assert (bench.state(send), bench.place.sends) == ("queued", 0)


def test_a_stalled_process_does_not_send_what_somebody_else_took_up(bench: Bench, asked: str) -> None:
    """It slept between claim and request; meanwhile the reply was found to be nowhere, and sent."""
    send = bench.reply(asked, "Awake.")

    def meanwhile() -> None:
        bench.push()
        bench.place.tick(60)
        bench.push()
        assert bench.state(send) == "confirmed"

    Pusher(bench.db, bench.connector, SOURCE, bench.place.clock, guard=meanwhile).run()
    assert (bench.state(send), len(bench.place.ours("Awake."))) == ("confirmed", 1)


def test_a_reply_from_another_database_is_looked_for_first(bench: Bench, asked: str) -> None:
    """An imported outbox may be being emptied elsewhere."""
    send = bench.reply(asked, "Imported.")
    bench.db.run("update send set not_before = null where id = ?", (send,))
    bench.place.write("Imported.", by="us", parent=asked)
    bench.push()
    assert (bench.state(send), bench.place.sends) == ("confirmed", 0)
