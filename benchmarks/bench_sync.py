"""What a sync of 50,000 messages costs us, beside only fetching and decoding the same pages; and what it costs the console's
keys.

usage: python -m benchmarks.bench_sync [--messages N] [--runs N]

The server is a process of its own that has its pages ready (`benchmarks.page_server`), so nothing hides behind it. CPU is
that of the measured process alone. Keys are measured from outside, through a pseudo-terminal, on a database of 64,536 other
messages: first while nothing is synced, then while the messages come in, with proof from the server that they did so from the
first key to the last.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.tools.ttyprobe import Session

from benchmarks.bench_console import ROOT, p95

LIMIT = 1.5
"""A key may take so many times as long while messages come in."""
SECRET = "abcd efgh ijkl mnop"
KEYS = 60
FEWEST = 30


@contextmanager
def server(messages: int) -> Iterator[int]:
    """The page server; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.page_server", str(messages)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def enrolled(path: Path, port: int, *, paused: bool = False) -> None:
    """The server's site as a source of a database."""
    from modconsole.connectors.base import Account
    from modconsole.store import marks
    from modconsole.store.db import Db
    from modconsole.sync.enroll import enroll

    with Db(path) as db:
        who = Account(id="user:1", name="Ann", site_name="Blog")
        enroll(db, "blog", "wordpress", {"url": f"http://127.0.0.1:{port}/", "user": "ann"}, who, 1_793_000_000_000_000)
        if paused:
            marks.pause(db, "blog", True)


def fetch_and_decode(port: int, messages: int) -> float:
    """CPU seconds of asking for the same pages one after the other and decoding them into the same structs."""
    import msgspec

    from modconsole.connectors.wordpress_map import Comment

    decode = msgspec.json.Decoder(list[Comment]).decode
    began = time.process_time()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=("ann", SECRET)) as client:
        for offset in range(0, messages, 90):
            decode(client.get("/wp-json/wp/v2/comments", params={"offset": str(offset), "per_page": "100"}).content)
    return time.process_time() - began


def sync(port: int, folder: Path) -> tuple[float, float, int]:
    """CPU seconds, seconds and stored messages of a first sync into a new database, in this process."""
    from modconsole.connectors.signing import Credentials
    from modconsole.store.db import Db
    from modconsole.sync.engine import Engine

    path = folder / f"{time.monotonic_ns()}.db"
    enrolled(path, port)
    engine = Engine(path, "bench", clock=lambda: time.time_ns() // 1000, secrets=lambda _: Credentials(SECRET))
    cpu, began = time.process_time(), time.perf_counter()
    (result,) = engine.run_once()
    spent = time.process_time() - cpu, time.perf_counter() - began
    assert result.outcome == "ok", result
    with Db(path, create=False) as db:
        return (*spent, int(db.value("select count(*) from message")))


def measured(what: str, port: int, messages: int) -> list[float]:
    """One measurement in a process of its own."""
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_sync", "--only", what, str(port), str(messages)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return [float(word) for word in made.stdout.split()]


def key_times(path: Path, port: int, messages: int, *, syncing: bool) -> list[float]:
    """Milliseconds from a key to the first change on the screen, in the queue; with `syncing` while pages come in."""
    env = {
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": None,
        "TERM": "xterm-256color",
        "MODCONSOLE_SECRET_BLOG": SECRET,
    }
    command = [sys.executable, "-m", "modconsole", "--db", str(path)]
    found = []
    before_all = pages(port)
    last = before_all + messages // 90
    with Session(command, size=(120, 40), env=env, timeout=60) as probe:
        probe.wait_text(" of ")
        probe.settle(quiet=0.3) if not syncing else wait_for_pages(port, before_all + 3)
        began = pages(port)
        for number in range(KEYS):
            done = probe.key("j" if number % 30 < 15 else "k")
            if syncing and pages(port) >= last:
                break  # this key may have met no sync any more
            found.append(float(done.first_ms or 0.0))
        if syncing:
            print(
                f"  {len(found)} keys, and {pages(port) - began} pages of 100 that came in from the first to the last of them"
            )
    assert len(found) >= FEWEST, f"only {len(found)} keys fitted into the sync: ask for more messages"
    return found


def pages(port: int) -> int:
    """How many pages were asked for so far."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/asked")
        return int(json.loads(connection.getresponse().read())["pages"])


def wait_for_pages(port: int, many: int) -> None:
    """Until so many pages were asked for."""
    deadline = time.monotonic() + 30
    while pages(port) < many:
        if time.monotonic() > deadline:
            raise TimeoutError("the sync has come to its end, or never began: ask for more messages")
        time.sleep(0.005)


def database(folder: Path) -> Path:
    """A quarter of the chitchat set: what the moderator moves in."""
    from modconsole.connectors.chitchat import write_jsonl

    talk, part = folder / "chitchat.jsonl", folder / "part.jsonl"
    write_jsonl(talk)
    with talk.open("rb") as whole, part.open("wb") as some:
        for number, line in enumerate(whole):
            if number % 4 == 0 or b'"type":"source"' in line:
                some.write(line)
    path = folder / "desk.db"
    subprocess.run([sys.executable, "-m", "modconsole", "--db", str(path), "import", str(part)], check=True)
    return path


def main() -> int:
    """Measure and print; 1 where the limit is not kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=50_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.only:
        what, port, messages = given.only[0], int(given.only[1]), int(given.only[2])
        if what == "fetch":
            print(fetch_and_decode(port, messages))
        else:
            with tempfile.TemporaryDirectory() as scratch:
                print(*sync(port, Path(scratch)))
        return 0
    for folder in (sysconfig.get_paths()["purelib"], ROOT / "src", ROOT / "benchmarks"):
        compileall.compile_dir(str(folder), quiet=2, workers=0)
    with tempfile.TemporaryDirectory() as made, server(given.messages) as port:
        throughput(port, given.messages, given.runs)
        return latency(Path(made), port, given.messages)


def throughput(port: int, messages: int, runs: int) -> None:
    """CPU of both, in turn."""
    fetched: list[float] = []
    synced: list[list[float]] = []
    for _ in range(runs):
        fetched.append(measured("fetch", port, messages)[0])
        synced.append(measured("sync", port, messages))
    assert all(int(each[2]) == messages for each in synced), synced
    floor = statistics.median(fetched) / messages * 1e6
    ours = statistics.median(cpu for cpu, _, _ in synced) / messages * 1e6
    wall = statistics.median(seconds for _, seconds, _ in synced)
    print(
        f"sync of {messages:,} messages: {ours:.0f} ms of CPU per 1,000, {messages / wall:,.0f} messages a second;"
        f" only fetching and decoding the same pages: {floor:.0f} ms per 1,000; ratio {ours / floor:.1f}"
    )


def latency(folder: Path, port: int, messages: int) -> int:
    """Keys without a sync and during one."""
    path = database(folder)
    enrolled(path, port, paused=True)
    idle = key_times(path, port, messages, syncing=False)
    enrolled(path, port)
    from modconsole.store import marks
    from modconsole.store.db import Db

    with Db(path, create=False) as db:
        marks.pause(db, "blog", False)
    busy = key_times(path, port, messages, syncing=True)
    ratios = []
    for name, figure in (("median", statistics.median), ("p95", p95)):
        ratios.append(figure(busy) / figure(idle))
        during, without = figure(busy), figure(idle)
        print(
            f"key to screen, {name}: {during:.1f} ms while messages come in, {without:.1f} ms without; {ratios[-1]:.2f} times"
        )
    print(f"limit: {LIMIT} times, median and p95")
    return int(max(ratios) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
