"""The page that members read: what is on it, that nothing on it is markup of its own, and what changed since the last one."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from modconsole.domain.times import DAY, HOUR
from modconsole.policy import guidelines
from modconsole.policy.guidelines import Change, Said, compare, compose, markdown, read_back
from modconsole.policy.guidelines_html import html
from modconsole.policy.model import Action, House, Ref, Rule, Rung
from tests.hostile.corpus import PAYLOADS


def rule(ident: str, public: str = "", section: str = "", **more: object) -> Rule:
    """A rule with words for members."""
    given = {"name": f"internal name of {ident}", "when": Ref("words"), "selections": (), "actions": (), **more}
    return Rule(id=ident, public=public, section=section, **given)  # type: ignore[arg-type]


HOUSE = House(
    title="The rules of Lanternfish",
    intro="Be kind.\n\nWe read everything.",
    strikes_last=90 * DAY,
    ladder=(
        Rung(strikes=3, action=Action(name="ban"), automatic=True),
        Rung(strikes=2, action=Action(name="mute", span=7 * DAY)),
    ),
    appeals="Write to https://example.org/appeal, we answer.",
)
GIVEAWAY = rule("crypto-giveaway", "No giveaways,\nno airdrops.\n", "Advertising")
ADVERT = rule("adverts", "Adverts belong in:\n- the market\n- nowhere else,\n  really", "Advertising", priority=10)
RUDE = rule("rude", "Do not be rude.", path="b.yaml")


def shown(text: str) -> str:
    """What a reader of a page of HTML sees, in one line; the signs that link to a rule are left out."""
    body = LexborHTMLParser(text).body
    assert body is not None
    for node in body.css("a.link, nav"):
        node.decompose()
    return " ".join(body.text(separator=" ").split())


def test_the_page_has_the_rules_words_under_their_sections_larger_priorities_first() -> None:
    """And the house's own; not what rules are called among moderators."""
    page = markdown(compose([GIVEAWAY, ADVERT, RUDE], HOUSE))
    assert page == (
        "# The rules of Lanternfish\n\nBe kind.\n\nWe read everything.\n\n"
        '## Advertising\n\n<a id="rule-adverts"></a>\n\nAdverts belong in:\n\n- the market\n- nowhere else, really\n\n'
        '<a id="rule-crypto-giveaway"></a>\n\nNo giveaways, no airdrops.\n\n'
        '## General\n\n<a id="rule-rude"></a>\n\nDo not be rude.\n\n'
        '<a id="what-follows"></a>\n\n## What follows\n\n- A strike counts for 90 days.\n'
        "- With 2 strikes you may be muted for 7 days.\n- With 3 strikes you may be banned.\n\n"
        '<a id="appeals"></a>\n\n## Appeals\n\nWrite to <https://example.org/appeal>, we answer.\n'
    )
    assert "internal name" not in page + html(compose([GIVEAWAY, ADVERT, RUDE], HOUSE))


def test_a_rule_without_words_for_members_is_not_on_the_page() -> None:
    """Many rules are the moderators' own business."""
    assert "secret" not in markdown(compose([rule("secret"), RUDE], House()))


def test_two_rules_that_say_the_same_are_one_entry_that_both_lead_to() -> None:
    """One rule of the house may take several to enforce."""
    page = compose(
        [rule("a", "No spam.", "Ads"), rule("b", "No\nspam.", "Ads"), rule("c", "No spam.", "Other")], House()
    )
    assert [[entry.ids for entry in part.entries] for part in page.parts] == [[("a", "b")], [("c",)]]
    ids = [node.attributes["id"] for node in LexborHTMLParser(html(page)).css("main [id]")]
    assert ids == ["section-1", "rule-a", "rule-b", "section-2", "rule-c"]


def test_the_same_rules_give_the_same_bytes_in_whatever_order_they_come() -> None:
    """A page that changes by itself cannot be compared."""
    one, other = compose([GIVEAWAY, ADVERT, RUDE], HOUSE), compose([RUDE, ADVERT, GIVEAWAY], HOUSE)
    assert (markdown(one), html(one)) == (markdown(other), html(other))


class Balanced(HTMLParser):
    """Counts what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.seen.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "srcset")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The last one that began ends."""
        assert self.open.pop() == tag


OUR_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "nav", "ul", "li", "a", "main"),
    *("section", "article", "span", "footer"),
}


