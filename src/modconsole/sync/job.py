"""One source's turn: sends and acts first, then what is new there; and between two pages whatever has come due in the outbox.

A turn never raises: what went wrong is in its `Result`, and in the store for everybody to see. A wrong sign-in, or a platform
that is down, stops this source and no other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event as Flag
from traceback import extract_tb
from typing import Any

from msgspec import Struct

from modconsole.connectors.base import Connector
from modconsole.domain.times import HOUR, SECOND
from modconsole.errors import ModConsoleError, RateLimited, StoreError
from modconsole.store import marks, outbox
from modconsole.store.db import Db
from modconsole.sync.acts import ActsUnderWay
from modconsole.sync.judging import Judging
from modconsole.sync.pull import pull
from modconsole.sync.push import LeaseLost, Pusher
from modconsole.sync.reports import Clock, Listener, Result

log = logging.getLogger("modconsole.sync")


class Turn(Struct, kw_only=True):
    """What one turn of one source needs. `full_every` is in microseconds, `settles` in seconds."""

    source: str
    connect: Callable[[Db], Connector]
    clock: Clock
    stop: Flag
    listener: Listener
    guard: Callable[[Db], None]
    settles: float
    full: bool = False
    pulls: bool = True
    full_every: int = 6 * HOUR
    judging: Judging | None = None
    """The rules of the house; None where nobody judges."""

    def run(self, db: Db) -> Result:
        """Take the turn, in the thread that owns `db`."""
        result = Result(source=self.source)
        began = self.clock()
        try:
            self._work(db, result)
        except LeaseLost:
            result.outcome = "cancelled"
        except ModConsoleError as error:
            self._failed(db, result, error)
        except Exception as error:
            log.error("%s: unforeseen %s at %s", self.source, type(error).__name__, _place(error))
            unforeseen = ModConsoleError(
                f"The sync failed in a way that nobody foresaw ({type(error).__name__}).",
                hint="Please report it, with the log.",
            )
            self._failed(db, result, unforeseen)
        finally:
            if self.judging is not None:
                self.judging.leave(db, self.clock())
        result.seconds = (self.clock() - began) / SECOND
        log.info(
            "%s: %s, %d new, %d changed, %d gone, %d set aside, %d sent, %.1f s",
            self.source,
            result.outcome,
            result.new,
            result.changed,
            result.gone,
            result.set_aside,
            result.sent(),
            result.seconds,
        )
        return result

    def _work(self, db: Db, result: Result) -> None:
        connector = self.connect(db)
        if self.judging is not None:
            self.judging.begin(db, self.source, connector, self.clock())
        given: dict[str, Any] = {
            "settles": self.settles,
            "guard": lambda: self.guard(db),
            "stop": self.stop,
            "listener": self.listener,
        }
        pusher = Pusher(db, connector, self.source, self.clock, **given)
        under_way = ActsUnderWay(db, connector, self.source, self.clock, **given)

        def push() -> None:
            try:
                result.steps += pusher.run().steps
            except BaseException:
                result.steps += pusher.pushed.steps
                raise
            try:
                result.steps += under_way.run()
            except BaseException:
                result.steps += under_way.steps
                raise

        def between() -> None:
            if not self.stop.is_set() and self.source in outbox.due_sources(db, self.clock()):
                push()

        push()
        if not self.pulls:
            return
        if self.stop.is_set():
            result.outcome = "cancelled"
            return
        if self.judging is not None:
            self.judging.tend(db, self.clock(), self.stop)
        self._left_alone(db)
        result.full = self.full or self._walk_is_due(db)
        pulled = pull(
            db,
            connector,
            self.source,
            self.clock,
            full=result.full,
            stop=self.stop,
            between=between,
            listener=self.listener,
        )
        result.records, result.new, result.changed = pulled.counts.records, pulled.counts.new, pulled.counts.changed
        result.gone, result.set_aside = pulled.gone, pulled.set_aside
        result.outcome = "ok" if pulled.finished else "cancelled"

    def _left_alone(self, db: Db) -> None:
        """Read nothing before the platform wants to be read again, also after a restart, and from cron. Replies were tried."""
        until, now = marks.mark(db, self.source).retry_at, self.clock()
        if until is not None and now < until <= now + HOUR:
            raise RateLimited(
                "The platform asked us to slow down.",
                hint="Reading goes on by itself.",
                retry_after=(until - now) / SECOND,
            )

    def _walk_is_due(self, db: Db) -> bool:
        walked = marks.mark(db, self.source).walked_at
        return walked is None or self.clock() - walked >= self.full_every

    def _failed(self, db: Db, result: Result, error: ModConsoleError) -> None:
        result.outcome, result.error, result.hint = "failed", error.message, error.hint
        result.kind, result.retryable = type(error).__name__, error.retryable
        if isinstance(error, RateLimited):
            result.retry_after = error.retry_after
        log.warning("%s: %s: %s", self.source, result.kind, error.message)
        try:
            now = self.clock()
            until = now + int(error.retry_after * SECOND) if isinstance(error, RateLimited) else None
            marks.failed(db, self.source, now, error.message, error.hint, until)
        except StoreError as trouble:
            log.error("%s: the failure could not be stored: %s", self.source, trouble.message)


def _place(error: Exception) -> str:
    """Where an error was raised: file and line, and nothing that was in it."""
    frames = extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
