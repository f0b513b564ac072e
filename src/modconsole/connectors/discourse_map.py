"""Discourse's posts, topics and queue as records.

Discourse numbers its posts twice: each has an id of its own, and a number within its topic, which changes when the post is
moved. Replies and quotes name the number, mentions the user name; records name ids. `Refs` is what is known of both, and what
it does not know stays visible as a name that is nobody's id: a reply whose parent we may not see must not look like one that
answers nobody.

Everything here is a stranger's text: it is carried, never judged, and shown only through the gate in `domain.safetext`.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from modconsole.connectors.discourse_shapes import (
    MODERATOR,
    WHISPER,
    Group,
    Me,
    Pending,
    Post,
    Reviewable,
    Topic,
    User,
)
from modconsole.domain.records import Author, Conversation, ConversationKind, Message, State, Visibility
from modconsole.domain.times import to_datetime, to_instant

SPAM = 8
"""The flag "spam" (`PostActionType.types`); the only number that we need by itself."""


@dataclass
class Refs:
    """Who is called what, and which post has which number in its topic."""

    names: dict[str, int] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    numbers: dict[tuple[int, int], int | None] = field(default_factory=dict)
    """Id of a post by topic and number; None where the site, asked, showed no such post."""
    groups: frozenset[str] = frozenset()
    """Names of our groups in lower case: who writes to one of them writes to us."""
    me: Me | None = None

    def learn(self, users: Iterable[User]) -> None:
        """Take over what a list says of people."""
        for user in users:
            self.names[user.username.lower()] = user.id
            self.users[user.id] = user

    def meet(self, post: Post) -> None:
        """Take over what a post says of its author, of those it mentions, and of its own number."""
        self.learn(post.mentioned_users)
        if post.user_id is not None and post.username:
            self.learn([User(post.user_id, post.username, post.name)])
        self.numbers[post.topic_id, post.post_number] = post.id

    def person(self, name: str) -> str:
        """The id of somebody called `name`, or the name with an @ where nobody of that name was met."""
        found = self.names.get(name.lower())
        return str(found) if found is not None else f"@{name}"

    def group(self, name: str) -> str:
        """Our own id for a group of ours, else the group's name with @@, which is nobody's id."""
        ours = self.me is not None and name.lower() in self.groups
        return str(self.me.id) if ours and self.me is not None else f"@@{name}"

    def post(self, topic: int, number: int) -> str:
        """The id of a post, or its place where we may not see it."""
        found = self.numbers.get((topic, number))
        return str(found) if found is not None else f"topic:{topic}#{number}"


@dataclass(frozen=True)
class Quote:
    """A quotation in a post: of whom, and where it stood."""

    user: str
    topic: int
    number: int


@dataclass(frozen=True)
class Markup:
    """What a post's HTML says of others."""

    mentions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()


@functools.lru_cache(maxsize=256)  # a post is looked at for its parents first, and then for its record
def markup(cooked: str, topic: int) -> Markup:
    """Mentions and quotations of a post. Mentions within a quotation are not the author's."""
    if 'class="mention' not in cooked and "<aside" not in cooked:
        return Markup()
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(cooked)
    quotes = []
    for aside in tree.css("aside.quote"):
        attributes = aside.attributes
        number = attributes.get("data-post") or ""
        place = attributes.get("data-topic") or ""
        if number.isdigit():
            found = int(place) if place.isdigit() else topic
            quotes.append(Quote(attributes.get("data-username") or "", found, int(number)))
        aside.decompose()
    mentions = [_named(node.text()) for node in tree.css("a.mention, span.mention")]
    groups = [_named(node.text()) for node in tree.css("a.mention-group")]
    return Markup(tuple(filter(None, mentions)), tuple(filter(None, groups)), tuple(quotes))


def _named(text: str) -> str:
    return text.strip().removeprefix("@").strip()


def numbers_of(post: Post) -> set[tuple[int, int]]:
    """The places (topic and number) that a post names: its parent, and what it quotes from its own topic."""
    places = {(post.topic_id, post.answers)} if post.answers is not None else set()
    quotes = markup(post.cooked, post.topic_id).quotes if "<aside" in post.cooked else ()
    quoted = {(quote.topic, quote.number) for quote in quotes if quote.topic == post.topic_id}
    return {(topic, number) for topic, number in places | quoted if number is not None}


