"""Which version of a message counts, when a message comes again.

All versions of a message that ever had a second one are kept whole, as canonical JSON, so that the answer never depends on
the order in which they came.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain import versions
from modconsole.domain.records import Message
from modconsole.store import rows
from modconsole.store.db import Db


class Revision(Struct):
    """What came out: the current version, all versions' canonical JSON, and whether the stored row must be replaced."""

    stored: tuple[Any, ...] | None
    current: Message
    bodies: list[bytes]
    changes: int
    replaces: bool
    first_observed: int | None
    ident: int = 0


def revise(db: Db, stored: tuple[Any, ...] | None, incoming: list[Message], *, reread: bool) -> Revision:
    """Put incoming versions beside the stored ones. `stored` is a row of `rows.MESSAGE_SELECT`, or None."""
    known: dict[bytes, Message] = {}
    before: bytes | None = None
    if stored is not None:
        current = rows.message_of(stored)
        before = versions.canonical(current)
        known[before] = current
        if stored[-1] > 1:
            known.update(versions_of(db, stored[-2]))
    had = len(known)
    for message in incoming:
        body = versions.canonical(message)
        if body in known or (reread and _only_seen_again(known, message)):
            continue
        known[body] = message
    ordered = sorted(known.values(), key=versions.version_key)
    latest = ordered[-1]
    return Revision(
        stored=stored,
        current=latest,
        bodies=list(known),
        changes=len(known) - had,
        replaces=before is None or versions.canonical(latest) != before,
        first_observed=versions.first_observed(ordered),
    )


def versions_of(db: Db, message: int) -> dict[bytes, Message]:
    """All kept versions of a message by their canonical JSON; empty where there was only one."""
    found = db.rows("select body from version where message = ?", (message,))
    return {body: msgspec.json.decode(body, type=Message) for (body,) in found}


def _only_seen_again(known: dict[bytes, Message], message: Message) -> bool:
    """Whether a version says what the current one says, and was only observed later."""
    if not known or message.observed_at is None:
        return False
    current = max(known.values(), key=versions.version_key)
    if current.observed_at is None or message.observed_at < current.observed_at:
        return False
    return versions.canonical(msgspec.structs.replace(message, observed_at=current.observed_at)) == versions.canonical(
        current
    )
