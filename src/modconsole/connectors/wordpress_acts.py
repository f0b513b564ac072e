"""Moderation of WordPress comments: what the acts do there, and how each is taken back.

Nothing here deletes for good: on a site without a trash, `remove` is refused. `restore` brings the state back that WordPress
remembered, or holds the comment where it remembers none; taken back as part of an undo, it goes on to the state before the act.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from modconsole.connectors.acts import Act, ActInfo, Done, Order, Undo
from modconsole.connectors.wordpress_api import Api
from modconsole.connectors.wordpress_map import Comment
from modconsole.domain.records import Message
from modconsole.errors import Gone, NotDone, OutcomeUnknown, Refused

RIGHT = "to moderate comments (the role Editor or Administrator)"

ACTS: tuple[ActInfo, ...] = (
    ActInfo(
        "approve",
        "message",
        "Shows the comment to everybody.",
        undo="held again",
        fits=frozenset(("held",)),
        right=RIGHT,
    ),
    ActInfo(
        "hold",
        "message",
        "Puts the comment back into moderation: nobody else sees it.",
        undo="approved again",
        fits=frozenset(("live",)),
        right=RIGHT,
    ),
    ActInfo(
        "spam",
        "message",
        "Marks the comment as spam: it is hidden, and spam filters of the site may learn from it.",
        undo="restored to where it was",
        fits=frozenset(("live", "held")),
        right=RIGHT,
    ),
    ActInfo(
        "remove",
        "message",
        "Puts the comment into the trash: it is hidden, and WordPress empties the trash after 30 days.",
        undo="restored to where it was, while it is in the trash",
        fits=frozenset(("live", "held", "spam")),
        right=RIGHT,
    ),
    ActInfo(
        "restore",
        "message",
        "Takes the comment out of spam or trash, to where it was.",
        undo="put back into spam or trash",
        fits=frozenset(("spam", "removed")),
        right=RIGHT,
    ),
)

UNKNOWN_ADDRESS = "127.0.0.1"
"""What WordPress itself stores for an author whose network address is not known; an empty one it refuses."""

STEPS: dict[Act, tuple[str, str]] = {
    "approve": ("approved", "approve"),
    "hold": ("hold", "hold"),
    "spam": ("spam", "spam"),
    "remove": ("trash", "trash"),
}
"""For each act: the status that it leads to, and the word that asks for it. An unknown word would be answered 200 and
ignored."""

ACT_TO: dict[str, Act] = {"approved": "approve", "hold": "hold", "spam": "spam", "trash": "remove"}
"""The act that leads to a status."""


def carry_out(api: Api, order: Order, record: Callable[[Comment], Message]) -> Done:
    """Bring a comment into a state and give it back as it stands then. Doing it twice does no harm.

    `NotDone` after a lost answer is honest here: trying again is safe, whether or not the first try arrived.
    """
    if order.on != "message" or (order.act != "restore" and order.act not in STEPS):
        raise Refused(
            f"WordPress has no {order.act!r} for a {order.on}.", hint="Do it on the site.", code="unsupported"
        )
    before = api.one(order.target, extra_fields=",author_ip,author_user_agent")
    after = _led(api, before, order.act)
    goal = order.undoing.get("status")
    if order.act == "restore" and goal in ACT_TO and after.status != goal:
        after = _led(api, api.one(order.target, extra_fields=",author_ip,author_user_agent"), ACT_TO[goal])
    if after.status == before.status:
        return Done((record(after),), note="It was so already.")
    return Done((record(after),), undo=_undo(before.status or "", after.status or ""))


def _undo(was: str, became: str) -> Undo | None:
    """What leads back: out of spam and trash by restoring, which WordPress remembers; from elsewhere by the act itself."""
    if became in ("spam", "trash"):
        return Undo("restore", {"status": was})
    return Undo(ACT_TO[was], {"status": was}) if was in ACT_TO else None


def _led(api: Api, comment: Comment, act: Act) -> Comment:
    """The comment after one act, as it is read again then."""
    step = _step(comment.status or "", act)
    if step is None:
        return comment
    with contextlib.suppress(OutcomeUnknown):  # what it is now is read below
        _change(api, comment, step)
    after = api.one(str(comment.id))
    if act == "restore":
        if after.status == comment.status:
            raise NotDone("The site did not restore the comment.", hint="Try again.")
    elif _step(after.status or "", act) is not None:
        raise NotDone("The site did not say whether it did that, and it is not done.", hint="Try again.")
    return after


def _change(api: Api, comment: Comment, step: str) -> None:
    """Carry out one change of state, without changing anything else.

    With every change through the REST interface WordPress writes the caller's network address and browser over
    those of the comment's author (`prepare_item_for_database`), which spam filters learn from. So both are handed
    back with the change; where no browser was stored, the request names none.
    """
    path = f"wp/v2/comments/{comment.id}"
    if step == "trash":
        with contextlib.suppress(Gone):  # 410: somebody else was faster; what it is now is read afterwards
            api.write("DELETE", path)
        return
    agent = comment.author_user_agent or ""
    body = {"status": step, "author_ip": comment.author_ip or UNKNOWN_ADDRESS}
    if agent:
        body["author_user_agent"] = agent
    api.write("POST", path, body, user_agent=bool(agent))


def _step(status: str, act: Act) -> str | None:
    """The word that brings a comment from `status` to where `act` wants it; None when it is there."""
    if act == "restore":
        return {"spam": "unspam", "trash": "untrash"}.get(status)
    goal, word = STEPS[act]
    return None if status == goal else word
