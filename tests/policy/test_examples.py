"""The tests of a rule come out as the judge says, and a test that fails says why."""

from __future__ import annotations

import pytest

from modconsole.policy.examples import run
from modconsole.policy.load import read_rule
from modconsole.policy.model import Rule

TEXT = """\
id: a
select:
  words: {body+title: [airdrop, free coins]}
  newcomer: {author age (<): 7 days, ~author tags: vip}
  vip: {author tags: vip}
when: words and newcomer and not vip
except: {body: [airdrop rules]}
do: [flag]
"""


def rule(tests: str, text: str = TEXT) -> Rule:
    found, problems = read_rule(f"{text}tests:\n  - {tests}\n")
    assert found is not None, problems
    return found


@pytest.mark.parametrize(
    ("test", "ok", "why"),
    [
        ("{hit: an AIRDROP, given: newcomer}", True, "Found `AIRDROP` by words."),
        ("{hit: an AIRDROP}", False, "newcomer asks for facts that are not `given`."),
        ("{miss: an AIRDROP}", True, "No hit."),
        ("{hit: hello, given: newcomer}", False, "words found nothing in body."),
        ("{hit: hello, given: newcomer, in: title}", False, "words found nothing in title."),
        ("{hit: airdrop rules, given: newcomer}", False, "What was found lies within a match of `except`."),
        ("{miss: airdrop, given: newcomer}", False, "Found `airdrop` by words."),
        (
            "{hit: airdrop, given: [newcomer, vip]}",
            False,
            "newcomer does not hold with what is `given`; vip holds, which `when` rules out.",
        ),
    ],
)
def test_a_test_comes_out_and_says_why(test: str, ok: bool, why: str) -> None:
    """By what was found, what is not given, and what was taken away."""
    (result,) = run(rule(test))
    assert (result.ok, result.why) == (ok, why)


def test_facts_hold_only_where_they_are_given() -> None:
    """Also turned around, in counters, and in selections that mix them with words; an author is a member."""
    text = (
        "id: a\nselect:\n  flood: {history: {count: messages, within: 1 hour, more than: 5}, body: hello}\n"
        "  people: {author is: member, ~author first: true}\nwhen: flood and people\ndo: [flag]\n"
    )
    assert [
        run(rule(test, text))[0].ok
        for test in ("{hit: hello, given: flood}", "{miss: hello}", "{miss: bye, given: flood}")
    ] == [True, True, True]
    (failed,) = run(rule("{hit: hello, given: people}", text))
    assert failed.why == "flood asks for facts that are not `given`."


def test_a_rule_about_facts_alone_can_be_tested() -> None:
    """What it found is then what holds."""
    (result,) = run(rule("{hit: anything, given: new}", "id: a\nselect: {new: {author first: true}}\ndo: [flag]\n"))
    assert (result.ok, result.why, result.matches) == (True, "Holds: new.", ())


def test_a_rule_for_us_and_one_for_members_are_tested_alike() -> None:
    """`exempt us` makes no difference to a member's text."""
    for exempt in ("true", "false"):
        text = f"id: a\nselect: {{w: {{body: hello}}}}\ndo: [flag]\nexempt us: {exempt}\n"
        assert run(rule("hit: hello", text))[0].ok


def test_a_rule_without_tests_has_no_results() -> None:
    """And nothing is judged."""
    found, _ = read_rule(TEXT)
    assert found is not None
    assert run(found) == ()


def test_an_expression_that_takes_too_long_fails_its_test_and_no_other() -> None:
    """It says which one it was."""
    text = "id: a\nselect: {w: {body (regex): '(.*){4}x$'}}\ndo: [flag]\n"
    found, _ = read_rule(text + f"tests:\n  - hit: {'y' * 9000}x!\n  - hit: yyx\n")
    assert found is not None
    late, quick = run(found)
    assert (late.ok, quick.ok) == (False, True)
    assert late.why == "`(.*){4}x$` took too long, so the rule was skipped."


def test_addresses_are_tested_as_they_are_written() -> None:
    """With https:// and without."""
    text = "id: a\nselect: {w: {domain: example.com}}\ndo: [flag]\n"
    for test in (
        "{hit: example.com, in: domain}",
        "{hit: 'https://www.example.com/x', in: domain}",
        "{miss: example.com}",
    ):
        assert run(rule(test, text))[0].ok, test
