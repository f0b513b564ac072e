"""The outbox of one source: what is due goes out, what may have gone out is looked for, what went out is read back.

    queued ──take──▶ sending ──▶ sent ──read back──▶ confirmed
       ▲                │  │       └── not there ──▶ sent (looked at again) ──▶ failed
       └── not sent ────┘  └── nobody knows, or the program died ──▶ unsure ──find──▶ confirmed
                                                                        └── surely not there ──▶ failed, tried again

A reply is never sent twice on a guess: a second try is made only when the first surely did nothing, and even then the platform is
asked for the reply before anything is sent. And it is never lost: whatever happens, the row says where it stands.

"Surely not there" takes time: a request that we gave up on may still be worked on. So a reply counts as not arrived only when
it is not found `settles` seconds or more after the last attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event as Flag

from msgspec import Struct, field

from modconsole.connectors import writes
from modconsole.connectors.base import Connector, Outgoing
from modconsole.domain.records import Message, Record, SendState
from modconsole.domain.times import HOUR, MINUTE, SECOND
from modconsole.errors import (
    Duplicate,
    Gone,
    ModConsoleError,
    OutcomeUnknown,
    PlatformError,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)
from modconsole.store import outbox
from modconsole.store.db import Db
from modconsole.store.outbox import OutboxRow
from modconsole.sync.reports import Clock, Listener, Step, quiet

log = logging.getLogger("modconsole.sync")

FIRST_PAUSE = 15 * SECOND
LONGEST_PAUSE = 15 * MINUTE
PATIENCE = 2
"""Tries that come to nothing without being shown as failed: a flood control or a short outage is no news."""
MISSING_AFTER = 1 * HOUR
"""A reply that the platform took and does not have when asked, this long after it was sent, was taken away there."""

_HIDDEN: dict[str, tuple[str, str]] = {
    "held": ("The platform holds the reply back: nobody sees it yet.", "Approve it there, or with the approve key."),
    "hidden": ("The platform hides the reply: nobody sees it.", "Ask a moderator of the place."),
    "spam": ("The platform took the reply for spam: nobody sees it.", "Restore it there, or with the restore key."),
    "removed": ("The reply was removed there: nobody sees it.", "Restore it, or answer anew."),
    "deleted": ("The reply was deleted there: nobody sees it.", "Answer anew."),
}


class LeaseLost(Exception):
    """Another process syncs this database now; what has not begun is left to it."""


class Pushed(Struct):
    """What became of the outbox. `trouble` is the error that ended the round early, where one did."""

    steps: list[Step] = field(default_factory=list)
    trouble: PlatformError | None = None


class Pusher:
    """Works on the outbox of one source, in the thread that owns `db`; only where this process has the sync lease.

    `guard` is called right before a request that sends, and raises `LeaseLost` where somebody else has taken over. Once `stop`
    is set, no other reply is begun.
    """

    def __init__(
        self,
        db: Db,
        connector: Connector,
        source: str,
        clock: Clock,
        *,
        settles: float = 30.0,
        guard: Callable[[], None] = lambda: None,
        stop: Flag | None = None,
        listener: Listener = quiet,
    ) -> None:
        self.db = db
        self.connector = connector
        self.source = source
        self.clock = clock
        self.settles = int(settles * SECOND)
        self.guard = guard
        self.stop = stop
        self.listener = listener
        self.pushed = Pushed()

    def run(self) -> Pushed:
        """One round: what a crash left, what is to be looked for, what is due.

        Raises `SignInError`, `LeaseLost` and `StoreError`; a platform that is out of reach only ends the round (`trouble`).
        """
        self.pushed = Pushed()
        try:
            for row in outbox.open_sends(self.db, self.source, ("sending",)):
                self._unsure(row, "The program ended while this reply was being sent.")
            for row in outbox.to_look_for(self.db, self.source, self.clock()):
                self._look(row)
            for row in outbox.due(self.db, self.source, self.clock()):
                if self.stop is not None and self.stop.is_set():
                    break
                self._send(row)
        except (Unreachable, RateLimited) as error:
            self.pushed.trouble = error
        return self.pushed

    # -- sending -----------------------------------------------------------------------------------------------------------

    def _send(self, row: OutboxRow) -> None:
        """One attempt, from the claim to the read-back."""
        imported = row.not_before is None  # written in another database, which may have sent it
        if not outbox.take(self.db, row.id, self.clock()):
            return
        taken = outbox.get(self.db, row.id)
        if taken is None:
            return
        self._tell(row.id, "sending")
        try:
            if (taken.attempts > 1 or imported) and self._found_before(taken):
                return
            self.guard()
        except LeaseLost:
            self._put_back(taken, self.clock(), "", "")
            raise
        now = outbox.get(self.db, row.id)
        if now is not None and (now.state, now.attempts) == ("sending", taken.attempts):
            self._attempt(taken)  # nobody took it for a crash's leftover in the meantime

    def _found_before(self, row: OutboxRow) -> bool:
        """Look for an earlier attempt's reply. Whatever prevents the look, nothing has been sent this time."""
        try:
            found = self._find(row)
        except (Refused, Gone, OutcomeUnknown):
            return False  # the attempt will say it in better words; and earlier ones surely did nothing
        except PlatformError as error:
            self._later(row, error)
            raise
        if found is not None:
            self._seen(row, found)
        return found is not None

    def _attempt(self, row: OutboxRow) -> None:
        try:
            record = _message(writes.send(self.connector, _outgoing(row)))
        except Duplicate as error:
            self._duplicate(row, error)
        except OutcomeUnknown as error:
            self._unsure(row, error.message, error.hint)
            self._look_again(row.id)
        except (Unreachable, RateLimited, SignInError) as error:
            self._later(row, error)
            raise
        except ModConsoleError as error:  # refused, gone, or not to be spelled on this platform
            self._fail(row, error.message, error.hint or "Change it, or answer in another way.")
        except Exception as error:
            log.error("%s: the connector failed while sending %s: %s", self.source, row.id, type(error).__name__)
            self._unsure(row, f"The connector failed while sending ({type(error).__name__}).")
            self._look_again(row.id)
        else:
            outbox.arrive(self.db, row.id, record, self.clock(), confirmed=False)
            self._tell(row.id, "sent")
            self._look_again(row.id)

    def _duplicate(self, row: OutboxRow, error: Duplicate) -> None:
        """The platform has this very text there already: ours, whenever it was written, unless it is another send's."""
        try:
            found = self._twin(row)
        except PlatformError as trouble:
            self._unsure(row, "The platform says that it has this reply already, and it could not be looked for.")
            if trouble.retryable or isinstance(trouble, SignInError):
                raise
            return
        if found is not None:
            self._seen(row, found)
        else:
            self._fail(row, error.message, "The same words are there already. Change them, or take the reply back.")

    def _twin(self, row: OutboxRow) -> Message | None:
        """The message that makes a reply a duplicate: a visible one, if there is one."""
        others = outbox.known_replies(self.db, self.source) - {row.message or ""}
        first: Message | None = None
        for _ in range(10):
            found = self.connector.find(_outgoing(row, ever=True), others)
            if found is None:
                break
            message = _message(found)
            if (message.state or "live") == "live":
                return message
            first, others = first or message, others | {message.id}
        return first

    # -- looking -----------------------------------------------------------------------------------------------------------

    def _look_again(self, ident: str) -> None:
        row = outbox.get(self.db, ident)
        if row is not None and row.state in ("unsure", "sent"):
            self._look(row)

    def _look(self, row: OutboxRow) -> None:
        """Look on the platform for a reply that may be there. Errors leave it as it is, to be looked for later."""
        try:
            found = self._find(row)
        except (Unreachable, RateLimited, SignInError) as error:
            self._keep(row, error.message, error.hint, self._pause(row, error))
            raise
        except Gone as error:
            found = None
            log.info("%s: looking for %s: %s", self.source, row.id, error.message)
        except PlatformError as error:
            self._keep(row, error.message, error.hint or "Look for it there yourself.", LONGEST_PAUSE)
            return
        if found is not None:
            self._seen(row, found)
        elif row.state == "sent":
            self._not_seen(row)
        else:
            self._not_found(row)

    def _find(self, row: OutboxRow) -> Message | None:
        """By its id where the platform gave one, else by its place and text."""
        if row.message is not None:
            record = self.connector.read(row.message)
            if record is not None or row.state == "sent":
                return _message(record) if record is not None else None
        found = self.connector.find(_outgoing(row), outbox.not_this(self.db, row))
        return _message(found) if found is not None else None

    def _seen(self, row: OutboxRow, message: Message) -> None:
        """It is on the platform; whether anybody else can see it there, its state says."""
        trouble, hint = _HIDDEN.get(message.state or "live", ("", ""))
        outbox.arrive(self.db, row.id, message, self.clock(), confirmed=True, trouble=trouble, hint=hint)
        self._tell(row.id, "confirmed", trouble)

    def _not_seen(self, row: OutboxRow) -> None:
        """The platform took it, and when asked does not have it."""
        since = self.clock() - (row.attempted_at or row.at)
        if since >= max(MISSING_AFTER, self.settles):
            self._fail(row, "The platform took the reply, and it is not there any more.", "Retry sends it again.")
        else:
            words = "The platform took the reply, but it does not show there."
            self._keep(row, words, "It is looked for again.", max(FIRST_PAUSE, since // 2))

    def _not_found(self, row: OutboxRow) -> None:
        """Nobody has it. Early on that means little; after `settles` it means that it did not arrive."""
        now = self.clock()
        settled = (row.attempted_at or row.at) + self.settles
        if now < settled:
            step = max(self.settles // 6, SECOND)
            self._keep(row, row.trouble or "It may have arrived.", "It is looked for.", min(step, settled - now))
            return
        retry_at = now + (self._pause(row) if row.attempts > PATIENCE else 0)
        self._move(
            row, "failed", "It did not arrive.", "It is tried again by itself.", retry_at=retry_at, expect=("unsure",)
        )

    # -- steps -------------------------------------------------------------------------------------------------------------

    def _later(self, row: OutboxRow, error: PlatformError) -> None:
        """Surely nothing was done: back in line; from the third time on it is shown as failed, and tried again all the same."""
        at = self.clock() + self._pause(row, error)
        if row.attempts <= PATIENCE and not isinstance(error, SignInError):
            self._put_back(row, at, error.message, error.hint)
        else:
            self._move(row, "failed", error.message, error.hint, retry_at=at, expect=("sending",))

    def _put_back(self, row: OutboxRow, at: int, words: str, hint: str) -> None:
        self._move(row, "queued", words, hint, retry_at=at, expect=("sending",))

    def _fail(self, row: OutboxRow, words: str, hint: str) -> None:
        self._move(row, "failed", words, hint, expect=("sending", "sent", "unsure"))

    def _unsure(self, row: OutboxRow, words: str, hint: str = "") -> None:
        hint = hint or "It is looked for on the platform before anything is sent again."
        self._move(row, "unsure", words, hint, retry_at=self.clock(), expect=("sending",))

    def _keep(self, row: OutboxRow, words: str, hint: str, pause: int) -> None:
        """As it was, to be looked for again after a pause."""
        self._move(row, row.state, words, hint, retry_at=self.clock() + pause, expect=(row.state,))

    def _move(
        self,
        row: OutboxRow,
        state: SendState,
        words: str,
        hint: str,
        *,
        retry_at: int | None = None,
        expect: tuple[str, ...],
    ) -> None:
        if outbox.move(
            self.db, row.id, state, self.clock(), trouble=words, hint=hint, retry_at=retry_at, expect=expect
        ):
            self._tell(row.id, state, words)

    def _pause(self, row: OutboxRow, error: PlatformError | None = None) -> int:
        """How long to wait before going on: twice as long each time, and as long as the platform asks for."""
        if isinstance(error, SignInError):
            return LONGEST_PAUSE
        pause = min(FIRST_PAUSE << min(max(row.attempts - 1, 0), 10), LONGEST_PAUSE)
        if isinstance(error, RateLimited):
            return int(min(max(error.retry_after, 1.0), 3600.0) * SECOND)
        return pause

    def _tell(self, ident: str, state: str, words: str = "") -> None:
        step = Step(source=self.source, send=ident, state=state, words=words)
        self.pushed.steps.append(step)
        log.info("%s: reply %s is %s", self.source, ident, state)
        self.listener(step)


def _outgoing(row: OutboxRow, *, ever: bool = False) -> Outgoing:
    """The reply as a connector takes it. It cannot be older than the moment when it was written; `ever` leaves that open."""
    return Outgoing(row.id, row.conversation, row.reply_to, row.text, None if ever else row.at)


def _message(record: Record) -> Message:
    if not isinstance(record, Message):
        raise TypeError("the connector gave back something that is no message")
    return record


__all__ = ["LeaseLost", "Pushed", "Pusher"]
