"""Rule files are read: what is right becomes a rule, what is wrong says where and why, and nothing is lost in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modconsole.domain.facts import Counter, Fact
from modconsole.domain.times import DAY, MINUTE, parse
from modconsole.policy.load import load_folder, read_documents, read_rule
from modconsole.policy.model import Action, Example, Expect, House, Not, Problem, Ref, Some, TextCheck

FULL = """\
id: crypto-giveaway
name: Crypto giveaways
status: shadow
owner: ann
why: They cheat members out of money.
expires: 2027-01-01
priority: 10
select:
  words:
    body+title (word, fold lookalike): [giveaway, airdrop, list:scam-words]
  newcomer:
    author age (<): 7 days
  flood:
    history: {count: messages, within: 10 minutes, more than: 5, here: true}
  quiet:
    - thread kind: [dm, group_dm]
    - ~text (regex, case-sensitive)#2: '[A-Z]+'
when: words and (newcomer or flood) and not quiet
except:
  body (word): [giveaway rules]
do:
  - hold
  - tag: [scam, money]
  - mute: {for: 7 days}
public: |
  No giveaways.
section: Advertising
tests:
  - hit: free AIRDR0P now
  - miss: giveaway rules
  - {hit: free airdrop, in: title, given: [newcomer]}
expect: {hits per day: 20, hits: 1..500, precision: 0.9, reversals: 0.1}
exempt us: false
"""
LISTS = {"scam-words": ("scam", "fraud")}


def only(text: str) -> Problem:
    """The only problem of a document."""
    _, problems = read_rule(text, path="a.yaml", lists=LISTS)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_document_becomes_the_rule_that_it_describes() -> None:
    """Every key arrives where it belongs."""
    rule, problems = read_rule(FULL, path="a.yaml", line=3, lists=LISTS)
    assert problems == []
    assert rule is not None
    assert (rule.id, rule.name, rule.status, rule.owner) == ("crypto-giveaway", "Crypto giveaways", "shadow", "ann")
    assert (rule.why, rule.priority, rule.section) == ("They cheat members out of money.", 10, "Advertising")
    assert (rule.path, rule.line, rule.source) == ("a.yaml", 3, FULL)
    assert (rule.public, rule.exempt_us, rule.expires) == ("No giveaways.", False, parse("2027-01-01T00:00:00Z"))
    words, newcomer, flood, quiet = rule.selections
    assert words.alternatives == (
        (TextCheck(fields=("body", "title"), items=("giveaway", "airdrop", "scam", "fraud")),),
    )
    assert newcomer.alternatives == ((Fact(name="author age", op="<", number=7 * DAY),),)
    assert flood.alternatives == ((Counter(counted="messages", within=10 * MINUTE, op=">", number=5, here=True),),)
    assert quiet.alternatives == (
        (Fact(name="thread kind", words=("dm", "group_dm")),),
        (
            TextCheck(
                fields=("body", "title"), items=("[A-Z]+",), method="substring", regex=True, fold="exact", negated=True
            ),
        ),
    )
    assert rule.when == Some(3, (Ref("words"), Some(1, (Ref("newcomer"), Ref("flood"))), Not(Ref("quiet"))))
    assert rule.exceptions == (TextCheck(fields=("body",), items=("giveaway rules",)),)
    assert rule.actions == (
        Action(name="hold"),
        Action(name="tag", value="scam"),
        Action(name="tag", value="money"),
        Action(name="mute", span=7 * DAY),
    )
    assert rule.examples == (
        Example(text="free AIRDR0P now", hit=True, line=31),
        Example(text="giveaway rules", hit=False, line=32),
        Example(text="free airdrop", hit=True, line=33, field="title", selections=("newcomer",)),
    )
    assert rule.expect == Expect(least_hits=1, most_hits=500, most_per_day=20, precision=0.9, most_reversals=0.1)


def test_what_is_left_out_is_what_the_model_says() -> None:
    """The shortest rule there is."""
    rule, problems = read_rule("id: a\nselect: {w: {body: free}}\ndo: hold\n")
    assert problems == []
    assert rule is not None
    assert (rule.name, rule.status, rule.when, rule.exempt_us, rule.expect) == ("a", "draft", Ref("w"), True, None)
    assert rule.selections[0].alternatives == ((TextCheck(fields=("body",), items=("free",)),),)


@pytest.mark.parametrize(
    ("brackets", "expected"),
    [
        ("", TextCheck(fields=("body",), items=("x1",))),
        (" (regex)", TextCheck(fields=("body",), items=("x1",), method="substring", regex=True, fold="case")),
        (" (word, regex)", TextCheck(fields=("body",), items=("x1",), method="word", regex=True, fold="case")),
        (
            " (regex, fold marks)",
            TextCheck(fields=("body",), items=("x1",), method="substring", regex=True, fold="marks"),
        ),
        (" (case-sensitive)", TextCheck(fields=("body",), items=("x1",), fold="exact")),
        (" (full-text, every)", TextCheck(fields=("body",), items=("x1",), method="full", every=True)),
        (" (squeeze, leet)", TextCheck(fields=("body",), items=("x1",), channels=("leet", "squeeze"))),
    ],
)
def test_brackets_say_how_to_look(brackets: str, expected: TextCheck) -> None:
    """Modifiers in any order, with the defaults of words and of expressions."""
    rule, problems = read_rule(f"id: a\ndo: [flag]\nselect:\n  w:\n    body{brackets}: x1\n")
    assert problems == []
    assert rule is not None
    assert rule.selections[0].alternatives == ((expected,),)


@pytest.mark.parametrize("value", ["no", "1.0", "2027-01-01", "null_", "0x1F", "'null'", "1e3", "12:30:45", "TRUE"])
def test_text_is_what_is_written(value: str) -> None:
    """What YAML 1.1 would have turned into numbers, truths and dates stays text."""
    rule, problems = read_rule(f"id: a\ndo: [flag]\nselect: {{w: {{body: [{value}, second]}}}}\n")
    assert problems == []
    assert rule is not None
    (check,) = rule.selections[0].alternatives[0]
    assert isinstance(check, TextCheck)
    assert check.items == (value.strip("'"), "second")


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("links (>): 5", Fact(name="links", op=">", number=5)),
        ("links: '> 5'", Fact(name="links", op=">", number=5)),
        ("links: <= 5", Fact(name="links", op="<=", number=5)),
        ("links: 5", Fact(name="links", number=5)),
        ("links (==): 5", Fact(name="links", number=5)),
        ("~links (≥): 5", Fact(name="links", op=">=", number=5, negated=True)),
        ("author age: < 1 day 12 hours", Fact(name="author age", op="<", number=DAY * 3 // 2)),
        ("author first: false", Fact(name="author first", flag=False)),
        ("source: [blog, forum]", Fact(name="source", words=("blog", "forum"))),
        ("written at: Sat,Sun 00:00-24:00 UTC", Fact(name="written at", words=("Sat,Sun 00:00-24:00 UTC",))),
    ],
)
def test_facts_are_compared_as_they_say(line: str, fact: Fact) -> None:
    """The operator stands in the brackets or in front of the value."""
    rule, problems = read_rule(f"id: a\ndo: [flag]\nselect:\n  w:\n    {line}\n")
    assert problems == []
    assert rule is not None
    assert rule.selections[0].alternatives == ((fact,),)


def test_a_mistake_is_placed_at_the_key_or_the_value() -> None:
    """Columns count characters of the line, from 1."""
    problem = only("id: a\nselect:\n  words:\n    body (wordd): [free]\ndo: [flag]\n")
    assert (problem.line, problem.column, problem.rule, problem.path) == (4, 11, "a", "a.yaml")
    assert (problem.words, problem.hint) == ("`wordd` says nothing about how to look.", "Did you mean `word`?")
    problem = only("id: a\nselect: {w: {body: free}}\ndo: [flag, 'delete']\n")
    assert (problem.line, problem.column, problem.hint) == (3, 12, "Did you mean `remove`?")


@pytest.mark.parametrize(
    ("item", "column"),
    [("a(b", 22), ("'a(b'", 23), ('"a(b"', 23), ("'''a(b'", 19), ('"\\x61(b"', 19)],
    ids=["plain", "single quotes", "double quotes", "a quote in quotes", "an escape in quotes"],
)
def test_a_bad_expression_says_where(item: str, column: int) -> None:
    """The column is that of the mistake where what is written is the expression itself; else that of the item."""
    problem = only(f"id: a\nselect:\n  w:\n    body (regex): {item}\ndo: [flag]\n")
    assert problem.words.startswith("This is no expression: missing ), at character ")
    assert (problem.line, problem.column) == (4, column)


def test_all_mistakes_of_a_document_are_said_at_once() -> None:
    """Nobody has to correct one to see the next."""
    _, problems = read_rule("namee: a\nselect: {w: {bdoy: free}}\ndo: [flga]\nwhen: v\n")
    assert [problem.line for problem in problems] == [1, 1, 2, 3, 4]
    assert all(not problem.warning for problem in problems)


def test_a_warning_keeps_the_rule() -> None:
    """It is taken all the same, and the warning says so."""
    rule, problems = read_rule("id: a\nselect: {v: {body: a1}, w: {body: b1}}\nwhen: v\ndo: [flag]\n")
    assert rule is not None
    assert [(problem.warning, problem.line) for problem in problems] == [(True, 2)]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_an_error_in_one_document_loses_no_other(ends: str) -> None:
    """Also one that no YAML parser gets over; lines are counted through the whole file."""
    good = "id: {}\nselect: {{w: {{body: free}}}}\ndo: [flag]\n"
    text = (
        good.format("a") + '---\nid: "b\nselect: [[{\n--- # the third\n' + good.format("c") + "...\n" + good.format("d")
    )
    rules, problems = read_documents(text.replace("\n", ends), "a.yaml")
    assert [(rule.id, rule.line) for rule in rules] == [("a", 1), ("c", 7), ("d", 12)]
    assert [(problem.line, problem.column) for problem in problems] == [(5, 5)]


def test_dashes_within_a_text_divide_nothing() -> None:
    """Only those at the beginning of a line do."""
    rules, problems = read_documents(
        "id: a\nselect: {w: {body: free}}\ndo: [flag]\npublic: |\n  one\n  ---\n  two\n", ""
    )
    assert problems == []
    assert rules[0].public == "one\n---\ntwo"


def test_documents_of_remarks_alone_are_none() -> None:
    """A file may begin with a remark and a divider."""
    rules, problems = read_documents("# rules of the house\n\n---\n\n---\n# nothing yet\n", "")
    assert (rules, problems) == ([], [])


def test_history_in_a_list_is_several_counters() -> None:
    """All of them must hold; turned around, none of them may."""
    text = (
        "id: a\ndo: [flag]\nselect:\n  w:\n    ~history:\n"
        "      - {count: links, within: 1 hour, at least: 3}\n      - {count: deletions, within: 30 days, exactly: 1}\n"
    )
    rule, problems = read_rule(text)
    assert problems == []
    assert rule is not None
    assert rule.selections[0].alternatives == (
        (
            Counter(counted="links", within=60 * MINUTE, op=">=", number=3, negated=True),
            Counter(counted="deletions", within=30 * DAY, op="=", number=1, negated=True),
        ),
    )


def test_strikes_without_a_ladder_are_noted_where_the_house_is_known() -> None:
    """The caller decides whether the house is looked at."""
    text = "id: a\nselect: {w: {body: free}}\ndo: [strike]\n"
    assert read_rule(text)[1] == []
    (problem,) = read_rule(text, house=House())[1]
    assert problem.warning


def write(folder: Path, **files: str) -> None:
    """Files with their contents; `__` in a name divides folders, `_` stands for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode())


