"""Matrix events as records.

A message is `ROOM/EVENT`, for an event can only be asked for together with its room. What an event's `content` holds is
checked by nobody on its way (client-server API, "Events"): every look into it allows for any shape. All of it is a
stranger's: it is carried, never judged, and shown only through the gate in `domain.safetext`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from modconsole.domain.records import Attachment, Author, Message, Reaction
from modconsole.domain.times import to_datetime

UNREADABLE = "[End-to-end encrypted message: its text can only be read in a Matrix client of ours.]"
"""What stands in the place of a text that we cannot decrypt: somebody said something, and nobody may take it for
silence."""

SPEECH = ("m.room.message", "m.room.encrypted", "m.sticker")
"""The types of events that are messages to us."""

MEDIA = {"m.image": "image", "m.file": "file", "m.audio": "audio", "m.video": "video", "m.location": "location"}
"""What the attachment of each `msgtype` is."""

AUTOMATIC = ("m.notice", "m.server_notice", "m.key.verification.request")
"""What programs write: `m.notice` is for bots, and must not be answered by them."""

IGNORED = "m.ignored_user_list"
"""The name of the list of people whom our account ignores."""

NOTHING: dict[str, Any] = {}


class Event(Struct):
    """One event as clients get it."""

    type: str
    sender: str = ""
    event_id: str = ""
    origin_server_ts: int = 0
    content: dict[str, Any] = NOTHING
    state_key: str | None = None
    redacts: str | None = None
    unsigned: dict[str, Any] | None = None

    def told(self, *path: str) -> Any:
        """What stands at a path in the content, or None."""
        return within(self.content, *path)

    def side(self, *path: str) -> Any:
        """What the homeserver added at a path in `unsigned`, or None."""
        return within(self.unsigned, *path)

    @property
    def relation(self) -> tuple[str, str]:
        """The kind of relation and the event that it points to; both empty where there is none."""
        kind, target = self.told("m.relates_to", "rel_type"), self.told("m.relates_to", "event_id")
        return (kind, target) if isinstance(kind, str) and isinstance(target, str) else ("", "")

    @property
    def edits(self) -> str:
        """The event whose text this one replaces, or empty."""
        kind, target = self.relation
        return target if kind == "m.replace" and self.state_key is None else ""

    @property
    def unmakes(self) -> str:
        """The event that this redaction takes away: in the event until room version 10, in its content from 11 on."""
        inside = self.told("redacts")
        return inside if isinstance(inside, str) else self.redacts or ""


def within(value: Any, *path: str) -> Any:
    """What stands at a path in nested objects, or None."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def words(value: Any) -> str:
    """A text, or empty for anything else."""
    return value if isinstance(value, str) else ""


def decoded(raw: bytes | msgspec.Raw) -> Event:
    """An event. Raises `ValueError` (of which `msgspec.DecodeError` is one) for what is none."""
    try:
        event = msgspec.json.decode(raw, type=Event)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return event


def message_id(room: str, event: str) -> str:
    """A message's id: `!room:host/$event`."""
    return f"{room}/{event}"


def parts(message: str) -> tuple[str, str]:
    """Room and event of a message's id; the event is empty where it is none of ours."""
    room, slash, event = message.partition("/$")
    return (room, f"${event}") if slash else (message, "")


def permalink(room: str, event: str = "") -> str:
    """The address by which every Matrix client finds a room or a message (appendices, "matrix.to navigation")."""
    path = "/".join(quote(part, safe="!$:@") for part in (room, event) if part)
    via = room.partition(":")[2]
    return f"https://matrix.to/#/{path}" + (f"?via={quote(via, safe=':[]')}" if via else "")


# ---------------------------------------------------------------------- which text counts


def redaction_of(event: Event) -> Event | None:
    """The redaction that took an event's content away, as the homeserver hands it along; None where it stands."""
    because = event.side("redacted_because")
    if not isinstance(because, dict):
        return None
    try:
        return msgspec.convert(because, Event)
    except msgspec.ValidationError:
        return Event("m.room.redaction")


def bundled_edit(event: Event) -> Event | None:
    """The latest replacement as the homeserver hands it along with the message (client-server API, "Event
    replacements")."""
    bundle = event.side("m.relations", "m.replace")
    if not isinstance(bundle, dict):
        return None
    try:
        return msgspec.convert(bundle, Event)
    except msgspec.ValidationError:
        return None


