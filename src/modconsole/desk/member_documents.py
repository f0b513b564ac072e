"""The JSON documents of the commands about members: strikes, appeals, guidelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modconsole.desk.documents import moderated, time_text
from modconsole.policy.guidelines import rung_words

if TYPE_CHECKING:
    from modconsole.desk.appeals import Appeal, Case, Decided
    from modconsole.desk.guidelines import Change, Page, Publication
    from modconsole.desk.strikes import Against, Step, Strike, Struck
    from modconsole.policy.model import Rung

__all__ = [
    "against",
    "appeal",
    "case",
    "change",
    "decided",
    "page",
    "publication",
    "rung",
    "rung_words",
    "step",
    "strike",
    "struck",
]

# -- strikes and appeals ------------------------------------------------------------------------------------------------------


def _person(each: Strike | Appeal) -> dict[str, Any]:
    return {"id": each.person, "handle": each.handle, "name": each.name}


def strike(each: Strike, now: int) -> dict[str, Any]:
    """One strike."""
    return {
        "id": each.id,
        "source": each.source,
        "message": each.message,
        "person": _person(each),
        "at": time_text(each.at),
        "by": each.by,
        "rule": each.rule,
        "version": each.version,
        "reason": each.reason or None,
        "expires_at": time_text(each.expires_at),
        "in_force": each.in_force(now),
        "undone_at": time_text(each.undone_at),
        "undone_by": each.undone_by,
    }


def rung(each: Rung) -> dict[str, Any]:
    """One rung of the ladder."""
    from modconsole.desk.ruling import action_words

    return {"strikes": each.strikes, "action": action_words(each.action), "automatic": each.automatic}


def step(each: Step) -> dict[str, Any]:
    """What the ladder proposed, or did."""
    return {
        "id": each.id,
        "action": each.action,
        "value": each.value or None,
        "seconds": each.span / 1_000_000 if each.span is not None else None,
        "state": each.state,
        "act": each.ref,
        "trouble": each.trouble or None,
    }


def struck(done: Struck, now: int) -> dict[str, Any]:
    """A strike that was given, and what followed."""
    return {
        **strike(done.strike, now),
        "strikes_in_force": done.in_force,
        "rung": rung(done.rung) if done.rung is not None else None,
        "proposal": step(done.step) if done.step is not None else None,
    }


def against(found: Against, now: int) -> dict[str, Any]:
    """Somebody's strikes."""
    return {
        "source": found.source,
        "person": found.person,
        "in_force": found.in_force,
        "next": rung(found.next) if found.next is not None else None,
        "strikes": [strike(each, now) for each in found.strikes],
    }


def appeal(each: Appeal) -> dict[str, Any]:
    """One appeal."""
    return {
        "id": each.id,
        "source": each.source,
        "message": each.message,
        "conversation": each.conversation,
        "person": _person(each),
        "at": time_text(each.at),
        "by": each.by,
        "about": each.about,
        "ref": each.ref,
        "text": each.text,
        "state": each.state,
        "answer": each.answer or None,
        "decided_at": time_text(each.decided_at),
        "decided_by": each.decided_by,
    }


def case(found: Case, now: int) -> dict[str, Any]:
    """An appeal with what it is about."""
    return {
        **appeal(found.appeal),
        "message_state": found.appeal.message_state,
        "said": found.appeal.said,
        "stands": {
            "acts": [moderated(each) for each in found.acts],
            "strikes": [strike(each, now) for each in found.strikes],
        },
    }


def decided(done: Decided, now: int) -> dict[str, Any]:
    """An appeal that was decided, and what came of it."""
    return {
        **appeal(done.appeal),
        "undone": [moderated(each) for each in done.acts],
        "strikes": [strike(each, now) for each in done.strikes],
        "trouble": done.trouble,
        "status": done.status,
    }


# -- guidelines ---------------------------------------------------------------------------------------------------------------


def publication(each: Publication) -> dict[str, Any]:
    """A version of the guidelines."""
    return {"version": each.version, "at": time_text(each.at), "by": each.by}


def change(each: Change) -> dict[str, Any]:
    """One difference between two versions."""
    from modconsole.desk.guidelines import PARTS

    sides = {"before": each.before, "after": each.after}
    return {
        "kind": each.kind,
        "rule": None if each.name in PARTS else each.name,
        "part": PARTS.get(each.name),
        **{
            name: {"section": s.section or None, "text": s.text} if s is not None else None for name, s in sides.items()
        },
    }


def page(found: Page) -> dict[str, Any]:
    """The guidelines as they are now."""
    return {
        "markdown": found.markdown,
        "html": found.html,
        "rules": list(found.rules),
        "without_words": list(found.silent),
        "published": publication(found.last) if found.last is not None else None,
        "current": found.is_published,
        "changes": [change(each) for each in found.changes],
    }
