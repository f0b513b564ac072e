"""Judging what is stored, by the rules of the house, while it is stored.

A connection to which this is attached (`Db.judge`) judges each message in the transaction that stores it: the message, what the
rules say of it, and what a live rule has put in line are there together, or none of them. Judging that fails stops nothing: it is
taken back alone and written down (`store.judged`), and the message is judged with the next turn.

    attach ──▶ each page: store, judge, act            one transaction
    catch_up ─▶ what was stored without being judged
    wait ────▶ rules about waiting, over asks whose wait has become long enough
    settle ──▶ what became of acts; rules whose acts are taken back too often are paused
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Event as Flag
from traceback import extract_tb
from typing import TYPE_CHECKING

from modconsole.connectors.base import Connector
from modconsole.domain.times import DAY, MINUTE
from modconsole.errors import ModConsoleError, StoreError
from modconsole.store import judged, rule_acts, rules, verdicts
from modconsole.store.db import Db
from modconsole.store.rules import RuleRow
from modconsole.sync import rulebook
from modconsole.sync.bench import Bench
from modconsole.sync.consequences import Consequences
from modconsole.sync.rule_orders import Powers

if TYPE_CHECKING:
    from modconsole.policy.model import RuleSet

log = logging.getLogger("modconsole.sync")

PORTION = 500
"""Messages that are judged in one transaction when they were stored earlier."""
PER_TURN = 20_000
"""Messages stored earlier that one turn judges."""
RIGHTS_LAST = 10 * MINUTE
WATCHED_EVERY = MINUTE
"""How often it is looked at whether old acts were taken back."""
LEAST_ACTS = 10
"""Of fewer acts nobody can say which share is taken back."""


class Judging:
    """The rules of one folder, for all connections of a program. Safe to use from several threads.

    `undo_delay` is how long an act of a rule waits before it goes out, in microseconds. Without `acts` rules only give verdicts.
    """

    def __init__(self, folder: Path, *, undo_delay: int, acts: bool = True) -> None:
        self.book = rulebook.shared(folder)
        self.undo_delay = undo_delay
        self.acts = acts
        self._lock = threading.Lock()
        self._made: tuple[RuleSet, dict[str, RuleRow], int, Bench] | None = None
        self._powers: dict[str, tuple[int, Powers]] = {}
        self._waited: tuple[Bench, int] | None = None
        self._watched = 0

    # -- attaching -----------------------------------------------------------------------------------------------------------

    def attach(self, db: Db, now: int) -> Bench | None:
        """Judge what this connection stores from now on, by the rules as they are now; None where there are none."""
        try:
            bench = self.bench(db, now)
        except Exception as error:
            self._failed(db, now, error)
            return None
        if bench.enforced:
            judged.begin(db)
            db.judge = lambda ids, at: self._judge(db, bench, ids, at)
        elif judged.judged(db) is not None:
            db.judge = lambda ids, at: judged.done(db, ids)  # what came while there were no rules stays unjudged
        else:
            db.judge = None
        return bench

    def bench(self, db: Db, now: int) -> Bench:
        """The rules that are in force, made ready; made anew only when something about them has changed."""
        with self._lock:
            found = self.book.read()
            made = self._made
            if made is not None and made[0] is found and made[1] == rules.rules(db) and now < made[2]:
                return made[3]
            rulebook.record(db, found, now)
            rows = rules.rules(db)
            enforced = rulebook.in_force(db, found, now)
            ends = min((e.rule.expires for e in enforced if e.rule.expires is not None), default=1 << 62)
            bench = Bench(enforced, found.house)
            self._made = (found, rows, ends, bench)
            return bench

    def _judge(self, db: Db, bench: Bench, ids: Sequence[int], now: int) -> None:
        """Within the transaction that stores these messages."""
        try:
            with db.attempt():
                self._pass(db, bench, ids, now, fresh=judged.fresh(db, ids))
                judged.done(db, ids)
        except Exception as error:
            if not db.conn.in_transaction:
                raise  # it is the database that failed, and storing with it
            self._failed(db, now, error)

    def _pass(
        self,
        db: Db,
        bench: Bench,
        ids: Sequence[int],
        now: int,
        *,
        fresh: Collection[int] = (),
        waiting: bool = False,
    ) -> None:
        """Judge, and let live rules act. `fresh` are messages that are stored just now for the first time."""
        for at in range(0, len(ids), PORTION):
            given = bench.judge(db, ids[at : at + PORTION], now, waiting=waiting)
            live = [(enforced, each) for enforced, each in given if enforced.mode == "live"]
            if live and self.acts:
                follow = Consequences(db, now, self.undo_delay, bench.house.order, self._of)
                follow.act(live, fresh, waiting=waiting)

    def _failed(self, db: Db, now: int, error: Exception) -> None:
        frames = extract_tb(error.__traceback__)
        place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
        log.error("judging failed: %s at %s", type(error).__name__, place)
        words = error.message if isinstance(error, ModConsoleError) else f"{type(error).__name__} at {place}"
        judged.failed(db, now, f"Messages could not be judged by the rules: {words}")

    # -- what an account may do ------------------------------------------------------------------------------------------------

    def learn(self, db: Db, source: str, connector: Connector, now: int) -> None:
        """What a platform has and this account may, for acts of live rules; asked before anything is stored: it takes time."""
        known = self._powers.get(source)
        if known is None or not 0 <= now - known[0] < RIGHTS_LAST:
            self._powers[source] = (now, Powers.of(connector))

    def _of(self, source: str) -> Powers | None:
        known = self._powers.get(source)
        return known[1] if known is not None else None

    # -- a turn ------------------------------------------------------------------------------------------------------------------

    def begin(self, db: Db, source: str, connector: Connector, now: int) -> None:
        """Before a turn of a source: attach, and learn what can be done there. Raises nothing but what ends the turn anyway."""
        bench = self.attach(db, now)
        if bench is not None and bench.acts:
            self.learn(db, source, connector, now)

    def tend(self, db: Db, now: int, stop: Flag | None = None) -> None:
        """What is to be done outside of transactions that store something: what is left from before, what has been waiting, what
        became of acts. For each turn of a source, before new messages are fetched."""
        bench = self._made[3] if self._made is not None else None
        if bench is None:
            return
        try:
            self.settle(db, now)
            if bench.enforced:
                self.catch_up(db, bench, now, stop)
                self.wait(db, bench, now)
                bench.write_down(db, now)
        except Exception as error:
            if db.conn.in_transaction:
                raise
            self._failed(db, now, error)

    def leave(self, db: Db, now: int) -> None:
        """At the end of a connection's work: nothing is judged any more, and what judging took is written down."""
        db.judge = None
        try:
            if self._made is not None:
                self._made[3].write_down(db, now)
        except StoreError as error:  # a count that is lost is no reason to fail
            log.warning("what judging took could not be written down: %s", error.message)

    def catch_up(self, db: Db, bench: Bench, now: int, stop: Flag | None = None, most: int = PER_TURN) -> int:
        """Judge what was stored while nobody judged, or while that failed; gives how many messages."""
        count = 0
        while count < most and not (stop is not None and stop.is_set()):
            with db.write():
                ids, through, change = judged.left(db, PORTION)
                if not ids:
                    return count
                failures = self._each(db, bench, ids, now)
                if len(failures) == len(ids):
                    raise failures[0]  # it is not the messages
                judged.moved(db, through, change)
            count += len(ids)
        return count

    def _each(self, db: Db, bench: Bench, ids: Sequence[int], now: int) -> list[Exception]:
        """Judge messages together; where that fails, by halves, so that one bad message holds up no other. Gives why, for each
        message that cannot be judged."""
        try:
            with db.attempt():
                self._pass(db, bench, ids, now)
        except Exception as error:
            if not db.conn.in_transaction:
                raise
            if len(ids) == 1:
                log.error("a message cannot be judged: row %d, %s", ids[0], type(error).__name__)
                return [error]
            half = len(ids) // 2
            return [*self._each(db, bench, ids[:half], now), *self._each(db, bench, ids[half:], now)]
        return []

    def wait(self, db: Db, bench: Bench, now: int) -> int:
        """Judge asks whose wait has become as long as a rule about waiting says. Gives how many messages."""
        if not bench.waiting:
            return 0
        known, self._waited = self._waited, (bench, now)
        since = known[1] if known is not None and known[0] is bench else None
        asked: dict[int, None] = {}
        if since is None:
            asked = dict.fromkeys(verdicts.waiting_since(db, None, now))
        else:
            for span in bench.waiting:
                asked |= dict.fromkeys(verdicts.waiting_since(db, since - span - 1, now - span))
        if asked:
            with db.write():
                self._pass(db, bench, list(asked), now, waiting=True)
        return len(asked)

    def settle(self, db: Db, now: int) -> list[str]:
        """What became of the acts of rules; gives the rules that are paused because of it."""
        watch = not 0 <= now - self._watched < WATCHED_EVERY
        changed = rule_acts.settle(db, now, watch=watch)
        if watch:
            self._watched = now
        return pause_reversed(db, self.book.read(), now) if changed else []


def pause_reversed(db: Db, found: RuleSet, now: int) -> list[str]:
    """Pause live rules of whose acts people took back more than the rule's bound says."""
    paused = []
    for each in rulebook.in_force(db, found, now):
        bound = each.rule.expect.most_reversals if each.rule.expect is not None else None
        if each.mode != "live" or bound is None or each.live_at is None:
            continue
        acts, back = rule_acts.reversals(db, each.rule.id, max(each.live_at, now - 30 * DAY))
        if acts >= LEAST_ACTS and back > bound * acts:
            why = f"{back} of its last {acts} acts were taken back: more than {bound:.0%}."
            if rules.pause(db, each.rule.id, why, now):
                log.warning("rule %s is paused: %s", each.rule.id, why)
                paused.append(each.rule.id)
    return paused