def latest_edit(event: Event, found: Iterable[Event]) -> Event | None:
    """Of replacements the one that counts: by the same sender, of the same type, not taken back, with a new text; the
    latest by the servers' times, ties to the greater id."""
    valid = [
        edit
        for edit in found
        if edit.sender == event.sender
        and edit.type == event.type
        and edit.edits == event.event_id
        and not event.edits
        and redaction_of(edit) is None
        and (isinstance(edit.told("m.new_content"), dict) or edit.type == "m.room.encrypted")
    ]
    return max(valid, key=lambda edit: (edit.origin_server_ts, edit.event_id), default=None)


# ---------------------------------------------------------------------- records


class Us(Struct, frozen=True):
    """Who we are, and what we are called: by these names old clients mention us."""

    id: str
    names: tuple[str, ...] = ()


def message(
    event: Event,
    room: str,
    us: Us,
    source: str,
    now: int,
    *,
    parent: str = "",
    edit: Event | None = None,
    redaction: Event | None = None,
    name: str = "",
) -> Message:
    """The record of a message as it was seen at `now`, with the event that it answers as `parent`.

    Raises `ValueError` for one that cannot be understood.
    """
    record = Message(
        source=source,
        id=message_id(room, event.event_id),
        conversation=room,
        author=Author(id=event.sender, handle=event.sender, name=name or None),
        created_at=_time(event),
        text="",
        url=permalink(room, event.event_id),
        observed_at=to_datetime(now),
    )
    if redaction is not None:
        record.state = "deleted" if redaction.sender in ("", event.sender) else "removed"
        record.state_at = _time(redaction) if redaction.origin_server_ts else None
        return record
    record.parent = message_id(room, parent) if parent.startswith("$") else None
    record.edited_at = _time(edit) if edit is not None else None
    if event.type == "m.room.encrypted":
        record.text, record.extra = UNREADABLE, {"unreadable": "end-to-end encrypted"}
        return record
    content = edit.content["m.new_content"] if edit is not None else event.content
    if not isinstance(content.get("body"), str):
        raise ValueError("a message without a text")
    body, html = _texts(content, answers=record.parent is not None)
    record.text, record.format = (html, "html") if html else (body, None)
    if content.get("msgtype") == "m.emote":
        record.text = f"* {record.text}"
    record.attachments = _attachments(event.type, content)
    record.automatic = True if content.get("msgtype") in AUTOMATIC else None
    record.mentions = [user for user in mentions(content, body, html, us) if user != event.sender] or None
    return record


def reaction(event: Event, room: str, source: str, *, name: str = "") -> Reaction | None:
    """The record of an emoji on a message; None for anything else."""
    kind, target = event.relation
    key = event.told("m.relates_to", "key")
    if kind != "m.annotation" or not isinstance(key, str) or not key:
        return None
    return Reaction(
        source=source,
        message=message_id(room, target),
        author=Author(id=event.sender, handle=event.sender, name=name or None),
        name=key,
        at=_time(event),
    )


def _time(event: Event) -> Any:
    try:
        return to_datetime(event.origin_server_ts * 1000)
    except OverflowError:
        raise ValueError("a time that no calendar has") from None


class Answers(Struct, frozen=True):
    """What a message says that it answers: a message, the first of its thread, and whether its author chose the former.

    In a thread, clients name the latest message as answered for those that know no threads, and say that this is only a
    fallback (client-server API, "Fallback for unthreaded clients").
    """

    message: str = ""
    root: str = ""
    chosen: bool = True


def answers(event: Event) -> Answers:
    """What a message says that it answers."""
    relation = event.told("m.relates_to")
    answered = words(within(relation, "m.in_reply_to", "event_id"))
    kind, root = event.relation
    if kind != "m.thread":
        return Answers(answered)
    return Answers(answered, root, bool(answered) and within(relation, "is_falling_back") is not True)


FALLBACK = re.compile(r"> (?:\* )?<@[^\n]*(?:\n>[^\n]*)*\n\n?")
"""The quotation that clients put before an answer until version 1.13 of the specification ("Fallbacks for rich
replies")."""
HTML_FALLBACK = re.compile(r"\s*<mx-reply>.*?</mx-reply>", re.IGNORECASE | re.DOTALL)


def _texts(content: dict[str, Any], *, answers: bool) -> tuple[str, str]:
    """Plain text and HTML (or empty), without the quotation of what is answered."""
    body = words(content.get("body"))
    html = words(content.get("formatted_body")) if content.get("format") == "org.matrix.custom.html" else ""
    if answers:
        body = FALLBACK.sub("", body, count=1) if FALLBACK.match(body) else body
        found = HTML_FALLBACK.match(html)
        html = html[found.end() :] if found else html
    return body, html


