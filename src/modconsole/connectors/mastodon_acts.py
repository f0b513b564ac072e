"""Moderation on Mastodon and its kin: what the acts do there, and how each is taken back.

A normal account moderates what it sees itself: it mutes, blocks, reports, and deletes its own posts. Staff of a server
decide on accounts and reports. Nobody can delete somebody else's post through the interface: Mastodon has that in its
web pages only.

After each act it is read what became of it, so that an answer that was lost leaves no doubt. Only a report cannot be
looked up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from modconsole.connectors.acts import Act, ActInfo, Done, Order, Target, Undo
from modconsole.connectors.mastodon_api import MANAGE_REPORTS, MANAGE_USERS, Api, Me, safe
from modconsole.connectors.mastodon_map import AdminAccount, Report
from modconsole.connectors.mastodon_offer import ACTS, CATEGORIES, LONGEST_COMMENT, REPORTS, SENSITIVE, USERS
from modconsole.domain.records import Message
from modconsole.domain.times import SECOND
from modconsole.errors import Gone, NotDone, OutcomeUnknown, PlatformError, Refused


@dataclass(frozen=True)
class Staff:
    """An act of staff on an account: `type` is the action's name (empty for one that ends), `path` of one that ends,
    and `field` of the account that becomes `goal`."""

    field: str
    goal: bool
    back: Act
    type: str = ""
    path: str = ""


STAFF: dict[Act, Staff] = {
    "hide": Staff("silenced", True, "unhide", type="silence"),
    "unhide": Staff("silenced", False, "hide", path="unsilence"),
    "ban": Staff("suspended", True, "unban", type="suspend"),
    "unban": Staff("suspended", False, "ban", path="unsuspend"),
    "lock": Staff("disabled", True, "unlock", type="disable"),
    "unlock": Staff("disabled", False, "lock", path="enable"),
    "label": Staff("sensitized", True, "unlabel", type="sensitive"),
    "unlabel": Staff("sensitized", False, "label", path="unsensitive"),
}

OWN: dict[Act, tuple[str, bool, Act]] = {
    "mute": ("muting", True, "unmute"),
    "unmute": ("muting", False, "mute"),
    "block": ("blocking", True, "unblock"),
    "unblock": ("blocking", False, "block"),
}
"""For each act between us and somebody: the field of the relationship that it sets, to what, and the act that leads
back."""

ALREADY = "It was so already."


def allowed(us: Me) -> tuple[ActInfo, ...]:
    """The acts that this account may carry out, by the permissions of its role."""
    rights = {"": True, REPORTS: us.may(MANAGE_REPORTS), USERS: us.may(MANAGE_USERS)}
    return tuple(info for info in ACTS if rights[info.right])


class Carrying:
    """Carries out orders. `record` reads a message as it stands; `sent` are keys of reports that were sent."""

    def __init__(self, api: Api, us: Me, record: Callable[[str], Message | None], clock: Callable[[], int]) -> None:
        self.api = api
        self.us = us
        self.record = record
        self.clock = clock
        self.sent: set[str] = set()

    def out(self, order: Order) -> Done:
        """Carry out an order. Raises as `connectors.base.Connector.act` says."""
        place: tuple[Act, Target] = (order.act, order.on)
        if order.on == "person" and order.act in STAFF:
            return self._staff(order, STAFF[order.act])
        if order.on == "person" and order.act in OWN:
            return self._between(order)
        doing = {
            ("approve", "message"): self._approve_author,
            ("approve", "person"): self._approve,
            ("remove", "message"): self._remove,
            ("report", "message"): self._report_message,
            ("report", "person"): self._report_person,
            ("acknowledge", "message"): self._resolve,
            ("escalate", "message"): self._reopen,
            ("mute", "conversation"): self._mute_thread,
            ("unmute", "conversation"): self._mute_thread,
        }.get(place)
        if doing is None:
            raise Refused(
                f"Mastodon has no {order.act!r} for a {order.on}.", hint="Do it on the server.", code="unsupported"
            )
        return doing(order)

    def _post(self, path: str, body: object = None) -> None:
        """A change that is looked at afterwards, whatever became of its answer."""
        with contextlib.suppress(OutcomeUnknown):
            self.api.write("POST", path, body)

    def _records(self, ident: str) -> tuple[Message, ...]:
        found = self.record(ident)
        return (found,) if found is not None else ()

    def _after(self, ident: str) -> tuple[Message, ...]:
        """The message as it stands after an act that is done; nothing where it cannot be read now."""
        with contextlib.suppress(PlatformError):
            return self._records(ident)
        return ()

    # ------------------------------------------------------------------ on messages

    def _remove(self, order: Order) -> Done:
        try:
            status = self.api.status(order.target)
        except Gone:
            return Done(note="It was gone already.")
        if status.account.id != self.us.id:
            raise Refused(
                "Mastodon lets nobody delete others' posts through its interface.",
                hint="Report it, or limit or suspend its author; staff delete posts in the server's web pages.",
                code="not_ours",
            )
        before = self.record(order.target)
        with contextlib.suppress(OutcomeUnknown, Gone):
            self.api.write("DELETE", f"/api/v1/statuses/{safe(order.target)}")
        with contextlib.suppress(Gone):
            self.api.status(order.target)
            raise NotDone("The server still shows the post.", hint="Try again.")
        return Done((_deleted(before),) if before is not None else ())

    def _report_message(self, order: Order) -> Done:
        status = self.api.status(order.target)
        return self._report(order, status.account.id, [status.id])

    def _report_person(self, order: Order) -> Done:
        return self._report(order, order.target, [])

    def _report(self, order: Order, account: str, statuses: list[str]) -> Done:
        """A report cannot be looked up by who sent it; so an order that was carried out here once is not carried out
        again."""
        if order.label and order.label not in CATEGORIES:
            raise Refused(f"There is no category {order.label!r}.", hint=f"Categories are {', '.join(CATEGORIES)}.")
        if len(order.reason) > LONGEST_COMMENT:
            raise Refused(f"A report's reason has at most {LONGEST_COMMENT:,} characters.", code="too_long")
        if order.key in self.sent:
            return Done(note="This report was sent already.")
        body = {
            "account_id": account,
            "status_ids": statuses,
            "comment": order.reason,
            "category": order.label or "other",
        }
        self.api.write("POST", "/api/v1/reports", body)
        self.sent.add(order.key)
        return Done(note="The server's staff decide what comes of it.")

    # ------------------------------------------------------------------ reports

    def _of_status(self, ident: str, *, resolved: bool) -> list[Report]:
        """The reports that name a status."""
        account = self.api.status(ident).account.id
        query = [("target_account_id", account), *([("resolved", "true")] if resolved else [])]
        page = self.api.reports(query)
        return [report for report in page.items if any(status.id == ident for status in report.statuses)]

    def _resolve(self, order: Order) -> Done:
        return self._decide(
            order, "resolve", self._given(order) or self._of_status(order.target, resolved=False), "escalate"
        )

    def _reopen(self, order: Order) -> Done:
        return self._decide(
            order, "reopen", self._given(order) or self._of_status(order.target, resolved=True), "acknowledge"
        )

    def _given(self, order: Order) -> list[Report]:
        """The reports that an undo names."""
        named = order.undoing.get("reports")
        return [Report(ident) for ident in named if isinstance(ident, str)] if isinstance(named, list) else []

    def _decide(self, order: Order, verb: str, reports: Iterable[Report], back: Act) -> Done:
        done = [report.id for report in reports]
        for ident in done:
            path = f"/api/v1/admin/reports/{safe(ident)}"
            self._post(f"{path}/{verb}")
            if self.api.get(path, Report).action_taken != (verb == "resolve"):
                raise NotDone("The server did not say whether it did that, and it is not done.", hint="Try again.")
        if not done:
            return Done(self._records(order.target), note="There is no such report of this post.")
        return Done(self._after(order.target), undo=Undo(back, {"reports": done}))

    # ------------------------------------------------------------------ threads and people

    def _mute_thread(self, order: Order) -> Done:
        goal = order.act == "mute"
        if bool(self.api.status(order.target).muted) == goal:
            return Done(note=ALREADY)
        self._post(f"/api/v1/statuses/{safe(order.target)}/{order.act}")
        if bool(self.api.status(order.target).muted) != goal:
            raise NotDone("The server did not say whether it did that, and it is not done.", hint="Try again.")
        return Done(undo=Undo("unmute" if goal else "mute"))

    def _between(self, order: Order) -> Done:
        """Mute and block, and their ends."""
        name, goal, back = OWN[order.act]
        was = bool(getattr(self.api.relationship(order.target), name))
        if was == goal and order.until is None:
            return Done(note=ALREADY)
        body: dict[str, object] | None = None
        if order.act == "mute":
            body = {"notifications": True}
            if order.until is not None:
                body["duration"] = max((order.until - self.clock()) // SECOND, 1)
        self._post(f"/api/v1/accounts/{safe(order.target)}/{order.act}", body)
        if bool(getattr(self.api.relationship(order.target), name)) != goal:
            raise NotDone("The server did not say whether it did that, and it is not done.", hint="Try again.")
        return Done(undo=Undo(back))

    def _approve_author(self, order: Order) -> Done:
        done = self._accept(self.api.status(order.target).account.id)
        if not done:
            raise Refused(
                "The author is not filtered.", hint="A report is resolved with `acknowledge`.", code="nothing"
            )
        return Done(self._after(order.target))

    def _approve(self, order: Order) -> Done:
        if self._accept(order.target):
            return Done()
        if not self.api.relationship(order.target).requested_by:
            return Done(note="There is no request of theirs.")
        self._post(f"/api/v1/follow_requests/{safe(order.target)}/authorize")
        if self.api.relationship(order.target).requested_by:
            raise NotDone("The server did not say whether it did that, and it is not done.", hint="Try again.")
        return Done()

    def _accept(self, account: str) -> bool:
        """Accept the notification request of an account; False where there is none."""
        request = self._request(account)
        if request is None:
            return False
        self._post(f"/api/v1/notifications/requests/{safe(request)}/accept")
        if self._request(account) is not None:
            raise NotDone("The server did not say whether it did that, and it is not done.", hint="Try again.")
        return True

    def _request(self, account: str) -> str | None:
        query: list[tuple[str, str]] = []
        while True:
            try:
                page = self.api.requests(query)
            except Gone:  # a server without such requests
                return None
            for request in page.items:
                if request.account.id == account:
                    return request.id
            if page.following is None or not page.items:
                return None
            query = [("max_id", page.following)]

    # ------------------------------------------------------------------ staff

    def _staff(self, order: Order, act: Staff) -> Done:
        """An action on an account. The person is not written to; a reason is kept with the action and shown in their
        settings."""
        if act.field == "sensitized" and order.label not in ("", SENSITIVE):
            raise Refused(f"There is no label {order.label!r}.", hint=f"The only one is {SENSITIVE}.", code="label")
        before = self.api.admin_account(order.target)
        if act.field == "disabled" and before.domain:
            raise Refused(
                "Only an account of our own server can be frozen.", hint="Limit or suspend it.", code="remote"
            )
        if bool(_field(before, act)) == act.goal:
            return Done(note=ALREADY)
        path = f"/api/v1/admin/accounts/{safe(order.target)}"
        if act.type:
            body = {"type": act.type, "send_email_notification": False}
            self._post(f"{path}/action", {**body, "text": order.reason} if order.reason else body)
        else:
            self._post(f"{path}/{act.path}")
        if bool(_field(self.api.admin_account(order.target), act)) != act.goal:
            raise NotDone("The server did not say whether it did that, and it is not done.", hint="Try again.")
        return Done(undo=Undo(act.back))


def _field(account: AdminAccount, act: Staff) -> bool | None:
    found: bool | None = getattr(account, act.field)
    return found


def _deleted(message: Message) -> Message:
    """A message of which we know that it is gone, since we deleted it."""
    from msgspec.structs import replace

    return replace(message, state="deleted", state_at=message.observed_at)
