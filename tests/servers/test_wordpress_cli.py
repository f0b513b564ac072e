"""An evening on a real WordPress from the shell alone: sign in, sync, look, reply, moderate, undo, sweep."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from tests.cli.conftest import Cli, cli, home
from tests.servers.wordpress import WordPress

from modconsole.desk import desk as desk_module

__all__ = ["cli", "home"]

pytestmark = pytest.mark.server


def test_an_evening_from_the_shell(
    wordpress: WordPress, wp_post: int, cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks there is listed here; what is answered and moderated here is there; the receipt says that nobody is left."""
    monkeypatch.setattr(desk_module, "Desk", functools.partial(desk_module.Desk, undo_seconds=0))
    me = wordpress.new_person("editor")
    wrong = cli("sources", "add", "wordpress", wordpress.url, "--user", me.login, stdin=b"not the password")
    assert wrong.code == 2
    assert not (home / "home" / "modconsole.db").exists()
    added = cli(
        "sources", "add", "wordpress", wordpress.url, "--user", me.login, "--id", "blog", "--json",
        stdin=me.application_password.encode(),
    )  # fmt: skip
    assert added.code == 0, added.err
    assert added.document["identity"]["id"] == f"user:{me.id}"
    asked = str(wordpress.comment(wp_post, "Does this run on ARM?"))
    spam = str(wordpress.guest(wp_post, "Cheap watches", name="Shop", email="shop@example.test"))
    assert cli("sync", "--full").code == 0
    waiting = cli("waiting", "--json").document
    assert {asked, spam} <= {message for ask in waiting["asks"] for message in ask["messages"]}
    assert [look["state"] for look in waiting["coverage"]] == ["fresh"]

    done = cli("moderate", "spam", "blog", spam, "--json").document
    assert (done["status"], done["message"], done["became"]) == ("closed", spam, "spam")
    assert wordpress.status(int(spam)) == "spam"
    told = cli("acts", "blog", spam, "--json").document
    assert [each["act"] for each in told["acts"] if each["can"]] == ["remove", "restore"]
    assert [each["id"] for each in told["done"]] == [done["id"]]
    assert cli("undo", done["id"]).code == 0
    assert wordpress.status(int(spam)) == "approved"
    assert cli("moderate", "trash", "blog", spam).code == 0

    assert cli("reply", "blog", asked, "--text", "It does since 2.1.", "--json").document["status"] == "sending"
    assert cli("sync").code == 0
    assert cli("why", "blog", asked, "--json").document["status"] == "answered"
    written = [each for each in wordpress.comments(wp_post) if each["parent"] == int(asked)]
    assert [each["content"]["raw"] for each in written] == ["It does since 2.1."]
    swept = cli("sweep", "--json")
    assert (swept.code, swept.document["cannot_say"]) == (0, [])
    assert cli("verify").code == 0
    assert cli("sources", "remove", "blog").code == 0
    assert cli("sync", "blog").code == 2
