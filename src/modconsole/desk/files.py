"""Import and export of files in the exchange format.

An import looks at a file twice. The first pass decodes every line and stores nothing, so that a file with an error is refused
whole; the second stores the records in batches of one transaction each, so that memory does not grow with the file, and so that
an import which is interrupted at any moment is completed by importing the same file again.
"""

from __future__ import annotations

import filecmp
import gc
import gzip
import io
import itertools
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast

from msgspec import Struct

from modconsole.desk.desk import Desk
from modconsole.domain.exchange import LineError, decode, encode
from modconsole.domain.query import read
from modconsole.domain.records import Identity, Record, Source
from modconsole.errors import InputError
from modconsole.store import export as store_export
from modconsole.store import places
from modconsole.store.db import Db
from modconsole.store.ingest import Counts, Ingest

BATCH = 20_000
"""Records in one transaction."""
SHOWN_ERRORS = 20
"""Errors of one file that are told in full; of the rest the number."""
_FIRST = 1_000
"""Source records of a file that go in before everything else; a file with more is no description of sources."""
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"

Progress = Callable[[Literal["checking", "importing"], str, int, int, int], None]
"""Told what is done, to which file, with how many records and bytes so far, and of how many bytes (0: not known)."""


class BadLine(Struct, kw_only=True):
    """A line that is no record: where it is, which key is wrong, and what was expected."""

    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.key}: {self.problem}" if self.key else f"line {self.line}: {self.problem}"


class IdentityChange(Struct, kw_only=True):
    """A source of which other authors are us than before, and how many asks that changed."""

    source: str
    asks_changed: int


class FileReport(Struct, kw_only=True):
    """What became of one file."""

    file: str
    counts: Counts
    errors: list[BadLine]
    """The first of them; `counts.bad` is how many there are."""
    bad_lines: str | None = None
    """The file that the bad lines were written to, where the rest was imported."""
    identities: list[IdentityChange]

    @property
    def refused(self) -> bool:
        """Whether nothing of it was imported because of its errors."""
        return self.counts.bad > 0 and self.bad_lines is None


def import_files(
    desk: Desk, files: Iterable[Path | BinaryIO], *, skip_bad: bool = False, progress: Progress | None = None
) -> list[FileReport]:
    """Import files; standard input may be among them as an open binary stream.

    A file with errors is refused whole, and the others are imported, unless `skip_bad`. Raises `InputError` for a file that
    cannot be read.
    """
    told = progress or (lambda *_: None)
    reports: list[FileReport] = []
    with _opened(files) as inputs, bulk(desk) as db:
        for source in inputs:
            scanned = source.scan(skip_bad, told)
            report = FileReport(
                file=source.name,
                counts=Counts(bad=scanned.bad),
                errors=scanned.errors,
                bad_lines=scanned.bad_lines,
                identities=[],
            )
            if not report.refused:
                _load(desk, db, source, scanned, report, told)
            reports.append(report)
    return reports


def export(desk: Desk, query: str = "") -> Generator[bytes, None, None]:
    """The lines of everything, or of the conversations in which an ask matches the query; each with its end."""
    for record in store_export.export(desk.db, read(query), desk.now()):
        yield encode(record) + b"\n"


# -- reading ---------------------------------------------------------------------------------------------------------------


class _Scanned(Struct):
    """What the first pass found."""

    bad: int
    errors: list[BadLine]
    sources: list[Source]
    bad_lines: str | None


