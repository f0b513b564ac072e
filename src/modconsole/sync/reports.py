"""What a sync did, and what happens meanwhile: plain values that a log, a command line or a screen can show.

Nothing here holds a text of a stranger or a secret: only counts, ids, and sentences of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, field

Clock = Callable[[], int]
"""Gives the present as an instant (see `modconsole.domain.times`)."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a run over a source has come, within one lane."""

    source: str
    lane: str
    done: int
    total: int | None
    new: int
    changed: int


class Step(Struct, frozen=True, kw_only=True):
    """A reply, or a moderation act, went one step on its way. `words` says what went wrong, where something did."""

    source: str
    send: str
    state: str
    words: str = ""
    what: str = "reply"
    """`reply`, or the name of the act."""


class Finished(Struct, frozen=True, kw_only=True):
    """A source's turn is over."""

    source: str
    result: Result


class Holder(Struct, frozen=True, kw_only=True):
    """Who syncs this database now: `ours`, or the label of somebody else."""

    label: str
    ours: bool


Event = Progress | Step | Finished | Holder
Listener = Callable[[Event], None]


class Result(Struct, kw_only=True):
    """What one turn of one source did.

    `outcome`: `ok`; `failed` (with `error`, `hint`, and whether trying again can help without anybody doing anything);
    `cancelled` before its end; `skipped` where somebody else syncs this database and did not answer in time.
    """

    source: str
    outcome: Literal["ok", "failed", "cancelled", "skipped"] = "ok"
    full: bool = False
    records: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    set_aside: int = 0
    steps: list[Step] = field(default_factory=list)
    error: str = ""
    hint: str = ""
    kind: str = ""
    """The name of the error's class, as `SignInError`."""
    retryable: bool = False
    retry_after: float = 0.0
    seconds: float = 0.0

    def sent(self) -> int:
        """How many replies were seen on the platform in this turn."""
        return len({step.send for step in self.steps if step.state == "confirmed"})


def quiet(_: Event) -> None:
    """A listener that does nothing."""
