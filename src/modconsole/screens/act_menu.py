"""The menu of moderation acts: what can be done to a message, to its author, to its place; a page each, Tab turns them.

The menu stands there at once, and is filled when the platform has said what we may do: a key that is typed ahead belongs to it,
and never to the screen below, where numbers mean something else.

Every act says what it does on this platform and how it is taken back, or that it cannot be; one that this account may not do
stands there with the reason. Where they do not all go in, those that are not at the bar are one line each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.strip import Strip

from modconsole.desk.moderating import On
from modconsole.domain.safetext import EMPTY, Safe, cells, cut, fill, fit, join, line, literal, wrap
from modconsole.screens.act_words import ends, log_line, past
from modconsole.screens.dialogs import Dialog
from modconsole.screens.wording import clock, who
from modconsole.widgets.plain import Painted, Piece, PlainLine

if TYPE_CHECKING:
    from modconsole.desk.moderating import Offer, Possible

KEYS: Final = "123456789abcdefghilmnoprstvwxyz"
"""The keys of the acts in their order; without those that move the bar or leave."""

PAGES: Final[tuple[tuple[On, Safe], ...]] = (
    ("message", literal("message")),
    ("person", literal("person")),
    ("conversation", literal("place")),
)
HISTORY: Final = 2
"""How many of the latest acts on it a page shows."""
PATIENCE: Final = 1.0
"""Seconds for which a key waits for the acts; after that it does nothing, so that nothing happens long after it was pressed."""
AROUND: Final = 7
"""Lines of the screen that the menu leaves free for itself and for what it is about."""

_BAR, _NO_BAR, _GAP, _NOT = literal("\u258c "), literal("  "), literal("  "), literal("\u2717 ")
_NO_UNDO = literal("Cannot be undone.")


@dataclass(frozen=True)
class Chosen:
    """An act that somebody chose, and on what."""

    on: On
    offer: Offer


def offer_lines(
    offers: Sequence[Offer], chosen: int, width: int, room: int, now: int
) -> tuple[list[list[Piece]], list[int]]:
    """The acts as lines of pieces, and the first line of each. Whole where they go into `room` lines."""
    names = max((cells(line(each.info.act)) for each in offers), default=0)
    whole = [_lines(each, names, width, now) for each in offers]
    if sum(map(len, whole)) > room:
        whole = [lines if at == chosen else [_short(lines, width)] for at, lines in enumerate(whole)]
    out: list[list[Piece]] = []
    starts: list[int] = []
    for at, (offer, lines) in enumerate(zip(offers, whole, strict=True)):
        starts.append(len(out))
        bar: Piece = (_BAR, "accent") if at == chosen else (_NO_BAR, "")
        style = "dim" if offer.why_not else ""
        key = line(KEYS[at]) if at < len(KEYS) else literal(" ")
        head: list[Piece] = [bar, (key, "dim" if offer.why_not else "accent"), (_GAP, "")]
        head += [(fit(line(offer.info.act), names), style), (_GAP, "")]
        out.append([*head, *lines[0]])
        out += [[bar, (fit(EMPTY, names + 5), ""), *more] for more in lines[1:]]
    return out, starts


def _lines(offer: Offer, names: int, width: int, now: int) -> list[list[Piece]]:
    """What is said of an act, wrapped beside its name."""
    info, room = offer.info, max(20, width - names - 8)
    style = "dim" if offer.why_not else ""
    lines: list[list[Piece]] = [[(each, style)] for each in wrap(line(info.does, 300), room)]
    undo = fill("Undo: {}.", line(info.undo, 120)) if info.undo else _NO_UNDO
    tail: list[tuple[Safe, str]] = [(undo, "dim" if info.undo or offer.why_not else "warning")]
    if offer.stands is not None:
        stands = offer.stands
        said = fill("{} by {}{}", past(stands.act), line(stands.by, 30), ends(stands, now))
        tail.append((fill("Since {}: {}.", clock(stands.at, now), said), "dim"))
    if offer.why_not:
        tail.append((join([_NOT, line(offer.why_not, 200)]), ""))
    for text, look in tail:
        free = room - sum(cells(piece) for piece, _ in lines[-1]) - 1
        if cells(text) <= free:
            lines[-1] += [(literal(" "), ""), (text, look)]
        else:
            lines += [[(each, look)] for each in wrap(text, room)]
    return lines


def _short(lines: list[list[Piece]], width: int) -> list[Piece]:
    """The first line of several, with a sign that there is more."""
    return (
        lines[0] if len(lines) == 1 else [*lines[0][:-1], (join([lines[0][-1][0], literal("\u2026")]), lines[0][-1][1])]
    )


class _Acts(Painted):
    """The acts of a page; as high as they need, up to what the screen has."""

    DEFAULT_CSS = "_Acts { height: auto; width: 1fr; padding: 0 1; }"

    def __init__(self, now: int) -> None:
        super().__init__(markup=False)
        self._now = now
        self._offers: Sequence[Offer] = ()
        self._chosen = 0
        self._empty: Safe = EMPTY

    def show(self, offers: Sequence[Offer], chosen: int, empty: Safe) -> None:
        """Show these, with the bar at one of them; or a sentence where there are none."""
        layout = len(offers) != len(self._offers) or offers != self._offers or bool(empty) != bool(self._empty)
        self._offers, self._chosen, self._empty = offers, chosen, empty
        self.refresh(layout=layout)

    @property
    def _room(self) -> int:
        return max(3, self.app.size.height - AROUND - HISTORY)

    def _all(self, width: int) -> list[list[Piece]]:
        if not self._offers:
            return [[(each, "dim")] for each in wrap(self._empty, max(20, width))]
        lines, starts = offer_lines(self._offers, self._chosen, width, self._room, self._now)
        if len(lines) <= self._room:
            return lines
        first = min(max(0, starts[self._chosen] - self._room // 2), len(lines) - self._room)
        return lines[first : first + self._room]

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Textual's question for the height: the same wherever the bar is."""
        if not self._offers:
            return len(self._all(width))
        return max(
            min(self._room, len(offer_lines(self._offers, at, width, self._room, self._now)[0]))
            for at in range(len(self._offers))
        )

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        width = self.content_size.width
        lines = self._all(width)
        return self.strip(lines[y] if y < len(lines) else [], width)


