"""The rules of the house from the desk: what there is, who lets it act, what it did, and taking that back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event as Flag

import pytest

from modconsole.connectors.webhook import Delivery
from modconsole.desk import beside, files, moderating, receiving, ruling, undoing
from modconsole.desk.desk import Desk
from modconsole.domain.exchange import encode
from modconsole.domain.records import Author, Message, Source
from modconsole.domain.times import MINUTE, to_datetime, to_text
from modconsole.errors import Conflict, InputError, ModConsoleError, NotFound, Refused, UsageError
from modconsole.store import queue, received
from modconsole.store.queue import QueueRow
from tests.sync import platforms
from tests.sync.desk import Bench
from tests.sync.double import ACTS, SOURCE, Double
from tests.sync.house import House, text


class Rules:
    """A desk with rules at a database that is synced with a place."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house = house
        self.bench = house.bench
        self.place = house.bench.place
        self.desk = self.sit("ann")
        self.connector = Double(self.place)
        platforms.add(monkeypatch, "double", lambda *_, **__: self.connector, secret=False)
        moderating._rights.clear()

    def sit(self, who: str) -> Desk:
        """Somebody sits down."""
        return Desk(self.bench.path, who=who, clock=self.place.clock, rules=self.house.folder)

    def state(self, ident: str = "spam") -> ruling.RuleState:
        return ruling.rule_state(self.desk, ident)

    def live(self, ident: str = "spam", do: str = "hide", **more: str) -> ruling.RuleState:
        """A rule that ann has set live."""
        self.house.write(ident, do, **more)
        self.place.tick()
        return ruling.go_live(self.desk, ident, self.state(ident).version, {"hits": 3})

    def comes(self, *words: str) -> None:
        """Messages come, and what follows from them is carried out."""
        for each in words:
            self.place.write(each)
        self.house.turn()
        self.house.later()
        self.house.later(120)

    def asks(self) -> list[QueueRow]:
        return queue.page(self.bench.db, self.place.now, 100, every=True)


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rules]:
    """A place, its database, and no rules yet."""
    bench = Bench(tmp_path / "m.db")
    made = Rules(House(bench, tmp_path / "rules"), monkeypatch)
    made.house.turn()
    yield made
    made.desk.close()
    bench.close()


# -- what there is --------------------------------------------------------------------------------------------------------------


def test_the_folder_is_beside_the_database_or_where_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call, the environment, the database's name, in this order."""
    assert ruling.rules_folder(Desk(tmp_path / "m.db")) == tmp_path / "m.rules"
    monkeypatch.setenv("MODCONSOLE_RULES", str(tmp_path / "ours"))
    assert ruling.rules_folder(Desk(tmp_path / "m.db")) == tmp_path / "ours"
    assert ruling.rules_folder(Desk(tmp_path / "m.db", rules=tmp_path / "mine")) == tmp_path / "mine"


def test_a_listing_says_how_each_rule_stands(rules: Rules) -> None:
    """Larger priorities first, the broken ones too."""
    rules.house.write("shadow", "hide; tag: x; mute: {for: 36 hours}", status="shadow", priority=3)
    rules.house.write("draft", status="draft")
    rules.house.write("hopeful")
    rules.house.write("old", status="shadow", expires="2020-01-01")
    rules.house.write("bad")
    rules.live("spam", priority="9")
    (rules.house.folder / "bad.yaml").write_text("id: bad\nstatus: live\nselect: [\n")
    found = {state.id: state for state in ruling.listing(rules.desk)}
    assert list(found)[:2] == ["spam", "shadow"]
    assert {ident: state.effective for ident, state in found.items()} == {
        "spam": "live",
        "shadow": "shadow",
        "draft": "draft",
        "hopeful": "unapproved",
        "old": "expired",
        "bad": "broken",
    }
    assert found["shadow"].actions == ("hide", "tag x", "mute for 36 hours")
    assert (found["spam"].live_version, found["spam"].live_by) == (1, "ann")
    assert found["bad"].rule is None
    assert [(problem.path, problem.line, problem.warning) for problem in found["bad"].problems] == [
        ("bad.yaml", 4, False)
    ]
    assert "nobody with the right" in found["hopeful"].problems[-1].words


