"""What the AT Protocol makes of texts, ids and times: graphemes and bytes, rich text, TIDs, addresses of records.

Nothing here makes a request. Sources: the specifications "TID", "AT URI" and "Handle" of the protocol, and the lexicons
`app.bsky.feed.post` and `app.bsky.richtext.facet`.
"""

from __future__ import annotations

import functools
import hashlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from modconsole.domain.times import HOUR, SECOND, to_datetime, to_instant
from modconsole.errors import Refused

POST = "app.bsky.feed.post"
POST_GRAPHEMES, POST_BYTES = 300, 3_000
"""The longest post: both limits hold (lexicon `app.bsky.feed.post`)."""
CHAT_GRAPHEMES, CHAT_BYTES = 1_000, 10_000
"""The longest direct message (lexicon `chat.bsky.convo.defs#messageInput`)."""

_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9.:%-]{1,253})")
_HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_URI = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]{1,2000})/([a-zA-Z0-9.-]{1,317})/([A-Za-z0-9._:~-]{1,512})")

_MENTION = re.compile(r"(?:^|[\s(\[\"'])(@([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])))(?![\w@])")
_LINK = re.compile(r"(?:^|[\s(\[\"'])(https?://[^\s<>\"]+)")
_TAG = re.compile(r"(?:^|\s)(#(?!\d+(?:\s|$))[^\s#@]{1,64})")
_TAIL = ".,;:!?\"'"


def is_did(text: str) -> bool:
    """Whether it is an account's id of one of the two methods that Bluesky uses (`did:plc`, `did:web`)."""
    return _DID.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """Whether it is a handle: a domain name in lower case, of at most 253 letters."""
    return len(text) <= 253 and _HANDLE.fullmatch(text) is not None


@dataclass(frozen=True)
class Place:
    """The parts of a record's address."""

    did: str
    collection: str
    key: str

    def __str__(self) -> str:
        return f"at://{self.did}/{self.collection}/{self.key}"


def place(uri: str) -> Place | None:
    """The parts of `at://DID/collection/key`; None for anything else, addresses by handle among them: a handle can change."""
    found = _URI.fullmatch(uri)
    return Place(found[1], found[2], found[3]) if found else None


def post_place(uri: str) -> Place | None:
    """The parts of a post's address; None where it is no post's."""
    found = place(uri)
    return found if found is not None and found.collection == POST else None


# ------------------------------------------------------------------ TIDs


def tid(instant: int, clock: int) -> str:
    """The record key of an instant: 53 bits of microseconds and 10 bits that tell writers apart, in base 32."""
    value = (instant & ((1 << 53) - 1)) << 10 | clock & 0x3FF
    return "".join(_SORTABLE[value >> shift & 31] for shift in range(60, -1, -5))


def tid_instant(key: str) -> int | None:
    """The instant in a TID, as its writer claims it; None where the key is no TID."""
    if not _TID.fullmatch(key):
        return None
    value = 0
    for letter in key:
        value = value << 5 | _SORTABLE.index(letter)
    return value >> 10


def send_key(send: str, at: int) -> str:
    """The record key of a send: the same for every try.

    A UUID of version 7 holds the instant at which it was made; of another one only the hash can be taken, and `at`
    stands for its time. The key needs no truth, only to be the same again and to lie near the newest.
    """
    digest = int.from_bytes(hashlib.sha256(send.encode()).digest()[:4], "big")
    try:
        known = uuid.UUID(send)
    except ValueError:
        known = None
    if known is not None and known.version == 7:
        return tid((known.int >> 80) * 1000 + digest % 1000, digest >> 10)
    return tid(at - at % 1000 + digest % 1000, digest >> 10)


# ------------------------------------------------------------------ times


def written(instant: int) -> str:
    """A time as records hold it: UTC, three digits of a second."""
    moment = to_datetime(instant)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def read_time(text: str | None) -> datetime | None:
    """A time that somebody wrote into a record; None where it is none, or lies outside of what can be told."""
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= 1970 else None


