"""AutoModerator's search checks: `~body+title (includes, regex)#2: [...]` in our terms."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from modconsole.policy import automod_regex
from modconsole.policy.automod_terms import LOST, Condition, Notes, Part, Term, Words
from modconsole.policy.automod_words import KEY, METHODS, MODIFIERS, SUFFIX_FIRST, Half, Searched
from modconsole.policy.automod_yaml import Key, Value
from modconsole.policy.model import Field, Fold, Method

LONGEST = 4_000
"""Characters of one item that the rule language takes."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPLIT = re.compile(r"[\s,]+")


class Check(Struct, frozen=True, kw_only=True):
    """A key, taken apart."""

    fields: tuple[str, ...]
    negated: bool
    modifiers: tuple[str, ...]


class _Items(Struct, kw_only=True):
    """What is looked for, as the rule language has it."""

    items: tuple[str, ...]
    method: Method
    regex: bool
    fold: Fold
    gone: bool = False
    """Whether some of them could not be taken over."""


def taken_apart(name: str) -> Check | None:
    """The parts of a key; None where it has not the form of a check."""
    plain = KEY.fullmatch(name.strip())
    if plain is not None:
        field, modifiers = plain[1], plain[2]
    else:
        other = SUFFIX_FIRST.fullmatch(name.strip())
        if other is None:
            return None
        field, modifiers = other[1], other[3]
    negated = field.startswith("~")
    return Check(
        fields=tuple(part for part in field.removeprefix("~").split("+")),
        negated=negated,
        modifiers=tuple(word for word in _SPLIT.split((modifiers or "").strip().lower()) if word),
    )


def meant(name: str, known: Iterable[str]) -> str:
    """`Did you mean …?` for a word that is none of those known; empty where none is near."""
    near = difflib.get_close_matches(name, list(known), 1, 0.7)
    return f" Did you mean `{near[0]}`?" if near else ""


def condition(
    key: Key, check: Check, known: Mapping[str, Searched], halves: Sequence[Half], notes: Notes, *, within: str = ""
) -> Condition:
    """A search check as a condition. `known` has the fields that may stand where it stands, in the sub-group `within`."""
    label = _label(check, within)
    name = f"{within}.{key.name}" if within else key.name
    why = _wrong(key, check)
    if why:
        part = notes.lost(key, why, name=name)
        return Condition(label=label, on=dict.fromkeys(halves, part))
    strange = [field for field in check.fields if field not in known]
    for field in strange:
        notes.say(
            "lost" if check.negated or len(strange) == len(check.fields) else "narrower",
            key,
            f"`{field}` is no field of AutoModerator's here.{meant(field, known)}",
            name=name,
        )
    on: dict[Half, Part] = {}
    for half in halves:
        here = [field for field in check.fields if field in strange or half in known[field].on]
        if here:
            on[half] = _part(key, check, [known[each] for each in here if each in known], len(here), notes, name)
    return Condition(label=label, on=on)


def _label(check: Check, within: str) -> str:
    words = [*([within.replace("_", "-")] if within else []), *(field.replace("_", "-") for field in check.fields)]
    return "-or-".join(words) if not within else f"{words[0]}-{'-or-'.join(words[1:])}"


def _wrong(key: Key, check: Check) -> str:
    """Why a check is none, in words that go on from "It cannot be asked here: "; empty where it is one."""
    for word in check.modifiers:
        if word not in MODIFIERS:
            return f"`{word}` is no modifier of AutoModerator's{meant(word, MODIFIERS).replace('?', '')}"
    methods = [word for word in check.modifiers if word in METHODS]
    if len(methods) > 1:
        return f"it has two methods, {' and '.join(methods)}, and AutoModerator takes one"
    values = key.value.items()
    if not values or (key.value.data is None and not key.value.plain):
        return "it has nothing to look for"
    if any(
        isinstance(value.data, tuple) or not isinstance(value.data, str | bool | int | float | None) for value in values
    ):
        return "what it looks for is a list within a list, or a mapping"
    return ""


def _part(key: Key, check: Check, known: Sequence[Searched], many: int, notes: Notes, name: str) -> Part:
    """The check in one half, in which `many` of its fields can stand."""
    fields: list[Field] = []
    for each in known:
        if each.field is not None and each.field not in fields:
            fields.append(each.field)
    missing = [each for each in known if each.field is None]
    if not fields:
        return notes.lost(key, missing[0].why, name=name) if missing else LOST
    lost = bool(check.negated and len(fields) < many)
    if missing:
        why = f"One of its fields cannot be searched here: {missing[0].why}."
        notes.say("lost" if check.negated else "narrower", key, why, name=name)
    method = _method(check, known)
    items = _items(key, check, method, notes, name)
    if not items.items:
        return notes.lost(key, "none of its expressions can be read", name=name)
    if items.gone and check.negated:
        lost = True
    if "link" in fields or "domain" in fields:
        notes.say(
            "near",
            key,
            "It asks about the addresses within the text; AutoModerator asks about that of a link post, which is no text here.",
            name=name,
        )
    return Part(alternatives=_alternatives(fields, items, check.negated, hosts=method == "domain"), lost=lost)


