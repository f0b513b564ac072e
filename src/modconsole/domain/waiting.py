"""Who is waiting, since when, and why: a pure function of messages, identities, decisions and the time.

`derive` answers for one conversation. Nothing here is stored as a flag; the store keeps the result as a cache, renews it in the
transaction of every change that could touch it, and `modconsole verify` recomputes it from nothing.

The answer depends on the clock only where a snooze or a promise ends, so each outcome says from when until when it holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from modconsole.domain import hours, likeness, suggest
from modconsole.domain.ask import OPEN, WITH_SINCE, Ask, Status, Suggestion
from modconsole.domain.board import PENDING, UNCONFIRMED, Board, Key, Reach
from modconsole.domain.case import Case, Dispatch, Item, Linked, Ruling
from modconsole.domain.times import HOUR

QueueKey = tuple[int, int, int, str, str, str, str]
"""(stretch, end of a reply window that is about to end or 0, waiting since, source, conversation, thread, person)."""

LAST = 1 << 62
"""Stands for "no waiting time" in sort keys: later than every instant."""


class Verdict(Struct, gc=False):
    """What became of one asking item. `status` is `waiting` where nothing covers it; the ask decides whether that is shown as
    `snoozed` or `sending`. `since` is the time from which it asks."""

    item: Item
    status: Status
    since: int
    reply: Item | None = None
    ruling: Ruling | None = None
    reedited: bool = False
    private: str = ""


class Cover(Struct, gc=False):
    """One thing that ends the wait of an item, as a status, and when (instant): edits after it are measured from there."""

    status: Status
    at: int
    reply: Item | None = None
    ruling: Ruling | None = None
    private: str = ""


class Outcome(Struct):
    """All asks of one conversation, and the instants between which this answer holds (None: for ever)."""

    asks: list[Ask]
    valid_from: int | None = None
    valid_to: int | None = None


def derive(case: Case, now: int) -> Outcome:
    """Everybody who asked something in a conversation, and where each stands at `now` (an instant)."""
    board = Board(case)
    asks = []
    everyone = case.answer == "everyone"
    for key, group in board.groups.items():
        asking = group if everyone else [item for item in group if board.asks(item)]
        if asking:
            asks.append(_ask(board, key, group, asking, now))
    linked = [promise for replies in case.linked.values() for reply in replies for promise in reply.promises]
    ends = [r.until for r in (*case.rulings, *linked) if r.until is not None and r.act in ("snooze", "promise")]
    return Outcome(
        asks,
        max((end for end in ends if end <= now), default=None),
        min((end for end in ends if end > now), default=None),
    )


def judge(board: Board, key: Key, item: Item, now: int) -> Verdict:
    """What became of one asking item, by the precedence answered, closed, promised, and then its own state."""
    covers = _covers(board, key, item, now)
    lapsed: list[int] = []
    if item.texts and item.state in ("live", "held", "hidden"):  # a deletion that empties the text asks nothing
        standing = []
        for cover in covers:
            since = asked_again(item, cover.at)
            if since is None:
                standing.append(cover)
            else:
                lapsed.append(since)
        covers = standing
    for status in ("answered", "answered_privately", "closed", "promised"):
        found = [cover for cover in covers if cover.status == status]
        if found:
            last = found[-1]
            return Verdict(item, last.status, item.created, last.reply, last.ruling, private=last.private)
    return _uncovered(item, max(lapsed) if lapsed else item.created, reedited=bool(lapsed))


def _covers(board: Board, key: Key, item: Item, now: int) -> list[Cover]:
    """Everything that ends the wait of an item, were it not edited since; of replies, and of links, in their order."""
    act = board.newest(board.closings, item)
    reopened = act.at if act is not None and act.act == "reopen" else None
    found: list[Cover] = []
    holding: list[Cover] = []
    promises: list[Ruling] = []
    for reach in board.reaches.get(key, ()):
        reply = reach.reply
        if not reach.covers(item) or (reopened is not None and reply.effective < reopened):
            continue
        made = promises_of(board.promises.get(reply.id, ()), item.author)
        promises.extend(made)
        if made:
            holding.append(Cover("promised", reply.effective, reply=reply))
        else:
            found.append(Cover("answered", reply.effective, reply=reply))
    for linked in _linked(board, item, reopened):
        made = promises_of(linked.promises, item.author)
        promises.extend(made)
        if made:
            holding.append(Cover("promised", linked.at, private=linked.id))
        else:
            found.append(Cover("answered_privately", linked.at, private=linked.id))
    if act is not None and act.act == "close":
        found.append(Cover("closed", act.at, ruling=act))
    newest = max(promises, key=lambda ruling: (ruling.at, ruling.id)) if promises else None
    if newest is not None and newest.until is not None and now < newest.until:
        for cover in holding:
            cover.ruling = newest
        found.extend(holding)
    return found


def asked_again(item: Item, covered_at: int) -> int | None:
    """Since when an item asks again because of a substantive edit after it was covered; None when it does not.

    The current text is compared with the one that was current at `covered_at` (an instant).
    """
    texts = item.texts
    seen = 0
    for at, version in enumerate(texts):
        if version.since <= covered_at:
            seen = at
    before = texts[seen]
    if not likeness.differ(before.text, texts[-1].text, before.format, texts[-1].format):
        return None
    return min(
        version.since
        for version in texts[seen + 1 :]
        if likeness.differ(before.text, version.text, before.format, version.format)
    )


def _uncovered(item: Item, since: int, *, reedited: bool = False) -> Verdict:
    """The status of an item that nothing covers: waiting while it is live, else what its own state says."""
    if item.state == "live":
        return Verdict(item, "waiting", since, reedited=reedited)
    if item.state in ("held", "hidden"):
        return Verdict(item, "held", since, reedited=reedited)
    return Verdict(item, "withdrawn" if item.state == "deleted" else "closed", since)


def promises_of(promises: Iterable[Ruling], person: str) -> list[Ruling]:
    """Of the promises made through a reply those that make it a holding reply for a person."""
    return [ruling for ruling in promises if ruling.person is None or ruling.person == person]


def _linked(board: Board, item: Item, reopened: int | None) -> list[Linked]:
    """The linked direct messages that came later than an item, in their order."""
    found = {
        reply.id: reply
        for link in board.links
        if board.reached(link, item)
        for reply in board.case.linked.get(link.to or "", ())
        if reply.at > item.effective and (reopened is None or reply.at >= reopened)
    }
    return sorted(found.values(), key=lambda reply: (reply.at, reply.id))


def _ask(board: Board, key: Key, group: list[Item], asking: list[Item], now: int) -> Ask:
    """The one ask of a person in a thread."""
    verdicts = _verdicts(board, key, asking, now)
    open_ = [verdict for verdict in verdicts if verdict.status == "waiting"]
    latest = group[-1]
    ask = Ask(
        source=board.case.source,
        conversation=board.case.id,
        thread=key[0],
        person=key[1],
        status="waiting",
        latest=latest.id,
        reply_until=board.case.reply_until,
    )
    if open_:
        _fill_open(board, key, group, ask, open_, now)
    else:
        _fill_ended(board, ask, verdicts)
    began = ask.waiting_since if ask.waiting_since is not None else min(v.since for v in verdicts)
    ask.backlog = board.case.connected_at is not None and began < board.case.connected_at
    _claim(board, key, ask)
    if open_:
        _describe(board, key, group, ask, open_, verdicts)
    return ask


def _verdicts(board: Board, key: Key, asking: list[Item], now: int) -> list[Verdict]:
    """One verdict for each asking item. Without decisions and edits, which is the usual case, a comparison settles it."""
    reaches = board.reaches.get(key, ())
    if board.case.rulings or any(item.texts for item in asking) or any(r.created_max is not None for r in reaches):
        return [judge(board, key, item, now) for item in asking]
    best: Reach | None = None
    for reach in reaches:
        if best is None or reach.upto >= best.upto:
            best = reach
    upto = best.upto if best is not None else -1
    return [
        Verdict(item, "answered", item.created, best.reply if best is not None else None)
        if item.position <= upto
        else _uncovered(item, item.created)
        for item in asking
    ]


def _fill_open(board: Board, key: Key, group: list[Item], ask: Ask, open_: list[Verdict], now: int) -> None:
    """An ask with an uncovered item: waiting, unless a reply is on its way or a snooze stands."""
    ask.messages = tuple(verdict.item.id for verdict in open_)
    ask.waiting_since = min(verdict.since for verdict in open_)
    snooze = _snooze(board, group, open_, now) if board.snoozes else None
    if snooze is not None:
        ask.status, ask.by, ask.reason, ask.until = "snoozed", snooze.by, snooze.reason, snooze.until
    if board.case.dispatches:
        _fill_dispatch(board, key, ask, open_)
    ask.due_at = hours.due(ask.waiting_since, board.case.target, board.case.hours)


def _fill_dispatch(board: Board, key: Key, ask: Ask, open_: list[Verdict]) -> None:
    """Mark an ask that a reply is on its way to, or whose reply went wrong."""
    meant: list[Dispatch] = [
        dispatch
        for dispatch in board.case.dispatches
        if dispatch.state != "taken_back"
        and not dispatch.landed
        and board.concerns(dispatch, key)
        and board.shown(dispatch, open_[0].item)
    ]
    if any(d.state in PENDING and all(board.shown(d, verdict.item) for verdict in open_) for d in meant):
        ask.status = "sending"
    if meant:
        newest = max(meant, key=lambda d: (d.at, d.id))
        if newest.state == "failed":
            ask.trouble = "failed"
        elif any(d.state in UNCONFIRMED for d in meant):
            ask.trouble = "unconfirmed"


def _snooze(board: Board, group: list[Item], open_: list[Verdict], now: int) -> Ruling | None:
    """The snooze that stands for all uncovered items, if one does."""
    found: Ruling | None = None
    for verdict in open_:
        ruling = board.newest(board.snoozes, verdict.item)
        if ruling is None or not snooze_stands(board, group, ruling, now):
            return None
        if found is None or (ruling.until or 0) >= (found.until or 0):
            found = ruling
    return found


def snooze_stands(board: Board, group: list[Item], ruling: Ruling, now: int) -> bool:
    """Whether a snooze still holds: its time has not come, and the person has not written since."""
    if ruling.act != "snooze" or (ruling.until is not None and now >= ruling.until):
        return False
    through = board.by_id.get(ruling.through) if ruling.through is not None else None
    if through is not None:
        return group[-1].position <= through.position
    return not any(item.created > ruling.at for item in group)


def _fill_ended(board: Board, ask: Ask, verdicts: list[Verdict]) -> None:
    """An ask without an uncovered item: held if one is, else promised if one is, else as its latest item ended."""
    verdict = next((v for v in reversed(verdicts) if v.status == "held"), None)
    verdict = verdict or next((v for v in reversed(verdicts) if v.status == "promised"), None) or verdicts[-1]
    ask.status = verdict.status
    if verdict.ruling is not None:
        ask.by, ask.reason, ask.until = verdict.ruling.by, verdict.ruling.reason, verdict.ruling.until
    elif verdict.status == "closed":
        ask.reason = "removed there"
    elif verdict.reply is not None:
        ask.by = verdict.reply.author
    if board.case.gap is not None and ask.status in ("answered", "answered_privately", "closed"):
        ask.status, ask.reason, ask.by, ask.until = "unknown", board.case.gap, "", None


def _claim(board: Board, key: Key, ask: Ask) -> None:
    """Who has taken this ask on, by the newest claim or release; whether it has run out is for the reader's clock."""
    fitting = []
    for ruling in board.claims:
        through = board.by_id.get(ruling.through) if ruling.through is not None else None
        if ruling.person in (None, key[1]) and (through is None or through.thread == key[0]):
            fitting.append(ruling)
    if fitting:
        newest = max(fitting, key=lambda ruling: (ruling.at, ruling.id))
        if newest.act == "claim":
            ask.claimed_by, ask.claimed_until = newest.by, newest.until


