"""Calls of a WordPress site's REST interface: what is asked, how it is decoded, and what its error codes mean to a
person.

Everything is asked with the rights that the account has: `context=edit` and `status=any` are refused to those who may
not.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from modconsole.connectors.http import USER_AGENT, Answer, Http, unreadable
from modconsole.connectors.wordpress_map import Comment, Post, fields
from modconsole.errors import Duplicate, Gone, PlatformError, RateLimited, Refused, SignInError

PER_PAGE = 100
"""The largest page that WordPress gives; a larger one is an error 400 (REST handbook, "Pagination")."""
FLOOD_SECONDS = 15.0
"""An author who may not moderate can write one comment in 15 seconds (`wp_throttle_comment_flood`)."""
MAX_BYTES = 65_525
"""The longest comment: WordPress counts bytes (`wp_check_comment_data_max_lengths`), and of what is sent, markup
included."""

T = TypeVar("T")

_SIGN_IN = "Make a new application password in WordPress (Users, Profile) and sign in again."
_TOO_LONG = f"WordPress stores {MAX_BYTES:,} bytes at most. Shorten it."

CODES: dict[str, tuple[type[PlatformError], str, str]] = {
    "rest_not_logged_in": (
        SignInError,
        "The site did not accept the user name and application password.",
        f"{_SIGN_IN} If both are right, the web server may be dropping the Authorization header.",
    ),
    "rest_forbidden_context": (Refused, "This account may not moderate comments.", "Ask an administrator of the site."),
    "rest_forbidden_param": (
        Refused,
        "This account may not look at held comments.",
        "Ask an administrator of the site.",
    ),
    "incorrect_password": (SignInError, "The site did not accept the application password.", _SIGN_IN),
    "invalid_username": (SignInError, "The site does not know this user name.", _SIGN_IN),
    "invalid_email": (SignInError, "The site does not know this e-mail address.", _SIGN_IN),
    "application_passwords_disabled": (
        SignInError,
        "Application passwords are switched off on this site.",
        "They need https, and some security plugins switch them off.",
    ),
    "application_passwords_disabled_for_user": (
        SignInError,
        "Application passwords are switched off for this account.",
        "Ask an administrator of the site.",
    ),
    "rest_comment_invalid_id": (Gone, "The comment no longer exists.", ""),
    "rest_comment_invalid_post_id": (Gone, "The post no longer exists.", ""),
    "rest_comment_trash_post": (Gone, "The post is in the trash.", ""),
    "rest_comment_draft_post": (Refused, "The post is not published.", ""),
    "rest_comment_closed": (Refused, "Comments on this post are closed, for us too.", "Open them in WordPress first."),
    "rest_cannot_read_post": (Refused, "This account may not read the post.", "Ask an administrator of the site."),
    "rest_cannot_read": (Refused, "This account may not read the comment.", "Ask an administrator of the site."),
    "rest_cannot_edit": (Refused, "This account may not moderate the comment.", "Ask an administrator of the site."),
    "rest_cannot_delete": (Refused, "This account may not moderate the comment.", "Ask an administrator of the site."),
    "rest_trash_not_supported": (
        Refused,
        "This site has no trash: the comment would be deleted for good.",
        "Mark it as spam, or delete it in WordPress.",
    ),
    "comment_duplicate": (Duplicate, "The site has this very comment already.", "Look at the thread: it is there."),
    "comment_content_column_length": (Refused, "The text is too long.", _TOO_LONG),
    "rest_comment_content_invalid": (Refused, "The site takes the text for empty.", ""),
    "rest_comment_author_data_required": (
        Refused,
        "The account has no name or e-mail address.",
        "Fill in its profile.",
    ),
}
"""WordPress' codes and what they mean to us. Sources: the REST comments controller, user.php and comment.php of
WordPress 6.1."""


def refine(answer: Answer) -> PlatformError | None:
    """The error behind one of WordPress' own codes. A 5xx says nothing about what was done, whatever its code; except
    501."""
    code = answer.code()
    if answer.status >= 500 and answer.status != 501:
        return None
    if code == "comment_flood":
        return RateLimited(
            "The site takes one comment in 15 seconds from this account.", hint="", retry_after=FLOOD_SECONDS
        )
    if code not in CODES:
        return None
    kind, sentence, hint = CODES[code]
    if answer.status == 401 and kind is Refused:
        kind, sentence, hint = CODES["rest_not_logged_in"]
    if issubclass(kind, Refused):
        return kind(sentence, hint=hint, code=code)
    return kind(sentence, hint=hint)


class Me(msgspec.Struct):
    """The account that we are signed in as."""

    id: int
    name: str = ""
    slug: str = ""
    capabilities: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def moderates(self) -> bool:
        """Sees the queues, stored texts and e-mail addresses, and may move comments between states."""
        return bool(self.capabilities.get("moderate_comments"))

    @property
    def filters(self) -> bool:
        """May ask for other states than approved."""
        return bool(self.capabilities.get("edit_posts"))


@dataclass(frozen=True)
class Listing:
    """One page of comments. `total` counts what matches, also what we may not see: such rows are missing from
    `comments`."""

    comments: list[Comment]
    total: int
    server_time: float | None


class Api:
    """The calls. `me()` is asked once and remembered: it decides how everything else is asked."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self._me: Me | None = None
        self._routes = ["wp/v2/posts", "wp/v2/pages"]

    def url(self, path: str) -> str:
        """The address of a route: appended as a path, or inside `rest_route` on sites without permalinks."""
        return self.http.base + path

    def me(self, *, again: bool = False) -> Me:
        """Who we are, asked where a wrong password cannot hide: a public list answers 200 to it, with the public's
        view."""
        if self._me is None or again:
            self._me = self._read("wp/v2/users/me", {"context": "edit"}, Me)[0]
        return self._me

    def list(self, query: Mapping[str, str]) -> Listing:
        """One page of comments, with all fields that this account may see."""
        whole_query = {**fields(self.me().moderates), "per_page": str(PER_PAGE), **query}
        comments, answer = self._read("wp/v2/comments", whole_query, list[Comment])
        total = answer.headers.get("x-wp-total", "")
        return Listing(comments, int(total) if total.isdigit() else len(comments), answer.time())

    def any_status(self, query: Mapping[str, str]) -> dict[str, str]:
        """A query over comments of all states, as far as this account may ask for them. `all` would leave out spam
        and trash."""
        return {**query, "status": "any"} if self.me().filters else dict(query)

    def one(self, comment: str, *, extra_fields: str = "") -> Comment:
        """One comment by its id. Raises `Gone` when it does not exist, `Refused` when we may not see it."""
        query = fields(self.me().moderates)
        query["_fields"] += extra_fields
        return self._read(f"wp/v2/comments/{number(comment)}", query, Comment)[0]

    def posts(self, comments: Iterable[Comment]) -> dict[int, Post]:
        """The posts of these comments, as far as we may read them: one request for each kind of post.

        Posts, pages and a plugin's products have routes of their own. Which one a post has, one of its comments tells.
        """
        places = {comment.post: comment for comment in comments if comment.post}
        found: dict[int, Post] = {}
        for route in tuple(self._routes):
            found.update(self._posts(route, places.keys() - found.keys()))
        for post, comment in places.items():
            if post in found:
                continue
            with contextlib.suppress(Gone, Refused):
                route = self._route(self.one(str(comment.id), extra_fields=",_links"))
                if route and route not in self._routes:
                    self._routes.append(route)
                    found.update(self._posts(route, places.keys() - found.keys()))
        return found

    @staticmethod
    def _route(comment: Comment) -> str:
        """The route of the comment's post, or empty. Only the route is taken from the link, never its host: a
        credential goes nowhere but to the site's own address."""
        for up in comment.links.up[:1]:
            route = re.search(r"([a-z0-9_.-]+/v[0-9]+/[A-Za-z0-9_-]+)/([0-9]+)/?$", up.href)
            if route and int(route[2]) == comment.post:
                return str(route[1])
        return ""

    def _posts(self, route: str, ids: Set[int]) -> dict[int, Post]:
        """Those of the posts that this route knows; in any state where we may ask for that."""
        if not ids:
            return {}
        query = {
            "include": ",".join(map(str, sorted(ids))),
            "per_page": str(PER_PAGE),
            "_fields": "id,title,link,author,date_gmt",
        }
        for state in ({"status": "any"}, {}) if self.me().filters else ({},):
            with contextlib.suppress(Gone, Refused):
                posts = self._read(route, {**query, **state}, list[Post])[0]
                return {post.id: post for post in posts}
        return {}

    def write(self, method: str, path: str, body: Any = None, *, user_agent: bool = True) -> Comment:
        """One change, made once; the comment as it stands after it."""
        agent = USER_AGENT if user_agent else None
        return self.decode(self.http.write(method, self.url(path), body, user_agent=agent), Comment, writing=True)

    def index(self) -> dict[str, Any]:
        """What the site says of itself: `name`, `home`, `url`."""
        return self._read("", {"_fields": "name,home,url"}, dict[str, Any])[0]

    def _read(self, path: str, query: Mapping[str, str], kind: type[T]) -> tuple[T, Answer]:
        """A read, decoded, with the answer that it came in; half a document is asked for again."""
        return self.http.read(self.url(path), query, lambda got: (self.decode(got, kind, writing=False), got))

    def decode(self, answer: Answer, kind: type[T], *, writing: bool) -> T:
        """An answer as what it should be; a login page or half a document raises what that means for the request."""
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise unreadable(self.http.host, writing=writing) from None


def number(comment: str) -> str:
    """A comment's id as WordPress has it: digits only. Anything else cannot exist there and raises `Gone`."""
    if not re.fullmatch(r"[0-9]{1,20}", comment):
        raise Gone("The comment does not exist: WordPress numbers its comments.")
    return comment
