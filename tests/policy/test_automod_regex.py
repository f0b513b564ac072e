"""Expressions of AutoModerator's, each of which means alone what it meant among the others."""

from __future__ import annotations

import re
import warnings

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.policy.automod_regex import expressions, found_in_nothing, why_not, wrapped

FLAGS = regex.V0 | regex.DOTALL | regex.UNICODE


@pytest.mark.parametrize(
    ("items", "alone"),
    [
        ([r"(a)\2"], [r"(a)\1"]),
        ([r"(a)(b)\3\2"], [r"(a)(b)\2\1"]),
        ([r"(a)", r"(b)\3", r"c\2"], [r"(a)", r"(b)\1", r"c(?!)"]),
        ([r"(?:a)(b)\2"], [r"(?:a)(b)\1"]),
        ([r"(?P<n>a)(?P=n)\2"], [r"(?P<n>a)(?P=n)\1"]),
        (["(a)" * 9 + r"\10"], ["(a)" * 9 + r"\9"]),
        (["(a)" * 9 + r"\2(?:5)"], ["(a)" * 9 + r"\1(?:5)"]),
        ([r"[(](b)\2"], [r"[(](b)\1"]),
        ([r"\((b)\2"], [r"\((b)\1"]),
        ([r"[]()](b)\2"], [r"[\]()](b)\1"]),
        ([r"(?#(x)(b)\2"], [r"(?#(x)(b)\1"]),
        ([r"(a)?(?(2)b|c)"], [r"(a)?(?(1)b|c)"]),
        ([r"x{e<=1}y{2,3}z{,4}w{}"], [r"x\{e<=1}y{2,3}z{,4}w\{}"]),
        ([r"[[:alpha:]]"], [r"[\[:alpha:]]"]),
        ([r"[^]a]"], [r"[^\]a]"]),
        ([r"\101\060"], [r"\101\060"]),
        (["(one", "two)"], ["((one|two))"]),
    ],
)
def test_each_item_stands_alone(items: list[str], alone: list[str]) -> None:
    """Groups are counted from the item's own first; what one engine takes for more than it is gets written out."""
    found = expressions(items)
    assert found.bad == ()
    assert list(found.items) == alone


def test_flags_are_taken_out_and_count_for_all() -> None:
    """Python 2 took a flag wherever it stood for the whole expression, and the items are one there."""
    found = expressions(["a(?i)b", "(?ms)c"])
    assert (found.items, found.ignore_case, found.multiline) == (("ab", "c"), True, True)
    assert expressions(["(?x)a b # c", "d"]).items == ("(?x:a b # c\n)", "(?x:d\n)")


def test_items_that_no_engine_takes_are_left_out_and_told() -> None:
    """The others stay."""
    found = expressions(["(a", "b", "[z-a]"])
    assert found.items == ("b",)
    assert [item for item, _ in found.bad] == ["(a", "[z-a]"]
    assert all(why for _, why in found.bad)


def test_what_only_this_engine_knows_is_told() -> None:
    r"""`\K` and its like are no mistake, and mean something else elsewhere."""
    assert "`\\K`" in expressions([r"a\Kb"]).notes[0]
    assert expressions([r"a\d\w\s\b\nb"]).notes == ()


def test_a_number_of_its_own_is_taken_as_meant() -> None:
    r"""`(a)\1` would be refused by Reddit; its author meant the first group."""
    found = expressions([r"(a)\1"])
    assert found.items == (r"(a)\1",)
    assert "`\\2`" in found.notes[0]


@pytest.mark.parametrize(
    ("item", "nothing"), [(".*", True), ("a?", True), ("^$", True), (r"\b", False), ("a", False), ("(", False)]
)
def test_what_is_found_in_an_empty_text_is_known(item: str, nothing: bool) -> None:
    """AutoModerator finds it there, and rules here look at no text that is empty."""
    assert found_in_nothing(item) is nothing


PIECES = [
    "a",
    "b",
    "(a)",
    "(?:b)",
    "(",
    ")",
    "[ab]",
    "[^a]",
    "|",
    "*",
    "+?",
    "{1,2}",
    r"\2",
    r"\3",
    r"\b",
    r"\W",
    ".",
    "^",
    "$",
    r"\(",
    "(?#x)",
    "(?=a)",
    "x{e}",
    "[[a]",
]
METHODS = {
    "word": r"(?:^|\W|\b)%s(?:$|\W|\b)",
    "substring": "%s",
    "full": r"^\W*%s\W*$",
    "full-exact": "^%s$",
    "starts": "^%s",
    "ends": "%s$",
}


@settings(max_examples=400, deadline=None)
@given(
    items=st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), min_size=1, max_size=3),
    method=st.sampled_from(sorted(METHODS)),
    texts=st.lists(st.text(alphabet="ab (x{e}[\n", max_size=10), min_size=5, max_size=10),
)
def test_alone_they_find_what_they_found_together(items: list[str], method: str, texts: list[str]) -> None:
    """Whatever Python's own engine takes as one expression is found in the same texts by the items one by one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            together = re.compile(METHODS[method] % f"({'|'.join(items)})", re.DOTALL)
        except re.error:
            return
        found = expressions(items)
        assert not found.bad
        alone = [regex.compile(wrapped(item, method), FLAGS) for item in found.items]
    for text in texts:
        assert any(each.search(text, timeout=5) for each in alone) is bool(together.search(text)), (found.items, text)


def test_why_an_expression_is_none_is_said_in_words() -> None:
    """So that a report can say it."""
    assert why_not("(") == "missing )"
    assert why_not("a") == ""
