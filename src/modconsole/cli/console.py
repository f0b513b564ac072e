"""The console, the demo, and the list of keys."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modconsole.cli.call import Call, bar, command
from modconsole.config import paths
from modconsole.errors import InputError

if TYPE_CHECKING:
    from modconsole.desk.desk import Desk


def open_console(db: str | None) -> int:
    """The console on a database, which is made where there is none."""
    from modconsole.desk.desk import Desk

    path = paths.database(db)
    if not path.exists() and path == paths.home() / paths.DATABASE_NAME:
        paths.private_folder(path.parent)
    return _run(Desk(path), paths.home())


def _run(desk: Desk, home: Path) -> int:
    from modconsole import app
    from modconsole.desk import beside, sweep

    try:
        return app.run(
            desk,
            background=beside.background(desk, log=paths.logs() / "sync.log"),
            sync_now=lambda source: sweep.ask_for_sync(desk, source),
            home=home,
        )
    finally:
        desk.close()


@command("demo")
@click.option("--real", is_flag=True, help="258,145 real direct messages, from the package chitchat-dataset.")
@click.option("--keep", metavar="PATH", help="Keep the demo's database in this file; go on with it where it is there.")
@click.option("--no-console", is_flag=True, help="Print who is waiting instead of opening the console.")
def demo_(call: Call, real: bool, keep: str | None, no_console: bool) -> int:
    """Try the console on a made-up community, or on real messages.

    There is no account and no network, and nothing is touched but a database of the demo's own. New messages arrive as it runs.
    """
    from modconsole.desk.desk import Desk

    with _place(keep) as path:
        fresh = not path.exists()
        desk = Desk(path, rules=path.with_suffix(".rules"))  # its own, whatever MODCONSOLE_RULES says
        try:
            if fresh:
                _fill(call, desk, real)
            if no_console or call.as_json:
                return _print(call, path)
            return _run(desk, paths.home())
        finally:
            desk.close()


def _fill(call: Call, desk: Desk, real: bool) -> None:
    from modconsole.desk import demo

    call.narrate("Reading 258,145 messages …" if real else "Setting up the demo …")
    if real:
        with call.progress() as tell:
            demo.fill_real(desk, lambda done, of: tell(f"{bar(done, of)}{done:,} of {of:,} records"))
    else:
        demo.fill(desk)


@contextlib.contextmanager
def _place(keep: str | None) -> Iterator[Path]:
    """Where the demo's database is: a folder that goes away, unless it is to be kept."""
    if keep is not None:
        path = Path(keep).expanduser().absolute()
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent}.")
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="modconsole-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / paths.DATABASE_NAME


def _print(call: Call, path: Path) -> int:
    from modconsole.cli.looking import print_queue

    shown = Call(str(path), as_json=call.as_json)
    try:
        return print_queue(shown)
    finally:
        shown.close()


@command("keys")
def keys_(call: Call) -> int:
    """The keys of the console."""
    from modconsole import keys
    from modconsole.cli import people

    if call.as_json:
        document = [
            {"id": each.id, "keys": list(each.keys), "where": list(each.where), "does": each.help}
            for each in keys.COMMANDS
        ]
        call.document({"commands": document})
        return 0
    people.table(
        ("keys", "where", "id", "does"),
        [(" ".join(map(keys.shown, each.keys)), " ".join(each.where), each.id, each.help) for each in keys.COMMANDS],
    )
    return 0
