"""Signing in to a forum: what is asked, what is checked, and what a key may reach."""

from __future__ import annotations

from typing import Any

import pytest
from tests.connectors.discourse_double import KEY
from tests.connectors.discourse_mirror import connector, forum, mirror
from tests.servers.discourse import Forum

from modconsole.connectors.discourse import PLATFORM, Discourse, connect, sign_in
from modconsole.connectors.discourse_api import checked_address
from modconsole.connectors.signing import Credentials
from modconsole.errors import InputError, SignInError, Unreachable

__all__ = ["connector", "forum", "mirror"]


def test_the_sign_in_asks_for_forum_account_and_key() -> None:
    """One step; the key is a secret and goes nowhere else."""
    questions = sign_in(lambda: 0)
    step = next(questions)
    assert [(field.name, field.secret) for field in step.fields] == [("url", False), ("user", False), ("key", True)]
    with pytest.raises(StopIteration) as end:
        questions.send({"url": "forum.example", "user": "@anna ", "key": " s3cret "})
    signed = end.value.value
    assert signed.settings == {"url": "https://forum.example/", "user": "anna"}
    assert (signed.secret, signed.suggested_source) == ("s3cret", "forum.example")


def test_check_says_who_we_are_and_who_else_may_be_us(forum: Forum, connector: Discourse) -> None:
    """Staff are offered, the site's own account as a bot; inboxes of groups are named."""
    forum.us.groups.append("helpers")
    forum.world.member("anna", admin=True)
    account = connector.check()
    assert (account.id, account.handle, account.site_name) == (str(forum.us.id), "moderator", "The forum")
    assert {(who.handle, who.kind) for who in account.others} == {("anna", "person"), ("system", "bot")}
    assert account.syncs[-1] == "personal messages of this account and of helpers"
    assert account.missing == ("categories that this account may not read stay unseen",)


def test_an_administrator_misses_nothing(forum: Forum, connector: Discourse) -> None:
    """No right is lacking."""
    forum.us.admin = True
    assert connector.check().missing == ()


def test_an_account_without_rights_is_told_what_it_cannot_do(forum: Forum, connector: Discourse) -> None:
    """Before the source is added."""
    forum.us.moderator = False
    account = connector.check()
    assert "nothing can be moderated" in account.missing[0]
    assert account.others == ()


@pytest.mark.parametrize("wrong", ["key", "user"])
def test_a_wrong_key_or_name_is_a_wrong_sign_in(forum: Forum, wrong: str) -> None:
    """With what to do about it, and without the key."""
    settings = {**forum.settings, **({"user": "nobody"} if wrong == "user" else {})}
    made = connect(settings, Credentials("wr0ng" if wrong == "key" else KEY), source="forum")
    with pytest.raises(SignInError, match="scope Global") as told:
        made.check()
    assert "wr0ng" not in str(told.value)
    made.close()


def test_a_site_that_is_no_discourse_is_said_to_be_none(forum: Forum, connector: Discourse) -> None:
    """A login page in front of it."""
    forum.double.spoil = lambda name, body: ["not", "it"]
    with pytest.raises(Unreachable):
        connector.check()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("forum.example", "https://forum.example/"),
        (" https://forum.example/community/?x#y ", "https://forum.example/community/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
    ],
)
def test_an_address_is_made_complete(given: str, kept: str) -> None:
    """Forums in a folder too."""
    assert checked_address(given) == kept


@pytest.mark.parametrize(
    "given", ["http://forum.example", "https://anna:pw@forum.example", "ftp://forum.example", "", "https://:x"]
)
def test_an_address_that_would_give_the_key_away_is_refused(given: str) -> None:
    """Plain http, passwords in it, other schemes, nothing."""
    with pytest.raises(InputError) as told:
        checked_address(given)
    assert "pw" not in str(told.value)


@pytest.mark.parametrize(
    ("settings", "secret"),
    [
        ({"user": "anna"}, "k"),
        ({"url": "forum.example"}, "k"),
        ({"url": "forum.example", "user": " "}, "k"),
        ({"url": "forum.example", "user": "änna"}, "k"),
        ({"url": "forum.example", "user": "anna"}, " "),
        ({"url": "forum.example", "user": "anna", "requests_per_minute": "many"}, "k"),
        ({"url": "forum.example", "user": "anna", "requests_per_minute": 3}, "k"),
    ],
)
def test_settings_that_cannot_work_are_refused_without_a_request(settings: dict[str, Any], secret: str) -> None:
    """Before anything is stored."""
    with pytest.raises(InputError):
        connect(settings, Credentials(secret), source="forum")


def test_nothing_that_is_shown_holds_the_key() -> None:
    """Neither the connector nor its parts."""
    made = connect({"url": "forum.example", "user": "anna"}, Credentials("s3cret"), source="forum")
    assert "s3cret" not in f"{made!r} {made.api.http!r}"


def test_the_platform_says_what_it_was_run_against() -> None:
    """No server could be had."""
    assert (PLATFORM.name, PLATFORM.tested) == ("discourse", "published schema")
