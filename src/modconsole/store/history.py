"""What an author did within a time before a message, that message among it: counted in the tables, by the index of authors.

Of a message that was taken down it counts when that happened, where the platform says so: what was removed later had not been
removed then.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from modconsole.domain.facts import Counter
from modconsole.domain.likeness import normalised
from modconsole.domain.links import links
from modconsole.store.db import Db

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_UPTO = (
    "o.created_at between m.created_at - ?3 and m.created_at and (o.created_at < m.created_at or o.id <= m.id)"
    " and {}o.person = m.person"
)
_WHAT: Final[dict[str, tuple[str, str]]] = {
    "messages": ("1", ""),
    "deletions": (
        "1",
        " and o.state in ('removed', 'spam', 'hidden', 'deleted') and ifnull(o.state_at, o.created_at) <= m.created_at",
    ),
    "conversations": ("distinct o.conversation", ""),
}


def ask(db: Db, counter: Counter, ids: Sequence[int]) -> set[int]:
    """Of messages, by row id, those whose author did something so often."""
    if counter.counted in _WHAT:
        return _counted(db, counter, ids)
    return _read(db, counter, ids)


def _counted(db: Db, counter: Counter, ids: Sequence[int]) -> set[int]:
    what, where = _WHAT[counter.counted]
    # a conversation has fewer messages than an author, as a rule: the plus keeps SQLite from looking by author (what was taken
    # down is the exception, it has an index of its own)
    by_author = "" if counter.counted == "deletions" else "+"
    upto = _UPTO.format(f"o.conversation = m.conversation and {by_author}" if counter.here else "")
    # no further than it is compared with: an author of a hundred thousand messages costs no more than another
    count = f"(select count(*) from (select {what} from message o where {upto}{where} limit ?4))"
    found = db.rows(
        f"select m.id from json_each(?1) j join message m on m.id = j.value where {count} {counter.op} ?2",
        (_json(ids), counter.number, counter.within, max(counter.number, 0) + 1),
    )
    return {row[0] for row in found}


def _read(db: Db, counter: Counter, ids: Sequence[int]) -> set[int]:
    """What is in the texts: each author's messages are read once for all that is asked about."""
    asked: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for ident, person, conversation, created in db.rows(
        "select m.id, m.person, m.conversation, m.created_at from json_each(?) j join message m on m.id = j.value",
        (_json(ids),),
    ):
        asked.setdefault((person, conversation if counter.here else 0), []).append((created, ident))
    found: set[int] = set()
    for (person, conversation), places in asked.items():
        places.sort()
        first, last = places[0][0] - counter.within, places[-1][0]
        where = "conversation = ?4 and +person = ?1" if counter.here else "person = ?1"
        rows = db.rows(
            "select created_at, id, coalesce(plain, text), iif(format = 'html', text, null) from message"
            f" where {where} and created_at between ?2 and ?3 order by created_at, id",
            (person, first, last, *([conversation] if counter.here else [])),
        )
        found |= _same(rows, places, counter) if counter.counted == "duplicates" else _linked(rows, places, counter)
    return found


def _same(rows: list[Any], places: list[tuple[int, int]], counter: Counter) -> set[int]:
    """By words: when each was said. A message without words is like no other."""
    said: dict[str, list[tuple[int, int]]] = {}
    words: dict[int, str] = {}
    for created, ident, plain, _ in rows:
        words[ident] = normalised(plain) or f"\0{ident}"
        said.setdefault(words[ident], []).append((created, ident))
    return {ident for created, ident in places if _holds(said[words[ident]], created, ident, counter)}


def _linked(rows: list[Any], places: list[tuple[int, int]], counter: Counter) -> set[int]:
    times = [(created, ident) for created, ident, plain, raw in rows if links(plain, raw)]
    return {ident for created, ident in places if _holds(times, created, ident, counter)}


def _holds(times: list[tuple[int, int]], created: int, ident: int, counter: Counter) -> bool:
    count = bisect_left(times, (created, ident + 1)) - bisect_left(times, (created - counter.within, -1))
    return _COMPARE[counter.op](count, counter.number)


def _json(ids: Sequence[int]) -> str:
    return msgspec.json.encode(ids).decode()
