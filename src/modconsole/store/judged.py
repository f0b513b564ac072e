"""How far judging has come.

Every message that is stored is judged once, and again when its text changes: mostly in the transaction that stores it, otherwise
later. What is left to do follows from two numbers: rows after `through`, and changes of texts after `change` (see `store.texts`).
Messages that were here before anybody judged are left to the backtest.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from modconsole.store.db import Db


class Judged(Struct, kw_only=True):
    """Up to which row, and which change of a text, messages have been judged; and what went wrong, while it does."""

    through: int
    change: int
    failed_at: int | None = None
    """Since when judging fails; None while it works."""
    failure: str = ""


def judged(db: Db) -> Judged | None:
    """How far it has come; None where nobody has judged anything yet."""
    row = db.row("select through, change, failed_at, failure from judging")
    return Judged(through=row[0], change=row[1], failed_at=row[2], failure=row[3] or "") if row is not None else None


def begin(db: Db) -> Judged:
    """How far it has come; what is here at the first time of all counts as judged."""
    found = judged(db)
    if found is None:
        with db.write():
            db.run(
                "insert or ignore into judging (id, through, change) select 1, (select ifnull(max(id), 0) from message),"
                " (select ifnull(max(change), 0) from text_change)"
            )
        found = judged(db)
        assert found is not None
    return found


def fresh(db: Db, ids: Sequence[int]) -> set[int]:
    """Of messages that were just stored those that were not here before."""
    found = judged(db)
    return {ident for ident in ids if found is not None and ident > found.through}


def done(db: Db, ids: Sequence[int]) -> None:
    """These were judged, in the transaction that stored them. Where others before them were not, that stays to be done."""
    found = judged(db)
    if found is None:
        return
    new = sorted(ident for ident in ids if ident > found.through)
    through = found.through
    if new and db.value("select 1 from message where id > ? and id < ? limit 1", (through, new[0])) is None:
        through = new[-1]
    asked = set(ids)
    change = found.change
    for number, ident in db.rows(
        "select change, message from text_change where change > ? order by change", (found.change,)
    ):
        if ident not in asked and ident <= through:
            break
        change = number
    moved(db, through, change)


def moved(db: Db, through: int, change: int) -> None:
    """Judging has come so far. That it failed is over."""
    db.run("update judging set through = ?, change = ?, failed_at = null, failure = null", (through, change))


def failed(db: Db, now: int, why: str) -> None:
    """Judging has failed; since when is kept until it works again."""
    begin(db)
    with db.write():
        db.run("update judging set failed_at = ifnull(failed_at, ?), failure = ?", (now, why))


def left(db: Db, limit: int) -> tuple[list[int], int, int]:
    """What is to be judged yet, at most so many: row ids, and how far judging has come once these are done."""
    found = begin(db)
    changed = db.rows(
        "select change, message from text_change where change > ? order by change limit ?", (found.change, limit)
    )
    new = [row[0] for row in db.rows("select id from message where id > ? order by id limit ?", (found.through, limit))]
    ids = dict.fromkeys([*(row[1] for row in changed if row[1] <= found.through), *new])
    return list(ids), new[-1] if new else found.through, changed[-1][0] if changed else found.change


def backlog(db: Db) -> int:
    """How many messages are to be judged yet."""
    found = judged(db)
    if found is None:
        return 0
    return int(
        db.value(
            "select (select count(*) from message where id > ?1)"
            " + (select count(*) from text_change where change > ?2 and message <= ?1)",
            (found.through, found.change),
        )
    )
