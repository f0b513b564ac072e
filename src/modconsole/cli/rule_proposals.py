"""`rules proposals`, `accept`, `decline`: what waits for a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.call import Call
from modconsole.cli.rule_call import rule_command
from modconsole.errors import ModConsoleError

if TYPE_CHECKING:
    from modconsole.desk.ruling import Proposal

IDS = click.argument("ids", nargs=-1, required=True, metavar="ID...")


@rule_command("proposals")
@click.option("--rule", metavar="RULE", help="Of this rule only.")
def proposals_(call: Call, rule: str | None) -> int:
    """What rules propose and do not do themselves, and what the ladder of strikes proposes; oldest first."""
    from modconsole.desk import rule_documents, ruling

    found = ruling.proposals(call.desk(), rule=rule)
    if call.as_json:
        call.document({"proposals": [rule_documents.proposal(each) for each in found]})
    elif found:
        people.table(
            ("since", "rule", "proposed", "who", "message", "id", "why not done, and what they wrote"),
            [_line(each) for each in found],
            whole=frozenset({4, 5}),
        )
        call.say("`modconsole rules accept ID` does it, `modconsole rules decline ID` does not.")
    else:
        call.say("Nothing is proposed.")
    return 0


def by_whom(rule: str) -> str:
    """Who proposes: a rule by its id, or the ladder of strikes."""
    from modconsole.desk.strikes import LADDER

    return "the ladder" if rule == LADDER else rule


def _line(each: Proposal) -> tuple[str, ...]:
    return (
        people.local(each.at),
        by_whom(each.rule),
        each.words,
        people.who(each.person, each.handle, each.name),
        f"{each.source} {each.message}",
        each.id,
        f"{each.why} “{each.text}”".strip(),
    )


@rule_command("accept")
@IDS
def accept_(call: Call, ids: tuple[str, ...]) -> int:
    """Do what is proposed, as your own act. What cannot be taken back is confirmed by that.

    Exit code 2 where one of them could not be done; it stays proposed, and the others are done.
    """
    return _decide(call, ids, accepted=True)


@rule_command("decline")
@IDS
def decline_(call: Call, ids: tuple[str, ...]) -> int:
    """Do not do what is proposed."""
    return _decide(call, ids, accepted=False)


def _decide(call: Call, ids: tuple[str, ...], *, accepted: bool) -> int:
    from modconsole.desk import rule_documents, ruling

    desk = call.desk()
    done, failed = [], []
    for ident in ids:
        try:
            done.append(ruling.accept(desk, ident) if accepted else ruling.decline(desk, ident))
        except ModConsoleError as error:
            if len(ids) == 1:
                raise
            failed.append((ident, error))
    if call.as_json:
        call.document(
            {
                "decided": [rule_documents.rule_act(each) for each in done],
                "failed": [{"id": ident, "why": str(why)} for ident, why in failed],
            }
        )
    else:
        for each in done:
            call.say(f"{'Done' if accepted else 'Not done'}: {by_whom(each.rule)}: {each.action} {each.value}".rstrip())
        for ident, why in failed:
            call.warn(f"{ident}: {why}")
    return max((why.exit_code for _, why in failed), default=0)
