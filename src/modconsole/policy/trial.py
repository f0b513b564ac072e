"""One rule on one message: where its text checks match, once it is known which items are worth looking for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final, NamedTuple

from modconsole.policy.confirm import MOST, Budget, Found, Item, Late, View
from modconsole.policy.model import Field, Match, Rule, TextCheck, Texts
from modconsole.policy.places import Address, pieces, space
from modconsole.policy.tame import SHORT

__all__ = ["Compiled", "Late", "Reading", "Spot", "Trial", "Unit", "compiled"]


class Spot(NamedTuple):
    """Where in the rules a text check stands: by numbers, from 0."""

    rule: int
    selection: int
    alternative: int
    check: int


class Unit(NamedTuple):
    """One item of a check in one of its fields: the smallest thing to look for. `order` is the field's place in the check."""

    number: int
    spot: Spot
    selection: str
    check: TextCheck
    field: Field
    order: int
    item: Item


class Compiled(NamedTuple):
    """A rule: its units, and those of its exceptions, by exception."""

    rule: Rule
    units: tuple[Unit, ...]
    exceptions: tuple[tuple[Unit, ...], ...]

    @property
    def simple(self) -> bool:
        """Whether one match of one unit decides."""
        return not self.exceptions and not any(unit.check.every for unit in self.units)


def _units(check: TextCheck, spot: Spot, selection: str, first: int) -> tuple[Unit, ...]:
    pairs = [(order, field, item) for order, field in enumerate(check.fields) for item in check.items]
    return tuple(
        Unit(first + n, spot, selection, check, field, order, Item(item, check, field))
        for n, (order, field, item) in enumerate(pairs)
    )


def compiled(rules: Sequence[Rule]) -> tuple[Compiled, ...]:
    """Rules made ready; their units are numbered through, those of exceptions are not."""
    made: list[Compiled] = []
    count = 0
    for number, rule in enumerate(rules):
        units: list[Unit] = []
        for s, selection in enumerate(rule.selections):
            for a, alternative in enumerate(selection.alternatives):
                for c, check in enumerate(alternative):
                    if isinstance(check, TextCheck):
                        own = _units(check, Spot(number, s, a, c), selection.name, count)
                        units += own
                        count += len(own)
        exceptions = tuple(_units(each, Spot(number, -1, -1, c), "", 0) for c, each in enumerate(rule.exceptions))
        made.append(Compiled(rule, tuple(units), exceptions))
    return tuple(made)


class Reading:
    """One message while it is judged: its texts, each folded once."""

    __slots__ = ("_lowered", "_pieces", "texts")

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._pieces: dict[Field, list[tuple[View, Address | None]]] = {}
        self._lowered: str | None = None

    def views(self, field: Field) -> list[tuple[View, Address | None]]:
        """The texts of a field; none where it is empty."""
        found = self._pieces.get(field)
        if found is None:
            found = self._pieces[field] = [(View(text), address) for text, address in pieces(self.texts, field) if text]
        return found

    def words(self, field: Field, start: int, end: int) -> str:
        """What stands somewhere."""
        if field == "body":
            return self.texts.body[start:end]
        return pieces(self.texts, space(field))[0][0][start:end]

    def lowered(self) -> str:
        """The body where folding it does no more than make its letters small, and it is short; else an empty text."""
        if self._lowered is None:
            text = self.texts.body
            plain = len(text) <= _SHORT and text.isascii() and (text.isprintable() or not _CONTROL.search(text))
            self._lowered = text.lower() if plain else ""
        return self._lowered


class _Covers:
    """The places of exceptions."""

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
        """Whether one of them covers a place whole."""
        at = bisect_right(self._starts.get(where, ()), start)
        return at > 0 and self._ends[where][at - 1] >= end


_NONE: Final = _Covers({})
_SHORT: Final = 4_096
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def _by_spot(units: Sequence[Unit]) -> Iterable[tuple[Spot, Sequence[Unit]]]:
    if len(units) == 1:
        return ((units[0].spot, units),)
    return [(spot, tuple(own)) for spot, own in groupby(units, key=lambda unit: unit.spot)]


