"""The rule lab: the text of a rule file, what is wrong with it, and beside it what the rule would hit of all that is stored.

The text is read again at every pause in the typing, in a thread; what can be read is tried over all messages by a process of its
own (`desk.backtesting.Lab`), newest first. What comes late, for a text that is no longer there, is dropped. `tab` goes from the
text to the hits, where every key is a command, and back.

Nothing that was written is lost: half a second later it is a draft in the database, and stays one until it is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from modconsole.desk import rule_texts, rule_trials, ruling
from modconsole.domain.safetext import EMPTY, Safe, cells, cut, fill, line, literal, wrap
from modconsole.errors import ModConsoleError
from modconsole.keys import Command
from modconsole.screens import rule_trouble
from modconsole.screens.base import Rule, bindings
from modconsole.screens.rule_trial import Trial
from modconsole.screens.rule_words import state_of
from modconsole.screens.rule_writing import Writing
from modconsole.screens.wording import DOT, SPACE
from modconsole.widgets.lines import Lines
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from textual.timer import Timer

    from modconsole.desk.rule_texts import Checked, Draft, File
    from modconsole.desk.ruling import RuleState, Version

SOON: Final = 0.08
"""Seconds without a key after which a text is tried."""
WIDE: Final = 100
"""Cells from which on the hits stand beside the text."""
TROUBLE: Final = 3
"""Lines below the text for what is wrong with it."""

Standing = tuple[list["RuleState"], dict[str, list["Version"]]]
"""All rules, and the versions of those in a file."""


def _both() -> list[BindingType]:
    """The keys of both panes. Where text is written, characters are text: only the others reach these."""
    there = bindings("lab-hits")
    known = {each.id for each in there if isinstance(each, Binding)}
    return [*(each for each in bindings("lab") if isinstance(each, Binding) and each.id not in known), *there]


class LabScreen(Writing):
    """One rule file. `path` is its name in the folder; None for a new one, whose name `rule` is then."""

    PLACE = "lab-hits"
    BINDINGS: ClassVar[list[BindingType]] = _both()
    DEFAULT_CSS = """
    LabScreen {
        & #lab { height: 1fr; layout: vertical; }
        & #writing, & #trying { width: 1fr; height: 1fr; }
        & #between { display: block; }
        &.-beside #lab { layout: horizontal; }
        &.-beside #writing { width: 45%; }
        &.-beside #trying { border-left: solid $panel; }
        &.-beside #between { display: none; }
        &.-text #trying { height: 42%; }
        &.-hits #writing { height: 34%; }
    }
    """

    def __init__(self, path: str | None, rule: str, on_leave: Callable[[], None]) -> None:
        super().__init__(path, on_leave)
        self._rule = rule
        self.trouble = Lines(id="problems")
        self.trial = Trial(self)
        self.rules: rule_texts.RuleSet | None = None
        self._versions: dict[str, list[Version]] = {}
        self.checked: Checked | None = None
        self._generation = 0
        self._soon: Timer | None = None

    # -- the frame ----------------------------------------------------------------------------------------------

    @property
    def place(self) -> str:
        """Where the keys are: in the text, or at the hits."""
        return "lab" if self.area.has_focus else "lab-hits"

    @property
    def roomy(self) -> bool:
        """Whether there is room for more than the first hits."""
        return self.has_class("-beside") or self.has_class("-hits") or self.app.size.height >= 36

    def body(self) -> ComposeResult:
        """The text with what is wrong with it; what it would hit."""
        with Container(id="lab"):
            with Vertical(id="writing"):
                yield self.area
                yield self.trouble
            yield Rule(id="between")
            with Vertical(id="trying"):
                yield from self.trial.widgets()

    def on_mount(self) -> None:
        """The text first; then the folder, and the process that tries it."""
        self._arrange()
        self.area.focus()
        self.work(self._read, self._begin)

    def on_resize(self) -> None:
        """Beside each other, or one above the other."""
        self._arrange()
        self.trial.show()

    def _arrange(self) -> None:
        beside = self.app.size.width >= WIDE
        at_hits = self.trial.list.has_focus
        self.set_class(beside, "-beside")
        self.set_class(not beside and not at_hits, "-text")
        self.set_class(not beside and at_hits, "-hits")

    def on_descendant_focus(self) -> None:
        """The other pane has the keys now."""
        self._arrange()
        self.trial.show()
        self.show_foot()

    def heading(self) -> Sequence[Piece]:
        """`Rules · no-ads v4 · shadow · not saved`."""
        told: list[Piece] = [(literal("Rules"), "dim"), (DOT, "dim"), (cut(line(self._rule, 64), 40), "strong")]
        state = self.state
        if state is not None:
            word, style = state_of(state.effective)
            told += [(fill(" v{}", state.version), ""), (DOT, "dim"), (word, style)]
        elif self.path is None:
            told.append((literal(" (new)"), "dim"))
        if self.unsaved:
            told += [(DOT, "dim"), (literal("\u270e not saved"), "accent")]
        return told

    def show_head(self) -> None:
        """On the right stands what it did until now."""
        state = self.state
        right: list[Piece] = []
        if state is not None:
            right = [
                (fill("hits today {:,}", state.hits_today), "dim"),
                (fill(" \u00b7 taken back {:,}/{:,} ", state.reversed_30d, state.acted_30d), "dim"),
            ]
        left: list[Piece] = [(SPACE, ""), *self.heading()]
        room = self.app.size.width - sum(cells(text) for text, _ in left)
        self.head.show(left, right if room > sum(cells(text) for text, _ in right) else EMPTY)

    # -- reading ------------------------------------------------------------------------------------------------

    def _standing(self, path: str) -> Standing:
        """How the rules of the file stand, with their versions; in a thread."""
        states = ruling.listing(self.desk)
        ours = [each.id for each in states if each.path == path]
        return states, {each: ruling.versions(self.desk, each) for each in ours}

    def _read(self) -> tuple[File, rule_texts.RuleSet, Standing, Draft | None]:
        """In a thread."""
        file = (
            rule_texts.read_file(self.desk, self.path)
            if self.path is not None
            else rule_texts.new_file(self.desk, self._rule)
        )
        return file, ruling.load(self.desk), self._standing(file.path), rule_texts.draft(self.desk, file.path)

    def _begin(self, read: tuple[File, rule_texts.RuleSet, Standing, Draft | None]) -> None:
        file, self.rules, standing, draft = read
        typed = self.area.text
        self.begin_with(file, draft)
        self.show_standing(standing)
        if self.state is not None and self.state.line > 1:
            self.area.at_line(self.state.line)
        if typed:
            self.area.insert(typed)
        self.show_head()
        self.trial.start()
        self._try()

    def changed(self) -> None:
        """The database has changed: how it stands with the rule."""
        file = self.file
        if file is not None:
            self.work(lambda: self._standing(file.path), self.show_standing)

    def show_standing(self, standing: Standing) -> None:
        """How the rules of the file stand now."""
        states, self._versions = standing
        self.state = next((each for each in states if each.id == self._rule), self.state)
        self.show_head()

    # -- while it is written ------------------------------------------------------------------------------------

    def edited(self) -> None:
        """The text has changed, in the handler of the key."""
        if self.file is None:
            return
        self._generation += 1
        self.show_head()
        self.unsay()
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(SOON, self._try)
        self.keep_later()

    def _try(self) -> None:
        """Read the text, in a thread; then try it."""
        rules, generation, text = self.rules, self._generation, self.area.text
        if rules is None or self.file is None:
            return
        path = self.file.path

        def read(checked: Checked) -> None:
            if generation == self._generation:
                self._show_checked(checked)

        self.work(lambda: rule_texts.check(text, path, rules), read)

    def _show_checked(self, checked: Checked) -> None:
        self.checked = checked
        self.area.show_signs(rule_trouble.signs(checked))
        self._show_trouble()
        self._try_rule()

    def _try_rule(self) -> None:
        """Try the rule that the cursor is in."""
        checked = self.checked
        if checked is None:
            return
        document = rule_texts.document_at(self.area.text, self.area.line)
        rule = checked.rule_at(document)
        if rule is not None and rule.id != self._rule:
            self._rule = rule.id
            self.changed()
        if rule is None:
            self.trial.use(None)
            return
        older = next((each for each in self._older(rule.id) if each.source.strip() != document.text.strip()), None)
        against = (older.source, f"v{older.version}") if older is not None else ("", "")
        self.trial.use(document.text, *against, takes_down=rule_trials.takes_down(rule))

    def _older(self, rule: str) -> Sequence[Version]:
        return self._versions.get(rule, ())

    def moved(self) -> None:
        """The cursor is on another line."""
        self._show_trouble()
        checked = self.checked
        if checked is not None and len(checked.rules) > 1:
            self._try_rule()

    def _show_trouble(self) -> None:
        """What is to be said of the line of the cursor; else the first thing that is wrong; else that nothing is."""
        checked = self.checked
        if checked is None:
            return
        width = max(20, self.trouble.content_size.width or self.app.size.width)
        lines: list[list[Piece]] = []
        for said, style, after in rule_trouble.about(checked, self.area.line):
            parts = wrap(said, width - 1)
            lines += [[(SPACE, ""), (each, style)] for each in parts]
            if cells(parts[-1]) + cells(after) < width:
                lines[-1].append((after, "dim"))
        self.trouble.show(lines[:TROUBLE])

    def action_problem(self) -> None:
        """To the next line with a problem, or with an example that fails."""
        checked = self.checked
        if checked is None:
            return
        places = rule_trouble.places(checked)
        if not places:
            self.say(literal("Nothing is wrong with it."))
            return
        after = [place for place in places if place[0] > self.area.line]
        self.area.at_line(*(after or places)[0])
        self.area.focus()

    # -- the two panes ------------------------------------------------------------------------------------------

    def action_pane(self) -> None:
        """From the text to the hits, and back."""
        self.set_focus(self.trial.list if self.area.has_focus else self.area)

    def refusal(self, command: Command) -> Safe | None:
        """What needs a hit needs one under the cursor; what needs a rule needs one that is saved."""
        if command.id in ("lab.hit", "lab.miss", "list.open") and self.trial.row is None:
            return literal("There is no hit under the cursor.")
        if command.id == "lab.save" and self.file is not None and self.file.digest and not self.unsaved:
            return literal("It is saved already.")
        if command.id == "rule.live" and self.unsaved:
            return literal("Save it first (ctrl+s): what goes live is a version.")
        return super().refusal(command)

    def action_must_hit(self) -> None:
        """Save the hit as an example that must hit."""
        self._example(hit=True)

    def action_must_miss(self) -> None:
        """Save the hit as an example that must miss."""
        self._example(hit=False)

    def _example(self, *, hit: bool) -> None:
        row = self.trial.row
        if row is None:
            return
        example, field = self.trial.example(row)
        try:
            text = rule_texts.with_example(self.area.text, self.area.line, example, hit=hit, field=field)
        except ModConsoleError as error:
            self.say_error(error)
            return
        self.area.replace_all(text)
        said = literal("must hit") if hit else literal("must miss")
        self.say(fill("Written into the tests: {}. ctrl+z in the text takes it back.", said), "accent")

    def action_again(self) -> None:
        """Try it over all messages again."""
        self.trial.again()

    def saved(self) -> None:
        """It is a version now; what it is compared with is another one."""
        file = self.file
        if file is None:
            return

        def known(standing: Standing) -> None:
            self.show_standing(standing)
            self._try_rule()
            self.say_saved()

        self.work(lambda: self._standing(file.path), known)

    def on_unmount(self) -> None:
        """The process that tries it ends."""
        self.trial.close()

    # -- what the commands on a rule need -----------------------------------------------------------------------

    def meant_rule(self) -> RuleState | None:
        """The one that is written here, once it is saved."""
        return self.state

    def rule_changed(self) -> None:
        """It has another state or text."""
        self.changed()
        self.read_again()
