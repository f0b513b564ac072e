"""The queue's rows: which part of the queue is listed, and how one ask becomes a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from modconsole.desk.desk import Desk
from modconsole.desk.views import QueuePager, QueueRow
from modconsole.domain.safetext import EMPTY, Safe, block, cells, cut, fit, join, line, literal
from modconsole.screens.wording import DOT, PRIVATE, SPACE, clock, due, wait, where, who
from modconsole.widgets.plain import Piece, fit_pieces

View = Literal["tonight", "backlog", "everything"]
VIEWS: Final[tuple[View, ...]] = ("tonight", "backlog", "everything")

VIEW_QUERY: Final[dict[View, str]] = {"tonight": "-is:backlog", "backlog": "is:backlog", "everything": ""}

BADGES: Final = {
    "bot only": literal("bot only"),
    "edited": literal("edited"),
    "found late": literal("found late"),
    "answered by community": literal("community"),
    "possible duplicate": literal("duplicate?"),
    "new": literal("new"),
}
"""Badges as the list has room for them, the most telling first. `send failed` and `unconfirmed` have a sign instead."""

_FAILED, _UNSURE = literal("\u2717 failed"), literal("? unseen")
_CLAIM, _DRAFT = literal("\u25cf "), literal("\u270e draft")


@dataclass(frozen=True)
class Columns:
    """How wide each column is, in cells."""

    wait: int
    due: int
    who: int
    where: int
    what: int


def columns(width: int) -> Columns:
    """The columns of a line of `width` cells; narrow screens lose the place first, then the due time."""
    if width < 44:
        return Columns(7, 0, max(8, width // 3), 0, max(0, width - 7 - max(8, width // 3)))
    if width < 66:
        return Columns(7, 9, 16, 0, width - 32)
    who_, where_ = (22, 17) if width < 100 else (26, 28)
    return Columns(7, 9, who_, where_, width - 16 - who_ - where_)


def head(width: int) -> list[Piece]:
    """The line above the list, that names its columns."""
    at = columns(width)
    cells_ = [
        fit(literal("wait"), at.wait),
        fit(literal("due"), at.due),
        fit(literal("who"), at.who),
        fit(literal("where"), at.where),
        fit(literal("what they said"), at.what),
    ]
    return [(join(cells_), "dim")]


def draw(row: QueueRow, width: int, now: int, me: str) -> list[Piece]:
    """One ask in `width` cells: wait, due, who with badges, where, what they said."""
    at = columns(width)
    late = row.due_at is not None and row.due_at <= now
    since = row.waiting_since
    pieces: list[Piece] = [(fit(wait(now - since) if since is not None else _status(row), at.wait), "")]
    pieces += _due(row, at.due, now, late=late)
    pieces += _who(row, at.who, me)
    title = None if row.kind == "dm" else row.title
    if at.where:
        pieces.append((fit(cut(where(row.source, title, row.kind), at.where - 1), at.where), "dim"))
    pieces.append((fit(line(row.text, 300), at.what), ""))
    return pieces


def _status(row: QueueRow) -> Safe:
    """What stands for the wait of an ask that has none."""
    return literal("unknown") if row.status == "unknown" else cut(line(row.status), 7)


def _due(row: QueueRow, width: int, now: int, *, late: bool) -> list[Piece]:
    if not width:
        return []
    if row.trouble:
        return [(fit(_FAILED if row.trouble == "failed" else _UNSURE, width), "warning")]
    if row.key[0] == 1 and row.reply_until is not None:
        left = wait(row.reply_until - now)
        return [(fit(join([literal("ends "), left]), width), "warning")]
    return [(fit(due(row.due_at, now), width), "warning" if late else "dim")]


def _who(row: QueueRow, width: int, me: str) -> list[Piece]:
    """The name, and beside it whose it is, or the badges; the name keeps at least half of the room."""
    name = who(row.name, row.handle, row.person)
    marks = _marks(row, me)
    room = width - 1
    if not marks:
        return [(fit(cut(name, room), width), "strong")]
    beside = join([mark for mark, _ in marks], DOT)
    name = cut(name, max(room - cells(beside) - 1, (room + 1) // 2))
    return fit_pieces(
        [(name, "strong"), (SPACE, ""), (cut(beside, room - cells(name) - 1), marks[0][1]), (SPACE, "")], width
    )


def _marks(row: QueueRow, me: str) -> list[Piece]:
    found: list[Piece] = []
    if row.claimed_by:
        mine = row.claimed_by == me
        found.append((join([_CLAIM, line(row.claimed_by, 20)]), "accent" if mine else "dim"))
    if row.draft:
        found.append((_DRAFT, "accent"))
    found += [(said, "dim") for badge, said in BADGES.items() if badge in row.badges]
    return found


class Part(QueuePager):
    """A part of the queue as a pager: a view, limited by a query, without the replies that are quietly on their way.

    Those stand at the foot of the screen instead. Raises `UsageError` for a query that cannot be read.
    """

    def __init__(self, desk: Desk, view: View, limit: str, *, has_backlog: bool = True) -> None:
        """Without a backlog the first view is the whole queue, which is listed faster."""
        narrowed = VIEW_QUERY[view] if has_backlog or view == "backlog" else ""
        super().__init__(desk, f"{narrowed} {limit}".strip())
        self._sending = QueuePager(desk, f"{narrowed} {limit} is:sending".strip())

    def count(self) -> int:
        """How many asks are listed."""
        count = super().count()
        quiet = sum(not _listed(row) for row in self._sending.first(1000)) if self._sending.count() else 0
        return count - quiet

    def first(self, n: int) -> list[QueueRow]:
        """The first rows."""
        return self._more(super().first(n), n)

    def last(self, n: int) -> list[QueueRow]:
        """The last rows."""
        return self._less(super().last(n), n)

    def after(self, key: Any, n: int) -> list[QueueRow]:
        """Rows after a key."""
        return self._more(super().after(key, n), n)

    def before(self, key: Any, n: int) -> list[QueueRow]:
        """Rows before a key, in list order."""
        return self._less(super().before(key, n), n)

    def find(self, row: QueueRow) -> QueueRow | None:
        """The same ask as it stands now; None where it is no longer listed, as when a reply to it is on its way."""
        found = super().find(row)
        return found if found is not None and _listed(found) else None

    def _more(self, page: list[QueueRow], n: int) -> list[QueueRow]:
        """`page` without the quiet ones, filled up from what follows."""
        rows = list(filter(_listed, page))
        while len(page) == n and len(rows) < n:
            page = super().after(page[-1].key, n)
            rows += filter(_listed, page)
        return rows[:n]

    def _less(self, page: list[QueueRow], n: int) -> list[QueueRow]:
        rows = list(filter(_listed, page))
        while len(page) == n and len(rows) < n:
            page = super().before(page[0].key, n)
            rows = [*filter(_listed, page), *rows]
        return rows[-n:]


def _listed(row: QueueRow) -> bool:
    return row.status != "sending" or bool(row.trouble)


def detail(row: QueueRow, now: int, me: str) -> list[list[Piece]]:
    """What the second pane of a wide screen says of an ask, in paragraphs."""
    name: list[Piece] = [(who(row.name, row.handle, row.person), "strong")]
    if row.handle and row.name:
        name += [(SPACE, ""), (line(row.handle, 60), "dim")]
    told = [name, [(where(row.source, None if row.kind == "dm" else row.title, row.kind), "dim")]]
    if row.kind in PRIVATE:
        told.append([(literal("private message"), "dim")])
    if row.waiting_since is None:
        told.append([(line(row.status), "")])
    else:
        since: list[Piece] = [(join([literal("waits since "), clock(row.waiting_since, now)]), "")]
        target = due(row.due_at, now)
        if target:
            late = row.due_at is not None and row.due_at <= now
            since += [(DOT, ""), (join([literal("due "), target]), "warning" if late else "dim")]
        told.append(since)
    told += [[mark] for mark in _marks(row, me)]
    if row.suggest_act:
        said = join([literal("suggested: "), line(row.suggest_act), DOT, line(row.suggest_reason or "")])
        told.append([(said, "accent")])
    return [*told, [(EMPTY, "")], [(block(row.text, 4_000, 200), "")]]
