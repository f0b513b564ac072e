"""The copy of the texts: what is in it is what the database has, whoever died while writing it."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modconsole.errors import StoreError
from modconsole.policy import corpus_append
from modconsole.policy.corpus import Corpus, read_manifest
from tests.policy.feeds import Feed, told, truth


def corpus(folder: Path, mark: str = "one") -> Corpus:
    """A copy that folds by `str.lower`."""
    return Corpus(folder / "m.texts", str.lower, mark)


def look(copy: Corpus, feed: Feed) -> dict[int, tuple[str, str | None]]:
    """What the copy has after it was brought up to date."""
    view = copy.view(feed)
    assert view is not None
    return told(view)


@pytest.fixture
def feed() -> Feed:
    """A few messages, some with titles, some odd."""
    made = Feed()
    for text in ("Hello", "", "two\nlines", "\n", "ÄÖ \U0001f600", "nul \x00 in it", "x" * 3000):
        made.add(text)
    made.add("body", "Title")
    made.add("", "")
    return made


def test_it_has_what_the_database_has(tmp_path: Path, feed: Feed) -> None:
    """Texts and titles come back as they went in, and the columns beside them."""
    copy = corpus(tmp_path)
    assert look(copy, feed) == truth(feed)
    view = copy.view(feed)
    assert view is not None
    for place in range(view.count):
        row = view.rows[place]
        assert feed.messages[row] == (row, *view.words(place), view.talks[place], view.people[place])


def test_the_folded_stream_has_each_text_folded_in_its_place(tmp_path: Path, feed: Feed) -> None:
    """An entry of `folded` is the entry of `original` folded, part by part."""
    view = corpus(tmp_path).view(feed)
    assert view is not None
    for place in range(view.count):
        text, title = view.words(place)
        part = view.folded[view.folds[place - 1] if place else 0 : view.folds[place]]
        parts = part.removesuffix(b"\xff").split(b"\xfe")
        assert [each.decode() for each in parts] == [
            f"\n{each.lower()}\n" for each in (text, title) if each is not None
        ]


def test_new_messages_are_appended_and_nothing_is_written_again(tmp_path: Path, feed: Feed) -> None:
    """The files only grow by what is new."""
    copy = corpus(tmp_path)
    look(copy, feed)
    before = (copy.folder / "original.1").read_bytes()
    feed.add("and one more")
    assert look(copy, feed) == truth(feed)
    assert (copy.folder / "original.1").read_bytes() == before + b"\nand one more\n\xff"


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path, feed: Feed) -> None:
    """A second look at the same database leaves the folder alone."""
    copy = corpus(tmp_path)
    look(copy, feed)
    before = {path.name: path.stat().st_mtime_ns for path in copy.folder.iterdir()}
    assert look(copy, feed) == truth(feed)
    assert {path.name: path.stat().st_mtime_ns for path in copy.folder.iterdir()} == before


@pytest.mark.parametrize("many", [1, corpus_append.BY_SEARCH + 5])
def test_an_edited_message_is_there_once_with_its_new_text(tmp_path: Path, feed: Feed, many: int) -> None:
    """Whether few or many are edited at once, and again and again."""
    copy = corpus(tmp_path)
    rows = [feed.add(f"text {n}") for n in range(40)]
    look(copy, feed)
    for turn in range(3):
        for row in rows[:many]:
            feed.edit(row, f"edited {turn} {row}", "now with a title" if row % 2 else None)
        assert look(copy, feed) == truth(feed)


def test_a_message_that_is_gone_is_gone(tmp_path: Path, feed: Feed) -> None:
    """Also where it was the last one, and where a new one takes its number."""
    copy = corpus(tmp_path)
    row = feed.add("secret")
    look(copy, feed)
    feed.remove(row)
    assert look(copy, feed) == truth(feed)
    feed._last = row - 1
    assert feed.add("another under that number") == row
    feed._changed(row)
    assert look(copy, feed) == truth(feed)


def test_an_edit_of_a_message_that_is_not_copied_yet_is_copied_once(tmp_path: Path, feed: Feed) -> None:
    """It came and was edited between two looks."""
    copy = corpus(tmp_path)
    look(copy, feed)
    feed.edit(feed.add("first"), "second")
    assert look(copy, feed) == truth(feed)


def test_only_its_owner_can_read_it(tmp_path: Path, feed: Feed) -> None:
    """Private messages are nobody else's to read, whatever the umask."""
    before = os.umask(0)
    try:
        copy = corpus(tmp_path)
        look(copy, feed)
    finally:
        os.umask(before)
    assert stat.S_IMODE(copy.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.folder.iterdir()} == {0o600}


def test_another_database_under_the_same_name_has_a_copy_of_its_own(tmp_path: Path, feed: Feed) -> None:
    """Nothing of the other one is left, not even on the disk."""
    copy = corpus(tmp_path)
    look(copy, feed)
    other = Feed(database=2)
    other.add("quite different")
    assert look(copy, other) == truth(other)
    assert not any(b"Hello" in path.read_bytes() for path in copy.folder.iterdir())


