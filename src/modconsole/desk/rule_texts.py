"""The text of a rule file while it is written: what is wrong with it, which of its examples do what they should, and what was
written and not yet saved.

A file holds one rule or several, each a YAML document; what the lab tries is the one that the cursor is in. Texts that were not
saved are kept in the database as drafts, one for each person and file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

from modconsole.desk import ruling
from modconsole.desk.desk import Desk
from modconsole.errors import InputError, NotFound
from modconsole.policy.model import Field, House, Problem, Rule, RuleSet, Status
from modconsole.store import journal
from modconsole.store.journal import Draft
from modconsole.sync import rulebook

__all__ = [
    "Checked",
    "Document",
    "Draft",
    "Field",
    "File",
    "House",
    "Problem",
    "Rule",
    "RuleSet",
    "Status",
    "Tried",
    "check",
    "document_at",
    "documents",
    "draft",
    "drafts",
    "drop_draft",
    "keep_draft",
    "new_file",
    "read_file",
    "save",
    "signature",
    "with_example",
]

NOWHERE: Final = ""
"""The source that drafts of rules are kept under: no source has an empty id."""

_MARK: Final = re.compile(r"---(\s|$)")


class Document(Struct, frozen=True):
    """One document of a file: its text, and the line on which it begins, from 1."""

    line: int
    text: str

    @property
    def last(self) -> int:
        """Its last line."""
        return self.line + self.text.count("\n") - self.text.endswith("\n")


class Tried(Struct, frozen=True):
    """An example of a rule, tried."""

    line: int
    text: str
    hit: bool
    """Whether it must hit; else it must miss."""
    ok: bool
    why: str


class Checked(Struct, frozen=True):
    """What a text says."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    tried: tuple[Tried, ...]

    def rule_at(self, document: Document) -> Rule | None:
        """The rule of a document; None where it cannot be used."""
        return next((rule for rule in self.rules if document.line <= rule.line <= document.last), None)


def documents(text: str) -> list[Document]:
    """The documents of a file, in order; at least one, which may be empty. `---` at the left edge begins one (YAML 1.2, 9.1)."""
    found: list[Document] = []
    begin, held = 1, list[str]()
    for number, each in enumerate(text.splitlines(keepends=True) or [""], 1):
        if _MARK.match(each) and "".join(held).strip():
            found.append(Document(begin, "".join(held)))
            begin, held = number, []
        held.append(each)
    return [*found, Document(begin, "".join(held))]


def document_at(text: str, line: int) -> Document:
    """The document that a line is in."""
    return next((each for each in reversed(documents(text)) if each.line <= line), documents(text)[0])


def check(text: str, path: str, rules: RuleSet) -> Checked:
    """Read a text, and try the examples of every rule in it. `rules` is the folder as it was read, for its lists."""
    from modconsole.policy import examples, load

    found, problems = load.read_documents(text, path, rules.lists)
    tried = [
        Tried(result.example.line, result.example.text, result.example.hit, result.ok, result.why)
        for rule in found
        for result in examples.run(rule)
    ]
    return Checked(tuple(found), tuple(problems), tuple(tried))


def with_example(text: str, line: int, example: str, *, hit: bool, field: Field = "body") -> str:
    """The text with one more example in the document that a line is in; everything else stays as it was written.

    Raises `InputError` where that document is so broken that nobody can tell where it would go.
    """
    from modconsole.policy import write

    found = document_at(text, line)
    before = text.splitlines(keepends=True)
    head, tail = before[: found.line - 1], before[found.line - 1 + len(found.text.splitlines()) :]
    return "".join([*head, write.with_example(found.text, example, hit, field), *tail])


# -- files --------------------------------------------------------------------------------------------------------------------


class File(Struct, frozen=True):
    """A file of the folder as it was read. `digest` is empty where there is none yet."""

    path: str
    text: str
    digest: str = ""


def signature(desk: Desk) -> object:
    """What changes when a file of the folder does; costs a look at the folder, and no file is read."""
    return rulebook.signature(desk.rules)


def read_file(desk: Desk, path: str) -> File:
    """A file of the folder, whole; an empty one where I have a draft of a file that was never saved, or has gone.

    Raises `NotFound` where there is neither, `InputError` where it is no text.
    """
    target = desk.rules / path
    if not target.exists() and draft(desk, path) is not None:
        return File(path, "")
    try:
        data = target.read_bytes()
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8.", hint="Save it as UTF-8 in your editor.") from None
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    return File(path, text, hashlib.sha256(data).hexdigest())


def new_file(desk: Desk, name: str) -> File:
    """The file of a rule that is not there yet: a text that explains itself, under a name that is free."""
    from modconsole.policy import write

    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:50] or "rule"
    taken = {state.id for state in ruling.listing(desk)} | {each.stem for each in desk.rules.glob("**/*.y*ml")}
    ident = next(each for each in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if each not in taken)
    return File(f"{ident}.yaml", write.new_rule(ident, name))


def save(desk: Desk, file: File, text: str) -> tuple[File, ruling.RuleState | None]:
    """Write the whole file, and give it and its rule as they stand then; no rule where none of it can be read.

    Raises `Conflict` where the file has changed since it was read, `InputError` where it cannot be written.
    """
    state: ruling.RuleState | None = None
    with suppress(NotFound):  # then it was written, and holds no rule that can be read
        state = ruling.save(desk, file.path, text, seen=file.digest)
    return read_file(desk, file.path), state


# -- drafts -------------------------------------------------------------------------------------------------------------------


def keep_draft(desk: Desk, path: str, text: str, *, seen: str = "") -> None:
    """Keep what I have written of a file, durably; an empty text lets it go. `seen` is the digest of the file that I began
    with."""
    kept = Draft(source=NOWHERE, message=path, by=desk.who, text=text, through=seen, saved_at=desk.now())
    journal.save_draft(desk.db, kept)


def draft(desk: Desk, path: str) -> Draft | None:
    """What I have written of a file and not saved."""
    return journal.draft(desk.db, NOWHERE, path, desk.who)


def drafts(desk: Desk) -> Sequence[Draft]:
    """All that I have written and not saved."""
    return journal.drafts_in(desk.db, NOWHERE, desk.who)


def drop_draft(desk: Desk, path: str) -> None:
    """Let my draft of a file go."""
    journal.drop_draft(desk.db, NOWHERE, path, desk.who)
