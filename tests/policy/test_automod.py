"""What becomes of whole rules of AutoModerator: names, order, what is held back, and that nothing goes without a word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from modconsole.policy import automod_words as words
from modconsole.policy.automod import NOTE_KINDS, STATES, Translated, convert, mark_of
from modconsole.policy.load import read_documents
from modconsole.policy.model import Rule
from modconsole.policy.whens import used
from tests.policy.automod_facts import judged, thing

FILES = sorted((Path(__file__).parent / "automod").glob("*.yaml"))
CONFIGURATIONS = {file.stem: file.read_bytes().decode() for file in FILES}
ALL = [(name, rule) for name, text in CONFIGURATIONS.items() for rule in convert(text, file=f"{name}.yaml").rules]


def one(text: str) -> Translated:
    (found,) = convert(text).rules
    return found


def rule_of(translated: Translated) -> Rule:
    rules, problems = read_documents(translated.source, "x.yaml")
    assert [problem for problem in problems if not problem.warning] == []
    (found,) = rules
    return found


# -- the example configurations -----------------------------------------------------------------------------------------------


def test_the_examples_are_as_varied_as_real_configurations() -> None:
    """At least 120 rules, with all that real ones have, the rarest included."""
    text = "\n".join(CONFIGURATIONS.values())
    assert len(ALL) >= 180
    wanted = {
        r"\(regex": 40,
        r"^action: ": 80,
        r"^ *set_flair": 30,
        r"\{\{": 40,
        r"^author:": 25,
        r"account_age": 10,
        r"is_submitter": 3,
        r"satisfy_any_threshold": 3,
        r"^priority": 25,
        r"^comment: ": 20,
        r"^~": 12,
        r"^parent_submission": 8,
        r"^\S+\+\S+[ :(]": 30,
        r"^reports": 2,
        r"includes\)": 20,
        r"^modmail: ": 6,
        r"is_top_level": 4,
        r"moderators_exempt": 4,
        r"^\S+#\S": 3,
        r"\(\?[imsx]\)": 3,
        r"\(\?<?[!=]": 3,
        r"\(\?#": 1,
        r"\\u[0-9a-f]{4}": 4,
        r"^standard": 4,
        r"^modifiers": 2,
        r"link_flair_text": 1,
        r": > \d": 2,
        r"“": 2,
    }
    assert {
        form: len(re.findall(form, text, re.MULTILINE))
        for form in wanted
        if len(re.findall(form, text, re.MULTILINE)) < wanted[form]
    } == {}
    assert sum(rule.source.count("\n      - ") >= 50 for _, rule in ALL) >= 2


@pytest.mark.parametrize(("name", "translated"), ALL, ids=[f"{name}-{rule.position}" for name, rule in ALL])
def test_every_rule_that_is_made_can_be_loaded(name: str, translated: Translated) -> None:
    """Its document is a draft that the rule language takes, with all its selections in use; else it is said why there is none."""
    if not translated.source:
        assert translated.why.endswith((".", "?", "`"))
        assert translated.state in ("not translated", "broken", "empty")
        return
    rule = rule_of(translated)
    assert (rule.id, rule.name, rule.status) == (translated.id, translated.name, "draft")
    assert set(used(rule.when)) == {selection.name for selection in rule.selections}
    assert translated.source.startswith(
        f"# From AutoModerator: {name}.yaml, rule {translated.position}, line {translated.line}; mark"
    )
    assert mark_of(translated.source) == translated.mark
    assert [
        note for note in translated.notes if " ".join(note.words.split()[:6]) not in _joined(translated.source)
    ] == []


def _joined(source: str) -> str:
    return " ".join(re.sub(r"^# +", "", source, flags=re.MULTILINE).split())


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_no_check_of_a_rule_goes_without_a_word(name: str) -> None:
    """Each key of each rule is told of in a note, or the rule is another one without it."""
    for section in re.split("^---.*$", CONFIGURATIONS[name].replace("\r\n", "\n"), flags=re.MULTILINE):
        (whole,) = convert(section).rules or (None,)
        if whole is None or not whole.source:
            continue
        yaml = YAML(typ="safe", pure=True)
        yaml.version = (1, 1)
        yaml.allow_duplicate_keys = True
        keys = list(yaml.load(section))
        bare = _without_comment(whole.source)
        for key in keys:
            if any(
                note.key == key or note.key.startswith(f"{key}.") or note.key.removesuffix("#standard") == key
                for note in whole.notes
            ):
                continue
            rest = {each: value for each, value in yaml.load(section).items() if each != key}
            other = convert(_dumped(rest)).rules[0]
            # `type: any` and `moderators_exempt` may say what is so without them
            if key in ("type", "moderators_exempt", "overwrite_flair", "priority"):
                continue
            assert not other.source or _without_comment(other.source) != bare, (whole.name, key)


def _without_comment(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.startswith(("#", "id:", "name:")))


def _dumped(rule: dict[str, Any]) -> str:
    from io import StringIO

    out = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.dump(rule, out)
    return out.getvalue()


def test_what_is_held_back_hits_nothing() -> None:
    """A rule that lost a condition may not hit more than the original, and so hits nothing until a person has decided."""
    held = [rule_of(rule) for _, rule in ALL if rule.state == "held back"]
    assert len(held) >= 10
    every = [
        thing(kind, title, title, "ann")
        for kind in ("submission", "comment")
        for title in ("x", "word", "spam", "gold", "[Recipe]")
    ]
    for rule in held:
        assert judged([rule], every) == [set()] * len(every)
        assert "and not-asked" in rule.source


def test_without_the_words_that_hold_it_back_a_rule_hits() -> None:
    """Taking `and not-asked` out is all that a person has to do."""
    found = one("{title: word, reports: 2, action: remove}")
    assert found.state == "held back"
    freed = found.source.replace(" and not-asked", "").replace("  not-asked:", "  unused:")
    (rule,), _ = read_documents(freed, "x.yaml")
    post = thing("submission", "a word", "", "ann")
    assert judged([rule], [post]) == [{rule.id}]
    assert judged([rule_of(found)], [post]) == [set()]


# -- ids, names, order ----------------------------------------------------------------------------------------------------------


def test_a_name_comes_from_the_comment_above_or_from_the_reason() -> None:
    """Decoration around it does not belong to it."""
    reason = "action_reason: 'Rude [{{match}}]'"
    rules = convert(
        f"### == Spam == ###\ntitle: x\naction: spam\n---\ntitle: y\naction: remove\n{reason}\n---\ntitle: z\naction: remove"
    ).rules
    assert [rule.name for rule in rules] == ["Spam", "Rude", "AutoModerator rule 3"]
    assert [rule.id for rule in rules][:2] == ["am-spam", "am-rude"]
    assert re.fullmatch(r"am-[0-9a-f]{8}", rules[2].id)


def test_an_id_stays_when_a_named_rule_is_edited_or_moved() -> None:
    """Its history hangs on it."""
    before = convert("# A\ntitle: x\naction: remove\n---\n# B\ntitle: y\naction: remove").rules
    after = convert("# B\ntitle: other\naction: remove\n---\n# A\ntitle: x\naction: remove").rules
    assert {rule.name: rule.id for rule in before} == {rule.name: rule.id for rule in after}
    assert before[0].mark == after[1].mark
    assert before[1].mark != after[0].mark


def test_rules_of_the_same_name_have_different_ids() -> None:
    """Also where they are the same to the letter."""
    rules = convert("\n---\n".join(["# Spam\ntitle: x\naction: spam"] * 3)).rules
    assert [rule.id for rule in rules] == ["am-spam", "am-spam-2", "am-spam-3"]


@pytest.mark.parametrize("name", ["Ünïcode Namé", "日本語", "a" * 300, "???", "x\u200by\u202ez", "...", "- - -"])
def test_every_name_gives_a_rule_that_loads(name: str) -> None:
    """Whatever stands in the comment."""
    found = one(f"# {name}\ntitle: x\naction: spam")
    assert rule_of(found).id == found.id


def test_order_is_that_of_the_configuration() -> None:
    """Larger priorities are for the judge to sort; the house's order is AutoModerator's."""
    found = convert("# A\ntitle: x\npriority: -3\naction: spam\n---\n# B\ntitle: y\npriority: 12\naction: approve")
    assert [(rule.name, rule_of(rule).priority) for rule in found.rules] == [("A", -3), ("B", 12)]
    assert found.house == "order: automoderator\n"


def test_it_tells_how_far_it_is() -> None:
    """For configurations that take a while."""
    told: list[tuple[int, int]] = []
    convert("a: 1\n---\nb: 2\n---\nc: 3", told=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("text", ["", "\n\n", "---", "# only", "\ufeff"])
def test_a_configuration_without_rules_gives_none(text: str) -> None:
    """And nothing to note."""
    found = convert(text)
    assert [rule.source for rule in found.rules] == [""] * len(found.rules)
    assert found.notes == ()


def test_counts_are_of_all_states() -> None:
    """For a line of summary."""
    counts = convert(CONFIGURATIONS["odd"]).counts()
    assert set(counts) == set(STATES)
    assert counts["broken"] == 3


# -- single things --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "exempt", "left_alone"),
    [
        ("remove", None, True),
        ("report", None, True),
        ("approve", None, False),
        ("remove", "false", False),
        ("approve", "true", True),
    ],
)
def test_moderators_are_left_alone_as_there(action: str, exempt: str | None, left_alone: bool) -> None:
    """By rules that remove or report, unless they say otherwise."""
    more = f", moderators_exempt: {exempt}" if exempt else ""
    assert rule_of(one(f"{{title: x, action: {action}{more}}}")).exempt_us is left_alone


def test_reasons_never_get_into_an_action() -> None:
    """A platform may show an action's reason to the author, and the words that matched are for moderators."""
    rule = rule_of(one("{title: x, action: remove, action_reason: 'Secret list [{{match}}]'}"))
    assert (rule.actions[0].value, rule.why) == ("", "Secret list")


