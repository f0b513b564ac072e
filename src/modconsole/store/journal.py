"""What we did: decisions and their undo, drafts. Nothing is ever deleted; an undo is a mark of its own."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.domain.records import Decision, Send
from modconsole.store import rows
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.refresh import refresh


class Moderated(Struct, kw_only=True):
    """A moderation act that was carried out on a platform. `was` and `became` are message states; undo goes back to `was`."""

    id: str
    at: int
    by: str
    source: str
    conversation: str
    message: str
    act: str
    was: str
    became: str
    reason: str = ""
    undone: bool = False


class Done(Struct, kw_only=True):
    """One act of ours, as the journal shows it."""

    id: str
    seq: int
    at: int
    by: str
    what: str
    source: str
    conversation: str
    person: str | None
    through: str | None
    undone: bool
    state: str = ""
    """Of a send its state."""
    text: str = ""


def decide(db: Db, decision: Decision, now: int) -> None:
    """Store a decision, and what follows from it, durably."""
    ingest(db, [decision], now)


def journal(db: Db, limit: int, *, by: str | None = None) -> list[Done]:
    """The latest acts, newest first: decisions and sends together."""
    who = "where d.by = ?" if by is not None else ""
    args = [by] if by is not None else []
    found = db.rows(
        "select * from (select d.id, d.seq, d.at, d.by, d.act, s.native, c.native, d.person, d.through,"
        " d.undone_at is not null, '', ifnull(d.reason, ifnull(d.text, '')) from decision d join source s on s.id = d.source"
        f" join conversation c on c.id = d.conversation {who} union all select d.id, d.seq, d.at, d.by, 'reply', s.native,"
        " c.native, null, d.through, d.state = 'taken_back', d.state, d.text from send d join source s on s.id = d.source"
        f" join conversation c on c.id = d.conversation {who} union all select d.id, d.seq, d.at, d.by, d.act, s.native,"
        " c.native, null, d.message, d.undone_at is not null, d.became, ifnull(d.reason, '') from moderation d join source s"
        f" on s.id = d.source join conversation c on c.id = d.conversation {who}) order by seq desc limit ?",
        [*args, *args, *args, limit],
    )
    return [
        Done(
            id=row[0],
            seq=row[1],
            at=row[2],
            by=row[3],
            what=row[4],
            source=row[5],
            conversation=row[6],
            person=row[7],
            through=row[8],
            undone=bool(row[9]),
            state=row[10],
            text=row[11],
        )
        for row in found
    ]


def find(db: Db, ident: str) -> Decision | Send | None:
    """A decision or a send by its id, or None. Ids may be given by their first letters where those are unique."""
    for select, make in ((rows.DECISION_SELECT, rows.decision_of), (rows.SEND_SELECT, rows.send_of)):
        found = db.rows(select + "where d.id = ? or d.id like ? || '%' limit 2", (ident, ident))
        exact = [row for row in found if row[0] == ident] or found
        if len(exact) == 1:
            return make(exact[0])
    return None


def undo_decision(db: Db, ident: str, by: str, now: int) -> bool:
    """Mark a decision as taken back, so that everything is as if it had never been made. False where it already was."""
    with db.write():
        changed = db.run(
            "update decision set undone_at = ?, undone_by = ? where id = ? and undone_at is null", (now, by, ident)
        )
        if changed:
            refresh(db, [db.value("select conversation from decision where id = ?", (ident,))], now)
        return changed > 0


def mine(db: Db, by: str) -> Done | None:
    """My last act that has not been taken back."""
    return next((done for done in journal(db, 200, by=by) if not done.undone), None)


def decisions_on(db: Db, conversation: int) -> list[Decision]:
    """All decisions on a conversation in the order of time, those taken back included."""
    return [
        rows.decision_of(row)
        for row in db.rows(rows.DECISION_SELECT + "where d.conversation = ? order by d.at, d.id", (conversation,))
    ]


# -- acts on the platform -----------------------------------------------------------------------------------------------------


def record_moderation(db: Db, act: Moderated) -> None:
    """Write down a moderation act that the platform has carried out."""
    with db.write():
        db.run(
            "insert into moderation (id, at, by, source, conversation, message, act, was, became, reason, seq) select"
            " ?, ?, ?, c.source, c.id, ?, ?, ?, ?, ?, ? from conversation c join source s on s.id = c.source"
            " where s.native = ? and c.native = ?",
            (
                act.id,
                act.at,
                act.by,
                act.message,
                act.act,
                act.was,
                act.became,
                act.reason or None,
                db.next_seq(),
                act.source,
                act.conversation,
            ),
        )


def moderation(db: Db, ident: str) -> Moderated | None:
    """A moderation act by its id, or None."""
    row = db.row(
        "select d.id, d.at, d.by, s.native, c.native, d.message, d.act, d.was, d.became, ifnull(d.reason, ''),"
        " d.undone_at is not null from moderation d join source s on s.id = d.source join conversation c"
        " on c.id = d.conversation where d.id = ?",
        (ident,),
    )
    if row is None:
        return None
    names = Moderated.__struct_fields__
    return Moderated(**{**dict(zip(names, row, strict=True)), "undone": bool(row[-1])})


def undo_moderation(db: Db, ident: str, by: str, now: int) -> None:
    """Mark a moderation act as taken back, once the platform has carried out the compensating call."""
    with db.write():
        db.run("update moderation set undone_at = ?, undone_by = ? where id = ?", (now, by, ident))


# -- drafts ----------------------------------------------------------------------------------------------------------------


class Draft(Struct, kw_only=True):
    """A reply that is being written. `through` is the newest message that its author has been shown."""

    source: str
    message: str
    by: str
    text: str
    through: str | None
    saved_at: int


def save_draft(db: Db, draft: Draft) -> None:
    """Keep a draft durably; an empty text lets it go."""
    with db.write():
        if draft.text.strip():
            db.run(
                "insert or replace into draft (source, message, by, text, through, saved_at) values (?, ?, ?, ?, ?, ?)",
                (draft.source, draft.message, draft.by, draft.text, draft.through, draft.saved_at),
            )
        else:
            drop_draft(db, draft.source, draft.message, draft.by)


def draft(db: Db, source: str, message: str, by: str) -> Draft | None:
    """The draft that somebody keeps for a message."""
    row: Any = db.row(
        "select text, through, saved_at from draft where source = ? and message = ? and by = ?", (source, message, by)
    )
    if row is None:
        return None
    return Draft(source=source, message=message, by=by, text=row[0], through=row[1], saved_at=row[2])


def drop_draft(db: Db, source: str, message: str, by: str) -> None:
    """Let a draft go, as when it has been sent."""
    with db.write():
        db.run("delete from draft where source = ? and message = ? and by = ?", (source, message, by))
