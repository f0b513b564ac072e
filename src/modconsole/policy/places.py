"""Where rules look: the fields of a message as pieces of text, each with its place.

`link` and `domain` are taken out of the body: addresses with a scheme (`http`, `https`), beginning with `www.`, or of a host with
a path (`t.me/x`). A match in one of them stands for the whole address, so that its place is one in the body, and an exception
about a domain covers words found in the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from modconsole.policy.model import Field, Texts

__all__ = ["Address", "addresses", "pieces", "space"]

# A host is looked for only where one can begin, and its parts are bounded: a megabyte of one letter takes linear time.
_ADDRESS: Final = re.compile(
    r"""(?:https?://|(?<![\w.@-])www\.|(?<![\w.@/-])(?=(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/))[^\s<>"]+""",
    re.IGNORECASE,
)
_AFTER: Final = ".,;:!?'\"*_~|"
"""What belongs to the sentence around an address when it stands at its end."""
_HOST: Final = re.compile(r"(?:https?://)?(?:[^/?#\\]*@)?([^/?#\\:]*)", re.IGNORECASE)


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
        text = match[0].rstrip(_AFTER)
        while text.endswith(")") and text.count(")") > text.count("("):
            text = text[:-1].rstrip(_AFTER)
        host = _HOST.match(text)
        if host is not None and host[1]:
            yield Address(text, host[1].rstrip("."), match.start(), match.start() + len(text))


def space(field: Field) -> Field:
    """The text whose positions a field's matches have: the body for links and domains."""
    return "body" if field in ("link", "domain") else field


def pieces(texts: Texts, field: Field) -> tuple[tuple[str, Address | None], ...]:
    """What is looked at for a field: texts, with the address that they are part of."""
    if field == "body":
        return ((texts.body, None),)
    if field == "title":
        return ((texts.title, None),)
    if field == "author name":
        return ((texts.name, None),)
    if field == "author handle":
        return ((texts.handle, None),)
    return tuple((each.text if field == "link" else each.host, each) for each in addresses(texts.body))
