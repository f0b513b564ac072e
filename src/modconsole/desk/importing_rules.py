"""AutoModerator's configuration taken over: one file for each rule, all of them drafts, and a report of what became of each.

The files go into a folder of their own within the rules' folder, named so that they keep the order of the configuration: rules
of the same priority are looked at in that order. A file that is there is never written over. When a configuration is imported
again, the mark in each file's first lines says which rules are as they were, and the id which ones have changed; for those the
report has both texts, and a person decides. An import that was interrupted is completed by the same call.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from modconsole.desk.desk import Desk
from modconsole.desk.rule_states import load, rules_folder, write_file
from modconsole.errors import InputError

if TYPE_CHECKING:
    from modconsole.policy.automod import Imported, Note, State, Translated
    from modconsole.policy.model import Problem

FOLDER: Final = "automod"
"""Where the rules go if nobody says otherwise."""
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a configuration. Reddit takes half a megabyte."""
STEP: Final = 10
"""Between the numbers of two files: room for rules that come between them later."""
_ID: Final = re.compile(r"""^id:[ \t]*(["']?)([A-Za-z0-9][A-Za-z0-9._-]*)\1[ \t]*(?:#.*)?$""", re.MULTILINE)
_NUMBER: Final = re.compile(r"(\d+)-")
_ESCAPED: Final = re.compile(r"&(?:lt|gt|amp|quot|#39);")

Became = Literal["new", "unchanged", "changed", "none"]
BECAME: Final[dict[Became, str]] = {
    "new": "a file was written, or would be",
    "unchanged": "is there already, from the same text",
    "changed": "is there already, from another text: its file was left as it is",
    "none": "no rule was made of it",
}
Told = Callable[[Literal["reading", "writing"], int, int], None]
"""Told what is done, with how many rules so far, and of how many."""


class RuleImport(Struct, frozen=True, kw_only=True):
    """What became of one section of the configuration."""

    position: int
    """Its number, from 1."""
    line: int
    name: str
    id: str
    """Empty where no rule was made of it."""
    state: State
    """How well it was translated (`policy.automod.STATES`)."""
    became: Became
    path: str = ""
    """Its file, within the rules' folder."""
    why: str = ""
    """Why no rule was made of it."""
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What the rule language warns of."""
    source: str = ""
    """The rule as it was translated."""
    before: str = ""
    """Of one that has changed: the file as it is."""
    original: str = ""
    """The section as it stands in the configuration."""


class ImportReport(Struct, frozen=True, kw_only=True):
    """What became of a configuration."""

    file: str
    folder: str
    """Within the rules' folder."""
    dry: bool
    """Whether nothing was written."""
    rules: tuple[RuleImport, ...]
    gone: tuple[tuple[str, str], ...] = ()
    """(id, file) of rules that an earlier import of this file made, and that it has no more; they are left as they are."""
    order: Literal["set", "was set", "not set"] = "not set"
    """Whether `house.yaml` has AutoModerator's order."""
    notes: tuple[str, ...] = ()
    """What is to be known about all of them."""

    def states(self) -> dict[State, int]:
        """How many sections were translated how."""
        from modconsole.policy.automod import STATES

        return {state: sum(rule.state == state for rule in self.rules) for state in STATES}

    def became(self) -> dict[Became, int]:
        """How many rules are new, unchanged, changed."""
        return {word: sum(rule.became == word for rule in self.rules) for word in BECAME}


class _There(Struct, frozen=True):
    """A rule file that is there."""

    path: str
    text: str
    mark: str
    id: str
    ours: bool
    """Whether it is in the folder of the import."""


