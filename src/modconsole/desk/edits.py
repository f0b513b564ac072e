"""The texts that a message had. The words of strangers in them are raw."""

from __future__ import annotations

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.domain.likeness import plain
from modconsole.domain.times import to_instant
from modconsole.domain.versions import texts_of
from modconsole.errors import NotFound
from modconsole.store import lists


class Versions(Struct, frozen=True, kw_only=True):
    """The texts of one message, oldest first: (instant since which it holds, text without markup). At least one."""

    texts: tuple[tuple[int, str], ...]


def versions(desk: Desk, source: str, message: str) -> Versions:
    """The texts that a message had; one where it never changed. Raises `NotFound`."""
    shown = lists.message(desk.db, source, message)
    if shown is None:
        raise NotFound(f"There is no message {message!r} in source {source!r}.")
    form = shown.message.format or "text"
    texts = texts_of(lists.versions(desk.db, shown.row_id))
    if not texts:
        return Versions(texts=((to_instant(shown.message.created_at), shown.plain),))
    return Versions(texts=tuple((text.since, plain(text.text, form)) for text in texts))
