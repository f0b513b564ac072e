"""Writes docs/commands.md from the commands themselves. `--check` only says whether it is current (exit status 1 if not).

PYTHONPATH=src python scripts/make_commands_page.py
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from modconsole.cli.root import modconsole

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

HEAD = """\
# Commands

Made from the commands by `scripts/make_commands_page.py`; do not edit it by hand. `modconsole COMMAND --help` says the
same.

    modconsole [COMMAND] [--db PATH] [--json]

Without a command the console opens. What a key does there, a command does here, through the same functions.

**Which database.** `--db PATH`, else `MODCONSOLE_DB`, else `modconsole.db` in `MODCONSOLE_HOME`, which is the data folder of
your system unless it is set; settings and logs are there too. You act as `MODCONSOLE_USER`, or under your login name.

**What is printed.** Text for people. With `--json`, exactly one JSON document on standard output and nothing else there; it is
plain ASCII, with everything else escaped, so that nothing that somebody wrote can act on your terminal. Narration and progress
go to standard error, and only where that is a terminal. An error is a sentence on standard error, with `--json` too.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | done, and the answer is no: `verify` found a difference, `sweep` somebody past the target, `search` nothing |
| 2 | it could not be done, or (`sweep`) it cannot be said |
| 64 | the words of the call are wrong |
| 130, 141 | stopped with Ctrl-C; the reader of the output went away |

**Times** are written as `2026-11-21T22:10:00Z`, with an offset or `Z`; `--until` and `--since` also take a length of time:
`30m`, `8h`, `3d`, `2w`. `--now TIME` on `waiting`, `why`, `sweep` and `verify` answers as of another time; it hides no record
and writes nothing.

**Queries** are the console's: `is:waiting from:@ann in:blog older:8h tag:bug badge:new rule:no-ads "exact words"`; a minus
before a term says not.

**Ids.** An act names a source and a message, as `waiting` and `inbox` show them, and is an act on the ask of that message's
author in its thread, *through* that message: what came after it stays open. It answers with its own id, for
`modconsole undo ID`.

"""


def commands(group: click.Group, path: str, ctx: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    """All commands in their order, with the words that call them."""
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        words = f"{path} {name}"
        inner = click.Context(found, info_name=name, parent=ctx)
        if isinstance(found, click.Group):
            yield from commands(found, words, inner)
        else:
            yield words, found, inner


def options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """The rows of the table of options."""
    for each in command.get_params(ctx):
        told = each.get_help_record(ctx) if isinstance(each, click.Option) else None
        if told is not None and "--help" not in each.opts and each.name not in ("db", "as_json"):
            name, text = (part.replace("|", "\\|").replace("; x>=1]", "]").replace("  [x>=1]", "") for part in told)
            yield f"| `{name}` | {text} |\n"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    root = click.Context(modconsole, info_name="modconsole")
    for words, command, ctx in commands(modconsole, "modconsole", root):
        usage = " ".join(piece for piece in command.collect_usage_pieces(ctx) if piece != "[OPTIONS]")
        parts.append(f"## `{words}`\n\n    {words} {usage}".rstrip() + "\n\n")
        parts.append(inspect.cleandoc(command.help or "") + "\n\n")
        rows = "".join(options(command, ctx))
        if rows:
            parts.append(f"| option | |\n| --- | --- |\n{rows}\n")
    return "".join(parts).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if "--check" in arguments:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
            return 0
        sys.stderr.write("docs/commands.md is not what the commands say: run scripts/make_commands_page.py.\n")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
