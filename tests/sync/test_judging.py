"""Rules judge what is stored while it is stored; live ones act, with care."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.domain.records import Author, Message
from modconsole.domain.times import DAY, HOUR, to_datetime
from modconsole.errors import StoreError, Unreachable
from modconsole.policy.judge import Judge
from modconsole.store import acts, judged, rule_acts, rules, tallies, texts, verdicts
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.verify import verify
from modconsole.sync import moderate
from modconsole.sync.judging import Judging
from tests.sync.desk import Bench
from tests.sync.double import SOURCE, US, Double, Killed
from tests.sync.house import GRACE, House


@pytest.fixture
def house(bench: Bench, tmp_path: Path) -> House:
    """A folder of rules, empty, and a database that has been synced once."""
    made = House(bench, tmp_path / "rules")
    made.turn()
    return made


# -- in the transaction that stores the message --------------------------------------------------------------------------------


def test_a_message_is_judged_when_it_is_stored(house: House) -> None:
    """With the rule, its version, the selection, the place and the words."""
    house.write("spam", status="shadow")
    house.bench.place.write("some SPAM here")
    house.bench.place.write("nothing")
    house.turn()
    (hit,) = house.hits()
    assert (hit.rule, hit.version, hit.mode, hit.message, hit.held) == ("spam", 1, "shadow", "m1", ["words"])
    assert [(m["selection"], m["field"], m["start"], m["end"], m["words"], m["item"]) for m in hit.matches] == [
        ("words", "body", 5, 9, "SPAM", "spam")
    ]
    assert house.acts() == []


def test_the_first_message_of_a_conversation_is_judged_with_the_title_it_is_shown_with(house: House) -> None:
    """The title comes with the conversation, in the same page."""
    house.write("spam", status="shadow", more="  titled:\n    title (word): [talk]\n", words="[hello]")
    house.bench.place.write("hello")
    house.turn()
    assert [hit.held for hit in house.hits()] == [["words", "titled"]]


def test_message_verdict_and_act_are_stored_together_or_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is killed while a rule acts has stored nothing; the next turn stores and judges."""
    house.live("spam", "hide; tag: x")
    house.bench.place.write("spam")
    stored = rule_acts.store

    def killed(db: Db, act: rule_acts.RuleAct) -> None:
        stored(db, act)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(rule_acts, "store", killed)
        with pytest.raises(Killed):
            house.turn()
    assert house.bench.db.value("select count(*) from message") == 0
    assert (house.hits(), house.acts(), house.moderated()) == ([], [], [])
    house.anew()
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "queued"), ("spam", "tag", "m1", "done")]


def test_judging_that_fails_stops_nothing_and_is_made_up_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is stored, the failure is written down, and the next turn judges what is left, with what follows."""
    house.live("spam")
    house.bench.place.write("spam")

    def broken(*_: object) -> None:
        raise RuntimeError("private text")

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "judge", broken)
        assert house.turn().outcome == "ok"
    found = judged.judged(house.bench.db)
    assert found is not None
    assert "RuntimeError" in found.failure
    assert "private" not in found.failure
    assert (found.failed_at, judged.backlog(house.bench.db)) == (house.bench.place.now, 1)
    assert house.hits() == []
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "queued")]
    found = judged.judged(house.bench.db)
    assert found is not None
    assert (found.failed_at, found.failure, judged.backlog(house.bench.db)) == (None, "", 0)


def test_a_database_that_fails_while_a_rule_judges_is_no_failure_of_the_rule(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk takes the whole transaction back: it must not look as if only judging had failed."""
    house.live("spam")
    house.bench.place.write("spam")

    def full(db: Db, *_: object) -> None:
        db.conn.execute("rollback")
        raise StoreError("The disk does not take the data.")

    monkeypatch.setattr("modconsole.store.verdicts.store", full)
    assert house.turn().outcome == "failed"
    assert house.bench.db.value("select count(*) from message") == 0


