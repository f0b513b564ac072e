"""The sources, each with what its last looks can vouch for and what is known of its sync."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.domain.records import Identity
from modconsole.store import coverage
from modconsole.store.db import Db
from modconsole.store.rows import identities_of


class SourceRow(Struct, kw_only=True):
    """A source, with what its last looks can vouch for. Times are instants."""

    row_id: int
    id: str
    platform: str
    name: str
    url: str | None
    identities: list[Identity]
    target_hours: float
    hours: str | None
    fresh_within: float | None
    answer: str | None
    connected_at: int | None
    checked_at: int | None
    complete_through: int | None
    gap: str | None
    open_asks: int
    conversations: int
    gaps: int
    """Conversations of which a part could not be seen."""
    account: bool
    paused: bool
    synced_at: int | None
    failed_at: int | None
    failure: str | None
    hint: str | None
    walked_at: int | None
    poisoned: int
    tried_at: int | None = None
    retry_at: int | None = None
    """Until when the platform wants to be left alone."""


def sources(db: Db) -> list[SourceRow]:
    """All sources, with the latest look at each and what is known of its sync."""
    found = db.rows(
        "select s.id, s.native, s.platform, s.name, s.url, s.identities, s.target_hours, s.hours, s.fresh_within, s.answer,"
        " s.connected_at, (select sum(n) from tally t where t.source = s.id and t.status in ('waiting', 'sending', 'unknown')),"
        " s.conversations, a.source is not null, ifnull(a.paused, 0),"
        " k.synced_at, k.failed_at, k.failure, k.hint, k.walked_at, (select count(*) from poison x where x.source = s.id),"
        " k.tried_at, k.retry_at"
        " from source s left join account a on a.source = s.id left join mark k on k.source = s.id order by s.native"
    )
    rows = []
    for row in found:
        look = latest_look(db, row[0])
        rows.append(
            SourceRow(
                row_id=row[0],
                id=row[1],
                platform=row[2],
                name=row[3] or row[1],
                url=row[4],
                identities=identities_of(row[5]),
                target_hours=row[6] if row[6] is not None else 24.0,
                hours=row[7],
                fresh_within=row[8],
                answer=row[9],
                connected_at=row[10],
                checked_at=look[0] if look else None,
                complete_through=look[1] if look else None,
                gap=(look[3] or coverage.UNSAID) if look and look[2] else None,
                open_asks=row[11] or 0,
                conversations=row[12],
                gaps=coverage.count_gaps(db, row[0]),
                account=bool(row[13]),
                paused=bool(row[14]),
                synced_at=row[15],
                failed_at=row[16],
                failure=row[17],
                hint=row[18],
                walked_at=row[19],
                poisoned=row[20],
                tried_at=row[21],
                retry_at=row[22],
            )
        )
    return rows


def latest_look(db: Db, source: int, conversation: str = "") -> Any:
    """(checked_at, complete_through, gap, gap_why) of the latest look, or None."""
    return db.row(
        "select checked_at, complete_through, gap, gap_why from coverage where source = ? and conversation = ?"
        " order by checked_at desc, ifnull(observed_at, checked_at) desc, gap desc, body desc limit 1",
        (source, conversation),
    )
