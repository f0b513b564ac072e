"""A user's own keys: read from `settings.toml`, and checked against the table of commands before they are used."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from modconsole.keys import BY_ID, COMMANDS, SHORT_NAMES, SIGNS, clashes, keys_of, shown, spell

NAMED: Final = frozenset({*SHORT_NAMES, *SIGNS, "insert", *(f"f{n}" for n in range(1, 13))})
"""Keys that have a name instead of a character."""

MODIFIERS: Final = ("ctrl", "alt", "shift", "super")

SAME: Final = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+left_square_bracket": "escape"}
"""Keys that most terminals send as other keys."""


def problem(key: str) -> str:
    """Why a spelled key cannot be used; empty if it can."""
    *modifiers, name = key.split("+")
    if not name or (len(name) > 1 and name not in NAMED) or any(each not in MODIFIERS for each in modifiers):
        return "is no key"
    if key in SAME:
        return f"cannot be told from {shown(SAME[key])} by a terminal"
    return ""


def read_keymap(text: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """A user's keys from the text of `settings.toml`, and everything that is wrong with them, in words.

        [keys]
        "ask.reply" = "r"                # one key
        "list.down" = ["J", "down"]      # or several
        "ask.tag" = []                   # none: then it is reached by the palette

    Commands that are not named keep their keys. The keymap must not be used where there are problems.
    """
    import tomllib

    try:
        section = tomllib.loads(text).get("keys", {})
    except tomllib.TOMLDecodeError as error:
        return {}, [f"It is no TOML: {error}."]
    if not isinstance(section, dict):
        return {}, ["`keys` must be a section: [keys]."]
    keymap: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for ident, given in section.items():
        named = [given] if isinstance(given, str) else given
        if ident not in BY_ID:
            near = difflib.get_close_matches(ident, BY_ID, 1)
            problems.append(f"There is no command {ident!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        elif not isinstance(named, list) or not all(isinstance(each, str) for each in named):
            problems.append(f"{ident}: give a key, or a list of keys.")
        else:
            keymap[ident] = tuple(map(spell, named))
            problems += [f"{ident}: {each!r} {why}." for each in named if (why := problem(spell(each)))]
    return keymap, problems or list(check(keymap))


ALWAYS: Final = ("quit", "palette", "help", "back")
"""Commands that must keep a key: without them nothing else can be reached or left."""


def check(keymap: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    """What is wrong with a keymap of known commands and keys: keys that mean two things, commands out of reach."""
    said = set()
    for _screen, key, first, second in clashes(keymap):
        if (key, first.id, second.id) not in said:
            said.add((key, first.id, second.id))
            yield f"{shown(key)!r} would mean both {first.id!r} and {second.id!r}."
    for ident in ALWAYS:
        if not keys_of(BY_ID[ident], keymap):
            yield f"{ident!r} must keep a key."
    for each in COMMANDS:
        if each.priority and any(len(key) == 1 for key in keys_of(each, keymap)):
            yield f"{each.id!r} works while text is written, so its keys cannot be characters: use one with ctrl+."
        elif not keys_of(each, keymap) and not each.action:
            yield f"{each.id!r} must keep a key: the palette cannot run it."
