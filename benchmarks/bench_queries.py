"""What the store's calls behind the screens cost, on the chitchat set and on one a tenth of its size.

Each call of the queue, the inbox, the counters and the header is timed as the console makes it: with warm pages, by one
connection. A call must take less than 20 ms in 95 of 100 cases, and must not grow with the database: ten times the messages may
not cost noticeably more.

    python -m benchmarks.bench_queries [--calls 200] [--file FILE]
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from modconsole.connectors import chitchat
from modconsole.desk import views
from modconsole.desk.desk import Desk
from modconsole.desk.files import BATCH, bulk
from modconsole.domain.exchange import decode
from modconsole.domain.records import Conversation, Record
from modconsole.domain.times import DAY
from modconsole.store import lists, places, queue
from modconsole.store.ingest import Ingest

LIMIT_MS = 20.0
ROWS = 50
"""Rows of a page: a tall screen."""


def records(file: Path | None) -> Iterator[Record]:
    """The chitchat set, from its package or from a file in the exchange format."""
    if file is None:
        yield from chitchat.records()
        return
    with file.open("rb") as lines:
        yield from map(decode, lines)


def tenth(every: Iterator[Record]) -> Iterator[Record]:
    """Every tenth conversation with all that is in it."""
    number = 0
    for record in every:
        number += isinstance(record, Conversation)
        if number % 10 == 0:
            yield record


def fill(path: Path, every: Iterator[Record]) -> Desk:
    """A database of these records."""
    desk = Desk(path)
    with bulk(desk) as db:
        into = Ingest(db)
        while batch := list(itertools.islice(every, BATCH)):
            into.batch(batch, desk.now())
    return desk


def calls(desk: Desk) -> dict[str, Callable[[], object]]:
    """The calls, by what a person does with them. Those that follow a page follow one in the middle of the list."""
    db, now = desk.db, desk.now()
    rows = queue.page(db, now, 100_000)
    middle, box = rows[len(rows) // 2].key, lists.inbox(db, 300)[-1].key
    first = rows[0]
    where = lists.conversation_row_id(db, first.source, first.conversation)
    assert where is not None
    return {
        "queue, first page": lambda: queue.page(db, now, ROWS),
        "queue, next page": lambda: queue.page(db, now, ROWS, after=middle),
        "queue, page before": lambda: queue.page(db, now, ROWS, before=middle),
        "queue, last page": lambda: queue.page(db, now, ROWS, backwards=True),
        "queue, all, last page": lambda: queue.page(db, now, ROWS, backwards=True, every=True),
        "queue, as it is shown": lambda: views.QueuePager(desk).first(ROWS),
        "queue, one ask": lambda: queue.one(db, now, first.source, first.conversation, first.thread, first.person),
        "inbox, first page": lambda: lists.inbox(db, ROWS),
        "inbox, next page": lambda: lists.inbox(db, ROWS, after=box),
        "inbox, last page": lambda: lists.inbox(db, ROWS, backwards=True),
        "inbox, size": lambda: lists.inbox_size(db),
        "counters": lambda: queue.counts(db, now),
        "overdue": lambda: queue.overdue(db, now),
        "promised today": lambda: queue.promised_by(db, now + DAY),
        "sources": lambda: places.sources(db),
        "header": lambda: views.header(desk),
        "conversation": lambda: lists.entries(db, where),
    }


def timed(call: Callable[[], object], times: int) -> tuple[float, float]:
    """The median and the 95th percentile of so many calls, in milliseconds."""
    for _ in range(3):
        call()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1000)
    found.sort()
    return found[len(found) // 2], found[int(len(found) * 0.95)]


def main() -> int:
    """Measure and print. Exit code 1 where a call takes too long."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--calls", type=int, default=200)
    words.add_argument("--file", type=Path, help="the chitchat set as a file in the exchange format")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small = fill(Path(name) / "small.db", tenth(records(given.file)))
        large = fill(Path(name) / "large.db", records(given.file))
        sizes = [desk.db.value("select count(*) from message") for desk in (small, large)]
        print(f"{'':24}{sizes[0]:>10,} messages{sizes[1]:>15,} messages")
        print(f"{'ms':24}{'p50':>9}{'p95':>9}{'p50':>12}{'p95':>9}{'ratio':>9}")
        slow = []
        both = zip(calls(small).items(), calls(large).values(), strict=True)
        for (what, one), other in both:
            few, many = timed(one, given.calls), timed(other, given.calls)
            print(f"{what:24}{few[0]:9.2f}{few[1]:9.2f}{many[0]:12.2f}{many[1]:9.2f}{many[0] / few[0]:9.1f}")
            if many[1] > LIMIT_MS:
                slow.append(what)
        small.close()
        large.close()
    print(f"limit {LIMIT_MS:g} ms at p95: {'not kept by ' + ', '.join(slow) if slow else 'kept'}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
