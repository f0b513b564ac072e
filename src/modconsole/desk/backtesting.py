"""Trying a rule on everything that is stored: what it would hit, and what that would have meant.

`backtest` gives the whole `Report`, and tells the first hits while the rest is still being looked for.
"""

from __future__ import annotations

import math
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct, field

from modconsole.desk.bench import Bench
from modconsole.desk.desk import Desk
from modconsole.desk.lab import Lab as Lab  # the same beside a screen
from modconsole.desk.trial import IDS_TOLD, Bound, Day, Overlap, Report, TrialHit, per_day, precision, shown
from modconsole.domain.times import DAY
from modconsole.policy.backtest import Backtest, Found
from modconsole.policy.corpus import Stop, View
from modconsole.policy.judge import Judge
from modconsole.policy.model import Rule, Skipped
from modconsole.store import outcomes, texts

SHOWN: Final = 50
"""Hits that are shown."""
PORTION: Final = 1_000
"""Hits that are asked about at once."""
COMPARED: Final = 2_000
"""So many of the latest hits are judged by the other rules."""
COMPARING_SECONDS: Final = 5.0
"""So long at most."""
TELLING: Final = 0.03
"""Seconds between two times that hits are told, of which the first comes at once: what is shown of them has to be read."""
SKIPS_TOLD: Final = 20
PEOPLE_TOLD: Final = 20

Told = Callable[[int, int, int], None]
"""Called with how many messages were gone through, how many there are, and how many were hit."""
Hits = Callable[[list[TrialHit]], None]
"""Called with the first hits as they are found."""


def backtest(
    desk: Desk,
    rule: Rule,
    *,
    against: Rule | None = None,
    others: Sequence[Rule] = (),
    limit: int = SHOWN,
    told: Told | None = None,
    hits: Hits | None = None,
    stop: Stop | None = None,
    bench: Bench | None = None,
) -> Report:
    """Try a rule on all stored messages. `against` is the version it is compared with, `others` are rules whose hits are compared
    with its own; `limit` is how many hits are shown of each kind.

    `stop` is asked often and ends it early: the report says so. Raises `StoreError` where the copy of the texts cannot be
    written.
    """
    mine = bench if bench is not None else Bench(desk)
    try:
        return Trying(mine, rule, limit=limit, told=told, hits=hits, stop=stop).report(against, others)
    finally:
        if bench is None:
            mine.close()


class Tally(Struct):
    """What a run over all messages found."""

    idents: array[int] = field(default_factory=lambda: array("q"))
    """Row ids of all hits, the latest stored first."""
    first: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    skips: int = 0
    judged: int = 0
    done: int = 0
    of: int = 0
    complete: bool = False


