"""The guidelines that were published, each version as it was."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from modconsole.store.db import Db


class Publication(Struct, frozen=True, kw_only=True):
    """One version of the guidelines. `at` is an instant."""

    version: int
    at: int
    by: str
    markdown: str
    digest: str


_SELECT = "select version, at, by, markdown, digest from publication "


def digest_of(markdown: str) -> str:
    """What tells two texts apart."""
    return hashlib.sha256(markdown.encode()).hexdigest()


def publish(db: Db, markdown: str, by: str, now: int) -> tuple[Publication, bool]:
    """Keep a text as the next version, durably: the version, and whether it is a new one. The latest once more is none."""
    with db.write():
        last = latest(db)
        if last is not None and last.digest == digest_of(markdown):
            return last, False
        made = Publication(
            version=last.version + 1 if last is not None else 1,
            at=now,
            by=by,
            markdown=markdown,
            digest=digest_of(markdown),
        )
        db.run(
            "insert into publication (version, at, by, markdown, digest) values (?, ?, ?, ?, ?)",
            (made.version, made.at, made.by, made.markdown, made.digest),
        )
        return made, True


def latest(db: Db) -> Publication | None:
    """The newest version; None where nothing was published."""
    row = db.row(_SELECT + "order by version desc limit 1")
    return Publication(**dict(zip(Publication.__struct_fields__, row, strict=True))) if row is not None else None


def one(db: Db, version: int) -> Publication | None:
    """A version by its number."""
    row = db.row(_SELECT + "where version = ?", (version,))
    return Publication(**dict(zip(Publication.__struct_fields__, row, strict=True))) if row is not None else None


def every(db: Db) -> list[Publication]:
    """All versions, newest first."""
    return [
        Publication(**dict(zip(Publication.__struct_fields__, row, strict=True)))
        for row in db.rows(_SELECT + "order by version desc")
    ]
