"""Appeals: opened, decided, undone; on the demo's places, which live in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.connectors import demo
from modconsole.desk import appeals, asks, drafts, moderating, ruling, strikes, undoing
from modconsole.desk import demo as demo_desk
from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY
from modconsole.errors import Conflict, NotFound, Refused, Unreachable, UsageError
from modconsole.store import journal, lists, rule_acts, verdicts
from modconsole.sync import registry
from tests.desk.conftest import Clock
from tests.desk.house import HOUSE, RUDE, furnish

QUESTION = "c214"
"""A comment of the blog that waits."""
POST = "p412"
"""A post of the forum, by somebody who can be muted there."""


@pytest.fixture
def desk(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at the demo, with rules."""
    monkeypatch.setattr(registry, "_living", {})
    monkeypatch.setattr(moderating, "_rights", {})

    def ticking() -> int:  # what is done later is later, as in the world
        clock.now += 1_000
        return clock.now

    found = Desk(tmp_path / "demo.db", who="ann", clock=ticking)
    demo_desk.fill(found)
    furnish(found)
    return found


def status(desk: Desk, message: str = QUESTION, source: str = "blog") -> str:
    ask = asks.status(desk, source, message)
    assert ask is not None
    return ask.status


def state(desk: Desk, message: str = QUESTION, source: str = "blog") -> str:
    shown = lists.message(desk.db, source, message)
    assert shown is not None
    return shown.message.state or "live"


def test_an_appeal_reopens_the_ask(desk: Desk) -> None:
    """What closed it before no longer counts."""
    asks.close(desk, "blog", QUESTION, reason="no reply needed")
    assert status(desk) == "closed"
    opened = appeals.open_appeal(desk, "blog", QUESTION, text=" I only asked. ")
    assert (opened.status, opened.appeal.state, opened.appeal.text) == ("waiting", "open", "I only asked.")
    assert (opened.appeal.about, opened.appeal.ref, appeals.open_count(desk)) == ("message", QUESTION, 1)


def test_a_removed_message_waits_again_once_the_reversal_has_restored_it(desk: Desk) -> None:
    """While it is removed there is nobody to answer; the appeal stands in its own list."""
    moderating.moderate(desk, "blog", QUESTION, "remove", reason="spam")
    opened = appeals.open_appeal(desk, "blog", QUESTION)
    assert opened.status == "closed"
    assert [each.id for each in appeals.listing(desk, 9)] == [opened.appeal.id]
    done = appeals.decide(desk, opened.appeal.id, "reversed", answer="Sorry.")
    assert ([act.act for act in done.acts], done.trouble, done.status) == (["remove"], [], "waiting")
    assert state(desk) == "live"
    assert (done.appeal.state, done.appeal.decided_by, done.appeal.answer) == ("reversed", "ann", "Sorry.")
    assert appeals.listing(desk, 9) == []


def test_what_is_upheld_stands(desk: Desk) -> None:
    """Nothing is undone."""
    moderating.moderate(desk, "blog", QUESTION, "remove")
    opened = appeals.open_appeal(desk, "blog", QUESTION)
    done = appeals.decide(desk, opened.appeal.id, "upheld")
    assert (done.acts, done.strikes, state(desk), done.appeal.state) == ([], [], "removed", "upheld")
    with pytest.raises(Conflict, match="upheld already"):
        appeals.decide(desk, opened.appeal.id, "reversed")


def test_a_reversal_takes_back_the_strike_and_what_the_ladder_did(desk: Desk) -> None:
    """All that was done because of the message."""
    furnish(desk, house=HOUSE.replace("{for: 7 days}}}", "{for: 7 days}}, automatic: true}"))
    strikes.strike(desk, "forum", POST)
    strikes.strike(desk, "forum", POST, insist=True)
    moderating.moderate(desk, "forum", POST, "hide", reason="rude")
    opened = appeals.open_appeal(desk, "forum", POST)
    found = appeals.case(desk, opened.appeal.id)
    assert ([act.act for act in found.acts], len(found.strikes)) == (["mute", "hide"], 2)
    done = appeals.decide(desk, opened.appeal.id, "reversed")
    assert [act.act for act in done.acts] == ["hide", "mute"]
    assert strikes.against(desk, "forum", "mateus").in_force == 0
    assert moderating.acts_on(desk, "forum", "person", "mateus")[0].undone
    assert state(desk, POST, "forum") == "live"


