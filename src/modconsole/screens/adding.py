"""Adding a source: which platform, then its own questions, what comes in, and what can be chosen; stored at the very end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import adding
from modconsole.desk.adding import Added, Adding, Can, Found, PlatformInfo
from modconsole.domain.safetext import EMPTY, Safe, block, fill, fit, join, line, literal
from modconsole.errors import ModConsoleError
from modconsole.keys import Command
from modconsole.screens.base import bindings
from modconsole.screens.forms import NEWLINE, FormScreen, Page, address, asked_of
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.wording import DOT, who
from modconsole.widgets.fields import LineField
from modconsole.widgets.plain import Piece, Plain
from modconsole.widgets.window import ListPager

NAME = 16
"""Width of a column, in cells."""

_DOT = literal("  \u00b7 ")
_WARN = literal("  ! ")


@dataclass(frozen=True)
class Line:
    """A platform in the list."""

    key: tuple[int]
    info: PlatformInfo


class PlatformsScreen(ListScreen[Line]):
    """Where does your community talk?"""

    PLACE = "platforms"
    BINDINGS: ClassVar[list[BindingType]] = bindings("platforms")

    def __init__(self, on_added: Callable[[Added], None]) -> None:
        super().__init__()
        self._then = on_added
        self.about = Plain(id="about")

    def below(self) -> ComposeResult:
        """All that is to be known of the platform under the cursor."""
        yield self.about

    def moved(self, row: Line | None) -> None:
        """It follows the cursor."""
        self.about.show(described(row.info) if row is not None else EMPTY)

    def heading(self) -> Sequence[Piece]:
        """`Add a source   which platform?`."""
        return [(literal("Add a source"), "strong"), (literal("   which platform?"), "")]

    def pager(self) -> ListPager[Line]:
        """All that can be signed in to."""
        return ListPager([Line((at,), info) for at, info in enumerate(adding.platforms())])

    def column_names(self, width: int) -> Sequence[Piece]:
        """platform, what is synced."""
        return titles((literal("platform"), NAME), (literal("what is synced"), max(0, width - NAME)))

    def draw(self, row: Line, width: int) -> list[Piece]:
        """One platform."""
        return [
            (fit(line(row.info.title, 60), NAME), "strong"),
            (fit(line(row.info.about, 300), max(0, width - NAME)), ""),
        ]

    def lesson(self) -> Sequence[Piece]:
        """There is always one."""
        return ()

    def refusal(self, command: Command) -> Safe | None:
        """A row is picked, not opened, which is the same key."""
        return None if command.id == "list.open" else super().refusal(command)

    def opened(self, row: Line) -> None:
        """Its questions."""
        title = fill("Add a source \u00b7 {}", line(row.info.title, 40))
        self.app.push_screen(AddScreen(title, lambda: Adding(self.desk, row.info.name), self._added))

    def _added(self, added: Added) -> None:
        self.app.pop_screen()
        self._then(added)


def described(info: PlatformInfo) -> list[Piece]:
    """What comes in from a platform, and how well."""
    told = [
        (literal("comes in"), line(info.about, 400)),
        (literal("direct"), _can(info.direct_messages)),
        (literal("our replies"), _can(info.own_replies)),
        (literal("edits"), _can(info.edits)),
        (literal("deletions"), _can(info.deletions)),
        (literal("run against"), line(info.tested, 40)),
    ]
    pieces: list[Piece] = []
    for label, said in told:
        pieces += [(fit(label, 13), "dim"), (said, ""), (NEWLINE, "")]
    return pieces[:-1]


def _can(can: Can) -> Safe:
    """`yes`, `partly: …`, `no`."""
    return join([line(can.level, 10), literal(": "), line(can.how, 200)]) if can.how else line(can.level, 10)


class AddScreen(FormScreen):
    """The questions of one platform, and everything after them."""

    def __init__(self, title: Safe, begin: Callable[[], Adding], on_added: Callable[[Added], None]) -> None:
        """`begin` may take long: it loads the connector. `on_added` is called when the screen has gone."""
        super().__init__()
        self._title, self._begin, self._then = title, begin, on_added
        self._flow: Adding | None = None
        self._at = "begin"
        self._texts: dict[str, str] = {}
        """What was typed on the last page, to be there again after a look back."""

    def heading(self) -> Sequence[Piece]:
        """`Add a source · WordPress   sign in`."""
        words = {
            "begin": literal("one moment"),
            "step": literal("sign in"),
            "trouble": literal("sign in"),
            "found": literal("what comes in"),
            "choices": literal("how it is looked after"),
        }
        return [(self._title, "strong"), (DOT, "dim"), (words[self._at], "")]

    def on_mount(self) -> None:
        """The first question."""
        self.ask_for_it(literal("beginning"), self._begin, self._begun, self._cannot_begin)

    def _begun(self, flow: Adding) -> None:
        self._flow = flow
        self._go_on()

    def _cannot_begin(self, error: ModConsoleError) -> None:
        self.page = Page(intro=())
        self.say_error(error)

    @property
    def flow(self) -> Adding:
        """The flow, which is there from the first page on."""
        assert self._flow is not None
        return self._flow

    # -- pages ------------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """The page that follows from where the flow stands."""
        if self.flow.step is not None:
            self.call_later(self._show_step)
        else:
            self.ask_for_it(
                fill("asking {} who we are", line(self.flow.info.title, 40)),
                self.flow.check,
                self._checked,
                self._refused,
            )

    async def _show_step(self) -> None:
        step = self.flow.step
        if step is None:
            return
        self._at = "step"
        intro: list[Piece] = [(line(step.title, 200), "strong")]
        if step.text:
            intro += [(NEWLINE, ""), (block(step.text, 4_000, 40), "")]
        if step.url:
            intro += [(NEWLINE, ""), (NEWLINE, ""), (literal("Open this address, and come back:"), ""), (NEWLINE, "")]
            intro += address(step.url)
        asked = asked_of(step.fields, {field.name: self.flow.preset(field) for field in step.fields})
        await self.show(Page(intro, asked, url=step.url))

    def _checked(self, _found: Found) -> None:
        self.call_later(self._show_found)

    async def _show_found(self) -> None:
        found = self.flow.found
        if found is None:
            return
        self._at = "found"
        onward = literal("renew it") if found.known else literal("go on")
        await self.show(Page(preview(found), onward=onward))

    async def _show_choices(self) -> None:
        self._at = "choices"
        texts = {**self.flow.texts(), **self._texts}
        intro: list[Piece] = [
            (literal("What can be chosen. All of it can be changed later, and fits most places as it is."), "")
        ]
        await self.show(Page(intro, asked_of(self.flow.questions(), texts), onward=literal("add it")))

    # -- answers ----------------------------------------------------------------------------------------------------

    def answered(self, answers: dict[str, str]) -> None:
        """On to the next page; at the end everything is stored."""
        if self._at == "step":
            flow = self.flow
            self.ask_for_it(literal("asking"), lambda: flow.answer(answers), lambda _: self._go_on(), self._asked_again)
        elif self._at == "found" and self.flow.found is not None:
            if self.flow.found.known:
                self._store({})
            else:
                self.call_later(self._show_choices)
        elif self._at == "trouble":
            self._go_on()
        elif self._at == "choices":
            self._texts = answers
            self._store(answers)

    def _asked_again(self, error: ModConsoleError) -> None:
        """An answer was not taken: the step, perhaps with another address, is asked again."""
        if isinstance(error, adding.WrongAnswers):
            self.wrong(error)
            return
        typed = self.view.answers()
        self._ask_again(error, typed)

    def _ask_again(self, error: ModConsoleError, typed: dict[str, str]) -> None:
        self.call_later(self._show_again, error, typed)

    async def _show_again(self, error: ModConsoleError, typed: dict[str, str]) -> None:
        await self._show_step()
        for row in self.view.rows:
            if isinstance(row.field, LineField) and not row.asked.secret and row.asked.name in typed:
                row.field.put(typed[row.asked.name])
        self.say_error(error)

    def _refused(self, error: ModConsoleError) -> None:
        """The platform does not take the sign-in: back to the last question, with everything that was typed but the secret.

        Where it could not be asked, it can be asked again as it is.
        """
        flow = self.flow
        if error.retryable:
            self.call_later(self._show_trouble, error)
            return
        self.ask_for_it(literal("going back"), flow.back, lambda _: self._ask_again(error, {}))

    async def _show_trouble(self, error: ModConsoleError) -> None:
        self._at = "trouble"
        intro: list[Piece] = [
            (fill("{} could not be asked who we are.", line(self.flow.info.title, 60)), "strong"),
            (NEWLINE, ""),
            (NEWLINE, ""),
            (fill("! {}", line(str(error), 600)), "warning"),
        ]
        await self.show(Page(intro, onward=literal("try again")))

    def _store(self, answers: dict[str, str]) -> None:
        flow = self.flow
        self.stores = True
        self.ask_for_it(literal("storing it"), lambda: flow.finish(flow.choices(answers)), self._stored)

    def _stored(self, added: Added) -> None:
        self.app.pop_screen()
        self._then(added)

    # -- back and away ----------------------------------------------------------------------------------------------

    def back(self) -> None:
        """A page back; before the first one, away."""
        if self._at == "choices":
            self._texts = self.view.answers()
            self.call_later(self._show_found)
        elif self._flow is None:
            self.action_leave()
        else:
            flow = self._flow
            self.ask_for_it(literal("going back"), flow.back, self._went_back)

    def _went_back(self, there_was: bool) -> None:
        if there_was:
            self.call_later(self._show_step)
        else:
            self.action_leave()

    def left(self) -> None:
        """Nothing was stored."""
        if self._flow is not None and not self.waits_for:
            self._flow.cancel()


def preview(found: Found) -> list[Piece]:
    """Who we are there, what will be synced, what is missing, who else may be us. All of it is the platform's text."""
    account = found.account
    name = who(account.name, account.handle, account.id)
    pieces: list[Piece] = [(literal("Signed in as "), ""), (name, "strong")]
    if account.handle and account.handle != account.name:
        pieces.append((fill(" ({})", line(account.handle, 80)), ""))
    places = [line(each, 120) for each in (account.site_name, account.site_url) if each]
    if places:
        pieces.append((fill(" on {}", join(places, DOT)), ""))
    pieces.append((NEWLINE, ""))
    if found.was:
        pieces += [
            (NEWLINE, ""),
            (fill("! Until now replies went out as {}.", line(found.was, 80)), "warning"),
            (NEWLINE, ""),
        ]
    if found.known:
        said = fill(
            "{} is here already. Its sign-in is renewed; everything else of it stays.", line(found.record.id, 80)
        )
        pieces += [(NEWLINE, ""), (said, ""), (NEWLINE, "")]
    pieces += _listed(literal("Will be synced"), _DOT, account.syncs, "")
    pieces += _listed(literal("Missing permissions"), _WARN, account.missing, "warning")
    others = [f"{who(each.name, each.handle, each.id)} ({each.id})" for each in account.others]
    pieces += _listed(literal("May be us too, which is asked on the next page"), _DOT, others, "")
    return pieces


def _listed(title: Safe, mark: Safe, lines: Sequence[str], style: str) -> list[Piece]:
    if not lines:
        return []
    pieces: list[Piece] = [(NEWLINE, ""), (title, "strong"), (NEWLINE, "")]
    for each in lines:
        pieces += [(mark, style), (line(each, 400), style), (NEWLINE, "")]
    return pieces
