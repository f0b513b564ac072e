"""Sums over a stretch of time, for receipts and reports. Each reads all asks or all messages of the stretch once."""

from __future__ import annotations

from msgspec import Struct

from modconsole.store.db import Db


class Tally(Struct, kw_only=True):
    """What one source saw in a stretch of time, and how those who wrote then stand."""

    items: int = 0
    """Messages by others, neither automatic nor internal."""
    people: int = 0
    """Different people whose latest message in a thread is of that time."""
    statuses: dict[str, int]
    """How their asks stand now."""


def of_stretch(db: Db, since: int, until: int) -> dict[str, Tally]:
    """Of each source what was written after `since` and not after `until` (instants), by its native id."""
    found = {row[0]: Tally(statuses={}) for row in db.rows("select native from source")}
    items = db.rows(
        "select s.native, count(*) from message m join source s on s.id = m.source join person p on p.id = m.person"
        " left join author a on a.id = m.author where m.created_at > ? and m.created_at <= ? and m.automatic is null"
        " and ifnull(m.visibility, '') <> 'internal' and ifnull(a.kind, '') <> 'bot' and not exists"
        " (select 1 from json_each(s.identities) i where i.value ->> 'id' = p.native) group by 1",
        (since, until),
    )
    for source, count in items:
        found[source].items = count
    asks = (
        " from ask k join source s on s.id = k.source join message m on m.source = k.source and m.native = k.latest"
        " where m.created_at > ? and m.created_at <= ? group by 1"
    )
    for source, people in db.rows(f"select s.native, count(distinct k.person){asks}", (since, until)):
        found[source].people = people
    for source, status, count in db.rows(f"select s.native, k.status, count(*){asks}, 2", (since, until)):
        found[source].statuses[status] = count
    return found


def closed_reasons(db: Db, since: int, until: int) -> dict[str, int]:
    """How many asks are closed by a decision of a stretch of time, by reason; "" where none was given."""
    found = db.rows(
        "select ifnull(d.reason, ''), count(*) from decision d where d.act = 'close' and d.undone_at is null"
        " and d.at > ? and d.at <= ? group by 1 order by 2 desc, 1",
        (since, until),
    )
    return dict(found)


def left_over(db: Db, now: int) -> dict[str, tuple[int, int, int]]:
    """Of each source who waits at an instant: all, those past the target, and of these the backlog; by native id."""
    found = db.rows(
        "select s.native, count(*), sum(k.due_at <= ?1), sum(k.due_at <= ?1 and k.backlog) from ask k join source s"
        " on s.id = k.source where k.open = 1 and k.status in ('waiting', 'sending') group by 1",
        (now,),
    )
    return {row[0]: (row[1], row[2] or 0, row[3] or 0) for row in found}


class Standing(Struct, frozen=True, kw_only=True):
    """How one ask stands. Times are instants; what only open asks have is empty for the others."""

    status: str
    since: int | None
    due_at: int | None
    backlog: bool


def statuses(db: Db, source: str) -> dict[tuple[str, str, str], Standing]:
    """How every ask of a source stands, by (conversation, thread, person)."""
    found = db.rows(
        "select conversation_native, thread, person, status, waiting_since, iif(open, due_at, null), open and backlog"
        " from ask where source_native = ?",
        (source,),
    )
    return {
        (row[0], row[1], row[2]): Standing(status=row[3], since=row[4], due_at=row[5], backlog=bool(row[6]))
        for row in found
    }
