"""`rules versions`, `diff`, `blame`, `rollback`: the past of a rule."""

from __future__ import annotations

import sys

import click

from modconsole.cli import people
from modconsole.cli.call import Call
from modconsole.cli.rule_call import RULE, many, rule_command
from modconsole.errors import UsageError


@rule_command("versions")
@RULE
def versions_(call: Call, rule: str) -> int:
    """The versions of a rule, newest first: a version is a text that does something else than the one before."""
    from modconsole.desk import rule_documents, ruling

    desk = call.desk()
    state = ruling.rule_state(desk, rule)
    found = ruling.versions(desk, rule)
    if call.as_json:
        call.document({"rule": rule, "versions": [rule_documents.version(each, state) for each in found]})
        return 0
    people.table(
        ("version", "since", "by", "status", "name"),
        [
            (
                f"{each.version}{' acts' if each.version == state.live_version else ''}",
                people.local(each.at),
                each.by or "?",
                f"{each.status}{f', as version {each.restored}' if each.restored else ''}",
                each.name,
            )
            for each in found
        ],
    )
    return 0


@rule_command("diff")
@RULE
@click.argument("one", type=click.IntRange(1), required=False)
@click.argument("other", type=click.IntRange(1), required=False)
def diff_(call: Call, rule: str, one: int | None, other: int | None) -> int:
    """What changed between two versions of a rule.

    Without OTHER, between ONE and the newest; without ONE, between the version that acts, or the one before, and the newest. Exit
    code 1 where they differ.
    """
    from modconsole.desk import ruling

    desk = call.desk()
    state = ruling.rule_state(desk, rule)
    newest = other or state.version
    if one is None:
        acts = state.live_version if state.live_version not in (None, newest) else None
        one = acts or max(1, newest - 1)
    lines = ruling.diff(desk, rule, one, newest)
    if call.as_json:
        call.document({"rule": rule, "from": one, "to": newest, "diff": lines})
    elif lines:
        for each in lines:
            call.say(each)
    else:
        call.say(f"Versions {one} and {newest} are the same.")
    return 1 if lines else 0


@rule_command("blame")
@RULE
def blame_(call: Call, rule: str) -> int:
    """Of each line of a rule which version brought it, whose that was, and when."""
    from modconsole.desk import rule_documents, ruling

    lines = ruling.blame(call.desk(), rule)
    if call.as_json:
        call.document({"rule": rule, "lines": [rule_documents.blame(each) for each in lines]})
        return 0
    wide = max((len(each.by) for each in lines), default=0)
    for each in lines:
        call.say(f"{each.version:>4}  {each.by:<{wide}}  {people.local(each.at)}  {each.line:>4}  {each.text}")
    return 0


@rule_command("rollback")
@RULE
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--restore", is_flag=True, help="Also take back what the versions after it did, each act on its platform."
)
@click.option("--yes", is_flag=True, help="Without asking.")
def rollback_(call: Call, rule: str, version: int, restore: bool, yes: bool) -> int:
    """Make the text of an old version the newest. Nothing of the past is lost.

    It acts again where somebody had set it live and you have the right; else it judges in the shadow. Exit code 1 where some of
    what was done could not be taken back.
    """
    from modconsole.desk import ruling

    desk = call.desk()
    acts = ruling.since(desk, rule, version) if restore else 0
    if acts and not yes:
        words = f"{many(acts, 'act')} of later versions would be taken back."
        if not sys.stdin.isatty() or call.as_json:
            raise UsageError(words, hint="Say --yes if that is what you want.")
        call.warn(words)
        click.confirm("Do it?", abort=True, err=True)
    done = ruling.rollback(desk, rule, version, restore=restore)
    if call.as_json:
        call.document(
            {
                "rule": rule,
                "version": done.version,
                "restored": done.restored,
                "live": done.live,
                "undone": done.undone,
                "failed": list(done.failed),
            }
        )
    else:
        stands = "acts" if done.live else "judges in the shadow"
        call.say(f"Version {done.version} of {rule} has the text of version {done.restored}, and {stands}.")
        if restore:
            call.say(f"{many(done.undone, 'act')} taken back.")
        for each in done.failed:
            call.say(f"  ! {each}")
    return 1 if done.failed else 0