def _alternatives(
    fields: Sequence[Field], items: _Items, negated: bool, *, hosts: bool
) -> tuple[tuple[Term, ...], ...]:
    """The check as terms. Two things are not the same here in every field, and are written out: the method `word` of a host
    also finds what is below it, and nothing is found in an empty text."""
    words = Words(
        fields=tuple(fields),
        items=items.items,
        method=items.method,
        regex=items.regex,
        fold=items.fold,
        negated=negated,
    )
    found = [words]
    if "domain" in fields and not hosts and items.method in ("word", "full"):
        others: tuple[Field, ...] = tuple(field for field in fields if field != "domain")
        plain = items.items if items.regex else tuple(re.escape(item) for item in items.items)
        bare = tuple(automod_regex.wrapped(item, items.method) for item in plain)
        host = replace(words, fields=("domain",), items=bare, method="substring", regex=True)
        found = [*([replace(words, fields=others)] if others else []), host]
    if _finds_nothing(items):
        found += [
            Words(fields=(field,), items=(".",), method="substring", regex=True, fold="exact", negated=not negated)
            for field in fields
            if field not in ("link", "domain")
        ]
    return (tuple(found),) if negated else tuple((each,) for each in found)


def _finds_nothing(items: _Items) -> bool:
    """Whether an expression is found in an empty text."""
    return items.regex and any(
        automod_regex.found_in_nothing(automod_regex.wrapped(item, items.method)) for item in items.items
    )


def _method(check: Check, known: Sequence[Searched]) -> str:
    for word in check.modifiers:
        if word in METHODS:
            return METHODS[word]
    return known[0].default if len(check.fields) == 1 else "word"


def _items(key: Key, check: Check, method: str, notes: Notes, name: str) -> _Items:
    """The items as literals or expressions. Those that the rule language has no other spelling for become expressions."""
    texts = [value.text() for value in key.value.items()]
    _surprises(key, key.value.items(), notes, name)
    fold: Fold = "exact" if "case-sensitive" in check.modifiers else "case"
    gone = [text for text in texts if len(text) > LONGEST]
    if gone:
        notes.say(
            "lost" if check.negated else "narrower",
            key,
            f"{len(gone)} of its items have more than {LONGEST:,} characters.",
            name=name,
        )
        texts = [text for text in texts if len(text) <= LONGEST]
    plain = "regex" not in check.modifiers
    hosts = method == "domain"
    method = "word" if hosts else method
    if plain and all(_literal(text) and not (hosts and text.startswith(".")) for text in texts):
        return _Items(items=_once(texts), method=_named(method), regex=False, fold=fold, gone=bool(gone))
    if plain:
        found = automod_regex.Expressions(items=tuple(re.escape(text) for text in texts))
    else:
        found = automod_regex.expressions(texts)
    for item, why in found.bad:
        notes.say(
            "lost" if check.negated else "narrower",
            key,
            f"The expression `{_short(item)}` cannot be read: {why}.",
            name=name,
        )
    for words in found.notes:
        notes.say("near", key, words, name=name)
    items = [_spelled(item) for item in found.items]
    if hosts:  # a dot in front would mean what is below a host
        items = [f"(?:{item})" if item.startswith(".") else item for item in items]
    if found.multiline:
        items = [automod_regex.wrapped(item, "domain" if hosts else method, lines=True) for item in items]
        method = "substring"
    return _Items(
        items=_once(items),
        method=_named(method),
        regex=True,
        fold="case" if found.ignore_case else fold,
        gone=bool(gone or found.bad),
    )


def _named(method: str) -> Method:
    names: dict[str, Method] = {each: each for each in ("word", "substring", "full", "full-exact", "starts", "ends")}
    return names[method]


def _literal(text: str) -> bool:
    """Whether the rule language takes a text as an item as it is."""
    return bool(text.strip()) and not text.startswith("list:") and not _CONTROL.search(text)


def _spelled(item: str) -> str:
    """An expression that may stand in a rule file: not empty, no list's name, and without control characters."""
    item = _CONTROL.sub(lambda sign: rf"\x{ord(sign[0]):02x}", item)
    return f"(?:{item})" if not item.strip() or item.startswith("list:") else item


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _surprises(key: Key, values: Sequence[Value], notes: Notes, name: str) -> None:
    """What YAML made of words without quotes, and of backslashes within double ones."""
    for value in values:
        if not isinstance(value.data, str) and value.text() != value.plain:
            notes.say(
                "same",
                key,
                f"`{_short(value.plain) or 'nothing'}` is without quotes, and so AutoModerator looks for `{value.text()}`.",
                name=name,
            )
        if isinstance(value.data, str) and _CONTROL.search(value.data):
            notes.say(
                "same",
                key,
                r"There is a control character in it: `\b` within double quotes is one. Single quotes were meant.",
                name=name,
            )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}…"
