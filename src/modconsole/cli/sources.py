"""`sources`: list, show, set, check, remove, pause, resume. Adding is in `adding`, who is us in `identities`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.adding import add_, platforms_, sign_in_
from modconsole.cli.call import Call, command
from modconsole.cli.identities import YES, identities, settle
from modconsole.errors import UsageError

if TYPE_CHECKING:
    from modconsole.desk.covering import Detail
    from modconsole.store.coverage import StandingGap


class WithList(click.Group):
    """A group that lists when it is called without a command, with the options of its list."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Call `list` where no command is named."""
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("sources", cls=WithList)
def sources_() -> None:
    """The places that are looked after."""


@command("list")
def list_(call: Call) -> int:
    """All sources, and whether each can vouch for what is shown of it."""
    from modconsole.desk import documents, views

    with documents.moment(call.desk(), None) as desk:
        states, now = views.coverage(desk), desk.now()
        gaps = {state.source.id: documents.standing(desk, state) for state in states} if call.as_json else {}
    if call.as_json:
        call.document({"sources": [documents.source(state, gaps[state.source.id]) for state in states]})
        return 0
    rows = []
    for state in states:
        row = state.source
        looked = f"{people.age(state.checked_at, now)} ago" if state.checked_at is not None else "never"
        how = "paused" if row.paused else looked if row.account else "imported"
        rows.append((row.id, row.platform, state.state, how, f"{row.open_asks:,}", f"{row.conversations:,}", state.why))
    people.table(
        ("source", "platform", "state", "last look", "open", "conversations", "why"),
        rows,
        right=frozenset({4, 5}),
        whole=frozenset({0}),
    )
    return 0


@command("show")
@click.argument("source")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="At most so many gaps."
)
@click.option(
    "--item", type=int, metavar="ID", help="Print something that was set aside, as it came from the platform."
)
def show_(call: Call, source: str, limit: int, item: int | None) -> int:
    """What a source can vouch for: how far it was seen, every gap with its reason, what was set aside, who we are there."""
    from modconsole.desk import covering, documents

    if item is not None:
        payload = covering.payload(call.desk(), source, item)
        if call.as_json:
            call.document({"source": source, "id": item, "payload": payload})
        else:
            call.say(payload)
        return 0
    with documents.moment(call.desk(), None) as desk:
        found, now = covering.detail(desk, source, listed=limit), desk.now()
    if call.as_json:
        call.document(documents.detail(found))
    else:
        _show(call, found, now)
    return 0


def _show(call: Call, found: Detail, now: int) -> None:
    state, row = found.state, found.state.source
    word = "paused" if row.paused else {"fresh": "can vouch", "stale": "stale", "failed": "cannot vouch"}[state.state]
    call.say(f"{row.id}: {row.name} · {found.title}{f' · {row.url}' if row.url else ''}")
    lines: list[tuple[str, str]] = [("state", f"{word}{f': {state.why}' if state.why else ''}")]
    if row.failed_at is not None:
        lines.append(("fails", f"since {people.local(row.failed_at)}: {row.failure or 'the last sync failed'}"))
        lines += [("to do", row.hint)] if row.hint else []
    if row.retry_at is not None and row.retry_at > now:
        lines.append(("rate limit", f"the platform wants to be left alone until {people.local(row.retry_at)}"))
    lines.append(("complete to", people.local(state.complete_through)))
    lines.append(("last look", people.local(state.checked_at)))
    lines.append(("full walk", people.local(row.walked_at)))
    lines += [("gap", _gap(each)) for each in found.gaps]
    if row.gaps:
        lines.append(("gaps", f"{_many(row.gaps, 'conversation')} could not be seen to the end"))
        lines += [("", f"{each.conversation}: {_gap(each)}") for each in found.conversations]
        if row.gaps > len(found.conversations):
            lines.append(("", f"and {row.gaps - len(found.conversations):,} more"))
    lines += [("missing", each) for each in found.missing]
    if row.poisoned:
        lines.append(("set aside", f"{_many(row.poisoned, 'item')} that could not be read"))
        lines += [("", f"{e.ident}: {people.local(e.at)}  {e.why} ({e.size:,} bytes)") for e in found.set_aside]
    for each in row.identities:
        kind = (each.kind or "person") + (", counts" if each.counts else "")
        here = ", we reply as this one" if each.id == found.identity else ""
        lines.append(("us", f"{people.who(each.id, each.handle, each.name)} ({each.id}, {kind}{here})"))
    held = f", {found.holdings.held:,} held" if found.holdings.held else ""
    lines.append(
        (
            "holds",
            f"{found.holdings.messages:,} messages{held}, {found.holdings.conversations:,} conversations,"
            f" {found.holdings.people:,} people, {row.open_asks:,} open asks",
        )
    )
    lines.append(("answer in", f"{row.target_hours:g} hours{f' of {row.hours}' if row.hours else ''}"))
    lines.append(("backlog", f"before {people.local(row.connected_at)}" if row.connected_at is not None else "none"))
    if found.secret:
        lines.append(("secret", found.secret))
    for label, said in lines:
        call.say(f"  {label:<12} {said}")


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _gap(each: StandingGap) -> str:
    stretch = ""
    if each.begins is not None or each.ends is not None:
        stretch = f", of {people.local(each.begins)} to {people.local(each.ends)}"
    return f"{each.why} (since {people.local(each.since)}{stretch})"


