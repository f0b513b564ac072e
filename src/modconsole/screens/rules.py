"""The rules of the house: what state each is in, what it hits, how often it is taken back, what it costs, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from modconsole.desk import rule_texts, ruling
from modconsole.domain.safetext import EMPTY, Safe, cells, fill, fit, join, line, literal
from modconsole.keys import Command
from modconsole.screens import lessons
from modconsole.screens.base import bindings
from modconsole.screens.listing import ListScreen, titles
from modconsole.screens.rule_actions import RuleActions
from modconsole.screens.rule_words import MEANS, ORDER, cost, problem_words, share, state_of
from modconsole.screens.wording import DOT, SPACE, clock, many
from modconsole.widgets.pager import FewPager, Key
from modconsole.widgets.plain import Piece, Plain

if TYPE_CHECKING:
    from modconsole.desk.desk import Desk
    from modconsole.desk.ruling import RuleState
    from modconsole.desk.views import Header

STATE, TODAY, MONTH, BACK, COST = 13, 7, 8, 13, 8
"""Widths of columns, in cells."""
OWN: Final = ("house.yaml", "lists.yaml")
"""Files of the folder that are no rules."""
LOOK: Final = 1.0
"""Seconds between two looks at the folder, whose files others may write."""
HITS: Final = (literal("hit today"), literal("hits today"))
PROBLEMS: Final = (literal("problem"), literal("problems"))
RULES: Final = (literal("rule"), literal("rules"))


@dataclass(frozen=True)
class Line:
    """A rule in the list; or a file that holds none that can be read; or a text of mine that was never saved."""

    ident: str
    path: str
    name: str
    effective: str
    state: RuleState | None = None
    problems: tuple[rule_texts.Problem, ...] = ()
    drafted: bool = False
    """Whether I have written something of its file that is not saved."""
    conflicts: tuple[str, ...] = ()
    """With what it quarrels, in words."""

    @property
    def key(self) -> Key:
        """What has to be looked at first."""
        return (ORDER.get(self.effective, len(ORDER)), self.ident, self.path)


@dataclass(frozen=True)
class Folder:
    """All rules, read at one time."""

    lines: tuple[Line, ...] = ()
    problems: tuple[rule_texts.Problem, ...] = ()
    """Those of the folder's own files, as `house.yaml`."""
    proposals: int = 0


def read(desk: Desk) -> Folder:
    """Read the folder; in a thread."""
    states = ruling.listing(desk)
    drafts = {each.message: each for each in rule_texts.drafts(desk)}
    quarrels: dict[str, list[str]] = {}
    for each in ruling.conflicts(desk):
        for ident in each.rules:
            quarrels.setdefault(ident, []).append(each.words)
    told = [
        Line(
            each.id, each.path, each.name, each.effective, each, each.problems, each.path in drafts,
            tuple(quarrels.get(each.id, ())),
        )
        for each in states
    ]  # fmt: skip
    known = {each.path for each in states}
    wrong: dict[str, list[rule_texts.Problem]] = {}
    for problem in ruling.load(desk).problems:
        if problem.path not in known and not problem.warning:
            wrong.setdefault(problem.path, []).append(problem)
    own = [each for path, problems in wrong.items() if path in OWN for each in problems]
    told += [
        Line(path, path, path, "broken", None, tuple(problems), path in drafts)
        for path, problems in wrong.items()
        if path not in OWN
    ]
    known |= wrong.keys()
    told += [Line(path, path, path, "unsaved", drafted=True) for path in drafts if path not in known]
    return Folder(tuple(sorted(told, key=lambda each: each.key)), tuple(own), len(ruling.proposals(desk)))


