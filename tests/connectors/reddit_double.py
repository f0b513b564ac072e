"""A small Reddit on loopback, with people, subreddits, filters, reports and modmail: what no test can have of the real one.

`Place` is the platform: what is in it, its clock, and what goes wrong next (`trouble`). `Server` lets it speak HTTP. Every
request is held to the parameters, and every answer to the shape, that `shapes/reddit.json` knows from recordings; what
differs is in `complaints`, which every test looks at when it ends. How things behave (what a list leaves out, what a
vanished anchor does, what a filter does) follows Reddit's archived source and what is written in `docs/platforms/reddit.md`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.connectors.reddit_shapes import filled

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
START = 1_700_000_000


def base36(number: int) -> str:
    """A number as Reddit writes it."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"


@dataclass
class Account:
    """Somebody on Reddit."""

    number: int
    name: str
    password: str = "hunter2"

    @property
    def native(self) -> str:
        return f"t2_{base36(self.number)}"


@dataclass
class Subreddit:
    """A subreddit with its moderators, each with their rights, and its lists of people."""

    name: str
    mods: dict[str, list[str]] = field(default_factory=dict)
    private: bool = False
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    flairs: dict[str, str] = field(default_factory=dict)
    banned: dict[str, int | None] = field(default_factory=dict)
    muted: dict[str, int] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def may(self, name: str, right: str) -> bool:
        """Whether somebody has a right of a moderator here."""
        return bool({right, "all"} & set(self.mods.get(name, ())))


@dataclass
class Item:
    """A comment or a post. `taken` is by whom it was removed, `verdict` what that was: filter, reddit, mod or spam."""

    name: str
    author: Account | None
    subreddit: Subreddit
    created: float
    text: str
    title: str = ""
    link: str = ""
    parent: str = ""
    url: str = ""
    edited: float | None = None
    deleted: bool = False
    taken: str | None = None
    verdict: str = ""
    taken_at: float | None = None
    approved: str | None = None
    reports: int = 0
    ignored: bool = False
    locked: bool = False
    archived: bool = False
    reason: str | None = None
    flair: str = ""
    flair_id: str | None = None
    listed: bool = True
    """Whether lists tell of it: one that they leave out is only found where it stands."""

    @property
    def is_post(self) -> bool:
        return self.name.startswith("t3_")

    @property
    def queued(self) -> bool:
        """Whether it waits for a moderator."""
        reported = self.reports > 0 and not self.ignored and not self.approved and self.taken is None
        return not self.deleted and (reported or self.verdict in ("filter", "reddit"))


@dataclass
class Letter:
    """A private message."""

    name: str
    author: Account
    to: Account
    created: float
    text: str
    subject: str
    first: str | None = None
    parent: str | None = None


@dataclass
class Mail:
    """A modmail conversation. `messages` are id, author, time, text, and whether it is a note among moderators."""

    ident: str
    subreddit: Subreddit
    subject: str
    person: Account | None
    messages: list[tuple[str, Account, float, str, bool]] = field(default_factory=list)
    folder: str = "all"
    internal: bool = False
    withheld: int = 0
    """How many of its messages are counted and not given."""


