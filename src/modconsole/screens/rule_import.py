"""AutoModerator's rules taken over: first what would become of each, with the reasons; `w` then writes them, all as drafts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import BindingType

from modconsole.desk import importing_rules
from modconsole.domain.safetext import EMPTY, Safe, fill, join, line, literal
from modconsole.keys import Command
from modconsole.screens.base import bindings
from modconsole.screens.rule_page import GAP, PageScreen, Told, told
from modconsole.screens.wording import DOT, many
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from modconsole.desk.importing_rules import ImportReport, RuleImport

STATES: Final[dict[str, tuple[Safe, str]]] = {
    "translated": (literal("\u2713 translated"), ""),
    "noted": (literal("\u2713 with notes"), ""),
    "held back": (literal("! held back"), "warning"),
    "not translated": (literal("\u2717 not translated"), "warning"),
    "broken": (literal("\u2717 cannot be read"), "warning"),
    "empty": (literal("\u00b7 no rule"), "dim"),
}
BECAME: Final[dict[str, Safe]] = {
    "new": literal("new"),
    "unchanged": literal("is here already"),
    "changed": literal("is here with another text, which is left as it is"),
    "none": EMPTY,
}
RULES: Final = (literal("rule"), literal("rules"))
SECTIONS: Final = (literal("section"), literal("sections"))


class ImportScreen(PageScreen):
    """One configuration file, rule by rule."""

    PLACE = "rule-import"
    BINDINGS: ClassVar[list[BindingType]] = bindings("rule-import")

    def __init__(self, path: str, on_change: Callable[[], None]) -> None:
        super().__init__()
        self._path, self._then = Path(path).expanduser(), on_change
        self._found: ImportReport | None = None
        self._busy = False

    def heading(self) -> Sequence[Piece]:
        """`AutoModerator   config.yaml`."""
        return [(literal("AutoModerator"), "strong"), (fill("   {}", line(self._path.name, 80)), "")]

    def read(self) -> ImportReport:
        """What would become of it; nothing is written."""
        return importing_rules.import_automod(self.desk, self._path, dry=True)

    def changed(self) -> None:
        """It is read once: what is written by others meanwhile is looked at again when it is written here."""
        if self._found is None:
            super().changed()

    def lines(self, found: ImportReport) -> Sequence[Told]:
        """In sum, then rule by rule."""
        self._found = found
        new = sum(rule.became == "new" for rule in found.rules)
        states = [(state, number) for state, number in found.states().items() if number]
        parts = [fill("{:,} {}", number, STATES[state][0]) for state, number in states if state in STATES]
        lines = [told(fill("{}: {}", many(len(found.rules), *SECTIONS), join(parts, DOT)), "strong")]
        if found.dry and new:
            lines.append(
                told(fill("w writes {} into {}/, all as drafts", many(new, *RULES), line(found.folder, 60)), "accent")
            )
        elif found.dry:
            lines.append(told(literal("Nothing of it is new here."), "accent"))
        else:
            lines.append(told(fill("{} written; all are drafts: 3 lists them", many(new, *RULES)), "accent"))
        lines += [told(line(each, 400), "dim") for each in found.notes]
        lines += [
            told(fill("{} is in it no more; its file is left as it is", line(ident, 64)), "dim")
            for ident, _ in found.gone
        ]
        lines.append(GAP)
        for each in found.rules:
            lines += _rule(each)
        return lines

    def refusal(self, command: Command) -> Safe | None:
        """There must be something to write."""
        if command.id == "import.write":
            found = self._found
            if found is None or self._busy:
                return literal("It is being read.")
            if not found.dry or not any(rule.became == "new" for rule in found.rules):
                return literal("There is nothing new to write.")
        return super().refusal(command)

    def action_write(self) -> None:
        """Write the rules that are new, as drafts."""
        self._busy = True
        self.work(lambda: importing_rules.import_automod(self.desk, self._path), self._written, self._failed)

    def _written(self, found: ImportReport) -> None:
        self._busy = False
        self._show(found)
        self.console.read_again()
        self._then()


def _rule(each: RuleImport) -> list[Told]:
    """One section: what was made of it, and everything that is to be known."""
    word, style = STATES.get(each.state, (line(each.state, 30), ""))
    head: list[Piece] = [
        (fill("{:>3}  ", each.position), "dim"),
        (word, style),
        (DOT, "dim"),
        (line(each.name or each.id or "(no name)", 80), "strong"),
    ]
    became = BECAME.get(each.became, EMPTY)
    if became:
        head += [(DOT, "dim"), (became, "dim")]
    lines = [Told(tuple(head))]
    if each.why:
        lines.append(told(line(each.why, 400), "warning", indent=5))
    for note in each.notes:
        where = fill("line {}: ", note.line) if note.line else EMPTY
        lines.append(told(join([where, line(note.words, 400)]), "dim", indent=5))
    return lines
