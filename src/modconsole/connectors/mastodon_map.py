"""Statuses of Mastodon and its kin as records.

Shapes are those of the entity pages of Mastodon's documentation (`entities/Status`, `Account`, `Notification`, …); each
names only what is used, and nearly all of it may be missing or null, since compatible servers leave out what they do
not have. Ids are opaque text: decimal numbers on Mastodon, ULIDs on GoToSocial, UUIDs on Hollo.

A *conversation* here is a piece of a thread that one audience sees: the root status and everything below it, where
direct statuses and all others are apart. A direct answer to a public post is a conversation of its own, named by its
first status.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from modconsole.domain.records import (
    Attachment,
    Author,
    Conversation,
    ConversationKind,
    Message,
    State,
    Time,
    Visibility,
)
from modconsole.domain.times import to_datetime

DIRECT = "direct"
"""The visibility of a direct message: seen by its author and by those whom its text mentions, nobody else."""

VISIBILITIES: dict[str, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "followers",
    DIRECT: "private",
    "local": "unlisted",
    "mutuals_only": "followers",
    "list": "followers",
}
"""What a `visibility` means. `local`, `mutuals_only` and `list` are Pleroma's and GoToSocial's; an unknown word counts
as followers, the smaller audience of the two that are not direct."""

TITLE = 70
"""Characters of the root that make a conversation's title."""


class Account(Struct):
    """Who wrote, or is mentioned."""

    id: str
    acct: str = ""
    """`name` on our own server, `name@server` elsewhere."""
    username: str = ""
    display_name: str | None = None
    bot: bool | None = None
    url: str | None = None
    created_at: Any = None
    """When it was made; the server rounds it to the day."""


class Mention(Struct):
    """Somebody named in a status, to whom it was delivered."""

    id: str
    acct: str = ""
    username: str = ""


class Media(Struct):
    """A picture, a film, a sound."""

    type: str | None = None
    url: str | None = None
    remote_url: str | None = None
    description: str | None = None


class Quoted(Struct):
    """A status inside another one, of which only the id matters."""

    id: str | None = None


class Quote(Struct):
    """What a status quotes: Mastodon 4.5 gives the status or its id, Pleroma the status itself."""

    quoted_status: Quoted | None = None
    quoted_status_id: str | None = None
    id: str | None = None

    @property
    def status(self) -> str | None:
        """The id of the quoted status, where the server tells it."""
        inner = self.quoted_status.id if self.quoted_status is not None else None
        return inner or self.quoted_status_id or self.id


class Status(Struct):
    """One post, comment or direct message."""

    id: str
    account: Account
    created_at: Time
    content: str | None = None
    spoiler_text: str | None = None
    visibility: str | None = None
    in_reply_to_id: str | None = None
    edited_at: Time | None = None
    url: str | None = None
    uri: str | None = None
    replies_count: int | None = None
    language: Any = None
    muted: bool | None = None
    mentions: list[Mention] | None = None
    media_attachments: list[Media] | None = None
    quote: Quote | None = None
    reblog: Quoted | None = None

    @property
    def direct(self) -> bool:
        """Whether only its author and those it mentions see it."""
        return self.visibility == DIRECT

    def mentioned(self) -> list[str]:
        """The ids of those whom it mentions."""
        return [mention.id for mention in self.mentions or ()]


class Notification(Struct):
    """Something that the server tells us of; `status` where it is about one."""

    id: str
    type: str
    created_at: Time
    status: Status | None = None


class Thread(Struct):
    """A row of the list of direct messages. Its id names a thread and the set of those who take part."""

    id: str
    last_status: Status | None = None


class Request(Struct):
    """Somebody whose notifications the account's policy keeps back."""

    id: str
    account: Account
    last_status: Status | None = None


class AdminAccount(Struct):
    """An account as staff see it."""

    id: str
    domain: str | None = None
    disabled: bool | None = None
    silenced: bool | None = None
    suspended: bool | None = None
    sensitized: bool | None = None


class Report(Struct):
    """A report as staff see it, with the statuses that it is about."""

    id: str
    action_taken: bool | None = None
    created_at: Time | None = None
    statuses: list[Status] = field(default_factory=list)
    target_account: AdminAccount | None = None


