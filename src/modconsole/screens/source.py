"""One source, with all that is known of it: what it can vouch for, every gap, what was set aside, who we are there."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import covering
from modconsole.desk.covering import Detail, SourceState, StandingGap
from modconsole.domain.safetext import EMPTY, Safe, block, fill, fit, join, line, literal, wrap
from modconsole.domain.times import SECOND
from modconsole.keys import Command
from modconsole.screens.base import Base, bindings
from modconsole.screens.source_actions import SourceActions
from modconsole.screens.wording import ASKS, CONVERSATIONS, DOT, ITEMS, MESSAGES, PEOPLE, age, clock, many, wait, who
from modconsole.widgets.plain import Piece
from modconsole.widgets.thread import Drawn, ThreadView

LABEL: Final = 14
"""Cells of the labels at the left."""


NOTHING: Final = literal("There is nothing behind this line.")


@dataclass(frozen=True)
class Fact:
    """Something that is known, with what it is about. Enter opens the conversation or the item that it names."""

    label: Safe
    text: Safe
    style: str = ""
    conversation: str | None = None
    item: int | None = None


@dataclass(frozen=True)
class Facts:
    """The facts, for `ThreadView`."""

    told: tuple[Fact, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.told)

    def key(self, index: int) -> Hashable:
        """What a fact is about, and which one of those it is."""
        fact = self.told[index]
        return fact.conversation or fact.item or (fact.label, index)

    def find(self, key: Hashable, near: int) -> int | None:
        """The same fact after another read."""
        found = next((at for at in range(self.count) if self.key(at) == key), None)
        return found if found is not None else min(near, self.count - 1) if self.count else None

    def read(self, start: int, stop: int) -> Sequence[Fact]:
        """Some of them."""
        return self.told[start:stop]


def draw(fact: Fact, width: int) -> Drawn:
    """The label at the left, what is known beside it."""
    lines: list[list[Piece]] = []
    for number, each in enumerate(wrap(fact.text, max(10, width - LABEL))):
        lead = fit(fact.label if not number else EMPTY, LABEL)
        lines.append([(lead, "dim"), (each, fact.style)])
    return Drawn(lines)


class SourceScreen(SourceActions):
    """All about one source."""

    PLACE = "source"
    BINDINGS: ClassVar[list[BindingType]] = bindings("source")

    def __init__(self, source: str) -> None:
        super().__init__()
        self._named = source
        self._found: Detail | None = None
        self.view: ThreadView[Fact] = ThreadView(draw, on_cursor=self._moved, on_open=self._open, id="facts")

    def body(self) -> ComposeResult:
        """The facts."""
        yield self.view

    def heading(self) -> Sequence[Piece]:
        """`Source blog   WordPress · Lanternfish blog`."""
        found = self._found
        if found is None:
            return [(line(self._named, 60), "strong")]
        name = line(found.state.source.name, 60)
        said = join([line(found.title, 40), DOT, name] if name != self._named else [line(found.title, 40)])
        return [(literal("Source "), ""), (line(self._named, 60), "strong"), (literal("   "), ""), (said, "dim")]

    def on_mount(self) -> None:
        """Read it."""
        self.view.focus()
        self.changed()

    def changed(self) -> None:
        """It may stand differently now."""
        self.work(lambda: covering.detail(self.desk, self._named), self._show)

    def _show(self, found: Detail) -> None:
        self._found = found
        self.view.use(Facts(tuple(facts(found, self.desk.now()))))
        self.show_head()
        self.show_foot()

    def _moved(self, _fact: Fact | None, _index: int, _count: int) -> None:
        self.show_foot()

    def meant(self) -> SourceState | None:
        """The one that is shown."""
        return self._found.state if self._found is not None else None

    def refusal(self, command: Command) -> Safe | None:
        """Only what names something can be opened."""
        if command.id == "list.open":
            fact = self.view.item
            if fact is None or (fact.conversation is None and fact.item is None):
                return NOTHING
        return super().refusal(command)

    def _open(self, fact: Fact) -> None:
        if fact.conversation is not None:
            self.console.open_conversation(self._named, fact.conversation)
        elif fact.item is not None:
            self.app.push_screen(PayloadScreen(self._named, fact.item, fact.text))
        else:
            self.say(NOTHING)


def draw_line(fact: Fact, width: int) -> Drawn:
    """A line of what was set aside, over the whole width."""
    return Drawn([[(each, "")] for each in wrap(fact.text, max(10, width))])


class PayloadScreen(Base):
    """Something that was set aside, as it came from the platform."""

    PLACE = "payload"
    BINDINGS: ClassVar[list[BindingType]] = bindings("payload")

    def __init__(self, source: str, item: int, why: Safe) -> None:
        super().__init__()
        self._source_id, self._item, self._why = source, item, why
        self.view: ThreadView[Fact] = ThreadView(draw_line, id="facts")

    def body(self) -> ComposeResult:
        """The lines."""
        yield self.view

    def heading(self) -> Sequence[Piece]:
        """Why it was set aside."""
        return [(literal("Set aside   "), "strong"), (self._why, "warning")]

    def refusal(self, command: Command) -> Safe | None:
        """It is read, not opened."""
        return NOTHING if command.id == "list.open" else super().refusal(command)

    def on_mount(self) -> None:
        """Read it."""
        self.view.focus()
        self.work(lambda: covering.payload(self.desk, self._source_id, self._item), self._show)

    def _show(self, payload: str) -> None:
        lines = block(payload, 200_000, 4_000).split("\n")
        self.view.use(Facts(tuple(Fact(EMPTY, line(each, 4_000)) for each in lines)))


def facts(found: Detail, now: int) -> list[Fact]:
    """All that is known of a source, the most urgent first."""
    return [
        *_standing(found, now),
        *_looks(found, now),
        *_gaps(found, now),
        *_aside(found, now),
        *_who(found),
        *_set(found, now),
    ]


def _standing(found: Detail, now: int) -> list[Fact]:
    """Whether it can vouch, and what to do if not."""
    state, source = found.state, found.state.source
    if source.paused:
        told = [
            Fact(
                literal("state"), literal("! paused: it is left out of syncs and sends; p takes it in again"), "warning"
            )
        ]
    elif state.state == "fresh":
        told = [Fact(literal("state"), literal("it can vouch for what it shows"))]
    else:
        told = [Fact(literal("state"), fill("! it cannot vouch: {}", line(state.why, 400)), "warning")]
    if source.failed_at is not None:
        said = fill("since {}: {}", clock(source.failed_at, now), line(source.failure or "the last sync failed", 400))
        told.append(Fact(literal("fails"), said, "warning"))
        if source.hint:
            told.append(Fact(literal("to do"), line(source.hint, 400), "strong"))
    if source.retry_at is not None and source.retry_at > now:
        said = fill("the platform wants to be left alone until {}", clock(source.retry_at, now))
        told.append(Fact(literal("rate limit"), said, "warning"))
    told += [Fact(literal("missing"), line(each, 400), "warning") for each in found.missing]
    return told


def _looks(found: Detail, now: int) -> list[Fact]:
    """How far it was seen, and when."""
    state, source = found.state, found.state.source
    told = [
        Fact(literal("complete to"), _at(state.complete_through, now)),
        Fact(literal("last look"), _at(state.checked_at, now)),
        Fact(literal("full walk"), _at(source.walked_at, now)),
    ]
    if not source.account:
        told.append(Fact(literal("sync"), literal("it was imported, and is not synced: l signs in")))
    elif found.syncing:
        told.append(Fact(literal("sync"), fill("every {:g} s, by {}", found.interval, line(found.syncing, 80))))
    else:
        told.append(Fact(literal("sync"), literal("! nobody syncs this database now"), "warning"))
    return told


def _at(instant: int | None, now: int) -> Safe:
    return fill("{} ({})", clock(instant, now), _ago(now - instant)) if instant is not None else literal("never")


def _ago(span: int) -> Safe:
    said = age(max(0, span))
    return said if said == "now" else join([said, literal(" ago")])


def _gaps(found: Detail, now: int) -> list[Fact]:
    """Everything that cannot be seen."""
    told = [Fact(literal("gap"), _gap(each, now), "warning") for each in found.gaps]
    number = found.state.source.gaps
    if number:
        said = fill("{} could not be seen to the end", many(number, *CONVERSATIONS))
        told.append(Fact(literal("threads"), said, "warning"))
        for each in found.conversations:
            title = line(each.title or each.conversation or "", 120)
            told.append(Fact(EMPTY, fill("{}: {}", title, _gap(each, now)), "", each.conversation))
        if number > len(found.conversations):
            told.append(Fact(EMPTY, fill("and {:,} more", number - len(found.conversations)), "dim"))
    return told


def _gap(each: StandingGap, now: int) -> Safe:
    stretch = EMPTY
    if each.begins is not None and each.ends is not None:
        stretch = fill(", of {} to {}", clock(each.begins, now), clock(each.ends, now))
    elif each.begins is not None:
        stretch = fill(", from {} on", clock(each.begins, now))
    elif each.ends is not None:
        stretch = fill(", up to {}", clock(each.ends, now))
    return fill("{} (since {}{})", line(each.why, 400), clock(each.since, now), stretch)


def _aside(found: Detail, now: int) -> list[Fact]:
    number = found.state.source.poisoned
    if not number:
        return []
    said = fill("{} could not be read", many(number, *ITEMS))
    told = [Fact(literal("set aside"), said, "warning")]
    for each in found.set_aside:
        said = fill("{}  {} ({:,} bytes)", clock(each.at, now), line(each.why, 300), each.size)
        told.append(Fact(EMPTY, said, item=each.ident))
    if number > len(found.set_aside):
        told.append(Fact(EMPTY, fill("and {:,} more", number - len(found.set_aside)), "dim"))
    return told


def _who(found: Detail) -> list[Fact]:
    """Who is us there."""
    told: list[Fact] = []
    for each in found.state.source.identities:
        kind = line(each.kind or "person")
        parts = [fill("{} ({})", who(each.name, each.handle, each.id), line(each.id, 80)), kind]
        parts += [literal("its replies count")] if each.counts else []
        parts += [literal("we reply as this one")] if each.id == found.identity else []
        told.append(Fact(literal("us") if not told else EMPTY, join(parts, DOT)))
    return told or [
        Fact(literal("us"), literal("nobody: every reply counts as a stranger's; e says who is us"), "warning")
    ]


def _set(found: Detail, now: int) -> list[Fact]:
    """How much there is, and what is set."""
    source, there = found.state.source, found.holdings
    held = fill(" ({:,} held)", there.held) if there.held else EMPTY
    holds = [
        join([many(there.messages, *MESSAGES), held]),
        many(there.conversations, *CONVERSATIONS),
        many(there.people, *PEOPLE),
        many(source.open_asks, *ASKS),
    ]
    target = wait(int(source.target_hours * 3600 * SECOND))
    hours = join([literal(" of "), line(source.hours, 80)]) if source.hours else EMPTY
    since = source.connected_at
    backlog = fill("before {}", clock(since, now)) if since is not None else literal("nothing is")
    answer = line(source.answer) if source.answer else literal("everyone; in a forum who opened the topic")
    told = [
        Fact(literal("holds"), join(holds, literal(", "))),
        Fact(literal("answer in"), join([target, hours])),
        Fact(literal("we answer"), answer),
        Fact(literal("backlog"), backlog),
    ]
    if source.fresh_within is not None:
        told.append(Fact(literal("stale after"), fill("{:g} minutes", source.fresh_within)))
    if source.url:
        told.append(Fact(literal("address"), line(source.url, 200)))
    if found.secret:
        told.append(Fact(literal("secret in"), line(found.secret, 200)))
    return told