def test_an_appeal_can_be_about_one_strike_or_one_act_alone(desk: Desk) -> None:
    """The rest stands."""
    furnish(desk, house=HOUSE.replace("{for: 7 days}}}", "{for: 7 days}}, automatic: true}"))
    strikes.strike(desk, "forum", POST)
    second = strikes.strike(desk, "forum", POST, insist=True)
    hidden = moderating.moderate(desk, "forum", POST, "hide")
    opened = appeals.open_appeal(desk, "forum", POST, strike=second.strike.id)
    done = appeals.decide(desk, opened.appeal.id, "reversed")
    assert ([act.act for act in done.acts], [each.id for each in done.strikes]) == (["mute"], [second.strike.id])
    assert (strikes.against(desk, "forum", "mateus").in_force, state(desk, POST, "forum")) == (1, "hidden")
    opened = appeals.open_appeal(desk, "forum", POST, act=hidden.id)
    done = appeals.decide(desk, opened.appeal.id, "reversed")
    assert ([act.id for act in done.acts], done.strikes) == ([hidden.id], [])
    assert (strikes.against(desk, "forum", "mateus").in_force, state(desk, POST, "forum")) == (1, "live")


def test_the_words_can_be_those_of_a_message(desk: Desk) -> None:
    """Members appeal where they can: in a direct message, say."""
    opened = appeals.open_appeal(desk, "blog", QUESTION, written=("forum", POST))
    shown = lists.message(desk.db, "forum", POST)
    assert shown is not None
    assert opened.appeal.text == shown.plain.strip()


def test_there_is_one_open_appeal_about_a_message(desk: Desk) -> None:
    """The second moderator is told of the first."""
    appeals.open_appeal(desk, "blog", QUESTION)
    with pytest.raises(Conflict, match="ann has opened an appeal"):
        appeals.open_appeal(desk, "blog", QUESTION)


def test_undoing_a_decision_opens_the_appeal_again_and_then_withdraws_it(desk: Desk) -> None:
    """Step by step, by the one undo; strikes count again, acts are not done a second time."""
    strikes.strike(desk, "blog", QUESTION)
    moderating.moderate(desk, "blog", QUESTION, "remove")
    asks.close(desk, "blog", QUESTION)
    opened = appeals.open_appeal(desk, "blog", QUESTION)
    appeals.decide(desk, opened.appeal.id, "reversed")
    undone = undoing.undo(desk, opened.appeal.id)
    assert (undone.what, appeals.get(desk, opened.appeal.id).state) == ("appeal reversed", "open")
    assert (len(strikes.listing(desk, 9)), state(desk), status(desk)) == (1, "live", "waiting")
    undone = undoing.undo(desk, opened.appeal.id)
    assert (undone.what, appeals.get(desk, opened.appeal.id).state) == ("appeal", "withdrawn")
    assert status(desk) == "closed"  # the reopening went with it, and the closing counts again
    with pytest.raises(Conflict, match="undone already"):
        undoing.undo(desk, opened.appeal.id)


def test_the_last_act_of_mine_can_be_an_appeal(desk: Desk) -> None:
    """Without naming it."""
    opened = appeals.open_appeal(desk, "blog", QUESTION)
    assert undoing.undo(desk).what == "appeal"
    assert appeals.get(desk, opened.appeal.id).state == "withdrawn"


def test_the_journal_tells_the_latest_step_of_an_appeal(desk: Desk) -> None:
    """Who decided, and what they answered."""
    opened = appeals.open_appeal(desk, "blog", QUESTION, text="I only asked.")
    told = {done.what: done for done in journal.journal(desk.db, 2)}
    assert (told["appeal"].text, told["appeal"].by) == ("I only asked.", "ann")
    assert told["reopen"].text == "appeal"
    other = desk.at(desk.now())
    other.who = "bo"
    appeals.decide(other, opened.appeal.id, "upheld", answer="It stands.")
    (last,) = journal.journal(desk.db, 1)
    assert (last.what, last.by, last.text) == ("appeal upheld", "bo", "It stands.")
    assert [done.what for done in journal.journal(desk.db, 9, by="bo")] == ["appeal upheld"]


def test_what_nothing_takes_back_is_told_and_the_rest_is_reversed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision is the moderator's; that the platform will not follow must be known."""
    strikes.strike(desk, "blog", QUESTION)
    moderating.moderate(desk, "blog", QUESTION, "remove")
    opened = appeals.open_appeal(desk, "blog", QUESTION)

    def refuse(*_: object) -> None:
        raise Refused("The blog said no.")

    monkeypatch.setattr(demo.DemoConnector, "act", refuse)
    done = appeals.decide(desk, opened.appeal.id, "reversed")
    assert (done.acts, done.trouble, len(done.strikes)) == ([], ["remove: The blog said no."], 1)
    assert done.appeal.state == "reversed"


