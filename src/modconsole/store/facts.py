"""Questions about messages, answered from the tables: who wrote it, where, when, and what they did before.

`ask` takes many messages at once, since the questions of a rule are asked of all that its words left open. What is compared is
looked up by an index for each of them (`tests/store/test_facts.py` holds the plans); where it is counted, no further than the
number it is compared with.

Earlier is what was written earlier; of two messages of the same instant the one that was stored first. A value that nobody knows
(an account's age that the platform does not give) compares with nothing: neither a question nor its opposite holds. What one asks
with `~` holds then, for it says "it is not so, as far as is known".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from modconsole.domain import hours
from modconsole.domain.facts import Counter, Fact, Op, Question
from modconsole.domain.links import links
from modconsole.domain.times import parse, to_datetime
from modconsole.errors import InputError
from modconsole.store import history
from modconsole.store.db import Db

COMPARE: Final[dict[Op, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
AT_ONCE: Final = 5_000
"""How many messages one statement is asked about."""

_FROM = (
    " from json_each(?1) j join message m on m.id = j.value join conversation c on c.id = m.conversation"
    " join source s on s.id = m.source join person p on p.id = m.person "
)
_EARLIER = "(o.created_at < m.created_at or (o.created_at = m.created_at and o.id < m.id))"
_US = "exists (select 1 from json_each(s.identities) i where json_extract(i.value, '$.id') = {who})"
_WHO = (
    f"case when {_US.format(who='p.native')} then 'us' when (select a.kind from author a where a.id = m.author) = 'bot'"
    " then 'bot' else 'member' end"
)
_FIRST = "(select f.id from message f where f.conversation = m.conversation order by f.created_at, f.id limit 1)"
# A conversation's first message has opened it where the conversation goes by its id, and on forums; elsewhere what it is about
# is no message.
_OPENER = (
    f"ifnull(c.opened_by, (select q.native from message o join person q on q.id = o.person where o.id = {_FIRST}"
    " and (o.native = c.native or c.shown_kind = 'forum')))"
)
_FLAGS: Final[dict[str, str]] = {
    "author first": f"not exists (select 1 from message o where o.person = m.person and o.created_at <= m.created_at"
    f" and {_EARLIER})",
    "author opened": f"p.native = {_OPENER}",
    "top level": "m.parent is null",
    "answers the opening": "m.parent is null or m.parent = c.native or (c.shown_kind = 'forum'"
    f" and m.parent = (select o.native from message o where o.id = {_FIRST}))",
    "answers us": "exists (select 1 from message o join person q on q.id = o.person where o.source = m.source"
    f" and o.native = m.parent and {_US.format(who='q.native')})",
    "private": "c.shown_kind in ('dm', 'group_dm') or ifnull(m.visibility, '') in ('followers', 'private')",
    "edited": "m.edited_at is not null or (m.versions > 1 and (select count(distinct json_extract(cast(v.body as text),"
    " '$.text')) from version v where v.message = m.id) > 1)",
}
_SPANS: Final[dict[str, str]] = {
    "author age": "m.created_at - (select o.created_at from message o where o.person = m.person order by o.created_at limit 1)",
    "thread age": "m.created_at - ifnull(c.opened_at, (select o.created_at from message o where o.conversation = m.conversation"
    " order by o.created_at limit 1))",
    "waiting": "?3 - (select min(k.waiting_since) from ask k where k.conversation = m.conversation and k.person = p.native"
    " and k.open = 1 and exists (select 1 from json_each(k.messages) w where w.value = m.native))",
}
_NUMBERS: Final[dict[str, str]] = {
    "author messages": "(select count(*) from (select 1 from message o where o.person = m.person"
    f" and o.created_at <= m.created_at and {_EARLIER} limit ?4))",
    "thread messages": "(select count(*) from (select 1 from message o where o.conversation = m.conversation"
    f" and o.created_at <= m.created_at and {_EARLIER} limit ?4))",
    "author strikes": "(select count(*) from strike k where k.person = m.person and k.undone_at is null and k.at <= ?3"
    " and (k.expires_at is null or k.expires_at > ?3))",
    "mentions": "ifnull(json_array_length(m.mentions), 0)",
    "attachments": "ifnull(json_array_length(m.attachments), 0)",
}
_WORDS: Final[dict[str, str]] = {
    "author is": f"{_WHO} in (select value from json_each(?2))",
    "author tags": "exists (select 1 from ask k join decision d on d.conversation = k.conversation join json_each(d.tags) t"
    " where k.person = p.native and k.source = m.source and d.act = 'tag' and d.undone_at is null"
    " and (d.person is null or d.person = p.native)"
    " and exists (select 1 from json_each(?2) w where w.value = t.value collate nocase)"
    " and not exists (select 1 from decision u, json_each(u.tags) x where u.conversation = d.conversation and u.act = 'untag'"
    " and u.undone_at is null and x.value = t.value and (u.person is null or u.person = p.native)"
    " and (u.at, u.id) > (d.at, d.id)))",
    "source": "exists (select 1 from json_each(?2) w where w.value = s.native or w.value = s.name collate nocase)",
    "platform": "exists (select 1 from json_each(?2) w where w.value = s.platform collate nocase)",
    "thread kind": "c.shown_kind in (select value from json_each(?2))",
    "state": "ifnull(m.state, 'live') in (select value from json_each(?2))",
}


def ask(db: Db, question: Question, ids: Sequence[int], now: int) -> set[int]:
    """Of messages, by row id, those for which a question holds; `negated` is the asker's own business. `now` is an instant."""
    found: set[int] = set()
    for at in range(0, len(ids), AT_ONCE):
        some = ids[at : at + AT_ONCE]
        found |= history.ask(db, question, some) if isinstance(question, Counter) else _ask(db, question, some, now)
    return found


