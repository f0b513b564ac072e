"""`sources platforms`, `sources add` and `sources sign-in`: the sign-in that a platform wants, asked for or given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modconsole.cli import people
from modconsole.cli.call import Call, command
from modconsole.errors import InputError, ModConsoleError, SignInError, UsageError

if TYPE_CHECKING:
    from modconsole.desk.adding import Added, Adding, Field, Found, PlatformInfo, Step
    from modconsole.domain.records import Source

ADDRESSES = ("url", "server", "instance", "homeserver", "site", "host", "domain", "address", "service")
"""Names of fields that the argument URL answers, the first that a platform has."""

LOGINS = ("user", "username", "login", "handle", "identifier", "account")
"""Names of fields that `--user` answers."""

BACK = "<"
"""Typed as an answer, goes back a step."""

TRIES = 3
"""How often a step is asked again on a terminal before its error ends the call."""

MOST_SECRET = 40_000
"""Bytes that are read from standard input."""

T = TypeVar("T", bound=Callable[..., Any])


class Back(Exception):
    """Somebody wants to go back a step."""


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


# -- the sign-in -----------------------------------------------------------------------------------------------------------


class Given:
    """What the call says, and what is asked for where it does not."""

    def __init__(
        self,
        sets: tuple[str, ...],
        url: str | None,
        user: str | None,
        *,
        from_stdin: bool,
        ask: bool,
        again: bool = False,
    ) -> None:
        """With `ask` there is a person at a terminal. `again` takes what is known of a source for granted."""
        self.sets: dict[str, str] = {}
        for each in sets:
            name, equals, value = each.partition("=")
            if not equals or not name.strip():
                raise UsageError(f"{each!r} is no answer.", hint="Write --set NAME=VALUE.")
            self.sets[name.strip()] = value
        self.ask = ask
        self._again = again
        self._url, self._user = url, user
        self._stdin = from_stdin
        self._lines: list[str] | None = None
        self._used: set[str] = set()

    def step(self, flow: Adding, step: Step) -> dict[str, str]:
        """The answers to a step: what the call says, else what somebody types, else what is known.

        Raises `UsageError` that names what is missing where nobody can be asked, and `Back`.
        """
        found = self._said(step)
        missing = []
        for field in step.fields:
            if field.name in found:
                continue
            if field.secret and not self.ask and (line := self._secret()) is not None:
                found[field.name] = line
            elif self.ask:
                found[field.name] = _asked(field, flow.preset(field))
            elif self._again and flow.preset(field):
                found[field.name] = flow.preset(field)
            elif field.required and not field.default:
                missing.append(field)
        if missing:
            raise UsageError(_missing(step, missing), hint=_how(missing))
        return found

    def _said(self, step: Step) -> dict[str, str]:
        names = [field.name for field in step.fields]
        found = {name: self.sets[name] for name in names if name in self.sets}
        self._used |= found.keys()
        if self._url is not None:
            plain = [field.name for field in step.fields if not field.secret]
            name = next((each for each in ADDRESSES if each in names), plain[0] if plain else "")
            if name:
                found.setdefault(name, self._url)
                self._url = None
        if self._user is not None:
            name = next((each for each in LOGINS if each in names), "")
            if name:
                found.setdefault(name, self._user)
                self._user = None
        return found

    def _secret(self) -> str | None:
        """The next line of standard input; None where there is no more."""
        if self._lines is None:
            data: bytes = sys.stdin.buffer.read(MOST_SECRET)
            try:
                self._lines = [line for line in data.decode().splitlines() if line.strip()]
            except UnicodeDecodeError:
                raise InputError("The secret on standard input is not UTF-8.") from None
        return self._lines.pop(0) if self._lines else None

    def forget(self, step: Step) -> None:
        """What the call said about a step was wrong: it is asked for now."""
        for field in step.fields:
            self.sets.pop(field.name, None)

    def rest(self, flow: Adding) -> dict[str, str]:
        """The answers of the call to what can be chosen. Raises `UsageError` for one to a question that nobody asks."""
        if self._user is not None:
            raise UsageError(
                f"--user: {flow.info.title} asks for no user name.", hint="`sources platforms` says what it asks for."
            )
        left = {name: value for name, value in self.sets.items() if name not in self._used}
        known = {field.name for field in flow.questions()}
        unknown = sorted(left.keys() - known)
        if unknown:
            raise UsageError(
                f"Nobody asks for {', '.join(map(repr, unknown))}.",
                hint=f"After the sign-in these can be set: {', '.join(sorted(known))}.",
            )
        return left


def _missing(step: Step, fields: list[Field]) -> str:
    named = ", ".join(f"{field.name} ({field.label}{'; secret' if field.secret else ''})" for field in fields)
    where = f" It is told at {step.url}" if step.url else ""
    return f"{step.title}: this is needed: {named}.{where}"


def _how(fields: list[Field]) -> str:
    ways = ["--set NAME=VALUE"] if any(not field.secret for field in fields) else []
    ways += ["--secret-stdin, one line for each secret"] if any(field.secret for field in fields) else []
    return f"Give it with {' and '.join(ways)}, or call this on a terminal."


def _asked(field: Field, preset: str) -> str:
    """What somebody types. A secret is not shown."""
    hint = f" ({field.hint})" if field.hint else ""
    typed: str = click.prompt(
        _gated(f"{field.label}{hint}"),
        default=None if field.secret else preset or ("" if not field.required else None),
        show_default=bool(preset) and not field.secret,
        hide_input=field.secret,
        type=click.Choice([*field.choices, BACK]) if field.choices else str,
        show_choices=bool(field.choices),
        err=True,
    )
    if typed.strip() == BACK:
        raise Back
    return typed


def _gated(text: str) -> str:
    from modconsole.domain.safetext import line

    return line(text)


def sign_in(call: Call, flow: Adding, given: Given) -> Found:
    """Go through the steps and verify the sign-in. On a terminal what is wrong is said, and asked again."""
    tries = 0
    while True:
        step = flow.step
        try:
            if step is None:
                if given.ask:
                    call.narrate(f"Asking {flow.info.title} who we are …")
                return flow.check()
            if given.ask:
                _show(call, step)
            flow.answer(given.step(flow, step))
        except Back:
            flow.back()
        except (InputError, SignInError) as error:
            tries += 1
            if not given.ask or tries >= TRIES:
                raise
            call.warn(f"! {error}")
            if step is None:
                flow.back()
            if flow.step is not None:
                given.forget(flow.step)


def _show(call: Call, step: Step) -> None:
    call.warn(step.title)
    if step.text:
        call.warn(step.text)
    if step.url:
        call.warn(f"Open this address:\n\n{step.url}\n")


# -- what it leads to ------------------------------------------------------------------------------------------------------


def choose(call: Call, flow: Adding, texts: Mapping[str, str], *, ask: bool) -> Source | None:
    """Show what will be synced, and what is missing; what can be chosen is asked for where there is somebody.

    None where somebody does not want it. Raises `UsageError` for a choice of the call that cannot be.
    """
    from modconsole.desk.adding import WrongAnswers

    found = flow.found
    assert found is not None
    if ask:
        _preview(call, found)
    given, before = dict(texts), flow.texts()
    while True:
        try:
            for field in flow.questions() if ask else ():
                if field.name not in given:
                    given[field.name] = _asked(field, before.get(field.name, ""))
            record = flow.choices(given)
        except WrongAnswers as error:
            if not ask:
                raise UsageError(str(error)) from None
            call.warn(f"! {error}")
            for name in error.fields:
                given.pop(name, None)
            continue
        except Back:
            given = dict(texts)
            continue
        return record if not ask or click.confirm("Add it?", default=True, err=True) else None


def _preview(call: Call, found: Found) -> None:
    account = found.account
    called = " ".join(part for part in (account.name, f"({account.handle})" if account.handle else "") if part)
    place = ", ".join(part for part in (account.site_name, account.site_url) if part)
    call.warn(f"Signed in as {called or account.id}{f' on {place}' if place else ''}.")
    for each in account.syncs:
        call.warn(f"  will be synced: {each}")
    for each in account.missing:
        call.warn(f"  ! {each}")
    for other in account.others:
        call.warn(f"  may be us too: {people.who(other.id, other.handle, other.name)} ({other.id})")
    if found.known:
        call.warn(f"This is here already, as {found.record.id}: its sign-in is renewed, and everything else stays.")
    if found.was:
        call.warn(f"Until now it was {found.was} under whom we reply.")