def test_an_older_state_of_the_database_makes_it_anew(tmp_path: Path) -> None:
    """A backup was brought back: it has fewer messages; or as many again by now, which are others."""
    copy, newer, older = corpus(tmp_path), Feed(), Feed()
    for n in range(50):
        newer.add(f"new {n}")
    look(copy, newer)
    for n in range(20):
        older.add(f"new {n}")
    assert look(copy, older) == truth(older)
    look(copy, newer)
    for n in range(40):
        older.add(f"other {n}")
    assert look(copy, older) == truth(older)


def test_another_way_of_folding_makes_it_anew(tmp_path: Path, feed: Feed) -> None:
    """The mark names the way; what was folded another way is of no use."""
    look(corpus(tmp_path, "one"), feed)
    copy = Corpus(tmp_path / "m.texts", str.upper, "two")
    view = copy.view(feed)
    assert view is not None
    assert b"HELLO" in view.folded[:]
    assert b"hello" not in view.folded[:]


@pytest.mark.parametrize("name", ["manifest", "original.1", "folded.1", "rows.1", "ends.1", "masked.1"])
def test_a_file_that_is_missing_or_short_makes_it_anew(tmp_path: Path, feed: Feed, name: str) -> None:
    """Somebody removed it, or cut it off."""
    row = feed.add("x")
    look(corpus(tmp_path), feed)
    feed.edit(row, "y")
    look(corpus(tmp_path), feed)
    path = tmp_path / "m.texts" / name
    path.write_bytes(path.read_bytes()[:-1])
    assert look(corpus(tmp_path), feed) == truth(feed)
    path = next((tmp_path / "m.texts").glob(name.partition(".")[0] + "*"))
    path.unlink()
    assert look(corpus(tmp_path), feed) == truth(feed)


def test_many_edits_make_it_anew_without_what_they_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would grow for ever."""
    feed, copy = Feed(), corpus(tmp_path)
    rows = [feed.add(f"text {n}") for n in range(1_200)]
    look(copy, feed)
    for row in rows[:1_100]:
        feed.edit(row, "edited")
    view = copy.view(feed)
    assert view is not None
    assert len(view.masked) == 1_100
    feed.add("one more")
    view = copy.view(feed)
    assert view is not None
    assert not view.masked
    assert told(view) == truth(feed)


def test_an_open_view_stays_as_it_was_while_others_append_and_make_anew(tmp_path: Path, feed: Feed) -> None:
    """Another process may do what it wants: what is mapped stays mapped."""
    mine, theirs = corpus(tmp_path), corpus(tmp_path)
    view = mine.view(feed)
    assert view is not None
    before = told(view)
    feed.edit(1, "other words")
    feed.add("more")
    look(theirs, feed)
    other = Feed(database=3)
    other.add("quite different")
    look(theirs, other)
    assert told(view) == before
    assert look(mine, other) == truth(other)


def test_a_stretch_is_about_a_megabyte_and_the_newest_comes_first(tmp_path: Path) -> None:
    """The stretches cover all entries, once."""
    feed = Feed()
    for n in range(300):
        feed.add(f"{n} " + "x" * 20_000)
    view = corpus(tmp_path).view(feed)
    assert view is not None
    stretches = list(view.chunks())
    assert [place for first, past in reversed(stretches) for place in range(first, past)] == list(range(300))
    assert stretches[0][1] == 300
    assert {(past - first) * 20_000 // 1_000_000 for first, past in stretches[:-1]} == {1}
    assert all(past > first for first, past in view.chunks(10))


def test_what_cannot_be_written_is_said(tmp_path: Path, feed: Feed) -> None:
    """A file where the folder should be: an error that says what to do."""
    (tmp_path / "m.texts").write_text("")
    with pytest.raises(StoreError, match=r"m\.texts"):
        corpus(tmp_path).view(feed)


def test_a_stop_ends_the_making_and_what_is_made_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one goes on from there."""
    monkeypatch.setattr(corpus_append, "PORTION", 10)
    feed = Feed()
    for n in range(35):
        feed.add(f"text {n}")
    copy, heard = corpus(tmp_path), list[int]()
    assert copy.view(feed, told=lambda done, of: heard.append(done), stop=lambda: len(heard) == 2) is None
    manifest = read_manifest(copy.folder, copy.mark)
    assert manifest is not None
    assert manifest.count == 20
    view = copy.view(feed, told=lambda done, of: heard.append(done))
    assert heard == [10, 20, 30, 35]
    assert view is not None
    assert told(view) == truth(feed)