def test_one_message_that_nobody_can_judge_holds_up_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beside it are judged; it is passed over, and not tried for ever."""
    house.write("spam", status="shadow")
    place = house.bench.place
    for words in ("spam one", "spam poison", "spam two"):
        place.write(words)
    genuine = Judge.judge

    def judge(self: Judge, found: Any, ask: Any) -> Any:
        if any("poison" in each.body for each in found):
            raise RuntimeError
        return genuine(self, found, ask)

    monkeypatch.setattr(Judge, "judge", judge)
    house.turn()
    house.turn()
    assert house.hit() == ["m1", "m3"]
    assert judged.backlog(house.bench.db) == 0


def test_what_was_stored_while_nobody_judged_is_judged_with_the_next_turn(house: House) -> None:
    """New messages and changed texts alike, once each; what was here before the first rule is left to the backtest."""
    place, bench = house.bench.place, house.bench
    place.write("spam before there were rules")
    edited = place.write("fine")
    bench.turn()
    house.write("spam", status="shadow")
    house.turn()
    assert house.hit() == []
    place.write("spam meanwhile")
    place.edit(edited, "spam after all")
    bench.turn()
    assert house.hit() == []
    house.turn()
    assert sorted(house.hit()) == ["m2", "m3"]
    assert tallies.since(bench.db, 0)["spam"].hits == 2
    assert tallies.since(bench.db, 0)["spam"].judged == 2


def test_what_came_while_there_were_no_rules_is_not_judged_by_later_ones(house: House) -> None:
    """An empty folder is no backlog."""
    place = house.bench.place
    house.write("spam", status="shadow")
    house.turn()
    (house.folder / "spam.yaml").unlink()
    place.write("spam")
    house.turn()
    house.write("spam", status="shadow")
    house.turn()
    assert house.hit() == []
    assert judged.backlog(house.bench.db) == 0


def test_an_empty_folder_leaves_no_trace(house: House) -> None:
    """Nothing is attached, nothing is counted."""
    house.bench.place.write("spam")
    house.turn()
    assert judged.judged(house.bench.db) is None
    assert house.bench.db.judge is None


def test_an_edited_message_is_judged_again(house: House) -> None:
    """A hit that holds has its new place, one that does not is over; a text that is the same is not judged."""
    house.write("spam", status="shadow")
    place = house.bench.place
    ident = place.write("spam")
    house.turn()
    place.edit(ident, "this is spam")
    house.turn()
    (hit,) = house.hits()
    assert [(m["start"], m["end"]) for m in hit.matches] == [(8, 12)]
    place.edit(ident, "nothing")
    house.turn()
    (hit,) = house.hits()
    assert hit.settled == "edited"
    judgings = tallies.since(house.bench.db, 0)["spam"].judged
    place.moderate(ident, "hidden")
    house.turn()
    assert tallies.since(house.bench.db, 0)["spam"].judged == judgings == 3
    assert tallies.since(house.bench.db, 0)["spam"].hits == 1


def test_our_own_messages_are_left_alone_unless_the_rule_says_otherwise(house: House) -> None:
    """`exempt us: false` is for rules about ourselves."""
    house.write("spam", status="shadow")
    house.write("us", "tag: x", status="shadow", **{"exempt us": "false"})
    house.bench.place.write("spam", by=US)
    house.turn()
    assert (house.hit("spam"), house.hit("us")) == ([], ["m1"])


def test_a_rule_that_takes_too_long_is_given_up_on_that_message_and_named(house: House) -> None:
    """It is counted and listed; the other rules have had their say."""
    house.write("spam", status="shadow")
    slow = house.folder / "slow.yaml"
    slow.write_text("id: slow\nstatus: shadow\nselect:\n  words:\n    body (regex): ['((?:x+)+)\\1q']\ndo: [flag]\n")
    house.bench.place.write("spam " + "x" * 3_000 + " q")
    house.turn()
    assert house.hit() == ["m1"]
    ((at, item, seconds, source, message),) = verdicts.skips(house.bench.db, "slow", 10)
    assert (item, source, message) == (r"((?:x+)+)\1q", SOURCE, "m1")
    assert seconds >= 0.04
    assert at <= house.bench.place.now
    assert tallies.since(house.bench.db, 0)["slow"].skipped == 1


def test_a_rule_that_cannot_be_made_ready_spoils_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest judges."""
    house.write("spam", status="shadow")
    house.write("odd", status="shadow")
    genuine = Judge.__init__

    def init(self: Judge, made: Any, **options: Any) -> None:
        if any(rule.id.startswith("odd") for rule in made):
            raise ValueError
        genuine(self, made, **options)

    monkeypatch.setattr(Judge, "__init__", init)
    house.bench.place.write("spam")
    house.turn()
    assert house.hit() == ["m1"]


