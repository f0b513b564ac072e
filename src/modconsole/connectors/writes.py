"""After a write, no failure may look as if nothing had been done.

Whoever lets a connector send or act does it through `send` and `act` here. `Http` notes every write that is made within them,
and what it was answered; so an error that comes out tells what the platform said of the *write*, and not what became of a
question that was asked after it. That holds for every connector that makes its requests with `Http`, whatever its author thought
of:

- A write was answered with success, or may have been carried out: whatever is raised later is an `OutcomeUnknown`.
- A write was answered with a no, and a question after it failed: an `OutcomeUnknown` too, for the no may mean that it is there.
- Only an act that was looked at, and is not done, may say so (`NotDone`). A reply that is not found yet may still arrive.

Renewing a token is no write in this sense (`aside`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from modconsole.connectors.acts import Done, Order
from modconsole.connectors.base import Connector, Outgoing
from modconsole.domain.records import Record
from modconsole.errors import ModConsoleError, NotDone, OutcomeUnknown, PlatformError, Unreachable


@dataclass
class Trail:
    """What was written so far within one send or act."""

    answered: bool = False
    """A write reached the platform."""
    done: bool = False
    """A write was carried out, or may have been."""
    late: PlatformError | None = None
    """The latest failure of a question that was asked after a write."""


_trail: ContextVar[Trail | None] = ContextVar("trail", default=None)


def send(connector: Connector, reply: Outgoing) -> Record:
    """Send a reply, as `Connector.send` does. An error other than `OutcomeUnknown` says that this try surely did nothing."""
    with _followed():
        return connector.send(reply)


def act(connector: Connector, order: Order) -> Done:
    """Carry out an act, as `Connector.act` does. An error other than `OutcomeUnknown` says that it is not done."""
    with _followed(looks=True):
        return connector.act(order)


@contextmanager
def change() -> Iterator[None]:
    """Around one write, up to where it is known what the platform says of it. Used by `Http.write`."""
    trail = _trail.get()
    if trail is None:
        yield
        return
    sure = False
    try:
        yield
    except OutcomeUnknown:
        raise
    except PlatformError as error:
        sure = True
        trail.answered = trail.answered or not isinstance(error, Unreachable)
        raise
    finally:
        if not sure:
            trail.answered = trail.done = True


@contextmanager
def question() -> Iterator[None]:
    """Around one read. Used by `Http`."""
    try:
        yield
    except PlatformError as error:
        trail = _trail.get()
        if trail is not None and trail.answered:
            trail.late = error
        raise


@contextmanager
def aside() -> Iterator[None]:
    """Within it, a write is no part of the send or act: a token that is renewed on the way."""
    before = _trail.set(None)
    try:
        yield
    finally:
        _trail.reset(before)


@contextmanager
def _followed(*, looks: bool = False) -> Iterator[None]:
    trail = Trail()
    before = _trail.set(trail)
    try:
        yield
    except OutcomeUnknown:
        raise
    except ModConsoleError as error:
        if trail.done and not (looks and isinstance(error, NotDone)):
            raise OutcomeUnknown(f"The platform took it, but what came after failed: {error.message}") from error
        if error is trail.late:
            raise OutcomeUnknown(f"The platform answered, but what came after failed: {error.message}") from error
        raise
    finally:
        _trail.reset(before)


__all__ = ["act", "aside", "change", "question", "send"]
