"""Whether an ask is still what a person saw when they pressed a key.

An act is made *through* the message that was seen, so it never reaches a newer one. But who closes an ask that a colleague
answered a moment ago, or whose person has just written again, should hear of it first.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.domain.times import to_instant
from modconsole.store import lists, outbox, queue
from modconsole.store.queue import QueueRow

__all__ = ["Change", "QueueRow", "changed", "current"]


class Change(Struct, frozen=True, kw_only=True):
    """What is different. `by` and `text` are raw: they go through the gate before they are shown."""

    kind: Literal["gone", "newer", "settled", "sending", "claimed"]
    status: str = ""
    by: str = ""
    text: str = ""
    at: int | None = None


def current(desk: Desk, row: QueueRow) -> QueueRow | None:
    """The ask as it stands now; None where there is no such ask any more."""
    desk.catch_up()
    return queue.one(desk.db, desk.now(), row.source, row.conversation, row.thread, row.person)


def changed(desk: Desk, row: QueueRow) -> Change | None:
    """What has changed since this row was read, the weightiest first; None where it is what was seen."""
    now = current(desk, row)
    if now is None:
        return Change(kind="gone")
    if now.latest != row.latest:
        newest = lists.message(desk.db, row.source, now.latest)
        if newest is None:
            return Change(kind="newer", status=now.status)
        return Change(kind="newer", status=now.status, text=newest.plain, at=to_instant(newest.message.created_at))
    if now.status != row.status:
        kind: Literal["sending", "settled"] = "sending" if now.status == "sending" else "settled"
        return Change(kind=kind, status=now.status, by=_who(desk, now))
    if now.claimed_by not in (row.claimed_by, desk.who) and now.claimed_by is not None:
        return Change(kind="claimed", status=now.status, by=now.claimed_by)
    return None


def _who(desk: Desk, row: QueueRow) -> str:
    """Who made an ask what it is: the person at the keyboard where that is known, else the platform's name for the author."""
    ident = lists.conversation_row_id(desk.db, row.source, row.conversation)
    sends = outbox.of_conversation(desk.db, ident) if ident is not None else []
    through = {row.latest, *row.messages}
    for send in reversed(sends):
        if send.through in through and send.state not in ("taken_back", "failed"):
            return send.by
    return row.by
