"""All sources, once (`run_once`) or for ever (`watch`): for a thread of the console, and for `modconsole sync`.

Sources are looked at side by side, each in a thread of its own with its own connection to the database. The thread that called
keeps the lease, and decides whose turn it is: by each source's interval, longer while it fails; when something in the outbox
comes due; when somebody asks for it, in this process or another (`marks.ask_for_sync`). Threads are daemons: a program that must
end does not wait for a slow server, and ending is as safe as any crash.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event as Flag

from msgspec import Struct

from modconsole.connectors.base import Connector
from modconsole.connectors.signing import Credentials
from modconsole.domain.times import HOUR, SECOND
from modconsole.errors import StoreError
from modconsole.store import marks, outbox
from modconsole.store.db import Db
from modconsole.store.marks import AccountRow
from modconsole.sync import registry, turns
from modconsole.sync.job import Turn
from modconsole.sync.judging import Judging
from modconsole.sync.lease import SECONDS, Lease
from modconsole.sync.push import LeaseLost
from modconsole.sync.reports import Clock, Event, Finished, Holder, Listener, Result, quiet

log = logging.getLogger("modconsole.sync")

LONGEST_PAUSE = 15 * 60.0
"""Seconds between two tries of a source that fails."""

Secrets = Callable[[AccountRow], Credentials]
"""Gives an account's credentials, or raises `SignInError`."""
Wait = Callable[[Flag, float], object]
"""Waits until a flag is set or so many seconds have passed, whichever is first."""


def wait_for(flag: Flag, seconds: float) -> object:
    """Wait by the wall clock."""
    return flag.wait(seconds)


class _Place(Struct):
    """Where one source stands between its turns. `asked` is how often a sync and a walk had been asked for."""

    account: AccountRow
    next_at: int
    asked: tuple[int, int]
    failures: int = 0
    thread: threading.Thread | None = None
    result: Result | None = None
    ended: int = 0


class _Open(Struct):
    """A connector kept between turns, and what it was made from; the credentials know a secret that was renewed since."""

    account: AccountRow
    credentials: Credentials
    connector: Connector


