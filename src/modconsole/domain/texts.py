"""One message as rules see it. The store reads it out of its tables, policy looks for words in it; neither knows the other."""

from __future__ import annotations

from msgspec import Struct


class Texts(Struct, frozen=True, kw_only=True, gc=False):
    """One message as rules see it: plain text, raw, nothing made inert."""

    ident: int
    """The caller's number for the message; out of the store it is the message's row id."""
    body: str
    title: str = ""
    name: str = ""
    handle: str = ""