def test_a_listing_counts_what_came_of_each_rule(rules: Rules) -> None:
    """Hits today and within thirty days, acts, what was taken back, and what it cost."""
    rules.live()
    rules.comes("spam", "spam too", "fine")
    undoing.undo(rules.desk, rules.house.moderated()[0].id)
    state = rules.state()
    assert (state.hits_today, state.hits_30d, state.acted_30d, state.reversed_30d) == (2, 2, 2, 1)
    assert state.micros > 0
    rules.place.tick(2 * 86_400)
    state = rules.state()
    assert (state.hits_today, state.hits_30d) == (0, 2)


def test_a_rule_that_is_not_there_is_said_not_to_be_there(rules: Rules) -> None:
    """With what shows those that are."""
    with pytest.raises(NotFound, match="rules list"):
        ruling.rule_state(rules.desk, "none")
    with pytest.raises(NotFound):
        ruling.versions(rules.desk, "none")


# -- writing --------------------------------------------------------------------------------------------------------------------


def test_a_saved_rule_is_a_version_of_whoever_saved_it(rules: Rules) -> None:
    """A new file is private; the same text again is nothing new."""
    state = ruling.save(rules.desk, None, text("spam", status="shadow"))
    assert (state.id, state.path, state.version, state.effective) == ("spam", "spam.yaml", 1, "shadow")
    assert (rules.house.folder / "spam.yaml").stat().st_mode & 0o777 == 0o600
    again = ruling.save(rules.desk, "spam.yaml", text("spam", status="shadow"), seen=state.seen)
    bob = rules.sit("bob")
    changed = ruling.save(bob, "spam.yaml", text("spam", "hold", status="shadow"), seen=again.seen)
    assert (again.version, changed.version) == (1, 2)
    assert [(each.version, each.by) for each in ruling.versions(rules.desk, "spam")] == [(2, "bob"), (1, "ann")]
    bob.close()


def test_a_file_that_changed_meanwhile_is_not_written_over(rules: Rules) -> None:
    """Nor is one that is there already replaced by a new rule of its name."""
    state = ruling.save(rules.desk, None, text("spam"))
    rules.house.write("spam", "hold")
    with pytest.raises(Conflict, match="has changed"):
        ruling.save(rules.desk, state.path, text("spam", "remove"), seen=state.seen)
    with pytest.raises(Conflict, match="already"):
        ruling.save(rules.desk, None, text("spam"))
    assert "- hold" in (rules.house.folder / "spam.yaml").read_text()


@pytest.mark.parametrize("path", ["../spam.yaml", "spam.txt", "/tmp/spam.yaml"])
def test_a_rule_is_written_into_the_folder_only(rules: Rules, path: str) -> None:
    """Into a file that is read again."""
    with pytest.raises(InputError, match="no name for a rule file"):
        ruling.save(rules.desk, path, text("spam"))


def test_a_rule_with_mistakes_is_saved_and_broken(rules: Rules) -> None:
    """What somebody has written is not lost; what was approved stays in force."""
    rules.live()
    state = ruling.save(rules.desk, "spam.yaml", text("spam").replace("hide", "hyde"), seen=rules.state().seen)
    assert state.rule is None
    assert state.effective == "live"
    assert any("hide" in problem.hint for problem in state.problems)
    rules.comes("spam")
    assert rules.house.did() == [("spam", "hide", "m1", "done")]


def test_one_document_of_several_is_replaced_alone(rules: Rules) -> None:
    """Comments and the other rules of the file stay as they are."""
    file = rules.house.folder / "both.yaml"
    file.write_text(f"# ours\n{text('a', status='shadow')}---\n# and\n{text('b', status='shadow')}")
    state = rules.state("a")
    ruling.save(rules.desk, state.path, state.source.replace("hide", "hold"), seen=state.seen, rule="a")
    assert [(each.id, each.version, each.actions) for each in ruling.listing(rules.desk)] == [
        ("a", 2, ("hold",)),
        ("b", 1, ("hide",)),
    ]
    assert "# and" in file.read_text()


# -- acting and stopping --------------------------------------------------------------------------------------------------------


