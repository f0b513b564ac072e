"""An expression taken apart: as much of it as is needed to say what every match of it contains.

`parse` reads the dialect of the package `regex` (version 0 behaviour) and gives a tree that allows *at least* what the expression
allows: look-around, word boundaries and references are taken as if they always held; only a reference to a group of one character
is that character again (`references`). What a set of characters means is not read but tried: `regex` itself is asked, for each
ASCII character. Whatever is not understood raises `Unclear`, and the expression is then tried on every message; nothing is
guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import regex

__all__ = ["Anchor", "Anything", "Branch", "Chars", "Node", "Repeat", "Sequence", "Unclear", "parse"]


class Unclear(Exception):
    """Part of an expression is not understood here."""


class Chars(NamedTuple):
    """One character out of several."""

    ascii: str
    """The ASCII ones."""
    others: str | None
    """The others; None: perhaps any."""


class Anything(NamedTuple):
    """Any characters, any number of them: what a reference may stand for."""


class Anchor(NamedTuple):
    """The beginning or the end of the text."""

    end: bool


class Group(NamedTuple):
    """A group of one character, by its number; only while an expression is read."""

    number: int
    part: Chars

    @property
    def parts(self) -> tuple[Node, ...]:
        """What is in it."""
        return (self.part,)


class Same(NamedTuple):
    """What a group matched, again; only while an expression is read."""

    number: int

    @property
    def parts(self) -> tuple[Node, ...]:
        """Nothing is in it."""
        return ()


class Sequence(NamedTuple):
    """One after the other."""

    parts: tuple[Node, ...]


class Branch(NamedTuple):
    """One of several."""

    parts: tuple[Node, ...]


class Repeat(NamedTuple):
    """Again and again; `most` None is without end."""

    part: Node
    least: int
    most: int | None


Node = Chars | Anything | Anchor | Group | Same | Sequence | Branch | Repeat
NOTHING: Final = Sequence(())

_ASCII: Final = "".join(map(chr, range(128)))
_FLAGS: Final = regex.V0 | regex.UNICODE | regex.DOTALL
_SINGLE: Final = re.compile(
    r"\\(?:[dDwWsSnrtfav]|[pP](?:\{\^?[\w ./:=-]+\}|[A-Z])|N\{[^}]+\}"
    r"|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^0-9A-Za-z])",
    re.DOTALL,
)
_NOWHERE: Final = re.compile(r"\\[AZbBmMK]|\(\?#[^)]*\)")
_REFERENCE: Final = re.compile(r"\\([1-9][0-9]?)(?![0-9])|\\g<\w+>|\(\?P=\w+\)|\\[XR]")
_QUANTIFIER: Final = re.compile(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\}|\{,(\d+)\})[+?]?")
_OPENING: Final = re.compile(r"\((?:\?(?:([:|>])|P?<(?![=!])\w+>|([imsu]*)(?:-[ims]+)?:|(<?[=!]))|(?!\?|\*))")
_FLAG_GROUP: Final = re.compile(r"\(\?[imsu]+\)")
_FLAG_I: Final = re.compile(r"\(\?[a-zA-Z]*i")
_SET: Final = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\[\\])*\]", re.DOTALL)
_DEEPEST: Final = 100
WRITTEN: Final = 8
"""Repeats up to this many are written out for RE2, which unrolls them; above it, "this many or more" has to do."""
_LISTED: Final = 2_000
"""So many characters outside ASCII are known one by one, at most."""
_FAR: Final = 0xD800
"""Sets that reach further are not listed."""


class Read(NamedTuple):
    """An expression, taken apart."""

    tree: Node
    beside: tuple[Node, ...]
    """What the look-around asks for that every match needs: each of these matches somewhere in the same text, too."""
    exact: bool
    """Whether the tree allows nothing more than the expression does: what it finds somewhere, the expression finds there."""


def parse(expression: str, *, ignore_case: bool = True) -> Node:
    """The tree of an expression that `regex` accepts. Raises `Unclear`. With `ignore_case` false, and unless it says otherwise
    itself, letters are only themselves."""
    return read(expression, ignore_case=ignore_case).tree


def read(expression: str, *, ignore_case: bool = True) -> Read:
    """The tree of an expression, and what it asks for beside its matches. Raises `Unclear`."""
    from modconsole.policy.references import settled  # it knows this module

    reader = _Reader(expression, ignore_case or _FLAG_I.search(expression) is not None)
    tree = reader.branch(0)
    if reader.at != len(expression):
        raise Unclear
    beside = () if isinstance(tree, Branch) else tuple(reader.beside)
    exact = reader.exact and _plain(tree)
    if not reader.groups:
        return Read(tree, beside, exact)
    every = (settled(each, reader.ignore_case, numbered=not reader.reset and each is tree) for each in (tree, *beside))
    return Read(next(every), tuple(every), exact)


def _plain(tree: Node) -> bool:
    """Whether a tree is made of known characters alone, none of them the end of a line."""
    if isinstance(tree, Chars):
        return tree.others is not None and "\n" not in tree.ascii
    if isinstance(tree, Repeat):
        return _plain(tree.part) and max(tree.least, tree.most or 0) <= WRITTEN
    return not isinstance(tree, Anchor | Anything | Same) and all(map(_plain, tree.parts))


class _Reader:
    """Where the reading has come to."""

    def __init__(self, text: str, ignore_case: bool) -> None:
        self.text = text
        self.at = 0
        self.ignore_case = ignore_case
        self.beside: list[Node] = []
        """What is looked for ahead and behind, outside of all brackets."""
        self.groups = 0
        """How many groups were opened that can be referred to."""
        self.exact = True
        """Whether nothing was left out so far."""
        self.reset = False
        """Whether alternatives use the same numbers, so that nobody knows which group a number means."""

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go on over what a pattern matches here."""
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def branch(self, depth: int) -> Node:
        """Alternatives, up to the end of their group."""
        if depth > _DEEPEST:
            raise Unclear
        parts = [self.sequence(depth)]
        while self.text.startswith("|", self.at):
            self.at += 1
            parts.append(self.sequence(depth))
        return parts[0] if len(parts) == 1 else Branch(tuple(parts))

    def sequence(self, depth: int) -> Node:
        """Parts one after the other, up to the end of their alternative."""
        parts: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            part = self.part(depth)
            while (many := self.take(_QUANTIFIER)) is not None:
                self.exact = self.exact and (len(many[0]) < 2 or many[0][-1] != "+")
                part = repeat(part, many)
            if part != NOTHING:
                parts.append(part)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def part(self, depth: int) -> Node:
        """One part, without what says how often."""
        char = self.text[self.at]
        if (left_out := self.take(_NOWHERE) or self.take(_FLAG_GROUP)) is not None:
            self.exact = self.exact and left_out[0].startswith("(?#")
            return NOTHING
        reference = self.take(_REFERENCE)
        if reference is not None:
            return Same(int(reference[1])) if reference[1] else Anything()
        if char == "(":
            return self.group(depth)
        if char in "^$":
            self.at += 1
            return Anchor(char == "$")
        found = self.take(_SET) if char == "[" else self.take(_SINGLE) if char == "\\" else None
        if found is not None:
            return single(found[0], self.ignore_case)
        if char in "[\\{*+?":
            raise Unclear
        self.at += 1
        return single(char, self.ignore_case)

    def group(self, depth: int) -> Node:
        """What stands in brackets."""
        opening = self.take(_OPENING)
        if opening is None:
            raise Unclear
        self.exact = self.exact and opening[0] in ("(", "(?:")
        kept = opening[0] == "(" or ("<" in opening[0] and not opening[3])
        self.groups += kept
        self.reset = self.reset or opening[1] == "|"
        number = self.groups
        inner = self.branch(depth + 1)
        if not self.text.startswith(")", self.at):
            raise Unclear
        self.at += 1
        if opening[3]:
            if depth == 0 and opening[3].endswith("=") and _QUANTIFIER.match(self.text, self.at) is None:
                self.beside.append(inner)
            return NOTHING
        return Group(number, inner) if kept and isinstance(inner, Chars) else inner


