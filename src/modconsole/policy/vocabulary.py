"""The keys of rule files with what they mean: read by the reader, the JSON Schema for editors and the page of the language.

Fields, methods, foldings and actions are in `model`; facts and what can be counted in `domain.facts`. What people bring along
from elsewhere stands here too, with what it is called in a rule file.
"""

from __future__ import annotations

from typing import Final

from modconsole.domain.facts import Op
from modconsole.policy.model import Method

KEYS: Final[dict[str, str]] = {
    "id": "names the rule for good: letters, digits, `-`, `_` and `.`; its history hangs on it",
    "name": "what people call the rule; without it, the id",
    "status": "draft, shadow, live or paused",
    "owner": "who looks after the rule",
    "why": "why it is there, for moderators",
    "expires": "the day or time from which it judges no more",
    "priority": "a whole number; rules with larger ones come first",
    "select": "named selections of checks",
    "when": "how the selections are joined; without it, all of them must hold",
    "except": "words whose matches are none: a match that lies within one of theirs does not count",
    "do": "what happens on a hit: a list of actions",
    "public": "what members are told about it: goes into guidelines and notices",
    "section": "the heading it goes under in the guidelines",
    "tests": "texts that the rule must hit, or must miss",
    "expect": "what a backtest must show before it is set live, and what pauses it afterwards",
    "exempt us": "whether messages of ours and of moderators are left alone; true unless it says false",
}
"""Of a rule document."""
REQUIRED: Final = ("id", "select", "do")

METHODS_ABOUT: Final[dict[Method, str]] = {
    "word": "as whole words",
    "substring": "anywhere, also within words",
    "full": "the field is this and nothing else, but for signs and spaces around it",
    "full-exact": "the field is this and nothing else",
    "starts": "the field begins with it",
    "ends": "the field ends with it",
}
"""Where each method finds a thing."""

MODIFIERS: Final[dict[str, str]] = {
    "regex": "the items are expressions; without a method they are looked for anywhere",
    "case-sensitive": "the same as `fold exact`",
    "every": "every item must be found, not just one of them",
}
"""Of a check of words, besides methods, foldings and channels."""

HISTORY: Final[dict[str, str]] = {
    "count": "what is counted",
    "within": "how far back, from the message on",
    "more than": "compared with this number",
    "at least": "compared with this number",
    "less than": "compared with this number",
    "at most": "compared with this number",
    "exactly": "compared with this number",
    "here": "true: only in the same conversation",
}
"""Of `history`."""
HISTORY_OPS: Final[dict[str, Op]] = {
    "more than": ">",
    "at least": ">=",
    "less than": "<",
    "at most": "<=",
    "exactly": "=",
}

TESTS: Final[dict[str, str]] = {
    "hit": "a text that the rule must hit",
    "miss": "a text that it must miss",
    "in": "the field that the text stands in; without it, the body",
    "given": "selections whose facts are taken to hold; all other facts are taken not to",
}
"""Of one of `tests`."""

EXPECT: Final[dict[str, str]] = {
    "hits": "how many hits a backtest must have: `1..500`, `1..` or `..500`",
    "hits per day": "how many hits there may be on a day, on average",
    "precision": "the share of hits that moderators decided in the same way, among those that they decided about",
    "reversals": "the share of what it did that people may take back within 30 days before it is paused",
}
"""Of `expect`."""

HOUSE: Final[dict[str, str]] = {
    "order": "`all`: every rule that hits acts. `automoderator`: the first rule that removes ends it, then all others act",
    "may set live": "who may set rules live; without it, everybody",
    "title": "the title of the guidelines",
    "intro": "what stands at their beginning",
    "guidelines": "the address where members find them; notices link to it",
    "strikes last": "how long a strike is in force; 90 days unless it says otherwise",
    "ladder": "what is proposed at so many strikes in force",
    "appeals": "what members are told about how to appeal",
}
"""Of `house.yaml`."""
RUNG: Final[dict[str, str]] = {
    "strikes": "with so many strikes in force",
    "do": "this is proposed: notify, escalate, mute or ban",
    "automatic": "true: it is done without anybody being asked",
}
"""Of one step of its `ladder`."""
RUNG_ACTIONS: Final = ("notify", "escalate", "mute", "ban")

