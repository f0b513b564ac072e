"""Moderation acts that nobody waits for: in line, with time to cancel them; and what a crash leaves of any act."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event as Flag

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.domain.times import MINUTE, SECOND
from modconsole.errors import (
    Conflict,
    Gone,
    ModConsoleError,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)
from modconsole.store import acts, outbox
from modconsole.store.acts import Moderated
from modconsole.store.db import Db
from modconsole.sync import lease
from modconsole.sync.acts import AS_BEFORE, HUNG, again
from modconsole.sync.moderate import cancel, moderate, queue, undo
from modconsole.sync.push import LeaseLost
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, Killed
from tests.sync.test_moderate import order

GRACE = 10 * SECOND


def in_line(bench: Bench, target: str, what: str, *, on: str = "person", **given: str | None) -> Moderated:
    """A moderator asks for something that cannot be taken back, and has said yes to that."""
    wanted = order(bench, target, what, on=on, **given)
    return queue(bench.db, bench.connector, wanted, not_before=bench.place.now + GRACE, clock=bench.place.clock)


def of(bench: Bench, act: Moderated) -> Moderated:
    """An act as it stands now."""
    found = acts.get(bench.db, act.id)
    assert found is not None
    return found


def crash(bench: Bench, target: str, what: str, *, on: str, after: bool) -> Moderated:
    """A program that is killed in the middle of an act, right before or right after the platform has done it."""
    bench.place.trouble["act"] = [("after", Killed())] if after else [Killed()]
    with pytest.raises(Killed):
        moderate(bench.db, bench.connector, order(bench, target, what, on=on), clock=bench.place.clock)
    (left,) = acts.doing(bench.db, SOURCE)
    return left


def dead(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was carrying something out does not run any more."""
    monkeypatch.setattr("modconsole.sync.acts.is_dead", lambda holder: bool(holder))


# -- in line ------------------------------------------------------------------------------------------------------------------


def test_an_act_that_cannot_be_taken_back_waits_and_is_done_once_by_whoever_syncs(bench: Bench) -> None:
    """Nothing before its time; then once, however often is looked."""
    bench.place.write("Bye")
    bench.turn()
    act = in_line(bench, "ann", "kick")
    assert outbox.next_due(bench.db) == act.not_before
    bench.turn()
    assert (of(bench, act).state, bench.place.done) == ("queued", [])
    bench.place.tick(10)
    assert outbox.due_sources(bench.db, bench.place.now) == [SOURCE]
    result = bench.turn()
    assert [(step.state, step.what) for step in result.steps] == [("doing", "kick"), ("done", "kick")]
    assert result.sent() == 0
    bench.turn()
    assert (of(bench, act).state, [each.key for each in bench.place.done]) == ("done", [act.id])
    assert outbox.next_due(bench.db) is None
    with pytest.raises(Refused, match="cannot be taken back"):
        undo(bench.db, bench.connector, act.id, by="mod", clock=bench.place.clock)


def test_an_act_that_is_called_off_in_time_never_happens(bench: Bench) -> None:
    """Once it is under way it is too late, and that is said."""
    bench.place.write("Stay")
    bench.turn()
    act = in_line(bench, "ann", "kick")
    cancel(bench.db, act)
    bench.place.tick(60)
    bench.turn()
    assert (of(bench, act).state, bench.place.done) == ("cancelled", [])
    other = in_line(bench, "ann", "kick")
    bench.place.tick(60)
    bench.turn()
    with pytest.raises(Conflict, match="too late"):
        cancel(bench.db, other)


def test_an_act_in_line_survives_the_program(bench: Bench) -> None:
    """Another program, started later, does it."""
    bench.place.write("Bye")
    bench.turn()
    act = in_line(bench, "ann", "kick")
    bench.db.close()
    bench.db = Db(bench.path)
    bench.place.tick(60)
    bench.turn(pulls=False)
    assert of(bench, act).state == "done"


def test_a_message_that_is_not_what_was_seen_is_left_alone(bench: Bench) -> None:
    """Reported while it was live; somebody has removed it in the seconds since."""
    message = bench.place.write("Rude")
    bench.turn()
    act = in_line(bench, message, "report", on="message", label="rude")
    assert of(bench, act).label == "Rude"
    bench.place.moderate(message, "removed")
    bench.place.tick(60)
    bench.turn(pulls=False)
    assert (of(bench, act).state, bench.place.done) == ("failed", [])
    assert "was live when this was ordered, and is removed now" in of(bench, act).trouble
    assert [each.id for each in acts.under_way(bench.db, 5)] == [act.id]


