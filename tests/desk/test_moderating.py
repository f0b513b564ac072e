"""Acts on a platform from the desk, on the demo's places, which live in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.connectors import demo
from modconsole.desk import demo as demo_desk
from modconsole.desk import moderating, outgoing, sweep, undoing, views
from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY, SECOND
from modconsole.errors import Conflict, NotFound, Refused, UsageError
from modconsole.store import journal, lists
from modconsole.store.ingest import ingest
from modconsole.sync import registry
from tests.desk.conftest import Clock
from tests.scenarios.story import story

NOBODY = "nowhere"


@pytest.fixture
def desk(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at the demo, at places of its own."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    found = Desk(tmp_path / "demo.db", who="ann", clock=clock)
    demo_desk.fill(found)
    return found


def held(desk: Desk) -> str:
    """A comment of the blog that is held."""
    found = desk.db.value(
        "select m.native from message m join source s on s.id = m.source where s.native = 'blog' and m.state = 'held'"
    )
    assert found is not None
    return str(found)


def state(desk: Desk, message: str) -> str:
    """What the store says of a message."""
    shown = lists.message(desk.db, "blog", message)
    assert shown is not None
    return shown.message.state or "live"


def named(offers: list[moderating.Offer]) -> list[str]:
    return [offer.info.act for offer in offers]


def test_an_act_is_carried_out_written_down_and_taken_back_by_the_same_undo(desk: Desk) -> None:
    """On the platform, and here."""
    message = held(desk)
    done = moderating.moderate(desk, "blog", message, "approve", seen="held")
    assert (done.was, done.became, state(desk, message)) == ("held", "live", "live")
    assert [(each.what, each.by, each.undone) for each in journal.journal(desk.db, 1)] == [("approve", "ann", False)]
    undone = undoing.undo(desk)
    assert (undone.what, undone.status, state(desk, message)) == ("approve", "held", "held")
    assert [each.undone for each in journal.journal(desk.db, 1)] == [True]


def test_the_word_of_the_first_release_still_works(desk: Desk) -> None:
    """Scripts say trash."""
    done = moderating.moderate(desk, "blog", "c203", "trash")
    assert (done.act, state(desk, "c203")) == ("remove", "removed")


def test_what_is_offered_for_a_message_fits_its_state(desk: Desk) -> None:
    """Nothing that is live can be approved."""
    assert named(moderating.able(desk, "blog", "message", state="held")) == ["approve", "spam", "remove"]
    assert named(moderating.able(desk, "blog", "message", state="live")) == ["hold", "spam", "remove"]
    assert named(moderating.able(desk, "blog", "message", state="removed")) == ["restore"]
    assert moderating.able(desk, "blog", "message", state="deleted") == []
    place = demo.open_place("blog", start=desk.now(), clock=desk.clock)
    every = [info for info in place.capabilities.acts if info.on == "message"]
    assert [offer.info for offer in moderating.able(desk, "blog", "message")] == every


def test_what_this_account_may_not_do_is_offered_with_the_reason(desk: Desk) -> None:
    """A key that does nothing would teach nothing; a key that is missing would teach less."""
    offers = {offer.info.act: offer.why_not for offer in moderating.able(desk, "forum", "person", "mateus")}
    assert offers["mute"] == ""
    assert offers["ban"] == "This account lacks the right to suspend people (an administrator)."
    with pytest.raises(Refused):
        moderating.moderate(desk, "forum", "mateus", "ban", on="person", reason="spam")


def test_what_an_account_may_is_asked_once_in_a_while(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A menu should not wait for the platform; but rights change, and so do accounts."""
    asked: list[str] = []
    place = demo.DemoConnector
    acts = place.acts

    def counted(self: demo.DemoConnector) -> object:
        asked.append(self.source)
        return acts(self)

    monkeypatch.setattr(place, "acts", counted)
    for _ in range(3):
        moderating.able(desk, "forum", "person")
    assert asked == ["forum"]
    later = desk.at(desk.now() + moderating.RIGHTS_LAST)
    moderating.able(later, "forum", "person")
    assert asked == ["forum", "forum"]


def test_all_that_can_be_done_about_a_message_is_read_at_once(desk: Desk) -> None:
    """To itself, to its author, to its place; and what was done to them before."""
    moderating.moderate(desk, "blog", "imani", "ban", on="person", message="c205", reason="a test")
    moderating.moderate(desk, "blog", "release-2-1", "lock", on="conversation", message="c205")
    moderating.moderate(desk, "blog", "c205", "hold")
    found = moderating.possible(desk, "blog", "c205")
    assert (found.person, found.conversation, found.state, found.ours) == ("imani", "release-2-1", "held", False)
    assert {on: named(offers) for on, offers in found.acts.items()} == {
        "message": ["approve", "spam", "remove"],
        "person": ["ban", "unban"],
        "conversation": ["lock", "unlock"],
    }
    assert [[act.act for act in done] for done in found.done.values()] == [["hold"], ["ban", "hold"], ["lock"]]
    ban = found.acts["person"][0].stands
    assert ban is not None
    assert (ban.act, ban.conversation, ban.message) == ("ban", "release-2-1", "c205")


def test_nobody_is_asked_to_ban_ourselves(desk: Desk) -> None:
    """What we wrote can be removed; its author is us."""
    ours = desk.db.value("select m.native from message m join person p on p.id = m.person where p.native = 'blog-mara'")
    assert set(moderating.possible(desk, "blog", str(ours)).acts) == {"message", "conversation"}