def test_two_at_once_make_one_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second waits, and finds it done."""
    monkeypatch.setattr(corpus_append, "PORTION", 5)
    feed = Feed()
    for n in range(200):
        feed.add(f"text {n}")
    found: list[dict[int, Any]] = []

    def one() -> None:
        found.append(look(corpus(tmp_path), feed))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [truth(feed)] * 4
    assert sorted(path.suffix for path in (tmp_path / "m.texts").iterdir() if path.suffix) == [".1"] * 8


def test_who_waits_for_another_can_be_stopped(tmp_path: Path, feed: Feed) -> None:
    """A key must not wait for a colleague's copy."""
    folder = tmp_path / "m.texts"
    folder.mkdir()
    with corpus_append._alone(folder, lambda: False) as mine:
        assert mine
        assert corpus(tmp_path).view(feed, stop=lambda: True) is None
    assert look(corpus(tmp_path), feed) == truth(feed)


# -- crashes ------------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone."""


def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> Callable[[], int]:
    """Let the process die at its n-th call that changes something on the disk; a write is done by half. Tells how many."""
    count = 0

    def mortal(real: Callable[..., Any], write: bool = False) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count > after:
                if write and count == after + 1:
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                raise Killed
            return real(*args, **options)

        return call

    monkeypatch.setattr(os, "write", mortal(os.write, write=True))
    for name in ("ftruncate", "fsync", "unlink", "mkdir", "rename", "replace"):
        monkeypatch.setattr(os, name, mortal(getattr(os, name)))
    monkeypatch.setattr(corpus_append, "_flush", mortal(corpus_append._flush))
    return lambda: count


def story(feed: Feed, turn: int) -> None:
    """What happens in the database between two looks: everything that can."""
    if turn == 0:
        for n in range(25):
            feed.add(f"text {n}", f"title {n}" if n % 3 == 0 else None)
    elif turn == 1:
        for n in range(7):
            feed.add(f"more {n}")
        for row in range(1, 24):
            feed.edit(row, f"edited {row}")
        feed.remove(3)
    else:
        feed.database += 1


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_process_that_dies_at_any_call_leaves_a_copy_that_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    """Made, brought up to date, made anew: killed at each call that changes the disk, then looked at by the next process."""
    monkeypatch.setattr(corpus_append, "PORTION", 10)
    for place, name in ((os, "fsync"), (corpus_append, "_flush")):  # it is the process that dies, not the machine
        monkeypatch.setattr(place, name, lambda file: None)
    calls = 0
    while True:
        feed, home = Feed(), tmp_path / str(calls)
        home.mkdir()
        for before in range(turn):
            story(feed, before)
            look(corpus(home), feed)
        story(feed, turn)
        with monkeypatch.context() as patch:
            counted = dying(patch, calls)
            try:
                look(corpus(home), feed)
                survived = True
            except Killed:
                survived = False
            made = counted()
        assert look(corpus(home), feed) == truth(feed)
        feed.add("life goes on")
        assert look(corpus(home), feed) == truth(feed)
        if survived:
            assert made == calls
            break
        calls += 1
    assert calls > 15


KILLED = """
import sys, itertools
from pathlib import Path
from modconsole.policy import corpus_append
from modconsole.policy.corpus import Corpus
from tests.policy.feeds import Feed
corpus_append.PORTION = 50
feed = Feed()
for n in range(int(sys.argv[2])):
    feed.add(f"text {n}")
print("go", flush=True)
for turn in itertools.count():
    feed.add(f"new {turn}")
    feed.edit(turn % 500 + 1, f"edited {turn}")
    assert Corpus(Path(sys.argv[1]), str.lower, "one").view(feed)
"""


def test_a_process_that_is_killed_for_real_leaves_a_copy_that_is_right(tmp_path: Path) -> None:
    """SIGKILL at a moment that nobody chose; what it knew and we do not makes the copy unfit, and it is made anew."""
    chance = random.Random(4)
    feed = Feed()
    for n in range(600):
        feed.add(f"text {n}")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path / "m.texts"), "600"], stdout=subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        with process.stdout as said:
            assert said.readline() == b"go\n"
            threading.Event().wait(chance.random() * 0.1)
            process.kill()
        process.wait()
        assert look(corpus(tmp_path), feed) == truth(feed)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.text(max_size=8), st.none() | st.text(max_size=4)),
            st.tuples(st.just("edit"), st.integers(0, 30), st.text(max_size=8)),
            st.tuples(st.just("remove"), st.integers(0, 30), st.none()),
            st.tuples(st.just("look"), st.none(), st.none()),
        ),
        max_size=40,
    )
)
def test_after_any_history_it_has_what_the_database_has(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, Any, Any]]
) -> None:
    """Messages come, change and go in any order, with looks in between."""
    feed, copy = Feed(), corpus(tmp_path_factory.mktemp("history"))
    for what, one, other in history:
        if what == "add":
            feed.add(one, other)
        elif what == "look":
            assert look(copy, feed) == truth(feed)
        elif one in feed.messages:
            feed.edit(one, other) if what == "edit" else feed.remove(one)
    assert look(copy, feed) == truth(feed)
    copy.close()
