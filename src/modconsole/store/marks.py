"""Where each sync stands: accounts, positions, failures, coverage, and the lease of who syncs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain.records import Record, Source
from modconsole.domain.times import DAY, HOUR
from modconsole.errors import NotFound
from modconsole.store import rows
from modconsole.store.db import Db
from modconsole.store.ingest import Counts, Ingest


class AccountRow(Struct, kw_only=True):
    """How a source is reached. Never a secret: those are in the keyring, a private file or the environment."""

    source: str
    platform: str
    settings: dict[str, Any]
    paused: bool


def save_account(db: Db, source: str, platform: str, settings: dict[str, Any]) -> None:
    """Remember how a source is reached."""
    with db.write():
        db.run(
            "insert into account (source, platform, settings) values (?, ?, ?) on conflict do update set"
            " platform = excluded.platform, settings = excluded.settings",
            (source_id(db, source), platform, msgspec.json.encode(settings).decode()),
        )


def accounts(db: Db) -> list[AccountRow]:
    """All sources that are synced."""
    found = db.rows(
        "select s.native, a.platform, a.settings, a.paused from account a join source s on s.id = a.source order by s.native"
    )
    return [
        AccountRow(source=row[0], platform=row[1], settings=msgspec.json.decode(row[2]), paused=bool(row[3]))
        for row in found
    ]


def account(db: Db, source: str) -> AccountRow | None:
    """How a source is reached; None where nobody is signed in to it."""
    return next((each for each in accounts(db) if each.source == source), None)


def has_account(db: Db, source: str) -> bool:
    """Whether somebody is signed in to a source."""
    return (
        db.value("select 1 from account a join source s on s.id = a.source where s.native = ?", (source,)) is not None
    )


def forget_account(db: Db, source: str) -> bool:
    """Stop syncing a source; what it brought stays. False where it was not synced."""
    with db.write():
        return db.run("delete from account where source = ?", (source_id(db, source),)) > 0


def pause(db: Db, source: str, paused: bool) -> None:
    """Leave a source out of syncs, or take it in again."""
    with db.write():
        db.run("update account set paused = ? where source = ?", (int(paused), source_id(db, source)))


def source_id(db: Db, source: str) -> int:
    """The row id of a source. Raises `NotFound`."""
    found = db.value("select id from source where native = ?", (source,))
    if found is None:
        raise NotFound(f"There is no source {source!r}.", hint="`modconsole sources list` shows which there are.")
    return int(found)


def described(db: Db, source: str) -> Source | None:
    """The description of a source as it stands; None where nobody has described it."""
    row = db.row(rows.SOURCE_SELECT + "where native = ? and described = 1", (source,))
    return rows.source_of(row) if row is not None else None


class Mark(Struct, kw_only=True):
    """What is known of the syncs of one source. Times are instants."""

    position: dict[str, Any]
    synced_at: int | None = None
    """When the last sync that came to its end had begun."""
    tried_at: int | None = None
    """When the last sync ended, well or not."""
    failed_at: int | None = None
    """Since when it fails; None while it works."""
    failure: str | None = None
    hint: str | None = None
    walked_at: int | None = None
    """When the last full walk that came to its end had begun."""
    retry_at: int | None = None
    """Until when the platform wants to be left alone; None where it did not say so at the last try."""


def mark(db: Db, source: str) -> Mark:
    """What is known of the syncs of one source; an empty mark before the first."""
    row = db.row(
        "select position, synced_at, tried_at, failed_at, failure, hint, walked_at, retry_at from mark where source = ?",
        (source_id(db, source),),
    )
    if row is None:
        return Mark(position={})
    return Mark(position=msgspec.json.decode(row[0]), **dict(zip(Mark.__struct_fields__[1:], row[1:], strict=True)))


def position(db: Db, source: str) -> dict[str, Any]:
    """Where the next sync of a source goes on; empty before the first."""
    found = db.value("select position from mark where source = ?", (source_id(db, source),))
    return msgspec.json.decode(found) if found else {}


def store_page(db: Db, source: str, records: Sequence[Record], position_: dict[str, Any], now: int) -> Counts:
    """Store what one page brought, and the position after it, in one transaction."""
    with db.write():
        counts = Ingest(db, reread=True).batch(records, now)
        ident = source_id(db, source)
        db.run(
            "insert into mark (source, position) values (?, ?) on conflict do update set position = excluded.position",
            (ident, msgspec.json.encode(position_).decode()),
        )
        return counts


def synced(db: Db, source: str, began: int, now: int, *, walked: bool) -> None:
    """A sync of a source that began at an instant has come to its end; with `walked` it was a full walk."""
    with db.write():
        db.run(
            "insert into mark (source, position, synced_at, walked_at, tried_at) values (?1, '{}', ?2, ?3, ?4) on conflict do"
            " update set synced_at = ?2, walked_at = ifnull(?3, walked_at), failed_at = null, failure = null, hint = null,"
            " retry_at = null, tried_at = ?4",
            (source_id(db, source), began, began if walked else None, now),
        )
        thin_looks(db, source_id(db, source), now)


def failed(db: Db, source: str, now: int, why: str, hint: str, retry_at: int | None = None) -> None:
    """A sync of a source has failed. The first time of failing is kept until it works again.

    `retry_at` is the instant until which the platform wants to be left alone, where it said so.
    """
    with db.write():
        db.run(
            "insert into mark (source, position, failed_at, failure, hint, tried_at, retry_at) values"
            " (?1, '{}', ?2, ?3, ?4, ?2, ?5) on conflict do update set failed_at = ifnull(failed_at, ?2), failure = ?3,"
            " hint = ?4, tried_at = ?2, retry_at = ?5",
            (source_id(db, source), now, why, hint, retry_at),
        )


def poison(db: Db, source: str, now: int, why: str, payload: bytes) -> None:
    """Set aside what a platform sent and nobody can store, so that it stops nothing and is not lost; once for each."""
    with db.write():
        args = (source_id(db, source), now, why, payload)
        if not db.run("update poison set at = ?2, why = ?3 where source = ?1 and payload = ?4", args):
            db.run("insert into poison (source, at, why, payload) values (?, ?, ?, ?)", args)


def standing_poison(db: Db, source: str, since: int) -> int:
    """How much was set aside since an instant, as since the last full walk: what a sync cannot vouch for."""
    return int(db.value("select count(*) from poison where source = ? and at >= ?", (source_id(db, source), since)))


def thin_looks(db: Db, source: int, now: int) -> None:
    """Of looks older than two days keep the last of each hour, and those on which it rests that a message was found late.

    A look says something about the messages first seen after it. So it can go where a later one vouches for at least as much, and
    no message was first seen between the two.
    """
    db.run(
        "delete from coverage where source = ?1 and conversation = '' and checked_at >= ?2 and checked_at < ?3 and gap = 0"
        " and exists (select 1 from coverage o where o.source = ?1 and o.conversation = '' and o.gap = 0"
        " and o.checked_at > coverage.checked_at and o.checked_at < (coverage.checked_at / ?4 + 1) * ?4"
        " and (coverage.complete_through is null or o.complete_through >= coverage.complete_through)"
        " and not exists (select 1 from message m where m.source = ?1 and m.first_observed > coverage.checked_at"
        " and m.first_observed <= o.checked_at))",
        (source, now - 9 * DAY, now - 2 * DAY, HOUR),
    )


class Again(Struct, kw_only=True):
    """Native ids to look at again; what each list is for says `modconsole.connectors.base.Known`."""

    waiting: tuple[str, ...]
    recent: tuple[str, ...]
    queued: tuple[str, ...]
    live: tuple[str, ...]
    conversations: tuple[str, ...]


def known(db: Db, source: str, now: int, *, full: bool) -> Again:
    """What a sync should look at again: who waits and our replies, the last days, the queues; with `full` everything."""
    ident = source_id(db, source)
    waiting = db.rows(
        "select distinct value from ask k, json_each(k.messages) where k.source = ?1 and k.status in"
        " ('waiting', 'sending', 'snoozed', 'promised', 'unknown') union select k.latest from ask k where k.source = ?1"
        " and k.status in ('held', 'promised') union select d.message from send d where d.source = ?1"
        " and d.message is not null and d.at > ?2",
        (ident, now - 30 * DAY),
    )
    recent = db.rows(
        "select m.native from conversation c join message m on m.conversation = c.id where c.source = ?1 and c.last_at > ?2"
        " and m.created_at > ?2 and ifnull(m.state, 'live') <> 'deleted' order by m.created_at desc limit 1000",
        (ident, now - 7 * DAY),
    )
    queued = db.rows(
        "select native from message where source = ?1 and state in ('held', 'hidden', 'spam', 'removed')"
        " and (state in ('held', 'hidden') or created_at > ?2) order by created_at desc limit 1000",
        (ident, now - 30 * DAY),
    )
    live = (
        db.rows("select native from message where source = ? and ifnull(state, 'live') <> 'deleted'", (ident,))
        if full
        else []
    )
    names = [tuple(row[0] for row in found) for found in (waiting, recent, queued, live)]
    return Again(
        waiting=names[0],
        recent=names[1],
        queued=names[2],
        live=names[3],
        conversations=conversations_to_read(db, ident, now, full=full),
    )


def conversations_to_read(db: Db, source: int, now: int, *, full: bool) -> tuple[str, ...]:
    """Native ids of the conversations to read whole: those with a reply window or somebody waiting, the longest wait first, then
    those of the last days, the latest first; with `full` all others after them."""
    urgent = db.rows(
        "select c.native from ask k join conversation c on c.id = k.conversation where k.source = ?1 and k.status in"
        " ('waiting', 'sending', 'snoozed', 'promised', 'unknown', 'held') group by c.id order by"
        " min(ifnull(k.reply_until, 9223372036854775807)), min(ifnull(k.waiting_since, 9223372036854775807))",
        (source,),
    )
    rest = db.rows(
        "select native from conversation where source = ?1 and last_at > ?2 order by last_at desc"
        + ("" if full else " limit 500"),
        (source, -(1 << 62) if full else now - 7 * DAY),
    )
    return tuple(dict.fromkeys(row[0] for row in (*urgent, *rest)))


# -- asking for a sync -------------------------------------------------------------------------------------------------------


def ask_for_sync(db: Db, source: str, *, full: bool = False) -> None:
    """Ask whoever syncs this database, perhaps another process, to look at a source now."""
    source_id(db, source)
    with db.write():
        name = f"{'walk' if full else 'sync'} {source}"
        db.run("insert into counter values (?, 1) on conflict do update set value = value + 1", (name,))


def asked_for(db: Db) -> dict[tuple[str, bool], int]:
    """How often a sync was asked for, by source and whether it was to be a full walk; a change is a request."""
    found = db.rows("select name, value from counter where name like 'sync %' or name like 'walk %'")
    return {(name[5:], name.startswith("walk")): value for name, value in found}


# -- the lease -------------------------------------------------------------------------------------------------------------


def acquire(db: Db, name: str, holder: str, label: str, now: int, until: int) -> str:
    """Take or renew a lease. Gives "" when it is ours until `until`, else the label of who holds it."""
    with db.write():
        row = db.row("select holder, label, until from lease where name = ?", (name,))
        if row is not None and row[0] != holder and row[2] > now:
            return str(row[1])
        db.run("insert or replace into lease values (?, ?, ?, ?)", (name, holder, label, until))
        return ""


def release(db: Db, name: str, holder: str) -> None:
    """Let a lease go."""
    with db.write():
        db.run("delete from lease where name = ? and holder = ?", (name, holder))


def holder(db: Db, name: str, now: int) -> str:
    """The label of who holds a lease; empty where nobody does."""
    return str(db.value("select label from lease where name = ? and until > ?", (name, now)) or "")


def exists(db: Db, source: str) -> bool:
    """Whether there is a source of this name."""
    return db.value("select 1 from source where native = ?", (source,)) is not None


def lease(db: Db, name: str) -> tuple[str, str, int] | None:
    """Holder, label and end of a lease, whether or not it has ended; None where nobody ever took it."""
    row = db.row("select holder, label, until from lease where name = ?", (name,))
    return (row[0], row[1], row[2]) if row is not None else None
