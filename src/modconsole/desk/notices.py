"""What a member is told when something of theirs was removed, or when they are warned: in the words of the rule for members.

It says what was done to which message, which rule that is, where all rules are, and how to appeal. It never says what the rule
looks for: no word that matched, no name, no action of it; who is told which word gave them away writes it differently.

A text that others can read does not repeat what was removed. Where the platform has a limit, the text is the longest that fits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Protocol

from msgspec import Struct

from modconsole.desk import drafts, guidelines, platforms, ruling, views
from modconsole.desk.desk import Desk
from modconsole.desk.drafts import Draft
from modconsole.domain.safetext import for_file
from modconsole.domain.times import to_datetime
from modconsole.errors import Conflict, NotFound, UsageError
from modconsole.policy import guidelines as made
from modconsole.policy.model import House, Rule
from modconsole.store import lists, verdicts

QUOTED: Final = 300
"""Characters of a message that are quoted to its author at most."""

_DONE: Final = {
    "removed": "We removed your {what}.",
    "spam": "We removed your {what}.",
    "deleted": "We removed your {what}.",
    "hidden": "We hid your {what}.",
    "held": "Your {what} is held until a moderator has read it.",
    "live": "Your {what} is against our rules.",
}
_ACTS: Final = {
    "remove": _DONE["removed"],
    "spam": _DONE["removed"],
    "hide": _DONE["hidden"],
    "hold": _DONE["held"],
    "mute": "We muted you{until}, because of your {what}.",
    "ban": "We banned you{until}, because of your {what}.",
    "lock": "We closed the conversation, because of your {what}.",
    "warn": _DONE["live"],
}
_KINDS: Final = {"comments": "comment", "forum": "post"}
_WRONG: Final = "If you think that we are wrong, tell us."


class OfRule(Protocol):
    """Something that names a rule: a verdict, a hit."""

    @property
    def rule(self) -> str:
        """The rule's id."""
        ...


def notice(
    desk: Desk,
    about: str | Rule | OfRule,
    source: str,
    message: str,
    *,
    act: str = "",
    until: int | None = None,
    strikes: int = 0,
) -> str:
    """What to tell the author of a message about a rule. `about` is a rule, its id, or a verdict of it.

    `act` is what was done (`remove`, `hide`, `hold`, `mute`, `ban`, `lock`, `warn`); by default what the message's state says.
    `until` is when that ends. With `strikes` it says how many are in force, and what comes next. Raises `NotFound`.
    """
    rule, house = _rule(desk, about)
    shown = views.message(desk, source, message)
    row = lists.inbox_row(desk.db, _conversation(desk, source, shown.message.conversation))
    private = row.kind in ("dm", "group_dm") or shown.message.visibility == "private"
    short = _KINDS.get(row.kind, "message")
    long = f"{short} of {_day(shown.message.created_at)}"
    sentence = _ACTS.get(act) or _DONE.get(shown.message.state or "live", _DONE["live"])
    ends = f" until {_day(to_datetime(until))}" if until is not None else ""
    title = " ".join(made.tidy(row.title or "").split())
    quote = _quote(shown.plain) if private else ""
    rules = _rules(rule)
    end = [_link(desk, rule, house), _strikes(house, strikes), made.spelled(house.appeals) or _WRONG]
    place = f"{long} in “{title}”" if title and not private else long
    variants = (
        [sentence.format(what=place, until=ends), quote, rules, *end],
        [sentence.format(what=long, until=ends), rules, *end],
        [sentence.format(what=short, until=ends), rules, *end[:2]],
        [sentence.format(what=short, until=ends), _first(rules), end[0]],
        [sentence.format(what=short, until=ends), end[0]],
    )
    limit = platforms.limit(row.platform)
    texts = ["\n\n".join(filter(None, each)) for each in variants]
    return next((text for text in texts if limit.most is None or limit.used(text) <= limit.most), texts[-1])


def reason(desk: Desk, about: str | Rule | OfRule) -> str:
    """One line for an act's reason, where the platform shows that to the person. Raises `NotFound`."""
    rule, house = _rule(desk, about)
    if made.spelled(rule.public):
        return made.reason(rule, house)
    link = for_file(house.guidelines).strip()
    return f"This is against our rules.{f' ({link})' if link else ''}"


