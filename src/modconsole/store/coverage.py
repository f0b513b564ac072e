"""What cannot be seen, and since when: standing gaps of a source and of its conversations, what was set aside, what is there.

A gap stands while the latest look has it; it stands since the first look of that unbroken row. One look without it heals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from modconsole.store.db import Db

UNSAID = "a part could not be seen"
"""Why there is a gap, where nobody says why."""

BETWEEN = "; "
"""What stands between several reasons of one look (`sync.pull`)."""


class StandingGap(Struct, kw_only=True):
    """Something that cannot be seen now. Times are instants; `begins` and `ends` bound the stretch, where that is known."""

    conversation: str | None = None
    """The conversation of which a part cannot be seen; None where it is the source."""
    title: str | None = None
    why: str
    since: int
    """The first look of the unbroken row that found it."""
    begins: int | None = None
    ends: int | None = None


class SetAside(Struct, kw_only=True):
    """Something that a platform sent and that could not be understood or stored."""

    ident: int
    at: int
    why: str
    size: int
    """Bytes."""


class Holdings(Struct, kw_only=True):
    """How much there is of a source. Messages of every state count, people who wrote and people who are us too."""

    conversations: int
    messages: int
    people: int
    held: int
    """Messages that a person must decide about on the platform."""


_LATEST = (
    "(select o.id from coverage o where o.source = l.source and o.conversation = l.conversation"
    " order by o.checked_at desc, ifnull(o.observed_at, o.checked_at) desc, o.gap desc, o.body desc limit 1)"
)
_WHOLE = (  # the last look without a gap
    "ifnull((select max(o.checked_at) from coverage o where o.source = l.source and o.conversation = l.conversation"
    " and o.gap = 0), -9223372036854775808)"
)

_HAD_ONE = (  # conversations that ever had a gap, with their latest look
    f"select l.source, l.conversation, {_LATEST} as latest from (select distinct source, conversation from coverage"
    " where gap = 1 and conversation <> '') l"
)


def gaps_of_source(db: Db, source: str) -> list[StandingGap]:
    """What the latest look at a source as a whole could not see: one for each reason, the oldest first."""
    latest = db.row(
        f"select l.gap_why, l.gap_from, l.gap_to, l.checked_at, {_WHOLE} from coverage l join source s on s.id = l.source"
        f" where s.native = ? and l.conversation = '' and l.gap = 1 and l.id = {_LATEST}",
        (source,),
    )
    if latest is None:
        return []
    why, begins, ends, checked, whole = latest
    row = db.rows(
        "select l.gap_why, min(l.checked_at) from coverage l join source s on s.id = l.source where s.native = ?"
        " and l.conversation = '' and l.gap = 1 and l.checked_at > ? group by l.gap_why",
        (source, whole),
    )
    reasons = (why or UNSAID).split(BETWEEN)
    found = []
    for reason in dict.fromkeys(reasons):
        since = min((at for said, at in row if reason in (said or UNSAID).split(BETWEEN)), default=checked)
        found.append(StandingGap(why=reason, since=since, begins=begins, ends=ends))
    return sorted(found, key=lambda gap: gap.since)


def gaps(db: Db, source: str, limit: int) -> list[StandingGap]:
    """Every standing gap of a source: its own first, then those of its conversations, of these at most `limit`."""
    return [*gaps_of_source(db, source), *gaps_of_conversations(db, source, limit)]


def gaps_of_conversations(db: Db, source: str, limit: int) -> list[StandingGap]:
    """Conversations of which a part cannot be seen, the one that was found last first."""
    return _of_conversations(db, "h.source = (select id from source where native = ?)", (source,), limit)


def gap_of_conversation(db: Db, conversation: int) -> StandingGap | None:
    """What cannot be seen of a conversation, by its row id; None where nothing is known to be missing."""
    found = _of_conversations(
        db,
        "h.source = (select source from conversation where id = ?1) and"
        " h.conversation = (select native from conversation where id = ?1)",
        (conversation,),
        1,
    )
    return found[0] if found else None


def gap_of_message(db: Db, source: str, message: str) -> StandingGap | None:
    """What cannot be seen of the conversation that a message is in."""
    found = db.value(
        "select m.conversation from message m join source s on s.id = m.source where s.native = ? and m.native = ?",
        (source, message),
    )
    return gap_of_conversation(db, found) if found is not None else None


def _of_conversations(db: Db, where: str, args: Sequence[Any], limit: int) -> list[StandingGap]:
    since = (
        "(select min(o.checked_at) from coverage o where o.source = l.source and o.conversation = l.conversation"
        f" and o.gap = 1 and o.checked_at > {_WHOLE})"
    )
    found = db.rows(
        f"select l.conversation, c.shown_title, l.gap_why, {since}, l.gap_from, l.gap_to, l.checked_at"
        f" from ({_HAD_ONE}) h join coverage l on l.id = h.latest and l.gap = 1 join source s on s.id = l.source"
        f" left join conversation c on c.source = l.source and c.native = l.conversation where {where}"
        " order by 4 desc, 1 limit ?",
        (*args, limit),
    )
    return [
        StandingGap(
            conversation=row[0],
            title=row[1],
            why=row[2] or UNSAID,
            since=row[3] if row[3] is not None else row[6],
            begins=row[4],
            ends=row[5],
        )
        for row in found
    ]


def count_gaps(db: Db, source: int) -> int:
    """Of how many conversations of a source, by its row id, a part cannot be seen."""
    return int(
        db.value(
            f"select count(*) from ({_HAD_ONE}) h join coverage l on l.id = h.latest and l.gap = 1 where h.source = ?",
            (source,),
        )
    )


def said(db: Db, source: int, conversation: str) -> tuple[Any, ...] | None:
    """What the latest look at a conversation says of gaps, by the row id of its source; None before the first look."""
    found = _latest(db, source, conversation, 1)
    return found[0][1:] if found else None


def thin(db: Db, source: int, conversation: str) -> None:
    """Of looks at a conversation that say the same one after the other keep the first and the last: that every look of a minute
    finds the same is no news. Within a write transaction, after each look that is stored."""
    found = _latest(db, source, conversation, 3)
    if len(found) == 3 and found[0][1:] == found[1][1:] == found[2][1:]:
        db.run("delete from coverage where id = ?", (found[1][0],))


def _latest(db: Db, source: int, conversation: str, limit: int) -> list[tuple[Any, ...]]:
    return db.rows(
        "select id, gap, gap_why, gap_from, gap_to from coverage where source = ? and conversation = ? order by"
        " checked_at desc, ifnull(observed_at, checked_at) desc, gap desc, body desc limit ?",
        (source, conversation, limit),
    )


def set_aside(db: Db, source: str, limit: int) -> list[SetAside]:
    """What was set aside, the latest first."""
    found = db.rows(
        "select p.id, p.at, p.why, length(p.payload) from poison p join source s on s.id = p.source where s.native = ?"
        " order by p.at desc, p.id desc limit ?",
        (source, limit),
    )
    return [SetAside(ident=row[0], at=row[1], why=row[2], size=row[3]) for row in found]


def payload(db: Db, source: str, ident: int) -> bytes | None:
    """What a platform sent, as it came; None where it is gone."""
    found = db.value(
        "select p.payload from poison p join source s on s.id = p.source where s.native = ? and p.id = ?",
        (source, ident),
    )
    return bytes(found) if found is not None else None


def holdings(db: Db, source: str) -> Holdings:
    """How much there is of a source. Reads an index of all its messages once."""
    row = db.row(
        "select s.conversations, (select count(*) from message m where m.source = s.id),"
        " (select count(*) from person p where p.source = s.id), (select count(*) from message m where m.source = s.id"
        " and m.state in ('held', 'hidden', 'spam', 'removed') and m.state in ('held', 'hidden'))"  # as the index has it
        " from source s where s.native = ?",
        (source,),
    )
    if row is None:
        return Holdings(conversations=0, messages=0, people=0, held=0)
    return Holdings(conversations=row[0], messages=row[1], people=row[2], held=row[3])
