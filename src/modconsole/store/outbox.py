"""Replies on their way: draft, queued, sending, sent, confirmed; or failed, or unsure.

A send is claimed for sending in a transaction before the first byte goes out, so that two processes never send the same one, and
a crash in between leaves it in `sending`: whoever comes next finds it there, calls it `unsure` and looks for it on the platform.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.domain.records import Message, Send, SendState
from modconsole.store.db import Db
from modconsole.store.ingest import Ingest
from modconsole.store.names import named_by
from modconsole.store.refresh import refresh


class OutboxRow(Struct, kw_only=True):
    """A send with what is known of its way. Times are instants."""

    id: str
    at: int
    by: str
    source: str
    conversation: str
    reply_to: str | None
    through: str
    text: str
    state: SendState
    message: str | None
    not_before: int | None
    attempted_at: int | None
    attempts: int
    retry_at: int | None
    trouble: str | None
    hint: str | None
    title: str | None
    seq: int


_SELECT = (
    "select d.id, d.at, d.by, s.native, c.native, d.reply_to, d.through, d.text, d.state, d.message, d.not_before,"
    " d.attempted_at, d.attempts, d.retry_at, d.trouble, d.hint, c.shown_title, d.seq"
    " from send d join source s on s.id = d.source join conversation c on c.id = d.conversation "
)


def _row(row: tuple[Any, ...]) -> OutboxRow:
    names = OutboxRow.__struct_fields__
    return OutboxRow(**dict(zip(names, row, strict=True)))


def queue(db: Db, send: Send, not_before: int, now: int) -> None:
    """Put a reply in the outbox, to go out at `not_before` at the earliest; until then it can be taken back."""
    with db.write():
        Ingest(db).batch([send], now)
        db.run(
            "update send set not_before = ?, known = (select ifnull(max(id), 0) from message) where id = ?",
            (not_before, send.id),
        )


def get(db: Db, ident: str) -> OutboxRow | None:
    """One send, or None."""
    row = db.row(_SELECT + "where d.id = ?", (ident,))
    return _row(row) if row is not None else None


def due(db: Db, source: str, now: int) -> list[OutboxRow]:
    """Sends of a source whose time has come: queued ones, and failed ones that were to be tried again."""
    found = db.rows(
        _SELECT + "where s.native = ? and ((d.state = 'queued' and ifnull(d.not_before, 0) <= ?)"
        " or (d.state = 'failed' and d.retry_at <= ?)) order by d.seq",
        (source, now, now),
    )
    return [_row(row) for row in found]


def open_sends(db: Db, source: str, states: tuple[str, ...]) -> list[OutboxRow]:
    """Sends of a source in some states, oldest first."""
    marks = ", ".join("?" * len(states))
    found = db.rows(_SELECT + f"where s.native = ? and d.state in ({marks}) order by d.seq", (source, *states))
    return [_row(row) for row in found]


def listing(
    db: Db, limit: int, *, after: int | None = None, before: int | None = None, backwards: bool = False
) -> list[OutboxRow]:
    """The outbox, newest first: after or before a sequence number, or the first ones (`backwards`: the last ones)."""
    backwards = backwards or before is not None
    border = before if before is not None else after
    where = "" if border is None else f"where d.seq {'>' if backwards else '<'} ?"
    args = [limit] if border is None else [border, limit]
    found = [
        _row(row) for row in db.rows(f"{_SELECT}{where} order by d.seq {'asc' if backwards else 'desc'} limit ?", args)
    ]
    return found[::-1] if backwards else found


def listing_size(db: Db) -> int:
    """How many sends there ever were."""
    return int(db.value("select count(*) from send"))


def under_way(db: Db, limit: int) -> list[OutboxRow]:
    """Sends that are queued or being sent, oldest first."""
    sql = _SELECT + "where d.state in ('queued', 'sending') order by d.seq limit ?"
    return [_row(row) for row in db.rows(sql, (limit,))]


def of_conversation(db: Db, conversation: int) -> list[OutboxRow]:
    """All sends of a conversation, oldest first; by its row id."""
    return [_row(row) for row in db.rows(_SELECT + "where d.conversation = ? order by d.seq", (conversation,))]


def to_look_for(db: Db, source: str, now: int) -> list[OutboxRow]:
    """Sends of a source that must be looked for on the platform now: unsure ones, and sent ones that nobody has seen there."""
    found = db.rows(
        _SELECT + "where s.native = ? and d.state in ('unsure', 'sent') and ifnull(d.retry_at, 0) <= ? order by d.seq",
        (source, now),
    )
    return [_row(row) for row in found]


_NEXT = "case state when 'queued' then ifnull(not_before, 0) when 'failed' then retry_at else ifnull(retry_at, 0) end"


_OPEN = f"""select source, {_NEXT} as next from send where state in ('queued', 'unsure', 'sent')
    or (state = 'failed' and retry_at is not null)
    union all select source, case state when 'queued' then not_before else retry_at end from moderation
    where state in ('queued', 'unsure')"""
"""By source, when each reply and each moderation act on its way has something to do; null where nothing can be done."""


def next_due(db: Db) -> int | None:
    """When there is next something to do: a send, another try, a look, an act; None where nothing waits."""
    found = db.value(f"select min(next) from ({_OPEN})")
    return int(found) if found is not None else None


def due_sources(db: Db, now: int) -> list[str]:
    """The sources for which there is something to do: replies, and moderation acts (see `store.acts`)."""
    found = db.rows(
        f"select distinct s.native from ({_OPEN}) d join source s on s.id = d.source where d.next <= ?", (now,)
    )
    return [row[0] for row in found]


def take(db: Db, ident: str, now: int) -> bool:
    """Claim a send for sending. False where somebody else has it, or where it was taken back in the meantime."""
    with db.write():
        changed = db.run(
            "update send set state = 'sending', attempted_at = ?1, attempts = attempts + 1, retry_at = null where id = ?2"
            " and (state = 'queued' or (state = 'failed' and retry_at <= ?1))",
            (now, ident),
        )
        if changed:
            _touch(db, ident, now)
        return changed > 0


def move(
    db: Db,
    ident: str,
    state: SendState,
    now: int,
    *,
    trouble: str = "",
    hint: str = "",
    retry_at: int | None = None,
    message: str | None = None,
    expect: tuple[str, ...] = (),
) -> bool:
    """Write down the next step of a send, with what went wrong, if anything.

    `retry_at` is when to go on: to try again, to look again, or for a queued one to send. With `expect` nothing happens unless
    the send is in one of those states: somebody else was there first. Gives whether the step was written.
    """
    among = f" and state in ({', '.join('?' * len(expect))})" if expect else ""
    with db.write():
        changed = db.run(
            "update send set state = ?1, trouble = ?2, hint = ?3, retry_at = case ?1 when 'queued' then null else ?4 end,"
            " not_before = case ?1 when 'queued' then ifnull(?4, not_before) else not_before end,"
            f" message = ifnull(?5, message) where id = ?6{among}",
            (state, trouble or None, hint or None, retry_at, message, ident, *expect),
        )
        if changed:
            _touch(db, ident, now)
        return changed > 0


def arrive(
    db: Db, ident: str, message: Message, now: int, *, confirmed: bool, trouble: str = "", hint: str = ""
) -> None:
    """The platform has the reply: store the message and the step together. `trouble` says where nobody can see it there."""
    with db.write():
        db.run(
            "update send set state = ?, message = ?, trouble = ?, hint = ?, retry_at = null where id = ?",
            ("confirmed" if confirmed else "sent", message.id, trouble or None, hint or None, ident),
        )
        if confirmed:
            Ingest(db, reread=True).batch([message], now)
        _touch(db, ident, now)


def take_back(db: Db, ident: str, now: int) -> bool:
    """Take a reply back before it goes out. False where it is too late."""
    with db.write():
        changed = db.run(
            "update send set state = 'taken_back' where id = ? and state in ('queued', 'failed')", (ident,)
        )
        if changed:
            _touch(db, ident, now)
        return changed > 0


def retry(db: Db, ident: str, now: int) -> bool:
    """Put a failed reply back in line, at once. False where it is not failed."""
    with db.write():
        changed = db.run(
            "update send set state = 'queued', not_before = ?, retry_at = null where id = ? and state = 'failed'",
            (now, ident),
        )
        if changed:
            _touch(db, ident, now)
        return changed > 0


def give_up(db: Db, ident: str, now: int) -> bool:
    """A person says that a reply did not arrive which nobody can find: it counts as failed, and may be sent again."""
    return move(
        db,
        ident,
        "failed",
        now,
        trouble="It could not be found on the platform, and somebody decided that it did not arrive.",
        hint="Retry sends it again.",
        expect=("unsure", "sent"),
    )


def known_replies(db: Db, source: str) -> frozenset[str]:
    """Ids on the platform that already belong to a send: never to be taken for another one's."""
    found = db.rows(
        "select d.message from send d join source s on s.id = d.source where s.native = ? and d.message is not null",
        (source,),
    )
    return frozenset(row[0] for row in found)


def not_this(db: Db, row: OutboxRow) -> frozenset[str]:
    """Ids that a reply which may have arrived cannot have: other sends' messages, and what was here before it was written.

    What was here is told by the order of rows: by clocks, a pull whose clock is behind would make our own reply older than its
    writing, and it would be sent again. Only of replies that were not queued in this database the time is all there is.
    """
    known = db.value("select known from send where id = ?", (row.id,))
    here, than = ("m.id <= ?", known) if known is not None else ("m.first_observed < ?", row.at)
    before = db.rows(
        "select m.native from message m join conversation c on c.id = m.conversation join source s on s.id = m.source"
        f" where s.native = ? and c.native = ? and {here}",
        (row.source, row.conversation, than),
    )
    return (known_replies(db, row.source) | {native for (native,) in before}) - {row.message or ""}


def _touch(db: Db, ident: str, now: int) -> None:
    source, conversation, message = db.row("select source, conversation, message from send where id = ?", (ident,))
    refresh(db, {conversation, *named_by(db, source, message)}, now)