# -- which version acts ---------------------------------------------------------------------------------------------------------


def test_a_rule_that_says_live_acts_only_when_a_person_has_set_it_live(house: House) -> None:
    """Until then it judges in the shadow."""
    house.write("spam")
    house.bench.place.write("spam one")
    house.turn()
    assert [hit.mode for hit in house.hits()] == ["shadow"]
    house.approve("spam")
    house.bench.place.write("spam two")
    house.turn()
    assert [(hit.mode, hit.message) for hit in house.hits()] == [("shadow", "m1"), ("live", "m2")]
    assert house.did() == [("spam", "hide", "m2", "queued")]


@pytest.mark.parametrize("status", ["shadow", "draft", "paused"])
def test_a_live_rule_whose_file_takes_it_back_acts_no_more(house: House, status: str) -> None:
    """To let a rule do less takes no right."""
    house.live("spam")
    house.write("spam", status=status)
    house.bench.place.write("spam")
    house.turn()
    assert house.acts() == []
    assert [hit.mode for hit in house.hits()] == (["shadow"] if status == "shadow" else [])


def test_a_file_that_was_paused_by_hand_is_not_set_live_by_hand(house: House) -> None:
    """It takes a person with the right."""
    house.live("spam")
    house.write("spam", status="paused")
    house.turn()
    house.write("spam")
    house.bench.place.write("spam")
    house.turn()
    assert house.acts() == []


def test_a_paused_rule_does_nothing(house: House) -> None:
    """Not even judge."""
    house.live("spam")
    rules.pause(house.bench.db, "spam", "too much", house.bench.place.now)
    house.bench.place.write("spam")
    house.turn()
    assert (house.hits(), house.acts()) == ([], [])


def test_an_expired_rule_judges_no_more(house: House) -> None:
    """From the instant on, also in a program that has run for days."""
    ends = to_datetime(house.bench.place.now + DAY).date()
    house.live("spam", expires=ends)
    house.bench.place.write("spam")
    house.turn()
    assert house.hit() == ["m1"]
    house.bench.place.tick(2 * 86_400)
    house.bench.place.write("spam again")
    house.turn()
    assert house.hit() == ["m1"]


def test_a_broken_file_leaves_the_approved_version_in_force(house: House) -> None:
    """Also in a program that starts with it."""
    house.live("spam")
    (house.folder / "spam.yaml").write_text("id: spam\nstatus: live\nselect: [\n")
    house.anew()
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "queued")]
    assert house.acts()[0].act.version == 1


def test_a_newer_text_judges_in_the_shadow_beside_the_approved_one(house: House) -> None:
    """Each hit names its version."""
    house.live("spam")
    house.write("spam", "remove", words="[spam, ham]")
    house.bench.place.write("spam")
    house.bench.place.write("ham")
    house.turn()
    found = house.bench.db.rows("select message, version, mode from verdict order by message, version")
    assert found == [(1, 1, "live"), (1, 2, "shadow"), (2, 2, "shadow")]
    assert [(act.action, act.version) for act in (each.act for each in house.acts())] == [("hide", 1)]


def test_a_list_that_grows_is_a_new_version(house: House) -> None:
    """What a live rule does is what was approved, whoever edits the lists."""
    lists = house.folder / "lists.yaml"
    lists.write_text("words: [spam]\n")
    house.live("spam", words="['list:words']")
    lists.write_text("words: [spam, ham]\n")
    house.bench.place.write("spam")
    house.bench.place.write("ham")
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "queued")]


