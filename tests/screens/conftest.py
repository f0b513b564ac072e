"""Databases for the tests of screens; the template is made once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modconsole.desk import rule_trials
from tests.screens import kit, rule_stage


@pytest.fixture(autouse=True)
def _same_place_and_person(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in UTC, and no setting of the machine is seen."""
    monkeypatch.setenv("TZ", "UTC")
    for name in ("NO_COLOR", "MODCONSOLE_USER", "MODCONSOLE_HOME", "MODCONSOLE_DB", "MODCONSOLE_RULES"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def community_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's community, not to be changed."""
    return kit.community(tmp_path_factory.mktemp("community") / "modconsole.db")


@pytest.fixture
def community(community_template: Path, tmp_path: Path) -> Path:
    """The demo's community, of one's own."""
    return kit.copied(community_template, tmp_path)


@pytest.fixture(scope="session")
def house_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with its rules, judged by them; not to be changed."""
    return rule_stage.house(tmp_path_factory.mktemp("house"))


@pytest.fixture
def house(house_template: Path, tmp_path: Path) -> Path:
    """The demo with its rules, of one's own."""
    return rule_stage.copied(house_template, tmp_path)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> list[rule_stage.Bench]:
    """No process is started for the lab; the benches that took its place."""
    rule_stage.benches.clear()
    monkeypatch.setattr(rule_trials, "Bench", rule_stage.Bench)
    return rule_stage.benches


@pytest.fixture
def clock() -> kit.Clock:
    """A clock that stands still at the demo's beginning."""
    return kit.Clock()
