"""The links that a message has: addresses that stand in its words, and those that HTML hides behind other words."""

from __future__ import annotations

import html
import re

_ADDRESS = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"]+", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_NO_LINK = re.compile(r"\bclass\s*=\s*[\"'][^\"']*\b(?:mention|hashtag)\b", re.IGNORECASE)
"""Mastodon and its kin make a link of each person and each tag that is named (Mastodon API documentation, Status, `content`)."""
_CLOSING = ".,;:!?'\")]}"


def addresses(text: str) -> list[str]:
    """The addresses that stand in a plain text, in their order; what closes a sentence or a bracket is not part of one."""
    return [found.group().rstrip(_CLOSING) for found in _ADDRESS.finditer(text)]


def links(plain: str, raw_html: str | None = None) -> list[str]:
    """All links of a message: the addresses in its words, then those that only its HTML has."""
    found = addresses(plain)
    if raw_html is None or "<a" not in raw_html.lower():
        return found
    known = {_bare(address) for address in found}
    for anchor in _ANCHOR.findall(raw_html):
        href = _HREF.search(anchor)
        if href is None or _NO_LINK.search(anchor):
            continue
        address = html.unescape(next(part for part in href.groups() if part is not None)).strip()
        if _ADDRESS.match(address) and _bare(address) not in known:
            known.add(_bare(address))
            found.append(address)
    return found


def _bare(address: str) -> str:
    return address.lower().rstrip("/").removeprefix("https://").removeprefix("http://")
