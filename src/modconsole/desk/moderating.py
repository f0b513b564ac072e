"""Acts on the platform itself: approve, hold, mark as spam, trash, restore; and their undo.

They need the platform's answer, so they take as long as it takes: call them from a thread. What they did is in the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from modconsole.connectors.base import Connector, Moderation
from modconsole.connectors.signing import Credentials
from modconsole.desk.desk import Desk
from modconsole.desk.sweep import credentials_of
from modconsole.domain.ids import new_id
from modconsole.errors import NotFound
from modconsole.store import marks
from modconsole.store.journal import Moderated
from modconsole.sync import moderate as acts
from modconsole.sync import registry

__all__ = ["ACTS", "Moderated", "Moderation", "able", "moderate", "retract", "undo"]

ACTS: tuple[tuple[Moderation, str], ...] = (
    ("approve", "show it to everybody"),
    ("hold", "put it back into moderation: nobody else sees it"),
    ("spam", "mark it as spam: it is hidden, and the platform may learn from it"),
    ("trash", "put it into the trash: it is hidden, and can be restored"),
    ("restore", "take it out of spam or trash, to where it was"),
)
"""Each act with what it does, as it is told before it is done."""


def moderate(
    desk: Desk, source: str, message: str, act: Moderation, *, reason: str = "", seen: str | None = None
) -> Moderated:
    """Carry out an act on a message on its platform.

    `seen` is the state that the moderator was shown: where it is another one by now, `Conflict` is raised and nothing done.
    Raises `NotFound` for a source that nobody is signed in to, `Refused` where there is no such act, and `PlatformError`s.
    """
    with _connected(desk, source) as connector:
        ident = new_id(desk.now())
        return acts.moderate(
            desk.db,
            connector,
            source,
            message,
            act,
            by=desk.who,
            ident=ident,
            clock=desk.clock,
            reason=reason,
            seen=seen,
        )


def undo(desk: Desk, done: Moderated) -> Moderated:
    """Bring a message back to the state that it had before an act."""
    with _connected(desk, done.source) as connector:
        return acts.undo_moderation(desk.db, connector, done.id, by=desk.who, clock=desk.clock)


def retract(desk: Desk, source: str, send: str) -> None:
    """Put a reply of ours that is on the platform into the trash there; the person waits again."""
    with _connected(desk, source) as connector:
        acts.retract(desk.db, connector, send, clock=desk.clock)


def able(desk: Desk, source: str) -> frozenset[str]:
    """The acts that a source's platform has for us; none where nobody is signed in."""
    account = next((account for account in marks.accounts(desk.db) if account.source == source), None)
    if account is None:
        return frozenset()
    with _connected(desk, source) as connector:
        return frozenset(connector.capabilities.moderation)


@contextmanager
def _connected(desk: Desk, source: str) -> Iterator[Connector]:
    account = next((account for account in marks.accounts(desk.db) if account.source == source), None)
    if account is None:
        raise NotFound(
            f"Nobody is signed in to {source!r}.", hint="`modconsole sources add` signs in; do it there meanwhile."
        )
    credentials = credentials_of(account) if registry.info(account.platform).secret else Credentials("")
    connector = registry.open_connector(account, credentials, desk.clock)
    try:
        yield connector
    finally:
        connector.close()
