"""Many rules over many texts: which text checks match, where, and what had to be given up.

Two tiers. `net` says, for all messages at once, which items may match in which; `trial` then looks for these alone, exactly,
one rule on one message at a time and within its time. So a message costs about the same with ten rules and with a thousand, and
a rule that takes too long is skipped on that message, is named for it, and takes nothing from any other.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from msgspec import Struct

from modconsole.policy.model import Field, Match, Rule, Skipped, Texts
from modconsole.policy.net import Net
from modconsole.policy.trial import Late, Reading, Spot, Trial, Unit, compiled, quick, told

__all__ = ["LIMIT", "Engine", "Scanned", "Spot"]

LIMIT: Final = 0.05
"""CPU seconds that one rule may take on one message."""


class Scanned(Struct, kw_only=True):
    """What a scan found."""

    found: dict[int, dict[Spot, tuple[Match, ...]]]
    """Number of the text, from 0 → the checks that match in it, with their places in order. `negated` is not applied: a
    check that matches is here, whatever the rule wants. Texts where nothing matches, and rules skipped on a text, are not."""
    skipped: list[Skipped]
    late: frozenset[tuple[int, int]]
    """Number of the text and number of the rule of each that was skipped."""
    micros: dict[int, float]
    """Number of a rule → the microseconds that it took for itself over all texts; rules that nothing led to took none."""
    shared: float
    """The microseconds of the first look, which is one for all rules."""


class Engine:
    """Rules made ready. Raises `regex.error` for an expression that is none, which the loader has refused before.

    Texts may have any length: all of a text is looked at, and what a message costs grows with it. One thread at a time.
    """

    def __init__(self, rules: Sequence[Rule], *, limit: float = LIMIT) -> None:
        self.rules = tuple(rules)
        self.limit = limit
        self._compiled = compiled(self.rules)
        self._units = [unit for each in self._compiled for unit in each.units]
        self._alone = [(unit.spot.rule, (unit,)) for unit in self._units]
        self._simple = frozenset(number for number, each in enumerate(self._compiled) if each.simple)
        self._net = Net(self._units)

    def scan(self, texts: Sequence[Texts]) -> Scanned:
        """Look for the text checks of all rules in all texts."""
        clock = time.perf_counter
        began = clock()
        touched = self._touched(texts)
        before = clock()
        shared = (before - began) * 1e6
        found: dict[int, dict[Spot, tuple[Match, ...]]] = {}
        skipped: list[Skipped] = []
        late: list[tuple[int, int]] = []
        micros: dict[int, float] = defaultdict(float)
        simple = self._simple
        for at in sorted(touched):
            reading = Reading(texts[at])
            for number, own in self._by_rule(touched[at]):
                places = quick(own[0], reading) if len(own) == 1 else None
                if places is not None and (not places or number in simple):
                    if places:
                        matches = tuple(told(own[0], places, reading))
                        if at in found:
                            found[at][own[0].spot] = matches
                        else:
                            found[at] = {own[0].spot: matches}
                else:
                    trial = Trial(reading, self.limit)
                    try:
                        matched = trial.find(self._compiled[number], own)
                        if matched:
                            found.setdefault(at, {}).update(matched)
                    except Late:
                        late.append((at, number))
                        skipped.append(self._skip(number, texts[at], trial))
                after = clock()
                micros[number] += (after - before) * 1e6
                before = after
        return Scanned(found=found, skipped=skipped, late=frozenset(late), micros=dict(micros), shared=shared)

    def _by_rule(self, numbers: list[int]) -> Iterable[tuple[int, Sequence[Unit]]]:
        """Units by their numbers, rule by rule."""
        if len(numbers) == 1:
            return (self._alone[numbers[0]],)
        units = self._units
        every = [units[number] for number in sorted(set(numbers))]
        return [(number, tuple(own)) for number, own in groupby(every, key=_rule)]

    def _skip(self, number: int, texts: Texts, trial: Trial) -> Skipped:
        return Skipped(rule=self.rules[number].id, ident=texts.ident, item=trial.item, seconds=trial.budget.spent())

    def _touched(self, texts: Sequence[Texts]) -> dict[int, list[int]]:
        """Number of a text → the units worth looking for in it."""
        touched: dict[int, list[int]] = {}
        for field in self._net.fields:
            read = _READ[field]
            if field == "body":
                touched = self._net.touch([read(each) for each in texts], field)
                continue
            numbers: dict[str, list[int]] = defaultdict(list)  # a title stands over many messages, a name too
            for number, each in enumerate(texts):
                if read(each):
                    numbers[read(each)].append(number)
            places = list(numbers.values())
            for which, units in self._net.touch(list(numbers), field).items():
                for number in places[which]:
                    touched.setdefault(number, []).extend(units)
        return touched


_READ: Final[dict[Field, Callable[[Texts], str]]] = {
    "body": attrgetter("body"),
    "title": attrgetter("title"),
    "author name": attrgetter("name"),
    "author handle": attrgetter("handle"),
}


def _rule(unit: Unit) -> int:
    return unit.spot.rule
