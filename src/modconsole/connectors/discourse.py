"""Topics and personal messages of a Discourse forum, signed in with an API key.

Conversations are topics, personal messages among them (`topic:12`), and what waits to become one (`review:3`). Messages are
posts (`345`), and what waits for approval (`review:3`). People are the numbers of their accounts. What is known of the platform
and where it comes from: `docs/platforms/discourse.md`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.budget import Budget
from modconsole.connectors.discourse_acts import ACTS, Acts
from modconsole.connectors.discourse_api import CHUNK, Api, Pace, checked_address, refine
from modconsole.connectors.discourse_map import (
    conversation_id,
    moment,
    number_in,
    own_queued,
    review_id,
    same_text,
    state_of,
)
from modconsole.connectors.discourse_pull import Pull, missing_rights
from modconsole.connectors.discourse_reader import Reader
from modconsole.connectors.discourse_shapes import Pending, Post, Posted, Topic
from modconsole.connectors.http import Http
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.domain.records import Identity, Message
from modconsole.domain.times import HOUR, to_datetime
from modconsole.errors import Duplicate, Gone, InputError, OutcomeUnknown, PlatformError, Refused

if TYPE_CHECKING:
    import httpx

REQUESTS_A_MINUTE = 60
"""What a site grants an administrator's key where nobody changed it (`max_admin_api_reqs_per_minute`)."""
CLOCK_SKEW = timedelta(minutes=10)
"""How far the site's clock may be behind ours when a reply is looked for."""
MAX_LENGTH = 32_000
"""Characters of a post where the site says nothing else (`max_post_length`)."""


def as_sent(text: str) -> str:
    """A reply as Discourse counts it: without white space around it."""
    return text.replace("\r\n", "\n").strip()


CAPABILITIES = Capabilities(acts=ACTS, direct_messages=True, max_length=MAX_LENGTH, counted=as_sent)

PLATFORM = PlatformInfo(
    name="discourse",
    title="Discourse",
    about="Topics, personal messages and the review queue of one forum, with an API key.",
    incremental=Can("yes", "newest posts by id down to the mark; topic lists for messages and unlisted topics"),
    full_thread=Can("yes", "the topic names all its posts"),
    direct_messages=Can("yes", "inbox, sent, archive and the inboxes of the account's groups"),
    own_replies=Can("yes", "in the feed, in the activity list and in each topic read"),
    edits=Can("partly", "seen when a topic is read again; corrections in the first five minutes carry no time"),
    deletions=Can("yes", "staff see deleted posts; others see them missing when asked for by id"),
    idempotent_send=Can("partly", "the site repeats its answer for two minutes; looked for before a second try"),
    tested="published schema",
    settles=60.0,
)


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "discourse",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Discourse:
    """A connector for one forum. No request is made yet.

    `settings`: `url` (the forum), `user` (name of the account to act as), `requests_per_minute` (what the site grants, 60 where
    it is absent). The secret is the API key. Raises `InputError` for settings that cannot work.
    """
    url, user = settings.get("url"), settings.get("user")
    if not isinstance(url, str) or not isinstance(user, str) or not user.strip():
        raise InputError("A Discourse source needs the settings `url` and `user`.")
    if not user.strip().isascii() or not user.strip().isprintable():
        raise InputError("A user name that goes into a header has ASCII letters only.")
    if not credentials.secret.strip():
        raise InputError("The API key is missing.", hint="Make one in Discourse under Admin, API.")
    limit = settings.get("requests_per_minute", REQUESTS_A_MINUTE)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 10:
        raise InputError("`requests_per_minute` is a number from 10 on.")
    key, name = credentials.secret.strip(), user.strip()
    http = Http(
        checked_address(url),
        headers=lambda: {"Api-Key": key, "Api-Username": name},
        refine=refine,
        budget=Budget(),
        window=Pace(limit).window,
        clock=clock or _wall_clock,
        transport=transport,
    )
    return Discourse(Api(http, limit), source, clock or _wall_clock)


FORM = Step(
    title="Sign in to a Discourse forum",
    text=(
        "An administrator makes the key under Admin, API, New API Key: user level Single User, for the account that shall act"
        " here, and scope Global."
    ),
    fields=(
        Field("url", "Address of the forum", hint="https://forum.example"),
        Field("user", "User name to act as", hint="an administrator or moderator; without the @"),
        Field("key", "API key", secret=True),
    ),
)


def sign_in(clock: Callable[[], int]) -> SignIn:
    """Ask for the forum, the account and an API key."""
    answers = yield FORM
    url = checked_address(answers["url"])
    host = urlsplit(url).hostname or url
    return SignedIn({"url": url, "user": answers["user"].strip().removeprefix("@")}, answers["key"].strip(), host)


