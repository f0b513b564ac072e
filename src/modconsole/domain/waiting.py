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
from modconsole.domain.case import Case, Dispatch, Item, Ruling
from modconsole.domain.times import HOUR

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
    ends = [r.until for r in case.rulings if r.until is not None and r.act in ("snooze", "promise")]
    return Outcome(
        asks,
        max((end for end in ends if end <= now), default=None),
        min((end for end in ends if end > now), default=None),
    )


def judge(board: Board, key: Key, item: Item, now: int) -> Verdict:
    """What became of one asking item, by the precedence answered, closed, promised, and then its own state."""
    standing = board.newest(board.closings, item)
    reopened = standing.at if standing is not None and standing.act == "reopen" else None
    replies, promise, held_by = _replies(board, key, item, reopened)
    private = _private(board, item, reopened)
    closed = standing if standing is not None and standing.act == "close" else None
    promised = promise if promise is not None and promise.until is not None and now < promise.until else None
    covers = [reply.effective for reply in replies]
    if private is not None:
        covers.append(private[0])
    if closed is not None:
        covers.append(closed.at)
    if promised is not None and held_by is not None:
        covers.append(held_by.effective)
    if covers and item.texts:
        since = asked_again(item, max(covers))
        if since is not None:
            return _uncovered(item, since, reedited=True)
    if replies:
        return Verdict(item, "answered", item.created, reply=replies[-1])
    if private is not None:
        return Verdict(item, "answered_privately", item.created, private=private[1])
    if closed is not None:
        return Verdict(item, "closed", item.created, ruling=closed)
    if promised is not None:
        return Verdict(item, "promised", item.created, ruling=promised, reply=held_by)
    return _uncovered(item, item.created)


def asked_again(item: Item, covered_at: int) -> int | None:
    """Since when an item asks again because of a substantive edit after it was covered; None when it does not."""
    texts = item.texts
    seen = 0
    for at, version in enumerate(texts):
        if at == 0 or version.since <= covered_at:
            seen = at
    before = texts[seen].text
    if not likeness.differ(texts[-1].text, before, item.format):
        return None
    for version in texts[seen + 1 :]:
        if likeness.differ(version.text, before, item.format):
            return version.since
    return texts[-1].since


def _uncovered(item: Item, since: int, *, reedited: bool = False) -> Verdict:
    """The status of an item that nothing covers: waiting while it is live, else what its own state says."""
    if item.state == "live":
        return Verdict(item, "waiting", since, reedited=reedited)
    if item.state in ("held", "hidden"):
        return Verdict(item, "held", since)
    return Verdict(item, "withdrawn" if item.state == "deleted" else "closed", since)


def _replies(board: Board, key: Key, item: Item, reopened: int | None) -> tuple[list[Item], Ruling | None, Item | None]:
    """The replies that answer an item; and of its holding replies the newest promise, with the last such reply."""
    plain: list[Item] = []
    promises: list[Ruling] = []
    holding: Item | None = None
    for reach in board.reaches.get(key, ()):
        if not reach.covers(item) or (reopened is not None and reach.reply.effective < reopened):
            continue
        made = promises_of(board, reach.reply, item.author)
        if made:
            promises.extend(made)
            holding = reach.reply
        else:
            plain.append(reach.reply)
    newest = max(promises, key=lambda ruling: (ruling.at, ruling.id)) if promises else None
    return plain, newest, holding


def promises_of(board: Board, reply: Item, person: str) -> list[Ruling]:
    """The promises that make a reply a holding reply for a person."""
    return [r for r in board.promises.get(reply.id, ()) if r.person is None or r.person == person]


def _private(board: Board, item: Item, reopened: int | None) -> tuple[int, str] | None:
    """The linked direct message that answers an item: its time and id."""
    found: list[tuple[int, str]] = []
    for link in board.links:
        if not board.reached(link, item):
            continue
        for reply in board.case.linked.get(link.to or "", ()):
            if reply.at >= item.effective and (reopened is None or reply.at >= reopened):
                found.append((reply.at, reply.id))
    return max(found) if found else None


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
        and not board.landed(dispatch)
        and board.concerns(dispatch, key)
        and board.shown(dispatch, open_[0].item)
    ]
    pending = [d for d in meant if d.state in PENDING and board.shown(d, open_[-1].item)]
    if pending:
        ask.status = "sending"
    if meant:
        newest = max(meant, key=lambda d: (d.at, d.id))
        if newest.state == "failed":
            ask.trouble = "failed"
        elif any(d.state in UNCONFIRMED for d in pending):
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
    members = board.case.members
    if len(members) and any(
        item.position > first.position and item.thread == key[0] and item.state == "live" and _is_bot(board, item)
        for item in board.items[first.position + 1 :]
    ):
        badges.append("bot only")
    if any(v.reedited or v.item.texts or v.item.edited is not None for v in open_):
        badges.append("edited")
    if any(_found_late(board, verdict.item) for verdict in open_):
        badges.append("found late")
    community = board.case.kind != "dm" and _community(board, {verdict.item.id for verdict in open_}, key)
    if community:
        badges.append("answered by community")
    ask.badges = tuple(badges)
    if len(open_) < len(verdicts) and all(suggest.is_thanks(likeness.plain(v.item.text, v.item.format)) for v in open_):
        ask.suggestion = Suggestion("close", "no reply needed")
    elif community:
        ask.suggestion = Suggestion("close", "answered by community")


def _is_bot(board: Board, item: Item) -> bool:
    member = board.case.members.get(item.author)
    return member is not None and member.kind == "bot" and not member.replies


def _found_late(board: Board, item: Item) -> bool:
    """Whether the source had been vouched for up to a later time before we first saw this item."""
    if item.first_observed is None:
        return False
    through = board.case.vouched(item.first_observed)
    return through is not None and through >= item.created


def _community(board: Board, open_ids: set[str], key: Key) -> bool:
    """Whether another member, neither the asker nor us, has replied to or quoted one of the open items."""
    for item in board.items:
        if item.author == key[1] or item.state != "live" or not board.inbound(item):
            continue
        if (item.up is not None and item.up.id in open_ids) or item.quotes in open_ids:
            return True
    return False


def queue_key(ask: Ask, now: int, target: int) -> tuple[int, int, str, str, str, str]:
    """Sort key of the queue: troubled sends, reply windows about to end, overdue, the rest; each by waiting time. What is
    not open comes last.

    `target` is the source's target in microseconds: a reply window that ends within it, or within two hours, comes early.
    """
    names = (ask.source, ask.conversation, ask.thread, ask.person)
    since = ask.waiting_since if ask.waiting_since is not None else LAST
    if ask.status not in OPEN:
        return (4, since, *names)
    if ask.trouble:
        return (0, since, *names)
    if ask.reply_until is not None and now < ask.reply_until <= now + max(target, 2 * HOUR):
        return (1, ask.reply_until, *names)
    if ask.due_at is not None and ask.due_at <= now:
        return (2, since, *names)
    return (3, since, *names)


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
