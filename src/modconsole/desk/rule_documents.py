"""The JSON documents of the commands about rules; those about members are in `member_documents`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modconsole.desk.documents import time_text

if TYPE_CHECKING:
    from modconsole.desk.checking import Tested
    from modconsole.desk.importing_rules import ImportReport
    from modconsole.desk.ruling import BlameLine, Digest, Explained, ExplainedRule, Hit, Proposal, RuleState
    from modconsole.desk.trial import Report, TrialHit
    from modconsole.policy.automod import State
    from modconsole.policy.model import Match, Problem
    from modconsole.store.rule_acts import Placed, RuleAct
    from modconsole.store.rules import Version


def problem(each: Problem) -> dict[str, Any]:
    """Something wrong with a rule."""
    return {
        "file": each.path,
        "line": each.line,
        "column": each.column,
        "rule": each.rule or None,
        "severity": "warning" if each.warning else "error",
        "problem": each.words,
        "hint": each.hint or None,
    }


def rule(each: RuleState) -> dict[str, Any]:
    """One rule, as a list shows it."""
    return {
        "id": each.id,
        "name": each.name,
        "status": each.status,
        "stands": each.effective,
        "version": each.version,
        "live_version": each.live_version,
        "live_by": each.live_by,
        "live_at": time_text(each.live_at),
        "file": each.path,
        "line": each.line,
        "owner": each.owner or None,
        "priority": each.priority,
        "actions": list(each.actions),
        "hits_today": each.hits_today,
        "hits_30d": each.hits_30d,
        "acted_30d": each.acted_30d,
        "reversed_30d": each.reversed_30d,
        "skipped_30d": each.skipped_30d,
        "microseconds": round(each.micros, 2),
        "paused_why": each.paused_why or None,
        "problems": [problem(one) for one in each.problems],
    }


def tested(each: Tested) -> dict[str, Any]:
    """A rule's examples, and what came of them."""
    return {
        "rule": each.rule.id,
        "file": each.rule.path,
        "failed": each.failed,
        "tests": [
            {
                "line": result.example.line,
                "expect": "hit" if result.example.hit else "miss",
                "in": result.example.field,
                "text": result.example.text,
                "ok": result.ok,
                "why": result.why or None,
            }
            for result in each.results
        ],
    }


def version(each: Version, state: RuleState) -> dict[str, Any]:
    """One version of a rule."""
    return {
        "version": each.version,
        "at": time_text(each.at),
        "by": each.by or None,
        "status": each.status,
        "name": each.name,
        "acts": each.version == state.live_version,
        "restored": each.restored,
        "evidence": each.evidence or None,
    }


def blame(each: BlameLine) -> dict[str, Any]:
    """One line of a rule."""
    return {
        "line": each.line,
        "version": each.version,
        "by": each.by or None,
        "at": time_text(each.at),
        "text": each.text,
    }


# -- what rules found ---------------------------------------------------------------------------------------------------------


def match(each: Match) -> dict[str, Any]:
    """Words that were found."""
    return {
        "selection": each.selection,
        "field": each.field,
        "start": each.start,
        "end": each.end,
        "words": each.words,
        "item": each.item,
        "channel": each.channel or None,
    }


def rule_act(each: RuleAct) -> dict[str, Any]:
    """What a rule did about a hit, or proposes."""
    return {
        "id": each.id,
        "rule": each.rule,
        "version": each.version,
        "at": time_text(each.at),
        "action": each.action,
        "value": each.value or None,
        "seconds": each.span / 1_000_000 if each.span is not None else None,
        "state": each.state,
        "act": each.ref,
        "trouble": each.trouble or None,
        "decided_at": time_text(each.decided_at),
        "decided_by": each.decided_by,
    }


def hit(each: Hit) -> dict[str, Any]:
    """A message that a rule hit."""
    return {
        "number": each.ident,
        "rule": each.rule,
        "version": each.version,
        "mode": each.mode,
        "at": time_text(each.at),
        "source": each.source,
        "conversation": each.conversation,
        "message": each.message,
        "person": {"id": each.person, "handle": each.handle, "name": each.name},
        "state": each.state,
        "text": each.text,
        "matches": each.matches,
        "held": each.held,
        "acts": [rule_act(one) for one in each.acts],
        "undone_at": time_text(each.undone_at),
        "undone_by": each.undone_by,
    }


def explained(found: Explained, shown: list[ExplainedRule]) -> dict[str, Any]:
    """Why rules hit a message, or do not."""
    return {
        "source": found.source,
        "message": found.message,
        "rules": [
            {
                "rule": each.id,
                "version": each.version,
                "stands": each.effective,
                "hits": each.hits,
                "why_not": each.why_not or None,
                "matches": [match(one) for one in each.matches],
                "excepted": [match(one) for one in each.excepted],
                "selections": [
                    {
                        "name": selection.name,
                        "holds": selection.holds,
                        "alternatives": [
                            [
                                {"check": c.words, "holds": c.holds, "matches": [match(one) for one in c.matches]}
                                for c in alternative
                            ]
                            for alternative in selection.alternatives
                        ],
                    }
                    for selection in each.selections
                ],
            }
            for each in shown
        ],
        "verdicts": [hit(each) for each in found.verdicts],
    }


