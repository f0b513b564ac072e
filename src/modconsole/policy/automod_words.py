"""The words of AutoModerator, and which of them there are words for here.

What each key is, where it may stand and what it defaults to is known from AutoModerator's public documentation
(reddit.com/wiki/ automoderator/full-documentation) and from its archived source, read as a specification. The old spelling of
2014 is that of the bot before Reddit took it over (`automod_legacy`).
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec import Struct

from modconsole.domain.times import DAY, HOUR, MINUTE
from modconsole.policy.model import Field

Half = Literal["submission", "comment"]
"""What a rule looks at. `any` is both, each with the checks that it has."""
HALVES: Final[tuple[Half, ...]] = ("submission", "comment")

KEY: Final = re.compile(r"(~?[^\s(#]+)\s*(?:\(([^)]*)\))?\s*(?:#(.*))?", re.DOTALL)
"""A check's key: fields joined by `+`, with `~` in front for the opposite; modifiers in parentheses; a suffix that only makes it
another key. `body#2 (includes)` is taken as well."""
SUFFIX_FIRST: Final = re.compile(r"(~?[^\s(#]+)\s*#([^\s(]*)\s*(?:\(([^)]*)\))?", re.DOTALL)

METHODS: Final = {
    "includes-word": "word",
    "includes": "substring",
    "full-text": "full",
    "full-exact": "full-exact",
    "starts-with": "starts",
    "ends-with": "ends",
}
"""Modifiers that say where the words must be, with our names for them."""
MODIFIERS: Final = ("regex", "case-sensitive", *METHODS)

TYPES: Final[dict[str, tuple[Half, ...]]] = {
    "any": HALVES,
    "both": HALVES,
    "comment": ("comment",),
    "submission": ("submission",),
    "text submission": ("submission",),
    "link submission": ("submission",),
    "crosspost submission": ("submission",),
    "poll submission": ("submission",),
    "gallery submission": ("submission",),
}


class Searched(Struct, frozen=True):
    """A field that words are looked for in."""

    on: tuple[Half, ...]
    field: Field | None = None
    """Where it is here; None where nothing is like it."""
    default: str = "word"
    why: str = ""
    """Why nothing is like it."""


_FLAIR = "flairs are Reddit's alone, and are not read"
_MEDIA = "what is behind a link is never fetched"
_IDS = "ids of Reddit's are not searched for"

BASE: Final[dict[str, Searched]] = {
    "title": Searched(("submission",), "title"),
    "body": Searched(HALVES, "body"),
    "url": Searched(("submission",), "link", "substring"),
    "domain": Searched(("submission",), "domain", "domain"),
    "id": Searched(HALVES, None, "full-exact", _IDS),
    "flair_text": Searched(("submission",), None, "full-exact", _FLAIR),
    "flair_css_class": Searched(("submission",), None, "full-exact", _FLAIR),
    "flair_template_id": Searched(("submission",), None, "full-exact", _FLAIR),
    "media_author": Searched(("submission",), None, "full-exact", _MEDIA),
    "media_author_url": Searched(("submission",), None, "substring", _MEDIA),
    "media_title": Searched(("submission",), None, "word", _MEDIA),
    "media_description": Searched(("submission",), None, "word", _MEDIA),
    "poll_option_text": Searched(("submission",), None, "word", "polls are not read"),
    "crosspost_id": Searched(("submission",), None, "word", "there are no crossposts here"),
    "crosspost_title": Searched(("submission",), None, "word", "there are no crossposts here"),
}
"""What can be searched of the message itself. The title of a comment's post is asked for with `parent_submission`."""

AUTHOR: Final[dict[str, Searched]] = {
    "name": Searched(HALVES, "author handle"),
    "id": Searched(HALVES, None, "full-exact", _IDS),
    "flair_text": Searched(HALVES, None, "full-exact", _FLAIR),
    "flair_css_class": Searched(HALVES, None, "full-exact", _FLAIR),
    "flair_template_id": Searched(HALVES, None, "full-exact", _FLAIR),
}
PARENT: Final[dict[str, Searched]] = {
    name: Searched(
        ("comment",),
        "title" if name == "title" else None,
        known.default,
        known.why or "of the post that is commented on, only the title can be searched",
    )
    for name, known in BASE.items()
}
SUBREDDIT: Final[dict[str, Searched]] = {
    "name": Searched(
        HALVES, None, "word", "sources have other names than subreddits; the condition `source` takes the place of it"
    ),
}

