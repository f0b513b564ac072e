"""`rules hits`, `explain`, `digest`, `conflicts`: what rules found, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modconsole.cli import people
from modconsole.cli.acting import MESSAGE, SOURCE
from modconsole.cli.call import Call, Until
from modconsole.cli.looking import LIMIT
from modconsole.cli.rule_call import RULE, rule_command
from modconsole.domain.times import DAY
from modconsole.errors import UsageError

if TYPE_CHECKING:
    from modconsole.desk.ruling import Digest, Explained, ExplainedRule, Hit

BEFORE, AFTER = 40, 120
"""Characters of a message that are shown before and after the words that were found."""


@rule_command("hits")
@RULE
@click.option("--before", type=click.IntRange(1), metavar="NUMBER", help="Older ones than the hit of this number.")
@LIMIT
def hits_(call: Call, rule: str, before: int | None, limit: int) -> int:
    """What a rule found, newest first, with the words, and what was done about it. Exit code 1 where it found nothing."""
    from modconsole.desk import rule_documents, ruling

    desk = call.desk()
    ruling.rule_state(desk, rule)
    found = ruling.hits(desk, rule, limit, before)
    if call.as_json:
        call.document({"rule": rule, "hits": [rule_documents.hit(each) for each in found]})
    elif found:
        people.table(
            ("when", "who", "message", "mode", "done", "number", "what they wrote"),
            [_hit(each) for each in found],
            whole=frozenset({2, 5}),
        )
    else:
        call.say(f"{rule} has found nothing.")
    return 0 if found else 1


def _hit(each: Hit) -> tuple[str, ...]:
    done = ", ".join(f"{act.action}{'' if act.state == 'done' else f' ({act.state})'}" for act in each.acts)
    return (
        people.local(each.at),
        people.who(each.person, each.handle, each.name),
        f"{each.source} {each.message}",
        f"{each.mode} v{each.version}",
        done or ("taken back" if each.undone_at is not None else ""),
        f"{each.ident}",
        marked(each.text, each.matches),
    )


def marked(text: str, matches: list[dict[str, Any]]) -> str:
    """The part of a text where the first words were found, in brackets; what was found elsewhere is named."""
    first = matches[0] if matches else None
    if first is None:
        return text
    if first["field"] != "body":
        return f"{first['field']}: [{first['words']}]"
    start, end = first["start"], first["end"]
    head = f"…{text[start - BEFORE : start]}" if start > BEFORE else text[:start]
    how = f" ({first['channel']})" if first.get("channel") else ""
    more = f" and {len(matches) - 1:,} more" if len(matches) > 1 else ""
    return f"{head}[{text[start:end]}]{text[end : end + AFTER]}{how}{more}"


@rule_command("explain")
@SOURCE
@MESSAGE
@click.option("--rule", metavar="RULE", help="This rule only.")
@click.option("--hits", "only", is_flag=True, help="Only the rules that hit it.")
def explain_(call: Call, source: str, message: str, rule: str | None, only: bool) -> int:
    """Why each rule hits a message, or does not: selection by selection, with the words.

    The rules are asked as they are now; what they said when the message came in, and what was done then, stands below. Exit
    code 1 where no rule hits it.
    """
    from modconsole.desk import rule_documents, ruling

    desk = call.desk()
    if rule is not None:
        ruling.rule_state(desk, rule)
    found = ruling.explain(desk, source, message)
    shown = [each for each in found.rules if (rule is None or each.id == rule) and (each.hits or not only)]
    if call.as_json:
        call.document(rule_documents.explained(found, shown))
    else:
        for each in shown:
            _explain(call, each)
        _verdicts(call, found, rule)
        if not any(each.hits for each in shown):
            call.say("No rule hits this message." if rule is None else f"{rule} does not hit this message.")
    return 0 if any(each.hits for each in shown) else 1


def _explain(call: Call, each: ExplainedRule) -> None:
    says = "hits" if each.hits else "does not hit"
    why = f": {each.why_not}" if each.why_not else ""
    call.say(f"{each.id} v{each.version} ({each.effective}) {says}{why}")
    for selection in each.selections:
        call.say(f"  {'✓' if selection.holds else '·'} {selection.name}")
        for at, alternative in enumerate(selection.alternatives):
            if at:
                call.say("      or")
            for check in alternative:
                words = ", ".join(dict.fromkeys(f"“{match.words}”" for match in check.matches))
                call.say(f"    {'✓' if check.holds else '·'} {check.words}{f' → {words}' if words else ''}")
    if each.excepted:
        words = ", ".join(dict.fromkeys(f"“{match.words}”" for match in each.excepted))
        call.say(f"    excepted: {words}")


def _verdicts(call: Call, found: Explained, rule: str | None) -> None:
    said = [each for each in found.verdicts if rule is None or each.rule == rule]
    if said:
        call.say()
        call.say("Said when it came in:")
    for each in said:
        acts = ", ".join(f"{act.action} ({act.state}{f': {act.trouble}' if act.trouble else ''})" for act in each.acts)
        undone = f", taken back by {each.undone_by}" if each.undone_at is not None and each.undone_by else ""
        call.say(
            f"  {people.local(each.at)}  {each.rule} v{each.version} ({each.mode}) {acts or 'nothing was done'}{undone}"
        )


@rule_command("digest")
@click.option(
    "--since", type=Until(), metavar="TIME", help="Since a time, or a length of time ago as 7d. Default: a day ago."
)
def digest_(call: Call, since: tuple[str, int] | None) -> int:
    """What rules found and did, what was taken back, what waits for a word. Counts are of whole days (UTC)."""
    from modconsole.desk import rule_documents, ruling

    desk = call.desk()
    at = desk.now() - DAY
    if since is not None:
        at = desk.now() - since[1] if since[0] == "span" else since[1]
    if at > desk.now():
        raise UsageError("--since is still to come.")
    found = ruling.digest(desk, at)
    if call.as_json:
        call.document(rule_documents.digest(found))
    else:
        _digest(call, found)
    return 0


def _digest(call: Call, found: Digest) -> None:
    call.say(f"Since {people.local(found.since)}")
    if found.rules:
        people.table(
            ("rule", "stands", "hits", "acted", "taken back", "given up", ""),
            [
                (
                    day.state.id,
                    day.state.effective,
                    f"{day.tally.hits:,}",
                    f"{day.tally.acted:,}",
                    f"{day.tally.reversed:,}",
                    f"{day.tally.skipped:,}",
                    day.state.paused_why,
                )
                for day in found.rules
            ],
            right=frozenset({2, 3, 4, 5}),
            whole=frozenset({0}),
        )
    else:
        call.say("No rule found anything.")
    for title, acts in (("Done:", found.acts), ("To be known:", found.notes)):
        if acts:
            call.say()
            call.say(title)
            for each in acts[-50:]:
                who = people.who(each.person, each.handle, each.name)
                call.say(
                    f"  {people.local(each.act.at)}  {each.act.rule}: {each.act.action} ({each.act.state})"
                    f"  {who}  {each.source} {each.native}"
                )
            if len(acts) > 50:
                call.say(f"  and {len(acts) - 50:,} before them")
    if found.proposals:
        call.say()
        call.say(f"{found.proposals:,} proposed: `modconsole rules proposals` lists them.")
    if found.judging is not None and found.judging.failed_at is not None:
        call.say(f"! Judging fails since {people.local(found.judging.failed_at)}: {found.judging.failure}")
    if found.left:
        call.say(f"{found.left:,} messages are to be judged yet; the next sync does it.")


@rule_command("conflicts")
def conflicts_(call: Call) -> int:
    """Rules that hit the same messages and undo each other's work, or do the same. Exit code 1 where there are some."""
    from modconsole.desk import ruling

    found = ruling.conflicts(call.desk())
    if call.as_json:
        call.document(
            {
                "conflicts": [
                    {"rules": list(each.rules), "messages": each.messages, "words": each.words} for each in found
                ]
            }
        )
    else:
        for each in found:
            many = f"{each.messages:,} message{'' if each.messages == 1 else 's'} of 30 days"
            call.say(f"{each.words} ({many})")
        if not found:
            call.say("No rules are in each other's way.")
    return 1 if found else 0