def _wall_clock() -> int:
    return time.time_ns() // 1000


class Discourse:
    """A signed-in forum. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "discourse"
    capabilities = CAPABILITIES

    def __init__(self, api: Api, source: str, clock: Callable[[], int]) -> None:
        self.api = api
        self.source = source
        self._clock = clock
        self._reader = Reader(api, source)

    def __repr__(self) -> str:
        return f"Discourse({self.api.http.base!r}, source={self.source!r})"

    def close(self) -> None:
        """Let go of connections."""
        self.api.http.close()

    # ------------------------------------------------------------------ reading

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        me = self.api.me(again=True)
        site = self.api.site()
        inboxes = [group.name for group in me.groups if group.has_messages]
        syncs = ["public topics"]
        if me.staff:
            syncs += ["unlisted topics", "the review queue"]
        syncs.append("personal messages of this account" + (f" and of {', '.join(inboxes)}" if inboxes else ""))
        title = site.get("title")
        return Account(
            id=str(me.id),
            name=me.name or me.username,
            handle=me.username,
            missing=missing_rights(me),
            site_name=title if isinstance(title, str) else "",
            site_url=self.api.http.base,
            syncs=tuple(syncs),
            others=self._others() if me.staff else (),
        )

    def _others(self) -> tuple[Identity, ...]:
        """The other members of the staff, and the site's own account, which is a bot."""
        mine = self.api.me().id
        return tuple(
            Identity(
                id=str(user.id),
                name=user.name or user.username,
                handle=user.username,
                kind="bot" if user.id < 0 else "person",
            )
            for user in self.api.staff()
            if user.id != mine
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `discourse_pull` for the lanes."""
        self.api.began = None
        self.api.poison.clear()
        self.api.me(again=True)
        self._reader.fresh()
        yield from Pull(self._reader, known, now, full=full).pages()

    def read(self, message: str) -> Message | None:
        """One post as it stands now, or what waits in the queue; None when it no longer exists."""
        self._reader.know_us()
        number = number_in(message, "review")
        try:
            if number is None:
                return self._reader.one(self.api.post(message), self._clock())
            records = self._reader.waiting(self._reader.review(number), self._clock())
        except Gone:
            return None
        return next(record for record in records if isinstance(record, Message))

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Message:
        """Write a post. Read the record's state: the site may have put it into its queue.

        The post that it answers is looked at before: Discourse takes a reply to one that nobody sees. Raises `Duplicate`,
        `RateLimited`, `Refused`, `Gone`, `Unreachable` (surely not sent), `OutcomeUnknown`.
        """
        self._reader.know_us()
        topic = _topic_number(reply.conversation)
        text = as_sent(reply.text)
        self._fits(text)
        body: dict[str, Any] = {"topic_id": topic, "raw": text}
        if reply.reply_to is not None:
            body["reply_to_post_number"] = self._answerable(reply.reply_to, topic)
        try:
            answer = self.api.write("POST", "posts.json", body)
        except Refused as refused:
            if refused.code in ("unprocessable", "record_invalid") and self._sent_before(reply) is not None:
                raise Duplicate("The site has this very reply already.", code="duplicate") from None
            raise self._explained(refused) from None
        return self._written(answer, topic, reply)

    def _written(self, answer: Any, topic: int, reply: Outgoing) -> Message:
        """What the site made of a reply: a post, or something in its queue. The reply has arrived: whatever fails here must not
        look as if it had not."""
        try:
            if not isinstance(answer, dict) or answer.get("action") != "enqueued":
                return self._reader.known(self.api.shape(answer, Post), self._clock())
            posted = self.api.shape(answer, Posted).pending_post
            known = (
                Pending(posted.id, posted.created_at or "", reply.text) if posted is not None and posted.id else None
            )
            queued = known or next(iter(self._queued(reply, topic)), None)
        except (PlatformError, ValueError):
            raise OutcomeUnknown(f"{self.api.http.host} took the reply and said something unreadable.") from None
        if queued is None:
            raise OutcomeUnknown("The site put the reply into its queue and does not show it there.")
        return self._held(queued, topic, reply)

    def _held(self, queued: Pending, topic: int, reply: Outgoing) -> Message:
        me, base = self.api.me(), self.api.http.base
        return own_queued(queued, topic, self.source, base, me, reply.reply_to, self._clock())

    def _fits(self, text: str) -> None:
        if not text:
            raise Refused("The reply is empty.", code="empty")
        most = self.api.setting("max_post_length", MAX_LENGTH)
        if len(text) > most:
            raise Refused(
                f"The reply is too long: {len(text):,} characters, and this site takes {most:,} at most.",
                hint="Shorten it.",
                code="too_long",
            )

    def _explained(self, refused: Refused) -> Refused:
        if refused.code not in ("unprocessable", "record_invalid"):
            return refused
        least = self.api.setting("min_post_length", 20)
        return Refused(
            "The site did not accept the reply.",
            hint=f"It may be too short ({least} characters at least), too much like one before, or the topic may be closed.",
            code=refused.code,
        )

    def _answerable(self, parent: str, topic: int) -> int:
        """The parent's number within its topic, if a reply to it would be seen."""
        if number_in(parent, "review") is not None:
            raise Refused(
                "The post waits for approval: nobody would see the reply.", hint="Approve it first.", code="held"
            )
        post = self.api.post(parent)
        self._reader.refs.meet(post)
        if post.topic_id != topic:
            raise Refused("The post has moved to another topic.", hint="Sync, and answer it there.", code="wrong_topic")
        state = state_of(post)
        if state != "live":
            hint = "Approve it first." if state == "held" else "Show or restore it first."
            raise Refused(f"The post is {state}: nobody would see the reply.", hint=hint, code=str(state))
        return post.post_number

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """Our reply in its topic or in the queue, or None when it is surely not there.

        Ours, below the same post, saying the same, not older than `attempted_at`, and not one of `candidates`: the ids of ours
        that were known *before* the first try.
        """
        self._reader.know_us()
        return self._sought(reply, candidates, reply.attempted_at)

    def _sent_before(self, reply: Outgoing) -> Message | None:
        """The same reply, sent lately: Discourse refuses the same words for some minutes (`unique_posts_mins`)."""
        return self._sought(reply, frozenset(), self._clock() - HOUR)

    def _sought(self, reply: Outgoing, candidates: frozenset[str], since: int | None) -> Message | None:
        number = _topic_number(reply.conversation)
        topic = self._reader.topic_now(number)
        earliest = to_datetime(since - self.api.http.lag) - CLOCK_SKEW if since is not None else None
        for post in self._backwards(topic, earliest):
            if post.user_id != self.api.me().id or str(post.id) in candidates or not same_text(post, reply.text):
                continue
            if earliest is not None and moment(post.created_at) < earliest:
                continue
            self._reader.refs.meet(post)
            self._reader.resolve([post])
            found = self._reader.message(post, self._clock())
            if found.parent == reply.reply_to:
                return found
        for queued in self._queued(reply, number):
            if review_id(queued.id) not in candidates:
                return self._held(queued, number, reply)
        return None

    def _backwards(self, topic: Topic, earliest: datetime | None) -> Iterator[Post]:
        """The posts of a topic, newest first, until they are older than a reply can be."""
        stream = topic.post_stream.stream
        if stream is None:  # too large for a list of ids: what we wrote lately is in our activity
            for each in self.api.doings(0):
                if each.topic_id == topic.id and each.post_id is not None:
                    yield self.api.post(each.post_id)
            return
        ids = sorted(stream, reverse=True)
        for start in range(0, len(ids), CHUNK):
            raw = self.api.posts(topic.id, ids[start : start + CHUNK])
            posts = sorted((self.api.shape(each, Post) for each in raw), key=lambda post: -post.id)
            yield from posts
            if earliest is not None and posts and moment(posts[-1].created_at) < earliest:
                return

    def _queued(self, reply: Outgoing, topic: int) -> list[Pending]:
        """Replies of ours with these words that wait for approval in this topic."""
        try:
            pending = self.api.pending()
        except (Gone, Refused):  # sites before 2.8 have no such list; their staff need no approval
            return []
        probe = Post(0, topic, 0, "", raw=reply.text)
        return [each for each in pending if each.topic_id == topic and same_text(probe, each.raw_text or "")]

    # ------------------------------------------------------------------ moderating

    def acts(self) -> tuple[ActInfo, ...]:
        """What this account may do, with the flags that this site has."""
        return Acts(self._reader, self._clock).allowed()

    def act(self, order: Order) -> Done:
        """Carry out a moderation act. See `discourse_acts`."""
        self._reader.know_us()
        return Acts(self._reader, self._clock).carry_out(order)


def _topic_number(conversation: str) -> int:
    found = number_in(conversation, "topic")
    if found is None:
        raise Refused(
            "Nothing can be answered there: it waits for approval.", hint="Approve it first.", code="no_topic"
        )
    return found


__all__ = ["CAPABILITIES", "PLATFORM", "Discourse", "connect", "conversation_id", "sign_in"]
