"""What a trial of a rule comes to: the words of it that screens and the command line show, all text of strangers raw."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from modconsole.domain.texts import Texts
from modconsole.domain.times import DAY
from modconsole.policy.backtest import Found
from modconsole.policy.model import Match, Skipped
from modconsole.store.outcomes import About, Decided, Outcome, Waiting

BEFORE = 60
"""Characters of a message that are shown before the words that were found."""
AFTER = 180
IDS_TOLD = 1_000
"""So many row ids of messages that another version hits are in a report."""


class TrialHit(Struct, frozen=True, kw_only=True):
    """A message that the rule hits. `text` is a part of `field`; `text[start:end]` are the words that were found first; where no
    words were asked for, both are 0 and the text is the beginning of the message."""

    ident: int
    """The message's row id."""
    source: str
    conversation: str
    message: str
    person: str
    name: str | None
    handle: str | None
    title: str | None
    created: int
    state: str
    decided: Decided
    waits: bool
    """Whether it is part of an ask that nobody has answered."""
    field: str
    text: str
    start: int
    end: int
    cut_before: bool
    cut_after: bool
    item: str
    channel: str
    places: int
    """In how many places words were found."""
    held: tuple[str, ...]


class Day(Struct, frozen=True, kw_only=True):
    """Hits among the messages of one day. `at` is its beginning (UTC)."""

    at: int
    hits: int


class Overlap(Struct, frozen=True, kw_only=True):
    """How many of the hits another rule hits too."""

    rule: str
    name: str
    hits: int


class Bound(Struct, frozen=True, kw_only=True):
    """One of the rule's `expect` bounds, and what was found. `found` is None where nothing can be said yet."""

    name: str
    """hits, hits per day, precision."""
    least: float | None
    most: float | None
    found: float | None
    kept: bool


class Report(Struct, frozen=True, kw_only=True):
    """What a rule would have done to all stored messages.

    Precision is the share of hits that moderators put away, among those that they decided about (`store.outcomes`); None where
    they decided about none. Hits that they kept are the `disagreements`. `added` and `lost` count the hits that the other version
    has not, and the other way round; 0 where nothing was `compared`.
    """

    rule: str
    scanned: int
    of: int
    complete: bool
    """False where it was stopped: hits are then those of what was gone through, and what they mean was not asked."""
    seconds: float
    first_seconds: float | None
    """After how long the first hits were there, as many as were asked for; None where there are fewer."""
    micros: float
    """What it took for each message, in microseconds, the mean."""
    judged: int
    """How many messages had to be judged, after looking for what must be there."""
    hits: int
    first: tuple[TrialHit, ...]
    per_day: tuple[Day, ...]
    """Days with hits, oldest first."""
    removed: int
    kept: int
    open: int
    precision: float | None
    disagreements: tuple[TrialHit, ...]
    compared: bool
    added: int
    lost: int
    added_ids: tuple[int, ...]
    """Row ids of at most `IDS_TOLD`, the latest stored first."""
    lost_ids: tuple[int, ...]
    first_added: tuple[TrialHit, ...]
    first_lost: tuple[TrialHit, ...]
    overlaps: tuple[Overlap, ...]
    """Other rules of the folder that hit some of the same, the most first."""
    overlaps_of: int
    """Among so many of the latest hits."""
    left_waiting: int
    """People whose open asks the rule would have taken out of sight."""
    waiting: tuple[Waiting, ...]
    """The first of them."""
    skipped: tuple[Skipped, ...]
    """The first messages on which an expression took too long."""
    skips: int
    bounds: tuple[Bound, ...]


def shown(found: Found, texts: Texts, about: About, outcome: Outcome | None) -> TrialHit:
    """A hit as it is shown."""
    match = found.matches[0] if found.matches else None
    field = match.field if match is not None else "body"
    whole = _field(texts, match)
    start, end = (match.start, match.end) if match is not None else (0, 0)
    first, last = max(0, start - BEFORE), min(len(whole), max(end, start) + AFTER)
    return TrialHit(
        ident=found.ident,
        source=about.source,
        conversation=about.conversation,
        message=about.message,
        person=about.person,
        name=about.name,
        handle=about.handle,
        title=about.title,
        created=about.created,
        state=about.state,
        decided=outcome.decided if outcome is not None else "open",
        waits=outcome is not None and outcome.waits,
        field=field,
        text=whole[first:last],
        start=start - first,
        end=end - first,
        cut_before=first > 0,
        cut_after=last < len(whole),
        item=match.item if match is not None else "",
        channel=match.channel if match is not None else "",
        places=len(found.matches),
        held=found.held,
    )


def _field(texts: Texts, match: Match | None) -> str:
    field = match.field if match is not None else "body"
    return {"title": texts.title, "author name": texts.name, "author handle": texts.handle}.get(field, texts.body)


def precision(removed: int, kept: int) -> float | None:
    """The share of hits that were put away among those decided about."""
    return removed / (removed + kept) if removed + kept else None


def per_day(days: Sequence[Day]) -> float:
    """Hits a day, on average from the first day with a hit to the last."""
    if not days:
        return 0.0
    return sum(day.hits for day in days) / ((days[-1].at - days[0].at) // DAY + 1)
