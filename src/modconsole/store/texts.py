"""The texts of messages for the rules: by row id, and as they come and change, for the copy that rules are tried on.

A message's title is its own, else that of its conversation as it is shown. Its author's name and handle are those that came with
it, else those that the person goes by today.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct

from modconsole.domain.texts import Texts
from modconsole.store.db import Db

_TITLE = "coalesce(m.title, c.shown_title, '')"
_NAME = "coalesce(nullif(a.name, ''), p.name, '')"
_HANDLE = "coalesce(nullif(a.handle, ''), p.handle, '')"
_SELECT = (
    f"select m.id, coalesce(m.plain, m.text), {_TITLE}, {_NAME}, {_HANDLE} from message m"
    " join conversation c on c.id = m.conversation join person p on p.id = m.person left join author a on a.id = m.author "
)
AT_ONCE: Final = 5_000
"""How many messages are read by one statement."""


class Stamp(Struct, frozen=True, kw_only=True):
    """How far a database has come: two equal stamps of one database mean that no message came and no text changed between."""

    database: int
    """Which database it is: a number that was drawn once; a copy of the file has the same."""
    last: int
    """The row id of the message that was stored last; 0 where there is none."""
    change: int
    """The number of the last change of a text; 0 where there was none."""


Body = tuple[int, str, str | None, int, int]
"""A message's own words: its row id, its plain text, its title where it has one of its own, and the row ids of its conversation
and of its author."""
_BODY = "id, coalesce(plain, text), title, conversation, person"


def texts_of(db: Db, ids: Sequence[int]) -> list[Texts]:
    """The messages with these row ids, in that order. What is not there is left out."""
    found: dict[int, Texts] = {}
    for some in _portions(ids):
        for row in db.rows(_SELECT + "where m.id in (select value from json_each(?))", (_json(some),)):
            found[row[0]] = Texts(ident=row[0], body=row[1], title=row[2], name=row[3], handle=row[4])
    return [found[ident] for ident in ids if ident in found]


def about(db: Db, ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Title, name and handle of messages by row id, for callers that have the bodies."""
    found: dict[int, tuple[str, str, str]] = {}
    select = _SELECT.replace("coalesce(m.plain, m.text), ", "", 1)
    for some in _portions(ids):
        for row in db.rows(select + "where m.id in (select value from json_each(?))", (_json(some),)):
            found[row[0]] = (row[1], row[2], row[3])
    return found


# -- as they come and change --------------------------------------------------------------------------------------------------


def stamp(db: Db) -> Stamp:
    """How far the database has come. Costs microseconds; only the first time of all it writes: the number that it drew."""
    database, last, change = db.row(
        "select (select value from counter where name = 'database'), (select max(id) from message),"
        " (select max(change) from text_change)"
    )
    if database is None:
        with db.write():
            db.run("insert or ignore into counter values ('database', ?)", (secrets.randbits(62),))
            database = db.value("select value from counter where name = 'database'")
    return Stamp(database=database, last=last or 0, change=change or 0)


def texts_since(db: Db, row_id: int, limit: int) -> list[Body]:
    """Messages that were stored after the one with this row id, in the order in which they were stored, at most so many."""
    return db.rows(f"select {_BODY} from message where id > ? order by id limit ?", (row_id, limit))


def changed_since(db: Db, change: int, limit: int) -> list[tuple[int, int]]:
    """(number of the change, message's row id) of texts that were replaced or removed after a change, in order, at most so many.

    A text that was changed several times is there once, with its last number.
    """
    return db.rows("select change, message from text_change where change > ? order by change limit ?", (change, limit))


def bodies_of(db: Db, ids: Iterable[int]) -> list[Body]:
    """The own words of messages as they stand now, in the order in which the messages were stored. What is gone is left out."""
    found: list[Body] = []
    for some in _portions(sorted(ids)):
        found += db.rows(
            f"select {_BODY} from message where id in (select value from json_each(?)) order by id",
            (_json(some),),
        )
    return found


# -- by what is not in the copy -----------------------------------------------------------------------------------------------


def titles(db: Db) -> list[tuple[int, str]]:
    """(row id, title) of all conversations that have a title to show."""
    return db.rows("select id, shown_title from conversation where ifnull(shown_title, '') <> ''")


def names(db: Db) -> list[tuple[int, str, str]]:
    """(person's row id, name, handle) under which people are or were known here; several of one person."""
    return db.rows(
        "select id, ifnull(name, ''), ifnull(handle, '') from person where ifnull(name, '') <> '' or ifnull(handle, '') <> ''"
        " union select person, ifnull(name, ''), ifnull(handle, '') from author"
    )


def _portions(ids: Iterable[int]) -> Iterable[list[int]]:
    left = iter(ids)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _json(ids: list[int]) -> str:
    return msgspec.json.encode(ids).decode()
