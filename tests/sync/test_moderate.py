"""Moderation acts and their undo, for somebody who waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from modconsole.connectors.acts import Act
from modconsole.domain.ids import new_id
from modconsole.domain.records import State
from modconsole.domain.times import DAY
from modconsole.errors import Conflict, Gone, NotFound, OutcomeUnknown, Refused, Unreachable, UsageError
from modconsole.store import acts, journal
from modconsole.store.acts import Moderated
from modconsole.sync.moderate import moderate, queue, retract, undo
from tests.sync.desk import Bench
from tests.sync.double import ACTS, LEADS, SOURCE, STATES, Double


def order(bench: Bench, target: str, what: str, *, on: str = "message", **given: Any) -> Moderated:
    """An act as a moderator asks for it."""
    now = bench.place.tick()
    given.setdefault("conversation", "talk")
    given.setdefault("person", target if on == "person" else None)
    given.setdefault("message", None)
    return Moderated(id=new_id(now), at=now, by="mod", source=SOURCE, on=on, target=target, act=what, **given)


def act(bench: Bench, target: str, what: str, *, seen: str | None = None, **given: Any) -> Moderated:
    """A moderator acts."""
    done = moderate(bench.db, bench.connector, order(bench, target, what, was=seen, **given), clock=bench.place.clock)
    bench.check()
    return done


def back(bench: Bench, ident: str, by: str = "mod") -> Moderated:
    """A moderator thinks better of it."""
    bench.place.tick()
    done = undo(bench.db, bench.connector, ident, by=by, clock=bench.place.clock)
    bench.check()
    return done


def only(bench: Bench) -> Moderated:
    """The only act in the journal."""
    (found,) = journal.journal(bench.db, 10)
    stored = acts.get(bench.db, found.id)
    assert stored is not None
    return stored


@pytest.mark.parametrize("before", ["live", "held", "hidden", "spam", "removed"])
@pytest.mark.parametrize("what", [*LEADS.values(), "restore"])
def test_every_act_is_carried_out_and_undone(bench: Bench, before: State, what: Act) -> None:
    """On the platform, in the store and in the journal; and back, from wherever to wherever."""
    message = bench.place.write("Judge me", state=before)
    bench.turn()
    done = act(bench, message, what)
    assert (done.state, done.was, done.became) == ("done", before, STATES[what])
    assert bench.place.messages[message].state == STATES[what]
    assert (done.person, done.message, done.conversation) == ("ann", message, "talk")
    assert acts.get(bench.db, done.id[:18]) == done
    assert back(bench, done.id).undone
    assert bench.place.messages[message].state == before
    with pytest.raises(Conflict, match="already"):
        back(bench, done.id)
    assert [(each.what, each.undone) for each in journal.journal(bench.db, 10)] == [(what, True)]


@pytest.mark.parametrize(
    ("before", "what", "status"),
    [
        ("held", "approve", "waiting"),
        ("live", "hold", "held"),
        ("live", "hide", "held"),
        ("live", "spam", "closed"),
        ("live", "remove", "closed"),
        ("removed", "restore", "waiting"),
        ("spam", "approve", "waiting"),
    ],
)
def test_an_act_changes_who_waits_at_once_and_its_undo_changes_it_back(
    bench: Bench, before: State, what: Act, status: str
) -> None:
    """No need to wait for the next look; whoever waits, waits since they wrote; what was put away is closed, "removed there"."""
    message = bench.place.write("Let me in", state=before)
    wrote = bench.place.now
    bench.turn()
    was = bench.status()
    done = act(bench, message, what)
    (ask,) = bench.asks()
    assert ask.status == status
    assert ask.waiting_since == (wrote if status == "waiting" else None)
    assert (ask.reason == "removed there") == (status == "closed")
    back(bench, done.id)
    assert bench.status() == was


@pytest.mark.parametrize("what", ["mute", "lock", "report"])
def test_what_is_not_done_to_a_message_ends_no_wait(bench: Bench, what: str) -> None:
    """Muting somebody, locking a place and telling the staff answer nobody."""
    message = bench.place.write("Hello?")
    bench.turn()
    if what == "report":
        queue(
            bench.db, bench.connector, order(bench, message, what, label="spam"), not_before=0, clock=bench.place.clock
        )
        bench.turn()
    else:
        act(bench, "ann" if what == "mute" else "talk", what, on="person" if what == "mute" else "conversation")
    assert bench.place.done[-1].act == what
    assert bench.status() == "waiting"


def test_an_act_on_a_person_is_written_down_with_all_that_was_said_to_it(bench: Bench) -> None:
    """Reason, end, and where they were seen; the platform hears the same."""
    message = bench.place.write("You all smell")
    bench.turn()
    until = bench.place.now + 7 * DAY
    done = act(bench, "ann", "mute", on="person", message=message, reason="insults", until=until)
    (heard,) = bench.place.done
    assert (heard.key, heard.target, heard.conversation, heard.reason, heard.until) == (
        *(done.id, "ann", "talk", "insults", until),
    )
    (line,) = journal.journal(bench.db, 5)
    assert (line.what, line.on, line.person, line.through, line.text, line.until) == (
        *("mute", "person", "ann", message, "insults", until),
    )
    assert acts.on_person(bench.db, SOURCE, "ann") == [done]
    assert bench.place.stands == {("mute", "ann"): until}
    back(bench, done.id)
    assert bench.place.stands == {}
    assert bench.place.done[-1].undoing == {"until": until}


def test_what_is_done_to_somebodys_message_is_in_their_history(bench: Bench) -> None:
    """Who was warned by a removal should not look like a stranger."""
    message = bench.place.write("Buy now")
    bench.turn()
    act(bench, message, "spam")
    act(bench, "ann", "ban", on="person", reason="spam")
    assert [each.act for each in acts.on_person(bench.db, SOURCE, "ann")] == ["spam", "ban"]
    assert [each.act for each in acts.on(bench.db, SOURCE, "message", message)] == ["spam"]


def test_what_somebody_else_changed_is_not_run_over(bench: Bench) -> None:
    """The moderator saw it live, and it is removed by now: nothing is done, and the screen learns of it."""
    message = bench.place.write("Contested")
    bench.turn()
    bench.place.moderate(message, "removed")
    with pytest.raises(Conflict):
        act(bench, message, "approve", seen="live")
    assert bench.place.messages[message].state == "removed"
    assert bench.status() == "closed"
    assert journal.journal(bench.db, 5) == []


def test_an_undo_does_not_run_over_somebody_else_either(bench: Bench) -> None:
    """We held it, somebody marked it as spam since: undoing our hold would let spam through."""
    message = bench.place.write("Buy now")
    bench.turn()
    done = act(bench, message, "hold")
    bench.place.moderate(message, "spam")
    with pytest.raises(Conflict):
        back(bench, done.id)
    assert bench.place.messages[message].state == "spam"


def test_an_undo_does_not_lift_what_a_colleague_ordered_since(bench: Bench) -> None:
    """A mute for a day was followed by one for good: taking the first back would lift the second."""
    bench.place.write("Grr")
    bench.turn()
    first = act(bench, "ann", "mute", on="person", until=bench.place.now + DAY)
    second = act(bench, "ann", "mute", on="person")
    with pytest.raises(Conflict, match="mod has decided otherwise"):
        back(bench, first.id)
    back(bench, second.id)
    assert bench.place.stands == {}


def test_an_undo_that_somebody_else_did_is_only_written_down(bench: Bench) -> None:
    """It is back where it was already."""
    message = bench.place.write("Fine")
    bench.turn()
    done = act(bench, message, "hold")
    bench.place.moderate(message, "live")
    before = bench.place.asked.count("act")
    assert back(bench, done.id, by="bob").undone_by == "bob"
    assert bench.place.asked.count("act") == before


def test_what_the_platform_cannot_do_is_refused_without_asking_it(bench: Bench) -> None:
    """No such act, no request."""
    bench.connector = Double(bench.place, acts=tuple(info for info in ACTS if info.act == "remove"))
    message = bench.place.write("Stay")
    bench.turn()
    with pytest.raises(Refused):
        act(bench, message, "hold")
    with pytest.raises(Refused):
        act(bench, "ann", "remove", on="person")
    assert "act" not in bench.place.asked


@pytest.mark.parametrize(
    ("on", "what", "given", "said"),
    [
        ("person", "ban", {}, "needs a reason"),
        ("person", "ban", {"reason": " "}, "needs a reason"),
        ("person", "mute", {"until": 1}, "in the past"),
        ("person", "ban", {"reason": "x", "until": 1 << 60}, "takes no until"),
        ("message", "spam", {"label": "x"}, "takes no label"),
        ("message", "report", {}, "There are: Spam, Rude"),
        ("message", "report", {"label": "ugly"}, "There are: Spam, Rude"),
    ],
)
def test_what_an_act_needs_and_cannot_take_is_said_before_anything_is_done(
    bench: Bench, on: str, what: str, given: dict[str, Any], said: str
) -> None:
    """Without a request, and without a line in the journal."""
    message = bench.place.write("Hm")
    bench.turn()
    with pytest.raises(UsageError) as raised:
        act(bench, message if on == "message" else "ann", what, on=on, **given)
    assert said in str(raised.value)
    assert "act" not in bench.place.asked
    assert journal.journal(bench.db, 5) == []


def test_what_is_gone_is_shown_as_gone(bench: Bench) -> None:
    """Somebody deleted it for good: that is stored, and said."""
    message = bench.place.write("Bye")
    bench.turn()
    del bench.place.messages[message]
    with pytest.raises(Gone):
        act(bench, message, "spam")
    assert bench.status() == "withdrawn"
    with pytest.raises(NotFound):
        back(bench, "00000000-0000-7000-8000-000000000000")


def test_what_did_not_work_is_in_the_journal_as_such_and_is_nothing_to_undo(bench: Bench) -> None:
    """Somebody tried; what they would undo is what they did before."""
    message = bench.place.write("Out")
    bench.turn()
    held = act(bench, message, "hold")
    bench.place.trouble["act"] = [Unreachable("No route.")]
    with pytest.raises(Unreachable):
        act(bench, "ann", "mute", on="person")
    failed, _ = journal.journal(bench.db, 5)
    assert (failed.what, failed.state) == ("mute", "failed")
    mine = journal.mine(bench.db, "mod")
    assert mine is not None
    assert mine.id == held.id
    with pytest.raises(Conflict, match="nothing to take back"):
        back(bench, failed.id)


def test_an_act_whose_answer_is_lost_is_unsure_and_is_looked_at(bench: Bench) -> None:
    """It was carried out: the next turn reads that in the message, and it can be undone."""
    message = bench.place.write("Maybe")
    bench.turn()
    bench.place.trouble["act"] = [("after", OutcomeUnknown("Lost."))]
    with pytest.raises(OutcomeUnknown):
        act(bench, message, "spam")
    assert only(bench).state == "unsure"
    with pytest.raises(Conflict, match="Nobody knows"):
        back(bench, only(bench).id)
    bench.turn()
    assert (bench.status(), only(bench).state, only(bench).became) == ("closed", "done", "spam")
    back(bench, only(bench).id)
    assert (bench.status(), bench.place.messages[message].state) == ("waiting", "live")


def test_a_connector_that_breaks_leaves_an_unsure_act_and_no_traceback(bench: Bench) -> None:
    """Whatever it had done by then."""
    message = bench.place.write("Maybe")
    bench.turn()
    bench.place.trouble["act"] = [("after", ZeroDivisionError())]
    with pytest.raises(OutcomeUnknown, match="ZeroDivisionError"):
        act(bench, message, "hold")
    assert only(bench).state == "unsure"


def test_a_reply_that_is_there_can_be_retracted(bench: Bench) -> None:
    """It is removed there, and the person waits again since the original time."""
    asked = bench.place.write("Well?")
    bench.turn()
    since = bench.asks()[0].waiting_since
    send = bench.reply(asked, "Oops.")
    bench.turn()
    assert bench.status() == "answered"
    retract(bench.db, bench.connector, send, clock=bench.place.clock)
    bench.check()
    assert bench.place.ours("Oops.")[0].state == "removed"
    assert (bench.state(send), bench.status(), bench.asks()[0].waiting_since) == ("taken_back", "waiting", since)
    bench.turn(full=True)
    assert (bench.state(send), bench.status()) == ("taken_back", "waiting")
    with pytest.raises(Conflict):
        retract(bench.db, bench.connector, send, clock=bench.place.clock)


def test_a_reply_that_somebody_deleted_counts_as_retracted(bench: Bench) -> None:
    """There is nothing left to take back, and that is what was wanted."""
    asked = bench.place.write("Well?")
    bench.turn()
    send = bench.reply(asked, "Oops.")
    bench.turn()
    del bench.place.messages[bench.send(send).message or ""]
    retract(bench.db, bench.connector, send, clock=bench.place.clock)
    bench.check()
    assert (bench.state(send), bench.status()) == ("taken_back", "waiting")
