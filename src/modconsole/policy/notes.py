"""What is wrong with a document is noted here while it is read: each time as one sentence of `sayings`, with its place.

Reading goes on after a mistake, so that all of them are shown at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from msgspec import Struct

from modconsole.policy.model import Problem
from modconsole.policy.sayings import SAYINGS

MOST: Final = 100
"""Problems of one document; what goes on after that many helps nobody."""
LONGEST: Final = 60
"""Characters of a stranger's text that a sentence quotes."""
MOST_WORDS: Final = 30
"""Words of a vocabulary that a hint lists."""


class Place(Protocol):
    """Something that stands in a file. Both count from 1."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


class Spot(Struct, frozen=True):
    """A place where nothing else is known of."""

    line: int
    column: int


class Notes:
    """The problems of one document. `rule` is set as soon as the id is known."""

    def __init__(self, path: str, line: int = 1) -> None:
        self.path = path
        self.line = line
        """The line of the file that the document begins in."""
        self.rule = ""
        self.wrong = False
        """Whether there is a problem that is more than a warning."""
        self._found: list[Problem] = []
        self._more = False

    def say(self, saying: str, at: Place | None, /, *, ahead: int = 0, **values: object) -> None:
        """Note a problem: one of `SAYINGS`, at a place or `ahead` columns after it. Values go into it cut to size."""
        form = SAYINGS[saying]
        self.wrong = self.wrong or not form.warning
        if self.full:
            self._more = True
            return
        cut = {name: clipped(str(value)) if name != "near" else value for name, value in values.items()}
        self._found.append(
            Problem(
                path=self.path,
                line=at.line if at is not None else self.line,
                column=at.column + ahead if at is not None else 1,
                words=form.words.format_map(cut),
                hint=form.hint.format_map(cut),
                warning=form.warning,
            )
        )

    @property
    def full(self) -> bool:
        """Whether no more would be shown."""
        return len(self._found) >= MOST

    def problems(self) -> list[Problem]:
        """All of them in the order of their places."""
        found = sorted(self._found, key=lambda problem: (problem.line, problem.column))
        if self._more:
            form = SAYINGS["more"]
            last = found[-1]
            found.append(
                Problem(path=self.path, line=last.line, column=last.column, words=form.words.format(most=MOST))
            )
        if not self.rule:
            return found
        return [
            Problem(
                path=problem.path,
                line=problem.line,
                column=problem.column,
                words=problem.words,
                hint=problem.hint,
                rule=self.rule,
                warning=problem.warning,
            )
            for problem in found
        ]


def clipped(text: str) -> str:
    """Some text as a sentence may quote it: on one line, and not too long."""
    text = " ".join(text[: LONGEST * 4].split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def near(word: str, known: Iterable[str], others: Mapping[str, str] | None = None, *, listed: bool = True) -> str:
    """A hint for a word that is none of those known: the one that was probably meant, or else all of them. `others` are words
    that people bring along, with what they are called here."""
    words = list(known)
    plain = word.strip().casefold().replace("_", " ")
    if others and plain in others:
        return f"Did you mean `{others[plain]}`?"
    by_plain = {name.casefold(): name for name in words}
    if plain in by_plain:
        return f"Did you mean `{by_plain[plain]}`?"
    guess = difflib.get_close_matches(plain[:LONGEST], by_plain, 1, 0.6)
    if guess:
        return f"Did you mean `{by_plain[guess[0]]}`?"
    if not listed or not words:
        return ""
    more = ", …" if len(words) > MOST_WORDS else ""
    return f"Known: {', '.join(words[:MOST_WORDS])}{more}."