@pytest.mark.parametrize("priority", ["2000000", "-9999999999", "1.9", "high", "~"])
def test_any_priority_gives_one_that_loads(priority: str) -> None:
    """Beyond what the rule language takes, it is the largest that it takes."""
    found = one(f"{{title: x, action: remove, priority: {priority}}}")
    assert abs(rule_of(found).priority) <= 1_000_000


def test_a_text_is_written_as_it_is_read() -> None:
    """Lines, quotes, and what looks like YAML."""
    text = "First: line\n\n  * 'one' # no comment\n  * \"two\"\n\nlast"
    (found,) = convert(
        "title: x\naction: remove\ncomment: |\n" + "".join(f"    {line}\n" for line in text.split("\n"))
    ).rules
    assert rule_of(found).public == text


@pytest.mark.parametrize(
    "item",
    [
        "it's",
        'say "x"',
        "a: b",
        "# x",
        "- x",
        "back\\slash",
        "tab\there",
        "\u200b|",
        "list:x",
        " x ",
        "\x08x",
        "é😀",
        "%",
        "x\ny",
    ],
)
def test_an_item_is_written_as_it_is_read(item: str) -> None:
    """Whatever characters it has: words stay words where the rule language lets them."""
    import json

    rule = rule_of(one(json.dumps({"title": [item], "action": "remove"})))
    check: Any = rule.selections[0].alternatives[0][0]
    assert check.items == (
        (item,) if not check.regex else (re.escape(item).replace("\x08", r"\x08").replace("list:x", "(?:list:x)"),)
    )


