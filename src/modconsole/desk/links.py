"""Links to what is on a platform. They come from the platform, so they are checked before anything opens or copies them."""

from __future__ import annotations

from urllib.parse import urlsplit

from modconsole.desk.desk import Desk
from modconsole.domain.safetext import for_file
from modconsole.store import lists, places

LONGEST = 2_000


def link_of(desk: Desk, source: str, message: str) -> str:
    """The link of a message, else of its source; empty where there is none that is safe to follow."""
    shown = lists.message(desk.db, source, message)
    own = checked(shown.message.url) if shown is not None else ""
    if own:
        return own
    return next((checked(row.url) for row in places.sources(desk.db) if row.id == source), "")


def checked(url: str | None) -> str:
    """The link if it is http or https, with a host and without anything odd in it; else an empty text."""
    if (
        not url
        or len(url) > LONGEST
        or for_file(url) != url
        or any(char.isspace() or char in "<>\"'`\\" for char in url)
    ):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
        return ""
    return url
