"""One rule over all stored messages, the latest stored first: exactly what the `Judge` would say of each of them.

A `Plan` finds candidates, a stretch of the copy of the texts at a time; the judge is asked about those alone. Where it is certain
that a candidate is a hit, and nobody wants to know where its words are, he is not asked either. Stretches ahead are looked
through in threads meanwhile: RE2 and the automaton let go of the interpreter.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from msgspec import Struct

from modconsole.domain.facts import Question
from modconsole.policy.corpus import Stop, View
from modconsole.policy.engine import LIMIT
from modconsole.policy.judge import OURS, Judge
from modconsole.policy.model import Field, Match, Rule, Skipped, TextCheck, Texts
from modconsole.policy.plan import Beyond as Named
from modconsole.policy.plan import Plan

FIRST: Final = 1
"""Candidates that the judge is asked about first; then twice as many each time, as long as he is quick."""
MOST: Final = 512
LONG: Final = 0.01
"""Seconds that one batch should take: so soon it is heard that nobody wants to know any more."""
AHEAD: Final = 4
"""Stretches that are looked through before their candidates are needed."""
FULL: Final = 0.9
"""Share of its time that a rule must have had itself to be skipped: `regex` counts the whole process's, and threads that look
ahead take from it. Where it had less, it is judged again while they rest."""
AT_ONCE: Final = 2
"""Threads that look ahead: while there are no candidates to be judged, both processors of a small machine do."""


Candidates = tuple[list[int], frozenset[int]]
"""Places, the newest first, and those of them that are hits for certain."""


class Beyond(Named, Protocol):
    """What the copy of the texts does not have, and the answers to questions of facts."""

    def called(self, ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
        """Title, name and handle of messages, by row id."""

    def ask(self, question: Question, ids: Sequence[int]) -> set[int]:
        """Of messages, by row id, those for which a question holds."""


class Found(Struct, frozen=True, gc=False):
    """A hit: the message's row id, and where the words are. Of one that is only `counted` neither that nor what held is known."""

    ident: int
    matches: tuple[Match, ...] = ()
    held: tuple[str, ...] = ()
    counted: bool = False


class Batch(Struct, kw_only=True):
    """What one step came to. By then `done` messages `of` all have been gone through."""

    found: list[Found]
    skipped: list[Skipped]
    done: int
    of: int
    judged: int
    """Candidates that the judge was asked about in this step."""


