"""docs/automod.md says what becomes of everything that AutoModerator has, and its examples come out as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modconsole.policy import automod_acts as acts
from modconsole.policy import automod_legacy as legacy
from modconsole.policy import automod_words as words
from modconsole.policy.automod import NOTE_KINDS, STATES, Translated, convert
from modconsole.policy.automod_presets import PRESETS

PAGE = (Path(__file__).parents[2] / "docs" / "automod.md").read_text("utf-8")
HEAD = re.compile(r"^\| [^|]+ \| example \| becomes \| kind \|$")
CELL = re.compile(r"(?<!\\)\|")


def rows() -> list[tuple[str, str, str, str, str]]:
    """(what its section has examples of, key, example, becomes, kind) of all rows of all tables with examples."""
    found = []
    about, inside = "", False
    for line in PAGE.splitlines():
        marked = re.fullmatch(r"<!-- (checks|actions) -->", line)
        if marked:
            about = marked[1]
        elif HEAD.match(line):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("| ---"):
            key, example, becomes, kind = (cell.strip().replace("\\|", "|") for cell in CELL.split(line)[1:-1])
            found.append((about, key, example.strip("`"), becomes, kind))
    return found


ROWS = rows()


def translated(about: str, example: str) -> Translated:
    """What becomes of an example, completed to a rule."""
    more = "action: report" if about == "checks" else "body: word"
    (one,) = convert(f"{{{example}, {more}}}").rules
    return one


@pytest.mark.parametrize(
    ("about", "key", "example", "becomes", "kind"), ROWS, ids=[f"{row[1]} {row[4]}" for row in ROWS]
)
def test_every_example_comes_out_as_its_row_says(about: str, key: str, example: str, becomes: str, kind: str) -> None:
    """What stands in `becomes` as code is in the rule that is made; the notes are of the kind that is named, and no worse."""
    one = translated(about, example)
    assert one.source, one.why
    if becomes.startswith("`"):
        assert becomes.strip("`") in one.source
    found = {note.kind for note in one.notes}
    if about == "actions":
        found -= {"near"} if kind == "left" else set()
    order: list[str] = list(NOTE_KINDS)
    worse = order.index(kind) if kind else -1
    assert not kind or kind in found
    assert [each for each in found if order.index(each) > max(worse, 0)] == []
    assert (one.state == "held back") is (kind == "lost")


def named() -> list[str]:
    """Everything that a configuration can have, as it stands in the first column."""
    return [
        *words.BASE,
        *words.TYPES,
        *words.MODIFIERS,
        *words.ASKED,
        *words.UNASKED,
        *words.SETTINGS,
        *words.TEXTS,
        *words.ABOUT_TEXTS,
        *words.REASONS,
        *(each for each in words.META if each != "type"),
        *(f"author.{each}" for each in words.AUTHOR_KEYS if each not in ("set_flair", "overwrite_flair")),
        *(f"subreddit.{each}" for each in (*words.SUBREDDIT, *words.SUBREDDIT_UNASKED)),
        *(each for each in words.GROUPS if each != "subreddit"),
        *(f"action: {each}" for each in words.ACTIONS),
        *(f"standard: {each}" for each in PRESETS),
        *(
            f"{{{{{each}}}}}"
            for each in (*acts.GENERAL, *acts.ASKED_FOR, *acts.MEDIA, "match", "match-2", "match-body-2")
        ),
        *(each for each in legacy.OLD if each not in legacy.OF_AUTHOR),
        "user_conditions",
        "set_locked",
    ]


@pytest.mark.parametrize("name", sorted(set(named())))
def test_everything_that_a_configuration_can_have_is_on_the_page(name: str) -> None:
    """A key, modifier, action, preset or placeholder that the code knows has a row."""
    assert any(re.match(rf"`{re.escape(name)}(?:: \w+)?`", row[1]) for row in ROWS)


@pytest.mark.parametrize(("table", "about"), [(STATES, "came out as"), (NOTE_KINDS, "kind")])
def test_states_and_kinds_stand_there_in_the_words_of_the_code(table: dict[str, str], about: str) -> None:
    """The page and the report explain them alike."""
    assert f"| {about} | means |" in PAGE
    assert [name for name, means in table.items() if f"| {name} | {means} |" not in PAGE] == []