def _ask(db: Db, fact: Fact, ids: Sequence[int], now: int) -> set[int]:
    name = fact.name
    if name in _FLAGS:
        return _select(db, f"({_FLAGS[name]}) = ?2", ids, int(fact.flag))
    if name in _SPANS:
        return _select(db, f"{_SPANS[name]} {fact.op} ?2", ids, fact.number, now)
    if name in _NUMBERS:
        return _select(db, f"{_NUMBERS[name]} {fact.op} ?2", ids, fact.number, now, max(fact.number, 0) + 1)
    if name in _WORDS:
        return _select(db, _WORDS[name], ids, msgspec.json.encode(fact.words).decode())
    return {ident for ident, holds in _READ[name](db, fact, ids) if holds}


def _select(db: Db, condition: str, ids: Sequence[int], *args: Any) -> set[int]:
    asked = next(
        count for count in (4, 3, 2) if f"?{count}" in condition
    )  # SQLite takes no values but those it asks for
    found = db.rows(f"select m.id{_FROM}where {condition}", (_json(ids), *args[: asked - 1]))
    return {row[0] for row in found}


def _json(ids: Sequence[int]) -> str:
    return msgspec.json.encode(ids).decode()


# -- what SQL does not read ----------------------------------------------------------------------------------------------------


def _read(db: Db, columns: str, ids: Sequence[int]) -> list[Any]:
    return db.rows(f"select m.id, {columns} from json_each(?) j join message m on m.id = j.value", (_json(ids),))


def _length(db: Db, fact: Fact, ids: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """Characters of the plain text; `length` of SQLite ends at a NUL."""
    for ident, text in _read(db, "coalesce(m.plain, m.text)", ids):
        yield ident, COMPARE[fact.op](len(text), fact.number)


def _links(db: Db, fact: Fact, ids: Sequence[int]) -> Iterator[tuple[int, bool]]:
    for ident, plain, raw in _read(db, "coalesce(m.plain, m.text), iif(m.format = 'html', m.text, null)", ids):
        yield ident, COMPARE[fact.op](len(links(plain, raw)), fact.number)


def _written_at(db: Db, fact: Fact, ids: Sequence[int]) -> Iterator[tuple[int, bool]]:
    stretches = [stretch for words in fact.words for stretch in hours.parse(words)]
    for ident, created in _read(db, "m.created_at", ids):
        moment = to_datetime(created)
        spans = (stretch.on(moment.astimezone(stretch.zone).date()) for stretch in stretches)
        yield ident, any(span is not None and span[0] <= created < span[1] for span in spans)


def _language(db: Db, fact: Fact, ids: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """A language that is asked for is also one of its kinds: `de` is `de-AT`."""
    wanted = {word.casefold().replace("_", "-") for word in fact.words}
    for ident, extra in _read(db, "m.extra", ids):
        said = msgspec.json.decode(extra).get("language") if extra else None
        given = [each.casefold().replace("_", "-") for each in _texts(said)]
        yield ident, any(each == word or each.startswith(f"{word}-") for each in given for word in wanted)


def _account_age(db: Db, fact: Fact, ids: Sequence[int]) -> Iterator[tuple[int, bool]]:
    for ident, created, extra in _read(db, "m.created_at, m.extra", ids):
        said = msgspec.json.decode(extra).get("account_created_at") if extra else None
        try:
            since = parse(said) if isinstance(said, str) else None
        except InputError:
            since = None
        yield ident, since is not None and COMPARE[fact.op](created - since, fact.number)


def _texts(value: object) -> list[str]:
    """A text, or those of a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


_READ: Final[dict[str, Callable[[Db, Fact, Sequence[int]], Iterator[tuple[int, bool]]]]] = {
    "length": _length,
    "links": _links,
    "written at": _written_at,
    "language": _language,
    "account age": _account_age,
}
