"""0 missed and 0 extra, against the simplest way of doing it: on made rules and texts, and on real ones."""

from __future__ import annotations

import gzip
import importlib.util
import json
import random
from pathlib import Path

import pytest
from benchmarks import rules_made
from hypothesis import given
from hypothesis import strategies as st

from modconsole.policy.engine import Engine, Scanned, Spot
from modconsole.policy.model import Match, Rule, Texts
from tests.policy import made, oracle
from tests.policy.engines import check, rule

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Plain = dict[int, dict[Spot, list[tuple[str, str, int, int, str, str]]]]


def plain(found: dict[int, dict[Spot, list[Match]]]) -> Plain:
    """Matches without how they were found, in one order."""
    return {
        at: {
            spot: sorted((each.selection, each.field, each.start, each.end, each.words, each.item) for each in matches)
            for spot, matches in checks.items()
        }
        for at, checks in found.items()
    }


def listed(scanned: Scanned) -> Plain:
    """What an engine found, likewise."""
    assert not scanned.skipped
    return plain({at: {spot: list(each) for spot, each in checks.items()} for at, checks in scanned.found.items()})


@given(st.lists(made.rules(), min_size=1, max_size=3), st.lists(made.texts, min_size=1, max_size=5))
def test_made_rules_on_made_texts(rules: list[Rule], texts: list[Texts]) -> None:
    """Rules of every kind over an alphabet of characters that fold, expand, vanish and belong together."""
    assert listed(Engine(rules, limit=5).scan(texts)) == plain(oracle.scan(rules, texts))


def real(name: str) -> list[str]:
    """The texts of a file in the exchange format."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"../shared/data/{name} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [each["text"] for each in records if each["type"] == "message" and each.get("text")]


def chitchat() -> list[str]:
    """The texts of the chitchat set."""
    from modconsole.connectors import chitchat as source
    from modconsole.domain.records import Message

    if importlib.util.find_spec(source.PACKAGE) is None:
        pytest.skip("the package chitchat-dataset is not installed")
    return [each.text for each in source.records() if isinstance(each, Message)]


def exact(texts: list[str], rules: list[Rule], count: int) -> int:
    """Compare on some of the texts; gives the number of matches."""
    chosen = [Texts(ident=n, body=text) for n, text in enumerate(random.Random(7).sample(texts, count))]
    found = listed(Engine(rules, limit=5).scan(chosen))
    assert found == plain(oracle.scan(rules, chosen))
    return sum(len(matches) for checks in found.values() for matches in checks.values())


COMMON = [
    rule(check("the", "you", "linux", "free", "thin", "oh", "ed ing"), name="words"),
    rule(check("?", "!!", ":)", "c++", "..."), name="signs"),
    rule(check("an", "er", method="substring"), exceptions=(check("and", "other"),), name="parts"),
    rule(check("yes", "no", "thanks", method="full"), name="full"),
    rule(check("hi", "so", method="starts"), check("?", method="ends"), name="edges"),
    rule(check("good", "cool", "so", "leet", channels=("leet", "squeeze")), name="channels"),
    rule(check("Ubuntu", "I", fold="exact"), name="exact"),
    rule(check(r"\b\d{3,}\b", r"[A-Z]{4,}", r"(\w)\1\1", r"^\W*\w+\?$", regex=True, fold="exact"), name="expressions"),
    rule(check(r"(?:apt|dpkg)(?:-\w+)?\s+install", r"\bwh(?:at|y|o)\b", regex=True), name="literal expressions"),
    rule(check("com", "ubuntu", method="substring", fields=("link", "domain")), name="addresses"),
]


@pytest.mark.parametrize("name", ["irc-support.jsonl.gz", "community-sample.jsonl.gz"])
def test_common_rules_on_real_texts(name: str) -> None:
    """Rules that hit often, on a channel of support and on a community."""
    assert exact(real(name), COMMON, 400) > 500


def test_many_rules_on_real_texts() -> None:
    """Sixty rules as in the benchmark, on both and on direct messages."""
    for texts in (real("irc-support.jsonl.gz"), chitchat()):
        exact(texts, rules_made.rules(texts, 60), 60)
    assert exact(chitchat(), COMMON, 300) > 200
