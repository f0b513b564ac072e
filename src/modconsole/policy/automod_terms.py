"""What a rule of AutoModerator asks, in terms of our own language, before it is written down.

A `Condition` is one check of the original. For each *half* that the check can be asked of (posts and comments: AutoModerator
makes two rules of one for both) it has alternatives, of which one must hold, or it is *lost*: it cannot be asked here. A rule
that lost a condition would hit more than the original did; so it is held back by a condition that never holds
(`automod_write`).
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from modconsole.policy.automod_words import Half
from modconsole.policy.automod_yaml import Key
from modconsole.policy.model import Field, Fold, Method

NoteKind = Literal["same", "near", "narrower", "lost", "left"]
NOTE_KINDS: Final[dict[NoteKind, str]] = {
    "same": "means the same here; something to know about it",
    "near": "means nearly the same: it may hit what the original does not, and the other way round",
    "narrower": "hits less than the original",
    "lost": "a condition that cannot be asked here: the rule is held back until somebody has decided about it",
    "left": "something that the original does and the rule does not",
}


class Note(Struct, frozen=True, kw_only=True):
    """Something to know about how a rule was translated."""

    kind: NoteKind
    key: str
    """The key of the original that it is about, as it is written there; empty where it is about the rule as a whole."""
    words: str
    """One sentence or several."""
    line: int = 0
    """Its line in the configuration."""


class Words(Struct, frozen=True, kw_only=True):
    """A check of text, as `model.TextCheck` has it."""

    fields: tuple[Field, ...]
    items: tuple[str, ...]
    method: Method = "word"
    regex: bool = False
    fold: Fold = "case"
    negated: bool = False


class Asked(Struct, frozen=True, kw_only=True):
    """A question about a fact: the key without `~`, and its value."""

    key: str
    value: bool | int | str | tuple[str, ...]
    negated: bool = False


Term = Words | Asked


class Part(Struct, frozen=True, kw_only=True):
    """A condition in one half: alternatives, each of terms that must all hold; `()` is one that always holds."""

    alternatives: tuple[tuple[Term, ...], ...] = ((),)
    lost: bool = False
    """Whether something of it cannot be asked, so that the rule would hit more."""


LOST: Final = Part(lost=True)


class Condition(Struct, frozen=True, kw_only=True):
    """One check of the original."""

    label: str
    """What its selection is called."""
    on: dict[Half, Part]
    """In a half that is not here the check cannot stand, and that half of the rule is dropped."""


class Notes:
    """The notes of one rule, as they come up."""

    def __init__(self) -> None:
        self.found: list[Note] = []

    def say(self, kind: NoteKind, key: Key | None, words: str, *, name: str = "") -> None:
        """Note something about a key."""
        note = Note(
            kind=kind,
            key=name or (key.name if key is not None else ""),
            words=words,
            line=key.line if key is not None else 0,
        )
        if note not in self.found:
            self.found.append(note)

    def lost(self, key: Key, why: str, *, name: str = "") -> Part:
        """Note a condition that cannot be asked."""
        self.say("lost", key, f"It cannot be asked here: {why}.", name=name)
        return LOST
