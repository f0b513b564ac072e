"""The backtest on real messages: shapes of rules as people write them, against the judge over all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from modconsole.connectors import chitchat
from modconsole.domain.records import Message
from modconsole.errors import NotFound
from modconsole.policy.load import read_rule
from modconsole.policy.model import Rule
from tests.policy.worlds import World

MESSAGES = 8_000
CHECKS = (
    "body (word): [people]",
    "body (word): [free, money, giveaway]",
    "body (word): [hello, hi, hey, bye, thanks, please, sorry, maybe]",
    "body (substring): [ing, lol]",
    "body (word): ['right now', 'for sale']",
    "body (word, leet): [hello, free]",
    "body (word, squeeze): [hello, so]",
    "body (starts): [hello, 'hi ']",
    "body (ends): ['?', lol]",
    "body (full): [hello, lol]",
    "body (word, fold case): [PEOPLE, i]",
    "body (word, case-sensitive): [I, USA]",
    "body (regex): ['free(?:\\s+\\w+){0,2}\\s+(?:time|money|food)']",
    "body (regex): ['\\b\\d{3}[-. ]?\\d{4}\\b']",
    "body (regex): ['(\\w)\\1{3,}']",
    "body (regex): ['[а-яёA-Z]{9,}']",
    "body (regex): ['\\bhow(?!\\s+are)\\s+\\w+', '(?<=oh )no']",
    "body (regex, case-sensitive): ['[A-Z]{4,}']",
    "body (regex): ['^\\W*(?:lol|haha)+\\W*$']",
    "body (regex, word): ['wh(?:at|y|o)s?']",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """So many messages of the chitchat set."""
    try:
        records = islice((each for each in chitchat.records() if isinstance(each, Message)), MESSAGES)
        texts = [each.text for each in records]
    except NotFound:
        pytest.skip("the package chitchat-dataset is not installed")
    made = World(tmp_path_factory.mktemp("real"))
    for n, text in enumerate(texts):
        made.feed.add(text, None, 1, n % 50)
    yield made
    made.corpus.close()


def rule(words: str) -> Rule:
    """A rule of one check."""
    found, problems = read_rule(f"id: r\nname: R\nselect:\n  words:\n    {words}\ndo: [flag]\n", lists={})
    assert found is not None, problems
    return found


@pytest.mark.parametrize("words", CHECKS)
def test_nothing_is_missed_and_nothing_is_extra(world: World, words: str) -> None:
    """The same messages, with the same places; and the same where most are only counted."""
    asked = rule(words)
    right = world.brute(asked)
    assert right
    assert world.tried(asked) == right
    assert world.counted(asked, 5) == [found.ident for found in right]
