"""AutoModerator's checks of text, as simple as can be: what the converted rules are held against.

Written from the table of the reference (`../shared/reference/rules.md`, 1.1) and from nothing else: the items of a check are
joined to one expression, the method is wrapped around it, and it is searched in each field. It reads the configuration with
ruamel's own loader and knows nothing of the code that converts.
"""

from __future__ import annotations

import operator
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

WRAP = {
    "full-exact": "^%s$",
    "full-text": r"^\W*%s\W*$",
    "includes": "%s",
    "includes-word": r"(?:^|\W|\b)%s(?:$|\W|\b)",
    "starts-with": "^%s",
    "ends-with": "%s$",
    "domain": r"^(?:.*?\.)?%s$",
}
DEFAULTS = {"domain": "domain", "url": "includes"}
SUBMISSION = ("title", "body", "url", "domain")
COMMENT = ("body",)
COMPARE = {"<": operator.lt, ">": operator.gt, "=": operator.eq, "==": operator.eq}
DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}


@dataclass(frozen=True)
class Thing:
    """A post or a comment."""

    kind: str
    title: str
    """Of a comment: that of its post."""
    body: str
    author: str = "somebody"
    urls: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    edited: bool = False
    top_level: bool = False
    """Of a comment: whether it answers the post."""
    submitter: bool = False
    """Whether its author wrote the post."""
    age_days: float = 1000.0
    moderator: bool = False


def rules(text: str) -> list[Any]:
    """The sections as Python has them."""
    found = []
    for section in re.split("^---", text, flags=re.MULTILINE):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = (1, 1)
        yaml.allow_duplicate_keys = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(yaml.load(section.lstrip("-")))
    return found


def hits(rule: dict[str, Any], thing: Thing) -> bool:
    """Whether a rule hits a post or a comment."""
    wanted = rule.get("type", "any")
    if wanted != "any" and wanted != thing.kind:
        return False
    if thing.moderator and rule.get("moderators_exempt", rule.get("action") in ("remove", "spam", "filter", "report")):
        return False
    return all(_holds(key, value, thing) for key, value in rule.items())


def _holds(key: str, value: Any, thing: Thing) -> bool:
    if key == "author":
        return _author(value if isinstance(value, dict) else {"name": value}, thing)
    if key == "parent_submission":
        return thing.kind == "comment" and all(
            _search(name, each, {"title": [thing.title]}, ("title",)) for name, each in value.items() if "title" in name
        )
    if key in ("body_longer_than", "body_shorter_than"):
        length = len(re.sub(r"^\W+|\W+$", "", thing.body))
        return bool(length > value if key == "body_longer_than" else length < value)
    if key == "is_edited":
        return bool(thing.edited is value)
    if key == "is_top_level":
        return thing.kind == "comment" and thing.top_level is value
    if re.match(r"~?(title|body|url|domain)\b", key):
        known = SUBMISSION if thing.kind == "submission" else COMMENT
        texts = {"title": [thing.title], "body": [thing.body], "url": thing.urls, "domain": thing.domains}
        return _search(key, value, texts, known)
    return True


def _author(group: dict[str, Any], thing: Thing) -> bool:
    every = []
    for key, value in group.items():
        if key == "account_age":
            match = re.fullmatch(r"\s*(<|>|==?)?\s*(\d+)\s*([a-z]+?)?s?\s*", str(value))
            assert match is not None
            every.append(COMPARE[match[1] or "="](thing.age_days, int(match[2]) * DAYS[match[3] or "day"]))
        elif key == "is_submitter":
            every.append(thing.kind == "comment" and thing.submitter is value)
        elif key == "is_moderator":
            every.append(thing.moderator is value)
        elif key != "satisfy_any_threshold":
            every.append(_search(key, value, {"name": [thing.author]}, ("name",)))
    return all(every)


def _search(key: str, value: Any, texts: dict[str, Any], known: tuple[str, ...]) -> bool:
    match = re.fullmatch(r"(~?)([^\s(#]+)\s*(?:\((.+)\))?\s*(?:#.*)?", key)
    assert match is not None, key
    fields = tuple(match[2].split("+"))
    modifiers = tuple(word for word in re.split(r"[\s,]+", match[3] or "") if word)
    here = [field for field in fields if field in known]
    if not here:
        return False
    values = value if isinstance(value, list) else [value]
    pattern = compiled(fields, modifiers, tuple(str(each) for each in values))
    found = any(pattern.search(text) for field in here for text in texts[field])
    return not found if match[1] else found


@cache
def compiled(fields: tuple[str, ...], modifiers: tuple[str, ...], values: tuple[str, ...]) -> re.Pattern[str]:
    """The expression of a check."""
    items = list(values)
    if "regex" not in modifiers:
        items = [re.escape(item) for item in items]
    joined = f"({'|'.join(items)})"
    default = DEFAULTS.get(fields[0], "includes-word") if len(fields) == 1 else "includes-word"
    method = next((word for word in modifiers if word in WRAP), default)
    flags = re.DOTALL | re.UNICODE | (0 if "case-sensitive" in modifiers else re.IGNORECASE)
    source = WRAP[method] % joined
    # Python 2 took flags wherever they stood, for the whole expression; Python 3.11 takes them at the beginning
    for letters in re.findall(r"\(\?([imsx]+)\)", source):
        for letter in letters:
            flags |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}[letter]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(re.sub(r"\(\?[imsx]+\)", "", source), flags)
