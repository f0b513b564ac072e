"""The backtest finds what the judge would find in all messages, nothing else, and in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from modconsole.domain.facts import Fact
from modconsole.policy import backtest, plan
from modconsole.policy.backtest import Backtest, Batch
from modconsole.policy.judge import Ask, Judge, Judged
from modconsole.policy.model import Action, Check, Not, Ref, Rule, Selection, Skipped, Some, TextCheck, Texts, When
from tests.policy.worlds import World, checks, rules, texts


def rule(*alternatives: tuple[Check, ...], when: When | None = None) -> Rule:
    """A rule of one selection."""
    return Rule(
        id="r",
        name="r",
        selections=(Selection(name="s", alternatives=alternatives),),
        when=when or Ref("s"),
        actions=(Action(name="flag"),),
        exempt_us=False,
    )


def words(*items: str, **options: object) -> TextCheck:
    """A check for words in the body."""
    return TextCheck(**{"fields": ("body",), "items": items, **options})  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rules(),
    st.lists(st.tuples(texts, st.none() | texts, st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=12),
    st.lists(texts, min_size=9, max_size=9),
    st.sets(st.integers(0, 11), max_size=3),
    st.integers(0, 2),
)
def test_it_finds_exactly_what_the_judge_finds_in_all_messages(
    tmp_path_factory: pytest.TempPathFactory,
    asked: Rule,
    messages: list[tuple[str, str | None, int, int]],
    called: list[str],
    edited: set[int],
    whole: int,
) -> None:
    """Any rule, any messages, some of them edited after they had been copied: the same messages, the same places. Also where most
    hits are only counted."""
    world = World(tmp_path_factory.mktemp("world"))
    world.shown = {talk: called[talk - 1] for talk in (1, 2, 3)}
    world.known = {person: (called[person + 2], called[person + 5]) for person in (1, 2, 3)}
    for message in messages:
        world.feed.add(*message)
    if edited:
        world.view()
        for row in edited & set(range(1, len(messages) + 1)):
            world.feed.edit(row, called[row % 9])
    try:
        right = world.brute(asked)
        assert world.tried(asked) == right
        assert world.counted(asked, whole) == [found.ident for found in right]
    finally:
        world.corpus.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(checks(), checks(), st.lists(texts, min_size=1, max_size=12), st.booleans(), st.integers(0, 2))
def test_hits_that_are_only_counted_are_those_of_the_judge(
    tmp_path_factory: pytest.TempPathFactory,
    one: TextCheck,
    other: TextCheck,
    bodies: list[str],
    titled: bool,
    whole: int,
) -> None:
    """Where words alone decide, and nobody is asked where it is certain that they are there."""
    world = World(tmp_path_factory.mktemp("world"))
    for n, body in enumerate(bodies):
        world.feed.add(body, "free" if titled and n == 3 else None, 1, n % 3)
    plain = [replace(each, negated=False, every=False, fields=("body", *each.fields[1:])) for each in (one, other)]
    try:
        for asked in (rule((plain[0],)), replace(rule((plain[0],), (plain[1],)), exempt_us=True)):
            assert world.counted(asked, whole) == [found.ident for found in world.brute(asked)]
    finally:
        world.corpus.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A hundred messages; every tenth says free, every twentieth giveaway."""
    made = World(tmp_path)
    for n in range(100):
        made.feed.add(f"{n} {'free' if n % 10 == 0 else ''} {'giveaway' if n % 20 == 0 else ''} lunch")
    return made


def asked(world: World, one: Rule) -> tuple[list[int], int, bool]:
    """The hits, how many messages were judged for them, and whether all were read."""
    test = Backtest(one, world.view(), world)
    batches = list(test.run(lambda: False))
    assert batches[-1].done == batches[-1].of == 100
    return (
        [found.ident for batch in batches for found in batch.found],
        sum(batch.judged for batch in batches),
        test.plan.reads_all,
    )


def test_only_messages_with_the_word_are_judged_newest_first(world: World) -> None:
    """Ten of a hundred have it."""
    hits, judged, everything = asked(world, rule((words("free"),)))
    assert hits == [91, 81, 71, 61, 51, 41, 31, 21, 11, 1]
    assert (judged, everything) == (10, False)


@pytest.mark.parametrize(
    "check",
    [
        words("free"),
        words("free", fold="exact"),
        words("free", "zxq", "a", "b", "c", "d"),
        words("free", method="substring"),
        words("[fF]re{2}", regex=True, method="substring"),
        words("[fF]re{2}", regex=True, method="substring", fold="exact"),
    ],
    ids=str,
)
def test_where_it_is_certain_nobody_is_asked_once_the_first_hits_are_known(world: World, check: TextCheck) -> None:
    """The judge looks at two of ten; what is only counted says so."""
    test = Backtest(rule((check,)), world.view(), world, whole=2)
    batches = list(test.run(lambda: False))
    found = [found for batch in batches for found in batch.found]
    assert [each.ident for each in found] == [91, 81, 71, 61, 51, 41, 31, 21, 11, 1]
    assert sum(batch.judged for batch in batches) <= 3
    assert [each.counted for each in found] == [not each.matches for each in found]
    assert sum(each.counted for each in found) >= 7


