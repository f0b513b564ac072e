"""What follows from a hit of a live rule: acts on the platform put in line, decisions made, and proposals for a person.

All of it is written in the transaction that stores the message and the verdict; an act on a platform goes out later, after the
undo delay, as acts of people do (`sync.acts`). A message is taken down at most once, and its author silenced at most once,
however many rules hit it; what came second is written down as superseded.

A rule is careful where a person would think twice: what cannot be taken back, what a person has decided otherwise, what the
platform or this account cannot do becomes a proposal, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal, cast

from msgspec import Struct

from modconsole.connectors.acts import ActInfo, Target
from modconsole.connectors.base import Connector
from modconsole.domain.ids import new_id
from modconsole.domain.records import Act as DecisionAct
from modconsole.domain.records import Decision
from modconsole.domain.times import DAY, to_datetime
from modconsole.errors import PlatformError, UsageError
from modconsole.store import acts, rule_acts, tallies, verdicts
from modconsole.store.acts import Moderated
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.rule_acts import Placed, RuleAct
from modconsole.store.tallies import Tally
from modconsole.store.verdicts import Given, Judgeable
from modconsole.sync.bench import key
from modconsole.sync.moderate import checked
from modconsole.sync.rulebook import Enforced

if TYPE_CHECKING:
    from modconsole.policy.model import Action, ActionName, Rule

REMOVES: Final[dict[str, int]] = {"hold": 1, "hide": 2, "spam": 3, "remove": 4}
"""The acts that take a message down, the gentlest first."""
SILENCES: Final[dict[str, int]] = {"mute": 1, "ban": 2}
"""The acts that silence its author."""
ON: Final[dict[str, Target]] = {
    "hold": "message",
    "hide": "message",
    "remove": "message",
    "spam": "message",
    "approve": "message",
    "report": "message",
    "mute": "person",
    "ban": "person",
    "lock": "conversation",
}
"""What is acted on by the actions that are acts on the platform."""
FRESH: Final = DAY
"""A live rule acts on no message that is older."""
_ONCE: Final = ("suggest snippet", "suggest close", "escalate", "assign")
"""Of these one for an ask is enough."""
_SHOWN_AGAIN: Final = ("approve", "restore", "unhide")

Order = Literal["all", "automoderator"]


class Powers(Struct, frozen=True):
    """What a platform has, and what this account may do there; `may` is None where that could not be asked."""

    infos: dict[tuple[str, str], ActInfo]
    may: frozenset[tuple[str, str]] | None

    @classmethod
    def of(cls, connector: Connector) -> Powers:
        """What a connector says. A platform that is out of reach is asked again later."""
        infos = {(str(info.act), str(info.on)): info for info in connector.capabilities.acts}
        try:
            may = frozenset((str(info.act), str(info.on)) for info in connector.acts())
        except PlatformError:
            may = None
        return cls(infos, may)


class Live(Struct, frozen=True):
    """A hit of a live rule, about which something is to be done."""

    enforced: Enforced
    verdict: int

    @property
    def rule(self) -> Rule:
        """The rule."""
        return self.enforced.rule

    @property
    def by(self) -> str:
        """Under which name it acts."""
        return f"rule:{key(self.enforced.rule.id, self.enforced.version)}"


Step = tuple[Live, "Action", str]
"""An action of a hit; in words why it is not done, else empty."""


def steps(hits: Iterable[Live], order: Order) -> list[Step]:
    """The actions of all rules that hit a message, in the order in which they are done.

    all: larger priorities first, among equal ones what takes down most. automoderator: the rules that remove come first, and
    after the first of them that hits no other of them does anything.
    """
    from modconsole.policy.model import ACTIONS

    def removes(hit: Live) -> bool:
        return order == "automoderator" and any(ACTIONS[each.name].phase == "removal" for each in hit.rule.actions)

    def place(hit: Live) -> tuple[bool, int, int, str, int, str]:
        rule = hit.rule
        strength = max((REMOVES.get(each.name, 0) for each in rule.actions), default=0) if order == "all" else 0
        return (order == "automoderator" and not removes(hit), -rule.priority, -strength, rule.path, rule.line, rule.id)

    found: list[Step] = []
    ended = ""
    for hit in sorted(hits, key=place):
        over = f"Rule {ended} came first." if ended and removes(hit) else ""
        found += [(hit, action, over) for action in _by_strength(hit.rule.actions)]
        if removes(hit):
            ended = ended or hit.rule.id
    return found


def _by_strength(actions: Sequence[Action]) -> list[Action]:
    """What takes down before the rest, the strongest first."""
    return sorted(actions, key=lambda each: -{**REMOVES, **SILENCES}.get(each.name, 0))


def _kind(name: ActionName) -> str:
    """Of what there can be only one."""
    return "removal" if name in REMOVES else "silence" if name in SILENCES else ""


class Consequences:
    """Lets live rules act, within one transaction. `powers` says of a source what can be done there, where that is known."""

    def __init__(self, db: Db, now: int, undo_delay: int, order: Order, powers: Callable[[str], Powers | None]) -> None:
        self.db = db
        self.now = now
        self.undo_delay = undo_delay
        self.order = order
        self.powers = powers

    def act(self, hits: Sequence[tuple[Enforced, Given]], fresh: Collection[int], *, waiting: bool = False) -> None:
        """Do what follows from hits. `fresh` are messages that are stored just now for the first time.

        With `waiting` age is no hindrance to what is done here; on the platform nothing is done to what is older than a day.
        """
        messages = verdicts.judgeable(self.db, {given.found.message for _, given in hits})
        by_message: dict[int, list[Live]] = {}
        for enforced, given in hits:
            message = messages[given.found.message]
            if self._concerns(enforced, message, message.ident in fresh, waiting=waiting):
                by_message.setdefault(message.ident, []).append(Live(enforced, given.ident))
        for ident, live in by_message.items():
            self.on_message(messages[ident], live)

    def _concerns(self, enforced: Enforced, message: Judgeable, fresh: bool, *, waiting: bool) -> bool:
        """Whether a message was first seen when the rule was live, and is young enough."""
        seen = message.first_observed if message.first_observed is not None else (self.now if fresh else None)
        if seen is None or enforced.live_at is None or seen < enforced.live_at:
            return False
        return waiting or message.created_at >= self.now - FRESH

    def on_message(self, message: Judgeable, hits: Sequence[Live]) -> None:
        """What follows for one message from all rules that hit it."""
        before = rule_acts.on_message(self.db, message.ident)
        for hit, action, over in steps(hits, self.order):
            if any(_same(each.act, hit, action) for each in before):
                continue
            done = self._new(hit, action)
            if over:
                done.state, done.trouble = "superseded", over
            elif action.name in ON:
                self._on_platform(hit, action, message, before, done)
            else:
                self._here(hit, action, message, done)
            rule_acts.store(self.db, done)
            if done.state == "done":
                tallies.add(self.db, self.now, [(done.rule, done.version, Tally(acted=1))])
            placed = rule_acts.get(self.db, done.id)
            assert placed is not None
            before.append(placed)

    def _new(self, hit: Live, action: Action) -> RuleAct:
        return RuleAct(
            id=new_id(self.now),
            verdict=hit.verdict,
            rule=hit.rule.id,
            version=hit.enforced.version,
            at=self.now,
            action=action.name,
            value=action.value,
            span=action.span,
        )

    # -- on the platform -------------------------------------------------------------------------------------------------------

    def _on_platform(
        self, hit: Live, action: Action, message: Judgeable, before: Sequence[Placed], done: RuleAct
    ) -> None:
        pointless = self._pointless(action, message, before)
        if pointless:
            done.state, done.trouble = "superseded", pointless
            return
        try:
            info = self._info(action, message)
            why_not = self._doubt(message, action, before)
            if why_not:
                done.trouble = why_not
                return
            order = checked(
                info,
                order_of(action, info, message, by=hit.by, now=self.now, not_before=self.now + self.undo_delay),
                self.now,
            )
        except UsageError as error:
            done.trouble = str(error)
            return
        acts.begin(self.db, order)
        done.state, done.kind, done.ref = "queued", "moderation", order.id

    def _info(self, action: Action, message: Judgeable) -> ActInfo:
        """The act as the platform has it. Raises `UsageError` where it cannot be done by a rule."""
        powers = self.powers(message.source)
        if powers is None:
            raise UsageError("Nobody is signed in there, or the source was not looked at yet.")
        info = powers.infos.get((action.name, ON[action.name]))
        if info is None:
            raise UsageError(f"{message.platform} has no act {action.name!r}.")
        if powers.may is not None and (str(info.act), str(info.on)) not in powers.may:
            raise UsageError(f"This account lacks the right {info.right or 'to do this'}.")
        if not info.undo:
            raise UsageError("It cannot be taken back there.")
        if info.on == "message" and info.whose != "anybody" and (info.whose == "ours") != message.ours:
            raise UsageError(f"It can only be done to messages that are {info.whose}.")
        return info

    def _pointless(self, action: Action, message: Judgeable, before: Sequence[Placed]) -> str:
        """Why an act would change nothing; empty where it would."""
        if ON[action.name] == "person" and message.ours:
            return "Its author is one of us."
        kind = _kind(action.name)
        for each in before:
            if (
                kind
                and _kind(cast("ActionName", each.act.action)) == kind
                and each.act.state in ("queued", "done", "accepted")
            ):
                return f"Rule {each.act.rule} came first."
        if ON[action.name] == "message":
            powers = self.powers(message.source)
            info = powers.infos.get((action.name, "message")) if powers is not None else None
            if info is not None and message.state not in info.fits:
                return f"The message is {message.state} already."
            return ""
        target = message.person if ON[action.name] == "person" else message.conversation
        known = acts.on(self.db, message.source, ON[action.name], target)
        if any(each.act == action.name and each.state in ("queued", "doing", "unsure") for each in known):
            return "It is on its way already."
        if any(each.act == action.name for each in acts.standing(known, self.now)):
            return "It was done already."
        return ""

    def _doubt(self, message: Judgeable, action: Action, before: Sequence[Placed]) -> str:
        """Why a person should decide; empty where a rule may."""
        if message.created_at < self.now - FRESH:
            return "The message is older than a day."
        if _kind(action.name) != "removal":
            return ""
        back = next((each.act for each in before if each.act.action in REMOVES and each.act.state == "undone"), None)
        if back is not None:
            return f"{back.decided_by or 'Somebody'} took back what rule {back.rule} did to it."
        for each in acts.on(self.db, message.source, "message", message.message):
            if (
                not each.by.startswith("rule:")
                and each.act in _SHOWN_AGAIN
                and each.state == "done"
                and not each.undone
            ):
                return f"{each.by} has decided to show it."
        return ""

    # -- here --------------------------------------------------------------------------------------------------------------------

    def _here(self, hit: Live, action: Action, message: Judgeable, done: RuleAct) -> None:
        if action.name in ("flag", "notify"):
            done.state = "noted"
            return
        if action.name in _ONCE:
            for each in rule_acts.on_ask(self.db, hit.rule.id, message.in_, message.by):
                same = (each.act.action, each.act.value) == (action.name, action.value)
                if same and each.act.state in ("proposed", "done", "accepted"):
                    done.state, done.trouble = "superseded", "It was said about this ask already."
                    return
        if action.name in ("tag", "priority"):
            tag = action.value if action.name == "tag" else f"priority:{action.value}"
            if rule_acts.has_tag(self.db, message.in_, tag):
                done.state, done.trouble = "superseded", "It has that tag already."
                return
            self._decide("tag", hit, message, done, tags=[tag])
        elif action.name == "assign":
            self._decide("assign", hit, message, done, to=action.value)

    def _decide(
        self,
        act: DecisionAct,
        hit: Live,
        message: Judgeable,
        done: RuleAct,
        *,
        tags: list[str] | None = None,
        to: str | None = None,
    ) -> None:
        decision = Decision(
            id=new_id(self.now),
            at=to_datetime(self.now),
            by=hit.by,
            act=act,
            source=message.source,
            conversation=message.conversation,
            person=message.person,
            through=message.message,
            tags=tags,
            to=to,
        )
        ingest(self.db, [decision], self.now)
        done.state, done.kind, done.ref = "done", "decision", decision.id


def _same(act: RuleAct, hit: Live, action: Action) -> bool:
    """Whether a rule has had its say already with this action on this message, whatever came of it; of an act that was taken
    back a person is asked when the text has changed."""
    said = (act.rule, act.action, act.value) == (hit.rule.id, action.name, action.value)
    return said and act.state not in ("superseded", "undone")


def order_of(action: Action, info: ActInfo, message: Judgeable, *, by: str, now: int, not_before: int) -> Moderated:
    """The act on the platform for an action, to be carried out by whoever syncs."""
    on = ON[action.name]
    label = ""
    if "label" in info.takes | info.needs:
        label = next((each for each in info.choices if each.casefold() == action.value.casefold()), "")
        label = label or (action.value if not info.choices else "")
    target = {"message": message.message, "person": message.person, "conversation": message.conversation}[on]
    return Moderated(
        id=new_id(now),
        at=now,
        by=by,
        source=message.source,
        conversation=message.conversation,
        on=on,
        target=target,
        message=message.message,
        person=None if on == "conversation" else message.person,
        act=action.name,
        label=label,
        reason="" if label else action.value,
        until=now + action.span if action.span is not None else None,
        was=message.state if on == "message" else None,
        state="queued",
        not_before=not_before,
    )
