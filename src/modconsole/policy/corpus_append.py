"""Writing the copy of the texts: made, brought up to date, made anew.

Only one process appends at a time, under a lock that the system frees when the process ends, however it ends. What was written
counts once the manifest says so, and the manifest is replaced in one step after the files have reached the disk: a process that
dies at any instruction leaves what was good before. What it had begun lies beyond those lengths, and the next one cuts it off.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Final

import msgspec

from modconsole.policy.corpus import (
    FORMAT,
    NAMES,
    Feed,
    Manifest,
    Stamp,
    Stop,
    Told,
    View,
    Words,
    read_manifest,
    region,
)

PORTION: Final = 20_000
"""Messages that are written at once."""
CHECKED: Final = 32
"""So many of the last messages are compared with the database before anything is trusted."""
MASKED_AT_MOST: Final = 0.2
"""Share of replaced entries from which on everything is made anew; a thousand are always allowed."""
BY_SEARCH: Final = 16
"""So many changed messages are looked for one by one; for more, a table of all places is made."""
_POLL = 0.02


def renewed(folder: Path, mark: str, fold: Callable[[str], str], feed: Feed, told: Told, stop: Stop) -> Manifest | None:
    """Bring the files up to date, as the only one who does. None where it was stopped. Raises `OSError`s."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with _alone(folder, stop) as mine:
        if not mine:
            return None
        manifest = read_manifest(folder, mark)
        stamp = feed.stamp()
        if manifest is not None and manifest.up_to(stamp):
            return manifest
        if manifest is None or not _fits(folder, manifest, stamp, feed):
            number = _unused(folder)
            manifest = Manifest(format=FORMAT, fold=mark, database=stamp.database, number=number, change=stamp.change)
        with _files(folder, manifest) as files:
            found = _Append(folder, fold, manifest, files, feed, stamp, told, stop).run()
        _tidy(folder)
        return found


def _unused(folder: Path) -> int:
    """A number for files that nobody has used."""
    return max(map(_number, folder.iterdir()), default=0) + 1


def _number(path: Path) -> int:
    return int(path.suffix[1:]) if path.suffix[1:].isdigit() else 0


def _tidy(folder: Path) -> None:
    """Remove the files of other numbers. Whoever has them open keeps them until then."""
    try:
        current = msgspec.json.decode((folder / "manifest").read_bytes(), type=Manifest).number
    except (FileNotFoundError, msgspec.MsgspecError):
        return
    for path in folder.iterdir():
        if _number(path) not in (0, current):
            path.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path, stop: Stop) -> Iterator[bool]:
    """Hold the lock; False where it was stopped while somebody else did."""
    with _private(folder / "lock") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if stop():
                    yield False
                    return
                time.sleep(_POLL)
            else:
                break
        yield True


def _fits(folder: Path, manifest: Manifest, stamp: Stamp, feed: Feed) -> bool:
    """Whether the files are an earlier state of this database, as far as its last messages tell."""
    if manifest.database != stamp.database or manifest.last > stamp.last or manifest.change > stamp.change:
        return False
    if manifest.masked > max(MASKED_AT_MOST * manifest.count, 1000):
        return False
    view = View(folder, manifest)
    try:
        told: dict[int, tuple[str, str | None]] = {}
        for place in range(view.count - 1, max(-1, view.count - 1 - 4 * CHECKED), -1):
            if place not in view.masked and len(told) < CHECKED:
                told[view.rows[place]] = view.words(place)
    except (IndexError, UnicodeDecodeError):
        return False
    finally:
        view.close()
    now = {row: (text, title) for row, text, title, *_ in feed.bodies(list(told))}
    differ = [row for row, words in told.items() if now.get(row) != words]
    if not differ:
        return True
    return {row for _, row in feed.changed(manifest.change, 1 << 30)}.issuperset(differ)


@contextmanager
def _files(folder: Path, manifest: Manifest) -> Iterator[dict[str, int]]:
    """The files, cut to the manifest's lengths, for appending."""
    files = {}
    try:
        for name in NAMES:
            path = folder / f"{name}.{manifest.number}"
            files[name] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(files[name], manifest.size(name))
            os.lseek(files[name], 0, os.SEEK_END)
        yield files
    finally:
        for file in files.values():
            os.close(file)


