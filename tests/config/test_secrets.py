"""Secrets are kept where only their owner finds them, and never shown."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from modconsole.config.secrets import Kept, Secrets, keyring_wanted, variable
from modconsole.errors import InputError, UsageError

SECRET = "abcd EFGH 1234 ijkl MNOP 5678"


class Ring:
    """A keyring that works."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedRing(Ring):
    """A keyring whose backend fails, as Secret Service does without a bus."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("no bus")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


class HangingRing(Ring):
    """A keyring that waits for a dialog which nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.never = threading.Event()
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self.never.wait(20)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked += 1
        self.never.wait(20)


def test_the_keyring_is_used_where_it_works(tmp_path: Path) -> None:
    """Then no file is written."""
    ring = Ring()
    secrets = Secrets(tmp_path / "secrets", {}, ring)
    assert secrets.set("blog", SECRET).place == "keyring"
    assert secrets.get("blog") == SECRET
    assert not (tmp_path / "secrets").exists()


def test_without_a_keyring_it_is_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    """The folder is 0700 and the file 0600, whatever the umask."""
    old = os.umask(0)
    try:
        kept = Secrets(tmp_path / "secrets", {}, None).set("blog", SECRET)
    finally:
        os.umask(old)
    path = Path(kept.name)
    assert kept.place == "file"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert Secrets(tmp_path / "secrets", {}, None).get("blog") == SECRET
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """It says what to do, and not what is in the file."""
    secrets = Secrets(tmp_path, {}, None)
    path = Path(secrets.set("blog", SECRET).name)
    path.chmod(mode)
    with pytest.raises(InputError, match="chmod 600") as caught:
        secrets.get("blog")
    assert "EFGH" not in str(caught.value)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Somebody could point it at another file of ours."""
    secrets = Secrets(tmp_path / "s", {}, None)
    path = Path(secrets.set("blog", SECRET).name)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError):
        secrets.get("blog")


def test_the_environment_wins(tmp_path: Path) -> None:
    """A service is given its secret there; where it is kept says so."""
    secrets = Secrets(tmp_path, {"MODCONSOLE_SECRET_MY_BLOG": "from outside"}, Ring())
    secrets.set("my-blog", SECRET)
    assert secrets.get("my-blog") == "from outside"
    assert secrets.where("my-blog") == Kept("environment", "MODCONSOLE_SECRET_MY_BLOG")


@pytest.mark.parametrize("ring", [LockedRing(), None])
def test_a_keyring_that_fails_is_replaced_by_a_file(tmp_path: Path, ring: Ring | None) -> None:
    """Its own error, which may hold the secret, goes nowhere."""
    secrets = Secrets(tmp_path, {}, ring)
    assert secrets.set("blog", SECRET).place == "file"
    assert secrets.get("blog") == SECRET


def test_a_keyring_that_hangs_costs_one_time_out(tmp_path: Path) -> None:
    """After the first it is not asked again."""
    ring = HangingRing()
    secrets = Secrets(tmp_path, {}, ring, seconds=0.05)
    began = time.monotonic()
    assert secrets.set("blog", SECRET).place == "file"
    assert secrets.get("blog") == SECRET
    assert secrets.get("other") is None
    ring.never.set()
    assert ring.asked == 1
    assert time.monotonic() - began < 5


def test_a_secret_is_in_one_place_only(tmp_path: Path) -> None:
    """Moving to the keyring deletes the file, and back again the entry."""
    ring = Ring()
    path = Path(Secrets(tmp_path, {}, None).set("blog", "old in the file").name)
    assert Secrets(tmp_path, {}, ring).set("blog", "new in the ring").place == "keyring"
    assert not path.exists()
    assert Secrets(tmp_path, {}, ring).get("blog") == "new in the ring"


def test_delete_forgets_it_everywhere(tmp_path: Path) -> None:
    """True where there was something to forget."""
    ring = Ring()
    for secrets in (Secrets(tmp_path, {}, ring), Secrets(tmp_path, {}, None)):
        secrets.set("blog", SECRET)
        assert secrets.delete("blog")
        assert not secrets.delete("blog")
        assert secrets.where("blog") is None


@pytest.mark.parametrize("source", ["../../etc/passwd", "a/b", "", "ÄÖ", "x" * 500, "con\x00"])
def test_no_source_id_leaves_the_folder(tmp_path: Path, source: str) -> None:
    """Ids are opaque text; the file's name is ours."""
    secrets = Secrets(tmp_path / "in", {}, None)
    secrets.set(source, SECRET)
    assert secrets.get(source) == SECRET
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_two_sources_never_share_a_file(tmp_path: Path) -> None:
    """Ids that look alike in a file name are still two."""
    secrets = Secrets(tmp_path, {}, None)
    secrets.set("my blog", "one")
    secrets.set("my-blog", "two")
    assert (secrets.get("my blog"), secrets.get("my-blog")) == ("one", "two")


@pytest.mark.parametrize("nonsense", ["", "   ", "two\nlines", "x" * 20_000])
def test_what_cannot_be_a_secret_is_refused_unseen(tmp_path: Path, nonsense: str) -> None:
    """An empty line, a pasted file: refused, and not repeated."""
    with pytest.raises(UsageError) as caught:
        Secrets(tmp_path, {}, None).set("blog", nonsense)
    assert "two" not in str(caught.value)


def test_nothing_shows_the_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not the log at its most talkative, not a `repr`."""
    caplog.set_level(logging.DEBUG)
    secrets = Secrets(tmp_path, {}, LockedRing())
    kept = secrets.set("blog", SECRET)
    secrets.get("blog")
    assert "EFGH" not in caplog.text + repr(secrets) + repr(kept) + str(vars(secrets))


def test_a_server_without_a_desktop_is_not_asked_for_a_keyring() -> None:
    """No display or no bus: nobody could unlock it. One named on purpose is asked, one switched off never."""
    desktop = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere", "DISPLAY": ":0"}
    if sys.platform == "linux":
        assert not keyring_wanted({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"})
        assert not keyring_wanted({"DISPLAY": ":0"})
    assert keyring_wanted(desktop)
    assert keyring_wanted({"PYTHON_KEYRING_BACKEND": "some.backend"})
    assert not keyring_wanted({**desktop, "MODCONSOLE_KEYRING": "off"})


def test_keyring_is_imported_only_when_it_is_asked() -> None:
    """It costs 0.2 s, which a start without it must not pay."""
    code = "import sys, modconsole.config.secrets as s; s.Secrets(environ={}); sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_variable_is_named_after_the_source() -> None:
    """Letters and digits, in capitals."""
    assert variable("my-blog.example") == "MODCONSOLE_SECRET_MY_BLOG_EXAMPLE"
