"""Completes docs/rules.md with what the program says of itself, and writes docs/rules.schema.json. `--check` only compares.

PYTHONPATH=src python scripts/make_rules_pages.py

The page is written by hand; made are the parts between `<!-- made: NAME -->` and `<!-- end -->`, and beneath each block of
mistakes what is said about them.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from modconsole.domain.facts import COUNTED, FACTS, Known
from modconsole.policy import lists as shared
from modconsole.policy.house import read_house
from modconsole.policy.items import LONGEST as LONGEST_ITEM
from modconsole.policy.jsonschema import schema
from modconsole.policy.lists import MOST as MOST_ITEMS
from modconsole.policy.load import LARGEST, MOST_FILES, load_folder, read_documents, without_repeated
from modconsole.policy.model import ACTIONS, CHANNELS, FIELDS, FOLDS, METHODS, STATUSES, House, Problem, Rule
from modconsole.policy.rule_doc import MOST_SELECTIONS
from modconsole.policy.vocabulary import (
    EXPECT,
    HISTORY,
    HISTORY_OPS,
    HOUSE,
    KEYS,
    METHODS_ABOUT,
    MODIFIERS,
    RUNG,
    TESTS,
)
from modconsole.policy.yaml_nodes import LONGEST as LONGEST_DOCUMENT

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "rules.md"
SCHEMA = DOCS / "rules.schema.json"
_BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```\n", re.DOTALL | re.MULTILINE)
_MISTAKES = re.compile(
    r"^```(?P<info>[^\n]* mistake)\n(?P<text>.*?)^```\n(?:\n```text said\n.*?^```\n)?", re.DOTALL | re.MULTILINE
)
_MADE = re.compile(r"^<!-- made: (?P<name>[a-z ]+) -->\n.*?^<!-- end -->\n", re.DOTALL | re.MULTILINE)


class Block(Struct, frozen=True):
    """A fenced block of the page: the words after its backquotes, and its text."""

    info: str
    text: str


def blocks(page: str, info: str) -> list[Block]:
    """The blocks of one kind."""
    return [Block(match["info"], match["text"]) for match in _BLOCK.finditer(page) if match["info"] == info]


def lists_of(page: str) -> dict[str, tuple[str, ...]]:
    """The lists that the page's examples share."""
    (in_yaml,) = blocks(page, "yaml lists.yaml")
    (in_lines,) = blocks(page, "text lists/shorteners.txt")
    written, notes = shared.from_yaml(in_yaml.text, "lists.yaml")
    written.append(shared.from_lines(in_lines.text, "lists/shorteners.txt", "shorteners"))
    found = shared.together(written)
    problems = shared.problems([*notes, written[-1].notes])
    if problems:
        raise ValueError(problems)
    return found


def rules_of(text: str, lists: dict[str, tuple[str, ...]]) -> tuple[list[Rule], list[Problem]]:
    """The rules of one block and the problems in it, also of ids that are there twice. There is no ladder in this house."""
    rules, problems = read_documents(text, "", lists, house=House())
    kept, again = without_repeated(rules)
    return kept, sorted([*problems, *again], key=lambda problem: (problem.line, problem.column))


def said(info: str, text: str, lists: dict[str, tuple[str, ...]]) -> list[Problem]:
    """What is said about a block of mistakes."""
    if info.startswith("yaml lists.yaml"):
        written, notes = shared.from_yaml(text, "")
        shared.together(written)
        return sorted(shared.problems(notes), key=lambda problem: (problem.line, problem.column))
    if info.startswith("yaml house.yaml"):
        return read_house(text, "")[1]
    return rules_of(text, {**lists, "brackets": ("a(b",)})[1]


def spell(problem: Problem, text: str) -> str:
    """A problem as the page shows it: beneath the line that it is about, at its column."""
    line = text.splitlines()[problem.line - 1].replace("\t", " ")
    words = f"{'Warning: ' if problem.warning else ''}{problem.words} {problem.hint}".rstrip()
    return f"{problem.line:3} | {line}\n    | {' ' * (problem.column - 1)}^ {words}"


def page(text: str) -> str:
    """The page with everything made that is made."""
    lists = lists_of(text)
    text = _MADE.sub(lambda match: _made(match["name"]), text)
    return _MISTAKES.sub(lambda match: _with_answer(match["info"], match["text"], lists), text)


def _made(name: str) -> str:
    return f"<!-- made: {name} -->\n\n" + "\n".join(PARTS[name]()) + "\n\n<!-- end -->\n"


def _with_answer(info: str, text: str, lists: dict[str, tuple[str, ...]]) -> str:
    lines = "".join(f"{spell(problem, text)}\n" for problem in said(info, text, lists))
    return f"```{info}\n{text}```\n\n```text said\n{lines}```\n"


def _table(head: str, rows: Mapping[Any, str]) -> Iterator[str]:
    yield f"| {head} | |"
    yield "| --- | --- |"
    for name, about in rows.items():
        yield f"| `{name}` | {about} |"


def _methods() -> Iterator[str]:
    for name, about in METHODS_ABOUT.items():
        words = "`, `".join(word for word, method in METHODS.items() if method == name)
        yield f"| `{words}` | {about} |"


def _facts() -> Iterator[str]:
    takes = {"flag": "true or false", "number": "a number", "span": "a length of time", "hours": "times of day"}
    yield "| fact | takes | what it says |"
    yield "| --- | --- | --- |"
    for name, known in FACTS.items():
        words = ", ".join(f"`{word}`" for word in known.words) or takes.get(known.kind, "words")
        yield f"| `{name}` | {words} | {known.about}{' ◷' if known.as_of_now else ''} |"


