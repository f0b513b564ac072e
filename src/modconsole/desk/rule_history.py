"""The past of a rule: its versions, what differs between two, who wrote each line, and going back.

Going back makes an older text the newest version, so that nothing of the past is lost. What versions since did can be taken back
with it: each act by the call that compensates it, each in the journal.
"""

from __future__ import annotations

import difflib

from msgspec import Struct

from modconsole.desk import undoing
from modconsole.desk.desk import Desk
from modconsole.desk.rule_powers import may_set_live
from modconsole.desk.rule_states import book, load, rule_state, settle, write_file
from modconsole.errors import Conflict, ModConsoleError, NotFound
from modconsole.store import rule_acts, rules
from modconsole.store.rule_acts import Placed
from modconsole.store.rules import Version
from modconsole.sync import rulebook


class BlameLine(Struct, frozen=True, kw_only=True):
    """One line of the newest version, and the version that brought it. `by` is empty where nobody knows."""

    line: int
    text: str
    version: int
    by: str
    at: int


class RolledBack(Struct, frozen=True, kw_only=True):
    """What going back did."""

    version: int
    """The new version's number."""
    restored: int
    """The version whose text it has."""
    live: bool
    """Whether it acts: where it had been approved before, and whoever goes back may set rules live."""
    undone: int
    """How many acts were taken back."""
    failed: tuple[str, ...]
    """Of those that could not be, why."""


def versions(desk: Desk, ident: str) -> list[Version]:
    """All versions of a rule, newest first. Raises `NotFound`."""
    load(desk)
    found = rules.versions(desk.db, ident)
    if not found:
        raise NotFound(f"There is no rule {ident!r}.", hint="`modconsole rules list` shows which there are.")
    return found


def version(desk: Desk, ident: str, number: int) -> Version:
    """One version of a rule. Raises `NotFound`."""
    found = next((each for each in versions(desk, ident) if each.version == number), None)
    if found is None:
        raise NotFound(
            f"Rule {ident!r} has no version {number}.", hint=f"`modconsole rules versions {ident}` lists them."
        )
    return found


def diff(desk: Desk, ident: str, one: int, other: int) -> list[str]:
    """What differs between two versions, as the lines of a unified diff; none where they are the same. Raises `NotFound`."""
    before, after = version(desk, ident, one), version(desk, ident, other)
    lines = difflib.unified_diff(
        before.source.splitlines(),
        after.source.splitlines(),
        f"{ident} version {one}",
        f"{ident} version {other}",
        lineterm="",
    )
    return list(lines)


def blame(desk: Desk, ident: str) -> list[BlameLine]:
    """Of each line of the newest version which one brought it, and whose that was. Raises `NotFound`."""
    lines: list[tuple[str, Version]] = []
    for each in reversed(versions(desk, ident)):
        texts = each.source.splitlines()
        matcher = difflib.SequenceMatcher(None, [text for text, _ in lines], texts, autojunk=False)
        now = [(text, each) for text in texts]
        for old, new, size in matcher.get_matching_blocks():
            now[new : new + size] = lines[old : old + size]
        lines = now
    return [
        BlameLine(line=at, text=text, version=by.version, by=by.by, at=by.at)
        for at, (text, by) in enumerate(lines, start=1)
    ]


def since(desk: Desk, ident: str, number: int) -> int:
    """How many acts of the versions after one stand, which `rollback` can take back."""
    return len(rule_acts.since_version(desk.db, ident, number))


def rollback(desk: Desk, ident: str, number: int, *, restore: bool) -> RolledBack:
    """Make the text of an older version the newest; with `restore` take back what the versions after it did.

    The versions after it act no more. The older one acts again where a person with the right had set it live, and this person has
    the right; else it judges in the shadow. Raises `NotFound`, `Conflict` for the newest version, `InputError` where the file
    cannot be written.
    """
    from modconsole.policy.write import with_status

    old = version(desk, ident, number)
    if versions(desk, ident)[0].version == number:
        raise Conflict(f"Version {number} of rule {ident!r} is the newest.", hint="Name an older one.")
    acts = rule_acts.since_version(desk.db, ident, number)
    was_live = "by" in old.evidence or "as" in old.evidence
    live = was_live and may_set_live(desk)
    text = with_status(old.source, "live" if live else "shadow")
    _write(desk, ident, text)
    rules.retire(desk.db, ident)
    found = book(desk).read()
    rulebook.record(desk.db, found, desk.now(), by=desk.who, restored={ident: number})
    state = rule_state(desk, ident)
    if live and state.rule is not None and rulebook.digest_of(state.rule) == old.digest:
        rules.set_live(desk.db, ident, state.version, desk.who, desk.now(), {"restored": number})
    else:
        live = False
    undone, failed = take_back(desk, acts) if restore else (0, ())
    return RolledBack(version=state.version, restored=number, live=live, undone=undone, failed=failed)


def _write(desk: Desk, ident: str, text: str) -> None:
    """Put a text where a rule's document stands, or where it last stood."""
    from modconsole.policy.write import replaced

    row = rules.rule(desk.db, ident)
    assert row is not None
    target = desk.rules / (row.path or f"{ident}.yaml")
    here = next((rule for rule in book(desk).read().rules if rule.id == ident), None)
    if here is not None:
        text = replaced(target.read_bytes().decode("utf-8"), here.line, here.source, text)
    write_file(target, text)


def take_back(desk: Desk, acts: list[Placed]) -> tuple[int, tuple[str, ...]]:
    """Take back acts, each in the journal; what is only proposed is declined. Gives how many, and of those that could not be
    why."""
    undone = 0
    failed: list[str] = []
    for each in acts:
        act = each.act
        if act.state == "proposed":
            act.state, act.decided_at, act.decided_by = "declined", desk.now(), desk.who
            rule_acts.store(desk.db, act)
            undone += 1
        elif act.ref is not None and act.state in ("queued", "done", "accepted"):
            try:
                undoing.undo(desk, act.ref)
                undone += 1
            except ModConsoleError as error:
                failed.append(f"{act.action} on {each.native}: {error}")
    settle(desk)
    return undone, tuple(failed)
