"""Literals of many rules, looked for in many texts at once.

Texts are joined with NUL, which no folded text contains. Both automata name units that may match in a text: too many, never too
few.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Final

from modconsole.policy.fold import is_word

__all__ = ["CONTROL", "Literals", "PlainLiterals", "Touched", "joined"]

Touched = defaultdict[int, list[int]]
"""Number of a text → units that may match in it, some of them perhaps several times."""

CONTROL: Final = bytes([*range(0x09), *range(0x0E, 0x20), 0x7F])
"""ASCII that is left out in folding."""
_WORD: Final = frozenset(char for char in map(chr, range(128)) if is_word(char))
_PLAIN: Final = bytes(ord(chr(n).lower()) if chr(n) in _WORD else 0x20 for n in range(128)) + b" " * 128
_LETTERS: Final = 2


def joined(texts: Sequence[str]) -> str:
    """Texts with NUL before and after each."""
    return "\0".join(["", *texts, ""])


class Literals:
    """For folded texts of any kind. Where a word is asked for, the characters beside it are looked at."""

    def __init__(self) -> None:
        self._units: dict[str, list[int]] = {}
        self._edges: dict[str, tuple[bool, bool]] = {}
        self._made: Any = None
        self._left: list[bool] = []
        self._right: list[bool] = []
        self._lists: list[list[int]] = []
        self.longest = 0

    def __bool__(self) -> bool:
        return bool(self._units)

    def add(self, text: str, unit: int, left: bool = False, right: bool = False) -> None:
        """Look for a text; with `left` and `right`, where no character of a word stands before or after it. Of several units
        with the same text the one that asks least decides."""
        self._units.setdefault(text, []).append(unit)
        before = self._edges.get(text, (True, True))
        self._edges[text] = (before[0] and left, before[1] and right)
        self.longest = max(self.longest, len(text))

    def finish(self) -> None:
        """Make the automaton."""
        if self._units:
            import ahocorasick_rs

            texts = list(self._units)
            self._made = ahocorasick_rs.AhoCorasick(texts, store_patterns=False)
            self._left = [self._edges[text][0] for text in texts]
            self._right = [self._edges[text][1] for text in texts]
            self._lists = [self._units[text] for text in texts]

    def touch(self, text: str, numbers: Sequence[int], touched: Touched) -> None:
        """Look in `joined` texts; `numbers` are what `touched` knows them by."""
        hits = self._made.find_matches_as_indexes(text, overlapping=True)
        if not hits:
            return
        starts = list(_starts(text))
        left, right, lists = self._left, self._right, self._lists
        for pattern, start, end in hits:
            if left[pattern] and is_word(text[start - 1]):
                continue
            if right[pattern] and is_word(text[end]):
                continue
            touched[numbers[bisect_right(starts, start) - 1]].extend(lists[pattern])


class PlainLiterals:
    """For texts that are ASCII and have no control characters but white space: in bytes, all that is no part of a word made a
    space, so that a word is what has spaces around it."""

    def __init__(self) -> None:
        self._units: dict[bytes, list[int]] = {}
        self._made: Any = None
        self._lists: list[list[int]] = []

    def __bool__(self) -> bool:
        return bool(self._units)

    @staticmethod
    def takes(text: str) -> bool:
        """Whether a text is ASCII and has enough letters to be known by."""
        return text.isascii() and sum(char in _WORD for char in text) >= _LETTERS

    def add(self, text: str, unit: int, left: bool, right: bool) -> None:
        """Look for a text that it takes, as `Literals.add` does."""
        padded = (" " if left else "") + text + (" " if right else "")
        self._units.setdefault(padded.encode().translate(_PLAIN), []).append(unit)

    def finish(self) -> None:
        """Make the automaton."""
        if self._units:
            import ahocorasick_rs

            # Its denser kind is faster by itself, and no faster where other work goes on between calls: it fills the caches.
            self._made = ahocorasick_rs.BytesAhoCorasick(list(self._units))
            self._lists = list(self._units.values())

    def touch(self, text: bytes, numbers: Sequence[int], touched: Touched) -> None:
        """Look in `joined` texts; case does not matter."""
        lists, count, most = self._lists, text.count, len(numbers)
        at, past = -1, 0
        for pattern, start, _ in self._made.find_matches_as_indexes(text.translate(_PLAIN), overlapping=True):
            begin = start + 1  # one that has a space before it may begin with what joins the texts
            if begin >= past:
                at += count(b"\0", past, begin)
            else:  # they come in the order of their ends
                at -= count(b"\0", begin, past)
            past = begin
            if at < most:
                touched[numbers[at]].extend(lists[pattern])


def _starts(text: str) -> Iterator[int]:
    """Where each of the joined texts begins."""
    return accumulate([len(each) + 1 for each in text[1:-1].split("\0")], initial=1)
