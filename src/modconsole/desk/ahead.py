"""Where to go on: the next ask after one, in queue order."""

from __future__ import annotations

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.desk.views import QueuePager
from modconsole.store.queue import QueueRow

PAGE = 100


class Place(Struct, frozen=True, kw_only=True):
    """A conversation, and the message in it that somebody waits with."""

    source: str
    conversation: str
    message: str


def next_place(desk: Desk, after: QueueRow | None, here: tuple[str, str]) -> Place | None:
    """The next conversation with somebody who waits, after an ask and other than `here`; from the top again at the end.

    None where nobody waits anywhere else.
    """
    pager = QueuePager(desk)
    row = _first_elsewhere(pager, after, here) if after is not None and after.key[0] < 4 else None
    row = row or _first_elsewhere(pager, None, here)
    if row is None:
        return None
    return Place(
        source=row.source, conversation=row.conversation, message=row.messages[0] if row.messages else row.latest
    )


def _first_elsewhere(pager: QueuePager, after: QueueRow | None, here: tuple[str, str]) -> QueueRow | None:
    rows = pager.first(PAGE) if after is None else pager.after(after.key, PAGE)
    while rows:
        for row in rows:
            if (row.source, row.conversation) != here:
                return row
        rows = pager.after(rows[-1].key, PAGE)
    return None
