"""Answering on Reddit: comments, private messages and modmail; and looking for an answer that may have arrived.

Reddit knows no key by which it would take a repeated request for one: after a lost answer there is only looking. A comment
is looked for among our own and below what it answers, for either list may lag behind the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from modconsole.connectors import reddit_modmail as modmail
from modconsole.connectors.base import Outgoing
from modconsole.connectors.reddit_acts import Desk, read_thing
from modconsole.connectors.reddit_api import MAX_CHARACTERS, Api
from modconsole.connectors.reddit_map import (
    Comment,
    Eyes,
    Listed,
    Private,
    Thing,
    comment,
    is_gone,
    number,
    private,
    state_of,
    tidy,
)
from modconsole.connectors.reddit_thread import below
from modconsole.domain.records import Message
from modconsole.domain.times import MINUTE, SECOND, to_instant
from modconsole.errors import Gone, InputError, OutcomeUnknown, PlatformError, Refused

CLOCK_SKEW = 10 * MINUTE
"""How much the clocks may have moved against each other between a try and a look; by how much they differ, each answer says."""
PAGES = 10
"""Pages of our own comments or messages that are looked through: all that Reddit lists."""


def send(desk: Desk, reply: Outgoing) -> Message:
    """Write an answer, and give it back as Reddit stored it.

    Raises `Gone`, `Refused`, `RateLimited` (Reddit asks for a break), `Unreachable` (surely not sent), `OutcomeUnknown`.
    """
    text = reply.text.strip()
    if not text:
        raise Refused("The reply is empty.", code="empty")
    if len(text) > MAX_CHARACTERS:
        raise Refused(
            f"The reply is too long: {len(text):,} characters, and Reddit takes {MAX_CHARACTERS:,}.",
            hint="Shorten it.",
            code="too_long",
        )
    if reply.conversation.startswith(modmail.PREFIX):
        return _mail(desk, reply, text)
    target = _target(desk, reply)
    answer = desk.api.write("/api/comment", {"thing_id": target, "text": text})
    made = list(_messages(desk.api.made(answer), desk.eyes(None)))
    if not made:
        raise OutcomeUnknown("Reddit said yes with something unreadable: it may have been done, or not.")
    with contextlib.suppress(PlatformError):  # it is there: what a filter made of it, the look afterwards tells
        return made[0] if made[0].state in (None, "live") else _as_it_stands(desk, made[0])
    return made[0]


def _target(desk: Desk, reply: Outgoing) -> str:
    """What is answered, if an answer to it would be seen."""
    target = reply.reply_to or reply.conversation
    if not target.startswith(("t1_", "t3_", "t4_")):
        raise InputError("This conversation is not one of Reddit's.")
    if target.startswith("t4_"):
        return target
    thing = read_thing(desk.api, target)
    if thing is None or is_gone(thing):
        raise Gone("What you answer has been deleted.")
    if isinstance(thing, Comment) and thing.link_id != reply.conversation:
        raise Refused("The comment belongs to another post.", code="wrong_post")
    if thing.archived:
        raise Refused(
            "The post is archived: nobody can reply there any more.",
            hint="Close the question, with that as the reason.",
            code="TOO_OLD",
        )
    state = state_of(thing, desk.eyes(thing).queue)
    if state != "live":
        raise Refused(f"What you answer is {state}: nobody would see the reply.", hint="Approve it first.", code=state)
    return target


def _mail(desk: Desk, reply: Outgoing, text: str) -> Message:
    path = f"/api/mod/conversations/{modmail.ids(reply.conversation)[0]}"
    answer = desk.api.write(path, modmail.answer_form(text))
    found = modmail.records(desk.api.decoded(answer, modmail.Whole), desk.eyes(None))
    ours = [message for message in found.messages() if _is_it(message, reply, desk.standing.me.native)]
    if not ours:
        raise OutcomeUnknown("Reddit said yes and showed nothing: it may have been done, or not.")
    return ours[-1]


def find(desk: Desk, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
    """Our reply, in whatever state; None when it is not there. The newest of several counts."""
    me = desk.standing.me
    for message in _where(desk, reply):
        fits = _is_it(message, reply, me.native) and message.id not in candidates
        if fits and to_instant(message.created_at) >= _earliest(desk, reply):
            return _as_it_stands(desk, message)
    return None


def _earliest(desk: Desk, reply: Outgoing) -> int:
    """Since when, by Reddit's clock, a reply can be there: times on Reddit are Reddit's, and ours may be wrong by hours."""
    if reply.attempted_at is None:
        return 0
    ahead = desk.eyes(None).now - round(desk.api.heard * SECOND) if desk.api.heard is not None else 0
    return reply.attempted_at - ahead - CLOCK_SKEW


def _is_it(message: Message, reply: Outgoing, me: str) -> bool:
    """Whether a message is by us, in that place, in those words."""
    if message.author.id != me or message.conversation != reply.conversation or message.visibility == "internal":
        return False
    if message.id.startswith("t1_") and message.parent != (reply.reply_to or reply.conversation):
        return False
    return tidy(message.text) == tidy(reply.text)


def _where(desk: Desk, reply: Outgoing) -> Iterator[Message]:
    """The places where it can be, what is likeliest first."""
    eyes = desk.eyes(None)
    if reply.conversation.startswith(modmail.PREFIX):
        yield from reversed(modmail.whole(desk.api, reply.conversation, eyes).messages())
    elif reply.conversation.startswith("t4_"):
        yield from _own(desk, "/message/sent", reply, eyes)
        yield from talk(desk.api, reply.conversation, eyes)
    else:
        yield from _own(desk, f"/user/{desk.standing.me.name}/comments", reply, eyes)
        path = f"/comments/{number(reply.conversation)}"
        if reply.reply_to is not None and reply.reply_to.startswith("t1_"):
            path += f"/_/{number(reply.reply_to)}"
        tree = desk.api.get(path, tuple[Listed, Listed], {"limit": "500", "sort": "new"})[1].data.children
        yield from _messages(tree, eyes)


def _own(desk: Desk, path: str, reply: Outgoing, eyes: Eyes) -> Iterator[Message]:
    """Our own, newest first, down to the first try."""
    after: str | None = None
    for _ in range(PAGES):
        listing = desk.api.listing(path, {"sort": "new", **({"after": after} if after else {})})
        oldest: int | None = None
        for message in _messages(listing.children, eyes):
            oldest = to_instant(message.created_at)
            yield message
        after = listing.after
        if after is None or (oldest is not None and oldest < _earliest(desk, reply)):
            return


def _messages(raws: Iterable[Raw], eyes: Eyes) -> Iterator[Message]:
    """Comments and private messages, with those below them; what cannot be understood is not what is looked for."""
    waiting = list(raws)
    while waiting:
        raw = waiting.pop(0)
        try:
            thing = msgspec.json.decode(raw, type=Thing)
            if thing.kind == "t1":
                one = msgspec.json.decode(thing.data, type=Comment)
                waiting += below(one.replies)
                yield comment(one, eyes)
            elif thing.kind == "t4":
                mail = msgspec.json.decode(thing.data, type=Private)
                waiting += below(mail.replies)
                yield private(mail, eyes)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue


def talk(api: Api, native: str, eyes: Eyes) -> list[Message]:
    """A private conversation, by the fullname of any message in it. Raises `Gone`, `Refused`."""
    return list(_messages(api.listing(f"/message/messages/{number(native)}").children, eyes))


def _as_it_stands(desk: Desk, message: Message) -> Message:
    """A comment of ours as moderators see it: what a filter took at once looks as if nothing had happened in our own list."""
    if not message.id.startswith("t1_"):
        return message
    thing = read_thing(desk.api, message.id)
    return desk.record(thing) if thing is not None and not is_gone(thing) else message


def read(desk: Desk, native: str) -> Message | None:
    """One message as it stands now; None when it no longer exists."""
    if native.startswith(modmail.PREFIX):
        return modmail.one(desk.api, native, desk.eyes(None))
    if native.startswith("t4_"):
        try:
            return next((each for each in talk(desk.api, native, desk.eyes(None)) if each.id == native), None)
        except Gone:
            return None
    if not native.startswith(("t1_", "t3_")):
        return None
    thing = read_thing(desk.api, native)
    return desk.record(thing) if thing is not None and not is_gone(thing) else None
