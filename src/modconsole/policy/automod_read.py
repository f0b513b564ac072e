"""One section of AutoModerator's configuration, understood: what it asks and does, in our terms.

`type: any` makes two rules of one, for posts and for comments, each with the checks that it has: a check of `title` is none of
a comment's, so of a rule that asks for it only the half for posts is left; `body+title` asks a comment for its body alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from modconsole.policy import automod_groups as groups
from modconsole.policy import automod_search as search
from modconsole.policy.automod_acts import Does, acts
from modconsole.policy.automod_legacy import modern
from modconsole.policy.automod_presets import PRESETS
from modconsole.policy.automod_terms import LOST, Asked, Condition, Note, Notes, Part, Words
from modconsole.policy.automod_words import (
    ABOUT_TEXTS,
    ASKED,
    BASE,
    EXEMPTING,
    GROUPS,
    HALVES,
    META,
    REASONS,
    SETTINGS,
    TEXTS,
    TOP_KEYS,
    TYPES,
    UNASKED,
    Half,
)
from modconsole.policy.automod_yaml import Key, Mapped, Section, Value
from modconsole.policy.rule_doc import MOST_PRIORITY

_DONE = frozenset(("action", "set_locked", *SETTINGS, *REASONS, *TEXTS, *ABOUT_TEXTS))
_QUOTED: Final = r"(?m)^[ \t]*>[^\n]*"


class Understood(Struct, frozen=True, kw_only=True):
    """A rule of AutoModerator."""

    halves: tuple[Half, ...]
    """What it looks at, as its type says."""
    conditions: tuple[Condition, ...]
    does: Does
    priority: int
    exempt_us: bool
    exceptions: tuple[Words, ...]
    notes: tuple[Note, ...]


class Refused(Struct, frozen=True, kw_only=True):
    """A section that makes no rule: why, in one sentence."""

    why: str
    notes: tuple[Note, ...] = ()


def understood(section: Section) -> Understood | Refused:
    """What a section means."""
    assert section.mapping is not None  # the caller has looked
    notes = Notes()
    _twice(section.mapping, notes, "")
    mapping = _with_preset(modern(section.mapping, notes), notes)
    does = acts(mapping, notes)
    halves = _halves(mapping)
    conditions = _conditions(mapping, halves, notes)
    if does.media is not None:
        part = notes.lost(
            does.media, "a placeholder of media makes AutoModerator pass over what has none, and here nothing has any"
        )
        conditions.append(Condition(label="media", on=dict.fromkeys(halves, part)))
    if not does.any:
        return Refused(
            why="It does nothing; AutoModerator passes over rules without an action.", notes=tuple(notes.found)
        )
    if not conditions and len(halves) == len(HALVES):
        return Refused(
            why="It asks nothing; AutoModerator passes over rules without a check.", notes=tuple(notes.found)
        )
    left = tuple(half for half in halves if all(half in each.on for each in conditions))
    if not left:
        return Refused(
            why="No message has all that it asks for: some of it only posts have, some only comments.",
            notes=tuple(notes.found),
        )
    if conditions and all(each.on[half] == LOST for each in conditions for half in left):
        return Refused(why=f"None of its conditions can be asked here; {_first(notes)}", notes=tuple(notes.found))
    return Understood(
        halves=left,
        conditions=tuple(conditions),
        does=does,
        priority=_priority(mapping, notes),
        exempt_us=_exempt(mapping, does, notes),
        exceptions=_exceptions(mapping, conditions, notes),
        notes=tuple(notes.found),
    )


def _first(notes: Notes) -> str:
    note = next((note for note in notes.found if note.kind == "lost"), None)
    return f"`{note.key}`: {note.words.removeprefix('It cannot be asked here: ')}" if note is not None else ""


def _twice(mapping: Mapped, notes: Notes, within: str) -> None:
    for name, line in mapping.twice:
        last = next(key for key in mapping.keys if key.name == name)
        notes.say(
            "same",
            last,
            f"It stands twice: that in line {line} does not count, for AutoModerator neither.",
            name=within + name,
        )
    for key in mapping.keys:
        if isinstance(key.value.data, Mapped):
            _twice(key.value.data, notes, f"{within}{key.name}.")


def _with_preset(mapping: Mapped, notes: Notes) -> Mapped:
    """The rule with the checks that its `standard` stands for, besides its own."""
    key = next((key for key in mapping.keys if key.name == "standard"), None)
    if key is None:
        return mapping
    name = key.value.text().strip().lower()
    rest = tuple(each for each in mapping.keys if each is not key)
    if name not in PRESETS:
        notes.say(
            "lost", key, f"AutoModerator has no standard condition `{key.value.text()}`.{search.meant(name, PRESETS)}"
        )
        return Mapped((*rest, Key("standard", key.line, key.value)))
    notes.say("near", key, "Its sites are a list of our own, made for the same purpose: look it over.")
    added = []
    for check, value in PRESETS[name].items():
        texts = value if isinstance(value, list) else [value]
        data = tuple(Value(text, key.line) for text in texts)
        if check == "type" and mapping.get("type") is not None:
            continue
        single = Value(texts[0], key.line) if check == "type" else Value(data, key.line)
        added.append(Key(check if check == "type" else f"{check}#standard", key.line, single))
    return Mapped((*rest, *added))


def _halves(mapping: Mapped) -> tuple[Half, ...]:
    value = mapping.get("type")
    return TYPES.get(value.text().strip().lower(), HALVES) if value is not None else HALVES


def _conditions(mapping: Mapped, halves: Sequence[Half], notes: Notes) -> list[Condition]:
    """All that a rule asks."""
    found: list[Condition] = []
    for key in mapping.keys:
        if key.name in _DONE:
            continue
        check = search.taken_apart(key.name)
        if key.name in META:
            found += _meta(key, halves, notes)
        elif key.name in GROUPS:
            found += _group(key, halves, notes)
        elif key.name in ASKED:
            found += _asked(key, halves, notes)
        elif key.name in UNASKED:
            where, why = UNASKED[key.name]
            on: list[Half] = [half for half in halves if half in where]
            found.append(groups.unasked(key, key.name.replace("_", "-"), on, why, notes))
        elif check is not None and check.fields == ("author",):
            found.append(groups.names(key, halves, notes))
        elif check is not None and any(field in BASE for field in check.fields):
            found.append(search.condition(key, check, BASE, halves, notes))
        else:
            known = [*TOP_KEYS, *BASE]
            bare = check.fields[0] if check is not None else key.name
            if key.name.startswith(("set_", "comment_", "message_", "modmail_")):
                notes.say("left", key, f"It is nothing that AutoModerator does.{search.meant(key.name, known)}")
                continue
            why = f"it is no key of AutoModerator's{search.meant(bare, known).rstrip('?')}"
            found.append(groups.unasked(key, "other", halves, why, notes))
    return found


def _meta(key: Key, halves: Sequence[Half], notes: Notes) -> list[Condition]:
    if key.name == "standard":  # one that there is not; the others have been put in
        return [Condition(label="standard", on=dict.fromkeys(halves, LOST))]
    if key.name != "type":
        return []
    word = key.value.text().strip().lower()
    if word not in TYPES:
        return [
            groups.unasked(
                key, "type", halves, f"`{key.value.text()}` is no type{search.meant(word, TYPES).rstrip('?')}", notes
            )
        ]
    if word in ("text submission", "link submission"):
        notes.say(
            "near",
            key,
            "A post with a link, a picture or a file counts as a link post here, one without as a text post.",
        )
        term = Asked(key="attachments (>)", value=0, negated=word == "text submission")
        return [Condition(label="link-post", on=dict.fromkeys(halves, Part(alternatives=((term,),))))]
    if word in ("crosspost submission", "poll submission", "gallery submission"):
        return [groups.unasked(key, "type", halves, f"nothing tells a {word.partition(' ')[0]} here", notes)]
    return []


def _group(key: Key, halves: Sequence[Half], notes: Notes) -> list[Condition]:
    if key.name == "author":
        return groups.author(key, halves, notes)
    if key.name == "parent_submission":
        return groups.parent(key, notes)
    if key.name == "subreddit":
        return groups.community(key, halves, notes)
    return groups.crossposted(key, notes)


def _asked(key: Key, halves: Sequence[Half], notes: Notes) -> list[Condition]:
    if key.name == "is_edited":
        return [groups.flag(key, "edited", "edited", halves, notes)]
    if key.name == "is_top_level":
        return [groups.flag(key, "answers the opening", "top-level", ("comment",), notes)]
    return [_length(key, halves, notes)]


def _length(key: Key, halves: Sequence[Half], notes: Notes) -> Condition:
    """The length of the body without what is no letter or digit at its ends: from the first to the last of those."""
    label = key.name.replace("_", "-").removesuffix("-than")
    number = key.value.data
    if isinstance(number, str) and number.strip().lstrip("-").isdecimal():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        return groups.unasked(key, label, halves, "it is no number", notes)
    longer = key.name == "body_longer_than"
    least = number + 1 if longer else number
    if least <= 0 and longer:
        return Condition(label=label, on=dict.fromkeys(halves, Part()))
    if least <= 0:
        notes.say("same", key, "Nothing is shorter than nothing: the rule never hits.")
        never = Part(alternatives=((Asked(key="platform", value=("not asked",)),),))
        return Condition(label=label, on=dict.fromkeys(halves, never))
    pattern = r"\w" if least == 1 else rf"\w.{{{least - 2},}}\w"
    simple = f"length ({'>' if longer else '<'}): {number}"
    notes.say(
        "same",
        key,
        f"Signs and white space at both ends do not count, so it is an expression; nearly the same is `{simple}`.",
    )
    words = Words(fields=("body",), items=(pattern,), method="substring", regex=True, fold="exact", negated=not longer)
    return Condition(label=label, on=dict.fromkeys(halves, Part(alternatives=((words,),))))


def _priority(mapping: Mapped, notes: Notes) -> int:
    key = next((key for key in mapping.keys if key.name == "priority"), None)
    if key is None:
        return 0
    try:
        number = int(float(key.value.text()))
    except (ValueError, OverflowError):
        notes.say("near", key, "It is no number, so the priority is 0.")
        return 0
    if abs(number) > MOST_PRIORITY:
        notes.say(
            "near",
            key,
            f"No priority is above {MOST_PRIORITY:,}: among rules beyond that, the order of the file counts.",
        )
    return max(-MOST_PRIORITY, min(MOST_PRIORITY, number))


def _exempt(mapping: Mapped, does: Does, notes: Notes) -> bool:
    """Whether messages of moderators are left alone: of rules that remove or report, unless they say otherwise."""
    key = next((key for key in mapping.keys if key.name == "moderators_exempt"), None)
    if key is not None:
        wanted = groups.truth(key.value)
        if wanted is not None:
            return wanted
        notes.say("near", key, "It is neither true nor false, and does not count.")
    return does.base in EXEMPTING


def _exceptions(mapping: Mapped, conditions: Sequence[Condition], notes: Notes) -> tuple[Words, ...]:
    """`ignore_blockquotes`: matches within quoted lines are none."""
    key = next((key for key in mapping.keys if key.name == "ignore_blockquotes"), None)
    if key is None or not groups.truth(key.value):
        return ()
    notes.say(
        "near",
        key,
        "Matches within lines that begin with `>` are left out; a quotation without that sign is text like other.",
    )
    return (Words(fields=("body",), items=(_QUOTED,), method="substring", regex=True, fold="exact"),)
