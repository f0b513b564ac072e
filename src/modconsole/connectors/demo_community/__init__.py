"""The made-up community of the demo: the files, and the reader that turns them into exchange records.

Lanternfish is an open e-paper weather display, made by a small crew. Neither exists; nor does anybody who writes here.
One `.jsonl` file is one source. A line is a record of the exchange format with four shorthands, so that a person can
write it:

- every time may be relative to the start of the demo: `-1d 2h`, `+45s` (units `w d h m s`, one sign for the whole);
- `type` is `message` and `source` is the file's source where they are not given, and `conversation` is the one
  described last;
- `author` names a `{"type": "person"}` line, which also holds how that person says thank you (`thanks`);
- `after` (seconds since the start) makes a line part of the living feed: it is not there before, and `created_at`
  defaults to it.

Ids of decisions and sends are labels here and become UUIDs that are the same for the same start. What only the made-up
platform knows is on the source line (`send_as`, `max_length`, `reply_window`, `down_for`, `stream`) and
on conversation lines (`locked`: refuses replies; `flaky`: the first reply arrives although the answer is lost).
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from modconsole.domain.records import Author, Record, Source
from modconsole.domain.times import DAY, HOUR, MINUTE, SECOND, to_datetime

SOURCES: tuple[str, ...] = ("blog", "forum", "masto", "matrix", "insta")
"""The demo's sources, in the order in which they are listed."""

_UNITS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_SPAN = re.compile(r"([+-])((?:\d+[wdhms] ?)+)")
_TIMES = frozenset(
    {"created_at", "edited_at", "state_at", "observed_at", "opened_at", "reply_until", "connected_at"}
    | {"at", "until", "undone_at", "checked_at", "complete_through", "from"}
)


@dataclass(frozen=True)
class Event:
    """A record, and the instant from which the platform shows it."""

    at: int
    record: Record


@dataclass(frozen=True)
class Script:
    """One source as written, before any time is known."""

    source: str
    settings: dict[str, Any]
    """The source line with the keys of the made-up platform."""
    people: dict[str, Author]
    thanks: dict[str, str]
    """Author id → how that person says thank you; who is missing never does."""
    locked: frozenset[str]
    flaky: frozenset[str]
    lines: tuple[dict[str, Any], ...] = field(repr=False)

    def events(self, start: int) -> list[Event]:
        """Everything scripted, in the order of the file; what was there before the start is shown at the start."""
        return [self._event(line, start) for line in self.lines]

    def history(self, start: int) -> list[Record]:
        """What is there when the demo starts: the source, what was said, decided, sent, and can be vouched for."""
        return [self._event(line, start).record for line in self.lines if "after" not in line]

    def _event(self, line: dict[str, Any], start: int) -> Event:
        values = _placed(line, start)
        after = values.pop("after", None)
        at = start if after is None else start + after * SECOND
        if values["type"] == "message":
            values["author"] = self.people.get(values["author"]) or Author(id=values["author"])
            values.setdefault("created_at", to_datetime(at))
        elif after is not None:
            values.setdefault("observed_at", to_datetime(at))
        if values["type"] in ("decision", "send"):
            values["id"] = stable_uuid(values["id"], values["at"].timestamp())
        return Event(at, msgspec.convert(values, type=Record))


@cache
def script(source: str) -> Script:
    """The script of one of `SOURCES`. Raises `KeyError` for any other name."""
    if source not in SOURCES:
        raise KeyError(source)
    text = resources.files(__name__).joinpath(f"{source}.jsonl").read_text("utf-8")
    people: dict[str, Author] = {}
    thanks: dict[str, str] = {}
    lines: list[dict[str, Any]] = []
    conversation = ""
    for raw in text.strip().split("\n"):  # not splitlines(): texts may hold other line separators
        line: dict[str, Any] = {"type": "message", "source": source, **msgspec.json.decode(raw)}
        kind = line["type"]
        if kind == "person":
            people[line["id"]] = msgspec.convert(line, type=Author)
            if "thanks" in line:
                thanks[line["id"]] = line["thanks"]
            continue
        if kind == "source":
            settings = line
            people |= {us["id"]: Author(id=us["id"], name=us["name"], handle=us["handle"]) for us in line["identities"]}
        elif kind == "conversation":
            conversation = line["id"]
        elif kind in ("message", "decision", "send"):
            line.setdefault("conversation", conversation)
        lines.append(line)
    return Script(
        source=source,
        settings=settings,
        people=people,
        thanks=thanks,
        locked=frozenset(line["id"] for line in lines if line.get("locked")),
        flaky=frozenset(line["id"] for line in lines if line.get("flaky")),
        lines=tuple(lines),
    )


def span(text: str) -> int:
    """Microseconds of a relative time such as `-1d 2h` or `+45s`. Raises `ValueError` for anything else."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a relative time; write it as -1d 2h or +45s")
    total = sum(int(part[:-1]) * _UNITS[part[-1]] for part in match[2].split())
    return -total if match[1] == "-" else total


def stable_uuid(label: str, seconds: float) -> str:
    """A UUID of version 7 (RFC 9562) with that time, whose random part comes from the label: the same every time."""
    digest = int.from_bytes(hashlib.sha256(label.encode()).digest()[:10], "big")
    value = int(seconds * 1000) << 80 | digest
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def source_record(name: str, start: int) -> Source:
    """The `source` record of one of `SOURCES`."""
    return next(record for record in script(name).history(start) if isinstance(record, Source))


def _placed(value: Any, start: int, key: str = "") -> Any:
    """A copy in which every relative time is an absolute one."""
    if isinstance(value, dict):
        return {name: _placed(inner, start, name) for name, inner in value.items()}
    if key in _TIMES and isinstance(value, str):
        return to_datetime(start + span(value))
    return value
