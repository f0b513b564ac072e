"""A platform in memory, and a connector to it that keeps the contract of `connectors.base`.

`Place` is the platform: it outlives every connector and every crash. `Double` is a connector to it. What goes wrong is said
beforehand: `place.trouble` holds, for each call by name, what to do about the next ones, in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from msgspec.structs import replace

from modconsole.connectors.acts import Act, ActInfo, Done, Order, Target, Undo
from modconsole.connectors.base import Account, Capabilities, Known, Outgoing, Page
from modconsole.domain.records import Author, Conversation, Coverage, Message, Record, State
from modconsole.domain.times import to_datetime, to_instant
from modconsole.errors import Duplicate, Gone, OutcomeUnknown, Refused

US = "us"
SOURCE = "place"

STATES: dict[Act, State] = {
    "approve": "live",
    "restore": "live",
    "hold": "held",
    "hide": "hidden",
    "spam": "spam",
    "remove": "removed",
}
LEADS: dict[State, Act] = {"live": "approve", "held": "hold", "hidden": "hide", "spam": "spam", "removed": "remove"}
"""The act that leads to a state."""
BACK: dict[Act, Act] = {
    "mute": "unmute",
    "unmute": "mute",
    "ban": "unban",
    "unban": "ban",
    "lock": "unlock",
    "unlock": "lock",
}

ACTS: tuple[ActInfo, ...] = (
    *(ActInfo(act, "message", f"Leads to {state}.", "led back") for act, state in STATES.items()),
    ActInfo("report", "message", "Tells the staff.", needs=frozenset({"label"}), choices=("Spam", "Rude")),
    ActInfo("lock", "conversation", "Closes it.", "opened again"),
    ActInfo("unlock", "conversation", "Opens it.", "closed again"),
    ActInfo("mute", "person", "Silences them.", "given their voice back", takes=frozenset({"until", "reason"})),
    ActInfo("unmute", "person", "Gives them their voice back.", "silenced again"),
    ActInfo("ban", "person", "Keeps them out.", "let in again", needs=frozenset({"reason"}), right="to ban"),
    ActInfo("unban", "person", "Lets them in.", "kept out again"),
    ActInfo("kick", "person", "Puts them out.", takes=frozenset({"reason"})),
)
"""All that the platform can do. What has no `undo` cannot be taken back."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing that runs in the program may catch it."""


@dataclass
class Place:
    """A platform with one conversation `talk`; `now` is its clock and everybody's."""

    now: int = 1_700_000_000_000_000
    messages: dict[str, Message] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    """Ids in the order in which they came or changed; a position is an index into it."""
    sends: int = 0
    asked: list[str] = field(default_factory=list)
    trouble: dict[str, list[object]] = field(default_factory=dict)
    """By call (`send`, `find`, `read`, `page`, `act`): an exception to raise before doing anything, `("after", exception)`
    to raise after having done it, a function to call, or None for nothing."""
    state_of_replies: State = "live"
    hides: bool = False
    """Whether replies that arrived are invisible to looks."""
    refuses_twins: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    done: list[Order] = field(default_factory=list)
    """The orders that were carried out, each key once; what is so already is not carried out again."""
    stands: dict[tuple[str, str], int | None] = field(default_factory=dict)
    """What stands on a person or a conversation (act, target) until when."""

    def tick(self, seconds: float = 1.0) -> int:
        """Let time pass."""
        self.now += int(seconds * 1_000_000)
        return self.now

    def clock(self) -> int:
        return self.now

    def write(self, text: str, *, by: str = "ann", parent: str | None = None, state: State = "live") -> str:
        """Somebody writes a message; gives its id."""
        self.tick()
        ident = f"m{next(self.numbers)}"
        self.keep(
            Message(
                source=SOURCE,
                id=ident,
                conversation="talk",
                author=Author(id=by),
                created_at=to_datetime(self.now),
                text=text,
                parent=parent,
                state=state,
                kind="comments",
            )
        )
        return ident

    def keep(self, message: Message) -> None:
        """A message as it stands from now on."""
        self.messages[message.id] = message
        self.order.append(message.id)

    def edit(self, ident: str, text: str) -> None:
        """Somebody changes a text."""
        self.tick()
        self.keep(replace(self.messages[ident], text=text))

    def moderate(self, ident: str, state: State) -> None:
        """Somebody changes a state on the platform itself."""
        self.tick()
        self.keep(replace(self.messages[ident], state=state))

    def ours(self, text: str) -> list[Message]:
        """Our messages that say a text."""
        return [message for message in self.messages.values() if message.author.id == US and message.text == text]

    def seen(self, message: Message) -> Message:
        """A message as a look at it brings it."""
        return replace(message, observed_at=to_datetime(self.now))