def placed(each: Placed) -> dict[str, Any]:
    """What a rule did, with where."""
    return {
        **rule_act(each.act),
        "source": each.source,
        "conversation": each.conversation,
        "message": each.native,
        "person": {"id": each.person, "handle": each.handle, "name": each.name},
    }


def digest(found: Digest) -> dict[str, Any]:
    """What rules did since an instant."""
    judging = found.judging
    failing = judging is not None and judging.failed_at is not None
    return {
        "since": time_text(found.since),
        "until": time_text(found.until),
        "rules": [
            {
                "rule": day.state.id,
                "stands": day.state.effective,
                "paused_why": day.state.paused_why or None,
                "judged": day.tally.judged,
                "hits": day.tally.hits,
                "acted": day.tally.acted,
                "reversed": day.tally.reversed,
                "skipped": day.tally.skipped,
            }
            for day in found.rules
        ],
        "acts": [placed(each) for each in found.acts],
        "notes": [placed(each) for each in found.notes],
        "proposals": found.proposals,
        "judging_fails": judging.failure if failing and judging is not None else None,
        "to_be_judged": found.left,
    }


def proposal(each: Proposal) -> dict[str, Any]:
    """Something that waits for a person's word."""
    return {
        "id": each.id,
        "at": time_text(each.at),
        "rule": each.rule,
        "version": each.version,
        "action": each.action,
        "value": each.value or None,
        "words": each.words,
        "why": each.why or None,
        "source": each.source,
        "conversation": each.conversation,
        "message": each.message,
        "person": {"id": each.person, "handle": each.handle, "name": each.name},
        "text": each.text,
    }


# -- backtests ----------------------------------------------------------------------------------------------------------------


def trial_hit(each: TrialHit) -> dict[str, Any]:
    """A message that a rule would hit."""
    return {
        "source": each.source,
        "conversation": each.conversation,
        "message": each.message,
        "person": {"id": each.person, "handle": each.handle, "name": each.name},
        "created_at": time_text(each.created),
        "state": each.state,
        "decided": each.decided,
        "waits": each.waits,
        "field": each.field,
        "words": each.text[each.start : each.end] or None,
        "before": each.text[: each.start],
        "after": each.text[each.end :],
        "item": each.item or None,
        "channel": each.channel or None,
    }


def report(found: Report) -> dict[str, Any]:
    """What a rule would have done."""
    return {
        "rule": found.rule,
        "scanned": found.scanned,
        "of": found.of,
        "complete": found.complete,
        "seconds": round(found.seconds, 3),
        "microseconds": round(found.micros, 3),
        "hits": found.hits,
        "per_day": [{"day": (time_text(day.at) or "")[:10], "hits": day.hits} for day in found.per_day],
        "decided": {"removed": found.removed, "kept": found.kept, "open": found.open},
        "precision": found.precision,
        "compared": found.compared,
        "added": found.added,
        "lost": found.lost,
        "overlaps": [{"rule": each.rule, "hits": each.hits} for each in found.overlaps],
        "overlaps_of": found.overlaps_of,
        "left_waiting": found.left_waiting,
        "expect": [
            {"bound": each.name, "least": each.least, "most": each.most, "found": each.found, "kept": each.kept}
            for each in found.bounds
        ],
        "skips": found.skips,
        "skipped": [{"item": each.item, "seconds": round(each.seconds, 3)} for each in found.skipped],
        "disagreements": [trial_hit(each) for each in found.disagreements],
        "first_added": [trial_hit(each) for each in found.first_added],
        "first_lost": [trial_hit(each) for each in found.first_lost],
        "first": [trial_hit(each) for each in found.first],
    }


# -- rules from elsewhere -----------------------------------------------------------------------------------------------------


def became_words(state: State) -> str:
    """What became of sections, in words."""
    from modconsole.policy.automod import STATES

    return STATES[state]


def imported(found: ImportReport) -> dict[str, Any]:
    """What became of an AutoModerator configuration."""
    return {
        "file": found.file,
        "folder": found.folder,
        "dry_run": found.dry,
        "order": found.order,
        "counts": dict(found.states()),
        "notes": list(found.notes),
        "gone": [{"rule": ident, "file": path} for ident, path in found.gone],
        "rules": [
            {
                "position": rule.position,
                "line": rule.line,
                "name": rule.name,
                "rule": rule.id or None,
                "file": rule.path or None,
                "state": rule.state,
                "became": rule.became,
                "why": rule.why or None,
                "notes": [
                    {"kind": note.kind, "key": note.key or None, "line": note.line or None, "words": note.words}
                    for note in rule.notes
                ],
                "warnings": [problem(each) for each in rule.problems],
            }
            for rule in found.rules
        ],
    }
