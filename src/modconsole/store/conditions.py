"""Queries of the query language as SQL, over the aliases k (ask), c (conversation), s (source) and p (person)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from modconsole.domain.query import Term

Condition = tuple[str, list[Any]]

_IS = {
    "open": "k.open = 1",
    "overdue": "k.open = 1 and k.due_at <= :now",
    "backlog": "k.backlog = 1",
    "claimed": "k.claimed_by is not null and (k.claimed_until is null or k.claimed_until > :now)",
    "private": "c.shown_kind in ('dm', 'group_dm')",
}


def compile_terms(terms: Iterable[Term], now: int) -> Condition:
    """The conditions of a query joined by "and"; "1" for an empty one."""
    parts, args = [], []
    for term in terms:
        sql, more = _term(term, now)
        parts.append(f"not ({sql})" if term.negated else f"({sql})")
        args.extend(more)
    return (" and ".join(parts) or "1"), args


def _term(term: Term, now: int) -> Condition:
    if term.key == "words":
        return (
            "c.id in (select m.conversation from message_search f join message m on m.id = f.rowid where message_search match ?)",
            [match_text(term.values[0])],
        )
    if term.key in ("older", "newer"):
        at = term.instant if term.instant is not None else now - (term.span or 0)
        return f"k.waiting_since {'<=' if term.key == 'older' else '>'} ?", [at]
    parts, args = [], []
    for value in term.values:
        sql, more = _one(term.key, value, now)
        parts.append(sql)
        args.extend(more)
    return " or ".join(parts), args


def _one(key: str, value: str, now: int) -> Condition:
    bare = value.removeprefix("@")
    if key == "is":
        sql = _IS.get(value)
        return (sql.replace(":now", str(int(now))), []) if sql is not None else ("k.status = ?", [value])
    if key == "from":
        return (
            "p.native = ? or p.handle = ? collate nocase or p.handle = ? collate nocase or p.name = ? collate nocase",
            [
                value,
                bare,
                f"@{bare}",
                value,
            ],
        )
    if key == "in":
        return "s.native = ? or s.name = ? collate nocase", [value, value]
    if key == "kind":
        return "c.shown_kind = ?", [value]
    if key == "title":
        return "c.shown_title like ? escape '\\'", [f"%{_like(value)}%"]
    if key == "badge":
        if value == "new":
            return NEW, []
        return "exists (select 1 from json_each(k.badges) where value = ?)", [value]
    if key == "rule":
        return HIT, [value]
    if key == "by":
        return "k.by = ? or k.claimed_by = ?", [value, value]
    return TAGGED, [value]


NEW = (
    "k.waiting_since is not null and k.shown_at <= (select min(f.created_at) from message f join person q on q.id = f.person"
    " where q.source = k.source and q.native = k.person)"
)
"""Whether the first open message of an ask is the person's first on that source."""

HIT = (
    "exists (select 1 from verdict v where v.conversation = k.conversation and v.person = p.id and v.rule = ? collate nocase"
    " and v.settled is null)"
)
"""Whether a rule hit one of the person's messages there."""

TAGGED = (
    "exists (select 1 from decision d, json_each(d.tags) t where d.conversation = k.conversation and d.act = 'tag'"
    " and d.undone_at is null and t.value = ? and not exists (select 1 from decision u, json_each(u.tags) v"
    " where u.conversation = d.conversation and u.act = 'untag' and u.undone_at is null and v.value = t.value"
    " and (u.at, u.id) > (d.at, d.id)))"
)


def match_text(text: str) -> str:
    """FTS5's spelling of the words of a search: each word quoted, so that no operator of FTS5 can come in; the last one
    may go on, since people search while they type."""
    words = re.findall(r"\w+", text)
    if not words:
        return '""'
    return " ".join(f'"{word}"' for word in words[:-1]) + f' "{words[-1]}"*'


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
