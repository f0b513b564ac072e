"""What rules find: methods, fields, folding, channels, exceptions, and where."""

from __future__ import annotations

from typing import Any

import pytest

from modconsole.policy.confirm import MOST
from modconsole.policy.engine import Engine, Spot
from modconsole.policy.model import Match, Method, Texts
from tests.policy.engines import check, matches, rule, scan, words


@pytest.mark.parametrize(
    ("method", "item", "hits", "misses"),
    [
        ("word", "cow", ["a cow!", "cow", "COW's"], ["scowl", "cows", "cow_", "cow2"]),
        ("word", "@foo", ["a@foo", "@foo bar"], ["@foobar"]),
        ("word", "c++", ["c++", "c++x", "(c++)"], ["xc++"]),
        ("word", "free money", ["get free money now"], ["free  money", "free moneybag"]),
        ("substring", "cow", ["scowl"], ["c o w"]),
        ("full", "cow", ["cow", "… cow!!", "cow\n"], ["a cow"]),
        ("full-exact", "cow", ["cow", "Cow\n"], ["cow!", " cow"]),
        ("starts", "cow", ["cowl"], [" cow"]),
        ("ends", "cow", ["my cow", "my cow\n"], ["cow."]),
    ],
)
def test_methods(method: Method, item: str, hits: list[str], misses: list[str]) -> None:
    """Each method finds what AutoModerator's does; at an edge that is no character of a word, a word has no edge."""
    for text in hits:
        assert matches(check(item, method=method), text), text
    for text in misses:
        assert not matches(check(item, method=method), text), text


def test_a_match_says_where_and_what() -> None:
    """Positions are of the original text, also after characters that expand, and the words are as they stand there."""
    text = "ﬁﬁ: get Frее mo\u0301ney now"
    assert matches(check("free money"), text) == [
        Match(
            selection="words",
            field="body",
            start=8,
            end=19,
            words="Frее mo\u0301ney",
            item="free money",
            channel="lookalike",
        )
    ]
    assert text[8:19] == "Frее mo\u0301ney"


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("Giveaway", ""),
        ("gíveaway", "marks"),
        ("gіveaway", "lookalike"),
        ("g1ve4way", "leet"),
        ("giiiveaway", "squeeze"),
    ],
)
def test_a_match_says_how_it_was_found(text: str, channel: str) -> None:
    """The channel is empty for what is written plainly."""
    made = check("giveaway", channels=("leet", "squeeze"))
    assert [match.channel for match in matches(made, f"a {text}!")] == [channel]


def test_channels_are_asked_for() -> None:
    """Without them digits and repeated letters are what they are."""
    assert not matches(check("giveaway"), "g1veaway giiiveaway")


@pytest.mark.parametrize("text", ["800 lol", "455", "to too soon", "word!", "god", "of off", "fill"])
def test_channels_find_no_plain_words(text: str) -> None:
    """Numbers are no words, a doubled letter is no repetition, and a sign after a word belongs to the sentence."""
    made = check("boo", "ass", "to", "good", "of", "fiil", channels=("leet", "squeeze"))
    assert [match.channel for match in matches(made, text)] in ([], [""], ["", ""])
    assert all(match.words == match.item for match in matches(made, text))


def test_a_sign_after_a_word_does_not_hide_it() -> None:
    """The edges of a word are those of the plain text: `g1veaway!` is not `giveawayi`."""
    assert words(check("giveaway", channels=("leet",)), "a g1veaway! now") == ["g1veaway"]


def test_exceptions_are_asked_at_every_match() -> None:
    """A match within an exception is none; another one elsewhere still is."""
    made, but = check("giveaway"), (check("giveaway rules"),)
    assert words(made, "giveaway rules", but) == []
    assert matches(made, "giveaway rules, then a giveaway", but)[0].start == 23
    assert words(made, "the giveaway", (check("the"),)) == ["giveaway"]
    assert words(made, "giveaway", (check("giveaway"),)) == []


def test_an_exception_is_about_its_field() -> None:
    """What is excepted in the title is not in the body; an address excepted covers the words in it."""
    texts = Texts(ident=1, body="giveaway", title="giveaway rules")
    made = check("giveaway", fields=("body", "title"))
    assert [m.field for m in matches(made, texts, (check("giveaway rules", fields=("title",)),))] == ["body"]
    addressed = "see https://giveaway.example.org/x and https://giveaway.bad.com"
    kept = matches(check("giveaway"), addressed, (check("example.org", fields=("domain",)),))
    assert [match.start for match in kept] == [47]


def test_every_item_in_whichever_field() -> None:
    """`every` asks for all items; one may be in the title and the other in the body."""
    made = check("free", "money", every=True, fields=("body", "title"))
    assert not matches(made, Texts(ident=1, body="free free"))
    assert words(made, Texts(ident=1, body="free", title="Money")) == ["free", "Money"]


