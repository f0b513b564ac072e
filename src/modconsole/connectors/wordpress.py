"""Comments of a WordPress site, signed in with an application password.

Conversations are posts (`post:12`), messages are comments (`345`), threads follow `parent`, people are `user:7` or
`guest:<hash>`. Pingbacks, trackbacks and editorial notes are not read: no person waits behind the first two, and the
third are internal. What is known of the platform and where it comes from: `docs/platforms/wordpress.md`.

What can be undone: approve and hold by each other; spam and trash by `restore`, which brings the state back that
WordPress remembered, or holds the comment where it remembers none. Nothing here deletes for good: on a site without a
trash, `trash` is refused.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from modconsole.connectors.base import Account, Capabilities, Known, Moderation, Outgoing, Page
from modconsole.connectors.http import Http
from modconsole.connectors.wordpress_api import MAX_BYTES, PER_PAGE, Api, number, refine
from modconsole.connectors.wordpress_map import (
    Comment,
    Content,
    Post,
    as_html,
    conversation_id,
    later_than,
    message,
    plain,
    same_text,
    to_send,
)
from modconsole.connectors.wordpress_pull import Pull, missing_rights
from modconsole.connectors.wordpress_site import Site, checked_address, discover
from modconsole.domain.records import Message
from modconsole.errors import Gone, InputError, OutcomeUnknown, PlatformError, Refused, Unreachable

if TYPE_CHECKING:
    import httpx

CLOCK_SKEW = timedelta(minutes=10)
"""How far the site's clock may be behind ours when a reply is looked for."""

CAPABILITIES = Capabilities(
    moderation=frozenset(("approve", "hold", "spam", "trash", "restore")),
    edits_seen="WordPress keeps no time of change: edits show when a comment is read again, at the latest on a full walk",
    max_length=MAX_BYTES,
    length_unit="bytes",
)


