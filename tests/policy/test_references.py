"""What is read out of an expression for RE2: never less than the expression allows, and not more where it says so."""

from __future__ import annotations

import pytest
import re2
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.policy.confirm import FLAGS
from modconsole.policy.expressions import Unclear, parse, read
from modconsole.policy.superset import translated
from tests.policy.made import expressions, words
from tests.policy.worlds import EXPRESSIONS, PIECES

anything = (
    words
    | st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
    | st.text(alphabet="aAbBsSk1_ éſKİ\n", max_size=8)
)
referring = st.builds(
    lambda before, group, between, many, after: f"{before}({group}){between}\\1{many}{after}",
    st.sampled_from(["", "a", "^", "(?:b|", "(x)?", "(?=a)", "(?:"]),
    st.sampled_from(["a", "\\w", "[ab]", ".", "[^a]", "s", "k", "é", "[а-я]", "\\s", "ab", "a|b", "[A-Z]"]),
    st.sampled_from(["", "b", ".*", "(?!z)", "(b)"]),
    st.sampled_from(["", "?", "*", "{2}", "{2,}", "{10}"]),
    st.sampled_from(["", "$", ")", ")+", "|c", "b"]),
)


def tried(expression: str, text: str, ignore_case: bool) -> tuple[bool, bool, list[bool], bool] | None:
    """Whether the expression finds something, whether RE2 does, whether RE2 finds what is asked for beside it; and whether the
    first two are said to be the same. None where the expression is none, or is not understood."""
    flags = FLAGS | regex.IGNORECASE if ignore_case else FLAGS
    try:
        found = regex.compile(expression, flags).search(text, timeout=1.0) is not None
        taken = read(expression, ignore_case=ignore_case)
    except (regex.error, Unclear, TimeoutError):
        return None
    options = re2.Options()
    options.log_errors = False
    data = text.encode("utf-8", "surrogatepass")
    beside = [re2.compile(translated(each, anchored=False), options).search(data) is not None for each in taken.beside]
    return found, re2.compile(translated(taken.tree), options).search(data) is not None, beside, taken.exact


@settings(max_examples=400, deadline=None)
@given(expressions | referring | st.sampled_from(EXPRESSIONS), anything, st.booleans())
def test_re2_finds_something_wherever_the_expression_does(expression: str, text: str, ignore_case: bool) -> None:
    """Whatever it refers to, looks around for, or names; and nothing else, where it is said to be exact."""
    came = tried(expression, text, ignore_case)
    if came is None:
        return
    found, wider, beside, exact = came
    assert wider or not found
    assert all(beside) or not found
    assert found or not (wider and exact)


@pytest.mark.parametrize(
    ("expression", "text", "ignore_case", "found"),
    [
        (r"(\w)\1{5,}", "a word of many letters", True, False),
        (r"(\w)\1{5,}", "nooooooo", True, True),
        (r"(\w)\1{5,}", "nOoOoOoO", True, True),
        (r"(\w)\1{5,}", "nOoOoOoO", False, False),
        (r"(\w)\1{5,}", "éééééé", True, True),
        (r"(s)x\1", "ſxs", True, True),
        (r"(?P<x>[ab])c\1", "acb", True, False),
        (r"[A-Z]{6,}", "lowercase", False, False),
        (r"[A-Z]{6,}", "lowercase", True, True),
        (r"(?i)[A-Z]{6,}", "lowercase", False, True),
        (r"[а-я]{3}", "日本語", True, False),
        (r"[а-я]{3}", "ДОМ", True, True),
    ],
)
def test_what_re2_is_asked_for_is_as_narrow_as_it_can_be(
    expression: str, text: str, ignore_case: bool, found: bool
) -> None:
    """References to one character, the case of letters, alphabets: otherwise nearly every message would have to be judged."""
    came = tried(expression, text, ignore_case)
    assert came is not None
    assert came[1] is found


@pytest.mark.parametrize("expression", [r"(?:(\w)\1)+", r"((?:a|b))+\1", r"(?|(a)|(b))\1", r"(\w+)\1", r"(?=(a))\1"])
def test_a_reference_that_can_be_several_things_is_anything(expression: str) -> None:
    """Within a repeat the group is another one each time; a group of several characters is not written out."""
    assert "(?s:.*)" in translated(parse(expression))


@pytest.mark.parametrize(
    ("expression", "exact"),
    [
        ("free", True), ("[A-Z]{2,8}", True), ("(?:a|b)c?d*", True), ("a+?b", True), ("f(?#x)r", True),
        ("a{9}", False), ("a{2,}+", False), ("a++", False), (r"\bfree", False), ("^free", False), ("free$", False),
        (r"\w", False), (r"\s", False), ("[^a]", False), (".", False), ("a\n", False), (r"(a)\1", False), ("(?=a)b", False),
        ("(?>a)b", False), ("(?i:a)", False), ("(?P<x>a)", False),
    ],
)  # fmt: skip
def test_it_says_whether_re2_finds_exactly_what_the_expression_does(expression: str, exact: bool) -> None:
    """Only of what is made of known characters; a message that it finds is then a hit, and nobody is asked."""
    assert read(expression).exact is exact


def test_what_is_looked_for_around_every_match_is_told() -> None:
    """Ahead and behind; not what must be missing, what is optional, or what one alternative alone asks for."""
    assert [translated(each) for each in read("(?=x1)(?<=x2)a(?!x3)(?<!x4)", ignore_case=False).beside] == [
        r"[\x78][\x31]",
        r"[\x78][\x32]",
    ]
    assert read("(?=x1)?a|(?=x2)b").beside == ()
    assert read("(?:(?=x1)a|b)").beside == ()
