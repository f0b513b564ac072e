"""Rules and their versions: what the folder of rules said, each time it said something new, and which version a person let act.

The folder is the truth about what a rule says; these tables are the memory of it. So a file that is broken, changed or gone takes
nothing with it: the version that was approved is here, whole, and so is every one before it.

Two texts that differ in their line `status:` alone are one version. One that says the same in other words (a comment, a test
more) is a new version that is as approved as the one before it: `digest` is that of what a rule does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from modconsole.store.db import Db

_STATUS = re.compile(r"^[\"']?status[\"']?[ \t]*:.*\n?", re.MULTILINE)


class Seen(Struct, frozen=True, kw_only=True):
    """A rule as it stands in the folder."""

    id: str
    name: str
    status: str
    path: str
    source: str
    digest: str
    body: bytes
    """The rule itself, encoded: lists may change, and so may the reader of rule files."""


class RuleRow(Struct, kw_only=True):
    """One rule. Times are instants."""

    id: str
    version: int
    """The newest one."""
    path: str = ""
    gone_at: int | None = None
    """Since when the folder has it no more."""
    live_version: int | None = None
    """The version that a person let act."""
    live_at: int | None = None
    live_by: str | None = None
    paused_at: int | None = None
    paused_why: str | None = None
    problem: str | None = None
    """Why the file cannot be read; None while it can."""


class Version(Struct, kw_only=True):
    """One version of a rule. `by` is empty where nobody knows who changed the file."""

    rule: str
    version: int
    at: int
    by: str
    digest: str
    source: str
    status: str
    name: str
    evidence: dict[str, Any] = field(default_factory=dict)
    """What was on the screen when it was set live; `as` is a version that does the same and was approved."""
    restored: int | None = None
    """The version whose text it brought back."""
    body: bytes = b""


_RULE = "select id, version, path, gone_at, live_version, live_at, live_by, paused_at, paused_why, problem from rule "
_VERSION = (
    "select v.rule, v.version, v.at, v.by, v.digest, v.source, v.status, v.name, v.evidence, v.restored, v.body"
    " from rule_version v "
)


def rules(db: Db) -> dict[str, RuleRow]:
    """All rules that ever were, by id."""
    return {row[0]: _rule(row) for row in db.rows(_RULE + "order by id")}


def rule(db: Db, ident: str) -> RuleRow | None:
    """One rule."""
    row = db.row(_RULE + "where id = ?", (ident,))
    return _rule(row) if row is not None else None


def versions(db: Db, ident: str) -> list[Version]:
    """All versions of a rule, newest first."""
    return [_version(row) for row in db.rows(_VERSION + "where v.rule = ? order by v.version desc", (ident,))]


def version(db: Db, ident: str, number: int) -> Version | None:
    """One version of a rule."""
    row = db.row(_VERSION + "where v.rule = ? and v.version = ?", (ident, number))
    return _version(row) if row is not None else None


def newest(db: Db) -> dict[str, Version]:
    """The newest version of each rule."""
    found = db.rows(_VERSION + "join rule r on r.id = v.rule and r.version = v.version")
    return {row[0]: _version(row) for row in found}


def approved(db: Db) -> dict[str, Version]:
    """Of each rule the version that a person let act."""
    found = db.rows(_VERSION + "join rule r on r.id = v.rule and r.live_version = v.version")
    return {row[0]: _version(row) for row in found}


def _rule(row: tuple[Any, ...]) -> RuleRow:
    return RuleRow(**dict(zip(RuleRow.__struct_fields__, row, strict=True)))


def _version(row: tuple[Any, ...]) -> Version:
    evidence = msgspec.json.decode(row[8]) if row[8] else {}
    values = (*row[:8], evidence, row[9], bytes(row[10] or b""))
    return Version(**dict(zip(Version.__struct_fields__, values, strict=True)))


def unstated(source: str) -> str:
    """A rule's text without its status: of two texts that are equal so neither is a new version."""
    return _STATUS.sub("", source).strip()


# -- what the folder says ----------------------------------------------------------------------------------------------------


