"""A real WordPress is added in the console, page by page, and from the command line in a terminal; then it is synced."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.cli.conftest import ROOT, Cli, cli, home
from tests.screens import kit
from tests.screens.test_adding import asked, choosing, form
from tests.servers.wordpress import WordPress
from tests.tools.ttyprobe import Session
from textual import events

from modconsole.app import ModConsoleApp
from modconsole.config.secrets import Secrets
from modconsole.desk import composing, sweep
from modconsole.desk.desk import Desk, wall_clock
from modconsole.store import marks, queue

__all__ = ["cli", "home"]

pytestmark = pytest.mark.server


@pytest.mark.usefixtures("home")
async def test_a_site_is_added_in_the_console_and_looked_at(wordpress: WordPress, wp_post: int, home: Path) -> None:
    """A wrong password is told and asked again, an author hears what is missing, an editor's sign-in brings who waits."""
    author, editor = wordpress.new_person("author"), wordpress.new_person("editor")
    question = str(wordpress.comment(wp_post, "Does this run on ARM?"))
    path = home / "m.db"
    desk = Desk(path, who="mara", clock=wall_clock)
    app = ModConsoleApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await choosing(pilot, "WordPress")
        await asked(pilot, "Sign in to a WordPress site")
        await pilot.press(*wordpress.url, "enter", *author.login, "enter")
        app.post_message(events.Paste("not the password"))
        await pilot.pause()
        await pilot.press("enter")
        await asked(pilot, "! The site did not accept")
        assert form(pilot).view.answers() == {"url": wordpress.url, "user": author.login, "password": ""}
        app.post_message(events.Paste(author.application_password))
        await pilot.pause()
        await pilot.press("enter")
        await asked(pilot, "Missing permissions")
        await pilot.press("escape")
        await asked(pilot, "Sign in to a WordPress site")
        view = form(pilot).view
        view.move(-5)
        view.move(1)
        await pilot.press("ctrl+u", *editor.login, "enter")
        app.post_message(events.Paste(editor.application_password))
        await pilot.pause()
        await pilot.press("enter")
        await asked(pilot, "Signed in as")
        assert "Missing permissions" not in kit.text(pilot)
        assert marks.accounts(desk.db) == []
        await pilot.press("enter")
        await asked(pilot, "What to call it")
        await pilot.press("ctrl+u", *"blog", "ctrl+s")
        await kit.until(pilot, lambda: "blog: signed in as" in kit.text(pilot), "the word in the footer")
    assert Secrets().get("blog") == editor.application_password.strip()
    assert marks.asked_for(desk.db) == {("blog", False): 1}
    (result,) = sweep.sync(desk)
    assert (result.outcome, result.full) == ("ok", True)
    ask = next(row for row in queue.page(desk.db, desk.now(), 500) if question in row.messages)
    assert composing.begin(desk, ask).identities == [next(iter(_names(desk)))]
    desk.close()


def _names(desk: Desk) -> list[str]:
    record = marks.described(desk.db, "blog")
    assert record is not None
    return [each.name or each.id for each in record.identities or []]


@pytest.mark.pty
def test_a_site_is_added_in_a_terminal_and_looked_at(wordpress: WordPress, wp_post: int, cli: Cli, home: Path) -> None:
    """Question by question; the password is never shown, and the sign-in can be renewed without another answer."""
    editor = wordpress.new_person("editor")
    question = str(wordpress.comment(wp_post, "And on Windows?"))
    session = Session(
        [sys.executable, "-m", "modconsole", "sources", "add", "wordpress", wordpress.url, "--yes"],
        env={
            "PYTHONPATH": str(ROOT / "src"),
            "MODCONSOLE_HOME": str(home / "home"),
            "MODCONSOLE_KEYRING": "off",
        },
        keep_output=True,
        timeout=60,
    )
    with session:
        session.wait_text("Login name there")
        session.send(f"{editor.login}<CR>")
        session.wait_text("Application password")
        session.send("wrong wrong<CR>")
        session.wait_text("did not accept")
        session.settle()
        session.send(f"{wordpress.url}<CR>")
        session.settle()
        session.send(f"{editor.login}<CR>")
        session.settle()
        session.send(f"{editor.application_password}<CR>")
        session.wait_text("signed in as")
        assert session.wait_exit() == 0
    assert session.output is not None
    assert editor.application_password.encode() not in session.output
    (source,) = cli("sources", "list", "--json").document["sources"]
    assert source["identities"][0]["id"] == f"user:{editor.id}"
    assert cli("sync").code == 0
    asks = cli("waiting", "--json").document["asks"]
    assert question in {message for ask in asks for message in ask["messages"]}
    name = source["source"]
    again = cli("sources", "sign-in", name, "--secret-stdin", "--json", stdin=editor.application_password.encode())
    assert (again.code, again.document["renewed"]) == (0, True)
    assert cli("sources", "check", name).code == 0
    shown = cli("sources", "show", name, "--json").document
    assert (shown["gaps"], shown["missing"], shown["identity"]) == ([], [], f"user:{editor.id}")
    assert shown["last_full_walk"] is not None
    assert cli("verify").code == 0