class Double:
    """A connector to a `Place`."""

    platform = "double"

    def __init__(
        self, place: Place, *, per_page: int = 3, acts: tuple[ActInfo, ...] = ACTS, lacks: tuple[Act, ...] = ()
    ) -> None:
        self.place = place
        self.per_page = per_page
        self.lacks = lacks
        self.capabilities = Capabilities(acts=acts)
        self.closed = False

    def _call(self, name: str) -> BaseException | None:
        """Do what was planned for this call; gives the exception to raise after it has been carried out."""
        self.place.asked.append(name)
        planned = self.place.trouble.get(name)
        step = planned.pop(0) if planned else None
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step()
        if isinstance(step, tuple):
            after: BaseException = step[1]
            return after
        return None

    def check(self) -> Account:
        self._call("check")
        return Account(id=US, name="Us")

    def pull(self, known: Known, now: int, *, full: bool = False) -> Iterator[Page]:
        position = known.position.get("at", 0)
        start = 0 if full else int(position)
        wanted = list(dict.fromkeys(self.place.order[start:]))
        every = dict.fromkeys((*known.waiting, *known.recent, *known.queued, *known.live))
        again = [i for i in every if i not in wanted]
        gone = tuple(i for i in again if i not in self.place.messages)
        talk = Conversation(source=SOURCE, id="talk", kind="comments", title="A talk")
        first = True
        for at in range(0, len(wanted), self.per_page):
            self._call("page")
            piece: list[Record] = [talk] if first else []
            first = False
            piece += [self._seen_at(i, now) for i in wanted[at : at + self.per_page]]
            yield Page(tuple(piece), {"at": start + at}, "new", done=at, total=len(wanted))
        self._call("page")
        end = len(self.place.order)
        found = tuple(self._seen_at(i, now) for i in again if i in self.place.messages)
        yield Page(found, {"at": end}, "again", complete=True, gone=gone)
        self._call("page")
        moment = to_datetime(now)
        look = Coverage(source=SOURCE, checked_at=moment, complete_through=moment, observed_at=moment)
        yield Page((look,), {"at": end}, "coverage", complete=True)

    def _seen_at(self, ident: str, now: int) -> Message:
        return replace(self.place.messages[ident], observed_at=to_datetime(now))

    def send(self, reply: Outgoing) -> Message:
        after = self._call("send")
        place = self.place
        if reply.reply_to is not None and reply.reply_to not in place.messages:
            raise Gone("It no longer exists.")
        if place.refuses_twins:
            for message in place.ours(reply.text):
                if message.parent == reply.reply_to and message.state == "live":
                    raise Duplicate("It is there already.", code="twin")
        place.sends += 1
        ident = place.write(reply.text, by=US, parent=reply.reply_to, state=place.state_of_replies)
        if after is not None:
            raise after
        return place.seen(place.messages[ident])

    def find(self, reply: Outgoing, candidates: frozenset[str]) -> Message | None:
        self._call("find")
        for message in self.place.ours(reply.text):
            late = reply.attempted_at is None or to_instant(message.created_at) >= reply.attempted_at
            same = message.parent == reply.reply_to and message.conversation == reply.conversation
            if late and same and message.id not in candidates and not self.place.hides:
                return self.place.seen(message)
        return None

    def read(self, message: str) -> Message | None:
        self._call("read")
        found = self.place.messages.get(message)
        hidden = self.place.hides and found is not None and found.author.id == US
        return self.place.seen(found) if found is not None and not hidden else None

    def acts(self) -> tuple[ActInfo, ...]:
        self._call("acts")
        return tuple(info for info in self.capabilities.acts if info.act not in self.lacks)

    def act(self, order: Order) -> Done:
        after = self._call("act")
        known: set[tuple[Act, Target]] = {(info.act, info.on) for info in self.capabilities.acts}
        if (order.act, order.on) not in known or order.act in self.lacks:
            raise Refused("No.")
        done = self._on_message(order) if order.on == "message" else self._on_other(order)
        if after is not None:
            raise after
        return done

    def _on_message(self, order: Order) -> Done:
        message = self.place.messages.get(order.target)
        if message is None:
            raise Gone("It no longer exists.")
        was = message.state or "live"
        state = order.undoing.get("state") or STATES.get(order.act, was)
        if order.act not in STATES:
            self._did(order)
            return Done((self.place.seen(message),))
        if state == was:
            return Done((self.place.seen(message),), note="It was so already.")
        self._did(order)
        self.place.moderate(order.target, state)
        back: Act = "restore" if state in ("spam", "removed") else LEADS[was]
        return Done((self.place.seen(self.place.messages[order.target]),), Undo(back, {"state": was}))

    def _on_other(self, order: Order) -> Done:
        stands, begins = self.place.stands, not order.act.startswith("un")
        if order.act not in BACK:
            self._did(order)
            return Done()
        key = (order.act if begins else BACK[order.act], order.target)
        if (key in stands) == begins and (not begins or stands[key] == order.until):
            return Done(note="It was so already.")
        self._did(order)
        if begins:
            stands[key] = order.undoing.get("until", order.until)
        else:
            del stands[key]
        return Done(undo=Undo(BACK[order.act], {"until": order.until}))

    def _did(self, order: Order) -> None:
        self.place.tick()
        if order.key not in [each.key for each in self.place.done]:
            self.place.done.append(order)

    def close(self) -> None:
        self.closed = True


def lost(*, applied: bool) -> object:
    """A send whose answer never comes, carried out or not."""
    error = OutcomeUnknown("The connection ended before the answer.")
    return ("after", error) if applied else error
