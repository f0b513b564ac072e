"""Posts and direct messages of Bluesky as records.

Shapes are those of the published lexicons; each Struct names what we need and nothing more, so that a field more or
less elsewhere breaks nothing. Everything in them is a stranger's: it is carried, never judged.

A post's id is its address `at://DID/app.bsky.feed.post/KEY`, a thread's the address of its first post, a person's the
DID: handles change. A direct message is `dm:CONVERSATION/MESSAGE`, its conversation `dm:CONVERSATION`.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from modconsole.connectors.bluesky_text import earlier_of, post_place
from modconsole.domain.records import Attachment, Author, Conversation, Message, State
from modconsole.domain.times import to_datetime

APP = "https://bsky.app"
TITLE_LETTERS = 80


class Label(Struct):
    """A label on an account: `src` is who put it there."""

    src: str = ""
    val: str = ""
    neg: bool = False


class Viewer(Struct, rename="camel"):
    """What stands between us and an account; of a post, whether we may reply."""

    muted: bool = False
    blocked_by: bool = False
    blocking: str | None = None
    reply_disabled: bool = False


class Profile(Struct, rename="camel"):
    """An account as it is shown beside what it wrote."""

    did: str
    handle: str | None = None
    display_name: str | None = None
    labels: list[Label] = field(default_factory=list)
    viewer: Viewer = field(default_factory=Viewer)


class Ref(Struct):
    """A strong reference: where, and which version."""

    uri: str
    cid: str = ""


class ReplyRef(Struct):
    """What a post answers, and the first post of its thread."""

    root: Ref
    parent: Ref


class Feature(Struct):
    """One meaning of a stretch of text."""

    kind: str = field(default="", name="$type")
    did: str | None = None
    uri: str | None = None


class Facet(Struct):
    """A stretch of text with its meanings."""

    features: list[Feature] = field(default_factory=list)


class PostRecord(Struct, rename="camel"):
    """What the author wrote. `embed` is looked at in its shown form, else for a quotation only."""

    text: str = ""
    created_at: str | None = None
    reply: ReplyRef | None = None
    facets: list[Facet] = field(default_factory=list)
    langs: Any = None
    embed: Any = None


class GateRecord(Struct, rename="camel"):
    """A thread's gate: who may reply (`allow`, None is everybody), and which replies its author hid."""

    post: str = ""
    allow: list[Any] | None = None
    hidden_replies: list[str] = field(default_factory=list)


class Gate(Struct):
    """A thread's gate as it comes with the first post."""

    record: GateRecord | None = None


class Post(Struct, rename="camel"):
    """A post as it is shown (`app.bsky.feed.defs#postView`)."""

    uri: str
    cid: str
    author: Profile
    record: PostRecord
    indexed_at: str | None = None
    embed: Any = None
    reply_count: int = 0
    threadgate: Gate | None = None
    viewer: Viewer = field(default_factory=Viewer)

    @property
    def root(self) -> str:
        """The first post of its thread: itself where it answers nothing."""
        return self.record.reply.root.uri if self.record.reply is not None else self.uri


class Stored(Struct):
    """A post as it lies in its author's repository (`com.atproto.repo.listRecords`, `getRecord`)."""

    uri: str
    cid: str
    value: PostRecord


class Notification(Struct, rename="camel"):
    """What we are told of: that a post of somebody concerns us."""

    uri: str
    reason: str
    indexed_at: str


def hidden_by(root: Post | None) -> frozenset[str]:
    """The replies that the thread's author has hidden."""
    record = root.threadgate.record if root is not None and root.threadgate is not None else None
    return frozenset(record.hidden_replies) if record is not None else frozenset()


