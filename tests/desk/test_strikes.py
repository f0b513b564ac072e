"""Strikes and what follows from them, on the demo's places, which live in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.connectors import demo
from modconsole.desk import demo as demo_desk
from modconsole.desk import moderating, strikes, undoing, views
from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY
from modconsole.errors import Conflict, NotFound, Refused, UsageError
from modconsole.store import journal
from modconsole.sync import registry
from tests.desk.conftest import Clock
from tests.desk.house import HOUSE, furnish

MATEUS = "p412"
"""A post in the forum."""


@pytest.fixture
def desk(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at the demo, with rules."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})
    found = Desk(tmp_path / "demo.db", who="ann", clock=clock)
    demo_desk.fill(found)
    furnish(found)
    return found


def give(desk: Desk, message: str = MATEUS, **more: object) -> strikes.Struck:
    return strikes.strike(desk, "forum", message, **more)  # type: ignore[arg-type]


def standing(desk: Desk, person: str = "mateus") -> list[str]:
    """What stands on somebody in the forum."""
    return [act.act for act in views.standing(moderating.acts_on(desk, "forum", "person", person), desk.now())]


def test_a_strike_is_written_down_with_the_rule_and_how_long_it_counts(desk: Desk, clock: Clock) -> None:
    """And with the version of the rule."""
    done = give(desk, rule="crypto-giveaway", reason=" again ")
    given = done.strike
    assert (given.person, given.message, given.by, given.rule, given.version) == (
        "mateus",
        MATEUS,
        "ann",
        "crypto-giveaway",
        1,
    )
    assert (given.reason, given.expires_at) == ("again", clock.now + 30 * DAY)
    assert (done.in_force, done.rung, done.step) == (1, None, None)


def test_a_strike_is_in_force_until_it_expires_or_is_taken_back(desk: Desk, clock: Clock) -> None:
    """At the instant that is asked for, not a moment longer."""
    give(desk)
    short = give(desk, insist=True, span=DAY)
    assert strikes.against(desk, "forum", "mateus").in_force == 2
    clock.now += DAY - 1
    assert strikes.against(desk, "forum", "mateus").in_force == 2
    clock.now += 1
    found = strikes.against(desk, "forum", "mateus")
    assert (found.in_force, len(found.strikes)) == (1, 2)
    assert [each.id for each in strikes.listing(desk, 9)] == [found.strikes[0].id]
    assert [each.id for each in strikes.listing(desk, 9, every=True)] == [short.strike.id, found.strikes[0].id]
    strikes.take_back(desk, found.strikes[0].id)
    assert strikes.against(desk, "forum", "mateus").in_force == 0


def test_a_message_gets_one_strike_unless_somebody_insists(desk: Desk) -> None:
    """Two moderators who look at the same message mean the same."""
    give(desk)
    with pytest.raises(Conflict, match="ann has given a strike"):
        give(desk)
    assert give(desk, insist=True).in_force == 2


def test_what_follows_is_proposed_and_not_done(desk: Desk) -> None:
    """A rung without `automatic` waits for a person."""
    give(desk)
    done = give(desk, insist=True)
    assert done.rung is not None
    assert done.step is not None
    assert (done.rung.strikes, done.step.action, done.step.span, done.step.state) == (2, "mute", 7 * DAY, "proposed")
    assert (done.step.trouble, done.step.id, standing(desk)) == ("2 strikes in force", done.strike.id, [])


def test_what_is_proposed_is_done_once_when_it_is_accepted(desk: Desk, clock: Clock) -> None:
    """On the platform, for as long as the ladder says."""
    give(desk)
    done = give(desk, insist=True)
    act = strikes.accept(desk, done.strike.id)
    assert act is not None
    assert (act.act, act.target, act.until, act.by) == ("mute", "mateus", clock.now + 7 * DAY, "ann")
    assert act.reason == "2 strikes in force"
    assert standing(desk) == ["mute"]
    with pytest.raises(Conflict, match="decided already: accepted"):
        strikes.accept(desk, done.strike.id)


def test_what_is_declined_is_not_done_and_the_strike_stays(desk: Desk) -> None:
    """A person decides."""
    give(desk)
    done = give(desk, insist=True)
    assert strikes.decline(desk, done.strike.id).state == "declined"
    assert standing(desk) == []
    assert strikes.against(desk, "forum", "mateus").in_force == 2
    with pytest.raises(Conflict):
        strikes.accept(desk, done.strike.id)


def automatic_mute(desk: Desk) -> None:
    furnish(desk, house=HOUSE.replace("{for: 7 days}}}", "{for: 7 days}}, automatic: true}"))


def test_an_automatic_rung_is_done_by_itself(desk: Desk) -> None:
    """Because a person set it so."""
    automatic_mute(desk)
    give(desk)
    done = give(desk, insist=True)
    assert done.act is not None
    assert done.step is not None
    assert (done.act.act, done.act.by, done.step.state, done.step.ref) == ("mute", "the ladder", "done", done.act.id)
    assert standing(desk) == ["mute"]


def test_what_the_platform_refuses_to_do_by_itself_is_proposed_with_the_reason(desk: Desk) -> None:
    """This account may not ban in the forum."""
    give(desk)
    give(desk, insist=True)
    done = give(desk, insist=True)
    assert done.step is not None
    assert (done.step.action, done.step.state, done.act) == ("ban", "proposed", None)
    assert "does not let this account do that" in done.step.trouble


def test_beyond_the_last_rung_it_is_proposed_again(desk: Desk) -> None:
    """Whoever goes on is not forgotten."""
    for number in range(4):
        done = give(desk, insist=number > 0)
    assert done.rung is not None
    assert (done.in_force, done.rung.strikes) == (4, 3)


def test_between_two_rungs_nothing_follows() -> None:
    """A rung is for the strike that reaches it."""
    from modconsole.policy.model import Action, House, Rung

    house = House(ladder=(Rung(strikes=2, action=Action(name="mute")), Rung(strikes=5, action=Action(name="ban"))))
    found = [strikes.rung_for(house, number) for number in range(1, 8)]
    assert [rung.strikes if rung else 0 for rung in found] == [0, 2, 0, 0, 5, 5, 5]
    assert strikes.rung_for(House(), 3) is None


def test_undo_takes_back_the_strike_and_what_followed_from_it(desk: Desk) -> None:
    """On the platform too: one key for everything."""
    automatic_mute(desk)
    give(desk)
    give(desk, insist=True)
    assert standing(desk) == ["mute"]
    undone = undoing.undo(desk)
    assert (undone.what, undone.person, standing(desk)) == ("strike", "mateus", [])
    assert strikes.against(desk, "forum", "mateus").in_force == 1
    step = strikes.listing(desk, 9, every=True)[0]
    assert [done.undone for done in journal.journal(desk.db, 2, by="ann")] == [True, False]
    with pytest.raises(Conflict, match="ann took that back"):
        strikes.take_back(desk, step.id)
    undoing.undo(desk)
    assert strikes.against(desk, "forum", "mateus").in_force == 0


def test_what_is_proposed_goes_with_its_strike(desk: Desk) -> None:
    """Nobody is muted for a strike that was a mistake."""
    give(desk)
    done = give(desk, insist=True)
    taken = strikes.take_back(desk, done.strike.id)
    assert taken.step is not None
    assert taken.step.state == "superseded"
    with pytest.raises(Conflict):
        strikes.accept(desk, done.strike.id)


def test_where_the_platform_cannot_undo_the_act_the_strike_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half of it is lost."""
    automatic_mute(desk)
    give(desk)
    done = give(desk, insist=True)

    def refuse(*_: object) -> None:
        raise Refused("The forum said no.")

    monkeypatch.setattr(demo.DemoConnector, "act", refuse)
    with pytest.raises(Refused):
        strikes.take_back(desk, done.strike.id)
    assert strikes.against(desk, "forum", "mateus").in_force == 2


def test_strikes_are_in_the_journal(desk: Desk) -> None:
    """With whom and why."""
    give(desk, reason="rude")
    (done,) = journal.journal(desk.db, 1)
    assert (done.what, done.by, done.source, done.person, done.through, done.text) == (
        "strike",
        "ann",
        "forum",
        "mateus",
        MATEUS,
        "rude",
    )


def test_nobody_strikes_ourselves_or_nobody(desk: Desk) -> None:
    """Names that are wrong are errors that say so."""
    ours = desk.db.value("select m.native from message m join person p on p.id = m.person where p.native = 'f-mara'")
    with pytest.raises(UsageError, match="our own"):
        give(desk, str(ours))
    with pytest.raises(NotFound):
        give(desk, "nothing")
    with pytest.raises(NotFound, match="no rule"):
        give(desk, rule="nothing")
    with pytest.raises(NotFound, match="Nobody with the id"):
        strikes.against(desk, "forum", "nobody")
