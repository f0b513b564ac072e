"""Who is waiting, by brute force: the specification once more, sentence by sentence, for checking the product against.

It shares the records and the `Ask` with the product and nothing else. It keeps nothing, sorts nothing in advance and
asks every question anew, so that each function can be read beside the section that it names. The readings that the
text leaves open are stated where they are taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modconsole.domain.ask import OPEN, Ask, Status
from modconsole.domain.records import Decision, Message, Record, Send
from modconsole.domain.times import HOUR, to_instant
from tests.scenarios.oracle_text import differ
from tests.scenarios.oracle_world import Room, World, instant

PENDING = ("queued", "sending", "sent", "unsure", "confirmed")


@dataclass(frozen=True)
class ItemAnswer:
    """What became of one item: `open` where it asks and nothing covers it."""

    status: str
    since: int | None = None


# Words


def is_inbound(room: Room, m: Message) -> bool:
    """Section "Words": inbound item."""
    ours = m.author.id in room.identities
    return not (ours or m.automatic or m.visibility == "internal" or m.author.kind == "bot")


def is_item_of(room: Room, m: Message | None, person: str) -> bool:
    """Whether a message is an inbound item of a person."""
    return m is not None and is_inbound(room, m) and m.author.id == person


def is_our_reply(room: Room, m: Message) -> bool:
    """Section "Words": our reply, and it is live."""
    identity = room.identities.get(m.author.id)
    if identity is None or m.automatic or m.visibility == "internal" or (m.state or "live") != "live":
        return False
    return identity.kind != "bot" or identity.counts is True


# What counts as asking


def is_addressed(room: Room, m: Message) -> bool:
    """Section "What counts as asking": addressed to us."""
    parent, quoted = room.parent(m), room.quoted(m)
    return (
        room.kind == "dm"
        or (parent is not None and parent.author.id in room.identities)
        or (quoted is not None and quoted.author.id in room.identities)
        or any(one in room.identities for one in m.mentions or [])
    )


def asks(room: Room, m: Message) -> bool:
    """Section "What counts as asking": the source's `answer` setting includes the item."""
    if not is_inbound(room, m):
        return False
    setting = room.world.source(room.source).answer or ("opener" if room.kind == "forum" else "everyone")
    if setting == "everyone":
        return True
    if setting == "opener" and m.author.id == room.opener:
        return True
    return is_addressed(room, m)


# What covers


def was_shown(room: Room, r: Message, m: Message) -> bool:
    """Section "What covers": a reply that we sent covers nothing that its author had not been shown."""
    return all(up_to(room, s.through, to_instant(s.at), m) for s in room.sends if s.message == r.id)


def up_to(room: Room, through: str | None, at: int, m: Message) -> bool:
    """Whether an item is at or before `through`; without one that is known, created up to `at`."""
    known = None if through is None else room.by_id.get(through)
    return to_instant(m.created_at) <= at if known is None else not room.later(m, known)


def reply_covers(room: Room, r: Message, m: Message) -> bool:
    """Section "What covers": the four rules."""
    person, thread = m.author.id, room.thread(m)
    if not (is_our_reply(room, r) and room.later(r, m) and was_shown(room, r, m)):
        return False
    parent, quoted = room.parent(r), room.quoted(r)

    def is_m_or_later(one: Message | None) -> bool:
        if one is None or not is_item_of(room, one, person) or room.thread(one) != thread:
            return False
        return one.id == m.id or room.later(one, m)

    if is_m_or_later(parent):
        return True
    if room.thread(r) == thread:
        if is_m_or_later(quoted):
            return True
        if person in (r.mentions or []) and not is_item_of(room, parent, person):
            return True
    if room.kind == "dm":
        return True
    if r.parent is None and not r.mentions and r.quotes is None:
        if room.kind == "forum":
            return room.opener == person
        if room.kind == "group_dm":
            before = [x for x in room.messages if is_live_item(room, x) and room.later(r, x)]
            return bool(before) and before[-1].author.id == person
    return False


def is_live_item(room: Room, m: Message) -> bool:
    """An inbound item that is live."""
    return is_inbound(room, m) and (m.state or "live") == "live"


def reaches(room: Room, d: Decision, m: Message) -> bool:
    """Section "What covers": which items a decision holds for."""
    if d.person is not None and d.person != m.author.id:
        return False
    known = None if d.through is None else room.by_id.get(d.through)
    if known is not None and room.thread(known) != room.thread(m):
        return False
    return up_to(room, d.through, to_instant(d.at), m)