def test_unknown_keys_are_told_with_what_may_be_meant() -> None:
    """As a check that might restrict the rule, so that it is held back."""
    found = one("{title: x, boddy: y, action: remove}")
    assert found.state == "held back"
    assert any("Did you mean `body`" in note.words for note in found.notes)


KEYS = sorted(
    {
        *words.TOP_KEYS,
        "~title",
        "title+body",
        "body (regex)",
        "url (includes, case-sensitive)",
        "author (x)",
        "modifiers",
        "user_conditions",
        "???",
        "link_flair_text",
        "is_reply",
    }
)
values = st.recursive(
    st.one_of(
        st.sampled_from(
            [
                "x",
                "any",
                "submission",
                "comment",
                "remove",
                "< 5 days",
                "> 3",
                "(",
                "{{match}}",
                "",
                "[a]",
                "image hosting sites",
                "é\u200b",
            ]
        ),
        st.integers(-5, 10**7),
        st.booleans(),
        st.none(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(sorted({*words.AUTHOR_KEYS, *words.BASE, "action", "~name", "must_satisfy"})),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=6))
def test_whatever_a_rule_holds_it_loads_or_is_told_of(rule: dict[str, Any]) -> None:
    """Nothing raises anything, and every document that is made is one that the rule language takes."""
    import json

    for found in convert(json.dumps(rule)).rules:
        assert bool(found.source) is (found.state in ("translated", "noted", "held back"))
        assert {note.kind for note in found.notes} <= set(NOTE_KINDS)
        if found.source:
            rule_of(found)
            assert ("and not-asked" in found.source) is (found.state == "held back")
        else:
            assert found.why
