"""Comments on the videos of a YouTube channel, signed in with a Google Cloud project of the user's own.

Conversations are videos (`video:ID`; `channel:ID` for what was written on the channel itself), messages are comments,
people are channel ids. What is known of the platform and where it comes from: `docs/platforms/youtube.md`. No real
YouTube can be had in tests: every request and every answer is checked against Google's published discovery document
there.

What can be undone: approve, hold and remove by setting the status that a comment had. A ban and the deletion of a
reply of ours cannot.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.http import is_loopback
from modconsole.connectors.signing import Can, Credentials, PlatformInfo, SignedIn, Step
from modconsole.connectors.youtube_acts import Acts
from modconsole.connectors.youtube_api import BASE, Api
from modconsole.connectors.youtube_map import (
    Channel,
    Comment,
    Thread,
    ThreadItem,
    conversation_id,
    message,
    read,
    same_text,
)
from modconsole.connectors.youtube_oauth import TOKEN, Secret, authorized, refreshed
from modconsole.connectors.youtube_pull import Pull
from modconsole.connectors.youtube_quota import DAILY, Quota
from modconsole.connectors.youtube_reader import Reader
from modconsole.domain.records import Message
from modconsole.domain.times import MINUTE
from modconsole.errors import Gone, InputError, OutcomeUnknown, Refused, SignInError

if TYPE_CHECKING:
    import httpx

MAX_LENGTH = 10_000
"""Characters of a comment, as people have found; the API's documentation names a limit (`commentTextTooLong`) and no
number.
"""
CLOCK_SKEW = 10 * MINUTE
"""How far YouTube's clock may be behind ours when a reply is looked for, beyond what its answers tell of it."""
FIND_PAGES = 20
INTERVAL = 300.0
"""Seconds between two looks: 288 a day, of four units and what the quota leaves for re-reading."""

CAPABILITIES = Capabilities(
    acts=(
        ActInfo(
            "approve",
            "message",
            "Publishes the comment.",
            "the status it had",
            fits=frozenset(("held", "spam", "removed")),
        ),
        ActInfo(
            "hold",
            "message",
            "Holds the comment for review: only we see it.",
            "publishing it",
            fits=frozenset(("live", "spam")),
        ),
        ActInfo(
            "remove",
            "message",
            "Rejects the comment, which hides it and all replies below it, ours too; a comment of our own is deleted for good.",
            "publishing it, but not for our own",
            fits=frozenset(("live", "held", "spam")),
        ),
        ActInfo(
            "ban",
            "message",
            "Rejects the comment with all replies below it, and bans its author: whatever they write from now on is rejected.",
            fits=frozenset(("live", "held", "spam", "removed")),
        ),
    ),
    max_length=MAX_LENGTH,
)

PLATFORM = PlatformInfo(
    name="youtube",
    title="YouTube",
    about="Comments on all videos of a channel, with those held for review and those that are likely spam.",
    incremental=Can("partly", "new threads; new replies below old comments are found by reading the threads again"),
    full_thread=Can("yes"),
    direct_messages=Can("no", "YouTube has none"),
    own_replies=Can("yes", "where threads are read"),
    edits=Can("yes", "by `updatedAt`"),
    deletions=Can("yes", "by looking up ids"),
    idempotent_send=Can("no", "looked for before a second try"),
    tested="published schema",
    interval=INTERVAL,
    settles=60.0,
)


def _wall_clock() -> int:
    return time.time_ns() // 1000


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "youtube",
    clock: Callable[[], int] = _wall_clock,
    transport: httpx.BaseTransport | None = None,
) -> YouTube:
    """A connector for one channel. No request is made yet.

    `settings`: `channel` (its id), `handle`; and where they differ from the usual `quota` (units a day that this
    source may use), `interval` (seconds), `api` and `token` (addresses, for tests). Raises `InputError` for settings
    that cannot work, `SignInError` where the kept sign-in is no sign-in.
    """
    channel, quota = settings.get("channel"), settings.get("quota", DAILY)
    if not isinstance(channel, str) or not channel:
        raise InputError(
            "A YouTube source needs the setting `channel`.", hint="Add it again with `modconsole sources add`."
        )
    if not isinstance(quota, int) or quota < 1:
        raise InputError("`quota` is a number of units a day, as 10000.")
    for key in ("api", "token"):
        _checked(settings.get(key, BASE))
    return YouTube(settings, channel, credentials, source, clock, transport)


