"""A JSON Schema of rule documents (draft 2020-12), for editors: they complete keys and underline mistakes while one types.

Made from the vocabulary. It takes every document that the reader takes, and refuses what a schema can see: unknown keys,
missing ones, words that are none of those known. What it cannot see (expressions, `when`, lists) is the reader's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from modconsole.domain.facts import COUNTED, FACTS, Known
from modconsole.policy.actions import PRIORITIES
from modconsole.policy.checks import EVERY_MODIFIER, JOINED
from modconsole.policy.model import ACTIONS, FIELDS, STATUSES, ActionInfo
from modconsole.policy.vocabulary import EXPECT, HISTORY, HISTORY_OPS, KEYS, REQUIRED, TESTS
from modconsole.policy.whens import RESERVED

ID: Final = "urn:modconsole:rule"
Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
"""Text as an editor's YAML reads it: `no: 1.0` is text in a rule file, and a number to the editor."""
_OPS = r"\s*(?:<=|>=|==|=<|=>|≤|≥|<|>|=)\s*"
_SUFFIX = r"\s*(?:#[^()\s]*)?\s*"
_UNIT = r"(?:s|sec|m|min|h|d|w|(?:[Ss]econd|[Mm]inute|[Hh]our|[Dd]ay|[Ww]eek|[Mm]onth|[Yy]ear)s?)"
_SPAN = rf"\s*(?:[0-9]+(?:\.[0-9]+)?\s*{_UNIT}(?:\s*,\s*|\s+and\s+|\s+|$))+"


