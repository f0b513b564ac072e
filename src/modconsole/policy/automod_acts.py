"""What a rule of AutoModerator does and says, in our actions and texts.

A comment or message of AutoModerator's goes out by itself. Here nothing is written to people without a person: the text becomes
what members are told with a removal (`public`), or one that is offered in the composer (`suggest snippet`). The reason of an
action was for moderators; it goes into `why`, never into an action, because platforms show reasons to the author.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from modconsole.policy.automod_groups import truth
from modconsole.policy.automod_search import meant
from modconsole.policy.automod_terms import Notes
from modconsole.policy.automod_words import ABOUT_TEXTS, ACTIONS, REASONS, REMOVALS, SETTINGS
from modconsole.policy.automod_yaml import Key, Mapped
from modconsole.policy.model import ActionName

PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w+~#-]+?)\s*\}\}")
_AUTHOR: Final = re.compile(r"(?<![^\s(*_\"'])/?u/(?=\{\{\s*author\s*\}\})", re.IGNORECASE)
_HERE: Final = re.compile(r"(?<![^\s(*_\"'])(?:/?r/)?\{\{\s*subreddit\s*\}\}(?![/\w])", re.IGNORECASE)
"""The subreddit's name where it is not a part of an address."""
GENERAL: Final = {"kind": "message"}
"""Placeholders with one answer here for everybody."""
ASKED_FOR: Final = {
    "author": "name of the author",
    "author_flair_text": "flair of the author",
    "author_flair_css_class": "flair of the author",
    "author_flair_template_id": "flair of the author",
    "subreddit": "name of the community",
    "body": "the text",
    "permalink": "the link to it",
    "title": "the title",
    "domain": "the site linked to",
    "url": "the address linked to",
}
"""Placeholders that stay for the person who sends it: what stands in brackets in place of them."""
MEDIA: Final = ("media_author", "media_author_url", "media_title", "media_description")
LONGEST: Final = 10_000
"""Characters of a text that an action takes."""
TOLD: Final = "moderators"
"""Who is told where AutoModerator writes modmail."""


class Does(Struct, kw_only=True):
    """What a rule does: actions with what they take, and its texts."""

    actions: list[tuple[ActionName, str]]
    base: str = ""
    """The original's `action`; empty where it has none."""
    public: str = ""
    why: str = ""
    media: Key | None = None
    """A key with a placeholder of media in it: AutoModerator passes over messages without such data."""
    any: bool = False
    """Whether the original does anything."""


def acts(mapping: Mapped, notes: Notes) -> Does:
    """The actions and texts of a rule."""
    does = Does(actions=[])
    for key in mapping.keys:
        if key.name == "action":
            _base(key, does, notes)
        elif key.name == "set_locked":
            _locked(key, does, notes)
        elif key.name in SETTINGS:
            _setting(key, does, notes)
        elif key.name in REASONS:
            does.why = _reason(key, does, notes)
        elif key.name in ABOUT_TEXTS:
            notes.say("left", key, "It is not done: a person sends the text, or it goes with the removal.")
    for key in mapping.keys:
        if key.name in ("comment", "message"):
            _text(key, does, notes)
        elif key.name == "modmail":
            _modmail(key, does, notes)
    if mapping_sets(mapping):
        does.any = True
    if does.any and not does.actions:
        does.actions.append(("flag", ""))
        notes.say("left", None, "Nothing of what it does can be done here: its hits are listed, and that is all.")
    return does


def mapping_sets(mapping: Mapped) -> bool:
    """Whether a sub-group does something."""
    return any(
        isinstance(key.value.data, Mapped)
        and key.name in ("author", "crosspost_author", "parent_submission")
        and any(
            inner.name in SETTINGS or inner.name in ("set_locked", "action")
            for inner in key.value.data.keys
            if key.name == "parent_submission" or inner.name != "action"
        )
        for key in mapping.keys
    )


def _base(key: Key, does: Does, notes: Notes) -> None:
    word = key.value.text().strip().lower()
    if word not in ACTIONS:
        notes.say("left", key, f"`{key.value.text()}` is no action of AutoModerator's.{meant(word, ACTIONS)}")
        return
    does.any = True
    does.base = word
    name: ActionName = ACTIONS[word]  # type: ignore[assignment]
    does.actions.insert(0, (name, ""))
    if word == "report":
        notes.say("same", key, "It is put in the list of hits for the moderators; a report would go to the platform.")


def _locked(key: Key, does: Does, notes: Notes) -> None:
    does.any = True
    wanted = truth(key.value)
    if wanted:
        does.actions.append(("lock", ""))
        notes.say("near", key, "The whole conversation is locked; AutoModerator locks the post, or the one comment.")
    else:
        notes.say("left", key, "It is not done: no rule opens a conversation again.")


def _setting(key: Key, does: Does, notes: Notes) -> None:
    does.any = True
    if SETTINGS[key.name]:
        notes.say("left", key, f"It is not done: {SETTINGS[key.name]}.")


def _reason(key: Key, does: Does, notes: Notes) -> str:
    """The reason without its placeholders: which words matched is kept with each hit."""
    text = key.value.text()
    _media(key, text, does)
    bare = re.sub(r"\s*[\[(\"'“]?\s*\{\{[^{}]*\}\}\s*[\])\"'”]?", "", text).strip(" -:,")
    if bare != text.strip():
        notes.say(
            "same",
            key,
            "Its placeholders are left out: which words matched, and whose message it was, is kept with each hit.",
        )
    return " ".join([does.why, bare]).strip() if bare != does.why else bare


def _text(key: Key, does: Does, notes: Notes) -> None:
    does.any = True
    text = key.value.text().strip()
    if not text:
        return
    said, personal = spoken(text)
    _media(key, text, does)
    if personal:
        notes.say(
            "near",
            key,
            f"Placeholders that a person fills in before it is sent: {', '.join(f'[{each}]' for each in personal)}.",
        )
    if len(said) > LONGEST:
        notes.say("left", key, f"The text has more than {LONGEST:,} characters, and is not taken over.")
    elif does.base in REMOVALS and not does.public and not personal:
        does.public = said
        notes.say(
            "near",
            key,
            "Members are told it with the removal, and it stands in the guidelines once the rule is live: read it again.",
        )
    elif ("suggest snippet", said) not in does.actions:
        does.actions.append(("suggest snippet", said))
        notes.say("near", key, "It is offered in the composer, and sent by nobody but a person.")


def _modmail(key: Key, does: Does, notes: Notes) -> None:
    does.any = True
    _media(key, key.value.text(), does)
    does.actions.append(("notify", TOLD))
    notes.say(
        "near", key, "The moderators are told in the next digest, in the rule's name; the text is not taken over."
    )


def _media(key: Key, text: str, does: Does) -> None:
    if any(found[1] in MEDIA for found in PLACEHOLDER.finditer(text)):
        does.media = key


def spoken(text: str) -> tuple[str, list[str]]:
    """A text without placeholders, and what a person has to fill in: it stands in brackets."""
    personal: list[str] = []

    def plain(found: re.Match[str]) -> str:
        name = found[1].lower()
        if name in GENERAL:
            return GENERAL[name]
        words = "the words that matched" if name == "match" or name.startswith("match-") else ASKED_FOR.get(name, name)
        if words not in personal:
            personal.append(words)
        return f"[{words}]"

    return PLACEHOLDER.sub(plain, _HERE.sub("this community", _AUTHOR.sub("", text))), personal
