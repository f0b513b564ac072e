"""Converted rules hit exactly what AutoModerator's hit: held against an evaluator that was written from the reference alone."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.policy.automod import convert
from modconsole.policy.load import read_documents
from modconsole.policy.model import Rule
from tests.policy import automod_oracle as oracle
from tests.policy.automod_facts import judged, thing
from tests.policy.automod_oracle import Thing

HERE = Path(__file__).parent
DATA = Path(__file__).parents[3] / "shared" / "data"

WORDS = [
    "giveaway",
    "free",
    "airdrop",
    "cow",
    "scowl",
    "a",
    "@foo",
    "u/bot",
    "привет",
    "κόσμος",
    "Ångström",
    "日本",
    "c++",
    "x.y",
    "(ok)",
    "50%",
    "don't",
    "#1",
    "😀",
    "list:a",
    "\u200b",
    "Kelvin",
    "long-word",
    "_",
    "ΣΑΣ",
    "i",
    "...",
    "new  line",
    "_under_",
]
JOINTS = [" ", "", "\n", ".", "-", "_", "\u00a0", "  ", "(", ")", "!", "/", "@", "é", "7", "\t", "\u200b"]
EXPRESSIONS = [
    r"free|cow",
    r"\bcow\b",
    r"^free",
    r"free$",
    r"g[i1]ve\s*away",
    r"(?i)free",
    r"(?:a|b)+c?",
    r"\d{2,3}",
    r"[^\w\s]",
    r"c\+\+",
    r"(?<!s)cow(?!l)",
    r"(?=free).*cow",
    r"",
    r".*",
    r"\W",
    r"(?#remark)airdrop",
    r"(?m)^cow$",
    r"a{1,2}",
    r"x{e}",
    r"[[:alpha:]]",
    r"привет|мир",
    r"\s+",
    r"(?s)free.cow",
    r"[a-f]{3,}",
    r"😀+",
    r"\$?\d+",
    "free(?i)",
    r"(?:(?:free)?cow)*$",
    r"((?:free|a))\W",
]


def joined(parts: list[str]) -> str:
    return "".join(parts)


pieces = st.one_of(st.sampled_from(WORDS), st.sampled_from([word.upper() for word in WORDS]), st.sampled_from(JOINTS))
bodies = st.lists(pieces, max_size=12).map(joined)
addresses = st.sampled_from(
    [
        "",
        " https://imgur.com/a",
        " http://sub.imgur.com/x?y=1",
        " https://notimgur.com/",
        " www.example.org",
        " HTTPS://I.Imgur.COM/z",
    ]
)
things = st.builds(
    thing,
    st.sampled_from(["submission", "comment"]),
    bodies,
    st.tuples(bodies, addresses).map(joined),
    st.sampled_from(["ann", "Bob_2", "a-b", "giveaway", "free-cow"]),
    edited=st.booleans(),
    top_level=st.booleans(),
    age_days=st.sampled_from([0.5, 6.9, 7.0, 7.1, 400.0]),
    moderator=st.booleans(),
)
methods = st.sampled_from(["", "includes", "includes-word", "starts-with", "ends-with", "full-exact", "full-text"])
fields = st.sampled_from(
    ["body", "title", "title+body", "body+title", "url", "domain", "url+body", "domain+title", "body+url+title"]
)
literals = st.lists(st.one_of(st.sampled_from(WORDS), bodies.filter(bool)), min_size=1, max_size=4)
hosts = st.lists(
    st.sampled_from(["imgur.com", "i.imgur.com", "example.org", ".com", "com", "imgur"]), min_size=1, max_size=2
)


@st.composite
def checks(draw: st.DrawFn, names: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A search check: its key, and what it looks for."""
    field = draw(names)
    expressions = draw(st.booleans())
    modifiers = [
        word
        for word in (draw(methods), "regex" if expressions else "", draw(st.sampled_from(["", "case-sensitive"])))
        if word
    ]
    items = (
        draw(st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=3))
        if expressions
        else draw(hosts if field == "domain" else literals)
    )
    if expressions and draw(st.booleans()):
        groups = sum(item.count("((") for item in items)
        items.append(rf"(\w)\{groups + 2}")
    sign = draw(st.sampled_from(["", "", "~"]))
    tail = f" ({', '.join(modifiers)})" if modifiers else ""
    return f"{sign}{field}{tail}{draw(st.sampled_from(['', '', '#2']))}", items


@st.composite
def sections(draw: st.DrawFn) -> dict[str, Any]:
    """A rule of AutoModerator that has nothing in it that cannot be asked here."""
    rule: dict[str, Any] = {"action": draw(st.sampled_from(["remove", "filter", "approve", "spam", "report"]))}
    for name, value in draw(st.lists(checks(fields), min_size=1, max_size=3)):
        rule[name] = value
    if draw(st.booleans()):
        rule["type"] = draw(st.sampled_from(["any", "submission", "comment"]))
    if draw(st.booleans()):
        rule[draw(st.sampled_from(["body_longer_than", "body_shorter_than"]))] = draw(st.integers(0, 12))
    if draw(st.booleans()):
        name, value = draw(checks(st.just("name")))
        rule["author"] = {name: value}
        if draw(st.booleans()):
            rule["author"]["account_age"] = draw(st.sampled_from(["< 7 days", "> 1 week", "> 1 year", "< 10 hours"]))
    for name, values in (
        ("is_edited", [True, False]),
        ("moderators_exempt", [True, False]),
        ("is_top_level", [True, False]),
    ):
        if draw(st.integers(0, 5)) == 0:
            rule[name] = draw(st.sampled_from(values))
    if draw(st.integers(0, 4)) == 0:
        name, value = draw(checks(st.just("title")))
        rule["parent_submission"] = {name: value}
    return rule


def converted(text: str) -> dict[int, Rule]:
    """The rules of a configuration by the number of their section, from 0, each through the loader."""
    found = {}
    for each in convert(text).rules:
        if each.source:
            rules, problems = read_documents(each.source, "x.yaml")
            assert [problem for problem in problems if not problem.warning] == []
            (found[each.position - 1],) = rules
    return found


@settings(max_examples=400, deadline=None)
@given(rule=sections(), seen=st.lists(things, min_size=1, max_size=8))
def test_a_converted_rule_hits_what_the_original_hits(rule: dict[str, Any], seen: list[Thing]) -> None:
    """Every rule whose conditions are all expressible hits exactly the same posts and comments; one for which nothing can exist hits none."""
    text = json.dumps(rule, ensure_ascii=False)
    (read,) = oracle.rules(text)
    wanted = [oracle.hits(read, each) for each in seen]
    (one,) = convert(text).rules
    if not one.source:
        assert one.why.startswith("No message has all that it asks for")
        assert wanted == [False] * len(seen)
        return
    assert one.state != "held back"
    (mine,) = converted(text).values()
    assert [bool(hit) for hit in judged([mine], seen)] == wanted
