"""Moderation on Reddit of comments, posts and conversations: what the acts do there, and how each is taken back.

Each act reads before and after: what is so already is not done again, and a lost answer is settled by what became of the
thing. Reddit has no way to put something back into the queue, nor to take a report or a message to an author back; the
sentences say so. Acts on people are in `reddit_people`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from modconsole.connectors import reddit_modmail as modmail
from modconsole.connectors.acts import Act, ActInfo, Done, Order, Undo
from modconsole.connectors.http import unreadable
from modconsole.connectors.reddit_api import Api
from modconsole.connectors.reddit_map import Comment, Eyes, Post, Thing, comment, is_gone, post, state_of
from modconsole.connectors.reddit_rights import Standing
from modconsole.domain.records import Message
from modconsole.errors import Gone, InputError, NotDone, OutcomeUnknown, PlatformError, Refused

POSTS = "moderator with the right `posts`"
MAIL = "moderator with the right `mail`"
FLAIR = "moderator with the right `flair`"
TITLE_LENGTH = 50
"""The longest title of a message about a removal (recorded: `TOO_LONG`, max 50)."""
REPORT_LENGTH = 100
"""The longest reason of a report (reddit.com/dev/api)."""

ACTS: tuple[ActInfo, ...] = (
    ActInfo(
        "approve",
        "message",
        "Approves it: everybody sees it, it leaves the moderation queue for good, and its reports count no more.",
        fits=frozenset(("live", "held", "removed", "spam")),
        right=POSTS,
    ),
    ActInfo(
        "remove",
        "message",
        "Removes it: only moderators and its author see it. With a removal reason, Reddit sends the author that reason's text by"
        " modmail; your own words are kept for moderators.",
        undo="approved again, if it was to be seen before; what the author was sent stays",
        takes=frozenset(("label", "reason")),
        fits=frozenset(("live", "held", "spam")),
        right=POSTS,
    ),
    ActInfo(
        "spam",
        "message",
        "Removes it as spam: only moderators and its author see it, and Reddit's filter learns from it.",
        undo="approved again, if it was to be seen before",
        fits=frozenset(("live", "held", "removed")),
        right=POSTS,
    ),
    ActInfo(
        "lock",
        "conversation",
        "Locks the post: only moderators can comment on it.",
        undo="unlocked again",
        right=POSTS,
    ),
    ActInfo("unlock", "conversation", "Unlocks the post.", undo="locked again", right=POSTS),
    ActInfo(
        "lock",
        "message",
        "Locks the comment or post: only moderators can reply to it.",
        undo="unlocked again",
        fits=frozenset(("live",)),
        right=POSTS,
    ),
    ActInfo(
        "unlock",
        "message",
        "Unlocks the comment or post; locking it again is an act of its own.",
        fits=frozenset(("live",)),
        right=POSTS,
    ),
    ActInfo(
        "acknowledge",
        "message",
        "Ignores its reports, those to come as well: it leaves the moderation queue and stays as it is.",
        undo="its reports count again",
        fits=frozenset(("live", "held")),
        right=POSTS,
    ),
    ActInfo(
        "acknowledge",
        "conversation",
        "Archives the modmail conversation; it comes back when the person writes again.",
        undo="unarchived again",
        right=MAIL,
    ),
    ActInfo(
        "report",
        "message",
        "Reports it to the subreddit's moderators, in the words given.",
        takes=frozenset(("reason",)),
        needs=frozenset(("reason",)),
        fits=frozenset(("live",)),
    ),
    ActInfo(
        "label",
        "conversation",
        "Gives the post a flair of its subreddit, instead of the one that it has.",
        undo="given the flair that it had",
        takes=frozenset(("label",)),
        needs=frozenset(("label",)),
        right=FLAIR,
    ),
    ActInfo("unlabel", "conversation", "Takes the post's flair away.", undo="given the flair that it had", right=FLAIR),
)


class Reason(Struct):
    """A removal reason of a subreddit."""

    id: str
    title: str
    message: str = ""


class Reasons(Struct):
    """A subreddit's removal reasons."""

    data: dict[str, Reason] = msgspec.field(default_factory=dict)


class Flair(Struct):
    """A flair that a post can be given."""

    id: str
    text: str = ""


@dataclass
class Desk:
    """What an act needs: the calls, what we may do, and how things are looked at."""

    api: Api
    standing: Standing
    eyes: Callable[[Comment | Post | None], Eyes]
    """With what a thing is looked at; the queue is asked where only it can tell."""

    def thing(self, native: str) -> Comment | Post:
        """A comment or post as it stands. Raises `Gone`."""
        found = read_thing(self.api, native)
        if found is None or is_gone(found):
            raise Gone("It has been deleted.")
        return found

    def record(self, thing: Comment | Post) -> Message:
        """What is known of it now."""
        eyes = self.eyes(thing)
        return comment(thing, eyes) if isinstance(thing, Comment) else post(thing, eyes)

    def state(self, thing: Comment | Post) -> str:
        """Its state now."""
        return state_of(thing, self.eyes(thing).queue)