def message(post: Post, source: str, now: int, *, state: State = "live") -> Message:
    """The record of a post as it was seen at `now`.

    Bluesky keeps no time of a change (an edited post has its old time and a new version, `cid`): `edited_at` and
    `state_at` stay empty. Somebody whose post is quoted counts as mentioned: the platform tells them in the same way.
    """
    record = post.record
    quoted = _quoted(record.embed)
    people = [f.did for facet in record.facets for f in facet.features if f.kind.endswith("#mention") and f.did]
    quoted_place = post_place(quoted) if quoted is not None else None
    if quoted_place is not None:
        people.append(quoted_place.did)
    return Message(
        source=source,
        id=post.uri,
        conversation=post.root,
        kind="comments",
        author=author(post.author),
        created_at=earlier_of(record.created_at, post.indexed_at, now),
        text=record.text,
        format="text",
        parent=record.reply.parent.uri if record.reply is not None else None,
        mentions=list(dict.fromkeys(people)) or None,
        quotes=quoted,
        url=web_address(post.uri),
        visibility="public",
        state=state,
        attachments=_attachments(post) or None,
        observed_at=to_datetime(now),
        extra=_for_rules(record),
    )


def _for_rules(record: PostRecord) -> dict[str, list[str]] | None:
    """What rules may ask about and records have no key for (`domain.facts`: `language`). Some clients write odd things there."""
    said = [each for each in record.langs if isinstance(each, str)] if isinstance(record.langs, list) else []
    return {"language": said} if said else None


def conversation(post: Post, source: str, now: int) -> Conversation:
    """The record of a thread, from its first post."""
    words = " ".join(post.record.text.split())
    return Conversation(
        source=source,
        id=post.uri,
        kind="comments",
        title=(words[: TITLE_LETTERS - 1] + "…" if len(words) > TITLE_LETTERS else words) or None,
        url=web_address(post.uri),
        opened_by=post.author.did,
        opened_at=earlier_of(post.record.created_at, post.indexed_at, now),
        observed_at=to_datetime(now),
    )


def author(profile: Profile) -> Author:
    """Who wrote it. An account that labels itself `bot` is one (global label value, lexicon `com.atproto.label.defs`)."""
    bot = any(label.val == "bot" and label.src == profile.did and not label.neg for label in profile.labels)
    return Author(
        id=profile.did,
        handle=profile.handle if profile.handle != "handle.invalid" else None,
        name=profile.display_name or None,
        kind="bot" if bot else None,
    )


def web_address(uri: str) -> str | None:
    """Where a browser shows the post."""
    found = post_place(uri)
    return f"{APP}/profile/{found.did}/post/{found.key}" if found is not None else None


def _quoted(embed: Any) -> str | None:
    """The post that is quoted, from the record's embed."""
    for _ in range(2):
        if not isinstance(embed, dict):
            return None
        kind, inner = embed.get("$type"), embed.get("record")
        if kind == "app.bsky.embed.recordWithMedia":
            embed = inner
        elif kind == "app.bsky.embed.record" and isinstance(inner, dict):
            uri = inner.get("uri")
            return uri if isinstance(uri, str) and post_place(uri) is not None else None
        else:
            return None
    return None


_MEDIA: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "images": ("image", "images", ("fullsize", "thumb")),
    "gallery": ("image", "items", ("fullsize", "thumb")),
    "video": ("video", "", ("playlist", "thumbnail")),
    "external": ("link", "external", ("uri",)),
}
"""Of each embed as it is shown: what it is to us, where its items are, and which of its addresses counts."""


def _attachments(post: Post) -> list[Attachment]:
    """Pictures, films and link cards, and links whose address the text does not show."""
    found = _media(post.embed)
    shown = {one.url for one in found}
    for facet in post.record.facets:
        for feature in facet.features:
            link = feature.uri if feature.kind.endswith("#link") else None
            if link and link not in shown and link not in post.record.text:
                shown.add(link)
                found.append(Attachment(kind="link", url=link))
    return found


def _media(embed: Any) -> list[Attachment]:
    if not isinstance(embed, dict):
        return []
    kind = str(embed.get("$type", "")).removesuffix("#view").rpartition(".")[2]
    if kind == "recordWithMedia":
        return _media(embed.get("media"))
    if kind not in _MEDIA:
        return []
    meaning, key, addresses = _MEDIA[kind]
    items = embed.get(key) if key else embed
    rows = items if isinstance(items, list) else [items]
    return [
        Attachment(
            kind=meaning,
            url=next((str(row[name]) for name in addresses if isinstance(row.get(name), str)), None),
            alt=next((row[name] for name in ("alt", "title") if isinstance(row.get(name), str) and row[name]), None),
        )
        for row in rows
        if isinstance(row, dict)
    ]


