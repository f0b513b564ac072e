"""`rules live`, `shadow`, `pause`: what a rule may do."""

from __future__ import annotations

import sys

import click

from modconsole.cli.call import Call
from modconsole.cli.rule_call import RULE, rule_command
from modconsole.cli.rule_trials import say_report, tried
from modconsole.cli.rules import say_state
from modconsole.errors import UsageError


@rule_command("live")
@RULE
@click.option("--version", type=click.IntRange(1), metavar="N", help="Only if the rule is at this version.")
@click.option("--yes", is_flag=True, help="Without asking.")
@click.option("--insist", is_flag=True, help="Although a bound of `expect:` is not kept.")
def live_(call: Call, rule: str, version: int | None, yes: bool, insist: bool) -> int:
    """Let a rule act on what comes in from now on.

    It is tried on all stored messages first; you see what it would have done and are asked. What you saw is kept with the
    version. Only that version acts: a file that changes afterwards has to be set live again. Who may do this is in `house.yaml`.
    """
    from modconsole.desk import rule_documents, ruling, trying

    desk = call.desk()
    state = ruling.rule_state(desk, rule)
    if not ruling.may_set_live(desk):
        ruling.go_live(desk, rule, state.version, {})  # says who may, before anything takes time
    found = tried(call, rule, 0, 20)
    lost = [each.name for each in found.bounds if not each.kept]
    if not call.as_json:
        say_report(call, found, listed=False)
    if lost and not insist:
        raise UsageError(f"A bound of `expect:` is not kept: {', '.join(lost)}.", hint="Say --insist to set it live.")
    if not yes:
        if not sys.stdin.isatty() or call.as_json:
            raise UsageError(
                "Nobody is here to be asked.", hint="Say --yes once you have seen `modconsole rules backtest`."
            )
        call.warn(f"It will do this with every message that it hits: {', '.join(state.actions)}.")
        click.confirm(f"Set {rule} version {state.version} live?", abort=True, err=True)
    evidence = trying.evidence_of(state, found)
    state = ruling.go_live(desk, rule, version or state.version, evidence)
    if call.as_json:
        call.document({**rule_documents.rule(state), "evidence": evidence})
    else:
        call.say(f"{rule} version {state.live_version} acts from now on. `modconsole rules pause {rule}` stops it.")
    return 0


@rule_command("shadow")
@RULE
def shadow_(call: Call, rule: str) -> int:
    """Let a rule judge and count, and do nothing. `modconsole rules hits` shows what it finds."""
    from modconsole.desk import rule_documents, ruling

    state = ruling.set_status(call.desk(), rule, "shadow")
    if call.as_json:
        call.document(rule_documents.rule(state))
    else:
        say_state(call, state)
    return 0


@rule_command("pause")
@RULE
@click.option("--why", default="", metavar="WORDS", help="Why; shown in the list of rules.")
def pause_(call: Call, rule: str, why: str) -> int:
    """Let a rule do nothing until somebody sets it live again. What it did stays; `rollback --restore` takes it back."""
    from modconsole.desk import rule_documents, ruling

    state = ruling.pause(call.desk(), rule, why)
    if call.as_json:
        call.document(rule_documents.rule(state))
    else:
        call.say(f"{rule} is paused: {state.paused_why}")
    return 0
