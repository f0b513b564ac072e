"""Row ids of sources, conversations, people and their spellings, by native id; made where they are not known yet."""

from __future__ import annotations

from modconsole.domain.records import Author
from modconsole.store.db import Db

_CACHED = 20_000
"""Names remembered at most before the memory is dropped and filled again: keeps imports flat in memory."""


class Names:
    """Remembers the row ids of names, so that a bulk of records asks the database once for each. Belongs to its `Db`'s thread."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.forget()

    def forget(self) -> None:
        """Ask anew for everything."""
        self.sources: dict[str, int] = {}
        self.conversations: dict[tuple[int, str], int] = {}
        self.persons: dict[tuple[int, str], tuple[int, tuple[int, str, str]]] = {}
        self.authors: dict[tuple[int, str | None, str | None, str | None], int] = {}

    def keep_small(self) -> None:
        """Forget everything once it has become too much."""
        if len(self.conversations) + len(self.persons) + len(self.authors) > _CACHED:
            self.forget()

    def source_id(self, native: str) -> int:
        """The id of a source, which is created empty where nobody has described it yet."""
        found = self.sources.get(native)
        if found is None:
            row = self.db.row("select id from source where native = ?", (native,))
            if row is None:
                self.db.run("insert into source (native) values (?)", (native,))
                row = self.db.row("select last_insert_rowid()")
            found = self.sources[native] = row[0]
        return found

    def conversation_id(self, source: int, native: str) -> int:
        """The id of a conversation, which is created empty where nobody has described it yet."""
        found = self.conversations.get((source, native))
        if found is None:
            row = self.db.row("select id from conversation where source = ? and native = ?", (source, native))
            if row is None:
                self.db.run("insert into conversation (source, native) values (?, ?)", (source, native))
                row = self.db.row("select last_insert_rowid()")
            found = self.conversations[source, native] = row[0]
        return found

    def person_id(self, source: int, author: Author, seen: int) -> int:
        """The id of a person; their handle and name are those of the latest version that carries them."""
        key = (seen, author.handle or "", author.name or "")
        found = self.persons.get((source, author.id))
        if found is None:
            row = self.db.row(
                "select id, seen, ifnull(handle, ''), ifnull(name, '') from person where source = ? and native = ?",
                (source, author.id),
            )
            if row is None:
                self.db.run("insert into person (source, native) values (?, ?)", (source, author.id))
                row = (*self.db.row("select last_insert_rowid()"), -(1 << 63), "", "")
            found = (row[0], (row[1], row[2], row[3]))
            self.persons[source, author.id] = found
        if key > found[1] and (author.handle is not None or author.name is not None or author.kind is not None):
            self.db.run(
                "update person set seen = ?, handle = ?, name = ?, kind = ? where id = ?",
                (seen, author.handle, author.name, author.kind, found[0]),
            )
            self.persons[source, author.id] = (found[0], key)
        return found[0]

    def author_id(self, person: int, author: Author) -> int | None:
        """The id of the handle, name and kind that a person had in one version of one message."""
        if author.handle is None and author.name is None and author.kind is None:
            return None
        key = (person, author.handle, author.name, author.kind)
        found = self.authors.get(key)
        if found is None:
            row = self.db.row(
                "select id from author where person = ? and ifnull(handle, '') = ifnull(?, '')"
                " and ifnull(name, '') = ifnull(?, '') and ifnull(kind, '') = ifnull(?, '')",
                key,
            )
            if row is None:
                self.db.run("insert into author (person, handle, name, kind) values (?, ?, ?, ?)", key)
                row = self.db.row("select last_insert_rowid()")
            found = self.authors[key] = row[0]
        return found


def named_by(db: Db, source: int, message: str | None) -> list[int]:
    """The conversation of a message that a send names, where it is here."""
    return [
        row[0] for row in db.rows("select conversation from message where source = ? and native = ?", (source, message))
    ]