def test_a_comment_or_a_test_more_leaves_a_rule_as_approved_as_it_was(house: House) -> None:
    """It is a new version of the text that does the same."""
    house.live("spam")
    file = house.folder / "spam.yaml"
    file.write_text("# for the newcomers\n" + file.read_text() + "tests:\n  - hit: spam\n")
    house.bench.place.write("spam")
    house.turn()
    assert [(each.act.rule, each.act.version, each.act.state) for each in house.acts()] == [("spam", 2, "queued")]


def test_a_rule_whose_file_is_gone_judges_no_more(house: House) -> None:
    """And judges again as it was approved when the file is back."""
    house.live("spam")
    text = (house.folder / "spam.yaml").read_text()
    (house.folder / "spam.yaml").unlink()
    house.bench.place.write("spam")
    house.turn()
    assert house.hits() == []
    (house.folder / "spam.yaml").write_text(text)
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [("spam", "hide", "m2", "queued")]


# -- on what it acts ------------------------------------------------------------------------------------------------------------


def test_an_act_waits_for_the_undo_delay_and_is_carried_out_by_whoever_syncs(house: House) -> None:
    """In the name of the rule and its version; it can be taken back like anybody's."""
    house.live("spam")
    house.bench.place.write("spam")
    house.turn()
    (act,) = house.moderated()
    assert (act.by, act.act, act.target, act.state, act.was) == ("rule:spam@1", "hide", "m1", "queued", "live")
    assert act.not_before is not None
    assert act.not_before >= act.at + GRACE
    house.later(1)
    assert house.state("m1") == "live"
    house.later()
    assert house.state("m1") == "hidden"
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "done")]
    assert tallies.since(house.bench.db, 0)["spam"].acted == 1


def test_a_rule_acts_on_nothing_that_was_seen_before_it_went_live(house: House) -> None:
    """An old message that is edited gives a verdict, and nothing is done."""
    place = house.bench.place
    ident = place.write("fine")
    house.write("spam", status="shadow")
    house.turn()
    house.live("spam")
    place.edit(ident, "spam")
    house.turn()
    assert [(hit.message, hit.mode) for hit in house.hits()] == [(ident, "live")]
    assert house.acts() == []


@pytest.mark.parametrize(("age", "acts_"), [(DAY - HOUR, 1), (DAY + HOUR, 0)])
def test_a_rule_acts_on_nothing_that_is_older_than_a_day(house: House, age: int, acts_: int) -> None:
    """What is found late gives a verdict."""
    place = house.bench.place
    house.live("spam")
    place.keep(
        Message(
            source=SOURCE,
            id="late",
            conversation="talk",
            author=Author(id="ann"),
            created_at=to_datetime(place.now - age),
            text="spam",
        )
    )
    house.turn()
    assert house.hit() == ["late"]
    assert len(house.acts()) == acts_


def test_a_message_that_nobody_says_when_it_was_seen_is_seen_when_it_is_stored(house: House) -> None:
    """As with deliveries that do not say."""
    house.live("spam")
    bench = house.bench
    house.judging.attach(bench.db, bench.place.now)
    now = bench.place.tick()
    record = Message(
        source=SOURCE, id="x", conversation="talk", author=Author(id="ann"), created_at=to_datetime(now), text="spam"
    )
    ingest(bench.db, [record], now)
    assert [(action, message) for _, action, message, _ in house.did()] == [("hide", "x")]


def test_an_import_is_judged_and_nothing_is_done_about_it(house: House) -> None:
    """What is in a file happened elsewhere."""
    house.live("spam")
    bench = house.bench
    Judging(house.folder, undo_delay=GRACE, acts=False).attach(bench.db, bench.place.now)
    bench.place.write("spam")
    ingest(bench.db, [bench.place.seen(bench.place.messages["m1"])], bench.place.now)
    assert (house.hit(), house.acts()) == (["m1"], [])


# -- one act only ---------------------------------------------------------------------------------------------------------------