def message(post: Post, topic: Topic | None, source: str, base: str, refs: Refs, now: int) -> Message:
    """The record of a post as it was seen at `now`.

    `edited_at` is the post's last change where it has more than one version; Discourse makes no version of an author's
    corrections in the first five minutes, and gives no other time of an edit.
    """
    said = markup(post.cooked, post.topic_id)
    mentions = dict.fromkeys([*map(refs.person, said.mentions), *map(refs.group, said.groups)])
    state = state_of(post, topic)
    return Message(
        source=source,
        id=str(post.id),
        conversation=conversation_id(post.topic_id),
        kind=kind_of(topic) if topic is not None else None,
        author=_author(post),
        created_at=moment(post.created_at),
        text=post.cooked,
        format="html",
        parent=refs.post(post.topic_id, post.answers) if post.answers is not None else None,
        mentions=list(mentions) or None,
        quotes=_quoted(said, refs),
        url=f"{base}t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}",
        visibility=_visibility(post, topic),
        state=state,
        state_at=moment(post.deleted_at) if post.deleted_at and state in ("removed", "deleted") else None,
        edited_at=moment(post.updated_at) if post.version > 1 and post.updated_at else None,
        automatic=True if _automatic(post) else None,
        observed_at=to_datetime(now),
    )


def state_of(post: Post, topic: Topic | None = None) -> State:
    """The state of a post.

    A hidden post is *held* while a flag on it waits for a decision, *spam* once it is decided and was flagged as spam, and
    *hidden* otherwise, or where we may not see the queue.
    """
    if post.user_deleted:
        return "deleted"
    if post.deleted_at:
        own = post.deleted_by is not None and post.deleted_by.id == post.user_id
        return "deleted" if own else "removed"
    if topic is not None and topic.deleted_at:
        return "removed"
    if not post.hidden:
        return "live"
    if post.reviewable_score_pending_count is None:
        return "hidden"
    if post.reviewable_score_pending_count:
        return "held"
    return "spam" if any(each.id == SPAM and each.count for each in post.actions_summary) else "hidden"


def _author(post: Post) -> Author:
    """Who wrote a post. Accounts below 0 are the site's own (system, its bot); an account that was deleted has no id, and one
    such author must not be taken for another."""
    if post.user_id is None:
        return Author(id=f"deleted:{post.id}")
    return Author(
        id=str(post.user_id),
        handle=post.username or None,
        name=post.name or None,
        kind="bot" if post.user_id < 0 else None,
    )


def _automatic(post: Post) -> bool:
    """Written by the site, by a mail program, or as the trace of an act. A moderator's post in staff colours is none of these."""
    if post.user_id is not None and post.user_id < 0:
        return True
    return bool(post.is_auto_generated) or (post.post_type == MODERATOR and bool(post.action_code))


def _visibility(post: Post, topic: Topic | None) -> Visibility | None:
    if post.post_type == WHISPER:
        return "internal"
    if topic is None:
        return None
    if topic.private:
        return "private"
    return None if topic.visible else "unlisted"


def _quoted(said: Markup, refs: Refs) -> str | None:
    """The post that a post quotes. A record has room for one: one of ours goes first, since that is what addresses us."""
    if not said.quotes:
        return None
    ours = refs.me.username.lower() if refs.me is not None else ""
    first = next((quote for quote in said.quotes if quote.user.lower() == ours), said.quotes[0])
    return refs.post(first.topic, first.number)


def kind_of(topic: Topic) -> ConversationKind:
    """A topic is a forum; a personal message is one between two people, or among several, or to a group's inbox."""
    if not topic.private:
        return "forum"
    return "group_dm" if topic.details.allowed_groups or len(topic.details.allowed_users) > 2 else "dm"


def conversation(topic: Topic, source: str, base: str, now: int) -> Conversation:
    """The record of a topic."""
    opener = topic.user_id if topic.user_id is not None else getattr(topic.details.created_by, "id", None)
    return Conversation(
        source=source,
        id=conversation_id(topic.id),
        kind=kind_of(topic),
        title=topic.title or None,
        url=f"{base}t/{topic.slug or '-'}/{topic.id}",
        opened_by=str(opener) if opener is not None else None,
        opened_at=moment(topic.created_at) if topic.created_at else None,
        observed_at=to_datetime(now),
    )


# ---------------------------------------------------------------------- what waits in the queue and is no post yet


def waits_as_message(item: Reviewable) -> bool:
    """Whether a thing to review has no post of its own: a post that waits for approval, or an account that does."""
    return item.type in ("ReviewableQueuedPost", "ReviewableUser")


