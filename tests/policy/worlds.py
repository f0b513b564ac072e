"""Messages and rules made at random from what is awkward, and the brute force that says what is right."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from modconsole.domain.facts import COUNTED, Counter, Fact, Question
from modconsole.policy.backtest import Backtest, Found
from modconsole.policy.corpus import Corpus, View
from modconsole.policy.fold import fold_text
from modconsole.policy.judge import OURS, Judge
from modconsole.policy.model import (
    FOLDS,
    Action,
    Channel,
    Check,
    Field,
    Fold,
    Method,
    Not,
    Ref,
    Rule,
    Selection,
    Some,
    TextCheck,
    Texts,
    When,
)
from modconsole.policy.small import Small
from tests.policy.feeds import Feed

PIECES = (
    *(
        "free",
        "FREE",
        "Free",
        "fr\u0435\u0435",
        "f\u200bree",
        "\uff46ree",
        "fr\u0301ee",
        "fre",
        "e",
        "ee",
        "F",
        "freely",
    ),
    *("stra\u00dfe", "STRASSE", "\u1e9e", "\u017f", "\u212a", "\u0130", "\u0131", "i", "I", "\ufb01", "fi", "\ufb00"),
    *(
        "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
        "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3",
        "\u1fb3",
        "\u039d\u03bd",
    ),
    *("\u043a\u0430\u0437\u0438\u043d\u043e", "\u041a\u0410\u0417\u0418\u041d\u041e", "\u042e", "\u044e", "lo"),
    *("g1veaway", "giiiveaway", "giveaway", "GIVE", "g1v3", "aaaaaa", "AaAaAa", "zzz", "a", "aa"),
    *("(b)", "\u249d", "b", "(", ")", "\u304b", "\u304b\u3099", "\uac00", "\uac01", "\u1100\u1161", "\u3042"),
    *(
        "\x00",
        "\x85",
        "\u0301",
        "\xe9",
        "e\u0301",
        "\n",
        " ",
        "  ",
        "\t",
        ".",
        ",",
        "@",
        "-",
        "$",
        "\xa0",
        "\u2028",
        "|",
    ),
    *(
        "555-1234",
        "12345",
        "\u0661\u0662\u0663",
        "0",
        "O",
        "http://spam.example.com/free",
        "www.a.de",
        "t.me/x",
        "_",
        "x_y",
    ),
)
EXPRESSIONS = (
    *(
        "fr.e",
        "fre+",
        "(?:free|give)",
        r"\bfree\b",
        r"\w+way",
        r"f\w\we",
        r"[A-Z]{3,}",
        r"(\w)\1{2,}",
        r"^free",
        r"free$",
    ),
    *(
        r"^\W*free",
        r"(?=.*a)e",
        r"(?!free)e",
        r"(?<=f)r",
        r"(?<!f)r",
        r"\d{3}-?\d{4}",
        r"\s\s",
        r"[^a-z]{2}",
        r"\S+@",
        r"^$",
    ),
    *(
        r"$",
        r"^",
        r"\Afree",
        r"e\Z",
        r"(?i:FREE)x?",
        r"(?s).",
        r"(?m)^free$",
        r"[\u0400-\u04ff]+",
        r"\p{Lu}{2}",
        r"[[:alpha:]]",
    ),
    *(
        r"(?P<x>e)(?P=x)",
        r"a{2}",
        r"a{2,3}?",
        r"(?>fr)ee",
        r"x*",
        r"free|",
        r"i",
        r"k",
        r"s",
        r"ss",
        r"\u00df",
        r"\.",
        r"[.]",
    ),
    *(
        r"\x00",
        r"[\s\S]b",
        r"\n",
        r"fr[e\u0435]{2}",
        r"\B",
        r"(a|aa)+e",
        r"f(?#nothing)r",
        r"[$-]",
        r"[]a]",
        r"[^]a]",
        r"(?i)fReE",
    ),
)

texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | st.text(max_size=6)
literals = st.one_of(
    st.sampled_from(PIECES),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map("".join),
    st.text(min_size=1, max_size=3),
).filter(bool)
fields = st.lists(
    st.sampled_from(tuple[Field, ...](("body", "body", "title", "author name", "author handle", "link", "domain"))),
    min_size=1,
    max_size=2,
    unique=True,
).map(tuple)
questions: st.SearchStrategy[Question] = st.one_of(
    st.builds(Fact, name=st.just("author first"), flag=st.booleans(), negated=st.booleans()),
    st.builds(Fact, name=st.just("links"), op=st.just(">"), number=st.integers(0, 2), negated=st.booleans()),
    st.builds(
        Counter,
        counted=st.sampled_from(sorted(COUNTED)),
        within=st.just(60_000_000),
        op=st.just(">"),
        number=st.integers(0, 2),
        negated=st.booleans(),
    ),
)
methods: tuple[Method, ...] = ("word", "substring", "full", "full-exact", "starts", "ends")
folds: tuple[Fold, ...] = tuple(FOLDS)
channels: tuple[tuple[Channel, ...], ...] = ((), (), (), ("leet",), ("squeeze",), ("leet", "squeeze"))


@st.composite
def checks(draw: st.DrawFn) -> TextCheck:
    """A check of text of any kind."""
    by_expression = draw(st.booleans())
    items = draw(
        st.lists(st.sampled_from(EXPRESSIONS) if by_expression else literals, min_size=1, max_size=6, unique=True)
    )
    return TextCheck(
        fields=draw(fields),
        items=tuple(items),
        regex=by_expression,
        method=draw(st.sampled_from(("substring", *methods))),
        fold=draw(st.sampled_from(("lookalike", "lookalike", *folds))),
        channels=() if by_expression else draw(st.sampled_from(channels)),
        every=draw(st.sampled_from((False, False, True))),
        negated=draw(st.sampled_from((False, False, False, True))),
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule of any kind."""
    either: st.SearchStrategy[Check] = st.one_of(checks(), checks(), questions)
    alternative = st.lists(either, min_size=1, max_size=2).map(tuple)
    count = draw(st.integers(1, 3))
    selections = tuple(
        Selection(name=f"s{n}", alternatives=tuple(draw(st.lists(alternative, min_size=1, max_size=2))))
        for n in range(count)
    )
    leaf: st.SearchStrategy[When] = st.sampled_from([Ref(each.name) for each in selections])
    when = st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=3).flatmap(
                lambda parts: st.integers(1, len(parts)).map(lambda least: Some(least, tuple(parts)))
            ),
        ),
        max_leaves=4,
    )
    exceptions = draw(st.sampled_from((0, 0, 1)))
    return Rule(
        id="r",
        name="r",
        selections=selections,
        when=draw(when),
        exceptions=tuple(draw(checks()) for _ in range(exceptions)),
        actions=(Action(name="flag"),),
        exempt_us=draw(st.booleans()),
    )


