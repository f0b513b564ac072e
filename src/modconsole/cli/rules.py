"""`rules`: the group, and what there is: list, show, new, schema. The other commands are in modules of their own.

- `rule_call`     what they have in common
- `rule_tests`    check, test
- `rule_trials`   backtest, apply
- `rule_life`     live, shadow, pause; `rule_past` versions, diff, blame, rollback
- `rule_finds`    hits, explain, digest, conflicts; `rule_proposals` proposals, accept, decline
- `rule_words`    guidelines, notice
- `rule_imports`  import automod
"""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.call import Call, command
from modconsole.cli.rule_call import RULE, near, problem_line, rule_command, say_problems

if TYPE_CHECKING:
    from modconsole.desk.ruling import RuleState

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("rules", "All rules, with what they found and cost."),
    "show": ("rules", "One rule: how it stands, and its text."),
    "new": ("rules", "Begin a rule."),
    "check": ("rule_tests", "Look for mistakes in rule files; needs no database."),
    "test": ("rule_tests", "Try rules on their own examples; needs no database."),
    "backtest": ("rule_trials", "Try a rule on all stored messages."),
    "explain": ("rule_finds", "Why each rule hits a message, or does not."),
    "live": ("rule_life", "Let a rule act."),
    "shadow": ("rule_life", "Let a rule judge and count, and do nothing."),
    "pause": ("rule_life", "Let a rule do nothing until somebody sets it live again."),
    "versions": ("rule_past", "The versions of a rule."),
    "diff": ("rule_past", "What changed between two versions of a rule."),
    "blame": ("rule_past", "Who changed which line of a rule, and when."),
    "rollback": ("rule_past", "Bring back an old version of a rule, and undo what later ones did."),
    "hits": ("rule_finds", "What a rule found."),
    "digest": ("rule_finds", "What rules found and did in a day."),
    "conflicts": ("rule_finds", "Rules that hit the same messages and want different things."),
    "proposals": ("rule_proposals", "What rules propose, and the ladder of strikes."),
    "accept": ("rule_proposals", "Do what is proposed."),
    "decline": ("rule_proposals", "Do not do what is proposed."),
    "apply": ("rule_trials", "Let a rule act on messages that were here before it."),
    "guidelines": ("rule_words", "The community guidelines, from the rules' words for members."),
    "notice": ("rule_words", "What to tell a member about a rule."),
    "import": ("rule_imports", "Take over rules from elsewhere."),
    "schema": ("rules", "The JSON Schema of rule files, for editors."),
}
"""Name → the module it is in, and what it does in one line."""


class Rules(click.Group):
    """A group that lists the rules when it is called without a command, and imports a command when it is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Call `list` where no command is named."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, imported now."""
        if cmd_name == "lab":  # the console talks to it through pipes; nobody calls it by hand
            found = importlib.import_module("modconsole.cli.rule_lab").lab_
        elif cmd_name in COMMANDS:
            found = getattr(importlib.import_module(f"modconsole.cli.{COMMANDS[cmd_name][0]}"), f"{cmd_name}_")
        else:
            return None
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group("rules", cls=Rules)
def rules_() -> None:
    """The rules of the house: what they are, what they would do, what they did."""


@rule_command("list")
@click.option("--all", "every", is_flag=True, help="With what is wrong or worth knowing about each.")
def list_(call: Call, every: bool) -> int:
    """All rules, larger priorities first: how each stands, what it found and what it cost.

    `stands` is draft, shadow, live, paused, expired, broken, or unapproved: the file says live, and nobody with the right has set
    that version live.
    """
    from modconsole.desk import rule_documents, ruling

    desk = call.desk()
    states = ruling.listing(desk)
    named = {id(problem) for state in states for problem in state.problems}
    others = [each for each in ruling.load(desk).problems if id(each) not in named]
    if call.as_json:
        call.document(
            {
                "folder": str(ruling.rules_folder(desk)),
                "rules": [rule_documents.rule(each) for each in states],
                "problems": [rule_documents.problem(each) for each in others],
            }
        )
        return 0
    if states:
        people.table(
            ("rule", "stands", "today", "30 days", "acted", "taken back", "given up", "µs", "does", "name"),
            [_line(each) for each in states],
            right=frozenset({2, 3, 4, 5, 6, 7}),
            whole=frozenset({0}),
        )
    else:
        call.say(f"There are no rules in {near(ruling.rules_folder(desk))}. `modconsole rules new ID` begins one.")
    shown = [*(problem for state in states for problem in state.problems), *others]
    for each in shown if every else [problem for problem in shown if not problem.warning]:
        call.say(problem_line(each))
    for state in states:
        if state.effective == "paused" and state.paused_why:
            call.say(f"{state.id} is paused: {state.paused_why}")
    return 0