class Trying:
    """One trial of one rule."""

    def __init__(
        self,
        bench: Bench,
        rule: Rule,
        *,
        limit: int = SHOWN,
        told: Told | None = None,
        hits: Hits | None = None,
        stop: Stop | None = None,
    ) -> None:
        self.bench = bench
        self.rule = rule
        self.limit = limit
        self._told = told or (lambda done, of, hits: None)
        self._hits = hits or (lambda found: None)
        self._stop = stop or (lambda: False)
        self._first_seconds: float | None = None

    def report(self, against: Rule | None, others: Sequence[Rule]) -> Report:
        """All of it."""
        view = self.bench.view(told=lambda done, of: self._told(0, of, 0), stop=self._stop)
        began, tally = time.perf_counter(), Tally()
        if view is not None:
            for _ in self.hits(view, tally, began):
                pass
        seconds = time.perf_counter() - began
        return self._report(tally, seconds, against, self._compared(view, tally, against), others)

    def hits(self, view: View, tally: Tally, began: float) -> Iterator[None]:
        """Go through all messages, in steps; what comes up is in `tally`, and told."""
        untold: list[Found] = []
        last = -math.inf
        for batch in Backtest(self.rule, view, self.bench, whole=self.limit).run(self._stop):
            tally.done, tally.of = batch.done, batch.of
            tally.judged += batch.judged
            tally.skips += len(batch.skipped)
            tally.skipped += batch.skipped[: SKIPS_TOLD - len(tally.skipped)]
            for found in batch.found:
                tally.idents.append(found.ident)
                if len(tally.first) < self.limit and not found.counted:
                    tally.first.append(found)
                    untold.append(found)
            now = time.perf_counter()
            whole = len(tally.first) == self.limit
            if untold and (whole or batch.done == batch.of or now - last > TELLING):
                self._hits(self.shown(untold))
                untold, last = [], now
                if whole:
                    self._first_seconds = time.perf_counter() - began
            self._told(batch.done, batch.of, len(tally.idents))
            yield
        tally.complete = not self._stop()

    # -- what it means ---------------------------------------------------------------------------------------------------------

    def shown(self, found: Sequence[Found]) -> list[TrialHit]:
        """Hits as they are shown; what is gone by now is left out."""
        db = self.bench.desk.db
        ids = [each.ident for each in found]
        words = {each.ident: each for each in texts.texts_of(db, ids)}
        about = outcomes.about(db, ids)
        became = {each.row_id: each for each in outcomes.outcomes(db, ids)}
        return [
            shown(each, words[each.ident], about[each.ident], became.get(each.ident))
            for each in found
            if each.ident in words and each.ident in about
        ]

    def _again(self, rule: Rule, ids: Sequence[int]) -> list[TrialHit]:
        """Some hits of a rule as they are shown."""
        if not ids:
            return []
        words = texts.texts_of(self.bench.desk.db, ids)
        judged = Judge([rule]).judge(words, self.bench.ask)
        found = {each.ident: Found(each.ident, each.matches, each.held) for each in judged.verdicts}
        return self.shown([found.get(ident, Found(ident, (), ())) for ident in ids])

    def _compared(self, view: View | None, tally: Tally, against: Rule | None) -> tuple[list[int], list[int]] | None:
        """Hits added and lost against another version; None where there is none, or it was stopped."""
        if against is None or view is None or self._stop():
            return None
        if _same(self.rule, against):
            return [], []
        before = array("q")
        for batch in Backtest(against, view, self.bench, whole=0).run(self._stop):
            before.extend(each.ident for each in batch.found)
        if self._stop():
            return None
        mine, theirs = set(tally.idents), set(before)
        added = [ident for ident in tally.idents if ident not in theirs]
        return added, [ident for ident in before if ident not in mine]

    def _report(
        self,
        tally: Tally,
        seconds: float,
        against: Rule | None,
        compared: tuple[list[int], list[int]] | None,
        others: Sequence[Rule],
    ) -> Report:
        became = _Became(self, tally.idents)
        overlaps, overlaps_of = self._overlaps(tally, others)
        added, lost = compared or ([], [])
        share = precision(became.counts["removed"], became.counts["kept"])
        days = became.days()
        return Report(
            rule=self.rule.id,
            scanned=tally.done,
            of=tally.of,
            complete=tally.complete and not self._stop(),
            seconds=seconds,
            first_seconds=self._first_seconds,
            micros=seconds * 1e6 / tally.done if tally.done else 0.0,
            judged=tally.judged,
            hits=len(tally.idents),
            first=tuple(self.shown(tally.first)),
            per_day=days,
            removed=became.counts["removed"],
            kept=became.counts["kept"],
            open=became.counts["open"],
            precision=share,
            disagreements=tuple(self._again(self.rule, became.kept)),
            compared=compared is not None,
            added=len(added),
            lost=len(lost),
            added_ids=tuple(added[:IDS_TOLD]),
            lost_ids=tuple(lost[:IDS_TOLD]),
            first_added=tuple(self._again(self.rule, added[: self.limit])),
            first_lost=tuple(self._again(against or self.rule, lost[: self.limit])),
            overlaps=overlaps,
            overlaps_of=overlaps_of,
            left_waiting=len(became.waiting),
            waiting=tuple(outcomes.people(self.bench.desk.db, list(islice(became.waiting, PEOPLE_TOLD)))),
            skipped=tuple(tally.skipped),
            skips=tally.skips,
            bounds=_bounds(self.rule, len(tally.idents), per_day(days), share),
        )

    def _overlaps(self, tally: Tally, others: Sequence[Rule]) -> tuple[tuple[Overlap, ...], int]:
        """What other rules say of the latest hits, and of how many of them."""
        rules = [rule for rule in others if rule.id != self.rule.id]
        if not rules or not tally.idents:
            return (), 0
        judge, counts, done = Judge(rules), Counter[str](), 0
        until = time.perf_counter() + COMPARING_SECONDS
        for some in _portions(tally.idents[:COMPARED], 100):
            if self._stop() or time.perf_counter() > until:
                break
            judged = judge.judge(texts.texts_of(self.bench.desk.db, some), self.bench.ask)
            counts.update(each.rule for each in judged.verdicts)
            done += len(some)
        names = {rule.id: rule.name for rule in rules}
        return tuple(Overlap(rule=rule, name=names[rule], hits=n) for rule, n in counts.most_common()), done


class _Became:
    """What became of all hits."""

    def __init__(self, trying: Trying, idents: Sequence[int]) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[int] = []
        """The first hits that moderators kept."""
        self.waiting: dict[int, None] = {}
        """Row ids of people whose open asks are among the hits."""
        self._days: Counter[int] = Counter()
        for some in _portions(idents, PORTION):
            if trying._stop():
                return
            for each in sorted(outcomes.outcomes(trying.bench.desk.db, some), key=lambda one: -one.row_id):
                self.counts[each.decided] += 1
                self._days[each.created // DAY] += 1
                if each.decided == "kept" and len(self.kept) < trying.limit:
                    self.kept.append(each.row_id)
                if each.waits:
                    self.waiting[each.person] = None

    def days(self) -> tuple[Day, ...]:
        """Days with hits."""
        return tuple(Day(at=day * DAY, hits=hits) for day, hits in sorted(self._days.items()))


def _portions(idents: Sequence[int], size: int) -> Iterator[list[int]]:
    for at in range(0, len(idents), size):
        yield list(idents[at : at + size])


def _same(one: Rule, other: Rule) -> bool:
    """Whether two versions hit the same messages for sure: they ask for the same."""
    asked = ("selections", "when", "exceptions", "exempt_us")
    return all(getattr(one, name) == getattr(other, name) for name in asked)


def _bounds(rule: Rule, hits: int, a_day: float, share: float | None) -> tuple[Bound, ...]:
    """What `expect` asks of a backtest, and whether it is so. Reversals are for what the rule has done."""
    expect = rule.expect
    if expect is None:
        return ()
    asked: list[tuple[str, float | None, float | None, float | None]] = []
    if expect.least_hits is not None or expect.most_hits is not None:
        asked.append(("hits", expect.least_hits, expect.most_hits, hits))
    if expect.most_per_day is not None:
        asked.append(("hits per day", None, expect.most_per_day, a_day))
    if expect.precision is not None:
        asked.append(("precision", expect.precision, None, share))
    return tuple(
        Bound(
            name=name,
            least=least,
            most=most,
            found=found,
            kept=found is not None and (least is None or found >= least) and (most is None or found <= most),
        )
        for name, least, most, found in asked
    )


def encoded(report: Report) -> bytes:
    """The report as JSON, for evidence that is kept with a version."""
    return msgspec.json.encode(report)
