"""Many rules over many texts: which text checks match, where, and what had to be given up.

The answer is that of `confirm.Item` for every item on every text; no rule can take more than its time on a message, and none can
take it from another.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from msgspec import Struct

from modconsole.policy.confirm import MOST, Budget, Found, Item, Late, View
from modconsole.policy.model import Field, Match, Rule, Skipped, TextCheck, Texts
from modconsole.policy.places import Address, pieces, space

__all__ = ["LIMIT", "Engine", "Scanned", "Spot"]

LIMIT: Final = 0.05
"""Seconds that one rule may take on one message."""


class Spot(NamedTuple):
    """Where in the rules a text check stands: by numbers, from 0."""

    rule: int
    selection: int
    alternative: int
    check: int


class Scanned(Struct, kw_only=True):
    """What a scan found."""

    found: dict[int, dict[Spot, tuple[Match, ...]]]
    """Number of the text, from 0 → the checks that match in it, with their places in order. `negated` is not applied: a
    check that matches is here, whatever the rule wants. Texts where nothing matches, and rules skipped on a text, are not."""
    skipped: list[Skipped]
    late: frozenset[tuple[int, int]]
    """Number of the text and number of the rule of each that was skipped."""
    micros: list[float]
    """What each rule took, in microseconds over all texts, by its number."""


class _Check:
    """A text check, its items made ready for each of its fields."""

    def __init__(self, check: TextCheck, selection: str) -> None:
        self.check = check
        self.selection = selection
        self.items: list[tuple[Field, list[Item]]] = [
            (field, [Item(each, check, field) for each in check.items]) for field in check.fields
        ]


class _Reading:
    """One message, while it is judged: its views, each made once."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._views: dict[Field, list[tuple[View, Address | None]]] = {}

    def views(self, field: Field) -> list[tuple[View, Address | None]]:
        """The texts of a field."""
        found = self._views.get(field)
        if found is None:
            found = self._views[field] = [(View(text), address) for text, address in pieces(self._texts, field) if text]
        return found

    def words(self, field: Field, start: int, end: int) -> str:
        """What stands somewhere."""
        where = space(field)
        text = {"body": self._texts.body, "title": self._texts.title, "author name": self._texts.name}
        return text.get(where, self._texts.handle)[start:end]


class _Covers:
    """The places of exceptions: whether a place lies within one of them."""

    def __init__(self, places: dict[Field, list[tuple[int, int]]]) -> None:
        self._starts: dict[Field, list[int]] = {}
        self._ends: dict[Field, list[int]] = {}
        for where, each in places.items():
            each.sort()
            ends: list[int] = []
            for _, end in each:
                ends.append(max(end, ends[-1]) if ends else end)
            self._starts[where], self._ends[where] = [start for start, _ in each], ends

    def has(self, where: Field, start: int, end: int) -> bool:
        """Whether one exception covers it whole."""
        at = bisect_right(self._starts.get(where, ()), start)
        return at > 0 and self._ends[where][at - 1] >= end


class Engine:
    """Rules made ready. Raises `regex.error` for an expression that is none, which the loader has refused before.

    Not for several threads at once.
    """

    def __init__(self, rules: Sequence[Rule], *, limit: float = LIMIT) -> None:
        self.rules = tuple(rules)
        self.limit = limit
        self._exceptions = [[_Check(each, "") for each in rule.exceptions] for rule in self.rules]
        self._checks: list[list[tuple[Spot, _Check]]] = [[] for _ in self.rules]
        for number, rule in enumerate(self.rules):
            for s, selection in enumerate(rule.selections):
                for a, alternative in enumerate(selection.alternatives):
                    for c, check in enumerate(alternative):
                        if isinstance(check, TextCheck):
                            self._checks[number].append((Spot(number, s, a, c), _Check(check, selection.name)))

    def scan(self, texts: Sequence[Texts]) -> Scanned:
        """Judge all rules' text checks on all texts."""
        scanned = Scanned(found={}, skipped=[], late=frozenset(), micros=[0.0] * len(self.rules))
        late: set[tuple[int, int]] = set()
        for at, each in enumerate(texts):
            reading = _Reading(each)
            for number in range(len(self.rules)):
                began = time.perf_counter()
                trial = _Trial(reading, Budget(self.limit))
                try:
                    found = trial.rule(self._checks[number], self._exceptions[number])
                    if found:
                        scanned.found.setdefault(at, {}).update(found)
                except Late:
                    late.add((at, number))
                    scanned.skipped.append(
                        Skipped(
                            rule=self.rules[number].id, ident=each.ident, item=trial.item, seconds=trial.budget.spent()
                        )
                    )
                scanned.micros[number] += (time.perf_counter() - began) * 1e6
        scanned.late = frozenset(late)
        return scanned


class _Trial:
    """One rule on one message."""

    def __init__(self, reading: _Reading, budget: Budget) -> None:
        self._reading = reading
        self.budget = budget
        self.item = ""
        """The item that is looked for just now."""

    def rule(self, checks: list[tuple[Spot, _Check]], exceptions: list[_Check]) -> dict[Spot, tuple[Match, ...]]:
        """The checks of a rule that match."""
        covers: _Covers | None = None
        found: dict[Spot, tuple[Match, ...]] = {}
        for spot, check in checks:
            matches = self.check(check, covers)
            if matches and exceptions and covers is None:
                covers = self._covers(exceptions)
                matches = self.check(check, covers)
            if matches:
                found[spot] = matches
        return found

    def check(self, check: _Check, covers: _Covers | None) -> tuple[Match, ...]:
        """Where a check matches; nowhere where `every` item is asked for and one is missing."""
        matches: list[Match] = []
        missing = set(check.check.items) if check.check.every else set()
        for field, items in check.items:
            for item in items:
                places = list(islice(self._places(item, field, covers), MOST))
                if places:
                    missing.discard(item.item)
                matches += [
                    Match(
                        selection=check.selection,
                        field=field,
                        start=start,
                        end=end,
                        words=self._reading.words(field, start, end),
                        item=item.item,
                        channel=channel,
                    )
                    for start, end, channel in places
                ]
        return (
            ()
            if missing
            else tuple(sorted(matches, key=lambda each: (check.check.fields.index(each.field), each.start, each.end)))
        )

    def _places(self, item: Item, field: Field, covers: _Covers | None) -> Iterator[Found]:
        where = space(field)
        self.item = item.item
        for view, address in self._reading.views(field):
            for found in item.find(view, self.budget):
                place = found if address is None else Found(address.start, address.end, found.channel)
                if covers is None or not covers.has(where, place.start, place.end):
                    yield place
                if address is not None:
                    break  # the place is the address, however often it is in it

    def _covers(self, exceptions: list[_Check]) -> _Covers:
        places: dict[Field, list[tuple[int, int]]] = {}
        for check in exceptions:
            own: list[tuple[Field, int, int]] = []
            missing = set(check.check.items) if check.check.every else set()
            for field, items in check.items:
                for item in items:
                    each = [(space(field), start, end) for start, end, _ in self._places(item, field, None)]
                    if each:
                        missing.discard(item.item)
                    own += each
            if not missing:
                for where, start, end in own:
                    places.setdefault(where, []).append((start, end))
        return _Covers(places)
