"""What the rules did since yesterday: for the morning's look. Enter opens a rule, or the message that was acted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from modconsole.desk import ruling
from modconsole.domain.safetext import EMPTY, Safe, cut, fill, fit, join, line, literal
from modconsole.domain.times import DAY
from modconsole.screens.rule_page import GAP, PageScreen, Told, told
from modconsole.screens.rule_words import act_words, state_of
from modconsole.screens.wording import DOT, MESSAGES, SPACE, clock, many, who
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from modconsole.desk.ruling import Digest, Placed, RuleDay

MOST: Final = 200
"""Acts that are listed."""
HITS: Final = (literal("hit"), literal("hits"))
ACTS: Final = (literal("act"), literal("acts"))


class DigestScreen(PageScreen):
    """The digest of one person."""

    TITLE_WORDS: ClassVar[Safe] = literal("Digest")

    def heading(self) -> Sequence[Piece]:
        """`Digest   what the rules did since yesterday`."""
        return [(self.TITLE_WORDS, "strong"), (literal("   what the rules did since yesterday"), "")]

    def read(self) -> Digest:
        """In a thread."""
        return ruling.digest(self.desk, self.desk.now() - DAY)

    def lines(self, found: Digest) -> Sequence[Told]:
        """What is wrong first, then what somebody is to be told, the rules, the acts."""
        lines = [*_trouble(found)]
        if found.proposals:
            lines.append(
                told(fill("{:,} proposed: P in the list of rules", found.proposals), "accent", opens="proposals")
            )
        lines += [GAP] if lines else []
        if found.notes:
            lines += [told(literal("to be told"), "strong"), *(_act(each, found.until) for each in found.notes), GAP]
        if found.rules:
            lines += [told(literal("rules"), "strong"), *(_rule(each) for each in found.rules), GAP]
        if found.acts:
            lines += [told(literal("what was done"), "strong")]
            lines += [_act(each, found.until) for each in found.acts[:MOST]]
            if len(found.acts) > MOST:
                lines.append(told(fill("and {:,} more", len(found.acts) - MOST), "dim"))
        return lines or [told(literal("Nothing: no rule has hit anything, and nothing is wrong with one."))]

    def opened(self, what: Any) -> None:
        """A rule in the lab, a message in its conversation, the proposals."""
        from modconsole.screens.proposals import ProposalsScreen
        from modconsole.screens.rule_lab import LabScreen

        if what == "proposals":
            self.app.push_screen(ProposalsScreen())
        elif len(what) == 2:
            self.app.push_screen(LabScreen(what[0], what[1], self.changed))
        else:
            self.console.open_conversation(*what)


def _trouble(found: Digest) -> list[Told]:
    """What keeps rules from judging."""
    lines: list[Told] = []
    if found.judging is not None and found.judging.failed_at is not None:
        since = clock(found.judging.failed_at, found.until)
        lines.append(told(fill("! since {}: {}", since, line(found.judging.failure, 300)), "warning"))
    if found.left:
        lines.append(told(fill("{} still to be judged", many(found.left, *MESSAGES)), "dim"))
    return lines


def _rule(day: RuleDay) -> Told:
    state, tally = day.state, day.tally
    word, style = state_of(state.effective)
    parts = [many(tally.hits, *HITS)]
    parts += [many(tally.acted, *ACTS)] if tally.acted else []
    parts += [fill("! {:,} taken back", tally.reversed)] if tally.reversed else []
    parts += [fill("! given up on {}", many(tally.skipped, *MESSAGES))] if tally.skipped else []
    pieces: list[Piece] = [
        (fit(word, 13), style),
        (fit(cut(line(state.name or state.id, 80), 30), 32), ""),
        (join(parts, DOT), "warning" if tally.reversed or tally.skipped else "dim"),
    ]
    if state.effective == "paused" and state.paused_why:
        pieces.append((fill("  {}", line(state.paused_why, 120)), "warning"))
    return Told(tuple(pieces), indent=2, opens=(state.path, state.id))


def _act(each: Placed, now: int) -> Told:
    name = cut(who(each.name, each.handle, each.person), 16)
    pieces: list[Piece] = [
        (fit(clock(each.act.at, now), 11), "dim"),
        (fit(cut(line(each.act.rule, 64), 16), 18), "dim"),
        (fit(act_words(each.act), 22), ""),
        (SPACE, ""),
        (name, "strong"),
        (literal("  "), EMPTY),
        (line(each.text, 200), ""),
    ]
    return Told(tuple(pieces), indent=2, opens=(each.source, each.conversation, each.native))
