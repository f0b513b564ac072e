"""docs/rules.md is the reference of rule files: all of the language is on it, its examples run, and its mistakes are answered
as it says."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from scripts import make_rules_pages as made
from tests.policy.yaml_values import typed

from modconsole.domain.facts import COUNTED, FACTS
from modconsole.policy import examples, load
from modconsole.policy.jsonschema import schema
from modconsole.policy.model import ACTIONS, CHANNELS, FIELDS, FOLDS, METHODS, STATUSES
from modconsole.policy.notes import Notes
from modconsole.policy.sayings import SAYINGS, Saying
from modconsole.policy.vocabulary import EXPECT, HISTORY, HOUSE, KEYS, MODIFIERS, RUNG, TESTS
from modconsole.policy.yaml_nodes import documents, read

PAGE = made.PAGE.read_text("utf-8")
LISTS = made.lists_of(PAGE)
GOOD = made.blocks(PAGE, "yaml rule")
MISTAKES = made.blocks(PAGE, "yaml mistake")
SAID = "\n".join(block.text for block in made.blocks(PAGE, "text said")) + PAGE.split("<!-- made: limits -->")[1]
SCHEMA = jsonschema.Draft202012Validator(schema())


def test_the_page_and_the_schema_are_current() -> None:
    """Run scripts/make_rules_pages.py after changing the language or the page."""
    assert made.page(PAGE) == PAGE
    assert made.SCHEMA.read_text("utf-8") == made.written_schema()


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block.text.split("\n")[0])
def test_an_example_is_read_without_a_word_and_its_tests_come_out_as_they_say(block: made.Block) -> None:
    """What the page shows as right is right in every respect."""
    rules, problems = load.read_documents(block.text, "", LISTS)
    rules, again = load.without_repeated(rules)
    assert [problem.words for problem in (*problems, *again)] == []
    assert len(rules) == len([*documents(block.text)])
    wrong = [(result.example.text, result.why) for rule in rules for result in examples.run(rule) if not result.ok]
    assert wrong == []


def test_most_examples_have_tests_of_their_own() -> None:
    """Facts and actions have nothing that a text could show; the rest of the language has."""
    rules = [rule for block in GOOD for rule in load.read_documents(block.text, "", LISTS)[0]]
    assert sum(len(rule.examples) for rule in rules) > 60


def template(saying: Saying) -> str:
    """A sentence as a pattern, with anything in its gaps."""
    parts = re.split(r"(?<!\{)\{[a-z_]+\}(?!\})", saying.words)
    return ".+?".join(re.escape(part.replace("{{", "{").replace("}}", "}")) for part in parts)


@pytest.mark.parametrize("name", SAYINGS)
def test_every_sentence_is_said_about_a_mistake_on_the_page(name: str) -> None:
    """None can be said that the page does not show."""
    pattern = template(SAYINGS[name])
    assert re.search("no stretch of business hours" if pattern == ".+?" else pattern, SAID), SAYINGS[name].words


def test_a_hint_is_there_wherever_another_word_was_meant() -> None:
    """The page shows that what is nearly right is recognised."""
    assert SAID.count("Did you mean `") >= 15


VOCABULARY: dict[str, Any] = {
    "keys": KEYS,
    "statuses": STATUSES,
    "fields": FIELDS,
    "folds": [f"fold {fold}" for fold in FOLDS],
    "channels": CHANNELS,
    "modifiers": MODIFIERS,
    "facts": FACTS,
    "counted": COUNTED,
    "history": HISTORY,
    "actions": ACTIONS,
    "tests": TESTS,
    "expect": EXPECT,
    "house": HOUSE,
    "rung": RUNG,
}


@pytest.mark.parametrize("kind", VOCABULARY)
def test_every_word_of_the_language_is_explained(kind: str) -> None:
    """It has its line in a table."""
    assert [word for word in VOCABULARY[kind] if f"| `{word}` |" not in PAGE] == []


def test_every_method_is_explained() -> None:
    """So have the words for methods, several of which share a line."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert [word for word in METHODS if not any(f"`{word}`" in line.split("|")[1] for line in lines)] == []