@command("set")
@click.argument("source")
@click.option("--name", metavar="NAME", help="Its name in full.")
@click.option("--target-hours", metavar="N", help="How long somebody may wait.")
@click.option("--hours", metavar="HOURS", help="Business hours, as Mon-Fri 09:00-17:00 Europe/Berlin; or always.")
@click.option("--answer", type=click.Choice(["usual", "everyone", "opener", "addressed"]), help="Whom we answer.")
@click.option("--backlog", metavar="DATE", help="What is older is backlog: now, 30d, 2026-11-01, none.")
@click.option("--fresh-within", metavar="MINUTES", help="Stale after so long without a complete look; default: 15.")
@YES
def set_(call: Call, source: str, yes: bool, **given: str | None) -> int:
    """Change what was chosen when a source was added.

    Which asks that changes is shown before it is saved. Without --yes, and with nobody to ask, nothing is saved (exit code 1).
    """
    from modconsole.desk import sources
    from modconsole.desk.adding import WrongAnswers

    texts = {name.replace("_", "-"): text for name, text in given.items() if text is not None}
    if not texts:
        raise UsageError(
            "Nothing is to be changed.", hint="Name it: --target-hours, --hours, --answer, --backlog, --name."
        )
    desk = call.desk()
    try:
        planned = sources.changed(desk, source, texts)
    except WrongAnswers as error:
        raise UsageError(str(error)) from None
    return settle(call, desk, planned, yes)


@command("check")
@click.argument("source")
def check_(call: Call, source: str) -> int:
    """Ask the platform whether the sign-in is good, and which permissions are missing. Exit code 1 where some are."""
    from modconsole.desk import covering

    missing = covering.check(call.desk(), source)
    if call.as_json:
        call.document({"source": source, "missing": missing})
    else:
        call.say(f"{source}: the sign-in is good{', but:' if missing else ', and nothing is missing.'}")
        for each in missing:
            call.say(f"  ! {each}")
    return 1 if missing else 0


@command("remove")
@click.argument("source")
def remove_(call: Call, source: str) -> int:
    """Stop syncing a source and forget its password. What it brought stays."""
    from modconsole.desk import sources

    done = sources.remove(call.desk(), source)
    if call.as_json:
        call.document({"source": source, "removed": done})
    else:
        call.say(f"{source} is no longer synced; what it brought stays." if done else f"{source} was not synced.")
    return 0 if done else 1


def _pause(call: Call, source: str, paused: bool) -> int:
    from modconsole.desk import outgoing

    outgoing.pause(call.desk(), source, paused)
    if call.as_json:
        call.document({"source": source, "paused": paused})
    else:
        call.say(f"{source} is {'left out of syncs' if paused else 'synced again'}.")
    return 0


@command("pause")
@click.argument("source")
def pause_(call: Call, source: str) -> int:
    """Leave a source out of syncs and sends."""
    return _pause(call, source, True)


@command("resume")
@click.argument("source")
def resume_(call: Call, source: str) -> int:
    """Take a paused source in again."""
    return _pause(call, source, False)


for _each in (list_, show_, platforms_, add_, sign_in_, set_, check_, remove_, pause_, resume_, identities):
    sources_.add_command(_each)
del _each
