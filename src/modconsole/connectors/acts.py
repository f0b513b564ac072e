"""Moderation acts: the words for them, what a platform says of each, an order for one, and what came of it.

The vocabulary is the same everywhere, so that a moderator learns it once; what an act *does* differs, so each platform says it
in a sentence, with whether it can be taken back. An order names one message, person or conversation. Carrying it out gives back
the messages as they stand afterwards and the compensating order, if there is one: undo is that order, carried out later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from modconsole.domain.records import Record

Act = Literal[
    "approve",
    "hold",
    "hide",
    "unhide",
    "spam",
    "remove",
    "restore",
    "lock",
    "unlock",
    "label",
    "unlabel",
    "report",
    "acknowledge",
    "escalate",
    "mute",
    "unmute",
    "block",
    "unblock",
    "kick",
    "ban",
    "unban",
]
"""What can be done. A platform has some of them, never all."""

ACTS: tuple[Act, ...] = get_args(Act)

Target = Literal["message", "person", "conversation"]
Takes = Literal["reason", "until", "label"]


@dataclass(frozen=True)
class ActInfo:
    """One act as one platform has it: enough to offer it, to say what will happen, and to ask for what it takes."""

    act: Act
    on: Target
    does: str
    """One sentence in the present tense, ending with a full stop, with the platform's own word for it."""
    undo: str = ""
    """How it is taken back, in a few words; empty where it cannot be."""
    takes: frozenset[Takes] = frozenset()
    """What may be given with it. `label` is the platform's name of a label, flag or reason, one of `choices` where there are
    any."""
    needs: frozenset[Takes] = frozenset()
    """What must be given with it."""
    choices: tuple[str, ...] = ()
    fits: frozenset[str] = frozenset(("live", "held", "hidden", "spam", "removed"))
    """Of an act on a message: the states in which it makes sense."""
    whose: Literal["anybody", "ours", "theirs"] = "anybody"
    """Of an act on a message: on whose messages it can be done."""
    right: str = ""
    """The right that it takes on the platform, in words; empty where every account has it."""


@dataclass(frozen=True)
class Order:
    """One act to be carried out. `key` is the act's UUID, for platforms that honour an idempotency key."""

    key: str
    act: Act
    on: Target
    target: str
    """Native id of the message, the person or the conversation."""
    conversation: str | None = None
    """Where the target was seen: some platforms mute or ban within one place only."""
    reason: str = ""
    until: int | None = None
    """Instant at which it ends by itself; None is for good."""
    label: str = ""
    undoing: Mapping[str, Any] = field(default_factory=dict)
    """Of a compensating order: what the act gave as its `Undo.token`."""


@dataclass(frozen=True)
class Undo:
    """The compensating call of an act: which act, and what the platform needs to know for it. Plain JSON values."""

    act: Act
    token: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What an act came to. `records` are the messages it touched, as they stand now."""

    records: tuple[Record, ...] = ()
    undo: Undo | None = None
    note: str = ""
    """What the moderator should know beyond what the act was said to do, as "it was removed already"."""
