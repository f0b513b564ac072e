"""What the screens list besides the queue: the inbox, a conversation, its messages, versions, sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from modconsole.domain.order import arrange
from modconsole.domain.records import Identity, Message
from modconsole.domain.versions import version_key
from modconsole.store.cases import Loader
from modconsole.store.conditions import match_text
from modconsole.store.db import Db
from modconsole.store.rows import MESSAGE_SELECT, identities_of, message_of
from modconsole.store.versioning import versions_of

InboxKey = tuple[int, int]
"""(time of the newest message, row id): newest first."""


class InboxRow(Struct, kw_only=True):
    """One conversation as the inbox shows it. All text of strangers is raw."""

    key: InboxKey
    source: str
    conversation: str
    source_name: str
    platform: str
    kind: str
    title: str | None
    messages: int
    open_asks: int
    last_at: int
    author: str
    handle: str | None
    name: str | None
    ours: bool
    text: str
    state: str
    message: str
    """Native id of the newest message; empty in a conversation without any."""


class Entry(Struct, kw_only=True, gc=False):
    """A message's place in its conversation, without its text: conversations can be long. In reading order."""

    row_id: int
    id: str
    author: str
    parent: str | None
    depth: int
    thread: str
    created: int
    ours: bool
    state: str


class Shown(Struct, kw_only=True):
    """A message with everything a screen shows of it. All text of strangers is raw."""

    row_id: int
    message: Message
    plain: str
    handle: str | None
    name: str | None
    ours: Identity | None
    edits: int
    """How many earlier versions are kept."""


_INBOX = (
    "select c.last_at, c.id, s.native, c.native, s.name, s.platform, c.shown_kind, c.shown_title, c.messages, c.open_asks,"
    " p.native, p.handle, p.name, t.text, ifnull(m.state, 'live'), m.native, s.identities"
    " from conversation c join source s on s.id = c.source left join message m on m.id = c.last_message"
    " left join message_text t on t.id = c.last_message left join person p on p.id = m.person"
)


def inbox(
    db: Db,
    limit: int,
    *,
    after: InboxKey | None = None,
    before: InboxKey | None = None,
    backwards: bool = False,
    words: str = "",
    source: str = "",
) -> list[InboxRow]:
    """Conversations newest first: after or before a key, or the first or last ones. `words` searches in all their messages."""
    backwards = backwards or before is not None
    border = before if before is not None else after
    where, args = _inbox_where(words, source)
    if border is not None:
        where += f" and (c.last_at, c.id) {'>' if backwards else '<'} (?, ?)"
        args += border
    direction = "asc" if backwards else "desc"
    found = db.rows(f"{_INBOX} where {where} order by c.last_at {direction}, c.id {direction} limit ?", (*args, limit))
    rows = [_inbox_row(row) for row in found]
    return rows[::-1] if backwards else rows


def inbox_row(db: Db, conversation: int) -> InboxRow:
    """One conversation by its row id."""
    return _inbox_row(db.row(f"{_INBOX} where c.id = ?", (conversation,)))


def inbox_size(db: Db, words: str = "", source: str = "") -> int:
    """How many conversations the inbox lists."""
    if not words and not source:
        return int(db.value("select ifnull(sum(conversations), 0) from source"))
    where, args = _inbox_where(words, source)
    return int(db.value(f"select count(*) from conversation c join source s on s.id = c.source where {where}", args))


def _inbox_where(words: str, source: str) -> tuple[str, list[Any]]:
    where, args = "1", []
    if source:
        where += " and c.source = (select id from source where native = ?)"
        args.append(source)
    if words:
        where += (
            " and c.id in (select h.conversation from message_search f join message h on h.id = f.rowid"
            " where message_search match ?)"
        )
        args.append(match_text(words))
    return where, args


def _inbox_row(row: tuple[Any, ...]) -> InboxRow:
    ours = row[10] is not None and any(identity.id == row[10] for identity in identities_of(row[16]))
    return InboxRow(
        key=(row[0], row[1]),
        source=row[2],
        conversation=row[3],
        source_name=row[4] or row[2],
        platform=row[5],
        kind=row[6],
        title=row[7],
        messages=row[8],
        open_asks=row[9],
        last_at=row[0],
        author=row[10] or "",
        handle=row[11],
        name=row[12],
        ours=ours,
        text=row[13] or "",
        state=row[14],
        message=row[15] or "",
    )


def conversation_row_id(db: Db, source: str, conversation: str) -> int | None:
    """The row id of a conversation, or None."""
    found = db.value(
        "select c.id from conversation c join source s on s.id = c.source where s.native = ? and c.native = ?",
        (source, conversation),
    )
    return int(found) if found is not None else None


def where_is(db: Db, source: str, message: str) -> str | None:
    """The native id of the conversation that a message is in, or None."""
    found = db.value(
        "select c.native from message m join source s on s.id = m.source join conversation c on c.id = m.conversation"
        " where s.native = ? and m.native = ?",
        (source, message),
    )
    return str(found) if found is not None else None


