"""Who we are on Reddit, which subreddits we moderate, and what we may do there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from modconsole.connectors.reddit_api import Api
from modconsole.connectors.reddit_auth import SCOPES
from modconsole.connectors.reddit_map import BOTS, Thing
from modconsole.domain.records import Identity
from modconsole.errors import Gone, InputError, Refused, SignInError

MODERATE: Mapping[str, str] = {
    "posts": "posts and comments cannot be moderated, and what was removed cannot be seen",
    "mail": "modmail cannot be read or answered",
    "access": "nobody can be banned",
}
"""The rights of a moderator that matter here, each with what cannot be seen or done without it."""


class Me(Struct):
    """The account that we are signed in as."""

    id: str
    name: str
    is_suspended: bool = False

    @property
    def native(self) -> str:
        return f"t2_{self.id}"


class Subreddit(Struct):
    """A subreddit that we moderate (`t5`)."""

    display_name: str
    mod_permissions: list[str] = msgspec.field(default_factory=list)

    def may(self, right: str) -> bool:
        """Whether we have one of the rights of its moderators."""
        return right in self.mod_permissions or "all" in self.mod_permissions


class Moderator(Struct):
    """One of a subreddit's moderators."""

    id: str
    name: str


class _People(Struct):
    children: list[Moderator] = msgspec.field(default_factory=list)


class _UserList(Struct):
    data: _People


@dataclass(frozen=True)
class Standing:
    """What one account may do in the subreddits that are looked after."""

    me: Me
    subreddits: tuple[str, ...]
    moderated: Mapping[str, Subreddit]
    """By name in lower case, of those that are looked after."""
    scopes: frozenset[str]
    people: Mapping[str, str]
    """Account ids by name in lower case: us, and the other moderators."""
    others: tuple[Identity, ...] = ()

    def with_right(self, right: str) -> list[str]:
        """The subreddits where we have a right."""
        return [found.display_name for found in self.moderated.values() if found.may(right)]

    def missing(self) -> tuple[str, ...]:
        """What we may not do, each in words, with what that hides."""
        lacking = (
            []
            if "*" in self.scopes
            else [f"no permission `{s}`: {why}" for s, why in SCOPES.items() if s not in self.scopes]
        )
        for name in self.subreddits:
            found = self.moderated.get(name.lower())
            if found is None:
                lacking.append(
                    f"no moderator of r/{name}: held and removed comments, and modmail, cannot be seen there"
                )
            else:
                lacking += [
                    f"no right `{right}` in r/{name}: {why}" for right, why in MODERATE.items() if not found.may(right)
                ]
        return tuple(lacking)

    def blind(self) -> tuple[str, ...]:
        """What of that hides messages: as long as it lasts, the source is not complete."""
        hides = (*(f"no moderator of r/{name}:" for name in self.subreddits), "no right `posts`", "no right `mail`")
        return tuple(why for why in self.missing() if why.startswith(hides))


def who(api: Api) -> Me:
    """The account. Raises `SignInError` where it is suspended: it then sees everything and can do nothing."""
    me = api.get("/api/v1/me", Me)
    if me.is_suspended:
        raise SignInError("Reddit has suspended this account.", hint="Look at reddit.com in a browser.")
    return me


def moderated(api: Api) -> list[Subreddit]:
    """All subreddits that the account moderates; none where that may not be asked."""
    found: list[Subreddit] = []
    after: str | None = None
    while True:
        try:
            listing = api.listing("/subreddits/mine/moderator", {"after": after} if after else {})
        except (Refused, Gone):
            return found
        for raw in listing.children:
            with contextlib.suppress(
                msgspec.DecodeError, UnicodeDecodeError
            ):  # then it counts as not moderated, which is said
                found.append(msgspec.json.decode(msgspec.json.decode(raw, type=Thing).data, type=Subreddit))
        after = listing.after
        if after is None:
            return found


def standing(api: Api, subreddits: Iterable[str], scopes: frozenset[str]) -> Standing:
    """Ask for everything that decides what can be seen and done."""
    me = who(api)
    wanted = tuple(subreddits)
    ours = {each.display_name.lower(): each for each in moderated(api)}
    people = {me.name.lower(): me.native}
    others: dict[str, Identity] = {}
    for name in wanted:
        for each in _moderators(api, name):
            people[each.name.lower()] = each.id
            if each.id != me.native:
                bot = each.name.lower() in BOTS
                others[each.id] = Identity(
                    id=each.id, name=each.name, handle=each.name, kind="bot" if bot else "person"
                )
    looked_after = {name.lower(): ours[name.lower()] for name in wanted if name.lower() in ours}
    return Standing(me, wanted, looked_after, scopes, people, tuple(others.values()))


def _moderators(api: Api, subreddit: str) -> list[Moderator]:
    try:
        return api.get(f"/r/{subreddit}/about/moderators", _UserList).data.children
    except (Refused, Gone):
        return []


def names(text: str) -> tuple[str, ...]:
    """Subreddits as people write them: `r/one, two`. Raises `InputError` for what cannot be one."""
    found: dict[str, str] = {}
    for each in re.split(r"[,\s]+", text.strip()):
        name = re.sub(r"^/?r/", "", each.strip("/"), flags=re.IGNORECASE).strip("/")
        if not each:
            continue
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}|u_[A-Za-z0-9_-]{3,20}", name):
            raise InputError("This is not the name of a subreddit.", hint="Write them as news, AskHistorians.")
        found.setdefault(name.lower(), name)
    if not found:
        raise InputError("A Reddit source needs a subreddit.", hint="Write them as news, AskHistorians.")
    return tuple(found.values())
