"""What one item of a check finds in one text: the exact answer, within a time.

`Item.find` is what a rule means; everything faster only says where it need not be asked. Literals are looked for with `str.find`
and a look at the characters beside; expressions run on the package `regex`, which can be told to stop.

Two things to know about `regex`: its `timeout` counts the CPU time of the process, and counts on between two matches of an
iterator; and passing it costs about three microseconds a call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import regex

from modconsole.policy.fold import LEET_SIGNS, Folded, fold, fold_text, forms, is_word, leet, squeeze
from modconsole.policy.model import Channel, Field, Fold, Method, TextCheck
from modconsole.policy.scripts import ends_of_words, never, only, scripts, telling
from modconsole.policy.tame import SHORT, tame

__all__ = ["MOST", "Budget", "Found", "Item", "Late", "View", "expression"]

MOST: Final = 64
"""So many places of one item in one field of a message are told."""
FLAGS: Final = regex.V0 | regex.UNICODE | regex.DOTALL
_WRAP: Final[dict[Method, tuple[str, str]]] = {
    "word": (r"(?:^|(?<=\W)|\b)(?:", r")(?:$|(?=\W)|\b)"),
    "substring": ("(?:", ")"),
    "full": (r"^\W*\K(?:", r")(?=\W*$)"),
    "full-exact": ("^(?:", ")$"),
    "starts": ("^(?:", ")"),
    "ends": ("(?:", ")$"),
}
_DOMAIN: Final = (r"^(?:.*\.)?\K(?:", ")$")
_BELOW: Final = (r"^.*\K(?:", ")$")
_ASCII_WORD: Final = frozenset(char for char in map(chr, range(128)) if is_word(char))
_EVERY: Final = 256
"""After so many places of a literal the clock is looked at."""


Quick = Callable[[str], list[tuple[int, int, str]]]


class Late(Exception):
    """An item took longer than it may."""


class Budget:
    """The CPU seconds that one rule may take for one message; they begin to count with the first look."""

    __slots__ = ("_began", "limit")

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._began: float | None = None

    def left(self) -> float:
        """What is left, more than 0; raises `Late` where nothing is."""
        if self._began is None:
            self._began = time.thread_time()
            return self.limit
        rest = self.limit - (time.thread_time() - self._began)
        if rest <= 0:
            raise Late
        return rest

    def spent(self) -> float:
        """What is used up."""
        return 0.0 if self._began is None else time.thread_time() - self._began


class Found(NamedTuple):
    """A place in the original text, and the channel that it was found by."""

    start: int
    end: int
    channel: str


class View:
    """A text and its foldings, each made once."""

    __slots__ = ("_channels", "_folds", "_telling", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._folds: dict[Fold, Folded] = {}
        self._channels: dict[tuple[Fold, str], Folded] = {}
        self._telling: dict[str, tuple[int, int]] = {}

    def tells(self, script: str, start: int, end: int) -> bool:
        """Whether a letter outside a stretch can be of this script alone."""
        ends = self._telling.get(script)
        if ends is None:
            at = [n for n, char in enumerate(self.text) if telling(char) == script]
            ends = self._telling[script] = (at[0], at[-1] + 1) if at else (end, start)
        return ends[0] < start or ends[1] > end

    def at(self, level: Fold) -> Folded:
        """The text at a level of folding."""
        found = self._folds.get(level)
        if found is None:
            found = self._folds[level] = fold(self.text, level)
        return found

    def by(self, level: Fold, channel: Channel) -> Folded:
        """The text of a channel; its offsets lead into the folded text."""
        found = self._channels.get((level, channel))
        if found is None:
            text = self.at(level).text
            found = Folded(leet(text)) if channel == "leet" else squeeze(text)
            self._channels[level, channel] = found
        return found


def expression(item: str, check: TextCheck, field: Field = "body") -> regex.Pattern[str]:
    """An expression of a check, compiled as it is searched for in a field; raises `regex.error` where it is none.

    The methods mean what AutoModerator's wrapping means, with nothing consumed beside what the author wrote; groups keep
    their numbers. `fold: case` is the original text without regard to case; at `marks` and `lookalike` it is the folded text
    that is searched, and the expression stays as it is.
    """
    flags = FLAGS if check.fold == "exact" else FLAGS | regex.IGNORECASE
    alone = regex.compile(
        item, flags
    )  # first by itself: an unbalanced bracket must not find its partner in the wrapping
    before, after = _wrapping(check.method, field, item)
    return alone if before == "(?:" and after == ")" else regex.compile(before + item + after, flags)


def _wrapping(method: Method, field: Field, item: str) -> tuple[str, str]:
    if field == "domain" and method in ("word", "full"):
        return _BELOW if item.startswith(".") else _DOMAIN
    return _WRAP[method]


class Item:
    """One literal or expression of a check, for one of its fields."""

    __slots__ = (
        "_bounds",
        "_channels",
        "_own",
        "_own_scripts",
        "item",
        "level",
        "needles",
        "pattern",
        "plain",
        "short",
        "tame",
    )

    def __init__(self, item: str, check: TextCheck, field: Field = "body") -> None:
        self.item = item
        # Below `marks` an expression reads the original, and is itself told to disregard case.
        self.level: Fold = "exact" if check.regex and check.fold == "case" else check.fold
        self.needles: tuple[str, ...] = () if check.regex else forms(item, check.fold)
        self.pattern: regex.Pattern[str] | None = None
        self._bounds = check.method == "word"
        self._channels = () if check.regex or field == "domain" else check.channels
        self._own = "" if check.regex else fold_text(item, "case")
        self.plain: Quick | None = None
        """For a literal that is a word or part of one: its places in a body that is ASCII and folded."""
        literal = check.fold == "lookalike" and not check.regex and field not in ("link", "domain")
        self._own_scripts = scripts(item) if literal else frozenset()
        self.tame = False
        """Whether no clock is needed for a short text."""
        self.short: Quick | None = None
        """For what is tame and reads the original: its places in a short body."""
        simple = item.isascii() and len(self.needles) == 1 and self.needles[0].isascii() and not self._channels
        if simple and check.method in ("word", "substring") and field == "body" and check.fold != "exact":
            self.plain = _plain_places(self.needles[0], self._bounds)
        if check.regex:
            self.pattern = expression(item, check, field)
            self.tame = tame(item, more=check.method == "full" or field == "domain")
        elif check.method not in ("word", "substring") or field == "domain":
            before, after = _wrapping(check.method, field, item)
            self.pattern = regex.compile(before + ("|".join(map(regex.escape, self.needles)) or "(?!)") + after, FLAGS)
            self.tame = True
        if self.pattern is not None and self.tame and field == "body" and self.level == "exact":
            self.short = _short_places(self.pattern)

    def find(self, view: View, budget: Budget) -> Iterator[Found]:
        """Every place in the original, in each channel; raises `Late`."""
        folded = view.at(self.level)
        for start, end in self._plain(folded.text, budget):
            found = self._found(view, folded, start, end)
            if not self._own_scripts or not self._mistaken(view, found):
                yield found
        for channel in self._channels if self.pattern is None else ():
            search = self._leet if channel == "leet" else self._squeeze
            for start, end in search(folded.text, view.by(self.level, channel), budget):
                yield Found(*folded.span(start, end), channel)

    def _mistaken(self, view: View, found: Found) -> bool:
        """Whether what looks like a literal is a word of another script, among others of it."""
        if found.channel != "lookalike":
            return False
        start, end = ends_of_words(view.text, found.start, found.end)
        words = view.text[start:end]
        written = only(words)
        if not written or written in self._own_scripts:
            return False
        return any(map(never, words)) or view.tells(written, start, end)

    def _found(self, view: View, folded: Folded, start: int, end: int) -> Found:
        first, last = folded.span(start, end)
        if self.level in ("exact", "case"):
            return Found(first, last, "")
        stretch = view.text[first:last]
        meant = self._own or folded.text[start:end]
        if fold_text(stretch, "case") == meant:
            return Found(first, last, "")
        marked = fold_text(stretch, "marks") == fold_text(meant, "marks")
        return Found(first, last, "marks" if marked else "lookalike")

    def _plain(self, text: str, budget: Budget) -> Iterator[tuple[int, int]]:
        if self.pattern is None:
            for needle in self.needles:
                bounded = self._bounded(text, needle)
                for start in _all(text, needle, budget):
                    if bounded(start, start + len(needle)):
                        yield start, start + len(needle)
            return
        if self.tame and len(text) <= SHORT:
            yield from [match.span() for match in self.pattern.finditer(text)]
            return
        searched: Any = self.pattern.finditer(text, timeout=budget.left())
        try:
            for match in searched:
                yield match.span()
        except TimeoutError:
            raise Late from None

    def _bounded(self, text: str, needle: str) -> Callable[[int, int], bool]:
        """Whether a stretch is a word: at an edge where the literal has a character of words, none stands beside it."""
        if not self._bounds:
            return lambda start, end: True
        left, right, size = is_word(needle[0]), is_word(needle[-1]), len(text)

        def check(start: int, end: int) -> bool:
            if left and start and is_word(text[start - 1]):
                return False
            return not (right and end < size and is_word(text[end]))

        return check

    def _leet(self, text: str, signs: Folded, budget: Budget) -> Iterator[tuple[int, int]]:
        """Places where signs stand for letters: at least one sign that the literal has not, and at least one letter."""
        for needle in self.needles:
            bounded = self._bounded(text, needle)
            for start in _all(signs.text, leet(needle), budget):
                end = start + len(needle)
                stretch = text[start:end]
                if (
                    any(char in LEET_SIGNS and char != own for char, own in zip(stretch, needle, strict=True))
                    and any(map(str.isalpha, stretch))
                    and bounded(start, end)
                ):
                    yield start, end

    def _squeeze(self, text: str, squeezed: Folded, budget: Budget) -> Iterator[tuple[int, int]]:
        """Places where letters are repeated: none less often than in the literal, one of them two times more or two of them."""
        runs = squeezed.offsets or ()
        for needle in self.needles:
            bounded = self._bounded(text, needle)
            own = squeeze(needle)
            lengths = own.offsets or ()
            for at in _all(squeezed.text, own.text, budget):
                end = at + len(own.text)
                more = [runs[at + n + 1] - runs[at + n] - lengths[n + 1] + lengths[n] for n in range(len(own.text))]
                if min(more) >= 0 and sum(more) >= 2 and bounded(runs[at], runs[end]):
                    yield runs[at], runs[end]


def _short_places(pattern: regex.Pattern[str]) -> Quick:
    return lambda text: [(*match.span(), "") for match in pattern.finditer(text)]


def _plain_places(needle: str, bounds: bool) -> Quick:
    left, right, size = bounds and needle[0] in _ASCII_WORD, bounds and needle[-1] in _ASCII_WORD, len(needle)

    def places(text: str) -> list[tuple[int, int, str]]:
        found = []
        at = text.find(needle)
        while at >= 0:
            end = at + size
            if not ((left and at and text[at - 1] in _ASCII_WORD) or (right and text[end : end + 1] in _ASCII_WORD)):
                found.append((at, end, ""))
            at = text.find(needle, at + 1)
        return found

    return places


def _all(text: str, needle: str, budget: Budget) -> Iterator[int]:
    """Every place of a literal, also those that overlap."""
    at = text.find(needle)
    while at >= 0:
        for _ in range(_EVERY):
            yield at
            at = text.find(needle, at + 1)
            if at < 0:
                return
        budget.left()