def earlier_of(claimed: str | None, indexed: str | None, now: int) -> datetime:
    """When something was written: what its author claims, but never later than the platform saw it.

    The platform sorts by the same earlier of the two ("Timestamps and sorting" in the developers' guide): a time in the
    future would keep a post on top for ever. Where the platform does not say when it saw it, a claim is believed up to
    an hour after `now`.
    """
    said, seen = read_time(claimed), read_time(indexed)
    if seen is not None:
        return min(said or seen, seen)
    return said if said is not None and to_instant(said) <= now + HOUR else to_datetime(now)


def bumped(cursor: str) -> str:
    """The cursor one millisecond later, where it is a time; else as it is.

    The notifications' cursor is the time of a page's last item, and the next page holds what is *before* it: of several
    items in one millisecond all but the first would be skipped.
    """
    moment = read_time(cursor) if "T" in cursor else None
    return written(to_instant(moment) + SECOND // 1000) if moment is not None else cursor


# ------------------------------------------------------------------ length


@functools.cache
def _clusters() -> Any:
    import regex

    return regex.compile(r"\X")


def graphemes(text: str) -> int:
    """How many letters a person sees: extended grapheme clusters (Unicode annex 29), as the platform counts them."""
    return len(_clusters().findall(text))


def fitting(text: str, most: int, most_bytes: int) -> str:
    """The text as it is sent, or `Refused` where it is empty or longer than the platform takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise Refused("The reply is empty.", code="empty")
    letters, size = graphemes(text), len(text.encode("utf-8", "surrogatepass"))
    if letters > most:
        raise Refused(
            f"The reply is too long: {letters:,} letters, and Bluesky takes {most:,} at most here.",
            hint="Shorten it.",
            code="too_long",
        )
    if size > most_bytes:
        raise Refused(
            f"The reply is too long: {size:,} bytes, and Bluesky takes {most_bytes:,} at most here.",
            hint="Letters beyond ASCII count two to four bytes, an emoji up to thirty. Shorten it.",
            code="too_long",
        )
    return text


# ------------------------------------------------------------------ rich text


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """What in a text is a link, a mention or a tag, with offsets in UTF-8 bytes, in order.

    `resolve` gives the DID of a handle, or None: a name that nobody has stays text.
    """
    found: list[tuple[int, int, dict[str, Any]]] = []
    for link in _LINK.finditer(text):
        shown = _without_tail(link[1])
        found.append((link.start(1), link.start(1) + len(shown), {"$type": _feature("link"), "uri": shown}))
    for mention in _MENTION.finditer(text):
        handle = mention[2].lower()
        did = resolve(handle) if is_handle(handle) else None
        if did is not None:
            found.append((mention.start(1), mention.end(1), {"$type": _feature("mention"), "did": did}))
    for tag in _TAG.finditer(text):
        word = tag[1].rstrip(_TAIL)
        if len(word) > 1:
            found.append((tag.start(1), tag.start(1) + len(word), {"$type": _feature("tag"), "tag": word[1:]}))
    return [
        {"index": {"byteStart": _bytes(text[:start]), "byteEnd": _bytes(text[:end])}, "features": [feature]}
        for start, end, feature in _apart(found)
    ]


def _apart(found: list[tuple[int, int, dict[str, Any]]]) -> list[tuple[int, int, dict[str, Any]]]:
    """In order, the first of those that overlap."""
    kept: list[tuple[int, int, dict[str, Any]]] = []
    for one in sorted(found, key=lambda f: (f[0], -f[1])):
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


def _without_tail(link: str) -> str:
    """A link without the full stop of its sentence, and without a bracket that was opened before it."""
    link = link.rstrip(_TAIL)
    while link.endswith(")") and link.count(")") > link.count("("):
        link = link[:-1].rstrip(_TAIL)
    return link


def _feature(kind: str) -> str:
    return f"app.bsky.richtext.facet#{kind}"


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
