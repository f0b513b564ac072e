"""What stands in the answers of Mastodon and its kin beside their bodies: links, limits, and what an error means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from modconsole.connectors.budget import Window
from modconsole.connectors.http import Answer, retry_after
from modconsole.errors import PlatformError, RateLimited, Refused, SignInError

SIGN_IN_AGAIN = "Sign in again: the access token was revoked, or is not of this server."


class _Said(Struct):
    error: str | None = None


def older(answer: Answer, names: Sequence[str]) -> str | None:
    """The cursor to what is older than a page; None where the server says that there is nothing.

    `max_id` is taken from the link with `rel="next"`, for in some lists it is no item's id (conversations). Where that
    link has none (Hollo's notifications have `older_than` there), or where there are no links at all, the last item is
    the cursor, until a page is empty.
    """
    link = answer.headers.get("link", "")
    relations = {relation: target for target, relation in re.findall(r'<([^>]*)>\s*;[^,<]*rel="?([a-z]+)"?', link)}
    if "next" in relations:
        found = parse_qs(urlsplit(str(relations["next"])).query).get("max_id")
        if found:
            return found[0]
    elif link:
        return None
    return names[-1] if names else None


def refine(answer: Answer) -> PlatformError | None:
    """The error behind an answer, where its status alone does not say it.

    Where one status means several things, words in the answer tell them apart: they are looked for, and never repeated.
    """
    if answer.status == 401:
        return SignInError("The server did not accept the access token.", hint=SIGN_IN_AGAIN)
    if answer.status == 429:
        return RateLimited("The server asks us to slow down (429).", retry_after=pause(answer))
    said = _said(answer)
    if answer.status == 403 and "scope" in said:
        return Refused(
            "The access token may not do this.", hint="Sign in again and allow what is asked for.", code="scope"
        )
    if answer.status == 422 and ("too long" in said or "character limit" in said):
        return Refused("The text is too long for this server.", hint="Shorten it.", code="too_long")
    if answer.status == 422 and "blank" in said:
        return Refused("The server takes the text for empty.", code="empty")
    return None


def _said(answer: Answer) -> str:
    """What the server wrote, in lower case: to be looked at, never to be repeated."""
    try:
        return (msgspec.json.decode(answer.body, type=_Said).error or "").lower()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def window(answer: Answer) -> Window | None:
    """What an answer says of the rate limit: `X-RateLimit-Limit`, `-Remaining` and `-Reset`."""
    left, limit = (answer.headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit"))
    ends = reset(answer)
    if not left.isdigit() or ends is None:
        return None
    return Window(int(left), ends, int(limit) if limit.isdigit() else None)


def reset(answer: Answer) -> float | None:
    """Seconds until the window ends, measured by the server's own clock where it tells it.

    Mastodon gives an ISO 8601 time, GoToSocial seconds since 1970 in older versions and an ISO time in newer ones,
    others the seconds that are left.
    """
    text = answer.headers.get("x-ratelimit-reset", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", text):
        return float(text)
    now = answer.time()
    if now is None:
        return None
    if re.fullmatch(r"[0-9]{9,11}(\.[0-9]+)?", text):
        return max(float(text) - now, 0.0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(moment.timestamp() - now, 0.0) if moment.tzinfo is not None else None


def pause(answer: Answer) -> float:
    """How long to wait after a 429: `Retry-After`, or else until the window ends. Mastodon and GoToSocial give only the
    latter."""
    ends = reset(answer)
    if "retry-after" in answer.headers or ends is None:
        return retry_after(answer)
    return min(max(ends, 1.0), 3600.0)
