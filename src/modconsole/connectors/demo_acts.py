"""Moderation in the demo: what each made-up place can do, what this account may, and what the place remembers of it.

The places stand for real kinds of platforms, so each has the acts that such a place would have, with and without undo. What we
did is a list of `Did`s in the order of time; everything that follows from it is a pure function of that list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from modconsole.connectors.acts import Act, ActInfo, Order, Takes, Target, Undo
from modconsole.domain.records import State

STATES: dict[str, State] = {
    "approve": "live",
    "unhide": "live",
    "restore": "live",
    "hold": "held",
    "hide": "hidden",
    "spam": "spam",
    "remove": "removed",
}
"""The acts that change what a message is."""

_PUT_AWAY: tuple[State, ...] = ("spam", "removed")
OPPOSITE: dict[str, Act] = {"lock": "unlock", "label": "unlabel", "mute": "unmute", "block": "unblock", "ban": "unban"}
_UNDONE: dict[str, Act] = {**OPPOSITE, **{back: cast("Act", act) for act, back in OPPOSITE.items()}}
SILENT = ("mute", "block", "ban")
"""After one of these nothing new of that person is shown to us."""


def _info(
    act: Act,
    on: Target,
    does: str,
    undo: str = "",
    *,
    takes: tuple[Takes, ...] = (),
    needs: tuple[Takes, ...] = (),
    choices: tuple[str, ...] = (),
    fits: tuple[str, ...] = ("live", "held", "hidden", "spam", "removed"),
    right: str = "",
) -> ActInfo:
    return ActInfo(
        act, on, does, undo, frozenset((*takes, *needs)), frozenset(needs), choices, frozenset(fits), right=right
    )


_QUEUE: tuple[ActInfo, ...] = (
    _info("approve", "message", "Shows it to everybody.", "held again", fits=("held", "hidden")),
    _info("hold", "message", "Puts it back into moderation: nobody else sees it.", "approved again", fits=("live",)),
    _info(
        "spam",
        "message",
        "Marks it as spam: it is hidden, and the filter learns from it.",
        "restored",
        fits=("live", "held", "hidden"),
    ),
    _info(
        "remove",
        "message",
        "Puts it into the trash, which is emptied after 30 days.",
        "restored",
        takes=("reason",),
        fits=("live", "held", "hidden", "spam"),
    ),
    _info(
        "restore", "message", "Takes it out of spam or trash, to where it was.", "put back", fits=("spam", "removed")
    ),
)
_LOCKS: tuple[ActInfo, ...] = (
    _info("lock", "conversation", "Closes it: nobody can reply any more.", "opened again", takes=("reason",)),
    _info("unlock", "conversation", "Opens it: everybody can reply again.", "closed again"),
)
_REASONS = ("spam", "off topic", "rude", "something else")
_SUSPEND = "to suspend people (an administrator)"

ACTS: dict[str, tuple[ActInfo, ...]] = {
    "blog": (
        *_QUEUE,
        _info(
            "ban",
            "person",
            "Puts the account on the blog's block list: it cannot comment any more.",
            "taken off the list",
            takes=("reason", "until"),
        ),
        _info("unban", "person", "Takes the account off the block list.", "put on the list again"),
        *_LOCKS,
    ),
    "forum": (
        *_QUEUE,
        _info(
            "hide", "message", "Hides the post until its author has edited it.", "shown again", fits=("live", "held")
        ),
        _info("unhide", "message", "Shows the post again.", "hidden again", fits=("hidden",)),
        _info(
            "report",
            "message",
            "Flags the post to the forum's staff, under this account's name.",
            takes=("reason",),
            needs=("label",),
            choices=_REASONS,
            fits=("live",),
        ),
        _info(
            "mute",
            "person",
            "Silences the account: it can read and sign in, and cannot post.",
            "given its voice back",
            takes=("reason", "until"),
        ),
        _info("unmute", "person", "Gives the account its voice back.", "silenced again"),
        _info(
            "ban",
            "person",
            "Suspends the account: it cannot sign in.",
            "let in again",
            takes=("until",),
            needs=("reason",),
            right=_SUSPEND,
        ),
        _info("unban", "person", "Ends the suspension.", "suspended again", right=_SUSPEND),
        *_LOCKS,
        _info(
            "label",
            "conversation",
            "Puts a tag on the topic, for everybody to see.",
            "taken off",
            needs=("label",),
            choices=("bug", "solved", "waiting for parts"),
        ),
        _info(
            "unlabel",
            "conversation",
            "Takes a tag off the topic.",
            "put on again",
            needs=("label",),
            choices=("bug", "solved", "waiting for parts"),
        ),
    ),
    "masto": (
        _info(
            "report",
            "message",
            "Reports the post to the moderators of its server, without saying who did.",
            takes=("reason",),
            needs=("label",),
            choices=("spam", "breaks a rule", "something else"),
            fits=("live",),
        ),
        _info("mute", "person", "Shows nothing of this account to us any more.", "shown again", takes=("until",)),
        _info("unmute", "person", "Shows this account to us again.", "muted again"),
        _info("block", "person", "Cuts this account off: neither of us sees the other, nor follows.", "let in again"),
        _info(
            "unblock", "person", "Lets this account see us again; it does not follow again by itself.", "blocked again"
        ),
    ),
    "matrix": (
        _info(
            "remove",
            "message",
            "Redacts the message: its words are gone for everybody, for good.",
            takes=("reason",),
            fits=("live",),
        ),
        _info("kick", "person", "Puts the person out of the room; they may come back.", takes=("reason",)),
        _info(
            "ban",
            "person",
            "Puts the person out of the room, and keeps them out.",
            "let in again, by invitation",
            takes=("reason",),
        ),
        _info("unban", "person", "Lets the person join again.", "kept out again"),
    ),
    "insta": (
        _info("report", "message", "Reports the message to the platform.", needs=("label",), choices=_REASONS),
        _info("block", "person", "Cuts the account off: it cannot write to us.", "let in again"),
        _info("unblock", "person", "Lets the account write to us again.", "blocked again"),
    ),
}
"""What each place can do."""

LACKING: dict[str, frozenset[tuple[Act, Target]]] = {"forum": frozenset({("ban", "person"), ("unban", "person")})}
"""What this account lacks the right to, by place."""


@dataclass(frozen=True)
class Did:
    """One act of ours. `was` and `state` are those of a message."""

    at: int
    act: str
    on: str
    target: str
    was: State | None = None
    state: State | None = None
    until: int | None = None
    label: str = ""


def to_json(did: Did) -> list[Any]:
    """For the position."""
    return [did.at, did.act, did.on, did.target, did.was, did.state, did.until, did.label]


def from_json(value: list[Any]) -> Did:
    """From a position; those of the first release had time, message and state alone."""
    if len(value) == 3:
        at, target, state = value
        return Did(at, "", "message", target, None, state)
    return Did(*value)


def new_state(done: list[Did], order: Order, was: State) -> State | None:
    """What a message comes to by an order; None for an act that leaves it what it is."""
    if order.undoing:
        return cast("State", order.undoing["state"])
    if order.act == "restore":
        away = (did for did in reversed(done) if did.target == order.target and did.state in _PUT_AWAY)
        before = next((did.was for did in away if did.was not in (None, *_PUT_AWAY)), None)
        return (before or "live") if was in _PUT_AWAY else was
    return STATES.get(order.act)


def undo_of(order: Order, was: State | None, state: State | None) -> Undo | None:
    """What takes an order back that changed something."""
    if order.on == "message" and was is not None and state is not None:
        back: Act = "restore" if state in _PUT_AWAY else "unhide" if state == "hidden" else "approve"
        if state == "live":
            back = next((cast("Act", act) for act, to in STATES.items() if to == was), "hold")
        return Undo(back, {"state": was})
    act = _UNDONE.get(order.act)
    return Undo(act, {"until": order.until}) if act is not None else None


def standing(done: list[Did], on: str, target: str, now: int) -> Iterator[Did]:
    """Acts on a person or a conversation that hold at an instant: not taken back, and not over."""
    held: dict[tuple[str, str], Did] = {}
    for did in done:
        if (did.on, did.target) != (on, target) or did.at > now:
            continue
        if did.act in OPPOSITE:
            held[did.act, did.label] = did
        for act, back in OPPOSITE.items():
            if did.act == back:
                held.pop((act, did.label), None)
    return (did for did in held.values() if did.until is None or did.until > now)


def changes_nothing(done: list[Did], order: Order, now: int, *, locked: bool) -> bool:
    """Whether an order on a person or a conversation is so already. `locked` is how the place's authors made it."""
    here = [did for did in standing(done, order.on, order.target, now) if did.label == order.label]
    if order.act == "lock":
        return is_locked(done, order.target, now, locked=locked)
    if order.act == "unlock":
        return not is_locked(done, order.target, now, locked=locked)
    if order.act in OPPOSITE:
        return any((did.act, did.until) == (order.act, order.until) for did in here)
    return order.act in _UNDONE and not any(OPPOSITE[did.act] == order.act for did in here)


def is_locked(done: list[Did], conversation: str, now: int, *, locked: bool) -> bool:
    """Whether a conversation takes no replies: by the last thing that we did about it, else as it was."""
    for did in reversed(done):
        if (did.on, did.target) == ("conversation", conversation) and did.act in ("lock", "unlock") and did.at <= now:
            return did.act == "lock"
    return locked


def silenced(done: list[Did]) -> Callable[[str, int], bool]:
    """Whether nothing new of a person is shown at an instant: after an act of ours, not in its very moment."""
    concerned = {did.target for did in done if did.on == "person"}

    def shut(person: str, at: int) -> bool:
        return person in concerned and any(did.act in SILENT for did in standing(done, "person", person, at - 1))

    return shut
