"""The ask cache: derived anew for every conversation a change touches, in the transaction of that change.

A conversation's answer depends on the clock only where a snooze or a promise ends; such a conversation knows until when its
answer holds, and `refresh_expired` renews those whose time has come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from modconsole.domain.ask import OPEN, Ask
from modconsole.domain.waiting import derive
from modconsole.store.cases import Loaded, Loader
from modconsole.store.db import Db
from modconsole.store.queue import count_overdue

ASK_COLUMNS = (
    "conversation, source_native, conversation_native, thread, person, source, status, open, trouble, waiting_since, due_at,"
    " reply_until, messages, latest, shown, shown_at, badges, backlog, claimed_by, claimed_until, suggest_act, suggest_reason,"
    " reason, by, until"
)
_WIDTH = ASK_COLUMNS.count(",") + 1
_INSERT = f"insert into ask ({ASK_COLUMNS}) values ({','.join('?' * _WIDTH)})"
_UPDATE = (
    "update ask set "
    + ", ".join(f"{name.strip()} = ?" for name in ASK_COLUMNS.split(",")[5:])
    + " where conversation = ? and thread = ? and person = ?"
)


def refresh(db: Db, conversations: Collection[int], now: int) -> int:
    """Derive the asks of conversations and store what changed. Gives the number of asks that changed. `now` is an instant."""
    if not conversations:
        return 0
    with db.write():
        count_overdue(db, now)
        changed = 0
        inserts: list[tuple[Any, ...]] = []
        updates: list[tuple[Any, ...]] = []
        described: list[tuple[Any, ...]] = []
        for loaded in Loader(db).cases(sorted(conversations)):
            outcome = derive(loaded.case, now)
            created = {item.id: item.created for item in loaded.case.items} if outcome.asks else {}
            wanted = {(ask.thread, ask.person): ask_row(ask, loaded, created) for ask in outcome.asks}
            changed += _compare(db, loaded, wanted, inserts, updates)
            described.append(
                (
                    loaded.kind,
                    loaded.title,
                    len(loaded.case.items),
                    loaded.last_at,
                    loaded.last_message,
                    sum(1 for ask in outcome.asks if ask.status in OPEN),
                    outcome.valid_from,
                    outcome.valid_to,
                    loaded.conversation,
                )
            )
            if len(inserts) > 5_000:
                db.conn.executemany(_INSERT, inserts)
                inserts.clear()
        db.conn.executemany(_INSERT, inserts)
        db.conn.executemany(_UPDATE, updates)
        db.conn.executemany(
            "update conversation set shown_kind = ?, shown_title = ?, messages = ?, last_at = ?, last_message = ?,"
            " open_asks = ?, valid_from = ?, valid_to = ? where id = ?",
            described,
        )
    return changed


def refresh_all(db: Db, now: int, source: int | None = None) -> int:
    """Derive everything anew, or all of one source."""
    where, args = ("where source = ?", (source,)) if source is not None else ("", ())
    return refresh(db, [row[0] for row in db.rows(f"select id from conversation {where}", args)], now)


def expired(db: Db, now: int) -> list[int]:
    """Conversations whose stored answer does not hold at an instant: a snooze or promise has ended, or had not begun to."""
    return [
        row[0] for row in db.rows("select id from conversation where valid_to is not null and valid_to <= ?", (now,))
    ]


def refresh_expired(db: Db, now: int) -> int:
    """Renew the asks whose snooze or promise has ended. Reads only, where there are none."""
    found = expired(db, now)
    return refresh(db, found, now) if found else 0


def other_at(db: Db, now: int) -> list[int]:
    """Conversations whose stored answer is not the one of an instant, past or future."""
    found = db.rows(
        "select id from conversation where (valid_to is not null and valid_to <= ?1)"
        " or (valid_from is not null and valid_from > ?1)",
        (now,),
    )
    return [row[0] for row in found]


def refresh_for(db: Db, now: int) -> None:
    """Make every stored answer one of another moment, past or future. For use within `Db.pretend`."""
    refresh(db, other_at(db, now), now)


def ask_row(ask: Ask, loaded: Loaded, created: dict[str, int]) -> tuple[Any, ...]:
    """The row of an ask, in the order of `ASK_COLUMNS`. `created` gives when each message of the conversation was written."""
    shown = ask.messages[0] if ask.messages else ask.latest
    return (
        loaded.conversation,
        ask.source,
        ask.conversation,
        ask.thread,
        ask.person,
        loaded.source,
        ask.status,
        1 if ask.status in OPEN else 0,
        ask.trouble,
        ask.waiting_since,
        ask.due_at,
        ask.reply_until,
        msgspec.json.encode(ask.messages).decode(),
        ask.latest,
        loaded.row_ids.get(shown),
        created.get(shown),
        msgspec.json.encode(ask.badges).decode(),
        int(ask.backlog),
        ask.claimed_by,
        ask.claimed_until,
        ask.suggestion.act if ask.suggestion is not None else None,
        ask.suggestion.reason if ask.suggestion is not None else None,
        ask.reason,
        ask.by,
        ask.until,
    )


def stored_rows(db: Db, conversation: int) -> dict[tuple[str, str], tuple[Any, ...]]:
    """The stored rows of a conversation's asks, by thread and person, in the order of `ASK_COLUMNS`."""
    found = db.rows(f"select {ASK_COLUMNS} from ask where conversation = ?", (conversation,))
    return {(row[3], row[4]): row for row in found}


def _compare(
    db: Db,
    loaded: Loaded,
    wanted: dict[tuple[str, str], tuple[Any, ...]],
    inserts: list[tuple[Any, ...]],
    updates: list[tuple[Any, ...]],
) -> int:
    """Put down what must be inserted and updated, and delete what is gone."""
    stored = stored_rows(db, loaded.conversation)
    changed = 0
    for key, row in wanted.items():
        old = stored.pop(key, None)
        if old is None:
            inserts.append(row)
        elif old != row:
            updates.append((*row[5:], loaded.conversation, *key))
        else:
            continue
        changed += 1
    _delete(db, loaded.conversation, stored)
    return changed + len(stored)


def _delete(db: Db, conversation: int, keys: Iterable[tuple[str, str]]) -> None:
    for thread, person in keys:
        db.run("delete from ask where conversation = ? and thread = ? and person = ?", (conversation, thread, person))
