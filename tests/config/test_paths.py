"""Where the database, settings, logs and secrets are."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from modconsole.config import paths
from modconsole.errors import InputError


def test_everything_lies_in_the_named_home(tmp_path: Path) -> None:
    """`MODCONSOLE_HOME` moves all of it."""
    environ = {"MODCONSOLE_HOME": str(tmp_path)}
    assert paths.database(environ=environ) == tmp_path / "modconsole.db"
    assert {paths.settings(environ).parent, paths.logs(environ).parent, paths.secrets(environ).parent} == {tmp_path}


def test_the_database_can_lie_elsewhere_and_the_call_wins(tmp_path: Path) -> None:
    """`--db` before `MODCONSOLE_DB` before the home."""
    environ = {"MODCONSOLE_HOME": str(tmp_path), "MODCONSOLE_DB": str(tmp_path / "shared/team.db")}
    assert paths.database(environ=environ) == tmp_path / "shared/team.db"
    assert paths.database(tmp_path / "mine.db", environ) == tmp_path / "mine.db"


def test_without_settings_it_is_the_platforms_data_folder() -> None:
    """A folder of that name, and absolute."""
    assert paths.home({}).is_absolute()
    assert paths.home({}).name == "modconsole"


def test_looking_creates_nothing(tmp_path: Path) -> None:
    """A path is a name."""
    paths.database(environ={"MODCONSOLE_HOME": str(tmp_path / "new")})
    assert list(tmp_path.iterdir()) == []


def test_a_private_folder_is_made_private(tmp_path: Path) -> None:
    """New or old, only its owner can enter it afterwards."""
    for folder in (tmp_path / "a/b/new", tmp_path / "old"):
        if folder.name == "old":
            folder.mkdir(mode=0o755)
        assert stat.S_IMODE(paths.private_folder(folder).stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="MODCONSOLE_HOME"):
        paths.private_folder(tmp_path / "file" / "below")
