"""What the rule lab and its worker say to each other: JSON lines, over the worker's standard input and output.

A `Request` ends whatever was asked before it. Each event carries the generation of the request that it answers.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from modconsole.desk.trial import Report, TrialHit
from modconsole.policy.model import Problem


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Try the document `text`. `against` is the document that it is compared with; None: with nothing. Without `text` what was
    asked before ends, and nothing else happens."""

    generation: int
    text: str | None = None
    against: str | None = None
    limit: int = 50


class Problems(Struct, frozen=True, kw_only=True, tag="problems"):
    """What is wrong with the document, or to be known about it; comes first, empty where there is nothing. Where it is no rule
    (`usable` is false) nothing else comes."""

    generation: int
    problems: tuple[Problem, ...]
    usable: bool


class Hits(Struct, frozen=True, kw_only=True, tag="hits"):
    """More of the first hits, the latest stored first."""

    generation: int
    hits: tuple[TrialHit, ...]


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """How far it is. While the copy of the texts is being made `copying` is true, and `done` of `of` are copied."""

    generation: int
    done: int
    of: int
    hits: int
    seconds: float
    copying: bool = False


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """All of it."""

    generation: int
    report: Report


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """It could not be tried: what happened, and what to do."""

    generation: int
    words: str
    hint: str = ""


class Ready(Struct, frozen=True, kw_only=True, tag="ready"):
    """The worker waits: what was asked is done, or was ended. `seconds` is how long it took to end what a newer request
    replaced; None where nothing was."""

    generation: int
    seconds: float | None = None


Event = Problems | Hits | Progress | Done | Failed | Ready

_encoder = msgspec.json.Encoder()
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_requests = msgspec.json.Decoder(Request)


def line(said: Event | Request) -> bytes:
    """One line."""
    return _encoder.encode(said) + b"\n"


def event(text: bytes) -> Event:
    """The event of a line. Raises `msgspec.MsgspecError`."""
    return _events.decode(text)


def request(text: bytes) -> Request:
    """The request of a line. Raises `msgspec.MsgspecError`."""
    return _requests.decode(text)
