"""What a trial of a rule found, in words: how many, what it adds and loses, what moderators had decided, who would have waited.

Pure: a `Found` goes in, lines of gated pieces and rows come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from modconsole.domain.safetext import EMPTY, Safe, cells, fill, fit, join, line, literal
from modconsole.screens.rule_words import seconds, snippet
from modconsole.screens.wording import DOT, SPACE, clock, many
from modconsole.widgets.pager import Key
from modconsole.widgets.plain import Piece, fit_pieces

if TYPE_CHECKING:
    from modconsole.desk.rule_trials import Found, Hit
    from modconsole.desk.ruling import RuleState

DECIDED: Final[dict[str, tuple[Safe, str]]] = {
    "kept": (literal("\u2717 kept"), "warning"),
    "removed": (literal("\u2713 removed"), "dim"),
    "open": (literal("\u00b7 open"), "dim"),
}
"""What moderators had decided about a hit: kept is a false alarm, unless they were wrong."""

WORD: Final = 10
"""Cells of the decision before a hit."""
WITH_NAME: Final = 96
"""Cells from which on a row also says who wrote it and when; else the ribbon does, of the hit under the cursor."""
CHANGED: Final = {"added": literal("+"), "lost": literal("\u2212"), "": literal(" ")}
HITS: Final = (literal("hit"), literal("hits"))
PEOPLE: Final = (literal("person"), literal("people"))
PATTERNS: Final = (literal("message"), literal("messages"))


@dataclass(frozen=True)
class Row:
    """A line of the list: a hit, or the heading of those below it."""

    key: Key
    hit: Hit | None = None
    heading: Safe = EMPTY

    @property
    def selectable(self) -> bool:
        """The cursor rests on hits alone."""
        return self.hit is not None


def head(found: Found, width: int) -> list[list[Piece]]:
    """The figures above the hits."""
    told: list[list[Piece]] = [_count(found)]
    if found.against:
        told.append(
            [
                (fill(" against {}: ", line(found.against, 12)), "dim"),
                (fill("+{:,}", found.added), "strong" if found.added else "dim"),
                (fill(" \u2212{:,}", found.lost), "strong" if found.lost else "dim"),
            ]
        )
    decided = found.decided
    if any(decided.values()):
        parts = [fill("{:,}", decided.get(each, 0)) for each in ("removed", "kept", "open")]
        said = fill(" moderators removed {} \u00b7 kept {} \u00b7 open {}", *parts)
        pieces: list[Piece] = [(said, "")]
        if found.precision is not None and found.takes_down:
            precise = fill(" \u00b7 precision {:.1f} %", 100 * found.precision)
            if cells(said) + cells(precise) <= width:
                pieces.append((precise, "strong"))
            else:
                told.append(pieces)
                pieces = [(fill(" precision {:.1f} %", 100 * found.precision), "strong")]
        told.append(pieces)
    return told


def _count(found: Found) -> list[Piece]:
    """`1,204 hits of 1,000,000 · 0.19 s`; while it looks, how far it has come."""
    if found.copying:
        said = fill(" getting the texts ready: {:,} of {:,}", found.scanned, found.of)
        return [(said, "accent")]
    told: list[Piece] = [
        (SPACE, ""),
        (many(found.hits, *HITS), "strong"),
        (fill(" of {:,}", found.scanned if found.done else found.of), ""),
        (DOT, "dim"),
        (seconds(found.seconds), "dim"),
    ]
    if not found.done:
        told += [
            (DOT, "dim"),
            (fill("{:.0f} % looked through", 100 * found.scanned / found.of if found.of else 0), "accent"),
        ]
    return told


def tail(found: Found) -> list[list[Piece]]:
    """The lines below the hits."""
    told: list[list[Piece]] = []
    if found.waiting and found.takes_down:
        said = fill(" ! {} would have been left waiting", many(found.waiting, *PEOPLE))
        told.append([(said, "warning")])
    if found.overlaps:
        named = [fill("{} {:,}", line(rule, 40), number) for rule, number in found.overlaps[:4]]
        told.append([(literal(" also hit by: "), "dim"), (join(named, literal(", ")), "")])
    if found.skipped:
        said = fill(" ! given up on {}: an expression takes too long", many(found.skipped, *PATTERNS))
        told.append([(said, "warning")])
    return told


_SECTIONS: Final[tuple[tuple[str, Safe], ...]] = (
    ("waiting", literal("would have been left waiting")),
    ("kept", literal("moderators kept these")),
    ("added", literal("new against the last version")),
    ("lost", literal("no longer hit")),
    ("rest", literal("others, newest first")),
)


def rows(found: Found) -> list[Row]:
    """The hits as rows: what speaks against the rule first, each below a heading unless there is but one kind."""
    kinds: dict[str, list[Hit]] = {}
    for each in found.first:
        kinds.setdefault(_section(each, found.takes_down), []).append(each)
    return list(_rows(kinds))


def _section(hit: Hit, takes_down: bool) -> str:
    if hit.changed == "lost":
        return "lost"
    if hit.waiting and takes_down:
        return "waiting"
    if hit.decided == "kept" and takes_down:
        return "kept"
    return "added" if hit.changed == "added" else "rest"


def _rows(kinds: dict[str, list[Hit]]) -> Iterator[Row]:
    for rank, (kind, heading) in enumerate(_SECTIONS):
        found = kinds.get(kind, [])
        if found and len(kinds) > 1:
            yield Row((rank, 0, 0), heading=heading)
        for each in sorted(found, key=lambda hit: (-hit.at, -hit.ident)):
            yield Row((rank, 1, -each.at, -each.ident), each)


def draw(row: Row, width: int, now: int) -> list[Piece]:
    """One row in `width` cells: decision, change, words with the place in brackets, by whom and when where there is room."""
    hit = row.hit
    if hit is None:
        return [(fill("\u2500\u2500 {}", row.heading), "dim")]
    word, style = DECIDED.get(hit.decided, (EMPTY, "dim"))
    right: list[Piece] = []
    if width >= WITH_NAME:
        right = [
            (literal("  "), ""),
            (fit(line(hit.name, 40), 14), "dim"),
            (fit(clock(hit.at, now), 11, "right"), "dim"),
        ]
    how = join([line(each, 12) for each in hit.channels], literal(", "))
    if how and width >= 40:
        right.insert(0, (fill("  {}", how), "accent"))
    room = max(0, width - WORD - 2 - sum(cells(text) for text, _ in right))
    changed = CHANGED[hit.changed]
    left: list[Piece] = [(fit(word, WORD), style), (changed, "accent"), (SPACE, "")]
    said = snippet(hit.text, hit.spans, room, "struck" if hit.changed == "lost" else "")
    return [*left, *fit_pieces(said, room), *right]


def evidence_lines(state: RuleState, found: Mapping[str, Any]) -> list[list[Piece]]:
    """What a rule would have done, for the question whether it may act."""
    decided = found["decided"]
    told: list[list[Piece]] = [
        [
            (literal(" on each hit it will: "), "dim"),
            (join([line(each, 60) for each in state.actions], literal(", ")) or literal("nothing"), "strong"),
        ],
        [
            (fill(" {:,} of {:,} stored messages would have been hit", found["hits"], found["scanned"]), ""),
            (fill(" \u00b7 in the shadow {:,} in 30 days", state.hits_30d), "dim"),
        ],
        [
            (
                fill(
                    " moderators removed {:,} of them, kept {:,}, left open {:,}",
                    *(decided.get(each, 0) for each in ("removed", "kept", "open")),
                ),
                "",
            )
        ],
    ]
    if found["precision"] is not None:
        told[-1].append((fill(" \u00b7 precision {:.1f} %", 100 * found["precision"]), "strong"))
    if found["waiting"]:
        told.append([(fill(" ! {} would have been left waiting", many(found["waiting"], *PEOPLE)), "warning")])
    told += [[(fill(" ! {}", line(each, 200)), "warning")] for each in found["against"]]
    return told
