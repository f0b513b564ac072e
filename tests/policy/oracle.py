"""What rules mean, said as simply as can be: every item on every text, one expression each, nothing left out for speed.

It shares with the engine what folding and addresses are (they have tests of their own), and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from modconsole.policy.engine import Spot
from modconsole.policy.fold import LEET_SIGNS, Folded, fold, forms, leet
from modconsole.policy.model import Field, Match, Rule, TextCheck, Texts
from modconsole.policy.places import addresses
from modconsole.policy.scripts import never, script, telling

FLAGS = regex.V0 | regex.UNICODE | regex.DOTALL
Place = tuple[Field, int, int]


def scan(rules: Sequence[Rule], texts: Sequence[Texts]) -> dict[int, dict[Spot, list[Match]]]:
    """What `Engine.scan` must find."""
    found: dict[int, dict[Spot, list[Match]]] = {}
    for at, each in enumerate(texts):
        for number, rule in enumerate(rules):
            taken = [place for check in rule.exceptions for place in covered(check, each)]
            for s, selection in enumerate(rule.selections):
                for a, alternative in enumerate(selection.alternatives):
                    for c, check in enumerate(alternative):
                        if isinstance(check, TextCheck):
                            matches = matching(check, selection.name, each, taken)
                            if matches:
                                found.setdefault(at, {})[Spot(number, s, a, c)] = matches
    return found


def matching(check: TextCheck, selection: str, texts: Texts, taken: Sequence[Place]) -> list[Match]:
    """The matches of a check that no exception covers."""
    matches = []
    kept: dict[str, list[Field]] = {}
    for match, (where, start, end), item in places(check, texts):
        if any(w == where and s <= start and end <= e for w, s, e in taken):
            continue
        kept.setdefault(item, []).append(match)
        words = within(texts, where)[start:end]
        matches.append(Match(selection=selection, field=match, start=start, end=end, words=words, item=item))
    if check.every and set(kept) != set(check.items):
        return []
    return sorted(matches, key=lambda each: (check.fields.index(each.field), each.start, each.end, each.item))


def covered(check: TextCheck, texts: Texts) -> list[Place]:
    """The places of an exception; none where it asks for every item and one is missing."""
    found = places(check, texts)
    return (
        [] if check.every and {item for _, _, item in found} != set(check.items) else [place for _, place, _ in found]
    )


def places(check: TextCheck, texts: Texts) -> list[tuple[Field, Place, str]]:
    """Every place of every item: the field asked for, where it is, and the item."""
    found: list[tuple[Field, Place, str]] = []
    for field in check.fields:
        for item in check.items:
            if field in ("link", "domain"):
                for address in addresses(texts.body):
                    text = address.text if field == "link" else address.host
                    if any(spans(check, item, field, text)):
                        found.append((field, ("body", address.start, address.end), item))
            else:
                for start, end in spans(check, item, field, within(texts, field)):
                    found.append((field, (field, start, end), item))
    return found


def within(texts: Texts, field: str) -> str:
    """The text of a field."""
    return {"body": texts.body, "title": texts.title, "author name": texts.name, "author handle": texts.handle}[field]


def spans(check: TextCheck, item: str, field: Field, text: str) -> Iterator[tuple[int, int]]:
    """Where an item is in a text, in places of the original."""
    if not text:
        return
    if check.regex:
        folded = Folded(text) if check.fold == "case" else fold(text, check.fold)
        flags = FLAGS if check.fold == "exact" else FLAGS | regex.IGNORECASE
        for match in regex.finditer(wrapped(check, field, item, item), folded.text, flags):
            yield folded.span(*match.span("item"))
        return
    folded = fold(text, check.fold)
    for needle in forms(item, check.fold):
        for match in regex.finditer(
            wrapped(check, field, regex.escape(needle), needle), folded.text, FLAGS, overlapped=True
        ):
            place = folded.span(*match.span("item"))
            if check.fold != "lookalike" or field in ("link", "domain") or not honest(item, text, *place):
                yield place
        if field == "domain" or check.method not in ("word", "substring"):
            continue
        if "leet" in check.channels:
            yield from (folded.span(*each) for each in signs(check, needle, folded.text))
        if "squeeze" in check.channels:
            yield from (folded.span(*each) for each in repeats(check, needle, folded.text))


def honest(item: str, text: str, start: int, end: int) -> bool:
    """Whether a stretch only looks like an item: words of another script, among others of it."""
    stretch = text[start:end]
    meant = fold(item, "case").text
    if fold(stretch, "case").text == meant or fold(stretch, "marks").text == fold(meant, "marks").text:
        return False
    while start > 0 and regex.match(r"\w", text[start - 1]):
        start -= 1
    while end < len(text) and regex.match(r"\w", text[end]):
        end += 1
    found = {script(char) for char in text[start:end]} - {""}
    if len(found) != 1 or found & {script(char) for char in item} or not {script(char) for char in item} - {""}:
        return False
    inside, outside = text[start:end], text[:start] + text[end:]
    return any(never(char) for char in inside) or bool(found & {telling(char) for char in outside})


def wrapped(check: TextCheck, field: Field, expression: str, text: str) -> str:
    """An item as an expression, its own part named `item`."""
    # The name makes group 1 of it, so a reference to the author's first group is one to the second.
    own = f"(?P<item>{expression})" if not check.regex else "(?P<item>(?:" + expression.replace("\\1", "\\2") + "))"
    if field == "domain" and check.method in ("word", "full"):
        return f"^.*{own}$" if text.startswith(".") else rf"^(?:.*\.)?{own}$"
    if check.method == "word" and check.regex:
        return rf"(?:^|(?<=\W)|\b){own}(?:$|(?=\W)|\b)"
    if check.method == "word":
        left = r"\b" if regex.match(r"\w", text[0]) else ""
        right = r"\b" if regex.match(r"\w", text[-1]) else ""
        return left + own + right
    return {
        "substring": own,
        "full": rf"^\W*{own}\W*$",
        "full-exact": f"^{own}$",
        "starts": f"^{own}",
        "ends": f"{own}$",
    }[check.method]


def stands(check: TextCheck, needle: str, text: str, start: int, end: int) -> bool:
    """Whether a stretch is a word where a word is asked for: by the text around it."""
    if check.method != "word":
        return True
    left = regex.match(r"\w", needle[0]) and regex.match(r"\w", text[start - 1 : start])
    right = regex.match(r"\w", needle[-1]) and regex.match(r"\w", text[end : end + 1])
    return not left and not right


def signs(check: TextCheck, needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Stretches that are the needle with signs for letters."""
    for start in range(len(text) - len(needle) + 1):
        stretch = text[start : start + len(needle)]
        read = leet(stretch) == leet(needle)
        sign = any(one in LEET_SIGNS and one != two for one, two in zip(stretch, needle, strict=True))
        if (
            read
            and sign
            and any(c.isalpha() for c in stretch)
            and stands(check, needle, text, start, start + len(needle))
        ):
            yield start, start + len(needle)


def repeats(check: TextCheck, needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Stretches that are the needle with letters repeated: two letters more in all, or more."""
    runs = [(m[0], len(m[0])) for m in regex.finditer(r"(?s)(\p{L})\1*|.", needle)]
    expression = "".join(
        f"{regex.escape(run[0])}{{{count},}}" if run.isalpha() else regex.escape(run) for run, count in runs
    )
    starts = [m.start() for m in regex.finditer(r"(?s)(\p{L})\1*|.", text)] + [len(text)]
    for start in starts[:-1]:
        match = regex.compile(expression).match(text, start)
        enough = match is not None and match.end() in starts and len(match[0]) >= len(needle) + 2
        if match and enough and stands(check, needle, text, start, match.end()):
            yield start, match.end()