def test_going_live_keeps_the_evidence_and_says_so_in_the_file(rules: Rules) -> None:
    """Which version, who, when, and what they saw."""
    rules.house.write("spam", status="shadow")
    state = ruling.go_live(rules.desk, "spam", 1, {"hits": 7})
    assert (state.status, state.effective, state.version, state.live_version) == ("live", "live", 1, 1)
    assert (state.live_by, state.live_at) == ("ann", rules.place.now)
    (version,) = ruling.versions(rules.desk, "spam")
    assert version.evidence == {"hits": 7, "by": "ann", "at": rules.place.now}


def test_going_live_needs_the_right(rules: Rules) -> None:
    """As the house says; to pause needs none."""
    (rules.house.folder / "house.yaml").write_text("may set live: [bob]\n")
    rules.house.write("spam", status="shadow")
    assert not ruling.may_set_live(rules.desk)
    with pytest.raises(UsageError, match="ann may not") as caught:
        ruling.go_live(rules.desk, "spam", 1, {})
    assert "bob" in caught.value.hint
    bob = rules.sit("bob")
    assert ruling.go_live(bob, "spam", 1, {}).effective == "live"
    assert ruling.pause(rules.desk, "spam", "too much").effective == "paused"
    bob.close()


def test_what_goes_live_is_what_was_looked_at(rules: Rules) -> None:
    """Not another version, not a broken rule, not one whose time is over or whose tests fail."""
    rules.house.write("spam", status="shadow")
    rules.state()
    rules.house.write("spam", "hold", status="shadow")
    with pytest.raises(Conflict, match="version 2"):
        ruling.go_live(rules.desk, "spam", 1, {})
    rules.house.write("spam", status="shadow", more="tests:\n  - hit: something else\n")
    with pytest.raises(InputError, match="1 of the tests"):
        ruling.go_live(rules.desk, "spam", 3, {})
    rules.house.write("spam", status="shadow", expires="2020-01-01")
    with pytest.raises(InputError, match="over"):
        ruling.go_live(rules.desk, "spam", 4, {})
    (rules.house.folder / "spam.yaml").write_text("id: spam\nselect: [\n")
    with pytest.raises(InputError, match="broken"):
        ruling.go_live(rules.desk, "spam", 4, {})


def test_a_status_is_set_in_the_file(rules: Rules) -> None:
    """Any but `live`; a rule that was live has to be set live again."""
    rules.live()
    assert ruling.set_status(rules.desk, "spam", "shadow").effective == "shadow"
    assert "status: shadow" in (rules.house.folder / "spam.yaml").read_text()
    rules.house.write("spam")
    assert rules.state().effective == "unapproved"
    with pytest.raises(UsageError, match="evidence"):
        ruling.set_status(rules.desk, "spam", "live")
    with pytest.raises(UsageError, match="no status"):
        ruling.set_status(rules.desk, "spam", "loud")


def test_a_pause_says_why_and_ends_when_the_rule_is_set_live_again(rules: Rules) -> None:
    """In the file, and also where the file cannot be written."""
    rules.live()
    state = ruling.pause(rules.desk, "spam", "too much")
    assert (state.status, state.effective, state.paused_why) == ("paused", "paused", "too much")
    state = ruling.go_live(rules.desk, "spam", state.version, {})
    assert (state.status, state.effective, state.paused_why) == ("live", "live", "")


# -- the past -------------------------------------------------------------------------------------------------------------------


