"""The worker of the rule lab: a process that tries the rule that was written last, and drops it when another one comes.

One thread reads requests, the main thread tries them. A newer request is heard at once: between two steps the flag is looked at;
within a step a signal ends the judge's work (an expression that runs wild holds the interpreter no longer than its own limit),
and SQLite is interrupted. What writes is not: the copy of the texts comes to the end of a portion first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from modconsole.desk.backtesting import Trying
from modconsole.desk.bench import Bench
from modconsole.desk.desk import Desk
from modconsole.desk.lab_events import Done, Event, Failed, Hits, Problems, Progress, Ready, Request, line, request
from modconsole.desk.trial import TrialHit
from modconsole.errors import ModConsoleError
from modconsole.policy.load import read_rule
from modconsole.policy.model import Problem, Rule, RuleSet
from modconsole.sync.rulebook import Rulebook

EVERY = 0.05
"""Seconds between two reports of progress."""


class Superseded(BaseException):
    """Nobody wants to know any more. No `Exception`: nothing on the way may take it for a failure of its own."""


class Worker:
    """One worker. `serve` returns when its input ends."""

    def __init__(self, desk: Desk, asked: BinaryIO, told: BinaryIO) -> None:
        self.desk = desk
        self._asked = asked
        self._told = told
        self._bench = Bench(desk)
        self._db = desk.db
        self._rules = Rulebook(desk.rules)
        self._lock = threading.Condition()
        self._next: Request | None = None
        self._newer_at = 0.0
        self._ended = False
        self._soft = False
        """Whether the main thread may be interrupted just now."""

    def serve(self) -> None:
        """Try what comes, until nothing more does."""
        signal.signal(signal.SIGUSR1, self._interrupt)
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        self._warm()
        while True:
            with self._lock:
                while self._next is None and not self._ended:
                    self._lock.wait()
                current, self._next = self._next, None
                ended = self._ended
            if ended or current is None:
                break
            with contextlib.suppress(Superseded):  # where it came with the very last step
                self._try(current)
        self._bench.close()
        self.desk.close()

    # -- hearing ---------------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        for text in self._asked:
            try:
                found = request(text)
            except msgspec.MsgspecError:
                continue
            with self._lock:
                self._next = found
                self._newer_at = time.perf_counter()
                self._lock.notify()
                self._disturb()
        with self._lock:
            self._ended = True
            self._lock.notify()
            self._disturb()

    def _disturb(self) -> None:
        """Interrupt the main thread, where it may be. Under the lock, so that it has not yet begun with what is newer."""
        main = threading.main_thread().ident
        if self._soft and main is not None:
            signal.pthread_kill(main, signal.SIGUSR1)
            self._db.conn.interrupt()

    def _newer(self) -> bool:
        """Whether what is being tried is wanted no more."""
        return self._next is not None or self._ended

    def _interrupt(self, *_: object) -> None:
        if self._soft and self._newer():
            self._soft = False
            raise Superseded

    # -- trying ----------------------------------------------------------------------------------------------------------------

    def _say(self, event: Event) -> None:
        soft, self._soft = self._soft, False  # half a line would be the end of understanding
        self._told.write(line(event))
        self._told.flush()
        self._soft = soft
        if soft and self._newer():
            raise Superseded

    def _warm(self) -> None:
        """Bring the copy of the texts up to date before anybody asks."""
        try:
            self._bench.view(told=self._copying(0), stop=self._newer)
        except ModConsoleError:
            return  # whoever asks is told

    def _copying(self, generation: int) -> Callable[[int, int], None]:
        began = time.perf_counter()

        def tell(done: int, of: int) -> None:
            seconds = time.perf_counter() - began
            self._say(Progress(generation=generation, done=done, of=of, hits=0, seconds=seconds, copying=True))

        return tell

    def _try(self, asked: Request) -> None:
        try:
            if asked.text is not None:
                self._trial(asked, asked.text)
        except Superseded:
            pass
        except ModConsoleError as error:
            self._soft = False
            if not self._newer():
                self._say(Failed(generation=asked.generation, words=error.message, hint=error.hint))
        finally:
            self._soft = False
        took = time.perf_counter() - self._newer_at if self._newer() and not self._ended else None
        self._say(Ready(generation=asked.generation, seconds=took))

    def _trial(self, asked: Request, text: str) -> None:
        folder = self._rules.read()
        rule, problems = _read(text, folder)
        self._say(Problems(generation=asked.generation, problems=tuple(problems), usable=rule is not None))
        if rule is None:
            return
        against = _read(asked.against, folder)[0] if asked.against is not None else None
        if self._bench.view(told=self._copying(asked.generation), stop=self._newer) is None:
            return
        trial = Trying(
            self._bench,
            rule,
            limit=asked.limit,
            told=_Paced(self, asked.generation),
            hits=lambda found: self._hits(asked.generation, found),
            stop=self._newer,
        )
        self._soft = True
        if self._newer():
            raise Superseded
        report = trial.report(against, folder.rules)
        if not self._newer():
            self._say(Done(generation=asked.generation, report=report))

    def _hits(self, generation: int, found: list[TrialHit]) -> None:
        self._say(Hits(generation=generation, hits=tuple(found)))


class _Paced:
    """Tells progress, not too often."""

    def __init__(self, worker: Worker, generation: int) -> None:
        self._worker = worker
        self._generation = generation
        self._began = self._last = time.perf_counter()

    def __call__(self, done: int, of: int, hits: int) -> None:
        now = time.perf_counter()
        if now - self._last < EVERY and done < of:
            return
        self._last = now
        seconds = now - self._began
        self._worker._say(Progress(generation=self._generation, done=done, of=of, hits=hits, seconds=seconds))


def _read(text: str, folder: RuleSet) -> tuple[Rule | None, list[Problem]]:
    return read_rule(text, lists=folder.lists, house=folder.house)


def work(desk: Desk) -> None:
    """Be the worker of the lab, on standard input and output, until standard input ends."""
    sys.setswitchinterval(0.001)  # who looks ahead must not make the judge wait
    told = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed is no event
    Worker(desk, sys.stdin.buffer, told).serve()
