"""Moderation acts of one source that nobody waits for: queued ones whose time has come, and those that a crash left.

An act that cannot be taken back is queued first, for some seconds in which it can be cancelled; then whoever syncs carries it
out. It is done once on the word of a person: where the message is not what that person saw, it fails and says so.

Whether an act was carried out that is `unsure` can be read where it changed the state of a message. Elsewhere it stays unsure, in
the outbox, until a person does it again, which does no harm, or lets it go.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event as Flag

from modconsole.connectors.base import Connector
from modconsole.domain.records import Record
from modconsole.domain.times import MINUTE, SECOND
from modconsole.errors import Conflict, Gone, ModConsoleError, OutcomeUnknown, PlatformError, RateLimited, SignInError
from modconsole.store import acts
from modconsole.store.acts import ActState, Moderated
from modconsole.store.db import Db
from modconsole.sync.lease import holder_name, is_dead
from modconsole.sync.moderate import PUT_AWAY, REACHES, at_once, call, doubt, leads_back, look, settle
from modconsole.sync.reports import Clock, Listener, Step, quiet

log = logging.getLogger("modconsole.sync")

HUNG = 5 * MINUTE
"""An act that another program has been carrying out for so long was left by it, as far as can be seen from here."""
AS_BEFORE = "The message is as it was: this was not carried out, or was taken back since."
PAUSE = 15 * SECOND
LONGEST_PAUSE = 15 * MINUTE


class ActsUnderWay:
    """Works on the acts of one source, in the thread that owns `db`; only where this process has the sync lease.

    `guard` is called right before a request that acts, and raises where somebody else has taken over. `settles` is how many
    seconds a request that we gave up on may still be worked on.
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
        self.steps: list[Step] = []

    def run(self) -> list[Step]:
        """One round: what a crash left, what is to be looked at, what is due; gives the steps that were taken.

        Raises `SignInError`, `StoreError`, and what `guard` raises; a platform that is out of reach only ends the round.
        """
        self.steps = []
        for act in acts.doing(self.db, self.source):
            self._left(act)
        try:
            for act in acts.to_look_at(self.db, self.source, self.clock()):
                self._look(act)
            for act in acts.due(self.db, self.source, self.clock()):
                if self.stop is not None and self.stop.is_set():
                    break
                self._carry_out(act)
        except SignInError:
            raise
        except PlatformError as error:
            log.info("%s: acts wait: %s", self.source, error.message)
        return self.steps

    def _left(self, act: Moderated) -> None:
        """An act that was being carried out when its program ended."""
        hung = self.clock() - (act.attempted_at or act.at) >= HUNG
        if hung or (act.holder is not None and is_dead(act.holder)):
            doubt(self.db, act, self.clock(), "The program ended while this was being carried out.")
            self._tell(act, "unsure")

    # -- carrying out --------------------------------------------------------------------------------------------------------

    def _carry_out(self, act: Moderated) -> None:
        self.guard()
        if not acts.take(self.db, act.id, holder_name(), self.clock(), among=("queued",)):
            return  # cancelled in the meantime
        self._tell(act, "doing")
        taken = acts.get(self.db, act.id) or act
        try:
            self._as_seen(taken)
            call(self.db, self.connector, taken, self.clock)
        except OutcomeUnknown as error:
            self._tell(act, "unsure", error.message)
        except (RateLimited, SignInError) as error:
            self._later(taken, error)
            raise
        except PlatformError as error:
            if not error.retryable:
                self._fail(act, error)
                return
            self._later(taken, error)
            raise
        except ModConsoleError as error:
            self._fail(act, error)
        else:
            self._tell(act, "done")

    def _as_seen(self, act: Moderated) -> None:
        """Whether the message is still what the moderator saw; otherwise nothing is done to it."""
        if act.on != "message":
            return
        state = look(self.db, self.connector, self.source, act.target, self.clock).state or "live"
        if act.was is not None and state != act.was:
            raise Conflict(
                f"The message was {act.was} when this was ordered, and is {state} now.", hint="Look at it again."
            )

    def _later(self, act: Moderated, error: PlatformError) -> None:
        """Surely nothing was done: back in line."""
        pause = min(PAUSE << min(max(act.attempts - 1, 0), 10), LONGEST_PAUSE)
        if isinstance(error, RateLimited):
            pause = int(min(max(error.retry_after, 1.0), 3600.0) * SECOND)
        self._move(act, "queued", error, not_before=self.clock() + pause)

    def _fail(self, act: Moderated, error: ModConsoleError) -> None:
        self._move(act, "failed", error)

    def _move(self, act: Moderated, state: ActState, error: ModConsoleError, *, not_before: int | None = None) -> None:
        words, hint = error.message, error.hint
        if acts.move(self.db, act.id, state, trouble=words, hint=hint, not_before=not_before, expect=("doing",)):
            self._tell(act, state, words)

    # -- looking -------------------------------------------------------------------------------------------------------------

    def _look(self, act: Moderated) -> None:
        """Read in the message whether an unsure act was carried out."""
        found: list[Record] = []
        try:
            message = look(self.db, self.connector, self.source, act.target, self.clock)
            state = message.state or "live"
            found = [message]
        except Gone:
            state = "deleted"
        except PlatformError as error:
            if error.retryable or isinstance(error, SignInError):
                raise
            self._stays(act, error.message, self.clock() + LONGEST_PAUSE)
            return
        original = acts.get(self.db, act.undoes) if act.undoes is not None else None
        goals = (original.was,) if original is not None else REACHES[act.act]
        left = act.act == "restore" and original is None and state not in PUT_AWAY
        if state in goals or left:
            lost = original is not None or state == "deleted"
            back = None if lost else leads_back(act.act, act.was, state)
            undo: tuple[str, dict[str, str]] | None = (back, {}) if back is not None else None
            settle(self.db, act, found, self.clock(), became=state, undo=undo, note="It was seen on the platform.")
            self._tell(act, "done")
        elif state != act.was:
            self._stays(act, f"The message is {state} now, which this act does not lead to.", None)
        elif self.clock() < (act.attempted_at or act.at) + self.settles:
            self._stays(act, act.trouble, self.clock() + max(self.settles // 6, SECOND))
        elif acts.move(self.db, act.id, "failed", trouble=AS_BEFORE, hint="Do it again.", expect=("unsure",)):
            self._tell(act, "failed", AS_BEFORE)

    def _stays(self, act: Moderated, why: str, retry_at: int | None) -> None:
        acts.move(self.db, act.id, "unsure", trouble=why, hint=act.hint, retry_at=retry_at, expect=("unsure",))

    def _tell(self, act: Moderated, state: str, words: str = "") -> None:
        step = Step(source=self.source, send=act.id, state=state, words=words, what=act.act)
        self.steps.append(step)
        log.info("%s: act %s (%s) is %s", self.source, act.id, act.act, state)
        self.listener(step)


def again(db: Db, connector: Connector, act: Moderated, *, clock: Clock) -> Moderated:
    """Do an act again that is unsure or failed: under its own key, so that it does no more than once.

    Raises what went wrong, having written it down; `Conflict` where the act is neither, or where somebody has changed the
    message since.
    """
    if act.on == "message" and act.act in REACHES:
        state = look(db, connector, act.source, act.target, clock).state or "live"
        if act.was is not None and state not in (act.was, *REACHES[act.act]):
            raise Conflict(f"The message is {state} now: somebody changed it on the platform.", hint="Act anew.")
    if not acts.take(db, act.id, holder_name(), clock(), among=("unsure", "failed")):
        raise Conflict("Only what is unsure or has failed can be tried again.")
    return at_once(db, connector, acts.get(db, act.id) or act, clock)
