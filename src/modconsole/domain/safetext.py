"""The one gate for strangers' text: what comes out is inert in a terminal and has a width everybody agrees about.

Why it exists: a terminal obeys what it is sent. A message that was merely shown has changed the window title, filled
the clipboard and, because terminals answer queries by typing, pressed keys in the program that showed it. Textual
filters none of it. So nothing that came from outside reaches a widget or the command line's output but as `Safe`.

What comes out of `line`, `block` and `for_terminal` holds

- no control character (C0, DEL, C1; a newline in blocks only) and no surrogate: they become U+FFFD or white space;
- no character that is invisible or changes the direction of text: dropped (`hidden` counts them, to be told);
- at most three marks on a base, and no mark without a base, so that nothing grows out of its cell;
- no sequence whose width terminals disagree about: emoji joiners, variation selectors and skin tones are dropped,
  flags become their letters, and what is unassigned, private, or was narrow in one Unicode version and wide in the
  next becomes U+FFFD. One code point is then 0, 1 or 2 cells whatever stands beside it;
- at most as many characters and lines as were asked for.

It is text, not markup: it must still be given to Textual as content, never to be parsed (`widgets/plain.py` does so).
`for_file` is the gate for a file in `$EDITOR` or the clipboard: there emoji may stay whole, controls may not.

`Safe` is made here alone; elsewhere put pieces together with `join`, `fill`, `cut`, `fit` and `wrap`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Literal, LiteralString, Never, Self

from modconsole.domain._codepoints import FILE, HIDDEN, MARKS, MAY_HAVE_MARKS, NEW_EMOJI, SCREEN, is_mark

__all__ = [
    "EMPTY",
    "Safe",
    "block",
    "cells",
    "cut",
    "fill",
    "fit",
    "for_file",
    "for_terminal",
    "hidden",
    "join",
    "line",
    "literal",
    "wrap",
]

CUT_MARK: Final = "[cut]"
"""What stands at the end of a text of which not everything is shown."""

_PLAIN = re.compile(r"[\x20-\x7e\n]*\Z")
_JOINER = re.compile("[\u0000-\u024f][\u200c\u200d]|[\u200c\u200d][\u0000-\u024f]")
_KEEP_UNASSIGNED = frozenset(map(chr, NEW_EMOJI))
_SEAT: Final = "\u25cc"  # the dotted circle, on which Unicode charts show marks
_is_mark = lru_cache(8192)(is_mark)


class Safe(str):
    """Text that went through the gate. Cannot be made from a string outside this module: use `line` or `block`."""

    __slots__ = ()

    def __new__(cls, _raw: Never) -> Self:
        raise TypeError("Safe is made by safetext.line, block, literal and their like, never from a string directly.")

    def __copy__(self) -> Safe:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Safe:
        return self

    def __reduce_ex__(self, _protocol: object) -> tuple[type[str], tuple[str]]:
        """Stored and read back it is a plain string again: what comes from a disk has to pass the gate."""
        return str, (str(self),)


def _safe(text: str) -> Safe:
    return str.__new__(Safe, text)


EMPTY: Final = _safe("")


def _printable(char: str) -> str:
    if char == "\n" or char.isprintable() or char in _KEEP_UNASSIGNED:
        return char
    return "\ufffd"


def _inert(text: str) -> str:
    """`text` with nothing in it that a terminal obeys or measures differently; newlines stay."""
    if _PLAIN.match(text):
        return text
    text = text.replace("\r\n", "\n").translate(SCREEN)
    if text.isascii():
        return text
    # After the translation, so that what a dropped joiner kept apart is put together now and not the next time.
    text = unicodedata.normalize("NFC", text)
    if not text.replace("\n", "").isprintable():
        text = "".join(map(_printable, text))
    return _seated(text) if MAY_HAVE_MARKS.search(text) else text


def _seated(text: str) -> str:
    """`text` with each mark on a base, and at most `MARKS` of them there."""
    out: list[str] = []
    marks = 0
    for before, char in zip(chain("\n", text), text, strict=False):
        if not _is_mark(char):
            marks = 0
        else:
            if before in "\n ":
                out.append(_SEAT)
            marks += 1
            if marks > MARKS:
                continue
        out.append(char)
    return "".join(out)


def _whole(text: str, size: int) -> str:
    """The first `size` characters, without parting the last one from its marks."""
    if len(text) <= size:
        return text
    size = max(0, size)
    while size and _width(text[size]) == 0:
        size -= 1
    return text[:size]


def line(text: str, max_chars: int = 400) -> Safe:
    """One line, for a row of a list, a name, a title: runs of white space are one space, ends are trimmed."""
    if type(text) is Safe and len(text) <= max_chars and "\n" not in text and "  " not in text and text == text.strip():
        return text
    inert = " ".join(_inert(text[: max_chars * 2]).split())
    return _safe(_whole(inert, max_chars).rstrip())


def block(text: str, max_chars: int = 20_000, max_lines: int = 400) -> Safe:
    """Several lines, for a message: newlines stay, and `[cut]` at the end says that there is more."""
    return _safe(_capped(text, max_chars, max_lines))


def _capped(text: str, max_chars: int, max_lines: int) -> str:
    inert = _inert(text[:max_chars])
    parts = inert.split("\n", max_lines)
    if len(parts) > max_lines:
        inert = "".join(part + "\n" for part in parts[: max_lines - 1])
    elif len(text) <= max_chars and len(inert) <= max_chars:
        return inert
    return (_whole(inert, max_chars - len(CUT_MARK)) + CUT_MARK)[: max(0, max_chars)]


def for_terminal(text: str, max_chars: int = 1_000_000) -> Safe:
    """What the command line prints for people to read; as `block`, but as long as a report may be."""
    return _safe(_capped(text, max_chars, max_chars))


def for_file(text: str, max_chars: int = 1_000_000) -> str:
    """What is put into a file for `$EDITOR` or into the clipboard.

    Not `Safe`: emoji sequences stay whole here, so that a reply comes back from the editor as it was written.
    """
    if len(text) > max_chars:
        text = text[: max_chars - len(CUT_MARK)] + CUT_MARK
    if _PLAIN.match(text):
        return text
    return text.replace("\r\n", "\n").translate(FILE)


def hidden(text: str) -> int:
    """How many characters of `text` are invisible, change its direction, or are control characters.

    A moderator should hear of them. Joiners count only beside Latin text, where they serve to slip past a word
    filter; in emoji, Persian and Indic scripts they are spelling. White space controls are not counted.
    """
    if _PLAIN.match(text):
        return 0
    return len(HIDDEN.findall(text)) + len(_JOINER.findall(text))


@lru_cache(1024)
def literal(text: LiteralString) -> Safe:
    """Our own words. The lint test of the gate holds callers to constants; ValueError if they are not inert."""
    if _inert(text) != text:
        raise ValueError("This text of ours is not inert in a terminal: " + ascii(text))
    return _safe(text)


@lru_cache(1024)
def _checked(template: str) -> str:
    literal(template)
    return template


def fill(template: LiteralString, *values: Safe | int | float) -> Safe:
    """`template.format(*values)`: our own words around gated text and numbers."""
    for value in values:
        if not isinstance(value, (Safe, int, float)):
            raise TypeError("fill takes gated text and numbers; pass a stranger's text through line() first.")
    return _safe(_checked(template).format(*values))


def join(parts: Iterable[Safe], between: Safe = EMPTY) -> Safe:
    """The parts in a row, with `between` in the gaps."""
    parts = list(parts)
    if not all(isinstance(part, Safe) for part in parts) or not isinstance(between, Safe):
        raise TypeError("join takes gated text only; pass a stranger's text through line() first.")
    return _safe(str.join(between, parts))


@lru_cache(8192)
def _width(char: str) -> int:
    if is_mark(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" or char in _KEEP_UNASSIGNED else 1


def cells(text: Safe) -> int:
    """How many terminal cells a line of gated text takes: each code point by itself, as terminals count."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _prefix(text: str, width: int) -> tuple[str, int]:
    """As much of the beginning as goes into `width` cells, and how many cells that takes."""
    used = 0
    for at, char in enumerate(text):
        wide = _width(char)
        if used + wide > width:
            return text[:at], used
        used += wide
    return text, used


