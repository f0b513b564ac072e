"""Trying a rule on everything that is stored: the report, and that it is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modconsole.desk import backtesting, bench
from modconsole.desk.backtesting import backtest
from modconsole.desk.bench import Bench
from modconsole.desk.desk import Desk
from modconsole.desk.trial import BEFORE, TrialHit
from modconsole.domain.ids import new_id
from modconsole.domain.times import DAY
from modconsole.policy import fold
from modconsole.policy.judge import Judge
from modconsole.policy.load import read_rule
from modconsole.policy.model import Rule
from modconsole.store import acts, facts, texts
from modconsole.store.acts import Moderated
from modconsole.store.ingest import ingest
from tests.desk.conftest import Clock
from tests.scenarios.story import Story, story, when

Sit = Callable[..., Desk]


def rule(words: str, ident: str = "tried", more: str = "") -> Rule:
    """A rule of one check."""
    document = f"id: {ident}\nname: {ident.title()}\nselect:\n  words:\n    {words}\ndo: [flag]\n{more}"
    found, problems = read_rule(document, lists={})
    assert found is not None, problems
    return found


def told() -> Story:
    """Nine comments, on three days: four about an airdrop, of which one is ours."""
    return (
        story()
        .message("1", "ann", "10:00", "free airdrop")
        .message("2", "bob", "10:01", "Is this airdrop real?")
        .message("3", "cat", "2 10:00", "AIRDR0P now, come to the airdrop")
        .message("4", "dan", "2 10:05", "hello there")
        .message("5", "ann", "3 10:00", "no aіrdrop any more", state="removed")
        .reply("6", "3 11:00", under="2", text="No airdrop is real.")
        .message("7", "eve", "3 12:00", "giveaway! airdrops!")
        .message("8", "bob", "3 12:01", "thanks")
    )


@pytest.fixture
def desk(sit: Sit, clock: Clock) -> Iterator[Desk]:
    """A desk at these comments."""
    clock.set("3 13:00")
    found = sit(told())
    yield found
    found.close()


def natives(hits: tuple[TrialHit, ...]) -> list[str]:
    """Which messages."""
    return [hit.message for hit in hits]


def acted(desk: Desk, message: str, act: str, by: str = "ann") -> None:
    """An act that was carried out."""
    order = Moderated(
        id=new_id(1), at=1, by=by, source="blog", conversation="post", on="message", target=message, message=message,
        person=None, act=act,
    )  # fmt: skip
    acts.done(desk.db, acts.begin(desk.db, order).id, became=None, undo=None, note="")


def test_all_hits_are_counted_and_the_latest_stored_come_first(desk: Desk) -> None:
    """Ours is left alone, since the rule says nothing else; look-alikes are found."""
    report = backtest(desk, rule("body (word): [airdrop]"))
    assert (report.hits, report.scanned, report.of, report.complete) == (4, 8, 8, True)
    assert natives(report.first) == ["5", "3", "2", "1"]
    assert (report.rule, report.judged, report.skips, report.compared) == ("tried", 5, 0, False)
    assert natives(backtest(desk, rule("body (word): [airdrop]"), limit=2).first) == ["5", "3"]
    assert backtest(desk, rule("body (word): [airdrop]", more="exempt us: false\n")).hits == 5


def test_a_hit_shows_its_words_in_their_place_and_who_wrote_them_where(desk: Desk) -> None:
    """The text is as it was written; the span is where the words are."""
    hit = backtest(desk, rule("body (word): [airdrop]")).first[0]
    assert (hit.source, hit.conversation, hit.message, hit.person, hit.name) == ("blog", "post", "5", "ann", "Ann")
    assert (hit.created, hit.state, hit.field, hit.item) == (when("3 10:00"), "removed", "body", "airdrop")
    assert hit.text[hit.start : hit.end] == "aіrdrop"
    assert (hit.channel, hit.places, hit.held, hit.cut_before, hit.cut_after) == (
        "lookalike",
        1,
        ("words",),
        False,
        False,
    )


def test_of_a_long_text_the_part_around_the_words_is_shown(sit: Sit) -> None:
    """With a sign that something was left out."""
    desk = sit(story().message("1", "ann", "10:00", "x " * 400 + "airdrop" + " y" * 400))
    (hit,) = backtest(desk, rule("body (word): [airdrop]")).first
    assert hit.text[hit.start : hit.end] == "airdrop"
    assert (hit.start, hit.cut_before, hit.cut_after) == (BEFORE, True, True)
    assert len(hit.text) < 300
    desk.close()


def test_a_rule_without_words_shows_the_beginning_of_the_message(desk: Desk) -> None:
    """There is no place to point at."""
    (hit,) = backtest(desk, rule("state: removed")).first
    assert (hit.message, hit.start, hit.end, hit.places, hit.item) == ("5", 0, 0, 0, "")
    assert hit.text == "no aіrdrop any more"


def test_precision_is_the_share_of_those_decided_about_that_were_put_away(desk: Desk) -> None:
    """Removed on the platform: 5. Answered, so kept: 2. The others are open, until somebody decides."""
    report = backtest(desk, rule("body (word): [airdrop]"))
    assert (report.removed, report.kept, report.open, report.precision) == (1, 1, 2, 0.5)
    assert natives(report.disagreements) == ["2"]
    acted(desk, "3", "spam")
    acted(desk, "1", "approve")
    report = backtest(desk, rule("body (word): [airdrop]"))
    assert (report.removed, report.kept, report.open, report.precision) == (2, 2, 0, 0.5)
    assert natives(report.disagreements) == ["2", "1"]
    assert {hit.decided for hit in report.disagreements} == {"kept"}
    assert backtest(desk, rule("body (word): [hello]")).precision is None


def test_people_whose_open_asks_it_would_have_taken_away_are_counted_once(desk: Desk) -> None:
    """Two messages of one person are one person left waiting; who was answered is none."""
    ingest(desk.db, story().message("9", "cat", "3 12:30", "airdrop again?").records, desk.now())
    report = backtest(desk, rule("body (word): [airdrop, airdrops]"))
    assert report.left_waiting == 3
    assert [(each.person, each.name) for each in report.waiting] == [("ann", "Ann"), ("cat", "Cat"), ("eve", "Eve")]


def test_hits_are_counted_by_the_day_they_were_written_on(desk: Desk) -> None:
    """Oldest first; days without any are not there."""
    report = backtest(desk, rule("body (word): [airdrop]"))
    first = when("00:00")
    assert [(day.at, day.hits) for day in report.per_day] == [(first, 2), (first + DAY, 1), (first + 2 * DAY, 1)]


def test_against_another_version_it_says_what_came_and_what_went(desk: Desk) -> None:
    """With the words of whichever version hits."""
    report = backtest(desk, rule("body (word): [airdrop, giveaway]"), against=rule("body (word): [airdrop, hello]"))
    assert (report.compared, report.added, report.lost) == (True, 1, 1)
    assert natives(report.first_added) == ["7"]
    assert natives(report.first_lost) == ["4"]
    assert [hit.text[hit.start : hit.end] for hit in (*report.first_added, *report.first_lost)] == ["giveaway", "hello"]
    assert len(report.added_ids) == len(report.lost_ids) == 1


def test_against_a_version_that_asks_for_the_same_nothing_came_and_nothing_went(desk: Desk) -> None:
    """Only another name, or another action."""
    report = backtest(desk, rule("body (word): [airdrop]"), against=rule("body (word): [airdrop]", "other"))
    assert (report.compared, report.added, report.lost) == (True, 0, 0)


def test_other_rules_that_hit_the_same_are_named_with_how_many(desk: Desk) -> None:
    """The rule itself is not another one, whatever its file says."""
    others = [
        rule("body (word): [free, real]", "first"),
        rule("body (word): [now]", "second"),
        rule("body (word): [hello]", "third"),
        rule("body (word): [airdrop]", "tried"),
    ]
    report = backtest(desk, rule("body (word): [airdrop]"), others=others)
    assert [(each.rule, each.name, each.hits) for each in report.overlaps] == [
        ("first", "First", 2),
        ("second", "Second", 1),
    ]
    assert report.overlaps_of == 4


def test_what_the_rule_expects_is_compared_with_what_was_found(desk: Desk) -> None:
    """Each bound with the figure that it is about."""
    asked = "expect: {hits: 1..3, hits per day: 2, precision: 0.4}\n"
    report = backtest(desk, rule("body (word): [airdrop]", more=asked))
    assert [(each.name, each.least, each.most, each.found, each.kept) for each in report.bounds] == [
        ("hits", 1, 3, 4, False),
        ("hits per day", None, 2, 4 / 3, True),
        ("precision", 0.4, None, 0.5, True),
    ]
    nothing = backtest(desk, rule("body (word): [zxq]", more="expect: {precision: 0.4}\n")).bounds
    assert [(each.found, each.kept) for each in nothing] == [(None, False)]


def test_an_expression_that_takes_too_long_is_named_and_nothing_else_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipped on that message, and said."""
    ingest(
        desk.db,
        story().message("9", "cat", "3 12:30", "e" * 4000).message("a", "cat", "3 12:31", "eey").records,
        desk.now(),
    )
    report = backtest(desk, rule("body (regex): ['(?:e+e+)+y|(?:e+e+)+$z']"))
    assert natives(report.first) == ["a"]
    assert report.skips == len(report.skipped) <= 1


