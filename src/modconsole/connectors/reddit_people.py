"""Moderation on Reddit of people: bans, mutes and moderators' notes.

A ban or a mute holds in one subreddit: the one in which the person was met, as the order's conversation tells. Bans last a
number of days, 999 at most; mutes three days or, from a modmail conversation, 7 or 28. Source of the numbers:
reddit.com/dev/api, and PRAW's documentation of `ModmailConversation.mute`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec
from msgspec import Struct

from modconsole.connectors import reddit_modmail as modmail
from modconsole.connectors.acts import ActInfo, Done, Order, Undo
from modconsole.connectors.reddit_acts import Desk, read_thing
from modconsole.domain.times import DAY, HOUR
from modconsole.errors import Gone, NotDone, OutcomeUnknown, Refused

ACCESS = "moderator with the right `access`"
MAIL_AND_ACCESS = "moderator with the rights `mail` and `access`"
ANY = "moderator"
LONGEST_BAN = 999
MUTES = (72, 168, 672)
"""Hours that a mute can last."""
NOTE_LENGTH = 250
"""The longest moderators' note (PRAW, `ModNotes`); Reddit's own limit for the note of a ban is 300."""
NOTE_LABELS = (
    "BOT_BAN",
    "PERMA_BAN",
    "BAN",
    "ABUSE_WARNING",
    "SPAM_WARNING",
    "SPAM_WATCH",
    "SOLID_CONTRIBUTOR",
    "HELPFUL_USER",
)

ACTS: tuple[ActInfo, ...] = (
    ActInfo(
        "ban",
        "person",
        "Bans the account from the subreddit, for good or for a number of days; Reddit tells them so by modmail, and your"
        " reason is kept as the moderators' note.",
        undo="unbanned again, or banned for as long as before; the message that Reddit sent stays",
        takes=frozenset(("reason", "until")),
        right=ACCESS,
    ),
    ActInfo(
        "unban",
        "person",
        "Lifts the account's ban from the subreddit.",
        undo="banned again for as long as was left",
        right=ACCESS,
    ),
    ActInfo(
        "mute",
        "person",
        "Mutes the account: it cannot write modmail to the subreddit for 3 days or, from its modmail conversation, for"
        " 7 or 28; Reddit tells them so.",
        undo="unmuted again",
        takes=frozenset(("until",)),
        right=MAIL_AND_ACCESS,
    ),
    ActInfo(
        "unmute",
        "person",
        "Lets the account write modmail to the subreddit again.",
        undo="muted again, for 3 days",
        right=ACCESS,
    ),
    ActInfo(
        "label",
        "person",
        "Gives the account a moderators' note with this label, which only the subreddit's moderators see.",
        undo="the note is deleted",
        takes=frozenset(("label", "reason")),
        needs=frozenset(("label",)),
        choices=NOTE_LABELS,
        right=ANY,
    ),
)


class Listed(Struct):
    """Somebody on a subreddit's list of banned or muted accounts; `days_left` only for those who come back."""

    name: str
    days_left: int | None = None


class _Children(Struct):
    children: list[Listed] = msgspec.field(default_factory=list)


class _Listing(Struct):
    data: _Children


class _Named(Struct):
    name: str


class NoteText(Struct):
    """What a moderators' note says."""

    note: str | None = None
    label: str | None = None


class Note(Struct):
    """One moderators' note."""

    id: str
    operator_id: str = ""
    user_note_data: NoteText = msgspec.field(default_factory=NoteText)


class _Notes(Struct):
    mod_notes: list[Note] = msgspec.field(default_factory=list)


class _Created(Struct):
    created: Note


def carry_out(desk: Desk, order: Order, now: int) -> Done:
    """Carry out an act on a person. Doing it twice does no more than doing it once."""
    if order.act in ("ban", "unban", "mute", "unmute"):
        return _relate(desk, order, now)
    if order.act in ("label", "unlabel"):
        return _note(desk, order)
    raise Refused(f"Reddit has no {order.act!r} for a person.", code="unsupported")


def subreddit_of(desk: Desk, conversation: str | None) -> str:
    """The subreddit in which somebody was met. Raises `Refused` where that is not one of ours, or not clear."""
    found = ""
    if conversation is None and len(desk.standing.subreddits) == 1:
        found = desk.standing.subreddits[0]
    elif conversation is not None and conversation.startswith(modmail.PREFIX):
        found = modmail.whole(desk.api, conversation, desk.eyes(None)).talk.owner.display_name
    elif conversation is not None and conversation.startswith("t3_"):
        thing = read_thing(desk.api, conversation)
        found = thing.subreddit if thing is not None else ""
    elif conversation is not None and len(desk.standing.subreddits) == 1:
        found = desk.standing.subreddits[0]
    if found.lower() not in desk.standing.moderated:
        raise Refused(
            "It is not clear in which subreddit, or we do not moderate it.",
            hint="Do it from a post or modmail there.",
            code="where",
        )
    return found


def name_of(desk: Desk, account: str) -> str:
    """The name of an account, which Reddit wants instead of its id. Raises `Gone`."""
    if not account.startswith("t2_"):
        raise Gone("This account no longer exists.")
    found = desk.api.get("/api/user_data_by_account_ids", dict[str, _Named], {"ids": account})
    if account not in found:
        raise Gone("This account no longer exists.")
    return found[account].name


