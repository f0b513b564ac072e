"""A thousand rules over all chitchat messages, as sync judges them: what it costs, that it is exact, what disguises are seen
through, and what hostile expressions can do.

    python -m benchmarks.rules_live [--messages N]

Each figure stands beside its limit, measured in the same run: the cost beside a raw scan of the same folded text for the same
literals by Hyperscan (which finds literals only and tells nobody), and beside a loop over `re`, measured on a sample.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hyperscan
from tests.policy import oracle

from benchmarks.disguises import DISGUISES
from benchmarks.rules_made import check, literals, rule, rules, vocabulary
from modconsole.connectors import chitchat
from modconsole.domain.records import Message
from modconsole.policy.engine import Engine, Spot
from modconsole.policy.fold import fold_text
from modconsole.policy.model import Match, Rule, TextCheck, Texts

TIMES_HYPERSCAN = 15.0
TIMES_FASTER = 300.0
WORST_MS = 50.0
FOUND = 0.99
ADDED = 0.01
BATCH = 500
"""Messages that are judged together: about what a few pages of a sync bring."""
IRC = Path(__file__).resolve().parents[2] / "shared" / "data" / "irc-support.jsonl.gz"

CATASTROPHES: tuple[tuple[str, str], ...] = (
    (r"(a+)+$", "a" * 9_000 + "!"),
    (r"(a|aa)+$", "a" * 9_000 + "!"),
    (r"(\w+\s?)*$", "word " * 1_900 + "!"),
    (r"(x+x+)+y", "y " + "x" * 9_000),
    (r"(.*){4}x$", "x " + "b" * 9_000),
    (r"(?:.*,){15}P", "P " + "1," * 4_500),
    (r"a{0,500}a{0,500}a{0,500} b", " b" + "a" * 9_000),
    (r"\s+$", " " * 9_000 + "x"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "A" + "a" * 9_000 + "!"),
    (r"^([a-zA-Z]+)*\d$", "a" * 9_000 + "!1"),
    (r"(\w)(?:\w*\1)*!!", "!! " + "ab" * 4_500),
)
"""Expressions known to take for ever in a backtracking engine, each with a text that makes them do so and has the letters that
they need, so that no first look can excuse them."""

_QUIET = 1 << 10
"""HS_FLAG_QUIET, which the package does not name: matches are found and nobody is told."""


def batches(texts: Sequence[Texts]) -> Iterator[Sequence[Texts]]:
    """The messages as they come."""
    for start in range(0, len(texts), BATCH):
        yield texts[start : start + BATCH]


def scanned(engine: Engine, texts: Sequence[Texts]) -> tuple[float, int]:
    """CPU seconds of all messages, and the rules' hits."""
    began, hits = time.process_time(), 0
    for some in batches(texts):
        hits += sum(len(found) for found in engine.scan(some).found.values())
    return time.process_time() - began, hits


