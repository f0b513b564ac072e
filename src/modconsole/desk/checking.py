"""Rule files, checked and tried on their own examples: without a database, so that a repository of rules can do it in CI."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from xml.sax.saxutils import quoteattr

from msgspec import Struct
from msgspec.structs import replace

from modconsole.errors import InputError, NotFound
from modconsole.policy.load import SUFFIXES, load_folder
from modconsole.policy.model import Problem, Rule, RuleSet

if TYPE_CHECKING:
    from modconsole.policy.examples import Result

_T = TypeVar("_T", Rule, Problem)
ROOT_FILES: Final = ("house.yaml", "lists.yaml", "lists")
"""What tells the folder of a file from a folder below it."""


class Checked(Struct, frozen=True, kw_only=True):
    """What was found in files of rules. Paths are as the caller named them."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]

    @property
    def wrong(self) -> bool:
        """Whether there is a problem that is more than a warning."""
        return any(not each.warning for each in self.problems)


class Tested(Struct, frozen=True, kw_only=True):
    """A rule with what came of its examples."""

    rule: Rule
    results: tuple[Result, ...]

    @property
    def failed(self) -> int:
        """How many did not come out as they should."""
        return sum(not each.ok for each in self.results)


def check(paths: Sequence[Path]) -> Checked:
    """Read folders of rules, and files in such folders. Raises `InputError` for what is not there."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    read: dict[Path, RuleSet] = {}
    for path in paths:
        folder, name = _place(path)
        found = read.get(folder) or read.setdefault(folder, load_folder(folder))
        rules += [_named(rule, path, name) for rule in found.rules if name in ("", rule.path)]
        problems += [_named(each, path, name) for each in found.problems if name in ("", each.path)]
    return Checked(rules=tuple(rules), problems=tuple(sorted(problems, key=lambda p: (p.path, p.line, p.column))))


def _place(path: Path) -> tuple[Path, str]:
    """The folder of rules of a path, and the file's name within it; empty for a folder."""
    if path.is_dir():
        return path, ""
    if not path.is_file():
        raise InputError(f"There is no file or folder {path}.", hint="Name rule files, or a folder of them.")
    if path.suffix not in (*SUFFIXES, ".txt"):
        raise InputError(f"{path} is no rule file.", hint=f"Rule files end in {' or '.join(SUFFIXES)}.")
    here = path.absolute().parent
    for folder in (here, *here.parents):
        if any((folder / each).exists() for each in ROOT_FILES):
            return folder, path.absolute().relative_to(folder).as_posix()
    return here, path.name


def _named(each: _T, given: Path, name: str) -> _T:
    """The same with the path as the caller named it."""
    return replace(each, path=os.fspath(given if name else given / each.path))


def try_examples(checked: Checked, rules: Sequence[str] = ()) -> tuple[Tested, ...]:
    """Try rules on their own examples: all, or those with these ids. Raises `NotFound`."""
    from modconsole.policy.examples import run  # loads the engine

    known = {rule.id for rule in checked.rules} | {each.rule for each in checked.problems}
    for ident in rules:
        if ident not in known:
            raise NotFound(f"There is no rule {ident!r}.", hint="`modconsole rules list` shows which there are.")
    wanted = [rule for rule in checked.rules if not rules or rule.id in rules]
    return tuple(Tested(rule=rule, results=run(rule)) for rule in wanted)


def junit(tested: Sequence[Tested], problems: Sequence[Problem]) -> str:
    """The results as JUnit's XML, which CI servers show: a suite for each rule, and one for what cannot be read."""
    suites = []
    wrong = [each for each in problems if not each.warning]
    if wrong:
        cases = [
            f"    <testcase classname={_attribute(each.path)} name={_attribute(f'line {each.line}')}>"
            f"<error message={_attribute(each.words)}/></testcase>"
            for each in wrong
        ]
        suites.append(f'  <testsuite name="rule files" tests="{len(wrong)}" failures="0" errors="{len(wrong)}">')
        suites += [*cases, "  </testsuite>"]
    for each in tested:
        count = len(each.results)
        suites.append(
            f'  <testsuite name={_attribute(each.rule.id)} tests="{count}" failures="{each.failed}" errors="0">'
        )
        for result in each.results:
            wanted = "hit" if result.example.hit else "miss"
            name = f"{wanted}: {' '.join(result.example.text.split())[:100]}"
            failure = "" if result.ok else f"<failure message={_attribute(result.why)}/>"
            suites.append(
                f"    <testcase classname={_attribute(each.rule.id)} name={_attribute(name)}"
                f' file={_attribute(each.rule.path)} line="{result.example.line}">{failure}</testcase>'
            )
        suites.append("  </testsuite>")
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>"]) + "\n"


def _attribute(text: str) -> str:
    """Text in quotes, without what XML cannot hold at all."""
    return quoteattr("".join(char if char.isprintable() else "\ufffd" for char in text))


__all__ = ["Checked", "Tested", "check", "junit", "try_examples"]