class World:
    """Messages with conversations and people, as the backtest asks for them."""

    def __init__(self, folder: Path) -> None:
        self.feed = Feed()
        self.shown: dict[int, str] = {}
        """Titles of conversations."""
        self.known: dict[int, tuple[str, str]] = {}
        """Name and handle of people."""
        self.corpus = Corpus(folder, look, "test")

    def titles(self) -> Small:
        """The titles of conversations."""
        return Small([(talk, title) for talk, title in self.shown.items() if title], look)

    def names(self) -> Small:
        """The names of people."""
        return Small([(person, each) for person, both in self.known.items() for each in both if each], look)

    def called(self, ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
        """What messages are called."""
        found = {}
        for row in ids:
            _, _, title, talk, person = self.feed.messages[row]
            found[row] = (self.shown.get(talk, "") if title is None else title, *self.known.get(person, ("", "")))
        return found

    def ask(self, question: Question, ids: Sequence[int]) -> set[int]:
        """Any answers, but always the same ones. Who is us is so whatever they write."""
        if question == OURS:
            return {row for row in ids if self.feed.messages[row][4] == 1}
        return {row for row in ids if zlib.crc32(f"{question} {row}".encode()) % 3 == 0}

    def view(self) -> View:
        """All texts as they are now."""
        view = self.corpus.view(self.feed)
        assert view is not None
        return view

    def brute(self, rule: Rule, limit: float = 5.0) -> list[Found]:
        """What the judge says of every message, in the order in which the copy has them, the newest first."""
        view = self.view()
        rows = [view.rows[place] for place in range(view.count - 1, -1, -1) if place not in view.masked]
        called = self.called(rows)
        every = [
            Texts(
                ident=row,
                body=self.feed.messages[row][1],
                title=called[row][0],
                name=called[row][1],
                handle=called[row][2],
            )
            for row in rows
        ]
        judged = Judge([rule], limit).judge(every, self.ask)
        return [Found(each.ident, each.matches, each.held) for each in judged.verdicts]

    def counted(self, rule: Rule, whole: int) -> list[int]:
        """The messages that the backtest hits, where only the first hits are wanted whole."""
        run = Backtest(rule, self.view(), self, whole=whole, limit=5.0).run(lambda: False)
        return [found.ident for batch in run for found in batch.found]

    def tried(self, rule: Rule, limit: float = 5.0) -> list[Found]:
        """What the backtest says."""
        run = Backtest(rule, self.view(), self, limit=limit).run(lambda: False)
        return [found for batch in run for found in batch.found]


def look(text: str) -> str:
    """As the copy is folded."""
    return fold_text(text, "lookalike")
