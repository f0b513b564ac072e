"""The places of simple items in simple texts, the short way: most of what is looked for is of this kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import regex

from modconsole.policy.fold import is_word
from modconsole.policy.model import Method

__all__ = ["Quick", "literal", "searched"]

Quick = Callable[[str], list[tuple[int, int, str]]]
"""Gives the places in a text: where each begins and ends, and how it was found (plainly)."""
_WORD: Final = frozenset(char for char in map(chr, range(128)) if is_word(char))
_LETTER: Final = re.compile(r"[0-9A-Za-z_]")


def searched(pattern: regex.Pattern[str]) -> Quick:
    """An expression that cannot take long, in a short text."""
    return lambda text: [(*match.span(), "") for match in pattern.finditer(text)]


def literal(needle: str, method: Method) -> Quick | None:
    """An ASCII literal, folded, in an ASCII text that is folded; None where there is no short way."""
    if method in ("word", "substring"):
        return _anywhere(needle, bounds=method == "word")
    if needle.endswith("\n") or (method == "full" and not {needle[0], needle[-1]} <= _WORD):
        return None
    return {"starts": _starts, "ends": _ends, "full-exact": _whole, "full": _full}[method](needle)


def _anywhere(needle: str, *, bounds: bool) -> Quick:
    left, right, size = bounds and needle[0] in _WORD, bounds and needle[-1] in _WORD, len(needle)

    def places(text: str) -> list[tuple[int, int, str]]:
        found = []
        at = text.find(needle)
        while at >= 0:
            end = at + size
            if not ((left and at and text[at - 1] in _WORD) or (right and text[end : end + 1] in _WORD)):
                found.append((at, end, ""))
            at = text.find(needle, at + 1)
        return found

    return places


def _starts(needle: str) -> Quick:
    return lambda text: [(0, len(needle), "")] if text.startswith(needle) else []


def _ends(needle: str) -> Quick:
    """`$` is also before a newline that ends the text."""

    def places(text: str) -> list[tuple[int, int, str]]:
        end = len(text) - text.endswith("\n")
        return [(end - len(needle), end, "")] if text.endswith(needle, 0, end) else []

    return places


def _whole(needle: str) -> Quick:
    return lambda text: [(0, len(needle), "")] if text in (needle, needle + "\n") else []


def _full(needle: str) -> Quick:
    """What begins and ends with a character of words can only be where the text's words begin."""

    def places(text: str) -> list[tuple[int, int, str]]:
        at = text.find(needle)
        if at < 0 or _LETTER.search(text, 0, at) or _LETTER.search(text, at + len(needle)):
            return []
        return [(at, at + len(needle), "")]

    return places