def test_a_stop_gives_what_was_found_by_then_and_says_that_it_is_not_all(desk: Desk) -> None:
    """Nobody takes half a count for a whole one."""
    heard: list[TrialHit] = []
    report = backtest(desk, rule("body (word): [airdrop]"), hits=heard.extend, stop=lambda: bool(heard))
    assert not report.complete
    assert 1 <= report.hits < 4
    stopped = backtest(desk, rule("body (word): [airdrop]"), stop=lambda: True)
    assert (stopped.complete, stopped.hits, stopped.of) == (False, 0, 0)


def test_what_came_changed_and_was_taken_back_since_is_seen(desk: Desk) -> None:
    """The copy of the texts follows the database."""
    mine = Bench(desk)
    asked = rule("body (word): [airdrop]")
    assert backtest(desk, asked, bench=mine).hits == 4
    ingest(desk.db, story().message("9", "cat", "3 12:30", "one more airdrop").records, desk.now())
    assert backtest(desk, asked, bench=mine).hits == 5
    ingest(desk.db, story().message("1", "ann", "10:00", "nothing to see", observed_at="3 12:40").records, desk.now())
    ingest(
        desk.db, story().message("4", "dan", "2 10:05", "airdrop after all", observed_at="3 12:40").records, desk.now()
    )
    assert sorted(natives(backtest(desk, asked, bench=mine).first)) == ["2", "3", "4", "5", "9"]
    desk.db.run("delete from message_search where rowid = (select id from message where native = '9')")
    mine.close()


