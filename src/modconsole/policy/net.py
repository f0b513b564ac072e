"""The first tier: which items are worth looking for in which texts. It may name too many, never too few.

one automaton   over the folded texts of many messages at once, for all literals and all that expressions require; where a
                word is asked for, the characters beside it are looked at there and then
RE2             for expressions that require no literal of three characters: all of them over a group of messages, then over
                each message of a group in which one may match
always          for the few that neither can say anything about

"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from modconsole.policy.automata import CONTROL, Literals, PlainLiterals, Touched, joined
from modconsole.policy.expressions import Node, Unclear, parse
from modconsole.policy.fold import LEVELS, fold_text, is_word, leet
from modconsole.policy.literals import required, safe, trigger
from modconsole.policy.model import Field
from modconsole.policy.places import space
from modconsole.policy.samples import samples
from modconsole.policy.superset import Superset
from modconsole.policy.trial import Unit

__all__ = ["Net"]

_SPACES: Final[tuple[Field, ...]] = ("body", "title", "author name", "author handle")
_MOST_TEXTS: Final = 1_000
_MOST_CHARS: Final = 65_536
_GROUP: Final = 64
"""So many messages are shown to RE2 at once: a call costs as much as fifty characters."""
_LONG_ENOUGH: Final = 3
_RUN: Final = re.compile(r"([^\0])\1+", re.DOTALL)


def _squeezed(text: str) -> str:
    """One of each run, of whatever: letters that look like digits are letters at the other levels."""
    return _RUN.sub(r"\1", text)


class _Field:
    """Everything that is looked for in one text of a message: its body, its title, a name."""

    def __init__(self) -> None:
        self.plain = PlainLiterals()
        """For texts that are ASCII: there a word at one level is a word at each."""
        self.signs = Literals()
        """For the same texts: literals of hardly any letters."""
        self.other = Literals()
        self.leet = Literals()
        self.squeeze = Literals()
        self.supersets = {level: Superset() for level in LEVELS}
        self.always: list[int] = []
        self.beyond: list[int] = []
        """Literals that no ASCII text has, and that the automaton cannot be asked for."""
        self.linked: list[int] = []
        """Units about addresses that are tried wherever one may be."""

    def finish(self) -> None:
        for each in (self.plain, self.signs, self.other, self.leet, self.squeeze):
            each.finish()

    def empty(self) -> bool:
        sets = any(len(each) for each in self.supersets.values())
        return not (self.other or self.leet or self.squeeze or self.always or self.beyond or self.linked or sets)

    def literal(self, text: str, unit: Unit, edges: tuple[bool, bool], everywhere: bool) -> None:
        """Look for what an item's text contains. `everywhere`: the edges hold in every text, not in ASCII alone."""
        if self.plain.takes(text):
            self.plain.add(text, unit.number, *edges)
        elif text.isascii():
            self.signs.add(text, unit.number, *edges)
        self.other.add(text, unit.number, *(edges if everywhere else (False, False)))


