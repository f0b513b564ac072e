"""Moderation on Discourse: flags with their consequence, the review queue, deletion, closed topics, penalties.

Discourse has no call to hide a post. It hides what a moderator flags while "taking action" (`PostActionCreator`), and what is
put up for review. What can be done about a thing to review the site lists with it, and each call names the version that was
seen: a newer one is answered 409, and the thing is read again.

The flags `take_action` and `queue_for_review` are compared with the text "true": a JSON `true` is taken for no.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from modconsole.connectors.acts import ActInfo, Done, Order, Takes, Undo
from modconsole.connectors.discourse_map import SPAM, number_in, state_of
from modconsole.connectors.discourse_penalties import PENALTIES, penalty
from modconsole.connectors.discourse_reader import Reader
from modconsole.connectors.discourse_shapes import Action, Bundle, Flag, Post, Reviewable
from modconsole.domain.records import Record
from modconsole.domain.times import to_text
from modconsole.errors import NotDone, OutcomeUnknown, PlatformError, Refused

FLAGS = ("inappropriate", "off_topic", "spam", "illegal", "notify_moderators")
"""The flags that every site has (`PostActionType`); a site may have more, and switch some off."""
STAFF = "moderator or administrator of the site"
APPROVE = ("approve_post", "approve_post_closed", "disagree_and_restore", "disagree", "approve_user", "approve")
REJECT = ("reject_post",)
HIDE = ("agree_and_hide", "agree_and_keep_hidden")
IGNORE = ("ignore_and_do_nothing", "ignore")

_label: frozenset[Takes] = frozenset(("label", "reason"))

ACTS: tuple[ActInfo, ...] = (
    ActInfo(
        "approve",
        "message",
        "Publishes a queued post, or disagrees with the flags on a post, which shows it again.",
        fits=frozenset(("live", "held", "hidden")),
        right=STAFF,
    ),
    ActInfo(
        "hold",
        "message",
        "Flags the post for review; Discourse hides it and tells its author, until somebody decides.",
        undo="approving it",
        takes=_label,
        choices=FLAGS,
        fits=frozenset(("live",)),
        right=STAFF,
    ),
    ActInfo(
        "hide",
        "message",
        "Flags the post and takes action: Discourse hides it at once and tells its author.",
        undo="showing it again; the flag stays on record",
        takes=_label,
        choices=FLAGS[:3],
        fits=frozenset(("live", "held")),
        right=STAFF,
    ),
    ActInfo(
        "unhide",
        "message",
        "Shows a hidden post again.",
        fits=frozenset(("held", "hidden", "spam")),
        right=STAFF,
    ),
    ActInfo(
        "spam",
        "message",
        "Flags the post as spam and takes action: Discourse hides it, and may silence a new account.",
        undo="showing it again; the flag stays on record",
        takes=frozenset(("reason",)),
        fits=frozenset(("live", "held", "hidden")),
        right=STAFF,
    ),
    ActInfo(
        "remove",
        "message",
        "Deletes the post, with its whole topic if it is the first, or rejects a queued post; moderators still see it.",
        undo="restoring it, or approving what was rejected",
        takes=frozenset(("reason",)),
        fits=frozenset(("live", "held", "hidden", "spam")),
        right=STAFF,
    ),
    ActInfo(
        "restore",
        "message",
        "Recovers a deleted post, with its topic if it is the first.",
        undo="deleting it again",
        fits=frozenset(("removed", "deleted")),
        right=STAFF,
    ),
    ActInfo(
        "report",
        "message",
        "Flags the post for the site's moderators, with a message to them where the flag takes one.",
        undo="withdrawing the flag, some ten minutes long, and never one with a message",
        takes=_label,
        choices=FLAGS,
        fits=frozenset(("live",)),
    ),
    ActInfo(
        "acknowledge",
        "message",
        "Ignores the flags on the post and leaves it as it is.",
        fits=frozenset(("live",)),
        right=STAFF,
    ),
    ActInfo(
        "lock",
        "conversation",
        "Closes the topic: only staff can reply, until the given time or for good.",
        undo="opening it",
        takes=frozenset(("until",)),
        right=STAFF,
    ),
    ActInfo("unlock", "conversation", "Opens a closed topic.", undo="closing it", right=STAFF),
    *PENALTIES,
)


class Acts:
    """Carries out orders for one connector."""

    def __init__(self, reader: Reader, clock: Callable[[], int]) -> None:
        self.reader = reader
        self.api = reader.api
        self.clock = clock

    def allowed(self) -> tuple[ActInfo, ...]:
        """What this account may do here, with the flags that the site has."""
        kinds = tuple(flag.name_key for flag in self.api.flags() if flag.name_key and flag.name_key != "notify_user")
        staff = self.api.me().staff
        return tuple(_with_choices(info, kinds) for info in ACTS if staff or info.right != STAFF)

    def carry_out(self, order: Order) -> Done:
        """One order. Raises as `base.Connector.act` says."""
        if order.act in ("lock", "unlock"):
            return self._close(order)
        if order.on == "person":
            return penalty(self.api, order, self.clock())
        review = number_in(order.target, "review")
        if review is not None:
            return self._of_queue(order, review)
        post = self.api.post(order.target)
        acts: dict[str, Callable[[Order, Post], Done]] = {
            "approve": self._approve,
            "hold": self._hold,
            "hide": self._hide,
            "unhide": self._unhide,
            "spam": self._spam,
            "remove": self._remove,
            "restore": self._restore,
            "report": self._report,
            "acknowledge": self._acknowledge,
        }
        if order.act not in acts:
            raise Refused("Discourse has no such act.", code="no_such_act")
        return acts[order.act](order, post)

    # ------------------------------------------------------------------ a post

    def _approve(self, order: Order, post: Post) -> Done:
        if (
            post.reviewable_id
            and post.reviewable_score_pending_count != 0
            and self._performed(post.reviewable_id, APPROVE)
        ):
            return self._done(post)
        if post.hidden:
            self._sure(lambda: self.api.write("PUT", f"posts/{post.id}/unhide.json"), post.id, lambda p: not p.hidden)
            return self._done(post)
        return self._same(post, note="Nothing waited for a decision.")

    def _hold(self, order: Order, post: Post) -> Done:
        if post.hidden:
            return self._same(post, note="It was hidden already.")
        flag = self._flag(order.label or "inappropriate")
        self._flagged(order, post, flag, {"queue_for_review": "true"}, lambda p: p.hidden)
        return self._done(post, Undo("approve"))

    def _hide(self, order: Order, post: Post) -> Done:
        if post.hidden and state_of(post) in ("hidden", "spam"):
            return self._same(post, note="It was hidden already.")
        if post.reviewable_id and post.reviewable_score_pending_count and self._performed(post.reviewable_id, HIDE):
            return self._done(post, Undo("unhide"))
        wanted = (order.label,) if order.label else FLAGS[:3]
        can = {each.id for each in post.actions_summary if each.can_act}
        flags = [flag for name in wanted if (flag := self._flag(name, needed=False)) is not None and flag.id in can]
        if not flags:
            raise Refused(
                "Discourse does not take another flag of yours on this post.",
                hint="Delete it, or hide it in Discourse.",
                code="already_flagged",
            )
        self._flagged(order, post, flags[0], {"take_action": "true"}, lambda p: p.hidden)
        return self._done(post, Undo("unhide"))

    def _spam(self, order: Order, post: Post) -> Done:
        if state_of(post) == "spam":
            return self._same(post, note="It was spam already.")
        flagged = any(each.id == SPAM and each.count for each in post.actions_summary)
        waits = bool(post.reviewable_id and post.reviewable_score_pending_count)
        if flagged and waits and post.reviewable_id and self._performed(post.reviewable_id, HIDE):
            return self._done(post, Undo("unhide"))
        if not any(each.id == SPAM and each.can_act for each in post.actions_summary):
            raise Refused(
                "Discourse does not take a spam flag of yours on this post.",
                hint="Delete it instead.",
                code="already_flagged",
            )
        self._flagged(order, post, self._flag("spam"), {"take_action": "true"}, lambda p: p.hidden)
        return self._done(post, Undo("unhide"))

    def _unhide(self, order: Order, post: Post) -> Done:
        if not post.hidden:
            return self._same(post, note="It was not hidden.")
        self._sure(lambda: self.api.write("PUT", f"posts/{post.id}/unhide.json"), post.id, lambda p: not p.hidden)
        return self._done(post)

    def _remove(self, order: Order, post: Post) -> Done:
        if post.deleted_at:
            return self._same(post, note="It was deleted already.")
        body = {"context": order.reason} if order.reason else None
        self._sure(
            lambda: self.api.write("DELETE", f"posts/{post.id}.json", body), post.id, lambda p: bool(p.deleted_at)
        )
        note = "It was the first post: its topic is deleted with it." if post.post_number == 1 else ""
        return self._done(post, Undo("restore"), note)

    def _restore(self, order: Order, post: Post) -> Done:
        if not post.deleted_at and not post.user_deleted:
            return self._same(post, note="It was not deleted.")
        self._sure(
            lambda: self.api.write("PUT", f"posts/{post.id}/recover.json"),
            post.id,
            lambda p: not p.deleted_at and not p.user_deleted,
        )
        return self._done(post, Undo("remove"))

    def _report(self, order: Order, post: Post) -> Done:
        withdrawn = order.undoing.get("withdraw")
        if isinstance(withdrawn, int):
            self._sure(
                lambda: self.api.write("DELETE", f"post_actions/{post.id}.json", {"post_action_type_id": withdrawn}),
                post.id,
                lambda p: not _acted(p, withdrawn),
            )
            return self._done(post)
        flag = self._flag(order.label or "inappropriate")
        if _acted(post, flag.id or 0):
            return self._same(post, note="You had flagged it so already.")
        if flag.require_message and not order.reason.strip():
            raise Refused("This flag takes a message to the moderators.", hint="Give a reason.", code="reason_needed")
        self._flagged(order, post, flag, {}, lambda p: _acted(p, flag.id or 0))
        message = flag.require_message
        return self._done(post, None if message else Undo("report", {"withdraw": flag.id}))

    def _acknowledge(self, order: Order, post: Post) -> Done:
        if not post.reviewable_id or not self._performed(post.reviewable_id, IGNORE):
            return self._same(post, note="Nothing waited for a decision.")
        return self._done(post)

    # ------------------------------------------------------------------ what is no post yet

    def _of_queue(self, order: Order, number: int) -> Done:
        words = {"approve": APPROVE, "remove": REJECT}.get(order.act)
        item = self.reader.review(number)
        if words is None or (item.type == "ReviewableUser" and order.act == "remove"):
            what = "an account that asks to join" if item.type == "ReviewableUser" else "a queued post"
            raise Refused(
                f"Discourse cannot do that with {what}.", hint="Approve or reject it in Discourse.", code="no_such_act"
            )
        goal = "approved" if order.act == "approve" else "rejected"
        note = ""
        if item.state == goal:
            note = f"It was {goal} already."
        elif not self._performed(number, words):
            raise Refused(f"It is {item.state} already.", hint="Look at it in Discourse.", code="conflict")
        records: list[Record] = []
        with contextlib.suppress(PlatformError):  # it is done: what cannot be read now comes with the next pull
            item = self.reader.review(number)
            records += self.reader.waiting(item, self.clock())
            if item.post_id is not None:
                self.reader.remember(item)
                records.append(self.reader.one(self.api.post(item.post_id), self.clock()))
        return Done(tuple(records), Undo("approve") if order.act == "remove" else None, note)

    def _performed(self, number: int, words: Sequence[str]) -> bool:
        """Do the first of `words` that the site offers for a thing to review; False where it offers none."""
        for _ in range(3):
            item, body = self.reader.review_with(number)
            offered = _offered(item, body)
            word = next((each for each in words if each in offered), None)
            if word is None:
                return False
            try:
                self.api.write("PUT", f"review/{number}/perform/{word}.json?version={item.version}", {})
            except OutcomeUnknown:
                if self.reader.review(number).state == item.state:
                    raise NotDone(
                        "The site did not say whether it did that, and it is not done.", hint="Try again."
                    ) from None
            except Refused as refused:
                if refused.code != "conflict":
                    raise
                continue
            return True
        raise Refused("Others keep changing it.", hint="Look at it in Discourse.", code="conflict")

    # ------------------------------------------------------------------ topics

    def _close(self, order: Order) -> Done:
        number = number_in(order.target, "topic")
        if number is None:
            raise Refused("Only topics can be closed.", code="no_such_act")
        closing = order.act == "lock"
        if self.api.topic(number).closed == closing:
            return Done(note="It was closed already." if closing else "It was not closed.")
        body = {"status": "closed", "enabled": "true" if closing else "false"}
        if closing and order.until is not None:
            body["until"] = to_text(order.until)
        try:
            self.api.write("PUT", f"t/{number}/status.json", body)
        except OutcomeUnknown:
            if self.api.topic(number).closed != closing:
                raise NotDone(
                    "The site did not say whether it did that, and it is not done.", hint="Try again."
                ) from None
        return Done(undo=Undo("unlock" if closing else "lock"))

    # ------------------------------------------------------------------ what all need

    def _flag(self, name: str, *, needed: bool = True) -> Any:
        found = next((flag for flag in self.api.flags() if flag.name_key == name), None)
        if found is None and needed:
            raise Refused(f"This site has no flag {name!r}.", code="no_such_flag")
        return found

    def _flagged(
        self, order: Order, post: Post, flag: Flag, more: dict[str, str], done: Callable[[Post], bool]
    ) -> None:
        body: dict[str, Any] = {"id": post.id, "post_action_type_id": flag.id, "flag_topic": "false", **more}
        if order.reason and flag.require_message:
            body["message"] = order.reason
        self._sure(lambda: self.api.write("POST", "post_actions.json", body), post.id, done)

    def _sure(self, call: Callable[[], Any], post: int, done: Callable[[Post], bool]) -> None:
        """Make a change; where the answer was lost, look whether it is done."""
        try:
            call()
        except OutcomeUnknown:
            if not done(self.api.post(post)):
                raise NotDone(
                    "The site did not say whether it did that, and it is not done.", hint="Try again."
                ) from None

    def _done(self, post: Post, undo: Undo | None = None, note: str = "") -> Done:
        """An act was carried out: with the post as it stands now, where it can be read."""
        with contextlib.suppress(PlatformError):
            return Done((self.reader.one(self.api.post(post.id), self.clock()),), undo, note)
        return Done((), undo, note)

    def _same(self, post: Post, note: str) -> Done:
        """Nothing had to be done."""
        return Done((self.reader.one(self.api.post(post.id), self.clock()),), note=note)


def _acted(post: Post, flag: int) -> bool:
    return any(each.id == flag and each.acted for each in post.actions_summary)


def _with_choices(info: ActInfo, kinds: tuple[str, ...]) -> ActInfo:
    """An act with those of its flags that the site has; `report` with the site's own ones too."""
    if not info.choices:
        return info
    return replace(info, choices=kinds if info.act == "report" else tuple(k for k in info.choices if k in kinds))


def _offered(item: Reviewable, body: dict[str, Any]) -> set[str]:
    """The words for what can be done about a thing to review."""
    try:
        bundles = msgspec.convert(body.get("bundled_actions") or [], list[Bundle])
        actions = msgspec.convert(body.get("actions") or [], list[Action])
    except msgspec.ValidationError:
        return set()
    ids = {each for bundle in bundles if bundle.id in item.bundled_action_ids for each in bundle.action_ids}
    return {action.word for action in actions if action.id in ids}
