"""Edits, by the letter of the specification: normalised texts and their longest common subsequence, without a library."""

from __future__ import annotations

import html
import re
import unicodedata


def plain(text: str, form: str) -> str:
    """The words of a text. Tags are dropped in a simple way: the generated pages have none that need more."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text)) if form == "html" else text


def normalised(text: str, form: str) -> str:
    """NFKC, case folded, without white space and punctuation."""
    folded = unicodedata.normalize("NFKC", plain(text, form)).casefold()
    return "".join(c for c in folded if not c.isspace() and not unicodedata.category(c).startswith("P"))


def common(a: str, b: str) -> int:
    """The length of the longest common subsequence, by the table of the textbook."""
    row = [0] * (len(b) + 1)
    for x in a:
        above = row
        row = [0]
        for i, y in enumerate(b):
            row.append(above[i] + 1 if x == y else max(above[i + 1], row[i]))
    return row[len(b)]


def differ(one: str, one_form: str, other: str, other_form: str) -> bool:
    """Whether two texts differ substantively: a similarity below nine tenths, in whole numbers."""
    a, b = normalised(one, one_form), normalised(other, other_form)
    return a != b and 20 * common(a, b) < 9 * (len(a) + len(b))
