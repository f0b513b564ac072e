"""AutoModerator's rules are taken over into files of their own, and known again when the configuration is imported once more."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modconsole.desk import importing_rules, ruling
from modconsole.desk.desk import Desk
from modconsole.desk.importing_rules import ImportReport, between, import_automod
from modconsole.errors import InputError
from modconsole.sync.rule_orders import Live, steps
from modconsole.sync.rulebook import Enforced

Sit = Callable[..., Desk]
ONE = "# Spam\ntitle: x\naction: spam\n"
TWO = "# Rude\nbody: y\naction: remove\npriority: 3\n"
THREE = "title: z\naction: report\n"
BROKEN = "title: [\n"


@pytest.fixture
def desk(sit: Sit) -> Desk:
    return sit()


@pytest.fixture
def put(desk: Desk, tmp_path: Path) -> Callable[..., ImportReport]:
    """Import a configuration of these sections."""

    def putting(*parts: str, name: str = "config.yaml", **more: object) -> ImportReport:
        file = tmp_path / name
        file.write_text("---\n".join(parts), "utf-8")
        return import_automod(desk, file, **more)  # type: ignore[arg-type]

    return putting


def files(desk: Desk) -> dict[str, str]:
    folder = ruling.rules_folder(desk)
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_each_rule_has_a_file_of_its_own_and_is_a_draft(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """In the order of the configuration, private, and loaded at once."""
    report = put(ONE, TWO, BROKEN, THREE)
    names = [rule.path for rule in report.rules]
    assert names[:3] == ["automod/00010-spam.yaml", "automod/00020-rude.yaml", ""]
    assert [*files(desk)] == [name for name in names if name]
    assert [rule.became for rule in report.rules] == ["new", "new", "none", "new"]
    assert report.rules[2].state == "broken"
    assert report.rules[2].why
    assert {state.id: state.effective for state in ruling.listing(desk)} == {
        rule.id: "draft" for rule in report.rules if rule.id
    }
    path = ruling.rules_folder(desk) / names[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert report.became() == {"new": 3, "unchanged": 0, "changed": 0, "none": 1}
    assert report.states()["broken"] == 1


def test_rules_are_loaded_in_the_order_of_the_configuration(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """So rules of the same priority are looked at as they were there."""
    parts = [
        f"# {name}\ntitle: {name}\naction: remove\n"
        for name in ("zebra", "ant", "cow", "bee", "yak", "dog", "elk", "fox", "gnu", "hen", "owl")
    ]
    report = put(*parts)
    assert [rule.id for rule in ruling.load(desk).rules] == [rule.id for rule in report.rules]


def test_nothing_is_written_on_trial(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """The report is the same."""
    trial = put(ONE, TWO, dry=True, order=True)
    assert not ruling.rules_folder(desk).exists() or files(desk) == {}
    assert trial.dry
    real = put(ONE, TWO, order=True)
    assert trial.rules == real.rules
    assert (trial.order, real.order) == ("set", "set")


def test_the_same_configuration_again_changes_nothing(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """Also where people have edited the rules meanwhile."""
    put(ONE, TWO, THREE)
    path = ruling.rules_folder(desk) / "automod/00010-spam.yaml"
    path.write_text(path.read_text("utf-8").replace("status: draft", "status: shadow"), "utf-8")
    before = files(desk)
    report = put(ONE, TWO, THREE)
    assert {rule.became for rule in report.rules} == {"unchanged"}
    assert files(desk) == before


def test_a_rule_that_has_changed_is_told_with_both_texts(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """Its file is left as it is: a person decides."""
    put(ONE, TWO)
    before = files(desk)
    report = put(ONE.replace("x", "other"), TWO)
    assert [rule.became for rule in report.rules] == ["changed", "unchanged"]
    assert report.rules[0].path == "automod/00010-spam.yaml"
    assert "'x'" in report.rules[0].before
    assert "'other'" in report.rules[0].source
    assert files(desk) == before


def test_a_new_rule_comes_between_those_that_it_stands_between(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """However often."""
    put(ONE, TWO)
    more = [f"# n{count}\ntitle: n{count}\naction: remove\n" for count in range(12)]
    for count in range(1, 13):
        report = put(ONE, *more[:count], TWO)
        assert [rule.path for rule in report.rules] == sorted(rule.path for rule in report.rules)
    assert [rule.id for rule in ruling.load(desk).rules] == [rule.id for rule in report.rules]
    assert put("# first\ntitle: first\naction: remove\n", ONE, *more, TWO).rules[0].path < "automod/00010"


def test_a_rule_that_is_gone_is_told_and_left(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """Only those of the same file: another configuration has rules of its own."""
    put(ONE, TWO)
    put("# Other\ntitle: q\naction: remove\n", name="other.yaml")
    report = put(ONE)
    assert report.gone == (("am-rude", "automod/00020-rude.yaml"),)
    assert len(files(desk)) == 3


def test_an_order_that_has_changed_is_told(put: Callable[..., ImportReport]) -> None:
    """Files are not renamed: people know them by their names."""
    put(ONE, TWO)
    assert any("order has changed" in note for note in put(TWO, ONE).notes)


def test_an_id_that_another_rule_has_is_not_taken(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """Whatever the case of its letters."""
    folder = ruling.rules_folder(desk)
    folder.mkdir(parents=True)
    own = "id: AM-spam\nname: Mine\nselect:\n  w:\n    body: [q]\ndo: [flag]\n"
    (folder / "mine.yaml").write_text(own, "utf-8")
    report = put(ONE)
    assert (report.rules[0].id, report.rules[0].became) == ("am-spam-2", "new")
    assert {rule.id for rule in ruling.load(desk).rules} == {"AM-spam", "am-spam-2"}
    assert (folder / "mine.yaml").read_text("utf-8") == own
    assert put(ONE).rules[0].became == "unchanged"


def test_rules_that_are_the_same_to_the_letter_are_known_again_one_by_one(put: Callable[..., ImportReport]) -> None:
    """As many as there are."""
    assert [rule.became for rule in put(ONE, ONE).rules] == ["new", "new"]
    assert [rule.became for rule in put(ONE, ONE, ONE).rules] == ["unchanged", "unchanged", "new"]


def test_an_import_that_was_interrupted_is_completed(
    desk: Desk, put: Callable[..., ImportReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written by then stays."""
    written: list[Path] = []
    real = importing_rules._write_new

    def failing(path: Path, text: str) -> None:
        if written:
            raise InputError("The disk is full.")
        written.append(path)
        real(path, text)

    monkeypatch.setattr(importing_rules, "_write_new", failing)
    with pytest.raises(InputError):
        put(ONE, TWO, THREE)
    monkeypatch.undo()
    assert [rule.became for rule in put(ONE, TWO, THREE).rules] == ["unchanged", "new", "new"]


