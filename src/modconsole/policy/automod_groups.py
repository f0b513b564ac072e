"""AutoModerator's sub-groups: what a rule asks of the author, of the post that is commented on, and of the community."""

from __future__ import annotations

from collections.abc import Sequence

from modconsole.policy import automod_search as search
from modconsole.policy.automod_terms import LOST, Asked, Condition, Notes, Part, Term
from modconsole.policy.automod_words import (
    AUTHOR,
    AUTHOR_KEYS,
    AUTHOR_UNASKED,
    PARENT,
    SETTINGS,
    SUBREDDIT,
    SUBREDDIT_UNASKED,
    THRESHOLD,
    THRESHOLDS,
    TOP_KEYS,
    TOP_ONLY,
    UNASKED,
    UNITS,
    Half,
)
from modconsole.policy.automod_yaml import Key, Mapped, Value


def truth(value: Value) -> bool | None:
    """True or false; None where it is neither. Words in quotes are taken as they were meant."""
    if isinstance(value.data, bool):
        return value.data
    return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
        value.text().strip().lower()
    )


def flag(key: Key, fact: str, label: str, halves: Sequence[Half], notes: Notes, *, name: str = "") -> Condition:
    """A check that is true or false, of a fact that is one here."""
    wanted = truth(key.value)
    if wanted is None:
        return Condition(
            label=label, on=dict.fromkeys(halves, notes.lost(key, "it is neither true nor false", name=name))
        )
    part = Part(alternatives=((Asked(key=fact, value=True, negated=not wanted),),))
    return Condition(label=label, on=dict.fromkeys(halves, part))


def unasked(key: Key, label: str, halves: Sequence[Half], why: str, notes: Notes, *, name: str = "") -> Condition:
    """A check that there is nothing for."""
    return Condition(label=label, on=dict.fromkeys(halves, notes.lost(key, why, name=name)))


# -- author ----------------------------------------------------------------------------------------------------------------


def author(group: Key, halves: Sequence[Half], notes: Notes) -> list[Condition]:
    """The checks of the author."""
    if not isinstance(group.value.data, Mapped):
        return [names(group, halves, notes)]
    found: list[Condition] = []
    thresholds: list[Key] = []
    any_of_them = False
    for key in group.value.data.keys:
        name = f"author.{key.name}"
        if key.name in THRESHOLDS:
            thresholds.append(key)
        elif key.name == "satisfy_any_threshold":
            any_of_them = bool(truth(key.value))
        elif key.name == "is_moderator":
            found.append(_moderator(key, halves, notes))
        elif key.name == "is_submitter":
            comments = [half for half in halves if half == "comment"]
            found.append(flag(key, "author opened", "author-opened", comments, notes, name=name))
        elif key.name in AUTHOR_UNASKED:
            where, why = AUTHOR_UNASKED[key.name]
            asked = [half for half in halves if half in where]
            found.append(unasked(key, f"author-{key.name.replace('_', '-')}", asked, why, notes, name=name))
        elif key.name in SETTINGS:
            if SETTINGS[key.name]:
                notes.say("left", key, f"It is not done: {SETTINGS[key.name]}.", name=name)
        elif key.name in TOP_ONLY:
            notes.say(
                "left",
                key,
                "It stands within `author`, where AutoModerator does not look for it: move it out.",
                name=name,
            )
        else:
            found.append(_searched(key, halves, notes))
    if thresholds:
        found += _thresholds(thresholds, halves, notes, any_of_them=any_of_them)
    return found


def names(key: Key, halves: Sequence[Half], notes: Notes) -> Condition:
    """`author:` with names instead of a mapping, and `~author`."""
    check = search.taken_apart(key.name)
    assert check is not None  # the caller has looked
    plain = search.Check(fields=("name",), negated=check.negated, modifiers=check.modifiers)
    return search.condition(key, plain, AUTHOR, halves, notes, within="author")


def _searched(key: Key, halves: Sequence[Half], notes: Notes) -> Condition:
    check = search.taken_apart(key.name)
    if check is None or not any(field in AUTHOR for field in check.fields):
        bare = key.name.lstrip("~").partition(" ")[0]
        why = f"it is no check of AutoModerator's on authors{search.meant(bare, AUTHOR_KEYS).rstrip('?')}"
        return unasked(key, "author-other", halves, why, notes, name=f"author.{key.name}")
    return search.condition(key, check, AUTHOR, halves, notes, within="author")


def _moderator(key: Key, halves: Sequence[Half], notes: Notes) -> Condition:
    name = f"author.{key.name}"
    wanted = truth(key.value)
    if wanted is None:
        return unasked(key, "author-is-moderator", halves, "it is neither true nor false", notes, name=name)
    notes.say("same", key, "Moderators are the identities that are us on the source.", name=name)
    part = Part(alternatives=((Asked(key="author is", value=("us",), negated=not wanted),),))
    return Condition(label="author-is-us", on=dict.fromkeys(halves, part))


