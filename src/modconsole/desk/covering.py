"""What a source can vouch for, in full: how far it was seen, every gap with its reason, what was set aside, who we are there.

`desk.views.coverage` has the short answer for the header; this is the long one, for one source.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from modconsole.config.secrets import Secrets
from modconsole.connectors.signing import Credentials
from modconsole.desk.desk import Desk
from modconsole.desk.sweep import credentials_of
from modconsole.desk.views import SYNC_LEASE, SourceState, state_of
from modconsole.errors import InputError, NotFound
from modconsole.store import coverage, marks, places
from modconsole.store.coverage import Holdings, SetAside, StandingGap
from modconsole.sync import enroll, registry

__all__ = ["Detail", "Holdings", "SetAside", "SourceState", "StandingGap", "check", "detail", "payload"]

LISTED = 200
"""How many gaps of conversations, and how many items that were set aside, are listed at most."""


class Detail(Struct, kw_only=True):
    """All that is known of a source. Times are instants; words of the platform are raw."""

    state: SourceState
    title: str
    """What the platform is called."""
    gaps: list[StandingGap]
    """Of the source as a whole."""
    conversations: list[StandingGap]
    """Of conversations, at most `LISTED`; `state.source.gaps` is how many there are."""
    set_aside: list[SetAside]
    """At most `LISTED`; `state.source.poisoned` is how many there are."""
    holdings: Holdings
    missing: list[str]
    """Permissions that the account lacked when it was last asked about them."""
    identity: str
    """The id under which we reply; empty where nobody is signed in."""
    secret: str
    """Where the secret is kept, in words; empty where there is none on this machine, or none is needed."""
    interval: float
    """Seconds between two looks, while it works."""
    syncing: str
    """Who syncs this database now; empty where nobody does."""


def detail(desk: Desk, source: str, *, listed: int = LISTED) -> Detail:
    """All that is known of a source. Raises `NotFound`. May ask the keyring, which can take seconds."""
    db, now = desk.db, desk.now()
    row = next((each for each in places.sources(db) if each.id == source), None)
    if row is None:
        marks.source_id(db, source)
        raise NotFound(f"There is no source {source!r}.")
    account = marks.account(db, source)
    settings: dict[str, Any] = account.settings if account is not None else {}
    platform = account.platform if account is not None else row.platform
    try:
        info = registry.info(platform)
    except InputError:
        info = None
    chosen = settings.get("interval")
    interval = float(chosen) if isinstance(chosen, int | float) and chosen > 0 else info.interval if info else 60.0
    missing = settings.get("missing")
    return Detail(
        state=state_of(row, now),
        title=info.title if info is not None else row.platform,
        gaps=coverage.gaps_of_source(db, source),
        conversations=coverage.gaps_of_conversations(db, source, listed),
        set_aside=coverage.set_aside(db, source, listed),
        holdings=coverage.holdings(db, source),
        missing=[str(each) for each in missing] if isinstance(missing, list) else [],
        identity=str(settings.get("identity", "")),
        secret=_secret(source) if account is not None and info is not None and info.secret else "",
        interval=interval,
        syncing=marks.holder(db, SYNC_LEASE, now),
    )


def _secret(source: str) -> str:
    try:
        kept = Secrets().where(source)
    except InputError as error:
        return str(error)
    return kept.name if kept is not None else ""


def payload(desk: Desk, source: str, ident: int) -> str:
    """Something that was set aside, as it came from the platform. Raises `NotFound`."""
    found = coverage.payload(desk.db, source, ident)
    if found is None:
        raise NotFound("This is no longer set aside.")
    return found.decode("utf-8", "replace")


def check(desk: Desk, source: str) -> list[str]:
    """Ask the platform who we are there now, and give the permissions that are missing; they are kept for the next look.

    Raises `NotFound` where nobody is signed in, and `PlatformError`s as they come.
    """
    account = marks.account(desk.db, source)
    if account is None:
        marks.source_id(desk.db, source)
        raise NotFound(f"Nobody is signed in to {source!r}: it was imported.")
    credentials = credentials_of(account) if registry.info(account.platform).secret else Credentials("")
    found = enroll.check(source, account.platform, account.settings, credentials, desk.clock)
    settings = {**account.settings, "missing": list(found.missing)}
    settings.setdefault("identity", found.id)
    if settings != account.settings:
        marks.save_account(desk.db, source, account.platform, settings)
    return list(found.missing)
