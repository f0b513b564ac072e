"""Modmail: what people write to the moderators of a subreddit, as records, and the lists in which it is kept.

A conversation is `modmail:` and its id, a `group_dm` of one person and the moderators; a message is `modmail:`, the
conversation's id and its own. Notes between moderators (`isInternal`) are internal. Messages have no parent there; here a
message has as its parent the latest before it of the other side, so that it is known who answers whom. Authors come as plain
numbers: those of their account ids, which elsewhere are in base 36.

There is no list of everything: `all` leaves out what is archived, what moderators discuss among themselves, and appeals, and
`filtered` holds what Reddit took for spam. Sources: PRAW's documentation of `Modmail.conversations`, and recorded answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from modconsole.connectors.reddit_api import Api
from modconsole.connectors.reddit_map import DELETED, Eyes
from modconsole.domain.records import Author, Conversation, Coverage, Gap, Message, Record
from modconsole.domain.times import SECOND, to_datetime, to_instant
from modconsole.errors import Gone, InputError

PREFIX = "modmail:"
FOLDERS = ("all", "archived", "mod", "appeals", "filtered")
PER_PAGE = 25
"""Conversations at once: each that has changed takes a request of its own."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Writer(Struct, rename="camel"):
    """Who wrote a message, or takes part."""

    id: int | None = None
    name: str | None = None
    is_mod: bool = False
    is_deleted: bool = False


class Owner(Struct, rename="camel"):
    """The subreddit whose modmail it is."""

    display_name: str = ""


class Link(Struct):
    """One entry of a conversation in its order: a message, or an act of a moderator."""

    id: str
    key: str = ""


class Talk(Struct, rename="camel"):
    """A conversation without its messages. `participant` is who wrote to the moderators: an empty object among moderators
    alone."""

    id: str
    subject: str = ""
    owner: Owner = msgspec.field(default_factory=Owner)
    obj_ids: list[Link] = msgspec.field(default_factory=list)
    num_messages: int = 0
    is_internal: bool = False
    is_auto: bool = False
    last_updated: str | None = None
    participant: Writer | None = None
    state: int | None = None


class Mail(Struct, rename="camel"):
    """One message of a conversation."""

    id: str
    date: str
    author: Writer = msgspec.field(default_factory=Writer)
    body_markdown: str | None = None
    body: str = ""
    is_internal: bool = False


class Muted(Struct, rename="camel"):
    """Whether the person is muted."""

    is_muted: bool = False
    end_date: str | None = None


class Person(Struct, rename="camel"):
    """The person in a conversation, as its moderators see them."""

    id: str = ""
    name: str = ""
    mute_status: Muted = msgspec.field(default_factory=Muted)


class Whole(Struct, rename="camel"):
    """A conversation with its messages, by their ids."""

    conversation: Talk
    messages: dict[str, Raw] = msgspec.field(default_factory=dict)
    user: Person | None = None


class Folder(Struct, rename="camel"):
    """A page of a list of conversations."""

    conversations: dict[str, Raw] = msgspec.field(default_factory=dict)
    conversation_ids: list[str] = msgspec.field(default_factory=list)


class Read(Struct):
    """What a conversation came to: records, and what could not be understood."""

    records: list[Record]
    poison: list[tuple[str, bytes]]
    talk: Talk
    user: Person | None = None

    def messages(self) -> list[Message]:
        """The messages alone, in their order."""
        return [record for record in self.records if isinstance(record, Message)]


def ids(native: str) -> tuple[str, str]:
    """The ids of a conversation and of a message in it (or empty) from a native id. Raises `InputError` for another kind."""
    _, _, rest = native.partition(PREFIX)
    talk, _, mail = rest.partition(":")
    if not native.startswith(PREFIX) or not talk.isalnum() or not talk.isascii():
        raise InputError("This is no modmail conversation.")
    return talk, mail


def account_id(numeric: int | None) -> str | None:
    """A fullname from the number of an account: Reddit's numbers are written in base 36 everywhere but in modmail."""
    if not numeric or numeric < 0:
        return None
    digits = ""
    while numeric:
        numeric, digit = divmod(numeric, 36)
        digits = DIGITS[digit] + digits
    return f"t2_{digits}"


def folder(api: Api, subreddits: Iterable[str], state: str, after: str | None) -> Folder:
    """A page of a list, the latest changed first."""
    query = {"entity": ",".join(subreddits), "state": state, "sort": "recent", "limit": str(PER_PAGE)}
    return api.get("/api/mod/conversations", Folder, {**query, "after": after} if after else query)