def test_a_message_that_is_gone_by_then_fails_and_is_shown_as_gone(bench: Bench) -> None:
    """Nothing is left to report."""
    message = bench.place.write("Rude")
    bench.turn()
    act = in_line(bench, message, "report", on="message", label="rude")
    del bench.place.messages[message]
    bench.place.tick(60)
    bench.turn(pulls=False)
    assert (of(bench, act).state, bench.status()) == ("failed", "withdrawn")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unreachable("No route."), "queued"),
        (RateLimited("Slowly.", retry_after=120), "queued"),
        (SignInError("Expired."), "queued"),
        (Refused("No."), "failed"),
        (Gone("Who?"), "failed"),
        (OutcomeUnknown("Lost."), "unsure"),
    ],
)
def test_what_goes_wrong_is_tried_again_only_where_surely_nothing_was_done(
    bench: Bench, error: Exception, state: str
) -> None:
    """Out of reach: back in line; refused: failed; perhaps done: unsure, and never again by itself."""
    bench.place.write("Bye")
    bench.turn()
    act = in_line(bench, "ann", "kick")
    bench.place.trouble["act"] = [error]
    bench.place.tick(60)
    bench.turn()
    assert (of(bench, act).state, of(bench, act).trouble) == (state, str(error))
    assert (of(bench, act).not_before or 0) > bench.place.now if state == "queued" else True
    for _ in range(3):
        bench.place.tick(1000)
        bench.turn()
    assert of(bench, act).state == ("done" if state == "queued" else state)
    assert len(bench.place.done) == (1 if state == "queued" else 0)


def test_where_somebody_else_syncs_now_nothing_is_begun(bench: Bench) -> None:
    """The lease is looked at right before the platform is asked."""
    bench.place.write("Bye")
    bench.turn()
    act = in_line(bench, "ann", "kick")
    bench.place.tick(60)

    def lost(_: object) -> None:
        raise LeaseLost

    from modconsole.sync.job import Turn

    turn = Turn(
        source=SOURCE,
        connect=lambda _: bench.connector,
        clock=bench.place.clock,
        stop=Flag(),
        listener=lambda _: None,
        guard=lost,
        settles=30.0,
    )
    assert turn.run(bench.db).outcome == "cancelled"
    assert (of(bench, act).state, bench.place.done) == ("queued", [])


