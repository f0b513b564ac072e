"""Strikes against people, and what the ladder proposes on them. Nothing is ever deleted; an undo is a mark of its own.

What follows from a strike is a row of `rule_act` with the strike's id, under a rule's name that no rule can have (`LADDER`); so
it stands with the other proposals. It hangs on a verdict about the message that the strike is for.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.errors import NotFound
from modconsole.store.db import Db

LADDER = "*strikes"
"""In the place of a rule's id: what the ladder of strikes proposes. The ids of rules hold no star."""


class Strike(Struct, kw_only=True):
    """One strike. Times are instants; `person`, `handle`, `name` and `text` are the stranger's own, raw."""

    id: str
    source: str
    person: str
    at: int
    by: str
    rule: str | None
    version: int | None
    message: str | None
    reason: str
    expires_at: int | None
    """When it is no longer in force; None is never."""
    undone_at: int | None = None
    undone_by: str | None = None
    seq: int = 0
    handle: str | None = None
    name: str | None = None
    conversation: str | None = None
    text: str = ""
    """What the message says now."""
    person_row: int = 0
    message_row: int | None = None

    def in_force(self, now: int) -> bool:
        """Whether it counts at an instant."""
        return self.at <= now and self.undone_at is None and (self.expires_at is None or self.expires_at > now)


_FIELDS = Strike.__struct_fields__
_SELECT = (
    "select k.id, s.native, p.native, k.at, k.by, k.rule, k.version, m.native, k.reason, k.expires_at, k.undone_at, k.undone_by,"
    " k.seq, p.handle, p.name, c.native, ifnull(ifnull(m.plain, m.text), ''), k.person, k.message from strike k"
    " join person p on p.id = k.person join source s on s.id = p.source left join message m on m.id = k.message"
    " left join conversation c on c.id = m.conversation "
)
_IN_FORCE = "k.at <= ?2 and k.undone_at is null and (k.expires_at is null or k.expires_at > ?2)"


def _rows(db: Db, rest: str, *args: Any) -> list[Strike]:
    return [Strike(**dict(zip(_FIELDS, row, strict=True))) for row in db.rows(_SELECT + rest, args)]


def person_row(db: Db, source: str, person: str) -> int:
    """The row of somebody who wrote there. Raises `NotFound`."""
    found = db.value(
        "select p.id from person p join source s on s.id = p.source where s.native = ? and p.native = ?",
        (source, person),
    )
    if found is None:
        raise NotFound(f"Nobody with the id {person!r} has written on {source!r}.")
    return int(found)


def add(
    db: Db,
    ident: str,
    message: int,
    *,
    at: int,
    by: str,
    rule: str | None,
    version: int | None,
    reason: str,
    expires_at: int | None,
) -> Strike:
    """Write down a strike against the author of a message (a row id)."""
    with db.write():
        db.run(
            "insert into strike (id, person, at, by, rule, version, message, reason, expires_at, seq)"
            " select ?, person, ?, ?, ?, ?, id, ?, ?, ? from message where id = ?",
            (ident, at, by, rule, version, reason, expires_at, db.next_seq(), message),
        )
    found = get(db, ident)
    assert found is not None
    return found


def get(db: Db, ident: str) -> Strike | None:
    """A strike by its id, or by its first letters where those are unique; else None."""
    found = _rows(db, "where k.id = ?", ident) or _rows(db, "where substr(k.id, 1, ?) = ? limit 2", len(ident), ident)
    return found[0] if len(found) == 1 else None


def against(db: Db, person: int, now: int | None = None) -> list[Strike]:
    """Strikes against somebody (a row id), oldest first: all of them, or those in force at an instant."""
    if now is None:
        return _rows(db, "where k.person = ? order by k.seq", person)
    return _rows(db, f"where k.person = ?1 and {_IN_FORCE} order by k.seq", person, now)


def on_message(db: Db, message: int) -> list[Strike]:
    """Strikes for a message (a row id) that were not taken back, oldest first."""
    return _rows(db, "where k.message = ? and k.undone_at is null order by k.seq", message)


def listing(db: Db, limit: int, *, now: int | None = None, source: str = "") -> list[Strike]:
    """Strikes, newest first: all of them, or those in force at an instant; of one source or of all."""
    force = f" and {_IN_FORCE}" if now is not None else ""
    return _rows(db, f"where (?1 = '' or s.native = ?1){force} order by k.seq desc limit ?3", source, now, limit)


def take_back(db: Db, ident: str, by: str, now: int) -> bool:
    """Mark a strike as taken back, and the proposal that it came from as not wanted after all. False where it was already."""
    with db.write():
        changed = db.run(
            "update strike set undone_at = ?, undone_by = ? where id = ? and undone_at is null", (now, by, ident)
        )
        if changed:
            db.run(
                "update rule_act set state = 'declined', decided_at = ?, decided_by = ?"
                " where kind = 'strike' and ref = ? and state = 'accepted'",
                (now, by, ident),
            )
        return changed > 0


def put_back(db: Db, message: int, at: int, by: str) -> list[Strike]:
    """Let the strikes for a message stand again that somebody took back at an instant: these."""
    with db.write():
        found = _rows(db, "where k.message = ? and k.undone_at = ? and k.undone_by = ? order by k.seq", message, at, by)
        for each in found:
            db.run("update strike set undone_at = null, undone_by = null where id = ?", (each.id,))
    return [_rows(db, "where k.id = ?", each.id)[0] for each in found]


# -- the ladder ---------------------------------------------------------------------------------------------------------------


class Step(Struct, kw_only=True):
    """What the ladder proposed on a strike, or did. `ref` is the act of `moderation` that carries it."""

    id: str
    action: str
    value: str
    span: int | None
    state: str
    ref: str | None
    trouble: str


def propose(
    db: Db, strike: Strike, action: str, value: str, span: int | None, now: int, *, why: str, state: str = "proposed"
) -> Step:
    """Put what follows from a strike among the proposals, or the notes."""
    assert strike.message_row is not None
    with db.write():
        db.run(
            # settled: no rule judges it again, and no rule is compared with it
            "insert or ignore into verdict (rule, version, mode, message, conversation, person, at, settled)"
            " select ?, 0, 'strike', id, conversation, person, ?, 'strike' from message where id = ?",
            (LADDER, now, strike.message_row),
        )
        db.run(
            "insert into rule_act (id, verdict, rule, version, at, action, value, span, state, trouble)"
            " select ?, id, rule, version, ?, ?, ?, ?, ?, ? from verdict"
            " where message = ? and rule = ? and version = 0 and mode = 'strike'",
            (strike.id, now, action, value, span, state, why, strike.message_row, LADDER),
        )
    found = step(db, strike.id)
    assert found is not None
    return found


def step(db: Db, strike: str) -> Step | None:
    """What followed from a strike; None where nothing did."""
    row = db.row(
        "select id, action, value, span, state, ref, trouble from rule_act where id = ? and rule = ?", (strike, LADDER)
    )
    return Step(**dict(zip(Step.__struct_fields__, row, strict=True))) if row is not None else None


def settle(
    db: Db,
    strike: str,
    state: str,
    by: str,
    now: int,
    *,
    ref: str | None = None,
    kind: str | None = None,
    trouble: str = "",
) -> None:
    """Write down what became of it."""
    with db.write():
        db.run(
            "update rule_act set state = ?, kind = ifnull(?, kind), ref = ifnull(?, ref), trouble = ?, decided_at = ?,"
            " decided_by = ? where id = ? and rule = ?",
            (state, kind, ref, trouble, now, by, strike, LADDER),
        )
