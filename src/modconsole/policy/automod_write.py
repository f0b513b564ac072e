"""A rule of AutoModerator, understood, written as a rule file of ours.

What the original asks of posts and of comments alike stands once. Where the halves differ, `opening` tells them apart: on a
forum, on Reddit, Mastodon and Bluesky a post is the message that opens its conversation; on platforms where what is commented
on is no message (`NO_OPENINGS`) all messages are comments. Private messages AutoModerator never sees, so each rule leaves them
out.

A rule that lost a condition is joined with `not-asked`, a selection that never holds: it hits nothing until a person takes it
out, and so surely not more than the original.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from modconsole.policy.automod_read import Understood
from modconsole.policy.automod_terms import NOTE_KINDS, Asked, Note, Part, Term
from modconsole.policy.automod_words import NO_OPENINGS, Half

OPENING: Final = "opening"
PUBLIC: Final = "in-public"
HELD_BACK: Final = "not-asked"
_FIXED: Final[dict[str, tuple[tuple[Term, ...], ...]]] = {
    OPENING: (
        (
            Asked(key="top level", value=True),
            Asked(key="thread messages (=)", value=0),
            Asked(key="platform", value=NO_OPENINGS, negated=True),
        ),
    ),
    PUBLIC: ((Asked(key="private", value=True, negated=True),),),
    HELD_BACK: ((Asked(key="platform", value=("not asked",)),),),
}
_ABOUT: Final = {
    OPENING: "what AutoModerator calls a submission",
    PUBLIC: "AutoModerator sees no private messages",
    HELD_BACK: "never true: it stands for what cannot be asked, see above; take it out of `when` to use the rule without that",
}
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*[A-Za-z0-9]|[A-Za-z]")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
WIDTH: Final = 110


def written(rule: Understood, *, ident: str, name: str, origin: str) -> str:
    """The document. `origin` is the first line of the comment on top."""
    selections, when = _joined(rule)
    lines = [*_comment(origin, rule.notes), f"id: {scalar(ident)}", f"name: {scalar(name)}", "status: draft"]
    if rule.does.why:
        lines += _text("why", rule.does.why, "")
    if rule.priority:
        lines.append(f"priority: {rule.priority}")
    lines.append("select:")
    for label, alternatives in selections.items():
        lines += _selection(label, alternatives)
    lines.append(f"when: {when}")
    if rule.exceptions:
        lines.append("except:")
        for each in rule.exceptions:
            lines += _check(each, "  ")
    lines.append("do:")
    for action, value in rule.does.actions:
        lines += [f"  - {action}"] if not value else _item_text(action, value)
    if rule.does.public:
        lines += _text("public", rule.does.public, "")
    if not rule.exempt_us:
        lines.append("exempt us: false")
    return "\n".join(lines) + "\n"


# -- when ------------------------------------------------------------------------------------------------------------------


def _joined(rule: Understood) -> tuple[dict[str, tuple[tuple[Term, ...], ...]], str]:
    """The selections by name, and how they are joined."""
    selections: dict[str, tuple[tuple[Term, ...], ...]] = {}
    sides = {half: _side(rule, half, selections) for half in rule.halves}
    lost = {half: any(each.on[half].lost for each in rule.conditions) for half in rule.halves}
    for half, side in sides.items():
        if lost[half]:
            side.append(HELD_BACK)
    if len(sides) == 2:
        posts, comments = sides["submission"], sides["comment"]
        both = [name for name in posts if name in comments]
        ours, theirs = ([name for name in side if name not in both] for side in (posts, comments))
        parts = list(both)
        if ours or theirs:
            left = " and ".join([*ours, OPENING])
            right = " and ".join([*theirs, f"not {OPENING}"])
            parts.append(f"(({left}) or ({right}))" if ours else f"({OPENING} or ({right}))")
            if ours and not theirs:
                parts[-1] = f"(({left}) or not {OPENING})"
    else:
        half = rule.halves[0]
        parts = [*sides[half], OPENING if half == "submission" else f"not {OPENING}"]
    held = HELD_BACK in parts  # at the end, where it is easily taken out
    when = " and ".join([*(name for name in parts if name != HELD_BACK), PUBLIC, *([HELD_BACK] if held else [])])
    for fixed, alternatives in _FIXED.items():
        if re.search(rf"(?<![\w-]){fixed}(?![\w-])", when):
            selections[fixed] = alternatives
    return selections, when


def _side(rule: Understood, half: Half, selections: dict[str, tuple[tuple[Term, ...], ...]]) -> list[str]:
    """The names of what one half asks; new selections are added."""
    names: list[str] = []
    for each in rule.conditions:
        part: Part = each.on[half]
        if part.alternatives == ((),):
            continue
        name = next((known for known, has in selections.items() if has == part.alternatives), "")
        if not name:
            name = _free(each.label, selections)
            selections[name] = part.alternatives
        if name not in names:
            names.append(name)
    return names


def _free(label: str, taken: Iterable[str]) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40].strip("-") or "check"
    if not label[0].isalpha() or label in (*_FIXED, "and", "or", "not", "of", "them", "all", "any"):
        label = f"check-{label}"
    name, count = label, 1
    while name in taken:
        count += 1
        name = f"{label}-{count}"
    return name


# -- spelling --------------------------------------------------------------------------------------------------------------


def _comment(origin: str, notes: Sequence[Note]) -> list[str]:
    lines = _wrapped(origin)
    for note in sorted(notes, key=lambda each: list(NOTE_KINDS).index(each.kind), reverse=True):
        where = f" `{_visible(note.key)}`" if note.key else ""
        at = f" (line {note.line})" if note.line else ""
        lines += _wrapped(f"{note.kind}{where}{at}: {_visible(note.words)}", "  ")
    return lines


def _wrapped(words: str, indent: str = "") -> list[str]:
    lines = textwrap.wrap(words, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def _selection(label: str, alternatives: Sequence[Sequence[Term]]) -> list[str]:
    about = f"  # {_ABOUT[label]}" if label in _ABOUT else ""
    lines = [f"  {label}:{about}"]
    if len(alternatives) == 1:
        for term in alternatives[0]:
            lines += _check(term, "    ")
        return lines
    for alternative in alternatives:
        block = [line for term in alternative for line in _check(term, "        ")]
        lines += ["      - " + block[0].lstrip(), *block[1:]]
    return lines


def _check(term: Term, indent: str) -> list[str]:
    sign = "~" if term.negated else ""
    if isinstance(term, Asked):
        value = term.value
        spelled = (
            f"[{', '.join(scalar(each) for each in value)}]"
            if isinstance(value, tuple)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
        return [f"{indent}{key(sign + term.key)}: {spelled}"]
    modifiers = ", ".join([term.method, *(["regex"] if term.regex else []), f"fold {term.fold}"])
    head = f"{indent}{key(f'{sign}{chr(43).join(term.fields)} ({modifiers})')}:"
    items = [quoted(item) for item in term.items]
    flow = f"{head} [{', '.join(items)}]"
    if len(flow) <= WIDTH and len(items) <= 8:
        return [flow]
    return [head, *(f"{indent}  - {item}" for item in items)]


def _item_text(action: str, value: str) -> list[str]:
    lines = _text(action, value, "    ")
    return ["  - " + lines[0].lstrip(), *lines[1:]]


def _text(name: str, value: str, indent: str) -> list[str]:
    """A key with a text; one of several lines as a block."""
    lines = value.split("\n")
    if (
        len(lines) == 1
        or not all(_visible(line) == line for line in lines)
        or lines[0].startswith((" ", "\t"))
        or not lines[0]
    ):
        return [f"{indent}{name}: {scalar(value)}"]
    block = [f"{indent}  {line}".rstrip() for line in lines]
    while block and not block[-1].strip():
        block.pop()
    return [f"{indent}{name}: |", *block]


def key(text: str) -> str:
    """A key: quoted where YAML would take it for something else."""
    return quoted(text) if text[0] in "!&*-?|>%@`\"'#,[]{}" or ": " in text or " #" in text else text


def scalar(text: str) -> str:
    """A value: without quotes where nobody can take it for anything else."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else quoted(text)


def quoted(text: str) -> str:
    """A text in quotes: single ones, in which a backslash is a backslash; double ones where a character has to be escaped."""
    if _visible(text) == text:
        return "'" + text.replace("'", "''") + "'"
    return '"' + _visible(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _visible(text: str) -> str:
    """A text with everything that cannot be seen written as YAML's escapes."""
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(sign)
    return known.get(sign) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )
