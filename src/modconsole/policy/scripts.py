"""Whether a word that looks like another is a disguise, or simply a word of another script.

Folded as look-alikes, Russian "вот" is "bot" and "его" is "ero". Where somebody writes Russian these are words and no disguise.
What tells is a letter that nobody takes for one of another script: `в` and `э` are Cyrillic to any reader, `о` and `с` are not.
A match of a literal at the level `lookalike` whose words are all of one script, and of none that the literal has, is no match
where these words have a letter that nobody would try for another, or where a telling letter of that script is anywhere else in
the text.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from modconsole.policy.fold import fold_text, is_word

__all__ = ["ends_of_words", "never", "only", "script", "scripts", "telling"]

_MISTAKABLE: Final = {
    "LATIN": "aceghijkopsxyABCEHIJKMOPSTXY",
    "CYRILLIC": "асԁеёгһіїјӏорԛѕуԝхкьѵүАВЕЁСԌНІЇЈКМОРԚЅТУԜХӀҮѴ",
    "GREEK": "ανορυικχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
}
"""Letters that a reader may take for one of another of these scripts, wherever they stand."""
_TRIED: Final = {"LATIN": "", "CYRILLIC": "внтм", "GREEK": "βγεημστω"}
"""Letters that are none to a reader, and are used for one all the same where a whole word is in disguise."""


@lru_cache(16_384)
def script(char: str) -> str:
    """The script of a letter; empty for what is none. Letters in circles, boxes and other dress are of the script that they
    dress."""
    base = unicodedata.normalize("NFKD", char)[:1]
    return unicodedata.name(base, "").partition(" ")[0] if char.isalpha() and base.isalpha() else ""


@lru_cache(16_384)
def telling(char: str) -> str:
    """The script of a letter that is taken for no other; empty for all other characters."""
    own = script(char)
    if own not in _MISTAKABLE:
        return "" if not own or fold_text(char, "lookalike").isascii() else own
    base, marks = unicodedata.normalize("NFKD", char)[0], unicodedata.normalize("NFKD", char)[1:]
    accented = own == "GREEK" and "\u0301" in marks  # as every Greek word of several syllables is
    return own if accented or base not in _MISTAKABLE[own] else ""


@lru_cache(16_384)
def never(char: str) -> bool:
    """Whether a letter is not even tried as one of another script."""
    own = telling(char)
    return bool(own) and unicodedata.normalize("NFKD", char) not in list(_TRIED.get(own, ""))


def scripts(text: str) -> frozenset[str]:
    """The scripts of the letters of a text."""
    return frozenset(filter(None, map(script, text)))


def only(text: str) -> str:
    """The one script of a text; empty where it has several, or none."""
    found = scripts(text)
    return next(iter(found)) if len(found) == 1 else ""


def ends_of_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch made longer to where the words end that it begins and ends in."""
    while start and is_word(text[start - 1]):
        start -= 1
    while end < len(text) and is_word(text[end]):
        end += 1
    return start, end
