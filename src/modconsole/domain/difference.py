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
    for step in Indel.opcodes(before, after):
        if step.tag == "equal":
            _add(found, "same", before[step.src_start : step.src_end])
        else:
            _add(found, "gone", before[step.src_start : step.src_end])
            _add(found, "new", after[step.dest_start : step.dest_end])
    return found


def _words(text: str) -> list[str]:
    words = _WORDS.findall(text)
    return words if len(words) <= MOST else [*words[:MOST], "".join(words[MOST:])]


def _add(found: list[tuple[Kind, str]], kind: Kind, words: list[str]) -> None:
    text = "".join(words)
    if not text:
        return
    if found and found[-1][0] == kind:
        found[-1] = (kind, found[-1][1] + text)
    elif kind == "gone" and found and found[-1][0] == "new" and len(found) > 1 and found[-2][0] == "gone":
        # a word went behind one that came: told together, gone before new
        found[-2] = ("gone", found[-2][1] + text)
    else:
        found.append((kind, text))
