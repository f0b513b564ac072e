"""AutoModerator's configuration in, rules of our own out: `convert`.

Each section becomes one rule document, a draft, with what is to be known about it in a comment on top; or it is told why there
is none. What becomes of every check, modifier, sub-group, action, placeholder and preset stands in `docs/automod.md`. Nothing
is left out without a word, and a condition that cannot be asked here never makes a rule hit more than it did: the rule is held
back.

    automod_yaml    text → sections, values and places, as Reddit's parser reads them
    automod_words   the words of AutoModerator, and what is like them here
    automod_legacy  the spelling of 2014
    automod_read    a section → what it asks and does: `automod_search` words, `automod_groups` sub-groups, `automod_acts` actions
    automod_regex   expressions, each of which means alone what it meant among the others
    automod_write   → a rule file

AutoModerator looks first at the rules that remove, by priority, until one hits; then at all others. `order: automoderator` in
`house.yaml` does the same. Rules of the same priority keep the order of the configuration: whoever writes them into files has
to name these so (`desk.importing_rules` does).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from modconsole.policy.automod_read import Refused, understood
from modconsole.policy.automod_terms import NOTE_KINDS, Note, NoteKind
from modconsole.policy.automod_write import written
from modconsole.policy.automod_yaml import Section, sections
from modconsole.policy.model import Problem
from modconsole.policy.rule_doc import read_rule

State = Literal["translated", "noted", "held back", "not translated", "broken", "empty"]
STATES: Final[dict[State, str]] = {
    "translated": "means the same here",
    "noted": "was translated; what differs is told",
    "held back": "lost a condition: it hits nothing until somebody has decided about it",
    "not translated": "no rule was made of it; why is told",
    "broken": "could not be read",
    "empty": "holds no rule",
}
"""What can become of a section."""
HOUSE: Final = "order: automoderator\n"
"""What `house.yaml` needs, so that the rules are looked at in AutoModerator's order."""
_MARK: Final = re.compile(r"# .*\bmark ([0-9a-f]{16})\.$", re.MULTILINE)
_SLUG: Final = re.compile(r"[^a-z0-9]+")

Told = Callable[[int, int], None]
"""Told how many sections are done, and of how many."""


class Translated(Struct, frozen=True, kw_only=True):
    """What became of one section."""

    position: int
    """Its number in the configuration, from 1; sections without a rule count."""
    line: int
    name: str
    id: str
    """The rule's id: the same each time that the same configuration is read. Empty where there is no rule."""
    mark: str
    """Sixteen hexadecimal digits that stand for the text of the section."""
    state: State
    source: str = ""
    """The rule document; empty where there is none."""
    why: str = ""
    """Why there is none."""
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What the rule language warns of in the document, as an expression that is found everywhere."""
    original: str = ""


class Imported(Struct, frozen=True, kw_only=True):
    """A whole configuration, translated."""

    rules: tuple[Translated, ...]
    """In the order of the configuration."""
    house: str = HOUSE
    """What belongs into `house.yaml`."""
    notes: tuple[str, ...] = ()
    """What is to be known about all of them."""

    def counts(self) -> dict[State, int]:
        """How many sections came to what."""
        return {state: sum(rule.state == state for rule in self.rules) for state in STATES}


def convert(text: str, *, file: str = "", told: Told | None = None) -> Imported:
    """Translate a configuration. `file` is the name that the comments of the rules give as their origin.

    Raises nothing: what is wrong is in the answer, section by section.
    """
    parts = list(sections(text))
    taken: set[str] = set()
    rules: list[Translated] = []
    for count, section in enumerate(parts, start=1):
        rules.append(_translated(section, file, taken))
        if told is not None:
            told(count, len(parts))
    return Imported(rules=tuple(rules), notes=_about_all(rules))


def mark_of(source: str) -> str:
    """The mark in the comment of a rule document that was made by `convert`; empty where there is none."""
    found = _MARK.search(source)
    return found[1] if found is not None else ""


def _about_all(rules: list[Translated]) -> tuple[str, ...]:
    notes = []
    if any(rule.state == "broken" for rule in rules):
        notes.append("Reddit refuses a configuration with a broken section as a whole; here the others are taken.")
    if any(rule.source for rule in rules):
        notes.append(
            "`order: automoderator` in house.yaml makes rules that remove come first, and the first hit among them end it."
        )
        notes.append(
            "A post on Reddit without a text has its title for one here, so a check of `body` also finds words of the title."
        )
    return tuple(notes)


def _translated(section: Section, file: str, taken: set[str]) -> Translated:
    mark = hashlib.sha256(section.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    name = _name(section)
    found = Translated(
        position=section.position,
        line=section.line,
        name=name,
        id="",
        mark=mark,
        state="not translated",
        original=section.text,
    )
    if section.fault:
        where = f"Line {section.fault_line}, column {section.fault_column}: {section.fault}"
        return replace(found, state="broken", why=f"{where} {section.fault_hint}".strip())
    if section.mapping is None and section.empty:
        return replace(found, state="empty", why="There is nothing in it but comments.")
    if section.mapping is None:
        return replace(found, why="It is no mapping; AutoModerator passes over it.")
    rule = understood(section)
    if isinstance(rule, Refused):
        return replace(found, why=rule.why, notes=rule.notes)
    ident = _ident(name, section, mark, taken)
    where = f"{file}, " if file else ""
    origin = f"From AutoModerator: {where}rule {section.position}, line {section.line}; mark {mark}."
    source = written(rule, ident=ident, name=name, origin=origin)
    read, problems = read_rule(source)
    if read is None:
        fault = next(problem for problem in problems if not problem.warning)
        why = f"The rule language does not take it: {fault.words} {fault.hint}".strip()
        return replace(found, why=why, notes=rule.notes)
    taken.add(ident)
    kinds = {note.kind for note in rule.notes}
    state: State = "held back" if "lost" in kinds else "noted" if kinds & {"near", "narrower", "left"} else "translated"
    return replace(found, id=ident, state=state, source=source, notes=rule.notes, problems=tuple(problems))


def _name(section: Section) -> str:
    """What a rule is called: its first comment, else the reason of its action, else its number."""
    words = section.comments[0] if section.comments else ""
    if not words and section.mapping is not None:
        for key in ("action_reason", "report_reason", "modmail_subject", "message_subject"):
            value = section.mapping.get(key)
            words = re.sub(r"\{\{[^{}]*\}\}", "", value.text()).strip(" []():-") if value is not None else ""
            if words:
                break
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return (words if len(words) <= 80 else f"{words[:79]}…") or f"AutoModerator rule {section.position}"


def _ident(name: str, section: Section, mark: str, taken: set[str]) -> str:
    """An id from the name, so that it stays when the rule is edited; of a rule without a name, from its text."""
    slug = _SLUG.sub("-", name.lower()).strip("-")[:48].strip("-")
    named = bool(section.comments) or name != f"AutoModerator rule {section.position}"
    ident = base = f"am-{slug}" if named and slug else f"am-{mark[:8]}"
    count = 1
    while ident in taken:
        count += 1
        ident = f"{base}-{count}"
    return ident


__all__ = [
    "HOUSE",
    "NOTE_KINDS",
    "STATES",
    "Imported",
    "Note",
    "NoteKind",
    "State",
    "Told",
    "Translated",
    "convert",
    "mark_of",
]
