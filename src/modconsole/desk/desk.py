"""Who works here, on which database, by which clock."""

from __future__ import annotations

import getpass
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from modconsole.config import paths
from modconsole.domain.times import SECOND
from modconsole.store.db import Db
from modconsole.store.refresh import refresh_expired

UNDO_SECONDS = 10
"""How long a reply waits before it goes out, so that it can be taken back."""

CLAIM_SECONDS = 30 * 60
"""How long a claim holds unless it is renewed: somebody who was called away blocks nobody."""


def wall_clock() -> int:
    """Now, as an instant."""
    return time.time_ns() // 1000


def whoami() -> str:
    """The name under which a person acts: `MODCONSOLE_USER`, else the login name."""
    name = os.environ.get("MODCONSOLE_USER", "").strip()
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "moderator"


class Desk:
    """One person at one database. Safe to use from several threads: each gets its own connection.

    `clock` gives now as an instant; `undo_seconds` is the delay before a reply goes out; `rules` is the folder of the house's
    rules, which is else where `config.paths.rules` says.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        who: str | None = None,
        clock: Callable[[], int] = wall_clock,
        undo_seconds: float = UNDO_SECONDS,
        create: bool = True,
        rules: Path | str | None = None,
    ) -> None:
        self.path = Path(path)
        self.rules = paths.rules(self.path, rules)
        self.who = who or whoami()
        self.clock = clock
        self.undo_delay = int(undo_seconds * SECOND)
        self._create = create
        self._local = threading.local()

    @property
    def db(self) -> Db:
        """This thread's connection, opened on first use."""
        found: Db | None = getattr(self._local, "db", None)
        if found is None:
            found = self._local.db = Db(self.path, create=self._create)
        return found

    def now(self) -> int:
        """Now, as an instant."""
        return self.clock()

    def at(self, now: int) -> Desk:
        """The same desk by a clock that stands at an instant. It shares the connections of this one."""
        fixed = Desk(self.path, who=self.who, clock=lambda: now, create=self._create, rules=self.rules)
        fixed.undo_delay = self.undo_delay
        fixed._local = self._local
        return fixed

    def catch_up(self) -> None:
        """Renew asks whose snooze or promise has ended. Called before reading; costs a look at an index."""
        refresh_expired(self.db, self.now())

    def version(self) -> int:
        """A number that changes when anybody else has changed the database. For following it without reading it."""
        return self.db.data_version()

    def close(self) -> None:
        """Let go of this thread's connection. Other threads' close with their threads."""
        found: Db | None = getattr(self._local, "db", None)
        if found is not None:
            found.close()
            self._local.db = None
