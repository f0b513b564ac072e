"""Ozone, the moderation service of a labeller, for those who are on its team: its queue, and what its moderators can do.

An event on a post or an account is everything there: takedown, its reversal, label, acknowledgement, escalation.
`externalId` makes an event safe to repeat: the second of the same kind for the same subject is refused. Sources:
lexicons `tools.ozone.moderation.*`, `tools.ozone.server.getConfig` and `app.bsky.labeler.getServices`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from modconsole.connectors.acts import Act, ActInfo, Done, Order, Undo
from modconsole.connectors.bluesky_api import PAGE, Api
from modconsole.connectors.bluesky_map import Post, Profile, Stored, message
from modconsole.connectors.bluesky_offers import OZONE, TEAM
from modconsole.connectors.bluesky_read import Reader
from modconsole.connectors.bluesky_text import is_did, post_place
from modconsole.domain.records import Message, State
from modconsole.domain.times import HOUR
from modconsole.errors import InputError, OutcomeUnknown, Refused, SignInError

QUEUE_PAGES = 5
"""Pages of 100 of each kind of the queue that are read in one run."""
_DEFS = "tools.ozone.moderation.defs"
REVIEWED: tuple[str, ...] = (f"{_DEFS}#reviewEscalated", f"{_DEFS}#reviewOpen")
MODERATORS = frozenset(("tools.ozone.team.defs#roleAdmin", "tools.ozone.team.defs#roleModerator"))
TRIAGE = "tools.ozone.team.defs#roleTriage"
_EVENTS: dict[Act, str] = {
    "remove": "modEventTakedown",
    "restore": "modEventReverseTakedown",
    "ban": "modEventTakedown",
    "unban": "modEventReverseTakedown",
    "label": "modEventLabel",
    "unlabel": "modEventLabel",
    "acknowledge": "modEventAcknowledge",
    "escalate": "modEventEscalate",
}
_OPPOSITE: dict[Act, Act] = {
    "remove": "restore",
    "restore": "remove",
    "ban": "unban",
    "unban": "ban",
    "label": "unlabel",
    "unlabel": "label",
}


class Subject(msgspec.Struct):
    """What a status is about: a post, an account, or a direct message."""

    uri: str | None = None
    cid: str | None = None
    did: str | None = None


class Status(msgspec.Struct, rename="camel"):
    """How Ozone stands to a subject."""

    review_state: str
    subject: Subject
    takendown: bool = False


class Statuses(msgspec.Struct, rename="camel"):
    """A page of the queue."""

    subject_statuses: list[Any] = msgspec.field(default_factory=list)
    cursor: str | None = None


class Member(msgspec.Struct):
    """What we are there."""

    role: str = ""


class Config(msgspec.Struct):
    """What the service says of itself to us."""

    viewer: Member = msgspec.field(default_factory=Member)


class Policies(msgspec.Struct, rename="camel"):
    """The labels that a service has."""

    label_values: list[str] = msgspec.field(default_factory=list)


class Labeller(msgspec.Struct):
    """One labelling service."""

    policies: Policies = msgspec.field(default_factory=Policies)


class Labellers(msgspec.Struct):
    """Labelling services."""

    views: list[Labeller] = msgspec.field(default_factory=list)


class Ozone:
    """One labeller's service, seen by one of its team. `did` is the labeller's."""

    def __init__(self, api: Api, did: str) -> None:
        self.api = api
        self.did = did
        self.cut = False
        """Whether the queue was longer than was read."""
        self._proxy = f"{did}#atproto_labeler"
        self._role: str | None = None

    def role(self) -> str:
        """Our role on the team; empty where we are not on it."""
        if self._role is None:
            try:
                self._role = self.api.get("tools.ozone.server.getConfig", Config, proxy=self._proxy).viewer.role
            except (SignInError, Refused):  # the service says 401 to those who are not on its team
                self._role = ""
        return self._role

    def labels(self) -> tuple[str, ...]:
        """The labels that the service has."""
        query = {"dids": self.did, "detailed": "true"}
        found = self.api.get("app.bsky.labeler.getServices", Labellers, query).views
        return tuple(found[0].policies.label_values) if found else ()

    # ------------------------------------------------------------------ the queue

    def queue(self) -> Iterator[dict[str, State]]:
        """What is open or escalated, page by page: the posts' addresses, each as `held`, or `removed` where it is taken down.

        First what was taken down last: Bluesky may show it for a moment yet.

        Raises `Refused` where we are not on the team.
        """
        if not self.role():
            raise Refused("this account is not on the team of the Ozone service", code="not_on_the_team")
        self.cut = False
        newest = {"takendown": "true", "sortField": "lastReviewedAt", "sortDirection": "desc", "limit": str(PAGE)}
        yield {status.subject.uri or "": "removed" for status in _understood(self._statuses(newest))}
        for state in REVIEWED:
            cursor: str | None = None
            for _ in range(QUEUE_PAGES):
                query = {"reviewState": state, "limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
                page = self._statuses(query)
                yield {status.subject.uri or "": _state(status) for status in _understood(page)}
                cursor = page.cursor if page.subject_statuses else None
                if cursor is None:
                    break
            self.cut = self.cut or cursor is not None

    def status(self, subject: str) -> Status | None:
        """How Ozone stands to a post or an account; None where it never dealt with it."""
        found = list(_understood(self._statuses({"subject": subject, "limit": "1"}), posts=False))
        return found[0] if found else None

    def _statuses(self, query: Mapping[str, str]) -> Statuses:
        return self.api.get("tools.ozone.moderation.queryStatuses", Statuses, query, proxy=self._proxy)

    def taken_down(self, stored: Stored, reader: Reader) -> Message | None:
        """The record of a post that Bluesky shows nobody, where it was our service that took it down; else None."""
        if not self.role():
            return None
        status = self.status(stored.uri)
        at = post_place(stored.uri)
        if status is None or not status.takendown or at is None:
            return None
        profile = reader.profile(at.did) or Profile(did=at.did)
        post = Post(uri=stored.uri, cid=stored.cid, author=profile, record=stored.value)
        return message(post, reader.source, reader.now, state="removed")

    # ------------------------------------------------------------------ acts

    def acts(self) -> tuple[ActInfo, ...]:
        """Those of `OZONE` that our role allows, with the service's labels to choose from."""
        role = self.role()
        if role not in MODERATORS:
            return tuple(info for info in OZONE if role == TRIAGE and info.right == TEAM)
        labels = self.labels()
        return tuple(replace(info, choices=labels) if "label" in info.needs else info for info in OZONE)

    def carry_out(self, order: Order, now: int) -> Done:
        """One event on a post or an account. What was so already is left so."""
        if order.act not in _EVENTS:
            raise Refused(f"Ozone has no {order.act!r}.", code="unsupported")
        subject = self._subject(order)
        if self._done_already(order):
            return Done(note="It was so already.")
        event = _event(order, now)
        body = {"event": event, "subject": subject, "createdBy": self.api.did, "externalId": order.key}
        try:
            self.api.post("tools.ozone.moderation.emitEvent", dict[str, Any], body, proxy=self._proxy)
        except Refused as error:
            if error.code != "DuplicateExternalId" and not self._done_already(order):
                raise
        except OutcomeUnknown:
            if not self._done_already(order):
                raise
        opposite = _OPPOSITE.get(order.act)
        return Done(undo=Undo(opposite, {"label": order.label} if order.label else {}) if opposite else None)

    def _done_already(self, order: Order) -> bool:
        if order.act not in ("remove", "restore", "ban", "unban"):
            return False
        status = self.status(order.target)
        down = status is not None and status.takendown
        return down == (order.act in ("remove", "ban"))

    def _subject(self, order: Order) -> dict[str, str]:
        if order.on == "person" and is_did(order.target):
            return {"$type": "com.atproto.admin.defs#repoRef", "did": order.target}
        at = post_place(order.target) if order.on == "message" else None
        if at is None:
            raise InputError("Ozone knows posts and accounts only.")
        stored = self.api.record(at.did, at.collection, at.key, Stored)
        if stored is None:
            raise Refused("The post no longer exists.", code="gone")
        return {"$type": "com.atproto.repo.strongRef", "uri": order.target, "cid": stored.cid}


def _event(order: Order, now: int) -> dict[str, Any]:
    """The event of an order."""
    event: dict[str, Any] = {"$type": f"{_DEFS}#{_EVENTS[order.act]}"}
    if order.reason:
        event["comment"] = order.reason
    if order.act in ("label", "unlabel"):
        label = order.label or str(order.undoing.get("label", ""))
        if not label:
            raise Refused("Say which label.", code="label_missing")
        event["createLabelVals"] = [label] if order.act == "label" else []
        event["negateLabelVals"] = [label] if order.act == "unlabel" else []
    if order.act in ("ban", "remove") and order.until is not None:
        event["durationInHours"] = max(1, -(-(order.until - now) // HOUR))
    return event


def _state(status: Status) -> State:
    return "removed" if status.takendown else "held"


def _understood(page: Statuses, *, posts: bool = True) -> Iterator[Status]:
    """The statuses of posts; a subject of another kind (an account, a direct message, a profile) has no message here."""
    for raw in page.subject_statuses:
        try:
            status = msgspec.convert(raw, Status)
        except msgspec.ValidationError:
            continue
        if not posts or (status.subject.uri is not None and post_place(status.subject.uri) is not None):
            yield status
