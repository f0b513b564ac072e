"""Fetch the servers that the tests run on loopback, with the ordinary clients of Debian, npm and PyPI.

    python scripts/fetch_servers.py [--install]

What comes, into the folder that `MODCONSOLE_SERVERS` names, by default `.servers/` in the project, which git ignores:

- Debian's `wordpress` package (unpacked, never installed), and the SQLite driver for WordPress, a zip file inside the npm
  package `@wp-playground/cli`: 10 MB;
- `matrix/`, a virtual environment with Synapse, the Matrix homeserver: 245 MB;
- `mastodon/`, a virtual environment with `mastodon-mock`, a double of Mastodon, and `masto/`, the npm package whose types the
  double is checked against: 90 MB;
- `bluesky/`, Bluesky's own programs with a Node.js of their own, as locked in `tests/servers/bluesky_net`: 670 MB.

`--install` first installs `php-cli`, `php-sqlite3` and `postgresql` through apt-get, which needs root. What is there already
is not fetched again. Exit status: 0 everything is there, 1 something could not be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PLAYGROUND = "@wp-playground/cli@3.1.56"
DRIVER_IN_PACKAGE = "package/sqlite-database-integration.zip"
SYNAPSE = "matrix-synapse==1.163.2"
MASTODON_MOCK = "mastodon-mock==0.6.1"
MASTO = "masto@8.0.0"


def cache() -> Path:
    """The folder that holds the servers' files."""
    return Path(os.environ.get("MODCONSOLE_SERVERS") or PROJECT / ".servers").resolve()


def run(*command: str, cwd: Path) -> None:
    """Run a client and let its words through; `CalledProcessError` when it fails."""
    print("+", *command, flush=True)
    subprocess.run(command, cwd=cwd, check=True)


def install_php(folder: Path) -> None:
    """Install the PHP command line and its SQLite driver, unless they are there."""
    if shutil.which("php") and b"pdo_sqlite" in subprocess.run(["php", "-m"], capture_output=True, check=True).stdout:
        return
    run("apt-get", "update", cwd=folder)
    run("apt-get", "install", "-y", "--no-install-recommends", "php-cli", "php-sqlite3", cwd=folder)


def fetch_wordpress(folder: Path) -> None:
    """Unpack Debian's WordPress into `folder/wordpress`.

    The package links to files of other packages (fonts, scripts of the admin pages); those links are left out:
    neither the REST interface nor the comment form needs them.
    """
    target = folder / "wordpress"
    if (target / "wp-load.php").exists():
        return
    downloads = folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob("wordpress_*.deb")):
        run("apt-get", "download", "wordpress", cwd=downloads)
    package = sorted(downloads.glob("wordpress_*.deb"))[-1]
    with tempfile.TemporaryDirectory(dir=folder) as unpacked:
        run("dpkg", "-x", str(package), unpacked, cwd=folder)
        whole = Path(unpacked) / "whole"
        shutil.copytree(
            Path(unpacked) / "usr/share/wordpress",
            whole,
            ignore_dangling_symlinks=True,
            ignore=shutil.ignore_patterns("wp-config.php", ".htaccess"),
        )
        shutil.rmtree(target, ignore_errors=True)
        whole.rename(target)


def fetch_sqlite_driver(folder: Path) -> None:
    """Take the SQLite driver out of the npm package into `folder/sqlite-database-integration.zip`."""
    target = folder / "sqlite-database-integration.zip"
    if target.exists():
        return
    downloads = folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob("wp-playground-cli-*.tgz")):
        run("npm", "pack", PLAYGROUND, cwd=downloads)
    with tarfile.open(sorted(downloads.glob("wp-playground-cli-*.tgz"))[-1]) as package:
        member = package.extractfile(DRIVER_IN_PACKAGE)
        if member is None:
            raise FileNotFoundError(DRIVER_IN_PACKAGE)
        part = target.with_suffix(".part")
        part.write_bytes(member.read())
        part.rename(target)


def fetch_matrix(folder: Path) -> None:
    """Install Synapse into a virtual environment of its own, `folder/matrix`; its many dependencies are not ours.

    `matrix/installed` says that it came to its end: an environment cannot be moved into place once it is complete.
    """
    target = folder / "matrix"
    stamp = target / "installed"
    if stamp.exists() and stamp.read_text() == SYNAPSE:
        return
    run(sys.executable, "-m", "venv", "--clear", str(target), cwd=folder)
    run(str(target / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", SYNAPSE, cwd=folder)
    stamp.write_text(SYNAPSE)


def fetch_mastodon(folder: Path) -> None:
    """Install the double of Mastodon into `folder/mastodon`, a virtual environment."""
    target = folder / "mastodon"
    if (target / "bin" / "mastodon_mock").exists():
        return
    shutil.rmtree(target, ignore_errors=True)
    run(sys.executable, "-m", "venv", str(target), cwd=folder)
    run(str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", MASTODON_MOCK, cwd=folder)


def fetch_mastodon_types(folder: Path) -> None:
    """Unpack the type declarations of Mastodon's interface into `folder/masto`."""
    target = folder / "masto"
    if (target / "package.json").exists():
        return
    downloads = folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob("masto-*.tgz")):
        run("npm", "pack", MASTO, cwd=downloads)
    with tempfile.TemporaryDirectory(dir=folder) as unpacked:
        with tarfile.open(sorted(downloads.glob("masto-*.tgz"))[-1]) as package:
            package.extractall(unpacked, filter="data")
        shutil.rmtree(target, ignore_errors=True)
        (Path(unpacked) / "package").rename(target)


def install_postgres(folder: Path) -> None:
    """Install PostgreSQL, which Bluesky's programs keep their tables in, unless it is there. Its own server is not needed."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        run("apt-get", "update", cwd=folder)
        run("apt-get", "install", "-y", "--no-install-recommends", "postgresql", cwd=folder)


def fetch_bluesky(folder: Path) -> None:
    """Install the packages of `tests/servers/bluesky_net` into `folder/bluesky`, exactly as they are locked there.

    Without their install scripts: the one binary among them brings what it needs.
    """
    target, wanted = folder / "bluesky", PROJECT / "tests/servers/bluesky_net"
    lock = (wanted / "package-lock.json").read_bytes()
    if (target / "node_modules").exists() and (target / "package-lock.json").read_bytes() == lock:
        return
    part = folder / "bluesky.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(wanted / name, part)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def main() -> int:
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    steps = [
        fetch_wordpress,
        fetch_sqlite_driver,
        fetch_matrix,
        fetch_mastodon,
        fetch_mastodon_types,
        fetch_bluesky,
    ]
    if "--install" in sys.argv[1:]:
        steps[:0] = [install_php, install_postgres]
    for step in steps:
        try:
            step(folder)
        except (OSError, KeyError, subprocess.CalledProcessError) as error:
            print(f"{step.__name__}: {error}", file=sys.stderr)
            failed = 1
    print(
        f"Servers in {folder}: {', '.join(sorted(p.name for p in folder.iterdir() if p.name != 'downloads')) or 'none'}"
    )
    return failed


if __name__ == "__main__":
    sys.exit(main())
