"""`sources`: list, add, remove, pause, resume, identities."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from modconsole.cli import people
from modconsole.cli.call import Call, command
from modconsole.errors import InputError, UsageError

if TYPE_CHECKING:
    from modconsole.desk.desk import Desk
    from modconsole.desk.sources import Plan

SHOWN_CHANGES = 20


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
    if call.as_json:
        call.document({"sources": [documents.source(state) for state in states]})
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


@command("add")
@click.argument("platform", required=False)
@click.argument("url", required=False)
@click.option("--user", metavar="NAME", help="The login name there.")
@click.option("--id", "ident", default="", metavar="SOURCE", help="What to call the source. Default: the host name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--target-hours",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="How long somebody may wait; 24 by default.",
)
@click.option("--answer", type=click.Choice(["everyone", "opener", "addressed"]), help="Whom we answer.")
@click.option("--shared", is_flag=True, help="The account is a page that the team shares, not a person.")
def add_(
    call: Call,
    platform: str | None,
    url: str | None,
    user: str | None,
    ident: str,
    password_stdin: bool,
    target_hours: float | None,
    answer: Any,
    shared: bool,
) -> int:
    """Sign in to a place and look after it from now on.

    For PLATFORM wordpress, URL is the site, and the password an application password (WordPress: Users, Profile). It is asked
    for, or read from standard input; it is verified before anything is stored, and kept in the system's keyring or in a file that
    only you can read. What was written before now is the source's backlog. What the call does not say is asked for.
    """
    from modconsole.desk import sources

    platform = _said(platform, "PLATFORM", "Platform", default="wordpress")
    if platform not in sources.platforms():
        raise UsageError(
            f"There is no connector for {platform!r}.",
            hint=f"There are: {', '.join(sources.platforms())}. Any other place can be imported.",
        )
    url = _said(url, "URL", "Address of the site")
    user = _said(user, "--user", "Login name there")
    secret = _password(password_stdin)
    added = sources.add(
        call.desk(create=True),
        platform,
        url,
        user,
        secret,
        source=ident,
        target_hours=target_hours,
        answer=answer,
        kind="page" if shared else "person",
    )
    if call.as_json:
        call.document(
            {
                "source": added.source,
                "name": added.name,
                "identity": {"id": added.identity.id, "name": added.identity.name, "handle": added.identity.handle},
                "missing": list(added.missing),
                "secret_kept_in": added.kept.place,
            }
        )
        return 0
    call.say(
        f"{added.source}: signed in as {added.identity.name or added.identity.id}. The password is in {added.kept.name}."
    )
    for each in added.missing:
        call.say(f"  ! {each}")
    call.say("`modconsole sync` brings everything in.")
    return 0


def _said(value: str | None, name: str, question: str, default: str | None = None) -> str:
    """A word of the call, or the answer to a question where somebody can be asked."""
    if value is not None:
        return value
    if not sys.stdin.isatty():
        raise click.UsageError(f"{name} is missing.")
    answer: str = click.prompt(question, default=default, err=True)
    return answer


def _password(from_stdin: bool) -> str:
    """The password: from standard input, or from a prompt that shows nothing."""
    if from_stdin or not sys.stdin.isatty():
        data: bytes = sys.stdin.buffer.read(20_000)
        try:
            return data.decode().strip()
        except UnicodeDecodeError:
            raise InputError("The password on standard input is not UTF-8.") from None
    found: str = click.prompt("Application password", hide_input=True, err=True)
    return found


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


# -- identities ------------------------------------------------------------------------------------------------------------


@click.group("identities")
def identities() -> None:
    """Who is us on a source.

    Whose replies count decides who waits, so a change shows which asks it changes before it is saved.
    """


@command("list")
@click.argument("source")
def identities_list(call: Call, source: str) -> int:
    """Who is us on a source."""
    from modconsole.desk import sources

    found = sources.described(call.desk(), source).identities or []
    if call.as_json:
        call.document(
            {
                "source": source,
                "identities": [
                    {
                        "id": e.id,
                        "name": e.name,
                        "handle": e.handle,
                        "kind": e.kind or "person",
                        "counts": bool(e.counts),
                    }
                    for e in found
                ],
            }
        )
        return 0
    people.table(
        ("id", "kind", "name"),
        [(e.id, (e.kind or "person") + (", counts" if e.counts else ""), e.name or e.handle or "") for e in found],
        whole=frozenset({0}),
    )
    return 0


YES = click.option("--yes", is_flag=True, help="Save without asking.")


@command("add")
@click.argument("source")
@click.argument("author")
@click.option("--name", metavar="NAME")
@click.option("--handle", metavar="HANDLE")
@click.option("--kind", type=click.Choice(["person", "page", "bot"]), default="person", show_default=True)
@click.option("--counts", is_flag=True, help="Let a bot's reply count as an answer.")
@YES
def identities_add(
    call: Call, source: str, author: str, name: str | None, handle: str | None, kind: Any, counts: bool, yes: bool
) -> int:
    """Say that an author id is us."""
    from modconsole.desk import sources
    from modconsole.domain.records import Identity

    desk = call.desk()
    identity = Identity(
        id=author, name=name, handle=handle, kind=None if kind == "person" else kind, counts=counts or None
    )
    planned = sources.plan(desk, sources.with_identity(sources.described(desk, source), identity))
    return _settle(call, desk, planned, yes)


@command("remove")
@click.argument("source")
@click.argument("author")
@YES
def identities_remove(call: Call, source: str, author: str, yes: bool) -> int:
    """Say that an author id is not us."""
    from modconsole.desk import sources

    desk = call.desk()
    planned = sources.plan(desk, sources.without_identity(sources.described(desk, source), author))
    return _settle(call, desk, planned, yes)


def _settle(call: Call, desk: Desk, planned: Plan, yes: bool) -> int:
    """Show what a change would do; save it when somebody says yes. Exit code 1 where nobody does."""
    from modconsole.desk import documents, sources

    say = call.say if not call.as_json else call.narrate
    say(f"{len(planned.changes):,} asks would change.")
    for each in planned.changes[:SHOWN_CHANGES]:
        before, after = each.before or "no ask", each.after or "no ask"
        say(f"  {each.person} in {each.conversation}: {before.replace('_', ' ')} → {after.replace('_', ' ')}")
    if len(planned.changes) > SHOWN_CHANGES:
        say(f"  and {len(planned.changes) - SHOWN_CHANGES:,} more")
    save = yes or (sys.stdin.isatty() and click.confirm("Save this?", err=True))
    if save:
        sources.carry_out(desk, planned)
    if call.as_json:
        changes = [documents.change(each) for each in planned.changes]
        call.document({"source": planned.record.id, "saved": save, "changes": changes})
    else:
        call.say("Saved." if save else "Nothing was saved. With --yes it is.")
    return 0 if save else 1


for _each in (list_, add_, remove_, pause_, resume_, identities):
    sources_.add_command(_each)
for _each in (identities_list, identities_add, identities_remove):
    identities.add_command(_each)
del _each
