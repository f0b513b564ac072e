"""A delivery of records of the exchange format, from its body into the store; all of it, or nothing.

The body is JSON Lines, or one record, or a list of records. A source writes its own records only: none of another
source, and no decisions or sends, which are what *we* did. What a source says of itself replaces its description, but
for two things that are ours: since when we look after it, and how soon it counts as stale.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from modconsole.connectors.webhook import Delivery, Reply
from modconsole.domain.exchange import LineError, decode
from modconsole.domain.records import Decision, Record, Send, Source
from modconsole.domain.times import to_datetime
from modconsole.errors import InputError, StoreError
from modconsole.store import received
from modconsole.store.db import Db
from modconsole.store.received import Receiver
from modconsole.sync.reports import Clock

log = logging.getLogger("modconsole.receive")

SHOWN_ERRORS = 20
"""Errors of one delivery that are told in full; of the rest the number."""
_BOM = b"\xef\xbb\xbf"


class Bad(Struct, omit_defaults=True):
    """A record that is none: its line, or in a list its place from 1 on; which key is wrong; what was expected."""

    problem: str
    key: str = ""
    line: int | None = None
    record: int | None = None


class Read(Struct):
    """The records of a delivery, the first of those that are wrong, and how many are; `foreign` are not this source's
    to write.
    """

    records: list[Record] = []
    bad: list[Bad] = []
    count: int = 0
    foreign: int = 0


class Foreign(LineError):
    """A record that is right, and not this source's to write."""


def take(db: Db, delivery: Delivery, clock: Clock) -> Reply:
    """Store a delivery and say what came of it. An answer of 2xx means that it is on the disk."""
    receiver = received.receiver(db, delivery.source)
    if receiver is None:
        return Reply(401, {"error": "signature", "message": "There is no such source."})
    found = read(delivery, receiver)
    if found.count:
        return Reply(
            403 if found.foreign == found.count else 422,
            {
                "error": "records",
                "message": f"{found.count:,} bad {'records' if found.count > 1 else 'record'}: nothing of it was stored.",
                "errors": [msgspec.to_builtins(each) for each in found.bad],
            },
        )
    try:
        counts = received.store(db, delivery.source, delivery.id, found.records, clock())
    except InputError:
        return Reply(
            422, {"error": "records", "message": "A value in it cannot be stored: nothing of this delivery was stored."}
        )
    except StoreError as error:
        log.error("%s: a delivery could not be stored: %s", delivery.source, error.message)
        return Reply(503, {"error": "store", "message": "It could not be stored just now. Try again later."})
    if counts is None:
        return Reply(200, {"status": "received before"})
    log.info("%s: %d records, %d new, %d changed", delivery.source, counts.records, counts.new, counts.changed)
    told = {name: getattr(counts, name) for name in ("records", "new", "changed", "unchanged")}
    return Reply(200, {"status": "stored", **told})


def read(delivery: Delivery, receiver: Receiver) -> Read:
    """What is in a delivery."""
    found = Read()
    for place, text in _pieces(delivery.body):
        try:
            found.records.append(_ours(decode(text), delivery.source, receiver))
        except LineError as error:
            found.count += 1
            found.foreign += isinstance(error, Foreign)
            if len(found.bad) < SHOWN_ERRORS:
                found.bad.append(replace(place, key=error.key, problem=error.problem))
    if not found.records and not found.count:
        return Read(bad=[Bad("expected at least one record")], count=1)
    return found


def _ours(record: Record, source: str, receiver: Receiver) -> Record:
    """A record that this source may write. Raises `Foreign`."""
    if isinstance(record, Decision | Send):
        raise Foreign("type", "a source writes only what happened there: no decisions, and no sends of ours")
    if isinstance(record, Source):
        if record.id != source:
            raise Foreign("id", "a source writes only its own records")
        return replace(
            record,
            connected_at=record.connected_at or to_datetime(receiver.added_at),
            fresh_within=record.fresh_within or receiver.fresh_within,
        )
    if record.source != source:
        raise Foreign("source", "a source writes only its own records")
    return record


def _pieces(body: bytes) -> Iterator[tuple[Bad, bytes]]:
    """The texts of the records in a body, each with where it stands."""
    body = body.removeprefix(_BOM)
    start = body.lstrip()[:1]
    if start == b"[":
        try:
            items = msgspec.json.decode(body, type=list[Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            items = None
        if items is not None:
            for at, item in enumerate(items, start=1):
                yield Bad("", record=at), bytes(item)
            return
    if start == b"{" and b"\n" in body.strip() and _is_one(body):
        yield Bad("", record=1), body
        return
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip():
            yield Bad("", line=number), line


def _is_one(body: bytes) -> bool:
    """Whether several lines are one record, written with line breaks."""
    try:
        msgspec.json.decode(body, type=Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
