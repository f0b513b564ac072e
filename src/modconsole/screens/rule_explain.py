"""Which rules hit a message, and why not the others: selection by selection, check by check, with the words that were found.

Each check is asked anew, by the judge that decides; below stands what was said when the message came in, and what was done then.
Enter on a rule opens the lab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from modconsole.desk import ruling
from modconsole.domain.safetext import EMPTY, Safe, cut, fill, join, line, literal
from modconsole.screens.rule_page import GAP, PageScreen, Told, told
from modconsole.screens.rule_words import done_words, match_words, snippet, state_of
from modconsole.screens.wording import DOT, SPACE, clock, many
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from modconsole.desk.ruling import Explained, ExplainedCheck, ExplainedRule, ExplainedSelection, Hit

RULES: Final = (literal("rule hits this"), literal("rules hit this"))
_YES, _NO = literal("\u2713 "), literal("\u2717 ")
_ALL: Final = literal("     or: ")


class ExplainScreen(PageScreen):
    """Every rule on one message."""

    def __init__(self, source: str, message: str) -> None:
        super().__init__()
        self._source_id, self._message = source, message
        self._found: Explained | None = None

    def heading(self) -> Sequence[Piece]:
        """`Which rules?   2 rules hit this, 5 do not`."""
        pieces: list[Piece] = [(literal("Which rules?"), "strong")]
        if self._found is not None:
            hits = sum(each.hits for each in self._found.rules)
            rest = len(self._found.rules) - hits
            pieces.append((fill("   {}, {:,} not", many(hits, *RULES), rest), ""))
        return pieces

    def read(self) -> Explained:
        """Ask all rules about it, in a thread."""
        return ruling.explain(self.desk, self._source_id, self._message)

    def lines(self, found: Explained) -> Sequence[Told]:
        """The message, the rules, what was done."""
        self._found = found
        width = self.app.size.width - 8
        spans = [(m.start, m.end) for each in found.rules if each.hits for m in each.matches if m.field == "body"]
        lines: list[Told] = [Told(tuple(snippet(found.body, spans, width)), indent=2), GAP]
        if not found.rules:
            lines.append(told(literal("There are no rules. 3 shows how the first one is written.")))
        for each in found.rules:
            lines += [*_rule(each), GAP]
        if found.verdicts:
            lines.append(told(literal("when it came in, and since"), "dim"))
            lines += [_verdict(each, self.desk.now()) for each in found.verdicts]
        return lines

    def opened(self, what: str) -> None:
        """The rule, in the lab."""
        from modconsole.screens.rule_lab import LabScreen

        def found(state: ruling.RuleState) -> None:
            self.app.push_screen(LabScreen(state.path, state.id, self.changed))

        self.work(lambda: ruling.rule_state(self.desk, what), found)


def _rule(each: ExplainedRule) -> list[Told]:
    """One rule: whether it hits, then its selections."""
    word, style = state_of(each.effective)
    sign: Piece = (_YES, "accent") if each.hits else (_NO, "dim")
    said = literal("hits") if each.hits else literal("does not hit")
    head: list[Piece] = [
        sign,
        (line(each.name or each.id, 80), "strong" if each.hits else ""),
        (fill("  {} v{}", line(each.id, 64), each.version), "dim"),
        (DOT, "dim"),
        (word, style),
        (DOT, "dim"),
        (said, "accent" if each.hits else "dim"),
    ]
    lines = [Told(tuple(head), opens=each.id)]
    if each.why_not:
        lines.append(told(line(each.why_not, 200), "warning", indent=4))
    for selection in each.selections:
        lines += _selection(selection)
    for match in each.excepted:
        if not each.hits:
            words = match_words({"selection": match.selection, "field": match.field, "words": match.words,
                                 "item": match.item, "channel": match.channel})  # fmt: skip
            lines.append(told(fill("an exception takes it away: {}", words), "dim", indent=4))
    return lines


def _selection(selection: ExplainedSelection) -> list[Told]:
    lines: list[Told] = []
    for at, alternative in enumerate(selection.alternatives):
        for number, check in enumerate(alternative):
            name = line(selection.name, 40)
            label = name if not at and not number else _ALL if not number else EMPTY
            lines.append(_check(check, label))
    return lines


def _check(check: ExplainedCheck, label: Safe) -> Told:
    said = line(check.words, 300)
    found = [line(each.words, 60) for each in check.matches[:3]]
    if found:
        quoted = join([fill("\u201c{}\u201d", each) for each in dict.fromkeys(found)], literal(", "))
        channels = [line(each.channel, 20) for each in check.matches[:3] if each.channel]
        how = fill(" ({})", join(list(dict.fromkeys(channels)), literal(", "))) if channels else EMPTY
        said = fill("{}  \u2192 {}{}", said, quoted, how)
    sign = _YES if check.holds else _NO
    return told(join([sign, said]), "" if check.holds else "dim", label=cut(label, 12) or SPACE, indent=4)


def _verdict(hit: Hit, now: int) -> Told:
    said = fill("{}  {} v{} hit it, {}", clock(hit.at, now), line(hit.rule, 64), hit.version, line(hit.mode, 12))
    done = done_words(hit.acts)
    if done:
        said = fill("{}: {}", said, done)
    if hit.settled == "edited":
        said = fill("{} (its text was another then)", said)
    return told(said, indent=2, opens=hit.rule)
