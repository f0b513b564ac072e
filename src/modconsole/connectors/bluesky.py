"""Posts, replies and direct messages of a Bluesky account, signed in with an app password.

A thread is one conversation, named by its first post; every post in it is a message, the first among them. Direct messages are
conversations of their own. What is known of the platform and where it comes from: `docs/platforms/bluesky.md`.

A reply is a record in our own repository, under a key that is made from the send's id: sent twice, it is there once. A
direct message has nothing like that, so one in doubt is looked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.bluesky_acts import Acts, standing
from modconsole.connectors.bluesky_api import (
    CHAT,
    NEW_PASSWORD,
    Api,
    Tokens,
    create_session,
    error_name,
    refine,
    scope,
    tokens,
)
from modconsole.connectors.bluesky_chat import Chat
from modconsole.connectors.bluesky_identity import (
    DIRECTORY,
    RESOLVER,
    checked_address,
    find_home,
    identifier,
)
from modconsole.connectors.bluesky_map import APP, Post, Profile, Stored, chat_parts
from modconsole.connectors.bluesky_offers import OZONE, offered
from modconsole.connectors.bluesky_ozone import Ozone
from modconsole.connectors.bluesky_pull import Pull
from modconsole.connectors.bluesky_read import Reader, Records
from modconsole.connectors.bluesky_text import (
    POST,
    POST_BYTES,
    POST_GRAPHEMES,
    facets,
    fitting,
    is_did,
    post_place,
    read_time,
    send_key,
    written,
)
from modconsole.connectors.http import Answer, Http
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.domain.records import Message
from modconsole.domain.times import MINUTE, to_instant
from modconsole.errors import Duplicate, Gone, InputError, OutcomeUnknown, PlatformError, Refused, SignInError

if TYPE_CHECKING:
    import httpx

SKEW = 10 * MINUTE
"""How far another clock may be from ours when a reply is looked for."""
FIND_PAGES = 5

CAPABILITIES = Capabilities(
    acts=offered(OZONE),
    direct_messages=True,
    max_length=POST_GRAPHEMES,
    length_unit="graphemes",
)

PLATFORM = PlatformInfo(
    name="bluesky",
    title="Bluesky",
    about="Replies, mentions and quotations, whole threads and direct messages of one account, with an app password.",
    incremental=Can(
        "partly", "notifications, newest first, with an overlap; they leave out what lies deep or is dated back"
    ),
    full_thread=Can("yes", "read level by level; posts behind a block are a gap"),
    direct_messages=Can("yes", "requests and groups too; the app password must allow it"),
    own_replies=Can("yes", "our own repository lists them, whatever program wrote them"),
    edits=Can("partly", "no time of change is kept: seen when the thread is read again"),
    deletions=Can("yes", "each missing post is asked for by its address"),
    idempotent_send=Can(
        "yes", "replies under a key of our own making; direct messages are looked for before a second try"
    ),
    tested="real server",
    answer="addressed",
    settles=30.0,
)

FORM = Step(
    title="Sign in to Bluesky",
    text=(
        "Make an app password in Bluesky under Settings, Privacy and security, App passwords. Tick “Allow access to your direct "
        "messages” if they are to be answered from here."
    ),
    fields=(
        Field("handle", "Handle", hint="ann.bsky.social, or the account's DID"),
        Field(
            "password", "App password", hint="four groups of four letters; not the account's own password", secret=True
        ),
        Field(
            "messages",
            "Direct messages",
            hint="whether to read them",
            default="yes",
            choices=("yes", "no"),
            required=False,
        ),
        Field(
            "labeler", "Ozone service", hint="handle or DID of the labelling service you moderate for", required=False
        ),
        Field("directory", "Directory", hint="only for a network of one's own", default=DIRECTORY, required=False),
        Field("resolver", "Handle resolver", hint="only for a network of one's own", default=RESOLVER, required=False),
    ),
)


def sign_in(clock: Callable[[], int], transport: httpx.BaseTransport | None = None) -> SignIn:
    """Ask for the handle and an app password, find the account's server, and open a session there."""
    answers = yield FORM
    directory, resolver = answers.get("directory") or DIRECTORY, answers.get("resolver") or RESOLVER
    password = answers["password"].strip()
    home = find_home(answers["handle"], directory=directory, resolver=resolver, transport=transport)
    http = Http(home.pds, refine=_refine_sign_in, transport=transport)
    try:
        session = create_session(http, home.did, password)
    finally:
        http.close()
    if session.did != home.did:
        raise SignInError("The server signed another account in.", hint="Look at the handle again.")
    if scope(session.access_jwt) == "com.atproto.access":
        raise SignInError("This is the account's own password.", hint=NEW_PASSWORD)
    settings: dict[str, Any] = {"handle": home.handle, "did": home.did, "pds": home.pds}
    if answers.get("messages", "yes") == "no":
        settings["messages"] = False
    labeler = answers.get("labeler", "").strip()
    if labeler:
        named = identifier(labeler)
        found = find_home(named, directory=directory, resolver=resolver, transport=transport)
        settings["labeler"] = found.did
    secret = Tokens(password, session.access_jwt, session.refresh_jwt).text()
    return SignedIn(settings, secret, f"@{home.handle}" if not is_did(home.handle) else home.did)


