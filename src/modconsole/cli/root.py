"""The command `modconsole` itself: its subcommands by name, and what becomes of errors."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from modconsole import __version__
from modconsole.domain.safetext import for_terminal
from modconsole.errors import ModConsoleError

COMMANDS: dict[str, tuple[str, str]] = {
    "waiting": ("looking", "Who is waiting, in queue order."),
    "why": ("looking", "Why somebody waits, or does not: the proof."),
    "inbox": ("looking", "All conversations, newest first."),
    "search": ("looking", "Messages that hold all the words."),
    "journal": ("looking", "What we did, newest first."),
    "reply": ("acting", "Reply to a message."),
    "close": ("acting", "Close an ask without a reply."),
    "snooze": ("acting", "Put an ask out of sight for a time, or until they write."),
    "unsnooze": ("acting", "Bring a snoozed ask back."),
    "reopen": ("acting", "Say that an answer or a closing was not enough."),
    "claim": ("acting", "Say that you take an ask on."),
    "release": ("acting", "Let go of a claim."),
    "assign": ("acting", "Give an ask to somebody."),
    "promise": ("acting", "Make a reply of ours a holding reply, with a date."),
    "note": ("acting", "Write an internal note."),
    "tag": ("acting", "Put tags on an ask."),
    "untag": ("acting", "Take tags off an ask."),
    "link": ("acting", "Link the direct message that answers an ask."),
    "acts": ("moderating", "What can be done to a message, its author and its place, and what was done."),
    "moderate": ("moderating", "Act on a message, a person or a conversation, on its platform."),
    "rules": ("rules", "The rules of the house: what they are, what they would do, what they did."),
    "strikes": ("strikes", "Strikes against members, and what follows from them."),
    "appeals": ("appeals", "Members who say that we were wrong."),
    "undo": ("acting", "Take back your last act, or a certain one."),
    "sync": ("syncing", "Bring in what is new, and send what is due."),
    "sweep": ("syncing", "The nightly reply sweep: sync, walk, receipt."),
    "outbox": ("syncing", "What is on its way: replies, and acts that cannot be taken back."),
    "receive": ("receiving", "Take signed deliveries of exchange records from custom platforms."),
    "sources": ("sources", "The places that are looked after."),
    "import": ("files", "Import files in the exchange format."),
    "export": ("files", "Write records in the exchange format."),
    "verify": ("files", "Recompute everything from nothing and compare."),
    "demo": ("console", "Try the console on a made-up community, or on real messages."),
    "keys": ("console", "The keys of the console."),
}
"""Name → the module it is in, and what it does in one line."""


class ReaderGone(Exception):
    """Whoever read our output has closed it. A type of our own, since click turns a broken pipe into exit code 1."""


class Lazy(click.Group):
    """A group that imports a command when it is called, and lists all of them without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, imported now."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        module = importlib.import_module(f"modconsole.cli.{found[0]}")
        command = getattr(module, f"{cmd_name}_")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--db", metavar="PATH", help="The database. Default: MODCONSOLE_DB, else modconsole.db in MODCONSOLE_HOME."
)
@click.version_option(__version__, prog_name="modconsole")
@click.pass_context
def modconsole(ctx: click.Context, db: str | None) -> None:
    """Moderate from the terminal, and prove that nobody is left without a reply.

    Without a command the console opens.
    """
    ctx.obj = db
    if ctx.invoked_subcommand is None:
        from modconsole.cli.console import open_console

        ctx.exit(open_console(db))


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter shows its number
    code = run(sys.argv[1:] if args is None else args)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _reader_gone()
    sys.exit(code)


def run(args: list[str]) -> int:
    """Run one call and give its exit code; errors are told on standard error."""
    try:
        result: Any = modconsole.main(args, prog_name="modconsole", standalone_mode=False)
    except click.ClickException as error:
        _tell(error.format_message(), getattr(error, "ctx", None))
        return 64
    except ModConsoleError as error:
        _tell(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped.", err=True)
        return 130
    except ReaderGone:
        return _reader_gone()
    return result if isinstance(result, int) else 0


def _tell(message: str, ctx: click.Context | None = None) -> None:
    click.echo(for_terminal(f"modconsole: {message}"), err=True)
    if ctx is not None:
        click.echo(f"`{ctx.command_path} --help` shows how.", err=True)


def _reader_gone() -> int:
    """The reader of our output has closed it. What the interpreter would still flush at its end goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
