"""The text of a rule file while it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modconsole.desk import rule_texts
from modconsole.desk.desk import Desk
from modconsole.errors import Conflict, InputError, NotFound
from modconsole.policy.model import RuleSet

ONE = "id: a\nname: A\nselect:\n  words:\n    body: [x]\ndo: [flag]\n"
TWO = "---\nid: b\nname: B\nselect:\n  words:\n    body: [y]\ndo: [flag]\n"

Sit = Callable[..., Desk]


def test_a_file_is_divided_where_yaml_divides_it() -> None:
    """At `---` at the left edge, which no block of text can hold; a first one begins the first document."""
    both = rule_texts.documents(ONE + TWO)
    assert [(each.line, each.last) for each in both] == [(1, 6), (7, 13)]
    assert "".join(each.text for each in both) == ONE + TWO
    assert [each.line for each in rule_texts.documents("---\n" + ONE)] == [1]
    assert [each.text for each in rule_texts.documents("")] == [""]
    assert len(rule_texts.documents("why: |\n  ---\n---x\n")) == 1


def test_a_line_is_in_the_document_that_began_last() -> None:
    """Also behind the end of the text."""
    text = ONE + TWO
    assert rule_texts.document_at(text, 6).line == 1
    assert rule_texts.document_at(text, 7).line == 7
    assert rule_texts.document_at(text, 99).line == 7


def test_the_rules_of_a_text_are_found_by_their_documents() -> None:
    """A document that cannot be used has none; its problem says where in the file it is."""
    text = ONE + TWO.replace("body", "bdoy")
    checked = rule_texts.check(text, "a.yaml", RuleSet())
    assert [each.id for each in checked.rules] == ["a"]
    assert checked.rule_at(rule_texts.document_at(text, 3)) is not None
    assert checked.rule_at(rule_texts.document_at(text, 9)) is None
    assert [(each.path, each.line, each.hint) for each in checked.problems] == [("a.yaml", 12, "Did you mean `body`?")]


def test_examples_are_tried_and_told_with_their_lines() -> None:
    """One that does not do what it should says why."""
    text = ONE + "tests:\n  - hit: x marks it\n  - miss: also x\n"
    checked = rule_texts.check(text, "a.yaml", RuleSet())
    assert [(each.line, each.hit, each.ok) for each in checked.tried] == [(8, True, True), (9, False, False)]
    assert checked.tried[1].why


def test_an_example_goes_into_the_document_of_the_cursor() -> None:
    """And nowhere else; the rest of the file stays as it was written."""
    text = "# ours\n" + ONE + TWO
    found = rule_texts.with_example(text, 10, "why: not\nthis", hit=False)
    assert found.startswith("# ours\n" + ONE)
    checked = rule_texts.check(found, "a.yaml", RuleSet())
    assert not checked.problems
    assert [(rule.id, [(each.text, each.hit) for each in rule.examples]) for rule in checked.rules] == [
        ("a", []),
        ("b", [("why: not\nthis", False)]),
    ]
    first = rule_texts.with_example(text, 1, "an x", hit=True, field="title")
    assert first.endswith(TWO)
    rules = rule_texts.check(first, "a.yaml", RuleSet()).rules
    assert [(each.text, each.hit, each.field) for each in rules[0].examples] == [("an x", True, "title")]


def test_a_draft_is_kept_for_one_person_and_file_until_it_is_dropped(sit: Sit) -> None:
    """And an emptied one is gone."""
    ann, bob = sit(), sit(who="bob")
    rule_texts.keep_draft(ann, "a.yaml", ONE, seen="d1")
    rule_texts.keep_draft(bob, "a.yaml", TWO)
    rule_texts.keep_draft(ann, "b.yaml", TWO)
    found = rule_texts.draft(ann, "a.yaml")
    assert found is not None
    assert (found.text, found.through) == (ONE, "d1")
    assert {each.message for each in rule_texts.drafts(ann)} == {"a.yaml", "b.yaml"}
    rule_texts.drop_draft(ann, "a.yaml")
    rule_texts.keep_draft(ann, "b.yaml", " ")
    assert rule_texts.drafts(ann) == []
    assert [each.text for each in rule_texts.drafts(bob)] == [TWO]


def test_a_new_file_has_a_name_of_its_own_and_a_text_that_can_be_read(sit: Sit) -> None:
    """Whatever the rule is called."""
    desk = sit()
    first = rule_texts.new_file(desk, "Pri\u00e9res & spam!")
    assert first.path == "prieres-spam.yaml"
    assert rule_texts.check(first.text, first.path, RuleSet()).problems == ()
    rule_texts.save(desk, first, first.text)
    assert rule_texts.new_file(desk, "prieres spam").path == "prieres-spam-2.yaml"
    assert rule_texts.new_file(desk, "\u4f60\u597d").path == "rule.yaml"


def test_a_file_is_saved_as_it_is_and_not_over_what_somebody_else_wrote(sit: Sit) -> None:
    """The digest of what was read decides."""
    desk = sit()
    file, state = rule_texts.save(desk, rule_texts.File("a.yaml", ""), ONE)
    assert state is not None
    assert (state.id, state.version) == ("a", 1)
    assert rule_texts.read_file(desk, "a.yaml") == file
    (desk.rules / "a.yaml").write_text(TWO, encoding="utf-8")
    with pytest.raises(Conflict):
        rule_texts.save(desk, file, ONE + "# more\n")
    assert rule_texts.read_file(desk, "a.yaml").text == TWO


def test_a_file_that_is_not_there_or_is_no_text_says_so(sit: Sit) -> None:
    """Unless I have a draft of it: then it is empty as yet."""
    desk = sit()
    with pytest.raises(NotFound):
        rule_texts.read_file(desk, "a.yaml")
    rule_texts.keep_draft(desk, "a.yaml", ONE)
    assert rule_texts.read_file(desk, "a.yaml") == rule_texts.File("a.yaml", "")
    desk.rules.mkdir()
    (desk.rules / "b.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        rule_texts.read_file(desk, "b.yaml")


def test_a_text_that_is_not_ready_is_in_the_file_all_the_same(sit: Sit) -> None:
    """As long as it says which rule it is; else nobody could say whose versions these are."""
    desk = sit()
    file, state = rule_texts.save(desk, rule_texts.File("a.yaml", ""), "id: a\nname: A\n")
    assert state is None
    assert file.text == "id: a\nname: A\n"
    with pytest.raises(InputError):
        rule_texts.save(desk, rule_texts.File("b.yaml", ""), "name: B\n")
