"""The rule lab: rules are tried beside the screen as they are typed, in a process of its own (`desk.lab_work`).

A thread would share Python's one interpreter lock with the screen, as the sync once did (`desk.beside`). The process ends when
its standard input does, so not even a console that is killed leaves it behind.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from modconsole.desk.desk import Desk
from modconsole.desk.lab_events import Event, Failed, Ready, Request, event, line

GRACE = 2.0
"""Seconds that it may take to come to its end."""


class Lab:
    """The worker, as whoever types sees it. For one thread; `told` is called from another, whenever there is something to `poll`.

    The process starts at once, so that the copy of the texts is up to date when the first rule is tried. One that died is started
    again by the next `try_text`.
    """

    def __init__(self, desk: Desk, *, told: Callable[[], None] | None = None) -> None:
        self._desk = desk
        self._notify = told or (lambda: None)
        self._events: deque[Event] = deque()
        self._generation = 0
        self._closed = False
        self.ended_in: float | None = None
        """Seconds that it took to end the last trial that a newer one replaced."""
        self._process = self._started()

    def try_text(self, text: str, against: str | None = None, *, limit: int = 50) -> int:
        """Try a rule document, instead of whatever is being tried. Gives the generation that its events carry."""
        self._generation += 1
        self._ask(Request(generation=self._generation, text=text, against=against, limit=limit))
        return self._generation

    def cancel(self) -> None:
        """End what is being tried; none of its events comes any more."""
        self._generation += 1
        self._ask(Request(generation=self._generation))

    def poll(self) -> list[Event]:
        """What has come in about the latest request, in order; never waits. What was said about earlier ones is dropped."""
        found: list[Event] = []
        while self._events:
            each = self._events.popleft()
            if isinstance(each, Ready):
                self.ended_in = each.seconds if each.seconds is not None else self.ended_in
            elif each.generation in (self._generation, 0):
                found.append(each)
        return found

    def close(self) -> None:
        """End the process. Safe to call twice."""
        self._closed = True
        self._hang_up()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    # -- the process -----------------------------------------------------------------------------------------------------------

    def _started(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command(self._desk.path, self._desk.rules),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is the console's
        )
        threading.Thread(target=self._listen, args=(process,), name="lab", daemon=True).start()
        return process

    def _hang_up(self) -> None:
        """Close the way to the process, which ends it."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended already
                self._process.stdin.close()

    def _ask(self, asked: Request) -> None:
        if self._closed:
            return
        for last in (False, True):
            if not self.running:
                self._hang_up()
                self._process = self._started()
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(line(asked))
                self._process.stdin.flush()
            except OSError:
                self._process.wait()
                if last:
                    self._fail(asked.generation)
            else:
                return

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as said:
            for text in said:
                try:
                    self._events.append(event(text))
                except msgspec.MsgspecError:
                    continue
                self._notify()
        process.wait()
        if not self._closed and process is self._process:
            self._fail(self._generation)

    def _fail(self, generation: int) -> None:
        self._events.append(
            Failed(
                generation=generation,
                words="The process that tries rules has ended.",
                hint="It is started again with the next key; `modconsole rules backtest` says more.",
            )
        )
        self._notify()


def command(database: Path, rules: Path) -> list[str]:
    """The command line of the process."""
    return [sys.executable, "-m", "modconsole", "--db", str(database), "rules", "lab", "--rules", str(rules)]