def whole(api: Api, native: str, eyes: Eyes) -> Read:
    """A conversation with all its messages, as records. It stays unread for the moderators. Raises `Gone`."""
    return records(api.get(f"/api/mod/conversations/{ids(native)[0]}", Whole), eyes)


def records(answer: Whole, eyes: Eyes) -> Read:
    """What an answer holds: the conversation, its messages in their order, and whether any are missing."""
    talk = answer.conversation
    native = PREFIX + talk.id
    mails: list[Mail] = []
    poison: list[tuple[str, bytes]] = []
    listed = [entry.id for entry in talk.obj_ids if entry.key == "messages"]
    for key in (*listed, *(key for key in answer.messages if key not in listed)):
        raw = answer.messages.get(key)
        if raw is None:
            continue
        try:
            mail = msgspec.json.decode(raw, type=Mail)
            moment(mail.date)
        except (msgspec.DecodeError, ValueError):
            poison.append(("it is no modmail message as Reddit writes them", bytes(raw)))
            continue
        mails.append(mail)
    made: list[Record] = [_conversation(talk, mails, eyes)]
    latest: dict[bool, str] = {}
    for mail in mails:
        record = _message(talk, mail, eyes, parent=latest.get(not mail.author.is_mod))
        if record.visibility != "internal":
            latest[mail.author.is_mod] = record.id
        made.append(record)
    missing = talk.num_messages - len(mails) - len(poison)
    gap = Gap(why=f"{missing} messages of this modmail conversation were not given") if missing > 0 else None
    seen = to_datetime(eyes.now)
    made.append(Coverage(source=eyes.source, conversation=native, checked_at=seen, gap=gap, observed_at=seen))
    return Read(made, poison, talk, answer.user)


def _conversation(talk: Talk, mails: list[Mail], eyes: Eyes) -> Conversation:
    first = mails[0] if mails else None
    return Conversation(
        source=eyes.source,
        id=PREFIX + talk.id,
        kind="group_dm",
        title=talk.subject or None,
        url=f"https://mod.reddit.com/mail/perma/{talk.id}",
        opened_by=_author(first.author, eyes).id if first else None,
        opened_at=moment(first.date) if first else None,
        observed_at=to_datetime(eyes.now),
    )


def _message(talk: Talk, mail: Mail, eyes: Eyes, *, parent: str | None) -> Message:
    internal = mail.is_internal or talk.is_internal
    text = mail.body_markdown if mail.body_markdown is not None else mail.body
    return Message(
        source=eyes.source,
        id=f"{PREFIX}{talk.id}:{mail.id}",
        conversation=PREFIX + talk.id,
        kind="group_dm",
        author=_author(mail.author, eyes),
        created_at=moment(mail.date),
        text=text,
        format="markdown" if mail.body_markdown is not None else "html",
        parent=parent,
        mentions=eyes.mentions(text),
        visibility="internal" if internal else "private",
        observed_at=to_datetime(eyes.now),
    )


def _author(writer: Writer, eyes: Eyes) -> Author:
    return eyes.author(DELETED if writer.is_deleted else writer.name, account_id(writer.id))


def moment(text: str) -> datetime:
    """A time as modmail writes it, with an offset in one of two spellings. Raises `ValueError`."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without an offset")
    return found


def changes(items: list[Raw]) -> list[int]:
    """When each conversation of a list was last changed, in seconds; where one does not say, when its neighbour was."""
    found: list[int | None] = []
    for raw in items:
        try:
            found.append(to_instant(moment(msgspec.json.decode(raw, type=Talk).last_updated or "")) // SECOND)
        except (msgspec.DecodeError, ValueError):
            found.append(None)
    told = next((each for each in found if each is not None), None)
    if told is None:
        return []
    whole_list: list[int] = []
    for each in found:
        told = told if each is None else each
        whole_list.append(told)
    return whole_list


def one(api: Api, native: str, eyes: Eyes) -> Message | None:
    """One message as it stands now; None where it, or its conversation, does not exist."""
    try:
        found = whole(api, native, eyes)
    except Gone:
        return None
    return next((message for message in found.messages() if message.id == native), None)


def answer_form(text: str) -> dict[str, Any]:
    """What is sent to answer in the open, under our own name."""
    return {"body": text, "isAuthorHidden": "false", "isInternal": "false"}
