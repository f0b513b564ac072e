"""`rules import`: rules that were written for something else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modconsole.cli.call import Call, bar
from modconsole.cli.rule_call import many, rule_command

if TYPE_CHECKING:
    from modconsole.desk.importing_rules import ImportReport, RuleImport


@click.group("import")
def import_() -> None:
    """Take over rules from elsewhere."""


@rule_command("automod")
@click.argument("file")
@click.option("--folder", default="automod", show_default=True, metavar="NAME", help="Within the folder of rules.")
@click.option("--dry-run", "dry", is_flag=True, help="Write nothing; say what would become of each.")
@click.option(
    "--order", is_flag=True, help="Also let all rules be evaluated in AutoModerator's order (`order:` in house.yaml)."
)
@click.option("--all", "every", is_flag=True, help="Also list the rules that mean the same here.")
def automod_(call: Call, file: str, folder: str, dry: bool, order: bool, every: bool) -> int:
    """Take over an AutoModerator configuration from Reddit.

    Each rule becomes a draft in a file of its own; a file that is there is never written over. What is not the same here is told
    rule by rule, with the reason. Importing again adds what is new and tells what has changed.

    Exit code 1 where anything is not the same here.
    """
    from modconsole.desk import importing_rules, rule_documents

    desk = call.desk(create=True)
    with call.progress() as tell:
        found = importing_rules.import_automod(
            desk,
            Path(file).expanduser(),
            folder=folder,
            dry=dry,
            order=order,
            told=lambda what, done, of: tell(f"{bar(done, of)}{what} {done:,} of {of:,} rules"),
        )
    lost = any(rule.state not in ("translated", "empty") for rule in found.rules)
    if call.as_json:
        call.document(rule_documents.imported(found))
    else:
        _say(call, found, every)
    return 1 if lost else 0


def _say(call: Call, found: ImportReport, every: bool) -> None:
    from modconsole.desk import rule_documents

    for rule in found.rules:
        if every or rule.state not in ("translated", "empty") or rule.became == "changed" or rule.problems:
            _rule(call, found, rule)
    for each in found.notes:
        call.say(each)
    for ident, path in found.gone:
        call.say(f"{ident} is no longer in the configuration; {path} is left as it is.")
    if found.order == "set":
        call.say(f"house.yaml {'would be' if found.dry else 'is'} given AutoModerator's order of evaluation.")
    call.say(f"{many(len(found.rules), 'section')} of {found.file}:")
    for state, number in found.states().items():
        if number:
            call.say(f"{number:>6,} {state}: {rule_documents.became_words(state)}")
    became = found.became()
    wrote = (
        f"{many(became['new'], 'draft')} {'would be' if found.dry else 'was' if became['new'] == 1 else 'were'} written"
    )
    there = became["unchanged"] + became["changed"]
    call.say(f"{wrote}{f', {there:,} are there already' if there else ''}.")


def _rule(call: Call, found: ImportReport, rule: RuleImport) -> None:
    changed = " (changed since; its file was left as it is)" if rule.became == "changed" else ""
    call.say(f"{found.file}:{rule.line}: {rule.name}: {rule.state}{f' → {rule.path}' if rule.path else ''}{changed}")
    if rule.why:
        call.say(f"    {rule.why}")
    for note in rule.notes:
        place = f"line {note.line}, " if note.line else ""
        call.say(f"    {note.kind}: {place}{note.key}: {note.words}" if note.key else f"    {note.kind}: {note.words}")
    for problem in rule.problems:
        call.say(f"    warning: {' '.join(filter(None, (problem.words, problem.hint)))}")


import_.add_command(automod_)