class RulesScreen(RuleActions, ListScreen[Line]):
    """All rules."""

    PLACE = "rules"
    BINDINGS: ClassVar[list[BindingType]] = bindings("rules")
    FOOT_FOLLOWS = FEW = True

    def __init__(self) -> None:
        super().__init__()
        self.about = Plain(id="about")
        self.folder: Folder | None = None
        self._signature: object = None

    def heading(self) -> Sequence[Piece]:
        """`Rules   12 rules · 3 live · 4 in shadow · 31 hits today · judging`."""
        pieces: list[Piece] = [(literal("Rules"), "strong")]
        folder = self.folder
        if folder is None:
            return pieces
        states = [each.state for each in folder.lines if each.state is not None]
        counts = {name: sum(each.effective == name for each in folder.lines) for name in ORDER}
        told: list[Piece] = [(many(len(folder.lines), *RULES), "")]
        told += [(fill("{} live", counts["live"]), "")] if counts["live"] else []
        shadow = counts["shadow"] + counts["unapproved"]
        told += [(fill("{} in shadow", shadow), "")] if shadow else []
        told += [(fill("! {} paused", counts["paused"]), "warning")] if counts["paused"] else []
        told += [(fill("! {} broken", counts["broken"]), "warning")] if counts["broken"] else []
        told += self._judging(counts["live"] + shadow)
        hits = sum(each.hits_today for each in states)
        told += [(many(hits, *HITS), "dim")] if states else []
        room = self.app.size.width - 9
        for at, (said, style) in enumerate(told):
            room -= cells(said) + 3
            if room >= 0:  # the last ones give way
                pieces += [(DOT if at else literal("   "), "dim"), (said, style)]
        return pieces

    def _judging(self, judging: int) -> list[Piece]:
        """Whether new messages are judged at all: that is done by whoever syncs."""
        header = self.console.header
        if not judging or header is None or header.syncing:
            return []
        return [(literal("! nobody syncs: not judging"), "warning")]

    def show_head(self) -> None:
        """The header line, without the sources: there is no room for both, and this one is about rules."""
        self.head.show([(SPACE, ""), *self.heading()])

    def pager(self) -> FewPager[Line]:
        """All of them."""
        return FewPager(self._read, same=lambda row: (row.ident, row.path))

    def _read(self) -> Sequence[Line]:
        """In a thread."""
        self.folder = read(self.desk)
        return self.folder.lines

    def below(self) -> ComposeResult:
        """All about the rule under the cursor."""
        yield self.about

    def on_mount(self) -> None:
        """Follow the folder, whose files others may write."""
        self.set_interval(LOOK, self._look)

    def _look(self) -> None:
        if not self.is_current:
            return
        signature = rule_texts.signature(self.desk)
        if signature != self._signature:
            self._signature = signature
            self.changed()

    def column_names(self, width: int) -> Sequence[Piece]:
        """state, rule, today, 30 days, taken back, cost."""
        return titles(
            (literal("state"), STATE),
            (literal("rule"), _rest(width)),
            (literal("today"), TODAY),
            (literal("30 days"), MONTH),
            (literal("taken back"), BACK),
            (literal("cost"), COST),
        )

    def draw(self, row: Line, width: int) -> list[Piece]:
        """One rule."""
        state = row.state
        word, style = state_of(row.effective)
        told: list[Safe] = [line(row.name or row.ident, 120)]
        if row.drafted and state is not None:
            told.append(literal("\u270e draft"))
        if row.conflicts:
            told.append(literal("! conflict"))
        if state is None:
            said = problem_words(row.problems[0]) if row.problems else literal("Enter goes on with it")
            room = max(0, width - STATE)
            return [(fit(word, STATE), style), (fit(join([*told, said], literal("  ")), room), "")]
        if any(each.warning for each in row.problems) and row.effective != "broken":
            told.append(literal("! note"))
        return [
            (fit(word, STATE), style),
            (fit(join(told, literal("  ")), _rest(width) - 1), "strong" if row.effective == "live" else ""),
            (SPACE, ""),
            (fit(fill("{:,}", state.hits_today), TODAY), "" if state.hits_today else "dim"),
            (fit(fill("{:,}", state.hits_30d), MONTH), "dim"),
            (fit(share(state.reversed_30d, state.acted_30d), BACK), "warning" if _reversed(state) else "dim"),
            (fit(cost(state.micros), COST), "dim"),
        ]

    def lesson(self) -> Sequence[Piece]:
        """How the first rule is written."""
        if self.trouble is not None:
            return lessons.no_database(self.trouble)
        return lessons.first_rule(str(ruling.rules_folder(self.desk)))

    def moved(self, row: Line | None) -> None:
        """The lower part follows the cursor, the header what was read."""
        self.about.show(about(row, self.now) if row is not None else EMPTY)
        self.show_head()

    def header_changed(self, header: Header | None) -> None:
        """The lower part may have changed without the cursor."""
        super().header_changed(header)
        self.moved(self.list.row)

    def ribbon_left(self) -> Sequence[Piece]:
        """What a person has to decide, and what is wrong with the folder."""
        folder = self.folder
        if folder is None:
            return ()
        told: list[Piece] = []
        if folder.proposals:
            told.append((fill(" P {:,} proposed, for a person to decide", folder.proposals), "accent"))
        alone = folder.problems
        if alone:
            first = fill(" ! {} {}", line(alone[0].path, 40), problem_words(alone[0]))
            told.append((first, "warning"))
        return told

    # -- commands -----------------------------------------------------------------------------------------------

    def meant_rule(self) -> RuleState | None:
        """The rule under the cursor."""
        return self.list.row.state if self.list.row is not None else None

    def refusal(self, command: Command) -> Safe | None:
        """What needs a rule needs one under the cursor."""
        if command.id == "list.open" and self.list.row is None:
            return literal("There is no rule here yet. N writes the first one.")
        return super().refusal(command)

    def opened(self, row: Line) -> None:
        """The lab, with its text."""
        from modconsole.screens.rule_lab import LabScreen

        self.app.push_screen(LabScreen(row.path, row.ident, self.rule_changed))

    async def action_new_rule(self) -> None:
        """Ask for a name, and begin with a text that explains itself."""
        await self.ask_for(literal("name of the new rule"), "", self._begin)

    def _begin(self, name: str) -> None:
        from modconsole.screens.rule_lab import LabScreen

        if name.strip():
            self.app.push_screen(LabScreen(None, name.strip(), self.rule_changed))

    async def action_import_rules(self) -> None:
        """Ask for the file, and read it."""
        await self.ask_for(literal("AutoModerator file"), "", self._import)

    def _import(self, path: str) -> None:
        from modconsole.screens.rule_import import ImportScreen

        if path.strip():
            self.app.push_screen(ImportScreen(path.strip(), self.rule_changed))

    def action_proposals(self) -> None:
        """What rules propose and a person decides."""
        from modconsole.screens.proposals import ProposalsScreen

        self.app.push_screen(ProposalsScreen())

    def action_digest(self) -> None:
        """What the rules did since yesterday."""
        from modconsole.screens.rule_digest import DigestScreen

        self.app.push_screen(DigestScreen())

    def rule_changed(self) -> None:
        """A rule has another state or text."""
        self.changed()