def _line(each: RuleState) -> tuple[str, ...]:
    version = f" v{each.live_version}" if each.live_version not in (None, each.version) else ""
    return (
        each.id,
        f"{each.effective}{version}",
        f"{each.hits_today:,}",
        f"{each.hits_30d:,}",
        f"{each.acted_30d:,}",
        f"{each.reversed_30d:,}",
        f"{each.skipped_30d:,}",
        f"{each.micros:.1f}",
        ", ".join(each.actions),
        each.name,
    )


@rule_command("show")
@RULE
def show_(call: Call, rule: str) -> int:
    """One rule: how it stands, what is wrong with it, and its text."""
    from modconsole.desk import rule_documents, ruling

    state = ruling.rule_state(call.desk(), rule)
    if call.as_json:
        call.document({**rule_documents.rule(state), "source": state.source})
        return 0
    say_state(call, state)
    call.say()
    call.say(state.source.rstrip())
    return 0


def say_state(call: Call, state: RuleState) -> None:
    """How a rule stands, in lines."""
    call.say(f"{state.id}: {state.name}")
    live = ""
    if state.live_version is not None and state.live_at is not None:
        live = f", version {state.live_version} set live by {state.live_by} on {people.local(state.live_at)}"
    stands = f"{state.effective}, version {state.version}{live}"
    lines = [("stands", stands), ("file", f"{state.path}:{state.line}"), ("owner", state.owner)]
    lines += [("does", ", ".join(state.actions)), ("paused", state.paused_why)]
    lines.append(
        (
            "30 days",
            f"{state.hits_30d:,} hits ({state.hits_today:,} today), {state.acted_30d:,} acts, {state.reversed_30d:,} taken back,"
            f" given up on {state.skipped_30d:,} messages, {state.micros:.1f} µs a message",
        )
    )
    for label, said in lines:
        if said:
            call.say(f"  {label:<8} {said}")
    say_problems(call, state.problems)


@rule_command("new")
@click.argument("ident", metavar="ID")
@click.option("--name", default="", metavar="NAME", help="What it is called among moderators. Default: its id.")
@click.option("--word", "words", multiple=True, metavar="WORD", help="A word or words to look for; may be given again.")
def new_(call: Call, ident: str, name: str, words: tuple[str, ...]) -> int:
    """Begin a rule: a draft in a file of its own, named after its id.

    A draft judges nothing. Write it in your editor, or in the rule lab of the console; `check`, `test` and `backtest` try it.
    """
    from modconsole.desk import rule_documents, ruling
    from modconsole.desk.drafting import new_text

    desk = call.desk(create=True)
    state = ruling.save(desk, None, new_text(ident, name, words, owner=desk.who))
    if call.as_json:
        call.document(rule_documents.rule(state))
    else:
        call.say(f"{near(ruling.rules_folder(desk) / state.path)} holds a draft.")
        say_problems(call, state.problems)
    return 0


@command("schema")
def schema_(call: Call) -> int:
    """The JSON Schema of rule files, for editors that complete and check as you type.

    Written to a file beside the rules it is found by a first line `# yaml-language-server: $schema=FILE`.
    """
    from modconsole.desk.drafting import schema

    if call.as_json:
        call.document(schema())
    else:
        call.say(json.dumps(schema(), indent=2, ensure_ascii=True))
    return 0