class Engine:
    """Syncs one database. `label` is how others see who holds the lease, as `ann@host (console)`.

    `secrets` and `listener` are called from the sources' threads. Times in seconds: `full_every` between full walks of a source,
    `tick` between two looks at what is due, `grace` for turns to end once they are asked to. `judging` has the house's rules.
    """

    def __init__(
        self,
        path: Path | str,
        label: str,
        *,
        clock: Clock,
        secrets: Secrets,
        listener: Listener = quiet,
        wait: Wait = wait_for,
        opener: registry.Opener = registry.open_connector,
        full_every: float = 6 * 3600.0,
        lease_seconds: float = SECONDS,
        tick: float = 1.0,
        grace: float = 5.0,
        workers: int = 4,
        judging: Judging | None = None,
    ) -> None:
        self.path = Path(path)
        self.clock = clock
        self.secrets = secrets
        self.wait = wait
        self.opener = opener
        self.full_every = int(full_every * SECOND) if full_every else 6 * HOUR
        self.tick = tick
        self.grace = grace
        self.workers = workers
        self.judging = judging
        self.lease = Lease(label, clock, lease_seconds)
        self._listener = listener
        self._halt = Flag()
        self._places: dict[str, _Place] = {}
        self._open: dict[str, _Open] = {}
        self._ours = False
        self._holder = ""
        self._renew_at = 0
        self._version = -1
        self._next_due: int | None = None

    # -- once ----------------------------------------------------------------------------------------------------------------

    def run_once(
        self,
        sources: Iterable[str] | None = None,
        *,
        full: bool = False,
        stop: Flag | None = None,
        patience: float = 120.0,
    ) -> list[Result]:
        """One turn of every source that is not paused, or of those named; results in the order of their names.

        Where somebody else syncs this database, they are asked to do it, and their results given back; after `patience` seconds
        a source is `skipped`. Raises `NotFound` for a source that is not synced, and `StoreError`.
        """
        stop = stop or Flag()
        with Db(self.path, create=False) as db:
            accounts = turns.chosen(db, sources)
            began = self.clock()
            asked = False
            while other := self._hold(db):
                if not asked:
                    for account in accounts:
                        marks.ask_for_sync(db, account.source, full=full)
                    asked = True
                results = [turns.theirs(db, account.source, full, began, other) for account in accounts]
                late = self.clock() - began > patience * SECOND
                if stop.is_set() or late or all(result.outcome != "skipped" for result in results):
                    return results
                self.wait(stop, min(self.tick, 0.2))
            try:
                return self._all(db, accounts, full, stop)
            finally:
                self._end(db)

    def _all(self, db: Db, accounts: list[AccountRow], full: bool, stop: Flag) -> list[Result]:
        waiting = [_Place(account, 0, (0, 0)) for account in accounts]
        self._places = {place.account.source: place for place in waiting}
        running: list[_Place] = []
        while waiting or running:
            if stop.is_set():
                self._halt.set()
            while waiting and len(running) < self.workers:
                place = waiting.pop(0)
                self._start(place, full=full, pulls=True)
                running.append(place)
            running = [place for place in running if not _is_over(place)]
            if running:
                self._keep(db)
                self.wait(stop if not stop.is_set() else Flag(), min(self.tick, 0.05))
        return [place.result for place in self._places.values() if place.result is not None]

    def ask(self, source: str | None = None, *, full: bool = False) -> None:
        """Ask for a look at a source, or at all of them, now: of this engine's `watch`, or of whoever holds the lease."""
        with Db(self.path, create=False) as db:
            for account in turns.chosen(db, None if source is None else [source]):
                marks.ask_for_sync(db, account.source, full=full)

    # -- for ever ------------------------------------------------------------------------------------------------------------

    def watch(self, stop: Flag) -> None:
        """Sync until `stop` is set, while nobody else does; take over when they end. Raises `StoreError` only at the start."""
        with Db(self.path, create=False) as db:
            try:
                while not stop.is_set():
                    try:
                        self._look(db)
                    except StoreError as error:
                        log.error("the database: %s", error.message)
                    self.wait(stop, self.tick)
            finally:
                self._end(db)

    def _look(self, db: Db) -> None:
        """One look at whose turn it is."""
        now = self.clock()
        if not self._ours or now >= self._renew_at:
            self._hold(db)
        if not self._ours:
            return
        for place in self._places.values():
            if place.thread is not None and _is_over(place):
                self._over(place)
        version = db.data_version()
        if version != self._version:
            self._version = version
            self._read(db, now)
        due = set(outbox.due_sources(db, now)) if self._next_due is not None and self._next_due <= now else set()
        for source, place in self._places.items():
            if place.thread is not None or self._running() >= self.workers:
                continue
            if now >= place.next_at:
                self._start(place, full=False, pulls=True)
            elif source in due and not place.account.paused:
                self._start(place, full=False, pulls=False)

    def _read(self, db: Db, now: int) -> None:
        """What others may have changed: accounts, requests, the outbox."""
        asked = marks.asked_for(db)
        self._next_due = outbox.next_due(db)
        found: dict[str, _Place] = {}
        for account in marks.accounts(db):
            counts = (asked.get((account.source, False), 0), asked.get((account.source, True), 0))
            place = self._places.get(account.source)
            if place is None:
                place = _Place(account, _never(account) or now, counts)
            elif place.account != account:
                place.account, place.failures = account, 0
                place.next_at = _never(account) or now
            if place.asked != counts and place.thread is None and self._running() < self.workers:
                full, place.asked = counts[1] != place.asked[1], counts
                self._start(place, full=full, pulls=True)
            found[account.source] = place
        if any(place.asked != (asked.get((s, False), 0), asked.get((s, True), 0)) for s, place in found.items()):
            self._version = -1  # asked while it was busy: look again
        self._places = found | {s: p for s, p in self._places.items() if p.thread is not None and s not in found}

    def _running(self) -> int:
        return sum(1 for place in self._places.values() if place.thread is not None)

    def _over(self, place: _Place) -> None:
        """Decide when a source whose turn has ended is next."""
        place.thread = None
        result = place.result
        interval = turns.interval(place.account)
        pause = interval
        if result is None or result.outcome == "failed":
            place.failures += 1
            pause = min(interval * 2.0**place.failures, LONGEST_PAUSE)
            if result is not None and not result.retryable:
                pause = LONGEST_PAUSE
            if result is not None and result.retry_after:
                pause = max(pause, min(result.retry_after, 3600.0))
        else:
            place.failures = 0
        place.next_at = _never(place.account) or place.ended + int(max(pause, interval) * SECOND)

    # -- the lease -----------------------------------------------------------------------------------------------------------

    def _hold(self, db: Db) -> str:
        """Take or renew the lease; "" when it is ours."""
        now = self.clock()
        other = self.lease.hold(db)
        self._renew_at = now + self.lease.span // 3
        if other:
            if self._ours:
                log.warning("somebody else syncs this database now: %s", other)
                self._halt.set()
            self._ours = False
        elif not self._ours:
            self._ours, self._halt, self._version = True, Flag(), -1
        if self._holder != (other or self.lease.label):
            self._holder = other or self.lease.label
            self._emit(Holder(label=self._holder, ours=self._ours))
        return other

    def _keep(self, db: Db) -> None:
        if self.clock() >= self._renew_at:
            self._hold(db)

    def _guard(self, db: Db) -> None:
        """Called in a source's thread right before a request that sends."""
        if self._halt.is_set() or self.lease.hold(db):
            self._halt.set()
            raise LeaseLost

    def _end(self, db: Db) -> None:
        """Let turns come to their end, within the grace; let the lease go, unless one is still at it."""
        self._halt.set()
        until = self.clock() + int(self.grace * SECOND)
        while any(place.thread is not None and not _is_over(place) for place in self._places.values()):
            if self.clock() >= until:
                log.warning("a source did not come to its end in time")
                return
            self.wait(Flag(), 0.02)
        for kept in self._open.values():
            kept.connector.close()
        self._open.clear()
        self._places.clear()
        if self._ours:
            self._ours = False
            self.lease.release(db)

    # -- one turn ------------------------------------------------------------------------------------------------------------

    def _start(self, place: _Place, *, full: bool, pulls: bool) -> None:
        place.result = None
        account = place.account
        turn = Turn(
            source=account.source,
            connect=lambda db: self._connector(account, db),
            clock=self.clock,
            stop=self._halt,
            listener=self._emit,
            guard=self._guard,
            settles=turns.times(account)[1],
            full=full,
            pulls=pulls,
            full_every=self.full_every,
            judging=self.judging,
        )
        place.thread = threading.Thread(
            target=self._run, args=(turn, place), name=f"sync {account.source}", daemon=True
        )
        place.thread.start()

    def _run(self, turn: Turn, place: _Place) -> None:
        try:
            with Db(self.path, create=False) as db:
                result = turn.run(db)
        except StoreError as error:
            result = Result(
                source=turn.source, outcome="failed", error=error.message, hint=error.hint, kind="StoreError"
            )
            result.retryable = True
        if result.kind == "SignInError":
            kept = self._open.pop(turn.source, None)
            if kept is not None:
                kept.connector.close()
        place.result, place.ended = result, self.clock()
        self._emit(Finished(source=turn.source, result=result))

    def _connector(self, account: AccountRow, db: Db) -> Connector:
        """The account's connector, kept from its last turn where nothing has changed."""
        credentials = self.secrets(account) if registry.info(account.platform).secret else Credentials("")
        kept = self._open.get(account.source)
        if kept is not None and (kept.account, kept.credentials.secret) == (account, credentials.secret):
            return kept.connector
        if kept is not None:
            kept.connector.close()
        connector = self.opener(account, credentials, self.clock)
        resume = getattr(connector, "resume", None)
        if resume is not None:  # a platform that lives in the position, as the demo does
            resume(marks.position(db, account.source))
        self._open[account.source] = _Open(account, credentials, connector)
        return connector

    def _emit(self, event: Event) -> None:
        """A listener's trouble is its own."""
        try:
            self._listener(event)
        except Exception as error:
            log.error("a listener failed: %s", type(error).__name__)


def _is_over(place: _Place) -> bool:
    return place.thread is None or not place.thread.is_alive()


def _never(account: AccountRow) -> int | None:
    """The next turn of a paused source: never, unless somebody asks for it."""
    return 1 << 62 if account.paused else None
