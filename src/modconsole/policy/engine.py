"""Many rules over many texts: which text checks match, where, and what had to be given up.

Two tiers. `net` says, for all messages at once, which items may match in which; `trial` then looks for these alone, exactly,
one rule on one message at a time and within its time. So a message costs about the same with ten rules and with a thousand, and
a rule that takes too long is skipped on that message, is named for it, and takes nothing from any other.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from msgspec import Struct

from modconsole.policy.model import Field, Match, Rule, Skipped, Texts
from modconsole.policy.net import Net
from modconsole.policy.trial import Late, Reading, Spot, Trial, Unit, compiled

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
    micros: list[float]
    """What each rule took, in microseconds over all texts, by its number: its own trials, and its share of the first look by
    the number of its items."""


class Engine:
    """Rules made ready. Raises `regex.error` for an expression that is none, which the loader has refused before.

    Texts may have any length: all of a text is looked at, and what a message costs grows with it. One thread at a time.
    """

    def __init__(self, rules: Sequence[Rule], *, limit: float = LIMIT) -> None:
        self.rules = tuple(rules)
        self.limit = limit
        self._compiled = compiled(self.rules)
        self._units = [unit for each in self._compiled for unit in each.units]
        self._net = Net(self._units)

    def scan(self, texts: Sequence[Texts]) -> Scanned:
        """Look for the text checks of all rules in all texts."""
        began = time.perf_counter()
        touched = self._touched(texts)
        share = (time.perf_counter() - began) * 1e6 / max(1, len(self._units))
        scanned = Scanned(
            found={}, skipped=[], late=frozenset(), micros=[share * len(each.units) for each in self._compiled]
        )
        late: list[tuple[int, int]] = []
        units, clock = self._units, time.perf_counter
        for at in sorted(touched):
            reading = Reading(texts[at])
            for number, own in groupby([units[n] for n in sorted(touched[at])], key=_rule):
                began = clock()
                trial = Trial(reading, self.limit)
                try:
                    found = trial.find(self._compiled[number], own)
                    if found:
                        scanned.found.setdefault(at, {}).update(found)
                except Late:
                    late.append((at, number))
                    scanned.skipped.append(
                        Skipped(
                            rule=self.rules[number].id,
                            ident=texts[at].ident,
                            item=trial.item,
                            seconds=trial.budget.spent(),
                        )
                    )
                scanned.micros[number] += (clock() - began) * 1e6
        scanned.late = frozenset(late)
        return scanned

    def _touched(self, texts: Sequence[Texts]) -> dict[int, set[int]]:
        """Number of a text → the units worth looking for in it."""
        touched: dict[int, set[int]] = {}
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
                    touched.setdefault(number, set()).update(units)
        return touched


_READ: Final[dict[Field, Callable[[Texts], str]]] = {
    "body": attrgetter("body"),
    "title": attrgetter("title"),
    "author name": attrgetter("name"),
    "author handle": attrgetter("handle"),
}


def _rule(unit: Unit) -> int:
    return unit.spot.rule