@pytest.mark.parametrize(
    "check",
    [
        words("free", fold="case"),
        words("f\\w{3}", regex=True, method="substring"),
        words("(?:f|F)re++", regex=True, method="substring"),
        words("(?=fr)free", regex=True, method="substring"),
        words("free", channels=("leet",)),
    ],
    ids=str,
)
def test_where_it_is_not_certain_the_judge_is_asked_about_each(world: World, check: TextCheck) -> None:
    """Whatever a scan may take for more than it is."""
    batches = list(Backtest(rule((check,)), world.view(), world, whole=2).run(lambda: False))
    assert sum(batch.judged for batch in batches) >= 10


def test_of_words_that_must_all_be_there_the_rarest_is_looked_for(world: World) -> None:
    """Five messages have both; no more are judged, however the rule is written."""
    both = (words("free"), words("giveaway"), words("lunch"))
    assert asked(world, rule(both))[1] == 5
    assert asked(world, rule((words("lunch", "free", "giveaway", every=True),)))[1] == 5
    three = [rule((each,)).selections[0] for each in both]
    named = tuple(Selection(name=f"s{n}", alternatives=each.alternatives) for n, each in enumerate(three))
    for when, judged in (
        (Some(3, (Ref("s0"), Ref("s1"), Ref("s2"))), 5),
        (Some(2, (Ref("s0"), Ref("s1"), Ref("s2"))), 10),
        (Some(2, (Ref("s0"), Not(Ref("s1")))), 10),
        (Not(Ref("s0")), 100),
    ):
        one = Rule(id="r", name="r", selections=named, when=when, actions=(), exempt_us=False)
        assert asked(world, one)[1] == judged


def test_facts_and_negations_need_all_messages_only_where_no_words_are_asked_for(world: World) -> None:
    """Whatever is not in the text does not widen the search; alone it makes it read everything."""
    first = Fact(name="author first")
    assert asked(world, rule((words("free"), first)))[1:] == (10, False)
    assert asked(world, rule((words("free"), words("giveaway", negated=True))))[1:] == (10, False)
    assert asked(world, rule((first,)))[1:] == (100, True)
    assert asked(world, rule((words("free"),), (first,)))[1:] == (100, True)


def test_a_stop_ends_it_between_two_batches(world: World) -> None:
    """No more is judged once nobody wants to know."""
    seen: list[Batch] = []
    for batch in Backtest(rule((words("lunch"),)), world.view(), world).run(lambda: len(seen) == 2):
        seen.append(batch)
    assert len(seen) == 2
    assert sum(batch.judged for batch in seen) < 10


def test_batches_grow_while_the_judge_is_quick_and_shrink_when_he_is_not() -> None:
    """So that a stop is heard soon, and quick rules pay little for it."""
    size, sizes = backtest.FIRST, []
    for _ in range(12):
        size = backtest._next(size, 0.0001)
        sizes.append(size)
    assert sizes == sorted(sizes)
    assert sizes[-1] == backtest.MOST
    assert backtest._next(512, 1.0) < 10
    assert backtest._next(3, 1.0) == 1
    assert backtest._next(64, backtest.LONG * 0.7) == 64


def test_stretches_together_find_what_one_finds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked for ahead comes in the same order."""
    before = asked(world, rule((words("free"),)))
    view = world.view()
    monkeypatch.setattr(
        type(view), "chunks", lambda self, size=0: iter([(n, n + 7 if n < 98 else 100) for n in range(98, -1, -7)])
    )
    assert asked(world, rule((words("free"),))) == before


def test_an_expression_that_runs_wild_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    """It is skipped on the message it runs wild on; other hits come."""
    world = World(tmp_path)
    for n in range(4):
        world.feed.add("x" * 3000 if n == 2 else "xxy")
    test = Backtest(rule((words(r"(x+x+)+y", regex=True, method="substring"),)), world.view(), world, limit=0.02)
    batches = list(test.run(lambda: False))
    assert [found.ident for batch in batches for found in batch.found] == [4, 2, 1]
    assert [each.ident for batch in batches for each in batch.skipped] in ([3], [])


class Hurried:
    """A judge who says of each message that it took too long, though its rule had had little of its time; once."""

    def __init__(self, judge: Judge, seconds: float) -> None:
        self._judge = judge
        self._seconds = seconds
        self._seen: set[int] = set()
        self.asked = 0

    def judge(self, every: Sequence[Texts], ask: Ask) -> Judged:
        """As the judge, but for messages that come for the first time."""
        self.asked += len(every)
        new = [each.ident for each in every if each.ident not in self._seen]
        self._seen.update(new)
        judged = self._judge.judge([each for each in every if each.ident not in new], ask)
        judged.skipped += [Skipped(rule="r", ident=ident, item="free", seconds=self._seconds) for ident in new]
        return judged


def test_what_was_skipped_while_others_took_the_time_is_judged_again(world: World) -> None:
    """`regex` counts the time of all threads; a rule must have had its own."""
    asked = rule((words("free"),))
    for seconds, hits, skips in ((0.001, 10, 0), (0.05, 0, 10)):
        test = Backtest(asked, world.view(), world)
        test.judge = Hurried(Judge([asked]), seconds)  # type: ignore[assignment]
        batches = list(test.run(lambda: False))
        assert sum(len(batch.found) for batch in batches) == hits
        assert sum(len(batch.skipped) for batch in batches) == skips


def test_a_plan_says_whether_it_reads_everything(world: World) -> None:
    """For the figures of a report."""
    assert plan.Plan(rule((words("x", negated=True),)), world.view(), world).reads_all
