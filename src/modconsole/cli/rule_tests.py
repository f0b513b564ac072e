"""`rules check` and `rules test`: what is wrong with rules, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modconsole.cli.call import Call
from modconsole.cli.rule_call import many, near, rule_command, say_problems
from modconsole.config import paths
from modconsole.errors import InputError

if TYPE_CHECKING:
    from modconsole.desk.checking import Checked, Tested


def _read(call: Call, files: tuple[str, ...] = ()) -> Checked:
    """The files that a call names, else its folder of rules."""
    from modconsole.desk import checking

    if files:
        return checking.check([Path(each).expanduser() for each in files])
    folder = paths.rules(call.path, call.rules)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", hint="Name rule files or a folder, or use --rules.")
    return checking.check([near(folder)])


@rule_command("check")
@click.argument("files", nargs=-1, metavar="[FILE...]")
def check_(call: Call, files: tuple[str, ...]) -> int:
    """Look for mistakes in rule files.

    FILE is a rule file or a folder of them; without any, the folder of rules. Nothing else is needed, no database either. Each
    problem is a line, `file:line:column: what is wrong`. Exit code 1 where a rule cannot be used; a warning is none.
    """
    from modconsole.desk import rule_documents

    found = _read(call, files)
    wrong = sum(not each.warning for each in found.problems)
    if call.as_json:
        call.document(
            {
                "ok": not found.wrong,
                "rules": len(found.rules),
                "problems": [rule_documents.problem(each) for each in found.problems],
            }
        )
    else:
        say_problems(call, found.problems)
        told = f", {many(wrong, 'problem')}" if wrong else ""
        call.say(f"{many(len(found.rules), 'rule')} can be used{told}.")
    return 1 if found.wrong else 0


@rule_command("test")
@click.argument("rules_named", nargs=-1, metavar="[RULE...]")
@click.option("--junit", metavar="FILE", help="Also write the results as JUnit's XML.")
def test_(call: Call, rules_named: tuple[str, ...], junit: str | None) -> int:
    """Try rules on their own examples, `tests:` in their files.

    RULE is the id of a rule; without any, all are tried. No database is needed. Exit code 1 where an example does not come out as
    it should, or a rule cannot be read.
    """
    from modconsole.desk import checking, rule_documents

    checked = _read(call)
    tested = checking.try_examples(checked, rules_named)
    broken = [each for each in checked.problems if not each.warning and (not rules_named or each.rule in rules_named)]
    if junit is not None:
        _write(junit, checking.junit(tested, broken))
    failed = sum(each.failed for each in tested)
    if call.as_json:
        call.document(
            {
                "ok": not failed and not broken,
                "rules": [rule_documents.tested(each) for each in tested],
                "problems": [rule_documents.problem(each) for each in broken],
            }
        )
    else:
        _say_tests(call, tested)
        say_problems(call, broken)
        count = sum(len(each.results) for each in tested)
        none = sum(not each.results for each in tested)
        without = f" {many(none, 'rule')} without examples." if none else ""
        call.say(f"{count - failed:,} of {count:,} examples come out as they should.{without}")
    return 1 if failed or broken else 0


def _say_tests(call: Call, tested: tuple[Tested, ...]) -> None:
    for each in tested:
        for result in each.results:
            if not result.ok:
                wanted = "hit" if result.example.hit else "miss"
                text = " ".join(result.example.text.split())
                call.say(
                    f"{each.rule.path}:{result.example.line}: {each.rule.id} should {wanted} “{text}”: {result.why}"
                )


def _write(name: str, text: str) -> None:
    try:
        Path(name).expanduser().write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{name} cannot be written: {error.strerror}.") from None
