"""How rules and their hits are told: places in brackets, figures, what speaks against a rule first."""

from __future__ import annotations

import pytest

from modconsole.desk.rule_trials import Found, Hit
from modconsole.domain.safetext import Safe, cells
from modconsole.screens import rule_report, rule_words
from modconsole.widgets.plain import Piece


def said(pieces: list[Piece]) -> str:
    """The pieces as one text."""
    return "".join(text for text, _ in pieces)


def hit(ident: int, text: str = "free airdrop here", **given: object) -> Hit:
    """A hit on `airdrop`."""
    at = text.index("airdrop")
    values: dict[str, object] = {
        "at": ident * 1_000_000, "source": "blog", "message": f"m{ident}", "conversation": "c", "name": "Bo",
        "spans": ((at, at + 7),),
    }  # fmt: skip
    return Hit(ident=ident, text=text, **{**values, **given})  # type: ignore[arg-type]


def test_what_was_found_stands_in_brackets() -> None:
    """Each place, with the words around it and their spaces as they were."""
    assert (
        said(rule_words.snippet("a free airdrop, an airdrop!", [(7, 14), (19, 26)], 60))
        == "a free [airdrop], an [airdrop]!"
    )
    assert said(rule_words.snippet("airdrop", [(0, 7)], 60)) == "[airdrop]"
    assert said(rule_words.snippet("no place", [], 60)) == "no place"


def test_places_that_overlap_are_one_and_places_elsewhere_are_none() -> None:
    """A wrong place shows the text all the same."""
    assert said(rule_words.snippet("abcdef", [(1, 4), (2, 5)], 60)) == "a[bcde]f"
    assert said(rule_words.snippet("abc", [(2, 9)], 60)) == "abc"


def test_a_place_far_into_a_text_is_shown_with_what_stands_before_it() -> None:
    """And a sign that there is more."""
    text = "word " * 200 + "the airdrop is here"
    at = text.index("airdrop")
    found = said(rule_words.snippet(text, [(at, at + 7)], 40))
    assert found.startswith("\u2026")
    assert "the [airdrop] is here" in found


def test_a_hostile_place_is_inert() -> None:
    """Also where the place itself is nothing but what acts on a terminal."""
    found = rule_words.snippet("x \x1b]0;owned\x07 \u202ey", [(2, 12)], 60)
    assert all(isinstance(text, Safe) for text, _ in found)
    assert "\x1b" not in said(found)
    assert said(rule_words.snippet("a\u200bb", [(1, 2)], 60)) == "a[\ufffd]b"


def test_what_speaks_against_a_rule_comes_first() -> None:
    """People who would have been left waiting, then what moderators kept, then what is new, lost, and the rest."""
    hits = [
        hit(1, decided="removed"),
        hit(2, decided="kept"),
        hit(3, waiting=True),
        hit(4, changed="added", decided="removed"),
        hit(5, changed="lost"),
        hit(6, decided="kept"),
    ]
    rows = rule_report.rows(Found(first=tuple(hits)))
    assert [row.hit.ident for row in rows if row.hit is not None] == [3, 6, 2, 4, 5, 1]
    assert [row.heading for row in rows if row.hit is None] == [
        "would have been left waiting",
        "moderators kept these",
        "new against the last version",
        "no longer hit",
        "others, newest first",
    ]
    assert [row.key for row in rows] == sorted(row.key for row in rows)
    assert not any(row.selectable for row in rows if row.hit is None)


def test_a_rule_that_hides_nothing_leaves_nobody_waiting_and_is_not_wrong_where_moderators_kept() -> None:
    """A rule that only tags: its hits are told newest first, without precision."""
    found = Found(
        first=(hit(1, decided="kept"), hit(2, waiting=True), hit(3)), waiting=1, precision=0.0, done=True, takes_down=False,
        decided={"removed": 0, "kept": 1, "open": 2},
    )  # fmt: skip
    assert [row.hit.ident for row in rule_report.rows(found) if row.hit] == [3, 2, 1]
    assert not any(row.heading for row in rule_report.rows(found))
    assert rule_report.tail(found) == []
    assert "precision" not in "".join(map(said, rule_report.head(found, 100)))


def test_hits_of_one_kind_need_no_heading() -> None:
    """Newest first."""
    assert [row.hit.ident for row in rule_report.rows(Found(first=(hit(1), hit(3), hit(2)))) if row.hit] == [3, 2, 1]
    assert len(rule_report.rows(Found(first=(hit(1), hit(2))))) == 2


@pytest.mark.parametrize("width", [30, 44, 78, 120])
def test_a_row_fits_its_width_and_shows_the_place(width: int) -> None:
    """The decision is a sign and a word, a change is a sign, the place stands in brackets."""
    row = rule_report.rows(Found(first=(hit(1, decided="kept", changed="added", channels=("lookalike",)),)))[0]
    drawn = rule_report.draw(row, width, 10_000_000)
    assert sum(cells(text) for text, _ in drawn) == width
    assert said(drawn).startswith("\u2717 kept    + ")
    if width >= 44:
        assert "lookalike" in said(drawn)
        assert "[airdrop]" in said(drawn)


def test_the_figures_say_how_many_how_long_what_changed_and_how_right_it_is() -> None:
    """As the sketch of the lab has it."""
    found = Found(
        scanned=1_000_000, of=1_000_000, seconds=0.19, done=True, hits=1204, against="v3", added=14, lost=3,
        decided={"removed": 1167, "kept": 31, "open": 6}, precision=0.9741, waiting=2, overlaps=(("no-ads", 12),),
        skipped=1,
    )  # fmt: skip
    assert [said(each).strip() for each in rule_report.head(found, 100)] == [
        "1,204 hits of 1,000,000 \u00b7 0.19 s",
        "against v3: +14 \u22123",
        "moderators removed 1,167 \u00b7 kept 31 \u00b7 open 6 \u00b7 precision 97.4 %",
    ]
    assert [said(each).strip() for each in rule_report.tail(found)] == [
        "! 2 people would have been left waiting",
        "also hit by: no-ads 12",
        "! given up on 1 message: an expression takes too long",
    ]
    narrow = [said(each).strip() for each in rule_report.head(found, 60)]
    assert narrow[-1] == "precision 97.4 %"


def test_while_it_looks_it_says_how_far_it_has_come() -> None:
    """And after nothing of nothing it divides by nothing."""
    half = Found(scanned=500, of=1000, seconds=0.1, hits=1)
    assert said(rule_report.head(half, 80)[0]).strip() == "1 hit of 1,000 \u00b7 0.10 s \u00b7 50 % looked through"
    assert said(rule_report.head(Found(), 80)[0]).strip().startswith("0 hits of 0")


def test_who_did_it_is_told_also_where_it_was_a_rule() -> None:
    """The journal spells it `rule:ID@VERSION`."""
    assert rule_words.by_whom("ann") == "ann"
    assert rule_words.by_whom("rule:no-ads@3") == "rule no-ads v3"
    assert rule_words.by_whom("rule:no-ads") == "rule no-ads"


def test_shares_and_costs_are_told_with_what_they_are_of() -> None:
    """A share of nothing is a dash."""
    assert rule_words.share(3, 212) == "3/212 1 %"
    assert rule_words.share(0, 0) == "\u2014"
    assert rule_words.cost(8.2) == "8 \u00b5s"
    assert rule_words.cost(0.2) == "<1 \u00b5s"
    assert rule_words.cost(0) == ""
