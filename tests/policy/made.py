"""Rules and messages for property tests, over an alphabet of characters that fold, expand, vanish or belong together."""

from __future__ import annotations

import regex
from hypothesis import strategies as st

from modconsole.policy.model import CHANNELS, FIELDS, FOLDS, METHODS, Ref, Rule, Selection, TextCheck, Texts

ALPHABET = (
    "aAbBsSkKiIlLeEoOvVnNhH01!$@|3"
    " \t\n.-_/:'’“"
    "İıſKßﬁ㎏éЕеоοσςΣνΝηΗВвсСЮжμµ"
    "\u200b\u00ad\u0301\u0345\u0308\x02\x85\u00a0"
    "かがカ\u3099ｶﾞ가각ᄀ\u1161ᆨ中"
    "втэдот"
    "🅰𝓪Ａⓢ⒜٣²½…ØꜱᏚ\u0938\u094d"
)
PIECES = (
    "http://",
    "https://www.",
    ".com/",
    "t.me/",
    "spam",
    "Scam",
    "sсаm",
    "ν",
    "straße",
    "STRASSE",
    "ﬁn",
    "kk",
    "ssss",
    "iİı",
)
words = st.lists(st.one_of(st.sampled_from(ALPHABET), st.sampled_from(PIECES)), max_size=14).map("".join)
literals = st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=4).map("".join) | st.sampled_from(PIECES)
texts = st.builds(
    lambda body, title, name, handle: Texts(ident=7, body=body, title=title, name=name, handle=handle),
    words,
    words | st.just(""),
    words | st.just(""),
    words | st.just(""),
)


def _valid(expression: str) -> bool:
    regex.purge()  # a full cache is thinned at random, and Hypothesis does not want chance within a strategy
    try:
        regex.compile(expression, regex.V0, cache_pattern=False)  # its cache shuffles, and Hypothesis minds
    except regex.error:
        return False
    return True


_singles = st.one_of(
    st.sampled_from(
        [
            *"abskiISKvelo0 .",
            "é",
            "ß",
            "İ",
            "с",
            "η",
            "か",
            "\\.",
            "\\w",
            "\\W",
            "\\d",
            "\\s",
            "\\S",
            "\\p{L}",
            "\\u0041",
        ]
    ),
    st.sampled_from(
        ["[ab]", "[^a]", "[a-s]", "[^a-z ]", "[İk]", "[\\w-]", "[о-с]", "[]a]", "[[:alpha:]]", "\\bs", "s\\b", "spam"]
    ),
)
expressions = st.recursive(
    _singles,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.builds(
            lambda part, many: f"(?:{part}){many}",
            inner,
            st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{,3}", "+?"]),
        ),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.builds(
            lambda sign, part: f"({sign}{part})", st.sampled_from(["?=", "?!", "?<=", "?<!", "?>", "?i:"]), inner
        ),
        st.builds(lambda part: f"^{part}", inner),
        st.builds(lambda part: f"{part}$", inner),
        st.builds(lambda part: f"({part})\\1", _singles),
    ),
    max_leaves=6,
).filter(_valid)


@st.composite
def checks(draw: st.DrawFn) -> TextCheck:
    """A text check of any kind."""
    expression = draw(st.booleans())
    return TextCheck(
        fields=tuple(draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=3, unique=True))),
        items=tuple(draw(st.lists(expressions if expression else literals, min_size=1, max_size=3))),
        method=draw(st.sampled_from(sorted(set(METHODS.values())))),
        regex=expression,
        fold=draw(st.sampled_from(sorted(FOLDS))),
        channels=()
        if expression
        else tuple(draw(st.lists(st.sampled_from(sorted(CHANNELS)), max_size=2, unique=True))),
        every=draw(st.booleans()),
        negated=draw(st.booleans()),
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule of text checks, with exceptions."""
    return Rule(
        id="made",
        name="Made",
        selections=(
            Selection(name="one", alternatives=((draw(checks()), draw(checks())), (draw(checks()),))),
            Selection(name="two", alternatives=((draw(checks()),),)),
        ),
        when=Ref("one"),
        exceptions=tuple(draw(st.lists(checks(), max_size=2))),
        actions=(),
    )
