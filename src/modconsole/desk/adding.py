"""Adding a source, or signing in to one again, from the first question to the first sync; without a screen.

    flow = Adding(desk, "wordpress")
    while flow.step is not None:
        flow.answer({"url": …})         # may ask the platform; `WrongAnswers` says what is wrong with which field
    found = flow.check()                # who we are there, what will be synced, which permissions are missing
    added = flow.finish(flow.choices({"target-hours": "8"}))

Whoever asks can go `back`, and stop at any time: until `finish` nothing is stored, neither in the database nor among the secrets.
Everything that comes from the platform is raw text of strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from modconsole.config.secrets import Kept, Secrets
from modconsole.connectors.base import Account
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, Step
from modconsole.desk import choices
from modconsole.desk.desk import Desk, wall_clock
from modconsole.domain.records import Identity, Source
from modconsole.domain.times import to_datetime
from modconsole.errors import InputError
from modconsole.store import marks
from modconsole.sync import enroll, registry
from modconsole.sync.enroll import WrongAnswers

__all__ = [
    "Added",
    "Adding",
    "Can",
    "Field",
    "Found",
    "PlatformInfo",
    "Step",
    "WrongAnswers",
    "again",
    "first_step",
    "platforms",
]


class Found(Struct, kw_only=True):
    """What a verified sign-in leads to, before anything is stored. All of it is the platform's own text."""

    account: Account
    record: Source
    """The description of the source as it would be stored."""
    known: bool
    """Whether the place is here already, so that signing in renews how it is reached, and keeps everything else."""
    was: str = ""
    """Who we were there until now, where that is somebody else."""


class Added(Struct, kw_only=True):
    """A source that was added: what it is called, who we are there, what we may not do, and where the secret is kept."""

    source: str
    name: str
    identity: Identity
    missing: tuple[str, ...]
    kept: Kept | None
    """None where the platform needs no secret."""
    renewed: bool


def platforms() -> list[PlatformInfo]:
    """The platforms that can be signed in to, in the order in which they are offered."""
    return registry.infos()


def first_step(platform: str, clock: Callable[[], int] = wall_clock) -> Step | None:
    """What the sign-in to a platform asks first. Raises as `Adding` does."""
    asked = enroll.questions(platform, clock)
    asked.close()
    return asked.step


