"""The one query language: for views, the command line, rules' scopes and reports.

    is:waiting from:@ann in:blog older:8h tag:bug -badge:new "exact words" plain words

Terms are joined by "and"; a comma within a value means "or" (`in:blog,forum`); a minus negates. The query is read here, without
knowledge of any table; the store turns it into SQL.
"""

from __future__ import annotations

import difflib
import re

from msgspec import Struct

from modconsole.domain.ask import STATUSES
from modconsole.domain.times import DAY, HOUR, MINUTE, parse
from modconsole.errors import UsageError

KEYS = {
    "is": "a status (waiting, sending, …), or overdue, backlog, claimed, open, private",
    "from": "a person: handle, name or id",
    "in": "a source: its id or name",
    "kind": "comments, forum, dm or group_dm",
    "title": "words in the conversation's title",
    "older": "waiting for longer than 8h, 3d, 2w, or since before a time",
    "newer": "waiting for less than 8h, 3d, 2w, or since after a time",
    "tag": "a tag",
    "badge": "a badge, as new or edited; two words in quotes",
    "rule": "a rule that hit one of its messages, by its id",
    "by": "who closed, promised or snoozed it, or has claimed it",
}
IS = (*STATUSES, "open", "overdue", "backlog", "claimed", "private")
KINDS = ("comments", "forum", "dm", "group_dm")
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<key>[A-Za-z_]+):)?(?:"(?P<quoted>[^"]*)(?P<end>"?)|(?P<bare>[^\s"]+))')


class Term(Struct, frozen=True):
    """One condition. `key` is one of `KEYS`, or `words` for a search in the texts; `values` are alternatives."""

    key: str
    values: tuple[str, ...]
    negated: bool = False
    span: int | None = None
    """For `older` and `newer`: microseconds before now."""
    instant: int | None = None
    """For `older` and `newer`: a fixed time instead."""


def read(text: str) -> tuple[Term, ...]:
    """The terms of a query. Raises `UsageError` that says which word is wrong, and what may have been meant."""
    terms = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise UsageError(f"The query cannot be read at {text[at : at + 20]!r}.")
        if match["quoted"] is not None and not match["end"]:
            raise UsageError("A quotation mark in the query is never closed.")
        at = match.end()
        terms.append(_term(match))
    return tuple(terms)


def _term(match: re.Match[str]) -> Term:
    key = (match["key"] or "").lower()
    negated = bool(match["minus"])
    value = match["quoted"] if match["quoted"] is not None else match["bare"]
    if not key:
        return Term("words", (value,), negated)
    if key not in KEYS:
        guess = difflib.get_close_matches(key, KEYS, 1)
        hint = f"Did you mean {guess[0]}: ?" if guess else f"Known: {', '.join(KEYS)}."
        raise UsageError(f"{key}: is no key of the query language.", hint=hint)
    values = (value,) if match["quoted"] is not None else tuple(part for part in value.split(",") if part)
    if not values:
        raise UsageError(f"{key}: needs a value: {KEYS[key]}.")
    if key in ("is", "kind"):
        known = IS if key == "is" else KINDS
        for each in values:
            if each not in known:
                guess = difflib.get_close_matches(each, known, 1)
                hint = f"Did you mean {guess[0]}?" if guess else f"Known: {', '.join(known)}."
                raise UsageError(f"{key}:{each} is not known.", hint=hint)
    if key in ("older", "newer"):
        return _age(key, values[0], negated)
    return Term(key, values, negated)


def _age(key: str, value: str, negated: bool) -> Term:
    span = duration(value)
    if span is not None:
        return Term(key, (value,), negated, span=span)
    try:
        return Term(key, (value,), negated, instant=parse(value))
    except Exception:
        raise UsageError(f"{key}:{value} is no length of time.", hint="Write 30m, 8h, 3d or 2w, or a time.") from None


def duration(value: str) -> int | None:
    """Microseconds of a spelling such as 30m, 8h, 1d12h; None for anything else."""
    if not re.fullmatch(r"(?:\d+(?:\.\d+)?[mhdw])+", value.lower()):
        return None
    return int(sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"(\d+(?:\.\d+)?)([mhdw])", value.lower())))
