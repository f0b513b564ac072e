"""One conversation as the question "who is waiting?" sees it.

A `Case` holds everything the answer may depend on, and nothing else: the messages of one conversation with their earlier
texts, the identities, the decisions, the sends, a coverage gap, and linked replies elsewhere. Both the
store (from its tables) and `modconsole.domain.world` (from exchange records) make cases; `waiting` answers them.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from modconsole.domain.records import STATES, Act, Answer, ConversationKind, SendState, State


class Text(Struct, frozen=True, gc=False):
    """A text that a message had, and since when (instant)."""

    since: int
    text: str
    format: str = "text"


class Item(Struct, gc=False):
    """One message in its current version. The last four fields are filled in by `modconsole.domain.order.arrange`."""

    id: str
    author: str
    created: int
    text: str = ""
    parent: str | None = None
    quotes: str | None = None
    mentions: tuple[str, ...] = ()
    state: State = "live"
    silent: bool = False
    """Automatic or internal: neither asks nor answers."""
    bot: bool = False
    """The platform says that its author is a bot; counts as automatic unless the author is an identity of ours."""
    format: str = "text"
    edited: int | None = None
    first_observed: int | None = None
    texts: tuple[Text, ...] = ()
    """All texts in version order, the current one last; empty where there was only one."""
    effective: int = 0
    depth: int = 0
    position: int = 0
    thread: str = ""
    up: Item | None = None
    """The parent, resolved within the conversation, with circles cut."""


class Member(Struct, frozen=True, gc=False):
    """What we need to know of an identity: whether its messages can be a reply."""

    kind: str = "person"
    replies: bool = True


class Ruling(Struct, gc=False):
    """A decision as it bears on waiting; undone ones are not given."""

    id: str
    at: int
    by: str
    act: Act
    person: str | None = None
    through: str | None = None
    until: int | None = None
    reason: str = ""
    to: str | None = None


class Dispatch(Struct, gc=False):
    """A reply on its way, as it bears on waiting."""

    id: str
    at: int
    by: str
    state: SendState
    through: str
    reply_to: str | None = None
    message: str | None = None
    here: bool = True
    """False for a send of another conversation that names a message of this one."""
    landed: bool = False
    """Whether the message that it names has been seen on the platform, in whatever state and conversation."""


class Linked(Struct, frozen=True):
    """A live reply of ours in a direct message that a `link` decision names. `at` is its effective time there."""

    id: str
    author: str
    at: int
    promises: tuple[Ruling, ...] = ()
    """The promises made through it, which make it a holding reply."""


class Case(Struct):
    """Everything the answer for one conversation depends on. Times are instants, `target` is in microseconds."""

    source: str
    id: str
    kind: ConversationKind
    answer: Answer
    members: dict[str, Member]
    items: list[Item]
    opened_by: str | None = None
    reply_until: int | None = None
    target: int = 24 * 3_600_000_000
    hours: str | None = None
    connected_at: int | None = None
    rulings: list[Ruling] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    linked: dict[str, list[Linked]] = field(default_factory=dict)
    """For each `to` of a link decision the replies it leads to."""
    gap: str | None = None
    """Why a part of this conversation could not be seen; None where all of it was."""
    vouched: Callable[[int], int | None] = lambda _: None
    """Up to when the source had been vouched for by looks made before an instant; None where by none."""


def default_answer(kind: ConversationKind) -> Answer:
    """Whose messages ask for an answer where the source does not say."""
    return "opener" if kind == "forum" else "everyone"


STATE_RANK: dict[str, int] = {state: rank for rank, state in enumerate(STATES)}
