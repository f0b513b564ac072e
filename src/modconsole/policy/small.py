"""Titles and names for the scans: as the copy of the texts is laid out, but small enough to be made in memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from modconsole.policy.corpus import region
from modconsole.policy.scans import Scan


class Small:
    """Texts, each under a number, of which several texts can be. It has what a scan asks of a `corpus.View`."""

    def __init__(self, texts: Iterable[tuple[int, str]], fold: Callable[[str], str]) -> None:
        original, folded = [], []
        self.rows, self.ends, self.folds = array("Q"), array("Q"), array("Q")
        end = folded_end = 0
        for number, text in texts:
            raw, flat = region(text, None), region(fold(text), None)
            original.append(raw)
            folded.append(flat)
            end += len(raw)
            folded_end += len(flat)
            self.rows.append(number)
            self.ends.append(end)
            self.folds.append(folded_end)
        self.original, self.folded = b"".join(original), b"".join(folded)
        self.talks = self.people = self.rows
        self.count = len(self.rows)

    def numbers(self, scans: Sequence[Scan] | None) -> Iterator[int]:
        """The numbers of the texts in which one of the scans finds something; all, where there is nothing to look for."""
        if scans is None:
            return iter(self.rows)
        if not self.count:
            return iter(())
        found = chain.from_iterable(scan.places(self, 0, self.count) for scan in scans)
        return (self.rows[place if place >= 0 else ~place] for place in found)
