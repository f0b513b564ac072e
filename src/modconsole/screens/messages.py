"""How one message of a conversation looks: head, state in words, text, and what we did about it.

Pure: a `Told` goes in, lines of gated pieces come out. Nothing here reads, and the time is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from modconsole.domain.safetext import (
    EMPTY,
    Safe,
    block,
    cells,
    fill,
    fit,
    hidden,
    join,
    line,
    literal,
    wrap,
)
from modconsole.domain.times import to_instant
from modconsole.screens.act_words import ends, log_line, past
from modconsole.screens.rule_words import by_whom
from modconsole.screens.talk import Told
from modconsole.screens.wording import DOT, clock, wait, who
from modconsole.widgets.plain import Piece, lay_out
from modconsole.widgets.thread import Drawn

if TYPE_CHECKING:
    from modconsole.desk.views import Moderated, OutboxRow
    from modconsole.domain.records import Decision

CHARS: Final = 20_000
"""Characters of one message that are shown at first; Enter shows as many again."""

LINES: Final = 400
"""Lines likewise."""

FOLD_FROM: Final = 16
"""Lines from which on a message is folded, to `FOLDED` lines."""

FOLDED: Final = 10

MOST: Final = 5
"""How often Enter shows more of one message: the screen has to stay quick."""

DEEPEST: Final = 6
"""Depth of replies from which on they are not indented further: there must be room for the words."""

NOTE_LINES: Final = 6

_STATES: Final = {
    "held": literal("held for moderation: a person has to decide"),
    "hidden": literal("hidden there"),
    "spam": literal("marked as spam there"),
    "removed": literal("removed there · text kept"),
    "deleted": literal("deleted by its author · text kept"),
}

_VISIBILITY: Final = {
    "internal": literal("internal"),
    "private": literal("private"),
    "followers": literal("followers only"),
    "unlisted": literal("unlisted"),
}

_SENDS: Final = {
    "queued": literal("queued, not yet sent"),
    "sending": literal("sending"),
    "sent": literal("sent, not yet seen there"),
    "unsure": literal("may or may not have arrived: looking for it there"),
    "failed": literal("could not be sent"),
    "confirmed": literal("seen there"),
}

_GAP = literal("  ")
_REPLY = literal("\u21b3 ")
_ARROW = literal("\u2192 ")
_DOT = literal("\u00b7 ")
_RULE = literal("\u2691 ")
_IN_SHADOW = literal(" in the shadow")
_UNDECIDED = literal(" \u00b7 m to decide")
_KEPT = literal(" \u00b7 text kept")


def draw(told: Told, width: int, *, now: int, me: str, opened: int = 0) -> Drawn:
    """A message in lines of at most `width` cells. `opened` says how often Enter has asked for more of its text."""
    depth = min(told.entry.depth, DEEPEST)
    indent = 2 * depth
    body = indent + (2 if depth else 0)
    lines = _head(told, width, indent, now, me)
    lines += _state(told, width, body, now)
    lines += _text(told, width, body, opened)
    lines += _rules(told, width, body)
    for attachment in told.shown.message.attachments or ():
        lines.append([*_space(body), (_attachment(attachment.kind, attachment.alt), "dim")])
    for send in told.sends:
        lines += _send(send, width, body, now)
    for decision in told.decisions:
        lines += _log(decided(decision, now), to_instant(decision.at), width, body, now)
    for act in told.acts:
        lines += _log(log_line(act, now), act.at, width, body, now, doubtful=act.state in ("unsure", "failed"))
    return Drawn(lines, waits=told.ask is not None and told.ask.status in ("waiting", "unknown", "sending"))


def _space(width: int) -> list[Piece]:
    return [(fit(EMPTY, width), "")] if width else []


def author(told: Told, me: str) -> Safe:
    """Who wrote a message, as we name them: ours are named as such."""
    shown = told.shown
    name = who(shown.name, shown.handle, told.entry.author)
    if shown.ours is None:
        return name
    if shown.ours.kind == "bot":
        return fill("{} (our bot)", who(shown.ours.name, shown.ours.handle, shown.ours.id))
    if told.sent_by:
        return literal("You (team)") if told.sent_by == me else fill("{} (team)", line(told.sent_by, 60))
    return fill("{} (team)", who(shown.ours.name, shown.ours.handle, shown.ours.id))


def _head(told: Told, width: int, indent: int, now: int, me: str) -> list[list[Piece]]:
    """Who, how long, when; and what there is to know of it, on a line of its own where that would push the name out."""
    left = _space(indent)
    if told.entry.depth:
        left.append((_REPLY, "dim"))
    if told.entry.depth > DEEPEST:
        left.append((fill("{} deep ", told.entry.depth), "dim"))
    left.append((author(told, me), "accent" if told.shown.ours is not None else "strong"))
    right: list[Piece] = [(_GAP, "")]
    first = told.ask is not None and told.entry.id == (*told.ask.messages, told.ask.latest)[0]
    if (
        first
        and told.ask is not None
        and told.ask.status in ("waiting", "unknown")
        and told.ask.waiting_since is not None
    ):
        right += [(fill("waits {}", wait(max(0, now - told.ask.waiting_since))), "warning"), (_GAP, "")]
    badges = join(list(_badges(told, now)), DOT)
    at: list[Piece] = [(clock(told.entry.created, now), "dim")]
    beside: list[Piece] = [(badges, "dim"), (_GAP, "")] if badges else []
    if not badges or sum(cells(text) for text, _ in [*left, *right, *beside, *at]) <= width:
        return [lay_out(left, [*right, *beside, *at], width)]
    below = indent + (2 if told.entry.depth else 0)
    return [
        lay_out(left, [*right, *at], width),
        *([*_space(below), (each, "dim")] for each in wrap(badges, max(8, width - below))),
    ]


def _badges(told: Told, now: int) -> Iterator[Safe]:
    message = told.shown.message
    if told.first_comment and told.ask is not None and told.entry.id == (*told.ask.messages, told.ask.latest)[0]:
        yield literal("first comment")
    for act in told.stands:
        yield fill("{}{}", past(act.act), ends(act, now))
    if told.ask is not None and told.ask.status in ("snoozed", "promised", "sending"):
        yield line(told.ask.status)
    if message.automatic:
        yield literal("automatic")
    elif message.author.kind == "bot" and told.shown.ours is None:
        yield literal("bot")
    if message.visibility in _VISIBILITY:
        yield _VISIBILITY[message.visibility]
    strange = hidden(told.shown.plain[:CHARS])
    if strange:
        yield fill("{} hidden characters", strange) if strange > 1 else literal("1 hidden character")
    if told.shown.edits > 0:
        if message.edited_at is not None:
            yield fill("edited {}", clock(to_instant(message.edited_at), now))
        elif told.shown.edits > 1:
            yield fill("edited {}\u00d7", told.shown.edits)
        else:
            yield literal("edited")
        yield literal("d diff")


def _state(told: Told, width: int, indent: int, now: int) -> Iterator[list[Piece]]:
    words = _STATES.get(told.entry.state)
    if words is None:
        return
    by = _by_rule(told)
    if by:
        words = fill("{} by {}{}", past(by.act), by_whom(by.by), _UNDECIDED if told.entry.state == "held" else _KEPT)
    at = told.shown.message.state_at
    if at is not None:
        words = join([words, DOT, clock(to_instant(at), now)])
    for each in wrap(fill("[{}]", words), max(8, width - indent)):
        yield [*_space(indent), (each, "warning" if told.entry.state == "held" else "dim")]


def _by_rule(told: Told) -> Moderated | None:
    """The act of a rule that put it into the state that it is in."""
    return next(
        (
            act
            for act in reversed(told.acts)
            if act.by.startswith("rule:") and act.became == told.entry.state and act.state == "done" and not act.undone
        ),
        None,
    )


def _rules(told: Told, width: int, indent: int) -> Iterator[list[Piece]]:
    """Which rules hit it, and by which words; what they did about it stands further down."""
    for hit in told.hits:
        words = [line(str(each.get("words", "")), 40) for each in hit.matches[:3]]
        said = fill("{} hits this", by_whom(f"rule:{hit.rule}@{hit.version}"))
        if hit.mode != "live":
            said = join([said, _IN_SHADOW])
        if words:
            quoted = join([fill("\u201c{}\u201d", each) for each in dict.fromkeys(words)], literal(", "))
            said = fill("{}: {}", said, quoted)
        for number, each in enumerate(wrap(fill("{} \u00b7 W why", said), max(8, width - indent - 2))):
            yield [*_space(indent), (_RULE if not number else _GAP, "dim"), (each, "dim")]


def is_long(told: Told, width: int) -> bool:
    """Whether Enter does something: fold, unfold, or show more."""
    text = told.shown.plain
    if len(text) > CHARS or text.count("\n") >= FOLD_FROM:
        return True
    if len(text) + width * text.count("\n") < FOLD_FROM * width // 4:
        return False
    return len(_wrapped(told, width, 1)) > FOLD_FROM


def is_cut(told: Told, opened: int) -> bool:
    """Whether there is more of a text than `opened` steps show, and more can be shown."""
    text = told.shown.plain
    return opened < MOST and (len(text) > CHARS * opened or text.count("\n") >= LINES * opened)


def _wrapped(told: Told, width: int, opened: int) -> list[Safe]:
    steps = max(1, opened)
    text = block(told.shown.plain.strip("\n"), CHARS * steps, LINES * steps)
    indent = 2 * min(told.entry.depth, DEEPEST) + (2 if told.entry.depth else 0)
    return wrap(text, max(8, width - indent))


def _text(told: Told, width: int, indent: int, opened: int) -> Iterator[list[Piece]]:
    style = "" if told.entry.state in ("live", "held") else "dim"
    text = told.shown.plain
    if not text.strip():
        if not told.shown.message.attachments:
            yield [*_space(indent), (literal("(no text)"), "dim")]
        return
    whole = _wrapped(told, width, opened)
    folded = not opened and (len(whole) > FOLD_FROM)
    for each in whole[:FOLDED] if folded else whole:
        yield [*_space(indent), (each, style)]
    said = _more(told, len(whole), opened, folded)
    if said:
        yield [*_space(indent), (said, "dim")]


def _more(told: Told, lines: int, opened: int, folded: bool) -> Safe:
    """What stands below a text of which not everything is shown, and what Enter does about it."""
    length = len(told.shown.plain)
    if folded:
        if is_cut(told, 1):
            return fill("\u2026 {:,} characters in all · enter shows more", length)
        return fill("\u2026 {:,} more lines · enter shows them", lines - FOLDED)
    if opened and is_cut(told, opened):
        return fill("enter shows more · {:,} characters in all", length)
    if opened and length > CHARS * opened:
        return fill("{:,} characters in all · o opens it there", length)
    return EMPTY


def _attachment(kind: str | None, alt: str | None) -> Safe:
    named = join([each for each in (line(kind or "attachment", 40), line(alt or "", 200)) if each], literal(": "))
    return fill("[{}]", named)


def _send(send: OutboxRow, width: int, indent: int, now: int) -> Iterator[list[Piece]]:
    words = [_SENDS[send.state]]
    if send.state in ("failed", "unsure") and send.trouble:
        words.append(line(send.trouble, 200))
    if send.state == "failed" and send.retry_at is not None:
        words.append(fill("tried again {}", clock(send.retry_at, now)))
    style = "warning" if send.state in ("failed", "unsure") else "accent"
    yield lay_out(
        [
            *_space(indent),
            (_ARROW, style),
            (join(words, literal(": ")), style),
            (fill(" ({})", line(send.by, 40)), "dim"),
        ],
        [(_GAP, ""), (clock(send.at, now), "dim")],
        width,
    )
    text = wrap(block(send.text, 2_000, 40), max(8, width - indent - 2))
    for each in text[:FOLDED]:
        yield [*_space(indent + 2), (each, "dim")]
    if len(text) > FOLDED:
        yield [*_space(indent + 2), (fill("\u2026 {} more lines", len(text) - FOLDED), "dim")]


def _log(told: Safe, at: int, width: int, indent: int, now: int, *, doubtful: bool = False) -> Iterator[list[Piece]]:
    """What we did, below the message that it was about."""
    said = wrap(told, max(8, width - indent - 10))
    for number, each in enumerate(said[:NOTE_LINES]):
        style = "warning" if doubtful else "dim"
        left: list[Piece] = [*_space(indent), (_DOT if not number else _GAP, "dim"), (each, style)]
        when: list[Piece] = [(_GAP, ""), (clock(at, now), "dim")] if not number else []
        yield lay_out(left, when, width)
    if len(said) > NOTE_LINES:
        yield [*_space(indent + 2), (literal("[cut]"), "dim")]


def decided(decision: Decision, now: int) -> Safe:
    """A decision in words."""
    by = by_whom(decision.by)
    reason = line(decision.reason or "", 300)
    until = clock(to_instant(decision.until), now) if decision.until is not None else EMPTY
    tags = join([line(tag, 40) for tag in decision.tags or ()], literal(", "))
    words = {
        "close": fill("closed by {}", by),
        "reopen": fill("reopened by {}", by),
        "snooze": fill("snoozed by {} until {}", by, until or literal("they write")),
        "unsnooze": fill("brought back by {}", by),
        "promise": fill("{} promised an answer by {}", by, until or literal("a date")),
        "claim": fill("{} takes this on", by),
        "release": fill("{} let go of this", by),
        "assign": fill("given to {} by {}", line(decision.to or "", 60), by),
        "tag": fill("tagged {} by {}", tags, by),
        "untag": fill("tag {} taken off by {}", tags, by),
        "link": fill("{} linked a direct message that answers this", by),
        "note": fill("note by {}: {}", by, block(decision.text or "", 4_000, 40)),
    }[decision.act]
    return join([words, literal(": "), reason]) if reason else words
