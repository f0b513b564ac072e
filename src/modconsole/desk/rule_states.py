"""The rules of the house: what there is, how each stands, and writing them.

A rule is a document in a file of the folder (`rules_folder`), where people and git may change it as well; everything here reads
that file again when it has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY
from modconsole.errors import Conflict, InputError, NotFound
from modconsole.store import rule_acts, rules, tallies
from modconsole.store.rules import RuleRow, Version
from modconsole.store.tallies import Tally
from modconsole.sync import rulebook
from modconsole.sync.judging import pause_reversed
from modconsole.sync.rulebook import Rulebook, Standing

if TYPE_CHECKING:
    from modconsole.policy.model import Action, Problem, Rule, RuleSet

MONTH = 30 * DAY
SUFFIXES = (".yaml", ".yml")


class RuleState(Struct, frozen=True, kw_only=True):
    """One rule, as a list shows it. Times are instants; counts are of all versions."""

    id: str
    name: str
    status: str
    """As the file says."""
    effective: str
    """draft, shadow, live, paused, expired, broken, or unapproved: `live` in the file, which nobody with the right has said."""
    version: int
    live_version: int | None
    """The version that acts; another one than `version` where the file has changed since."""
    live_by: str | None
    live_at: int | None
    path: str
    line: int
    owner: str
    priority: int
    actions: tuple[str, ...]
    """Each in words, as `tag scam` or `mute for 7 days`."""
    hits_today: int
    hits_30d: int
    acted_30d: int
    reversed_30d: int
    skipped_30d: int
    micros: float
    """CPU microseconds for each message, the mean of 30 days."""
    paused_why: str
    problems: tuple[Problem, ...]
    source: str
    """Its document, as it stands in the file; of a broken one the last that could be read."""
    seen: str
    """Digest of the file, for `save`."""
    rule: Rule | None = None
    """None where it is broken."""


def rules_folder(desk: Desk) -> Path:
    """The folder of the rule files; it need not exist."""
    return desk.rules


def book(desk: Desk) -> Rulebook:
    """The folder of a desk, which is read again only when a file has changed."""
    return rulebook.shared(desk.rules)


def load(desk: Desk) -> RuleSet:
    """The folder as it is now; versions that are new are written down."""
    found = book(desk).read()
    rulebook.record(desk.db, found, desk.now())
    return found


def listing(desk: Desk) -> list[RuleState]:
    """All rules, larger priorities first, broken ones too. What a file holds that is no rule is in `load(desk).problems`."""
    found = load(desk)
    settle(desk)
    now = desk.now()
    standings = rulebook.standings(desk.db, found, now)
    rows, latest = rules.rules(desk.db), rules.newest(desk.db)
    month, today = tallies.since(desk.db, now - MONTH), tallies.since(desk.db, now)
    here = {rule.id: rule for rule in found.rules}
    states = [
        _state(desk, found, rows[ident], latest[ident], here.get(ident), standing, month.get(ident), today.get(ident))
        for ident, standing in standings.items()
        if ident in latest
    ]
    return sorted(states, key=lambda state: (-state.priority, state.id))


def settle(desk: Desk) -> None:
    """Write down what became of rules' acts; a rule whose acts are taken back too often is paused by that."""
    if rule_acts.settle(desk.db, desk.now()):
        pause_reversed(desk.db, load(desk), desk.now())


def rule_state(desk: Desk, ident: str) -> RuleState:
    """One rule. Raises `NotFound`."""
    found = next((state for state in listing(desk) if state.id == ident), None)
    if found is None:
        raise NotFound(f"There is no rule {ident!r}.", hint="`modconsole rules list` shows which there are.")
    return found


def _state(
    desk: Desk,
    found: RuleSet,
    row: RuleRow,
    latest: Version,
    rule: Rule | None,
    standing: Standing,
    month: Tally | None,
    today: Tally | None,
) -> RuleState:
    month, today = month or Tally(), today or Tally()
    shown = rule if rule is not None else rulebook.rule_of(latest)
    problems = [
        problem
        for problem in found.problems
        if problem.rule == row.id or (not problem.rule and problem.path == row.path)
    ]
    return RuleState(
        id=row.id,
        name=shown.name,
        status=shown.status,
        effective=standing.effective,
        version=row.version,
        live_version=row.live_version,
        live_by=row.live_by,
        live_at=row.live_at,
        path=row.path,
        line=shown.line,
        owner=shown.owner,
        priority=shown.priority,
        actions=tuple(action_words(action) for action in shown.actions),
        hits_today=today.hits,
        hits_30d=month.hits,
        acted_30d=month.acted,
        reversed_30d=month.reversed,
        skipped_30d=month.skipped,
        micros=month.mean,
        paused_why=row.paused_why or "",
        problems=(*problems, *_standing_problems(row, shown, standing)),
        source=shown.source,
        seen=digest_of(desk.rules / row.path) if row.path else "",
        rule=rule,
    )