def _thresholds(keys: Sequence[Key], halves: Sequence[Half], notes: Notes, *, any_of_them: bool) -> list[Condition]:
    """Comparisons of numbers: all of them, or with `satisfy_any_threshold` one of them."""
    together = any_of_them and len(keys) > 1
    parts: list[tuple[Key, Asked | None]] = []
    for key in keys:
        why = THRESHOLDS[key.name]
        asked = None if why else _age(key, notes)
        if why:
            notes.say(
                "narrower" if together else "lost", key, f"It cannot be asked here: {why}.", name=f"author.{key.name}"
            )
        parts.append((key, asked))
    if not together:
        return [
            Condition(
                label=f"author-{key.name.replace('_', '-')}",
                on=dict.fromkeys(halves, LOST if asked is None else Part(alternatives=((asked,),))),
            )
            for key, asked in parts
        ]
    left: list[tuple[Term, ...]] = [(asked,) for _, asked in parts if asked is not None]
    if not left:
        part = notes.lost(keys[0], "none of the thresholds can be asked", name="author.satisfy_any_threshold")
    else:
        part = Part(alternatives=tuple(left))
    return [Condition(label="author-thresholds", on=dict.fromkeys(halves, part))]


def _age(key: Key, notes: Notes) -> Asked | None:
    """`account_age: "< 7 days"`. Without a unit they are days; without an operator it must be that age exactly."""
    name = f"author.{key.name}"
    match = THRESHOLD.fullmatch(key.value.text())
    if match is None:
        notes.say("lost", key, f"`{key.value.text()}` is no comparison with an age, as `< 7 days` is one.", name=name)
        return None
    op, number, unit = match[1] or "=", int(match[2]), (match[3] or "day").lower()
    op = "=" if op == "==" else op
    if number < 0:
        notes.say("lost", key, "No account has an age below nothing.", name=name)
        return None
    if op == "=":
        notes.say(
            "same",
            key,
            "Without `<` or `>` it asks for this very age, to the microsecond, which no account has.",
            name=name,
        )
    if unit in ("month", "year"):
        notes.say("near", key, "A month is 30 days here, a year 365.", name=name)
    value = _span(number * UNITS[unit])
    return Asked(key=f"account age ({op})", value=value)


def _span(micros: int) -> str:
    for unit in ("day", "hour", "minute"):
        if micros % UNITS[unit] == 0:
            many = micros // UNITS[unit]
            return f"{many} {unit}{'' if many == 1 else 's'}"
    raise AssertionError(micros)


# -- post and community -----------------------------------------------------------------------------------------------------


def parent(group: Key, notes: Notes) -> list[Condition]:
    """The checks of the post that a comment is on: its title is the title of the conversation."""
    if not isinstance(group.value.data, Mapped):
        return [unasked(group, "parent", ("comment",), "it is no mapping", notes)]
    found: list[Condition] = []
    for key in group.value.data.keys:
        name = f"parent_submission.{key.name}"
        check = search.taken_apart(key.name)
        if key.name in SETTINGS or key.name in ("action", "set_locked"):
            if key.name != "overwrite_flair":
                notes.say(
                    "left",
                    key,
                    "It is not done: a rule acts on the message itself, not on what that answers.",
                    name=name,
                )
        elif key.name in ("action_reason", "report_reason"):
            continue
        elif check is not None and all(field in PARENT for field in check.fields):
            found.append(search.condition(key, check, PARENT, ("comment",), notes, within="parent_submission"))
        elif key.name in TOP_KEYS or key.name in UNASKED:
            why = "of the post that is commented on, only the title can be searched"
            found.append(unasked(key, "parent-other", ("comment",), why, notes, name=name))
        else:
            why = f"it is no check of AutoModerator's on posts{search.meant(key.name, PARENT).rstrip('?')}"
            found.append(unasked(key, "parent-other", ("comment",), why, notes, name=name))
    return found


def community(group: Key, halves: Sequence[Half], notes: Notes) -> list[Condition]:
    """`subreddit`: none of its checks can be asked."""
    if not isinstance(group.value.data, Mapped):
        return [unasked(group, "subreddit", halves, "it is no mapping", notes)]
    found = []
    for key in group.value.data.keys:
        check = search.taken_apart(key.name)
        name = f"subreddit.{key.name}"
        if check is not None and check.fields == ("name",):
            found.append(search.condition(key, check, SUBREDDIT, halves, notes, within="subreddit"))
            continue
        why = SUBREDDIT_UNASKED.get(key.name, "it is no check of AutoModerator's on communities")
        found.append(unasked(key, "subreddit-other", halves, why, notes, name=name))
    return found


def crossposted(group: Key, notes: Notes) -> list[Condition]:
    """`crosspost_author` and `crosspost_subreddit`: there are no crossposts, and so such a rule hits nothing."""
    return [unasked(group, group.name.replace("_", "-"), ("submission",), "there are no crossposts here", notes)]
