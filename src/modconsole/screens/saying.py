"""Sentences about what has happened: to an ask that is no longer what was seen, to a reply on its way, to what was undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from modconsole.domain.safetext import Safe, cut, fill, join, line, literal
from modconsole.domain.times import MINUTE, SECOND
from modconsole.screens.wording import wait, who
from modconsole.widgets.plain import Piece

if TYPE_CHECKING:
    from modconsole.desk.asks import Caution
    from modconsole.desk.seen import Change
    from modconsole.desk.undoing import Undone
    from modconsole.desk.views import QueueRow

STATUS: Final = {
    "waiting": literal("it waits"),
    "sending": literal("a reply is on its way"),
    "unknown": literal("it cannot be told whether it waits: a part of the thread could not be seen"),
    "promised": literal("an answer has been promised"),
    "snoozed": literal("it is snoozed"),
    "held": literal("it is held for moderation"),
    "answered": literal("it has been answered"),
    "answered_privately": literal("it has been answered in private"),
    "closed": literal("it is closed"),
    "withdrawn": literal("it was withdrawn"),
    "not asking": literal("it asks nothing of us"),
}
"""A status as the end of a sentence."""


def quoted(text: str, width: int = 60) -> Safe:
    """A stranger's words in quotation marks, short."""
    return fill("\u201c{}\u201d", cut(line(text), width))


def ago(at: int | None, now: int) -> Safe:
    """`40 s ago`, `3h ago`; nothing where the time is not known."""
    if at is None or at <= 0:
        return literal("just now")
    span = max(0, now - at)
    if span < MINUTE:
        return fill("{} s ago", span // SECOND)
    return fill("{} ago", wait(span))


def change_words(change: Change, row: QueueRow, now: int) -> Safe:
    """What has happened to an ask since it was read."""
    name = cut(who(row.name, row.handle, row.person), 30)
    by = line(change.by, 60)
    if change.kind == "gone":
        return fill("{}'s ask is gone. Nothing was done.", name)
    if change.kind == "newer":
        return fill("{} wrote again, {}: {}", name, ago(change.at, now), quoted(change.text))
    if change.kind == "claimed":
        return fill("{} has claimed it.", by)
    if change.kind == "sending":
        return fill("{} has a reply to {} on its way.", by or literal("Somebody"), name)
    state = STATUS.get(change.status, line(change.status))
    return fill("Meanwhile {} ({}).", state, by) if by else fill("Meanwhile {}.", state)


def caution_words(caution: Caution, name: Safe, text: str, now: int, width: int) -> Safe:
    """What the writer of a reply should know; `text` is what was written meanwhile, where something was."""
    if caution.kind == "newer":
        head = fill("{} wrote again {}", name, ago(caution.at, now))
    elif caution.kind == "edited":
        head = fill("{} changed this message {}", name, ago(caution.at, now))
    elif caution.kind == "answered":
        head = fill("{} has answered, {}", line(caution.by, 60), ago(caution.at, now))
    elif caution.kind == "gone":
        return fill("{} has deleted this message.", name)
    else:
        return line(caution.text, 200)
    said = line(text)
    return fill("{}: {}", head, quoted(text, max(12, width - len(head) - 4))) if said else fill("{}.", head)


def countdown(goes_out_at: int, now: int, what: Safe) -> Sequence[Piece] | None:
    """How long something can still be called off that will then be `what`, as "sent"; None once it is on its way."""
    left = goes_out_at - now
    if left <= 0:
        return None
    return [(fill("{} in {} s", what, -(-left // SECOND)), "accent"), (literal(" · u undo"), "dim")]


def undone_words(undone: Undone) -> Safe:
    """What an undo took back."""
    if undone.what == "reply":
        return literal("The reply is taken back; it is a draft again. r goes on with it.")
    named = line(undone.what, 40)
    what = fill("Called off: {}", named) if undone.cancelled else fill("Undone: {}", named)
    status = STATUS.get(undone.status)
    return join([what, literal("; "), status]) if status is not None else what
