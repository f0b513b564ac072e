"""What a sign-in asks for, from the words of the call or from somebody at a terminal; and what it leads to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.call import Call
from modconsole.domain.safetext import line as gated
from modconsole.errors import InputError, SignInError, UsageError

if TYPE_CHECKING:
    from modconsole.desk.adding import Adding, Field, Found, Step
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


class Back(Exception):
    """Somebody wants to go back a step."""


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
    verb = "is" if len(fields) == 1 else "are"
    return f"{step.title}: {named} {verb} missing.{where}"


def _how(fields: list[Field]) -> str:
    ways = ["--set NAME=VALUE"] if any(not field.secret for field in fields) else []
    ways += ["--secret-stdin, one line for each secret"] if any(field.secret for field in fields) else []
    return f"Give it with {' and '.join(ways)}, or call this on a terminal."


def _asked(field: Field, preset: str) -> str:
    """What somebody types. A secret is not shown."""
    hint = f" ({field.hint})" if field.hint else ""
    typed: str = click.prompt(
        gated(f"{field.label}{hint}"),
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