def hyperscanned(needles: Sequence[str], texts: Sequence[bytes]) -> float:
    """CPU seconds of the fastest scan there is: all literals over each message, nobody told of a match."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    every = sorted({needle.encode() for needle in needles if needle})
    database.compile(
        expressions=[b"".join(b"\\x%02x" % byte for byte in each) for each in every],
        ids=list(range(len(every))),
        elements=len(every),
        flags=_QUIET,
    )
    scan = database.scan
    began = time.process_time()
    for text in texts:
        scan(text, match_event_handler=_nobody)
    return time.process_time() - began


def _nobody(*_: object) -> None:
    """Is told of no match: the scan is a quiet one."""


def looped(made: Sequence[Rule], texts: Sequence[Texts]) -> float:
    """CPU seconds for each message of what everybody writes first: one compiled expression a rule, tried on every message."""
    compiled = []
    for each in made:
        one = each.selections[0].alternatives[0][0]
        assert isinstance(one, TextCheck)
        wrap = {"word": r"\b(?:{})\b", "starts": "^(?:{})", "ends": "(?:{})$", "full": r"^\W*(?:{})\W*$"}
        joined = "|".join(one.items if one.regex else map(re.escape, one.items))
        compiled.append(re.compile(wrap.get(one.method, "{}").format(joined), re.IGNORECASE | re.DOTALL))
    bodies = [each.body for each in texts]
    began = time.process_time()
    for body in bodies:
        for pattern in compiled:
            pattern.search(body)
    return (time.process_time() - began) / len(bodies)


def compared(made: Sequence[Rule], texts: Sequence[Texts]) -> tuple[int, int, int]:
    """Matches by brute force, of these the ones that the engine missed, and those that it has beyond them."""
    engine, all_of_it, missed, extra = Engine(made, limit=60.0), 0, 0, 0
    for some in batches(texts):
        ours, truth = _flat(engine.scan(some).found), _flat(oracle.scan(made, some))
        all_of_it += len(truth)
        missed += len(truth - ours)
        extra += len(ours - truth)
    return all_of_it, missed, extra


def _flat(found: dict[int, dict[Spot, Any]]) -> set[tuple[int, Spot, int, int, str]]:
    def of(matches: Sequence[Match], at: int, spot: Spot) -> Iterator[tuple[int, Spot, int, int, str]]:
        for each in matches:
            yield at, spot, each.start, each.end, each.item

    return {one for at, spots in found.items() for spot, matches in spots.items() for one in of(matches, at, spot)}


def catastrophes() -> list[tuple[str, float, bool]]:
    """Each expression with its CPU milliseconds on its text, and whether it was named as given up."""
    told = []
    for item, text in CATASTROPHES:
        engine = Engine([rule(0, check([item], regex=True, method="substring", fold="case"))])
        engine.scan([Texts(ident=1, body="warm up")])
        began = time.process_time()
        found = engine.scan([Texts(ident=1, body=text[:10_000])])
        told.append((item, (time.process_time() - began) * 1e3, any(each.item == item for each in found.skipped)))
    return told


def disguised(keywords: Sequence[str]) -> dict[str, float]:
    """For each disguise the share of keywords that are found in it."""
    chance = random.Random(5)
    engine = Engine([rule(number, check([word])) for number, word in enumerate(keywords)])
    shares = {}
    for name, disguise in DISGUISES.items():
        texts = [Texts(ident=n, body=f"please {disguise(word, chance)} now") for n, word in enumerate(keywords)]
        found = engine.scan(texts).found
        shares[name] = statistics.fmean(any(spot.rule == n for spot in found.get(n, {})) for n in range(len(keywords)))
    return shares


def added(keywords: Sequence[str], texts: Sequence[Texts]) -> tuple[int, int]:
    """Messages with a keyword as it is written, whatever its case; and those that are hit beyond them by look-alikes."""
    plain = Engine([rule(0, check(keywords, fold="case"))])
    wide = Engine([rule(0, check(keywords))])
    few = more = 0
    for some in batches(texts):
        exactly = set(plain.scan(some).found)
        few += len(exactly)
        more += len(set(wide.scan(some).found) - exactly)
    return few, more


def irc() -> list[Texts]:
    """The support channel's messages; none where the data is not there."""
    if not IRC.exists():
        return []
    with gzip.open(IRC, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [Texts(ident=n, body=each["text"]) for n, each in enumerate(records) if each.get("type") == "message"]


def verdict(words: str, good: bool) -> bool:
    """A line of the report."""
    print(f"{'ok  ' if good else 'OVER'} {words}", flush=True)
    return good


def main() -> int:
    """Measure, print, and say with the exit code whether every limit was kept."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=0, help="only so many of them")
    given = parser.parse_args()
    records = (each for each in chitchat.records() if isinstance(each, Message))
    texts = [Texts(ident=n, body=unicodedata.normalize("NFC", each.text)) for n, each in enumerate(records)]
    texts = texts[: given.messages or None]
    made = rules([each.body for each in texts])
    began = time.process_time()
    engine = Engine(made)
    print(f"{len(texts):,} messages, {len(made):,} rules with {len(literals(made)):,} literals; "
          f"made ready in {time.process_time() - began:.2f} s")  # fmt: skip
    good = cost(engine, made, texts)
    chance = random.Random(6)
    for name, every in (("chitchat", texts), ("irc", irc())):
        if every:
            some = chance.sample(every, min(len(every), 400))
            matches, missed, extra = compared(chance.sample(made, 60), some)
            good &= verdict(
                f"{name}: {matches:,} matches by brute force, {missed} missed, {extra} extra", missed + extra == 0
            )
    for item, spent, named in catastrophes():
        good &= verdict(
            f"{item:32} {spent:5.1f} ms of CPU{', given up and named' if named else ''}", spent <= WORST_MS + 5
        )
    keywords = [word for word in vocabulary([each.body for each in texts], least=5) if word.isascii()][:400]
    for name, share in disguised(keywords).items():
        good &= verdict(f"{name:16} {share:.2%} of {len(keywords)} keywords found (limit {FOUND:.0%})", share >= FOUND)
    few, more = added(keywords, texts)
    good &= verdict(f"false hits added on real text: {more} to {few:,} (limit {ADDED:.0%})", more <= ADDED * few)
    return 0 if good else 1


def cost(engine: Engine, made: Sequence[Rule], texts: Sequence[Texts]) -> bool:
    """The engine beside the fastest scan and beside a loop."""
    runs = [scanned(engine, texts) for _ in range(3)]
    spent, hits = min(runs)
    began = time.process_time()
    folded = [fold_text(each.body, "lookalike").encode("utf-8", "surrogatepass") for each in texts]
    folding = time.process_time() - began
    needles = [fold_text(each, "lookalike") for each in literals(made)]
    floor = min(hyperscanned(needles, folded) for _ in range(3))
    loop = looped(made, random.Random(7).sample(list(texts), min(len(texts), 1_000))) * len(texts)
    each = 1e6 / len(texts)
    print(
        f"ours {spent:.2f} s ({spent * each:.1f} µs a message, {hits:,} hits; folding the text alone {folding * each:.1f} µs)"
    )
    print(
        f"Hyperscan, literals only {floor:.2f} s ({floor * each:.1f} µs); loop over re {loop:,.0f} s, from a sample of 1,000"
    )
    return all(
        (
            verdict(
                f"{spent / floor:.1f} times Hyperscan (limit {TIMES_HYPERSCAN:.0f})", spent <= TIMES_HYPERSCAN * floor
            ),
            verdict(
                f"{loop / spent:,.0f} times faster than the loop (limit {TIMES_FASTER:.0f})",
                loop >= TIMES_FASTER * spent,
            ),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