def cut(text: Safe, width: int) -> Safe:
    """The line if it goes into `width` cells, else its beginning and `…`; never more than `width` cells."""
    if width <= 0:
        return EMPTY
    if len(text) * 2 <= width or cells(text) <= width:
        return text
    return _safe((text[: width - 1] if text.isascii() else _prefix(text, width - 1)[0]) + "\u2026")


def fit(text: Safe, width: int, align: Literal["left", "right"] = "left") -> Safe:
    """The line in exactly `width` cells: cut with `…`, or filled with spaces. Negative widths count as 0."""
    if width <= 0:
        return EMPTY
    text = cut(text, width)
    space = " " * (width - cells(text))
    if not space:
        return text
    return _safe(text + space if align == "left" else space + text)


def wrap(text: Safe, width: int) -> list[Safe]:
    """The text in lines of at most `width` cells, broken at spaces where there are any; at least one line.

    A character that is wider than `width` stands alone on its line. Spaces at a break are dropped.
    """
    width = max(1, width)
    lines: list[Safe] = []
    for paragraph in text.split("\n"):
        rest = paragraph
        while True:
            head, _ = _prefix(rest, width)
            if len(head) == len(rest):
                lines.append(_safe(rest))
                break
            if not head:
                head = rest[0]
                while len(head) < len(rest) and _width(rest[len(head)]) == 0:
                    head = rest[: len(head) + 1]
            elif rest[len(head)] != " " and head[-1] != " ":
                space = head.rfind(" ")
                if space > 0 and head[:space].strip(" "):
                    head = head[:space]
            lines.append(_safe(head.rstrip(" ") if head.strip(" ") else head))
            rest = rest[len(head) :].lstrip(" ")
            if not rest:
                break
    return lines