def repeat(part: Node, many: re.Match[str]) -> Node:
    """A part with the quantifier that stands after it."""
    sign, least, comma, most, only_most = many.groups()
    if sign:
        return Repeat(part, int(sign == "+"), 1 if sign == "?" else None)
    if only_most is not None:
        return Repeat(part, 0, int(only_most))
    if comma is None:
        return Repeat(part, int(least), int(least))
    return Repeat(part, int(least), int(most) if most else None)


@lru_cache(1)
def _cased() -> str:
    """All characters outside ASCII that have another case."""
    every = (char for char in map(chr, range(0x80, 0x1F000)) if not "\ud800" <= char <= "\udfff")
    return "".join(char for char in every if char.lower() != char or char.upper() != char or char.casefold() != char)


@lru_cache(1)
def _lettered() -> str:
    """Where letters with another case are, and will be: `regex` may know a later version of Unicode than Python does."""
    return "".join(map(chr, (*range(0x80, 0xD800), *range(0xE000, 0x20000))))


@lru_cache(1)
def _into_ascii() -> str:
    """Those of them that are the same as an ASCII letter to `regex`: dotted and dotless i, the Kelvin sign, the long s. It is
    asked for each letter: `[A-Z]` finds others than `I` does."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(sorted({char for letter in letters for char in regex.findall(letter, _cased(), regex.IGNORECASE)}))


@lru_cache(4_096)
def single(part: str, ignore_case: bool = True) -> Chars:
    """What one set, escape or character matches; with `ignore_case`, also what it matches without regard to case."""
    try:
        strict = regex.compile(part, _FLAGS)
        loose = regex.compile(part, _FLAGS | regex.IGNORECASE) if ignore_case else strict
    except regex.error:
        raise Unclear from None
    members = "".join(sorted({*strict.findall(_ASCII), *loose.findall(_ASCII)}))
    literal = part[-1] if len(part) == 1 or (len(part) == 2 and part[0] == "\\" and not part[1].isalnum()) else ""
    if literal and part != ".":
        known = _into_ascii() if literal.isascii() else _lettered()
        return Chars(members, "".join(sorted({*loose.findall(known)} - set(_ASCII))))
    named = part[0] == "[" and part[1] != "^" and "\\" not in part and "[:" not in part
    if named and part.isascii():
        return Chars(members, "".join(loose.findall(_into_ascii())))
    return Chars(members, _listed(part, strict, loose) if named else None)


def _listed(part: str, strict: regex.Pattern[str], loose: regex.Pattern[str]) -> str | None:
    """The characters outside ASCII that a set names by themselves or as stretches, where they are few: an alphabet."""
    last = max(map(ord, part))
    if last >= _FAR:
        return None
    every = "".join(map(chr, range(0x80, last + 1))) + _cased()
    found = {*strict.findall(every), *loose.findall(every)}
    return "".join(sorted(found)) if len(found) <= _LISTED else None