def schema() -> Schema:
    """The schema of one rule document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A rule of modconsole",
        "type": "object",
        "required": list(REQUIRED),
        "additionalProperties": False,
        "properties": {key: {"description": _sentence(about), **_of_key(key)} for key, about in KEYS.items()},
        "$defs": {
            "text": _TEXT,
            "span": {"type": "string", "pattern": f"^{_SPAN}$", "examples": ["7 days", "90 minutes", "8h"]},
            "checks": _checks(),
            "words": _words(),
            "items": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
            "counter": _counter(),
            "history": {"anyOf": [_ref("counter"), {"type": "array", "items": _ref("counter"), "minItems": 1}]},
            "action": {"anyOf": [{"enum": _bare()}, _actions()]},
            "test": _test(),
        },
    }


def _sentence(about: str) -> str:
    plain = about.replace("`", "")
    return f"{plain[0].upper()}{plain[1:]}."


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _of_key(key: str) -> Schema:
    simple: dict[str, Schema] = {
        "id": {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*[A-Za-z0-9][A-Za-z0-9._-]{0,63}\s*$"},
                {"type": "number", "minimum": 0},
            ]
        },
        "status": {"enum": list(STATUSES)},
        "expires": {"type": ["string", "null"], "examples": ["2027-01-31", "2027-01-31T18:00:00Z"]},
        "priority": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\s*-?[0-9]+\s*$"}]},
        "select": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"not": {"enum": sorted(RESERVED)}, "pattern": r"""^[^()"',]*[^()"',\s][^()"',]*$"""},
            "additionalProperties": {
                "anyOf": [_ref("checks"), {"type": "array", "minItems": 1, "items": _ref("checks")}]
            },
        },
        "when": {"type": "string", "pattern": r"\S", "examples": ["words and (newcomer or flood)", "1 of them"]},
        "except": {"anyOf": [_ref("words"), {"type": "array", "items": _ref("words")}]},
        "do": {"anyOf": [_ref("action"), {"type": "array", "minItems": 1, "items": _ref("action")}]},
        "tests": {"type": ["array", "null"], "items": _ref("test")},
        "expect": _expect(),
        "exempt us": {"enum": [True, False, "true", "false"]},
    }
    return simple.get(key, {"type": ["string", "number", "boolean", "null"]})


def _any(words: Iterable[str]) -> str:
    """A pattern for one of some words, in which any run of spaces will do."""
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+").replace(r"\-", "-") for word in words) + ")"


def _key(names: str, modifiers: str, *, negated: bool = True) -> str:
    minus = r"~?\s*" if negated else ""
    return rf"^{minus}{names}{_SUFFIX}{modifiers}{_SUFFIX}$"


def _words_key(*, negated: bool) -> str:
    field = _any([*FIELDS, *JOINED])
    modifier = _any(EVERY_MODIFIER if negated else [word for word in EVERY_MODIFIER if word != "every"])
    return _key(rf"{field}(?:\s*\+\s*{field})*", rf"(?:\(\s*{modifier}(?:\s*,\s*{modifier})*\s*\))?", negated=negated)


def _words() -> Schema:
    """Of `except`: words alone."""
    return {
        "type": "object",
        "minProperties": 1,
        "patternProperties": {_words_key(negated=False): _ref("items")},
        "additionalProperties": False,
    }


def _checks() -> Schema:
    patterns: Schema = {_words_key(negated=True): _ref("items"), _key("history", ""): _ref("history")}
    for name, known in FACTS.items():
        compared = known.kind in ("number", "span")
        patterns[_key(_any([name]), "")] = _fact(known, compared=False)
        if compared:
            patterns[_key(_any([name]), rf"\({_OPS}\)")] = _fact(known, compared=True)
    named: Schema = {name: {"description": _sentence(f"looks in {about}")} for name, about in FIELDS.items()}
    named |= {name: {"description": _sentence(known.about)} for name, known in FACTS.items()}
    named["history"] = {"description": "How often its author did something within a time."}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": named,
        "patternProperties": patterns,
        "additionalProperties": False,
    }


def _fact(known: Known, *, compared: bool) -> Schema:
    """What a fact takes. `compared`: the operator stands in the key, and not in the value."""
    op = "" if compared else f"(?:{_OPS})"
    if known.kind == "flag":
        return {"enum": [True, False, "true", "false"]}
    if known.kind == "number":
        number = {"type": "string", "pattern": rf"^\s*{op}{'?' if op else ''}\s*[0-9]+\s*$"}
        return {"anyOf": [{"type": "integer", "minimum": 0}, number]}
    if known.kind == "span":
        return {"type": "string", "pattern": f"^{op}{_SPAN}$"}
    word: Schema = {"enum": list(known.words)} if known.words else _TEXT
    return {"anyOf": [word, {"type": "array", "minItems": 1, "items": word}]}


def _counter() -> Schema:
    number = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\s*[0-9]+\s*$"}]}
    own: dict[str, Schema] = {
        "count": {"enum": list(COUNTED)},
        "within": _ref("span"),
        "here": {"enum": [True, False, "true", "false"]},
    }
    return {
        "type": "object",
        "required": ["count", "within"],
        "oneOf": [{"required": [name]} for name in HISTORY_OPS],
        "additionalProperties": False,
        "properties": {
            name: {"description": _sentence(about), **own.get(name, number)} for name, about in HISTORY.items()
        },
    }


def _bare() -> list[str]:
    """Actions that can stand alone."""
    return [name for name, info in ACTIONS.items() if not info.required]


def _actions() -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            name: {"description": _sentence(info.does), **_value(name, info)} for name, info in ACTIONS.items()
        },
    }


def _value(name: str, info: ActionInfo) -> Schema:
    if info.span:
        span = {
            "type": "object",
            "required": ["for"],
            "additionalProperties": False,
            "properties": {"for": _ref("span")},
        }
        return {"anyOf": [{"type": "null"}, span]}
    if not info.value:
        return {"type": "null"}
    if name == "priority":
        return {"enum": list(PRIORITIES)}
    if name == "tag":
        tag = {"anyOf": [{"type": "string", "pattern": r"""^\s*[^\s,"]+\s*$"""}, {"type": "number"}]}
        return {"anyOf": [tag, {"type": "array", "minItems": 1, "items": tag}]}
    return _TEXT if info.required else {"type": ["string", "number", "boolean", "null"]}


def _test() -> Schema:
    own: dict[str, Schema] = {
        "in": {"enum": list(FIELDS)},
        "given": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    }
    return {
        "type": "object",
        "oneOf": [{"required": ["hit"]}, {"required": ["miss"]}],
        "additionalProperties": False,
        "properties": {
            name: {"description": _sentence(about), **own.get(name, _TEXT)} for name, about in TESTS.items()
        },
    }


def _expect() -> Schema:
    number = {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*$"}
    own: dict[str, Schema] = {
        "hits": {"type": "string", "pattern": r"^\s*(?:[0-9]+\s*\.\.\s*[0-9]*|\.\.\s*[0-9]+)\s*$"},
        "hits per day": {"anyOf": [{"type": "number", "minimum": 0}, number]},
    }
    share: Schema = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, number]}
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            name: {"description": _sentence(about), **own.get(name, share)} for name, about in EXPECT.items()
        },
    }
