"""Which actions of which rules come first for a message, and what an action is as an act on a platform."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from modconsole.connectors.acts import ActInfo, Target
from modconsole.connectors.base import Connector
from modconsole.domain.ids import new_id
from modconsole.store.acts import Moderated
from modconsole.store.verdicts import Judgeable
from modconsole.sync.bench import key
from modconsole.sync.rulebook import Enforced

if TYPE_CHECKING:
    from modconsole.policy.model import Action, ActionName, Rule

log = logging.getLogger("modconsole.sync")

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
Order = Literal["all", "automoderator"]


class Powers(Struct, frozen=True):
    """What a platform has, and what this account may do there; `may` is None where that could not be asked."""

    infos: dict[tuple[str, str], ActInfo]
    may: frozenset[tuple[str, str]] | None

    @classmethod
    def of(cls, connector: Connector) -> Powers:
        """What a connector says. Where the rights cannot be asked for, for whatever reason, what the platform has is tried."""
        infos = {(str(info.act), str(info.on)): info for info in connector.capabilities.acts}
        try:
            may = frozenset((str(info.act), str(info.on)) for info in connector.acts())
        except Exception as error:  # that rules cannot know it is no reason to bring no messages
            log.warning("%s: the rights of the account are not known: %s", connector.platform, type(error).__name__)
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


def kind_of(name: ActionName) -> str:
    """Of what there can be only one."""
    return "removal" if name in REMOVES else "silence" if name in SILENCES else ""


def order_of(
    action: Action, info: ActInfo, message: Judgeable, *, rule: Rule, by: str, now: int, not_before: int
) -> Moderated:
    """The act on the platform for an action, to be carried out by whoever syncs."""
    on = ON[action.name]
    label = label_of(info, action.value)
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
        reason=reason_of(rule, action.name, "" if label else action.value),
        until=now + action.span if action.span is not None else None,
        was=message.state if on == "message" else None,
        state="queued",
        not_before=not_before,
    )


def reason_of(rule: Rule, action: str, said: str) -> str:
    """What is given as the reason: what the rule says there, else, where it is the person who reads it, its words for members.
    Never what it looks for: who learns that writes it differently."""
    from modconsole.policy.guidelines import reason
    from modconsole.policy.model import House

    return said or (reason(rule, House()) if action in (*REMOVES, *SILENCES) else "")


def label_of(info: ActInfo, value: str) -> str:
    """An action's value as the platform's label, where the act takes one and there is such; else it is a reason."""
    if "label" not in info.takes | info.needs:
        return ""
    if not info.choices:
        return value
    return next((each for each in info.choices if each.casefold() == value.casefold()), "")
