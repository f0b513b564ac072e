"""The one table of commands: what can be done, with which keys, where.

Everything that names a key is made from it: the screens' bindings, the footer, the palette, the help, `docs/keys.md`,
and the check of a user's own keymap (`settings.toml`, section `[keys]`, see `modconsole.keymap`). A command has an id
that never changes, so that a keymap goes on working.

A *place* is where keys work: a screen has several at once (`PLACES`), and within them no key may mean two things. Keys are
spelled as Textual spells them (`slash`, `ctrl+e`, `pagedown`); `spell` turns what a person writes (`/`) into that, and
`shown` turns it back.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

GLOBAL, LIST, ASK, TALK, WRITE, FORM = "global", "list", "ask", "conversation", "composer", "form"


@dataclass(frozen=True)
class Command:
    """One thing that a key does. `keys` are Textual's names; `where` the places in which it works."""

    id: str
    keys: tuple[str, ...]
    label: str
    """One or two words, for the footer."""
    help: str
    """One line, for help, palette and docs."""
    where: tuple[str, ...]
    action: str = ""
    """`name` or `name:argument`: the method `action_<name>` of the screen or else of the app. Empty: the list has it."""
    needs_ask: bool = False
    """Whether it acts on the ask under the cursor, and is refused where there is none."""
    footer: int = 0
    """Place in the footer, smallest first; 0 is only in the help."""
    priority: bool = False
    """Whether it works even while text is being written."""


def _command(
    ident: str,
    keys: str,
    label: str,
    help_: str,
    where: str,
    action: str = "",
    *,
    ask: bool = False,
    footer: int = 0,
    priority: bool = False,
) -> Command:
    """A row of the table; keys and places as words with spaces between them."""
    places = tuple(where.split())
    return Command(ident, tuple(map(spell, keys.split())), label, help_, places, action, ask, footer, priority)


_LONG_NAMES: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where Textual's names of keys are not those of Unicode (`textual.keys.KEY_NAME_REPLACEMENTS`)."""

SHORT_NAMES: Final = {
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "enter": "Enter",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "backspace": "Bksp",
    "delete": "Del",
    "space": "Space",
    "tab": "Tab",
}


def _sign_name(sign: str) -> str:
    name = unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_")
    return _LONG_NAMES.get(name, name)


SIGNS: Final = {_sign_name(sign): sign for sign in string.punctuation}


def spell(key: str) -> str:
    """A key as Textual names it: `/` is `slash`, `Ctrl+E` is `ctrl+e`. Unknown words stay as they are."""
    key = key.strip()
    if not key:
        return ""
    *modifiers, name = key.split("+") if key != "+" and not key.endswith("++") else [*key[:-1].split("+"), "+"]
    modifiers = [modifier.lower() for modifier in modifiers if modifier]
    if name in string.punctuation and name:
        name = _sign_name(name)
    elif len(name) > 1:
        name = {short.lower(): long for long, short in SHORT_NAMES.items()}.get(name.lower(), name.lower())
    elif modifiers and "shift" not in modifiers:
        name = name.lower()
    return "+".join([*modifiers, name])


def shown(key: str) -> str:
    """A key as a person reads it: `slash` is `/`, `escape` is `esc`."""
    *modifiers, name = key.split("+")
    return "+".join([*modifiers, SHORT_NAMES.get(name) or SIGNS.get(name, name)])


