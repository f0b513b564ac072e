"""Comments of a WordPress site, signed in with an application password.

Conversations are posts (`post:12`), messages are comments (`345`), threads follow `parent`, people are `user:7` or
`guest:<hash>`. Pingbacks, trackbacks and editorial notes are not read: no person waits behind the first two, and the
third are internal. What is known of the platform and where it comes from: `docs/platforms/wordpress.md`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.http import Http
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.connectors.wordpress_acts import ACTS, carry_out
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
from modconsole.errors import Gone, InputError, OutcomeUnknown, PlatformError, Refused

if TYPE_CHECKING:
    import httpx

CLOCK_SKEW = timedelta(minutes=10)
"""How far the site's clock may be behind ours when a reply is looked for, beyond what its answers tell of it: either may have
been set right since the reply was sent."""

CAPABILITIES = Capabilities(acts=ACTS, max_length=MAX_BYTES, length_unit="bytes", counted=to_send)

PLATFORM = PlatformInfo(
    name="wordpress",
    title="WordPress",
    about="Comments on the posts and pages of one site, in every state, with an application password.",
    incremental=Can("yes", "by id, ascending, pages overlapping"),
    full_thread=Can("yes", "a full walk reads every comment"),
    direct_messages=Can("no", "WordPress has none"),
    own_replies=Can("yes", "comments are listed whoever wrote them, wherever"),
    edits=Can("partly", "no time of change is kept: seen when a comment is read again, at the latest on a full walk"),
    deletions=Can("yes", "each missing comment is asked for by its id"),
    idempotent_send=Can(
        "partly", "the same text at the same place is refused as a duplicate; looked for before a second try"
    ),
    tested="real server",
    settles=60.0,
)


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "wordpress",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> WordPress:
    """A connector for one site. No request is made yet.

    `settings`: `url` (the site), `user` (login name or e-mail address), `api` (the REST address as `discover` found
    it; looked for when absent). The secret is the application password; its spaces do not matter. `source` is the id
    that the records carry. `clock` gives the instant at which a single message was read (`pull` gets its own). Raises
    `InputError` for settings that cannot work.
    """
    url, user, api = (settings.get(key) for key in ("url", "user", "api"))
    secret = credentials.secret
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


FORM = Step(
    title="Sign in to a WordPress site",
    text="WordPress gives out application passwords under Users, Profile, at the bottom of the page.",
    fields=(
        Field("url", "Address of the site", hint="https://blog.example"),
        Field("user", "Login name there", hint="or the e-mail address of the account"),
        Field("password", "Application password", hint="four letters six times; the spaces do not matter", secret=True),
    ),
)


def sign_in(clock: Callable[[], int]) -> SignIn:
    """Ask for the site, the login name and an application password."""
    answers = yield FORM
    url = checked_address(answers["url"])
    host = urlsplit(url).hostname or url
    return SignedIn({"url": url, "user": answers["user"].strip()}, answers["password"].strip(), host)


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
            self._calls = Api(
                Http(site.api, sign_in=self._sign_in, refine=refine, clock=self._clock, transport=self._transport)
            )
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
            slack = CLOCK_SKEW + timedelta(microseconds=api.http.lag)
            for comment in listing.comments:
                if comment.author != me.id or str(comment.id) in candidates:
                    continue
                if reply.attempted_at is not None and not later_than(comment, reply.attempted_at, slack):
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

    def acts(self) -> tuple[ActInfo, ...]:
        """All of them for an account that may moderate, else none."""
        return ACTS if self._api().me().moderates else ()

    def act(self, order: Order) -> Done:
        """Bring a comment into a state and give it back as it stands then. See `wordpress_acts`."""
        return carry_out(self._api(), order, self._record)


def _post_number(conversation: str) -> int:
    kind, _, post = conversation.partition(":")
    if kind != "post" or not post.isascii() or not post.isdigit():
        raise InputError("This conversation is not a post of a WordPress site.")
    return int(post)


__all__ = ["CAPABILITIES", "PlatformError", "Site", "WordPress", "connect", "discover"]