# ------------------------------------------------------------------ direct messages


class ChatSender(Struct):
    """Who wrote a direct message."""

    did: str


class ChatRef(Struct):
    """The message that a direct message answers."""

    id: str = ""


class ChatMessage(Struct, rename="camel"):
    """A direct message, a deleted one, or a note of the system: `kind` tells."""

    id: str
    rev: str
    sent_at: str
    kind: str = field(default="", name="$type")
    text: str = ""
    sender: ChatSender | None = None
    facets: list[Facet] = field(default_factory=list)
    reply_to: ChatRef | None = None
    embed: Any = None

    @property
    def what(self) -> Literal["message", "deleted", "other"]:
        """What it is; a sent message comes back without its kind."""
        name = self.kind.rpartition("#")[2]
        if name in ("", "messageView"):
            return "message"
        return "deleted" if name == "deletedMessageView" else "other"


class ChatKind(Struct):
    """Two people, or a group with its name."""

    kind: str = field(default="", name="$type")
    name: str | None = None


class Convo(Struct):
    """A conversation of direct messages. `rev` grows with everything that happens in it."""

    id: str
    rev: str
    members: list[Profile] = field(default_factory=list)
    status: str | None = None
    kind: ChatKind | None = None

    @property
    def group(self) -> bool:
        """Whether several people take part."""
        return self.kind is not None and self.kind.kind.endswith("#groupConvo")


class LogEntry(Struct, rename="camel"):
    """One thing that happened in our conversations."""

    kind: str = field(default="", name="$type")
    rev: str = ""
    convo_id: str = ""
    message: Any = None


def chat_id(convo: str, ident: str = "") -> str:
    """The id of a conversation, or of a message in it."""
    return f"dm:{convo}/{ident}" if ident else f"dm:{convo}"


def chat_parts(ident: str) -> tuple[str, str] | None:
    """The platform's ids of a conversation and, where there is one, of the message; None where it is no direct message."""
    kind, _, rest = ident.partition(":")
    convo, _, name = rest.partition("/")
    return (convo, name) if kind == "dm" and convo else None


def chat_message(one: ChatMessage, convo: Convo, people: dict[str, Profile], source: str, now: int) -> Message:
    """The record of a direct message."""
    sender = one.sender.did if one.sender is not None else ""
    quoted = _quoted_view(one.embed)
    people_named = [f.did for facet in one.facets for f in facet.features if f.kind.endswith("#mention") and f.did]
    links = [f.uri for facet in one.facets for f in facet.features if f.kind.endswith("#link") and f.uri]
    links = [link for link in dict.fromkeys([*links, *([quoted] if quoted else [])]) if link not in one.text]
    return Message(
        source=source,
        id=chat_id(convo.id, one.id),
        conversation=chat_id(convo.id),
        kind="group_dm" if convo.group else "dm",
        author=author(people.get(sender) or Profile(did=sender)),
        created_at=earlier_of(one.sent_at, None, now),
        text=one.text,
        format="text",
        parent=chat_id(convo.id, one.reply_to.id) if one.reply_to is not None and one.reply_to.id else None,
        mentions=list(dict.fromkeys(people_named)) or None,
        url=f"{APP}/messages/{convo.id}",
        visibility="private",
        state="live",
        attachments=[Attachment(kind="link", url=link) for link in links] or None,
        observed_at=to_datetime(now),
    )


def chat_conversation(convo: Convo, ours: str, source: str, now: int) -> Conversation:
    """The record of a conversation, named after the others in it."""
    others = [p.display_name or p.handle or "" for p in convo.members if p.did != ours]
    name = convo.kind.name if convo.kind is not None and convo.kind.name else ", ".join(o for o in others if o)
    return Conversation(
        source=source,
        id=chat_id(convo.id),
        kind="group_dm" if convo.group else "dm",
        title=name or None,
        url=f"{APP}/messages/{convo.id}",
        observed_at=to_datetime(now),
    )


def _quoted_view(embed: Any) -> str | None:
    """Where a browser shows the post that a direct message passes on."""
    record = embed.get("record") if isinstance(embed, dict) else None
    uri = record.get("uri") if isinstance(record, dict) else None
    return web_address(uri) if isinstance(uri, str) else None