class Backtest:
    """A rule made ready for a view. Of `whole` hits, the first ones, everything is wanted; the others need only be counted.
    `limit` are the seconds that the rule may take on a message. Raises `regex.error` for an expression that is none."""

    def __init__(
        self, rule: Rule, view: View, beyond: Beyond, *, whole: int | None = None, limit: float | None = None
    ) -> None:
        self.rule = rule
        self.view = view
        self.beyond = beyond
        self.judge = Judge([rule]) if limit is None else Judge([rule], limit)
        self.plan = Plan(rule, view, beyond)
        self._whole = whole
        self._limit = LIMIT if limit is None else limit
        self._hits = 0
        self._waiting: deque[tuple[int, int, Future[Candidates]]] = deque()
        """What is being looked through ahead."""
        self._called = bool(_fields(rule) & {"title", "author name", "author handle"})
        self._ours: dict[int, bool] = {}
        """Person → whether they are us."""
        self._persons: dict[int, int] = {}
        """Row id → person, of the messages that the judge is asked about just now."""

    def run(self, stop: Stop) -> Iterator[Batch]:
        """All hits, in steps that take no longer than they must. Ends early where `stop` says so."""
        size = FIRST
        done, of = 0, self.view.count
        ahead = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="scan")
        try:
            for first, past, (places, sure) in self._candidates(ahead, stop):
                at = 0
                while at < len(places):
                    if stop():
                        return
                    some = places[at : at + size]
                    at += size
                    began = time.perf_counter()
                    batch = self._step(some, sure, done + (past - some[-1]), of)
                    self._hits += len(batch.found)
                    size = _next(size, time.perf_counter() - began)
                    if batch.found or batch.skipped or at < len(places):
                        yield batch
                done += past - first
                yield Batch(found=[], skipped=[], done=done, of=of, judged=0)
        finally:
            ahead.shutdown(wait=True, cancel_futures=True)

    def _candidates(self, ahead: ThreadPoolExecutor, stop: Stop) -> Iterator[tuple[int, int, Candidates]]:
        """Stretches, the newest first, each with its candidates."""
        waiting, plan = self._waiting, self.plan
        for count, (first, past) in enumerate(self.view.chunks()):
            if not count:
                yield first, past, plan.places(first, past)
                continue
            if stop():
                return
            waiting.append((first, past, ahead.submit(plan.places, first, past)))
            if len(waiting) > AHEAD:
                begin, end, result = waiting.popleft()
                yield begin, end, result.result()
        while waiting:
            begin, end, result = waiting.popleft()
            yield begin, end, result.result()

    def _step(self, places: Sequence[int], sure: frozenset[int], done: int, of: int) -> Batch:
        """What some candidates, the newest first, come to."""
        if not sure or self._whole is None or self._hits < self._whole:
            return self._judged(places, done, of)
        certain = self._not_ours([place for place in places if place in sure])
        rest = [place for place in places if place not in sure]
        batch = self._judged(rest, done, of) if rest else Batch(found=[], skipped=[], done=done, of=of, judged=0)
        rows = self.view.rows
        known = {each.ident: each for each in batch.found} | {rows[p]: Found(rows[p], counted=True) for p in certain}
        batch.found = [known[rows[place]] for place in places if rows[place] in known]
        return batch

    def _judged(self, places: Sequence[int], done: int, of: int) -> Batch:
        self._persons = {self.view.rows[place]: self.view.people[place] for place in places}
        every = self._texts(places)
        judged = self.judge.judge(every, self._ask)
        verdicts, skipped = judged.verdicts, judged.skipped
        hurried = {each.ident for each in skipped if each.seconds < self._limit * FULL}
        if hurried:
            wait([result for *_, result in self._waiting])
            again = self.judge.judge([each for each in every if each.ident in hurried], self._ask)
            skipped = [each for each in skipped if each.ident not in hurried] + again.skipped
            hits = {each.ident: each for each in (*verdicts, *again.verdicts)}
            verdicts = [hits[each.ident] for each in every if each.ident in hits]
        found = [Found(verdict.ident, verdict.matches, verdict.held) for verdict in verdicts]
        return Batch(found=found, skipped=skipped, done=done, of=of, judged=len(places))

    # -- whether it is ours: asked once of each person, not of each message ----------------------------------------------------

    def _ask(self, question: Question, ids: Sequence[int]) -> set[int]:
        if question != OURS:
            return self.beyond.ask(question, ids)
        self._learn({self._persons[ident]: ident for ident in ids})
        return {ident for ident in ids if self._ours[self._persons[ident]]}

    def _not_ours(self, places: Sequence[int]) -> list[int]:
        if not self.rule.exempt_us:
            return list(places)
        people, rows = self.view.people, self.view.rows
        self._learn({people[place]: rows[place] for place in places})
        return [place for place in places if not self._ours[people[place]]]

    def _learn(self, asked: Mapping[int, int]) -> None:
        """Ask about people who are not known yet: person → a message of theirs."""
        new = {person: ident for person, ident in asked.items() if person not in self._ours}
        if new:
            found = self.beyond.ask(OURS, list(new.values()))
            self._ours.update({person: ident in found for person, ident in new.items()})

    def _texts(self, places: Sequence[int]) -> list[Texts]:
        """Messages as the judge takes them; what they are called only where the rule looks at it."""
        view = self.view
        if not self._called:
            return [Texts(ident=view.rows[place], body=view.words(place)[0]) for place in places]
        called = self.beyond.called([view.rows[place] for place in places])
        found = []
        for place in places:
            row = view.rows[place]
            if row in called:
                title, name, handle = called[row]
                found.append(Texts(ident=row, body=view.words(place)[0], title=title, name=name, handle=handle))
        return found


def _next(size: int, took: float) -> int:
    """How many candidates come next, after so many took so long."""
    if took > LONG:
        return max(1, int(size * LONG / took))
    return min(MOST, size * 2) if took < LONG / 2 else size


def _fields(rule: Rule) -> set[Field]:
    """All fields that a rule looks at."""
    checks = [
        check
        for selection in rule.selections
        for alternative in selection.alternatives
        for check in alternative
        if isinstance(check, TextCheck)
    ]
    return {field for check in (*checks, *rule.exceptions) for field in check.fields}
