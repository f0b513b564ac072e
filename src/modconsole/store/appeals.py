"""Appeals: somebody says that we were wrong, and a moderator decides again. Nothing is ever deleted.

The state is `open`, `upheld` (what was done stands), `reversed` (it was taken back), or `withdrawn` (it was opened by mistake).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from modconsole.store import tallies
from modconsole.store.db import Db
from modconsole.store.tallies import Tally

State = Literal["open", "upheld", "reversed", "withdrawn"]
About = Literal["message", "act", "strike"]


class Appeal(Struct, kw_only=True):
    """One appeal. Times are instants; `person`, `handle`, `name`, `text` and `said` are the stranger's own, raw."""

    id: str
    source: str
    person: str
    at: int
    by: str
    message: str
    conversation: str
    about: About
    """What was done that it is about: one act, one strike, or all that was done about the message."""
    ref: str
    """The id of that act or strike; else the message's."""
    text: str
    """What they say, in their words or in the moderator's."""
    state: State
    answer: str
    decided_at: int | None
    decided_by: str | None
    seq: int
    handle: str | None = None
    name: str | None = None
    said: str = ""
    """What the message says now."""
    message_state: str = "live"
    message_row: int = 0
    person_row: int = 0


_FIELDS = Appeal.__struct_fields__
_SELECT = (
    "select a.id, s.native, p.native, a.at, a.by, m.native, c.native, a.about, a.ref, a.text, a.state, a.answer, a.decided_at,"
    " a.decided_by, a.seq, p.handle, p.name, ifnull(m.plain, m.text), ifnull(m.state, 'live'), a.message, a.person"
    " from appeal a join message m on m.id = a.message join person p on p.id = a.person join source s on s.id = m.source"
    " join conversation c on c.id = m.conversation "
)


def _rows(db: Db, rest: str, *args: Any) -> list[Appeal]:
    return [Appeal(**dict(zip(_FIELDS, row, strict=True))) for row in db.rows(_SELECT + rest, args)]


def add(db: Db, ident: str, message: int, *, at: int, by: str, about: About, ref: str, text: str) -> Appeal:
    """Write down an appeal of the author of a message (a row id)."""
    with db.write():
        db.run(
            "insert into appeal (id, at, by, person, message, about, ref, text, state, seq)"
            " select ?, ?, ?, person, id, ?, ?, ?, 'open', ? from message where id = ?",
            (ident, at, by, about, ref, text, db.next_seq(), message),
        )
    found = get(db, ident)
    assert found is not None
    return found


def get(db: Db, ident: str) -> Appeal | None:
    """An appeal by its id, or by its first letters where those are unique; else None."""
    found = _rows(db, "where a.id = ?", ident) or _rows(db, "where substr(a.id, 1, ?) = ? limit 2", len(ident), ident)
    return found[0] if len(found) == 1 else None


def listing(db: Db, limit: int, *, every: bool = False) -> list[Appeal]:
    """Open appeals, oldest first; with `every` all of them, newest first."""
    if every:
        return _rows(db, "order by a.seq desc limit ?", limit)
    return _rows(db, "where a.state = 'open' order by a.at, a.id limit ?", limit)


def open_count(db: Db) -> int:
    """How many wait for a decision."""
    return int(db.value("select count(*) from appeal where state = 'open'"))


def open_on(db: Db, message: int) -> Appeal | None:
    """The open appeal about a message (a row id); None where there is none."""
    found = _rows(db, "where a.state = 'open' and a.message = ? limit 1", message)
    return found[0] if found else None


def of_person(db: Db, person: int) -> list[Appeal]:
    """All appeals of somebody (a row id), oldest first."""
    return _rows(db, "where a.person = ? order by a.seq", person)


def decide(db: Db, ident: str, state: State, answer: str, by: str, now: int) -> bool:
    """Decide an open appeal. False where it is not open."""
    with db.write():
        return (
            db.run(
                "update appeal set state = ?, answer = ?, decided_at = ?, decided_by = ?, seq = ?"
                " where id = ? and state = 'open'",
                (state, answer, now, by, db.next_seq(), ident),
            )
            > 0
        )


def undecide(db: Db, ident: str, state: State) -> bool:
    """Open an appeal again that is in a state. False where it is not. What was answered is kept until it is decided again."""
    with db.write():
        return (
            db.run(
                "update appeal set state = 'open', decided_at = null, decided_by = null where id = ? and state = ?",
                (ident, state),
            )
            > 0
        )


# -- the rules that were wrong ------------------------------------------------------------------------------------------------


def rule_was_wrong(db: Db, message: int, rule: str, version: int, by: str, now: int) -> bool:
    """Take back a rule's verdict on a message (a row id), which counts as a reversal of the rule.

    False where it has none, or where that was counted already when its act was taken back.
    """
    with db.write():
        changed = db.run(
            "update verdict set undone_at = ?, undone_by = ? where message = ? and rule = ? and undone_at is null",
            (now, by, message, rule),
        )
        if changed:
            tallies.add(db, now, [(rule, version, Tally(reversed=1))])
        return changed > 0


def rule_was_right(db: Db, message: int, rule: str, version: int, by: str, at: int) -> None:
    """The verdict that somebody took back at an instant stands again."""
    with db.write():
        changed = db.run(
            "update verdict set undone_at = null, undone_by = null where message = ? and rule = ? and undone_at = ?"
            " and undone_by = ?",
            (message, rule, at, by),
        )
        if changed:
            tallies.add(db, at, [(rule, version, Tally(reversed=-1))])
