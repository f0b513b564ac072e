"""One run over one source: what is new or changed there, page by page.

Each page is stored with its position in one transaction, so a run can end anywhere, by itself or by SIGKILL, and the next one
goes on. Only a run that came to its end vouches for the source: the looks at the whole source (`Coverage` without a conversation)
that a connector gives are held back until then. What could not be stored makes that look say so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event as Flag

import msgspec
from msgspec import Struct

from modconsole.connectors.base import Connector, Known, Page
from modconsole.domain.records import Coverage, Gap, Record
from modconsole.store import landing, marks
from modconsole.store.db import Db
from modconsole.store.ingest import Counts
from modconsole.sync.reports import Clock, Listener, Progress, quiet

log = logging.getLogger("modconsole.sync")


class Pulled(Struct):
    """What a run brought. `finished` is false where it was cancelled between two pages."""

    full: bool
    counts: Counts = msgspec.field(default_factory=Counts)
    pages: int = 0
    gone: int = 0
    set_aside: int = 0
    finished: bool = False


def pull(
    db: Db,
    connector: Connector,
    source: str,
    clock: Clock,
    *,
    full: bool = False,
    stop: Flag | None = None,
    between: Callable[[], None] | None = None,
    listener: Listener = quiet,
) -> Pulled:
    """Run once over a source. `between` is called after each stored page, so that a reply need not wait for the rest.

    Raises `PlatformError` as the connector does, and `StoreError`; what was stored until then stays, and vouches for nothing.
    """
    began = clock()
    again = marks.known(db, source, began, full=full)
    position = marks.position(db, source)
    known = Known(
        waiting=again.waiting,
        recent=again.recent,
        queued=again.queued,
        live=again.live,
        conversations=again.conversations,
        position=dict(position),
    )
    done = Pulled(full)
    looks: list[Coverage] = []
    pages = connector.pull(known, began, full=full)
    try:
        for page in pages:
            looks += [record for record in page.records if isinstance(record, Coverage) and _vouches(record)]
            position = page.position
            _store(db, source, page, clock(), began, done)
            listener(_progress(source, page, done))
            if between is not None:
                between()
            if stop is not None and stop.is_set():
                return done
    finally:
        close = getattr(pages, "close", None)
        if close is not None:
            close()
    _finish(db, source, looks, position, began, clock(), done)
    return done


def _vouches(record: Record) -> bool:
    return isinstance(record, Coverage) and record.conversation is None


def _store(db: Db, source: str, page: Page, now: int, began: int, done: Pulled) -> None:
    records = [record for record in page.records if not _vouches(record)]
    landed = landing.land(db, source, records, page.position, now, gone=page.gone, seen=began, poison=page.poison)
    done.counts.add(landed.counts)
    done.pages += 1
    done.gone += len(page.gone)
    done.set_aside += len(landed.set_aside)
    for why in landed.set_aside:
        log.warning("%s: a record was set aside: %s", source, why)


def _progress(source: str, page: Page, done: Pulled) -> Progress:
    return Progress(
        source=source,
        lane=page.lane,
        done=page.done,
        total=page.total,
        new=done.counts.new,
        changed=done.counts.changed,
    )


def _finish(
    db: Db, source: str, looks: list[Coverage], position: dict[str, object], began: int, now: int, done: Pulled
) -> None:
    """The run has seen what it should see: store what it vouches for, and that it came to its end, together."""
    since = began if done.full else (marks.mark(db, source).walked_at or 0)
    with db.write():
        standing = marks.standing_poison(db, source, since)
        why = (
            f"{standing} {'item' if standing == 1 else 'items'} from the platform could not be read" if standing else ""
        )
        landed = landing.land(db, source, [_with_gap(look, why) for look in looks], position, now, seen=began)
        marks.synced(db, source, began, now, walked=done.full)
    done.counts.add(landed.counts)
    done.finished = True


def _with_gap(look: Coverage, why: str) -> Coverage:
    if not why:
        return look
    gap = look.gap or Gap()
    return msgspec.structs.replace(
        look, gap=Gap(since=gap.since, until=gap.until, why="; ".join(part for part in (gap.why, why) if part))
    )