def test_versions_differ_in_lines_and_each_line_has_its_version(rules: Rules) -> None:
    """By whom, where that is known: a change of the file is nobody's."""
    state = ruling.save(rules.desk, None, text("spam", "hide; tag: x", status="shadow"))
    bob = rules.sit("bob")
    ruling.save(bob, state.path, text("spam", "hold; tag: x", status="shadow"), seen=state.seen)
    rules.house.write("spam", "hold; tag: y", status="shadow")
    lines = ruling.diff(rules.desk, "spam", 1, 2)
    assert lines[:2] == ["--- spam version 1", "+++ spam version 2"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-  - hide", "+  - hold"]
    blamed = {line.text: (line.version, line.by) for line in ruling.blame(rules.desk, "spam")}
    assert blamed["id: spam"] == (1, "ann")
    assert blamed["  - hold"] == (2, "bob")
    assert blamed["  - tag: y"] == (3, "")
    assert ruling.diff(rules.desk, "spam", 3, 3) == []
    with pytest.raises(NotFound, match="no version 9"):
        ruling.diff(rules.desk, "spam", 1, 9)
    bob.close()


def test_going_back_makes_the_old_text_the_newest_and_takes_back_what_was_done_since(rules: Rules) -> None:
    """On the platform too, each in the journal; what the old version did stays."""
    rules.live()
    rules.comes("spam")
    state = rules.state()
    ruling.save(rules.desk, state.path, text("spam", "remove; tag: x"), seen=state.seen)
    ruling.go_live(rules.desk, "spam", 2, {})
    rules.comes("spam two", "spam three")
    assert [rules.house.state(f"m{n}") for n in (1, 2, 3)] == ["hidden", "removed", "removed"]
    assert ruling.since(rules.desk, "spam", 1) == 3  # the second tag was there already
    done = ruling.rollback(rules.desk, "spam", 1, restore=True)
    assert (done.version, done.restored, done.live, done.undone, done.failed) == (3, 1, True, 3, ())
    assert [rules.house.state(f"m{n}") for n in (1, 2, 3)] == ["hidden", "live", "live"]
    (newest, *_) = ruling.versions(rules.desk, "spam")
    assert (newest.restored, newest.by, newest.evidence["restored"]) == (1, "ann", 1)
    assert rules.state().actions == ("hide",)
    rules.comes("spam four")
    assert rules.house.state("m4") == "hidden"


def test_going_back_without_the_right_leaves_nothing_in_force(rules: Rules) -> None:
    """Neither the version that was bad nor the one before it."""
    rules.live()
    state = rules.state()
    ruling.save(rules.desk, state.path, text("spam", "remove"), seen=state.seen)
    ruling.go_live(rules.desk, "spam", 2, {})
    (rules.house.folder / "house.yaml").write_text("may set live: [ann]\n")
    bob = rules.sit("bob")
    done = ruling.rollback(bob, "spam", 1, restore=False)
    assert (done.live, done.undone) == (False, 0)
    assert rules.state().effective == "shadow"
    bob.close()


def test_what_cannot_be_taken_back_is_named(rules: Rules) -> None:
    """Somebody has decided otherwise since; the rest is taken back."""
    rules.live()
    state = rules.state()
    ruling.save(rules.desk, state.path, text("spam", "remove"), seen=state.seen)
    ruling.go_live(rules.desk, "spam", 2, {})
    rules.comes("spam", "spam two")
    rules.place.moderate("m1", "held")
    done = ruling.rollback(rules.desk, "spam", 1, restore=True)
    assert (done.version, done.undone) == (3, 1)
    assert done.failed == (
        "remove on m1: The message is held now: somebody changed it on the platform since. Look at it again, then act.",
    )
    (hit,) = [hit for hit in ruling.hits(rules.desk, "spam") if hit.message == "m1"]
    with pytest.raises(Conflict, match="could not be taken back"):
        ruling.take_back(rules.desk, hit)


def test_one_goes_back_to_what_was_before(rules: Rules) -> None:
    """The newest version is no past."""
    rules.live()
    with pytest.raises(Conflict, match="newest"):
        ruling.rollback(rules.desk, "spam", 1, restore=True)
    assert rules.state().effective == "live"


# -- what it hit and did --------------------------------------------------------------------------------------------------------


def test_hits_say_what_was_done_about_them(rules: Rules) -> None:
    """Newest first, a part at a time."""
    rules.live("spam", "hide; tag: x")
    rules.comes("spam one", "spam two")
    found = ruling.hits(rules.desk, "spam")
    assert [(hit.message, [(act.action, act.state) for act in hit.acts]) for hit in found] == [
        ("m2", [("hide", "done"), ("tag", "superseded")]),
        ("m1", [("hide", "done"), ("tag", "done")]),
    ]
    assert [hit.message for hit in ruling.hits(rules.desk, "spam", 1)] == ["m2"]
    assert [hit.message for hit in ruling.hits(rules.desk, "spam", 1, before=found[0].ident)] == ["m1"]
    assert [hit.rule for hit in ruling.on_message(rules.desk, SOURCE, "m1")] == ["spam"]


def test_all_that_was_done_about_a_hit_is_taken_back_at_once(rules: Rules) -> None:
    """Acts on the platform, decisions, proposals; a second time there is nothing left."""
    rules.live("spam", "hide; tag: x; strike")
    rules.comes("spam")
    (hit,) = ruling.hits(rules.desk, "spam")
    assert ruling.can_take_back(hit)
    assert ruling.take_back(rules.desk, hit) == "3 acts taken back."
    assert rules.house.state("m1") == "live"
    (hit,) = ruling.hits(rules.desk, "spam")
    assert [(act.action, act.state) for act in hit.acts] == [
        ("hide", "undone"),
        ("tag", "undone"),
        ("strike", "declined"),
    ]
    assert (hit.undone_by, ruling.can_take_back(hit)) == ("ann", False)
    with pytest.raises(Conflict, match="Nothing of this"):
        ruling.take_back(rules.desk, hit)


def test_what_a_rule_did_is_in_the_journal_under_its_name(rules: Rules) -> None:
    """With its version, and undone like anybody's."""
    rules.live("spam", "hide; tag: x")
    rules.comes("spam")
    from modconsole.store import journal

    found = [(done.what, done.by, done.undone) for done in journal.journal(rules.bench.db, 10)]
    assert found == [("tag", "rule:spam@1", False), ("hide", "rule:spam@1", False)]
    undoing.undo(rules.desk, journal.journal(rules.bench.db, 10)[0].id)
    assert journal.journal(rules.bench.db, 10)[0].undone


def test_asks_are_found_by_the_rule_that_hit_them(rules: Rules) -> None:
    """`rule:ID` in the one query language; an edited text that hits no more is no hit."""
    from modconsole.domain.query import read

    rules.house.write("spam", status="shadow")
    rules.place.write("spam", by="ann")
    ident = rules.place.write("spam", by="bob")
    rules.place.write("fine", by="eve")
    rules.house.turn()

    def found(query: str) -> list[str]:
        return [row.person for row in queue.page(rules.bench.db, rules.place.now, 10, terms=read(query))]

    assert found("rule:spam") == ["ann", "bob"]
    assert found("-rule:spam") == ["eve"]
    assert found("rule:other") == []
    rules.place.edit(ident, "fine, really")
    rules.house.turn()
    assert found("rule:spam") == ["ann"]


# -- explaining -----------------------------------------------------------------------------------------------------------------


def test_an_explanation_says_of_each_rule_which_checks_hold(rules: Rules) -> None:
    """With the words, and for those that do not hit what is missing."""
    rules.house.write("spam", status="shadow", more="  many:\n    author messages (>): 5\n", when="words and many")
    rules.house.write("draft", status="draft")
    rules.house.write("other", status="shadow", words="[ham]")
    rules.place.write("some spam")
    rules.house.turn()
    found = ruling.explain(rules.desk, SOURCE, "m1")
    assert [(each.id, each.hits, each.effective) for each in found.rules] == [
        ("draft", True, "draft"),
        ("other", False, "shadow"),
        ("spam", False, "shadow"),
    ]
    words, many = found.rules[2].selections
    assert (words.name, words.holds, many.name, many.holds) == ("words", True, "many", False)
    ((check,),) = words.alternatives
    assert [(match.words, match.start) for match in check.matches] == [("spam", 5)]
    assert many.alternatives[0][0].words == "author messages > 5"
    assert found.rules[0].matches == check.matches
    with pytest.raises(NotFound):
        ruling.explain(rules.desk, SOURCE, "none")


def test_an_explanation_says_what_an_exception_took_away(rules: Rules) -> None:
    """And that our own messages are left alone."""
    rules.house.write("spam", status="shadow", more="except:\n  body (word): [spam filter]\n")
    rules.place.write("my spam filter")
    rules.place.write("spam", by="us")
    rules.house.turn()
    (rule,) = ruling.explain(rules.desk, SOURCE, "m1").rules
    assert (rule.hits, rule.matches, [match.words for match in rule.excepted]) == (False, (), ["spam"])
    (rule,) = ruling.explain(rules.desk, SOURCE, "m2").rules
    assert (rule.hits, rule.why_not) == (False, "The message is ours.")


def test_an_explanation_says_what_was_done_and_who_took_it_back(rules: Rules) -> None:
    """When it came in, by which version."""
    rules.live()
    rules.comes("spam")
    undoing.undo(rules.desk, rules.house.moderated()[0].id)
    found = ruling.explain(rules.desk, SOURCE, "m1")
    (verdict,) = found.verdicts
    (act,) = verdict.acts
    assert (verdict.rule, verdict.version, act.action, act.state, act.decided_by) == (
        "spam",
        1,
        "hide",
        "undone",
        "ann",
    )


# -- proposals ------------------------------------------------------------------------------------------------------------------


def test_a_proposal_is_done_on_a_persons_word_and_in_their_name(rules: Rules) -> None:
    """What cannot be taken back is put in line, as whoever else confirms it."""
    rules.live("spam", "report: Spam; escalate: bob; suggest close: spam; suggest snippet: Please")
    rules.comes("spam")
    found = ruling.proposals(rules.desk)
    assert [(each.words, each.why) for each in found] == [
        ("report Spam", "It cannot be taken back there."),
        ("escalate bob", ""),
        ("suggest close spam", ""),
    ]
    assert [each.action for each in ruling.offered(rules.desk, SOURCE, "m1")] == ["suggest close", "suggest snippet"]
    act = ruling.accept(rules.desk, found[0].id)
    assert (act.state, act.decided_by, act.kind) == ("accepted", "ann", "moderation")
    (reported,) = rules.house.moderated()
    assert (reported.by, reported.act, reported.label, reported.state) == ("ann", "report", "Spam", "queued")
    ruling.accept(rules.desk, found[1].id)
    ruling.accept(rules.desk, found[2].id)
    (ask,) = rules.asks()
    assert (ask.status, ask.reason) == ("closed", "spam")
    assert ruling.proposals(rules.desk) == []
    with pytest.raises(Conflict, match="accepted by ann"):
        ruling.accept(rules.desk, found[0].id)


def test_a_proposal_that_was_declined_is_not_made_again(rules: Rules) -> None:
    """Not for this message by this rule."""
    rules.live("spam", "strike")
    rules.comes("spam")
    (proposal,) = ruling.proposals(rules.desk)
    assert ruling.decline(rules.desk, proposal.id).decided_by == "ann"
    rules.place.edit("m1", "more spam")
    rules.house.turn()
    assert ruling.proposals(rules.desk) == []
    with pytest.raises(NotFound):
        ruling.decline(rules.desk, "no such")


def test_a_proposal_that_fails_stays_one(rules: Rules) -> None:
    """What the platform says is told."""
    rules.connector = Double(rules.place, acts=tuple(info for info in ACTS if info.act != "hide"))
    rules.bench.connector = rules.connector
    rules.live()
    rules.comes("spam")
    (proposal,) = ruling.proposals(rules.desk)
    with pytest.raises(Refused, match="no act 'hide'"):
        ruling.accept(rules.desk, proposal.id)
    assert [each.id for each in ruling.proposals(rules.desk)] == [proposal.id]


def test_a_proposal_whose_message_is_gone_is_none(rules: Rules) -> None:
    """Somebody took it down meanwhile."""
    rules.connector = Double(rules.place, lacks=("hide",))
    rules.bench.connector = rules.connector
    rules.live()
    rules.comes("spam")
    assert len(ruling.proposals(rules.desk)) == 1
    rules.place.moderate("m1", "removed")
    rules.house.turn()
    assert ruling.proposals(rules.desk) == []


def test_an_accepted_strike_counts(rules: Rules) -> None:
    """By the rule that proposed it, as the person's."""
    rules.live("spam", "strike")
    rules.comes("spam")
    (proposal,) = ruling.proposals(rules.desk)
    act = ruling.accept(rules.desk, proposal.id)
    rows = rules.bench.db.rows("select id, rule, by from strike")
    assert rows == [(act.ref, "spam", "ann")]


# -- on what was here before ----------------------------------------------------------------------------------------------------


def test_a_rule_is_applied_to_what_was_here_before_by_a_person(rules: Rules) -> None:
    """In their name, of any age; nothing else is touched, and all of it can be taken back."""
    rules.place.write("spam of old")
    rules.place.write("fine")
    rules.place.write("spam again", by="bob")
    rules.house.turn()
    rules.place.tick(3 * 86_400)
    rules.house.write("spam", "hide; tag: x; report: Spam", status="shadow")
    ids = [row[0] for row in rules.bench.db.rows("select id from message order by id")]
    done = ruling.apply(rules.desk, "spam", ids)
    assert (done.asked, done.hits, done.done, done.left) == (3, 2, 3, 2)
    assert {act.by for act in rules.house.moderated()} == {"ann"}
    rules.house.later()
    assert [rules.house.state(f"m{n}") for n in (1, 2, 3)] == ["hidden", "live", "hidden"]
    again = ruling.apply(rules.desk, "spam", ids)
    assert (again.hits, again.done, again.left) == (2, 0, 0)
    state = rules.state()
    assert (state.acted_30d, state.reversed_30d) == (0, 0)
    ruling.take_back(rules.desk, ruling.hits(rules.desk, "spam")[-1])
    assert rules.house.state("m1") == "live"
    assert rules.state().reversed_30d == 0  # it was a person's act


# -- from elsewhere -------------------------------------------------------------------------------------------------------------


def test_what_is_imported_is_judged_and_nothing_is_done_about_it(rules: Rules, tmp_path: Path) -> None:
    """It happened elsewhere; a person can apply the rule."""
    rules.live()
    told = Message(
        source=SOURCE,
        id="x1",
        conversation="talk",
        author=Author(id="eve"),
        created_at=to_datetime(rules.place.now),
        text="spam",
    )
    file = tmp_path / "told.jsonl"
    file.write_bytes(encode(told) + b"\n")
    files.import_files(rules.desk, [file])
    assert [(hit.message, hit.acts) for hit in ruling.hits(rules.desk, "spam")] == [("x1", ())]


def test_what_is_delivered_is_judged_and_acted_on(rules: Rules) -> None:
    """In the transaction that stores the delivery; nobody is signed in there, so acts on the platform are proposed."""
    rules.live("spam", "hide; tag: x")
    rules.place.tick()
    received.add(rules.bench.db, Source(id="shop", platform="custom"), 60.0, rules.place.now)
    body = b'{"type": "message", "source": "shop", "id": "d1", "conversation": "c", "author": {"id": "eve"},'
    body += b' "text": "spam", "created_at": "' + to_text(rules.place.now).encode() + b'"}'
    reply = receiving.Reception(rules.desk, seconds=lambda: 0.0).take(Delivery("shop", "1", body))
    assert reply.status == 200
    (hit,) = ruling.hits(rules.desk, "spam")
    assert [(act.action, act.state, act.trouble) for act in hit.acts] == [
        ("hide", "proposed", "Nobody is signed in there, or the source was not looked at yet."),
        ("tag", "done", ""),
    ]


def test_the_sync_beside_the_screen_reads_the_same_folder(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was named on the command line."""
    started: list[dict[str, str]] = []

    def popen(command: list[str], *, env: dict[str, str], **_: object) -> None:
        started.append(env)
        raise OSError

    monkeypatch.setattr("subprocess.Popen", popen)
    stop = Flag()
    monkeypatch.setattr(stop, "wait", lambda seconds=None: False)
    with pytest.raises(ModConsoleError):
        beside.background(rules.desk)(stop)
    assert started[0]["MODCONSOLE_RULES"] == str(rules.house.folder)


# -- several --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("hide", "approve", "a and b want the opposite: one approves, the other takes down"),
        ("hide", "remove", "a and b both take down (hide, remove): only the first of them does"),
        ("mute", "ban", "a and b both silence the author (ban, mute): only the first of them does"),
        ("tag: x", "hide", None),
    ],
)
def test_rules_that_hit_the_same_and_do_not_go_together_are_named(
    rules: Rules, one: str, other: str, words: str | None
) -> None:
    """From what they have hit, not from what they might."""
    rules.house.write("a", one, status="shadow")
    rules.house.write("b", other, status="shadow")
    rules.house.write("c", "remove", status="shadow", words="[ham]")
    rules.place.write("spam")
    rules.place.write("ham")
    rules.house.turn()
    found = ruling.conflicts(rules.desk)
    assert [(each.rules, each.messages, each.words) for each in found] == ([(("a", "b"), 1, words)] if words else [])


def test_a_digest_tells_what_happened_and_what_waits_for_somebody(rules: Rules) -> None:
    """Hits, acts, what was taken back, notes for me, proposals, rules that do not stand as they should."""
    rules.live("spam", "hide; notify: ann; strike")
    rules.live("bob", "notify: bob")
    rules.house.write("quiet", status="shadow", words="[ham]")
    rules.house.write("hopeful", words="[ham]")
    began = rules.place.now
    rules.comes("spam")
    undoing.undo(rules.desk, rules.house.moderated()[0].id)
    found = ruling.digest(rules.desk, began)
    assert {day.state.id: (day.tally.hits, day.tally.acted, day.tally.reversed) for day in found.rules} == {
        "spam": (1, 1, 1),
        "bob": (1, 0, 0),
        "hopeful": (0, 0, 0),
    }
    assert [(each.act.rule, each.native) for each in found.notes] == [("spam", "m1")]
    assert [(each.act.action, each.act.state) for each in found.acts] == [("hide", "undone")]
    assert found.proposals == 1
    assert (found.left, found.judging.failure if found.judging else None) == (0, "")


def test_a_rule_is_paused_as_soon_as_the_desk_takes_back_too_much(rules: Rules) -> None:
    """Without waiting for a sync."""
    rules.live(more="expect: {reversals: 0.2}\n")
    rules.comes(*(f"spam {n}" for n in range(10)))
    for hit in ruling.hits(rules.desk, "spam")[:3]:
        ruling.take_back(rules.desk, hit)
    state = rules.state()
    assert (state.effective, state.paused_why) == ("paused", "3 of its last 10 acts were taken back: more than 20%.")


def test_a_demo_message_that_a_rule_hides_waits_as_long_as_before_once_it_is_back(tmp_path: Path) -> None:
    """Live, through a sync of the demo's forum; hidden, its author waits for nobody; shown again, since the same instant."""
    from modconsole.desk import demo

    now = [1_790_000_000_000_000]
    desk = Desk(tmp_path / "m.db", who="ann", clock=lambda: now[0])
    demo.fill(desk)
    rule = "id: all\nstatus: shadow\nselect:\n  members:\n    author is: member\n    private: false\ndo: [hide]\n"
    (tmp_path / "m.rules").mkdir(exist_ok=True)
    (tmp_path / "m.rules" / "all.yaml").write_text(rule)
    _sync(desk)
    ruling.go_live(desk, "all", 1, {})
    waiting: QueueRow | None = None
    for _ in range(60):
        now[0] += MINUTE
        before = {hit.message for hit in ruling.hits(desk, "all")}
        _sync(desk)
        new = [hit for hit in ruling.hits(desk, "all") if hit.message not in before]
        waiting = next((row for hit in new if (row := _ask(desk, hit.message)) is not None and row.waiting_since), None)
        if waiting is not None:
            break
    assert waiting is not None
    message = waiting.latest
    since = waiting.waiting_since
    now[0] += MINUTE
    _sync(desk)
    (hit,) = [each for each in ruling.hits(desk, "all") if each.message == message]
    assert (hit.mode, hit.state, [act.state for act in hit.acts]) == ("live", "hidden", ["done"])
    hidden = _ask(desk, message)
    assert hidden is None or message not in hidden.messages
    ruling.take_back(desk, hit)
    back = _ask(desk, message)
    assert back is not None
    assert (back.status, back.waiting_since) == ("waiting", since)
    desk.close()


def _sync(desk: Desk) -> None:
    from modconsole.desk import sweep

    (result,) = sweep.sync(desk, ["forum"], stop=Flag())
    assert result.outcome == "ok", result.error


def _ask(desk: Desk, message: str) -> QueueRow | None:
    found = queue.page(desk.db, desk.now(), 1_000, every=True)
    return next((row for row in found if row.source == "forum" and row.latest == message), None)