COMMANDS: Final[tuple[Command, ...]] = (
    # everywhere but where text is written
    _command("go.queue", "1", "queue", "The queue: everybody who waits, most urgent first.", GLOBAL, "go:queue"),
    _command("go.inbox", "2", "inbox", "The inbox: all conversations, newest first.", GLOBAL, "go:inbox"),
    _command("go.rules", "3", "rules", "The rules: what each found and did, and the lab.", GLOBAL, "go:rules"),
    _command("go.sources", "6", "sources", "The sources, and what each can vouch for.", GLOBAL, "go:sources"),
    _command(
        "go.outbox", "7", "outbox", "Replies and acts on their way, and what became of them.", GLOBAL, "go:outbox"
    ),
    _command("palette", ": ctrl+p", "commands", "Find any command by its name and run it.", GLOBAL, "palette"),
    _command("help", "?", "help", "All keys that work here, and everywhere.", GLOBAL, "help", footer=99),
    _command("undo", "u", "undo", "Take back your last act.", GLOBAL, "undo", footer=90),
    _command("repeat", ".", "repeat", "Do your last act again, on the ask under the cursor.", GLOBAL, "repeat"),
    _command("sync", "R", "sync now", "Look at all sources now.", GLOBAL, "sync"),
    _command("back", "q escape", "back", "Back to where you came from; nothing is lost.", GLOBAL, "back", footer=95),
    _command("redraw", "ctrl+l", "redraw", "Draw the whole screen again.", GLOBAL, "redraw"),
    _command("quit", "ctrl+q", "quit", "Leave modconsole. Drafts are kept.", GLOBAL, "quit", priority=True),
    # lists
    _command("list.down", "j down", "down", "One row down.", LIST),
    _command("list.up", "k up", "up", "One row up.", LIST),
    _command("list.page-down", "pagedown space", "page down", "A screen down.", LIST),
    _command("list.page-up", "pageup", "page up", "A screen up.", LIST),
    _command("list.home", "home g", "first", "To the first row, and to what is new.", LIST),
    _command("list.end", "end G", "last", "To the last row.", LIST),
    _command("list.open", "enter", "open", "Open the row under the cursor.", LIST, footer=5),
    _command("list.mark", "x", "mark", "Mark the row, or take its mark away.", "proposals"),
    # the ask under the cursor
    _command("ask.reply", "r", "reply", "Write a reply.", ASK, "reply", ask=True, footer=10),
    _command("ask.editor", "e", "editor", "Write a reply in your own editor.", ASK, "reply_editor", ask=True),
    _command("ask.close", "c", "close", "Close without a reply, with a reason.", ASK, "close_ask", ask=True, footer=11),
    _command("ask.snooze", "z", "snooze", "Out of sight until a time.", ASK, "snooze", ask=True, footer=12),
    _command(
        "ask.claim", "a", "claim", "Say that you take this on, or let go of it.", ASK, "claim", ask=True, footer=13
    ),
    _command("ask.why", "w", "why", "Why somebody waits, or does not, in words.", ASK, "why", ask=True, footer=14),
    _command("ask.note", "i", "note", "Write a note for the team; nobody outside sees it.", ASK, "note", ask=True),
    _command("ask.tag", "t", "tag", "Put tags on it, or take them off.", ASK, "tag", ask=True),
    _command(
        "message.moderate",
        "m",
        "moderate",
        "Act on it on its platform; Tab: on its author, its place.",
        ASK,
        "moderate",
    ),
    _command("person.moderate", "M", "act on person", "Act on who wrote it: mute, ban, block.", ASK, "moderate_person"),
    _command(
        "message.rules", "W", "which rules", "Which rules hit it and why, and why not the others.", ASK, "explain"
    ),
    _command("ask.browser", "o", "browser", "Open it on the platform, in the browser.", ASK, "open_browser", ask=True),
    _command("ask.link", "y", "copy link", "Copy its link.", ASK, "copy_link", ask=True),
    # a conversation
    _command("talk.next", "n", "next", "To the next person who waits here.", TALK, "next_waiting", footer=12),
    _command("talk.previous", "N", "previous waiting", "To the previous one.", TALK, "previous_waiting"),
    _command(
        "talk.thread",
        "]",
        "onward",
        "To the next ask in another conversation, in queue order.",
        TALK,
        "next_thread",
        footer=12,
    ),
    _command("talk.diff", "d", "diff", "What the edits of this message changed.", TALK, "diff", footer=17),
    # where text is written
    _command(
        "reply.send", "ctrl+s", "send", "Send it, after the time in which it can be undone.", WRITE, "send", footer=1
    ),
    _command(
        "reply.editor", "ctrl+e", "editor", "Go on in your own editor ($VISUAL, $EDITOR).", WRITE, "editor", footer=2
    ),
    _command("reply.view", "ctrl+o", "view", "See what has happened since you began.", WRITE, "view", footer=3),
    _command("reply.snippet", "ctrl+t", "suggested text", "Put in the text that a rule suggests.", WRITE, "snippet"),
    _command("reply.keep", "escape", "keep draft", "Back; what you wrote is kept.", WRITE, "keep", footer=4),
    # where questions are asked, page by page
    _command("form.next", "enter", "next", "To the next field; at the last one, go on.", FORM, "next", footer=1),
    _command("form.go", "ctrl+s", "go on", "Go on with what is there, from any field.", FORM, "go_on", footer=2),
    _command("form.down", "tab down", "next field", "To the next field, or further down.", FORM, "field:1"),
    _command("form.up", "shift+tab up", "field before", "To the field before, or further up.", FORM, "field:-1"),
    _command("form.page-down", "pagedown", "page down", "A screen down.", FORM, "page:1"),
    _command("form.page-up", "pageup", "page up", "A screen up.", FORM, "page:-1"),
    _command("form.more", "right space", "other", "The next choice, in a field that has some.", FORM),
    _command("form.less", "left", "other before", "The choice before.", FORM),
    _command("form.open", "ctrl+o", "open", "Open the address in the browser.", FORM, "open_address", footer=3),
    _command(
        "form.copy", "ctrl+y", "copy", "Copy the address, by way of the terminal.", FORM, "copy_address", footer=4
    ),
    _command("form.back", "escape", "back", "A page back; before the first one, away.", FORM, "back", footer=91),
    _command("form.leave", "ctrl+g", "leave", "Leave it; nothing was stored.", FORM, "leave", footer=92),
    # rules
    _command("rule.new", "N", "new", "Write a new rule, from a template.", "rules", "new_rule", footer=10),
    _command(
        "rule.import", "I", "import", "Read rules out of an AutoModerator file.", "rules", "import_rules", footer=18
    ),
    _command(
        "rule.shadow", "s", "shadow", "Let it judge and count, and do nothing.", "rules lab-hits", "shadow", footer=12
    ),
    _command(
        "rule.live", "l", "go live", "Let it act; shows the evidence, and asks.", "rules lab-hits", "live", footer=13
    ),
    _command("rule.pause", "p", "pause", "Stop it; says why.", "rules lab-hits", "pause_rule", footer=14),
    _command(
        "rule.versions",
        "v",
        "versions",
        "Its versions: diff, blame, roll back.",
        "rules lab-hits",
        "versions",
        footer=15,
    ),
    _command("rule.hits", "h", "hits", "What it hit, and what was done about it.", "rules lab-hits", "hits", footer=16),
    _command(
        "rule.proposals", "P", "proposals", "What rules propose and a person decides.", "rules", "proposals", footer=17
    ),
    _command("rule.digest", "d", "digest", "What the rules did since yesterday, in sum.", "rules", "digest", footer=19),
    _command("lab.save", "ctrl+s", "save", "Save it as a new version.", "lab lab-hits", "save", footer=1),
    _command(
        "lab.editor", "ctrl+e", "editor", "Go on in your own editor ($VISUAL, $EDITOR).", "lab", "editor", footer=4
    ),
    _command("lab.problem", "ctrl+n", "next problem", "To the next line with a problem.", "lab", "problem", footer=3),
    _command("lab.hits", "tab", "hits", "From the text to the hits.", "lab", "pane", footer=2),
    _command("lab.text", "tab", "text", "From the hits back to the text.", "lab-hits", "pane", footer=2),
    _command("lab.back", "escape", "back", "Back; what is not saved is kept as a draft.", "lab", "back", footer=5),
    _command("lab.hit", "+", "must hit", "Save the hit as an example that must hit.", "lab-hits", "must_hit", footer=6),
    _command(
        "lab.miss", "-", "must miss", "Save the hit as an example that must miss.", "lab-hits", "must_miss", footer=7
    ),
    _command("lab.again", "b", "run again", "Try it over all messages again.", "lab-hits", "again", footer=20),
    _command(
        "hit.take-back", "t", "take back", "Take back what the rule did there.", "rule-hits", "take_back", footer=10
    ),
    _command("hit.explain", "W", "which rules", "Which rules hit it and why.", "rule-hits", "explain", footer=11),
    _command("proposal.accept", "a", "accept", "Do it; all that are marked.", "proposals", "accept", footer=10),
    _command("proposal.decline", "d", "decline", "Do not; all that are marked.", "proposals", "decline", footer=11),
    _command(
        "version.roll-back", "r", "roll back", "Make this text the newest one.", "rule-versions", "roll_back", footer=10
    ),
    _command("version.blame", "b", "blame", "Who wrote each line, and when.", "rule-versions", "blame", footer=11),
    _command(
        "import.write", "w", "write", "Write the rules that are new, as drafts.", "rule-import", "write", footer=10
    ),
    # single screens
    _command(
        "queue.limit", "/", "limit", "Show a part only, as is:overdue in:blog older:8h.", "queue", "limit", footer=20
    ),
    _command("queue.view", "tab", "backlog", "The next part: tonight, backlog, everything.", "queue", "next_view"),
    _command(
        "search", "/", "search", "Search the words of all messages.", "inbox rules sources outbox", "search", footer=20
    ),
    _command("search.again", "/", "other words", "Search for something else.", "search", "search_again", footer=20),
    _command("source.add", "a", "add", "Add a source: sign in to a place, step by step.", "sources", "add", footer=9),
    _command("source.sync", "s", "sync this", "Look at this source now.", "sources source", "sync_this", footer=10),
    _command("source.walk", "f", "full walk", "Read everything there again.", "sources source", "walk_this", footer=15),
    _command("source.pause", "p", "pause", "Leave it out of syncs, or in again.", "sources source", "pause", footer=11),
    _command("source.sign-in", "l", "sign in", "Sign in to it again.", "sources source", "sign_in", footer=12),
    _command(
        "source.settings",
        "e",
        "settings",
        "Who is us, backlog, target, hours.",
        "sources source",
        "settings",
        footer=13,
    ),
    _command(
        "source.check", "c", "check", "Ask who we are there, and what is missing.", "sources source", "check", footer=14
    ),
    _command("source.remove", "D", "remove", "Stop syncing it; asks first.", "sources source", "remove"),
    _command(
        "outbox.retry",
        "r",
        "retry",
        "Try a failed reply again, or an act of which nobody knows whether it was done.",
        "outbox",
        "retry",
        footer=10,
    ),
    _command(
        "outbox.take-back",
        "t",
        "take back",
        "Make a reply a draft again; call an act off, or let go of it.",
        "outbox",
        "take_back",
        footer=11,
    ),
)

