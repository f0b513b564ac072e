"""What an import costs, beside what it could cost at best.

`floor` is the least that a store of messages with search can do: decode the same file with the same decoder, put the messages
into one table with three indexes by one `executemany`, and rebuild the same full-text index. `import` is `modconsole import` as a
person calls it: it checks the whole file first, keeps versions, people and conversations apart, and derives who is waiting.

Both run in fresh processes on fresh files, one after the other in turn, so that a slow moment of the machine meets both; what is
compared is the median. The same import of a file several times as large shows whether memory stays flat.

    python -m benchmarks.bench_import [--runs 3] [--times 4] [--file FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT = 2.5
"""An import may take so many times as long as the floor."""

ROOT = Path(__file__).resolve().parents[1]


def floor(file: Path, database: Path) -> None:
    """The least work: one table, three indexes, one full-text index."""
    from modconsole.domain.exchange import decode
    from modconsole.domain.records import Message
    from modconsole.domain.times import to_instant

    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute(
        "create table message (id integer primary key, source text, native text, conversation text, author text,"
        " created_at integer, text text, parent text, state text)"
    )
    connection.execute("create unique index message_native on message (source, native)")
    connection.execute("create index message_in on message (conversation, created_at)")
    connection.execute("create index message_by on message (author, created_at)")
    connection.execute(
        "create virtual table message_search using fts5(text, content='message', content_rowid='id',"
        " tokenize='unicode61 remove_diacritics 2')"
    )
    with file.open("rb") as lines:
        records = [decode(line) for line in lines]
    rows = [
        (m.source, m.id, m.conversation, m.author.id, to_instant(m.created_at), m.text, m.parent, m.state)
        for m in records
        if isinstance(m, Message)
    ]
    connection.execute("begin")
    connection.executemany(
        "insert into message (source, native, conversation, author, created_at, text, parent, state)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    connection.execute("insert into message_search (message_search) values ('rebuild')")
    connection.execute("commit")
    connection.close()


def imported(file: Path, database: Path) -> None:
    """The import, through the command line."""
    from modconsole.cli.root import run

    code = run(["import", str(file), "--db", str(database), "--json"])
    if code:
        raise SystemExit(code)


def child(what: str, file: str, database: str) -> None:
    """One measured run in this process: prints seconds and the peak of resident memory in MB."""
    import resource

    work = {"floor": floor, "import": imported}[what]
    began = time.perf_counter()
    work(Path(file), Path(database))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def measure(what: str, file: Path, folder: Path) -> dict[str, Any]:
    """A run in a fresh process on a fresh file."""
    database = folder / f"{what}.db"
    for path in folder.glob(f"{what}.db*"):
        path.unlink()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), *sys.path[1:]])}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_import", "--child", what, str(file), str(database)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> int:
    """Measure and print. Exit code 1 where the limit is not kept."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--times", type=int, default=4, help="how many times larger the file for the memory is; 0: none")
    words.add_argument("--file", type=Path, help="a file in the exchange format instead of the chitchat set")
    words.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.child:
        child(*given.child)
        return 0
    from modconsole.connectors import chitchat

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = given.file or folder / "chitchat.jsonl"
        if given.file is None:
            print(f"{chitchat.write_jsonl(file).messages:,} messages, {file.stat().st_size / 1e6:.0f} MB")
        floors, imports, peak = [], [], 0.0
        for _ in range(given.runs):
            floors.append(measure("floor", file, folder)["seconds"])
            run = measure("import", file, folder)
            imports.append(run["seconds"])
            peak = max(peak, run["peak"])
        ratio = statistics.median(imports) / statistics.median(floors)
        print(f"floor   {statistics.median(floors):6.2f} s  ({', '.join(f'{each:.2f}' for each in floors)})")
        print(f"import  {statistics.median(imports):6.2f} s  ({', '.join(f'{each:.2f}' for each in imports)})")
        print(f"ratio   {ratio:6.2f}    limit {LIMIT}")
        print(f"memory  {peak:6.0f} MB at its peak")
        if given.times and given.file is None:
            chitchat.write_jsonl(file, multiply=given.times)
            large = measure("import", file, folder)
            print(f"{given.times} times the file: {large['seconds']:.2f} s, {large['peak']:.0f} MB at its peak")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
