"""Folding: what becomes the same at which level, and the way back to the original."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modconsole.policy._lookalikes import ALIKE
from modconsole.policy.fold import LEVELS, fold, fold_text, forms, is_word, leet, squeeze
from modconsole.policy.model import Fold
from tests.policy.made import ALPHABET

nasty = st.text(st.sampled_from(ALPHABET) | st.characters(exclude_categories=()), max_size=20)


@pytest.mark.parametrize(
    ("level", "written", "folded"),
    [
        ("exact", "Ünï\u200b", "Ünï\u200b"),
        ("case", "STRASSE Straße", "strasse strasse"),
        ("case", "Ünï", "ünï"),
        ("marks", "Ünï cafe\u0301 \u0438\u0306", "uni cafe и"),
        ("marks", "g\u200bi\u00adv\u2060e \ufeffa\x02way", "give away"),
        ("marks", "ｆｒｅｅ 𝓶𝓸𝓷𝓮𝔂 Ⓦⓘⓝ ⒜ ﬁn ㎏ ²", "free money win a fin kg 2"),
        ("marks", "а", "а"),
        ("lookalike", "саsіnо ВОТ ꜰʀᴇᴇ ᏔᎬ 🅆🅸🅽 łøđ", "casino bot free we win lod"),
        ("lookalike", "“don’t” — stop…", '"don\'t" - stop...'),
        ("lookalike", "٣ १ ൫", "3 1 5"),
        ("lookalike", "0 O 1 l", "0 o 1 l"),
        ("lookalike", "his 日本 русский žluťoučký", "his 日本 pycckuu zlutoucky"),
    ],
)
def test_each_level_makes_these_the_same(level: Fold, written: str, folded: str) -> None:
    """Examples of each level; what looks alike in ASCII stays apart."""
    assert fold_text(written, level) == folded


@pytest.mark.parametrize("one", ["か\u3099", "ｶ\uff9e", "\u1112\u1161\u11ab", "하\u11ab"])
def test_syllables_in_parts_are_the_whole_one(one: str) -> None:
    """A kana with its voicing mark, or jamo, is the one character that it makes; か alone is not in が."""
    whole = unicodedata.normalize("NFKC", one)
    for level in ("marks", "lookalike"):
        assert fold_text(one, level) == fold_text(whole, level) == whole
    assert "か" not in fold_text("が", "lookalike")


@pytest.mark.parametrize("text", ["हिंदी", "ภาษาไทย", "தமிழ்"])
def test_vowel_signs_stay(text: str) -> None:
    """Marks that are letters to their readers are kept: without them other words would come out."""
    assert fold_text(text, "marks") == text


@given(nasty, st.sampled_from(LEVELS))
def test_the_way_back_leads_to_what_it_came_from(text: str, level: Fold) -> None:
    """Each stretch of the folded text is in what its place in the original folds to; and the whole is the fast path's."""
    folded = fold(text, level)
    assert folded.text == fold_text(text, level)
    for start in range(len(folded.text)):
        for end in (start + 1, len(folded.text)):
            first, last = folded.span(start, end)
            assert 0 <= first < last <= len(text)
            assert folded.text[start:end] in fold_text(text[first:last], level)


def test_places_in_expanded_text() -> None:
    """What one character became leads back to it whole; marks and invisible characters belong to the letter before them."""
    assert fold("a ﬁne", "marks").span(3, 4) == (2, 3)  # the i of ﬁ
    assert fold("Straße", "case").span(4, 6) == (4, 5)
    assert fold("cafe\u0301s", "marks").span(3, 4) == (3, 5)
    assert fold("g\u200bo", "marks").span(0, 2) == (0, 3)
    assert fold("か\u3099く", "marks").span(0, 1) == (0, 2)


def test_levels_include_those_before_them() -> None:
    """Of every character: folding further makes of the folded one what it makes of the original. Greek letters whose capital
    looks like another Latin letter are apart from that at the last level, and so is the iota subscript, which is a mark."""
    odd = set()
    for code in range(0x20000):
        char = chr(code)
        if unicodedata.category(char) in ("Cn", "Co", "Cs"):
            continue
        last = fold_text(char, "lookalike")
        assert fold_text(last, "lookalike") == last
        marked = fold_text(char, "marks")
        assert fold_text(marked, "marks") == marked
        if not fold_text(marked, "lookalike") == fold_text(char.casefold(), "lookalike") == last:
            odd.add(char)
    assert {"Ν", "Η", "Υ", "Μ", "Σ", "ᾳ"} < odd
    assert all(any("GREEK" in unicodedata.name(part) for part in unicodedata.normalize("NFKD", char)) for char in odd)


def test_greek_is_found_in_capitals_and_small_letters() -> None:
    """`forms` of a Greek word are in it however it is written, and Latin words are in what Greek letters make of them."""
    for written in ("Νέα Δημοκρατία", "ΝΕΑ ΔΗΜΟΚΡΑΤΙΑ", "νέα δημοκρατία"):
        for literal in ("νέα", "ΝΈΑ", "Νέα"):
            assert any(form in fold_text(written, "lookalike") for form in forms(literal, "lookalike"))
    assert fold_text("ΝΕΤ νετ", "lookalike") == "net vet"


def test_what_folds_to_nothing_has_no_form() -> None:
    """An item of invisible characters finds nothing where these are left out."""
    assert forms("\u200b\u00ad", "lookalike") == ()
    assert forms("\u200b", "exact") == ("\u200b",)


def test_lookalikes_are_words_where_the_original_is() -> None:
    """No sign becomes a letter and no letter a sign, but letters in circles and boxes; nothing in ASCII is touched."""
    for target, chars in ALIKE.items():
        for char in chars:
            assert not char.isascii()
            assert unicodedata.category(char) == "So" or all(is_word(each) for each in target) == is_word(char)
            assert not target.isspace()


def test_leet_reads_signs_as_letters() -> None:
    """One letter for one sign, i and l the same, since 1 and ! stand for both."""
    assert leet("g1ve4w@y") == leet("giveaway")
    assert leet("b!ll10n") == leet("billion")
    assert len(leet("€$5")) == 3


def test_squeeze_keeps_where_runs_begin() -> None:
    """Runs of letters become one, others stay; the places lead back to the whole runs."""
    squeezed = squeeze("freeee!! 100")
    assert squeezed.text == "fre!! 100"
    assert squeezed.span(2, 3) == (2, 6)


def test_a_lone_surrogate_is_no_letter() -> None:
    """What no UTF-8 can hold becomes the replacement character before it reaches the automaton."""
    assert fold_text("a\ud800b", "lookalike") == "a\ufffdb"
