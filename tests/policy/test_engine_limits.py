"""No rule stalls another, and none is given up silently."""

from __future__ import annotations

import time

import pytest

from modconsole.policy.engine import LIMIT, Engine
from modconsole.policy.model import Texts
from tests.policy.engines import check, rule

ALONE = "(?V0)"
"""Means nothing, and is not understood by what looks first: the expression is then left to `regex` and its clock."""
CATASTROPHES = {
    r"(a+)+$": "a" * 9_999 + "!",
    r"(a|aa)+$": "a" * 9_999 + "!",
    r"(\w+\s?)*$": "word " * 1_999 + "!!!!",
    r"(x+x+)+y": "x" * 10_000,
    r"(.*){4}x$": "ab" * 5_000,
    r"(?:.*,){15}P": "a,b" * 3_333,
    r"a{0,500}a{0,500}a{0,500}b": "a" * 10_000,
    r"\s+$": " " * 9_999 + "x",
    r"(?:a?){60}a{60}c": "a" * 10_000,
    r"^(([a-z])+.)+[A-Z]([a-z])+$": "a" * 10_000,
    r"(\w)+(\w)\1\2\1\2!": "ab" * 5_000,
}
"""Expressions that are known to be slow on some text of 10,000 characters, with such a text."""
MORE = 0.03
"""Seconds that a measurement may be off on a machine that does other things."""


@pytest.mark.parametrize("alone", ["", ALONE])
@pytest.mark.parametrize("written", CATASTROPHES)
def test_no_expression_takes_longer_than_it_may(written: str, alone: str) -> None:
    """A catastrophic expression is answered in time or named as skipped, and other rules hit the same message; by RE2 most are
    answered at once."""
    text, expression = CATASTROPHES[written], alone + written
    assert len(text) >= 9_990
    engine = Engine(
        [rule(check(expression, regex=True), name="slow"), rule(check(text[-30:], method="ends"), name="other")]
    )
    engine.scan([Texts(ident=1, body="a" * 600)])
    began = time.process_time()
    scanned = engine.scan([Texts(ident=7, body=text), Texts(ident=8, body="hello there")])
    assert time.process_time() - began < LIMIT + MORE
    assert 1 in {spot.rule for spot in scanned.found[0]}
    skipped = {(each.rule, each.ident, each.item) for each in scanned.skipped}
    assert skipped <= {("slow", 7, expression)}
    assert scanned.late == ({(0, 0)} if skipped else set())
    if skipped:
        assert 0 not in {spot.rule for spot in scanned.found[0]}
        assert LIMIT * 0.9 < scanned.skipped[0].seconds < LIMIT + MORE


def test_most_catastrophes_are_skips() -> None:
    """The test above would pass with expressions that are harmless: at least three of these are not."""
    engine = Engine([rule(check(ALONE + each, regex=True), name=each) for each in CATASTROPHES], limit=0.01)
    skipped = {item.rule for text in CATASTROPHES.values() for item in engine.scan([Texts(ident=1, body=text)]).skipped}
    assert len(skipped) >= 3


def test_many_items_share_the_time_of_their_rule() -> None:
    """A rule of fifty slow expressions takes no longer than a rule of one."""
    slow = [rf";{n}(.|\w+\s?)*\?$" for n in range(10, 60)]
    engine = Engine([rule(check(*slow, regex=True))])
    began = time.process_time()
    scanned = engine.scan([Texts(ident=1, body="".join(f"!;{n}" for n in range(10, 60)) + " word" * 1_900 + "?!")])
    assert [each.ident for each in scanned.skipped] == [1]
    assert time.process_time() - began < LIMIT + MORE


def test_many_matches_are_within_the_time() -> None:
    """An exception has to be asked at every match; a text full of them does not take all day."""
    engine = Engine([rule(check("a", method="substring"), exceptions=(check("aaa", method="substring"),))], limit=0.02)
    scanned = engine.scan([Texts(ident=1, body="a" * 1_000_000)])
    assert [(each.rule, each.ident) for each in scanned.skipped] == [("r", 1)]


def test_a_rule_is_judged_again_after_skips() -> None:
    """Being given up on some messages says nothing about others."""
    engine = Engine([rule(check(r"(\w+\s?)*;", regex=True))], limit=0.005)
    texts = [Texts(ident=n, body="word " * 2_000 + "!;") for n in range(3)]
    scanned = engine.scan([*texts, Texts(ident=9, body="so it is;")])
    assert [each.ident for each in scanned.skipped] == [0, 1, 2]
    assert 3 in scanned.found


def test_folding_is_nobody_s_fault() -> None:
    """A long text takes its time to be folded; the first rule that looks into it is not charged for that."""
    engine = Engine([rule(check("needle", fold="marks", method="ends"))], limit=0.02)
    assert not engine.scan([Texts(ident=1, body="needle é " * 60_000 + "needle")]).skipped