def test_titles_and_names_are_looked_in_too(sit: Sit) -> None:
    """Of the conversation as it is called today, and of people as they are."""
    talk = story().message("1", "ann", "10:00", "x").message("2", "bob", "10:01", "y", title="Free Airdrop")
    talk.records[1].title = "All about the airdrop"  # type: ignore[union-attr]
    desk = sit(talk.then(story(conversation="other").message("3", "airdrop lover", "10:02", "z")))
    mine = Bench(desk)
    assert natives(backtest(desk, rule("title (word): [airdrop]"), bench=mine).first) == ["2", "1"]
    assert natives(backtest(desk, rule("author name (word): [airdrop]"), bench=mine).first) == ["3"]
    ingest(desk.db, [story().records[0], *_renamed("other", "Airdrop!")], desk.now())
    assert natives(backtest(desk, rule("title (word): [airdrop]"), bench=mine).first) == ["3", "2", "1"]
    mine.close()
    desk.close()


def _renamed(conversation: str, title: str) -> list[Any]:
    found = story(conversation=conversation).records[1:2]
    found[0].title = title  # type: ignore[union-attr]
    return list(found)


def test_the_copy_of_the_texts_is_beside_the_database_and_private(desk: Desk) -> None:
    """A folder of its own, with the database's name."""
    backtest(desk, rule("body (word): [airdrop]"))
    folder = bench.texts_folder(desk)
    assert folder == desk.path.with_suffix(".texts")
    assert folder.stat().st_mode & 0o077 == 0


def test_another_version_of_folding_has_another_mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So that an upgrade makes the copy anew."""
    before = bench.fold_mark()
    assert bench.fold_mark() == before
    for name in ("fold", "_lookalikes"):
        (tmp_path / f"{name}.py").write_text("another")
    monkeypatch.setattr(fold, "__file__", str(tmp_path / "fold.py"))
    assert bench.fold_mark() != before


def test_the_hits_are_those_of_the_judge_over_all_messages_of_the_demo(sit: Sit) -> None:
    """Real-looking messages of several platforms, with facts; whatever plan is taken."""
    from modconsole.desk import demo

    desk = sit()
    demo.fill(desk)
    ids = [row[0] for row in desk.db.rows("select id from message order by id desc")]
    every = texts.texts_of(desk.db, ids)
    assert len(every) > 100
    documents = [
        "body (word): [the, you]",
        "body+title (word): [help, update]",
        "body (regex): ['\\w{3,}\\?$']",
        "body (regex, case-sensitive): ['[A-Z]{3,}']",
        "link (substring): [example]",
        "author name (starts): [a]",
        "body (word): [the]\n    author first: true",
        "~body (word): [the]\n    top level: true",
    ]
    hits = 0
    for words in documents:
        asked = rule(words)
        judged = Judge([asked]).judge(every, lambda question, some: facts.ask(desk.db, question, some, desk.now()))
        report = backtest(desk, asked, limit=10_000)
        assert [hit.ident for hit in report.first] == [each.ident for each in judged.verdicts]
        hits += report.hits
    assert hits > 100
    desk.close()


def test_progress_is_told_until_all_is_done(desk: Desk) -> None:
    """First of the copy, then of the messages."""
    heard: list[tuple[int, int, int]] = []
    backtest(desk, rule("body (word): [airdrop]"), told=lambda *said: heard.append(said))
    assert heard[-1] == (8, 8, 4)
    assert [hits for *_, hits in heard] == sorted(hits for *_, hits in heard)


def test_a_report_can_be_kept_as_evidence(desk: Desk) -> None:
    """It goes into JSON whole."""
    report = backtest(desk, rule("body (word): [airdrop]"), against=rule("body (word): [hello]"))
    assert b'"precision":0.5' in backtesting.encoded(report)
