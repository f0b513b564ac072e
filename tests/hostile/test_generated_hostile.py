"""Texts that nobody thought of: made by Hypothesis of what terminals obey, and shown by every screen and command."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.domain.records import Author, Conversation, Identity, Message, Record, Source
from modconsole.domain.times import MINUTE, to_datetime
from modconsole.store import marks
from modconsole.store.db import Db
from tests.hostile.corpus import assert_inert, assert_inert_output
from tests.hostile.test_command_line_hostile import assert_nothing_happened, called
from tests.screens import kit
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).parents[2]

PIECES = st.sampled_from(
    [
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x1bP",
        "\x1b_",
        "\x1b\\",
        "\x9b",
        "\x9d",
        "\x90",
        "\x9c",
        "\x07",
        "\x08",
        "\r",
        "\n",
        "\x0e",
        "\x7f",
        "\x00",
        "\x85",
        "\u2028",
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\ufe0f",
        "\u0301" * 9,
        "[/",
        "[@click=app.quit]",
        "[bold]",
        "]",
        "6n",
        "c",
        "?25l",
        "11;?",
        "52;c;cHduZWQ=",
        "2J",
        "31m",
        "日本",
        "👨‍👩‍👧",
        "नि",
        "q",
        "\x03",
        "\x04",
        "%s",
        "{}",
        "\\",
    ]
)
TEXTS = st.lists(
    st.one_of(
        PIECES, st.characters(exclude_categories=["Cs"]), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    ),
    min_size=1,
    max_size=24,
).map("".join)

KEYS = (
    *(
        "j" * 12,
        "c",
        "<Esc>",
        "z",
        "<Esc>",
        "<Enter>",
        "jjj",
        "w",
        "q",
        "d",
        "q",
        "r",
        "<Esc>",
        "m",
        "<Tab>",
        "<Tab>",
        "<Esc>",
        "M",
        "1",
        "<Esc>",
        "q",
    ),  # the queue, and what opens
    *(
        "2",
        "jjjj",
        "<Enter>",
        "jj",
        "d",
        "q",
        "q",
        "6",
        "j",
        "7",
        "j",
        "?",
        "q",
        ":",
        "<Esc>",
        "1",
        "/",
        "q",
        "<Enter>",
    ),
)
"""A walk through every screen and dialog."""

WORLDS = settings(
    max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def said(texts: Sequence[str]) -> Iterator[Record]:
    """Each text as what somebody says, as their name and handle, and as the title of where they say it."""
    yield Source(id="evil", platform="x", name=texts[0], identities=[Identity(id="us", name=texts[-1])])
    for number, text in enumerate(texts):
        place, at = f"c{number // 4}", to_datetime(kit.NOW - (number + 1) * MINUTE)
        yield Conversation(source="evil", id=place, kind="comments", title=text, url=text)
        yield Message(
            source="evil",
            id=f"m{number}",
            conversation=place,
            author=Author(id=f"p{number}{text}", name=text, handle=text),
            created_at=at,
            text=text * 3,
            format="html" if number % 5 == 0 else None,
            observed_at=at,
        )
        if number % 2 == 0:  # edited since
            yield Message(
                source="evil",
                id=f"m{number}",
                conversation=place,
                author=Author(id=f"p{number}{text}", name=text, handle=text),
                created_at=at,
                text=text + texts[number - 1],
                format="html" if number % 5 == 0 else None,
                observed_at=to_datetime(kit.NOW),
            )


@pytest.mark.pty
@WORLDS
@given(st.lists(TEXTS, min_size=36, max_size=36))
def test_no_screen_lets_a_generated_text_act(texts: list[str]) -> None:
    """Queue with its pane, inbox, a search, conversations with their proof and composer, message by message."""
    with TemporaryDirectory() as folder:
        database = kit.build(Path(folder) / "m.db", said(texts))
        with Db(database) as db:
            marks.save_account(db, "evil", "demo-forum", {"place": "forum", "start": kit.NOW})
        env: dict[str, str | None] = {
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "MODCONSOLE_DISPLAY": "diff",
            "AT": str(kit.NOW),
            "TZ": "UTC",
        }
        command = [sys.executable, "-m", "tests.screens.run_console", str(database), folder]
        with Session(command, size=(130, 40), env=env, cwd=str(ROOT), timeout=60) as session:
            session.wait_text("36 of 36")
            for keys in KEYS:
                session.send(keys)
                session.settle(quiet=0.12)
                assert_inert(session)
            session.send("<C-q>")
            assert session.wait_exit(timeout=20) == 0


@pytest.mark.pty
@settings(WORLDS, max_examples=2)
@given(st.lists(TEXTS, min_size=12, max_size=12))
def test_no_command_prints_a_generated_text_that_could_act(texts: list[str]) -> None:
    """For people and as JSON, in a pseudo-terminal; and what the words of the call themselves come back as."""
    named = texts[0].replace("\x00", "\x1b")  # no argument of a call can hold a NUL
    calls = (
        ["waiting", "--all"],
        ["inbox"],
        ["search", "q"],
        ["why", "evil", "m0"],
        ["why", "evil", named],
        ["acts", "evil", named],
        ["moderate", "spam", "evil", named],
        ["sources"],
    )
    with TemporaryDirectory() as folder:
        database = kit.build(Path(folder) / "m.db", said(texts))
        for words in calls:
            for form in ([], ["--json"]):
                session, written = called(database, *words, *form)
                assert session.exit_code in (0, 1, 2, 64), written
                assert_nothing_happened(session)
                assert_inert_output(written)


def test_the_check_of_output_finds_what_is_not_gated() -> None:
    """Otherwise it could not fail."""
    with pytest.raises(AssertionError):
        assert_inert_output("\x1b]0;owned\x07")
