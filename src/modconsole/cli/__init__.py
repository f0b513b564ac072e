"""The command line: what a key can do, a command can do, through the same functions of the desk.

- `call`      one call: the database, what is printed where, errors and exit codes
- `people`    tables and lists for people, every text through the gate
- `files`     import, export, verify
- `looking`   waiting, why, inbox, search, journal
- `acting`    reply, close, snooze, … and undo
- `sources`   sources and their identities
- `syncing`   sync, sweep, outbox
- `rules`     the rules of the house, in `rule_…` modules by what they are about
- `strikes`   strikes; `appeals`
- `console`   the console, the demo, keys

A command's module is imported when the command is called; `modconsole --help` and the start of the console load none of them.

Exit codes: 0 done; 1 done, and the answer is "no"; 2 it could not be done, or cannot be said; 64 the call's words are wrong;
130 stopped with Ctrl-C; 141 the reader of our output went away.
"""

from __future__ import annotations

from modconsole.cli.root import main, modconsole

__all__ = ["main", "modconsole"]