PLACES: Final[dict[str, tuple[str, ...]]] = {
    "queue": (GLOBAL, LIST, ASK, "queue"),
    "inbox": (GLOBAL, LIST, "inbox"),
    "search": (GLOBAL, LIST, "search"),
    "rules": (GLOBAL, LIST, "rules"),
    "lab": ("lab",),
    "lab-hits": (GLOBAL, LIST, "lab-hits"),
    "rule-hits": (GLOBAL, LIST, "rule-hits"),
    "rule-versions": (GLOBAL, LIST, "rule-versions"),
    "rule-page": (GLOBAL, LIST, "rule-page"),
    "rule-import": (GLOBAL, LIST, "rule-import"),
    "proposals": (GLOBAL, LIST, "proposals"),
    "sources": (GLOBAL, LIST, "sources"),
    "source": (GLOBAL, LIST, "source"),
    "platforms": (GLOBAL, LIST, "platforms"),
    "payload": (GLOBAL, LIST, "payload"),
    "form": (FORM,),
    "outbox": (GLOBAL, LIST, "outbox"),
    "help": (GLOBAL, "help"),
    "conversation": (GLOBAL, LIST, ASK, "conversation"),
    "why": (GLOBAL, LIST, "why"),
    "versions": (GLOBAL, LIST, "versions"),
    "composer": ("composer",),
    "dialog": ("dialog",),
}
"""Screen → the places whose keys work on it. Where text is written, only that screen's own keys and `priority` ones do."""

BY_ID: Final = {command.id: command for command in COMMANDS}


def command(ident: str) -> Command:
    """The command of that id. KeyError if there is none."""
    return BY_ID[ident]


def of_screen(screen: str) -> list[Command]:
    """All commands that work on a screen, in the table's order."""
    places = PLACES[screen]
    return [each for each in COMMANDS if each.priority or any(place in places for place in each.where)]


def keys_of(each: Command, keymap: Mapping[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
    """The keys of a command: a keymap's, else the table's."""
    return (keymap or {}).get(each.id, each.keys)


def clashes(keymap: Mapping[str, tuple[str, ...]] | None = None) -> Iterable[tuple[str, str, Command, Command]]:
    """(screen, key, command, command) for each key that means two things on one screen."""
    for screen in PLACES:
        taken: dict[str, Command] = {}
        for each in of_screen(screen):
            for key in keys_of(each, keymap):
                if key in taken and taken[key] is not each:
                    yield screen, key, taken[key], each
                taken.setdefault(key, each)