def _every_fact() -> Iterator[str]:
    yield "```yaml rule"
    yield "id: every-fact"
    yield "select:"
    yield "  facts:"
    for name, known in FACTS.items():
        yield f"    {name}{_op(known)}: {known.example}"
    yield "  in the value:"
    yield "    author messages: < 5"
    yield '    links: ">= 2"'
    yield "    author tags: [vip, friend]"
    yield "    ~answers us: true"
    yield "when: 1 of them"
    yield "do: [flag]"
    yield "```"


def _op(known: Known) -> str:
    return {"number": " (>=)", "span": " (<)"}.get(known.kind, "")


def _every_counter() -> Iterator[str]:
    yield "```yaml rule"
    yield "id: every-counter"
    yield "select:"
    yield "  a lot of everything:"
    yield "    history:"
    for counted, op in zip(COUNTED, HISTORY_OPS, strict=True):
        here = ", here: true" if counted == "duplicates" else ""
        yield f"      - {{count: {counted}, within: 24 hours, {op}: 5{here}}}"
    yield "  flood:"
    yield "    history: {count: messages, within: 10 minutes, more than: 5, here: true}"
    yield "when: any of them"
    yield "do: [flag]"
    yield "```"


def _actions() -> Iterator[str]:
    yield "| action | takes | |"
    yield "| --- | --- | --- |"
    for name, info in ACTIONS.items():
        takes = f"{info.value}{'' if info.required else ', if you like'}" if info.value else ""
        takes = takes or ("`{for: 7 days}`; without it, for good" if info.span else "–")
        yield f"| `{name}` | {takes} | {info.does}{' ●' if info.remote else ''} |"


def _limits() -> Iterator[str]:
    yield "| where | what is said |"
    yield "| --- | --- |"
    for name, make in LIMITS.items():
        for problem in make():
            yield f"| {name} | {problem.words} {problem.hint} |".replace("  |", " |")


def _folder(files: dict[str, bytes], prepare: Callable[[Path], object] = lambda path: None) -> tuple[Problem, ...]:
    """The problems of a folder with some files."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        for file, content in files.items():
            (path / file).parent.mkdir(exist_ok=True)
            (path / file).write_bytes(content)
        prepare(path)
        return load_folder(path).problems


_RULE = "id: a\nselect: {a: {body: free}}\ndo: [flag]\n"


def _of(text: str) -> list[Problem]:
    return read_documents(text, "")[1]


LIMITS: dict[str, Callable[[], Iterator[Problem] | list[Problem] | tuple[Problem, ...]]] = {
    "a file that is no text": lambda: _folder({"a.yaml": b"id: \xff"}),
    "a file that is too large": lambda: _folder({"a.yaml": b"#" * (LARGEST + 1)}),
    "a folder with the name of a file": lambda: _folder({}, lambda path: (path / "house.yaml").mkdir()),
    "a link that leads to itself": lambda: _folder({}, lambda path: (path / "a.yaml").symlink_to(path / "a.yaml")),
    "another file under `lists/`": lambda: _folder({"lists/words.yaml": b""}),
    "more files than are read": lambda: _folder({f"{number}.yaml": b"" for number in range(MOST_FILES + 1)}),
    "a list that is too long": lambda: _folder(
        {"lists/words.txt": "\n".join(map(str, range(MOST_ITEMS + 1))).encode()}
    ),
    "a document that is too long": lambda: _of(_RULE + "#" * LONGEST_DOCUMENT),
    "a zero byte": lambda: _of("id: a\0b"),
    "more problems than anybody reads": lambda: _of(_RULE + "".join(f"k{n}: 1\n" for n in range(101)))[100:],
    "more selections than a rule can have": lambda: _of(
        f"id: a\ndo: [flag]\nselect: {{{', '.join(f'a{n}: {{body: x}}' for n in range(MOST_SELECTIONS + 1))}}}"
    ),
    "a long name": lambda: _of(f"{_RULE}name: {'n' * 201}\n"),
    "a long item": lambda: _of(_RULE.replace("free", "f" * (LONGEST_ITEM + 1))),
    "a long `when`": lambda: _of(_RULE + "when: " + " and ".join("a" * 201)),
}
"""What cannot be shown in a block, since it is too large, or no text."""

PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "keys": lambda: _table("key", KEYS),
    "statuses": lambda: _table("status", STATUSES),
    "fields": lambda: _table("field", FIELDS),
    "methods": lambda: iter(["| method | the words are found |", "| --- | --- |", *_methods()]),
    "folds": lambda: _table("", {f"fold {name}": about for name, about in FOLDS.items()}),
    "channels": lambda: _table("channel", CHANNELS),
    "modifiers": lambda: _table("", MODIFIERS),
    "facts": _facts,
    "every fact": _every_fact,
    "counted": lambda: _table("`count`", COUNTED),
    "history": lambda: _table("key", HISTORY),
    "every counter": _every_counter,
    "actions": _actions,
    "tests": lambda: _table("key", TESTS),
    "expect": lambda: _table("key", EXPECT),
    "house": lambda: _table("key", HOUSE),
    "rung": lambda: _table("key", RUNG),
    "limits": _limits,
}


def written_schema() -> str:
    """The text of docs/rules.schema.json."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write both files, or with `--check` compare them."""
    made = page(PAGE.read_text("utf-8"))
    if "--check" in sys.argv[1:]:
        same = PAGE.read_text("utf-8") == made and SCHEMA.exists() and SCHEMA.read_text("utf-8") == written_schema()
        return int(not same)
    PAGE.write_text(made, "utf-8")
    SCHEMA.write_text(written_schema(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
