"""What every screen is: a header line, a body, a ribbon, a footer line; and how it runs commands and work.

    class Inbox(Base):
        PLACE = "inbox"                                  # a key of `keys.PLACES`: bindings, footer, help follow from it
        BINDINGS = bindings("inbox")

        def body(self) -> ComposeResult: ...             # the widgets between header and ribbon
        def heading(self) -> Sequence[Piece]: ...          # the left part of the header
        def changed(self) -> None: ...                   # the database has changed, or a minute has passed
        def action_search(self) -> None: ...             # commands of the table, by their `action`

A command is refused with a reason where `refusal` gives one; the footer says it. Reads and acts go through `work`, which
runs them in a thread and gives the result to a handler. `say` puts a sentence in the footer until the next key.

The app that screens live in is known here by what it must offer (`Console`), so that screens do not import it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.strip import Strip

from modconsole import keys
from modconsole.desk.desk import Desk
from modconsole.desk.views import Header, SourceState
from modconsole.domain.safetext import EMPTY, Safe, cells, fill, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.screens.wording import SPACE, age
from modconsole.widgets.plain import Painted, Piece, PlainLine, pieces_of

if TYPE_CHECKING:
    from modconsole.desk.views import QueueRow

T = TypeVar("T")

GAP = literal("  ")
_BAR = literal("\u2500")

Act = Callable[["QueueRow"], None]
"""A command that can be done again on another ask."""


class Console(Protocol):
    """What the app offers to its screens."""

    desk: Desk
    keymap: Mapping[str, tuple[str, ...]]
    header: Header | None
    """The figures of the header as last read; None before the first time, and where there is no database."""
    repeatable: tuple[Safe, Act] | None
    """The last act on an ask, in words, and how to do it again: what `.` does."""

    def go(self, screen: str) -> None:
        """Show one of the main screens."""

    def open_conversation(self, source: str, conversation: str, focus: str | None = None) -> None:
        """Show a conversation, at a message if one is named."""

    def action_sync(self, source: str | None = None) -> None:
        """Ask for a look at all sources, or at one; says in the footer whether it is done."""

    def read_again(self) -> None:
        """Something of ours has changed: look at the database now instead of at the next tick."""


def bindings(screen: str) -> list[BindingType]:
    """Textual's bindings of a screen, from the key table. Each runs `action_command`; a keymap changes them by their ids."""
    return [
        Binding(",".join(each.keys), f"command('{each.id}')", show=False, id=each.id, priority=each.priority)
        for each in keys.of_screen(screen)
        if each.action
    ]


