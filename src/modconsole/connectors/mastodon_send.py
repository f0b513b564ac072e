"""A reply on its way to a server: who must be named in it, who sees it, how long it is, and how it is recognised
there."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from modconsole.connectors.base import Outgoing
from modconsole.connectors.mastodon_api import Api, Me
from modconsole.connectors.mastodon_map import Status, plain
from modconsole.domain.lengths import length
from modconsole.domain.times import to_datetime
from modconsole.errors import Gone, Refused

MAX_CHARACTERS = 500
"""The length of a post on a server that does not tell another (Mastodon's default)."""
PER_URL = 23
"""What each address counts, however long it is (`characters_reserved_per_url`)."""
CLOCK_SKEW = timedelta(minutes=10)
"""How far the server's clock may be behind ours when a reply is looked for, beyond what it is known to be (`Http.lag`)."""
ALMOST = 0.9
"""Two texts count as one from this similarity on, the measure by which the specification tells an edit from a
correction."""

HANDLE = re.compile(r"(?<![=/\w])@(\w+(?:[\w.-]*\w)?)(?:@(\w[\w.-]*\w))?", re.ASCII)
"""A name of somebody, as Mastodon finds it in a text (`Account::MENTION_RE`): `@name` or `@name@server`."""
ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'()\[\]{}]")


def counted(text: str) -> str:
    """A text as Mastodon counts it: each address is `PER_URL` characters, and of `@name@server` only `@name` counts
    (`StatusLengthValidator`). The count is in grapheme clusters, and a content warning counts along."""
    return counted_with(text, PER_URL)


def counted_with(text: str, per_url: int) -> str:
    """The same, on a server where an address counts another number of characters."""
    return HANDLE.sub(lambda found: f"@{found[1]}", ADDRESS.sub("x" * per_url, text))


def key(acct: str, here: str) -> str:
    """A name in one spelling, so that `@Bob` and `@bob@our.server` are the same person."""
    name, _, server = acct.lower().partition("@")
    return name if server in ("", here.lower()) else f"{name}@{server}"


def named(text: str, here: str) -> set[str]:
    """Everybody whom a text names."""
    return {key(f"{found[1]}@{found[2] or ''}", here) for found in HANDLE.finditer(ADDRESS.sub(" ", text))}


def draft(reply: Outgoing, parent: Status, us: Me, api: Api) -> dict[str, Any]:
    """The body of the request that answers `parent`, with its audience and its content warning.

    The server notifies only those whom the text names, so whoever is answered is named at its beginning unless the text
    does so already. A direct message is seen by those it names: naming anybody who is not part of the talk would show
    it to them, and is refused. Raises `Refused` with the codes `empty`, `too_long` or `widens`.
    """
    here = api.instance().name or api.http.host
    text = reply.text.strip()
    if not text:
        raise Refused("The reply is empty.", code="empty")
    names = named(text, here)
    partner = parent.account.acct
    if parent.account.id != us.id and key(partner, here) not in names:
        text = f"@{partner} {text}"
    body: dict[str, Any] = {"status": text, "in_reply_to_id": parent.id, "visibility": parent.visibility or "public"}
    if parent.spoiler_text:
        body["spoiler_text"] = parent.spoiler_text
    if parent.direct:
        people = {parent.account.acct: parent.account.id, us.acct: us.id}
        people.update((mention.acct, mention.id) for mention in parent.mentions or ())
        inside = {key(acct, here): ident for acct, ident in people.items()}
        if names - inside.keys():
            raise Refused(
                "The text names somebody who is not part of this direct message: they would see it.",
                hint="Write the name without @.",
                code="widens",
            )
        allowed = {inside[name] for name in names} | {parent.account.id}
        body["allowed_mentions"] = sorted(allowed - {us.id} or {us.id})
    check_length(text, parent.spoiler_text or "", api)
    return body


def check_length(text: str, warning: str, api: Api) -> None:
    """Refuse what the server would find too long, in its own words and figures."""
    limits = api.instance().configuration.statuses
    most = limits.max_characters or api.instance().max_toot_chars or MAX_CHARACTERS
    size = length(warning + counted_with(text, limits.characters_reserved_per_url or PER_URL), "graphemes")
    if size > most:
        with_warning = ", its content warning included" if warning else ""
        raise Refused(
            f"The reply is too long: {size:,} characters{with_warning}, and this server takes {most:,}.",
            hint="Shorten it.",
            code="too_long",
        )


def parent_of(reply: Outgoing, us: Me, api: Api) -> Status:
    """The status that a reply answers.

    Where none is named: in a direct message the latest of somebody else, in a thread its root. Raises `Gone`.
    """
    if reply.reply_to is not None:
        return api.status(reply.reply_to)
    root = api.status(reply.conversation)
    if not root.direct:
        return root
    others = [status for status in (root, *api.context(root.id).descendants) if status.account.id != us.id]
    said = [status for status in others if status.direct]
    return max(said, key=lambda status: (status.created_at, status.id)) if said else root


def find(reply: Outgoing, candidates: frozenset[str], us: Me, api: Api) -> Status | None:
    """A reply of ours that may have arrived: below the same status, the same words, not one of `candidates`.

    Looked for below the status that it answers, and in the list of our own posts as far back as the first try. Where
    nothing was named, any answer of ours in the conversation counts.
    """
    lag = timedelta(microseconds=api.http.lag)
    since = to_datetime(reply.attempted_at) - CLOCK_SKEW - lag if reply.attempted_at is not None else None
    places = {reply.reply_to} if reply.reply_to is not None else _places(reply, api)

    def fits(status: Status) -> bool:
        return (
            status.account.id == us.id
            and status.id not in candidates
            and status.in_reply_to_id in places
            and (since is None or status.created_at >= since)
            and same_text(status.content or "", reply.text)
        )

    try:
        below = api.context(reply.reply_to or reply.conversation).descendants
    except (Gone, Refused):
        below = []
    for status in sorted(below, key=_age):
        if fits(status):
            return status
    return next((status for status in _own_since(since, us, api) if fits(status)), None)


def _places(reply: Outgoing, api: Api) -> set[str | None]:
    """What an answer to a conversation as a whole may hang below: any of its statuses."""
    try:
        return {reply.conversation, *(status.id for status in api.context(reply.conversation).descendants)}
    except (Gone, Refused):
        return {reply.conversation}


def _age(status: Status) -> tuple[datetime, str]:
    return (status.created_at, status.id)


def _own_since(since: datetime | None, us: Me, api: Api) -> list[Status]:
    """Our own posts, oldest first, back to an instant."""
    found: list[Status] = []
    query: list[tuple[str, str]] = []
    while True:
        page = api.own(us.id, query)
        found += page.items
        past = since is not None and any(status.created_at < since for status in page.items)
        if past or page.following is None or not page.items:
            return sorted(found, key=_age)
        query = [("max_id", page.following)]


def same_text(markup: str, typed: str) -> bool:
    """Whether a status says what was typed, whatever the server did to names, addresses, quotation marks and lines."""
    shown, wrote = _bare(plain(markup)), _bare(typed)
    if shown == wrote:
        return True
    from rapidfuzz.distance import Indel

    return bool(shown) and bool(wrote) and Indel.normalized_similarity(shown, wrote) >= ALMOST


def _bare(text: str) -> str:
    """Letters and symbols only, in one case; names left out, since a server shows `@name@server` as `@name` and we add
    one."""
    folded = unicodedata.normalize("NFKC", HANDLE.sub(" ", text)).casefold()
    bare = "".join(c for c in folded if not c.isspace() and not unicodedata.category(c).startswith("P"))
    return bare or "".join(sorted(found[1].lower() for found in HANDLE.finditer(text)))
