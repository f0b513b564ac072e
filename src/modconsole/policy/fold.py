"""Texts as they are compared: upper and lower case, marks, invisible characters, look-alikes; and the way back.

Four levels, each of which includes those before it (`model.FOLDS`). Folding goes character by character and knows no context, so
a word folds to the same wherever it stands; the exception are sequences that Unicode also has as one character (Hangul
syllables, kana with their voicing marks), which are put together first, so that か is not found in が.

    exact      the text
    case       full case folding: ß is ss
    marks      also NFKD, without the marks of Latin, Greek, Cyrillic, Hebrew and Arabic (the vowel signs of Indic scripts and of
               Thai are letters to their readers and stay), without what cannot be seen: format characters, fillers, variation
               selectors, control characters but white space
    lookalike  also each letter as the ASCII that it looks like, digits of all scripts as 0 to 9; what looks alike in ASCII itself
               (0 and O) is for the channel `leet`

A few Greek letters look like one Latin letter when small and like another when capital (ν v, Ν N). They are taken as they
look, so one Greek word folds differently in capitals: look for all of `forms(literal, level)`.

The two channels work on a folded text, character by character too: `leet` reads digits and signs as letters, `squeeze` makes
one of each run of a letter.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

import regex

from modconsole.policy._lookalikes import ALIKE
from modconsole.policy.model import Fold

__all__ = ["LEVELS", "Folded", "fold", "fold_text", "forms", "is_word", "leet", "squeeze"]

LEVELS: Final[tuple[Fold, ...]] = ("exact", "case", "marks", "lookalike")

_ALIKE: Final = {char: target for target, chars in ALIKE.items() for char in chars}
_SPACES: Final = "\t\n\v\f\r"
_STRIPPED: Final = regex.compile(
    r"[\p{Mn}\p{Me}&&[\p{Script=Inherited}\p{Script=Common}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}"
    r"\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}]--[\u3099\u309A]]|[\p{Default_Ignorable_Code_Point}\p{Cf}--\p{Prepended_Concatenation_Mark}]",
    regex.V1,
)
_COMPOSED: Final = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]|[\u3041-\u30fe\uff66-\uff9d][\u3099\u309a\uff9e\uff9f]"
)
_KEPT: Final = re.compile("[\uac00-\ud7a3\u3041-\u30fe]")
_ASCII_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_WORD: Final = regex.compile(r"\w")

_LEET: Final = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "2": "z",
        "3": "e",
        "4": "a",
        "5": "s",
        "6": "b",
        "7": "t",
        "8": "b",
        "9": "g",
        "@": "a",
        "$": "s",
        "!": "i",
        "|": "i",
        "+": "t",
        "\N{EURO SIGN}": "e",
        "\N{CENT SIGN}": "c",
        "\N{POUND SIGN}": "l",
        "\N{YEN SIGN}": "y",
        "\N{WON SIGN}": "w",
        "\N{NAIRA SIGN}": "n",
        "\N{PESO SIGN}": "p",
        "\N{HRYVNIA SIGN}": "s",
        "\N{THAI CURRENCY SYMBOL BAHT}": "b",
        "\N{CEDI SIGN}": "c",
        "\N{AUSTRAL SIGN}": "a",
        "\N{GUARANI SIGN}": "g",
        "\N{KIP SIGN}": "k",
        "\N{MILL SIGN}": "m",
        "\N{TUGRIK SIGN}": "t",
        "\N{MULTIPLICATION SIGN}": "x",
        "l": "i",
    }
)
LEET_SIGNS: Final = frozenset(map(chr, _LEET)) - {"l"}
"""What stands for a letter; i and l are one in this channel, since 1 and ! stand for both."""


class Folded:
    """A folded text, and where each of its characters comes from.

    `offsets` has one entry more than `text` has characters: the position in the original; None where both are the same.
    """

    __slots__ = ("offsets", "text")

    def __init__(self, text: str, offsets: Sequence[int] | None = None) -> None:
        self.text = text
        self.offsets = offsets

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that `text[start:end]` comes from, with marks and invisible characters after it that were
        left out; a character of the original is in it whole, or not at all."""
        offsets = self.offsets
        if offsets is None:
            return start, end
        first = offsets[start]
        if end <= start:
            return first, first
        last = offsets[end - 1]
        while offsets[end] == last:  # the rest of what one character became; the entry after the last ends it
            end += 1
        return first, offsets[end]


@lru_cache(65_536)
def is_word(char: str) -> bool:
    r"""Whether a character is one of `\w`, as the package `regex` has it."""
    return _WORD.match(char) is not None


_PARENTHESIZED: Final = {chr(0x249C + n): chr(0x61 + n) for n in range(26)} | {
    chr(0x1F110 + n): chr(0x41 + n) for n in range(26)
}