def test_of_several_rules_the_one_with_the_largest_priority_takes_a_message_down(house: House) -> None:
    """The others' acts are written down as superseded; what they do besides is done."""
    house.live("low", "remove; tag: low", priority=1)
    house.live("high", "hold; tag: high", priority=9)
    house.live("equal", "spam", priority=1)
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [
        ("high", "hold", "m1", "queued"),
        ("high", "tag", "m1", "done"),
        ("low", "remove", "m1", "superseded"),
        ("low", "tag", "m1", "done"),
        ("equal", "spam", "m1", "superseded"),
    ]
    assert house.acts()[2].act.trouble == "Rule high came first."
    assert len(house.moderated()) == 1


def test_among_equals_the_strongest_takes_a_message_down(house: House) -> None:
    """Also within one rule."""
    house.live("a", "hold")
    house.live("b", "hide; remove")
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [
        ("b", "remove", "m1", "queued"),
        ("b", "hide", "m1", "superseded"),
        ("a", "hold", "m1", "superseded"),
    ]


def test_what_takes_down_and_what_silences_are_two_things(house: House) -> None:
    """A rule may do both; of each there is one."""
    house.live("a", "hide; mute: {for: 7 days}", priority=2)
    house.live("b", "mute; lock")
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [
        ("a", "hide", "m1", "queued"),
        ("a", "mute", "m1", "queued"),
        ("b", "mute", "m1", "superseded"),
        ("b", "lock", "m1", "queued"),
    ]
    muted = next(act for act in house.moderated() if act.act == "mute")
    assert (muted.target, muted.until) == ("ann", muted.at + 7 * DAY)


def test_where_the_platform_cannot_do_what_came_first_the_next_rule_does_it(house: House) -> None:
    """A proposal takes nobody's place."""
    house.live("a", "hide", priority=2)
    house.live("b", "hold", priority=1)
    house.bench.connector = Double(
        house.bench.place, acts=tuple(a for a in Double(house.bench.place).capabilities.acts if a.act != "hide")
    )
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [("a", "hide", "m1", "proposed"), ("b", "hold", "m1", "queued")]


def test_in_the_order_of_automoderator_the_first_rule_that_removes_ends_it(house: House) -> None:
    """The others that remove do nothing at all; then all the rest act."""
    (house.folder / "house.yaml").write_text("order: automoderator\n")
    house.live("tags", "tag: t", priority=9)
    house.live("second", "hold; tag: second", priority=1)
    house.live("first", "remove; tag: first", priority=2)
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [
        ("first", "remove", "m1", "queued"),
        ("first", "tag", "m1", "done"),
        ("second", "hold", "m1", "superseded"),
        ("second", "tag", "m1", "superseded"),
        ("tags", "tag", "m1", "done"),
    ]


def test_a_message_that_is_edited_is_not_taken_down_twice(house: House) -> None:
    """Not by the same rule, and not by another."""
    house.live("spam")
    house.live("ham", "remove", words="[ham]")
    ident = house.bench.place.write("spam")
    house.turn()
    house.later()
    house.bench.place.edit(ident, "spam and ham")
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "done"), ("ham", "remove", "m1", "superseded")]


def test_what_a_person_has_decided_is_only_questioned_by_a_proposal(house: House) -> None:
    """A text that was approved and then edited is for a person to decide again."""
    house.live("spam")
    bench = house.bench
    ident = bench.place.write("spam")
    house.turn()
    house.later()
    (act,) = house.moderated()
    moderate.undo(bench.db, bench.connector, act.id, by="ann", clock=bench.place.clock)
    house.later(120)
    assert house.did() == [("spam", "hide", "m1", "undone")]
    bench.place.edit(ident, "more spam")
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "undone"), ("spam", "hide", "m1", "proposed")]
    assert house.acts()[1].act.trouble == "ann took back what rule spam did to it."


# -- proposals ------------------------------------------------------------------------------------------------------------------


def _without(house: House, act: str) -> Double:
    return Double(
        house.bench.place, acts=tuple(info for info in house.bench.connector.capabilities.acts if info.act != act)
    )