def entries(db: Db, conversation: int) -> list[Entry]:
    """The messages of a conversation in reading order: each thread's root, and below each message its replies."""
    loaded = Loader(db).case(conversation)
    case = loaded.case
    ordered, _ = arrange(case.items, case.kind, case.id)
    below: dict[str, list[Any]] = {}
    for item in ordered:
        if item.up is not None and case.kind == "comments":
            below.setdefault(item.up.id, []).append(item)
    found = []
    stack = [(item, 0) for item in reversed(ordered) if item.up is None or case.kind != "comments"]
    while stack:
        item, depth = stack.pop()
        found.append(
            Entry(
                row_id=loaded.row_ids[item.id],
                id=item.id,
                author=item.author,
                parent=item.parent,
                depth=depth,
                thread=item.thread,
                created=item.created,
                ours=item.author in case.members,
                state=item.state,
            )
        )
        stack.extend((child, depth + 1) for child in reversed(below.get(item.id, ())))
    return found


def messages(db: Db, row_ids: Iterable[int]) -> dict[int, Shown]:
    """Messages with their texts, by row id."""
    wanted = list(row_ids)
    found = db.rows(
        MESSAGE_SELECT.replace(
            " from message m", ", ifnull(m.plain, m.text), p.handle, p.name, s.identities from message m", 1
        )
        + "where m.id in (select value from json_each(?))",
        (msgspec.json.encode(wanted).decode(),),
    )
    return {row[24]: _shown(row) for row in found}


def message(db: Db, source: str, native: str) -> Shown | None:
    """One message by its native id, or None."""
    ident = db.value(
        "select m.id from message m join source s on s.id = m.source where s.native = ? and m.native = ?",
        (source, native),
    )
    return messages(db, [ident])[ident] if ident is not None else None


def versions(db: Db, row_id: int) -> list[Message]:
    """The kept versions of a message, oldest first; empty where it never changed."""
    return sorted(versions_of(db, row_id).values(), key=version_key)


def _shown(row: tuple[Any, ...]) -> Shown:
    current = message_of(row[:26])
    identity = next((each for each in identities_of(row[29]) if each.id == current.author.id), None)
    return Shown(
        row_id=row[24],
        message=current,
        plain=row[26],
        handle=current.author.handle or row[27],
        name=current.author.name or row[28],
        ours=identity,
        edits=row[25] - 1,
    )


class Hit(Struct, kw_only=True):
    """A message that a search found."""

    key: tuple[int]
    source: str
    conversation: str
    message: str
    title: str | None
    author: str
    handle: str | None
    name: str | None
    created: int
    state: str
    text: str


def search(
    db: Db,
    words: str,
    limit: int,
    *,
    after: int | None = None,
    before: int | None = None,
    backwards: bool = False,
    source: str = "",
) -> list[Hit]:
    """Messages that hold all the words, the latest stored first.

    After or before the row id of another hit, or the first ones (`backwards`: the last ones); in list order.
    """
    backwards = backwards or before is not None
    border = before if before is not None else after
    where, args = "message_search match ?", list[Any]([match_text(words)])
    if border is not None:
        where += f" and f.rowid {'>' if backwards else '<'} ?"
        args.append(border)
    if source:
        where += " and s.native = ?"
        args.append(source)
    found = db.rows(
        "select m.id, s.native, c.native, m.native, c.shown_title, p.native, p.handle, p.name, m.created_at,"
        " ifnull(m.state, 'live'), ifnull(m.plain, m.text) from message_search f join message m on m.id = f.rowid"
        " join source s on s.id = m.source join conversation c on c.id = m.conversation join person p on p.id = m.person"
        f" where {where} order by f.rowid {'asc' if backwards else 'desc'} limit ?",
        (*args, limit),
    )
    return [
        Hit(
            key=(row[0],),
            source=row[1],
            conversation=row[2],
            message=row[3],
            title=row[4],
            author=row[5],
            handle=row[6],
            name=row[7],
            created=row[8],
            state=row[9],
            text=row[10],
        )
        for row in (found[::-1] if backwards else found)
    ]


def search_size(db: Db, words: str) -> int:
    """How many messages hold all the words."""
    sql = "select count(*) from message_search where message_search match ?"
    return int(db.value(sql, (match_text(words),)))


def duplicates(db: Db, handles: Iterable[str]) -> dict[str, list[tuple[str, str, str, str, str]]]:
    """Open asks by people who go by one of these handles: (source, conversation, thread, person, text) by lower-cased handle."""
    found = db.rows(
        "select lower(ltrim(p.handle, '@')), k.source_native, k.conversation_native, k.thread, k.person, t.text"
        # "cross" keeps the order: from the few handles; SQLite would go through all open asks, a thousand times as long
        " from json_each(?) j cross join person p on p.handle = j.value collate nocase"
        " cross join ask k on k.person = p.native and k.source = p.source left join message_text t on t.id = k.shown"
        " where k.open = 1",
        (msgspec.json.encode(sorted({v for h in handles for v in (h.lstrip("@"), "@" + h.lstrip("@"))})).decode(),),
    )
    by_handle: dict[str, list[tuple[str, str, str, str, str]]] = {}
    for handle, *rest in found:
        by_handle.setdefault(handle, []).append((rest[0], rest[1], rest[2], rest[3], rest[4] or ""))
    return by_handle
