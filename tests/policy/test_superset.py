"""What is concluded from an expression must hold of every text that it matches: for what texts require, and for RE2."""

from __future__ import annotations

import unicodedata
import warnings

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from modconsole.policy.expressions import Unclear, parse, single
from modconsole.policy.fold import LEVELS, fold_text
from modconsole.policy.literals import required, safe, trigger
from modconsole.policy.model import Fold
from modconsole.policy.samples import samples
from modconsole.policy.superset import Superset, superset
from modconsole.policy.tame import tame
from tests.policy.made import ALPHABET, expressions, literals, words

FLAGS = regex.V0 | regex.UNICODE | regex.DOTALL


@given(expressions, st.lists(words, max_size=8), st.sampled_from(LEVELS), st.booleans())
def test_no_match_is_lost(expression: str, texts: list[str], level: Fold, exact: bool) -> None:
    """Wherever an expression matches, its required literals are in the folded text, and RE2 lets the text through."""
    try:
        tree = parse(expression, ignore_case=not exact)
    except Unclear:
        assume(False)
    needed = required(tree)
    sets = Superset()
    added = sets.add(7, tree)
    anchored = superset(expression, anchored=True, ignore_case=not exact)
    assert anchored is not None
    pattern = regex.compile(expression, FLAGS if exact else FLAGS | regex.IGNORECASE)
    for text in [*texts, *samples(tree)]:
        read = fold_text(text, level)
        if not pattern.search(read):
            continue
        if needed is not None:
            assert any(each in fold_text(text, "lookalike") for each in needed), (text, needed)
        if added:
            assert sets.fires(read) in ([7], None)
            places = dict(sets.places(["x", read, "y\n"]))
            assert 1 in places
            assert 7 in places[1]


@given(literals, words, st.sampled_from(LEVELS[:3]))
def test_no_literal_is_lost(literal: str, text: str, level: Fold) -> None:
    """Where a literal is in the text folded at any level, what is looked for instead is in the one folded as look-alike."""
    if fold_text(literal, level) and fold_text(literal, level) in fold_text(text, level):
        assert trigger(literal, level) in fold_text(text, "lookalike")


def test_safe_characters_look_the_same_at_every_level() -> None:
    """Of all of Unicode: whatever becomes a safe character at a level looks like what that character looks like."""
    cased = "".join(map(chr, range(0x20000)))
    for char in cased:
        if unicodedata.category(char) in ("Cn", "Co", "Cs"):
            continue
        look = fold_text(char, "lookalike")
        for level in LEVELS[1:3]:
            folded = fold_text(char, level)
            if all(map(safe, folded)):
                assert "".join(fold_text(each, "lookalike") for each in folded) == look, hex(ord(char))


@pytest.mark.parametrize("char", sorted({*ALPHABET, *"abcdefghijklmnopqrstuvwxyz", *"ÅΩßſıİÿµ"} - {" ", "\n"}))
def test_case_means_what_it_means_to_regex(char: str) -> None:
    """All that `regex` takes for the same letter is in the set, and looks the same where the letter is safe."""
    everything = "".join(chr(n) for n in range(0x20000) if not 0xD800 <= n < 0xE000)
    same = set(regex.findall(regex.escape(char), everything, regex.IGNORECASE))
    known = single(regex.escape(char))
    assert known.others is not None
    assert same <= {*known.ascii, *known.others}
    assigned = {each for each in same if unicodedata.category(each) != "Cn"}  # in Python's version of Unicode
    if all(map(safe, assigned)):
        assert len({fold_text(each, "lookalike") for each in assigned}) == 1


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        (r"\b(?:free|cheap)\s+money\b", {"money"}),
        (r"fr[e3]{2}", {"free", "fr3e", "fre3", "fr33"}),
        (r"(?<!not )Spam(?! it)", {"spam"}),
        (r"colou?r", {"color", "colour"}),
        (r"(?i:ÉTÉ)|ete", {"ete"}),
        (r"a*b+", {"b"}),
        (r"[a-z]+", None),
        (r"\d{3}", None),
        (r"(\w)\1", None),
        (r"", None),
        (r"x|", None),
    ],
)
def test_what_an_expression_requires(expression: str, needed: set[str] | None) -> None:
    """The longest literals of which one must be there, folded."""
    found = required(parse(expression))
    assert (set(found) if found else None) == needed


@pytest.mark.parametrize(
    "expression", [r"(?x)a b", "(?:foo){e<=1}", r"(?|(a)|b)(?1)", r"[[a-z]--[b]]", r"(?r)ab", "x{", r"\Gx"]
)
def test_what_is_not_understood_is_not_guessed(expression: str) -> None:
    """These mean something of their own to `regex`; they are tried on every message."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        regex.compile(expression)
    with pytest.raises(Unclear):
        parse(expression)
    assert superset(expression) is None


def test_re2_out_of_memory_is_not_no_match() -> None:
    """RE2's set answers "none" also where it gave up: the mark at the end of each text tells the two apart."""
    sets = Superset()
    sets.add(1, parse("[a-q][^u-z]{6}x"))
    assert sets.fires("nothing") == []
    sets._made()  # the set as it is
    sets._set = _Broken()
    assert sets.fires("nothing") is None
    assert dict(sets.places(["a", "b"])) == {0: [1], 1: [1]}


class _Broken:
    def Match(self, text: bytes) -> list[int]:  # noqa: N802 - RE2's name
        return []


@pytest.mark.parametrize(
    ("expression", "harmless"),
    [
        (r"colou?r", True),
        (r"\bfree\s+money\b", True),
        (r"w\d+x", True),
        (r"(a|aa)+$", False),
        (r"(\w+\s?)*$", False),
        (r".*x.*y", False),
        (r"(?=.*x)y", False),
        (r"(\w)\1+", False),
        (r"(?:a?){30}a", False),
    ],
)
def test_which_expressions_need_no_clock(expression: str, harmless: bool) -> None:
    """Only those whose steps are few on any short text."""
    assert tame(expression) is harmless