def test_without_a_sign_in_there_is_nothing_to_act_with(desk: Desk) -> None:
    """An imported source has no platform behind it; the error says how to sign in."""

    ingest(desk.db, story(source=NOBODY).message("q", "bo", "09:00").records, desk.now())
    assert moderating.able(desk, NOBODY, "message") == []
    with pytest.raises(NotFound, match="Nobody is signed in"):
        moderating.moderate(desk, NOBODY, "q", "remove")


def test_what_cannot_be_taken_back_must_be_confirmed_and_can_be_called_off_in_time(desk: Desk, clock: Clock) -> None:
    """`u` works for as long as it does for a reply; a sync afterwards does nothing."""
    with pytest.raises(UsageError, match="cannot be taken back"):
        moderating.moderate(desk, "masto", "s101", "report", label="spam")
    done = moderating.moderate(desk, "masto", "s101", "report", label="SPAM", confirmed=True)
    assert (done.state, done.label, done.not_before) == ("queued", "spam", clock.now + desk.undo_delay)
    assert [each.act.id for each in outgoing.acts_under_way(desk)] == [done.id]
    undone = undoing.undo(desk)
    assert (undone.what, undone.cancelled) == ("report", True)
    clock.now += 60 * SECOND
    sweep.sync(desk, ["masto"])
    assert [(each.state, each.undone) for each in journal.journal(desk.db, 1)] == [("cancelled", False)]
    assert outgoing.acts_under_way(desk) == []


def test_what_cannot_be_taken_back_is_done_by_the_next_sync_and_then_stays(desk: Desk, clock: Clock) -> None:
    """Whoever undoes it then is told that it is too late."""
    moderating.moderate(desk, "masto", "s101", "report", label="spam", confirmed=True)
    clock.now += 60 * SECOND
    (result,) = sweep.sync(desk, ["masto"])
    assert [(step.state, step.what) for step in result.steps if step.what != "reply"] == [
        ("doing", "report"),
        ("done", "report"),
    ]
    with pytest.raises(Refused, match="cannot be taken back"):
        undoing.undo(desk, journal.journal(desk.db, 1)[0].id)


def test_an_act_of_which_nobody_knows_is_in_the_outbox_until_somebody_decides(desk: Desk) -> None:
    """Done again, which does no harm; or let go, by name."""
    desk.db.conn.execute("pragma foreign_keys = on")
    for number, act in enumerate(("mute", "mute")):
        done = moderating.moderate(desk, "forum", ("mateus", "kofi")[number], act, on="person", until=desk.now() + DAY)
        desk.db.run(
            "update moderation set state = 'unsure', undo_act = null, trouble = 'Lost.' where id = ?", (done.id,)
        )
    second, first = outgoing.OutboxPager(desk).first(2)
    assert isinstance(first, outgoing.OutgoingAct)
    assert isinstance(second, outgoing.OutgoingAct)
    with pytest.raises(Conflict, match="Nobody knows"):
        undoing.undo(desk, first.act.id)
    again = outgoing.retry(desk, first.act.id)
    assert again is not None
    assert (again.state, again.note, again.undo_act) == ("done", "It was so already.", "unmute")
    assert undoing.undo(desk, first.act.id).what == "mute"
    assert outgoing.take_back(desk, second.act.id).what == "mute"
    assert outgoing.acts_under_way(desk) == []
    let_go = moderating.acts_on(desk, "forum", "person", "kofi")[0]
    assert (let_go.state, let_go.trouble) == ("cancelled", "Lost. ann let it go.")


def test_the_outbox_lists_acts_and_replies_in_one_order_page_by_page(desk: Desk) -> None:
    """Newest first, whichever way it is walked."""
    for message in ("s101", "s102", "s103"):
        if lists.message(desk.db, "masto", message) is not None:
            moderating.moderate(desk, "masto", message, "report", label="spam", confirmed=True)
    pager = outgoing.OutboxPager(desk)
    every = pager.first(100)
    assert pager.count() == len(every) > 4
    assert [each.key for each in every] == sorted((each.key for each in every), reverse=True)
    assert {type(each) for each in every} == {outgoing.Outgoing, outgoing.OutgoingAct}
    walked = pager.first(2)
    while more := pager.after(walked[-1].key, 2):
        walked += more
    assert walked == every
    assert pager.before(every[3].key, 2) == every[1:3]
    assert pager.last(2) == every[-2:]


def test_what_stands_on_a_person_is_what_was_not_ended(desk: Desk, clock: Clock) -> None:
    """Not what was taken back, nor what is over by now, nor what was ended by another act."""
    place = views.conversation(desk, "forum", "t41")

    def stands() -> list[str]:
        return [each.act for each in views.standing(views.conversation(desk, "forum", "t41").acts, clock.now)]

    assert place.acts == []
    moderating.moderate(desk, "forum", "mateus", "mute", on="person", until=clock.now + DAY)
    assert stands() == ["mute"]
    undoing.undo(desk)
    assert stands() == []
    moderating.moderate(desk, "forum", "mateus", "mute", on="person")
    moderating.moderate(desk, "forum", "mateus", "unmute", on="person")
    assert stands() == []
    moderating.moderate(desk, "forum", "mateus", "mute", on="person", until=clock.now + DAY)
    clock.now += 2 * DAY
    assert stands() == []
    moderating.moderate(desk, "forum", "nadia", "mute", on="person")  # who does not write there
    assert [each.target for each in views.conversation(desk, "forum", "t41").acts] == ["mateus"] * 4