def _checked(address: object) -> None:
    """Tokens go over https, or stay on this machine."""
    from urllib.parse import urlsplit

    parts = urlsplit(address) if isinstance(address, str) else None
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise InputError("An address for YouTube begins with https://.")


def sign_in(
    clock: Callable[[], int] = _wall_clock,
    transport: httpx.BaseTransport | None = None,
    *,
    api: str = BASE,
    token: str = TOKEN,
) -> Generator[Step, Mapping[str, str], SignedIn]:
    """Ask for a Google Cloud client, then for the browser's permission, and find the channel that was chosen there."""
    secret = yield from authorized(token, transport)
    at = {key: value for key, value, usual in (("api", api, BASE), ("token", token, TOKEN)) if value != usual}
    youtube = YouTube(at, "", Credentials(secret.written()), "youtube", clock, transport)
    try:
        channel = youtube.me()
    finally:
        youtube.close()
    handle = channel.snippet.custom_url
    settings = {"channel": channel.id, "handle": handle.removeprefix("@"), **at}
    return SignedIn(settings, secret.written(), handle or channel.snippet.title or channel.id)


class YouTube:
    """A signed-in channel. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "youtube"
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: Mapping[str, Any],
        channel: str,
        credentials: Credentials,
        source: str,
        clock: Callable[[], int],
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.channel = channel
        self.source = source
        self.interval = float(settings.get("interval") or INTERVAL)
        self._token = str(settings.get("token", TOKEN))
        self._credentials = credentials
        self._clock = clock
        self._transport = transport
        self._parsed: tuple[str, Secret] | None = None
        self._used = credentials.secret
        self.quota = Quota(clock, settings.get("quota", DAILY))
        self.api = Api(str(settings.get("api", BASE)), self._secret, self._renew, self.quota, clock, transport)
        self.reader = Reader(self.api, source, channel)

    def __repr__(self) -> str:
        return f"YouTube({self.channel!r}, source={self.source!r})"

    def close(self) -> None:
        """Let go of connections."""
        self.api.http.close()

    def _secret(self) -> Secret:
        """The kept sign-in, decoded once; what was used last is what a refusal is about."""
        self._used = self._credentials.secret
        if self._parsed is None or self._parsed[0] != self._used:
            self._parsed = (self._used, Secret.read(self._used))
        return self._parsed[1]

    def _renew(self) -> None:
        self._credentials.renew(self._used, lambda kept: refreshed(kept, self._token, self._transport))

    # ------------------------------------------------------------------ reading

    def me(self) -> Channel:
        """The channel that is signed in. Raises `SignInError` where the Google account has none."""
        items = self.api.channel().items
        channel, why = read(items[0], Channel) if items else (None, "")
        if channel is None:
            raise SignInError(
                "There is no channel behind this sign-in."
                if not why
                else "YouTube describes the channel in an unknown way.",
                hint="Sign in with the Google account that has the channel.",
            )
        return channel

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        me = self.me()
        if self.channel and me.id != self.channel:
            raise SignInError(
                "This sign-in is for another channel.", hint="Sign in again, and choose the right channel."
            )
        missing: tuple[str, ...] = ()
        try:
            self.reader.threads({"allThreadsRelatedToChannelId": me.id, "moderationStatus": "heldForReview"})
        except Refused:
            missing = ("no permission to moderate: comments held for review stay unseen, and nothing can be moderated",)
        videos = me.statistics.video_count if me.statistics is not None else ""
        return Account(
            id=me.id,
            name=me.snippet.title,
            handle=me.snippet.custom_url.removeprefix("@"),
            missing=missing,
            site_name=me.snippet.title,
            site_url=f"https://www.youtube.com/channel/{me.id}",
            syncs=(
                f"comments on {videos} videos" if videos.isdigit() else "comments on all videos",
                *(() if missing else ("comments held for review", "comments that are likely spam")),
            ),
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `youtube_pull` for the lanes."""
        yield from Pull(self.reader, self.quota, known, now, full=full, interval=self.interval).pages()

    def read(self, message: str) -> Message | None:
        """One comment as it stands now; None when it no longer exists."""
        try:
            comment = self.reader.one(message)
            return self._as_it_stands(comment)
        except Gone:
            return None

    def _as_it_stands(self, comment: Comment) -> Message:
        thread, state = self.reader.standing(comment, self._clock())
        return self._record(comment, thread, state)

    def _record(self, comment: Comment, thread: Thread, state: Any) -> Message:
        return message(comment, thread.conversation, thread.before(comment), state, self.source, self._clock())

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Message:
        """Write a reply, or a top comment of our own where it answers none.

        YouTube has one level of replies: an answer to a reply goes below the same top comment and begins with the
        handle of whom it answers, as YouTube's own apps do it. Raises `Refused` (`too_long`, `empty`, …), `Gone`,
        `RateLimited`, `Unreachable` (surely not sent), `OutcomeUnknown`.
        """
        if reply.reply_to is None:
            return self._send_top(reply)
        target = self.reader.one(reply.reply_to)
        top = self.reader.top_of(target)
        if _place(top, self.channel) != reply.conversation:
            raise Refused("The comment belongs to another video.", code="wrong_place")
        text = _fitting(addressed_to(reply.text.strip(), target, self.channel))
        written, _ = read(self.api.reply(top.id, text), Comment)
        if written is None:
            raise OutcomeUnknown("YouTube took the reply and describes it in an unknown way.")
        if written.snippet.parent_id is None:
            written.snippet.parent_id = top.id
        thread = Thread(top, reply.conversation, 0, replies=[target] if target.id != top.id else [])
        return self._record(written, thread, "live")

    def _send_top(self, reply: Outgoing) -> Message:
        kind, _, ident = reply.conversation.partition(":")
        if kind != "video":
            raise Refused("YouTube takes no new comments there through its API.", code="wrong_place")
        written, _ = read(self.api.comment(self.channel, ident, _fitting(reply.text.strip())), ThreadItem)
        if written is None:
            raise OutcomeUnknown("YouTube took the comment and describes it in an unknown way.")
        top = written.snippet.top_level_comment
        return self._record(top, Thread(top, reply.conversation, 0), "live")

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """Our reply on YouTube, or None when it is not there: ours, below the same top comment, the same words, not
        older than
        `attempted_at`, and not one of `candidates`."""
        if reply.reply_to is None:
            threads: Iterable[Thread] = self._newest(reply)
            wanted = [reply.text]
        else:
            target = self.reader.one(reply.reply_to)
            thread = Thread(self.reader.top_of(target), reply.conversation, 0, listed=False)
            self.reader.fill(thread)
            threads = [thread]
            wanted = [reply.text, addressed_to(reply.text.strip(), target, self.channel)]
        for thread in threads:
            for comment in (thread.top, *thread.replies) if reply.reply_to is None else thread.replies:
                if comment.author != self.channel or comment.id in candidates or not self._since(comment, reply):
                    continue
                texts = (comment.snippet.text_display, comment.snippet.text_original or "")
                if any(same_text(one, other) for one in texts for other in wanted):
                    return self._record(comment, thread, "live")
        return None

    def _newest(self, reply: Outgoing) -> Iterator[Thread]:
        """The top comments of a video that are not older than the first try; each without its replies."""
        cursor: str | None = None
        for _ in range(FIND_PAGES):
            page = self.reader.threads({"videoId": reply.conversation.partition(":")[2]}, cursor)
            for thread in page.threads:
                thread.replies.clear()
                yield thread
            cursor = page.following
            if cursor is None or (page.threads and not self._since(page.threads[-1].top, reply)):
                return

    def _since(self, comment: Comment, reply: Outgoing) -> bool:
        """Whether a comment can stem from the reply's first try."""
        return reply.attempted_at is None or comment.at >= reply.attempted_at - CLOCK_SKEW - self.api.http.lag

    # ------------------------------------------------------------------ moderating

    def acts(self) -> tuple[ActInfo, ...]:
        """All of them: who is signed in owns the channel, and with it every video that is read here."""
        return CAPABILITIES.acts

    def act(self, order: Order) -> Done:
        """Carry out an act on a comment; see `youtube_acts`."""
        return Acts(self.api, self.reader, self._clock).carry_out(order)


def addressed_to(text: str, target: Comment, us: str) -> str:
    """A reply's text as it is sent: below a reply it begins with the handle of whom it answers, unless it names them
    itself.
    """
    if target.snippet.parent_id is None or not target.handle or target.author == us:
        return text
    handle = f"@{target.handle}"
    return text if handle.casefold() in text.casefold() else f"{handle} {text}"


def _fitting(text: str) -> str:
    if not text:
        raise Refused("The reply is empty.", code="empty")
    if len(text) > MAX_LENGTH:
        raise Refused(
            f"The reply is too long: {len(text):,} characters, and YouTube takes {MAX_LENGTH:,}.",
            hint="Shorten it.",
            code="too_long",
        )
    return text


def _place(top: Comment, channel: str) -> str:
    return conversation_id(top.snippet.video_id, top.snippet.channel_id or channel)
