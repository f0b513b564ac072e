"""A post or comment of the oracle as our judge sees it: its texts, and the answers to what rules ask about it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from modconsole.domain.facts import Fact, Question
from modconsole.domain.texts import Texts
from modconsole.domain.times import DAY
from modconsole.policy.judge import Judge
from modconsole.policy.model import Rule
from modconsole.policy.places import addresses
from tests.policy.automod_oracle import Thing

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


def thing(kind: str, title: str, body: str, author: str = "somebody", **more: Any) -> Thing:
    """A post or comment. The addresses in its text are what the fields `url` and `domain` are compared on."""
    found = addresses(body)
    urls, domains = tuple(each.text for each in found), tuple(each.host for each in found)
    return Thing(kind, title, body, author, urls, domains, **more)


def texts(things: Sequence[Thing]) -> list[Texts]:
    """What words are looked for in. A message of ours has the title of its conversation."""
    return [
        Texts(ident=number, body=each.body, title=each.title, name=f"Name of {each.author}", handle=each.author)
        for number, each in enumerate(things)
    ]


def judged(rules: Sequence[Rule], things: Sequence[Thing], limit: float = 10.0) -> list[set[str]]:
    """For each post or comment the ids of the rules that hit it."""

    def ask(question: Question, idents: Sequence[int]) -> set[int]:
        assert isinstance(question, Fact)
        return {ident for ident in idents if _holds(question, things[ident])}

    judged = Judge(rules, limit).judge(texts(things), ask)
    assert judged.skipped == []
    found: list[set[str]] = [set() for _ in things]
    for verdict in judged.verdicts:
        found[verdict.ident].add(verdict.rule)
    return found


def _holds(fact: Fact, about: Thing) -> bool:
    post = about.kind == "submission"
    flags = {
        "top level": post,
        "answers the opening": post or about.top_level,
        "author opened": about.submitter,
        "private": False,
        "edited": about.edited,
    }
    if fact.name in flags:
        return flags[fact.name] is fact.flag
    words = {"platform": ("forum",), "author is": ("us",) if about.moderator else ("member",)}
    if fact.name in words:
        return bool(set(words[fact.name]) & set(fact.words))
    numbers = {
        "thread messages": 0 if post else 3,
        "length": len(about.body),
        "account age": about.age_days * DAY,
        "attachments": 0,
    }
    return COMPARE[fact.op](numbers[fact.name], fact.number)