def test_a_file_that_comes_in_between_is_not_written_over(desk: Desk, tmp_path: Path) -> None:
    """Somebody else may import at the same time."""
    path = tmp_path / "x" / "a.yaml"
    importing_rules._write_new(path, "one")
    with pytest.raises(InputError, match="somebody else"):
        importing_rules._write_new(path, "two")
    assert path.read_text("utf-8") == "one"
    assert [each.name for each in path.parent.iterdir()] == ["a.yaml"]


def test_order_is_set_only_where_that_is_wanted(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """It counts for all rules of the folder. What else stands in `house.yaml` stays."""
    assert put(ONE).order == "not set"
    house = ruling.rules_folder(desk) / "house.yaml"
    assert not house.exists()
    house.write_text("# ours\ntitle: Our rules\norder: all\n", "utf-8")
    assert put(ONE, order=True).order == "set"
    assert house.read_text("utf-8") == "# ours\ntitle: Our rules\norder: automoderator\n"
    assert put(ONE, order=True).order == "was set"
    assert put(ONE).order == "was set"
    assert ruling.load(desk).house.order == "automoderator"


def test_it_tells_how_far_it_is(put: Callable[..., ImportReport]) -> None:
    """For configurations with hundreds of rules."""
    told: list[tuple[str, int, int]] = []
    put(ONE, TWO, BROKEN, told=lambda *each: told.append(each))
    assert told == [("reading", 1, 3), ("reading", 2, 3), ("reading", 3, 3), ("writing", 1, 2), ("writing", 2, 2)]


def test_text_out_of_a_pages_source_is_noticed(put: Callable[..., ImportReport]) -> None:
    """`&lt; 7 days` is nothing that anybody wrote."""
    assert any(
        "Line 3" in note for note in put("title: x\nauthor:\n  account_age: '&lt; 7 days'\naction: remove\n").notes
    )


@pytest.mark.parametrize("folder", ["", "/x", "../x", "a/../b", "lists", ".git", "a/.b"])
def test_a_folder_elsewhere_is_refused(put: Callable[..., ImportReport], folder: str) -> None:
    """Lists and hidden folders hold no rules."""
    with pytest.raises(InputError):
        put(ONE, folder=folder)


def test_a_folder_of_another_name_is_taken(desk: Desk, put: Callable[..., ImportReport]) -> None:
    """Also one within another."""
    put(ONE, folder="reddit/cooking")
    assert [*files(desk)] == ["reddit/cooking/00010-spam.yaml"]


def test_files_that_cannot_be_read_are_refused(desk: Desk, tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(InputError, match="cannot be read"):
        import_automod(desk, tmp_path / "nothing.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"title: x\nbody: \xff\n")
    with pytest.raises(InputError, match="line 2"):
        import_automod(desk, bad)
    bad.write_bytes(b"x" * (importing_rules.LARGEST + 1))
    with pytest.raises(InputError, match="4 MB"):
        import_automod(desk, bad)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("", None),
        ("00010", None),
        ("000105", None),
        ("", "00010"),
        ("00010", "00020"),
        ("00010", "00011"),
        ("000105", "00011"),
        ("", "00001"),
        ("99990", None),
    ],
)
def test_a_number_between_two_is_between_them_as_names_are_sorted(low: str, high: str | None) -> None:
    """Digits, with the hyphen after them that every name has."""
    found = between(low, high)
    assert found.isdecimal()
    assert f"{low}-" < f"{found}-" or not low
    assert high is None or f"{found}-" < f"{high}-"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["remove", "spam", "filter", "approve", "report", ""]), st.integers(-2, 2)),
        min_size=1,
        max_size=8,
    )
)
def test_an_imported_set_acts_in_the_order_of_the_original(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, int]]
) -> None:
    """Of the rules that remove, the first that hits ends it; then all others act. Of equal priorities the first in the file goes
    first."""
    folder = tmp_path_factory.mktemp("order")
    parts = [
        f"# r{at}\ntitle: x\npriority: {priority}\n{f'action: {action}' if action else 'set_locked: true'}\n"
        for at, (action, priority) in enumerate(made)
    ]
    (folder / "config.yaml").write_text("---\n".join(parts), "utf-8")
    desk = Desk(folder / "m.db", who="ann")
    report = import_automod(desk, folder / "config.yaml", order=True)
    found = ruling.load(desk)
    hits = [Live(Enforced(rule=rule, version=1, mode="live", live_at=0), 0) for rule in reversed(found.rules)]
    acted = list(dict.fromkeys(hit.rule.id for hit, _, over in steps(hits, found.house.order) if not over))
    by_priority = sorted(range(len(made)), key=lambda at: -made[at][1])
    removing = [at for at in by_priority if made[at][0] in ("remove", "spam", "filter")]
    others = [at for at in by_priority if made[at][0] not in ("remove", "spam", "filter")]
    assert acted == [report.rules[at].id for at in [*removing[:1], *others]]
    desk.close()
