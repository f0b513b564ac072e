"""What we did: decisions and their undo, drafts. Nothing is ever deleted; an undo is a mark of its own."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.domain.records import Decision, Send
from modconsole.store import rows
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.refresh import refresh


class Done(Struct, kw_only=True):
    """One act of ours, as the journal shows it."""

    id: str
    seq: int
    at: int
    by: str
    what: str
    source: str
    conversation: str | None
    """None for an act on a person who was named by their id alone."""
    person: str | None
    through: str | None
    undone: bool
    state: str = ""
    """Of a send and of a moderation act how far it is; of a done act on a message the state that the message came to."""
    text: str = ""
    on: str = ""
    """Of a moderation act what it was on: message, person or conversation."""
    label: str = ""
    until: int | None = None


def decide(db: Db, decision: Decision, now: int) -> None:
    """Store a decision, and what follows from it, durably."""
    ingest(db, [decision], now)


_DECISIONS = (
    "select d.id, d.seq, d.at, d.by, d.act, s.native, c.native, d.person, d.through, d.undone_at is not null, '',"
    " ifnull(d.reason, ifnull(d.text, '')), '', '', d.until from decision d join source s on s.id = d.source"
    " join conversation c on c.id = d.conversation "
)
_REPLIES = (
    "select d.id, d.seq, d.at, d.by, 'reply', s.native, c.native, null, d.through, d.state = 'taken_back', d.state, d.text,"
    " '', '', null from send d join source s on s.id = d.source join conversation c on c.id = d.conversation "
)
_ACTS = (
    "select d.id, d.seq, d.at, d.by, d.act, s.native, c.native, d.person, d.message, d.undone_at is not null,"
    " case d.state when 'done' then ifnull(d.became, 'done') else d.state end, d.reason, d.kind, d.label, d.until"
    " from moderation d join source s on s.id = d.source left join conversation c on c.id = d.conversation "
)
_STRIKES = (
    "select d.id, d.seq, d.at, d.by, 'strike', s.native, c.native, p.native, m.native, d.undone_at is not null, '',"
    " iif(d.reason = '' and d.rule is not null, 'rule ' || d.rule, d.reason), '', '', d.expires_at"
    " from strike d join person p on p.id = d.person join source s on s.id = p.source"
    " left join message m on m.id = d.message left join conversation c on c.id = m.conversation "
)
# its latest step: who opened it, or who decided it
_APPEALS = (
    "select d.id, d.seq, ifnull(d.decided_at, d.at), d.by, case when d.state in ('upheld', 'reversed') then 'appeal ' || d.state"
    " else 'appeal' end, s.native, c.native, p.native, m.native, d.state = 'withdrawn', '',"
    " iif(d.answer <> '', d.answer, d.text), '', '', null"
    " from (select id, seq, at, iif(state in ('upheld', 'reversed'), decided_by, by) as by, person, message, text, state, answer,"
    " decided_at from appeal) d join person p on p.id = d.person join source s on s.id = p.source"
    " join message m on m.id = d.message join conversation c on c.id = m.conversation "
)


def journal(db: Db, limit: int, *, by: str | None = None) -> list[Done]:
    """The latest acts, newest first: decisions, sends, moderation, strikes and appeals together.

    What takes a moderation act back is told with that act.
    """
    who = "where d.by = ?" if by is not None else "where 1"
    args = [by] if by is not None else []
    found = db.rows(
        f"select * from ({_DECISIONS}{who} union all {_REPLIES}{who} union all {_ACTS}{who} and d.undoes is null"
        f" union all {_STRIKES}{who} union all {_APPEALS}{who}) order by seq desc limit ?",
        [*args * 5, limit],
    )
    return [
        Done(**dict(zip(Done.__struct_fields__, (*row[:9], bool(row[9]), *row[10:]), strict=True))) for row in found
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
    """My last act that has not been taken back, and that came to something."""
    return next((done for done in journal(db, 200, by=by) if not done.undone and not _came_to_nothing(done)), None)


def _came_to_nothing(done: Done) -> bool:
    return bool(done.on) and done.state in ("failed", "cancelled")


def decisions_on(db: Db, conversation: int) -> list[Decision]:
    """All decisions on a conversation in the order of time, those taken back included."""
    return [
        rows.decision_of(row)
        for row in db.rows(rows.DECISION_SELECT + "where d.conversation = ? order by d.at, d.id", (conversation,))
    ]


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


def drafts_in(db: Db, source: str, by: str) -> list[Draft]:
    """All drafts that somebody keeps in one place, newest first."""
    rows: Any = db.rows(
        "select message, text, through, saved_at from draft where source = ? and by = ? order by saved_at desc, message",
        (source, by),
    )
    return [Draft(source=source, message=row[0], by=by, text=row[1], through=row[2], saved_at=row[3]) for row in rows]


def drop_draft(db: Db, source: str, message: str, by: str) -> None:
    """Let a draft go, as when it has been sent."""
    with db.write():
        db.run("delete from draft where source = ? and message = ? and by = ?", (source, message, by))