class Place:
    """Reddit itself. Times are in seconds; `now` is its clock, and everybody's."""

    def __init__(self) -> None:
        self.now: float = START
        self.accounts: dict[str, Account] = {}
        self.subreddits: dict[str, Subreddit] = {}
        self.items: dict[str, Item] = {}
        self.letters: list[Letter] = []
        self.mail: dict[str, Mail] = {}
        self.tokens: dict[str, tuple[Account, float]] = {}
        self.refresh: dict[str, Account] = {}
        self.codes: dict[str, Account] = {}
        self.scope = "*"
        self.sent: list[tuple[str, str, str, str]] = []
        """What moderators had Reddit send: kind, item, title and text."""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.trouble: dict[str, list[Any]] = {}
        """By "METHOD /path" (its beginning): what happens to the next such requests, in order; see `Server`."""
        self.window = 1_000
        self.tree = (500, 10)
        """How many comments a tree comes with, and how deep."""
        self.withheld: set[str] = set()
        """Comments that nothing gives, although they are counted."""
        self.left, self.resets = 996.0, 600
        self._numbers = count(900_000)
        self.token_requests = 0

    def tick(self, seconds: float = 1.0) -> float:
        """Let time pass."""
        self.now += seconds
        return self.now

    def ident(self) -> str:
        """The next number, in base 36."""
        return base36(next(self._numbers))

    # ------------------------------------------------------------------ people and what they do

    def person(self, name: str) -> Account:
        """Somebody, by their name."""
        known = self.accounts.get(name.lower())
        if known is None:
            known = self.accounts[name.lower()] = Account(next(self._numbers), name)
        return known

    def subreddit(self, name: str, **given: Any) -> Subreddit:
        """A new subreddit."""
        made = self.subreddits[name.lower()] = Subreddit(name, **given)
        return made

    def post(self, by: str, subreddit: str, title: str, text: str = "", **given: Any) -> Item:
        """Somebody posts."""
        name = f"t3_{self.ident()}"
        return self._add(
            Item(name, self.person(by), self.subreddits[subreddit.lower()], self.tick(), text, title, name, **given)
        )

    def comment(self, by: str, parent: Item | str, text: str, **given: Any) -> Item:
        """Somebody comments on a post or a comment."""
        above = self.items[parent] if isinstance(parent, str) else parent
        link = above.name if above.is_post else above.link
        name = f"t1_{self.ident()}"
        return self._add(Item(name, self.person(by), above.subreddit, self.tick(), text, "", link, above.name, **given))

    def _add(self, item: Item) -> Item:
        self.items[item.name] = item
        return item

    def letter(self, by: str, to: str, text: str, subject: str = "hello", answers: Letter | None = None) -> Letter:
        """Somebody writes a private message."""
        first = (answers.first or answers.name) if answers else None
        made = Letter(f"t4_{self.ident()}", self.person(by), self.person(to), self.tick(), text, subject, first)
        made.parent = answers.name if answers else None
        self.letters.append(made)
        return made

    def modmail(
        self, by: str, subreddit: str, text: str, subject: str = "a question", *, internal: bool = False
    ) -> Mail:
        """Somebody writes to the moderators, or one of them to the others."""
        place = self.subreddits[subreddit.lower()]
        author = self.person(by)
        mod = by in place.mods
        made = Mail(
            self.ident(),
            place,
            subject,
            None if mod else author,
            folder="mod" if internal else "all",
            internal=internal,
        )
        self.mail[made.ident] = made
        return self.add_mail(made, by, text)

    def add_mail(self, mail: Mail, by: str, text: str, *, internal: bool = False) -> Mail:
        """Somebody writes in a modmail conversation; one that was archived comes back when it is not a moderator."""
        mail.messages.append((self.ident(), self.person(by), self.tick(), text, internal))
        if mail.folder == "archived" and by not in mail.subreddit.mods:
            mail.folder = "all"
        return mail

    def edit(self, item: Item, text: str) -> None:
        """Its author changes it."""
        item.text, item.edited = text, self.tick()

    def delete(self, item: Item) -> None:
        """Its author deletes it."""
        item.deleted = True

    def leave(self, name: str) -> None:
        """Somebody deletes their account: what they wrote stays, without them."""
        for item in self.items.values():
            if item.author is not None and item.author.name == name:
                item.author = None

    def remove(self, item: Item, by: str, verdict: str = "mod") -> None:
        """A moderator removes it, or a filter takes it (`filter` is AutoModerator's, `reddit` Reddit's own)."""
        item.taken, item.verdict, item.approved, item.taken_at = by, verdict, None, self.tick()

    # ------------------------------------------------------------------ as it is shown

    def shown(self, item: Item, viewer: Account, *, replies: Any = "", depth: int | None = None) -> dict[str, Any]:
        """A comment or post as one account is shown it."""
        mod = item.subreddit.may(viewer.name, "posts")
        author = None if item.deleted else item.author
        hidden = item.taken is not None and not mod and author is not viewer
        text = "[deleted]" if item.deleted else "[removed]" if hidden else item.text
        data: dict[str, Any] = {
            "name": item.name,
            "id": item.name[3:],
            "author": author.name if author and not hidden else "[deleted]",
            "subreddit": item.subreddit.name,
            "subreddit_name_prefixed": f"r/{item.subreddit.name}",
            "created": item.created,
            "created_utc": item.created,
            "edited": item.edited or False,
            "locked": item.locked,
            "archived": item.archived,
            "permalink": f"/r/{item.subreddit.name}/comments/{item.link[3:]}/_/"
            + ("" if item.is_post else f"{item.name[3:]}/"),
            "num_reports": item.reports if mod else None,
        }
        if author and not hidden:
            data["author_fullname"] = author.native
        if mod:
            data |= self._for_moderators(item)
        return self._post(item, data, text) if item.is_post else self._comment(item, data, text, replies, depth)

    @staticmethod
    def _for_moderators(item: Item) -> dict[str, Any]:
        notes = {"filter": "remove not spam", "mod": "remove not spam", "reddit": "reinforce spam", "spam": "spam"}
        data: dict[str, Any] = {
            "banned_by": True if item.verdict == "reddit" else item.taken,
            "banned_at_utc": int(item.taken_at) if item.taken_at and item.taken else None,
            "approved_by": item.approved,
            "removed": item.verdict == "mod",
            "spam": item.verdict == "spam",
            "approved": item.approved is not None,
            "ignore_reports": item.ignored,
            "mod_reason_title": item.reason,
        }
        return {**data, "ban_note": notes[item.verdict]} if item.verdict else data

    def _comment(self, item: Item, data: dict[str, Any], text: str, replies: Any, depth: int | None) -> dict[str, Any]:
        data |= {
            "body": text,
            "body_html": f"<div>{text}</div>",
            "link_id": item.link,
            "parent_id": item.parent,
            "replies": replies,
        }
        if depth is not None:
            data["depth"] = depth
        return {"kind": "t1", "data": filled("t1", data)}

    def _post(self, item: Item, data: dict[str, Any], text: str) -> dict[str, Any]:
        category = {"filter": "automod_filtered", "reddit": "reddit", "mod": "moderator", "spam": "moderator"}.get(
            item.verdict
        )
        data |= {
            "title": item.title,
            "selftext": text,
            "selftext_html": None,
            "is_self": not item.url,
            "url": item.url or f"https://www.reddit.com{data['permalink']}",
            "num_comments": self.counted(item),
            "removed_by_category": "deleted" if item.deleted else category,
            "link_flair_text": item.flair or None,
            "link_flair_template_id": item.flair_id,
        }
        return {"kind": "t3", "data": filled("t3", data)}

    def counted(self, post: Item) -> int:
        """How many comments Reddit says that a post has: removed ones count, deleted ones do not."""
        return sum(
            1 for item in self.items.values() if item.link == post.name and not item.is_post and not item.deleted
        )

    def noticed(self, item: Item, viewer: Account) -> dict[str, Any]:
        """A comment as the inbox of one account shows it."""
        assert item.author is not None
        post = self.items[item.link]
        data = {
            "name": item.name,
            "id": item.name[3:],
            "author": item.author.name,
            "author_fullname": item.author.native,
            "subreddit": item.subreddit.name,
            "subreddit_name_prefixed": f"r/{item.subreddit.name}",
            "body": item.text,
            "body_html": item.text,
            "created": item.created,
            "created_utc": item.created,
            "parent_id": item.parent,
            "context": f"/r/{item.subreddit.name}/comments/{item.link[3:]}/_/{item.name[3:]}/?context=3",
            "link_title": post.title,
            "dest": viewer.name,
            "was_comment": True,
            "type": "comment_reply",
            "subject": "comment reply",
        }
        return {"kind": "t1", "data": filled("t1:inbox", data)}

    @staticmethod
    def letter_shown(letter: Letter, replies: Any = "") -> dict[str, Any]:
        """A private message as it is shown to both."""
        data = {
            "name": letter.name,
            "id": letter.name[3:],
            "author": letter.author.name,
            "author_fullname": letter.author.native,
            "dest": letter.to.name,
            "body": letter.text,
            "body_html": letter.text,
            "subject": ("re: " if letter.first else "") + letter.subject,
            "created": letter.created,
            "created_utc": letter.created,
            "first_message_name": letter.first,
            "first_message": int(letter.first[3:], 36) if letter.first else None,
            "parent_id": letter.parent,
            "replies": replies,
            "type": "unknown",
        }
        return {"kind": "t4", "data": filled("t4", data)}

    # ------------------------------------------------------------------ lists and trees

    def visible(self, item: Item, viewer: Account) -> bool:
        """Whether a list that anybody reads has it for this account."""
        return (
            item.listed
            and not item.deleted
            and item.taken is None
            and item.name not in self.withheld
            and item.author is not None
        )

    def cut(
        self,
        items: list[Any],
        query: dict[str, str],
        shown: Callable[[Any], dict[str, Any]],
        name: Callable[[Any], str],
    ) -> dict[str, Any]:
        """A page of a list, newest first. Behind an anchor that is not in it any more comes nothing at all."""
        items = sorted(items, key=lambda each: (each.created, name(each)), reverse=True)[: self.window]
        limit = min(int(query.get("limit", "25")), 100)
        begin = 0
        if "after" in query:
            names = [name(each) for each in items]
            if query["after"] not in names:
                return listing([])
            begin = names.index(query["after"]) + 1
        page = items[begin : begin + limit]
        more = begin + limit < len(items)
        return listing([shown(each) for each in page], after=name(page[-1]) if more and page else None)

    def below(self, name: str) -> list[Item]:
        """What answers a thing, newest first; of what was deleted only that which has answers itself."""
        found = [item for item in self.items.values() if item.parent == name and item.name not in self.withheld]
        kept = [item for item in found if not item.deleted or self.below(item.name)]
        return sorted(kept, key=lambda item: item.created, reverse=True)

    def branch(self, root: str, viewer: Account) -> list[dict[str, Any]]:
        """The tree below a thing, cut off in width and depth with the two kinds of stubs."""
        budget, depth = [self.tree[0]], self.tree[1]
        return self._branch(root, viewer, budget, 0, depth)

    def _branch(self, root: str, viewer: Account, budget: list[int], depth: int, deepest: int) -> list[dict[str, Any]]:
        answers = self.below(root)
        if answers and depth >= deepest:
            return [stub(root, [], 0, depth)]
        made: list[dict[str, Any]] = []
        left = [item for item in answers if not self._afford(budget)]
        for item in answers[: len(answers) - len(left)]:
            replies = self._branch(item.name, viewer, budget, depth + 1, deepest)
            made.append(self.shown(item, viewer, replies=listing(replies) if replies else "", depth=depth))
        if left:
            total = sum(1 + self._size(item.name) for item in left)
            made.append(stub(root, [item.name[3:] for item in left], total, depth))
        return made

    @staticmethod
    def _afford(budget: list[int]) -> bool:
        budget[0] -= 1
        return budget[0] >= 0

    def _size(self, name: str) -> int:
        return sum(1 + self._size(item.name) for item in self.below(name))

    def more(self, children: list[str], viewer: Account) -> list[dict[str, Any]]:
        """Comments that a stub stood for, flat, each with a stub for what is below it."""
        made: list[dict[str, Any]] = []
        for child in children:
            item = self.items.get(f"t1_{child}")
            if item is None or item.name in self.withheld:
                continue
            made.append(self.shown(item, viewer, depth=0))
            answers = self.below(item.name)
            if answers:
                total = sum(1 + self._size(each.name) for each in answers)
                made.append(stub(item.name, [each.name[3:] for each in answers], total, 1))
        return made

    def truth(self) -> Iterator[tuple[str, str, str]]:
        """Everything that exists: id, author's id, text."""
        for item in self.items.values():
            if not item.deleted and item.author is not None:
                yield item.name, item.author.native, item.text.strip() or item.title
        for letter in self.letters:
            yield letter.name, letter.author.native, letter.text
        for mail in self.mail.values():
            for ident, author, _, text, _ in mail.messages:
                yield f"modmail:{mail.ident}:{ident}", author.native, text


def listing(children: list[dict[str, Any]], after: str | None = None) -> dict[str, Any]:
    """A list as Reddit gives it."""
    data = {
        "after": after,
        "before": None,
        "children": children,
        "dist": len(children),
        "modhash": None,
        "geo_filter": "",
    }
    return {"kind": "Listing", "data": data}


def stub(parent: str, children: list[str], total: int, depth: int) -> dict[str, Any]:
    """What stands for comments that were left out; without children, for a thread that goes on elsewhere."""
    ident = children[0] if children else "_"
    data = {
        "count": total,
        "name": f"t1_{ident}",
        "id": ident,
        "parent_id": parent,
        "depth": depth,
        "children": children,
    }
    return {"kind": "more", "data": data}


def errors(code: str, words: str, where: str = "") -> dict[str, Any]:
    """A refusal inside an answer of 200."""
    return {"json": {"errors": [[code, words, where]]}}


def text_of(value: Any) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(value).encode()
