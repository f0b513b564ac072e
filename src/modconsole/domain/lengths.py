"""How long a text is, in the unit in which a platform counts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import regex

LengthUnit = Literal["characters", "bytes", "graphemes"]


def length(text: str, unit: LengthUnit) -> int:
    """The length of a text: code points, bytes of UTF-8, or what a reader takes for one character (UAX 29 grapheme clusters)."""
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    if unit == "graphemes" and not text.isascii():
        return sum(1 for _ in _cluster().finditer(text))
    if unit == "graphemes":
        return len(text) - text.count("\r\n")
    return len(text)


@cache
def _cluster() -> regex.Pattern[str]:
    """Imported when first needed: it takes 20 ms, and most platforms count otherwise."""
    import regex

    return regex.compile(r"\X")
