"""Where rules look: the fields of a message as pieces of text, each with its place.

`link` and `domain` are taken out of the body (`domain.links`). A match in one of them stands for the whole address, so that its
place is one in the body, and an exception about a domain covers words found in the address.
"""

from __future__ import annotations

from modconsole.domain.links import Address, addresses
from modconsole.policy.model import Field, Texts

__all__ = ["Address", "addresses", "pieces", "space"]


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