@pytest.mark.parametrize(
    ("item", "host", "found"),
    [
        ("evil.com", "evil.com", True),
        ("evil.com", "www.a.evil.com:8080/x?y", True),
        ("evil.com", "notevil.com", False),
        ("evil.com", "evil.com.org", False),
        (".evil.com", "a.evil.com", True),
        (".evil.com", "evil.com", False),
        ("evil.com", "user@evil.com/", True),
        ("evil.com", "EVIL.com", True),
        ("evil.com", "еvil.com", True),
    ],
)
def test_domains_are_found_with_what_is_below_them(item: str, host: str, found: bool) -> None:
    """A domain is the whole host, or ends it after a dot; with a dot in front only what is below it."""
    text = f"look: https://{host}."
    assert bool(matches(check(item, fields=("domain",)), text)) is found


def test_a_match_in_an_address_is_the_address() -> None:
    """The place of a link or domain is the address in the body, once for each address."""
    text = "a (https://pay.example.org/pay/pay) b t.me/pay"
    found = matches(check("pay", fields=("link",), method="substring"), text)
    assert [match.words for match in found] == ["https://pay.example.org/pay/pay", "t.me/pay"]
    assert [text[match.start : match.end] for match in found] == [match.words for match in found]


@pytest.mark.parametrize(
    ("expression", "more", "text", "found"),
    [
        (r"fr(e)\1", {}, "FREE", ["FREE"]),
        (r"a.c", {}, "a\nc", ["a\nc"]),
        (r"free", {"fold": "exact"}, "FREE free", ["free"]),
        (r"bots?", {"method": "word"}, "robots bots", ["bots"]),
        (r"bot", {"method": "full"}, "! bot !", ["bot"]),
        (r"(?<!not )free(?! speech)", {}, "not free, free speech, free beer", ["free"]),
        (r"sсam", {"fold": "case"}, "scam", []),
        (r"scam", {"fold": "lookalike"}, "ѕсаm", ["ѕсаm"]),
        (r"\p{Cyrillic}{3,}", {}, "да нет", ["нет"]),
        (r"(?i)ŁÓDŹ", {"fold": "exact"}, "łódź", ["łódź"]),
        (r"^$|x*", {}, "", []),
    ],
)
def test_expressions(expression: str, more: dict[str, Any], text: str, found: list[str]) -> None:
    """Expressions read the original without regard to case, or the folded text; groups keep their numbers; an empty text has
    nothing to be found in."""
    assert words(check(expression, regex=True, **more), text) == found


@pytest.mark.parametrize(
    "text", ["вот так", "я вот", "как это всё", "горе от ума", "αυτό είναι το νερό", "what a cyka blyat"]
)
def test_words_of_another_script_are_no_disguise(text: str) -> None:
    """Where somebody writes Russian or Greek, a word that looks like an English one is none; nor the other way round."""
    assert not matches(check("bot", "kak", "rope", "to", "сука"), text)


@pytest.mark.parametrize("text", ["СОР", "the сор came", "вы, сasіno!", "наш саsіnо", "ты cyka", "вас зовут: bоt"])
def test_disguises_are_found_beside_another_script(text: str) -> None:
    """Mixed words are disguises anywhere, and so are words of letters that anybody takes for others where nothing tells."""
    assert matches(check("cop", "casino", "сука", "bot"), text)


def test_words_of_another_script_are_found_by_themselves() -> None:
    """A Russian item finds Russian words, whatever they look like."""
    assert words(check("вот", "нет"), "Вот и нет") == ["Вот", "нет"]


def test_all_fields_are_looked_in() -> None:
    """Title, name and handle are texts of their own, also where many messages have the same."""
    texts = [Texts(ident=n, body="x", title="Free coins", name="freе", handle="@free") for n in range(3)]
    made = check("free", fields=("title", "author name", "author handle"))
    found = Engine([rule(made)]).scan(texts).found
    assert list(found) == [0, 1, 2]
    for each in found.values():
        assert [match.field for match in each[Spot(0, 0, 0, 0)]] == ["title", "author name", "author handle"]


def test_negated_checks_are_told_as_they_match() -> None:
    """The engine says what is there; what a rule makes of it is the judge's."""
    found = scan(rule(check("free", negated=True)), "free", "x").found
    assert list(found) == [0]


def test_no_more_places_than_anybody_reads() -> None:
    """Of each item so many places are told; that it matches is said all the same."""
    assert len(matches(check("a", method="substring"), "a" * 10_000)) == MOST
    assert len(matches(check("a", method="substring"), "a" * 200_000)) == MOST
    assert len(matches(check("a", regex=True), "a" * 10_000)) == MOST


def test_a_long_text_is_looked_at_whole() -> None:
    """A literal at the very end of a megabyte is found, where pieces meet too; in folded text as well."""
    for filler in ("x ", "х "):
        text = filler * 600_000
        for at in (len(text), 65_536, 65_530, 131_072):
            assert matches(check("needle in hay"), text[:at] + " neеdle in hay")[0].start == at + 1


def test_rules_share_nothing_but_the_look() -> None:
    """Two rules with the same items each get their own matches, by their own fields and methods."""
    rules = [rule(check("spam"), name="a"), rule(check("spam", method="full"), name="b"), rule(check("spam"), name="c")]
    assert {spot.rule for spot in scan(rules, "spam spam").found[0]} == {0, 2}
    assert {spot.rule for spot in scan(rules, "spam").found[0]} == {0, 1, 2}
