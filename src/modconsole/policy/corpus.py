"""A copy of all texts beside the database, laid out so that one rule is tried on a million of them in a blink.

`<database>.texts/` has, readable by its owner alone:

    original.N   the texts, UTF-8:  LF body LF FF, or LF body LF FE LF title LF FF where a message has a title of its own
    folded.N     the same, each part folded as `lookalike` does
    rows.N       the messages' row ids          (64 bits each, as all of these)
    ends.N       where each message ends in `original`
    folds.N      where each message ends in `folded`
    talks.N      row ids of their conversations
    people.N     row ids of their authors
    masked.N     places of entries that a later one replaces, or whose message is gone
    manifest     how far all of these are good, and which database they belong to; replaced in one step
    lock         held by whoever appends

FE and FF are in no UTF-8 text, so nothing that is looked for goes from one message into the next; each part stands on lines of
its own, so that `^` and `$` of several lines are where it begins and ends. Whoever finds something here may have found more than
a rule asks for, never less: the rule itself has to be asked about it.

Files only grow (`corpus_append`). Readers map no more than the manifest's lengths, so nobody pulls anything away from under them.
When the manifest does not fit the database (another one, an older state of it, another way of folding) everything is made anew
under the next number N.
"""

from __future__ import annotations

import mmap
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from modconsole.errors import StoreError

FORMAT: Final = 1
"""Of the layout. Another number, and everything is made anew."""
NAMES: Final = ("original", "folded", "rows", "ends", "folds", "talks", "people", "masked")
CHUNK: Final = 1 << 20
"""Bytes of original text that are looked through at once."""

Words = tuple[int, str, str | None, int, int]
"""Row id, plain text, own title, row ids of conversation and author (`store.texts.Body`)."""
Told = Callable[[int, int], None]
"""Called with how far it is, and how far it goes."""
Stop = Callable[[], bool]