def import_automod(
    desk: Desk,
    path: Path,
    *,
    folder: str = FOLDER,
    dry: bool = False,
    order: bool = False,
    told: Told | None = None,
) -> ImportReport:
    """Take over AutoModerator's configuration from a file.

    `folder` is the folder within that of the rules; with `dry` nothing is written; with `order`, `house.yaml` is given
    AutoModerator's order of evaluation, which counts for all rules. Raises `InputError` where the file cannot be read, or the
    rules cannot be written; what was written by then stays, and the same call goes on with the rest.
    """
    from modconsole.policy.automod import convert

    text = _text(path)
    say = told or (lambda *_: None)
    inside = _folder(folder)
    imported = convert(text, file=path.name, told=lambda done, of: say("reading", done, of))
    there = _there(rules_folder(desk), inside)
    planned = _planned(imported, there, inside)
    new = [rule for rule in planned if rule.became == "new"]
    for done, rule in enumerate(new, start=1):
        if not dry:
            _write_new(rules_folder(desk) / rule.path, rule.source)
        say("writing", done, len(new))
    state = _order(desk, wanted=order, dry=dry)
    if not dry:
        load(desk)
    return ImportReport(
        file=path.name,
        folder=inside,
        dry=dry,
        rules=tuple(planned),
        gone=_gone(planned, there, path.name),
        order=state,
        notes=(*_about(text, planned), *imported.notes),
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(found) > LARGEST:
        raise InputError(
            f"{path} has more than {LARGEST // 1024 // 1024} MB.", hint="Is it AutoModerator's configuration?"
        )
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: this is no UTF-8.", hint="Save the file as UTF-8.") from None


def _folder(name: str) -> str:
    """The folder's name, checked."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or any(part in ("..", "lists") or part.startswith(".") for part in parts):
        raise InputError(f"{name!r} is no folder within that of the rules.", hint="Name it as `automod`.")
    return "/".join(parts)


def _about(text: str, rules: Sequence[RuleImport]) -> Iterator[str]:
    escaped = _ESCAPED.search(text)
    if escaped is not None:
        line = text.count("\n", 0, escaped.start()) + 1
        yield (
            f"Line {line} has `{escaped[0]}`: perhaps the text was copied out of a page's source. Then get it again from the page"
            " for editing."
        )
    places = [rule.path for rule in rules if rule.path]
    if places != sorted(places):
        yield "The order has changed since the first import; rules of the same priority keep that of their files."


# -- what is there ---------------------------------------------------------------------------------------------------------


def _there(root: Path, inside: str) -> list[_There]:
    """The rule files that are there. One that cannot be read is no hindrance here: the loader tells of it."""
    from modconsole.policy.automod import mark_of
    from modconsole.policy.load import rule_files

    found = []
    for name in rule_files(root) if root.is_dir() else ():
        try:
            text = (root / name).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        mark = mark_of(text)
        ids = [match[2] for match in _ID.finditer(text)] or [""]
        found += [_There(name, text, mark, ident, name.startswith(f"{inside}/")) for ident in ids]
    return found


def _planned(imported: Imported, there: Sequence[_There], inside: str) -> list[RuleImport]:
    """What becomes of each section: which are there, which are new, and what their files are called."""
    marked: dict[str, list[_There]] = {}
    for each in there:
        if each.ours and each.mark:
            marked.setdefault(each.mark, []).append(each)
    taken = {each.id.casefold(): each for each in there}
    known: list[_There | None] = []
    for rule in imported.rules:
        same = marked.get(rule.mark, [])
        known.append(same.pop(0) if same and rule.source else None)
    claimed = {each.path for each in known if each is not None}
    planned: list[RuleImport] = []
    for rule, same_text in zip(imported.rules, known, strict=True):
        before = same_text
        if before is None and rule.source:
            named = taken.get(rule.id.casefold())
            if named is not None and named.ours and named.mark and named.path not in claimed:
                before = named
                claimed.add(named.path)
        planned.append(_one(rule, before, changed=same_text is None))
    _name_new(planned, taken, inside)
    return planned


def _one(rule: Translated, before: _There | None, *, changed: bool) -> RuleImport:
    became: Became = "none" if not rule.source else "new" if before is None else "changed" if changed else "unchanged"
    return RuleImport(
        position=rule.position,
        line=rule.line,
        name=rule.name,
        id=rule.id if before is None else before.id,
        state=rule.state,
        became=became,
        path=before.path if before is not None else "",
        why=rule.why,
        notes=rule.notes,
        problems=rule.problems,
        source=rule.source,
        before=before.text if before is not None and changed else "",
        original=rule.original,
    )


def _name_new(planned: list[RuleImport], taken: dict[str, _There], inside: str) -> None:
    """Give new rules their files, each behind the one before it in the configuration, and an id that no other rule has."""
    ids = set(taken) | {rule.id.casefold() for rule in planned if rule.became in ("unchanged", "changed")}
    low = ""
    for at, rule in enumerate(planned):
        if rule.became != "new":
            low = _number(rule.path) or low
            continue
        later = (_number(each.path) for each in planned[at + 1 :] if each.path)
        high = next((number for number in later if number > low), None)
        low = between(low, high)
        ident, count = rule.id, 1
        while ident.casefold() in ids:
            count += 1
            ident = f"{rule.id[:58]}-{count}"
        ids.add(ident.casefold())
        source = rule.source.replace(f"\nid: {rule.id}\n", f"\nid: {ident}\n", 1)
        name = f"{inside}/{low}-{ident.removeprefix('am-')}.yaml"
        planned[at] = replace(rule, id=ident, source=source, path=name)


def _number(path: str) -> str:
    found = _NUMBER.match(PurePosixPath(path).name)
    return found[1] if found is not None else ""


def between(low: str, high: str | None) -> str:
    """Digits that come after `low` and before `high` in the order of texts; None is the end. The next ten where there is room."""
    if high is None:
        number = int(low or "0") // 10 ** max(0, len(low) - 5) + STEP
        return f"{number:05d}" if number < 100_000 else f"{low}5"
    width = max(len(low), len(high), 5)
    while True:
        first, last = int((low or "0").ljust(width, "0")), int(high.ljust(width, "0"))
        if last - first > 1:
            return f"{(first + last) // 2:0{width}d}"
        width += 1


def _gone(planned: Sequence[RuleImport], there: Sequence[_There], file: str) -> tuple[tuple[str, str], ...]:
    here = {rule.path for rule in planned}
    origin = f"# From AutoModerator: {file}, rule "
    return tuple(
        (each.id, each.path) for each in there if each.ours and each.path not in here and each.text.startswith(origin)
    )


# -- writing ---------------------------------------------------------------------------------------------------------------


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there: whole or not at all, and never over another."""
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        raise InputError(
            f"{path.name} has just been written by somebody else.", hint="Import again: it goes on with the rest."
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _order(desk: Desk, *, wanted: bool, dry: bool) -> Literal["set", "was set", "not set"]:
    """Give `house.yaml` AutoModerator's order, where that is wanted and not so."""
    from modconsole.policy.automod import HOUSE
    from modconsole.policy.house import read_house
    from modconsole.policy.write import with_value

    path = rules_folder(desk) / "house.yaml"
    try:
        text = path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        text = ""
    except (OSError, UnicodeDecodeError):
        raise InputError("house.yaml cannot be read.", hint="Correct it, or import without its order.") from None
    if text.strip() and read_house(text)[0].order == "automoderator":
        return "was set"
    if not wanted:
        return "not set"
    if not dry:
        write_file(path, with_value(text, "order", "automoderator") if text.strip() else HOUSE)
    return "set"
