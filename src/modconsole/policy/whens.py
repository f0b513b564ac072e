"""`when`: how selections are joined. `words and (newcomer or 2 of (a, b, c)) and not quiet`.

    or        = and {"or" and}
    and       = not {"and" not}
    not       = "not" not | "(" or ")" | how-many "of" "them" | how-many "of" "(" or {"," or} ")" | name
    how-many  = a number | "all" | "any"

A name with spaces, or one that is a word of the language, stands in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from msgspec import Struct

from modconsole.policy.model import Not, Ref, Some, When
from modconsole.policy.notes import Notes, Place, near

DEEPEST: Final = 24
LARGEST: Final = 400
"""Words and signs of one `when`."""
TRIED: Final = 8
"""Selections up to which every combination is tried, to see whether a `when` can hold."""
RESERVED: Final = frozenset(("and", "or", "not", "of", "them", "all", "any"))
NAME: Final = re.compile(r"[^\W\d][\w-]*")
"""A name that needs no quotes in `when`."""
_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[(),])|(?P<quote>["'])(?P<quoted>[^"']*)(?P=quote)|(?P<word>[^\s(),"']+)|(?P<odd>["']))"""
)
_OTHER_SIGNS = {"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "+": "and", "-": "not", "~": "not"}


class _Token(Struct):
    at: int
    text: str
    name: bool
    """Whether it can only be a name: it is in quotes."""


class _Wrong(Exception):
    """The `when` cannot be read; why has been noted."""


def read(text: str, names: Sequence[str], notes: Notes, at: Place, *, inline: bool) -> When | None:
    """The tree of a `when` over selections with those names, or None, with the reason noted. `inline` says that the text stands
    on one line from `at` on, so that its columns are those of the file."""
    try:
        return _Reader(text, names, notes, at, inline).whole()
    except _Wrong:
        return None


def everything(names: Sequence[str]) -> When:
    """All selections hold: what a rule without a `when` asks."""
    return Ref(names[0]) if len(names) == 1 else Some(len(names), tuple(Ref(name) for name in names))


def used(when: When) -> Iterator[str]:
    """The names in it, as often as they are there."""
    if isinstance(when, Ref):
        yield when.name
    elif isinstance(when, Not):
        yield from used(when.of)
    else:
        for part in when.of:
            yield from used(part)


def holds(when: When, true: Mapping[str, bool]) -> bool:
    """Whether it holds where of each selection is known whether it does."""
    if isinstance(when, Ref):
        return true[when.name]
    if isinstance(when, Not):
        return not holds(when.of, true)
    return sum(holds(part, true) for part in when.of) >= when.least


def verdicts(when: When) -> set[bool]:
    """What can come of it: True, False or both. Both also where it has too many names to try."""
    names = sorted(set(used(when)))
    if len(names) > TRIED:
        return {True, False}
    return {holds(when, dict(zip(names, values, strict=True))) for values in product((False, True), repeat=len(names))}


def spell(when: When) -> str:
    """It as `read` takes it."""
    return _spell(when, 0)


def _spell(when: When, inside: int) -> str:
    if isinstance(when, Ref):
        plain = NAME.fullmatch(when.name) and when.name.casefold() not in RESERVED
        return when.name if plain else f'"{when.name}"'
    if isinstance(when, Not):
        return f"not {_spell(when.of, 3)}"
    if len(when.of) > 1 and when.least in (1, len(when.of)):
        own, word = (1, " or ") if when.least == 1 else (2, " and ")
        text = word.join(_spell(part, own + 1) for part in when.of)
        return f"({text})" if inside > own else text
    return f"{when.least} of ({', '.join(_spell(part, 0) for part in when.of)})"


class _Reader:
    def __init__(self, text: str, names: Sequence[str], notes: Notes, at: Place, inline: bool) -> None:
        self._names = names
        self._notes = notes
        self._place = at
        self._inline = inline
        self._length = len(text)
        self._tokens = self._divided(text)
        self._next = 0
        self._depth = 0

    def whole(self) -> When:
        if not self._tokens:
            raise self._wrong("when empty", 0)
        if len(self._tokens) > LARGEST:
            raise self._wrong("when large", 0, most=LARGEST)
        found = self._or()
        if self._peek() is not None:
            raise self._unjoined()
        return found

    def _wrong(self, saying: str, at: int, **values: object) -> _Wrong:
        self._notes.say(saying, self._place, ahead=at if self._inline else 0, **values)
        return _Wrong()

    def _divided(self, text: str) -> list[_Token]:
        found = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match["odd"]:
                raise_at = match.start("odd") if match else at
                self._notes.say("when quote", self._place, ahead=raise_at if self._inline else 0)
                raise _Wrong
            group = str(match.lastgroup) if match["quoted"] is None else "quoted"
            start = match.start("quote") if group == "quoted" else match.start(group)
            found.append(_Token(start, match[group], group == "quoted"))
            at = match.end()
        return found

    def _unjoined(self) -> _Wrong:
        """What is wrong where one part follows another without a word between them."""
        token = self._tokens[self._next]
        if not token.name and token.text in _OTHER_SIGNS:
            return self._wrong("when sign", token.at, word=token.text, here=_OTHER_SIGNS[token.text])
        return self._wrong("when bracket" if token.text == ")" else "when joined", token.at, word=token.text)

    def _peek(self) -> str | None:
        """The next word of the language, in small letters; a name in quotes is none, and neither is the end."""
        if self._next >= len(self._tokens):
            return None
        token = self._tokens[self._next]
        return "" if token.name else token.text.casefold()

    def _or(self) -> When:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong("when deep", self._at(), most=DEEPEST)
        parts = [self._and()]
        while self._peek() == "or":
            self._next += 1
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Some(1, tuple(parts))

    def _and(self) -> When:
        parts = [self._not()]
        while self._peek() == "and":
            self._next += 1
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Some(len(parts), tuple(parts))

    def _not(self) -> When:
        turned = False
        while self._peek() == "not":
            turned = not turned
            self._next += 1
        found = self._single()
        return Not(found) if turned else found

    def _at(self) -> int:
        return self._tokens[self._next].at if self._next < len(self._tokens) else self._length

    def _single(self) -> When:
        word = self._peek()
        at = self._at()
        if word is None:
            raise self._wrong("when ends", at)
        if word == "(":
            self._next += 1
            found = self._or()
            self._closing()
            return found
        following = self._tokens[self._next + 1].text.casefold() if self._next + 1 < len(self._tokens) else ""
        if word and following == "of" and (word in ("all", "any") or word.isdecimal()):
            return self._several(word, at)
        token = self._tokens[self._next]
        self._next += 1
        if not token.name and (word in RESERVED or word in (")", ",")):
            raise self._wrong("when name", at, word=token.text)
        if token.text not in self._names:
            if not token.name and token.text in _OTHER_SIGNS:
                raise self._wrong("when sign", at, word=token.text, here=_OTHER_SIGNS[token.text])
            bare = token.text.lstrip("!~-") if not token.name else token.text
            if bare != token.text and bare in self._names:
                raise self._wrong("when sign", at, word=token.text[: len(token.text) - len(bare)], here="not")
            raise self._wrong("when unknown", at, name=token.text, near=near(token.text, self._names))
        return Ref(token.text)

    def _several(self, word: str, at: int) -> When:
        self._next += 2
        parts: list[When]
        if self._peek() == "them":
            self._next += 1
            parts = [Ref(name) for name in self._names]
        elif self._peek() == "(":
            self._next += 1
            parts = [self._or()]
            while self._peek() == ",":
                self._next += 1
                parts.append(self._or())
            self._closing()
        else:
            raise self._wrong("when of", self._at())
        least = {"all": len(parts), "any": 1}.get(word) or (int(word) if len(word) < 6 else LARGEST)
        if not 1 <= least <= len(parts):
            raise self._wrong("when count", at, number=word, most=len(parts))
        return parts[0] if len(parts) == 1 else Some(least, tuple(parts))

    def _closing(self) -> None:
        if self._peek() != ")":
            if self._peek() is None:
                raise self._wrong("when open", self._at())
            raise self._unjoined()
        self._next += 1
