"""Subreddits on Reddit: posts and comments, the moderation queue, modmail, and what reaches one account elsewhere.

Ids are Reddit's fullnames (`t1_…` comments, `t3_…` posts and their conversations, `t4_…` private messages, `t2_…` people) and
`modmail:…`. The parts:

- `reddit_auth`     sign-in and tokens             - `reddit_lists`, `reddit_pull`  how a pull walks
- `reddit_api`      calls and errors               - `reddit_acts`, `reddit_people` moderation
- `reddit_map`, `reddit_batch`  things as records  - `reddit_replies`  sending, finding, reading
- `reddit_thread`, `reddit_modmail`  whole threads - `reddit_rights`   who we are and what we may do

What is known of the platform and where it comes from: `docs/platforms/reddit.md`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modconsole.connectors import reddit_acts, reddit_people, reddit_replies
from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.budget import Budget
from modconsole.connectors.http import Http
from modconsole.connectors.reddit_acts import Desk
from modconsole.connectors.reddit_api import MAX_CHARACTERS, Api, rate_window, refine
from modconsole.connectors.reddit_auth import (
    APP,
    INTERFACE,
    PASSWORD,
    REDIRECT,
    SITE,
    Grant,
    Session,
    browser,
    code_in,
    place,
)
from modconsole.connectors.reddit_batch import keys_of
from modconsole.connectors.reddit_lists import Place
from modconsole.connectors.reddit_map import Comment, Eyes, Post, undecided
from modconsole.connectors.reddit_pull import Pull
from modconsole.connectors.reddit_rights import Standing, moderated, names, standing, who
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.domain.records import Message
from modconsole.errors import Gone, InputError, Refused

if TYPE_CHECKING:
    import httpx

CAPABILITIES = Capabilities(
    acts=(*reddit_acts.ACTS, *reddit_people.ACTS), direct_messages=True, max_length=MAX_CHARACTERS, counted=str.strip
)

PLATFORM = PlatformInfo(
    name="reddit",
    title="Reddit",
    about="Posts and comments of subreddits, their queue and modmail, and the account's inbox, with an app of your own.",
    incremental=Can(
        "yes", "newest first down to a mark; lists end after 1,000 items, and what is beyond is said to be a gap"
    ),
    full_thread=Can("yes", "with all stubs read; what Reddit does not give is a gap of the thread"),
    direct_messages=Can("partly", "modmail and private messages; Reddit's chat has no interface"),
    own_replies=Can("yes", "our own comments and messages are listed, whatever they were written with"),
    edits=Can("yes", "with the time of the edit"),
    deletions=Can("yes", "the place stays, as [deleted]"),
    idempotent_send=Can("no", "after a lost answer it is looked for, among our own and in the thread"),
    reply_window=Can("partly", "posts are archived after six months, unless a subreddit has switched that off"),
    tested="documented shapes",
    interval=120.0,
    settles=60.0,
)


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "reddit",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Reddit:
    """A connector for one account and its subreddits. No request is made yet.

    `settings`: `client_id`, `user` (the account's name), `subreddits` (a list, or names with commas), `elsewhere` (whether
    replies, mentions and private messages from elsewhere on Reddit count; they do by default), `bots` (names of accounts
    that are bots). `interface` and `site` are where requests go, for tests: an address of this machine. The secret is a
    `Grant` as JSON. Raises `InputError` for settings that cannot work.
    """
    client_id, user, subreddits = (settings.get(key) for key in ("client_id", "user", "subreddits"))
    if not isinstance(client_id, str) or not isinstance(user, str) or not client_id or not user:
        raise InputError("A Reddit source needs the settings `client_id` and `user`.")
    listed = ",".join(map(str, subreddits)) if isinstance(subreddits, list | tuple) else str(subreddits or "")
    bots = settings.get("bots")
    return Reddit(
        Session(
            client_id, user, credentials, clock or _wall_clock, site=place(settings, "site", SITE), transport=transport
        ),
        Place(names(listed), elsewhere=settings.get("elsewhere", True) not in (False, "no")),
        frozenset(str(name).lower() for name in bots) if isinstance(bots, list | tuple) else frozenset(),
        source,
        clock or _wall_clock,
        place(settings, "interface", INTERFACE),
        transport,
    )


def sign_in(clock: Callable[[], int], transport: httpx.BaseTransport | None = None) -> SignIn:
    """Ask for the app, let the account's owner allow it, and ask which subreddits to look after."""
    app = yield APP
    user, client_id = app["user"].strip().removeprefix("/").removeprefix("u/"), app["client_id"].strip()
    redirect = app.get("redirect", "").strip() or REDIRECT
    credentials = Credentials("")
    session = Session(client_id, user, credentials, clock, transport=transport)
    grant = Grant(client_secret=app.get("client_secret", "").strip())
    if app.get("way") == "password":
        answers = yield PASSWORD
        grant = Grant(client_secret=grant.client_secret, password=answers["password"])
        grant = session.asked(grant, {"grant_type": "password", "username": user, "password": grant.password})
    else:
        step, state = browser(client_id, redirect)
        answers = yield step
        code = code_in(answers["code"], state)
        grant = session.asked(grant, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect})
    credentials.secret = grant.text()
    http = _http(session, INTERFACE, transport)
    try:
        me = who(Api(http))
        ours = [each.display_name for each in moderated(Api(http)) if not each.display_name.lower().startswith("u_")]
    finally:
        http.close()
    chosen = yield _which(ours)
    subreddits = list(names(chosen["subreddits"]))
    settings = {
        "client_id": client_id,
        "user": me.name,
        "subreddits": subreddits,
        "elsewhere": chosen.get("elsewhere", "yes") != "no",
    }
    return SignedIn(settings, credentials.secret, f"r/{subreddits[0]}" if len(subreddits) == 1 else f"u/{me.name}")


