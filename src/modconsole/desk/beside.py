"""The sync beside the screen: a process of its own, so that a key never waits for a page that is being stored.

A thread would share Python's one interpreter lock with the screen: on two cores a key took ten times as long while messages
came in (`benchmarks/bench_sync.py`). The process is `modconsole sync --watch` on the same database; the screen learns what it
did as it learns what colleagues do, from the database. It ends when its standard input does, so not even a console that is
killed leaves it behind.

The demo is the exception: its places live in the memory of the program that acts on them, so there a thread syncs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from modconsole.config.paths import RULES
from modconsole.desk import sweep
from modconsole.desk.desk import Desk
from modconsole.errors import ModConsoleError
from modconsole.store import marks

FIRST_PAUSE = 0.3
"""Seconds before the sync begins: the first screen comes first."""
AGAIN = 5.0
"""Seconds until a sync that ended by itself is begun again; doubled each time, to at most `LONGEST`."""
LONGEST = 300.0
LOOK = 2.0
"""Seconds between two looks whether there is a source by now."""
GRACE = 6.0
"""Seconds that it may take to come to its end."""


def background(desk: Desk, *, log: Path | None = None) -> Callable[[threading.Event], None]:
    """What the console runs in a thread beside the screen, until the flag is set: the sync, as soon as there is a source.

    `log` is a file for what goes wrong; it is turned over when it is large.
    """

    def work(stop: threading.Event) -> None:
        stop.wait(FIRST_PAUSE)
        while not stop.is_set() and not marks.accounts(desk.db):
            stop.wait(LOOK)
        if stop.is_set():
            return
        if any(account.platform.startswith("demo-") for account in marks.accounts(desk.db)):
            sweep.watch(desk, stop, what="console")
        else:
            _keep_running(desk, log, stop)

    return work


def command(path: Path, log: Path | None) -> list[str]:
    """The command line of the process."""
    words = [sys.executable, "-m", "modconsole", "--db", str(path), "sync", "--watch", "--until-eof"]
    return [*words, "--log", str(log)] if log is not None else words


def _keep_running(desk: Desk, log: Path | None, stop: threading.Event) -> None:
    pause = AGAIN
    while not stop.is_set():
        try:
            process = subprocess.Popen(
                command(desk.path, log),
                env={**os.environ, RULES: str(desk.rules)},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is the console's
            )
        except OSError as error:
            raise ModConsoleError(
                f"The sync could not be started ({error.strerror}).",
                hint="`modconsole sync --watch` in another window does it.",
            ) from None
        while process.poll() is None and not stop.wait(0.2):
            pass
        _end(process)
        if not stop.is_set():
            stop.wait(pause)
            pause = min(pause * 2, LONGEST)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it come to its end; what it has not finished, it goes on with the next time."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_with_input(stop: threading.Event) -> None:
    """Set `stop` when standard input ends, as it does when the console does, however it ends. Also makes way for the screen."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        stop.set()

    os.nice(5)
    threading.Thread(target=wait, name="until eof", daemon=True).start()
