"""A folder of rule files → rules, lists, settings, and the problems of those that are wrong: never of one for another.

    FOLDER/house.yaml        settings                    `house`
    FOLDER/lists.yaml        lists that rules share      `lists`
    FOLDER/lists/NAME.txt    one list, an item a line
    FOLDER/**/*.yaml, *.yml  rules, one or several documents in a file   `rule_doc`

Hidden files and folders are left alone, so the folder can live in git.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from modconsole.policy import lists as shared
from modconsole.policy.house import read_house
from modconsole.policy.model import House, Problem, Rule, RuleSet
from modconsole.policy.notes import Notes, Spot
from modconsole.policy.rule_doc import read_rule
from modconsole.policy.yaml_nodes import documents, spot

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of one YAML file."""
LARGEST_LIST: Final = 8 * 1024 * 1024
"""Bytes of a list, which is read line by line."""
MOST_FILES: Final = 5_000
SUFFIXES: Final = (".yaml", ".yml")


class Memory:
    """What files held when they were read the last time: of a thousand rules one has changed, and reading YAML takes milliseconds
    for each. A file is read again when its text is another, and all are when lists or settings are."""

    def __init__(self) -> None:
        self._about: tuple[dict[str, tuple[str, ...]], House] | None = None
        self._before: dict[str, tuple[str, list[Rule], list[Problem]]] = {}
        self._now: dict[str, tuple[str, list[Rule], list[Problem]]] = {}

    def begin(self, lists: dict[str, tuple[str, ...]], house: House) -> None:
        """A folder is read, with these lists and settings."""
        self._before = self._now if self._about == (lists, house) else {}
        self._about, self._now = (lists, house), {}

    def read(
        self, text: str, path: str, lists: dict[str, tuple[str, ...]], house: House
    ) -> tuple[list[Rule], list[Problem]]:
        """`read_documents`, where it was not done before."""
        known = self._before.get(path)
        if known is None or known[0] != text:
            known = (text, *read_documents(text, path, lists, house=house))
        self._now[path] = known
        return known[1], known[2]


def load_folder(path: Path, memory: Memory | None = None) -> RuleSet:
    """Everything in a folder. A folder that is not there has no rules, and that is no problem.

    With the `memory` of the last time only what has changed is read again.
    """
    memory = memory or Memory()
    problems: list[Problem] = []
    lists = _lists(path, problems)
    house = House()
    text = _text(path / "house.yaml", "house.yaml", problems)
    if text is not None:
        house, found = read_house(text)
        problems += found
    memory.begin(lists, house)
    rules: list[Rule] = []
    for count, name in enumerate(rule_files(path)):
        if count == MOST_FILES:
            problems.append(_problem("many files", name, most=MOST_FILES))
            break
        text = _text(path / name, name, problems)
        if text is not None:
            read, found = memory.read(text, name, lists, house)
            rules += read
            problems += found
    kept, again = without_repeated(rules)
    problems = sorted([*problems, *again], key=lambda problem: (problem.path, problem.line, problem.column))
    return RuleSet(rules=tuple(kept), problems=tuple(problems), house=house, lists=lists)


def read_documents(
    text: str, path: str, lists: Mapping[str, tuple[str, ...]] | None = None, *, house: House | None = None
) -> tuple[list[Rule], list[Problem]]:
    """The rules of one file, and what is wrong with the others in it."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for document in documents(text):
        rule, found = read_rule(document.text, path=path, line=document.line, lists=lists, house=house)
        problems += found
        if rule is not None:
            rules.append(rule)
    return rules, problems


def without_repeated(rules: list[Rule]) -> tuple[list[Rule], list[Problem]]:
    """The rules whose id no earlier one has, whatever the case of its letters, and a problem for each of the others."""
    first: dict[str, Rule] = {}
    problems = []
    for rule in rules:
        before = first.setdefault(rule.id.casefold(), rule)
        if before is not rule:
            where = f"{before.path}:{before.line}" if before.path else f"line {before.line}"
            notes = Notes(rule.path, rule.line)
            notes.rule = rule.id
            notes.say("id twice", _place_of_id(rule), id=rule.id, where=where)
            problems += notes.problems()
    return [*first.values()], problems


def rule_files(folder: Path) -> Iterator[str]:
    """The names of the files that may hold rules, in order, with `/` between folders."""
    found = []
    for where, folders, names in os.walk(folder):
        inside = Path(where).relative_to(folder)
        top = inside == Path()
        folders[:] = [name for name in folders if not name.startswith(".") and not (top and name == "lists")]
        for name in names:
            own = top and name in ("house.yaml", "lists.yaml")
            if not own and not name.startswith(".") and name.lower().endswith(SUFFIXES):
                found.append((inside / name).as_posix())
    return iter(sorted(found))


def read_text(path: Path) -> str:
    """The text of a file, its line ends as they are. Raises `OSError` and `UnicodeDecodeError`."""
    return path.read_bytes().decode("utf-8")


def _place_of_id(rule: Rule) -> Spot:
    match = re.search(r"""(?:^|[{,])[ ]*["']?(id)["']?[ ]*:""", rule.source, re.MULTILINE)
    return spot(rule.source, match.start(1) if match else 0, rule.line)


def _lists(folder: Path, problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    written: list[shared.Written] = []
    notes: list[Notes] = []
    text = _text(folder / "lists.yaml", "lists.yaml", problems)
    if text is not None:
        written, notes = shared.from_yaml(text, "lists.yaml")
    inside = folder / "lists"
    for name in sorted(os.listdir(inside)) if inside.is_dir() else ():
        if name.startswith("."):
            continue
        shown = f"lists/{name}"
        if not name.endswith(".txt"):
            problems.append(_problem("list file", shown))
            continue
        text = _text(inside / name, shown, problems)
        if text is not None:
            written.append(shared.from_lines(text, shown, name.removesuffix(".txt")))
            notes.append(written[-1].notes)
    found = shared.together(written)
    problems += shared.problems(notes)
    return found


def _text(path: Path, shown: str, problems: list[Problem]) -> str | None:
    """The text of a file; None where it is not there, or cannot be read, which is noted."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # a pipe would never end
            problems.append(_problem("no file", shown))
            return None
        most = LARGEST_LIST if shown.endswith(".txt") else LARGEST
        if about.st_size > most:
            problems.append(_problem("large file", shown, most=most // 1024 // 1024))
            return None
        return read_text(path)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        before = bytes(error.object[: error.start]).decode("utf-8", "replace")
        notes = Notes(shown)
        notes.say("no utf-8", spot(before, len(before)))
        problems += notes.problems()
    except OSError as error:
        problems.append(_problem("unreadable", shown, why=error.strerror or "unknown reason"))
    return None


def _problem(saying: str, path: str, **values: Any) -> Problem:
    notes = Notes(path)
    notes.say(saying, None, **values)
    return notes.problems()[0]


__all__ = ["load_folder", "read_documents", "read_house", "read_rule", "rule_files", "without_repeated"]
