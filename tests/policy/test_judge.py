"""Words and facts together: what is asked, of whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modconsole.domain.facts import Counter, Fact, Question
from modconsole.policy.judge import OURS, Judge, Judged
from modconsole.policy.model import Check, Not, Ref, Rule, Selection, Some, Texts, When
from tests.policy.engines import check, rule

FIRST = Fact(name="author first")
LONG = Fact(name="length", op=">", number=100)
FLOOD = Counter(counted="messages", within=600_000_000, op=">", number=5)
SPAM = check("spam")


class Asked:
    """Answers, and what was asked."""

    def __init__(self, holds: dict[Question, set[int]]) -> None:
        self.holds = holds
        self.asked: list[tuple[Question, list[int]]] = []

    def __call__(self, question: Question, idents: Sequence[int]) -> set[int]:
        assert not question.negated
        self.asked.append((question, list(idents)))
        return self.holds.get(question, set()) & set(idents)


def selection(name: str, *alternatives: tuple[Check, ...]) -> Selection:
    """A selection."""
    return Selection(name=name, alternatives=alternatives)


def both(*names: str) -> Some:
    """All of several."""
    return Some(least=len(names), of=tuple(map(Ref, names)))


def judged(rules: Rule | list[Rule], holds: dict[Question, set[int]], *bodies: str) -> tuple[Judged, Asked]:
    """What comes of messages numbered from 10."""
    asked = Asked(holds)
    texts = [Texts(ident=n, body=body) for n, body in enumerate(bodies, 10)]
    return Judge([rules] if isinstance(rules, Rule) else rules).judge(texts, asked), asked


WORDS_AND_FACT = rule(selections=(selection("words", (SPAM,)), selection("new", (FIRST,))), when=both("words", "new"))


def test_facts_are_asked_of_open_messages_alone() -> None:
    """Where the words are not there nothing is asked; of the others one question, all at once."""
    result, asked = judged(WORDS_AND_FACT, {FIRST: {11, 12}}, "ham", "spam", "spam spam", "spam too")
    assert asked.asked == [(FIRST, [11, 12, 13]), (OURS, [11, 12])]
    assert [(each.rule, each.ident, each.held) for each in result.verdicts] == [
        ("r", 11, ("words", "new")),
        ("r", 12, ("words", "new")),
    ]
    assert [match.start for match in result.verdicts[1].matches] == [0, 5]


def test_a_question_is_asked_once_for_all_rules() -> None:
    """Two rules with the same question share the answer; the negated one too."""
    other = rule(
        name="other",
        selections=(selection("words", (SPAM, Fact(name="author first", negated=True))),),
    )
    result, asked = judged([WORDS_AND_FACT, other], {FIRST: {10}}, "spam", "spam")
    assert [each for each in asked.asked if each[0] == FIRST] == [(FIRST, [10, 11])]
    assert [(each.rule, each.ident) for each in result.verdicts] == [("r", 10), ("other", 11)]


def test_our_own_messages_are_left_alone() -> None:
    """Unless the rule says otherwise, what we wrote is no hit; it is asked only of hits."""
    result, asked = judged(rule(SPAM), {OURS: {10}}, "spam", "spam", "ham")
    assert [each.ident for each in result.verdicts] == [11]
    assert asked.asked == [(OURS, [10, 11])]
    result, asked = judged(rule(SPAM, exempt_us=False), {OURS: {10}}, "spam")
    assert [each.ident for each in result.verdicts] == [10]
    assert asked.asked == []


def test_a_rule_of_facts_alone_has_no_matches() -> None:
    """Its verdict has no places, and all messages are asked about."""
    result, asked = judged(rule(FIRST, FLOOD, exempt_us=False), {FIRST: {10, 11}, FLOOD: {11}}, "a", "", "c")  # type: ignore[arg-type]
    assert asked.asked == [(FIRST, [10, 11, 12]), (FLOOD, [10, 11])]
    assert [(each.ident, each.matches, each.held) for each in result.verdicts] == [(11, (), ("words",))]


def test_no_words_is_a_condition() -> None:
    """A negated check, and `not` a selection, hold where nothing is found; except counts for them too."""
    negated = rule(check("spam", negated=True), exempt_us=False)
    assert [each.ident for each in judged(negated, {}, "spam", "ham")[0].verdicts] == [11]
    inverse = rule(SPAM, when=Not(Ref("words")), exempt_us=False)
    assert [each.ident for each in judged(inverse, {}, "spam", "ham")[0].verdicts] == [11]
    excepted = rule(check("spam", negated=True), exceptions=(check("spam filter"),), exempt_us=False)
    assert [each.ident for each in judged(excepted, {}, "spam filter", "spam")[0].verdicts] == [10]


def test_alternatives_give_the_matches_that_held() -> None:
    """Of a selection with alternatives only those that hold as a whole give places."""
    made = rule(selections=(selection("words", (SPAM, check("now")), (check("buy"),)),), exempt_us=False)
    result, _ = judged(made, {}, "spam buy", "spam now", "now")
    assert [[match.words for match in each.matches] for each in result.verdicts] == [["buy"], ["spam", "now"]]


def test_a_skipped_rule_gives_no_verdict() -> None:
    """What was not looked at to its end is no hit, also where something else of the rule was found; others are judged."""
    endless = r"(a|aa)+!$(?<!!)"
    slow = rule(SPAM, check(endless, regex=True), name="slow", exempt_us=False)
    negated = rule(check(endless, regex=True, negated=True), name="not", exempt_us=False)
    result, _ = judged([slow, negated, rule(SPAM, name="ok", exempt_us=False)], {}, "spam " + "a" * 5_000 + "!")
    assert [each.rule for each in result.verdicts] == ["ok"]
    assert {each.rule for each in result.skipped} == {"slow", "not"}
    assert result.micros["slow"] > 40_000
    assert result.shared > 0


CHECKS: tuple[Check, ...] = (
    SPAM,
    check("ham", negated=True),
    FIRST,
    Fact(name="length", op=">", number=100, negated=True),
    FLOOD,
)
whens = st.recursive(
    st.sampled_from(["a", "b", "c"]).map(Ref),
    lambda inner: (
        inner.map(Not)
        | st.builds(
            lambda of, least: Some(least=min(least, len(of)), of=tuple(of)),
            st.lists(inner, min_size=1, max_size=3),
            st.integers(1, 3),
        )
    ),
    max_leaves=5,
)
selections = st.lists(
    st.lists(st.lists(st.sampled_from(CHECKS), min_size=1, max_size=3).map(tuple), min_size=1, max_size=2).map(tuple),
    min_size=3,
    max_size=3,
)


def holds(when: When, known: dict[str, bool]) -> bool:
    """What `when` means."""
    if isinstance(when, Ref):
        return known[when.name]
    if isinstance(when, Not):
        return not holds(when.of, known)
    return sum(holds(each, known) for each in when.of) >= when.least


@given(whens, selections, st.lists(st.booleans(), min_size=6, max_size=6))
def test_any_rule_hits_when_its_condition_holds(
    when: When, made: list[tuple[tuple[Check, ...], ...]], truth: list[bool]
) -> None:
    """Whatever is asked and in whichever order: the outcome is that of the whole condition, with all facts known."""
    spam, ham, first, long, flood, ours = truth
    body = "spam " * spam + "ham" * ham
    states = dict(zip(CHECKS, (spam, not ham, first, not long, flood), strict=True))
    names = ("a", "b", "c")
    made_rule = rule(selections=tuple(map(lambda n, each: selection(n, *each), names, made)), when=when)
    known = {name: any(all(states[c] for c in each) for each in sel) for name, sel in zip(names, made, strict=True)}
    answers = {FIRST: first, LONG: long, FLOOD: flood, OURS: ours}
    result, asked = judged(made_rule, {question: {10} if yes else set() for question, yes in answers.items()}, body)
    assert bool(result.verdicts) is (holds(when, known) and not ours)
    assert len({question for question, _ in asked.asked}) == len(asked.asked)
    for verdict in result.verdicts:
        assert all(known[name] for name in verdict.held)


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_judge(count: int) -> None:
    """No rules, or no messages, give nothing."""
    assert judged([], {}, *["spam"] * count)[0].verdicts == []
    assert judged([rule(SPAM)], {})[0].verdicts == []