class Relationship(Struct):
    """How we stand to somebody."""

    id: str
    muting: bool | None = None
    blocking: bool | None = None
    requested_by: bool | None = None


def message(status: Status, source: str, conversation: str, now: int, *, held: bool = False) -> Message:
    """The record of a status as it was seen at the instant `now`.

    A content warning becomes the title. `edited_at` is the server's; a server that does not tell it leaves it empty.
    """
    state: State = "held" if held else "live"
    return Message(
        source=source,
        id=status.id,
        conversation=conversation,
        author=author(status.account),
        created_at=status.created_at,
        text=status.content or "",
        format="html",
        parent=status.in_reply_to_id,
        mentions=status.mentioned() or None,
        quotes=status.quote.status if status.quote is not None else None,
        title=status.spoiler_text or None,
        url=status.url or status.uri,
        visibility=VISIBILITIES.get(status.visibility or "public", "followers"),
        state=state,
        edited_at=status.edited_at,
        attachments=[attachment(media) for media in status.media_attachments or ()] or None,
        observed_at=to_datetime(now),
        extra=_for_rules(status),
    )


def _for_rules(status: Status) -> dict[str, str] | None:
    """What rules may ask about and records have no key for (`domain.facts`: `language`, `account age`).

    Some of the servers that speak this protocol give them in shapes of their own: no status is lost for that.
    """
    given = {"language": status.language, "account_created_at": status.account.created_at}
    return {name: value for name, value in given.items() if isinstance(value, str) and value} or None


def author(account: Account) -> Author:
    """Who wrote. Names and handles change; the id is the server's."""
    return Author(
        id=account.id,
        handle=account.acct or account.username or None,
        name=account.display_name or account.username or None,
        kind="bot" if account.bot else "person",
    )


def attachment(media: Media) -> Attachment:
    """A picture or file that came along; never fetched by us."""
    return Attachment(kind=media.type, url=media.url or media.remote_url, alt=media.description)


def conversation(root: str, statuses: Iterable[Status], source: str, now: int) -> Conversation:
    """The record of a conversation, from those of its statuses that are at hand (the root, if it can be seen, among
    them)."""
    known = sorted(statuses, key=lambda status: (status.id != root, status.created_at, status.id))
    first = known[0]
    seen = first if first.id == root else None
    return Conversation(
        source=source,
        id=root,
        kind=kind(known),
        title=title(first, known) or None,
        url=(seen.url or seen.uri) if seen is not None else None,
        opened_by=seen.account.id if seen is not None else None,
        opened_at=seen.created_at if seen is not None else None,
        observed_at=to_datetime(now),
    )


def kind(statuses: Iterable[Status]) -> ConversationKind:
    """Comments below a post, or a direct message of two, or of several people."""
    people: set[str] = set()
    for status in statuses:
        if not status.direct:
            return "comments"
        people.update((status.account.id, *status.mentioned()))
    return "dm" if len(people) <= 2 else "group_dm"


def title(first: Status, statuses: Iterable[Status]) -> str:
    """What a list shows: of a direct message who takes part, of a post its warning or first words."""
    if first.direct:
        people = {status.account.id: status.account.acct for status in statuses}
        people.update({mention.id: mention.acct for status in statuses for mention in status.mentions or ()})
        return ", ".join(f"@{acct}" for acct in people.values() if acct)
    words = " ".join((first.spoiler_text or plain(first.content or "")).split())
    return words if len(words) <= TITLE else words[:TITLE].rsplit(" ", 1)[0] + "…"


def plain(markup: str) -> str:
    """The words of a piece of HTML."""
    from selectolax.lexbor import LexborHTMLParser

    if "<" not in markup:
        return html.unescape(markup)
    spaced = markup.replace("<br", " <br").replace("</p>", " </p>")
    body = LexborHTMLParser(spaced).body
    return body.text(deep=True) if body is not None else ""


def json_of(value: Any) -> bytes:
    """A value as it came, for what is set aside."""
    import msgspec

    return bytes(value) if isinstance(value, msgspec.Raw) else msgspec.json.encode(value)
