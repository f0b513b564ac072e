"""Places that write to us by themselves: which may, by which secrets, and the server that takes what they send.

A source may have several secrets at a time, the newest first, so that one can be exchanged while deliveries go on.
They are kept as one text, separated by spaces, where all secrets are (`config.secrets`); the server notices a change
within seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from modconsole.config.secrets import Kept, Secrets
from modconsole.connectors import webhook
from modconsole.connectors.webhook import Delivery, Reply, Server
from modconsole.desk.desk import Desk
from modconsole.domain.records import Identity, Source
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Conflict, InputError, NotFound, UsageError
from modconsole.store import marks, received
from modconsole.store.db import Db
from modconsole.store.received import Receiver
from modconsole.sync import receive
from modconsole.sync.judging import Judging

PORT = 8765
FRESH_WITHIN = 60.0
"""Minutes after its last complete look until such a source counts as stale, where nobody says otherwise."""
MOST_SECRETS = 5
BELIEVED = 2.0
"""Seconds for which the secrets of a source are not looked up again."""
TEND_EVERY = 30.0
"""Seconds between two looks at what the rules of the house have left to do."""
GRACE = 10.0
"""Seconds that deliveries under way have at the end."""

Made = tuple[str, Kept]
"""A new secret, and where it is kept."""


def receivers(desk: Desk) -> list[Receiver]:
    """The sources that may write to us."""
    return received.receivers(desk.db)


def add(
    desk: Desk,
    source: str,
    *,
    platform: str = "custom",
    name: str | None = None,
    us: tuple[str, ...] = (),
    fresh_within: float = FRESH_WITHIN,
) -> Made:
    """Let a source write to us from now on, and make its first secret. `us` are author ids that are us there.

    A source that is here already keeps its description. Raises `Conflict` for one that writes to us already, or that
    is synced.
    """
    if not source.strip() or "/" in source:
        raise UsageError("The name of a source is text without a slash, as `shop`.")
    if received.receiver(desk.db, source) is not None:
        raise Conflict(f"{source} writes to us already.", hint="--rotate makes another secret for it.")
    exists = marks.exists(desk.db, source)
    if exists and marks.has_account(desk.db, source):
        raise Conflict(f"{source} is synced; it cannot write to us as well.", hint="Choose another name.")
    now = desk.now()
    record = (marks.described(desk.db, source) if exists else None) or Source(id=source, platform=platform, name=name)
    known = {identity.id for identity in record.identities or ()}
    added = [Identity(id=ident) for ident in us if ident not in known]
    record.identities = [*(record.identities or ()), *added] or None
    record.connected_at = record.connected_at or to_datetime(now - now % SECOND)
    record.fresh_within = record.fresh_within or fresh_within
    secret = webhook.new_secret()
    kept = Secrets().set(source, secret)
    received.add(desk.db, record, record.fresh_within, now)
    return secret, kept


def rotate(desk: Desk, source: str) -> Made:
    """Make another secret for a source; those before go on being taken, until `retire`. Raises `NotFound`, `Conflict`."""
    _must_be(desk, source)
    secrets = Secrets()
    with secrets.lock(source):
        old = (secrets.get(source) or "").split()
        if len(old) >= MOST_SECRETS:
            raise Conflict(f"{source} has {len(old)} secrets already.", hint="--retire leaves only the newest.")
        secret = webhook.new_secret()
        return secret, secrets.set(source, " ".join([secret, *old]))


def retire(desk: Desk, source: str) -> int:
    """Leave a source its newest secret only; gives how many others there were. Raises `NotFound`."""
    _must_be(desk, source)
    secrets = Secrets()
    with secrets.lock(source):
        every = (secrets.get(source) or "").split()
        if len(every) > 1:
            secrets.set(source, every[0])
        return max(len(every) - 1, 0)


def remove(desk: Desk, source: str) -> None:
    """Let a source write to us no more, and forget its secrets; what it brought stays. Raises `NotFound`."""
    _must_be(desk, source)
    received.remove(desk.db, source)
    Secrets().delete(source)


def _must_be(desk: Desk, source: str) -> None:
    if received.receiver(desk.db, source) is None:
        raise NotFound(f"{source!r} does not write to us.", hint="`modconsole receive --add` lets it.")


def keys(secret: str) -> tuple[bytes, ...]:
    """The keys in what is kept for a source. Raises `InputError` for text that holds something else."""
    try:
        return tuple(webhook.key_of(each) for each in secret.split())
    except ValueError as error:
        raise InputError(
            f"The secret that is kept is none for webhooks: {error}.", hint="Make one with --rotate."
        ) from None


class Reception:
    """Takes deliveries into the desk's database, from several threads; one at a time is written."""

    def __init__(self, desk: Desk, seconds: Callable[[], float] = time.monotonic) -> None:
        self.desk = desk
        self._seconds = seconds
        self._writing = threading.Lock()
        self._looking = threading.Lock()
        self._keys: dict[str, tuple[float, tuple[bytes, ...]]] = {}
        self._judging = Judging(desk.rules, undo_delay=desk.undo_delay)
        self._tended = -TEND_EVERY

    def keys(self, source: str) -> tuple[bytes, ...]:
        """The keys of a source; none where it may not write to us, or has none that can be used."""
        with self._looking, Db(self.desk.path, create=False) as db:
            if received.receiver(db, source) is None:
                return ()
            believed = self._keys.get(source)
            if believed is None or self._seconds() - believed[0] > BELIEVED:
                try:
                    found = keys(Secrets().get(source) or "")
                except InputError:
                    found = ()
                believed = self._keys[source] = (self._seconds(), found)
            return believed[1]

    def take(self, delivery: Delivery) -> Reply:
        """Store a delivery; the answer is given when it is on the disk."""
        with self._writing, Db(self.desk.path, create=False) as db:
            self._judging.attach(db, self.desk.now())
            reply = receive.take(db, delivery, self.desk.now)
            if self._seconds() - self._tended >= TEND_EVERY:
                self._tended = self._seconds()
                self._judging.tend(db, self.desk.now())
            return reply


def serve(
    desk: Desk, host: str, port: int, stop: threading.Event, listening: Callable[[str], object], *, max_bytes: int
) -> None:
    """Take deliveries until `stop` is set; `listening` is told the address. Those under way are brought to their end.

    Raises `InputError` where nobody can listen at that address.
    """
    reception = Reception(desk)
    try:
        server = Server(
            host, port, reception.keys, reception.take, seconds=lambda: desk.now() / SECOND, max_bytes=max_bytes
        )
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"Nobody can listen at {host}, port {port}: {why}.", hint="Give another --port.") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="receive", daemon=True)
    thread.start()
    try:
        listening(server.url)
        stop.wait()
    finally:
        server.finish(GRACE)
