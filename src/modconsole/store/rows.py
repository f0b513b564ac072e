"""Records to rows and back. A message that comes back from its row is equal to the tidy one that went in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress
from typing import Any

import msgspec

from modconsole.domain.likeness import plain
from modconsole.domain.records import (
    Attachment,
    Author,
    Conversation,
    Coverage,
    Decision,
    Gap,
    Identity,
    Message,
    Send,
    Source,
)
from modconsole.domain.times import to_datetime, to_instant

_encode = msgspec.json.encode
_decode = msgspec.json.decode

MESSAGE_COLUMNS = (
    "id, source, native, conversation, person, created_at, text, author, format, parent, mentions, quotes, kind, title, url,"
    " visibility, state, state_at, edited_at, automatic, attachments, observed_at, extra, plain, first_observed"
)
_NAMES = MESSAGE_COLUMNS.split(", ")
_ALWAYS = 7
"""So many columns, from the left, are never null."""
_NONE = (None,) * (len(_NAMES) - _ALWAYS)
MESSAGE_UPDATE = (
    f"update message set {', '.join(f'{name} = ?{at}' for at, name in enumerate(_NAMES, start=1) if at > 3)}"
    " where id = ?1 and source = ?2 and native = ?3"
)
MESSAGE_SELECT = (
    "select s.native, m.native, c.native, p.native, a.handle, a.name, a.kind, m.created_at, m.text, m.format, m.parent,"
    " m.mentions, m.quotes, m.kind, m.title, m.url, m.visibility, m.state, m.state_at, m.edited_at, m.automatic, m.attachments,"
    " m.observed_at, m.extra, m.id, m.versions"
    " from message m join source s on s.id = m.source join conversation c on c.id = m.conversation"
    " join person p on p.id = m.person left join author a on a.id = m.author "
)


def json_or_none(value: Any) -> str | None:
    """JSON text of a list or an object that has something in it."""
    return _encode(value).decode() if value else None


def instant(moment: Any) -> int | None:
    """The instant of an optional time."""
    return to_instant(moment) if moment is not None else None


def moment(instant_: int | None) -> Any:
    """The time of an optional instant."""
    return to_datetime(instant_) if instant_ is not None else None


def message_row(
    m: Message, ident: int, source: int, conversation: int, person: int, author: int | None
) -> tuple[Any, ...]:
    """The row of a tidy message, in the order of `MESSAGE_COLUMNS`."""
    observed = to_instant(m.observed_at) if m.observed_at is not None else None
    return (
        ident,
        source,
        m.id,
        conversation,
        person,
        to_instant(m.created_at),
        m.text,
        author,
        m.format,
        m.parent,
        _encode(m.mentions).decode() if m.mentions else None,
        m.quotes,
        m.kind,
        m.title,
        m.url,
        m.visibility,
        m.state,
        to_instant(m.state_at) if m.state_at is not None else None,
        to_instant(m.edited_at) if m.edited_at is not None else None,
        1 if m.automatic else None,
        _encode(m.attachments).decode() if m.attachments else None,
        observed,
        _encode(m.extra).decode() if m.extra else None,
        plain(m.text, "html") if m.format == "html" else None,
        observed,
    )


def message_inserts(found: list[tuple[Any, ...]]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Statements that insert rows of messages, each with its rows: one for each set of columns that hold something.

    A null costs three times what text costs (Python's sqlite3 looks for an adapter for each), and most columns of most
    messages are null: leaving them out halves the time of an insert.
    """
    shapes: dict[tuple[bool, ...], list[tuple[Any, ...]]] = {}
    bare: list[tuple[Any, ...]] = []
    for row in found:
        if row[_ALWAYS:] == _NONE:
            bare.append(row[:_ALWAYS])
        else:
            shape = tuple([value is not None for value in row])
            shapes.setdefault(shape, []).append(tuple(compress(row, shape)))
    if bare:
        shapes[(True,) * _ALWAYS] = bare
    for shape, rows in shapes.items():
        names = list(compress(_NAMES, shape))
        yield f"insert into message ({', '.join(names)}) values ({', '.join('?' * len(names))})", rows


def message_of(row: tuple[Any, ...]) -> Message:
    """The tidy message of a row of `MESSAGE_SELECT`."""
    return Message(
        source=row[0],
        id=row[1],
        conversation=row[2],
        author=Author(id=row[3], handle=row[4], name=row[5], kind=row[6]),
        created_at=to_datetime(row[7]),
        text=row[8],
        format=row[9],
        parent=row[10],
        mentions=_decode(row[11]) if row[11] else None,
        quotes=row[12],
        kind=row[13],
        title=row[14],
        url=row[15],
        visibility=row[16],
        state=row[17],
        state_at=moment(row[18]),
        edited_at=moment(row[19]),
        automatic=True if row[20] else None,
        attachments=msgspec.convert(_decode(row[21]), list[Attachment]) if row[21] else None,
        observed_at=moment(row[22]),
        extra=_decode(row[23]) if row[23] else None,
    )


