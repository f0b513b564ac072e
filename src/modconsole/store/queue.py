"""The queue, in queue order, page by page; and the counts.

The order depends on the clock (a reply window that ends, a target that passes), so it cannot be one index. It is five stretches,
each of which one index gives in order: troubled sends, windows about to end, overdue, the rest, and what is not open. A page
starts at a key and reads on; nothing is skipped by counting, so the last page costs what the first costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain import hours
from modconsole.domain.query import Term
from modconsole.domain.times import HOUR
from modconsole.domain.waiting import LAST, QueueKey
from modconsole.store.conditions import NEW, compile_terms
from modconsole.store.db import Db

Key = QueueKey
"""The sort key of `modconsole.domain.waiting.queue_key`."""


class QueueRow(Struct, kw_only=True):
    """One ask as lists show it. All text of strangers is raw: it goes through the gate before it is shown."""

    key: Key
    source: str
    conversation: str
    thread: str
    person: str
    handle: str | None
    name: str | None
    status: str
    trouble: str
    waiting_since: int | None
    due_at: int | None
    reply_until: int | None
    messages: tuple[str, ...]
    latest: str
    badges: tuple[str, ...]
    backlog: bool
    claimed_by: str | None
    suggest_act: str | None
    suggest_reason: str | None
    reason: str
    by: str
    until: int | None
    source_name: str
    platform: str
    kind: str
    title: str | None
    text: str
    text_at: int | None
    draft: bool
    row_id: int = 0


_SELECT = (
    "select k.source_native, k.conversation_native, k.thread, k.person, p.handle, p.name, k.status, k.trouble,"
    " k.waiting_since, k.due_at, k.reply_until, k.messages, k.latest, k.badges, k.backlog,"
    " case when k.claimed_until is null or k.claimed_until > {now} then k.claimed_by end, k.suggest_act, k.suggest_reason,"
    f" k.reason, k.by, k.until, s.name, s.platform, c.shown_kind, c.shown_title, t.text, k.shown_at, {NEW},"
    " exists (select 1 from draft r where r.source = k.source_native and r.message = k.latest), k.id"
)
_FROM = (
    " from ask k{hint} join conversation c on c.id = k.conversation join source s on s.id = k.source"
    " left join person p on p.source = k.source and p.native = k.person"
)
_TEXT = " left join message_text t on t.id = k.shown"
_ORDER = ("k.source_native", "k.conversation_native", "k.thread", "k.person")
_OUTSIDE_WINDOW = (
    "(k.reply_until is null or k.reply_until <= {now} or k.reply_until > {now} + (select"
    " max(7200000000, cast(ifnull(w.target_hours, 24) * 3600000000 as integer)) from source w where w.id = k.source))"
)


class _Stretch(Struct):
    """A part of the queue that one index gives in order."""

    rank: int
    where: str
    time: str | None
    hint: str = " indexed by ask_queue"


def _stretches(db: Db, now: int, every: bool) -> list[_Stretch]:
    outside = _OUTSIDE_WINDOW.format(now=now)
    inside = f"k.open = 1 and k.trouble = '' and k.reply_until > {now} and not {outside}"
    calm = f"k.open = 1 and k.trouble = '' and {outside}"
    low = _first_not_due(db, now)
    found = [
        _Stretch(0, "k.open = 1 and k.trouble > ''", "k.waiting_since"),
        _Stretch(1, inside, "k.reply_until", " indexed by ask_window"),
        _Stretch(2, f"{calm} and k.waiting_since is not null and k.due_at <= {now}", "k.waiting_since"),
        _Stretch(3, f"{calm} and k.waiting_since >= {low} and k.due_at > {now}", "k.waiting_since"),
        _Stretch(3, f"{calm} and k.waiting_since is null", None),
    ]
    if every:
        found += [
            _Stretch(4, "k.open = 0 and k.trouble >= '' and k.waiting_since is not null", "k.waiting_since", ""),
            _Stretch(4, "k.open = 0 and k.trouble = '' and k.waiting_since is null", None),
        ]
    return found


def _first_not_due(db: Db, now: int) -> int:
    """An instant before which every ask is overdue, whatever its source: where the stretch of the not yet due begins."""
    low = now
    for target, spelled in db.rows("select distinct ifnull(target_hours, 24), hours from source"):
        span = int(target * HOUR)
        if not spelled:
            low = min(low, now - span)
            continue
        early, late = now - span - 400 * 24 * HOUR, now
        while late - early > HOUR:  # due dates never go backwards, so halving finds the border
            middle = (early + late) // 2
            early, late = (middle, late) if hours.due(middle, span, spelled) <= now else (early, middle)
        low = min(low, early)
    return low


def page(
    db: Db,
    now: int,
    limit: int,
    *,
    after: Key | None = None,
    before: Key | None = None,
    terms: Iterable[Term] = (),
    every: bool = False,
    backwards: bool = False,
) -> list[QueueRow]:
    """Up to `limit` asks in queue order, after or before a key, or the first ones (`backwards`: the last ones).

    Without `every` only what the queue lists: waiting, sending and unknown.
    """
    backwards = backwards or before is not None
    border = before if before is not None else after
    condition, args = compile_terms(terms, now)
    stretches = _stretches(db, now, every)
    found: list[QueueRow] = []
    with db.read():
        for stretch in reversed(stretches) if backwards else stretches:
            if border is not None and not _ahead(stretch, border, backwards):
                continue
            sql, more = _statement(stretch, border, backwards, now, condition)
            taken = db.rows(sql, [*args, *more, limit - len(found)])
            found.extend(_row(row, stretch) for row in taken)
            if len(found) >= limit:
                break
    return found[::-1] if backwards else found


def _ahead(stretch: _Stretch, border: Key, backwards: bool) -> bool:
    """Whether a stretch can hold anything beyond the border."""
    mine = (stretch.rank, 1 if stretch.time is None else 0)
    its = (border[0], 1 if border[2] == LAST and border[0] != 1 else 0)
    return mine <= its if backwards else mine >= its


def _statement(
    stretch: _Stretch, border: Key | None, backwards: bool, now: int, condition: str
) -> tuple[str, list[Any]]:
    columns = ([stretch.time] if stretch.time is not None else []) + list(_ORDER)
    if stretch.rank == 1:  # windows that end together go by waiting time
        columns.insert(1, f"ifnull(k.waiting_since, {LAST})")
    args: list[Any] = []
    limit = ""
    if (
        border is not None
        and border[0] == stretch.rank
        and (stretch.rank == 1 or (border[2] == LAST) == (stretch.time is None))
    ):
        limit = f" and ({', '.join(columns)}) {'<' if backwards else '>'} ({', '.join('?' * len(columns))})"
        args = list(border[-len(columns) :])
    order = ", ".join(f"{column}{' desc' if backwards else ''}" for column in columns)
    sql = (
        _SELECT.format(now=now)
        + _FROM.format(hint=stretch.hint)
        + _TEXT
        + f" where ({condition}) and {stretch.where}{limit} order by {order} limit ?"
    )
    return sql, args


def _row(row: tuple[Any, ...], stretch: _Stretch) -> QueueRow:
    badges = tuple(msgspec.json.decode(row[13]))
    return QueueRow(
        key=(
            stretch.rank,
            row[10] if stretch.rank == 1 else 0,
            row[8] if row[8] is not None else LAST,
            row[0],
            row[1],
            row[2],
            row[3],
        ),
        source=row[0],
        conversation=row[1],
        thread=row[2],
        person=row[3],
        handle=row[4],
        name=row[5],
        status=row[6],
        trouble=row[7],
        waiting_since=row[8],
        due_at=row[9],
        reply_until=row[10],
        messages=tuple(msgspec.json.decode(row[11])),
        latest=row[12],
        badges=(*badges, "new") if row[27] else badges,
        backlog=bool(row[14]),
        claimed_by=row[15],
        suggest_act=row[16],
        suggest_reason=row[17],
        reason=row[18],
        by=row[19],
        until=row[20],
        source_name=row[21] or row[0],
        platform=row[22],
        kind=row[23],
        title=row[24],
        text=row[25] or "",
        text_at=row[26],
        draft=bool(row[28]),
        row_id=row[29],
    )


def one(
    db: Db, now: int, source: str, conversation: str, thread: str, person: str, terms: Iterable[Term] = ()
) -> QueueRow | None:
    """One ask by its names, whatever its status; None where there is no such ask, or where it does not match a query.

    Its key says where it stands now.
    """
    condition, args = compile_terms(terms, now)
    where = (  # by the row id, which has an index; by the names it would be a search through the queue
        "k.conversation = (select i.id from conversation i join source o on o.id = i.source where o.native = ? and i.native = ?)"
        " and k.thread = ? and k.person = ?"
    )
    names = [*args, source, conversation, thread, person]
    for stretch in _stretches(db, now, True):
        sql = (
            _SELECT.format(now=now)
            + _FROM.format(hint="")
            + _TEXT
            + f" where ({condition}) and {where} and {stretch.where}"
        )
        row = db.row(sql, names)
        if row is not None:
            return _row(row, stretch)
    return None


def of_conversation(db: Db, now: int, conversation: int) -> list[QueueRow]:
    """All asks of a conversation in queue order, by its row id."""
    found: dict[int, QueueRow] = {}
    for stretch in _stretches(db, now, True):
        sql = _SELECT.format(now=now) + _FROM.format(hint="") + _TEXT
        for row in db.rows(f"{sql} where k.conversation = ? and {stretch.where}", (conversation,)):
            told = _row(row, stretch)
            found.setdefault(told.row_id, told)  # the stretches overlap; the first one that has it is where it stands
    return sorted(found.values(), key=lambda row: row.key)


def counts(db: Db, now: int, terms: Iterable[Term] = ()) -> dict[str, int]:
    """How many asks have each status: of all, or of those that match a query."""
    condition, args = compile_terms(terms, now)
    if condition == "1":
        return dict(db.rows("select status, sum(n) from tally group by status having sum(n) > 0"))
    sql = f"select k.status, count(*){_FROM.format(hint='')} where {condition} group by k.status"
    return dict(db.rows(sql, args))


def size(db: Db, now: int, terms: Iterable[Term] = (), *, every: bool = False) -> int:
    """How many asks the queue lists."""
    found = counts(db, now, terms)
    return sum(found.values()) if every else sum(found.get(status, 0) for status in ("waiting", "sending", "unknown"))


def overdue(db: Db, now: int) -> int:
    """How many open asks are past their source's target: those counted up to an instant, and the few that were due since."""
    with db.read():
        counted, through = (
            db.value("select value from counter where name = ?", (n,)) for n in ("overdue", "overdue through")
        )
        between = "select count(*) from ask indexed by ask_due where open = 1 and due_at > ? and due_at <= ?"
        if now >= through:
            return int(counted + db.value(between, (through, now)))
        return int(counted - db.value(between, (now, through)))


def count_overdue(db: Db, now: int) -> None:
    """Move the instant up to which overdue asks are counted, once it is an hour behind. Within a write transaction."""
    if now - db.value("select value from counter where name = 'overdue through'") > HOUR:
        counted = overdue(db, now)
        db.run("update counter set value = ? where name = 'overdue'", (counted,))
        db.run("update counter set value = ? where name = 'overdue through'", (now,))


def backlog(db: Db, now: int) -> tuple[int, int]:
    """How many asks wait since before their source was connected, and how many of those are past the target."""
    waiting = int(db.value("select ifnull(sum(n), 0) from tally where backlog = 1 and status = 'waiting'"))
    if not waiting:
        return 0, 0
    late = db.value(
        "select count(*) from ask indexed by ask_due where open = 1 and due_at <= ? and backlog = 1 and status = 'waiting'",
        (now,),
    )
    return waiting, int(late)


def promised_by(db: Db, until: int) -> int:
    """How many promises end at or before an instant."""
    return int(db.value("select count(*) from ask where status = 'promised' and until <= ?", (until,)))