def _attachments(kind: str, content: dict[str, Any]) -> list[Attachment] | None:
    what = "image" if kind == "m.sticker" else MEDIA.get(words(content.get("msgtype")))
    if what is None:
        return None
    url = words(content.get("url")) or words(within(content, "file", "url")) or words(content.get("geo_uri"))
    title = words(content.get("filename")) or words(content.get("body"))
    return [Attachment(kind=what, url=url or None, alt=title or None)]


USER = re.compile(r"@[a-z0-9._=/+-]+:[A-Za-z0-9.:\[\]-]*[A-Za-z0-9\]]")
PILL = re.compile(r"""href\s*=\s*["']?(?:https://matrix\.to/#/|matrix:u/)([^"'\s?>]+)""", re.IGNORECASE)


def mentions(content: dict[str, Any], body: str, html: str, us: Us) -> list[str]:
    """Whom a message mentions.

    Clients say it in `m.mentions` (client-server API, "User and room mentions"). Where a message has none, as from old
    clients and bridges, links to people count, ids in the text, and our own names, as the push rules that this replaced
    had it.
    """
    stated = content.get("m.mentions")
    if isinstance(stated, dict):
        users = stated.get("user_ids")
        return list(dict.fromkeys(u for u in users if isinstance(u, str))) if isinstance(users, list) else []
    linked = [unquote(target) for target in PILL.findall(html)]
    found = [target if target.startswith("@") else f"@{target}" for target in linked if target[:1] not in "!#"]
    found += USER.findall(body)
    if any(re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", body) for name in us.names if len(name) > 2):
        found.append(us.id)
    return list(dict.fromkeys(found))


def invitation(
    room: str, inviter: str, at: int, title: str, us: Us, source: str, now: int, *, direct: bool, name: str = ""
) -> Message:
    """An invitation as a message by whoever invites: they wait for us, and a room that we are not in has no other.

    `at` is in milliseconds. It is addressed to us, so that it waits also where only what is addressed to us does.
    """
    where = "a direct conversation" if direct else (f"the room “{title}”" if title else "a room")
    return Message(
        source=source,
        id=f"{room}/invite",
        conversation=room,
        author=Author(id=inviter, handle=inviter, name=name or None),
        created_at=to_datetime(at * 1000),
        text=f"[Invitation to {where}. Accept it to read what is said there.]",
        mentions=[us.id],
        url=permalink(room),
        extra={"invitation": "pending"},
        observed_at=to_datetime(now),
    )


# ---------------------------------------------------------------------- sending

RESERVED = 4096
"""Bytes of an event that are not its text: ids, signatures, hashes, up to twenty earlier events, mentions. Synapse
fills some 700."""
MAX_BYTES = 65_536 - RESERVED
"""The longest text: an event has 65,536 bytes at most, as canonical JSON with all that servers add (client-server API,
"Size limits")."""


def counted(text: str) -> str:
    """A text as it counts: as canonical JSON spells it, where a quotation mark or a line break takes two bytes."""
    return msgspec.json.encode(text.encode("utf-8", "replace").decode())[1:-1].decode()


def outgoing(text: str, answered: Event | None, us: str) -> dict[str, Any]:
    """The content of a reply: plain text, in the thread of what it answers, its author and everybody named in it
    mentioned."""
    users = list(dict.fromkeys([*((answered.sender,) if answered is not None else ()), *USER.findall(text)]))
    content: dict[str, Any] = {
        "msgtype": "m.text",
        "body": text,
        "m.mentions": {"user_ids": [user for user in users if user != us][:50]} if users else {},
    }
    if answered is None:
        return content
    relation: dict[str, Any] = {"m.in_reply_to": {"event_id": answered.event_id}}
    kind, root = answered.relation
    if kind == "m.thread":
        relation |= {"rel_type": "m.thread", "event_id": root, "is_falling_back": False}
    content["m.relates_to"] = relation
    return content


def same_text(event: Event, edit: Event | None, text: str) -> bool:
    """Whether a message of ours says, or said before it was edited, what was to be sent."""
    wanted = " ".join(text.split())
    bodies = [words(event.content.get("body")), words(edit.told("m.new_content", "body")) if edit is not None else ""]
    return any(body and " ".join(_unquoted(body).split()) == wanted for body in bodies)


def _unquoted(body: str) -> str:
    found = FALLBACK.match(body)
    return body[found.end() :] if found else body