SOURCE_SELECT = (
    "select native, platform, name, url, connected_at, target_hours, hours, fresh_within, answer, identities, observed_at, id,"
    " described from source "
)


def source_of(row: tuple[Any, ...]) -> Source:
    """The source of a row of `SOURCE_SELECT`."""
    return Source(
        id=row[0],
        platform=row[1],
        name=row[2],
        url=row[3],
        connected_at=moment(row[4]),
        target_hours=row[5],
        hours=row[6],
        fresh_within=row[7],
        answer=row[8],
        identities=identities_of(row[9]) or None,
        observed_at=moment(row[10]),
    )


def source_row(s: Source) -> tuple[Any, ...]:
    """The columns of a described source, from `platform` to `observed_at`."""
    return (
        s.platform,
        s.name,
        s.url,
        instant(s.connected_at),
        s.target_hours,
        s.hours,
        s.fresh_within,
        s.answer,
        _encode(s.identities or []).decode(),
        instant(s.observed_at),
    )


def identities_of(text: str) -> list[Identity]:
    """The identities of a source's column."""
    return msgspec.convert(_decode(text), list[Identity])


CONVERSATION_SELECT = (
    "select s.native, c.native, c.kind, c.title, c.url, c.opened_by, c.opened_at, c.reply_until, c.observed_at, c.id"
    " from conversation c join source s on s.id = c.source "
)


def conversation_of(row: tuple[Any, ...]) -> Conversation:
    """The conversation of a row of `CONVERSATION_SELECT`."""
    return Conversation(
        source=row[0],
        id=row[1],
        kind=row[2] or "comments",
        title=row[3],
        url=row[4],
        opened_by=row[5],
        opened_at=moment(row[6]),
        reply_until=moment(row[7]),
        observed_at=moment(row[8]),
    )


DECISION_SELECT = (
    'select d.id, d.at, d.by, d.act, s.native, c.native, d.person, d.through, d.reason, d.until, d.text, d.tags, d."to",'
    " d.observed_at, d.undone_at, d.undone_by, d.seq from decision d join source s on s.id = d.source"
    " join conversation c on c.id = d.conversation "
)


def decision_of(row: tuple[Any, ...]) -> Decision:
    """The decision of a row of `DECISION_SELECT`."""
    return Decision(
        id=row[0],
        at=to_datetime(row[1]),
        by=row[2],
        act=row[3],
        source=row[4],
        conversation=row[5],
        person=row[6],
        through=row[7],
        reason=row[8],
        until=moment(row[9]),
        text=row[10],
        tags=_decode(row[11]) if row[11] else None,
        to=row[12],
        observed_at=moment(row[13]),
        undone_at=moment(row[14]),
        undone_by=row[15],
    )


def decision_row(d: Decision) -> tuple[Any, ...]:
    """The columns of a decision that are its own: `at`, `by`, `act`, and `person` to `undone_by`."""
    return (
        to_instant(d.at),
        d.by,
        d.act,
        d.person,
        d.through,
        d.reason,
        instant(d.until),
        d.text,
        json_or_none(d.tags),
        d.to,
        instant(d.observed_at),
        instant(d.undone_at),
        d.undone_by,
    )


SEND_SELECT = (
    "select d.id, d.at, d.by, s.native, c.native, d.through, d.text, d.state, d.reply_to, d.message"
    " from send d join source s on s.id = d.source join conversation c on c.id = d.conversation "
)


def send_of(row: tuple[Any, ...]) -> Send:
    """The send of a row of `SEND_SELECT`."""
    return Send(
        id=row[0],
        at=to_datetime(row[1]),
        by=row[2],
        source=row[3],
        conversation=row[4],
        through=row[5],
        text=row[6],
        state=row[7],
        reply_to=row[8],
        message=row[9],
    )


def coverage_row(c: Coverage) -> tuple[Any, ...]:
    """The columns of a look, from `conversation` to `observed_at`."""
    gap = c.gap
    return (
        c.conversation or "",
        to_instant(c.checked_at),
        instant(c.complete_through),
        instant(gap.since) if gap else None,
        instant(gap.until) if gap else None,
        gap.why if gap else None,
        1 if gap else 0,
        instant(c.observed_at),
    )


def coverage_of(row: tuple[Any, ...]) -> Coverage:
    """The look of a row (source native, then `conversation` to `gap` and `observed_at`)."""
    return Coverage(
        source=row[0],
        conversation=row[1] or None,
        checked_at=to_datetime(row[2]),
        complete_through=moment(row[3]),
        gap=Gap(since=moment(row[4]), until=moment(row[5]), why=row[6]) if row[7] else None,
        observed_at=moment(row[8]),
    )