def _refine_sign_in(answer: Answer) -> PlatformError | None:
    """What an error means while somebody signs in: the words that they typed are what is wrong."""
    if error_name(answer) == "AuthenticationRequired":
        return SignInError("Bluesky did not accept the handle and app password.", hint=NEW_PASSWORD)
    return refine(answer)


def connect(
    settings: Mapping[str, Any],
    credentials: Credentials,
    *,
    source: str = "bluesky",
    clock: Callable[[], int] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Bluesky:
    """A connector for one account. No request is made yet.

    `settings`: `did` and `pds` (the account and its server), `handle`, `messages` (False leaves direct messages out),
    `labeler` (the DID of an Ozone service that we moderate for), `chat` (the service that keeps direct messages, where
    it is not Bluesky's). The secret holds the app password and the tokens. Raises `InputError` for settings that cannot
    work.
    """
    did, pds, labeler = settings.get("did"), settings.get("pds"), settings.get("labeler")
    if not isinstance(did, str) or not is_did(did) or not isinstance(pds, str):
        raise InputError("A Bluesky source needs the settings `did` and `pds`.", hint="Sign in again: it finds them.")
    if labeler is not None and (not isinstance(labeler, str) or not is_did(labeler)):
        raise InputError("The setting `labeler` is the DID of an Ozone service.")
    chat = settings.get("chat", CHAT)
    if not isinstance(chat, str) or not is_did(chat.partition("#")[0]):
        raise InputError("The setting `chat` is the DID of a service and, after `#`, its name.")
    have = tokens(credentials.secret)
    if not have.password and not have.refresh:
        raise InputError("The app password is missing.", hint=NEW_PASSWORD)
    ticks = clock or _wall_clock
    api = Api(checked_address(pds), credentials, did, clock=ticks, chat=chat, transport=transport)
    messages = settings.get("messages", True) is not False
    return Bluesky(api, source, ticks, messages=messages, labeler=labeler)


def _wall_clock() -> int:
    return time.time_ns() // 1000


class Bluesky:
    """A signed-in account. Keeps the contract of `connectors.base.Connector`; not for several threads at once."""

    platform = "bluesky"
    capabilities = CAPABILITIES

    def __init__(self, api: Api, source: str, clock: Callable[[], int], *, messages: bool, labeler: str | None) -> None:
        self.api = api
        self.source = source
        self._clock = clock
        self._messages = messages
        self._ozone = Ozone(api, labeler) if labeler is not None else None

    def __repr__(self) -> str:
        return f"Bluesky({self.api.did!r}, source={self.source!r})"

    def close(self) -> None:
        """Let go of connections."""
        self.api.close()

    # ------------------------------------------------------------------ reading

    def check(self) -> Account:
        """Verify the sign-in and say who we are. Raises `SignInError` when it is wrong."""
        session = self.api.get("com.atproto.server.getSession", dict[str, Any])
        me = Reader(self.api, self.source, self._clock()).profile(self.api.did) or Profile(did=self.api.did)
        handle = str(session.get("handle") or me.handle or "")
        missing = []
        syncs = ["replies, mentions and quotations", "threads that they are in, whole", "our own posts"]
        if not self._messages:
            pass
        elif self.api.scope() == "com.atproto.appPass":
            missing.append("no access to direct messages: this app password does not allow it")
        else:
            syncs.append("direct messages and requests for them")
        if self._ozone is not None and self._ozone.role():
            syncs.append("the moderation queue of our Ozone service")
        elif self._ozone is not None:
            missing.append("not on the team of the Ozone service: its queue and its acts are out of reach")
        return Account(
            id=self.api.did,
            name=me.display_name or handle,
            handle=handle,
            missing=tuple(missing),
            site_name="Bluesky",
            site_url=f"{APP}/profile/{self.api.did}",
            syncs=tuple(syncs),
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What is new or changed since `known.position`; with `full`, everything. See `bluesky_pull` for the lanes."""
        pull = Pull(self.api, self.source, known, now, full=full, messages=self._messages, ozone=self._ozone)
        yield from pull.pages()

    def read(self, message: str) -> Message | None:
        """One post or direct message as it stands now; None when it no longer exists.

        Raises `Refused` for a post that exists and is not shown to us.
        """
        now = self._clock()
        if chat_parts(message) is not None:
            return Chat(self.api, self.source).read(message, now)
        if post_place(message) is None:
            return None
        found = standing(Reader(self.api, self.source, now), self._ozone, message)
        return found[0] if found else None

    # ------------------------------------------------------------------ replying

    def send(self, reply: Outgoing) -> Message:
        """Reply in a thread, or send a direct message.

        Raises `Refused` (too long, replies are closed, a block), `Gone`, `Unreachable` and `RateLimited` (surely not sent),
        `OutcomeUnknown`. For a reply in a thread, sending again after that is safe as well: the same key can be written once.
        """
        if chat_parts(reply.conversation) is not None:
            return Chat(self.api, self.source).send(reply, self._clock())
        text = fitting(reply.text, POST_GRAPHEMES, POST_BYTES)
        if post_place(reply.conversation) is None:
            raise InputError("This conversation is no thread on Bluesky.")
        record = self._reply(reply, text)
        reader = Reader(self.api, self.source, self._clock())
        key, me = self._key(reply), reader.me()  # asked before the write: a question that fails after it leaves a doubt
        try:
            made = self.api.put(POST, key, record, None)
        except Refused as error:
            if error.code != "InvalidSwap":
                raise
            return reader.by(me, self._there(key, text))
        return reader.by(me, msgspec.convert({"uri": made.uri, "cid": made.cid, "value": record}, Stored))

    def _there(self, key: str, text: str) -> Stored:
        """What an earlier try of a reply wrote under its key, where something lies there."""
        try:
            there = self._mine(key)
        except PlatformError as error:
            raise OutcomeUnknown(f"Something was written under its key already. {error.message}") from None
        if there is None or there.value.text != text:
            raise Duplicate("Another reply was written under this key already.", code="InvalidSwap")
        return there

    def _key(self, reply: Outgoing) -> str:
        return send_key(reply.key, reply.attempted_at if reply.attempted_at is not None else self._clock())

    def _reply(self, reply: Outgoing, text: str) -> dict[str, Any]:
        """The record of a reply, once it is sure that it can be answered there."""
        parent_uri = reply.reply_to or reply.conversation
        posts = Reader(self.api, self.source, self._clock()).posts([reply.conversation, parent_uri])
        parent = posts.get(parent_uri)
        if parent is None:
            raise Gone("The post that it answers no longer exists, or is not shown to us.")
        if parent.root != reply.conversation:
            raise Refused("The post that it answers belongs to another thread.", code="wrong_thread")
        if parent.viewer.reply_disabled:
            raise Refused("Its author has closed the thread to our replies.", code="replies_closed")
        root = self._root(parent, posts.get(reply.conversation))
        record: dict[str, Any] = {
            "$type": POST,
            "text": text,
            "createdAt": written(self._clock()),
            "reply": {"root": root, "parent": {"uri": parent.uri, "cid": parent.cid}},
        }
        marks = facets(text, self.api.resolve)
        if marks:
            record["facets"] = marks
        return record

    @staticmethod
    def _root(parent: Post, root: Post | None) -> dict[str, str]:
        """The strong reference to the first post: as it is now, else, where it is gone, as the answered post has it."""
        if root is not None:
            return {"uri": root.uri, "cid": root.cid}
        assert parent.record.reply is not None
        return {"uri": parent.record.reply.root.uri, "cid": parent.record.reply.root.cid}

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """A reply of ours that may have arrived: under the send's key, else below the same post with the same words."""
        now = self._clock()
        if chat_parts(reply.conversation) is not None:
            return Chat(self.api, self.source).find(reply, candidates, now)
        text = reply.text.replace("\r\n", "\n").replace("\r", "\n").strip()
        there = self._mine(self._key(reply))
        if there is not None and there.value.text == text and there.uri not in candidates:
            return self._record(there)
        parent = reply.reply_to or reply.conversation
        for one in self._newest():
            answers = one.value.reply.parent.uri if one.value.reply is not None else None
            if answers != parent or one.value.text.strip() != text or one.uri in candidates:
                continue
            said = read_time(one.value.created_at)
            early = reply.attempted_at is not None and said is not None and to_instant(said) < reply.attempted_at - SKEW
            if not early:
                return self._record(one)
        return None

    def _mine(self, key: str) -> Stored | None:
        return self.api.record(self.api.did, POST, key, Stored)

    def _newest(self) -> Iterator[Stored]:
        """Our newest posts, from our own repository."""
        reader = Reader(self.api, self.source, self._clock())
        cursor: str | None = None
        for _ in range(FIND_PAGES):
            query = {"repo": self.api.did, "collection": POST, "limit": "100", **({"cursor": cursor} if cursor else {})}
            page = self.api.get("com.atproto.repo.listRecords", Records, query)
            for raw in page.records:
                one = reader.understood(raw, Stored, "a post of ours")
                if one is not None:
                    yield one
            cursor = page.cursor
            if not cursor or not page.records:
                return

    def _record(self, stored: Stored) -> Message:
        """A post of ours as it lies in our repository, before Bluesky shows it."""
        return Reader(self.api, self.source, self._clock()).own(stored)

    # ------------------------------------------------------------------ moderating

    def acts(self) -> tuple[ActInfo, ...]:
        """What every account can do, and what our role in Ozone adds."""
        return offered(self._ozone.acts() if self._ozone is not None else ())

    def act(self, order: Order) -> Done:
        """Carry out a moderation act. See `bluesky_acts` and `bluesky_ozone`."""
        return Acts(self.api, self.source, self._ozone, self._clock).carry_out(order)
