"""Trying a rule over all that is stored, as the rule lab shows it: hits with their places, and what would have come of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Decided = Literal["removed", "kept", "open", ""]


@dataclass(frozen=True)
class Hit:
    """One message that the rule hits, or has lost. All text is raw."""

    ident: int
    at: int
    source: str
    message: str
    conversation: str
    name: str
    text: str
    """The text of the field that was hit."""
    field: str = "body"
    spans: tuple[tuple[int, int], ...] = ()
    channels: tuple[str, ...] = ()
    """How its words were found where they do not stand there plainly."""
    decided: Decided = ""
    changed: Literal["added", "lost", ""] = ""
    waiting: bool = False
    """Whether its author would have been hidden from the queue."""


@dataclass(frozen=True)
class Found:
    """How far a trial has come. Numbers of messages, unless said otherwise."""

    scanned: int = 0
    of: int = 0
    seconds: float = 0.0
    done: bool = False
    hits: int = 0
    against: str = ""
    """The version that it is compared with, as `v3`; empty where there is none."""
    added: int = 0
    lost: int = 0
    decided: dict[str, int] = field(default_factory=dict)
    precision: float | None = None
    waiting: int = 0
    """People."""
    overlaps: tuple[tuple[str, int], ...] = ()
    skipped: int = 0
    first: tuple[Hit, ...] = ()
