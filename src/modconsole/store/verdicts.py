"""What rules found: verdicts, and the messages on which a rule was given up.

A version of a rule says of a message once that it hits, in each mode. When the message's text changes it is asked again: a hit
that still holds is kept with its new places, one that does not is `edited`, and stays for what was done about it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from modconsole.store.db import Db
from modconsole.store.rows import identities_of

LATELY: Final = 10_000
"""Of so many hits it is looked which are on the same messages."""


class Found(Struct, frozen=True, kw_only=True):
    """A verdict that is to be stored. `matches` and `held` are plain values of JSON."""

    rule: str
    version: int
    mode: str
    message: int
    matches: list[dict[str, Any]]
    held: list[str]


class Given(Struct, frozen=True, kw_only=True):
    """A verdict as it was stored. `new` is false for one that was here, `edited` true for one whose text was another."""

    ident: int
    found: Found
    new: bool


class Judgeable(Struct, frozen=True, kw_only=True):
    """A message as acts on it need to know it: native ids, and row ids of its conversation and author."""

    ident: int
    source: str
    platform: str
    conversation: str
    message: str
    person: str
    in_: int
    by: int
    created_at: int
    first_observed: int | None
    state: str
    ours: bool


class Hit(Struct, kw_only=True):
    """A verdict with its message, as a list shows it. All text of strangers is raw; times are instants."""

    ident: int
    rule: str
    version: int
    mode: str
    at: int
    row_id: int
    source: str
    conversation: str
    message: str
    person: str
    name: str | None
    handle: str | None
    title: str | None
    text: str
    created_at: int
    state: str
    matches: list[dict[str, Any]]
    held: list[str]
    undone_at: int | None
    undone_by: str | None
    settled: str | None


def store(db: Db, found: Sequence[Found], now: int) -> list[Given]:
    """Store verdicts, within the caller's transaction."""
    given = []
    for each in found:
        key = (each.message, each.rule, each.version, each.mode)
        old = db.row("select id from verdict where message = ? and rule = ? and version = ? and mode = ?", key)
        values = (_json(each.matches), _json(each.held))
        if old is not None:
            db.run("update verdict set matches = ?, held = ?, settled = null where id = ?", (*values, old[0]))
            given.append(Given(ident=old[0], found=each, new=False))
            continue
        ident = db.value(
            "insert into verdict (rule, version, mode, message, conversation, person, at, matches, held)"
            " select ?2, ?3, ?4, m.id, m.conversation, m.person, ?5, ?6, ?7 from message m where m.id = ?1 returning id",
            (*key, now, *values),
        )
        if ident is not None:
            given.append(Given(ident=ident, found=each, new=True))
    return given


def over(
    db: Db, messages: Collection[int], judged: Collection[tuple[str, int]], standing: Collection[tuple[int, str, int]]
) -> int:
    """Of messages that were judged again: hits on their earlier text that hold no more. `judged` are the versions that judged
    them, `standing` what they hit now, as (message, rule, version). Gives how many there were."""
    if not messages:
        return 0
    found = db.rows(
        "select id, message, rule, version from verdict where message in (select value from json_each(?))"
        " and settled is null and mode in ('live', 'shadow')",
        (_json(list(messages)),),
    )
    gone = [row[0] for row in found if row[2:] in judged and row[1:] not in standing]
    db.run("update verdict set settled = 'edited' where id in (select value from json_each(?))", (_json(gone),))
    return len(gone)


def skipped(db: Db, found: Sequence[tuple[str, int, int, str, float]], now: int) -> None:
    """A rule was given up on a message, as (rule, version, message, item, seconds)."""
    db.conn.executemany(
        "insert or replace into rule_skip (rule, version, message, at, item, seconds) values (?1, ?2, ?3, ?6, ?4, ?5)",
        [(*each, now) for each in found],
    )


def skips(db: Db, rule: str, limit: int) -> list[tuple[int, str, float, str, str]]:
    """The latest messages on which a rule was given up: when, at which item, after how many seconds, where (source, message)."""
    return db.rows(
        "select k.at, k.item, k.seconds, s.native, m.native from rule_skip k join message m on m.id = k.message"
        " join source s on s.id = m.source where k.rule = ? order by k.at desc limit ?",
        (rule, limit),
    )


# -- messages -----------------------------------------------------------------------------------------------------------------


