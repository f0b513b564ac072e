"""The demo: a platform that is not there, with a community that we wrote (`demo_community`).

`records(now)` is what a database holds when the demo begins: five sources in which every status and every badge occurs.
`open_place(source, ...)` is the living side of one of them. It keeps the contract of `base` without network, account or
clock:

- **The feed.** A page holds what became visible between two looks: scripted lines in the first minutes, then an endless
  stream. It is a pure function of start and seed; what *we* did (replies, moderation) is remembered in the position,
  which the engine stores, so that a demo can be closed and opened again. Pages before the last repeat the old position:
  a crash between two pages repeats them.
- **Replies.** A reply is stored and comes back with the next look. Sending the same key twice gives the same message.
  Half a minute later the person may say thank you, once.
- **Trouble, on purpose.** A locked topic refuses; a direct message past its window refuses; one topic takes the reply
  and loses the answer (`OutcomeUnknown`; `find` sees it); the chat server answers 502 for the first five minutes.

A clock is given to a place because a platform has one of its own: `send` and `moderate` are not told the time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from modconsole.connectors.base import Account, Capabilities, Known, Moderation, Outgoing, Page
from modconsole.connectors.demo_community import SOURCES, Event, script, source_record, span
from modconsole.connectors.demo_community.stream import Stream, thanks_of
from modconsole.connectors.signing import Can, Credentials, Field, PlatformInfo, SignedIn, SignIn, Step
from modconsole.domain.records import Conversation, Coverage, Decision, Message, Reaction, Record, Send, Source, State
from modconsole.domain.times import SECOND, to_datetime, to_instant
from modconsole.errors import Duplicate, Gone, NotFound, OutcomeUnknown, Refused, Unreachable

__all__ = ["PLATFORM", "PLATFORMS", "SOURCES", "DemoConnector", "connect", "open_place", "records", "sign_in"]

PLATFORMS: dict[str, str] = {f"demo-{source}": source for source in SOURCES}
"""Platform name → source id: each source of the demo stands for a platform of its own."""

PAGE = 100
"""Records on a page."""
THANKS_AFTER = 30 * SECOND
THANKS_ODDS = 0.7

_STATES: dict[Moderation, State] = {
    "approve": "live",
    "restore": "live",
    "hold": "held",
    "spam": "spam",
    "trash": "removed",
}
_GONE: frozenset[State] = frozenset({"deleted", "removed"})


def records(now: int) -> Iterator[Record]:
    """All that is known when the demo begins at the instant `now` (taken to the whole second), source by source."""
    start = _whole(now)
    for source in SOURCES:
        yield from script(source).history(start)


PLATFORM = PlatformInfo(
    name="demo",
    title="Demo",
    about="A made-up community that lives in this program, to try everything on.",
    incremental=Can("yes"),
    full_thread=Can("yes"),
    direct_messages=Can("yes"),
    own_replies=Can("yes"),
    edits=Can("yes", "at once, with every look"),
    deletions=Can("yes"),
    idempotent_send=Can("yes"),
    interval=3.0,
    settles=1.0,
    secret=False,
)


def connect(
    settings: Mapping[str, Any], credentials: Credentials, *, source: str, clock: Callable[[], int]
) -> DemoConnector:
    """A place of the demo, by its settings `place` (default: the source's name), `start` (an instant) and `seed`."""
    start, seed = settings.get("start"), settings.get("seed", 1)
    return open_place(
        settings.get("place", source), start=start if isinstance(start, int) else clock(), clock=clock, seed=seed
    )


def sign_in(clock: Callable[[], int]) -> SignIn:
    """Nothing is asked: `modconsole demo` sets the places up."""
    answers = yield Step("The demo", (Field("place", "Place", choices=SOURCES),))
    return SignedIn({"place": answers["place"], "start": clock()}, "", answers["place"])


def open_place(source: str, *, start: int, clock: Callable[[], int], seed: int = 1) -> DemoConnector:
    """The connector of one of `SOURCES`. `start` is the instant given to `records`; `clock` tells the platform's time.

    A position with an earlier start, as an engine gives it back, wins over `start`. Raises `NotFound` for any other
    source.
    """
    if source not in SOURCES:
        raise NotFound(f"The demo has no source {source!r}.", hint=f"It has {', '.join(SOURCES)}.")
    return DemoConnector(source, start=start, clock=clock, seed=seed)


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
        self._begin(_whole(start), seed)
        settings = self._script.settings
        self.capabilities = Capabilities(
            direct_messages=source in ("masto", "matrix", "insta"),
            max_length=settings.get("max_length"),
        )

    def _begin(self, start: int, seed: int) -> None:
        self._start, self._seed = start, seed
        self._told = self._script.events(start)
        self._stream = Stream(self.source, start, seed)
        self._sent: list[_Sent] = []
        self._acts: list[tuple[int, str, State]] = []

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

    def moderate(self, message: str, act: Moderation) -> Message:
        """Carry out an act. Raises `Refused` where the platform cannot, and `Gone` for what its author deleted."""
        now = self._now()
        self._reachable(now)
        if act not in self.capabilities.moderation:
            raise Refused(f"{self.platform} has no {act!r}.", hint="Moderate it on the platform.", code="unsupported")
        found = self.read(message)
        if found is None or found.state == "deleted":
            raise Gone("The message no longer exists there.", hint="Sync to see what became of it.")
        at, state = self._moment(now), _STATES[act]
        self._acts.append((at, message, state))
        return replace(found, state=state, state_at=to_datetime(at), observed_at=to_datetime(at))

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
        happened += [(at, (native, state)) for at, native, state in self._acts]
        happened.sort(key=lambda entry: entry[0])
        current: dict[str, Message] = {}
        ruled: dict[str, tuple[State, int]] = {}
        events: list[Event] = []
        for at, what in happened:
            if at > now:
                break
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
        if reply.conversation in self._script.locked:
            raise Refused("This topic is locked.", hint="Unlock it there, or close the ask.", code="topic_closed")
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
        ours = [sent.at for sent in self._sent] + [at for at, _, _ in self._acts]
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
            "acts": [list(act) for act in self._acts],
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
        acts = [(at, native, state) for at, native, state in position["acts"]]
        self._acts = acts + [act for act in self._acts if act not in acts]


def _whole(instant: int) -> int:
    return instant - instant % SECOND
