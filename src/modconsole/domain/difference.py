"""What an edit changed, word by word.

Words and the white space between them are compared as units, so that the parts put together again are the whole text. The
comparison is rapidfuzz's longest common subsequence, which stays quick however a text was made to be slow.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["same", "gone", "new"]

MOST = 6_000
"""Words of a text that are compared; what follows counts as replaced."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def changes(old: str, new: str) -> list[tuple[Kind, str]]:
    """The way from `old` to `new`: pieces that stayed, went and came. Neighbouring pieces are never of one kind."""
    from rapidfuzz.distance import Indel  # only a diff needs it

    before, after = _words(old), _words(new)
    found: list[tuple[Kind, str]] = []
    gone: list[str] = []
    came: list[str] = []
    for step in Indel.opcodes(before, after):
        if step.tag == "equal":
            found += _replaced(gone, came)
            found.append(("same", "".join(before[step.src_start : step.src_end])))
            gone, came = [], []
        else:
            gone += before[step.src_start : step.src_end]
            came += after[step.dest_start : step.dest_end]
    return found + _replaced(gone, came)


def _words(text: str) -> list[str]:
    words = _WORDS.findall(text)
    return words if len(words) <= MOST else [*words[:MOST], "".join(words[MOST:])]


def _replaced(gone: list[str], came: list[str]) -> list[tuple[Kind, str]]:
    """What went, then what came in its place; the comparison tells them in any order."""
    both: list[tuple[Kind, str]] = [("gone", "".join(gone)), ("new", "".join(came))]
    return [piece for piece in both if piece[1]]
