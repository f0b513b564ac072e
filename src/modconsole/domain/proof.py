"""The proof behind an answer: which messages and decisions were considered, and why each covers or does not.

It is made from the same board and the same judgement as the answer itself, never from a second set of rules, and works for every
message: for one that waits, for one that does not, and for one that could never be in the queue.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from modconsole.domain.ask import Ask
from modconsole.domain.board import Board, Key, Reach
from modconsole.domain.case import Case, Item, Ruling
from modconsole.domain.times import to_text
from modconsole.domain.waiting import derive, judge, promises_of, snooze_stands

Effect = Literal["covers", "does not cover"]

HOW = {
    "reply": "our reply to this person's item",
    "quote": "our reply quotes this person's item",
    "mention": "our reply mentions this person",
    "direct message": "our reply in a direct message",
    "to the opener": "our reply to the topic, which this person opened",
    "to who wrote last": "our reply addresses nobody, and this person had written last",
}


class Because(Struct, kw_only=True):
    """One thing that was considered. Exactly one of `message` and `decision` is given."""

    effect: Effect
    reason: str
    message: str | None = None
    decision: str | None = None
    at: int = 0


class Proof(Struct, kw_only=True):
    """Why a person waits or does not. `status` and `waiting_since` are the ask's; `item` is the status of the message itself."""

    status: str
    waiting_since: int | None
    because: list[Because]
    item: str = ""
    ask: Ask | None = None


def prove(case: Case, message: str, now: int) -> Proof:
    """The proof for one message of a case, which must contain it. `now` is an instant."""
    asks = derive(case, now).asks
    board = Board(case)
    item = board.by_id[message]
    key = (item.thread, item.author)
    ask = next((ask for ask in asks if (ask.thread, ask.person) == key), None)
    why_not = _why_not_asking(board, item)
    because = [Because(message=item.id, effect="does not cover", reason=why_not, at=item.effective)] if why_not else []
    if ask is None:
        return Proof(status="not asking", waiting_since=None, because=because, item="not asking")
    verdict = judge(board, key, item, now)
    because += _messages(board, key, item)
    because += [_decision(board, key, item, ruling, now) for ruling in case.rulings]
    because += _sends(board, key, item)
    if case.gap is not None:
        because.append(
            Because(message=item.id, effect="does not cover", reason=f"a gap stands on this thread: {case.gap}")
        )
    if verdict.reedited:
        reason = f"edited substantively after it was covered: it asks again since {to_text(verdict.since)}"
        because.append(Because(message=item.id, effect="does not cover", reason=reason, at=verdict.since))
    elif (not why_not and verdict.status in ("held", "withdrawn")) or (
        verdict.status == "closed" and not verdict.ruling
    ):
        reason = f"the platform says that this message is {item.state}"
        because.append(Because(message=item.id, effect="does not cover", reason=reason, at=item.effective))
    because.sort(key=lambda entry: entry.at)
    return Proof(
        status=ask.status,
        waiting_since=ask.waiting_since,
        because=because,
        item="not asking" if why_not else verdict.status,
        ask=ask,
    )


def _why_not_asking(board: Board, item: Item) -> str:
    """Why a message is not in the queue at all; empty where it asks."""
    if item.author in board.case.members:
        return "it is ours"
    if item.silent:
        return "it is automatic or internal"
    if item.bot:
        return "a bot wrote it"
    if not board.asks(item):
        if board.case.answer == "opener":
            return "this source answers the opener of a topic and what is addressed to us; this is neither"
        return "this source answers only what is addressed to us"
    return ""