@pytest.mark.parametrize(
    ("do", "connector", "why"),
    [
        ("hide", lambda house: _without(house, "hide"), "double has no act 'hide'."),
        ("ban", lambda house: Double(house.bench.place, lacks=("ban",)), "This account lacks the right to ban."),
        ("ban", lambda house: house.bench.connector, "'ban' needs a reason."),
        ("report: Spam", lambda house: house.bench.connector, "It cannot be taken back there."),
        ("lock", lambda house: Double(house.bench.place, lacks=("lock",)), "This account lacks the right to do this."),
    ],
)
def test_what_a_rule_cannot_do_is_proposed_with_the_reason(
    house: House, do: str, connector: Callable[[House], Double], why: str
) -> None:
    """The platform has no such act, the account no right to it, or nothing takes it back."""
    house.live("spam", do)
    house.bench.connector = connector(house)
    house.bench.place.write("spam")
    house.turn()
    ((_, action, _, state),) = house.did()
    assert (action, state) == (do.partition(":")[0], "proposed")
    assert house.acts()[0].act.trouble == why
    assert house.moderated() == []


def test_rights_that_cannot_be_asked_for_stop_nothing(house: House) -> None:
    """What the platform has is tried then."""
    house.live("spam")
    house.bench.place.trouble["acts"] = [Unreachable("Down.")]
    house.bench.place.write("spam")
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "queued")]


def test_an_act_that_fails_on_the_platform_becomes_a_proposal(house: House) -> None:
    """With what the platform said."""
    house.live("spam", "mute")
    house.bench.place.write("spam")
    house.turn()
    house.bench.connector.lacks = ("mute",)
    house.later()
    house.turn()
    assert house.did() == [("spam", "mute", "m1", "proposed")]
    assert house.acts()[0].act.trouble == "No."


def test_an_act_that_somebody_was_faster_with_is_superseded(house: House) -> None:
    """Nothing is done to what is not as the rule saw it, and nobody is asked about it."""
    house.live("spam")
    ident = house.bench.place.write("spam")
    house.turn()
    house.bench.place.moderate(ident, "removed")
    house.later()
    house.turn()
    assert house.did() == [("spam", "hide", "m1", "superseded")]
    assert house.bench.place.messages[ident].state == "removed"


def test_what_nobody_carries_out_is_told_or_proposed(house: House) -> None:
    """Notes are for reading; what is suggested of an ask is said once, whatever its author goes on to write."""
    house.live(
        "spam",
        "flag; notify: ann; strike; escalate: bob; suggest snippet: Hello; suggest close: spam; assign: bob; priority: high",
    )
    house.bench.place.write("spam")
    house.bench.place.write("more spam")
    house.turn()
    first = [(action, state) for _, action, message, state in house.did() if message == "m1"]
    second = [(action, state) for _, action, message, state in house.did() if message == "m2"]
    assert first == [
        ("flag", "noted"),
        ("notify", "noted"),
        ("strike", "proposed"),
        ("escalate", "proposed"),
        ("suggest snippet", "proposed"),
        ("suggest close", "proposed"),
        ("assign", "done"),
        ("priority", "done"),
    ]
    assert [state for _, state in second] == ["noted", "noted", "proposed", *["superseded"] * 5]
    decisions = house.bench.db.rows('select act, by, tags, "to" from decision order by seq')
    assert decisions == [
        ("assign", "rule:spam@1", None, "bob"),
        ("tag", "rule:spam@1", '["priority:high"]', None),
    ]


# -- waiting --------------------------------------------------------------------------------------------------------------------


WAITING = "  long:\n    waiting (>=): 4 hours\n"


def test_a_rule_about_waiting_is_asked_when_the_wait_is_long_enough(house: House) -> None:
    """Once, at the turn at which it has become so; an ask that was answered in time is never asked about."""
    house.live("wait", "tag: late; escalate: bob", words="[help]", more=WAITING)
    place = house.bench.place
    place.write("help")
    house.turn()
    house.later(3 * 3_600)
    assert house.hits("wait") == []
    place.write("help me too", by="bob")
    house.later(3_600 + 10)
    assert house.hit("wait") == ["m1"]
    house.later(3_600)
    house.later(3 * 3_600)
    assert house.hit("wait") == ["m1", "m2"]
    assert house.did() == [
        ("wait", "tag", "m1", "done"),
        ("wait", "escalate", "m1", "proposed"),
        ("wait", "tag", "m2", "superseded"),
        ("wait", "escalate", "m2", "proposed"),
    ]


