"""The links that a message has: addresses that stand in its words, and those that HTML hides behind other words.

An address has a scheme (`http`, `https`), or begins with `www.`, or is a host with a path (`t.me/x`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# A host is looked for only where one can begin, and its parts are bounded: a megabyte of one letter takes linear time.
_ADDRESS: Final = re.compile(
    r"""(?:https?://|(?<![\w.@-])www\.|(?<![\w.@/-])(?=(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/))[^\s<>"]+""",
    re.IGNORECASE,
)
_AFTER: Final = ".,;:!?'\"*_~|"
"""What belongs to the sentence around an address when it stands at its end."""
_HOST: Final = re.compile(r"(?:https?://)?(?:[^/?#\\]*@)?([^/?#\\:]*)", re.IGNORECASE)
_ANCHOR: Final = re.compile(r"<a\b[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_NO_LINK = re.compile(r"\bclass\s*=\s*[\"'][^\"']*\b(?:mention|hashtag)\b", re.IGNORECASE)
"""Mastodon and its kin make a link of each person and each tag that is named (Mastodon API documentation, Status, `content`)."""


class Address(NamedTuple):
    """An address in a text, the host it leads to (without port, without a dot at its end), and where it stands."""

    text: str
    host: str
    start: int
    end: int


def addresses(body: str) -> tuple[Address, ...]:
    """The addresses in a text, in their order."""
    if "/" not in body and "www." not in body.lower():
        return ()
    return tuple(_found(body))


def _found(body: str) -> Iterator[Address]:
    for match in _ADDRESS.finditer(body):
        text = _without_end(match[0])
        host = _HOST.match(text)
        if host is not None and host[1]:
            yield Address(text, host[1].rstrip("."), match.start(), match.start() + len(text))


def _without_end(text: str) -> str:
    """An address without what is the sentence's around it: brackets that it does not open, too. Takes linear time."""
    end, closed = len(text), text.count(")") - text.count("(")
    while end and (text[end - 1] in _AFTER or (text[end - 1] == ")" and closed > 0)):
        end -= 1
        closed -= text[end] == ")"
    return text[:end]


def links(plain: str, raw_html: str | None = None) -> list[str]:
    """All links of a message: the addresses in its words, then those that only its HTML has."""
    found = [each.text for each in addresses(plain)]
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
