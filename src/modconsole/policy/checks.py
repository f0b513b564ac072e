"""Checks: `~body+title (word, fold lookalike)#2: [giveaway]` → `TextCheck`; keys that name a fact go on to `check_facts`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from msgspec import Struct

from modconsole.domain.facts import FACTS
from modconsole.policy import check_facts, items
from modconsole.policy.model import CHANNELS, FIELDS, FOLDS, METHODS, Channel, Check, Field, Fold, Method, TextCheck
from modconsole.policy.notes import Notes, near
from modconsole.policy.spans import compared
from modconsole.policy.vocabulary import MODIFIERS, OTHER_FIELDS, OTHER_MODIFIERS
from modconsole.policy.yaml_nodes import Node, Text

JOINED: Final[dict[str, tuple[Field, ...]]] = {"text": ("body", "title")}
"""Words for several fields at once."""
EVERY_KEY: Final = (*FIELDS, *JOINED, *FACTS, "history")
EVERY_MODIFIER: Final = (*METHODS, *MODIFIERS, *(f"fold {name}" for name in FOLDS), *CHANNELS)
LONGEST: Final = 300
"""Characters of a key."""
_KEY = re.compile(
    r"(?P<no>~?)\s*(?P<name>[^()#~]*?)\s*(?P<one>#[^()\s]*)?\s*(?:\((?P<modifiers>[^()]*)\))?\s*(?P<two>#[^()\s]*)?\s*"
)


class Key(Struct, frozen=True):
    """A key of a selection, taken apart. Positions count characters of the key."""

    text: Text
    negated: bool
    names: tuple[str, ...]
    at: tuple[int, ...]
    modifiers: tuple[str, ...]
    modifiers_at: tuple[int, ...]


class Given(Struct, frozen=True):
    """What a document is read with: where to note problems, the lists of the folder, and its own text."""

    notes: Notes
    lists: Mapping[str, tuple[str, ...]]
    source: str


def take_apart(text: Text) -> Key | None:
    """The parts of a key; None where it has not the form of one."""
    match = _KEY.fullmatch(text.text) if len(text.text) <= LONGEST else None
    if match is None or not match["name"]:
        return None
    names, at = _divided(match["name"], "+", match.start("name"))
    modifiers, modifiers_at = _divided(match["modifiers"] or "", ",", match.start("modifiers"))
    if match["modifiers"] is None:
        modifiers, modifiers_at = (), ()
    return Key(text, bool(match["no"]), names, at, modifiers, modifiers_at)


def looks_like_check(text: str) -> bool:
    """Whether a key elsewhere in the document was probably meant as a check."""
    match = _KEY.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or not match["name"]:
        return False
    names = [name.strip().casefold().replace("_", " ") for name in match["name"].split("+")]
    known = all(name in EVERY_KEY or name in OTHER_FIELDS for name in names)
    return known and bool(match["modifiers"] is not None or match["no"] or len(names) > 1 or names[0] in EVERY_KEY)


def read(key_node: Text, value: Node, given: Given) -> tuple[Check, ...]:
    """The checks of one key with its value: one, or several of `history`. Nothing where something is wrong, which is noted."""
    notes = given.notes
    key = take_apart(key_node)
    if key is None:
        divided = not key_node.style and "(" in key_node.text and isinstance(value, Text) and value.nothing
        notes.say("comma in braces" if divided else "check key", key_node, key=key_node.text)
        return ()
    for name, at in zip(key.names, key.at, strict=True):
        if name not in EVERY_KEY:
            notes.say(
                "unknown check",
                key_node,
                ahead=at + len(key_node.style),
                name=name,
                near=near(name, EVERY_KEY, OTHER_FIELDS),
            )
            return ()
    if len(key.names) > 1:
        for name, at in zip(key.names, key.at, strict=True):
            if name not in FIELDS and name not in JOINED:
                notes.say("fact joined", key_node, ahead=at + len(key_node.style), name=name)
                return ()
    brackets = tuple(zip(key.modifiers, key.modifiers_at, strict=True))
    asked = check_facts.Asked(key.names[0], key.negated, brackets, key_node)
    if asked.name == "history":
        return check_facts.history(asked, value, notes)
    if asked.name in FACTS:
        fact = check_facts.fact(asked, value, notes)
        return () if fact is None else (fact,)
    check = words(key, value, given)
    return () if check is None else (check,)


class _Modifiers(Struct):
    method: Method | None = None
    fold: Fold | None = None
    regex: bool = False
    every: bool = False
    channels: tuple[Channel, ...] = ()


def words(key: Key, value: Node, given: Given) -> TextCheck | None:
    """A check of words."""
    modifiers = _modifiers(key, given.notes)
    fields = tuple(dict.fromkeys(field for name in key.names for field in JOINED.get(name, (cast("Field", name),))))
    if modifiers is None:
        return None
    idle = modifiers.regex or fields == ("domain",) or modifiers.method not in (None, "word", "substring")
    if modifiers.channels and idle:
        given.notes.say("channel idle", key.text, word=modifiers.channels[0])
    method = modifiers.method or ("substring" if modifiers.regex else "word")
    fold = modifiers.fold or ("case" if modifiers.regex else "lookalike")
    found = items.read(value, items.Wanted(modifiers.regex, method, fold), given.lists, given.notes, given.source)
    if not found:
        return None
    return TextCheck(
        fields=fields,
        items=found,
        method=method,
        regex=modifiers.regex,
        fold=fold,
        channels=modifiers.channels,
        every=modifiers.every,
        negated=key.negated,
    )


def _modifiers(key: Key, notes: Notes) -> _Modifiers | None:
    found = _Modifiers()
    right = True
    for word, at in zip(key.modifiers, key.modifiers_at, strict=True):
        saying = _modifier(word, found)
        if saying:
            right = False
            notes.say(
                saying,
                key.text,
                ahead=at + len(key.text.style),
                word=word,
                near=near(word, EVERY_MODIFIER, OTHER_MODIFIERS),
            )
    return found if right else None


def _modifier(word: str, found: _Modifiers) -> str:
    """Take a modifier in; the saying of what is wrong with it, or nothing."""
    if word in METHODS:
        if found.method is not None:
            return "two methods"
        found.method = METHODS[word]
    elif word == "case-sensitive" or (word.removeprefix("fold ") in FOLDS and word.startswith("fold ")):
        if found.fold is not None:
            return "two folds"
        found.fold = "exact" if word == "case-sensitive" else cast("Fold", word.removeprefix("fold "))
    elif word in CHANNELS:
        found.channels = tuple(channel for channel in CHANNELS if channel in (*found.channels, word))
    elif word == "regex":
        found.regex = True
    elif word == "every":
        found.every = True
    elif compared(word)[0] is not None:
        return "words compared"
    else:
        return "unknown modifier" if word else "empty modifier"
    return ""


def _divided(text: str, sign: str, start: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The parts between signs without the spaces around them, and where each begins."""
    parts, places = [], []
    at = start
    for part in text.split(sign):
        parts.append(" ".join(part.split()))
        places.append(at + len(part) - len(part.lstrip()))
        at += len(part) + 1
    return tuple(parts), tuple(places)