def test_where_the_platform_cannot_be_asked_the_appeal_stays_open(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deciding again goes on where it stopped."""
    strikes.strike(desk, "blog", QUESTION)
    moderating.moderate(desk, "blog", QUESTION, "remove")
    opened = appeals.open_appeal(desk, "blog", QUESTION)
    with monkeypatch.context() as patch:

        def away(*_: object) -> None:
            raise Unreachable("No answer.")

        patch.setattr(demo.DemoConnector, "act", away)
        with pytest.raises(Unreachable):
            appeals.decide(desk, opened.appeal.id, "reversed")
    assert (appeals.get(desk, opened.appeal.id).state, len(strikes.listing(desk, 9))) == ("open", 1)
    assert [act.act for act in appeals.decide(desk, opened.appeal.id, "reversed").acts] == ["remove"]


def test_an_answer_can_become_a_draft_and_never_replaces_one(desk: Desk) -> None:
    """A person reads it before it goes out."""
    opened = appeals.open_appeal(desk, "blog", QUESTION)
    done = appeals.decide(desk, opened.appeal.id, "upheld", answer="It stands.")
    assert appeals.draft_answer(desk, done.appeal)
    kept = drafts.draft(desk, "blog", QUESTION)
    assert kept is not None
    assert kept.text == "It stands."
    drafts.save_draft(desk, "blog", QUESTION, "my own words")
    assert not appeals.draft_answer(desk, done.appeal)


def test_names_that_are_wrong_are_errors(desk: Desk) -> None:
    """Each says what it is."""
    with pytest.raises(NotFound):
        appeals.open_appeal(desk, "blog", "nothing")
    with pytest.raises(NotFound, match="no act"):
        appeals.open_appeal(desk, "blog", QUESTION, act="nothing")
    given = strikes.strike(desk, "forum", POST)
    with pytest.raises(NotFound, match="another message"):
        appeals.open_appeal(desk, "blog", QUESTION, strike=given.strike.id)
    with pytest.raises(UsageError, match="one act or one strike"):
        appeals.open_appeal(desk, "blog", QUESTION, act="a", strike="b")
    with pytest.raises(NotFound, match="no appeal"):
        appeals.decide(desk, "nothing", "upheld")
    ours = desk.db.value("select m.native from message m join person p on p.id = m.person where p.native = 'blog-mara'")
    with pytest.raises(UsageError, match="our own"):
        appeals.open_appeal(desk, "blog", str(ours))


def test_a_reversal_counts_against_the_rule_and_undoing_it_does_not(desk: Desk) -> None:
    """The rule was wrong about this message, and that is in its figures."""
    furnish(desk, rude=RUDE.replace("[idiot]", "[the, a, is, my]").replace("body:", "body (word):"))
    shown = lists.message(desk.db, "forum", POST)
    assert shown is not None
    found = verdicts.Found(rule="rude", version=1, mode="shadow", message=shown.row_id, matches=[], held=[])
    ruling.load(desk)
    with desk.db.write():
        verdicts.store(desk.db, [found], desk.now())
    strikes.strike(desk, "forum", POST, rule="rude")
    opened = appeals.open_appeal(desk, "forum", POST)
    appeals.decide(desk, opened.appeal.id, "reversed")
    (hit,) = ruling.hits(desk, "rude")
    assert (hit.undone_by, ruling.rule_state(desk, "rude").reversed_30d) == ("ann", 1)
    appeals.undo(desk, opened.appeal.id)
    (hit,) = ruling.hits(desk, "rude")
    assert (hit.undone_by, ruling.rule_state(desk, "rude").reversed_30d) == (None, 0)


def test_rules_can_ask_for_strikes(desk: Desk) -> None:
    """Those in force now; what was taken back does not count."""
    text = "id: twice\nname: twice\nselect: {known: {author strikes: '> 1'}}\ndo: [flag]\nstatus: shadow\n"
    furnish(desk, house="strikes last: 30 days\n", twice=text)

    def hits() -> bool:
        return next(rule.hits for rule in ruling.explain(desk, "forum", POST).rules if rule.id == "twice")

    strikes.strike(desk, "forum", POST)
    assert not hits()
    second = strikes.strike(desk, "forum", POST, insist=True)
    assert hits()
    strikes.take_back(desk, second.strike.id)
    assert not hits()


def test_a_strike_that_a_rule_proposed_is_given_when_somebody_accepts_it(desk: Desk) -> None:
    """And is no longer accepted once it is taken back."""
    furnish(desk, house="strikes last: 30 days\n", rude=RUDE.replace("[flag]", "[{strike: {for: 10 days}}]"))
    shown = lists.message(desk.db, "forum", POST)
    assert shown is not None
    found = verdicts.Found(rule="rude", version=1, mode="live", message=shown.row_id, matches=[], held=[])
    ruling.load(desk)
    with desk.db.write():
        (given,) = verdicts.store(desk.db, [found], desk.now())
        act = rule_acts.RuleAct(
            id="a" * 36, verdict=given.ident, rule="rude", version=1, at=desk.now(), action="strike", span=10 * DAY
        )
        rule_acts.store(desk.db, act)
    accepted = ruling.accept(desk, act.id)
    (strike,) = strikes.listing(desk, 9)
    assert (accepted.ref, strike.rule, strike.expires_at) == (strike.id, "rude", strike.at + 10 * DAY)
    undoing.undo(desk, strike.id)
    placed = rule_acts.get(desk.db, act.id)
    assert placed is not None
    assert placed.act.state == "declined"
