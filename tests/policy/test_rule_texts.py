"""Any rule that can be written is read as what it says, in either style of YAML, and an editor with the schema agrees."""

from __future__ import annotations

from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from modconsole.policy import write
from modconsole.policy.jsonschema import schema
from modconsole.policy.load import read_rule
from modconsole.policy.model import Rule
from tests.policy import rule_texts
from tests.policy.test_load import LISTS
from tests.policy.test_load_hostile import damaged
from tests.policy.yaml_values import typed

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
"""A whole rule takes some drawing on a machine that has other things to do."""
SCHEMA = jsonschema.Draft202012Validator(schema())


def read(text: str) -> Rule:
    found, problems = read_rule(text)
    assert found is not None, [problem for problem in problems if not problem.warning]
    return found


def bare(rule: Rule) -> Rule:
    """Without where it stands and how it is written."""
    return replace(rule, source="", examples=tuple(replace(example, line=0) for example in rule.examples))


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(rule_texts.rules())
def test_a_rule_means_the_same_in_lines_and_in_braces(rule: dict[str, Any]) -> None:
    """Every word of the language, in any order of its modifiers."""
    lines = read(write.dump(rule, remarks=["a remark"]))
    assert bare(lines) == bare(read(write.flow(rule)))
    assert lines.id == rule["id"]
    assert [selection.name for selection in lines.selections] == list(rule["select"])
    assert [example.text for example in lines.examples] == [
        test.get("hit", test.get("miss")) for test in rule.get("tests", [])
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(rule_texts.rules())
def test_the_schema_takes_any_rule_that_can_be_written(rule: dict[str, Any]) -> None:
    """Whatever the reader takes."""
    text = write.dump(rule)
    read(text)
    assert [error.message for error in SCHEMA.iter_errors(typed(text))] == []


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(damaged())
def test_the_schema_takes_whatever_the_reader_takes_of_a_damaged_rule(text: str) -> None:
    """No spelling is underlined in an editor that the program accepts."""
    rule, _ = read_rule(text, lists=LISTS)
    if rule is not None:
        assert [error.message for error in SCHEMA.iter_errors(typed(text))] == []


@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(rule_texts.rules())
def test_changes_to_any_rule_keep_what_it_says(rule: dict[str, Any]) -> None:
    """A new status and a new test, in lines and in braces: the rest is as it was."""
    for text in (write.dump(rule), write.flow(rule) + "\n"):
        before = read(text)
        after = read(write.with_example(write.with_status(text, "paused"), "a: test # of mine", True))
        assert after.status == "paused"
        assert after.examples[-1].text == "a: test # of mine"
        kept = bare(replace(after, status=before.status, examples=after.examples[:-1]))
        assert kept == bare(before)
