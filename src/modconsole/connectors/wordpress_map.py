"""WordPress comments as records, and texts on their way there and back.

Shapes are those that the site publishes itself (`OPTIONS /wp/v2/comments`), seen on WordPress 6.1 and in the source
of `WP_REST_Comments_Controller`. Everything in them is a stranger's: it is carried, never judged, and shown only
through the gate in `domain.safetext`.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field

from modconsole.domain.records import Author, Conversation, Message, State
from modconsole.domain.times import to_datetime

STATES: dict[str, State] = {
    "approved": "live",
    "approve": "live",
    "1": "live",
    "hold": "held",
    "0": "held",
    "spam": "spam",
    "trash": "removed",
    "post-trashed": "removed",
}
"""What a comment's `status` means. A word that is not here (a plugin's) counts as held: a person should look."""

ALMOST = 0.9
"""Two texts count as one from this similarity on, the measure by which the specification tells an edit from a
correction."""


class Content(Struct):
    """A comment's text: as stored (only for those who may moderate), and as shown."""

    rendered: str | None = None
    raw: str | None = None


class Up(Struct):
    """The link from a comment to its post; `href` ends in the post type's collection and the post's id."""

    href: str = ""


class Links(Struct):
    """The links of a comment that we use."""

    up: list[Up] = field(default_factory=list)


class Comment(Struct):
    """A comment as the REST interface gives it; only the fields that `FIELDS` asks for."""

    id: int
    post: int | None = None
    parent: int | None = None
    author: int | None = None
    author_name: str | None = None
    author_email: str | None = None
    author_ip: str | None = None
    author_user_agent: str | None = None
    date: str | None = None
    date_gmt: str | None = None
    content: Content = field(default_factory=Content)
    link: str | None = None
    status: str | None = None
    type: str | None = None
    links: Links = field(default_factory=Links, name="_links")


FIELDS = "id,post,parent,author,author_name,author_email,date,date_gmt,content,link,status,type"
"""What is asked of each comment. `_links` would cost the site one more database query for each comment (it counts the
children), and doubles the time of a page; `content.raw` alone is not understood by WordPress 6.1, which then gives no
content at all."""


class Title(Struct):
    """A post's title, as shown."""

    rendered: str | None = None


class Post(Struct):
    """What a conversation takes from its post."""

    id: int
    title: Title = field(default_factory=Title)
    link: str | None = None
    author: int | None = None
    date_gmt: str | None = None


def message(comment: Comment, source: str, now: int) -> Message:
    """The record of a comment as it was seen at `now`.

    WordPress keeps no time of the last change, so `edited_at` and `state_at` stay empty: whoever compares this version
    with the one before knows when the new text was first seen.
    """
    kind = comment.type or "comment"
    return Message(
        source=source,
        id=str(comment.id),
        conversation=conversation_id(comment.post or 0),
        kind="comments",
        author=Author(id=person_id(comment), name=comment.author_name or None),
        created_at=created_at(comment),
        text=as_html(comment.content),
        format="html",
        parent=str(comment.parent) if comment.parent else None,
        url=comment.link or None,
        visibility="internal" if kind == "note" else None,
        state=STATES.get(comment.status or "approved", "held"),
        automatic=True if kind in ("pingback", "trackback") else None,
        observed_at=to_datetime(now),
    )


def conversation(post: Post, source: str, now: int) -> Conversation:
    """The record of a post as a conversation. The post's own text is no message: nobody there waits for us."""
    opened = _time(post.date_gmt)
    return Conversation(
        source=source,
        id=conversation_id(post.id),
        kind="comments",
        title=" ".join(plain(post.title.rendered or "").split()) or None,
        url=post.link or None,
        opened_by=f"user:{post.author}" if post.author else None,
        opened_at=opened,
        observed_at=to_datetime(now),
    )


def conversation_id(post: int) -> str:
    """`post:` and the post's number; pages and attachments count as posts in WordPress, from one row of numbers."""
    return f"post:{post}"


def person_id(comment: Comment) -> str:
    """Who wrote it: `user:` and the account's number, or for guests `guest:` and a hash.

    Author 0 is every visitor at once. A guest is told apart by the e-mail address in lower case, and where we may not
    see that, or none was given, by the name: two guests who call themselves the same are then one.
    """
    if comment.author:
        return f"user:{comment.author}"
    email = (comment.author_email or "").strip().lower()
    known_by = f"mail {email}" if email else f"name {(comment.author_name or '').strip()}"
    return f"guest:{hashlib.sha256(known_by.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def created_at(comment: Comment) -> datetime:
    """When it was written: the GMT column; an imported comment may lack it, then the site's local time has to do."""
    return _time(comment.date_gmt) or _time(comment.date) or to_datetime(0)


def _time(text: str | None) -> datetime | None:
    """A time as the interface writes it, without a zone."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def as_html(content: Content) -> str:
    """The text as HTML in which only tags make lines.

    The stored text is what the author wrote, where a line break is one (WordPress makes paragraphs of it when it
    shows it); the rendered text has its breaks as tags, and prettier quotation marks. The stored one is taken where
    we may see it: a plugin that decorates the page must not look like an edit.
    """
    if content.raw is not None:
        return _lines(content.raw).replace("\n", "<br>")
    return re.sub(r"(</p>|<br ?/?>)\n", r"\1", _lines(content.rendered or "")).strip()


def to_send(text: str) -> str:
    """A reply's plain text as WordPress must get it, so that readers see exactly what was typed.

    WordPress takes comments for HTML: of a typed `<script>` nothing would be left, or worse, from an editor's account
    (who has `unfiltered_html`) it would run. So the text is escaped; lines and paragraphs WordPress makes of line
    breaks itself.
    """
    return html.escape(_lines(text).strip(), quote=False)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plain(markup: str) -> str:
    """The words of a piece of HTML."""
    from selectolax.lexbor import LexborHTMLParser

    if "<" not in markup:
        return html.unescape(markup)
    body = LexborHTMLParser(re.sub(r"(?i)<(br|/p|/div|/li)\b", r" <\1", markup)).body
    return body.text(deep=True) if body is not None else ""


def same_text(one: str, other: str) -> bool:
    """Whether two pieces of HTML say the same, whatever WordPress did to quotation marks, entities, lines and
    smileys."""
    a, b = _bare(one), _bare(other)
    if a == b:
        return True
    from rapidfuzz.distance import Indel

    return bool(a) and bool(b) and Indel.normalized_similarity(a, b) >= ALMOST


def _bare(markup: str) -> str:
    """Letters and symbols only, in one case."""
    folded = unicodedata.normalize("NFKC", plain(markup)).casefold()
    return "".join(c for c in folded if not c.isspace() and not unicodedata.category(c).startswith("P"))


def later_than(comment: Comment, instant: int, skew: timedelta) -> bool:
    """Whether a comment can stem from a try made at `instant`, allowing for clocks that differ by `skew`."""
    return created_at(comment) >= to_datetime(instant) - skew


def fields(moderator: bool) -> dict[str, Any]:
    """The part of a query that says what of each comment we want: the stored text and the address need moderation
    rights."""
    return {"context": "edit" if moderator else "view", "_fields": FIELDS}