# -- after a crash --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [True, False], ids=["done there", "not done there"])
def test_what_a_crash_left_of_an_act_on_a_message_is_read_in_the_message(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """Between the act and the journal, or before the act: unsure, and then what is true."""
    message = bench.place.write("Buy now")
    bench.turn()
    left = crash(bench, message, "remove", on="message", after=after)
    bench.turn(pulls=False)
    assert of(bench, left).state == "doing"  # its program may still be at it
    dead(bench, monkeypatch)
    steps = [(step.state, step.what) for step in bench.turn(pulls=False).steps]
    if after:
        assert steps == [("unsure", "remove"), ("done", "remove")]
        assert bench.status() == "closed"
        undo(bench.db, bench.connector, left.id, by="mod", clock=bench.place.clock)
        assert bench.place.messages[message].state == "live"
        return
    assert (steps, of(bench, left).state) == ([("unsure", "remove")], "unsure")  # the request may still be worked on
    bench.place.tick(60)
    bench.turn(pulls=False)
    assert (of(bench, left).state, of(bench, left).trouble) == ("failed", AS_BEFORE)
    done = again(bench.db, bench.connector, of(bench, left), clock=bench.place.clock)
    assert (done.state, bench.place.messages[message].state) == ("done", "removed")
    undo(bench.db, bench.connector, done.id, by="mod", clock=bench.place.clock)
    assert bench.place.messages[message].state == "live"


@pytest.mark.parametrize("after", [True, False], ids=["done there", "not done there"])
def test_what_a_crash_left_of_an_act_on_a_person_is_told_and_can_be_done_again_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """No platform says who was muted when: a person decides, and doing it again does it once."""
    bench.place.write("Grr")
    bench.turn()
    left = crash(bench, "ann", "mute", on="person", after=after)
    dead(bench, monkeypatch)
    for _ in range(3):
        bench.place.tick(100)
        bench.turn()
    assert (of(bench, left).state, [each.id for each in acts.under_way(bench.db, 5)]) == ("unsure", [left.id])
    assert "doing it again does no harm" in of(bench, left).hint
    done = again(bench.db, bench.connector, of(bench, left), clock=bench.place.clock)
    assert (done.state, [each.key for each in bench.place.done]) == ("done", [left.id])
    undo(bench.db, bench.connector, done.id, by="mod", clock=bench.place.clock)
    assert bench.place.stands == {}


@pytest.mark.parametrize("after", [True, False], ids=["done there", "not done there"])
def test_a_crash_in_the_middle_of_an_undo_is_found_out_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    """The act is marked as taken back only where it was; until that is known nobody undoes it a second time."""
    message = bench.place.write("Fine")
    bench.turn()
    done = moderate(bench.db, bench.connector, order(bench, message, "hold"), clock=bench.place.clock)
    bench.place.trouble["act"] = [("after", Killed())] if after else [Killed()]
    with pytest.raises(Killed):
        undo(bench.db, bench.connector, done.id, by="mod", clock=bench.place.clock)
    with pytest.raises(Conflict, match="just now"):
        undo(bench.db, bench.connector, done.id, by="mod", clock=bench.place.clock)
    dead(bench, monkeypatch)
    bench.turn(pulls=False)
    bench.place.tick(60)
    bench.turn(pulls=False)
    assert of(bench, done).undone == after
    if not after:
        assert undo(bench.db, bench.connector, done.id, by="mod", clock=bench.place.clock).undone
    assert bench.place.messages[message].state == "live"


def test_a_program_that_hangs_is_given_up_after_minutes(bench: Bench) -> None:
    """It may be on another machine, where nobody can see whether it runs."""
    message = bench.place.write("Buy now")
    bench.turn()
    left = crash(bench, message, "remove", on="message", after=True)
    bench.place.now = (left.attempted_at or 0) + HUNG - MINUTE
    bench.turn(pulls=False)
    assert of(bench, left).state == "doing"
    bench.place.now += 2 * MINUTE
    bench.turn(pulls=False)
    assert of(bench, left).state == "done"


def test_what_somebody_else_made_of_the_message_since_stays_unsure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is spam now; whether it was held in between cannot be read."""
    message = bench.place.write("Buy now")
    bench.turn()
    left = crash(bench, message, "hold", on="message", after=True)
    bench.place.moderate(message, "spam")
    dead(bench, monkeypatch)
    for _ in range(3):
        bench.place.tick(100)
        bench.turn()
    assert (of(bench, left).state, of(bench, left).trouble) == (
        *("unsure", "The message is spam now, which this act does not lead to."),
    )
    with pytest.raises(Conflict, match="is spam now"):
        again(bench.db, bench.connector, of(bench, left), clock=bench.place.clock)


def test_only_what_is_unsure_or_has_failed_is_done_again(bench: Bench) -> None:
    """Not what is done, so that a key held too long does nothing."""
    message = bench.place.write("Buy now")
    bench.turn()
    done = moderate(bench.db, bench.connector, order(bench, message, "spam"), clock=bench.place.clock)
    with pytest.raises(Conflict, match="Only what is unsure"):
        again(bench.db, bench.connector, done, clock=bench.place.clock)


def test_a_platform_that_does_not_let_us_read_is_asked_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not keep other acts from being carried out."""
    message = bench.place.write("Buy now")
    bench.turn()
    left = crash(bench, message, "remove", on="message", after=True)
    other = in_line(bench, "ann", "kick")
    dead(bench, monkeypatch)
    bench.place.tick(60)
    bench.place.trouble["read"] = [Refused("Not you.")]
    bench.turn(pulls=False)
    assert (of(bench, left).state, of(bench, left).trouble, of(bench, other).state) == ("unsure", "Not you.", "done")
    bench.place.tick(1000)
    bench.turn(pulls=False)
    assert of(bench, left).state == "done"


_step = st.one_of(
    st.just(("write", "")),
    st.tuples(st.just("now"), st.sampled_from(["remove", "mute"])),
    st.tuples(st.just("queue"), st.sampled_from(["report", "kick"])),
    st.just(("undo", "")),
    st.just(("again", "")),
    st.tuples(st.just("wait"), st.sampled_from(["1", "20", "400"])),
    st.just(("turn", "")),
    st.tuples(
        st.sampled_from(["act", "act", "read"]),
        st.sampled_from(["killed", "killed after", "lost", "lost after", "down"]),
    ),
)
_TROUBLE: dict[str, Callable[[], object]] = {
    "killed": Killed,
    "killed after": lambda: ("after", Killed()),
    "lost": lambda: OutcomeUnknown("Lost."),
    "lost after": lambda: ("after", OutcomeUnknown("Lost.")),
    "down": lambda: Unreachable("Down."),
}


def _do(bench: Bench, what: str, how: str, asked: list[str], done: list[Moderated]) -> None:
    """One step: each message and each person is acted on once, so that what became of it can be told."""
    place, clock = bench.place, bench.place.clock
    if what == "write":
        number = len(place.messages)
        asked.append(place.write(f"Number {number}", by=f"p{number}"))
        bench.turn()
    elif what in ("now", "queue") and asked:
        on = "person" if how in ("mute", "kick") else "message"
        message = asked.pop()
        target = place.messages[message].author.id if on == "person" else message
        wanted = order(bench, target, how, on=on, label="spam" if how == "report" else "")
        done.append(wanted)
        if what == "now":
            moderate(bench.db, bench.connector, wanted, clock=clock)
        else:
            queue(bench.db, bench.connector, wanted, not_before=place.now + GRACE, clock=clock)
    elif what == "undo" and done:
        found = acts.get(bench.db, done[-1].id)
        if found is not None and found.state == "queued":
            cancel(bench.db, found)
        elif found is not None:
            undo(bench.db, bench.connector, found.id, by="mod", clock=clock)
    elif what == "again" and done:
        found = acts.get(bench.db, done[-1].id)
        if found is not None:
            again(bench.db, bench.connector, found, clock=clock)
    elif what == "wait":
        place.tick(float(how))
    elif what == "turn":
        bench.turn()
    else:
        place.trouble.setdefault(what, []).append(_TROUBLE[how]() if how in _TROUBLE else None)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_step, max_size=30))
