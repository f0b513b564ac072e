"""One conversation laid out for judging: who wrote what, what asks, and how far each of our replies reaches.

Every way in which a reply covers is a *prefix*: it covers the items of one person in one thread up to some position. So
each reply is turned into at most a few reaches, once, and judging an item is a comparison.
"""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from modconsole.domain.case import Case, Dispatch, Item, Linked, Ruling
from modconsole.domain.order import arrange

Key = tuple[str, str]
"""(thread, person)."""

PENDING = frozenset({"queued", "sending", "sent", "unsure", "confirmed"})
"""Send states that leave an ask `sending` while the message itself has not been seen on the platform."""

UNCONFIRMED = frozenset({"sent", "unsure", "confirmed"})


class Reach(Struct, gc=False):
    """How far one reply of ours covers one person's items in one thread.

    `upto` is the last position covered. `created_max` limits it further to items created by then, where the author of the
    reply had been shown a message that we do not have. `how` names the rule, for the proof.
    """

    reply: Item
    upto: int
    how: str
    created_max: int | None = None

    def covers(self, item: Item) -> bool:
        """Whether this reach takes in an item of its person and thread, reopenings and edits apart."""
        return item.position <= self.upto and (self.created_max is None or item.created <= self.created_max)


class Board:
    """A case, arranged. `groups` holds each person's inbound items by thread, in order; `asking` the ids of those that ask."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.items, self.by_id = arrange(case.items, case.kind, case.id)
        self.opener = case.opened_by or (self.items[0].author if self.items else None)
        self.groups: dict[Key, list[Item]] = {}
        self.replies: list[Item] = []
        members = case.members
        groups = self.groups
        for item in self.items:
            member = members.get(item.author)
            if member is None:
                if not item.silent and not item.bot:
                    key = (item.thread, item.author)
                    group = groups.get(key)
                    if group is None:
                        groups[key] = [item]
                    else:
                        group.append(item)
            elif member.replies and not item.silent and item.state == "live":
                self.replies.append(item)
        self.sent_through: dict[str, list[Dispatch]] = {}
        for dispatch in case.dispatches:
            if dispatch.message is not None:
                self.sent_through.setdefault(dispatch.message, []).append(dispatch)
        self.reaches: dict[Key, list[Reach]] = {}
        self._measure()
        self.closings = [r for r in case.rulings if r.act in ("close", "reopen")]
        self.snoozes = [r for r in case.rulings if r.act in ("snooze", "unsnooze")]
        self.links = [r for r in case.rulings if r.act == "link" and r.to]
        self.claims = [r for r in case.rulings if r.act in ("claim", "release")]
        self.promises: dict[str, list[Ruling]] = {}
        for ruling in case.rulings:
            if ruling.act == "promise" and ruling.through is not None:
                self.promises.setdefault(ruling.through, []).append(ruling)

    @cached_property
    def last_bot(self) -> dict[str, int]:
        """Of each thread the position of the last live message of a bot of ours whose replies do not count."""
        bots = {ident for ident, member in self.case.members.items() if member.kind == "bot" and not member.replies}
        if not bots:
            return {}
        return {item.thread: item.position for item in self.items if item.author in bots and item.state == "live"}

    @cached_property
    def helpers(self) -> dict[str, set[str]]:
        """Of each message the members, not us, who have replied to it or quoted it in a live message."""
        found: dict[str, set[str]] = {}
        for item in self.items:
            if (item.up is not None or item.quotes is not None) and item.state == "live" and self.inbound(item):
                for target in (item.up.id if item.up is not None else None, item.quotes):
                    if target is not None:
                        found.setdefault(target, set()).add(item.author)
        return found

    # -- asking --------------------------------------------------------------------------------------------------------

    def inbound(self, item: Item) -> bool:
        """Whether an item is by somebody who is not us, and neither automatic nor internal nor a bot's."""
        return not item.silent and not item.bot and item.author not in self.case.members

    def asks(self, item: Item) -> bool:
        """Whether an inbound item asks, by the source's `answer` setting."""
        answer = self.case.answer
        if answer == "everyone" or (answer == "opener" and item.author == self.opener):
            return True
        return self.addressed(item)

    def addressed(self, item: Item) -> bool:
        """Whether an item is addressed to us: a reply to us, a mention or quote of us, or in a direct message."""
        members = self.case.members
        if self.case.kind == "dm" or (item.up is not None and item.up.author in members):
            return True
        if any(person in members for person in item.mentions):
            return True
        quoted = self.by_id.get(item.quotes) if item.quotes is not None else None
        return quoted is not None and quoted.author in members

    # -- covering ------------------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Turn each live reply of ours into reaches."""
        dm = self.case.kind == "dm"
        last: Item | None = None
        inbound = iter(sorted((i for group in self.groups.values() for i in group), key=lambda i: i.position))
        following = next(inbound, None)
        for reply in self.replies:
            while following is not None and following.position < reply.position:
                last = following if following.state == "live" else last
                following = next(inbound, None)
            before = reply.position - 1
            if dm:
                for key, group in self.groups.items():
                    if group[0].position <= before:
                        self._reach(key, reply, before, "direct message")
                continue
            above = reply.up if reply.up is not None and self.inbound(reply.up) else None
            if above is not None:
                self._reach((above.thread, above.author), reply, above.position, "reply")
            quoted = self.by_id.get(reply.quotes) if reply.quotes is not None else None
            if quoted is not None and quoted.thread == reply.thread and self.inbound(quoted):
                self._reach((quoted.thread, quoted.author), reply, min(quoted.position, before), "quote")
            for person in reply.mentions:
                if above is None or above.author != person:
                    self._reach((reply.thread, person), reply, before, "mention")
            if reply.parent is None and not reply.mentions and reply.quotes is None:
                self._reach_unaddressed(reply, last)

    def _reach_unaddressed(self, reply: Item, last: Item | None) -> None:
        """A reply that addresses nobody is for the opener of a topic, or for who wrote last in a group's message."""
        if self.case.kind == "forum" and self.opener is not None:
            self._reach((reply.thread, self.opener), reply, reply.position - 1, "to the opener")
        elif self.case.kind == "group_dm" and last is not None:
            self._reach((reply.thread, last.author), reply, reply.position - 1, "to who wrote last")

    def _reach(self, key: Key, reply: Item, upto: int, how: str) -> None:
        if key not in self.groups:
            return
        created_max = None
        for dispatch in self.sent_through.get(reply.id, ()):
            shown = self.by_id.get(dispatch.through)
            if shown is not None:
                upto = min(upto, shown.position)
            else:
                created_max = dispatch.at if created_max is None else min(created_max, dispatch.at)
        self.reaches.setdefault(key, []).append(Reach(reply, upto, how, created_max))

    # -- decisions -----------------------------------------------------------------------------------------------------

    def reached(self, ruling: Ruling, item: Item) -> bool:
        """Whether a decision reaches an item: same person, and at or before the message it was made *through*."""
        if ruling.person is not None and ruling.person != item.author:
            return False
        through = self.by_id.get(ruling.through) if ruling.through is not None else None
        if through is None:
            return item.created <= ruling.at
        return item.thread == through.thread and item.position <= through.position

    def newest(self, rulings: list[Ruling], item: Item) -> Ruling | None:
        """Of the decisions that reach an item the one that counts: the newest, ties by id."""
        reaching = [ruling for ruling in rulings if self.reached(ruling, item)]
        return max(reaching, key=lambda ruling: (ruling.at, ruling.id)) if reaching else None

    def concerns(self, dispatch: Dispatch, key: Key) -> bool:
        """Whether a reply on its way is meant for a person in a thread."""
        thread, person = key
        if not dispatch.here:
            return False
        if dispatch.reply_to is not None:
            target = self.by_id.get(dispatch.reply_to)
            return target is not None and target.thread == thread and target.author == person and self.inbound(target)
        if self.case.kind == "dm":
            return True
        if self.case.kind == "forum":
            return person == self.opener
        if self.case.kind == "group_dm":
            return person == self._last_writer(dispatch)
        return False

    def _last_writer(self, dispatch: Dispatch) -> str | None:
        through = self.by_id.get(dispatch.through)
        for item in reversed(self.items):
            seen = item.position <= through.position if through is not None else item.created <= dispatch.at
            if seen and item.state == "live" and self.inbound(item):
                return item.author
        return None

    def shown(self, dispatch: Dispatch, item: Item) -> bool:
        """Whether the author of a reply on its way had been shown an item."""
        through = self.by_id.get(dispatch.through)
        return item.position <= through.position if through is not None else item.created <= dispatch.at


def linked_from(case: Case, to: str) -> list[Linked]:
    """The live replies of ours in a direct message that a link to a message, or to the whole conversation, leads to."""
    if case.kind != "dm":
        return []
    board = Board(case)
    return [
        Linked(reply.id, reply.author, reply.effective, tuple(board.promises.get(reply.id, ())))
        for reply in board.replies
        if to in (reply.id, case.id)
    ]