class _Append:
    """One catching up: first what was changed, then what is new."""

    def __init__(
        self,
        folder: Path,
        fold: Callable[[str], str],
        manifest: Manifest,
        files: dict[str, int],
        feed: Feed,
        stamp: Stamp,
        told: Told,
        stop: Stop,
    ) -> None:
        self.folder = folder
        self.fold = fold
        self.manifest = manifest
        self.files = files
        self.feed = feed
        self.stamp = stamp
        self.told = told
        self.stop = stop

    def run(self) -> Manifest | None:
        """All of it, or None where it was stopped on the way."""
        if self.manifest.change < self.stamp.change:
            self._changes()
        while self.manifest.last < self.stamp.last:
            if self.stop():
                return None
            found = self.feed.since(self.manifest.last, PORTION)
            last = found[-1][0] if len(found) == PORTION else max(self.stamp.last, found[-1][0] if found else 0)
            self._add(found, last=last)
            self.told(self.manifest.last, self.stamp.last)
        if not self.manifest.count:
            self._commit()  # an empty database has a copy too
        return self.manifest

    def _changes(self) -> None:
        """Write changed texts again, and mask the entries that they had."""
        changed = self.feed.changed(self.manifest.change, 1 << 30)
        known = sorted({row for _, row in changed if row <= self.manifest.last})
        masked = array("Q", self._places(known))
        _write(self.files["masked"], masked)
        self.manifest = msgspec.structs.replace(
            self.manifest,
            masked=self.manifest.masked + len(masked),
            change=max((number for number, _ in changed), default=self.stamp.change),
        )
        self._add(self.feed.bodies(known), last=self.manifest.last)

    def _places(self, row_ids: Sequence[int]) -> list[int]:
        """Where the entries of these messages are that count by now."""
        view = View(self.folder, self.manifest)
        try:
            if len(row_ids) > BY_SEARCH:
                wanted = set(row_ids)
                found = {row: place for place, row in enumerate(view.rows) if row in wanted}
            else:
                found = {row: place for row in row_ids if (place := _last(view.rows, row)) is not None}
            return sorted(place for place in found.values() if place not in view.masked)
        finally:
            view.close()

    def _add(self, found: Sequence[Words], *, last: int) -> None:
        """Append messages, and say in the manifest that they are there."""
        fold = self.fold
        original = [region(text, title) for _, text, title, _, _ in found]
        folded = [region(fold(text), None if title is None else fold(title)) for _, text, title, _, _ in found]
        ends = list(accumulate(map(len, original), initial=self.manifest.original))
        folds = list(accumulate(map(len, folded), initial=self.manifest.folded))
        rows, _, _, talks, people = zip(*found, strict=True) if found else ((),) * 5
        _write(self.files["original"], b"".join(original))
        _write(self.files["folded"], b"".join(folded))
        columns = {"rows": rows, "ends": ends[1:], "folds": folds[1:], "talks": talks, "people": people}
        for name, numbers in columns.items():
            _write(self.files[name], array("Q", numbers))
        self.manifest = msgspec.structs.replace(
            self.manifest, last=last, count=self.manifest.count + len(found), original=ends[-1], folded=folds[-1]
        )
        self._commit()

    def _commit(self) -> None:
        """From now on, what was written counts."""
        for file in self.files.values():
            _flush(file)
        beside = self.folder / "manifest.new"
        with _private(beside, os.O_TRUNC) as file:
            _write(file, msgspec.json.encode(self.manifest))
            os.fsync(file)
        beside.replace(self.folder / "manifest")


@contextmanager
def _private(path: Path, flags: int = 0) -> Iterator[int]:
    """A file for writing that nobody else may read."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def _write(file: int, data: bytes | array[int]) -> None:
    left = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while left:
        left = left[os.write(file, left) :]


def _last(numbers: memoryview, wanted: int) -> int | None:
    """The last place of a number, or None."""
    data = bytes(numbers.cast("B"))
    sought = wanted.to_bytes(8, sys.byteorder)
    at = data.rfind(sought)
    while at >= 0 and at % 8:
        at = data.rfind(sought, 0, at + 7)
    return at // 8 if at >= 0 else None


_flush: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""Until the data is on the disk; macOS has no `fdatasync`."""