def read_thing(api: Api, native: str) -> Comment | Post | None:
    """A comment or post by its fullname; None where Reddit does not show it."""
    for raw in api.info([native]):
        try:
            thing = msgspec.json.decode(raw, type=Thing)
            if thing.kind == "t1":
                return msgspec.json.decode(thing.data, type=Comment)
            return msgspec.json.decode(thing.data, type=Post)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(api.http.host, writing=False) from None
    return None


def carry_out(desk: Desk, order: Order) -> Done:
    """Carry out an act on a message or a conversation. Doing it twice does no more than doing it once."""
    handler = HANDLERS.get((order.act, order.on))
    if handler is None:
        raise Refused(f"Reddit has no {order.act!r} for a {order.on}.", code="unsupported")
    if order.on == "message" and not order.target.startswith(("t1_", "t3_")):
        raise Refused("Private messages and modmail cannot be moderated one by one.", code="unsupported")
    return handler(desk, order)


def _changed(
    desk: Desk, before: Comment | Post, path: str, done: Callable[[Comment | Post], bool], **more: str
) -> Comment | Post:
    """Change a thing and read it again; what it is then says whether a lost answer had arrived."""
    with contextlib.suppress(OutcomeUnknown):
        desk.api.write(path, {"id": before.name, **more})
    after = desk.thing(before.name)
    if not done(after):
        raise NotDone("Reddit does not show that it did that.", hint="Try again.")
    return after


def _approve(desk: Desk, order: Order) -> Done:
    before = desk.thing(order.target)
    was = desk.state(before)
    if was == "live" and (before.approved_by or not (before.num_reports or 0) > 0):
        return Done((desk.record(before),), note="It was so already.")
    after = _changed(desk, before, "/api/approve", lambda thing: not thing.banned_by)
    back: dict[str, Act] = {"removed": "remove", "spam": "spam"}
    undo = Undo(back[was]) if was in back else None
    return Done((desk.record(after),), undo, "" if undo else "It cannot be put back into the queue.")


def _remove(desk: Desk, order: Order) -> Done:
    before = desk.thing(order.target)
    was, spam = desk.state(before), order.act == "spam"
    reason = _reason(desk, before.subreddit, order.label) if order.label else None
    told = before.mod_reason_title is not None and (reason is None or before.mod_reason_title == reason.title)
    if was == ("spam" if spam else "removed") and (reason is None or told):
        return Done((desk.record(before),), note="It was so already.")
    _changed(desk, before, "/api/remove", lambda thing: bool(thing.banned_by), spam="true" if spam else "false")
    note = "" if was == "live" else "There is no way back to where it was; it can be approved."
    if reason is not None or order.reason:
        note = _explain(desk, before, reason, order.reason) or note
    return Done((desk.record(desk.thing(order.target)),), Undo("approve") if was == "live" else None, note)


def _reason(desk: Desk, subreddit: str, title: str) -> Reason:
    for reason in reasons(desk.api, subreddit):
        if title in (reason.title, reason.id):
            return reason
    raise Refused(f"r/{subreddit} has no such removal reason.", hint="Choose one of its own.", code="no_such_reason")


def reasons(api: Api, subreddit: str) -> list[Reason]:
    """The removal reasons of a subreddit."""
    return list(api.get(f"/api/v1/{subreddit}/removal_reasons", Reasons).data.values())


def _explain(desk: Desk, thing: Comment | Post, reason: Reason | None, words: str) -> str:
    """Keep why it was removed, and tell the author where there is a reason. What went wrong with that is said, and undoes
    nothing."""
    try:
        kept = {"item_ids": [thing.name], "mod_note": words, "reason_id": reason.id if reason else None}
        desk.api.write("/api/v1/modactions/removal_reasons", {"json": json.dumps(kept)})
        if reason is not None:
            kind = "link" if isinstance(thing, Post) else "comment"
            said = {
                "item_id": [thing.name],
                "message": reason.message,
                "title": reason.title[:TITLE_LENGTH],
                "type": "private",
            }
            desk.api.write(f"/api/v1/modactions/removal_{kind}_message", {"json": json.dumps(said)})
    except PlatformError as error:
        return f"It is removed; whether the reason was kept and sent is not sure: {error.message}"
    return ""