def authors(db: Db, ids: Sequence[int]) -> dict[int, bool]:
    """Whether messages, by row id, are ours."""
    us: dict[int, frozenset[str]] = {}
    found: dict[int, bool] = {}
    for ident, source, person in db.rows(
        "select m.id, m.source, p.native from json_each(?) j join message m on m.id = j.value"
        " join person p on p.id = m.person",
        (_json(list(ids)),),
    ):
        if source not in us:
            identities = identities_of(db.value("select identities from source where id = ?", (source,)))
            us[source] = frozenset(each.id for each in identities)
        found[ident] = person in us[source]
    return found


def judgeable(db: Db, ids: Collection[int]) -> dict[int, Judgeable]:
    """What acts on these messages need to know."""
    ours = authors(db, list(ids))
    return {
        row[0]: Judgeable(**dict(zip(Judgeable.__struct_fields__, (*row, ours[row[0]]), strict=True)))
        for row in db.rows(
            "select m.id, s.native, s.platform, c.native, m.native, p.native, m.conversation, m.person, m.created_at,"
            " m.first_observed, ifnull(m.state, 'live') from json_each(?) j join message m on m.id = j.value"
            " join source s on s.id = m.source join conversation c on c.id = m.conversation join person p on p.id = m.person",
            (_json(list(ids)),),
        )
    }


def row_id(db: Db, source: str, message: str) -> int | None:
    """The row id of a message."""
    found = db.value(
        "select m.id from message m join source s on s.id = m.source where s.native = ? and m.native = ?",
        (source, message),
    )
    return int(found) if found is not None else None


def waiting_since(db: Db, after: int | None, upto: int) -> list[int]:
    """Row ids of the open messages of asks that began to wait after one instant and up to another."""
    return [
        row[0]
        for row in db.rows(
            "select distinct m.id from ask k join json_each(k.messages) w join message m on m.source = k.source"
            " and m.native = w.value where k.open = 1 and k.waiting_since <= ?2 and (?1 is null or k.waiting_since > ?1)",
            (after, upto),
        )
    ]


# -- reading ------------------------------------------------------------------------------------------------------------------

_HIT = (
    "select v.id, v.rule, v.version, v.mode, v.at, m.id, s.native, c.native, m.native, p.native, p.name, p.handle,"
    " c.shown_title, coalesce(m.plain, m.text), m.created_at, ifnull(m.state, 'live'), v.matches, v.held, v.undone_at,"
    " v.undone_by, v.settled from verdict v join message m on m.id = v.message join source s on s.id = m.source"
    " join conversation c on c.id = v.conversation join person p on p.id = v.person "
)
_LATEST = "v.id = (select max(w.id) from verdict w where w.message = v.message and w.rule = v.rule)"


def hits(db: Db, rule: str, limit: int, before: int | None = None) -> list[Hit]:
    """The messages that a rule hit, the latest verdict of each, newest first; before a verdict's number."""
    return _hits(
        db,
        f"where v.rule = ? and v.id < ? and {_LATEST} order by v.id desc limit ?",
        (rule, before if before is not None else 1 << 62, limit),
    )


def on_message(db: Db, message: int) -> list[Hit]:
    """All verdicts on a message, by its row id, oldest first."""
    return _hits(db, "where v.message = ? order by v.id", (message,))


def in_conversation(db: Db, conversation: int) -> list[Hit]:
    """Of each message of a conversation, by its row id, the latest verdict of each rule that still holds, oldest first."""
    return _hits(
        db,
        f"where v.conversation = ? and {_LATEST} and ifnull(v.settled, '') <> 'edited' order by v.id",
        (conversation,),
    )


def get(db: Db, ident: int) -> Hit | None:
    """One verdict."""
    found = _hits(db, "where v.id = ?", (ident,))
    return found[0] if found else None


def _hits(db: Db, rest: str, args: Sequence[Any]) -> list[Hit]:
    found = []
    for row in db.rows(_HIT + rest, args):
        values = (*row[:16], msgspec.json.decode(row[16]), msgspec.json.decode(row[17]), *row[18:])
        found.append(Hit(**dict(zip(Hit.__struct_fields__, values, strict=True))))
    return found


def together(db: Db, since: int) -> list[tuple[str, str, int]]:
    """Pairs of rules that hit the same messages since an instant, among the latest `LATELY` hits; the most first."""
    return db.rows(
        "with lately as (select message, rule from verdict where id > (select max(id) from verdict) - ?2 and at >= ?1"
        " and settled is null) select a.rule, b.rule, count(distinct a.message) n from lately a join lately b"
        " on b.message = a.message and b.rule > a.rule group by a.rule, b.rule order by n desc, a.rule, b.rule",
        (since, LATELY),
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