def record(
    db: Db,
    seen: Sequence[Seen],
    broken: Mapping[str, str],
    now: int,
    *,
    by: str = "",
    restored: Mapping[str, int] | None = None,
) -> bool:
    """Write down what the folder says now; False where it says nothing new, which costs two reads.

    `broken` says of rules and of files that cannot be read why, by id or by path. `by` is who changed them, as far as is known;
    `restored` says of rules which old version they bring back.
    """
    rows, latest = rules(db), newest(db)
    if not any(True for _ in _changes(rows, latest, seen, broken)):
        return False
    with db.write():
        rows, latest = rules(db), newest(db)  # as they stand now that nobody else can change them
        for ident, change in _changes(rows, latest, seen, broken):
            if isinstance(change, Seen):
                _record(db, rows.get(ident), latest.get(ident), change, now, by, (restored or {}).get(ident))
            elif change:
                db.run("update rule set problem = ?, gone_at = null where id = ?", (change, ident))
            else:
                db.run("update rule set gone_at = ?, problem = null where id = ?", (now, ident))
    return True


def _changes(
    rows: Mapping[str, RuleRow], latest: Mapping[str, Version], seen: Sequence[Seen], broken: Mapping[str, str]
) -> list[tuple[str, Seen | str]]:
    """What is new: of each rule how it stands, or why it cannot be read, or an empty text where it is gone."""
    found: list[tuple[str, Seen | str]] = []
    here = set()
    for each in seen:
        here.add(each.id)
        row, old = rows.get(each.id), latest.get(each.id)
        same = row is not None and old is not None and old.source == each.source and old.digest == each.digest
        if not same or row is None or (row.path, row.gone_at, row.problem) != (each.path, None, None):
            found.append((each.id, each))
    for ident, row in rows.items():
        if ident in here:
            continue
        why = broken.get(ident) or broken.get(row.path)
        if why is not None and (row.problem, row.gone_at) != (why, None):
            found.append((ident, why))
        elif why is None and row.gone_at is None:
            found.append((ident, ""))
    return found


def _record(
    db: Db, row: RuleRow | None, old: Version | None, seen: Seen, now: int, by: str, restored: int | None
) -> None:
    if row is None or old is None:
        db.run("insert or ignore into rule (id, version, path) values (?, 1, ?)", (seen.id, seen.path))
        _add(db, seen, 1, now, by, restored, None)
        return
    db.run("update rule set path = ?, gone_at = null, problem = null where id = ?", (seen.path, seen.id))
    if unstated(old.source) == unstated(seen.source) and old.digest == seen.digest and restored is None:
        db.run(
            "update rule_version set source = ?, status = ?, name = ?, body = ? where rule = ? and version = ?",
            (seen.source, seen.status, seen.name, seen.body, seen.id, old.version),
        )
        return
    number = row.version + 1
    live = version(db, seen.id, row.live_version) if row.live_version is not None else None
    alike = live is not None and live.digest == seen.digest
    _add(db, seen, number, now, by, restored, row.live_version if alike else None)
    db.run(
        "update rule set version = ?1, live_version = iif(?2, ?1, live_version) where id = ?3",
        (number, int(alike), seen.id),
    )


def _add(db: Db, seen: Seen, number: int, now: int, by: str, restored: int | None, alike: int | None) -> None:
    evidence = msgspec.json.encode({"as": alike}).decode() if alike is not None else None
    db.run(
        "insert into rule_version (rule, version, at, by, digest, source, status, name, evidence, restored, body)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(seen.id, number, now, by, seen.digest, seen.source, seen.status, seen.name),
            *(evidence, restored, seen.body),
        ),
    )


# -- what people decided -----------------------------------------------------------------------------------------------------


def set_live(db: Db, ident: str, number: int, by: str, now: int, evidence: Mapping[str, Any]) -> None:
    """Let a version act from now on."""
    with db.write():
        db.run(
            "update rule set live_version = ?, live_at = ?, live_by = ?, paused_at = null, paused_why = null where id = ?",
            (number, now, by, ident),
        )
        db.run(
            "update rule_version set evidence = ? where rule = ? and version = ?",
            (msgspec.json.encode({**evidence, "by": by, "at": now}).decode(), ident, number),
        )


def pause(db: Db, ident: str, why: str, now: int) -> bool:
    """Let a rule do nothing until somebody sets it live again. False where it is paused already."""
    with db.write():
        return (
            db.run(
                "update rule set paused_at = ?, paused_why = ? where id = ? and paused_at is null",
                (now, why, ident),
            )
            > 0
        )


def retire(db: Db, ident: str) -> None:
    """No version of a rule acts any more, until somebody sets one live. It is not paused then."""
    with db.write():
        db.run(
            "update rule set paused_at = null, paused_why = null, live_version = null, live_at = null, live_by = null"
            " where id = ?",
            (ident,),
        )
