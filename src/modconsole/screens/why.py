"""Why somebody waits, or does not: the proof, in words. Enter on a line goes to the message that is meant."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from textual.app import ComposeResult

from modconsole.desk.explain import Explanation, explain
from modconsole.desk.explain import Line as Considered
from modconsole.desk.views import StandingGap
from modconsole.domain.safetext import EMPTY, Safe, cut, fill, fit, join, line, literal, wrap
from modconsole.domain.times import parse
from modconsole.screens.base import Base, bindings
from modconsole.screens.saying import STATUS, quoted
from modconsole.screens.wording import DOT, SPACE, clock, due, wait
from modconsole.widgets.plain import Piece
from modconsole.widgets.thread import Drawn, ThreadView

_OPEN: Final = ("waiting", "sending", "unknown")
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
"""Times as the proof spells them, which also is for machines."""

_OURS: Final = {"person": literal(" (team)"), "page": literal(" (team)"), "bot": literal(" (our bot)")}
_STEP: Final = literal("\u00b7 ")


@dataclass(frozen=True)
class Said:
    """One sentence of the proof, with a hanging indent; `message` is where Enter goes."""

    text: tuple[Piece, ...]
    indent: int = 0
    message: str | None = None
    below: bool = False
    """Whether an empty line stands below it."""


@dataclass(frozen=True)
class Sentences:
    """The sentences, for `ThreadView`."""

    said: tuple[Said, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.said)

    def key(self, index: int) -> Hashable:
        """A sentence's number is all that it has."""
        return index

    def find(self, key: Hashable, near: int) -> int | None:
        """Where it was, it is."""
        return near if near < self.count else None

    def read(self, start: int, stop: int) -> Sequence[Said]:
        """Some of them."""
        return self.said[start:stop]


class Why(Base):
    """The proof for one message."""

    PLACE = "why"
    BINDINGS = bindings("why")

    def __init__(self, source: str, message: str) -> None:
        super().__init__()
        self._source_id, self._message = source, message
        self._told: Explanation | None = None
        self.view: ThreadView[Said] = ThreadView(draw, on_open=self._go, id="why")

    def body(self) -> ComposeResult:
        """The sentences."""
        yield self.view

    def heading(self) -> Sequence[Piece]:
        """The question."""
        told = self._told
        if told is None:
            return [(literal("Why?"), "strong")]
        return [(question(told), "strong")]

    def on_mount(self) -> None:
        """Read the proof."""
        self.view.focus()
        self.changed()

    def changed(self) -> None:
        """It may have another answer now."""
        self.work(lambda: explain(self.desk, self._source_id, self._message), self._show)

    def _show(self, told: Explanation) -> None:
        self._told = told
        self.show_head()
        self.view.use(Sentences(tuple(sentences(told, self.desk.now()))))

    def _go(self, said: Said) -> None:
        told = self._told
        if told is None or said.message is None:
            return
        self.app.pop_screen()
        below = self.app.screen
        show = getattr(below, "show_message", None)
        if show is None or not show(told.source, told.conversation, said.message):
            self.console.open_conversation(told.source, told.conversation, said.message)


def draw(said: Said, width: int) -> Drawn:
    """A sentence in lines: its first piece stands at the left, the rest hangs beside it."""
    head, *rest = said.text
    text = join([piece for piece, _ in rest]) if rest else head[0]
    style = rest[0][1] if rest else head[1]
    lines: list[list[Piece]] = []
    for number, each in enumerate(wrap(text, max(10, width - said.indent))):
        lead = (fit(head[0], said.indent), head[1]) if rest and not number else (fit(EMPTY, said.indent), "")
        lines.append([lead, (each, style)])
    return Drawn([*lines, []] if said.below else lines)


def question(told: Explanation) -> Safe:
    """What is asked: why they wait, or why they do not."""
    name = cut(line(told.who), 40)
    if told.status in _OPEN:
        return fill("Why does {} wait?", name)
    return fill("Why does {} not wait?", name)


