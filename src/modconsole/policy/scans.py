"""Looking through the copy of all texts for messages that a check could find something in.

A scan gives places (numbers of entries) of candidates in a stretch of the copy: all messages in which the check finds something,
and others too. Three ways: `bytes.find` for a few literals, one automaton for many, RE2 for expressions. Each goes over a whole
stretch at once and asks which message it is in only where something was found; then it goes on with the next message.

Where it is certain that the check finds something, so that nobody has to be asked, the place comes as its complement (`~place`).

`Within` is for what the copy does not have: titles of conversations and names of people.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from mmap import mmap
from typing import Any, Final, NamedTuple, Protocol
from typing import Literal as OneOf

Stream = OneOf["original", "folded"]
FEW: Final = 4
"""So many literals are looked for one after the other; more at once. Measured: the automaton costs as much as about five."""
MEMORY: Final = 64 << 20
"""Bytes that RE2 may use for the states of one expression; with too few it forgets them and is ten times as slow."""


class Laid(Protocol):
    """Texts as the copy lays them out: a `corpus.View`, or a few in memory (`small.Small`)."""

    @property
    def original(self) -> mmap | bytes: ...
    @property
    def folded(self) -> mmap | bytes: ...
    @property
    def ends(self) -> Sequence[int]: ...
    @property
    def folds(self) -> Sequence[int]: ...
    @property
    def talks(self) -> Sequence[int]: ...
    @property
    def people(self) -> Sequence[int]: ...


class Scan(Protocol):
    """One way of finding candidates."""

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """Candidates among the places from `first` to before `past`, some perhaps several times; certain ones as `~place`."""


def stretch(view: Laid, stream: Stream, first: int, past: int) -> tuple[bytes, int, Sequence[int]]:
    """The bytes of some messages, where they begin in the stream, and the table of ends."""
    data, ends = (view.original, view.ends) if stream == "original" else (view.folded, view.folds)
    start = ends[first - 1] if first else 0
    return data[start : ends[past - 1]], start, ends


class Literal(NamedTuple):
    """A literal as it stands in a stream; with `left` and `right`, where no ASCII character of a word stands before or after it.
    What stands there that is not ASCII is for the judge to look at."""

    text: str
    left: bool = False
    right: bool = False
    certain: bool = False
    """Whether the check finds the literal wherever the scan does. One that begins or ends with LF is meant to begin or end a
    text."""


class _Sought:
    """A literal made ready: whether it counts at a place, and whether it does for certain."""

    __slots__ = ("certain", "left", "needle", "right", "size")

    def __init__(self, each: Literal) -> None:
        self.needle = each.text.encode()
        self.size = len(self.needle)
        self.left, self.right = each.left, each.right
        self.certain = each.certain and b"\n" not in self.needle.strip(b"\n")

    def sure(self, data: bytes, at: int) -> bool:
        """Whether it is certain that what begins there is what the check looks for."""
        if not self.certain:
            return False
        before, after = data[at - 1] if at else 0xFF, data[at + self.size]
        if self.needle[0] == _LF and before < _MARKS:
            return False
        if self.needle[-1] == _LF and (after < _MARKS or self.size == 1):
            return False
        return not ((self.left and before > 127) or (self.right and after > 127))


_LF: Final = 10
_MARKS: Final = 0xFE
"""From this byte on, something ends here."""


_WORD: Final = bytes(chr(code).isalnum() or chr(code) == "_" for code in range(128)) + bytes(128)
"""Of each byte whether it is an ASCII character of a word."""


_TITLE: Final = bytes([_MARKS])
"""Before titles: where there are some, it has to be looked at what was found in which."""


def _plain(view: Laid, stream: Stream, place: int) -> bool:
    """Whether nothing in a message only looks like something else: then what is found in it stands there."""
    if stream == "original":
        return True
    return view.original[view.ends[place - 1] if place else 0 : view.ends[place] - 1].isascii()


class Finds:
    """A few literals, by `bytes.find`: the fastest there is for one."""

    def __init__(self, stream: Stream, sought: Sequence[Literal]) -> None:
        self.stream: Stream = stream
        self._sought = [_Sought(each) for each in sought]

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """Candidates of one literal after the other."""
        data, start, ends = stretch(view, self.stream, first, past)
        find, untitled = data.find, _TITLE not in data
        for each in self._sought:
            needle, left, right, size = each.needle, each.left, each.right, each.size
            place, at = first, find(needle)
            while at >= 0:
                if (left and _WORD[data[at - 1]]) or (right and _WORD[data[at + size]]):
                    at = find(needle, at + 1)
                    continue
                place = bisect_right(ends, start + at, place, past)
                yield ~place if untitled and each.sure(data, at) and _plain(view, self.stream, place) else place
                at = find(needle, ends[place] - start)
                place += 1


class Many:
    """Many literals, by one automaton over bytes."""

    def __init__(self, stream: Stream, sought: Sequence[Literal]) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation

        self.stream: Stream = stream
        self._sought = [_Sought(each) for each in sought]
        needles = [each.needle for each in self._sought]
        self._left, self._right = bytes(each.left for each in sought), bytes(each.right for each in sought)
        # the fastest form takes a kilobyte for each state
        how = Implementation.DFA if sum(map(len, needles)) < 30_000 else Implementation.ContiguousNFA
        self._automaton = BytesAhoCorasick(needles, implementation=how)

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """Candidates in their order."""
        data, start, ends = stretch(view, self.stream, first, past)
        left, right, untitled = self._left, self._right, _TITLE not in data
        end, place = 0, first
        # overlapping: of two literals at one place, the one that is no word there must not hide the other
        for number, at, after in self._automaton.find_matches_as_indexes(data, overlapping=True):
            if at < end or (left[number] and _WORD[data[at - 1]]) or (right[number] and _WORD[data[after]]):
                continue
            place = bisect_right(ends, start + at, place, past)
            end = ends[place] - start
            sure = untitled and self._sought[number].sure(data, at) and _plain(view, self.stream, place)
            yield ~place if sure else place


class Expression:
    """What an expression of RE2 finds. Raises `ValueError` where RE2 does not take it."""

    def __init__(self, stream: Stream, expression: str, *, certain: bool = False) -> None:
        self.stream: Stream = stream
        self._search = compiled(expression).search
        self._certain = certain

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """Candidates in their order."""
        data, start, ends = stretch(view, self.stream, first, past)
        search, place = self._search, first
        certain = self._certain and _TITLE not in data
        found = search(data)
        while found is not None:
            place = bisect_right(ends, start + found.start(), place, past)
            if place >= past:  # something that can be empty, after the last message
                return
            yield ~place if certain else place
            found = search(data, ends[place] - start)


class Both:
    """What an expression finds, looked for only in messages that another scan finds."""

    def __init__(self, scan: Scan, stream: Stream, expression: str, *, certain: bool = False) -> None:
        self.stream: Stream = stream
        self._certain = certain
        self._scan = scan
        self._search = compiled(expression).search

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """Candidates in the order of the other scan."""
        data, start, ends = stretch(view, self.stream, first, past)
        search, certain = self._search, self._certain and _TITLE not in data
        for found in self._scan.places(view, first, past):
            place = found if found >= 0 else ~found
            begin = ends[place - 1] - start if place else 0
            if search(data[begin : ends[place] - start]) is not None:
                yield ~place if certain else place


class Within:
    """Messages in certain conversations, or by certain people: what they are called is not in the copy."""

    def __init__(self, column: OneOf["talks", "people"], wanted: frozenset[int]) -> None:
        self.column: OneOf["talks", "people"] = column
        self.wanted = wanted

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """Their messages, in order."""
        numbers = view.talks if self.column == "talks" else view.people
        wanted = self.wanted
        return (place for place, number in enumerate(numbers[first:past], first) if number in wanted)


class Everything:
    """All messages: where nothing of what a rule asks has to be in the text."""

    def places(self, view: Laid, first: int, past: int) -> Iterator[int]:
        """All of them."""
        return iter(range(first, past))


def literals(stream: Stream, sought: Sequence[Literal]) -> Scan:
    """The scan for these literals."""
    each = sorted(set(sought))
    return Finds(stream, each) if len(each) <= FEW else Many(stream, each)


@lru_cache(256)
def compiled(expression: str) -> Any:
    """An expression of RE2, or `ValueError`."""
    import re2

    options = re2.Options()
    options.max_mem = MEMORY
    options.never_capture = True
    options.log_errors = False
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        raise ValueError(str(error)) from None
