"""Record docs/evening.md: one evening's sweep on a real WordPress, commands and screens as they were.

usage: python -m scripts.record_evening [docs/evening.md]

Starts a WordPress on loopback (see `scripts/fetch_servers.py`), lets people comment, and then does what a community manager
does in an evening, through the command line and the console in a terminal of 80×24. Nothing in the page is written by hand but
the sentences between the blocks. The site's address is shown as blog.example.org.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.servers.wordpress import WordPress, missing
from tests.tools.ttyprobe import Session

ROOT = Path(__file__).resolve().parent.parent
UNDO_SECONDS = 11


class Evening:
    """The page in the making."""

    def __init__(self, site: WordPress, folder: Path) -> None:
        self.site = site
        self.env = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "MODCONSOLE_HOME": str(folder),
            "MODCONSOLE_KEYRING": "off",
            "MODCONSOLE_USER": "ann",
            "COLUMNS": "100",
        }
        self.page: list[str] = []

    def say(self, text: str) -> None:
        """A paragraph of the page."""
        self.page += [text, ""]

    def run(self, line: str, *, typed: str = "") -> int:
        """A command, its output, and its exit status where that is not 0."""
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(line)],
            input=typed,
            capture_output=True,
            text=True,
            env=self.env,
            timeout=120,
            check=False,
        )
        said = (done.stdout + done.stderr).rstrip()
        status = [f"(exit {done.returncode})"] if done.returncode else []
        self.page += ["```console", f"$ {self.clean(line)}", *map(self.clean, said.splitlines()), *status, "```", ""]
        return done.returncode

    def screen(self, session: Session, caption: str) -> None:
        """What the terminal shows now."""
        session.settle(quiet=0.6)
        lines = [self.clean(line.rstrip()) for line in session.screen_text().splitlines()]
        self.page += [caption, "", "```text", *lines, "```", ""]

    def clean(self, text: str) -> str:
        """The site's address as readers should see it."""
        text = text.replace(self.env["MODCONSOLE_HOME"], "~/.local/share/modconsole")
        return text.replace(self.site.url, "https://blog.example.org").replace(
            f"127.0.0.1:{self.site.port}", "blog.example.org"
        )


def people_write(site: WordPress) -> dict[str, int]:
    """What waits on the site when the evening begins."""
    post = site.post("Release 2.1")
    other = site.post("Kits are back")
    ids = {
        "arm": site.guest(
            post,
            "Does this work on ARM? I tried the package and got an exec format error.",
            name="Nora Lind",
            email="nora@example.org",
        ),
        "windows": site.comment(post, "And what about Windows?", user="alice"),
        "ship": site.guest(other, "Do you ship to Svalbard?", name="Solveig", email="solveig@example.org"),
        "old": site.comment(other, "Is there a kit without the frame?", user="bob"),
    }
    ids["answered"] = site.comment(other, "There is, at the bottom of the page.", user="moderator", parent=ids["old"])
    ids["held"] = site.guest(other, "cheap watches, click here", name="buy cheap", email="b@example.org", status="hold")
    return ids


def record(evening: Evening) -> None:
    """The evening, step by step."""
    site = evening.site
    moderator = site.people["moderator"]
    evening.say("# An evening's sweep, recorded")
    evening.say("Made by `scripts/record_evening.py` on a real WordPress 6.1. Ann looks after a blog.")
    evening.say(
        "Once, she signs in. The application password is verified before anything is stored, and kept where only she can read it:"
    )
    evening.run(
        f"modconsole sources add wordpress {site.url} --id blog --user moderator --password-stdin",
        typed=moderator.application_password,
    )
    evening.say(
        "What was written before that is her *backlog*. During the day people comment, and a look brings it in, in all states:"
    )
    ids = people_write(site)
    evening.run("modconsole sync")
    evening.say("Who waits, since when? Bob does not: he was answered in WordPress itself, and that counts.")
    evening.run("modconsole waiting")
    evening.run(f"modconsole why blog {ids['old']}")
    evening.say("The rest happens in the console, which opens on the queue.")
    in_the_console(evening)
    evening.say(
        "Meanwhile a reader has left a kind word. The next look sends the reply, reads it back, and brings the word in:"
    )
    kind = site.guest(1, "Thanks for the blog!", name="Rui", email="rui@example.org")
    time.sleep(UNDO_SECONDS)
    evening.run("modconsole sync")
    evening.run("modconsole waiting")
    evening.say("What a key can do, the command line can do. A wrong step is taken back:")
    evening.run(f"modconsole close blog {ids['windows']} --reason duplicate")
    evening.run("modconsole undo")
    evening.run(f'modconsole reply blog {ids["windows"]} --text "Windows comes with 2.2, in two weeks."')
    evening.run(f"modconsole close blog {kind} --reason thanks")
    evening.say("A sweep syncs, walks through everything once more, and says plainly that somebody still waits:")
    time.sleep(UNDO_SECONDS)
    evening.run("modconsole sweep")
    evening.run(f'modconsole reply blog {ids["ship"]} --text "We do, by post boat. It takes three weeks."')
    time.sleep(UNDO_SECONDS)
    evening.run("modconsole sweep")
    evening.say("And everything that was said above follows from what is stored:")
    evening.run("modconsole verify")


def in_the_console(evening: Evening) -> None:
    """Queue, conversation, proof, composer, and back."""
    env: dict[str, str | None] = {key: value for key, value in evening.env.items() if key != "COLUMNS"}
    with Session([sys.executable, "-m", "modconsole"], size=(80, 24), env=env) as session:
        session.wait_text("Solveig", timeout=30)
        evening.screen(session, "**The queue.** Whoever has waited longest stands first.")
        session.key("<Enter>")
        session.wait_text("exec format error", timeout=10)
        evening.screen(session, "**Enter** opens the conversation.")
        session.key("w")
        session.wait_text("is not covered", timeout=10)
        evening.screen(session, "**w** says why, with the proof.")
        session.key("q")
        session.key("r")
        session.wait_text("ctrl+s send", timeout=10)
        session.send("Yes: the ARM package is in the same folder, its name ends in arm64.")
        evening.screen(session, "**r** replies. The draft is kept at every pause of typing.")
        session.key("<C-s>")
        session.wait_text("undo", timeout=10)
        evening.screen(session, "**ctrl+s** queues the reply; for ten seconds **u** takes it back.")
        session.key("<C-q>")
        session.wait_exit(timeout=15)


def main() -> None:
    """Record and write the page."""
    if missing():
        raise SystemExit(missing())
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "evening.md"
    site = WordPress()
    try:
        site.start()
        with tempfile.TemporaryDirectory() as folder:
            evening = Evening(site, Path(folder))
            record(evening)
        target.write_text("\n".join(evening.page).rstrip() + "\n", encoding="utf-8")
    finally:
        site.remove()


if __name__ == "__main__":
    main()