RULE = "id: {}\nselect: {{w: {{body: {}}}}}\ndo: [flag]\n"


def test_a_folder_is_read_whole(tmp_path: Path) -> None:
    """Rules in the order of their files, with lists and settings; hidden files are left alone."""
    write(
        tmp_path,
        b_yaml=RULE.format("b1", "list:two") + "---\n" + RULE.format("b2", "free"),
        a_yml=RULE.format("a", "list:one"),
        more__c_yaml=RULE.format("c", "free"),
        lists_yaml="one: [x1, list:two]\n",
        lists__two_txt="# words\n\n#tag\n y1 \r\nx1\n",
        house_yaml="title: Ours\n",
        README_md="not: [read",
        _hidden_yaml="not: [read",
        _git__config_yaml="not: [read",
    )
    found = load_folder(tmp_path)
    assert found.problems == ()
    assert [(rule.path, rule.id, rule.line) for rule in found.rules] == [
        ("a.yml", "a", 1),
        ("b.yaml", "b1", 1),
        ("b.yaml", "b2", 5),
        ("more/c.yaml", "c", 1),
    ]
    assert found.lists == {"one": ("x1", "#tag", "y1"), "two": ("#tag", "y1", "x1")}
    assert found.house.title == "Ours"


def test_a_folder_that_is_not_there_has_no_rules(tmp_path: Path) -> None:
    """And that is no problem."""
    found = load_folder(tmp_path / "no")
    assert (found.rules, found.problems, found.lists) == ((), (), {})


