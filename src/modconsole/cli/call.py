"""One call of a command: on which database, and what is printed where.

With `--json` exactly one JSON document goes to standard output, in ASCII: whatever a stranger wrote is escaped, so that nothing
in it can act on a terminal. Narration and progress go to standard error, and only where that is a terminal. An error is a
sentence on standard error with or without `--json`; the exit code tells which kind.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from modconsole.cli.root import ReaderGone
from modconsole.config import paths
from modconsole.domain.query import duration
from modconsole.domain.safetext import for_terminal
from modconsole.domain.times import parse
from modconsole.errors import InputError, UsageError

if TYPE_CHECKING:
    from modconsole.desk.desk import Desk

PROGRESS_AFTER = 1.0
"""Seconds before a progress line appears: what is done sooner needs none."""


PROGRESS_EVERY = 0.1
"""Seconds between two states of the progress line."""

BAR = 24
"""Cells of a progress bar."""


class Call:
    """What a command gets besides its own options."""

    def __init__(self, db: str | None, *, as_json: bool) -> None:
        self.path = paths.database(db)
        self.as_json = as_json
        self.rules: str | None = None
        """The folder of rules that the call names; None for the usual one."""
        self._desk: Desk | None = None

    def desk(self, *, create: bool = False) -> Desk:
        """The desk at the database of this call. Raises `StoreError` where there is none, unless `create`."""
        if self._desk is None:
            from modconsole.desk.desk import Desk

            self._desk = Desk(self.path, create=create, rules=self.rules)
        return self._desk

    def close(self) -> None:
        """Let go of the database."""
        if self._desk is not None:
            self._desk.close()

    def document(self, value: Any) -> None:
        """Print the one JSON document."""
        click.echo(json_text(value))

    def say(self, text: str = "") -> None:
        """A line for people on standard output; nothing with `--json`."""
        if not self.as_json:
            click.echo(for_terminal(text))

    def narrate(self, text: str) -> None:
        """A remark that is no result: on standard error, and only where that is a terminal."""
        if sys.stderr.isatty():
            click.echo(for_terminal(text), err=True)

    def warn(self, text: str) -> None:
        """Something that must be heard, whoever listens: on standard error."""
        click.echo(for_terminal(text), err=True)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """A line on standard error that is drawn over while something long goes on; gone at the end."""
        shown = False
        last = began = time.monotonic()

        def tell(text: str) -> None:
            nonlocal shown, last
            now = time.monotonic()
            if sys.stderr.isatty() and now - began > PROGRESS_AFTER and (now - last >= PROGRESS_EVERY or not shown):
                sys.stderr.write(f"\r{for_terminal(text)}\x1b[K")
                sys.stderr.flush()
                shown, last = True, now

        try:
            yield tell
        finally:
            if shown:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()


def bar(done: int, total: int) -> str:
    """How much is done, as a bar and in per cent; empty where it is not known of how much."""
    if total <= 0:
        return ""
    share = min(1.0, done / total)
    return f"{'█' * int(share * BAR):░<{BAR}} {share:4.0%} "


def json_text(value: Any) -> str:
    """A JSON document in printable ASCII: letters of other scripts and every control character are escaped."""
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": "), allow_nan=False)


def json_pieces(head: dict[str, Any], key: str, items: Iterable[Any]) -> Iterator[str]:
    """The text of `{**head, key: [items…]}`, piece by piece."""
    yield json_text(head)[:-1] + (", " if head else "") + json_text(key) + ": ["
    for at, item in enumerate(items):
        yield (",\n " if at else "\n ") + json_text(item)
    yield "]}"


def command(name: str) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command of that name: adds `--db` and `--json`, and gives the function a `Call` first."""

    def wrap(function: Callable[..., int | None]) -> click.Command:
        def run(ctx: click.Context, /, db: str | None, as_json: bool, **options: Any) -> int:
            _check_words(options)
            call = Call(db if db is not None else ctx.find_root().obj, as_json=as_json)
            try:
                return function(call, **options) or 0
            except BrokenPipeError:
                raise ReaderGone from None
            finally:
                call.close()

        made: Callable[..., Any] = functools.update_wrapper(click.pass_context(run), function)
        made = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(made)
        made = click.option("--db", metavar="PATH", help="The database.")(made)
        return click.command(name)(made)

    return wrap


def _check_words(options: dict[str, Any]) -> None:
    """Words that are no UTF-8 cannot be the name of anything here."""
    for value in options.values():
        for word in value if isinstance(value, tuple) else (value,):
            if isinstance(word, str) and any("\ud800" <= char <= "\udfff" for char in word):
                raise UsageError("A word of this call is not UTF-8.")


class Moment(click.ParamType[int]):
    """A time, as an instant."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read RFC 3339."""
        try:
            return parse(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)


class Until(click.ParamType[tuple[str, int]]):
    """A time that is to come, or a length of time from now, as `(kind, microseconds)`."""

    name = "time or span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Read RFC 3339, or 30m, 8h, 3d."""
        if isinstance(value, tuple):
            return value
        span = duration(str(value))
        if span is not None:
            return ("span", span)
        try:
            return ("at", parse(str(value)))
        except InputError:
            self.fail(
                f"{value!r} is no time and no length of time. Write 30m, 8h, 3d, or 2026-11-21T22:10:00Z.", param, ctx
            )


NOW = click.option("--now", type=Moment(), metavar="TIME", help="Answer as of this time. Nothing is written.")


def read_text(value: str) -> str:
    """The text of `--text`: the words themselves, or standard input for `-`."""
    if value != "-":
        return value
    data: bytes = sys.stdin.buffer.read()
    try:
        return data.decode().rstrip("\n")
    except UnicodeDecodeError:
        raise InputError("The text on standard input is not UTF-8.") from None
