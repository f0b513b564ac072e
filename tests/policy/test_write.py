"""A change to a rule's text changes what it must and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modconsole.errors import InputError
from modconsole.policy import write
from modconsole.policy.load import read_documents, read_rule
from modconsole.policy.model import Example, Field, Rule
from tests.policy.yaml_values import plain

BLOCK = """\
# what the house says about giveaways
id:   giveaways   # never change this
name: "Crypto giveaways"

select:
    words:
        body:   [ giveaway,airdrop ]   # more to come
do:
- hold   # until somebody looks

tests:   # both kinds
  - hit:  free airdrop   # the usual
  - {miss: giveaway rules, in: title}
  # one more some day

expect: {hits: 1..500}
# the end
"""


def rule(text: str) -> Rule:
    found, problems = read_rule(text)
    assert found is not None, problems
    return found


def added(before: str, after: str) -> str:
    """What was put in, where nothing else was changed."""
    start = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    rest = len(before) - start
    assert after.startswith(before[:start])
    assert rest == 0 or after.endswith(before[start:])
    return after[start : len(after) - rest]


def test_a_test_is_added_after_the_last_one() -> None:
    """Remarks and styles stay; the new line looks like those above it."""
    after = write.with_example(BLOCK, "free giveaway", True)
    line = "  - hit: free giveaway\n"
    assert after == BLOCK.replace("in: title}\n", f"in: title}}\n{line}")
    assert rule(after).examples[-1] == Example(text="free giveaway", hit=True, line=14)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_stay_as_they_are(ends: str) -> None:
    """Also those of the line that is new."""
    before = BLOCK.replace("\n", ends)
    for after in (write.with_example(before, "more", False), write.with_status(before, "live")):
        was, now = before.split(ends), after.split(ends)
        (new,) = [line for line in now if line not in was]
        assert new.strip() in ("- miss: more", "status: live")
        now.remove(new)
        assert now == was


@pytest.mark.parametrize(
    ("tests", "put_in"),
    [
        ("tests: [{hit: free}]\n", ", {miss: 'rules, all'}"),
        ("tests: [\n  {hit: free},   # one\n  {hit: coins}   # two\n  ]\n", ", {miss: 'rules, all'}"),
        ("tests: []\n", "{miss: 'rules, all'}"),
        ("tests:\n", "  - miss: 'rules, all'\n"),
        ("tests:   # none yet\n", "  - miss: 'rules, all'\n"),
        ("", "tests:\n  - miss: 'rules, all'\n"),
        ("tests:\n- hit: free\n", "- miss: 'rules, all'\n"),
        ("tests:\n      - hit: free\n        in: title\n", "      - miss: 'rules, all'\n"),
        ("tests:\n  - hit: |\n      free\n      coins\n\n\n", "  - miss: 'rules, all'\n"),
        ("tests:\n  -\n    hit: free\n", "  - miss: 'rules, all'\n"),
    ],
)
def test_a_test_goes_in_whatever_stands_there(tests: str, put_in: str) -> None:
    """Lists in either style, empty ones, none at all."""
    before = f"id: a\nselect: {{w: {{body: free}}}}\n{tests}do: [flag]  # last\n"
    after = write.with_example(before, "rules, all", False)
    new = added(before, after)
    assert sorted(new) == sorted(put_in)
    assert put_in in after
    assert [each.text for each in rule(after).examples][-1] == "rules, all"
    assert len(rule(after).examples) == len(rule(before).examples) + 1


def test_a_document_in_braces_stays_in_braces() -> None:
    """JSON is YAML too."""
    before = '{"id": "a", "select": {"w": {"body": "free"}}, "do": ["flag"]}'
    after = write.with_example(before, "free: yes", True, "title")
    assert after == before[:-1] + ", tests: [{hit: 'free: yes', in: title}]}"
    assert write.with_status(after, "live") == after[:-1] + ", status: live}"
    assert rule(after).examples == (Example(text="free: yes", hit=True, line=1, field="title"),)


def test_a_file_without_a_last_line_end_keeps_having_none() -> None:
    """What is put in comes on a line of its own."""
    before = "id: a\nselect: {w: {body: free}}\ndo: [flag]"
    assert write.with_example(before, "free", True) == before + "\ntests:\n  - hit: free"


@pytest.mark.parametrize("written", ["draft", "'draft'", '"draft"', "draft   # for now"])
def test_a_status_is_replaced_where_it_stands(written: str) -> None:
    """Whatever its quotes; the remark behind it stays."""
    before = f"id: a\nstatus:  {written}\nselect: {{w: {{body: free}}}}\ndo: [flag]\n"
    after = write.with_status(before, "shadow")
    assert after == before.replace(written.split("   ")[0], "shadow")


def test_a_status_that_is_not_there_comes_after_the_name() -> None:
    """Where people look for it."""
    assert write.with_status(BLOCK, "paused") == BLOCK.replace('giveaways"\n', 'giveaways"\nstatus: paused\n')
    assert write.with_status("status:\nid: a\n", "live") == "status: live\nid: a\n"


def test_what_is_no_document_is_not_changed() -> None:
    """And says why."""
    with pytest.raises(InputError, match=r"Line 2: The quotation mark here is never closed\."):
        write.with_status('id: a\nname: "b\n', "live")
    with pytest.raises(InputError, match="no mapping"):
        write.with_example("- a\n", "b", True)
    with pytest.raises(InputError, match="`tests` is no list"):
        write.with_example("id: a\ntests: {hit: b}\n", "b", True)
    with pytest.raises(InputError, match="no status"):
        write.with_status("id: a\n", "on")  # type: ignore[arg-type]


def test_one_document_of_a_file_is_replaced_and_the_others_stay() -> None:
    """By its place and by what it was."""
    file = "# rules\n---\nid: a\n--- # second\nid: b\n...\n---\nid: c"
    assert write.replaced(file, 3, "id: a\n", "id: a2") == file.replace("id: a\n", "id: a2\n")
    assert write.replaced(file, 4, " # second\nid: b\n", "\nid: b2\n") == file.replace(" # second\nid: b", "\nid: b2")
    assert write.replaced(file, 8, "id: c", "id: c2\n") == file + "2\n"
    with pytest.raises(InputError, match="no longer stands"):
        write.replaced(file, 3, "id: x\n", "id: a2\n")


FIELDS: list[Field] = ["body", "title", "author name"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@settings(deadline=None)
@given(TEXTS, st.booleans(), st.sampled_from(FIELDS), st.sampled_from([BLOCK, BLOCK.replace("\n", "\r\n")]))
@example("\u2028 \x85 \ufeff", True, "body", BLOCK)
@example("- 'a': \"b\" # c", True, "body", BLOCK)
@example("\U0001f600 \\d+", False, "title", BLOCK)
@example("<<", True, "body", BLOCK)
@example("a\n\n  b\n", True, "body", BLOCK)
@example("ünï", True, "body", BLOCK)
def test_any_text_can_be_a_test(text: str, hit: bool, field: Field, before: str) -> None:
    """It is read back as it was, and what stood there before is not touched."""
    after = write.with_example(before, text, hit, field)
    added(before, after)
    was, now = rule(before), rule(after)
    assert (now.examples[-1].text, now.examples[-1].hit, now.examples[-1].field) == (text, hit, field)
    assert now.examples[:-1] == was.examples
    assert (now.selections, now.actions, now.expect) == (was.selections, was.actions, was.expect)


def as_read(value: Any) -> Any:
    """What YAML text says of a value: everything is text."""
    if isinstance(value, dict):
        return {key: as_read(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_read(part) for part in value]
    return write.scalar(value) if not isinstance(value, str) else value


KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
LEAVES = TEXTS | st.integers(-1000, 1000) | st.booleans()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
def test_what_is_dumped_is_read_as_what_it_was(value: dict[str, Any]) -> None:
    """Any mapping of texts, numbers, truths, lists and mappings."""
    assert plain(write.dump(value, remarks=["why: it is here", "", "and: [more"])) == as_read(value)


def test_a_dumped_rule_is_one_that_people_would_write() -> None:
    """Short lists in brackets, long texts in blocks, nothing quoted that needs no quotes."""
    text = write.dump(
        {
            "id": "spam-links",
            "why": "They lead nowhere.\nWe had three last week.\n",
            "expires": None,
            "select": {"words": {"body (regex)": [r"\d+ coins", "it's free"]}, "off": None},
            "do": ["hold", {"mute": {"for": "7 days"}}],
            "exempt us": True,
        },
        remarks=["Imported."],
    )
    assert text == (
        "# Imported.\nid: spam-links\nwhy: |\n  They lead nowhere.\n  We had three last week.\nselect:\n  words:\n"
        "    body (regex): ['\\d+ coins', it's free]\ndo:\n  - hold\n  - mute: {for: 7 days}\nexempt us: true\n"
    )
    assert read_documents(text, "")[1] == []


def test_a_new_rule_is_a_draft_without_a_mistake() -> None:
    """It can be saved at once, and does nothing yet."""
    for words in ([], ["free coins", "it's: free"]):
        text = write.new_rule("spam-links", "Spam: links", words=words, owner="ann", why="See #42", action="hold")
        found = rule(text)
        assert (found.status, found.name, found.owner, found.why) == ("draft", "Spam: links", "ann", "See #42")
        assert read_rule(text)[1] == []
    assert "\r\n" in write.new_rule("a", line_end="\r\n")