def test_a_wait_that_became_long_while_nobody_synced_is_seen_by_the_next_program(house: House) -> None:
    """What was asked in time is in nobody's memory."""
    house.live("wait", "tag: late", words="[help]", more=WAITING)
    house.bench.place.write("help")
    house.turn()
    house.bench.place.tick(5 * 3_600)
    house.anew()
    house.turn()
    assert house.did() == [("wait", "tag", "m1", "done")]


def test_a_rule_about_waiting_does_not_hide_what_is_older_than_a_day(house: House) -> None:
    """Here it acts at any age, on the platform it proposes."""
    house.live("wait", "hide; tag: late", words="[help]", more=WAITING.replace("4 hours", "2 days"))
    house.bench.place.write("help")
    house.turn()
    house.later(3 * 86_400)
    house.turn()
    assert house.did() == [("wait", "hide", "m1", "proposed"), ("wait", "tag", "m1", "done")]
    assert house.acts()[0].act.trouble == "The message is older than a day."


def test_a_rule_about_waiting_leaves_alone_what_waited_before_it_went_live(house: House) -> None:
    """What is to be done about that a person says."""
    house.bench.place.write("help")
    house.turn()
    house.bench.place.tick(5 * 3_600)
    house.live("wait", "tag: late", words="[help]", more=WAITING)
    house.turn()
    assert (house.hit("wait"), house.acts()) == (["m1"], [])


# -- taken back -----------------------------------------------------------------------------------------------------------------


def _undo(house: House, act: acts.Moderated) -> None:
    bench = house.bench
    moderate.undo(bench.db, bench.connector, act.id, by="ann", clock=bench.place.clock)


def _opposite(house: House, act: acts.Moderated) -> None:
    bench = house.bench
    order = acts.Moderated(
        id=f"by-hand-{act.target}",
        at=bench.place.now,
        by="ann",
        source=SOURCE,
        conversation=None,
        on="message",
        target=act.target,
        message=act.target,
        person=None,
        act="approve",
    )
    moderate.moderate(bench.db, bench.connector, order, clock=bench.place.clock)


def _natively(house: House, act: acts.Moderated) -> None:
    house.bench.place.moderate(act.target, "live")


@pytest.mark.parametrize("back", [_undo, _opposite, _natively])
def test_an_act_that_people_take_back_counts_against_the_rule(
    house: House, back: Callable[[House, acts.Moderated], None]
) -> None:
    """By undo, by doing the opposite, or on the platform itself; once."""
    house.live("spam")
    house.bench.place.write("spam")
    house.turn()
    house.later()
    house.turn()
    (act,) = [each for each in house.moderated() if each.by.startswith("rule:")]
    back(house, act)
    house.later(120)
    house.later(120)
    assert house.did() == [("spam", "hide", "m1", "undone")]
    tally = tallies.since(house.bench.db, 0)["spam"]
    assert (tally.acted, tally.reversed) == (1, 1)
    (hit,) = house.hits()
    assert hit.undone_by == ("" if back is _natively else "ann")


def test_an_act_that_is_called_off_counts_as_taken_back(house: House) -> None:
    """Within the undo delay."""
    house.live("spam")
    house.bench.place.write("spam")
    house.turn()
    moderate.cancel(house.bench.db, house.moderated()[0])
    house.later()
    assert house.did() == [("spam", "hide", "m1", "undone")]
    assert house.bench.place.messages["m1"].state == "live"