def draft(
    desk: Desk,
    about: str | Rule | OfRule,
    source: str,
    message: str,
    *,
    act: str = "",
    until: int | None = None,
    strikes: int = 0,
) -> Draft:
    """Put a notice into my draft of a reply to a message, to be read and sent by a person.

    Raises `Conflict` where I have begun another text there.
    """
    text = notice(desk, about, source, message, act=act, until=until, strikes=strikes)
    kept = drafts.draft(desk, source, message)
    if kept is not None and kept.text.strip() and kept.text != text:
        raise Conflict("You have begun a reply to this message.", hint="Send it or let it go, then try again.")
    if views.message(desk, source, message).ours is not None:
        raise UsageError(f"Message {message!r} is our own.", hint="Name a message of a member.")
    drafts.save_draft(desk, source, message, text, through=message)
    found = drafts.draft(desk, source, message)
    assert found is not None
    return found


class Offered(Struct, frozen=True, kw_only=True):
    """A rule that an act on a message can be because of."""

    rule: str
    words: str
    """Its words for members, in one line."""
    hit: bool
    """Whether it has hit this message."""


def offers(desk: Desk, source: str, message: str) -> list[Offered]:
    """The rules that can be given as the reason for an act on a message: those that hit it first, then all others that act; only
    such as have words for members. Raises `NotFound`."""
    shown = views.message(desk, source, message)
    hit = {each.rule for each in verdicts.on_message(desk.db, shown.row_id)}
    acting, _ = guidelines.in_force(desk)
    known = {rule.id: rule for rule in (*ruling.load(desk).rules, *acting)}
    wanted = {*hit, *(rule.id for rule in acting)}
    found = [
        Offered(rule=ident, words=made.reason(rule, House()), hit=ident in hit)
        for ident, rule in known.items()
        if ident in wanted and made.spelled(rule.public)
    ]
    return sorted(found, key=lambda each: (not each.hit, each.rule))


def _rule(desk: Desk, about: str | Rule | OfRule) -> tuple[Rule, House]:
    """The rule with the words that are in force; of one that does not act, those of its file."""
    found = ruling.load(desk)
    if isinstance(about, Rule):
        return about, found.house
    ident = about if isinstance(about, str) else about.rule
    acting, house = guidelines.in_force(desk)
    rule = next((each for each in (*acting, *found.rules) if each.id == ident), None)
    if rule is None:
        raise NotFound(f"There is no rule {ident!r}.", hint="`modconsole rules list` shows which there are.")
    return rule, house


def _conversation(desk: Desk, source: str, conversation: str) -> int:
    found = lists.conversation_row_id(desk.db, source, conversation)
    assert found is not None
    return found


def _rules(rule: Rule) -> str:
    """The rule in members' words."""
    words = made.spelled(rule.public)
    if not words:
        return ""
    section = " ".join(made.tidy(rule.section).split())
    return f"{section}: {words}" if section and not words.startswith("- ") else f"{section}\n\n{words}".strip()


def _first(words: str) -> str:
    """Its first paragraph."""
    return words.partition("\n\n")[0]


def _link(desk: Desk, rule: Rule, house: House) -> str:
    """Where all rules are, at this one if members can find it there."""
    address = for_file(house.guidelines).strip()
    if not address:
        return ""
    here = f"#{made.anchor(rule.id)}" if "#" not in address and guidelines.is_told(desk, rule.id) else ""
    return f"Our rules: {address}{here}"


def _strikes(house: House, number: int) -> str:
    """How many strikes somebody has, and what the next step of the ladder is."""
    if not number:
        return ""
    have = (
        f"You have {number} strike{'' if number == 1 else 's'}; each counts for {made.span_words(house.strikes_last)}."
    )
    rung = min((each for each in house.ladder if each.strikes > number), key=lambda each: each.strikes, default=None)
    return f"{have} {made.rung_words(rung)}" if rung is not None else have


def _quote(text: str) -> str:
    """The beginning of what they wrote, for themselves alone."""
    words = " ".join(for_file(text).split())
    if not words:
        return ""
    return f"> {words if len(words) <= QUOTED else words[: QUOTED - 1].rstrip() + '…'}"


def _day(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B} {utc.year}"
