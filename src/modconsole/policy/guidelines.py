"""What members are told: the community guidelines, made from the rules' own words.

A rule's `public` text is plain text: paragraphs with an empty line between them, lines that begin with `- ` as a list, and
addresses. Nothing else in it is markup, in neither form: whatever looks like Markdown or HTML is shown as it is written. The
rule's name, its words and its actions are the moderators' own business and are told to nobody.

Each rule can be linked to by `#rule-ID`. Rules of one section with the same words are one entry, with the ids of both. Order:
larger priorities first, then by file; a section stands where its first rule does.

`compose` gathers, `markdown` and `guidelines_html.html` write, `read_back` reads what `markdown` wrote, and `compare` says by
rule what changed between two versions. All of it is a function of its arguments alone: the same rules give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape, unescape
from typing import Final, Literal

from msgspec import Struct

from modconsole.domain.safetext import for_file
from modconsole.domain.times import DAY, HOUR, MINUTE
from modconsole.policy.model import House, Rule, Rung

GENERAL: Final = "General"
"""The heading of rules without a section."""

FOLLOWS: Final = "what-follows"
APPEALS: Final = "appeals"
TITLE: Final = "#title"
INTRO: Final = "#intro"
PARTS: Final[Mapping[str, str]] = {
    TITLE: "the title",
    INTRO: "the introduction",
    f"#{FOLLOWS}": "what follows on strikes",
    f"#{APPEALS}": "how to appeal",
}
"""The parts of a page that are no rules, with what they are called. No rule's id begins with `#`."""

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\^{|}]+[^\s<>\"'`\\^{|}.,;:!?)\]]")
_SIGNS = ("-", "*", "•")
_LIST = re.compile(r"[-*•]\s+")
_SPECIAL = re.compile(r"([\\`*_\[\]<>&|~#])")
_LINE_START = re.compile(r"(\d+)(?=[.)])|(?=[-+=])")
_MARK = re.compile(r'<a id="([^"]+)"></a>')


class Entry(Struct, frozen=True, kw_only=True):
    """One rule as members read it. `ids` are those of all rules that say it."""

    ids: tuple[str, ...]
    text: str


class Part(Struct, frozen=True, kw_only=True):
    """A section."""

    heading: str
    entries: tuple[Entry, ...]


class Guidelines(Struct, frozen=True, kw_only=True):
    """The page, before it is Markdown or HTML."""

    title: str
    intro: str = ""
    parts: tuple[Part, ...] = ()
    consequences: tuple[str, ...] = ()
    """What follows when somebody breaks the rules again: sentences."""
    appeals: str = ""


def compose(rules: Iterable[Rule], house: House) -> Guidelines:
    """The guidelines of these rules: those of them that have words for members. The caller says which are in force."""
    sections: dict[str, dict[str, list[str]]] = {}
    for rule in sorted(rules, key=lambda each: (-each.priority, each.path, each.line, each.id)):
        text = spelled(rule.public)
        if text:
            heading = " ".join(tidy(rule.section).split()) or GENERAL
            sections.setdefault(heading, {}).setdefault(text, []).append(rule.id)
    return Guidelines(
        title=" ".join(tidy(house.title).split()) or House().title,
        intro=spelled(house.intro),
        parts=tuple(
            Part(heading=heading, entries=tuple(Entry(ids=tuple(ids), text=text) for text, ids in entries.items()))
            for heading, entries in sections.items()
        ),
        consequences=consequences(house),
        appeals=spelled(house.appeals),
    )


def consequences(house: House) -> tuple[str, ...]:
    """The ladder in sentences for members; empty where there is none."""
    if not house.ladder:
        return ()
    said = [f"A strike counts for {span_words(house.strikes_last)}."]
    return (*said, *(rung_words(rung) for rung in sorted(house.ladder, key=lambda each: each.strikes)))


LONGEST_REASON: Final = 300
"""Characters of a reason that goes to a platform at most: the shortest limit among those that have one."""


def reason(rule: Rule, house: House) -> str:
    """A rule's words for members as one line, for an act's reason, with the address of the guidelines; empty without words."""
    said = spelled(rule.public).partition("\n\n")[0].replace("\n", " ")
    link = for_file(house.guidelines).strip()
    room = LONGEST_REASON - (len(link) + 3 if link else 0)
    said = said if len(said) <= room else said[: room - 1].rstrip() + "…"
    return f"{said} ({link})" if said and link else said


_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))
_ENDS: Final[Mapping[str, str]] = {
    "mute": "you may be muted",
    "ban": "you may be banned",
    "hold": "what you write may be held until a moderator has read it",
    "hide": "what you write may be hidden",
    "remove": "what you write may be removed",
    "lock": "the conversation may be closed",
    "report": "we may report it to the platform",
}


def rung_words(rung: Rung) -> str:
    """One step of the ladder, for members."""
    many = f"{rung.strikes} strike{'' if rung.strikes == 1 else 's'}"
    what = _ENDS.get(rung.action.name, "a moderator looks at what to do")
    span = f" for {span_words(rung.action.span)}" if rung.action.span is not None else ""
    return f"With {many} {what}{span}."