def _lock(desk: Desk, order: Order) -> Done:
    if not order.target.startswith(("t1_", "t3_")):
        raise Refused("Only posts and comments can be locked.", code="unsupported")
    before = desk.thing(order.target)
    goal = order.act == "lock"
    if before.locked == goal:
        return Done((desk.record(before),), note="It was so already.")
    after = _changed(desk, before, f"/api/{order.act}", lambda thing: thing.locked == goal)
    return Done((desk.record(after),), Undo("unlock" if goal else "lock"))


def _acknowledge(desk: Desk, order: Order) -> Done:
    """Ignore reports; or, taken back, let them count again."""
    before = desk.thing(order.target)
    goal = not order.undoing.get("ignored")
    if bool(before.ignore_reports) == goal:
        return Done((desk.record(before),), note="It was so already.")
    path = "/api/ignore_reports" if goal else "/api/unignore_reports"
    after = _changed(desk, before, path, lambda thing: bool(thing.ignore_reports) == goal)
    return Done((desk.record(after),), Undo("acknowledge", {"ignored": goal}))


ARCHIVED = 2
"""The `state` of an archived conversation; 0 is new, 1 in progress."""


def _archive(desk: Desk, order: Order) -> Done:
    """Archive a modmail conversation; or, taken back, bring it back."""
    try:
        path = f"/api/mod/conversations/{modmail.ids(order.target)[0]}"
    except InputError:
        raise Refused("Only modmail can be archived.", code="unsupported") from None
    goal = not order.undoing.get("archived")
    eyes = desk.eyes(None)
    before = modmail.whole(desk.api, order.target, eyes)
    if (before.talk.state == ARCHIVED) == goal:
        return Done(tuple(before.messages()), note="It was so already.")
    with contextlib.suppress(OutcomeUnknown):
        desk.api.write(f"{path}/archive" if goal else f"{path}/unarchive", {})
    after = modmail.whole(desk.api, order.target, eyes)
    if (after.talk.state == ARCHIVED) != goal:
        raise NotDone("Reddit does not show that it did that.", hint="Try again.")
    return Done(tuple(after.messages()), Undo("acknowledge", {"archived": goal}))


def _report(desk: Desk, order: Order) -> Done:
    if not order.reason:
        raise Refused("A report needs a reason.", code="no_reason")
    if len(order.reason) > REPORT_LENGTH:
        raise Refused(f"A report has {REPORT_LENGTH} characters at most.", hint="Shorten it.", code="too_long")
    thing = desk.thing(order.target)
    record = desk.record(thing)
    desk.api.write("/api/report", {"id": thing.name, "reason": order.reason})
    return Done((record,))


def _label(desk: Desk, order: Order) -> Done:
    """Set the flair of a post, or with `unlabel` take it away; taken back, set what it had."""
    before = desk.thing(order.target)
    if not isinstance(before, Post):
        raise Refused("Only posts have a flair.", code="unsupported")
    had = {
        "text": before.link_flair_text or "",
        "css": before.link_flair_css_class or "",
        "id": before.link_flair_template_id or "",
    }
    path = f"/r/{before.subreddit}/api/"
    form = {
        "link": before.name,
        "css_class": str(order.undoing.get("css", "")),
        "text": str(order.undoing.get("text", "")),
    }
    template = str(order.undoing.get("id", ""))
    if order.act == "label" and not order.undoing:
        template = _flair(desk, before.subreddit, order.label).id
        form["text"] = order.label
    if template:
        form["flair_template_id"] = template
    with contextlib.suppress(OutcomeUnknown):
        desk.api.write(path + ("selectflair" if template else "flair"), form)
    after = desk.thing(order.target)
    if isinstance(after, Post) and (after.link_flair_text or "") != form["text"]:
        raise NotDone("Reddit does not show that it did that.", hint="Try again.")
    return Done((desk.record(after),), Undo("label" if had["text"] else "unlabel", had))


def _flair(desk: Desk, subreddit: str, text: str) -> Flair:
    for flair in flairs(desk.api, subreddit):
        if text in (flair.text, flair.id):
            return flair
    raise Refused(f"r/{subreddit} has no such flair.", hint="Choose one of its own.", code="no_such_flair")


def flairs(api: Api, subreddit: str) -> list[Flair]:
    """The flairs that posts of a subreddit can be given."""
    return api.get(f"/r/{subreddit}/api/link_flair_v2", list[Flair])


HANDLERS: dict[tuple[str, str], Callable[[Desk, Order], Done]] = {
    ("approve", "message"): _approve,
    ("remove", "message"): _remove,
    ("spam", "message"): _remove,
    ("lock", "message"): _lock,
    ("unlock", "message"): _lock,
    ("lock", "conversation"): _lock,
    ("unlock", "conversation"): _lock,
    ("acknowledge", "message"): _acknowledge,
    ("acknowledge", "conversation"): _archive,
    ("report", "message"): _report,
    ("label", "conversation"): _label,
    ("unlabel", "conversation"): _label,
}
