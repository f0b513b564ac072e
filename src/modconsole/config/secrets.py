"""Application passwords and tokens, and where they are kept.

In this order they are looked for: the environment (`MODCONSOLE_SECRET_<SOURCE>`, for services and containers), a file
that only its owner can read, the system's keyring. They are written to the keyring where a usable one answers, else
to a file. A secret is in one of the two, never in both; it is never in the database, a log, an error or a `repr`.

A keyring can hang: the Secret Service of a desktop waits for somebody to type into a dialog that nobody sees on a
server. So it is not even asked where there is no desktop, and every question to it has a time-out.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from modconsole.config import paths
from modconsole.errors import InputError, UsageError

SERVICE = "modconsole"
KEYRING_SECONDS = 5.0
"""How long a keyring may take to answer."""
MAX_LENGTH = 10_000
"""Characters. The longest tokens that platforms give out have some 2,000."""

Place = Literal["environment", "file", "keyring"]


class Keyring(Protocol):
    """What we need of a keyring backend (`keyring.backend.KeyringBackend`)."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


@dataclass(frozen=True)
class Kept:
    """Where a secret is: the kind of place, and its name for a person."""

    place: Place
    name: str


class Secrets:
    """The secrets of one user, by source id.

    `folder` is where files go. `keyring` is given in tests; by default the system's is looked for when first needed.
    """

    def __init__(
        self,
        folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
        keyring: Keyring | Literal["system"] | None = "system",
        *,
        seconds: float = KEYRING_SECONDS,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._folder = folder if folder is not None else paths.secrets(self._environ)
        self._keyring = keyring
        self._seconds = seconds

    def __repr__(self) -> str:
        return f"Secrets({str(self._folder)!r})"

    def get(self, source: str) -> str | None:
        """The secret of a source, or None. Raises `InputError` for a file that others could read or write."""
        return self._find(source)[1]

    def where(self, source: str) -> Kept | None:
        """Where the secret of a source is kept, or None where there is none."""
        return self._find(source)[0]

    def _find(self, source: str) -> tuple[Kept | None, str | None]:
        name = variable(source)
        value = self._environ.get(name, "").strip()
        if value:
            return Kept("environment", name), value
        path = self._path(source)
        value = _read_private(path) or ""
        if value:
            return Kept("file", str(path)), value
        value = self._ask(lambda ring: ring.get_password(SERVICE, source)) or ""
        if value:
            return Kept("keyring", "the system's keyring"), value
        return None, None

    def set(self, source: str, secret: str) -> Kept:
        """Keep a secret, in the keyring or else in a file, and forget the one before. Says where it is."""
        secret = secret.strip()
        if not secret:
            raise UsageError("The secret is empty.")
        if len(secret) > MAX_LENGTH or not secret.isprintable():
            raise UsageError("This is no password or token: it is too long, or has unprintable characters in it.")

        def keep(ring: Keyring) -> bool:
            ring.set_password(SERVICE, source, secret)
            return ring.get_password(SERVICE, source) == secret

        path = self._path(source)
        if self._ask(keep):
            path.unlink(missing_ok=True)
            return Kept("keyring", "the system's keyring")
        self._forget_in_keyring(source)
        _write_private(path, secret)
        return Kept("file", str(path))

    def delete(self, source: str) -> bool:
        """Forget a secret wherever it is kept; False where there was none. The environment is not ours to change."""
        path = self._path(source)
        had_file = path.exists()
        path.unlink(missing_ok=True)
        return self._forget_in_keyring(source) or had_file

    @contextlib.contextmanager
    def lock(self, source: str) -> Iterator[None]:
        """Held by one process and thread at a time: for replacing a secret that only one may spend. Where the folder cannot be
        written, there is nothing to replace either, and nothing is locked."""
        try:
            file = (paths.private_folder(self._folder) / self._path(source).name).with_suffix(".lock").open("a")
        except OSError:
            yield
            return
        with file:
            _lock(file)  # let go by the end of the file, or of the process
            yield

    def _forget_in_keyring(self, source: str) -> bool:
        def forget(ring: Keyring) -> bool:
            if ring.get_password(SERVICE, source) is None:
                return False
            ring.delete_password(SERVICE, source)
            return True

        return bool(self._ask(forget))

    def _path(self, source: str) -> Path:
        """A file name that shows the source and cannot leave the folder, whatever the source is called."""
        shown = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40]
        return self._folder / f"{shown}-{hashlib.sha256(source.encode()).hexdigest()[:12]}.secret"

    def _ask(self, question: Callable[[Keyring], Any]) -> Any:
        """The keyring's answer, or None where there is none, it fails, or takes too long; then it is not asked
        again."""
        if self._keyring is None or (self._keyring == "system" and not keyring_wanted(self._environ)):
            return None
        answer: list[Any] = []

        def ask() -> None:
            # A keyring fails with errors of its backend: D-Bus, Keychain, Credential Locker. All mean the same here.
            with contextlib.suppress(Exception):
                ring = system_keyring() if self._keyring == "system" else self._keyring
                if ring is not None and not isinstance(ring, str):
                    answer.append(question(ring))

        thread = threading.Thread(target=ask, name="keyring", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if thread.is_alive():
            self._keyring = None
            return None
        return answer[0] if answer else None


def variable(source: str) -> str:
    """The environment variable for a source's secret: `my-blog` has `MODCONSOLE_SECRET_MY_BLOG`."""
    return "MODCONSOLE_SECRET_" + re.sub(r"[^A-Z0-9]", "_", source.upper())


def keyring_wanted(environ: Mapping[str, str]) -> bool:
    """Whether asking the system's keyring makes sense here.

    `MODCONSOLE_KEYRING=off` says no; `PYTHON_KEYRING_BACKEND` names one on purpose. On Linux and its like a keyring
    belongs to a desktop session: without a session bus and a display there is nobody to unlock it.
    """
    if environ.get("MODCONSOLE_KEYRING", "").lower() in ("off", "0", "no"):
        return False
    if environ.get("PYTHON_KEYRING_BACKEND") or sys.platform in ("darwin", "win32"):
        return True
    display = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(environ.get("DBUS_SESSION_BUS_ADDRESS") and display)


def system_keyring() -> Keyring | None:
    """The system's keyring, or None where there is only a stand-in. Imported here: it takes 0.2 s.

    Backends with a priority below 1 keep secrets in plain files or not at all (keyring's documentation, "Backends").
    """
    import keyring

    backend = keyring.get_keyring()
    return backend if backend.priority >= 1 else None


def _lock(file: IO[str]) -> None:
    """Wait for an exclusive lock on an open file. Where the system has no such locks, each process is on its own."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(file, fcntl.LOCK_EX)


def _read_private(path: Path) -> str | None:
    """The content of a file that is its owner's alone; None where it does not exist. Never follows a link."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"The secret in {path} cannot be read ({error.strerror}).", hint="Sign in again.") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if os.name == "posix" and (stat.S_IMODE(about.st_mode) & 0o077 or about.st_uid != os.geteuid()):
            raise InputError(
                f"Others can read the secret in {path}: it is not used.",
                hint=f"Run `chmod 600 {path}`; where others may have seen it, revoke it on the platform and sign in again.",
            )
        content = file.read(4 * MAX_LENGTH)
    return content.decode(errors="replace").strip()


def _write_private(path: Path, secret: str) -> None:
    """Replace the file's content at once and for good: readers see the old secret or the new one, never a part."""
    folder = paths.private_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")  # 0600 from its first moment
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(secret + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"The secret cannot be written to {folder} ({error.strerror}).") from None
