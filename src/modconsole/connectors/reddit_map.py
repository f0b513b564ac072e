"""Reddit's comments, posts and private messages as records.

Reddit calls everything a *thing* and gives it a *fullname*: `t1_` and a number in base 36 is a comment, `t3_` a post, `t4_` a
private message, `t2_` an account. They are the ids here. A post is a conversation of kind `comments`, and a message of it too: on
Reddit it is the post that asks the community. Comments at the top are replies to the post, so a post and everything below it is
one thread. Private messages are a `dm`, named by the first of them.

Only fields that are read are named, and only those must be right. Names and types come from answers that Reddit gave
(`tests/connectors/shapes/reddit.json`); what they mean, from Reddit's archived source (r2/models/link.py,
r2/lib/jsontemplates.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Raw, Struct

from modconsole.domain.records import Attachment, Author, Conversation, Message, State
from modconsole.domain.times import SECOND, to_datetime

PAGE = "https://www.reddit.com"
DELETED, REMOVED = "[deleted]", "[removed]"
ARCHIVED_AFTER = timedelta(days=180)
"""Posts are archived after six months, unless a subreddit has switched that off; then nobody can reply any more."""
SPAM_NOTES = frozenset(("spam", "confirm spam", "reinforce spam"))
"""What `ban_note` says of things that were taken for spam; of others it says `remove not spam`."""
BOTS = frozenset(("automoderator",))
"""Accounts that are bots everywhere. Others are known by a setting only: a name that ends in "bot" proves nothing."""
NAMED = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{2,20})", re.IGNORECASE)
"""How a text on Reddit mentions somebody."""


class Listing(Struct):
    """A page of a list. The items are decoded one by one, so that a bad one spoils no other."""

    children: list[Raw]
    after: str | None = None


class Listed(Struct):
    """A page of a list as it comes."""

    data: Listing


class Thing(Struct):
    """One item: what it is, and what is in it."""

    kind: str
    data: Raw


class Kept(Struct, kw_only=True):
    """What comments and posts have in common, most of it for moderators only."""

    name: str
    author: str | None = None
    author_fullname: str | None = None
    subreddit: str = ""
    created_utc: float = 0.0
    edited: bool | float = False
    permalink: str | None = None
    banned_by: str | bool | None = None
    ban_note: str | None = None
    banned_at_utc: float | None = None
    approved_at_utc: float | None = None
    approved_by: str | None = None
    removed: bool | None = None
    spam: bool | None = None
    num_reports: int | None = None
    ignore_reports: bool | None = None
    mod_reason_title: str | None = None
    locked: bool = False
    archived: bool = False


class Comment(Kept, kw_only=True):
    """A comment (`t1`). `replies` is a listing, or an empty string."""

    body: str
    link_id: str
    parent_id: str | None = None
    link_title: str | None = None
    link_permalink: str | None = None
    replies: Raw = Raw(b'""')


class Post(Kept, kw_only=True):
    """A post (`t3`)."""

    title: str
    selftext: str = ""
    url: str | None = None
    is_self: bool = True
    num_comments: int = 0
    removed_by_category: str | None = None
    link_flair_text: str | None = None
    link_flair_css_class: str | None = None
    link_flair_template_id: str | None = None


class More(Struct):
    """A stub in a tree: comments that were left out. No `children` means that the thread goes on below `parent_id`."""

    parent_id: str
    children: list[str] = msgspec.field(default_factory=list)
    count: int = 0


class Private(Struct, kw_only=True):
    """A private message (`t4`). Without an author it is from a subreddit."""

    name: str
    body: str
    created_utc: float
    author: str | None = None
    author_fullname: str | None = None
    subreddit: str | None = None
    subject: str = ""
    parent_id: str | None = None
    first_message_name: str | None = None
    distinguished: str | None = None
    replies: Raw = Raw(b'""')


class Noticed(Struct):
    """A comment as the inbox shows it: enough to know which one to read, and when it came."""

    name: str
    created_utc: float
    subreddit: str = ""


@dataclass(frozen=True)
class Eyes:
    """With what a thing is looked at: for which source and when, what waits in the moderation queues, and who is known by
    name."""

    source: str
    now: int
    queue: Collection[str] = ()
    """Fullnames in the moderation queues: what a filter has taken is *held* while it is there, and gone for good once it is
    not."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Account ids by name in lower case: our own, and the other moderators'."""
    bots: Collection[str] = ()

    def author(self, name: str | None, ident: str | None) -> Author:
        """Who wrote it. Without an id there is only the name; `[deleted]` is everybody who has gone."""
        known_as = name or DELETED
        bot = known_as.lower() in BOTS or known_as.lower() in self.bots
        shown = None if known_as == DELETED else known_as
        return Author(id=ident or known_as.lower(), handle=shown, name=shown, kind="bot" if bot else None)

    def mentions(self, text: str) -> list[str] | None:
        """The ids of those whom a text names, as far as they are known."""
        named = (self.people.get(name.lower()) for name in NAMED.findall(text))
        return list(dict.fromkeys(ident for ident in named if ident)) or None


def is_gone(thing: Comment | Post) -> bool:
    """Whether its author deleted it, or is gone: Reddit then keeps the place, and hides who it was.

    A text of `[removed]` is a removal as outsiders see it; it hides the author as well.
    """
    if isinstance(thing, Post) and thing.removed_by_category in ("author", "deleted"):
        return True
    text = thing.body if isinstance(thing, Comment) else thing.selftext
    return thing.author in (None, DELETED) and text != REMOVED