SHOWN: dict[str, tuple[Any, str]] = {
    "keys": (KEYS, r"^{}:"),
    "fields": (FIELDS, r"^ +(?:- )?{}(?: \(|:)"),
    "methods": (METHODS, r"\({}[,)]"),
    "folds": ([f"fold {fold}" for fold in FOLDS], r"\({}\)"),
    "channels": (CHANNELS, r"[( ]{}\)"),
    "modifiers": (MODIFIERS, r"[( ]{}[,)]"),
    "facts": (FACTS, r"^ +{}(?: \(..?\))?:"),
    "counted": (COUNTED, r"count: {},"),
    "history": (HISTORY, r"{}: "),
    "actions": (ACTIONS, r"(?:- |[\[{{,:] ?){}\b"),
    "tests": (TESTS, r"\b{}: "),
    "expect": (EXPECT, r"\b{}: "),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_every_word_of_the_language_is_used_in_an_example_that_runs(kind: str) -> None:
    """Explained is not enough: it is shown at work."""
    words, form = SHOWN[kind]
    text = "\n".join(block.text for block in GOOD)
    assert [word for word in words if not re.search(form.format(re.escape(word)), text, re.MULTILINE)] == []


def test_every_setting_of_the_house_is_used() -> None:
    """So are the settings, and they say what they are to say."""
    (block,) = made.blocks(PAGE, "yaml house.yaml")
    house, problems = load.read_house(block.text)
    assert problems == []
    assert all(re.search(rf"\b{key}:", block.text) for key in (*HOUSE, *RUNG))
    assert house.order == "automoderator"
    assert [(rung.strikes, rung.action.name, rung.automatic) for rung in house.ladder] == [
        (1, "notify", False),
        (2, "mute", True),
        (3, "escalate", False),
        (4, "ban", False),
    ]


def instances(block: made.Block) -> list[Any]:
    """The documents of a block that are YAML."""
    found = []
    for document in documents(block.text):
        notes = Notes("")
        root = read(document.text, notes)
        if root is not None and not notes.wrong:
            found.append(typed(document.text))
    return found


def test_the_schema_is_one() -> None:
    """It is valid itself."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block.text.split("\n")[0])
def test_an_editor_finds_nothing_wrong_with_an_example(block: made.Block) -> None:
    """The schema takes what the reader takes."""
    for instance in instances(block):
        assert [error.message for error in SCHEMA.iter_errors(instance)] == []


BEYOND = {
    *("item backspace", "item control", "item blank", "odd text", "bad date", "bad expression", "odd expression"),
    *("unknown list", "list expression", "when unknown", "when sign", "when joined", "when open", "when bracket"),
    *("when ends", "when name", "when of", "when count", "when quote", "when deep", "test given", "two methods"),
    *("two folds", "hours", "expect turned", "approve and remove", "id twice", "remark in key", "two operators"),
    *("item empty", "except turned", "no priority"),
}
"""What only the reader can see: what words mean together, what lies in other files, and what needs a parser of its own."""


def test_an_editor_underlines_the_mistakes_that_a_schema_can_see() -> None:
    """Every document that the reader refuses for another reason than those listed is refused by the schema too."""
    seen = 0
    for block in MISTAKES:
        for document in documents(block.text):
            notes = Notes("")
            root = read(document.text, notes)
            if root is None or notes.wrong:
                continue
            _, problems = load.read_rule(document.text, lists={**LISTS, "brackets": ("a(b",)})
            wrong = {problem.words for problem in problems if not problem.warning}
            visible = {
                words
                for words in wrong
                if not any(re.fullmatch(template(SAYINGS[name]), words) for name in BEYOND if name != "hours")
                and "stretch of business hours" not in words
            }
            refused = bool([*SCHEMA.iter_errors(typed(document.text))])
            if visible:
                seen += 1
                assert refused, (document.text, visible)
            elif not wrong:
                assert not refused, document.text
    assert seen >= 20
