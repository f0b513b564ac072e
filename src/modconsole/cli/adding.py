"""`sources platforms`, `sources add` and `sources sign-in`: the sign-in that a platform wants, asked for or given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modconsole.cli.asking import Given, choose, sign_in
from modconsole.cli.call import Call, command
from modconsole.errors import ModConsoleError, UsageError

if TYPE_CHECKING:
    from modconsole.desk.adding import Added, Field, Found, PlatformInfo, Step

T = TypeVar("T", bound=Callable[..., Any])


@command("platforms")
def platforms_(call: Call) -> int:
    """What can be signed in to, and what each asks for.

    The names of fields are those of `sources add --set NAME=VALUE`; of a sign-in in several steps the first one is told.
    """
    from modconsole.desk import adding

    found: list[tuple[PlatformInfo, Step | None, str]] = []
    for info in adding.platforms():
        try:
            found.append((info, adding.first_step(info.name), ""))
        except ModConsoleError as error:
            found.append((info, None, str(error)))
    if call.as_json:
        call.document(
            {
                "platforms": [
                    {
                        "platform": info.name,
                        "title": info.title,
                        "about": info.about,
                        "tested": info.tested,
                        "answer": info.answer,
                        "direct_messages": info.direct_messages.level,
                        "fields": [_field(each) for each in step.fields] if step is not None else [],
                        "error": trouble or None,
                    }
                    for info, step, trouble in found
                ]
            }
        )
        return 0
    for info, step, trouble in found:
        call.say(f"{info.name}: {info.title}. {info.about}")
        for each in step.fields if step is not None else ():
            marks = [*(["secret"] if each.secret else []), *([] if each.required else ["may be left out"])]
            hint = f", {each.hint}" if each.hint else ""
            hint += f": {' | '.join(each.choices)}" if each.choices else ""
            marked = f" ({', '.join(marks)})" if marks else ""
            call.say(f"  {each.name:<14} {each.label}{marked}{hint}")
        if trouble:
            call.say(f"  ! {trouble}")
    return 0


def _field(each: Field) -> dict[str, Any]:
    return {
        "name": each.name,
        "label": each.label,
        "hint": each.hint or None,
        "secret": each.secret,
        "required": each.required,
        "default": each.default or None,
        "choices": list(each.choices) or None,
    }


def answers(function: T) -> T:
    """The options of a sign-in."""
    for option in (
        click.option(
            "--secret-stdin",
            "--password-stdin",
            "from_stdin",
            is_flag=True,
            help="Read the secret from standard input.",
        ),
        click.option("--user", metavar="NAME", help="The login name, where the platform asks for one."),
        click.option(
            "--set", "sets", multiple=True, metavar="NAME=VALUE", help="Answer a field; `sources platforms` names them."
        ),
    ):
        function = option(function)
    return function


@command("add")
@click.argument("platform", required=False)
@click.argument("url", required=False)
@answers
@click.option("--id", "ident", default="", metavar="SOURCE", help="What to call the source, as in commands.")
@click.option("--name", metavar="NAME", help="Its name in full.")
@click.option("--identity", "more", multiple=True, metavar="ID[:KIND]", help="Who else is us: a person, page or bot.")
@click.option("--shared", is_flag=True, help="The account is a page that the team shares, not a person.")
@click.option("--backlog", metavar="DATE", help="What is older is backlog: now (the default), 30d, 2026-11-01, none.")
@click.option("--target-hours", metavar="N", help="How long somebody may wait; 24 by default.")
@click.option("--hours", metavar="HOURS", help="Business hours, as Mon-Fri 09:00-17:00 Europe/Berlin.")
@click.option("--answer", type=click.Choice(["everyone", "opener", "addressed"]), help="Whom we answer.")
@click.option("--fresh-within", metavar="MINUTES", help="Stale after so long without a complete look; 15 by default.")
@click.option("--yes", is_flag=True, help="Ask nothing that has a default.")
def add_(
    call: Call,
    platform: str | None,
    url: str | None,
    sets: tuple[str, ...],
    user: str | None,
    from_stdin: bool,
    ident: str,
    more: tuple[str, ...],
    shared: bool,
    yes: bool,
    **chosen: str | None,
) -> int:
    """Sign in to a place and look after it from now on.

    What the call does not say is asked for on a terminal, step by step, as the platform wants it; `<` goes back a step.
    Elsewhere every field must be given: with --set NAME=VALUE, URL, --user, and --secret-stdin with one line for each secret;
    `sources platforms` names them. A platform that has to be opened in a browser needs a person once. The sign-in is verified
    before anything is stored, and the secret kept in the system's keyring or in a file that only you can read. What was written
    before now is the source's backlog, unless --backlog says otherwise.
    """
    from modconsole.desk import adding

    ask = sys.stdin.isatty() and not from_stdin
    names = {info.name: info for info in adding.platforms()}
    if platform is None:
        if not ask:
            raise click.UsageError("PLATFORM is missing.")
        for info in names.values():
            call.warn(f"  {info.name}: {info.about}")
        platform = click.prompt("Platform", default=next(iter(names)), err=True)
    if platform not in names:
        raise UsageError(
            f"There is no connector for {platform!r}.",
            hint=f"There are: {', '.join(names)}. Any other place can be imported.",
        )
    desk = call.desk(create=True)
    flow = adding.again(desk, ident) if ident and _is_here(call, ident, platform) else adding.Adding(desk, platform)
    given = Given(sets, url, user, from_stdin=from_stdin, ask=ask)
    found = sign_in(call, flow, given)
    texts = {name.replace("_", "-"): text for name, text in chosen.items() if text is not None}
    texts |= {"source": ident} if ident and not found.known else {}
    texts |= {"others": ",".join(more)} if more else {}
    texts |= {f"us:{found.account.id}": "page"} if shared else {}
    record = choose(call, flow, texts | given.rest(flow), ask=ask and not yes)
    if record is None:
        call.say("Nothing was stored.")
        return 1
    return _told(call, flow.finish(record), found)


def _is_here(call: Call, ident: str, platform: str) -> bool:
    """Whether a source of that name is here on that platform, so that adding it is signing in to it again."""
    from modconsole.desk import sources
    from modconsole.errors import NotFound

    if not call.path.exists():
        return False
    try:
        known = sources.described(call.desk(), ident)
    except NotFound:
        return False
    if known.platform not in ("", platform):
        raise UsageError(
            f"There is a source {ident!r} already, on {known.platform}.", hint="Give this one another name."
        )
    return True


@command("sign-in")
@click.argument("source")
@answers
def sign_in_(call: Call, source: str, sets: tuple[str, ...], user: str | None, from_stdin: bool) -> int:
    """Sign in to a source again, as after its token has expired.

    Everything else of it stays: what it brought, who is us, its settings, and where its sync goes on.
    """
    from modconsole.desk import adding

    flow = adding.again(call.desk(), source)
    given = Given(sets, None, user, from_stdin=from_stdin, ask=sys.stdin.isatty() and not from_stdin, again=True)
    found = sign_in(call, flow, given)
    given.rest(flow)
    return _told(call, flow.finish(found.record), found)


def _told(call: Call, added: Added, found: Found) -> int:
    kept = added.kept
    if call.as_json:
        call.document(
            {
                "source": added.source,
                "name": added.name,
                "identity": {"id": added.identity.id, "name": added.identity.name, "handle": added.identity.handle},
                "missing": list(added.missing),
                "syncs": list(found.account.syncs),
                "renewed": added.renewed,
                "secret_kept_in": kept.place if kept is not None else None,
            }
        )
        return 0
    where = f" The secret is in {kept.name}." if kept is not None else ""
    call.say(f"{added.source}: signed in as {added.identity.name or added.identity.id}.{where}")
    for each in added.missing:
        call.say(f"  ! {each}")
    call.say("`modconsole sync` brings everything in.")
    return 0
