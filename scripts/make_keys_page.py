"""Writes docs/keys.md from the key table. `--check` only says whether it is current (exit status 1 if not).

PYTHONPATH=src python scripts/make_keys_page.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from modconsole import keys

PAGE = Path(__file__).parents[1] / "docs" / "keys.md"

HEAD = """\
# Keys

Made from the key table by `scripts/make_keys_page.py`; do not edit it by hand. In the console, `?` shows the keys that work
where you are, and `:` finds a command by its name.

Every command has an id, and every key can be changed. Nothing needs two hands or a function key, and nothing that destroys is one
key without undo.

"""

TAIL = """\
## Your own keys

Write them into `settings.toml` in the folder of modconsole (`MODCONSOLE_HOME`, or the data folder of your system):

```toml
[keys]
"ask.reply" = "R"              # one key
"sync" = "ctrl+r"              # R was taken: it has to go elsewhere
"list.down" = ["J", "down"]    # several
"ask.tag" = []                 # none: `:` still finds it
```

A key is a character (`r`, `R`, `/`), a name (`enter`, `esc`, `tab`, `space`, `up`, `PgDn`, `home`, `f5`), or one of these with
`ctrl+`, `alt+` or `shift+` before it. The console does not start with keys that cannot work, and says what is wrong: an id that
does not exist, a key that would mean two things on one screen, a key that a terminal cannot tell from another (`ctrl+i` is
`tab`, `ctrl+m` is `enter`), or no key at all for what you could not do without (`quit`, `back`, `help`, `palette`).
"""

TITLES = {
    "global": "Everywhere",
    "list": "Lists",
    "ask": "The ask under the cursor",
    "queue": "Queue",
    "inbox rules sources outbox": "Inbox, rules, sources and outbox",
    "rules": "Rules",
    "rules lab-hits": "Rules, and the hits in the rule lab",
    "lab": "The text in the rule lab",
    "lab lab-hits": "The rule lab",
    "lab-hits": "The hits in the rule lab",
    "rule-hits": "What a rule hit",
    "rule-versions": "The versions of a rule",
    "rule-import": "Rules taken over from AutoModerator",
    "proposals": "What rules propose",
    "proposals rule-hits": "What rules hit and propose",
    "search": "Search",
    "sources": "Sources",
    "sources source": "Sources, and one source",
    "form": "Where questions are asked",
    "outbox": "Outbox",
    "conversation": "Conversation",
    "composer": "Writing a reply",
    "dialog": "Dialogs",
}


def code(key: str) -> str:
    """A key as Markdown; a bar would end the table's cell."""
    return f"`{keys.shown(key)}`".replace("|", "\\|")


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    groups: dict[str, list[keys.Command]] = {}
    for command in keys.COMMANDS:
        groups.setdefault(" ".join(command.where), []).append(command)
    for where, commands in groups.items():
        parts.append(
            f"## {TITLES.get(where, where.capitalize())}\n\n| key | id | what it does |\n| --- | --- | --- |\n"
        )
        for each in commands:
            pressed = ", ".join(map(code, each.keys)) or "(none)"
            parts.append(f"| {pressed} | `{each.id}` | {each.help} |\n")
        parts.append("\n")
    return "".join([*parts, TAIL])


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if "--check" in arguments:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        sys.stderr.write("docs/keys.md is not what the key table says: run scripts/make_keys_page.py.\n")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
