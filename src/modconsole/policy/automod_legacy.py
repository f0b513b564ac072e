"""The spelling of 2014, when AutoModerator was a bot, in the words of today.

Some configurations still have rules in it, copied on for years. Reddit converted all of them in 2015 and takes the old spelling
no more; what it meant is known from the bot's documentation: modifiers in a key of their own, what is asked of the author under
`user_conditions`, and names that have changed since.
"""

from __future__ import annotations

from typing import Final

from modconsole.policy.automod_search import taken_apart
from modconsole.policy.automod_terms import Notes
from modconsole.policy.automod_words import AUTHOR, BASE, METHODS
from modconsole.policy.automod_yaml import Key, Mapped, Value

RENAMED: Final[dict[str, str]] = {
    "body_min_length": "body_longer_than",
    "body_max_length": "body_shorter_than",
    "min_body_length": "body_longer_than",
    "max_body_length": "body_shorter_than",
    "is_reply": "is_top_level",
    "remove_reason": "action_reason",
    "subject": "message_subject",
}
AUTHOR_RENAMED: Final[dict[str, str]] = {
    "user": "name",
    "author_flair_text": "flair_text",
    "author_flair_css_class": "flair_css_class",
}
OF_AUTHOR: Final = ("user_conditions", "must_satisfy")
SET_RENAMED: Final = ("link_flair_text", "link_flair_class", "user_flair_text", "user_flair_class", "set_options")
OLD: Final = frozenset(("modifiers", *RENAMED, *AUTHOR_RENAMED, *OF_AUTHOR, *SET_RENAMED))


def modern(mapping: Mapped, notes: Notes) -> Mapped:
    """The mapping with old names replaced; as it is where it has none."""
    old = [
        key
        for key in mapping.keys
        if _bare(key.name) in OLD or (_bare(key.name) == "type" and key.value.data == "both")
    ]
    if not old:
        return mapping
    notes.say("same", old[0], "It is spelled as in 2014, which Reddit takes no more; it is read as it was meant then.")
    keys: list[Key] = []
    author: list[Key] = []
    modifiers = _modifiers(mapping.get("modifiers"))
    for key in mapping.keys:
        name = _bare(key.name)
        sign = "~" if key.name.startswith("~") else ""
        if name == "modifiers":
            continue
        if name == "user_conditions":
            author += _conditions(key)
        elif name in SET_RENAMED:
            # what the bot set; as checks they had no such names
            keys.append(Key("set_flair" if name != "set_options" else "set_nsfw", key.line, key.value))
        elif name in AUTHOR_RENAMED:
            author.append(_modified(Key(sign + AUTHOR_RENAMED[name], key.line, key.value), modifiers, name))
        elif name in RENAMED:
            keys.append(_renamed(key, name))
        else:
            keys.append(_modified(key, modifiers, name))
    if author:
        known = next((key for key in keys if key.name == "author" and isinstance(key.value.data, Mapped)), None)
        if known is not None and isinstance(known.value.data, Mapped):
            keys.remove(known)
            author = [*known.value.data.keys, *author]
        keys.append(Key("author", author[0].line, Value(Mapped(tuple(author)), author[0].line)))
    return Mapped(tuple(keys), mapping.twice)


def _bare(name: str) -> str:
    return name.removeprefix("~").partition(" ")[0].partition("#")[0]


def _modifiers(value: Value | None) -> dict[str, tuple[str, ...]]:
    """Modifiers by field; under an empty name those of all fields."""
    if value is None:
        return {}
    if isinstance(value.data, Mapped):
        return {key.name: tuple(each.text() for each in key.value.items()) for key in value.data.keys}
    return {"": tuple(each.text() for each in value.items())}


def _modified(key: Key, modifiers: dict[str, tuple[str, ...]], name: str) -> Key:
    """A check with its modifiers behind its name."""
    check = taken_apart(key.name)
    if check is None or check.modifiers or not all(field in BASE or field in AUTHOR for field in check.fields):
        return key
    words = modifiers.get(name, modifiers.get("", ()))
    negated = check.negated != ("inverse" in words)
    kept = [word for word in words if word in METHODS or word in ("regex", "case-sensitive")]
    spelled = ("~" if negated else "") + "+".join(check.fields) + (f" ({', '.join(kept)})" if kept else "")
    return Key(spelled, key.line, key.value)


def _renamed(key: Key, name: str) -> Key:
    value = key.value
    if "min_" in name and isinstance(value.data, int):
        value = Value(value.data - 1, value.line)  # "at least" was meant, and today it is "more than"
    elif "max_" in name and isinstance(value.data, int):
        value = Value(value.data + 1, value.line)
    elif name == "is_reply" and isinstance(value.data, bool):
        value = Value(not value.data, value.line)
    return Key(RENAMED[name], key.line, value)


def _conditions(key: Key) -> list[Key]:
    """What the bot asked of authors."""
    if not isinstance(key.value.data, Mapped):
        return [key]
    found = []
    for each in key.value.data.keys:
        if each.name == "must_satisfy":
            data = each.value.text().strip().lower() == "any"
            found.append(Key("satisfy_any_threshold", each.line, Value(data, each.line)))
        elif each.name == "rank" and each.value.text().replace(" ", "") == "<moderator":
            found.append(Key("is_moderator", each.line, Value(False, each.line)))
        else:
            found.append(each)
    return found
