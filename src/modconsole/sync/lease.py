"""Who of several processes syncs a database: whoever holds its lease.

The console, a second console and `modconsole sync --watch` may all have one database open. One of them holds the lease, renews
it, and syncs; the others watch, and one takes over when it is let go, when it runs out, or at once when its holder is seen to be
dead on this very machine.
"""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path

from modconsole.domain.times import SECOND
from modconsole.store import marks
from modconsole.store.db import Db
from modconsole.sync.reports import Clock

NAME = "sync"
"""The lease's name in the store."""
SECONDS = 30.0
"""How long a lease lasts unless renewed. Longer than a writer waits for its turn: a busy database costs nobody the lease."""


class Lease:
    """One process's claim to sync one database. `label` is how others see it, as `ann@host (console)`."""

    def __init__(self, label: str, clock: Clock, seconds: float = SECONDS) -> None:
        self.label = label
        self.clock = clock
        self.span = int(seconds * SECOND)
        self.holder = holder_name()

    def hold(self, db: Db) -> str:
        """Take or renew it. Gives "" when it is ours, else the label of who has it."""
        now = self.clock()
        other = marks.acquire(db, NAME, self.holder, self.label, now, now + self.span)
        if not other:
            return ""
        standing = marks.lease(db, NAME)
        if standing is None or not is_dead(standing[0]):
            return other
        marks.release(db, NAME, standing[0])
        return marks.acquire(db, NAME, self.holder, self.label, now, now + self.span)

    def release(self, db: Db) -> None:
        """Let it go, so that somebody else need not wait for its end."""
        marks.release(db, NAME, self.holder)


def _machine() -> str:
    """A name of the space in which process ids mean something: this boot of this machine, and its container."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def holder_name() -> str:
    """A name for something that this process does, by which others can tell whether the process still runs."""
    return f"{_machine()} {os.getpid()} {uuid.uuid4().hex}"


def is_dead(holder: str) -> bool:
    """Whether a holder was a process of this machine that no longer runs."""
    machine, _, rest = holder.rpartition(" ")[0].rpartition(" ")
    if machine != _machine() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it runs, and belongs to somebody else
    return False
