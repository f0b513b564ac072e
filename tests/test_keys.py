"""The key table: nothing means two things, everything can be reached, and a user's keymap cannot break that."""

from __future__ import annotations

import string
import subprocess
import sys
from pathlib import Path

import pytest
from textual.keys import _character_to_key

from modconsole import keymap, keys
from modconsole.app import load_keymap
from modconsole.errors import InputError

ROOT = Path(__file__).parents[1]


def test_no_key_means_two_things_on_one_screen() -> None:
    """For the keys of the table itself."""
    assert list(keys.clashes()) == []
    assert list(keymap.check({})) == []


def test_every_command_works_somewhere_and_every_id_is_one_command() -> None:
    """A place that no screen has would be a key that does nothing."""
    places = {place for each in keys.PLACES.values() for place in each}
    for each in keys.COMMANDS:
        assert set(each.where) <= places, each.id
        assert each.keys, each.id
        assert each.help.endswith("."), each.id
    assert len({each.id for each in keys.COMMANDS}) == len(keys.COMMANDS)


def test_every_key_of_the_table_is_one_that_terminals_send() -> None:
    """And is spelled as Textual spells it."""
    for each in keys.COMMANDS:
        for key in each.keys:
            assert keymap.problem(key) == "", each.id
            assert keys.spell(keys.shown(key)) == key, each.id


@pytest.mark.parametrize("sign", string.punctuation)
def test_signs_are_named_as_textual_names_them(sign: str) -> None:
    """Ours is a table of its own, because the key table must not load Textual."""
    assert keys.spell(sign) == _character_to_key(sign)
    assert keys.shown(keys.spell(sign)) == sign


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("Ctrl+E", "ctrl+e"),
        ("ctrl++", "ctrl+plus"),
        ("ctrl+/", "ctrl+slash"),
        ("G", "G"),
        ("PgDn", "pagedown"),
        ("Esc", "escape"),
        ("F5", "f5"),
        ("", ""),
    ],
)
def test_what_people_write_is_understood(typed: str, spelled: str) -> None:
    """Capital letters stay, names and modifiers do not need theirs."""
    assert keys.spell(typed) == spelled


def test_a_keymap_replaces_the_keys_of_what_it_names() -> None:
    """And of nothing else."""
    found, problems = keymap.read_keymap('[keys]\n"ask.reply" = "Q"\n"list.down" = ["J", "Down"]\n"ask.tag" = []\n')
    assert problems == []
    assert found == {"ask.reply": ("Q",), "list.down": ("J", "down"), "ask.tag": ()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\n"ask.replay" = "R"', "Did you mean 'ask.reply'?"),
        ('[keys]\n"ask.reply" = "c"', "'c' would mean both 'ask.reply' and 'ask.close'."),
        ('[keys]\n"ask.reply" = "hyper+x"', "is no key"),
        ('[keys]\n"ask.reply" = "ctrl+i"', "cannot be told from Tab"),
        ('[keys]\n"ask.reply" = 3', "give a key, or a list of keys"),
        ("[keys]\nquit = []", "'quit' must keep a key."),
        ('[keys]\nquit = "Q"', "use one with ctrl+"),
        ('[keys]\n"list.down" = []', "'list.down' must keep a key"),
        ("keys = 3", "must be a section"),
        ("[keys", "It is no TOML"),
    ],
)
def test_a_keymap_that_cannot_work_is_refused_in_words(text: str, said: str, tmp_path: Path) -> None:
    """With the file, and with what is wrong in it."""
    _, problems = keymap.read_keymap(text)
    assert any(said in problem for problem in problems), problems
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        load_keymap(path)
    assert str(path) in str(raised.value)


def test_without_settings_the_keys_are_those_of_the_table(tmp_path: Path) -> None:
    """A file that does not exist, or that has no keys, changes nothing."""
    assert load_keymap(tmp_path / "settings.toml") == {}
    (tmp_path / "settings.toml").write_text("[sync]\nevery = 60\n", encoding="utf-8")
    assert load_keymap(tmp_path / "settings.toml") == {}


def test_the_page_of_keys_is_what_the_table_says() -> None:
    """docs/keys.md is made by scripts/make_keys_page.py."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_keys_page.py"), "--check"],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    assert all(f"`{each.id}`" in page for each in keys.COMMANDS)


def test_the_example_on_the_page_of_keys_works() -> None:
    """What people copy is accepted."""
    page = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    found, problems = keymap.read_keymap(page.split("```toml")[1].split("```")[0])
    assert problems == []
    assert found["ask.reply"] == ("R",)
