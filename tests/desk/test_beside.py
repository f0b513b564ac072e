"""The sync beside the screen: a process of its own that comes with the console and goes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modconsole.connectors.base import Account
from modconsole.desk import beside, sweep
from modconsole.desk.desk import Desk
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.sync.enroll import enroll
from modconsole.sync.lease import NAME

SOURCE = "blog"


def until(true: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Poll until it is true; fails with the words of `what`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database, and the secret of a source that nobody answers for."""
    monkeypatch.setenv("MODCONSOLE_SECRET_BLOG", "abcd efgh ijkl mnop")
    monkeypatch.setenv("MODCONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2] / "src"))
    made = tmp_path / "m.db"
    Db(made).close()
    return made


def signed_in(path: Path) -> None:
    """A source on a port where nobody listens: each look at it fails, and says so in the database."""
    with Db(path) as db:
        who = Account(id="user:1", name="Ann", site_name="Blog")
        enroll(db, SOURCE, "wordpress", {"url": "http://127.0.0.1:9/", "user": "ann"}, who, 1_790_000_000_000_000)


def tried(path: Path) -> bool:
    """Whether a sync has looked at the source."""
    with Db(path, create=False) as db:
        return marks.exists(db, SOURCE) and marks.mark(db, SOURCE).failure is not None


def holder(path: Path) -> int:
    """The process that holds the lease; 0 where nobody does."""
    with Db(path, create=False) as db:
        label = marks.holder(db, NAME, time.time_ns() // 1000)
    return int(label.rstrip(")").rpartition(" ")[2]) if label else 0


def alive(process: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_begins_with_the_first_source_and_ends_with_the_console(path: Path, tmp_path: Path) -> None:
    """Nothing to sync at first; a source that is added later is synced without a restart; at the end nothing is left."""
    stop = threading.Event()
    log = tmp_path / "home/logs/sync.log"
    thread = threading.Thread(target=beside.background(Desk(path), log=log), args=(stop,))
    thread.start()
    signed_in(path)
    until(lambda: tried(path), "the new source is looked at")
    process = holder(path)
    assert process not in (0, os.getpid())
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert not alive(process)
    assert holder(path) == 0
    words = log.read_text()
    assert "could not be reached" in words
    assert "abcd" not in words


def test_a_sync_that_dies_is_begun_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed from outside, as by a kernel that needs memory: somebody syncs again soon."""
    monkeypatch.setattr(beside, "AGAIN", 0.1)
    signed_in(path)
    stop = threading.Event()
    thread = threading.Thread(target=beside.background(Desk(path)), args=(stop,))
    thread.start()
    until(lambda: holder(path) != 0, "somebody syncs")
    first = holder(path)
    os.kill(first, signal.SIGKILL)
    with Db(path) as db:  # its lease would run out by itself
        db.run("delete from lease")
    until(lambda: holder(path) not in (0, first), "somebody else syncs")
    stop.set()
    thread.join(20)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the table of processes from /proc")
def test_a_console_that_is_killed_leaves_no_sync_behind(path: Path) -> None:
    """SIGKILL to the parent closes the pipe, and the child ends."""
    signed_in(path)
    program = (
        "import sys, threading; from modconsole.desk import beside; from modconsole.desk.desk import Desk;"
        f"beside.background(Desk({str(path)!r}))(threading.Event())"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    until(lambda: holder(path) != 0, "the child syncs")
    child = holder(path)
    assert child != parent.pid
    parent.kill()
    parent.wait()
    until(lambda: not alive(child), "the child ends")


def test_asking_for_a_look_says_whether_there_is_anything_to_look_at(path: Path) -> None:
    """With no source the key says so instead of promising."""
    desk = Desk(path)
    assert not sweep.ask_for_sync(desk)
    signed_in(path)
    assert sweep.ask_for_sync(desk)
    assert sweep.ask_for_sync(desk, SOURCE, full=True)
    assert marks.asked_for(desk.db) == {(SOURCE, False): 1, (SOURCE, True): 1}
    desk.close()