def _describe(
    board: Board, key: Key, group: list[Item], ask: Ask, open_: list[Verdict], verdicts: list[Verdict]
) -> None:
    """Small words beside an open ask, and the act that suggests itself."""
    badges = []
    if ask.trouble:
        badges.append("send failed" if ask.trouble == "failed" else "unconfirmed")
    first = open_[0].item
    if board.last_bot.get(key[0], -1) > first.position:
        badges.append("bot only")
    if any(v.reedited or v.item.texts or v.item.edited is not None for v in open_):
        badges.append("edited")
    if any(_found_late(board, verdict.item) for verdict in open_):
        badges.append("found late")
    community = board.case.kind != "dm" and any(
        helper != key[1] for verdict in open_ for helper in board.helpers.get(verdict.item.id, ())
    )
    if community:
        badges.append("answered by community")
    ask.badges = tuple(badges)
    if len(open_) < len(verdicts) and all(suggest.is_thanks(likeness.plain(v.item.text, v.item.format)) for v in open_):
        ask.suggestion = Suggestion("close", "no reply needed")
    elif community:
        ask.suggestion = Suggestion("close", "answered by community")


def _found_late(board: Board, item: Item) -> bool:
    """Whether the source had been vouched for up to a later time before we first saw this item."""
    if item.first_observed is None:
        return False
    through = board.case.vouched(item.first_observed)
    return through is not None and through >= item.created