def _visible(text: str) -> str:
    """Decomposed, without marks and what cannot be seen, in the case that it has."""
    if text in _PARENTHESIZED:  # NFKD makes three characters of it
        return _PARENTHESIZED[text]
    return _STRIPPED.sub("", unicodedata.normalize("NFKD", text))


def _special(char: str) -> str | None:
    """What is not decomposed: ASCII, control characters, surrogates, and syllables that are one character."""
    if char.isascii():
        return "" if _ASCII_CONTROL.match(char) else char.lower()
    if "\x80" <= char <= "\x9f":
        return " " if char == "\x85" else ""
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    whole = unicodedata.normalize("NFKC", char)
    return whole if _KEPT.fullmatch(whole) else None


def _marks(char: str) -> str:
    """One character, or a sequence that is one, at the level `marks`."""
    special = _special(char)
    return _whole(_visible(_visible(char).casefold())) if special is None else special


def _look(char: str) -> str:
    """One character, or a sequence that is one, at the level `lookalike`."""
    special = _special(char)
    if special is not None:
        return _ALIKE.get(special, special)
    return _whole("".join(map(_look_one, _visible(char))))


def _whole(text: str) -> str:
    """Syllables that came out of a character in parts, put together."""
    return _COMPOSED.sub(lambda parts: unicodedata.normalize("NFKC", parts[0]), text)


def _look_one(char: str) -> str:
    if not char.isascii() and unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    alike = _ALIKE.get(char)
    if alike is not None:
        return alike.casefold()
    return "".join(_ALIKE.get(each, each).casefold() for each in _visible(char.casefold()))


class _Table(dict[int, str]):
    """For `str.translate`: works out each character when it first comes."""

    def __init__(self, level: Fold) -> None:
        super().__init__()
        self._of = {"case": str.casefold, "marks": _marks, "lookalike": _look}[level]

    def __missing__(self, code: int) -> str:
        self[code] = found = self._of(chr(code))
        return found


_TABLES: Final[dict[Fold, _Table]] = {level: _Table(level) for level in LEVELS[1:]}


def fold_text(text: str, level: Fold) -> str:
    """The text at a level of folding, without the way back: what to look for, and what to look in."""
    if level == "exact":
        return text
    if text.isascii():
        return text.lower() if level == "case" or not _ASCII_CONTROL.search(text) else text.translate(_TABLES[level])
    if level == "case":
        return text.casefold()
    if _COMPOSED.search(text):
        return fold(text, level).text
    return text.translate(_TABLES[level])


def fold(text: str, level: Fold) -> Folded:
    """The text at a level of folding, with the way back to the original."""
    if level == "exact" or (text.isascii() and (level == "case" or not _ASCII_CONTROL.search(text))):
        return Folded(fold_text(text, level))
    table = _TABLES[level]
    pieces: list[str] = []
    lengths: list[int] = []
    after = 0
    for sequence in _COMPOSED.finditer(text) if level != "case" else ():
        _add(table, text[after : sequence.start()], pieces, lengths)
        whole = table._of(sequence[0])
        pieces.append(whole)
        lengths += [len(whole), *[0] * (len(sequence[0]) - 1)]
        after = sequence.end()
    _add(table, text[after:], pieces, lengths)
    joined = "".join(pieces)
    if len(joined) == len(text) and all(length == 1 for length in lengths):
        return Folded(joined)
    places = chain.from_iterable([place] * length for place, length in enumerate(lengths))
    return Folded(joined, array("L", [*places, len(text)]))


def _add(table: _Table, text: str, pieces: list[str], lengths: list[int]) -> None:
    each = [table[ord(char)] for char in text]
    pieces += each
    lengths += map(len, each)


def forms(literal: str, level: Fold) -> tuple[str, ...]:
    """What to look for at a level to find a literal: itself, folded; of Greek words also their capitals and small letters. Empty
    where nothing of it is left."""
    if level != "lookalike" or literal.isascii():
        every: tuple[str, ...] = (fold_text(literal, level),)
    else:
        cases = (literal, literal.lower(), literal.upper(), literal.title())
        every = tuple(dict.fromkeys(fold_text(each, level) for each in cases))
    return tuple(filter(None, every))


def leet(text: str) -> str:
    """A folded text with letters for the digits and signs that stand for them. As long as it was."""
    return text.translate(_LEET)


def squeeze(text: str) -> Folded:
    """A folded text with one of each run of a letter, and where each run begins."""
    starts = [0, *(n for n in range(1, len(text)) if text[n] != text[n - 1] or not text[n].isalpha())] if text else []
    return Folded("".join(text[n] for n in starts), array("L", [*starts, len(text)]))