class Stamp(Protocol):
    """How far a database has come (`store.texts.Stamp`)."""

    @property
    def database(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def change(self) -> int: ...


class Feed(Protocol):
    """Where the texts come from: what the store knows of them."""

    def stamp(self) -> Stamp:
        """How far it has come."""

    def since(self, row_id: int, limit: int) -> Sequence[Words]:
        """Messages stored after that one, in the order of row ids."""

    def changed(self, change: int, limit: int) -> Sequence[tuple[int, int]]:
        """(number of the change, row id) of texts changed after a change, in order."""

    def bodies(self, row_ids: Sequence[int]) -> Sequence[Words]:
        """These messages as they stand now, in the order of row ids; without those that are gone."""


class Manifest(Struct, frozen=True, kw_only=True):
    """How far the files are good, and what they belong to."""

    format: int
    fold: str
    database: int
    number: int
    """The N of the files' names."""
    last: int = 0
    change: int = 0
    count: int = 0
    original: int = 0
    folded: int = 0
    masked: int = 0

    def size(self, name: str) -> int:
        """Bytes of one of the files."""
        if name in ("original", "folded"):
            return int(getattr(self, name))
        return 8 * (self.masked if name == "masked" else self.count)

    def up_to(self, stamp: Stamp) -> bool:
        """Whether the database has come no further than this."""
        return (self.database, self.last, self.change) == (stamp.database, stamp.last, stamp.change)


class View:
    """All texts as they were when it was opened. Safe while others append; `close` lets go of the files.

    A *place* is the number of an entry, in the order in which entries were written: the latest stored messages, and those that
    were edited last, have the highest.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.count = manifest.count
        self._maps: list[mmap.mmap] = []
        self.original: mmap.mmap | bytes = self._map(folder, "original")
        self.folded = self._map(folder, "folded")
        self.rows = self._numbers(folder, "rows")
        self.ends = self._numbers(folder, "ends")
        self.folds = self._numbers(folder, "folds")
        self.talks = self._numbers(folder, "talks")
        self.people = self._numbers(folder, "people")
        self.masked: frozenset[int] = frozenset(self._numbers(folder, "masked"))

    def _map(self, folder: Path, name: str) -> mmap.mmap | bytes:
        size = self.manifest.size(name)
        if not size:
            return b""
        with (folder / f"{name}.{self.manifest.number}").open("rb") as file:
            found = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        self._maps.append(found)
        return found

    def _numbers(self, folder: Path, name: str) -> memoryview:
        return memoryview(self._map(folder, name)).cast("Q")

    def close(self) -> None:
        """Let go of the files."""
        for numbers in (self.rows, self.ends, self.folds, self.talks, self.people):
            numbers.release()
        for each in self._maps:
            try:
                each.close()
            except BufferError:  # somebody still looks at a part of it; it goes with them
                continue
        self._maps.clear()

    def __len__(self) -> int:
        """How many messages there are."""
        return self.count - len(self.masked)

    def words(self, place: int) -> tuple[str, str | None]:
        """Text and own title of an entry."""
        part = self.original[self.ends[place - 1] if place else 0 : self.ends[place]]
        body, split, title = part[1:-2].partition(b"\n\xfe\n")
        return body.decode(), title.decode() if split else None

    def chunks(self, size: int = CHUNK) -> Iterator[tuple[int, int]]:
        """(first place, place after the last) of stretches of about `size` bytes, the newest first."""
        past = self.count
        while past:
            end = self.ends[past - 1]
            first = bisect_right(self.ends, max(end - size, 0), 0, past) if end > size else 0
            first = min(first, past - 1)
            yield first, past
            past = first


class Corpus:
    """The copy in a folder. `fold` folds a text as `lookalike` does; `mark` names that way of folding with all it depends on."""

    def __init__(self, folder: Path, fold: Callable[[str], str], mark: str) -> None:
        self.folder = folder
        self.fold = fold
        self.mark = f"{mark} {sys.byteorder}"
        self._view: View | None = None

    def view(self, feed: Feed, *, told: Told | None = None, stop: Stop | None = None) -> View | None:
        """All texts as the database has them now, brought up to date first. None where `stop` said so before that was done; what
        was written by then is kept. The view belongs to the corpus: the next call may close it.

        Raises `StoreError` where the files cannot be written or read.
        """
        for last in (False, True):
            try:
                return self._look(feed, told or _nobody, stop or _never)
            except FileNotFoundError:  # somebody made everything anew in this very moment
                if last:
                    raise
            except OSError as error:
                raise StoreError(
                    f"The copy of the texts in {self.folder} cannot be used ({error.strerror}).",
                    hint="Rules are tried on it. Make room, or check who owns the folder.",
                ) from None
        return None

    def _look(self, feed: Feed, told: Told, stop: Stop) -> View | None:
        from modconsole.policy.corpus_append import renewed  # it knows this module

        manifest = read_manifest(self.folder, self.mark)
        if manifest is None or not manifest.up_to(feed.stamp()):
            manifest = renewed(self.folder, self.mark, self.fold, feed, told, stop)
            if manifest is None:
                return None
        if self._view is None or self._view.manifest != manifest:
            self.close()
            self._view = View(self.folder, manifest)
        return self._view

    def close(self) -> None:
        """Let go of the files."""
        if self._view is not None:
            self._view.close()
            self._view = None


def region(text: str, title: str | None) -> bytes:
    """How a message stands in a stream."""
    if title is None:
        return b"\n%b\n\xff" % text.encode()
    return b"\n%b\n\xfe\n%b\n\xff" % (text.encode(), title.encode())


def read_manifest(folder: Path, mark: str) -> Manifest | None:
    """What is in a folder, where it can be used; None otherwise."""
    try:
        found = msgspec.json.decode((folder / "manifest").read_bytes(), type=Manifest)
        if (found.format, found.fold) != (FORMAT, mark):
            return None
        sizes = {name: (folder / f"{name}.{found.number}").stat().st_size for name in NAMES}
    except (OSError, msgspec.MsgspecError):
        return None
    return found if all(sizes[name] >= found.size(name) for name in NAMES) else None


def _nobody(done: int, of: int) -> None:
    """Told to nobody."""


def _never() -> bool:
    """Not stopped."""
    return False
