"""`rules backtest` and `rules apply`: a rule on all messages that are stored."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.call import Call, bar
from modconsole.cli.rule_call import RULE, many, rule_command
from modconsole.domain.safetext import line
from modconsole.errors import UsageError

if TYPE_CHECKING:
    from modconsole.desk.trial import Report, TrialHit


class Against(click.ParamType[int | None]):
    """A version's number, `last` or `none`."""

    name = "version"

    def convert(self, value: int | str | None, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """0 for `last`, None for `none`."""
        if value is None or isinstance(value, int):
            return value
        if value in ("last", "none"):
            return 0 if value == "last" else None
        if value.isascii() and value.isdecimal() and 0 < int(value) < 1 << 31:
            return int(value)
        return self.fail(f"{value!r} is no version.", param, ctx)


AGAINST = click.option(
    "--against",
    type=Against(),
    default="last",
    metavar="VERSION",
    help="Compare with this version, or none. Default: the one that acts, else the one before.",
)


def tried(call: Call, rule: str, against: int | None, limit: int) -> Report:
    """Try a rule, with its progress on a terminal."""
    from modconsole.desk import trying

    desk = call.desk()
    with call.progress() as tell:
        return trying.backtest(
            desk,
            rule,
            against=against,
            limit=limit,
            told=lambda done, of, hits: tell(f"{bar(done, of)}{done:,} of {of:,} messages, {hits:,} hits"),
        )


@rule_command("backtest")
@RULE
@AGAINST
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="Show at most so many of each kind.",
)
@click.option(
    "--fail-on", type=click.Choice(["expect", "skips"]), multiple=True, help="Exit code 1 where that is not kept."
)
def backtest_(call: Call, rule: str, against: int | None, limit: int, fail_on: tuple[str, ...]) -> int:
    """Try a rule on all stored messages. Nothing is done, and nothing is written but a copy of the texts that makes it fast.

    RULE is the id of a rule of the folder, or a file with one rule. The report says what it hits, newest first; what moderators
    had decided on those messages, disagreements first; what it adds and loses against the last version; which rules hit the same;
    and how many people it would have left without an answer.

    With `--fail-on expect` the exit code is 1 where a bound of `expect:` is not kept; with `--fail-on skips` where an expression
    took too long on some message.
    """
    from modconsole.desk import rule_documents

    found = tried(call, rule, against, limit)
    if call.as_json:
        call.document(rule_documents.report(found))
    else:
        say_report(call, found)
    broken = any(not each.kept for each in found.bounds) and "expect" in fail_on
    return 1 if broken or (found.skips and "skips" in fail_on) else 0


def say_report(call: Call, found: Report, *, listed: bool = True) -> None:
    """The report for people; without `listed` its figures alone."""
    rate = f"{found.scanned / found.seconds:,.0f} a second" if found.seconds else ""
    whole = "" if found.complete else f" (stopped: {found.scanned:,} of {found.of:,})"
    call.say(f"{many(found.hits, 'hit')} of {many(found.scanned, 'message')}{whole}, {found.seconds:.2f} s, {rate}")
    if found.hits:
        call.say(f"  per day       {_per_day(found)}")
    decided = f"removed {found.removed:,}, kept {found.kept:,}, open {found.open:,}"
    share = f"; precision {found.precision:.1%}" if found.precision is not None else ""
    call.say(f"  moderators    {decided}{share}")
    if found.compared:
        call.say(f"  against       +{found.added:,} −{found.lost:,}")
    for each in found.overlaps:
        call.say(f"  overlaps      {each.rule}: {each.hits:,} of the latest {found.overlaps_of:,}")
    call.say(f"  left waiting  {found.left_waiting:,}{_names(found)}")
    for bound in found.bounds:
        limits = " and ".join(
            f"{word} {value:g}"
            for word, value in (("at least", bound.least), ("at most", bound.most))
            if value is not None
        )
        told = f"{bound.found:.3g}" if bound.found is not None else "cannot be said yet"
        call.say(f"  {'✓' if bound.kept else '✗'} {bound.name} {limits}: {told}")
    if found.skips:
        call.say(f"  ! given up on {many(found.skips, 'message')}: an expression took too long")
        for item in dict.fromkeys(each.item for each in found.skipped):
            call.say(f"      {item}")
    if listed:
        _say_hits(found)


def _per_day(found: Report) -> str:
    from modconsole.desk.trial import per_day

    most = max(found.per_day, key=lambda day: day.hits)
    mean = per_day(found.per_day)
    return f"{f'{mean:,.1f}' if mean >= 1 else f'{mean:.2g}'} on average, at most {most.hits:,} ({people.local(most.at)[:10]})"


def _names(found: Report) -> str:
    names = ", ".join(people.who(each.person, each.handle, each.name) for each in found.waiting[:5])
    more = "…" if found.left_waiting > 5 else ""
    return f": {names}{more}" if names else ""


def _say_hits(found: Report) -> None:
    """Disagreements first, then what came and went, then the latest."""
    for title, hits in (
        ("Kept by moderators:", found.disagreements),
        ("Added:", found.first_added),
        ("Lost:", found.first_lost),
        ("Hits, the latest stored first:", found.first),
    ):
        if hits:
            click.echo(f"\n{title}")
            people.table(
                ("when", "who", "message", "decided", "what they wrote"),
                [_hit(each) for each in hits],
                whole=frozenset({2}),
            )


def _hit(each: TrialHit) -> tuple[str, ...]:
    marked = (
        f"{each.text[: each.start]}[{each.text[each.start : each.end]}]{each.text[each.end :]}"
        if each.end
        else each.text
    )
    cut = f"{'…' if each.cut_before else ''}{marked}{'…' if each.cut_after else ''}"
    field = f"{each.field}: " if each.field != "body" else ""
    how = f" ({each.channel})" if each.channel else ""
    return (
        people.local(each.created)[:10],
        people.who(each.person, each.handle, each.name),
        f"{each.source} {each.message}",
        f"{each.decided}{', waits' if each.waits else ''}",
        line(f"{field}{cut}{how}"),
    )


@rule_command("apply")
@RULE
@click.option("--yes", is_flag=True, help="Do it, without asking.")
def apply_(call: Call, rule: str, yes: bool) -> int:
    """Let a rule act on all stored messages that it hits, as your own acts.

    A live rule acts on what comes in after it went live; this is for what was here before. Acts on a platform go out with the
    next sync after the undo delay; what cannot be done there, or not be taken back, is proposed (`modconsole rules proposals`).
    """
    from modconsole.desk import ruling, trying

    desk = call.desk()
    state = ruling.rule_state(desk, rule)
    with call.progress() as tell:
        ids = trying.hits_of(desk, rule, told=lambda done, of, hits: tell(f"{bar(done, of)}{hits:,} hits"))
    if ids and not yes:
        words = f"{rule} hits {many(len(ids), 'stored message')}. On each: {', '.join(state.actions)}."
        if not sys.stdin.isatty() or call.as_json:
            raise UsageError(words, hint="Say --yes if that is what you want.")
        call.warn(words)
        click.confirm("Do it?", abort=True, err=True)
    done = ruling.apply(desk, rule, ids)
    if call.as_json:
        call.document({"rule": rule, "hits": done.hits, "done": done.done, "proposed": done.left})
    else:
        call.say(f"{many(done.hits, 'hit')}: {many(done.done, 'act')} done or in line, {done.left:,} proposed.")
    return 0