def test_whatever_is_killed_wherever_every_act_was_done_or_says_where_it_stands(steps: list[tuple[str, str]]) -> None:
    """What is called done was carried out, what is called failed or called off was not; the rest is unsure, and is told."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "m.db")
        asked: list[str] = []
        done: list[Moderated] = []
        try:
            for what, how in steps:
                with suppress(Killed, ModConsoleError):
                    _do(bench, what, how, asked, done)
                bench.check()
            bench.place.trouble.clear()
            for _ in range(6):
                bench.place.tick(1000)
                bench.turn()
            _told(bench, done)
        finally:
            bench.close()


def _told(bench: Bench, done: list[Moderated]) -> None:
    carried_out = [each.key for each in bench.place.done]
    telling = {each.id for each in acts.under_way(bench.db, 1000)}
    for wanted in done:
        act = acts.get(bench.db, wanted.id)
        if act is None:  # the platform was out of reach when it was asked for: nothing was written down, nothing done
            assert wanted.id not in carried_out
            continue
        assert act.state in ("done", "failed", "cancelled", "unsure"), act
        assert act.state != "done" or act.id in carried_out
        assert act.state not in ("failed", "cancelled") or act.id not in carried_out
        assert act.state != "unsure" or act.id in telling
        if act.on == "message" and act.act == "remove":
            stands = act.state == "done" and not act.undone
            assert act.state == "unsure" or (bench.place.messages[act.target].state == "removed") == stands
        if (
            act.on == "person"
            and act.act == "mute"
            and act.state != "unsure"
            and acts.undoing(bench.db, act.id) is None
        ):
            assert (("mute", act.target) in bench.place.stands) == (act.state == "done" and not act.undone)


def test_a_process_is_known_as_dead_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that runs this test is not; one with a number that nobody has is."""
    mine = lease.holder_name()
    assert not lease.is_dead(mine)
    gone: Callable[[int, int], None] = _no_such_process
    monkeypatch.setattr("os.kill", gone)
    assert lease.is_dead(mine)


def _no_such_process(_pid: int, _signal: int) -> None:
    raise ProcessLookupError
