"""What became of messages that a rule hits: what moderators decided about them, and who waits with them.

    removed   a person's last act on it, not taken back, put it away (held, hidden, marked as spam, removed); or there is no such
              act, and on the platform it is hidden, spam or removed, though no rule of ours did that
    kept      a person's last act on it brought it back or approved it; or it is live, and its author was answered, or somebody
              closed their ask, and this message is not among those that still wait
    open      neither: nobody decided yet, or its author deleted it

What a rule did is nobody's decision. A person acts under any name that does not begin with `rule:`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from modconsole.store.db import Db

Decided = Literal["removed", "kept", "open"]
PUT_AWAY: Final = ("hold", "hide", "spam", "remove")
BROUGHT_BACK: Final = ("approve", "unhide", "restore")
_SETTLED: Final = ("answered", "answered_privately", "closed", "promised")
"""Statuses of an ask that somebody of us has dealt with."""


class Outcome(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one message. Times are instants."""

    row_id: int
    created: int
    person: int
    """Row id of its author."""
    decided: Decided
    waits: bool
    """Whether it is part of an ask that nobody has answered."""


class About(Struct, frozen=True, kw_only=True):
    """What a list shows of a message besides its words. Names and titles are raw."""

    row_id: int
    source: str
    conversation: str
    message: str
    person: str
    name: str | None
    handle: str | None
    title: str | None
    created: int
    state: str


class Waiting(Struct, frozen=True, kw_only=True):
    """A person who waits. Names are raw."""

    source: str
    person: str
    name: str | None
    handle: str | None


def outcomes(db: Db, ids: Sequence[int]) -> list[Outcome]:
    """What became of these messages, in the order of their row ids."""
    acts = _last_acts(db, ids)
    rows = db.rows(
        "select m.id, m.native, m.person, m.created_at, ifnull(m.state, 'live'), k.status, k.open, k.messages"
        # "cross" keeps the order: from the ids; the index by person, since a conversation can have thousands of asks
        " from json_each(?) j cross join message m on m.id = j.value join person p on p.id = m.person"
        " left join ask k indexed by ask_person on k.person = p.native and k.source = m.source"
        " and k.conversation = m.conversation order by m.id",
        (_json(ids),),
    )
    found: list[Outcome] = []
    for ident, same in groupby(rows, key=itemgetter(0)):
        asks = list(same)  # a person can have several in one conversation
        _, native, person, created, state, *_ = asks[0]
        mine = _json(native)
        uncovered = [row for row in asks if row[5] is not None and mine in row[7]]
        settled = not uncovered and any(row[5] in _SETTLED for row in asks)
        found.append(
            Outcome(
                row_id=ident,
                created=created,
                person=person,
                decided=_decided(acts.get(ident), state, settled),
                waits=any(row[6] for row in uncovered),
            )
        )
    return found


def _decided(act: tuple[str, bool] | None, state: str, settled: bool) -> Decided:
    """`act` is the last act that stands, and whether a person did it."""
    if act is not None and act[1]:
        return "removed" if act[0] in PUT_AWAY else "kept"
    if state in ("hidden", "spam", "removed"):
        return "open" if act is not None and act[0] in PUT_AWAY else "removed"
    return "kept" if state == "live" and settled else "open"


def _last_acts(db: Db, ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """The last act on each message that stands and says something about it; a person's before a rule's."""
    if db.value("select 1 from moderation limit 1") is None:
        return {}
    acts = (*PUT_AWAY, *BROUGHT_BACK)
    rows = db.rows(
        "select m.id, d.act, d.by not like 'rule:%' from json_each(?) j cross join message m on m.id = j.value"
        " join moderation d on d.source = m.source and d.kind = 'message' and d.target = m.native"
        f" where d.state = 'done' and d.undone_at is null and d.undoes is null and d.act in ({', '.join('?' * len(acts))})"
        " order by d.seq",
        (_json(ids), *acts),
    )
    found: dict[int, tuple[str, bool]] = {}
    for ident, act, person in rows:
        before = found.get(ident)
        if person or before is None or not before[1]:
            found[ident] = (act, bool(person))
    return found


def about(db: Db, ids: Sequence[int]) -> dict[int, About]:
    """What lists show of these messages, by row id."""
    rows = db.rows(
        "select m.id, s.native, c.native, m.native, p.native, coalesce(nullif(a.name, ''), p.name),"
        " coalesce(nullif(a.handle, ''), p.handle), coalesce(m.title, c.shown_title), m.created_at, ifnull(m.state, 'live')"
        " from json_each(?) j cross join message m on m.id = j.value join source s on s.id = m.source"
        " join conversation c on c.id = m.conversation join person p on p.id = m.person left join author a on a.id = m.author",
        (_json(ids),),
    )
    return {row[0]: About(**dict(zip(About.__struct_fields__, row, strict=True))) for row in rows}


def people(db: Db, persons: Sequence[int]) -> list[Waiting]:
    """These persons, by row id, in the order of sources and ids."""
    rows = db.rows(
        "select s.native, p.native, p.name, p.handle from person p join source s on s.id = p.source"
        " where p.id in (select value from json_each(?)) order by 1, 2",
        (_json(persons),),
    )
    return [Waiting(source=row[0], person=row[1], name=row[2], handle=row[3]) for row in rows]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