class _Input:
    """One file, plain or compressed, that can be read from its beginning twice."""

    def __init__(self, name: str, raw: BinaryIO, beside: Path) -> None:
        self.name, self.raw, self.beside = name, raw, beside
        self.size = os.fstat(raw.fileno()).st_size
        self.packed = raw.read(2) == _GZIP

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Numbered lines that hold something. Raises `InputError` where the file cannot be read to its end."""
        self.raw.seek(0)
        stream = io.BufferedReader(gzip.GzipFile(fileobj=self.raw), 1 << 20) if self.packed else self.raw
        number = 0
        try:
            for number, line in enumerate(stream, start=1):
                if number == 1 and line.startswith(_BOM):
                    line = line[len(_BOM) :]
                if line.isspace() or not line:
                    continue
                yield number, line
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            if isinstance(error, EOFError | gzip.BadGzipFile):
                raise InputError(
                    f"{self.name}, after line {number}: the compressed data is damaged or cut off.",
                    hint="Get the file again; nothing of it was imported.",
                ) from None
            raise InputError(f"{self.name} cannot be read: {error.strerror or error}.") from None

    def scan(self, skip_bad: bool, told: Progress) -> _Scanned:
        """Decode every line. With `skip_bad` the bad ones are copied into a file beside this one."""
        found = _Scanned(0, [], [], None)
        bad_lines = _BadLines(self.beside, self.name) if skip_bad else None
        at = number = 0
        try:
            for number, line in self.lines():
                at += 1
                if at % BATCH == 0:
                    told("checking", self.name, at, self.raw.tell(), self.size)
                try:
                    record = decode(line)
                except LineError as error:
                    found.bad += 1
                    if found.bad <= SHOWN_ERRORS:
                        found.errors.append(BadLine(line=number, key=error.key, problem=error.problem))
                    if bad_lines is not None:
                        bad_lines.add(line)
                    continue
                if isinstance(record, Source) and len(found.sources) <= _FIRST:
                    found.sources.append(record)
            if bad_lines is not None:
                found.bad_lines = bad_lines.keep()
        finally:
            if bad_lines is not None:
                bad_lines.drop()
        if len(found.sources) > _FIRST:
            found.sources.clear()
        return found


class _BadLines:
    """Bad lines on their way into a file beside the one they are from. Never replaces a file with other content."""

    def __init__(self, beside: Path, name: str) -> None:
        self.beside, self.name = beside, name
        self.file: IO[bytes] | None = None

    def add(self, line: bytes) -> None:
        """Put a line aside. Raises `InputError` where no file can be written there."""
        if self.file is None:
            try:
                self.file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - kept open from line to line
                    dir=self.beside.parent, prefix=f".{self.beside.name}-", delete=False
                )
            except OSError as error:
                raise InputError(
                    f"{self.name} has bad lines, and they cannot be written beside it: {error.strerror}.",
                    hint="Copy the file to a folder that you can write to. Nothing of it was imported.",
                ) from None
        self.file.write(line if line.endswith(b"\n") else line + b"\n")

    def keep(self) -> str | None:
        """Give the file its name, and say it; None where there were no bad lines."""
        if self.file is None:
            return None
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        for count in itertools.count(1):
            path = self.beside.with_name(f"{self.beside.name}.bad{f'-{count}' if count > 1 else ''}.jsonl")
            if path.exists() and filecmp.cmp(path, self.file.name, shallow=False):
                return str(path)
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                os.replace(self.file.name, path)
                return str(path)
        return None

    def drop(self) -> None:
        """Remove what has no name of its own."""
        if self.file is not None:
            self.file.close()
            Path(self.file.name).unlink(missing_ok=True)


@contextmanager
def _opened(files: Iterable[Path | BinaryIO]) -> Iterator[list[_Input]]:
    """All inputs, open, so that a name that is wrong is found before anything is imported."""
    inputs: list[_Input] = []
    try:
        for file in files:
            if isinstance(file, Path):
                try:
                    raw = file.open("rb")
                    inputs.append(_Input(str(file), raw if raw.seekable() else _spooled(raw), file))
                except OSError as error:
                    raise InputError(f"{file} cannot be read: {error.strerror or error}.") from None
            else:
                inputs.append(_Input("standard input", _spooled(file), Path("standard-input")))
        yield inputs
    finally:
        for each in inputs:
            each.raw.close()


def _spooled(stream: BinaryIO) -> BinaryIO:
    """A stream as a private file without a name: both passes must see the same."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the inputs
    while piece := stream.read(1 << 20):
        file.write(piece)
    file.seek(0)
    return cast("BinaryIO", file)


# -- storing ---------------------------------------------------------------------------------------------------------------


@contextmanager
def bulk(desk: Desk) -> Iterator[Db]:
    """A connection for much at once; what it wrote is durable at the end. Rules judge what comes, and do nothing about it.

    The garbage collector is off meanwhile: records hold no circles, and looking for some in millions of objects takes a fifth of
    an import's time.
    """
    from modconsole.sync.judging import Judging  # most who read this file import nothing

    collecting = gc.isenabled()
    gc.disable()
    try:
        with Db(desk.path, bulk=True) as db:
            judging = Judging(desk.rules, undo_delay=desk.undo_delay, acts=False)
            judging.attach(db, desk.now())
            try:
                yield db
            finally:
                judging.leave(db, desk.now())
                db.settle()
    finally:
        if collecting:
            gc.enable()


def _load(desk: Desk, db: Db, source: _Input, scanned: _Scanned, report: FileReport, told: Progress) -> None:
    """The second pass. Descriptions of sources go in first, so that everything after them is judged once."""
    ingest = Ingest(db)
    for described in scanned.sources:
        before = _identities(db, described.id)
        changed = ingest.asks_changed
        report.counts.add(ingest.batch([described], desk.now()))
        if before is not None and before != _identities(db, described.id):
            report.identities.append(IdentityChange(source=described.id, asks_changed=ingest.asks_changed - changed))
    batch: list[Record] = []
    done = 0
    for _, line in source.lines():
        try:
            record = decode(line)
        except LineError:
            continue  # the first pass has told of it, and put it aside
        if isinstance(record, Source) and scanned.sources:
            continue
        batch.append(record)
        if len(batch) == BATCH:
            done += len(batch)
            report.counts.add(ingest.batch(batch, desk.now()))
            batch.clear()
            told("importing", source.name, done, source.raw.tell(), source.size)
    if batch:
        report.counts.add(ingest.batch(batch, desk.now()))
        told("importing", source.name, done + len(batch), source.size, source.size)


def _identities(db: Db, source: str) -> list[Identity] | None:
    """Who is us on a source; None where the source is not there or nobody has described it."""
    found = next((row for row in places.sources(db) if row.id == source), None)
    return found.identities if found is not None and found.platform else None