def state_of(thing: Comment | Post, queue: Collection[str]) -> State:
    """The state of a thing that is not gone.

    Moderators see who took it away (`banned_by`), outsiders a text of `[removed]`. `banned_by` true is Reddit's own filter. What
    AutoModerator or that filter has taken looks the same whether it waits for a person or not: only the queue tells.
    `removed` and `spam` say what a person decided.
    """
    category = thing.removed_by_category if isinstance(thing, Post) else None
    if not thing.banned_by:
        hidden = thing.author == DELETED or category not in (None, "automod_filtered")
        return "held" if category == "automod_filtered" else "removed" if hidden else "live"
    if thing.spam or thing.removed:
        return "spam" if thing.spam else "removed"
    if thing.name in queue or category == "automod_filtered":
        return "held"
    return "spam" if thing.banned_by is True or thing.ban_note in SPAM_NOTES else "removed"


def undecided(thing: Comment | Post) -> bool:
    """Whether only the moderation queue can tell if it is held or gone for good."""
    return bool(thing.banned_by in (True, "AutoModerator") and not thing.removed and not thing.spam)


def comment(thing: Comment, eyes: Eyes) -> Message:
    """The record of a comment."""
    return Message(
        conversation=thing.link_id,
        parent=thing.parent_id,
        text=thing.body,
        format="markdown",
        **_common(thing, eyes, thing.body),
    )


def post(thing: Post, eyes: Eyes) -> Message:
    """The record of a post's own text. A post without one is its title, and perhaps a link."""
    text = thing.selftext.strip()
    link = None if thing.is_self or not thing.url else [Attachment(kind="link", url=thing.url)]
    return Message(
        conversation=thing.name,
        title=thing.title,
        text=text or thing.title,
        format="markdown" if text else None,
        attachments=link,
        **_common(thing, eyes, text),
    )


def _common(thing: Comment | Post, eyes: Eyes, text: str) -> dict[str, Any]:
    state = state_of(thing, eyes.queue)
    since = thing.approved_at_utc if state == "live" else thing.banned_at_utc
    reports = max(thing.num_reports or 0, 0)
    return {
        "source": eyes.source,
        "id": thing.name,
        "kind": "comments",
        "author": eyes.author(thing.author, thing.author_fullname),
        "created_at": at(thing.created_utc),
        "edited_at": at(thing.edited) if not isinstance(thing.edited, bool) else None,
        "url": PAGE + thing.permalink if thing.permalink else None,
        "state": state,
        "state_at": at(since) if since else None,
        "mentions": eyes.mentions(text),
        "observed_at": to_datetime(eyes.now),
        "extra": {"reports": reports} if reports and not thing.ignore_reports else None,
    }


def conversation(thing: Post, eyes: Eyes) -> Conversation:
    """The record of a post as a conversation. Once it is archived its time for replies is over."""
    opened = at(thing.created_utc)
    return Conversation(
        source=eyes.source,
        id=thing.name,
        kind="comments",
        title=thing.title or None,
        url=PAGE + thing.permalink if thing.permalink else None,
        opened_by=None if is_gone(thing) else thing.author_fullname,
        opened_at=opened,
        reply_until=opened + ARCHIVED_AFTER if thing.archived else None,
        observed_at=to_datetime(eyes.now),
    )


def unseen_post(thing: Comment, eyes: Eyes) -> Conversation:
    """The conversation of a comment whose post is not shown to us."""
    return Conversation(
        source=eyes.source,
        id=thing.link_id,
        kind="comments",
        title=thing.link_title,
        url=thing.link_permalink,
        observed_at=to_datetime(eyes.now),
    )


def private(thing: Private, eyes: Eyes) -> Message:
    """The record of a private message. One from a subreddit is by `r/name`; Reddit's own notices are automatic."""
    sender = eyes.author(thing.author, thing.author_fullname)
    if thing.author is None and thing.subreddit:
        sender = Author(id=f"r/{thing.subreddit.lower()}", handle=f"r/{thing.subreddit}", name=f"r/{thing.subreddit}")
    return Message(
        source=eyes.source,
        id=thing.name,
        conversation=thing.first_message_name or thing.name,
        kind="dm",
        author=sender,
        created_at=at(thing.created_utc),
        text=thing.body,
        format="markdown",
        title=thing.subject or None,
        parent=thing.parent_id or thing.first_message_name,
        visibility="private",
        automatic=True if thing.distinguished in ("admin", "gold-auto") else None,
        observed_at=to_datetime(eyes.now),
    )


def private_conversation(thing: Private, eyes: Eyes) -> Conversation:
    """The conversation that a private message belongs to; only its first message says who opened it, and when."""
    first = thing.first_message_name in (None, thing.name)
    opener = private(thing, eyes).author.id
    return Conversation(
        source=eyes.source,
        id=thing.first_message_name or thing.name,
        kind="dm",
        title=re.sub(r"^(re: )+", "", thing.subject) or None,
        url=f"{PAGE}/message/messages/{number(thing.first_message_name or thing.name)}",
        opened_by=opener if first else None,
        opened_at=at(thing.created_utc) if first else None,
        observed_at=to_datetime(eyes.now),
    )


def at(seconds: float) -> datetime:
    """A time of Reddit's, in seconds since 1970."""
    return to_datetime(round(seconds * SECOND))


def number(fullname: str) -> str:
    """The number in a fullname, in base 36 as it stands."""
    return fullname.partition("_")[2]


def tidy(text: str) -> str:
    """A text as it can be compared: Reddit drops white space at its ends, and at the end of lines it means nothing much."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
