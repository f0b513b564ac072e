"""How moderation acts are told: in the menu, in the footer when they are done, in the log of a conversation, in the outbox.

Pure: raw values in, gated text out; the time is an argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modconsole.domain.safetext import EMPTY, Safe, cut, fill, join, line, literal
from modconsole.screens.rule_words import by_whom
from modconsole.screens.wording import clock, who

if TYPE_CHECKING:
    from modconsole.desk.views import Moderated

PAST: Final[dict[str, Safe]] = {
    "approve": literal("approved"),
    "hold": literal("held"),
    "hide": literal("hidden"),
    "unhide": literal("shown again"),
    "spam": literal("marked as spam"),
    "remove": literal("removed"),
    "restore": literal("restored"),
    "lock": literal("locked"),
    "unlock": literal("unlocked"),
    "label": literal("labelled"),
    "unlabel": literal("no longer labelled"),
    "report": literal("reported"),
    "acknowledge": literal("acknowledged"),
    "escalate": literal("escalated"),
    "mute": literal("muted"),
    "unmute": literal("unmuted"),
    "block": literal("blocked"),
    "unblock": literal("unblocked"),
    "kick": literal("put out"),
    "ban": literal("banned"),
    "unban": literal("let in again"),
}
"""What somebody or something is after an act."""

STATES: Final[dict[str, Safe]] = {
    "queued": literal("not done yet"),
    "doing": literal("being done"),
    "unsure": literal("nobody knows whether it was done"),
    "failed": literal("not done"),
    "cancelled": literal("called off"),
}
"""Why an act has not simply been done."""

_SEP: Final = literal(": ")


def past(act: str) -> Safe:
    """What something is after an act, as `banned`."""
    return PAST.get(act) or line(act, 40)


def on_whom(act: Moderated) -> Safe:
    """What an act is on, in a word: the person's name, or the message, or the conversation."""
    if act.on == "person":
        return cut(who(act.name, act.handle, act.target), 30)
    if act.on == "message":
        name = cut(who(act.name, act.handle, act.person or ""), 30)
        return fill("what {} wrote", name) if act.person else literal("a message")
    return cut(line(act.title or act.target, 80), 30)


def ends(act: Moderated, now: int) -> Safe:
    """Until when it holds, with a space before it; empty where that was not said."""
    return fill(" until {}", clock(act.until, now)) if act.until is not None else EMPTY


def why(act: Moderated) -> Safe:
    """Label and reason, as far as there are any."""
    return join([each for each in (line(act.label, 60), line(act.reason, 300)) if each], _SEP)


def log_line(act: Moderated, now: int) -> Safe:
    """An act in the log of a conversation: `Kim was muted by ann until Fri 10:00: spam (undone by bob)`."""
    said = fill("{} by {}{}", past(act.act), by_whom(act.by), ends(act, now))
    if act.on == "person":
        said = fill("{} was {}", on_whom(act), said)
    elif act.on == "conversation":
        said = fill("the conversation was {}", said)
    reason = why(act)
    said = join([said, _SEP, reason]) if reason else said
    if act.undone:
        return fill("{} (undone by {})", said, line(act.undone_by or "", 60) or literal("somebody"))
    state = STATES.get(act.state)
    return said if state is None else fill("{} ({})", said, state)


def done_words(act: Moderated, now: int) -> Safe:
    """What the footer says once an act is done."""
    subject = on_whom(act) if act.on != "message" else EMPTY
    said = fill("{} is {}{}.", subject, past(act.act), ends(act, now)) if subject else fill("It is {}.", past(act.act))
    note = line(act.note, 200)
    undo = literal("u undoes it.") if act.undo_act is not None else EMPTY
    return join([each for each in (said, note, undo) if each], literal(" "))