class Net:
    """All units, made ready for looking in many texts at once."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._fields = {field: _Field() for field in _SPACES}
        for unit in units:
            self._add(unit, self._fields[space(unit.field)])
        for each in self._fields.values():
            each.finish()
        self.fields = tuple(field for field, each in self._fields.items() if not each.empty())
        """The texts of a message that are to be looked in."""

    def _add(self, unit: Unit, field: _Field) -> None:
        added = self._expression(unit, field) if unit.check.regex else self._literal(unit, field)
        if not added:
            beyond = not unit.check.regex and not any(map(str.isascii, unit.item.needles))
            linked = unit.field in ("link", "domain")
            (field.linked if linked else field.beyond if beyond else field.always).append(unit.number)

    def _literal(self, unit: Unit, field: _Field) -> bool:
        item, level = unit.item, unit.check.fold
        for needle in item.needles:
            alone = unit.check.method == "word" and unit.field not in ("link", "domain")
            edges = (alone and is_word(needle[0]), alone and is_word(needle[-1]))
            if level == "lookalike":
                field.literal(needle, unit, edges, everywhere=True)
            else:
                shown = trigger(item.item, level)
                if not shown:
                    return False
                whole = needle.isascii() and shown == needle.lower()
                field.literal(shown, unit, edges if whole else (False, False), everywhere=False)
            for channel, literals in (("leet", field.leet), ("squeeze", field.squeeze)):
                if channel in unit.check.channels:
                    look = fold_text(needle, "lookalike")
                    if level != "lookalike" and not (all(map(safe, needle)) and len(look) == len(needle)):
                        return False
                    literals.add(leet(look) if channel == "leet" else _squeezed(look), unit.number)
        return True  # an item of which nothing is left when folded matches nowhere

    def _expression(self, unit: Unit, field: _Field) -> bool:
        try:
            tree = parse(unit.item.item, ignore_case=unit.check.fold != "exact")
        except Unclear:
            return False
        texts = required(tree) or frozenset()
        longest = min(map(len, texts), default=0)
        if longest < _LONG_ENOUGH and unit.field not in ("link", "domain"):
            superset = field.supersets[unit.item.level]
            if superset.add(unit.number, tree):
                return self._proven(unit, tree, (), superset) or not superset.withdraw(unit.number)
        if not longest or not self._proven(unit, tree, texts, None):
            return False
        for each in texts:
            field.literal(each, unit, (False, False), everywhere=False)
        return True

    def _proven(self, unit: Unit, tree: Node, texts: Iterable[str], superset: Superset | None) -> bool:
        """Whether texts made after the expression are all let through: the proof, on every compilation, that nothing was
        misread."""
        pattern = unit.item.pattern
        for made in samples(tree):
            sample, look = fold_text(made, unit.item.level), fold_text(made, "lookalike")
            if pattern is None or not _matches(pattern, sample):
                continue
            if superset is not None:
                fired = superset.fires(sample)
                if fired is not None and unit.number not in fired:
                    return False
            elif not any(text in look for text in texts):
                return False
        return True

    def touch(self, texts: Sequence[str], field: Field) -> Touched:
        """Which units may match in which of the texts, by their numbers."""
        touched: Touched = defaultdict(list)
        nets = self._fields[field]
        for numbers in _batches(texts):
            if len(numbers) == 1 and len(texts[numbers[0]]) > _MOST_CHARS:
                self._long(nets, texts[numbers[0]], numbers[0], touched)
            elif nets.other or nets.leet or nets.squeeze:
                self._literals(nets, texts[numbers.start : numbers.stop], numbers, touched)
        for level, superset in nets.supersets.items():
            if len(superset):
                read = texts if level == "exact" else [fold_text(text, level) for text in texts]
                _supersets(superset, read, touched)
        if nets.always or nets.beyond or nets.linked:
            for number, text in enumerate(texts):
                if nets.always:
                    touched[number].extend(nets.always)
                if nets.beyond and not text.isascii():
                    touched[number].extend(nets.beyond)
                if nets.linked and ("/" in text or "www" in text.lower()):
                    touched[number].extend(nets.linked)
        return touched

    def _literals(self, nets: _Field, texts: Sequence[str], numbers: Sequence[int], touched: Touched) -> None:
        together = _plain(joined(texts), len(texts))
        if together is not None:
            self._look_plain(nets, together, numbers, touched)
            return
        plain = [n for n, text in enumerate(texts) if text.isascii() and _plain(text, -1) is not None]
        if plain:
            some = joined([texts[n] for n in plain]).encode()
            self._look_plain(nets, some, [numbers[n] for n in plain], touched)
        rest = sorted(set(range(len(texts))).difference(plain))
        folded = joined([fold_text(texts[n], "lookalike") for n in rest])
        others = [numbers[n] for n in rest]
        if nets.other:
            nets.other.touch(folded, others, touched)
        self._channels(nets, folded, others, touched)

    def _look_plain(self, nets: _Field, together: bytes, numbers: Sequence[int], touched: Touched) -> None:
        if nets.plain:
            nets.plain.touch(together, numbers, touched)
        if nets.signs or nets.leet or nets.squeeze:
            folded = together.decode().lower()
            if nets.signs:
                nets.signs.touch(folded, numbers, touched)
            self._channels(nets, folded, numbers, touched)

    def _channels(self, nets: _Field, folded: str, numbers: Sequence[int], touched: Touched) -> None:
        if nets.leet:
            nets.leet.touch(leet(folded), numbers, touched)
        if nets.squeeze:
            nets.squeeze.touch(_squeezed(folded), numbers, touched)

    def _long(self, nets: _Field, text: str, number: int, touched: Touched) -> None:
        """A long text in pieces that overlap by the longest literal, so that what fires is never in memory all at once."""
        folded = fold_text(text, "lookalike")
        for literals, read in (
            (nets.other, folded),
            (nets.leet, leet(folded) if nets.leet else ""),
            (nets.squeeze, _squeezed(folded) if nets.squeeze else ""),
        ):
            if literals:
                for start in range(0, len(read), _MOST_CHARS):
                    part = read[start : start + _MOST_CHARS + literals.longest + 1]
                    literals.touch(joined([part]), [number], touched)


def _plain(text: str, count: int) -> bytes | None:
    """Joined texts as bytes, if they are ASCII without control characters but for what joins them. One alone counts as -1."""
    if not text.isascii():
        return None
    data = text.encode()
    return data if len(data.translate(None, CONTROL)) == len(data) - count - 1 else None


def _matches(pattern: Any, text: str) -> bool:
    try:
        return pattern.search(text, timeout=0.01) is not None
    except TimeoutError:
        return False


def _batches(texts: Sequence[str]) -> Iterator[range]:
    """Numbers of texts to look in together; a long text is alone."""
    for first in range(0, len(texts), _MOST_TEXTS):
        last = min(first + _MOST_TEXTS, len(texts))
        if sum(map(len, texts if last - first == len(texts) else texts[first:last])) <= _MOST_CHARS:
            yield range(first, last)
        else:
            yield from _smaller(texts, first, last)


def _smaller(texts: Sequence[str], first: int, last: int) -> Iterator[range]:
    size = 0
    for number in range(first, last):
        if number > first and size + len(texts[number]) > _MOST_CHARS:
            yield range(first, number)
            first, size = number, 0
        size += len(texts[number])
    yield range(first, last)


def _supersets(superset: Superset, texts: Sequence[str], touched: Touched) -> None:
    for first in range(0, len(texts), _GROUP):
        for number, fired in superset.places(texts[first : first + _GROUP]):
            if fired:
                touched[first + number].extend(fired)