def newest(room: Room, m: Message, *acts: str) -> Decision | None:
    """Section "What covers": of the decisions that reach an item the newest counts."""
    found = [d for d in room.decisions if d.act in acts and reaches(room, d, m)]
    return found[-1] if found else None


def promise_of(room: Room, r: Message, person: str) -> Decision | None:
    """Section "The answer for one ask": the promise that makes our reply a holding reply for a person."""
    found = [d for d in room.decisions if d.act == "promise" and d.through == r.id and d.person in (None, person)]
    return found[-1] if found else None


def private_replies(room: Room, m: Message) -> list[tuple[Room, Message]]:
    """Section "The answer for one ask": our direct messages that a link decision ties to the item."""
    found = []
    for d in room.decisions:
        if d.act != "link" or d.to is None or not reaches(room, d, m):
            continue
        for source, conversation in room.world.conversations():
            there = Room(room.world, source, conversation) if source == room.source else None
            if there is None or there.kind != "dm":
                continue
            for r in there.messages:
                later = there.effective(r) > room.effective(m)
                if is_our_reply(there, r) and later and d.to in (r.id, there.id):
                    found.append((there, r))
    return found


def judge(room: Room, m: Message, now: int) -> ItemAnswer:
    """Section "What covers", precedence for one item, with section "Edits".

    Each cover is measured by the text that was current then, and where all have lapsed the last to lapse counts: so a cover
    taken away never shortens a wait (law 4), which one time of "last covered" for all of them would not hold.
    """
    person = m.author.id
    act = newest(room, m, "close", "reopen")
    not_before = to_instant(act.at) if act is not None and act.act == "reopen" else None
    public = [(room, r) for r in room.messages if reply_covers(room, r, m)]
    answers: dict[str, list[int]] = {"answered": [], "answered_privately": [], "closed": [], "promised": []}
    promises: list[tuple[tuple[int, str], Decision, int]] = []
    for status, replies in (("answered", public), ("answered_privately", private_replies(room, m))):
        for there, r in replies:
            when = there.effective(r)
            if not_before is not None and when < not_before:
                continue
            promise = promise_of(there, r, person)
            if promise is None:
                answers[status].append(when)
            else:
                promises.append(((to_instant(promise.at), promise.id), promise, when))
    if act is not None and act.act == "close":
        answers["closed"].append(to_instant(act.at))
    if promises:
        promise = max(promises, key=lambda p: p[0])[1]
        if promise.until is not None and now < to_instant(promise.until):
            answers["promised"] += [when for _, _, when in promises]
    lapsed = []
    for status, covers in answers.items():
        ended = {when: asks_again(room, m, when) for when in covers}
        answers[status] = [when for when in covers if ended[when] is None]
        lapsed += [since for since in ended.values() if since is not None]
    if any(answers.values()):
        return ItemAnswer(next(status for status, covers in answers.items() if covers))
    again = max(lapsed) if lapsed else None
    state = m.state or "live"
    if state in ("held", "hidden"):
        return ItemAnswer("held")
    if state in ("spam", "removed"):
        return ItemAnswer("closed")
    if state == "deleted":
        return ItemAnswer("withdrawn")
    return ItemAnswer("open", to_instant(m.created_at) if again is None else again)


def asks_again(room: Room, m: Message, covered_at: int) -> int | None:
    """Section "Edits": since when an item asks again that was covered at a time, or none.

    What is deleted, removed or spam cannot ask again: a live reply keeps it answered, whatever text was left of it.
    """
    if (m.state or "live") not in ("live", "held", "hidden"):
        return None
    versions = room.world.versions(room.source, m.id)
    holds = []
    for i, v in enumerate(versions):
        created = to_instant(v.created_at)
        fallback = created if i == 0 else instant(v.observed_at, created)
        holds.append((instant(v.edited_at, fallback), v))
    current = max((i for i, (since, _) in enumerate(holds) if since <= covered_at), default=0)
    covered = versions[current]

    def changed(v: Message) -> bool:
        return differ(covered.text, covered.format or "text", v.text, v.format or "text")

    if not changed(versions[-1]):
        return None
    return min(since for since, v in holds[current + 1 :] if changed(v))


# The answer for one ask


