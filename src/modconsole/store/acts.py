"""Moderation acts on their way and in the journal: queued, being carried out, done; or unsure, failed, cancelled.

    queued ──take──▶ doing ──▶ done ──▶ (undone: another row, that `undoes` this one)
       └──▶ cancelled  └──▶ failed, or back to queued; or unsure ──▶ done, failed

The row is there before the platform is asked, durably, so that a crash in between leaves it in `doing`: whoever comes next calls
it `unsure` and looks. Rows are never deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from modconsole.store import marks
from modconsole.store.db import Db

ActState = Literal["queued", "doing", "done", "unsure", "failed", "cancelled"]


OPPOSITE: dict[str, str] = {
    there: back
    for one, other in (
        ("mute", "unmute"),
        ("block", "unblock"),
        ("ban", "unban"),
        ("lock", "unlock"),
        ("label", "unlabel"),
    )
    for there, back in ((one, other), (other, one))
}
"""The acts that hold until they are ended, and those that end them."""


class Moderated(Struct, kw_only=True):
    """One act on a message, a person or a conversation, with what came of it. Times are instants.

    `message` is the message acted on, or the one at which a person or a conversation was seen; `person` the person acted on, or
    the author of the message. `was` and `became` are states of the message. `undo_act` with `undo_token` takes it back.
    """

    id: str
    at: int
    by: str
    source: str
    conversation: str | None
    on: str
    target: str
    message: str | None
    person: str | None
    act: str
    label: str = ""
    reason: str = ""
    until: int | None = None
    state: ActState = "doing"
    not_before: int | None = None
    """Of an act that cannot be taken back: the instant until which it can still be cancelled."""
    holder: str | None = None
    attempted_at: int | None = None
    attempts: int = 0
    retry_at: int | None = None
    """When it is looked at again whether an unsure one was carried out; None where nothing can be read."""
    was: str | None = None
    became: str | None = None
    undo_act: str | None = None
    undo_token: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    trouble: str = ""
    hint: str = ""
    undoes: str | None = None
    """The act that this one takes back."""
    undone_at: int | None = None
    undone_by: str | None = None
    seq: int = 0
    name: str | None = None
    handle: str | None = None
    """What the person is called there; raw, as `title`."""
    title: str | None = None
    """What the conversation is called."""

    @property
    def undone(self) -> bool:
        """Whether it was taken back."""
        return self.undone_at is not None


_SELECT = (
    "select d.id, d.at, d.by, s.native, c.native, d.kind, d.target, d.message, d.person, d.act, d.label, d.reason, d.until,"
    " d.state, d.not_before, d.holder, d.attempted_at, d.attempts, d.retry_at, d.was, d.became, d.undo_act, d.undo_token,"
    " d.note, d.trouble, d.hint, d.undoes, d.undone_at, d.undone_by, d.seq,"
    " p.name, p.handle, c.shown_title from moderation d join source s on s.id = d.source"
    " left join conversation c on c.id = d.conversation left join person p on p.source = d.source and p.native = d.person "
)
_NAMES = Moderated.__struct_fields__
_TOKEN = _NAMES.index("undo_token")


def _row(row: tuple[Any, ...]) -> Moderated:
    token = msgspec.json.decode(row[_TOKEN]) if row[_TOKEN] else {}
    return Moderated(**dict(zip(_NAMES, (*row[:_TOKEN], token, *row[_TOKEN + 1 :]), strict=True)))


def _rows(db: Db, rest: str, *args: Any) -> list[Moderated]:
    return [_row(row) for row in db.rows(_SELECT + rest, args)]


# -- steps --------------------------------------------------------------------------------------------------------------------


def begin(db: Db, act: Moderated) -> Moderated:
    """Write an act down before it is carried out, durably. Raises `NotFound` for a source that is not here."""
    with db.write():
        source = marks.source_id(db, act.source)
        conversation = db.value(
            "select id from conversation where source = ? and native = ?", (source, act.conversation)
        )
        db.run(
            "insert into moderation (id, at, by, source, conversation, kind, target, message, person, act, label, reason, until,"
            " state, not_before, holder, attempted_at, attempts, was, undoes, seq)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(act.id, act.at, act.by, source, conversation, act.on, act.target, act.message, act.person, act.act),
                *(act.label, act.reason, act.until, act.state, act.not_before, act.holder, act.attempted_at),
                *(act.attempts, act.was, act.undoes, db.next_seq()),
            ),
        )
    found = get(db, act.id)
    assert found is not None
    return found


def take(db: Db, ident: str, holder: str, now: int, *, among: tuple[ActState, ...]) -> bool:
    """Claim an act that is in one of those states, to carry it out. False where somebody else has it, or it was cancelled."""
    with db.write():
        return (
            db.run(
                "update moderation set state = 'doing', holder = ?, attempted_at = ?, attempts = attempts + 1, retry_at = null,"
                f" trouble = '', hint = '' where id = ? and state in ({', '.join('?' * len(among))})",
                (holder, now, ident, *among),
            )
            > 0
        )


def done(db: Db, ident: str, *, became: str | None, undo: tuple[str, Mapping[str, Any]] | None, note: str) -> None:
    """The platform has carried it out. `undo` is the act that takes it back, with what the platform needs to know for it."""
    act, token = undo if undo is not None else (None, None)
    with db.write():
        db.run(
            "update moderation set state = 'done', became = ?, undo_act = ?, undo_token = ?, note = ?, trouble = '', hint = '',"
            " retry_at = null where id = ?",
            (became, act, msgspec.json.encode(token).decode() if token is not None else None, note, ident),
        )


def move(
    db: Db,
    ident: str,
    state: ActState,
    *,
    trouble: str = "",
    hint: str = "",
    not_before: int | None = None,
    retry_at: int | None = None,
    expect: tuple[ActState, ...],
) -> bool:
    """Write down the next step of an act that is in one of the states of `expect`. False where it is not."""
    with db.write():
        return (
            db.run(
                "update moderation set state = ?, trouble = ?, hint = ?, not_before = ifnull(?, not_before), retry_at = ?"
                f" where id = ? and state in ({', '.join('?' * len(expect))})",
                (state, trouble, hint, not_before, retry_at, ident, *expect),
            )
            > 0
        )


def undone(db: Db, ident: str, by: str, now: int) -> None:
    """Mark an act as taken back, once the platform has carried out the compensating call."""
    with db.write():
        db.run(
            "update moderation set undone_at = ?, undone_by = ? where id = ? and undone_at is null", (now, by, ident)
        )


# -- reading ------------------------------------------------------------------------------------------------------------------


def get(db: Db, ident: str) -> Moderated | None:
    """An act by its id, or by its first letters where those are unique; else None."""
    found = _rows(db, "where d.id = ?", ident) or _rows(db, "where substr(d.id, 1, ?) = ? limit 2", len(ident), ident)
    return found[0] if len(found) == 1 else None


def due(db: Db, source: str, now: int) -> list[Moderated]:
    """Queued acts of a source whose time has come, oldest first."""
    return _rows(db, "where s.native = ? and d.state = 'queued' and d.not_before <= ? order by d.seq", source, now)


def doing(db: Db, source: str) -> list[Moderated]:
    """Acts of a source that are being carried out, or that a crash left."""
    return _rows(db, "where s.native = ? and d.state = 'doing' order by d.seq", source)


def to_look_at(db: Db, source: str, now: int) -> list[Moderated]:
    """Unsure acts of a source of which it can be read now whether they were carried out."""
    return _rows(db, "where s.native = ? and d.state = 'unsure' and d.retry_at <= ? order by d.seq", source, now)


def undoing(db: Db, ident: str) -> Moderated | None:
    """The act that takes this one back and has not come to its end; None where there is none."""
    found = _rows(db, "where d.undoes = ? and d.state in ('doing', 'unsure') order by d.seq desc limit 1", ident)
    return found[0] if found else None


def on(db: Db, source: str, kind: str, target: str) -> list[Moderated]:
    """What was done to a message, a person or a conversation, oldest first; what only took something back is left out."""
    return _rows(
        db,
        "where s.native = ? and d.kind = ? and d.target = ? and d.undoes is null order by d.seq",
        *(source, kind, target),
    )


def on_person(db: Db, source: str, person: str) -> list[Moderated]:
    """What was done to a person and to what they wrote, oldest first."""
    return _rows(db, "where s.native = ? and d.person = ? and d.undoes is null order by d.seq", source, person)


def in_conversation(db: Db, conversation: int) -> list[Moderated]:
    """What was done in a conversation, and elsewhere to the people who write in it, oldest first. By its row id."""
    if db.value("select 1 from moderation limit 1") is None:
        return []
    return _rows(
        db,
        "where d.undoes is null and (d.conversation = ?1 or (d.kind = 'person' and d.source ="
        " (select source from conversation where id = ?1) and exists (select 1 from person p join message m on m.person = p.id"
        " where p.source = d.source and p.native = d.target and m.conversation = ?1))) order by d.seq",
        conversation,
    )


_WAITED = "d.not_before is not null or d.state in ('queued', 'unsure')"
_OPEN = (
    "d.state in ('queued', 'unsure') or (d.state in ('doing', 'failed') and d.not_before is not null"
    " and not (d.state = 'failed' and d.by like 'rule:%'))"
)
"""What a rule could not do is among the proposals (`store.rule_acts`)."""


def under_way(db: Db, limit: int) -> list[Moderated]:
    """Acts that somebody should know of: on their way, unsure, or failed while nobody was looking. Oldest first."""
    return _rows(db, f"where {_OPEN} order by d.seq limit ?", limit)


def listing(
    db: Db, limit: int, *, after: int | None = None, before: int | None = None, backwards: bool = False
) -> list[Moderated]:
    """Acts that were in line or are unsure, newest first: after or before a sequence number, or the first ones (or the last)."""
    backwards = backwards or before is not None
    border = before if before is not None else after
    beyond = "" if border is None else f"and d.seq {'>' if backwards else '<'} {int(border)}"
    found = _rows(db, f"where ({_WAITED}) {beyond} order by d.seq {'asc' if backwards else 'desc'} limit ?", limit)
    return found[::-1] if backwards else found


def listing_size(db: Db) -> int:
    """How many such acts there are."""
    return int(db.value(f"select count(*) from moderation d where {_WAITED}"))


def standing(done: list[Moderated], now: int) -> list[Moderated]:
    """Of acts in the order of time, those that can be ended and were not: a ban, a mute, a lock, a label."""
    held: dict[tuple[str, str, str, str], Moderated] = {}
    for act in done:
        if act.state != "done" or act.undone or act.act not in OPPOSITE:
            continue
        begins = not act.act.startswith("un")
        name = act.act if begins else OPPOSITE[act.act]
        key = (act.on, act.target, name, act.label)
        if begins:
            held[key] = act
        else:
            held.pop(key, None)
    return [act for act in held.values() if act.until is None or act.until > now]
