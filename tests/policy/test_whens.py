"""`when` is read as it is meant, and written so that it is read again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.policy import whens
from modconsole.policy.model import Not, Ref, Some, When
from modconsole.policy.notes import Notes, Spot

NAMES = ("a", "b", "c", "long name", "not")
A, B, C = Ref("a"), Ref("b"), Ref("c")


def read(text: str, names: tuple[str, ...] = NAMES) -> When | None:
    notes = Notes("")
    found = whens.read(text, names, notes, Spot(1, 1), inline=True)
    assert (found is None) is bool(notes.problems())
    return found


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("not a", Not(A)),
        ("not not a", A),
        ("a and b and c", Some(3, (A, B, C))),
        ("a or b and c", Some(1, (A, Some(2, (B, C))))),
        ("(a or b) and c", Some(2, (Some(1, (A, B)), C))),
        ("not a and b", Some(2, (Not(A), B))),
        ("not (a and b)", Not(Some(2, (A, B)))),
        ("2 of (a, b, c)", Some(2, (A, B, C))),
        ("2 of (a, not b, a and c)", Some(2, (A, Not(B), Some(2, (A, C))))),
        ("all of (a, b)", Some(2, (A, B))),
        ("any of (a, b)", Some(1, (A, B))),
        ("1 of them", Some(1, tuple(Ref(name) for name in NAMES))),
        ("ALL OF THEM", Some(5, tuple(Ref(name) for name in NAMES))),
        ("a AND NOT b", Some(2, (A, Not(B)))),
        ('"long name" or "not"', Some(1, (Ref("long name"), Ref("not")))),
        ("'long name'", Ref("long name")),
        ("1 of (a)", A),
        ("\n  a\n  and b\n", Some(2, (A, B))),
    ],
)
def test_the_words_bind_as_usual(text: str, tree: When) -> None:
    """`not` before `and` before `or`, brackets before all."""
    assert read(text) == tree


@pytest.mark.parametrize(
    ("text", "column"),
    [
        *[
            ("a and d", 7),
            ("a b", 3),
            ("(a", 3),
            ("a)", 2),
            ("a and", 6),
            ("3 of (a, b)", 1),
            ("0 of them", 1),
            ("", 1),
        ],
        *[("a, b", 2), ("2 of a", 6), ("a or or b", 6), ("a or 'b", 6), ("!a", 1), ("a and (b or d)", 13)],
        *[("2 of (a, b", 11), ("a && b", 3), ("a or |", 6)],
    ],
)
def test_a_mistake_is_found_at_its_place(text: str, column: int) -> None:
    """Column of the word that is wrong, or of the end where something is missing."""
    notes = Notes("")
    assert whens.read(text, NAMES, notes, Spot(1, 1), inline=True) is None
    assert [(problem.line, problem.column) for problem in notes.problems()] == [(1, column)]


def test_what_lies_deep_or_is_long_is_refused_and_not_fallen_over() -> None:
    """No text makes the reader recurse further than it wants to."""
    for text in ("(" * 100_000, "not " * 100_000 + "a", "1 of (" * 5_000, "a and " * 10_000 + "a"):
        assert read(text) is None


TREES = st.recursive(
    st.sampled_from(NAMES).map(Ref),
    lambda inner: (
        inner.map(lambda tree: tree.of if isinstance(tree, Not) else Not(tree))
        | st.lists(inner, min_size=2, max_size=4).flatmap(
            lambda parts: st.integers(1, len(parts)).map(lambda least: Some(least, tuple(parts)))
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(TREES)
def test_a_tree_that_is_written_is_read_again(tree: When) -> None:
    """With no more brackets than it needs, and none less."""
    assert read(whens.spell(tree)) == tree


@settings(deadline=None)
@given(TREES, st.lists(st.booleans(), min_size=5, max_size=5))
def test_holding_is_what_the_words_say(tree: When, values: list[bool]) -> None:
    """Against Python's own reading of the same words."""
    true = dict(zip(NAMES, values, strict=True))

    def python(part: When) -> bool:
        if isinstance(part, Ref):
            return true[part.name]
        if isinstance(part, Not):
            return not python(part.of)
        return sorted(map(python, part.of), reverse=True)[part.least - 1]

    assert whens.holds(tree, true) is python(tree)


def test_what_can_never_hold_and_what_always_does_is_seen() -> None:
    """By trying; with many names it is not tried, and both are possible."""
    assert whens.verdicts(Some(2, (A, Not(A)))) == {False}
    assert whens.verdicts(Some(1, (A, Not(A)))) == {True}
    assert whens.verdicts(Some(2, (A, B))) == {True, False}
    many = tuple(Ref(f"n{number}") for number in range(40))
    assert whens.verdicts(Some(41, (*many, Not(many[0])))) == {True, False}


@settings(deadline=None)
@given(st.text(alphabet="ab()\"', andort123~!\n", max_size=40))
def test_no_text_makes_it_fall_over(text: str) -> None:
    """It is read, or something is noted."""
    read(text)