def quick(unit: Unit, reading: Reading) -> list[tuple[int, int, str]] | None:
    """All places of a simple item in a short body that needs no folding, the short way; None where it is not that."""
    item = unit.item
    if item.plain is not None:
        lowered = reading.lowered()
        return item.plain(lowered) if lowered else None
    if item.short is not None and 0 < len(reading.texts.body) <= SHORT:
        return item.short(reading.texts.body)
    return None


def told(unit: Unit, places: Iterable[tuple[int, int, str]], reading: Reading) -> list[Match]:
    """Places of an item, at most so many."""
    words, field, item, selection = reading.words, unit.field, unit.item.item, unit.selection
    if field == "body":
        body = reading.texts.body
        return [
            Match(
                selection=selection,
                field=field,
                start=start,
                end=end,
                words=body[start:end],
                item=item,
                channel=channel,
            )
            for start, end, channel in islice(places, MOST)
        ]
    return [
        Match(
            selection=selection,
            field=field,
            start=start,
            end=end,
            words=words(field, start, end),
            item=item,
            channel=channel,
        )
        for start, end, channel in islice(places, MOST)
    ]


class Trial:
    """One rule on one message. `find` raises `Late`; `item` then says at what."""

    __slots__ = ("_reading", "budget", "item")

    def __init__(self, reading: Reading, limit: float) -> None:
        self._reading = reading
        self.budget = Budget(limit)
        self.item = ""

    def find(self, rule: Compiled, units: Sequence[Unit]) -> dict[Spot, tuple[Match, ...]]:
        """The checks that match, of those that these units belong to; units are given in their order."""
        found: dict[Spot, tuple[Match, ...]] = {}
        covers: _Covers | None = None if rule.exceptions else _NONE
        for spot, own in _by_spot(units):
            matches = self._check(own, _NONE)
            if matches and covers is None:
                covers = self._covers(rule.exceptions)
            if matches and covers is not None and covers is not _NONE:
                matches = self._check(own, covers)
            if matches:
                found[spot] = matches
        return found

    def _check(self, units: Sequence[Unit], covers: _Covers) -> tuple[Match, ...]:
        matches: list[tuple[int, Match]] = []
        check = units[0].check
        missing = set(check.items) if check.every else set()
        for unit in units:
            places = quick(unit, self._reading) if covers is _NONE else None
            own = told(unit, self._places(unit, covers) if places is None else places, self._reading)
            if own:
                missing.discard(unit.item.item)
                matches += [(unit.order, match) for match in own]
        if missing:
            return ()
        if len(matches) > 1:
            matches.sort(key=lambda each: (each[0], each[1].start, each[1].end))
        return tuple([match for _, match in matches])

    def _places(self, unit: Unit, covers: _Covers) -> Iterator[Found]:
        self.item = unit.item.item
        where = space(unit.field)
        count = 0
        for view, address in self._reading.views(unit.field):
            for found in unit.item.find(view, self.budget):
                place = found if address is None else Found(address.start, address.end, found.channel)
                count += 1
                if count % 256 == 0:
                    self.budget.left()
                if covers is _NONE or not covers.has(where, place.start, place.end):
                    yield place
                if address is not None:
                    break  # the place is the address, however often it is in it

    def _covers(self, exceptions: Iterable[tuple[Unit, ...]]) -> _Covers:
        places: dict[Field, list[tuple[int, int]]] = {}
        for units in exceptions:
            own: list[tuple[Field, int, int]] = []
            missing = set(units[0].check.items) if units and units[0].check.every else set()
            for unit in units:
                each = [(space(unit.field), start, end) for start, end, _ in self._places(unit, _NONE)]
                if each:
                    missing.discard(unit.item.item)
                own += each
            for where, start, end in () if missing else own:
                places.setdefault(where, []).append((start, end))
        return _Covers(places)
