"""How to find the messages that a rule could hit without reading them all.

The words that must be there decide: of what `when` asks, checks of text that cannot be missing from a hit are looked for
(`scans`). Everything else, facts, exceptions, negations, boundaries of words, is left to the `Judge`, who is asked about each
candidate. Where there is a choice, the newest messages say which check finds the fewest.

A plan must give all messages that the rule can hit; that it gives few others is only a matter of time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import Final, Protocol

from modconsole.policy.corpus import CHUNK, View
from modconsole.policy.model import Field, Ref, Rule, Selection, Some, TextCheck, When
from modconsole.policy.needles import Needles, needles
from modconsole.policy.scans import Both, Everything, Expression, Literal, Scan, Stream, Within, literals
from modconsole.policy.small import Small

OWN: Final[frozenset[Field]] = frozenset({"body", "title", "link", "domain"})
"""Fields that are, in whole or in part, in the message's own words."""


class Beyond(Protocol):
    """What the copy of the texts does not have."""

    def titles(self) -> Small:
        """The titles of conversations, each under its conversation's number."""

    def names(self) -> Small:
        """The names of people, and apart from them their handles, each under its person's number."""


class Plan:
    """How candidates of one rule are found in a view."""

    def __init__(self, rule: Rule, view: View, beyond: Beyond) -> None:
        self._view = view
        self._beyond = beyond
        self._rule = rule
        self._scans: dict[TextCheck, _Way] = {}
        ways = self._when(rule.when)
        self.scans: Sequence[Scan] = (Everything(),) if ways is None else [s for way in ways for s in way.scans or ()]
        """What is looked for; nothing, where the rule cannot hit anything."""
        self.decides = not rule.exceptions and self._words_decide(rule.when)
        """Whether a message that one of the scans finds for certain is a hit (if it is not one of ours)."""

    @property
    def reads_all(self) -> bool:
        """Whether nothing could be looked for, so that every message is judged."""
        return any(isinstance(scan, Everything) for scan in self.scans)

    def places(self, first: int, past: int) -> tuple[list[int], frozenset[int]]:
        """The candidates among these places, the newest first; and those of them that are hits for certain."""
        masked = self._view.masked
        scans = self.scans
        if len(scans) == 1 and isinstance(scans[0], Everything):
            return [place for place in range(past - 1, first - 1, -1) if place not in masked], frozenset()
        each = set(chain.from_iterable(scan.places(self._view, first, past) for scan in scans))
        sure = frozenset(~place for place in each if place < 0)
        found = {place for place in each if place >= 0} | sure if sure else each
        return sorted(found - masked if masked else found, reverse=True), sure if self.decides else frozenset()

    def _words_decide(self, when: When) -> bool:
        """Whether `when` holds as soon as any one of the checks matches."""
        if isinstance(when, Some):
            return when.least == 1 and all(map(self._words_decide, when.of))
        if not isinstance(when, Ref):
            return False
        return all(
            len(checks) == 1 and isinstance(checks[0], TextCheck) and not (checks[0].negated or checks[0].every)
            for checks in self._named(when.name).alternatives
        )

    # -- what must be there ----------------------------------------------------------------------------------------------------

    def _when(self, when: When) -> list[_Way] | None:
        """Ways of which one must find something wherever `when` holds; None where nothing needs to be there."""
        if isinstance(when, Ref):
            return self._selection(when.name)
        if isinstance(when, Some):
            return self._of([self._when(each) for each in when.of], when.least)
        return None

    def _selection(self, name: str) -> list[_Way] | None:
        each = [
            self._of([self._check(c) for c in checks if isinstance(c, TextCheck) and not c.negated], None)
            for checks in self._named(name).alternatives
        ]
        return self._of(each, 1)

    def _named(self, name: str) -> Selection:
        return next(each for each in self._rule.selections if each.name == name)

    def _of(self, every: Sequence[list[_Way] | None], least: int | None) -> list[_Way] | None:
        """At least `least` of several hold (None: all): then one holds of any choice of all but `least` - 1 of them."""
        choice = len(every) - (len(every) if least is None else least) + 1
        known = [ways for ways in every if ways is not None]
        if least == 0 or not every or len(known) < choice:
            return None
        if choice < len(known):
            known.sort(key=lambda ways: sum(way.rate for way in ways))
        return [way for ways in known[:choice] for way in ways]

    def _check(self, check: TextCheck) -> list[_Way] | None:
        """The ways of finding a check; with `every`, of the item that is found least."""
        if check.every and len(check.items) > 1:
            return self._of([self._check(_only(check, item)) for item in check.items], None)
        way = self._scans.get(check)
        if way is None:
            way = self._scans[check] = _Way(self._view, _scans(check, self._beyond))
        return None if way.scans is None else [way]


class _Way:
    """The scans that together find what a check finds."""

    def __init__(self, view: View, scans: Sequence[Scan] | None) -> None:
        self._view = view
        self.scans = scans

    @cached_property
    def rate(self) -> float:
        """The share of the newest messages that it finds."""
        for first, past in self._view.chunks(CHUNK // 4):
            each = chain.from_iterable(scan.places(self._view, first, past) for scan in self.scans or ())
            found = {place if place >= 0 else ~place for place in each}
            return len(found) / (past - first)
        return 0.0


def _only(check: TextCheck, item: str) -> TextCheck:
    from msgspec.structs import replace

    return replace(check, items=(item,), every=False)


def _scans(check: TextCheck, beyond: Beyond) -> list[Scan] | None:
    """The scans for a check of text; None where it can match anything."""
    found: list[Scan] = []
    if OWN.intersection(check.fields):
        own = _compiled(needles(check, anchored=not {"link", "domain"}.intersection(check.fields)))
        if own is None:
            return None
        found += own
    apart: tuple[tuple[Field, Callable[[], Small]], ...] = (
        ("title", beyond.titles),
        ("author name", beyond.names),
        ("author handle", beyond.names),
    )
    for field, texts in apart:
        if field in check.fields:
            small = texts()
            wanted = frozenset(small.numbers(_compiled(needles(check, anchored=True))))
            if wanted:
                found.append(Within("talks" if field == "title" else "people", wanted))
    return found


def _compiled(sought: Needles | None) -> list[Scan] | None:
    if sought is None:
        return None
    found: list[Scan] = []
    if sought.original:
        found.append(literals("original", sought.original))
    if sought.folded:
        found.append(literals("folded", sought.folded))
    streams: tuple[Stream, ...] = ("original", "folded")
    for stream in streams:
        for certain in (True, False):
            some = [each for where, each, sure in sought.expressions if (where, sure) == (stream, certain)]
            if some:
                found.append(Expression(stream, "|".join(f"(?:{each})" for each in some), certain=certain))
    found += (
        Both(literals("folded", [Literal(text) for text in texts]), stream, each, certain=certain)
        for texts, stream, each, certain in sought.within
    )
    return found
