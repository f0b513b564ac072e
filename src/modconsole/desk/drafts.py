"""Replies that are being written: kept in the database, found again by ask.

A draft belongs to a message and a person. When somebody writes again, their ask has a newer latest message; a draft for an
older one is still the draft for this ask, and `find` finds it.
"""

from __future__ import annotations

from collections.abc import Iterable

from modconsole.desk.desk import Desk
from modconsole.store import journal
from modconsole.store.journal import Draft

__all__ = ["Draft", "draft", "drop_draft", "find", "save_draft"]


def save_draft(desk: Desk, source: str, message: str, text: str, *, through: str | None = None) -> None:
    """Keep my draft of a reply to a message, durably; an empty text lets it go.

    `through` is the newest message that I have been shown.
    """
    kept = Draft(source=source, message=message, by=desk.who, text=text, through=through, saved_at=desk.now())
    journal.save_draft(desk.db, kept)


def draft(desk: Desk, source: str, message: str) -> Draft | None:
    """My draft of a reply to a message."""
    return journal.draft(desk.db, source, message, desk.who)


def find(desk: Desk, source: str, messages: Iterable[str]) -> Draft | None:
    """My newest draft for any of these messages, as the items of one ask."""
    found = (draft(desk, source, message) for message in dict.fromkeys(messages))
    return max((each for each in found if each is not None), key=lambda each: each.saved_at, default=None)


def drop_draft(desk: Desk, source: str, message: str) -> None:
    """Let my draft go."""
    journal.drop_draft(desk.db, source, message, desk.who)