def _which(ours: list[str]) -> Step:
    known = (
        f"This account moderates {', '.join(ours)}."
        if ours
        else "This account moderates no subreddit that Reddit tells of."
    )
    return Step(
        title="What to look after",
        text=f"{known} Where it is no moderator, held and removed comments cannot be seen.",
        fields=(
            Field("subreddits", "Subreddits", hint="with commas between them", default=", ".join(ours)),
            Field(
                "elsewhere",
                "Replies, mentions and private messages to this account elsewhere on Reddit, too",
                hint="no, where it is somebody's private account",
                required=False,
                default="yes",
                choices=("yes", "no"),
            ),
        ),
    )


def _http(session: Session, interface: str, transport: httpx.BaseTransport | None) -> Http:
    return Http(
        interface,
        headers=session.headers,
        expired=lambda answer: answer.status == 401,
        renew=session.renew,
        refine=refine,
        budget=Budget(reserve=0.1),
        window=rate_window,
        user_agent=session.agent,
        transport=transport,
    )


def _wall_clock() -> int:
    return time.time_ns() // 1000


class Reddit:
    """A signed-in account. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "reddit"
    capabilities = CAPABILITIES

    def __init__(
        self,
        session: Session,
        place: Place,
        bots: frozenset[str],
        source: str,
        clock: Callable[[], int],
        interface: str,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self.source = source
        self._session = session
        self._place = place
        self._bots = bots
        self._clock = clock
        self._api = Api(_http(session, interface, transport))
        self._standing: Standing | None = None

    def __repr__(self) -> str:
        return f"Reddit({', '.join(self._place.subreddits)!r}, source={self.source!r})"

    def close(self) -> None:
        """Let go of connections."""
        self._api.http.close()

    def _stand(self, *, again: bool = False) -> Standing:
        """Who we are and what we may do; asked once, and again with each pull."""
        if self._standing is None or again:
            self._standing = standing(self._api, self._place.subreddits, self._session.scopes())
        return self._standing

    def _desk(self) -> Desk:
        return Desk(self._api, self._stand(), self._eyes)

    def _eyes(self, thing: Comment | Post | None = None) -> Eyes:
        """With what something is looked at now. The queue is asked where only it can tell whether a thing is held."""
        now = self._stand()
        eyes = Eyes(self.source, self._clock(), people=now.people, bots=self._bots)
        if thing is None or not undecided(thing) or thing.subreddit.lower() not in now.moderated:
            return eyes
        return replace(eyes, queue=self._queue(thing.subreddit, thing.name))

    def _queue(self, subreddit: str, until: str) -> frozenset[str]:
        """Fullnames in a moderation queue, read until one is met."""
        found: set[str] = set()
        after: str | None = None
        while True:
            listing = self._api.listing(f"/r/{subreddit}/about/modqueue", {"after": after} if after else {})
            found.update(keys_of(listing.children)[1])
            after = listing.after
            if after is None or until in found:
                return frozenset(found)

    # ------------------------------------------------------------------ reading

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        now = self._stand(again=True)
        missing = list(now.missing())
        syncs = [f"posts and comments of r/{name}" for name in self._place.subreddits]
        syncs += [f"modmail and the moderation queue of r/{found.display_name}" for found in now.moderated.values()]
        if self._place.elsewhere:
            syncs.append("replies, mentions and private messages to this account elsewhere on Reddit")
            missing.append("Reddit's chat has no interface: what people write there cannot be seen")
        return Account(
            id=now.me.native,
            name=now.me.name,
            handle=now.me.name,
            missing=tuple(missing),
            site_name=", ".join(f"r/{name}" for name in self._place.subreddits),
            site_url=f"{SITE}/r/{self._place.subreddits[0]}",
            syncs=tuple(syncs),
            others=now.others,
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `reddit_pull` for the lanes."""
        with self._api.http.background():
            stands = self._stand(again=True)
        seen = replace(self._place, queues=tuple(stands.with_right("posts")), mail=tuple(stands.with_right("mail")))
        eyes = Eyes(self.source, now, people=stands.people, bots=self._bots)
        yield from Pull(self._api, eyes, seen, known, stands.me.name, stands.blind(), full=full).pages()

    def read(self, message: str) -> Message | None:
        """One message as it stands now; None when it no longer exists."""
        return reddit_replies.read(self._desk(), message)

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Message:
        """Write an answer. Read the record's state: a filter may have taken it.

        What it answers is looked at before: below what is deleted, archived or not to be seen, nothing is sent.
        """
        return reddit_replies.send(self._desk(), reply)

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """Our reply on Reddit, in whatever state, or None when it is not there."""
        return reddit_replies.find(self._desk(), reply, candidates)

    # ------------------------------------------------------------------ moderating

    def acts(self) -> tuple[ActInfo, ...]:
        """The acts that this account may carry out in at least one of its subreddits, with their removal reasons and flairs."""
        now = self._stand()
        found = []
        for info in CAPABILITIES.acts:
            rights = RIGHTS.get(info.right, ())
            if info.right and not (all(now.with_right(right) for right in rights) and now.moderated):
                continue
            if info.act == "remove":
                info = replace(
                    info, choices=self._choices(lambda name: [r.title for r in reddit_acts.reasons(self._api, name)])
                )
            elif info.act == "label" and info.on == "conversation":
                info = replace(
                    info, choices=self._choices(lambda name: [f.text for f in reddit_acts.flairs(self._api, name)])
                )
            found.append(info)
        return tuple(found)

    def _choices(self, ask: Callable[[str], list[str]]) -> tuple[str, ...]:
        """What can be chosen in our subreddits; those that will not say have nothing."""
        found: dict[str, None] = {}
        for subreddit in self._stand().moderated.values():
            try:
                found.update(dict.fromkeys(each for each in ask(subreddit.display_name) if each))
            except (Refused, Gone):
                continue
        return tuple(found)

    def act(self, order: Order) -> Done:
        """Carry out a moderation act. Doing it twice does no more than doing it once."""
        desk = self._desk()
        if order.on == "person":
            return reddit_people.carry_out(desk, order, self._clock())
        return reddit_acts.carry_out(desk, order)


RIGHTS: Mapping[str, tuple[str, ...]] = {
    reddit_acts.POSTS: ("posts",),
    reddit_acts.MAIL: ("mail",),
    reddit_acts.FLAIR: ("flair",),
    reddit_people.ACCESS: ("access",),
    reddit_people.MAIL_AND_ACCESS: ("mail", "access"),
}
"""The rights of a moderator behind the words of each act."""

__all__ = ["CAPABILITIES", "PLATFORM", "Reddit", "connect", "sign_in"]