OTHER_KEYS: Final[dict[str, str]] = {
    "condition": "when",
    "conditions": "when",
    "selection": "select",
    "selections": "select",
    "detection": "select",
    "match": "select",
    "if": "select",
    "actions": "do",
    "then": "do",
    "reason": "why",
    "description": "why",
    "enabled": "status",
    "mode": "status",
    "unless": "except",
    "exceptions": "except",
    "allow": "except",
    "allow list": "except",
    "examples": "tests",
    "test": "tests",
    "explain": "public",
    "author": "owner",
    "expiry": "expires",
    "until": "expires",
    "title": "name",
}
OTHER_FIELDS: Final[dict[str, str]] = {
    "url": "link",
    "links to": "link",
    "host": "domain",
    "comment": "body",
    "message": "body",
    "content": "body",
    "subject": "title",
    "author": "author name",
    "username": "author handle",
    "handle": "author handle",
    "name": "author name",
    "account_age": "account age",
    "age": "author age",
    "body longer than": "length",
    "body shorter than": "length",
    "is top level": "top level",
    "is edited": "edited",
    "strikes": "author strikes",
    "tags": "author tags",
    "first message": "author first",
    "first": "author first",
    "counter": "history",
    "counters": "history",
}
OTHER_MODIFIERS: Final[dict[str, str]] = {
    "contains": "substring",
    "anywhere": "substring",
    "whole": "word",
    "whole word": "word",
    "words": "word",
    "exact": "full-exact",
    "full text": "full",
    "equals": "full",
    "begins": "starts",
    "starts with": "starts",
    "ends with": "ends",
    "re": "regex",
    "matches": "regex",
    "regexp": "regex",
    "case sensitive": "case-sensitive",
    "cased": "case-sensitive",
    "case-insensitive": "fold case",
    "ignore case": "fold case",
    "all": "every",
    "l33t": "leet",
    "case": "fold case",
    "marks": "fold marks",
    "lookalike": "fold lookalike",
    "fold leet": "leet",
    "fold squeeze": "squeeze",
}
OTHER_ACTIONS: Final[dict[str, str]] = {
    "delete": "remove",
    "filter": "hold",
    "queue": "hold",
    "block": "ban",
    "silence": "mute",
    "timeout": "mute",
    "warn": "strike",
    "label": "tag",
    "snippet": "suggest snippet",
    "reply": "suggest snippet",
    "close": "suggest close",
    "set flair": "tag",
    "set locked": "lock",
    "mark as spam": "spam",
}
AUTOMOD: Final[dict[str, str]] = {
    "type": "Write `top level: true` or `thread kind: forum` in a selection.",
    "action": "Write `do: [remove]`.",
    "action_reason": "Write it as `why`; the words that matched are always kept.",
    "comment": "Write `do: [suggest snippet: …]`, or the text as `public`.",
    "message": "Write the text as `public`.",
    "modmail": "Write `do: [notify: …]`.",
    "author": "Put its checks into a selection, as `author age (<): 7 days`; who looks after the rule is `owner`.",
    "parent_submission": "Put its checks into a selection, as `title (word): […]`.",
    "moderators_exempt": "Write `exempt us: false`.",
    "set_flair": "Write `do: [tag: …]`.",
    "set_locked": "Write `do: [lock]`.",
    "standard": "Put the words into `lists.yaml`, and `list:NAME` into a check.",
    "body_longer_than": "Write `length (>): 100` in a selection.",
    "body_shorter_than": "Write `length (<): 100` in a selection.",
    "is_top_level": "Write `top level: true` in a selection.",
    "is_edited": "Write `edited: true` in a selection.",
    "account_age": "Write `account age (<): 7 days` in a selection.",
    "reports": "Nothing here counts reports.",
    "comment_karma": "Nothing here knows karma; write `author messages (<): 5` in a selection.",
    "post_karma": "Nothing here knows karma; write `author messages (<): 5` in a selection.",
    "combined_karma": "Nothing here knows karma; write `author messages (<): 5` in a selection.",
    "satisfy_any_threshold": "Write two selections, and `when: one or other`.",
    "ignore_blockquotes": "Nothing here leaves quotations out.",
    "modifiers": "Write them behind the field, as `body (regex, case-sensitive)`.",
}
"""Keys of AutoModerator that people write at the top of a document, with what to do instead."""
