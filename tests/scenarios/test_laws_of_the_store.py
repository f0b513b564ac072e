"""Laws 1, 2 and 7 for what is stored: made-up worlds in a real database, in pieces and out of order."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from modconsole.domain.ask import OPEN
from modconsole.domain.records import Conversation, Record, Source
from modconsole.domain.world import answer
from modconsole.store import queue
from modconsole.store.db import Db
from modconsole.store.export import export
from modconsole.store.ingest import ingest
from modconsole.store.queue import QueueRow
from modconsole.store.refresh import refresh_for
from modconsole.store.verify import verify
from tests.scenarios.generate import make_now, make_world
from tests.scenarios.test_laws import THOROUGH, Facts, facts

WORLDS = 2_000 if THOROUGH else 400
PARTS = 4
ALL = 10_000


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database to copy: making one costs more than filling it."""
    path = tmp_path_factory.mktemp("empty") / "modconsole.db"
    Db(path, bulk=True).close()
    return path


@contextmanager
def opened(empty: Path) -> Iterator[Db]:
    """A fresh database, gone afterwards."""
    with TemporaryDirectory() as folder, Db(shutil.copy(empty, Path(folder) / "modconsole.db"), bulk=True) as db:
        yield db


def worlds(part: int) -> Iterator[tuple[int, Random, list[Record], int]]:
    """Seeds, their dice, and what they made."""
    for seed in range(part * WORLDS // PARTS, (part + 1) * WORLDS // PARTS):
        thrown = Random(seed)
        yield seed, thrown, make_world(thrown), make_now(thrown)


def in_pieces(db: Db, records: list[Record], thrown: Random) -> None:
    """Stores records in any order, some of them twice, in a few batches and at various times."""
    moved = [*records, *(records[thrown.randrange(len(records))] for _ in range(3))]
    thrown.shuffle(moved)
    while moved:
        n = 1 + thrown.randrange(8)
        ingest(db, moved[:n], make_now(thrown))
        moved = moved[n:]


def stored(row: QueueRow) -> Facts:
    """What the specification says about an ask, as it is stored."""
    key = (row.source, row.conversation, row.thread, row.person)
    return (*key, row.status, row.waiting_since, row.messages, row.trouble)


@pytest.mark.parametrize("part", range(PARTS))
def test_law_2_what_is_kept_equals_what_is_derived_from_nothing(empty: Path, part: int) -> None:
    """In any order, twice and in pieces; the queue has its order, and what else an ask says is the same too."""
    for seed, thrown, records, now in worlds(part):
        with opened(empty) as db:
            in_pieces(db, records, thrown)
            with db.pretend():
                refresh_for(db, now)
                assert verify(db, now) == [], f"seed {seed}"
                rows = queue.page(db, now, ALL, every=True)
            asks = answer(records, now)
            assert [stored(r) for r in rows if r.status in OPEN] == [facts(a) for a in asks if a.status in OPEN], seed
            assert sorted(stored(r) for r in rows) == sorted(facts(a) for a in asks), f"seed {seed}"
            more = {stored(r)[:4]: r for r in rows}
            for ask in asks:
                row = more[facts(ask)[:4]]
                assert (row.due_at, row.reply_until, row.latest, row.backlog, row.reason, row.by, row.until) == (
                    ask.due_at,
                    ask.reply_until,
                    ask.latest,
                    ask.backlog,
                    ask.reason,
                    ask.by,
                    ask.until,
                ), f"seed {seed}"
                assert set(row.badges) == set(ask.badges), f"seed {seed}"


def test_law_7_every_stored_count_is_the_length_of_its_list(empty: Path) -> None:
    """Counters, sizes and pages of any length agree with the whole list."""
    for seed, thrown, records, now in worlds(0):
        with opened(empty) as db:
            in_pieces(db, records, thrown)
            with db.pretend():
                refresh_for(db, now)
                for every in (False, True):
                    rows = queue.page(db, now, ALL, every=every)
                    counted = Counter(r.status for r in rows)
                    counts = queue.counts(db, now)
                    assert {k: n for k, n in counts.items() if every or k in OPEN} == dict(counted), f"seed {seed}"
                    assert queue.size(db, now, every=every) == len(rows), f"seed {seed}"
                    paged: list[QueueRow] = []
                    while found := queue.page(db, now, 2, after=paged[-1].key if paged else None, every=every):
                        paged += found
                    assert paged == rows, f"seed {seed}"
                    back: list[QueueRow] = []
                    while found := queue.page(
                        db, now, 3, before=back[0].key if back else None, every=every, backwards=True
                    ):
                        back = [*found, *back]
                    assert back == rows, f"seed {seed}"


def test_an_export_gives_the_same_answers(empty: Path) -> None:
    """Everything that bears on waiting is written back."""
    for seed, thrown, records, now in worlds(1):
        with opened(empty) as db:
            in_pieces(db, records, thrown)
            written = list(export(db, (), now))
        assert [facts(a) for a in answer(written, now)] == [facts(a) for a in answer(records, now)], f"seed {seed}"


def test_law_1_importing_everything_twice_changes_nothing(empty: Path) -> None:
    """Every record of the second time is known and unchanged."""
    for seed, _, records, now in worlds(2):
        with opened(empty) as db:
            ingest(db, records, now)
            before = [stored(r) for r in queue.page(db, now, ALL, every=True)]
            again = ingest(db, [r for r in records if not isinstance(r, Source | Conversation)], now)
            assert (again.new, again.changed) == (0, 0), f"seed {seed}"
            assert [stored(r) for r in queue.page(db, now, ALL, every=True)] == before, f"seed {seed}"