def connect(
    settings: Mapping[str, Any],
    secret: str,
    *,
    source: str = "wordpress",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> WordPress:
    """A connector for one site. No request is made yet.

    `settings`: `url` (the site), `user` (login name or e-mail address), `api` (the REST address as `discover` found
    it; looked for when absent). `secret` is the application password; its spaces do not matter. `source` is the id
    that the records carry. `clock` gives the instant at which a single message was read (`pull` gets its own). Raises
    `InputError` for settings that cannot work.
    """
    url, user, api = (settings.get(key) for key in ("url", "user", "api"))
    if not isinstance(url, str) or not isinstance(user, str) or not user.strip():
        raise InputError("A WordPress source needs the settings `url` and `user`.")
    if ":" in user:
        raise InputError("A user name in WordPress has no colon.")
    if not secret.strip():
        raise InputError("The application password is missing.", hint="Make one in WordPress under Users, Profile.")
    site = Site(checked_address(url), checked_interface(api)) if isinstance(api, str) and api else None
    return WordPress(
        checked_address(url), (user.strip(), secret.strip()), site, source, clock or _wall_clock, transport
    )


def checked_interface(api: str) -> str:
    """A stored REST address, held to the same rule as the site's: no password over plain http."""
    checked_address(api)
    return api


def _wall_clock() -> int:
    return time.time_ns() // 1000


class WordPress:
    """A signed-in site. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "wordpress"
    capabilities = CAPABILITIES

    def __init__(
        self,
        url: str,
        sign_in: tuple[str, str],
        site: Site | None,
        source: str,
        clock: Callable[[], int],
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.url = url
        self.source = source
        self._sign_in = sign_in
        self._site = site
        self._clock = clock
        self._transport = transport
        self._calls: Api | None = None
        self._posts: dict[int, Post] = {}

    def __repr__(self) -> str:
        return f"WordPress({self.url!r}, source={self.source!r})"

    def _api(self) -> Api:
        """The calls, once it is known where to send them."""
        if self._calls is None:
            site = self._site or discover(self.url, transport=self._transport)
            self._site = site
            self._calls = Api(Http(site.api, sign_in=self._sign_in, refine=refine, transport=self._transport))
        return self._calls

    def close(self) -> None:
        """Let go of connections."""
        if self._calls is not None:
            self._calls.http.close()

    # ------------------------------------------------------------------ reading

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        api = self._api()
        me = api.me(again=True)
        index: dict[str, Any] = {}
        with contextlib.suppress(Refused, Gone):  # some sites hide it; then they have no name for us
            index = api.index()
        home = index.get("home") or index.get("url")
        return Account(
            id=f"user:{me.id}",
            name=me.name,
            handle=me.slug,
            missing=missing_rights(api),
            site_name=plain(str(index.get("name") or "")),
            site_url=home if isinstance(home, str) else self.url,
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `wordpress_pull` for the
        lanes."""
        api = self._api()
        api.me(again=True)
        # Titles and addresses change: a pull asks for each post once, and trusts no earlier answer.
        self._posts = {}
        yield from Pull(api, self.source, known, now, self._posts, full=full).pages()

    def read(self, message: str) -> Message | None:
        """One comment as it stands now; None when it no longer exists."""
        try:
            return self._record(self._api().one(message))
        except Gone:
            return None

    def _record(self, comment: Comment) -> Message:
        return message(comment, self.source, self._clock())

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Message:
        """Write a comment. Read the record's state: WordPress may have held it.

        Before it is sent, the comment that it answers is looked at: WordPress takes a reply to a comment that does
        not exist. Raises `Duplicate` (it is there already: `find` it without a time), `RateLimited` (flood control),
        `Refused`, `Gone`, `Unreachable` (surely not sent), `OutcomeUnknown`.
        """
        api = self._api()
        text = to_send(reply.text)
        if not text:
            raise Refused("The reply is empty.", code="empty")
        size = len(text.encode())
        if size > MAX_BYTES:
            raise Refused(
                f"The reply is too long: {size:,} bytes, and WordPress stores {MAX_BYTES:,} at most.",
                hint="Shorten it.",
                code="comment_content_column_length",
            )
        post = _post_number(reply.conversation)
        body: dict[str, Any] = {"post": post, "content": text}
        if reply.reply_to is not None:
            body["parent"] = self._answerable(reply.reply_to, reply.conversation)
        return self._record(api.write("POST", "wp/v2/comments", body))

    def _answerable(self, parent: str, conversation: str) -> int:
        """The parent's number, if a reply to it would be seen."""
        comment = self._api().one(parent)
        if conversation_id(comment.post or 0) != conversation:
            raise Refused("The comment belongs to another post.", code="wrong_post")
        state = message(comment, self.source, 0).state
        if state == "held":
            raise Refused("The comment is held: nobody would see the reply.", hint="Approve it first.", code="held")
        if state != "live":
            raise Refused(
                f"The comment is {state}: nobody would see the reply.", hint="Restore it first.", code=str(state)
            )
        return comment.id

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """Our reply on the site, in whatever state, or None when it is surely not there.

        Ours, at the same post, under the same comment, saying the same, not older than `attempted_at`, and not one of
        `candidates`: the ids of ours that were known *before* the first try. Raises `OutcomeUnknown` where this
        account cannot see its own held comments and nothing was found.
        """
        api = self._api()
        me = api.me()
        query = {
            "post": str(_post_number(reply.conversation)),
            "parent": number(reply.reply_to) if reply.reply_to is not None else "0",
            "orderby": "id",
            "order": "desc",
        }
        if me.filters:
            query["author"] = str(me.id)
        wanted = as_html(Content(raw=to_send(reply.text)))
        row = 0
        while True:
            listing = api.list({**api.any_status(query), "offset": str(row)})
            for comment in listing.comments:
                if comment.author != me.id or str(comment.id) in candidates:
                    continue
                if reply.attempted_at is not None and not later_than(comment, reply.attempted_at, CLOCK_SKEW):
                    continue
                if same_text(as_html(comment.content), wanted):
                    return self._record(comment)
            row += PER_PAGE
            if row >= listing.total:
                break
        if not me.filters:
            raise OutcomeUnknown("This account cannot see its own held comments: the reply may be among them.")
        return None

    # ------------------------------------------------------------------ moderating

    def moderate(self, message: str, act: Moderation) -> Message:
        """Bring a comment into a state and give it back as it stands then. Doing it twice does no harm.

        `Unreachable` after a lost answer is honest here: trying again is safe, whether or not the first try arrived.
        """
        api = self._api()
        before = api.one(message, extra_fields=",author_ip,author_user_agent")
        step = _step(before.status or "", act)
        if step is None:
            return self._record(before)
        with contextlib.suppress(OutcomeUnknown):  # what it is now is read below
            self._change(before, step)
        after = api.one(message)
        if _step(after.status or "", act) is not None and act != "restore":
            raise Unreachable("The site did not say whether it did that, and it is not done.", hint="Try again.")
        if act == "restore" and after.status == before.status:
            raise Unreachable("The site did not restore the comment.", hint="Try again.")
        return self._record(after)

    def _change(self, comment: Comment, step: str) -> None:
        """Carry out one change of state, without changing anything else.

        With every change through the REST interface WordPress writes the caller's network address and browser over
        those of the comment's author (`prepare_item_for_database`), which spam filters learn from. So both are handed
        back with the change; where no browser was stored, the request names none.
        """
        api = self._api()
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


UNKNOWN_ADDRESS = "127.0.0.1"
"""What WordPress itself stores for an author whose network address is not known; an empty one it refuses."""

STEPS: dict[Moderation, tuple[str, str]] = {
    "approve": ("approved", "approve"),
    "hold": ("hold", "hold"),
    "spam": ("spam", "spam"),
    "trash": ("trash", "trash"),
}
"""For each act: the status that it leads to, and the word that asks for it. An unknown word would be answered 200 and
ignored."""


def _step(status: str, act: Moderation) -> str | None:
    """The word that brings a comment from `status` to where `act` wants it; None when it is there."""
    if act == "restore":
        return {"spam": "unspam", "trash": "untrash"}.get(status)
    goal, word = STEPS[act]
    return None if status == goal else word


def _post_number(conversation: str) -> int:
    kind, _, post = conversation.partition(":")
    if kind != "post" or not post.isascii() or not post.isdigit():
        raise InputError("This conversation is not a post of a WordPress site.")
    return int(post)


__all__ = ["CAPABILITIES", "PlatformError", "Site", "WordPress", "connect", "discover"]