def _messages(board: Board, key: Key, item: Item) -> list[Because]:
    """Every message of ours in reach of the eye: in the thread, or meant for the person, whether it covers or not."""
    reaches: dict[str, Reach] = {}
    for reach in board.reaches.get(key, ()):  # a reply may reach in several ways: the furthest one counts
        if reach.reply.id not in reaches or reach.upto > reaches[reach.reply.id].upto:
            reaches[reach.reply.id] = reach
    standing = board.newest(board.closings, item)
    reopened = standing.at if standing is not None and standing.act == "reopen" else None
    found = []
    for other in board.items:
        ours = other.author in board.case.members
        community = not ours and other is not item and other.up is item and other.author != item.author
        if not (ours and (other.thread == key[0] or other.id in reaches)) and not community:
            continue
        reach_of = reaches.get(other.id)
        covers = False
        if community:
            reason = "another member wrote it: helpful, but not an answer from us"
        elif reach_of is None:
            reason = _why_no_reach(board, other, item)
        elif not reach_of.covers(item):
            limited = other.id in board.sent_through
            reason = "its author had not been shown this message yet" if limited else "it answers an earlier message"
        elif reopened is not None and other.effective < reopened:
            reason = "the ask was reopened after it: that answer was not enough"
        elif promises_of(board.promises.get(other.id, ()), item.author):
            reason = "a holding reply: it promises an answer"
        else:
            covers, reason = True, HOW[reach_of.how]
        found.append(
            Because(
                message=other.id, effect="covers" if covers else "does not cover", reason=reason, at=other.effective
            )
        )
    return found


def _why_no_reach(board: Board, other: Item, item: Item) -> str:
    """Why a message of ours is no cover for this person at all."""
    if other.silent:
        return "it is automatic or internal"
    if not board.case.members[other.author].replies:
        return "our bot wrote it, and its replies do not count"
    if other.state != "live":
        return f"it is {other.state}"
    if other.position < item.position:
        return "it is earlier"
    if other.parent is None and not other.mentions and other.quotes is None:
        return "it addresses nobody"
    return "it is to somebody else"


def _decision(board: Board, key: Key, item: Item, ruling: Ruling, now: int) -> Because:
    """What a decision does to this item, in words."""
    effect: Effect = "does not cover"
    reached = board.reached(ruling, item)
    if ruling.act in ("close", "reopen"):
        newest = board.newest(board.closings, item)
        if not reached:
            reason = f"this {ruling.act} does not reach the message"
        elif newest is not ruling:
            reason = f"a later decision replaces this {ruling.act}"
        elif ruling.act == "close":
            effect, reason = "covers", f"closed by {ruling.by}" + (f": {ruling.reason}" if ruling.reason else "")
        else:
            reason = f"reopened by {ruling.by}: earlier answers no longer count"
    elif ruling.act in ("snooze", "unsnooze"):
        stands = snooze_stands(board, board.groups.get(key, [item]), ruling, now)
        newest = board.newest(board.snoozes, item)
        until = f" until {to_text(ruling.until)}" if ruling.until is not None else " until they write"
        if ruling.act == "snooze" and reached and newest is ruling and stands:
            reason = f"snoozed by {ruling.by}{until}: out of sight, not answered"
        else:
            reason = (
                f"this {ruling.act} no longer stands" if reached else f"this {ruling.act} does not reach the message"
            )
    elif ruling.act == "promise":
        due = to_text(ruling.until) if ruling.until is not None else "a date"
        kept = ruling.until is not None and now < ruling.until
        reason = f"{ruling.by} promised an answer by {due}" + ("" if kept else ", which has passed")
    elif ruling.act == "link":
        private = judge(board, key, item, now).private
        linked = reached and private in {reply.id for reply in board.case.linked.get(ruling.to or "", ())}
        effect, reason = (
            ("covers", "answered in a linked direct message")
            if linked
            else (effect, "this link leads to no later live reply of ours")
        )
    else:
        reason = f"a {ruling.act} by {ruling.by} is no answer"
    return Because(decision=ruling.id, effect=effect, reason=reason, at=ruling.at)


def _sends(board: Board, key: Key, item: Item) -> list[Because]:
    """Replies on their way to this person."""
    words = {
        "queued": "a reply is queued",
        "sending": "a reply is being sent",
        "sent": "a reply was sent and has not been seen on the platform",
        "confirmed": "a reply was confirmed, but its message is not here",
        "unsure": "a reply may or may not have arrived",
        "failed": "a reply could not be sent",
    }
    return [
        Because(message=item.id, effect="does not cover", reason=f"{words[d.state]} ({d.by})", at=d.at)
        for d in board.case.dispatches
        if d.state in words and not d.landed and board.concerns(d, key)
    ]