def concerns(room: Room, s: Send, thread: str, person: str) -> bool:
    """Whether a send is a reply to a person's ask."""
    if s.conversation != room.id:
        return False
    if s.reply_to is not None:
        to = room.by_id.get(s.reply_to)
        return to is not None and is_item_of(room, to, person) and room.thread(to) == thread
    if room.kind == "group_dm":
        before = [x for x in room.messages if is_live_item(room, x) and up_to(room, s.through, to_instant(s.at), x)]
        return bool(before) and before[-1].author.id == person
    return room.kind == "dm" or (room.kind == "forum" and room.opener == person)


def landed(room: Room, s: Send) -> bool:
    """Whether the message that a send names is in the store, in whatever state and wherever."""
    return s.message is not None and bool(room.world.versions(room.source, s.message))


def is_snoozed(room: Room, m: Message, items: list[Message], now: int) -> bool:
    """Section "The answer for one ask": a snooze stands on an item, and its person did not write since."""
    act = newest(room, m, "snooze", "unsnooze")
    if act is None or act.act == "unsnooze" or (act.until is not None and to_instant(act.until) <= now):
        return False
    return all(up_to(room, act.through, to_instant(act.at), x) for x in items)


def answer_one(room: Room, thread: str, person: str, now: int) -> Ask | None:
    """Section "The answer for one ask"."""
    items = [m for m in room.messages if is_item_of(room, m, person) and room.thread(m) == thread]
    asking = [m for m in items if asks(room, m)]
    if not asking:
        return None
    became = {m.id: judge(room, m, now) for m in asking}
    uncovered = [m for m in asking if became[m.id].status == "open"]
    ask = Ask(
        source=room.source,
        conversation=room.id,
        thread=thread,
        person=person,
        status="waiting",
        messages=tuple(m.id for m in uncovered),
        latest=items[-1].id,
        reply_until=None if room.reply_until is None else to_instant(room.reply_until),
    )
    if not uncovered:
        ask.status = ended(room, [became[m.id].status for m in asking])
        return ask
    ask.waiting_since = min(since for m in uncovered if (since := became[m.id].since) is not None)
    sends = [s for s in room.sends if concerns(room, s, thread, person) and not landed(room, s)]
    if any(s.state in PENDING and all(was_through(room, s, m) for m in uncovered) for s in sends):
        ask.status = "sending"
    elif all(is_snoozed(room, m, items, now) for m in uncovered):
        ask.status = "snoozed"
    ask.trouble = trouble([s for s in sends if s.state != "taken_back" and was_through(room, s, uncovered[0])])
    return ask


def was_through(room: Room, s: Send, m: Message) -> bool:
    """Whether the author of a send had been shown an item."""
    return up_to(room, s.through, to_instant(s.at), m)


def trouble(sends: list[Send]) -> str:
    """Section "The answer for one ask": what went wrong with a reply on its way to an item that waits.

    A newer send takes the place of one that failed.
    """
    if sends and max(sends, key=lambda s: (to_instant(s.at), s.id)).state == "failed":
        return "failed"
    return "unconfirmed" if any(s.state in ("sent", "unsure", "confirmed") for s in sends) else ""


def ended(room: Room, became: list[str]) -> Status:
    """Section "The answer for one ask": where none of the items is uncovered."""
    status: str = became[-1]
    for first in ("promised", "held"):
        if first in became:
            status = first
    if status in ("answered", "answered_privately", "closed") and room.world.gap(room.source, room.id):
        status = "unknown"
    return status  # type: ignore[return-value]


def queue_key(world: World, ask: Ask, now: int) -> tuple[int, int, int, tuple[str, str, str, str]]:
    """Section "Order of the queue"."""
    target = round((world.source(ask.source).target_hours or 24) * HOUR)
    since = ask.waiting_since if ask.waiting_since is not None else 2**62
    ties = (ask.source, ask.conversation, ask.thread, ask.person)
    if ask.trouble:
        return 0, 0, since, ties
    if ask.reply_until is not None and now < ask.reply_until <= now + max(target, 2 * HOUR):
        return 1, ask.reply_until, since, ties
    if ask.waiting_since is not None and ask.waiting_since + target <= now:
        return 2, 0, since, ties
    return 3, 0, since, ties


def answer(records: Iterable[Record], now: int) -> list[Ask]:
    """Every ask of every conversation: the open ones in queue order, then the others."""
    world = World(records)
    found = []
    for source, conversation in world.conversations():
        room = Room(world, source, conversation)
        pairs = dict.fromkeys((room.thread(m), m.author.id) for m in room.messages)
        for thread, person in pairs:
            ask = answer_one(room, thread, person, now)
            if ask is not None:
                found.append(ask)
    return sorted(found, key=lambda a: (a.status not in OPEN, queue_key(world, a, now)))
