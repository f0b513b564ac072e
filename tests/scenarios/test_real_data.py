"""The product against the oracle on real conversations, which are kept outside the project."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from modconsole.domain.ask import OPEN
from modconsole.domain.records import Conversation, Message, Record, Source
from modconsole.domain.times import DAY, to_instant
from modconsole.domain.world import answer
from tests.scenarios import oracle
from tests.scenarios.test_laws import Facts, facts

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SAMPLE = DATA / "community-sample.jsonl.gz"
IRC = DATA / "irc-support.jsonl.gz"


def read(path: Path) -> list[Record]:
    """The records of a file in the exchange format."""
    if not path.exists():
        pytest.skip(f"../shared/data/{path.name} is not there")
    decoder = msgspec.json.Decoder(Record)
    with gzip.open(path, "rb") as lines:
        return [decoder.decode(line) for line in lines]


def by_conversation(records: list[Record]) -> dict[tuple[str, str], list[Record]]:
    """The records of each conversation, with those of its source: the oracle is too slow for more at once."""
    described = {r.id: r for r in records if isinstance(r, Source)}
    rooms: dict[tuple[str, str], list[Record]] = {}
    for r in records:
        if isinstance(r, Message | Conversation):
            room = (r.source, r.conversation if isinstance(r, Message) else r.id)
            rooms.setdefault(room, [described[r.source]]).append(r)
    return rooms


def compare(records: list[Record], rooms: dict[tuple[str, str], list[Record]]) -> Counter[str]:
    """Both answers are equal; returns how many asks have each status. `records` are those of these conversations."""
    now = max(to_instant(r.created_at) for r in records if isinstance(r, Message)) + DAY
    expected: dict[tuple[str, ...], Facts] = {}
    for part in rooms.values():
        expected |= {facts(a)[:4]: facts(a) for a in oracle.answer(part, now)}
    asks = answer(records, now)
    assert {facts(a)[:4]: facts(a) for a in asks} == expected
    queue = [a.waiting_since for a in asks if a.status in OPEN]
    assert queue == sorted(since for since in queue if since is not None)
    return Counter(a.status for a in asks)


def test_the_community_sample_is_answered_as_the_oracle_does() -> None:
    """Blog comments with the owner's replies, and a support channel: 2,045 records."""
    records = read(SAMPLE)
    counts = compare(records, by_conversation(records))
    assert counts["waiting"] > 0
    assert counts["answered"] > 0


def test_a_part_of_the_support_channels_is_answered_as_the_oracle_does() -> None:
    """Every twentieth conversation of 10,306."""
    rooms = dict(list(by_conversation(read(IRC)).items())[::20])
    records = [r for part in rooms.values() for r in part]
    counts = compare(records, rooms)
    assert counts["waiting"] > 0
    assert counts["answered"] > 0