def span_words(span: int) -> str:
    """A length of time in its largest whole unit."""
    unit, name = next((each for each in _UNITS if span % each[0] == 0), _UNITS[-1])
    number = max(1, round(span / unit))
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def tidy(text: str) -> str:
    """Text without what no page may hold: controls, invisible characters, spaces at line ends, more than one empty line."""
    lines = [each.rstrip() for each in for_file(text).replace("\t", "    ").splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def anchor(rule: str) -> str:
    """What stands after `#` in a link to a rule."""
    return f"rule-{rule}"


# -- blocks -------------------------------------------------------------------------------------------------------------------


class Block(Struct, frozen=True):
    """A paragraph, which is one line, or the items of a list."""

    lines: tuple[str, ...]
    is_list: bool = False


def blocks(text: str) -> list[Block]:
    """Text as paragraphs and lists; lines that belong together are one, as they were wrapped for whoever wrote the file."""
    found: list[Block] = []
    for chunk in re.split(r"\n\s*\n", text):
        words: list[str] = []
        items: list[str] = []
        for line in filter(None, (each.strip() for each in chunk.split("\n"))):
            item = _LIST.match(line)
            if line in _SIGNS:
                continue  # an item that says nothing
            if item:
                items.append(line[item.end() :])
            elif items:
                items[-1] += f" {line}"
            else:
                words.append(line)
        if words:
            found.append(Block((" ".join(words),)))
        if items:
            found.append(Block(tuple(items), is_list=True))
    return found


def spelled(text: str) -> str:
    """Text with its blocks spelled in one way: two spellings of the same are the same."""
    return "\n\n".join("\n".join(f"- {x}" if each.is_list else x for x in each.lines) for each in blocks(tidy(text)))


def pieces(line: str) -> Iterable[tuple[bool, str]]:
    """The line as (is an address, text)."""
    at = 0
    for found in _ADDRESS.finditer(line):
        if found.start() > at:
            yield False, line[at : found.start()]
        yield True, found[0]
        at = found.end()
    if at < len(line):
        yield False, line[at:]


# -- Markdown -----------------------------------------------------------------------------------------------------------------


def markdown(page: Guidelines) -> str:
    """The page as CommonMark."""
    out = [f"# {_md(page.title)}", ""]
    out += _md_blocks(page.intro)
    for part in page.parts:
        out += [f"## {_md(part.heading)}", ""]
        for entry in part.entries:
            out += [*(_md_anchor(anchor(ident)) for ident in entry.ids), "", *_md_blocks(entry.text)]
    if page.consequences:
        out += [_md_anchor(FOLLOWS), "", "## What follows", "", *(f"- {_md(each)}" for each in page.consequences), ""]
    if page.appeals:
        out += [_md_anchor(APPEALS), "", "## Appeals", "", *_md_blocks(page.appeals)]
    return "\n".join(out).rstrip() + "\n"


def _md_anchor(name: str) -> str:
    return f'<a id="{escape(name)}"></a>'


def _md_blocks(text: str) -> list[str]:
    return [
        line for each in blocks(text) for line in (*(f"- {_md(x)}" if each.is_list else _md(x) for x in each.lines), "")
    ]


def _md(line: str) -> str:
    """One line of text in which nothing is markup but addresses."""
    out = "".join(f"<{text}>" if link else _SPECIAL.sub(r"\\\1", text) for link, text in pieces(line))
    start = _LINE_START.match(out)
    if start is None:
        return out
    digits = start[1] or ""
    return f"{digits}\\{out[len(digits) :]}"


def _from_md(line: str) -> str:
    """What `_md` was given."""
    return re.sub(r"<(https?://[^<>]*)>|\\([!-/:-@\[-`{-~])", lambda found: found[1] or found[2] or "", line)


# -- what changed -------------------------------------------------------------------------------------------------------------


class Said(Struct, frozen=True, kw_only=True):
    """What a page says of one rule, or of one of its other parts."""

    section: str
    text: str


class Change(Struct, frozen=True, kw_only=True):
    """One difference between two versions. `name` is a rule's id, or one of `PARTS`."""

    kind: Literal["new", "changed", "gone"]
    name: str
    before: Said | None = None
    after: Said | None = None


def read_back(text: str) -> dict[str, Said]:
    """What a page that `markdown` wrote says of each rule, by its id, and of the other parts, by `TITLE` and its like."""
    found: dict[str, Said] = {}
    section, names, said = "", [TITLE], list[str]()

    def close() -> None:
        words = re.sub(r"\n{3,}", "\n\n", "\n".join(said)).strip()
        found.update({name: Said(section=section, text=words) for name in names if words})
        said.clear()

    for line in text.split("\n"):
        mark = _MARK.fullmatch(line)
        if mark is not None:
            if said or not names:
                close()
                names = []
            name = unescape(mark[1])
            names.append(name.removeprefix("rule-") if name.startswith("rule-") else f"#{name}")
        elif line.startswith("## "):
            if names in ([f"#{FOLLOWS}"], [f"#{APPEALS}"]):  # their headings are ours and do not change
                section = ""
                continue
            close()
            names, section = [], _from_md(line[3:])
        elif names == [TITLE] and line.startswith("# "):
            found[TITLE] = Said(section="", text=_from_md(line[2:]))
            names = [INTRO]
        elif said or line:
            said.append(_from_md(line) if not line.startswith("- ") else f"- {_from_md(line[2:])}")
    close()
    return found


def compare(before: str, after: str) -> list[Change]:
    """What changed from one page to the next, by rule: in the order of the new page, what is gone last."""
    old, new = read_back(before), read_back(after)
    changes = [
        Change(kind="changed" if name in old else "new", name=name, before=old.get(name), after=said)
        for name, said in new.items()
        if old.get(name) != said
    ]
    return changes + [Change(kind="gone", name=name, before=said) for name, said in old.items() if name not in new]
