"""A screen that asks: pages of questions one after the other, each answered as a whole; nothing happens in between.

A screen gives `Page`s to `show`, and is told `answered` and `back`. What takes long runs through `ask_for_it`: meanwhile the page
stays, and says what is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import links
from modconsole.desk.adding import Field, WrongAnswers
from modconsole.domain.safetext import EMPTY, Safe, block, cut, fill, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.keys import Command, shown
from modconsole.keys import command as by_id
from modconsole.screens import browser
from modconsole.screens.base import Base, bindings
from modconsole.screens.wording import SPACE
from modconsole.widgets.form import Asked, FormView
from modconsole.widgets.plain import Piece, Plain

T = TypeVar("T")

NEWLINE = literal("\n")
ONWARD = literal("go on")
_COMPLAINT = literal("! ")


@dataclass(frozen=True)
class Page:
    """One page. `url` is an address that the person must open; `onward` says what going on does."""

    intro: Sequence[Piece]
    asked: Sequence[Asked] = ()
    url: str = ""
    onward: Safe = ONWARD
    hint: Safe = EMPTY


def asked_of(fields: Sequence[Field], texts: Mapping[str, str]) -> list[Asked]:
    """The questions of a platform, or of ours, with the answers that stand there at the beginning."""
    return [
        Asked(
            name=each.name,
            label=line(each.label, 60),
            hint=line(each.hint, 200),
            value="" if each.secret else texts.get(each.name, each.default),
            secret=each.secret,
            required=each.required,
            choices=each.choices,
        )
        for each in fields
    ]


def address(url: str) -> list[Piece]:
    """An address to open, as long as it is; nothing in it can act on the terminal."""
    return [(block(url, 4_000, 1), "accent"), (NEWLINE, "")]


class FormScreen(Base):
    """Base of the screens that ask."""

    PLACE = "form"
    BINDINGS: ClassVar[list[BindingType]] = bindings("form")

    def __init__(self) -> None:
        super().__init__()
        self.view = FormView(on_focus=self._focused, on_enter=self._entered, id="form")
        self.trouble = Plain(id="trouble")
        self.about = Plain(id="hint")
        self.page: Page | None = None
        self.waits_for: Safe = EMPTY
        """What is being waited for; empty where nothing is."""
        self.stores = False
        """Whether it is stored just now: too late to leave."""

    # -- what a screen gives ----------------------------------------------------------------------------------------

    def answered(self, answers: dict[str, str]) -> None:
        """The page was answered."""
        raise NotImplementedError

    def back(self) -> None:
        """To the page before."""
        raise NotImplementedError

    def left(self) -> None:
        """The screen is about to go with nothing done."""

    # -- the frame --------------------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The page, and what is to be known of the field at which one types."""
        self.trouble.display = False
        yield self.view
        yield self.trouble
        yield self.about

    async def show(self, page: Page) -> None:
        """Another page."""
        self.page = page
        self.clear()
        await self.view.put(page.intro, page.asked)
        if not page.asked:
            self.about.show(page.hint)
        self.show_head()
        self.unsay()

    def _focused(self, asked: Asked | None) -> None:
        if asked is None:
            return
        parts = [asked.hint] if asked.hint else []
        if asked.choices:
            parts.append(literal("left and right choose"))
        self.about.show([(join(parts, literal("   ")), "dim")])
        self.show_foot()

    def refusal(self, command: Command) -> Safe | None:
        """What needs an address is there where there is one; nothing goes on while something is waited for."""
        if command.id in ("form.open", "form.copy") and not (self.page and self.page.url):
            return literal("There is no address on this page.")
        if self.stores and command.id != "quit":
            return literal("It is being stored: one moment.")
        if self.waits_for and command.id not in ("form.leave", "quit"):
            key = shown(by_id("form.leave").keys[0])
            return fill("Still {}. {} leaves it; nothing was stored.", self.waits_for, line(key))
        return super().refusal(command)

    def _offer(self, command: Command, *, refused: bool) -> list[Piece]:
        """Going on is called what it does here."""
        onward = self.page.onward if self.page is not None else ONWARD
        at_end = command.id == "form.next" and self.view.is_last
        if command.id == "form.go" or at_end:
            command = replace(command, label=onward)
        return super()._offer(command, refused=refused)

    # -- work -------------------------------------------------------------------------------------------------------

    def ask_for_it(
        self,
        words: Safe,
        call: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[ModConsoleError], None] | None = None,
    ) -> None:
        """Do what takes long, in a thread. `words` say what is waited for, as "asking blog.example.com"."""
        self.waits_for = words
        self.show_foot()
        self.ribbon.show([(SPACE, ""), (join([words, literal(" \u2026")]), "accent")])

        def done(result: T) -> None:
            self.rest()
            then(result)

        def trouble(error: ModConsoleError) -> None:
            self.rest()
            (failed or self.wrong)(error)

        self.work(call, done, trouble)

    def rest(self) -> None:
        """Nothing is waited for any more."""
        self.waits_for, self.stores = EMPTY, False
        self.ribbon.show(EMPTY)
        self.show_foot()

    def wrong(self, error: ModConsoleError) -> None:
        """What is wrong with an answer stands below its field, everything else below the page."""
        fields = error.fields if isinstance(error, WrongAnswers) else {}
        if not self.view.complain({name: line(what, 300) for name, what in fields.items()}):
            self.say_error(error)

    def say_error(self, error: ModConsoleError) -> None:
        """What went wrong, and what to do, in as many lines as it takes: it stays until the page is answered again."""
        self.trouble.display = True
        self.trouble.show([(join([_COMPLAINT, line(str(error), 800)]), "warning")])

    def clear(self) -> None:
        """What was wrong is no longer said."""
        self.trouble.display = False
        self.view.complain({})

    # -- commands ---------------------------------------------------------------------------------------------------

    async def _entered(self) -> None:
        """Enter in a line, which has taken the key."""
        await self.action_command("form.next")

    def action_next(self) -> None:
        """To the next field; at the last one, go on."""
        if self.view.is_last:
            self.action_go_on()
        else:
            self.view.move(1)

    def action_go_on(self) -> None:
        """Go on with what stands in the fields."""
        if self.page is not None and not self.waits_for:
            self.clear()
            self.answered(self.view.answers())

    def action_field(self, by: str) -> None:
        """Another field."""
        self.view.move(int(by))

    def action_page(self, by: str) -> None:
        """A screen up or down."""
        self.view.page(int(by))

    def action_back(self) -> None:
        """To the page before."""
        self.back()

    def action_leave(self) -> None:
        """Leave it all; nothing was stored."""
        self.left()
        self.app.pop_screen()

    def action_open_address(self) -> None:
        """Open the address in a browser that has a window of its own; else copy it."""
        url = links.checked(self.page.url) if self.page is not None else ""
        if not url:
            self.say(
                literal("This address cannot be followed: it is not http or https, or has odd signs in it."), "warning"
            )
        elif browser.open_link(url):
            self.say(literal("Opened in the browser."))
        else:
            self.app.copy_to_clipboard(url)
            self.say(literal("No browser can be reached from here. The address is copied: open it where there is one."))

    def action_copy_address(self) -> None:
        """Copy the address, by way of the terminal (OSC 52)."""
        url = links.checked(self.page.url) if self.page is not None else ""
        if not url:
            self.say(literal("This address is not copied: it is not http or https, or has odd signs in it."), "warning")
            return
        self.app.copy_to_clipboard(url)
        self.say(fill("Copied: {}", cut(line(url, 4_000), 60)))
