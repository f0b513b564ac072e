"""What follows from a hit of a live rule: acts on the platform put in line, decisions made, and proposals for a person.

All of it is written in the transaction that stores the message and the verdict; an act on a platform goes out later, after the
undo delay, as acts of people do (`sync.acts`). A message is taken down at most once, and its author silenced at most once,
however many rules hit it; what came second is written down as superseded.

A rule is careful where a person would think twice: what cannot be taken back, what a person has decided otherwise, what the
platform or this account cannot do becomes a proposal, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, cast

from modconsole.connectors.acts import ActInfo
from modconsole.domain.ids import new_id
from modconsole.domain.records import Act as DecisionAct
from modconsole.domain.records import Decision
from modconsole.domain.times import DAY, to_datetime
from modconsole.errors import UsageError
from modconsole.store import acts, rule_acts, tallies, verdicts
from modconsole.store.db import Db
from modconsole.store.ingest import ingest
from modconsole.store.rule_acts import RuleAct
from modconsole.store.tallies import Tally
from modconsole.store.verdicts import Given, Judgeable
from modconsole.sync.moderate import checked
from modconsole.sync.rule_orders import ON, REMOVES, Live, Order, Powers, kind_of, order_of, steps
from modconsole.sync.rulebook import Enforced

if TYPE_CHECKING:
    from modconsole.policy.model import Action, ActionName

FRESH: Final = DAY
"""A live rule acts on no message that is older."""
_ONCE: Final = ("suggest snippet", "suggest close", "escalate", "assign")
"""Of these one for an ask is enough."""
_SHOWN_AGAIN: Final = ("approve", "restore", "unhide")


class Consequences:
    """Lets live rules act, within one transaction. `powers` says of a source what can be done there, where that is known.

    With `who` it is a person who does what the rules say, on messages of any age.
    """

    def __init__(
        self,
        db: Db,
        now: int,
        undo_delay: int,
        order: Order,
        powers: Callable[[str], Powers | None],
        *,
        who: str = "",
    ) -> None:
        self.db = db
        self.now = now
        self.undo_delay = undo_delay
        self.order = order
        self.powers = powers
        self.who = who

    def act(
        self, hits: Sequence[tuple[Enforced, Given]], fresh: Collection[int], *, waiting: bool = False
    ) -> list[RuleAct]:
        """Do what follows from hits. `fresh` are messages that are stored just now for the first time.

        With `waiting` age is no hindrance to what is done here; on the platform nothing is done to what is older than a day.
        """
        messages = verdicts.judgeable(self.db, {given.found.message for _, given in hits})
        by_message: dict[int, list[Live]] = {}
        for enforced, given in hits:
            message = messages[given.found.message]
            if self._concerns(enforced, message, message.ident in fresh, waiting=waiting):
                by_message.setdefault(message.ident, []).append(Live(enforced, given.ident))
        return [done for ident, live in by_message.items() for done in self.on_message(messages[ident], live)]

    def _concerns(self, enforced: Enforced, message: Judgeable, fresh: bool, *, waiting: bool) -> bool:
        """Whether a message was first seen when the rule was live, and is young enough."""
        if self.who:
            return True
        seen = message.first_observed if message.first_observed is not None else (self.now if fresh else None)
        if seen is None or enforced.live_at is None or seen < enforced.live_at:
            return False
        return waiting or message.created_at >= self.now - FRESH

    def on_message(self, message: Judgeable, hits: Sequence[Live]) -> list[RuleAct]:
        """What follows for one message from all rules that hit it."""
        every: list[RuleAct] = []
        before = [each.act for each in rule_acts.on_message(self.db, message.ident)]
        for hit, action, over in steps(hits, self.order):
            if any(_same(each, hit, action) for each in before):
                continue
            done = self._new(hit, action)
            if over:
                done.state, done.trouble = "superseded", over
            elif action.name in ON:
                self._on_platform(hit, action, message, before, done)
            else:
                self._here(hit, action, message, done)
            if self.who and done.state in ("queued", "done"):
                done.state, done.decided_at, done.decided_by = "accepted", self.now, self.who
            rule_acts.store(self.db, done)
            every.append(done)
            if done.state == "done":
                tallies.add(self.db, self.now, [(done.rule, done.version, Tally(acted=1))])
            before.append(done)
        return every

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
        self, hit: Live, action: Action, message: Judgeable, before: Sequence[RuleAct], done: RuleAct
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
                order_of(
                    action,
                    info,
                    message,
                    rule=hit.rule,
                    by=self.who or hit.by,
                    now=self.now,
                    not_before=self.now + self.undo_delay,
                ),
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

    def _pointless(self, action: Action, message: Judgeable, before: Sequence[RuleAct]) -> str:
        """Why an act would change nothing; empty where it would."""
        if ON[action.name] == "person" and message.ours:
            return "Its author is one of us."
        kind = kind_of(action.name)
        for each in before:
            if (
                kind
                and kind_of(cast("ActionName", each.action)) == kind
                and each.state in ("queued", "done", "accepted")
            ):
                return f"Rule {each.rule} came first."
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

    def _doubt(self, message: Judgeable, action: Action, before: Sequence[RuleAct]) -> str:
        """Why a person should decide; empty where a rule may."""
        if self.who:
            return ""
        if message.created_at < self.now - FRESH:
            return "The message is older than a day."
        if kind_of(action.name) != "removal":
            return ""
        back = next((each for each in before if each.action in REMOVES and each.state == "undone"), None)
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
            by=self.who or hit.by,
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