def queue_key(ask: Ask, now: int, target: int) -> QueueKey:
    """Sort key of the queue: troubled sends, reply windows about to end, overdue, the rest; each by waiting time. What is
    not open comes last.

    `target` is the source's target in microseconds: a reply window that ends within it, or within two hours, comes early.
    """
    names = (ask.source, ask.conversation, ask.thread, ask.person)
    since = ask.waiting_since if ask.waiting_since is not None else LAST
    if ask.status not in OPEN:
        return (4, 0, since, *names)
    if ask.trouble:
        return (0, 0, since, *names)
    if ask.reply_until is not None and now < ask.reply_until <= now + max(target, 2 * HOUR):
        return (1, ask.reply_until, since, *names)
    if ask.due_at is not None and ask.due_at <= now:
        return (2, 0, since, *names)
    return (3, 0, since, *names)


def newcomers(
    asks: Iterable[Ask], first_words: dict[tuple[str, str], int], created: dict[tuple[str, str], int]
) -> None:
    """Add the badge `new` to open asks whose first open message is the person's first on that source.

    `first_words` gives the creation time of each (source, person)'s first message, `created` that of each (source, message).
    """
    for ask in asks:
        if ask.messages and ask.status in WITH_SINCE:
            first = first_words.get((ask.source, ask.person))
            if first is not None and created[ask.source, ask.messages[0]] <= first:
                ask.badges = (*ask.badges, "new")