def sentences(told: Explanation, now: int) -> list[Said]:
    """The proof, sentence by sentence."""
    ask = told.ask
    found = [Said(((_answer(told, now), "strong"),))]
    said = quoted(told.text, 70)
    open_item = told.item in ("waiting", "sending", "unknown", "snoozed")
    if ask is not None and ask.waiting_since is not None and told.first_text:
        head = fill("since {}", clock(ask.waiting_since, now))
        found.append(
            Said(((head, ""), (fill("{} is not covered", quoted(told.first_text, 70)), "")), 18, ask.messages[0])
        )
    if open_item:
        since = ask.waiting_since if ask is not None and ask.waiting_since is not None else told.at
        head = clock(told.at, now) if told.first_text else fill("since {}", clock(since, now))
        also = literal("is not covered either") if told.first_text else literal("is not covered")
        found.append(Said(((head, ""), (fill("{} {}", said, also), "")), 18, told.message))
    else:
        head = clock(told.at, now)
        state = STATUS.get(told.item, line(told.item))
        found.append(Said(((head, ""), (fill("{}: {}", said, state), "")), 18, told.message))
    found[-1] = replace(found[-1], below=bool(told.lines))
    found += [_considered(each, now) for each in told.lines if not each.others]
    others = sum(1 for each in told.lines if each.others)
    if others:
        said = fill("{} decisions about others", others) if others > 1 else literal("1 decision about others")
        found.append(Said(((_STEP, "dim"), (said, "dim")), 2))
    found[-1] = replace(found[-1], below=True)
    if told.gap is not None:
        found.append(Said(((_gap(told.gap, now), "warning"),), below=True))
    found += [Said(((each, "dim"),)) for each in _target(told, now)]
    return found


def _gap(gap: StandingGap, now: int) -> Safe:
    """What cannot be seen here: an answer may be missing, and so may a question."""
    return fill("! Not all of this conversation can be seen, since {}: {}.", clock(gap.since, now), line(gap.why, 300))


def _answer(told: Explanation, now: int) -> Safe:
    ask = told.ask
    status = STATUS.get(told.status, line(told.status))
    said = fill("Because {}.", status)
    if ask is None:
        return said
    if told.status in _OPEN and ask.waiting_since is not None:
        return fill(
            "{} waits {}, since {}.",
            cut(line(told.who), 40),
            wait(max(0, now - ask.waiting_since)),
            clock(ask.waiting_since, now),
        )
    if ask.until is not None and told.status in ("snoozed", "promised"):
        said = fill("Because {}, until {}.", status, clock(ask.until, now))
    elif told.status == "closed" and ask.reason:
        by = fill(" by {}", line(ask.by, 60)) if ask.by else EMPTY
        said = fill("Because {}{}: {}.", status, by, line(ask.reason, 200))
    return said


def _considered(each: Considered, now: int) -> Said:
    effect = literal("covers") if each.covers else literal("does not cover")
    style = "accent" if each.covers else ""
    if each.act:
        what = line(each.act)
    elif each.who:
        what = fill("{}{}", line(each.who, 60), _OURS.get(each.ours, EMPTY))
    else:
        what = EMPTY
    reason = line(_STAMP.sub(lambda stamp: clock(parse(stamp[0]), now), each.reason), 400)
    parts = [join([what, SPACE, clock(each.at, now)]) if what else clock(each.at, now), effect, reason]
    text = join([join(parts[:2], literal("  ")), literal(": "), parts[2]])
    if each.text and not each.act:
        text = join([text, DOT, quoted(each.text, 40)])
    return Said(((_STEP, style), (text, style)), 2, each.message)


def _target(told: Explanation, now: int) -> list[Safe]:
    ask = told.ask
    hours = fill(", {}", line(told.hours, 80)) if told.hours else EMPTY
    found = [fill("target {:g} h{}", told.target_hours, hours)]
    if ask is not None and ask.due_at is not None:
        passed = literal(", which has passed") if ask.due_at <= now else fill(" ({})", due(ask.due_at, now))
        found[0] = fill("{} \u2192 due {}{}", found[0], clock(ask.due_at, now), passed)
    if ask is not None and ask.reply_until is not None:
        found.append(fill("the platform takes replies until {}", clock(ask.reply_until, now)))
    if ask is not None and ask.backlog:
        found.append(literal("from before this source was connected: backlog"))
    return found