class Rule(Painted):
    """A line across the screen, with a title in it if there is one."""

    DEFAULT_CSS = "Rule { height: 1; width: 1fr; }"

    def __init__(self, title: Safe = EMPTY, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._title = title

    def render_line(self, y: int) -> Strip:
        """Textual's call for a line."""
        return self.strip(rule(self._title, self.content_size.width), self.content_size.width)


def rule(title: Safe, width: int) -> list[Piece]:
    """`── title ───…` in `width` cells."""
    head = join([_BAR, _BAR, SPACE, title, SPACE]) if title else EMPTY
    return [(join([head, *[_BAR] * max(0, width - cells(head))]), "dim")]


class Base(Screen[None]):
    """A screen of the console."""

    PLACE: ClassVar[str] = ""
    CSS_PATH = None

    def __init__(self) -> None:
        super().__init__()
        self.head = PlainLine(id="head")
        self.ribbon = PlainLine(id="ribbon")
        self.foot = PlainLine(id="foot")
        self._said: tuple[Piece, ...] = ()
        self._works: set[asyncio.Task[None]] = set()
        self._seen = False

    @property
    def console(self) -> Console:
        """The app, as screens know it."""
        return cast("Console", self.app)

    @property
    def place(self) -> str:
        """The keys that work now: `PLACE`, unless a screen has several of them."""
        return self.PLACE

    @property
    def desk(self) -> Desk:
        """The desk that this console is."""
        return self.console.desk

    # -- what a screen gives ------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between header and ribbon."""
        raise NotImplementedError

    def heading(self) -> Sequence[Piece]:
        """The left part of the header: where I am, and what waits."""
        raise NotImplementedError

    def changed(self) -> None:
        """The database has changed, or a minute has passed: look again. Called for the screen that is shown."""

    def header_changed(self, header: Header | None) -> None:
        """The header's figures were read again; the header line is shown already."""

    def refusal(self, command: keys.Command) -> Safe | None:
        """Why a command cannot be done now, in words; None if it can."""
        if command.needs_ask and self.current_ask() is None:
            return literal("There is no ask under the cursor.")
        return None

    def current_ask(self) -> QueueRow | None:
        """The ask that commands act on."""
        return None

    # -- the frame ----------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, rule, body, ribbon, footer."""
        yield self.head
        yield Rule()
        yield from self.body()
        yield self.ribbon
        yield self.foot

    def on_mount(self) -> None:
        """The frame is filled before the first picture."""
        self.show_head()
        self.show_foot()

    def on_resize(self) -> None:
        """Other widths hold other words."""
        self.show_head()
        self.show_foot()

    def on_key(self) -> None:
        """Any key ends what was said; it bubbles through here before its binding runs."""
        if self._said:
            self.unsay()

    def on_screen_resume(self) -> None:
        """Shown again: the database may have changed in between."""
        if self._seen:
            self.show_head()
            self.show_foot()
            self.changed()
        self._seen = True

    def show_head(self) -> None:
        """The header line: the title, and whether each source can vouch for itself. Call it when the title changes."""
        left = [(SPACE, ""), *self.heading()]
        header = self.console.header
        width = self.app.size.width
        room = width - sum(cells(text) for text, _ in left) - 2
        right = trust(header.sources, self.desk.now(), room) if header is not None else []
        self.head.show(left, [*right, (SPACE, "")] if right else EMPTY)

    def show_foot(self) -> None:
        """The footer line: what can be done here now, or the last thing said."""
        if self._said:
            self.foot.show([(SPACE, ""), *self._said])
            return
        room = self.app.size.width + 1  # the last one's gap may be cut off
        shown: list[list[Piece]] = []
        offered = sorted((c for c in keys.of_screen(self.place) if c.footer), key=lambda c: c.footer)
        for each in sorted(offered, key=lambda c: c.footer < 90):  # the last ones are never pushed out by the others
            refused = self.refusal(each) is not None
            if refused and not each.needs_ask:
                continue
            piece = self._offer(each, refused=refused)
            taken = sum(cells(text) for text, _ in piece)
            if taken <= room:
                room -= taken
                shown.append([*piece, (EMPTY, each.id)])
        shown.sort(key=lambda piece: keys.command(piece[-1][1]).footer)
        parts = [part for piece in shown for part in piece[:-1]]
        self.foot.show([(SPACE, ""), *parts[:-1]])

    def _offer(self, command: keys.Command, *, refused: bool) -> list[Piece]:
        """A command in the footer; without its colour where it would be refused."""
        key = line(keys.shown(keys.keys_of(command, self.console.keymap)[0]))
        return [(key, "dim" if refused else "accent"), (SPACE, ""), (line(command.label), "dim"), (GAP, "")]

    # -- saying -------------------------------------------------------------------------------------------------

    def say(self, what: Safe | Sequence[Piece], style: str = "") -> None:
        """Put a sentence in the footer. It stays until the next key."""
        self._said = tuple((text, own or style) for text, own in pieces_of(what))
        self.show_foot()

    def unsay(self) -> None:
        """Show in the footer what can be done now."""
        self._said = ()
        self.show_foot()

    def say_error(self, error: ModConsoleError) -> None:
        """Say what went wrong, and what to do."""
        self.say(join([literal("! "), line(str(error))]), "warning")

    # -- commands -----------------------------------------------------------------------------------------------

    async def action_command(self, ident: str) -> None:
        """Run a command of the table, or say why not."""
        self._said = ()
        command = keys.command(ident)
        refused = self.refusal(command)
        if refused is not None:
            self.say(refused, "warning")
            return
        name, _, argument = command.action.partition(":")
        method = getattr(self, f"action_{name}", None) or getattr(self.app, f"action_{name}")
        result = method(argument) if argument else method()
        if inspect.isawaitable(result):
            await result
        if not self._said:
            self.show_foot()

    def action_back(self) -> Awaitable[None] | None:
        """Back to where we came from."""
        self.app.pop_screen()
        return None

    async def ask_for(self, label: Safe, text: str, take: Callable[[str], None]) -> None:
        """A line to type into, in the ribbon's place; `take` is called with what was typed, unless Esc was pressed."""
        from modconsole.screens.asking import Asking  # what it is made of is not needed for the first picture

        self.ribbon.display = False
        asking = Asking(label, text, take, self.unsay)
        await self.mount(asking, after=self.ribbon)
        self.set_focus(asking.line)  # at once: what is typed ahead belongs into the line
        self.say(
            [
                (literal("Enter"), "accent"),
                (literal(" take it  "), "dim"),
                (literal("esc"), "accent"),
                (literal(" leave it"), "dim"),
            ]
        )

    async def action_search(self) -> None:
        """Ask for words, and list the messages that hold them."""
        await self.ask_for(literal("search"), "", self.search_for)

    def search_for(self, words: str) -> None:
        """List the messages that hold these words."""
        from modconsole.screens.search import SearchScreen

        if words.strip():
            self.app.push_screen(SearchScreen(words.strip()))

    # -- work in threads ----------------------------------------------------------------------------------------

    def work(
        self,
        call: Callable[[], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[ModConsoleError], None] | None = None,
    ) -> None:
        """Run `call` in a thread, then `then` with its result in the screen's loop, unless the screen has gone.

        An error of ours goes to `failed`, which says it in the footer if not given; any other ends the app.
        """
        task = asyncio.create_task(self._work(call, then, failed or self.say_error))
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def _work(
        self, call: Callable[[], T], then: Callable[[T], None] | None, failed: Callable[[ModConsoleError], None]
    ) -> None:
        try:
            result = await asyncio.to_thread(call)
        except ModConsoleError as error:
            if self.is_attached:
                self.call_later(failed, error)
            return
        except Exception as error:
            self.call_later(_raise, error)
            return
        if then is not None and self.is_attached:
            self.call_later(then, result)

    @property
    def working(self) -> bool:
        """Whether something is under way in a thread, for tests."""
        return bool(self._works)

    def on_unmount(self) -> None:
        """Nobody waits for results any more."""
        for task in self._works:
            task.cancel()


def _raise(error: Exception) -> Any:
    raise error


def trust(sources: Sequence[SourceState], now: int, room: int) -> list[Piece]:
    """Each source with the age of its last complete look; `!` where it cannot vouch. In `room` cells, the worst kept.

    Where they do not all go in, those that can vouch are told together, with the oldest of their ages.
    """
    told = [_source(each, now) for each in sources]
    if _width(told) <= room:
        return _spaced(told)
    bad = [_source(each, now) for each in sources if each.state != "fresh"]
    good = [each for each in sources if each.state == "fresh"]
    oldest = max((now - seen for each in good if (seen := _seen(each)) is not None), default=None)
    summed: list[list[Piece]] = []
    if good:
        said = fill("{} ok", len(good)) if oldest is None else fill("{} ok {}", len(good), age(oldest))
        summed = [[(said, "dim")]]
    if _width(summed + bad) <= room:
        return _spaced(summed + bad)
    return _spaced([*summed, [(fill("!{} of {} cannot vouch", len(bad), len(sources)), "warning")]] if bad else summed)


def _seen(state: SourceState) -> int | None:
    return state.complete_through if state.complete_through is not None else state.checked_at


def _source(state: SourceState, now: int) -> list[Piece]:
    name, seen = line(state.source.id, 20), _seen(state)
    if state.source.paused:
        return [(join([name, literal(" !paused")]), "warning")]
    if state.state != "fresh":
        return [(join([name, literal(" !"), age(now - seen) if seen is not None else literal("never")]), "warning")]
    return [(join([name, SPACE, age(now - seen)]) if seen is not None else name, "dim")]


def _width(told: Sequence[Sequence[Piece]]) -> int:
    return sum(cells(text) for piece in told for text, _ in piece) + 2 * max(0, len(told) - 1)


def _spaced(told: Sequence[list[Piece]]) -> list[Piece]:
    return [part for at, piece in enumerate(told) for part in ([(GAP, "")] if at else []) + piece]


def vouched(header: Header | None) -> bool:
    """Whether every source can vouch for what we show: only then is nothing good news."""
    return (
        header is not None
        and bool(header.sources)
        and all(each.state == "fresh" and not each.source.paused for each in header.sources)
    )