class Adding:
    """One source on its way in. Its calls may ask the platform; they are made one after the other, from any thread."""

    def __init__(
        self, desk: Desk, platform: str, *, source: str = "", presets: Mapping[str, str] | None = None
    ) -> None:
        """With `source` a sign-in to one that is here already. `presets` are answers that are known beforehand, by field name.

        Raises `InputError` where there is no such platform, and whatever its connector raises at the beginning.
        """
        self.desk = desk
        self.info = registry.info(platform)
        self.source = source
        self._presets = dict(presets or {})
        self._questions = enroll.questions(platform, desk.clock)
        self._credentials = Credentials("")
        self.found: Found | None = None
        """Set once the sign-in was verified."""

    # -- the sign-in -------------------------------------------------------------------------------------------------------

    @property
    def step(self) -> Step | None:
        """What is asked now; None once everything is answered."""
        return self._questions.step

    @property
    def number(self) -> int:
        """Which step it is, from 1."""
        return self._questions.number

    def preset(self, field: Field) -> str:
        """What stands in a field before anybody types."""
        return self._presets.get(field.name, field.default)

    def answer(self, answers: Mapping[str, str]) -> None:
        """Answer the step that is asked. Raises `WrongAnswers` and whatever the connector raises; it is then asked again."""
        step = self._questions.step
        self._questions.answer(answers)
        for field in step.fields if step is not None else ():
            if not field.secret:
                self._presets[field.name] = answers.get(field.name, "").strip()

    def back(self) -> bool:
        """Ask the step before again, or the last one where all were answered; False at the first one."""
        self.found = None
        return self._questions.back()

    def cancel(self) -> None:
        """Leave it. Nothing was stored."""
        self._questions.close()

    # -- what it leads to --------------------------------------------------------------------------------------------------

    def check(self) -> Found:
        """Verify the sign-in on the platform. Raises `SignInError` and other `PlatformError`s; then `back` asks again."""
        signed = self._questions.signed
        if signed is None:
            raise InputError("The sign-in is not complete.")
        self._credentials = Credentials(signed.secret)
        settings = self._settings(self.source, {})
        account = enroll.check(
            self.source or signed.suggested_source, self.info.name, settings, self._credentials, self.desk.clock
        )
        self.found = self._found(account, signed.suggested_source)
        return self.found

    def _found(self, account: Account, suggested: str) -> Found:
        now = self.desk.now()
        source = self.source or self._name(suggested, account)
        known = marks.described(self.desk.db, source) if self.desk.path.exists() else None
        before = marks.account(self.desk.db, source) if known is not None else None
        record = enroll.described(account, known, source, self.info.name, now)
        if known is None:
            record = replace(record, answer=self.info.answer)
        elif before is not None and known.name not in (None, source):
            record = replace(record, name=known.name)  # somebody may have chosen it
        was = str(before.settings.get("identity", "")) if before is not None else ""
        return Found(account=account, record=record, known=known is not None, was=was if was != account.id else "")

    def _name(self, suggested: str, account: Account) -> str:
        """What to call it: as suggested, where that is this very place or free; else with a number behind it."""
        if not self.desk.path.exists():
            return suggested
        for number in range(1, 1000):
            name = suggested if number == 1 else f"{suggested}-{number}"
            if not marks.exists(self.desk.db, name) or self._same(name, account):
                return name
        return suggested

    def _same(self, source: str, account: Account) -> bool:
        """Whether a source that is here is the place that we signed in to, or was only imported from it."""
        before = marks.account(self.desk.db, source)
        if before is not None:
            return before.platform == self.info.name and before.settings.get("identity", account.id) == account.id
        known = marks.described(self.desk.db, source)
        return known is None or known.platform in ("", self.info.name)

    def questions(self) -> list[Field]:
        """What can be chosen about the source."""
        found = self._checked()
        return choices.fields(found.record, found.account.others, new=not found.known, usual=self.info.answer)

    def texts(self) -> dict[str, str]:
        """How the questions are answered where nobody answers them."""
        found = self._checked()
        return choices.texts(found.record, found.account.others)

    def choices(self, answers: Mapping[str, str]) -> Source:
        """The description with what was chosen. Raises `WrongAnswers`."""
        found = self._checked()
        record = choices.chosen(found.record, answers, self.desk.now(), found.account.others)
        if record.id != found.record.id and self.desk.path.exists() and marks.exists(self.desk.db, record.id):
            raise WrongAnswers({"source": "There is a source of this name already."})
        return record

    def finish(self, record: Source) -> Added:
        """Keep the secret, store the source, and ask for its first sync.

        Where the source cannot be stored, the secret is as it was before.
        """
        found = self._checked()
        now = self.desk.now()
        source = record.id
        record = replace(record, observed_at=to_datetime(now))
        settings = self._settings(source, {"identity": found.account.id, "missing": list(found.account.missing)})
        kept = None
        secrets, before = Secrets(), None
        if self.info.secret:
            place = secrets.where(source)
            before = secrets.get(source) if place is not None and place.place != "environment" else None
            kept = secrets.set(source, self._credentials.secret)
        try:
            enroll.store(self.desk.db, record, self.info.name, settings, now)
        except BaseException:
            if kept is not None:
                secrets.delete(source) if before is None else secrets.set(source, before)
            raise
        self._questions.close()
        identity = next(each for each in record.identities or () if each.id == found.account.id)
        return Added(
            source=source,
            name=record.name or source,
            identity=identity,
            missing=found.account.missing,
            kept=kept,
            renewed=found.known,
        )

    def _settings(self, source: str, more: Mapping[str, Any]) -> dict[str, Any]:
        """How the place is reached: as the sign-in says, beside what somebody may have set by hand."""
        before = marks.account(self.desk.db, source) if source and self.desk.path.exists() else None
        signed = self._questions.signed
        return {
            **(before.settings if before is not None else {}),
            **(signed.settings if signed is not None else {}),
            **more,
        }

    def _checked(self) -> Found:
        if self.found is None:
            raise InputError("The sign-in has not been verified.")
        return self.found


def again(desk: Desk, source: str) -> Adding:
    """Sign in again to a source that is here, as after its token has expired, or to one that was only imported.

    Everything else of it stays. Raises `NotFound`, and `InputError` where it is on no platform that can be signed in to.
    """
    account = marks.account(desk.db, source)
    known = marks.described(desk.db, source)
    if account is None:
        marks.source_id(desk.db, source)
        return Adding(desk, known.platform if known is not None else "", source=source)
    presets = {name: value for name, value in account.settings.items() if isinstance(value, str)}
    return Adding(desk, account.platform, source=source, presets=presets)