_KARMA = "no platform tells karma"
THRESHOLDS: Final[dict[str, str]] = {
    "account_age": "",
    "comment_karma": _KARMA,
    "post_karma": _KARMA,
    "link_karma": _KARMA,
    "combined_karma": _KARMA,
    "comment_subreddit_karma": _KARMA,
    "post_subreddit_karma": _KARMA,
    "combined_subreddit_karma": _KARMA,
}
"""Checks of an author that are compared, of which one is enough with `satisfy_any_threshold`; with why they cannot be asked."""

UNASKED: Final[dict[str, tuple[tuple[Half, ...], str]]] = {
    "reports": (HALVES, "how often a message was reported is nothing that a rule can ask"),
    "is_original_content": (("submission",), "marks of Reddit's on posts are not read"),
    "is_poll": (("submission",), "polls are not read"),
    "is_gallery": (("submission",), "galleries are not told from other pictures"),
    "poll_option_count": (("submission",), "polls are not read"),
    "discussion_type": (("submission",), "chat posts are Reddit's alone"),
    "is_meta_discussion": (("submission",), "marks of Reddit's on posts are not read"),
    "past_archive_date": (("submission",), "whether a post is archived is nothing that a rule can ask"),
}
"""Checks of the message itself that there is nothing for."""
AUTHOR_UNASKED: Final[dict[str, tuple[tuple[Half, ...], str]]] = {
    "is_gold": (HALVES, "what an account has paid for is Reddit's alone"),
    "has_verified_email": (HALVES, "no platform tells whether an address was verified"),
    "contributor_quality": (HALVES, "this score is Reddit's alone"),
    "is_contributor": (HALVES, "lists of approved users are not read"),
    "is_shadowbanned": (HALVES, "this state is Reddit's alone"),
    "rank": (HALVES, "ranks other than that of a moderator are Reddit's alone"),
}
SUBREDDIT_UNASKED: Final = {
    "is_nsfw": "marks of Reddit's on communities are not read",
    "event_label": "temporary events are Reddit's alone",
}

ACTIONS: Final[dict[str, str]] = {
    "approve": "approve",
    "remove": "remove",
    "spam": "spam",
    "filter": "hold",
    "report": "flag",
}
"""`report` puts a post in front of the subreddit's own moderators, as `flag` does; our `report` goes to the platform's."""
REMOVALS: Final = ("remove", "spam", "filter")
EXEMPTING: Final = (*REMOVALS, "report")
"""Actions that leave moderators alone unless the rule says otherwise."""

SETTINGS: Final[dict[str, str]] = {
    "set_flair": "flairs are Reddit's alone",
    "overwrite_flair": "",
    "set_sticky": "pinning is not among the acts here",
    "set_nsfw": "marks of Reddit's on posts are not set here",
    "set_spoiler": "marks of Reddit's on posts are not set here",
    "set_contest_mode": "this mode is Reddit's alone",
    "set_original_content": "marks of Reddit's on posts are not set here",
    "set_suggested_sort": "the order of comments is Reddit's alone",
    "set_post_crowd_control_level": "this setting is Reddit's alone",
}
"""What a rule sets on a post, with why it cannot be done here. `overwrite_flair` goes with `set_flair`."""
TEXTS: Final = ("comment", "message", "modmail")
ABOUT_TEXTS: Final = ("comment_stickied", "comment_locked", "message_subject", "modmail_subject")
REASONS: Final = ("action_reason", "report_reason")
GROUPS: Final = ("author", "crosspost_author", "parent_submission", "crosspost_subreddit", "subreddit")
META: Final = ("type", "priority", "moderators_exempt", "standard", "ignore_blockquotes")
ASKED: Final = ("body_longer_than", "body_shorter_than", "is_top_level", "is_edited")
TOP_ONLY: Final = frozenset((*META, *TEXTS, *ABOUT_TEXTS, "action", *REASONS))

TOP_KEYS: Final = frozenset(
    (
        *BASE,
        *UNASKED,
        *ASKED,
        *GROUPS,
        *META,
        "action",
        *REASONS,
        *SETTINGS,
        "set_locked",
        *TEXTS,
        *ABOUT_TEXTS,
    )
)
AUTHOR_KEYS: Final = frozenset(
    (
        *AUTHOR,
        *THRESHOLDS,
        *AUTHOR_UNASKED,
        "is_moderator",
        "is_submitter",
        "satisfy_any_threshold",
        "set_flair",
        "overwrite_flair",
    )
)

UNITS: Final = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}
THRESHOLD: Final = re.compile(r"\s*(<=|>=|<|>|==?)?\s*(-?\d+)\s*(minute|hour|day|week|month|year)?s?\s*", re.IGNORECASE)
"""What a threshold is compared with. `<=` and `>=` are not AutoModerator's, but their meaning is plain."""

NO_OPENINGS: Final = ("wordpress", "youtube")
"""Platforms on which what is commented on is no message: there, all messages are comments."""
