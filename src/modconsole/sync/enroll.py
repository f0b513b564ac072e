"""Signing in to a place, step by step, and writing down a source whose sign-in was verified.

Nothing is stored before the end: `Questions` asks what the platform's connector wants to know, `check` has the platform say who
we are, and only `store` and `enroll` write. The secret is not ours to keep: whoever calls puts it into the keyring or an
owner-only file, between `check` and `store`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from modconsole.connectors.base import Account
from modconsole.connectors.signing import Credentials, Field, SignedIn, SignIn, Step
from modconsole.domain.records import Answer, Identity, IdentityKind, Source
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import InputError, ModConsoleError
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.marks import AccountRow
from modconsole.sync import registry
from modconsole.sync.reports import Clock

LONGEST_ANSWER = 10_000
"""Characters. The longest tokens that platforms give out have some 2,000."""


class WrongAnswers(InputError):
    """Some answers cannot be right. `fields` says of each field by its name what is wrong, in words."""

    def __init__(self, fields: Mapping[str, str], labels: Mapping[str, str] | None = None) -> None:
        said = [f"{(labels or {}).get(name) or name}: {what}" for name, what in fields.items()]
        super().__init__(" ".join(said))
        self.fields = dict(fields)


def answered(fields: tuple[Field, ...], answers: Mapping[str, str]) -> dict[str, str]:
    """The answers to some fields, tidied: white space at the ends is gone, an empty one is the field's default.

    Raises `WrongAnswers` that names each field whose answer cannot be right.
    """
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field in fields:
        given = answers.get(field.name, "").strip() or field.default
        found[field.name] = given
        if not given:
            if field.required:
                wrong[field.name] = "This is needed."
        elif len(given) > LONGEST_ANSWER:
            wrong[field.name] = f"This is too long: {len(given):,} characters."
        elif not given.isprintable():
            wrong[field.name] = "There are characters in this that cannot be seen: copy it again."
        elif field.choices and given not in field.choices:
            wrong[field.name] = f"One of: {', '.join(field.choices)}."
    if wrong:
        raise WrongAnswers(wrong, {field.name: field.label for field in fields})
    return found


class Questions:
    """A sign-in under way: steps out, answers in.

    A generator cannot go back, so going back asks it anew and gives it the earlier answers again; and since one that raised has
    ended, so does an answer that it refused. A step may then have another `url` than before.
    """

    def __init__(self, begin: Callable[[], SignIn]) -> None:
        """`begin` starts the sign-in of a connector. Raises what that raises, before any question is known."""
        self._begin = begin
        self._given: list[dict[str, str]] = []
        self.step: Step | None = None
        """What is asked now; None once everything is answered."""
        self.signed: SignedIn | None = None
        self._start([])

    @property
    def number(self) -> int:
        """Which step it is, from 1; after the last one, how many there were, and one more."""
        return len(self._given) + 1

    def answer(self, answers: Mapping[str, str]) -> None:
        """Answer the step that is asked; the next one, or `signed`, follows.

        Raises `WrongAnswers`, or whatever the connector raises; the same step is then asked again.
        """
        if self.step is None:
            raise RuntimeError("Nothing is asked.")
        given = answered(self.step.fields, answers)
        before = list(self._given)
        try:
            self._send(given)
        except ModConsoleError:
            self._start(before)
            raise

    def earlier(self) -> dict[str, str]:
        """What was answered to the step before: secrets too, so it is for going back alone."""
        return dict(self._given[-1]) if self._given else {}

    def back(self) -> bool:
        """Ask the step before again; False at the first one."""
        if not self._given:
            return False
        self._start(self._given[:-1])
        return True

    def close(self) -> None:
        """Leave it: whatever the connector holds open is let go."""
        self._generator.close()

    def _start(self, answers: list[dict[str, str]]) -> None:
        """Begin anew and answer the first steps as before; where that fails now, as many of them as it takes."""
        for wanted in range(len(answers), -1, -1):
            self._given, self.step, self.signed = [], None, None
            try:
                self._generator = self._begin()
                self._send(None)
                for each in answers[:wanted]:
                    if self.step is not None:
                        self._send(each)
            except ModConsoleError:
                if not wanted:
                    raise
            else:
                return

    def _send(self, given: dict[str, str] | None) -> None:
        try:
            step = next(self._generator) if given is None else self._generator.send(given)
        except StopIteration as end:
            self.step, self.signed = None, end.value
        except ModConsoleError:
            raise
        except Exception as error:
            raise _unforeseen(error) from error
        else:
            self.step = step
        if given is not None:
            self._given.append(given)


def _unforeseen(error: Exception) -> ModConsoleError:
    return InputError(
        f"The sign-in failed in a way that nobody foresaw ({type(error).__name__}).", hint="Please report it."
    )


def questions(platform: str, clock: Clock) -> Questions:
    """The questions of a platform. Raises `InputError` where there is no such platform, `PlatformError` as it comes."""
    module = registry.module(platform)
    return Questions(lambda: module.sign_in(clock))


def check(source: str, platform: str, settings: Mapping[str, Any], credentials: Credentials, clock: Clock) -> Account:
    """Verify a sign-in and say who we are there, what will be synced, and which rights are missing.

    `credentials` know a secret that was renewed on the way. Raises `SignInError` where it is wrong, `InputError` for settings
    that cannot work, other `PlatformError`s as they come.
    """
    account = AccountRow(source=source, platform=platform, settings=dict(settings), paused=False)
    connector = registry.open_connector(account, credentials, clock)
    try:
        return connector.check()
    finally:
        connector.close()


def described(
    account: Account, known: Source | None, source: str, platform: str, now: int, *, kind: IdentityKind | None = None
) -> Source:
    """The description of a source that somebody signed in to: of a new one, or of one that is known already.

    What came before `now`, an instant, is the backlog of a new one. Of a known one everything stays but its name and address,
    which are the platform's; the account is one more identity where it was none.
    """
    us = Identity(id=account.id, name=account.name or None, handle=account.handle or None, kind=kind)
    if known is None:
        start = to_datetime(now - now % SECOND)  # platforms tell whole seconds
        known = Source(id=source, platform=platform, connected_at=start)
    identities = known.identities or []
    if all(each.id != us.id for each in identities):
        identities = [us, *identities]
    return replace(
        known,
        platform=known.platform or platform,
        name=account.site_name or known.name or source,
        url=account.site_url or known.url,
        connected_at=known.connected_at,
        identities=identities,
        observed_at=to_datetime(now),
    )


def enroll(
    db: Db,
    source: str,
    platform: str,
    settings: Mapping[str, Any],
    account: Account,
    now: int,
    *,
    target_hours: float | None = None,
    answer: Answer | None = None,
    kind: IdentityKind | None = None,
) -> Source:
    """Store a source whose sign-in was verified, as it is described where nobody chooses anything."""
    record = described(account, marks.described(db, source), source, platform, now, kind=kind)
    record = replace(record, target_hours=target_hours or record.target_hours, answer=answer or record.answer)
    with db.write():
        ingest(db, [record], now)
        marks.save_account(db, source, platform, dict(settings))
    return record


def store(db: Db, record: Source, platform: str, settings: Mapping[str, Any], now: int) -> None:
    """Store a source and how it is reached, and ask for its first sync, in one transaction."""
    with db.write():
        ingest(db, [record], now)
        marks.save_account(db, record.id, platform, dict(settings))
        marks.ask_for_sync(db, record.id)
