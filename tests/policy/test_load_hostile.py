"""No text makes the reader fall over, hang, or grow: whatever comes in, the answer is rules and problems."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modconsole.policy import lists as shared
from modconsole.policy.house import read_house
from modconsole.policy.load import read_documents, read_rule
from modconsole.policy.yaml_nodes import documents
from tests.hostile.corpus import PAYLOADS
from tests.policy.test_load import FULL, LISTS

LIMIT = 15.0
"""Seconds that the worst text may take on a slow machine under load: what hangs takes forever. Measured: below one second."""
SIZE = 120_000

HOSTILE: dict[str, Callable[[int], str]] = {
    "brackets": lambda size: "[" * size,
    "braces": lambda size: "{a: " * (size // 4),
    "brackets in a key": lambda size: "? " + "[" * size,
    "question marks": lambda size: "? " * (size // 2),
    "dashes": lambda size: "- " * (size // 2),
    "a staircase": lambda size: "\n".join(f"{' ' * step}a:" for step in range(500)),
    "lines without end": lambda size: "a\n" * (size // 2),
    "an open quote": lambda size: 'a: "' + "x\n " * (size // 3),
    "quotes": lambda size: "'" * size,
    "anchors": lambda size: "a: &x " * (size // 6),
    "laughter": lambda size: "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nid: *c\n",
    "merged keys": lambda size: "a: &a {b: c}\n<<: *a\n",
    "exclamation marks": lambda size: "!" * size,
    "tags": lambda size: "!!python/object/apply:os.system [ls]",
    "colons": lambda size: ":" * size,
    "a long key": lambda size: "a" * size + ": 1",
    "spaces": lambda size: " " * size + "x",
    "tabs": lambda size: "\t" * size + "x",
    "a wide value": lambda size: (
        f"id: a\nselect: {{a: {{links: '<{' ' * size}5', author age: '7{' ' * size}x'}}}}\ndo: hold"
    ),
    "a wide key": lambda size: f"id: a\nselect:\n  a:\n    ? 'body{' ' * size}y'\n    : x\ndo: hold",
    "a wide name": lambda size: f"id: a\nselect:\n  ? '{'b' * size}'\n  : {{body: x}}\ndo: hold\nwhen: {'b' * 60}",
    "remarks": lambda size: "#" * size,
    "directives": lambda size: "%a\n" * (size // 3),
    "commas": lambda size: "[" + "," * size,
    "many items": lambda size: "id: a\nselect: {a: {body: [" + "ab," * (size // 4) + "]}}\ndo: hold\n",
    "many keys": lambda size: "".join(f"k{number}: v\n" for number in range(size // 9)),
    "one key many times": lambda size: "{" + "a: 1, " * (size // 7) + "}",
    "an open bracket in when": lambda size: "id: a\nselect: {a: {body: x}}\ndo: hold\nwhen: " + "(" * 100_000,
    "not in when": lambda size: "id: a\nselect: {a: {body: x}}\ndo: hold\nwhen: " + "not " * 25_000 + "a",
    "brackets in an expression": lambda size: f"id: a\nselect: {{a: {{body (regex): '{'(' * 3_900}'}}}}\ndo: hold",
    "a slow expression": lambda size: "id: a\nselect: {a: {body (regex): '(x+x+)+y|(.|5|o|c)*Z'}}\ndo: hold",
    "large repetitions": lambda size: "id: a\nselect: {a: {body (regex): '((a{1,999}){1,999}){1,999}'}}\ndo: hold",
    "line ends of YAML 1.1": lambda size: "id: a\u2028b: c\u2029\x85d: e",
    "more than is read": lambda size: "a: b\n" * 2_000_000,
    "many documents": lambda size: "---\na: b\n" * 2_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_answered_and_in_time(name: str) -> None:
    """With problems, or as the remarks that it is."""
    text = HOSTILE[name](SIZE)
    began = time.monotonic()
    rules, problems = read_documents(text, "a.yaml")
    assert time.monotonic() - began < LIMIT
    assert problems or rules or set(text) <= set("#%a\n")
    assert len(problems) < 10_000
    assert all(len(problem.words) < 1_000 for problem in problems)


PIECES = st.sampled_from(
    [
        *"\t'\"[]{}:#|%@`,~()“\\\ufeff\0\x85\u2028\ud800x0\n\r",
        *(": ", " #", "- ", "> 5", "*a", "&a", "!x", "---", "\r\n", "? ", "<<: ", "  ", "null", "yes", "\\UFFFFFFFF"),
        *("list:", "not", "2 of", "id: a\n", "select: ", "{w: {body: free}}\n", "do: [flag]\n"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=4), max_size=25).map("".join))
@example("a: \u2028 b")
@example("%YAML 1.1\n%YAML 1.1\n---\n")
@example("? - a\n: b")
@example('id: "\\ud83d\\ude00"')
def test_any_text_is_read(text: str) -> None:
    """As a rule file, as lists in both forms, and as settings."""
    read_documents(text, "a.yaml", LISTS)
    read_house(text)
    written, _ = shared.from_yaml(text, "lists.yaml")
    shared.together([*written, shared.from_lines(text, "lists/a.txt", "a")])


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A rule that is right, with a few characters put in or taken out."""
    text = FULL
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(-10, 30))
        text = text[:at] + ("" if gone > 0 else draw(PIECES)) + text[at + max(gone, 0) :]
    return text


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_a_damaged_rule_is_never_lost_in_silence(text: str) -> None:
    """For every document there is a rule or a problem, and each problem lies within the file."""
    rules, problems = read_documents(text, "a.yaml", LISTS)
    count = len([*documents(text)])
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert len(rules) + len([problem for problem in problems if not problem.warning]) >= min(count, 1)
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)
    assert all(problem.words.endswith((".", "?", "…")) for problem in problems)


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_documents_of_a_file_are_stretches_of_it(text: str, ends: str) -> None:
    """Each stands where it says, in the order of the file; so one can be replaced and the others stay."""
    text = text.replace("x", f"{ends}---{ends}")
    at = 0
    for document in documents(text):
        assert text[document.start : document.start + len(document.text)] == document.text
        assert document.start >= at
        at = document.start + len(document.text)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))
def test_strangers_texts_can_stand_in_a_rule(payload: str) -> None:
    """Escape sequences, markup, directions: as a word to look for they are read, or refused with a reason."""

    text = f"id: a\nselect: {{w: {{body (fold exact): [{json.dumps(payload)}]}}}}\ndo: [flag]\n"
    rule, problems = read_rule(text)
    assert rule is not None or problems
    assert all("\x1b" not in problem.words + problem.hint for problem in problems)
