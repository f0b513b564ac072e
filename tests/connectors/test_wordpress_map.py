"""What a comment becomes, text for text, where no server is needed."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modconsole.connectors.wordpress_map import (
    Comment,
    Content,
    Post,
    Title,
    as_html,
    conversation,
    message,
    person_id,
    plain,
    same_text,
    to_send,
)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("approved", "live"),
        ("hold", "held"),
        ("spam", "spam"),
        ("trash", "removed"),
        ("plugin-made", "held"),
        (None, "live"),
    ],
)
def test_every_status_has_a_state(status: str | None, state: str) -> None:
    """A word that WordPress does not have is held for a person; without the right to see it, only live ones are
    listed."""
    assert message(Comment(id=1, post=2, status=status), "blog", 0).state == state


def test_a_guest_without_mail_is_known_by_name() -> None:
    """And never confused with one known by mail, nor with an account."""
    ids = {
        person_id(Comment(id=1, author=0, author_name="Ann")),
        person_id(Comment(id=2, author=0, author_name="Ann", author_email="ann@example.test")),
        person_id(Comment(id=3, author=0, author_email="Ann")),
        person_id(Comment(id=4, author=7, author_name="Ann")),
        person_id(Comment(id=5, author=0)),
    }
    assert len(ids) == 5
    assert person_id(Comment(id=6, author=0, author_email=" ANN@example.test ")) in ids


@pytest.mark.parametrize(
    ("gmt", "local", "expected"),
    [
        ("2026-11-21T20:00:00", "2026-11-22T09:00:00", datetime(2026, 11, 21, 20, tzinfo=UTC)),
        ("0000-00-00T00:00:00", "2026-11-22T09:00:00", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (None, None, datetime(1970, 1, 1, tzinfo=UTC)),
        ("nonsense", "-001-11-30T00:00:00", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_time_is_the_best_that_the_site_has(gmt: str | None, local: str | None, expected: datetime) -> None:
    """Imports leave the GMT column empty."""
    assert message(Comment(id=1, post=1, date=local, date_gmt=gmt), "blog", 0).created_at == expected


@pytest.mark.parametrize(
    ("kind", "automatic", "visibility"),
    [
        ("pingback", True, None),
        ("trackback", True, None),
        ("note", None, "internal"),
        ("comment", None, None),
        ("review", None, None),
    ],
)
def test_no_machine_and_no_note_waits(kind: str, automatic: bool | None, visibility: str | None) -> None:
    """They are not listed, but one can be asked for by its id."""
    record = message(Comment(id=1, post=1, type=kind), "blog", 0)
    assert (record.automatic, record.visibility) == (automatic, visibility)


def test_lines_become_tags() -> None:
    """In the stored text a line break is one; in the shown text only tags are."""
    assert as_html(Content(raw="one\r\ntwo\n\nthree")) == "one<br>two<br><br>three"
    assert as_html(Content(rendered="<p>one<br />\ntwo</p>\n<p>three</p>\n")) == "<p>one<br />two</p><p>three</p>"
    assert as_html(Content(raw="stored", rendered="<p>shown</p>")) == "stored"
    assert as_html(Content()) == ""


def test_a_title_is_plain_and_on_one_line() -> None:
    """Titles come with entities and tags."""
    post = Post(id=3, title=Title(rendered="Tea &#038; <em>biscuits</em>\n&#8211; &lt;b&gt;"))
    assert conversation(post, "blog", 0).title == "Tea & biscuits – <b>"
    assert conversation(Post(id=3), "blog", 0).title is None


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n<>&\"'"), max_size=200)


@given(TEXTS)
def test_what_is_sent_reads_as_what_was_typed(text: str) -> None:
    """No tag and no entity in it means anything."""
    sent = to_send(text)
    assert "<" not in sent
    assert plain(sent) == text.replace("\r\n", "\n").replace("\r", "\n").strip()


@given(TEXTS)
def test_a_reply_is_recognised_in_what_wordpress_makes_of_it(text: str) -> None:
    """Curly quotes, paragraphs, dashes: still the same reply."""
    shown = to_send(text).replace("'", "&#8217;").replace('"', "&#8220;").replace("\n\n", "</p>\n<p>")
    shown = "<p>" + shown.replace("\n", "<br />\n") + "</p>\n"
    assert same_text(as_html(Content(rendered=shown)), as_html(Content(raw=to_send(text))))


def test_another_reply_is_not_taken_for_ours() -> None:
    """The measure is that of the specification: less than 0.9 is another text."""
    assert not same_text("Yes, we open at ten.", "No, we are closed on Sundays.")
    assert not same_text("Yes", "No")
    assert not same_text("", "Something")
    assert same_text("We open at ten on Sundays, see you!", "We open at ten on sundays - see you")


@given(st.text(max_size=50), st.text(max_size=50))
def test_sameness_is_mutual(one: str, other: str) -> None:
    """It does not matter which is ours."""
    assert same_text(one, other) == same_text(other, one)


@pytest.mark.parametrize("hostile", ["\x1b[31m", "\u202eevil", "<script>", "&#x1b;[31m", "a" * 100_000])
def test_hostile_names_and_texts_are_carried_unchanged(hostile: str) -> None:
    """The connector judges nothing; what shows it does."""
    record = message(Comment(id=1, post=1, author_name=hostile, content=Content(raw=hostile)), "blog", 0)
    assert record.author.name == hostile
    assert record.text == hostile


def test_normalising_forgets_no_letters() -> None:
    """Texts of other scripts differ where their letters do."""
    assert not same_text("Да, конечно", "Нет, никогда")
    assert same_text("ﬁne", "fine")
    assert unicodedata.category("。") == "Po"
    assert same_text("好。", "好")
