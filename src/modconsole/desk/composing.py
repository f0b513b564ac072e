"""What the writer of a reply must see before the first word: whom it answers, as whom, who will read it, how long it may be."""

from __future__ import annotations

import contextlib
from typing import Literal

from msgspec import Struct

from modconsole.desk import asks, drafts, platforms, seen, verdicts
from modconsole.desk.asks import Caution
from modconsole.desk.desk import Desk
from modconsole.desk.verdicts import Proposal
from modconsole.domain.records import Identity
from modconsole.errors import Conflict, NotFound
from modconsole.store import lists, marks, places
from modconsole.store.lists import Shown
from modconsole.store.queue import QueueRow

__all__ = ["Beginning", "Caution", "Notice", "Proposal", "Shown", "begin", "look", "message", "used"]

SHOWN = 3
"""Messages of the person that stand above the reply: the latest ones that nobody has answered."""

Audience = Literal["public", "unlisted", "followers only", "private", "internal"]


class Beginning(Struct, kw_only=True):
    """A reply about to be written. The words of strangers are raw."""

    row: QueueRow
    message: str
    """What is replied to: the person's latest message when this was read."""
    shown: list[Shown]
    more: int
    """Uncovered messages before those in `shown`."""
    draft: drafts.Draft | None
    identities: list[str]
    """As whom the reply may appear: one name where that is known."""
    audience: Audience
    source: str
    limit: platforms.Limit
    began: int
    """Instant from which on changes are news to the writer."""
    offers: list[Proposal]
    """Texts that rules suggest for what is answered."""


def begin(desk: Desk, row: QueueRow) -> Beginning:
    """Everything for the composer, in one go. Raises `NotFound` where the ask is gone."""
    began = desk.now()
    now = seen.current(desk, row)
    if now is None:
        raise NotFound("This ask is gone: the message is not there any more.")
    items = [*(each for each in now.messages if each != now.latest), now.latest]
    texts = [lists.message(desk.db, row.source, each) for each in items[-SHOWN:]]
    shown = [each for each in texts if each is not None]
    source = next(each for each in places.sources(desk.db) if each.id == row.source)
    return Beginning(
        row=now,
        message=now.latest,
        shown=shown,
        more=len(items) - len(shown),
        draft=drafts.find(desk, row.source, [now.latest, row.latest, *reversed(now.messages)]),
        identities=_identities(desk, row.source, source.identities),
        audience=_audience(now, shown),
        source=source.name,
        limit=platforms.limit(row.platform),
        began=began,
        offers=[
            each
            for said in shown
            for each in verdicts.offered(desk, row.source, said.message.id)
            if each.action == "suggest snippet"
        ],
    )


def used(desk: Desk, offer: Proposal) -> None:
    """Note that a suggested text went out; it is offered no more. A colleague may have decided about it meanwhile."""
    with contextlib.suppress(Conflict, NotFound):
        verdicts.used(desk, offer.id)


def message(desk: Desk, source: str, ident: str) -> Shown | None:
    """One message as it stands now; None where it is not there."""
    return lists.message(desk.db, source, ident)


def _identities(desk: Desk, source: str, identities: list[Identity]) -> list[str]:
    """As whom a reply appears: the identity that the sign-in names, else everybody whom it could be."""
    people = [each for each in identities if each.kind != "bot"]
    account = next((each for each in marks.accounts(desk.db) if each.source == source), None)
    named = account.settings.get("identity") if account is not None else None
    found = [each for each in people if each.id == named] or people
    return [each.name or each.handle or each.id for each in found]


def _audience(row: QueueRow, shown: list[Shown]) -> Audience:
    """Who will read a reply: as many as can read what it answers."""
    said = shown[-1].message.visibility if shown else None
    if row.kind in ("dm", "group_dm") or said == "private":
        return "private"
    if said == "internal":
        return "internal"
    if said == "followers":
        return "followers only"
    return "unlisted" if said == "unlisted" else "public"


class Notice(Struct, frozen=True, kw_only=True):
    """A caution with the words it is about, where it is about words."""

    caution: Caution
    text: str = ""

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What makes it another one than one that was shown already."""
        each = self.caution
        return each.kind, each.message or "", each.at, each.by


def look(desk: Desk, source: str, ident: str, *, through: str, since: int) -> list[Notice]:
    """What the writer of a reply should know, those that stop the send first."""
    found = asks.check_reply(desk, source, ident, through=through, since=since)
    told = []
    for each in sorted(found, key=lambda caution: not caution.stops):
        shown = lists.message(desk.db, source, each.message) if each.message is not None else None
        told.append(Notice(caution=each, text=shown.plain if shown is not None and each.kind != "gone" else ""))
    return told
