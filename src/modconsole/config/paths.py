"""The folders and files of one user's modconsole.

`MODCONSOLE_HOME` names the folder; without it, it is the platform's data folder (on Linux
`$XDG_DATA_HOME/modconsole`, or `~/.local/share/modconsole`). `MODCONSOLE_DB` names the database alone, for people who
share one, and `MODCONSOLE_RULES` the folder of rules, which is else beside the database. Looking up a path creates
nothing; `private_folder` does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from modconsole.errors import InputError

DATABASE_NAME = "modconsole.db"
RULES = "MODCONSOLE_RULES"


def home(environ: Mapping[str, str] | None = None) -> Path:
    """The folder that holds everything of this user, absolute. It need not exist."""
    named = (os.environ if environ is None else environ).get("MODCONSOLE_HOME", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("modconsole", appauthor=False)


def database(given: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The database: the one given (`--db`), else that of `MODCONSOLE_DB`, else `modconsole.db` in `home`."""
    env = os.environ if environ is None else environ
    named = os.fspath(given) if given is not None else env.get("MODCONSOLE_DB", "").strip()
    return Path(named).expanduser().absolute() if named else home(env) / DATABASE_NAME


def rules(
    database: Path, given: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> Path:
    """The folder of rules: the one given (`--rules`), else that of `MODCONSOLE_RULES`, else the one beside the database."""
    named = (
        os.fspath(given) if given is not None else (os.environ if environ is None else environ).get(RULES, "").strip()
    )
    return Path(named).expanduser().absolute() if named else database.with_suffix(".rules")


def settings(environ: Mapping[str, str] | None = None) -> Path:
    """The settings file."""
    return home(environ) / "settings.json"


def logs(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of logs."""
    return home(environ) / "logs"


def secrets(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of secrets that no keyring keeps."""
    return home(environ) / "secrets"


def private_folder(folder: Path) -> Path:
    """Make sure that a folder exists which only its owner can enter (0700), and give it back.

    A folder that is already there is left as it is, but for the last one of the path. Raises `InputError` where it
    cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if os.name == "posix" and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be made private ({error.strerror}).",
            hint="Set MODCONSOLE_HOME to a folder of your own.",
        ) from None
    return folder
