"""The endless part of the demo's feed: new messages composed from written snippets, the same for the same start and
seed.

A message is a greeting, a question and a farewell in one language, by somebody who speaks it. Each language's questions
are used up in a shuffled order before any comes again, and never twice in a row. The pauses grow slowly, so that a demo
left open over night has hundreds of messages waiting and not thousands. Each source has people of its own: nobody
appears as a possible duplicate by accident.
"""

from __future__ import annotations

import html
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

import msgspec

from modconsole.connectors.demo_community import SOURCES, Event, Script, script
from modconsole.domain.records import Author, Conversation, Message
from modconsole.domain.times import DAY, SECOND, to_datetime

_FIRST = 100
"""Seconds until the first message of the stream: the scripted minute comes before it."""
_SLOWER = 20
"""After so many messages the pauses are twice as long, after twice as many three times, and so on."""


class _Person(msgspec.Struct):
    id: str
    name: str
    handle: str
    lang: str
    thanks: str


class _Snippets(msgspec.Struct):
    open: list[str]
    ask: list[str]
    close: list[str]


class _Material(msgspec.Struct):
    gap: tuple[float, float]
    people: list[_Person]
    snippets: dict[str, _Snippets]


@cache
def _material() -> _Material:
    data = resources.files("modconsole.connectors.demo_community").joinpath("stream.json").read_bytes()
    return msgspec.json.decode(data, type=_Material)


@dataclass
class Stream:
    """The stream of one source. `until(instant)` gives all events up to then, and may be asked again and again."""

    source: str
    start: int
    seed: int
    _events: list[Event] = field(default_factory=list)
    _ahead: Iterator[list[Event]] = field(init=False)
    _next: list[Event] = field(init=False)

    def __post_init__(self) -> None:
        self._ahead = _compose(self.source, self.start, self.seed)
        self._next = next(self._ahead)

    def until(self, instant: int) -> list[Event]:
        """All events up to and including that instant, oldest first."""
        while self._next[0].at <= instant:
            self._events += self._next
            self._next = next(self._ahead)
        return [event for event in self._events if event.at <= instant]


def thanks_of(source: str, author: str) -> str | None:
    """How somebody of the stream says thank you on that source; None for everybody else."""
    for person in _people(source):
        if _author(source, person).id == author:
            return _dressed(source, person.thanks)
    return None


def _people(source: str) -> list[_Person]:
    return _material().people[SOURCES.index(source) :: len(SOURCES)]


def _author(source: str, person: _Person) -> Author:
    handle = f"@{person.handle}@tide.example" if source == "masto" else person.handle
    return Author(id=f"{source}-{person.id}", name=person.name, handle=handle)


def _dressed(source: str, text: str) -> str:
    return f"<p>{html.escape(text, quote=False)}</p>" if source == "masto" else text


def questions(source: str, seed: int, lang: str) -> Iterator[str]:
    """The questions of a language without end, shuffled anew for each round, the same one never twice in a row."""
    last = ""
    turn = 0
    while True:
        asks = list(_material().snippets[lang].ask)
        _dice(seed, source, lang, turn).shuffle(asks)
        if asks[0] == last:
            asks.append(asks.pop(0))
        yield from asks
        last = asks[-1]
        turn += 1


def _dice(*parts: object) -> random.Random:
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a repeatable play, no secret


def _compose(source: str, start: int, seed: int) -> Iterator[list[Event]]:
    material = _material()
    asks = {lang: questions(source, seed, lang) for lang in material.snippets}
    at = start + _FIRST * SECOND
    number = 0
    while True:
        number += 1
        dice = _dice(seed, source, number)
        at += int(dice.uniform(*material.gap) * (1 + number / _SLOWER)) * SECOND
        person = dice.choice(_people(source))
        snippets = material.snippets[person.lang]
        parts = (dice.choice(snippets.open), next(asks[person.lang]), dice.choice(snippets.close))
        text = ("" if person.lang == "ja" else " ").join(part for part in parts if part)
        yield _events(script(source), person, f"{source}-n{number}", text, at, dice)


def _events(play: Script, person: _Person, native: str, text: str, at: int, dice: random.Random) -> list[Event]:
    """One message as its platform has it: below a post, as a new topic, as a mention or as a direct message."""
    source, way = play.source, play.settings["stream"]
    author = _author(source, person)
    moment = to_datetime(at)
    conversation = {"topics": f"t-{native}", "mentions": native, "dms": f"d-{person.id}"}.get(way, "")
    events: list[Event] = []
    if way == "comments":
        conversation = dice.choice(play.settings["stream_in"])
    else:
        described = Conversation(
            source=source,
            id=conversation,
            kind="forum" if way == "topics" else "dm" if way == "dms" else "comments",
            title=person.name if way == "dms" else f"{text[:40].rstrip()}…",
            opened_by=author.id,
            reply_until=to_datetime(at + DAY) if way == "dms" else None,
            observed_at=moment,
        )
        events.append(Event(at, described))
    said = Message(
        source=source,
        id=native,
        conversation=conversation,
        author=author,
        created_at=moment,
        text=_dressed(source, f"@lanternfish {text}" if way == "mentions" else text),
        format="html" if source == "masto" else None,
        mentions=[play.settings["send_as"]] if way == "mentions" else None,
    )
    events.append(Event(at, said))
    return events