def _rest(width: int) -> int:
    return max(0, width - STATE - TODAY - MONTH - BACK - COST)


def _reversed(state: RuleState) -> bool:
    """Whether people take back much of what it does: a tenth of ten acts or more."""
    return state.acted_30d >= 10 and state.reversed_30d * 10 >= state.acted_30d


def about(row: Line, now: int) -> list[Piece]:
    """All that is known of a rule, in lines."""
    state = row.state
    newline = literal("\n")
    pieces: list[Piece] = [(line(row.name or row.ident, 100), "strong")]
    rows: list[tuple[Safe, Safe, str]] = [(literal("state"), MEANS.get(row.effective, line(row.effective)), "")]
    if state is not None:
        pieces += [(DOT, "dim"), (line(state.id, 64), "dim"), (fill(" v{}", state.version), "dim")]
        pieces += [(DOT, "dim"), (line(state.path, 80), "dim")]
        rows += _about_state(state, now)
    rows += [
        (
            literal("note") if each.warning else literal("problem"),
            problem_words(each),
            "" if each.warning else "warning",
        )
        for each in row.problems[:3]
    ]
    rows += [(literal("conflict"), line(each, 300), "warning") for each in row.conflicts[:2]]
    if row.drafted:
        rows.append((literal("draft"), literal("what you wrote is not saved: Enter goes on with it"), "accent"))
    for label, said, style in rows:
        pieces += [(newline, ""), (fit(label, 10), "dim"), (said, style)]
    return pieces


def _about_state(state: RuleState, now: int) -> list[tuple[Safe, Safe, str]]:
    rows: list[tuple[Safe, Safe, str]] = []
    if state.effective == "paused" and state.paused_why:
        rows.append((literal("paused"), line(state.paused_why, 300), "warning"))
    if state.live_version is not None and state.live_by:
        at = clock(state.live_at, now) if state.live_at is not None else EMPTY
        said = fill("v{} was set live by {} {}", state.live_version, line(state.live_by, 40), at)
        rows.append((literal("approved"), said, "dim"))
    if state.actions:
        rows.append((literal("does"), join([line(each, 60) for each in state.actions], literal(", ")), ""))
    if state.owner:
        rows.append((literal("owner"), line(state.owner, 60), "dim"))
    if state.skipped_30d:
        said = fill("given up on {:,} messages in 30 days: an expression takes too long", state.skipped_30d)
        rows.append((literal("slow"), said, "warning"))
    return rows