def _relate(desk: Desk, order: Order, now: int) -> Done:
    """Put somebody on a subreddit's list of banned or muted accounts, or take them off."""
    kind = "banned" if order.act in ("ban", "unban") else "muted"
    subreddit, name = subreddit_of(desk, order.conversation), name_of(desk, order.target)
    before = _listed(desk, subreddit, kind, name)
    if order.act in ("unban", "unmute"):
        if before is None:
            return Done(note="It was so already.")
        _settled(
            lambda: desk.api.write(f"/r/{subreddit}/api/unfriend", {"name": name, "type": kind}),
            lambda: _listed(desk, subreddit, kind, name) is None,
        )
        return Done(undo=Undo("ban", {"days": before.days_left}) if kind == "banned" else Undo("mute"))
    if kind == "muted":
        return _mute(desk, order, subreddit, name, before, now)
    return _ban(desk, order, subreddit, name, before, now)


def _ban(desk: Desk, order: Order, subreddit: str, name: str, before: Listed | None, now: int) -> Done:
    days = order.undoing["days"] if "days" in order.undoing else _days(order.until, now)
    if before is not None and before.days_left == days:
        return Done(note="They were banned for as long already.")
    if len(order.reason) > NOTE_LENGTH:
        raise Refused(f"The note of a ban has {NOTE_LENGTH} characters at most.", hint="Shorten it.", code="too_long")
    form = {
        "name": name,
        "type": "banned",
        **({"duration": str(days)} if days else {}),
        **({"note": order.reason} if order.reason else {}),
    }
    _settled(
        lambda: desk.api.write(f"/r/{subreddit}/api/friend", form),
        lambda: _listed(desk, subreddit, "banned", name) is not None,
    )
    return Done(undo=Undo("unban") if before is None else Undo("ban", {"days": before.days_left}))


def _days(until: int | None, now: int) -> int | None:
    """Whole days until then, rounded up; None is for good."""
    if until is None:
        return None
    days = max(1, -((now - until) // DAY))
    if days > LONGEST_BAN:
        raise Refused(f"A ban lasts {LONGEST_BAN} days at most, or for good.", code="too_long")
    return days


def _mute(desk: Desk, order: Order, subreddit: str, name: str, before: Listed | None, now: int) -> Done:
    if before is not None:
        return Done(note="They were muted already.")
    hours = next((h for h in MUTES if order.until is None or order.until - now <= h * HOUR), None)
    if hours is None:
        raise Refused("A mute lasts 28 days at most.", hint="Mute them again later.", code="too_long")
    from_mail = order.conversation is not None and order.conversation.startswith(modmail.PREFIX)
    if hours != MUTES[0] and not from_mail:
        raise Refused(
            "Outside modmail a mute lasts 3 days.", hint="Mute them from their modmail conversation.", code="too_long"
        )

    def mute() -> object:
        if not from_mail:
            return desk.api.write(f"/r/{subreddit}/api/friend", {"name": name, "type": "muted"})
        path = f"/api/mod/conversations/{modmail.ids(order.conversation or '')[0]}/mute"
        return desk.api.write(path, query={"num_hours": str(hours)} if hours != MUTES[0] else {})

    _settled(mute, lambda: _listed(desk, subreddit, "muted", name) is not None)
    return Done(undo=Undo("unmute"))


def _listed(desk: Desk, subreddit: str, kind: str, name: str) -> Listed | None:
    found = desk.api.get(f"/r/{subreddit}/about/{kind}", _Listing, {"user": name, "limit": "100"}).data.children
    return next((each for each in found if each.name.lower() == name.lower()), None)


def _settled(change: Callable[[], object], done: Callable[[], bool]) -> None:
    """Make a change; where its answer was lost, what became of it says whether it was made."""
    try:
        change()
    except OutcomeUnknown:
        if not done():
            raise NotDone("Reddit does not show that it did that.", hint="Try again.") from None


def _note(desk: Desk, order: Order) -> Done:
    """Write a moderators' note; or, taken back, delete it."""
    subreddit, name = subreddit_of(desk, order.conversation), name_of(desk, order.target)
    where = {"subreddit": subreddit, "user": name}
    note = order.undoing.get("note")
    if order.act == "unlabel":
        if not isinstance(note, str):
            raise Refused("It is not said which note.", hint="Delete it on Reddit.", code="unsupported")
        with contextlib.suppress(Gone, OutcomeUnknown):
            desk.api.write("/api/mod/notes", method="DELETE", query={**where, "note_id": note})
        if any(each.id == note for each in _notes(desk, where)):
            raise NotDone("Reddit does not show that it did that.", hint="Try again.")
        return Done()
    if order.label not in NOTE_LABELS:
        raise Refused("Reddit has no such label.", hint=f"There are {', '.join(NOTE_LABELS)}.", code="no_such_label")
    if len(order.reason) > NOTE_LENGTH:
        raise Refused(f"A note has {NOTE_LENGTH} characters at most.", hint="Shorten it.", code="too_long")
    words = order.reason or order.label.replace("_", " ").capitalize()
    same = _same(desk, where, order.label, words)
    if same is not None:
        return Done(undo=Undo("unlabel", {"note": same.id}), note="There is this very note of ours already.")
    try:
        answer = desk.api.write("/api/mod/notes", {**where, "label": order.label, "note": words})
        made: Note | None = desk.api.decoded(answer, _Created).created
    except OutcomeUnknown:
        made = _same(desk, where, order.label, words)
    if made is None:
        raise NotDone("Reddit does not show that it did that.", hint="Try again.")
    return Done(undo=Undo("unlabel", {"note": made.id}))


def _notes(desk: Desk, where: dict[str, str]) -> list[Note]:
    return desk.api.get("/api/mod/notes", _Notes, {**where, "limit": "100"}).mod_notes


def _same(desk: Desk, where: dict[str, str], label: str, words: str) -> Note | None:
    for note in _notes(desk, where):
        said = note.user_note_data
        if (said.label, said.note, note.operator_id) == (label, words, desk.standing.me.native):
            return note
    return None
