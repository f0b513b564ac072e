"""What the folder of rules says, and which of it is in force.

Reading, remembering and deciding are apart: `read` gives the folder as it is, read again only when a file has changed; `record`
writes its versions down (`store.rules`); `in_force` says which versions judge, and which of them act.

Only a version that a person let act does. A file with a newer text, or a broken one, leaves that version in force; a file that
says `paused`, or is gone, ends it. What is newer judges beside it without acting, so that its hits can be looked at.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from modconsole.store import rules
from modconsole.store.db import Db
from modconsole.store.rules import RuleRow, Seen, Version

if TYPE_CHECKING:
    from modconsole.policy.load import Memory
    from modconsole.policy.model import Rule, RuleSet

Signature = tuple[tuple[str, int, int, int], ...]
Mode = Literal["live", "shadow"]


class Enforced(Struct, frozen=True, kw_only=True):
    """A version of a rule that judges. `live_at` is since when it acts; None in the shadow."""

    rule: Rule
    version: int
    mode: Mode
    live_at: int | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """How a rule stands: in one word, and what judges in its name."""

    effective: str
    """draft, shadow, live, paused, expired, broken, unapproved or gone."""
    enforced: tuple[Enforced, ...] = ()


class Rulebook:
    """The folder, kept while nothing in it changes, for all threads of a program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._kept: tuple[Signature, RuleSet] | None = None
        self._memory: Memory | None = None

    def read(self) -> RuleSet:
        """The folder as it is now; empty where there is none."""
        with self._lock:
            now = signature(self.folder)
            if self._kept is None or self._kept[0] != now:
                self._kept = (now, self._read() if now else _nothing())
            return self._kept[1]

    def _read(self) -> RuleSet:
        from modconsole.policy.load import Memory, load_folder  # only who has rules needs the reader

        if self._memory is None:
            self._memory = Memory()
        return load_folder(self.folder, self._memory)


def _nothing() -> RuleSet:
    from modconsole.policy.model import RuleSet

    return RuleSet()


_shared: dict[Path, Rulebook] = {}
_sharing = threading.Lock()


def shared(folder: Path) -> Rulebook:
    """The one rulebook of a folder in this program."""
    with _sharing:
        return _shared.setdefault(folder, Rulebook(folder))


def signature(folder: Path) -> Signature:
    """What changes when a file of the folder does: names, sizes, times and identities. A thousand files take 3 ms."""
    found: list[tuple[str, int, int, int]] = []
    waiting = [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                    stat = entry.stat()
                    found.append((entry.path, stat.st_mtime_ns, stat.st_size, stat.st_ino))
        except OSError:
            continue  # not there, or gone between two looks
    return tuple(sorted(found))


def digest_of(rule: Rule) -> str:
    """What tells two versions apart that do different things; words that are for the owners alone are left out."""
    bare = replace(rule, name="", status="draft", owner="", why="", section="", examples=(), path="", line=0, source="")
    return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()


def seen_of(rule: Rule) -> Seen:
    """A rule as the store remembers it."""
    return Seen(
        id=rule.id,
        name=rule.name,
        status=rule.status,
        path=rule.path,
        source=rule.source,
        digest=digest_of(rule),
        body=msgspec.json.encode(rule),
    )


def rule_of(version: Version) -> Rule:
    """The rule of a version, as it was read when it was written down."""
    from modconsole.policy.model import Rule

    return msgspec.json.decode(version.body, type=Rule)


def record(db: Db, found: RuleSet, now: int, *, by: str = "", restored: dict[str, int] | None = None) -> bool:
    """Write down what the folder says; False where that is nothing new."""
    broken: dict[str, str] = {}
    for problem in found.problems:
        if not problem.warning:
            broken.setdefault(problem.rule or problem.path, problem.words)
    changed = rules.record(db, [seen_of(rule) for rule in found.rules], broken, now, by=by, restored=restored)
    for rule in found.rules if changed else ():
        row = rules.rule(db, rule.id) if rule.status == "paused" else None
        if (
            row is not None and row.live_version is not None
        ):  # so that it takes a person with the right to set it live again
            rules.pause(db, rule.id, "Its file says so.", now)
    return changed


def in_force(db: Db, found: RuleSet, now: int) -> list[Enforced]:
    """The versions that judge at an instant, once the folder has been written down."""
    return [each for standing in standings(db, found, now).values() for each in standing.enforced]


def standings(db: Db, found: RuleSet, now: int) -> dict[str, Standing]:
    """How each rule stands that the folder has, or that is broken there. Those that are gone are left out."""
    approved = rules.approved(db)
    here = {rule.id: rule for rule in found.rules}
    result: dict[str, Standing] = {}
    for ident, row in rules.rules(db).items():
        if row.gone_at is None:
            result[ident] = _standing(row, here.get(ident), approved.get(ident), now)
    return result


def _standing(row: RuleRow, rule: Rule | None, approved: Version | None, now: int) -> Standing:
    acting = _acting(row, rule, approved, now)
    if rule is None:
        return Standing(effective="live" if acting else "broken", enforced=acting)
    if rule.expires is not None and rule.expires <= now:
        return Standing(effective="expired")
    if rule.status == "paused" or (row.paused_at is not None and row.live_version in (None, row.version)):
        return Standing(effective="paused")
    if acting and row.live_version == row.version:
        return Standing(effective="live", enforced=acting)
    if rule.status == "draft":
        return Standing(effective="live" if acting else "draft", enforced=acting)
    shadow = Enforced(rule=rule, version=row.version, mode="shadow")
    if acting:
        return Standing(effective="live", enforced=(*acting, shadow))
    if row.paused_at is not None:
        return Standing(effective="paused", enforced=(shadow,))
    return Standing(effective="unapproved" if rule.status == "live" else "shadow", enforced=(shadow,))


def _acting(row: RuleRow, rule: Rule | None, approved: Version | None, now: int) -> tuple[Enforced, ...]:
    """The approved version, where it is in force."""
    if approved is None or row.live_at is None or row.paused_at is not None:
        return ()
    if rule is not None and (rule.status == "paused" or (row.live_version == row.version and rule.status != "live")):
        return ()
    acts = rule_of(approved)
    if acts.expires is not None and acts.expires <= now:
        return ()
    return (Enforced(rule=acts, version=approved.version, mode="live", live_at=row.live_at),)