def _standing_problems(row: RuleRow, rule: Rule, standing: Standing) -> list[Problem]:
    """What somebody who set a rule live should know of how it stands."""
    from modconsole.policy.model import Problem

    words, hint = "", ""
    if standing.effective == "unapproved":
        words = "The file says `live`, and nobody with the right has set this version live: it only judges."
        hint = f"`modconsole rules live {row.id}` does, with the evidence."
    elif standing.effective == "live" and row.live_version != row.version:
        words = f"Version {row.version} is not approved: version {row.live_version} stays in force."
        hint = f"`modconsole rules live {row.id}` sets the new one live."
    if not words:
        return []
    return [Problem(path=row.path, line=rule.line, column=1, words=words, hint=hint, rule=row.id, warning=True)]


def action_words(action: Action) -> str:
    """An action as people read it: `tag scam`, `mute for 7 days`."""
    words = f"{action.name} {action.value}".strip()
    if action.span is None:
        return words
    days, rest = divmod(action.span, DAY)
    if rest:
        hours = action.span / (DAY / 24)
        return f"{words} for {hours:g} {'hour' if hours == 1 else 'hours'}"
    return f"{words} for {days} {'day' if days == 1 else 'days'}"


# -- changing ----------------------------------------------------------------------------------------------------------------


def digest_of(path: Path) -> str:
    """What tells whether a file has changed; empty where it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def save(desk: Desk, path: str | None, text: str, *, seen: str = "", rule: str | None = None) -> RuleState:
    """Write a rule's text into its file, and give the rule as it stands then.

    `path` is the file's name within the folder; None makes a new one, named after the rule's id. With `rule` the text replaces
    that rule's document and leaves others of the file as they are, else it is the whole file. `seen` is the digest that the file
    had when its text was shown (`RuleState.seen`).

    A text with mistakes is written all the same: the rule is broken then, and says why. Raises `Conflict` where the file has
    changed since, `InputError` where it cannot be written, or where nobody can tell which rule it is.
    """
    from modconsole.policy.load import read_documents

    folder = desk.rules
    text = text if text.endswith("\n") else text + "\n"
    read, problems = read_documents(text, path or "", load(desk).lists)
    ident = rule or next((each.id for each in read), "") or next((each.rule for each in problems if each.rule), "")
    if not ident:
        words = problems[0].words if problems else "There is no rule in it."
        raise InputError(words, hint=problems[0].hint if problems else "Write `id:` first.")
    target = _inside(folder, path or f"{ident}.yaml")
    if path is None and target.exists():
        raise Conflict(f"There is a file {target.name} already.", hint="Choose another id, or edit that rule.")
    if path is not None and target.exists() and digest_of(target) != seen:
        raise Conflict(
            f"{path} has changed since you looked at it.",
            hint="Read it again; your text is not lost: save it elsewhere.",
        )
    whole = text if rule is None else _with_document(desk, target, rule, text)
    write_file(target, whole)
    found = book(desk).read()
    rulebook.record(desk.db, found, desk.now(), by=desk.who)
    return rule_state(desk, ident)


def _inside(folder: Path, name: str) -> Path:
    """A file of the folder. Raises `InputError` for one elsewhere, and for one that is no rule file."""
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()) or target.suffix not in SUFFIXES:
        raise InputError(f"{name!r} is no name for a rule file.", hint="Name it as `scam.yaml`, within the folder.")
    return target


def _with_document(desk: Desk, target: Path, ident: str, text: str) -> str:
    """The file's text with one rule's document replaced. Raises `InputError` where that cannot be found."""
    from modconsole.policy.write import replaced

    row = rules.rule(desk.db, ident)
    latest = rules.version(desk.db, ident, row.version) if row is not None else None
    if latest is None or not target.exists():
        return text
    line = rulebook.rule_of(latest).line
    return replaced(target.read_bytes().decode("utf-8"), line, latest.source, text)


def write_file(path: Path, text: str) -> None:
    """Write a file so that whoever reads it sees the old text or the new one. Raises `InputError`.

    A new file is private. What may be done with a file and a folder that are there is left as it is: a team may share them.
    """
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from None