@pytest.mark.parametrize(("acted", "back", "paused"), [(10, 4, True), (10, 3, False), (9, 9, False)])
def test_a_rule_whose_acts_are_taken_back_too_often_is_paused(
    house: House, acted: int, back: int, paused: bool
) -> None:
    """Above its bound, of at least ten acts; it says so, and acts no more."""
    house.live("spam", more="expect: {reversals: 0.3}\n")
    for n in range(acted):
        house.bench.place.write(f"spam {n}", by=f"p{n}")
    house.turn()
    house.later()
    house.later(120)
    for act in house.moderated()[:back]:
        _undo(house, act)
    house.later(120)
    row = rules.rule(house.bench.db, "spam")
    assert row is not None
    why = f"{back} of its last {acted} acts were taken back: more than 30%."
    assert (row.paused_at is not None, row.paused_why) == ((True, why) if paused else (False, None))
    house.bench.place.write("spam again")
    house.turn()
    assert len(house.hits()) == acted + (not paused)


def test_what_is_counted_of_rules_is_verified(house: House) -> None:
    """A count that is not what was found and done is named."""
    house.live("spam", "tag: x")
    house.bench.place.write("spam")
    house.turn()
    db = house.bench.db
    assert verify(db, house.bench.place.now) == []
    db.run("update rule_day set hits = hits + 1, acted = 0")
    assert [(each.where, each.what, each.stored, each.derived) for each in verify(db, house.bench.place.now)] == [
        ("rules", "hits of spam version 1", "2", "1"),
        ("rules", "acted of spam version 1", "0", "1"),
    ]


# -- whatever happens -----------------------------------------------------------------------------------------------------------


_step = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(["spam", "ham", "spam ham", "fine"])),
    st.tuples(st.just("edit"), st.sampled_from(["spam", "fine"])),
    st.tuples(st.just("turn"), st.sampled_from(["", "unjudged", "broken", "anew"])),
    st.tuples(st.just("kill"), st.sampled_from(["page", "act", "read"])),
    st.tuples(st.just("wait"), st.sampled_from(["1", "20"])),
    st.tuples(st.just("native"), st.sampled_from(["removed", "live"])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_step, max_size=25))
def test_every_message_is_judged_once_and_taken_down_at_most_once(steps: list[tuple[str, str]]) -> None:
    """Kills, failures and programs without rules in any order; in the end each text has its verdict, and no message two acts."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        bench = Bench(Path(folder) / "m.db", per_page=2)
        house = House(bench, Path(folder) / "rules")
        try:
            house.live("spam", "hide; tag: x")
            house.live("ham", "remove", words="[ham]")
            house.turn()
            for what, how in steps:
                _do(house, patch, what, how)
            bench.place.trouble.clear()
            house.anew()
            house.turn()
            house.turn()
            for message in bench.place.messages.values():
                standing = {
                    rule
                    for (rule,) in bench.db.rows(
                        "select v.rule from verdict v join message m on m.id = v.message where m.native = ?"
                        " and v.settled is null",
                        (message.id,),
                    )
                }
                assert standing == {word for word in ("spam", "ham") if word in message.text.split()}, message.text
                down = [
                    act
                    for act in acts.on(bench.db, SOURCE, "message", message.id)
                    if act.by.startswith("rule:") and act.state in ("queued", "doing", "done", "unsure")
                ]
                assert len(down) <= 1
            assert judged.backlog(bench.db) == 0
        finally:
            bench.close()


def _do(house: House, patch: pytest.MonkeyPatch, what: str, how: str) -> None:
    place = house.bench.place
    if what == "write":
        place.write(how)
    elif what == "edit" and place.messages:
        place.edit(next(iter(place.messages)), how)
    elif what == "native" and place.messages:
        place.moderate(next(iter(place.messages)), "removed" if how == "removed" else "live")
    elif what == "wait":
        place.tick(float(how))
    elif what == "kill":
        place.trouble.setdefault(how, []).append(Killed())
    elif what == "turn":
        try:
            if how == "unjudged":
                house.bench.db.judge = None
                house.bench.turn()
            elif how == "broken":
                with patch.context() as inner:
                    inner.setattr(texts, "texts_of", _fails)
                    house.turn()
            else:
                if how == "anew":
                    house.anew()
                house.turn()
        except Killed:
            house.bench.check()


def _fails(*_: object) -> None:
    raise RuntimeError
