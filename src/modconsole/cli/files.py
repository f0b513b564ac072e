"""`import`, `export`, `verify`."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from modconsole.cli.call import NOW, Call, bar, command
from modconsole.errors import InputError

if TYPE_CHECKING:
    from modconsole.desk.files import FileReport


@command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--strict/--skip-bad", default=True, help="Refuse a file with errors (default), or import what is right.")
def import_(call: Call, files: tuple[str, ...], strict: bool) -> int:
    """Import files in the exchange format.

    FILE is JSON Lines, plain or compressed with gzip, or - for standard input. Importing a file again changes nothing, so an
    import that was interrupted is completed by running it again.
    """
    from modconsole.desk.files import import_files

    inputs: list[Path | BinaryIO] = [
        cast("BinaryIO", sys.stdin.buffer) if name == "-" else Path(name) for name in files
    ]
    if files.count("-") > 1:
        raise click.UsageError("Standard input can be read once only.")
    with call.progress() as tell:

        def told(what: str, name: str, records: int, at: int, size: int) -> None:
            tell(f"{bar(at, size)} {what} {name}: {records:,} records")

        try:
            reports = import_files(call.desk(create=True), inputs, skip_bad=not strict, progress=told)
        except KeyboardInterrupt:
            call.narrate("Stopped. What was imported stays; importing again completes it.")
            raise
    _report(call, reports)
    return 2 if any(report.refused for report in reports) else 0


def _report(call: Call, reports: list[FileReport]) -> None:
    names = ("records", "new", "changed", "unchanged", "bad")
    totals = {name: sum(getattr(report.counts, name) for report in reports) for name in names}
    for report in reports:
        _errors(call, report)
    if call.as_json:
        document: dict[str, Any] = {**totals, "files": [_file(report, names) for report in reports]}
        call.document(document)
        return
    for report in reports:
        for change in report.identities:
            call.say(f"{change.source}: other people are us than before; {change.asks_changed:,} asks changed.")
    call.say(", ".join(f"{totals[name]:,} {name}" for name in names))


def _file(report: FileReport, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "file": report.file,
        **{name: getattr(report.counts, name) for name in names},
        "errors": [{"line": bad.line, "key": bad.key or None, "problem": bad.problem} for bad in report.errors],
        "bad_lines": report.bad_lines,
        "identities": [{"source": each.source, "asks_changed": each.asks_changed} for each in report.identities],
    }


def _errors(call: Call, report: FileReport) -> None:
    """Each error with file, line and key; the first ones in full, then how many more."""
    for bad in report.errors:
        call.warn(f"{report.file}, {bad}")
    more = report.counts.bad - len(report.errors)
    if more:
        call.warn(f"{report.file}: {more:,} more lines are wrong.")
    if report.refused:
        call.warn(
            f"{report.file}: {report.counts.bad:,} bad {'lines' if report.counts.bad > 1 else 'line'}; nothing of it was"
            " imported. Mend it, or use --skip-bad to import the rest."
        )
    elif report.bad_lines is not None:
        call.warn(f"{report.file}: {report.counts.bad:,} bad lines were written to {report.bad_lines}")


_HIDDEN = re.compile(r"[^\x20-\x7e]")


@command("export")
@click.argument("query", nargs=-1)
@click.option("-o", "--output", metavar="FILE", help="Write to this file instead of standard output.")
def export_(call: Call, query: tuple[str, ...], output: str | None) -> int:
    """Write records in the exchange format.

    With QUERY, the conversations in which an ask matches it, whole. Importing the records into an empty database gives the same
    answers. With --json they are one JSON document, a list, instead of one line each.
    """
    from modconsole.desk import files

    lines = files.export(call.desk(), " ".join(query))
    if output is None:
        with contextlib.closing(lines):
            _write(cast("BinaryIO", sys.stdout.buffer), lines, call.as_json)
        return 0
    try:
        handle = os.open(
            output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )  # private messages are nobody else's to read
        with os.fdopen(handle, "wb") as file:
            _write(file, lines, call.as_json)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}.") from None
    return 0


def _write(out: BinaryIO, lines: Iterable[bytes], as_json: bool) -> None:
    if not as_json:
        for each in lines:
            plain = each[:-1].isascii() and b"\x7f" not in each
            out.write(each if plain else escaped(each.decode()[:-1]).encode() + b"\n")
    else:
        out.write(b"[")
        for at, each in enumerate(lines):
            out.write((b",\n" if at else b"") + _HIDDEN.sub(_escape, each.decode()[:-1]).encode())
        out.write(b"]\n")
    out.flush()


def escaped(text: str) -> str:
    """JSON text in which no control, format or other unprintable character stands as itself; letters stay letters."""
    if text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: found[0] if found[0].isprintable() else _escape(found), text)


def _escape(found: re.Match[str]) -> str:
    """A character as JSON spells it in ASCII: one or two units of UTF-16."""
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2]):04x}" for at in range(0, len(units), 2))


@command("verify")
@NOW
def verify_(call: Call, now: int | None) -> int:
    """Recompute everything from nothing and compare.

    Exit code 1 and the differences, if there are any.
    """
    from modconsole.desk import documents

    with call.progress() as tell, documents.moment(call.desk(), now) as desk:
        found, document = documents.verified(
            desk, lambda at, total: tell(f"{bar(at, total)} verifying {total:,} conversations")
        )
    if call.as_json:
        call.document(document)
    else:
        for each in found:
            call.say(f"{each.where}: {each.what}\n  stored   {each.stored}\n  derived  {each.derived}")
        call.say(f"{len(found):,} differences." if found else "All answers follow from what is stored.")
    return 1 if found else 0
