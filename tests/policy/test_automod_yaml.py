"""AutoModerator's configuration is read as Reddit reads it, and what cannot be read is told with its place."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.policy.automod_yaml import Section, scalar, sections


def read(text: str) -> list[Section]:
    return list(sections(text))


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("yes", True),
        ("Off", False),
        ("TRUE", True),
        ("y", "y"),
        ("yEs", "yEs"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("010", 8),
        ("08", "08"),
        ("0b101", 5),
        ("0x1F", 31),
        ("0o17", "0o17"),
        ("-12", -12),
        ("+12", 12),
        ("1_000", 1000),
        ("12:30", 750),
        ("1:2:3", 3723),
        ("12:75", "12:75"),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1.5e+3", 1500.0),
        ("1e3", "1e3"),
        ("1.5e3", "1.5e3"),
        (".", "."),
        ("-", "-"),
        ("0x", "0x"),
        ("2014-05-06", "2014-05-06"),
        ("9" * 5000, "9" * 5000),
        ("http://x.y", "http://x.y"),
    ],
)
def test_words_without_quotes_are_what_yaml_1_1_takes_them_for(written: str, means: object) -> None:
    """As Python's parsers of YAML 1.1 read them: `y` is a text there, and an exponent needs a sign."""
    found = scalar(written)
    assert (type(found), found) == (type(means), means)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("yes", "True"), ("010", "8"), ("1.50", "1.5"), ("2.0", "2.0"), ("~", "None"), ("'010'", "010")],
)
def test_values_are_looked_for_in_pythons_spelling(text: str, spelled: str) -> None:
    """A search makes a text of whatever the value is."""
    (section,) = read(f"title: {text}")
    assert section.mapping is not None
    assert section.mapping.keys[0].value.text() == spelled


def test_sections_are_divided_at_hyphens_and_know_their_lines() -> None:
    """Line ends of Windows, a mark at the beginning, and longer fences make no difference."""
    found = read("\ufeff# One\r\na: 1\r\n---\r\n### Two ###\r\n\r\nb: 2\r\n------\r\nc: 3\r\n--- # Four\r\nd: 4")
    assert [(each.position, each.line, each.comments) for each in found] == [
        (1, 1, ("One",)),
        (2, 4, ("Two",)),
        (3, 8, ()),
        (4, 9, ("Four",)),
    ]
    assert [each.mapping.keys[0].name for each in found if each.mapping is not None] == ["a", "b", "c", "d"]
    assert [each.mapping.keys[0].line for each in found if each.mapping is not None] == [2, 6, 8, 10]


def test_hyphens_within_a_text_divide_nothing() -> None:
    """Only a line that begins with them does."""
    assert len(read("comment: |\n  a\n  ---\n  b\nbody: a---b")) == 1


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    """At the place of the first, as a dictionary of Python keeps it; each of those passed over is told."""
    (section,) = read("a: 1\nb: 2\na: 3\na: 4")
    assert section.mapping is not None
    assert [(key.name, key.value.data) for key in section.mapping.keys] == [("a", 4), ("b", 2)]
    assert section.mapping.twice == (("a", 1), ("a", 3))


def test_what_is_merged_in_does_not_replace_a_key_of_its_own() -> None:
    """`<<` as YAML 1.1 has it."""
    (section,) = read("author: &one {name: x, is_gold: true}\ncrosspost_author:\n  <<: *one\n  name: y")
    assert section.mapping is not None
    inner = section.mapping.keys[1].value.data
    assert {key.name: key.value.data for key in inner.keys} == {"is_gold": True, "name": "y"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"),
    [
        ("a: 1\nb: > 5", 2, 6, "Put quotes around it"),
        ("a: 1\n---\nb:\n  c: >10", 4, 8, "Put quotes around it"),
        ('a: "\\d"', 1, 6, "Use single quotes around expressions"),
        ("a: 'don't'", 1, 9, "written twice"),
        ("a: “x”, “y”: z", 1, 12, "curly quotes"),
        ("a: 1\n\tb: 2", 2, 1, "There is a tab"),
        ("a: @x", 1, 4, "Put quotes around the text"),
        ("a: *nothing", 1, 4, ""),
        ("a: [1, 2", 1, 9, ""),
        ("a: \x07", 1, 1, ""),
        ("[" * 60 + "]" * 60, 1, 1, ""),
        ("a: &a [*a]", 1, 1, ""),
        ('a: "\\UFFFFFFFF"', 1, 1, ""),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in pairwise("abcdefgh")),
            1,
            1,
            "",
        ),
    ],
)
def test_a_broken_section_says_where_and_what_to_do(text: str, line: int, column: int, hint: str) -> None:
    """The usual slips of the hand are known by the line they are on."""
    section = next(each for each in read(text) if each.fault)
    assert (section.fault_line, section.fault_column) == (line, column)
    assert hint in section.fault_hint
    assert section.fault.endswith(".")


def test_a_broken_section_breaks_no_other() -> None:
    """Reddit would refuse all of them."""
    found = read("a: [\n---\nb: 1\n---\nc: 'x")
    assert [bool(each.fault) for each in found] == [True, False, True]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab:-#'\"[]{}|>&*!%@~ \n\t,\\yn0\u00e9\ufeff\x00\u2028")), max_size=60))
def test_any_text_is_read_in_sections_or_told_of(text: str) -> None:
    """Nothing that is written raises anything, and no character is lost between sections."""
    for each in read(text):
        assert bool(each.fault) + (each.mapping is not None) <= 1
        assert each.fault_line >= each.line or not each.fault
