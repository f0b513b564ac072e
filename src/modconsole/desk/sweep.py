"""Syncing from the desk: once, for ever, and for the nightly sweep.

The engine takes over when it is free to; where another process syncs this database already, it is asked to. It is imported when
something is synced, in the console's case by the thread that syncs: the first screen does not wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from modconsole.desk.desk import Desk
from modconsole.errors import SignInError
from modconsole.store import marks
from modconsole.store.marks import AccountRow

if TYPE_CHECKING:
    from modconsole.connectors.signing import Credentials
    from modconsole.sync.engine import Engine
    from modconsole.sync.reports import Listener, Result


def credentials_of(account: AccountRow) -> Credentials:
    """The credentials of an account. Raises `SignInError` where none are kept, or where they cannot be read."""
    from modconsole.config.secrets import Secrets
    from modconsole.connectors.signing import Credentials

    secrets, source = Secrets(), account.source
    found = secrets.get(source)
    if found is None:
        raise SignInError(
            f"There is no password for {source!r} on this machine.",
            hint=f"Sign in again: `modconsole sources sign-in {source}`.",
        )
    kept = secrets.where(source)
    if (
        kept is not None and kept.place == "environment"
    ):  # not ours to change: what is renewed lasts as long as the program
        return Credentials(found)
    return Credentials(
        found,
        load=lambda: secrets.get(source) or found,
        save=lambda secret: secrets.set(source, secret),
        lock=lambda: secrets.lock(source),
    )


def engine(desk: Desk, what: str, listener: Listener | None = None) -> Engine:
    """The engine for this desk's database; `what` says to others which program holds the lease."""
    import logging
    import os
    import socket

    from modconsole.sync.engine import Engine
    from modconsole.sync.judging import Judging
    from modconsole.sync.reports import quiet

    log = logging.getLogger("modconsole")
    if not log.handlers:  # what goes wrong is told by whoever asked; without a handler Python would print it as well
        log.addHandler(logging.NullHandler())
    label = f"{desk.who}@{socket.gethostname().partition('.')[0]} ({what} {os.getpid()})"
    judging = Judging(desk.rules, undo_delay=desk.undo_delay)
    return Engine(
        desk.path, label, clock=desk.clock, secrets=credentials_of, listener=listener or quiet, judging=judging
    )


def sync(
    desk: Desk,
    sources: Iterable[str] | None = None,
    *,
    full: bool = False,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> list[Result]:
    """One turn of every source, or of some: sends what is due, brings what is new, with `full` walks everything."""
    named = list(sources) if sources is not None else None
    return engine(desk, "sync", listener).run_once(named or None, full=full, stop=stop)


def watch(desk: Desk, stop: threading.Event, *, what: str = "watch", listener: Listener | None = None) -> None:
    """Sync until `stop` is set."""
    engine(desk, what, listener).watch(stop)


def ask_for_sync(desk: Desk, source: str | None = None, *, full: bool = False) -> bool:
    """Ask whoever syncs this database to look at a source now, or at all of them; with `full` to read everything again.

    False where nothing is synced.
    """
    found = [account.source for account in marks.accounts(desk.db) if source in (None, account.source)]
    for each in found:
        marks.ask_for_sync(desk.db, each, full=full)
    return bool(found)


def failed(results: Iterable[Result]) -> bool:
    """Whether something could not be done."""
    return any(result.outcome != "ok" for result in results)
