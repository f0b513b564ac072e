"""Sources: which there are, who we are on them, signing in, and what a change of identities would do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from modconsole.config.secrets import Kept, Secrets
from modconsole.desk.desk import Desk
from modconsole.domain.records import Answer, Identity, IdentityKind, Source
from modconsole.domain.times import to_datetime
from modconsole.errors import NotFound, UsageError
from modconsole.store import marks, sums
from modconsole.store.ingest import ingest
from modconsole.sync import registry
from modconsole.sync.enroll import enroll, sign_in


class Changed(Struct, kw_only=True):
    """One ask that stands differently. Statuses are empty where there is no ask; times are instants."""

    conversation: str
    thread: str
    person: str
    before: str
    before_since: int | None
    after: str
    after_since: int | None


class Plan(Struct, kw_only=True):
    """A change of a source that has not been made yet, and everything it would change."""

    record: Source
    changes: list[Changed]


class Added(Struct, kw_only=True):
    """A source that was added: what it is called, who we are there, what we may not do, and where the secret is kept."""

    source: str
    name: str
    identity: Identity
    missing: tuple[str, ...]
    kept: Kept


def platforms() -> list[str]:
    """The platforms that can be signed in to."""
    return registry.names()


def name_for(url: str) -> str:
    """The id that a source gets where none is given: its host name."""
    host = urlsplit(url if "//" in url else f"//{url}").hostname
    if not host:
        raise UsageError(f"{url!r} is no address of a site.", hint="Write it as https://blog.example.com.")
    return host


def add(
    desk: Desk,
    platform: str,
    url: str,
    user: str,
    secret: str,
    *,
    source: str = "",
    target_hours: float | None = None,
    answer: Answer | None = None,
    kind: IdentityKind = "person",
) -> Added:
    """Sign in to a place and look after it from now on.

    Nothing is stored before the platform has accepted the sign-in. Raises `SignInError` where it is wrong, `InputError` for
    settings that cannot work.
    """
    if platform not in platforms():
        raise UsageError(
            f"There is no connector for {platform!r}.",
            hint=f"There are: {', '.join(platforms())}. Any other place can be imported.",
        )
    ident = source or name_for(url)
    settings: dict[str, Any] = {"url": url, "user": user}
    account = sign_in(ident, platform, settings, secret, desk.clock)
    kept = Secrets().set(ident, secret)
    record = enroll(
        desk.db, ident, platform, settings, account, desk.now(), target_hours=target_hours, answer=answer, kind=kind
    )
    identity = next(each for each in record.identities or () if each.id == account.id)
    return Added(source=ident, name=record.name or ident, identity=identity, missing=account.missing, kept=kept)


def remove(desk: Desk, source: str) -> bool:
    """Stop syncing a source and forget its secret; what it brought stays. False where it was not synced."""
    synced = marks.forget_account(desk.db, source)
    return Secrets().delete(source) or synced


def described(desk: Desk, source: str) -> Source:
    """The description of a source. Raises `NotFound`."""
    found = marks.described(desk.db, source)
    if found is not None:
        return found
    marks.source_id(desk.db, source)
    return Source(id=source, platform="")


def with_identity(record: Source, identity: Identity) -> Source:
    """A description in which one more author is us, or the same one under other terms."""
    others = [each for each in record.identities or () if each.id != identity.id]
    return replace(record, identities=[*others, identity])


def without_identity(record: Source, ident: str) -> Source:
    """A description in which an author is no longer us. Raises `NotFound` where it was not."""
    others = [each for each in record.identities or () if each.id != ident]
    if len(others) == len(record.identities or ()):
        raise NotFound(f"{ident!r} is no identity of {record.id!r}.")
    return replace(record, identities=others)


def plan(desk: Desk, record: Source) -> Plan:
    """What a new description of a source would change, by the very code that would change it; nothing is stored."""
    now = desk.now()
    record = replace(record, observed_at=to_datetime(now))
    before = sums.statuses(desk.db, record.id)
    with desk.db.pretend():
        ingest(desk.db, [record], now)
        after = sums.statuses(desk.db, record.id)
    nothing: tuple[str, int | None] = ("", None)
    changes = [
        Changed(
            conversation=key[0],
            thread=key[1],
            person=key[2],
            before=before.get(key, nothing)[0],
            before_since=before.get(key, nothing)[1],
            after=after.get(key, nothing)[0],
            after_since=after.get(key, nothing)[1],
        )
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    return Plan(record=record, changes=changes)


def carry_out(desk: Desk, planned: Plan) -> None:
    """Store a planned description, and what follows from it."""
    ingest(desk.db, [planned.record], desk.now())
