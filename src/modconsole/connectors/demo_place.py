"""One place of the demo, as a connector: the feed, replies, moderation, and trouble on purpose (see `demo`)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from modconsole.connectors import demo_acts
from modconsole.connectors.acts import ActInfo, Done, Order
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.connectors.demo_acts import Did
from modconsole.connectors.demo_community import Event, script, source_record, span
from modconsole.connectors.demo_community.stream import Stream, thanks_of
from modconsole.domain.records import Conversation, Coverage, Decision, Message, Reaction, Record, Send, Source, State
from modconsole.domain.times import SECOND, to_datetime, to_instant
from modconsole.errors import Duplicate, Gone, OutcomeUnknown, Refused, Unreachable

PAGE = 100
"""Records on a page."""
THANKS_AFTER = 30 * SECOND
THANKS_ODDS = 0.7

_GONE: frozenset[State] = frozenset({"deleted", "removed"})


@dataclass
class _Sent:
    """A reply of ours that arrived: the key it came with, when it became visible, and what it is."""

    key: str
    at: int
    message: Message


class DemoConnector:
    """One source of the demo. See the module for what it does and where it says no."""

    def __init__(self, source: str, *, start: int, clock: Callable[[], int], seed: int = 1) -> None:
        self.source = source
        self.platform = f"demo-{source}"
        self._script = script(source)
        self._clock = clock
        self._through = 0
        self._begin(whole(start), seed)
        settings = self._script.settings
        self.capabilities = Capabilities(
            acts=demo_acts.ACTS[source],
            direct_messages=source in ("masto", "matrix", "insta"),
            max_length=settings.get("max_length"),
        )

    def _begin(self, start: int, seed: int) -> None:
        self._start, self._seed = start, seed
        self._told = self._script.events(start)
        self._stream = Stream(self.source, start, seed)
        self._sent: list[_Sent] = []
        self._acts: list[Did] = []

    def check(self) -> Account:
        """Who we are here. The demo's sign-in is never wrong."""
        record = source_record(self.source, self._start)
        us = self._script.people[self._script.settings["send_as"]]
        return Account(
            id=us.id, name=us.name or "", handle=us.handle or "", site_name=record.name or "", site_url=record.url or ""
        )

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        """What became visible since the position; with `full`, everything as it stands.

        Raises `Unreachable` while the place is down.
        """
        self._adopt(known.position)
        self._reachable(now)
        old = dict(known.position)
        since = old.get("through")
        if full or since is None:
            found: list[Record] = list(self._standing(now).values())
        else:
            found = [event.record for event in self._events(now) if since < event.at]
        found = [record for record in found if isinstance(record, Conversation | Message | Reaction)]
        lane = "walk" if full else "feed"
        for first in range(0, max(len(found), 1), PAGE):
            piece = tuple(found[first : first + PAGE])
            done = first + len(piece)
            last = done == len(found)
            if last:
                self._through = max(self._through, now)
            yield Page(piece, self._position() if last else old, lane, done=done, total=len(found), complete=last)
        moment = to_datetime(now)
        look = Coverage(source=self.source, checked_at=moment, complete_through=moment, observed_at=moment)
        yield Page((look,), self._position(), "coverage", complete=True)

    def resume(self, position: dict[str, Any]) -> None:
        """Go on where an earlier run of the program stopped, before anything is sent or read; an empty position is a start."""
        self._adopt(position)

    def send(self, reply: Outgoing) -> Message:
        """Take a reply.

        Raises `Unreachable`, `Gone`, `Refused` or, the first time in a flaky conversation, `OutcomeUnknown`.
        """
        now = self._now()
        self._reachable(now)
        for sent in self._sent:
            if sent.key == reply.key:
                return sent.message
        standing = self._standing(now)
        flaky = reply.conversation in self._script.flaky and not self._sent_in(reply.conversation)
        message = self._accept(reply, standing, now)
        if flaky:
            raise OutcomeUnknown(
                "The demo's forum took the reply and lost the answer on its way back.",
                hint="It is looked for there before anything is sent again.",
            )
        return message

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        """A reply of ours that arrived: that text in that place, and not one of `candidates`."""
        for sent in self._sent:
            message = sent.message
            same = (message.conversation, message.text) == (reply.conversation, reply.text)
            if same and message.parent == reply.reply_to and message.id not in candidates:
                return message
        return None

    def read(self, message: str) -> Message | None:
        """One message as it stands by the platform's clock."""
        now = self._now()
        self._reachable(now)
        found = self._standing(now).get(("message", message))
        return found if isinstance(found, Message) else None

    def acts(self) -> tuple[ActInfo, ...]:
        """What this account may do."""
        lacking = demo_acts.LACKING.get(self.source, frozenset())
        return tuple(info for info in self.capabilities.acts if (info.act, info.on) not in lacking)

    def act(self, order: Order) -> Done:
        """Carry out an act. Raises `Refused` where the place has none such or we lack the right, `Gone` for what is not there."""
        now = self._now()
        self._reachable(now)
        may = {(info.act, info.on) for info in self.acts()}
        if (order.act, order.on) not in may and not order.undoing:
            known = any((info.act, info.on) == (order.act, order.on) for info in self.capabilities.acts)
            raise Refused(
                f"{self.platform} does not let this account do that."
                if known
                else f"{self.platform} has no {order.act!r}.",
                hint="Ask an administrator." if known else "Moderate it on the platform.",
                code="forbidden" if known else "unsupported",
            )
        standing = self._standing(now)
        if order.on == "message":
            return self._act_on_message(order, standing.get(("message", order.target)), now)
        there = (
            ("conversation", order.target) in standing
            if order.on == "conversation"
            else any(isinstance(each, Message) and each.author.id == order.target for each in standing.values())
        )
        if not there:
            raise Gone(f"The {order.on} is not there any more.", hint="Sync to see what became of it.")
        locked = order.target in self._script.locked
        if demo_acts.changes_nothing(self._acts, order, now, locked=locked):
            return Done(note="It was so already.")
        until = order.undoing.get("until", order.until)
        self._acts.append(
            Did(self._moment(now), order.act, order.on, order.target, until=until, label=order.label),
        )
        return Done(undo=demo_acts.undo_of(order, None, None))

    def _act_on_message(self, order: Order, found: Record | None, now: int) -> Done:
        if not isinstance(found, Message) or found.state == "deleted":
            raise Gone("The message no longer exists there.", hint="Sync to see what became of it.")
        was = found.state or "live"
        state = demo_acts.new_state(self._acts, order, was)
        at = self._moment(now)
        if state is None:
            self._acts.append(Did(at, order.act, "message", order.target, label=order.label))
            return Done((found,))
        if state == was:
            return Done((found,), note="It was so already.")
        self._acts.append(Did(at, order.act, "message", order.target, was, state))
        after = replace(found, state=state, state_at=to_datetime(at), observed_at=to_datetime(at))
        kept = any(info.act == order.act and info.on == "message" and info.undo for info in self.capabilities.acts)
        return Done((after,), undo=demo_acts.undo_of(order, was, state) if kept else None)

    def close(self) -> None:
        """Nothing to let go of."""

    # What is there, and since when

    def _events(self, now: int) -> list[Event]:
        """Everything that is visible at `now`, in the order in which it became so, with what we made of it.

        A message keeps the state that we gave it when its author edits it later; only its deletion is stronger.
        """
        happened: list[tuple[int, Record | tuple[str, State]]] = [
            (event.at, event.record) for event in self._told + self._stream.until(now) + self._thanks()
        ]
        happened += [(sent.at, sent.message) for sent in self._sent]
        happened += [(did.at, (did.target, did.state)) for did in self._acts if did.state is not None]
        happened.sort(key=lambda entry: entry[0])
        current: dict[str, Message] = {}
        ruled: dict[str, tuple[State, int]] = {}
        events: list[Event] = []
        silenced = demo_acts.silenced(self._acts)
        for at, what in happened:
            if at > now:
                break
            if isinstance(what, Message) and what.id not in current and silenced(what.author.id, at):
                continue
            if isinstance(what, tuple):
                native, state = what
                ruled[native] = (state, at)
                what = current[native]
            if isinstance(what, Message):
                if what.id in ruled and what.state != "deleted":
                    state, since = ruled[what.id]
                    what = replace(what, state=state, state_at=to_datetime(since), observed_at=to_datetime(at))
                current[what.id] = what
            events.append(Event(at, what))
        return events

    def _standing(self, now: int) -> dict[tuple[str, str], Record]:
        """The current version of everything, by kind and id."""
        standing: dict[tuple[str, str], Record] = {}
        for event in self._events(now):
            record = event.record
            match record:
                case Message():
                    standing["message", record.id] = record
                case Conversation():
                    standing["conversation", record.id] = record
                case Reaction():
                    standing["reaction", f"{record.message} {record.author.id} {record.name}"] = record
                case Source() | Decision() | Send() | Coverage():
                    pass
        return standing

    def _reachable(self, now: int) -> None:
        settings = self._script.settings
        if "down_for" in settings and now < self._start + span(f"+{settings['down_for']}"):
            name = settings["name"]
            raise Unreachable(f"{name} cannot be reached: {settings['down_why']}.", hint="It is tried again by itself.")

    # Replies

    def _sent_in(self, conversation: str) -> bool:
        return any(sent.message.conversation == conversation for sent in self._sent)

    def _accept(self, reply: Outgoing, standing: dict[tuple[str, str], Record], now: int) -> Message:
        place = standing.get(("conversation", reply.conversation))
        target = standing.get(("message", reply.reply_to)) if reply.reply_to else None
        if not isinstance(place, Conversation) or (reply.reply_to and not isinstance(target, Message)):
            raise Gone(
                "The conversation, or the message replied to, is not there any more.", hint="Sync and look again."
            )
        self._refuse(reply, place, target, now)
        at = self._moment(now)
        private = place.kind == "dm" and self.source == "masto"
        message = Message(
            source=self.source,
            id=f"{self.source}-r{len(self._sent) + 1}",
            conversation=reply.conversation,
            author=self._script.people[self._script.settings["send_as"]],
            created_at=to_datetime(at),
            text=reply.text,
            parent=reply.reply_to,
            mentions=[target.author.id] if isinstance(target, Message) and self.source == "masto" else None,
            visibility="private" if private else None,
        )
        self._sent.append(_Sent(reply.key, at, message))
        return message

    def _refuse(self, reply: Outgoing, place: Conversation, target: Record | None, now: int) -> None:
        if isinstance(target, Message) and target.state in _GONE:
            raise Gone("The message replied to has been deleted.", hint="Sync and look again.")
        locked = reply.conversation in self._script.locked
        if demo_acts.is_locked(self._acts, reply.conversation, now, locked=locked):
            raise Refused("This topic is locked.", hint="Unlock it, or close the ask.", code="topic_closed")
        if "reply_window" in self._script.settings and place.reply_until and to_instant(place.reply_until) < now:
            window = self._script.settings["reply_window"]
            raise Refused(
                f"The reply window of {window} is over.", hint="It opens again when they write.", code="outside_window"
            )
        limit = self._script.settings.get("max_length")
        if not reply.text.strip():
            raise Refused("The reply is empty.", hint="Write something first.", code="empty")
        if limit and len(reply.text) > limit:
            raise Refused(f"The reply is longer than {limit} characters.", hint="Shorten it.", code="too_long")
        for sent in self._sent:
            said = sent.message
            if (said.conversation, said.parent, said.text) == (reply.conversation, reply.reply_to, reply.text):
                raise Duplicate("This very reply is there already.", hint="Sync to see it.", code="duplicate")

    def _thanks(self) -> list[Event]:
        """What people say to our replies: once each in a conversation, not everybody, half a minute later."""
        said: dict[str, Message] = {}
        for event in self._told + self._stream.until(self._sent[-1].at if self._sent else self._start):
            if isinstance(event.record, Message):
                said[event.record.id] = event.record
        events: list[Event] = []
        thanked: set[tuple[str, str]] = set()
        for sent in self._sent:
            ours = sent.message
            theirs = said.get(ours.parent or "") or self._last_inbound(said, ours)
            if theirs is None or (ours.conversation, theirs.author.id) in thanked:
                continue
            thanked.add((ours.conversation, theirs.author.id))
            person = theirs.author.id
            words = self._script.thanks.get(person) or thanks_of(self.source, person)
            dice = random.Random(f"{self._seed}/{ours.id}/thanks")  # noqa: S311 - a repeatable play, no secret
            if words is None or dice.random() >= THANKS_ODDS:
                continue
            at = sent.at + THANKS_AFTER
            events.append(Event(at, self._thank(ours, theirs, words, at)))
        return events

    def _thank(self, ours: Message, theirs: Message, words: str, at: int) -> Message:
        return Message(
            source=self.source,
            id=f"{ours.id}-thanks",
            conversation=ours.conversation,
            author=theirs.author,
            created_at=to_datetime(at),
            text=words,
            format=theirs.format if theirs.format == "html" else None,
            parent=ours.id if ours.parent else None,
            mentions=[ours.author.id] if self.source == "masto" else None,
            visibility=ours.visibility,
        )

    def _last_inbound(self, said: dict[str, Message], ours: Message) -> Message | None:
        us = {identity["id"] for identity in self._script.settings["identities"]}
        theirs = [
            message
            for message in said.values()
            if message.conversation == ours.conversation
            and message.author.id not in us
            and message.created_at <= ours.created_at
        ]
        return max(theirs, key=lambda message: message.created_at, default=None)

    # The position

    def _now(self) -> int:
        """The platform's time, never before the last thing that we did there: our own acts are seen at once."""
        ours = [sent.at for sent in self._sent] + [did.at for did in self._acts]
        return max(self._clock(), *ours) if ours else self._clock()

    def _moment(self, now: int) -> int:
        """When something of ours becomes visible: now, and never before what has been looked at already."""
        return max(now, self._through + 1)

    def _position(self) -> dict[str, Any]:
        return {
            "start": self._start,
            "seed": self._seed,
            "through": self._through,
            "sent": [[sent.key, sent.at, msgspec.to_builtins(sent.message)] for sent in self._sent],
            "acts": [demo_acts.to_json(did) for did in self._acts],
        }

    def _adopt(self, position: dict[str, Any]) -> None:
        """Go on where an earlier run of the program stopped; what this one did since then is kept."""
        if not position:
            return
        if (position["start"], position["seed"]) != (self._start, self._seed):
            self._begin(position["start"], position["seed"])
        self._through = max(self._through, position["through"])
        known = {sent.key for sent in self._sent}
        earlier = [
            _Sent(key, at, msgspec.convert(message, type=Message))
            for key, at, message in position["sent"]
            if key not in known
        ]
        self._sent = earlier + self._sent
        acts = [demo_acts.from_json(value) for value in position["acts"]]
        self._acts = acts + [did for did in self._acts if did not in acts]


def whole(instant: int) -> int:
    """An instant taken to the second."""
    return instant - instant % SECOND