@pytest.mark.parametrize("name", [name for name in PAYLOADS if name != "surrogate"])
def test_nothing_in_a_rule_is_markup_on_the_page(name: str) -> None:
    """Neither in HTML nor in Markdown; and no control character gets through."""
    text = (
        PAYLOADS[name][:3_000] + "\n<script>alert(1)</script> [x](javascript:1) ![x](y) `a` **b** &amp; # h\n> q\n1. n"
    )
    page = compose([rule("a", text, text[:200])], House(title=text[:200], intro=text, appeals=text))
    written = html(page)
    parser = Balanced()
    parser.feed(written)
    assert not parser.open
    assert parser.seen <= OUR_TAGS
    assert len(parser.ids) == len(set(parser.ids))
    rendered = MarkdownIt().enable("table").render(markdown(page))
    tree = LexborHTMLParser(rendered)
    assert {node.tag for node in tree.css("body *")} <= {"h1", "h2", "p", "a", "ul", "li"}
    assert all(str(node.attributes.get("href", "https://")).startswith("http") for node in tree.css("a[href]"))
    for char in written + markdown(page):
        assert char == "\n" or ord(char) >= 32
        assert not 0x7F <= ord(char) < 0xA0
    assert shown(rendered) == shown(written)


def test_the_page_loads_nothing_and_fits_a_phone() -> None:
    """One file, which can be put anywhere."""
    written = html(compose([GIVEAWAY, RUDE], HOUSE), footer="Version 3")
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in written
    assert "default-src 'none'" in written
    assert "<link" not in written
    assert "url(" not in written
    assert "<p>Version 3</p>" in written


PIECES = [*"ab -*#>+=_`~|\\[]()<>&!.:1\n\té字\u2028\u200f", "http://a.b/c ", "\n\n", "\n- "]
WORDS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@example("*\n- ", "- *", "", "- - -")
@given(WORDS, WORDS, WORDS, WORDS)
def test_what_was_published_can_be_read_back(one: str, two: str, section: str, intro: str) -> None:
    """The kept Markdown is all that a comparison needs."""
    page = compose([rule("a", one, section), rule("b.c", two)], House(intro=intro, appeals=one, title=two))
    found = read_back(markdown(page))
    wanted = {
        ident: Said(section=part.heading, text=entry.text)
        for part in page.parts
        for entry in part.entries
        for ident in entry.ids
    }
    wanted |= {
        name: Said(section="", text=text)
        for name, text in ((guidelines.INTRO, page.intro), ("#appeals", page.appeals), (guidelines.TITLE, page.title))
        if text
    }
    assert found == wanted


@given(WORDS)
def test_spelling_a_text_again_changes_nothing(text: str) -> None:
    """So two versions differ only where their words do."""
    once = guidelines.spelled(text)
    assert guidelines.spelled(once) == once


def test_changes_are_told_by_rule() -> None:
    """New, changed, gone; and the other parts of the page by name."""
    before = markdown(compose([GIVEAWAY, RUDE], HOUSE))
    milder = House(title=HOUSE.title, intro="Be very kind.", ladder=HOUSE.ladder, strikes_last=12 * HOUR)
    after = markdown(compose([rule("rude", "Be polite."), ADVERT], milder))
    told = compare(before, after)
    assert [(change.kind, change.name) for change in told] == [
        ("changed", "#intro"),
        ("new", "adverts"),
        ("changed", "rude"),
        ("changed", "#what-follows"),
        ("gone", "crypto-giveaway"),
        ("gone", "#appeals"),
    ]
    assert told[2] == Change(
        kind="changed",
        name="rude",
        before=Said(section="General", text="Do not be rude."),
        after=Said(section="General", text="Be polite."),
    )
    assert compare(after, after) == []


def test_a_rule_that_moves_to_another_section_has_changed() -> None:
    """Its words are the same, but they stand elsewhere."""
    (change,) = compare(
        markdown(compose([rule("a", "x", "One")], House())), markdown(compose([rule("a", "x", "Two")], House()))
    )
    assert (change.kind, change.before, change.after) == (
        "changed",
        Said(section="One", text="x"),
        Said(section="Two", text="x"),
    )


@pytest.mark.parametrize(
    ("span", "words"),
    [(90 * DAY, "90 days"), (DAY, "1 day"), (36 * HOUR, "36 hours"), (90_000_000, "2 minutes"), (1, "1 minute")],
)
def test_spans_are_told_in_their_largest_whole_unit(span: int, words: str) -> None:
    """As somebody would say them."""
    assert guidelines.span_words(span) == words
