"""Acts on the platform and their undo."""

from __future__ import annotations

import uuid

import pytest

from modconsole.connectors.base import Moderation
from modconsole.domain.records import State
from modconsole.errors import Conflict, Gone, NotFound, OutcomeUnknown, Refused
from modconsole.store import journal
from modconsole.store.journal import Moderated
from modconsole.sync.moderate import can_undo, moderate, retract, undo_moderation
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, STATES, Double


def act(bench: Bench, message: str, what: Moderation, *, seen: str | None = None) -> Moderated:
    """A moderator acts."""
    bench.place.tick()
    done = moderate(
        bench.db,
        bench.connector,
        SOURCE,
        message,
        what,
        by="mod",
        ident=str(uuid.uuid4()),
        clock=bench.place.clock,
        seen=seen,
    )
    bench.check()
    return done


def undo(bench: Bench, ident: str) -> Moderated:
    """A moderator thinks better of it."""
    bench.place.tick()
    done = undo_moderation(bench.db, bench.connector, ident, by="mod", clock=bench.place.clock)
    bench.check()
    return done


@pytest.mark.parametrize("before", ["live", "held", "spam", "removed"])
@pytest.mark.parametrize("what", ["approve", "hold", "spam", "trash"])
def test_every_act_is_carried_out_and_undone(bench: Bench, before: State, what: Moderation) -> None:
    """On the platform, in the store and in the journal; and back, from wherever to wherever."""
    message = bench.place.write("Judge me", state=before)
    bench.turn()
    done = act(bench, message, what)
    assert (done.was, done.became, bench.place.messages[message].state) == (before, STATES[what], STATES[what])
    assert journal.moderation(bench.db, done.id) == done
    assert can_undo(bench.connector, before, what)
    undo(bench, done.id)
    assert bench.place.messages[message].state == before
    stored = journal.moderation(bench.db, done.id)
    assert stored is not None
    assert stored.undone
    with pytest.raises(Conflict):
        undo(bench, done.id)


def test_an_act_changes_who_waits_at_once(bench: Bench) -> None:
    """No need to wait for the next look."""
    message = bench.place.write("Let me in", state="held")
    bench.turn()
    assert bench.status() == "held"
    done = act(bench, message, "approve")
    assert bench.status() == "waiting"
    undo(bench, done.id)
    assert bench.status() == "held"


def test_what_somebody_else_changed_is_not_run_over(bench: Bench) -> None:
    """The moderator saw it live, and it is in the trash by now: nothing is done, and the screen learns of it."""
    message = bench.place.write("Contested")
    bench.turn()
    bench.place.moderate(message, "removed")
    with pytest.raises(Conflict):
        act(bench, message, "approve", seen="live")
    assert bench.place.messages[message].state == "removed"
    assert bench.status() == "closed"


def test_an_undo_does_not_run_over_somebody_else_either(bench: Bench) -> None:
    """We held it, somebody marked it as spam since: undoing our hold would let spam through."""
    message = bench.place.write("Buy now")
    bench.turn()
    done = act(bench, message, "hold")
    bench.place.moderate(message, "spam")
    with pytest.raises(Conflict):
        undo(bench, done.id)
    assert bench.place.messages[message].state == "spam"


def test_an_undo_that_somebody_else_did_is_only_written_down(bench: Bench) -> None:
    """It is back where it was already."""
    message = bench.place.write("Fine")
    bench.turn()
    done = act(bench, message, "hold")
    bench.place.moderate(message, "live")
    before = bench.place.asked.count("moderate")
    assert undo(bench, done.id).undone
    assert bench.place.asked.count("moderate") == before


def test_what_the_platform_cannot_do_is_said_beforehand(bench: Bench) -> None:
    """No such act, no request."""
    bench.connector = Double(bench.place, moderation=frozenset(("trash",)))
    message = bench.place.write("Stay")
    bench.turn()
    assert not can_undo(bench.connector, "live", "trash")
    with pytest.raises(Refused):
        act(bench, message, "hold")
    assert "moderate" not in bench.place.asked


def test_what_is_gone_is_shown_as_gone(bench: Bench) -> None:
    """Somebody deleted it for good: that is stored, and said."""
    message = bench.place.write("Bye")
    bench.turn()
    del bench.place.messages[message]
    with pytest.raises(Gone):
        act(bench, message, "spam")
    assert bench.status() == "withdrawn"
    with pytest.raises(NotFound):
        undo(bench, "00000000-0000-7000-8000-000000000000")


def test_an_act_whose_answer_is_lost_is_seen_at_the_next_look(bench: Bench) -> None:
    """It was carried out; only the journal does not know."""
    message = bench.place.write("Maybe")
    bench.turn()
    bench.place.trouble["moderate"] = [("after", OutcomeUnknown("Lost."))]
    with pytest.raises(OutcomeUnknown):
        act(bench, message, "spam")
    bench.turn()
    assert bench.status() == "closed"


def test_a_reply_that_is_there_can_be_retracted(bench: Bench) -> None:
    """It goes into the trash there, and the person waits again since the original time."""
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
