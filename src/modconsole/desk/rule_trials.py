"""Trying a rule over all that is stored, as the rule lab shows it: hits with their places, and what would have come of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from modconsole.desk.desk import Desk
from modconsole.desk.lab import Lab
from modconsole.desk.lab_events import Done, Failed, Hits, Progress
from modconsole.desk.trial import Bound, Report, TrialHit
from modconsole.errors import ModConsoleError
from modconsole.policy.model import ACTIONS, Field, Rule

if TYPE_CHECKING:
    from modconsole.desk.ruling import RuleState

SHOWN: Final = 200
"""Hits of each kind that are shown."""
Decided = Literal["removed", "kept", "open", ""]
Changed = Literal["added", "lost", ""]


@dataclass(frozen=True)
class Hit:
    """One message that the rule hits, or has lost. All text is raw."""

    ident: int
    at: int
    source: str
    message: str
    conversation: str
    name: str
    text: str
    """Of the field that was hit, what stands around the first place."""
    field: Field = "body"
    spans: tuple[tuple[int, int], ...] = ()
    channels: tuple[str, ...] = ()
    """How its words were found where they do not stand there plainly."""
    decided: Decided = ""
    changed: Changed = ""
    waiting: bool = False
    """Whether its author would have been hidden from the queue."""


@dataclass(frozen=True)
class Found:
    """How far a trial has come. Numbers of messages, unless said otherwise."""

    scanned: int = 0
    of: int = 0
    copying: bool = False
    """Whether the copy of the texts is being made, which comes first: the numbers are then of that."""
    seconds: float = 0.0
    done: bool = False
    hits: int = 0
    against: str = ""
    """The version that it is compared with, as `v3`; empty where there is none."""
    added: int = 0
    lost: int = 0
    decided: Mapping[str, int] = field(default_factory=dict)
    precision: float | None = None
    waiting: int = 0
    """People."""
    overlaps: tuple[tuple[str, int], ...] = ()
    skipped: int = 0
    first: tuple[Hit, ...] = ()
    takes_down: bool = True
    """Whether the rule would have taken its hits out of sight; else nobody is left waiting by it, and none of its hits is wrong
    because moderators kept it."""
    bounds: tuple[str, ...] = ()
    """What `expect` asks and is not so, in words."""


class Bench:
    """What tries a text beside the screen, one at a time: a newer one takes the place of the one before.

    `told` is called from another thread whenever there is something to `poll`.
    """

    def __init__(self, desk: Desk, told: Callable[[], None]) -> None:
        self._lab = Lab(desk, told=told)
        self._label = ""
        self._hits: list[Hit] = []
        self._found = Found()

    def try_text(self, text: str, against: str, label: str) -> None:
        """Begin to try the rule of a document. `against` is the text of another version of it, called `label`; empty: none."""
        self._label, self._hits, self._found = label, [], Found()
        self._lab.try_text(text, against or None, limit=SHOWN)

    def poll(self) -> Found | None:
        """What is known by now of the text that was given last; None where that is nothing new.

        Raises `ModConsoleError` where it cannot be tried.
        """
        found: Found | None = None
        for event in self._lab.poll():
            if isinstance(event, Failed):
                raise ModConsoleError(event.words, hint=event.hint)
            if isinstance(event, Hits):
                self._hits += [hit_of(each) for each in event.hits]
                found = replace(self._found, first=tuple(self._hits), hits=max(self._found.hits, len(self._hits)))
            elif isinstance(event, Progress):
                found = Found(
                    scanned=event.done,
                    of=event.of,
                    seconds=event.seconds,
                    hits=event.hits,
                    copying=event.copying,
                    first=tuple(self._hits),
                )
            elif isinstance(event, Done):
                found = found_of(event.report, self._label)
            self._found = found or self._found
        return found

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        self._lab.cancel()

    def close(self) -> None:
        """The process ends; that may take a moment."""
        self._lab.close()


def found_of(report: Report, against: str = "") -> Found:
    """A whole report, as the lab shows it."""
    added = set(report.added_ids)
    lost = {each.ident for each in report.first_lost}

    def changed(hit: TrialHit) -> Changed:
        return "added" if hit.ident in added else "lost" if hit.ident in lost else ""

    some = (*report.disagreements, *report.first_added, *report.first, *report.first_lost)
    return Found(
        scanned=report.scanned,
        of=report.of,
        seconds=report.seconds,
        done=True,
        hits=report.hits,
        against=against if report.compared else "",
        added=report.added,
        lost=report.lost,
        decided={"removed": report.removed, "kept": report.kept, "open": report.open},
        precision=report.precision,
        waiting=report.left_waiting,
        overlaps=tuple((each.rule, each.hits) for each in report.overlaps),
        skipped=report.skips,
        first=tuple({each.ident: hit_of(each, changed(each)) for each in some}.values()),
        bounds=tuple(map(bound_words, (each for each in report.bounds if not each.kept))),
    )


def takes_down(rule: Rule) -> bool:
    """Whether a rule takes messages, or people, out of sight."""
    return any(ACTIONS[action.name].phase == "removal" for action in rule.actions)


def hit_of(each: TrialHit, changed: Changed = "") -> Hit:
    """A hit as the lab shows it."""
    return Hit(
        ident=each.ident,
        at=each.created,
        source=each.source,
        message=each.message,
        conversation=each.conversation,
        name=each.name or each.handle or each.person,
        text=each.text,
        field=cast(Field, each.field),
        spans=((each.start, each.end),) if each.end > each.start else (),
        channels=(each.channel,) if each.channel else (),
        decided=each.decided,
        changed=changed,
        waiting=each.waits,
    )


def bound_words(each: Bound) -> str:
    """What a rule's `expect` asks, and what was found instead."""
    asked = [f"at least {each.least:g}"] if each.least is not None else []
    asked += [f"at most {each.most:g}"] if each.most is not None else []
    found = "nothing can be said yet" if each.found is None else f"it is {each.found:.3g}"
    return f"expect {each.name}: {' and '.join(asked)}, and {found}"


def evidence(desk: Desk, state: RuleState) -> dict[str, Any]:
    """What a rule would have done to all that is stored: what is on the screen when it goes live, and is kept with the version.

    Looks through everything, so it takes as long as that does.
    """
    from modconsole.desk.backtesting import backtest
    from modconsole.policy import examples

    if state.rule is None:
        return {}
    found = found_of(backtest(desk, state.rule))
    down = takes_down(state.rule)
    tried = examples.run(state.rule)
    failed = sum(not each.ok for each in tried)
    against = [*found.bounds]
    if failed:
        against.append(f"{failed} of {len(tried)} examples do not do what they should")
    if found.skipped:
        against.append(f"given up on {found.skipped} messages: an expression takes too long")
    return {
        "scanned": found.scanned,
        "hits": found.hits,
        "decided": dict(found.decided),
        "precision": found.precision if down else None,
        "waiting": found.waiting if down else 0,
        "shadow hits": state.hits_30d,
        "against": against,
    }