def queued(
    item: Reviewable, topic: Topic | None, source: str, base: str, refs: Refs, now: int
) -> list[Conversation | Message]:
    """What waits for approval, as a held message; with a conversation of its own where it is to become a topic or an account.

    A post gets its id when it is approved. The held message is then no message any more (`automatic`, so that nobody counts it
    beside the post that it became); rejected, it is one that was removed.
    """
    payload = item.payload
    person = item.target_created_by_id if item.target_created_by_id is not None else item.user_id
    place = item.topic_id if item.topic_id is not None else item.removed_topic_id
    known = refs.users.get(person) if person is not None else None
    states: dict[str, State] = {"pending": "held", "approved": "deleted"}
    text = (payload.raw or payload.bio or payload.name or payload.username or "") if payload is not None else ""
    held = Message(
        source=source,
        id=review_id(item.id),
        conversation=conversation_id(place) if place is not None else review_id(item.id),
        kind=kind_of(topic) if topic is not None else "forum",
        author=Author(
            id=str(person) if person is not None else f"deleted:{review_id(item.id)}",
            handle=(known.username if known is not None else None) or None,
            name=(known.name if known is not None else None) or None,
        ),
        created_at=moment(item.created_at),
        text=text,
        format="markdown",
        parent=refs.post(place, item.reply_to_post_number) if place is not None and item.reply_to_post_number else None,
        url=f"{base}review/{item.id}",
        visibility="private" if topic is not None and topic.private else None,
        state=states.get(item.state, "removed"),
        automatic=True if item.state == "approved" else None,
        observed_at=to_datetime(now),
    )
    if place is not None:
        return [held]
    title = (
        payload.title if payload is not None and payload.title else f"Account of {held.author.handle or 'somebody new'}"
    )
    own = Conversation(
        source=source,
        id=review_id(item.id),
        kind="forum",
        title=title,
        url=held.url,
        opened_by=held.author.id,
        opened_at=held.created_at,
        observed_at=held.observed_at,
    )
    return [own, held]


def own_queued(item: Pending, topic: int, source: str, base: str, me: Me, parent: str | None, now: int) -> Message:
    """A reply of ours that the site put into the queue: held, so that it answers nobody yet."""
    return Message(
        source=source,
        id=review_id(item.id),
        conversation=conversation_id(topic),
        author=Author(id=str(me.id), handle=me.username, name=me.name or None),
        created_at=moment(item.created_at) if item.created_at else to_datetime(now),
        text=item.raw_text or "",
        format="markdown",
        parent=parent,
        url=f"{base}review/{item.id}",
        state="held",
        observed_at=to_datetime(now),
    )


# ---------------------------------------------------------------------- ids, times, texts


def conversation_id(topic: int) -> str:
    """`topic:` and the topic's number, for personal messages too."""
    return f"topic:{topic}"


def review_id(number: int) -> str:
    """`review:` and the number of a thing to review, for what is no post yet."""
    return f"review:{number}"


def number_in(ident: str, kind: str) -> int | None:
    """The number in an id of that kind; None for another."""
    found = re.fullmatch(rf"{kind}:([0-9]{{1,18}})", ident)
    return int(found[1]) if found else None


def moment(text: str | None) -> datetime:
    """A time as the interface writes it. Raises `ValueError` for none."""
    found = datetime.fromisoformat(text or "")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def instant(text: str | None) -> int | None:
    """The instant of a time as the interface writes it; None for none."""
    try:
        return to_instant(moment(text))
    except ValueError:
        return None


def plain(markup_: str) -> str:
    """The words of a piece of HTML."""
    from selectolax.lexbor import LexborHTMLParser

    if "<" not in markup_:
        return html.unescape(markup_)
    body = LexborHTMLParser(markup_).body
    return body.text(deep=True, separator=" ") if body is not None else ""


def same_text(post: Post, text: str) -> bool:
    """Whether a post says what was sent: by its source where the site gives it, else by its words."""
    if post.raw is not None:
        return _bare(post.raw) == _bare(text)
    return _bare(plain(post.cooked)) == _bare(text)


def _bare(text: str) -> str:
    """Letters and symbols only, in one case: the site tidies white space and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if not c.isspace() and not unicodedata.category(c).startswith("P"))


def our_groups(groups: Iterable[Group]) -> frozenset[str]:
    """The names under which somebody writes to us among others: our groups, but for those that every account is in."""
    return frozenset(g.name.lower() for g in groups if not g.name.startswith("trust_level_") and g.name != "everyone")