class ActMenu(Dialog[Chosen]):
    """What can be done, one key each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right", "turn(1)", show=False),
        Binding("shift+tab,left", "turn(-1)", show=False),
    ]

    def __init__(self, source: str, on: On, now: int) -> None:
        super().__init__(fill("Moderate on {}", line(source, 40)))
        self.possible: Possible | None = None
        self._on, self._now = on, now
        self._filled = asyncio.Event()
        self._pages: list[tuple[On, Safe]] = []
        self._page = self._at = 0
        self._tabs = PlainLine(id="tabs")
        self._acts = _Acts(now)
        self._log = [PlainLine() for _ in range(HISTORY)]

    def question(self) -> ComposeResult:
        """The pages, the acts of the one that is shown, and what was done before."""
        yield self._tabs
        yield self._acts
        yield from self._log

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._show()

    def offer(self, possible: Possible) -> None:
        """What can be done: show the page that was asked for."""
        self.possible = possible
        self._pages = [(each, word) for each, word in PAGES if each in possible.acts]
        self._page = next((at for at, (each, _) in enumerate(self._pages) if each == self._on), 0)
        self._show()
        self._filled.set()

    @property
    def offers(self) -> list[Offer]:
        """The acts of the page that is shown."""
        return self.possible.acts[self._pages[self._page][0]] if self.possible is not None else []

    def _show(self, said: Safe = EMPTY) -> None:
        if self.possible is None:
            self._acts.show([], 0, literal("Asking what can be done there…"))
            self.foot.show([(literal("esc leaves it"), "dim")])
            for shown in self._log:
                shown.display = False
            return
        on, _ = self._pages[self._page]
        self._tabs.show(self._tab_line(on, self.possible))
        self._acts.show(self.offers, self._at, self._nothing(on, self.possible))
        done = self.possible.done.get(on, [])[-HISTORY:]
        for at, shown in enumerate(self._log):
            shown.display = at < len(done)
            if at < len(done):
                act = done[at]
                shown.show([(fill("\u00b7 {}", log_line(act, self._now)), "dim")], [(clock(act.at, self._now), "dim")])
        if said:
            self.foot.show([(said, "warning")])
            return
        last = line(KEYS[min(len(self.offers), len(KEYS)) - 1]) if self.offers else EMPTY
        keys = fill("1 to {}, or enter   ", last) if len(self.offers) > 1 else literal("enter does it   ")
        turn = literal("tab next page   ") if len(self._pages) > 1 else EMPTY
        self.foot.show([(join([keys if self.offers else EMPTY, turn, literal("esc leaves it")]), "dim")])

    def _tab_line(self, shown: On, possible: Possible) -> list[Piece]:
        name = cut(who(possible.name, possible.handle, possible.person), 24)
        named: dict[On, Safe] = {
            "message": fill("by {}", name),
            "person": name,
            "conversation": cut(line(possible.title or "", 60), 24) or literal("this conversation"),
        }
        pieces: list[Piece] = []
        for on, word in self._pages:
            text = join([literal("["), word, literal(": "), named[on], literal("]")]) if on == shown else word
            pieces += [(text, "accent" if on == shown else "dim"), (_GAP, "")]
        return pieces

    def _nothing(self, on: On, possible: Possible) -> Safe:
        if on == "message" and possible.state == "deleted":
            return literal("It is gone on the platform: nothing can be done to it any more.")
        return literal("This platform has no act for that.")

    def action_turn(self, by: int) -> None:
        """Another page."""
        if not self._pages:
            return
        self._page = (self._page + by) % len(self._pages)
        self._at = 0
        self._show()

    async def on_key(self, event: events.Key) -> None:
        """An act's key, the arrows, Enter. What comes before the acts do waits for them, but not for long."""
        if self.possible is None and event.key != "escape":
            with suppress(TimeoutError):
                await asyncio.wait_for(self._filled.wait(), PATIENCE)
        count = len(self.offers)
        if event.key in ("down", "j", "up", "k") and count:
            event.stop()
            self._at = (self._at + (1 if event.key in ("down", "j") else -1)) % count
            self._show()
        elif event.key == "enter" and count:
            event.stop()
            self._take(self._at)
        elif event.character and event.character in KEYS[:count]:
            event.stop()
            self._take(KEYS.index(event.character))

    def _take(self, at: int) -> None:
        offer = self.offers[at]
        self._at = at
        if offer.why_not:
            self._show(join([literal("! "), line(offer.why_not, 200)]))
            return
        self.dismiss(Chosen(self._pages[self._page][0], offer))
