"""A new source: the sign-in verified on the platform, and who we are there written down.

Nothing is stored before the platform has accepted the sign-in. The secret is not ours to keep: whoever calls puts it into the
keyring or an owner-only file, between `sign_in` and `enroll`.
"""

from __future__ import annotations

from typing import Any

from modconsole.connectors.base import Account
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Answer, Identity, IdentityKind, Source
from modconsole.domain.times import SECOND, to_datetime
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.marks import AccountRow
from modconsole.sync import registry
from modconsole.sync.reports import Clock


def sign_in(source: str, platform: str, settings: dict[str, Any], secret: str, clock: Clock) -> Account:
    """Verify a sign-in and say who we are there, and which rights are missing.

    Raises `SignInError` where it is wrong, `InputError` for settings that cannot work, other `PlatformError`s as they come.
    """
    account = AccountRow(source=source, platform=platform, settings=settings, paused=False)
    connector = registry.open_connector(account, Credentials(secret), clock)
    try:
        return connector.check()
    finally:
        connector.close()


def enroll(
    db: Db,
    source: str,
    platform: str,
    settings: dict[str, Any],
    account: Account,
    now: int,
    *,
    target_hours: float | None = None,
    answer: Answer | None = None,
    kind: IdentityKind = "person",
) -> Source:
    """Store a source whose sign-in was verified: its description with our identity, and how it is reached.

    What came before `now` is its backlog. Doing it again renews the description, and keeps identities and `connected_at`.
    """
    known = marks.described(db, source) or Source(id=source, platform=platform)
    us = Identity(id=account.id, name=account.name or None, handle=account.handle or None, kind=kind)
    identities = known.identities or []
    if all(identity.id != us.id for identity in identities):
        identities = [*identities, us]
    record = Source(
        id=source,
        platform=platform,
        name=account.site_name or known.name or source,
        url=account.site_url or known.url,
        connected_at=known.connected_at or to_datetime(now - now % SECOND),  # platforms tell whole seconds
        target_hours=target_hours or known.target_hours,
        hours=known.hours,
        fresh_within=known.fresh_within,
        answer=answer or known.answer,
        identities=identities,
        observed_at=to_datetime(now),
    )
    with db.write():
        ingest(db, [record], now)
        marks.save_account(db, source, platform, settings)
    return record