def test_an_id_belongs_to_the_first_rule_that_has_it(tmp_path: Path) -> None:
    """The second is left out and says where the first is, also where only capitals differ."""
    write(tmp_path, a_yaml=RULE.format("spam", "one1"), b_yaml="# a remark\n" + RULE.format("Spam", "two2"))
    found = load_folder(tmp_path)
    assert [rule.path for rule in found.rules] == ["a.yaml"]
    (problem,) = found.problems
    assert (problem.path, problem.line, problem.column, problem.rule) == ("b.yaml", 2, 1, "Spam")
    assert "a.yaml:1" in problem.words


def test_a_list_that_is_wrong_costs_only_the_rules_that_use_it(tmp_path: Path) -> None:
    """Each of them says so."""
    write(
        tmp_path,
        a_yaml=RULE.format("a", "list:round"),
        b_yaml=RULE.format("b", "list:right"),
        lists_yaml="round: [list:about]\nabout: [list:round]\nright: [x1]\n",
    )
    found = load_folder(tmp_path)
    assert [rule.id for rule in found.rules] == ["b"]
    assert {problem.path for problem in found.problems} == {"a.yaml", "lists.yaml"}
    assert list(found.lists) == ["right"]


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe with the name of a rule file would never end."""
    os.mkfifo(tmp_path / "a.yaml")
    write(tmp_path, b_yaml=RULE.format("b", "free"))
    found = load_folder(tmp_path)
    assert [rule.id for rule in found.rules] == ["b"]
    assert [problem.path for problem in found.problems] == ["a.yaml"]


def test_bytes_that_are_no_text_are_found_at_their_place(tmp_path: Path) -> None:
    """Line and column of the first of them."""
    (tmp_path / "a.yaml").write_bytes(b"id: a\nname: caf\xe9\n")
    (problem,) = load_folder(tmp_path).problems
    assert (problem.line, problem.column) == (2, 10)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + RULE.format("a", "free").encode())
    found = load_folder(tmp_path)
    assert [rule.id for rule in found.rules] == ["a"]
    assert found.problems == ()
