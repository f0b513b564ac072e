"""The folder of rules is read when something in it has changed, and then only what has."""

from __future__ import annotations

from pathlib import Path

import pytest

from modconsole.policy import load
from modconsole.sync.rulebook import Rulebook, digest_of, shared
from tests.sync.house import text


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read as rules, in order."""
    found: list[str] = []
    genuine = load.read_documents

    def noted(said: str, path: str, *args: object, **options: object) -> object:
        found.append(path)
        return genuine(said, path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "read_documents", noted)
    return found


def test_only_the_file_that_changed_is_read_again(tmp_path: Path, read: list[str]) -> None:
    """Of a thousand rules one is edited, and each takes milliseconds."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(text(name))
    book = Rulebook(tmp_path)
    first = book.read()
    assert book.read() is first
    (tmp_path / "b.yaml").write_text(text("b", "remove"))
    second = book.read()
    assert read == ["a.yaml", "b.yaml", "b.yaml"]
    assert second.rules[0] is first.rules[0]
    assert [action.name for action in second.rules[1].actions] == ["remove"]


def test_all_files_are_read_again_when_a_list_has_changed(tmp_path: Path, read: list[str]) -> None:
    """Any of them may have it."""
    (tmp_path / "lists.yaml").write_text("words: [spam]\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(text(name, words="['list:words']"))
    book = Rulebook(tmp_path)
    before = book.read().rules
    (tmp_path / "lists.yaml").write_text("words: [spam, ham]\n")
    after = book.read().rules
    assert read == ["a.yaml", "b.yaml"] * 2
    assert digest_of(before[0]) != digest_of(after[0])


def test_a_folder_that_is_gone_has_no_rules(tmp_path: Path) -> None:
    """And has them again when it is back."""
    folder = tmp_path / "rules"
    book = Rulebook(folder)
    assert book.read().rules == ()
    folder.mkdir()
    (folder / "a.yaml").write_text(text("a"))
    assert [rule.id for rule in book.read().rules] == ["a"]
    (folder / "a.yaml").unlink()
    assert book.read().rules == ()


def test_a_program_has_one_rulebook_of_a_folder(tmp_path: Path) -> None:
    """Whoever asks, from whatever thread."""
    assert shared(tmp_path) is shared(tmp_path)
    assert shared(tmp_path) is not shared(tmp_path / "other")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ("name: Another\n", True),
        ("owner: bob\n", True),
        ("why: because\n", True),
        ("section: Ads\n", True),
        ("tests:\n  - hit: spam\n", True),
        ("priority: 3\n", False),
        ("public: No ads.\n", False),
        ("expires: 2030-01-01\n", False),
        ("expect: {reversals: 0.5}\n", False),
        ("exempt us: false\n", False),
        ("except:\n  body (word): [spam filter]\n", False),
    ],
)
def test_what_a_rule_does_tells_versions_apart_and_not_what_its_owners_note(change: str, same: bool) -> None:
    """An approval holds for what was approved."""
    (before,), _ = load.read_documents(text("a"), "a.yaml")
    (after,), problems = load.read_documents(text("a", more=change), "b.yaml")
    assert not [problem for problem in problems if not problem.warning]
    assert (digest_of(before) == digest_of(after)) is same
