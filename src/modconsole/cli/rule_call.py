"""What the commands of `rules` have in common: the folder they are about, and how problems are printed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modconsole.cli.call import Call, command

if TYPE_CHECKING:
    from modconsole.policy.model import Problem


def rule_command(name: str) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command that is about a folder of rules: adds `--rules` to what every command has."""

    def wrap(function: Callable[..., int | None]) -> click.Command:
        def run(call: Call, rules: str | None, **options: Any) -> int | None:
            call.rules = rules
            return function(call, **options)

        made: Callable[..., Any] = functools.update_wrapper(run, function)
        made = click.option(
            "--rules", metavar="DIR", help="The folder of rules. Default: MODCONSOLE_RULES, else beside the database."
        )(made)
        return command(name)(made)

    return wrap


RULE = click.argument("rule")


def near(path: Path) -> Path:
    """A path as people write it: from where they are, where it is below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def many(number: int, what: str) -> str:
    """A number with the word for what was counted."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def problem_line(problem: Problem) -> str:
    """A problem as compilers print them, so that editors find the place."""
    kind = "warning: " if problem.warning else ""
    return (
        f"{problem.path}:{problem.line}:{problem.column}: {kind}{' '.join(filter(None, (problem.words, problem.hint)))}"
    )


def say_problems(call: Call, problems: Iterable[Problem]) -> None:
    """Print problems, each on a line."""
    for each in problems:
        call.say(problem_line(each))
