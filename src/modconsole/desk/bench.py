"""The bench that rules are tried on: all texts of a desk's database, and what else the trial asks for.

Made once and kept, a trial begins in a millisecond: the copy of the texts (`policy.corpus`, beside the database) is brought up to
date when it is looked at, and titles and names are read again only when the database has changed.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from modconsole import __version__
from modconsole.desk.desk import Desk
from modconsole.domain.facts import Question
from modconsole.policy import fold
from modconsole.policy.corpus import Corpus, Stop, Told, View, Words
from modconsole.policy.small import Small
from modconsole.store import facts, texts

FOLDER = ".texts"
"""Beside the database, its name with this ending."""


class Bench:
    """One desk's texts, for one thread. `close` lets go of the files."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.corpus = Corpus(texts_folder(desk), look, fold_mark())
        self._titles: tuple[tuple[int, int], Small] | None = None
        self._names: tuple[tuple[int, int], Small] | None = None

    def view(self, *, told: Told | None = None, stop: Stop | None = None) -> View | None:
        """All texts as they are now. None where it was stopped. Raises `StoreError`."""
        return self.corpus.view(self, told=told, stop=stop)

    def close(self) -> None:
        """Let go of the files."""
        self.corpus.close()

    # -- where the texts come from (`corpus.Feed`) ---------------------------------------------------------------------------

    def stamp(self) -> texts.Stamp:
        """How far the database has come."""
        return texts.stamp(self.desk.db)

    def since(self, row_id: int, limit: int) -> Sequence[Words]:
        """Messages stored after that one."""
        return texts.texts_since(self.desk.db, row_id, limit)

    def changed(self, change: int, limit: int) -> Sequence[tuple[int, int]]:
        """Texts changed after a change."""
        return texts.changed_since(self.desk.db, change, limit)

    def bodies(self, row_ids: Sequence[int]) -> Sequence[Words]:
        """These messages as they stand now."""
        return texts.bodies_of(self.desk.db, row_ids)

    # -- what is not in the copy (`backtest.Beyond`) -------------------------------------------------------------------------

    def titles(self) -> Small:
        """The titles of conversations."""
        version = self._version()
        if self._titles is None or self._titles[0] != version:
            self._titles = (version, Small(texts.titles(self.desk.db), look))
        return self._titles[1]

    def names(self) -> Small:
        """The names and handles of people."""
        version = self._version()
        if self._names is None or self._names[0] != version:
            self._names = (version, Small(_each(texts.names(self.desk.db)), look))
        return self._names[1]

    def _version(self) -> tuple[int, int]:
        """Changes with what others wrote, and with what this connection did."""
        return self.desk.version(), self.desk.db.conn.total_changes

    def called(self, ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
        """Title, name and handle of messages."""
        return texts.about(self.desk.db, ids)

    def ask(self, question: Question, ids: Sequence[int]) -> set[int]:
        """Of messages, those for which a question holds."""
        return facts.ask(self.desk.db, question, ids, self.desk.now())


def texts_folder(desk: Desk) -> Path:
    """Where the copy of the texts is."""
    return desk.path.with_suffix(FOLDER)


def look(text: str) -> str:
    """A text as the copy has it folded."""
    return fold.fold_text(text, "lookalike")


def fold_mark() -> str:
    """Names the way of folding with all that it depends on: another version of it needs another copy."""
    digest = hashlib.sha256(f"{unicodedata.unidata_version} {__version__}".encode())
    for name in ("fold", "_lookalikes"):
        source = Path(fold.__file__).with_name(f"{name}.py")
        if source.is_file():
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _each(names: Iterable[tuple[int, str, str]]) -> Iterable[tuple[int, str]]:
    for number, name, handle in names:
        yield from ((number, each) for each in (name, handle) if each)
