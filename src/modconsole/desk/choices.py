"""What can be chosen about a source, as questions and answers in words: for the form of the console and for the command line.

A `Source` record holds what was chosen. `fields` are the questions, `texts` the answers as they stand in a record, and `chosen`
turns answers back into a record, or says of each one what is wrong with it. Whatever was not changed stays exactly as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, get_args

from msgspec.structs import replace

from modconsole.connectors.signing import Field
from modconsole.domain import hours as business
from modconsole.domain.query import duration
from modconsole.domain.records import Answer, Identity, IdentityKind, Source
from modconsole.domain.times import SECOND, parse, to_datetime, to_instant
from modconsole.errors import InputError
from modconsole.sync.enroll import WrongAnswers

__all__ = ["EVERY_HOUR", "NOT_US", "USUAL", "Field", "WrongAnswers", "chosen", "fields", "identity_of", "texts"]

USUAL: Final = "usual"
"""Whom we answer by the kind of each conversation: everybody, but in a forum who opened the topic."""

NOT_US: Final = "not us"
COUNTING: Final = "bot that counts"
KINDS: Final = ("person", "page", "bot", COUNTING)
"""What an identity can be. A bot's reply does not end a wait, unless it counts."""

EVERY_HOUR: Final = "always"
NONE: Final = "none"

TARGET: Final = 24.0
"""Hours that somebody may wait where nobody says otherwise."""

_US: Final = "us:"
"""What the name of a field about one identity begins with."""


def fields(record: Source, others: Sequence[Identity] = (), *, new: bool, usual: Answer | None = None) -> list[Field]:
    """The questions about a source. `others` may be us: each is offered, and none taken for granted.

    `usual` is whom we answer on its platform where nobody says otherwise. For a `new` source it is asked what it is to be called.
    """
    found = []
    if new:
        found.append(Field("source", "What to call it", hint="short, as it stands in every list and command"))
    found.append(Field("name", "Its name in full", required=False))
    known = record.identities or []
    for number, each in enumerate(_people(record, others)):
        ours = any(each.id == us.id for us in known)
        hint = "a person's or page's reply ends a wait, a bot's does not" if not number else ""
        kinds = KINDS if ours and new else (NOT_US, *KINDS)
        found.append(Field(_US + each.id, _called(each), hint=hint, choices=kinds))
    found += [
        Field("others", "Other ids that are us", hint="with commas between; id:page or id:bot", required=False),
        Field(
            "backlog",
            "Backlog is before",
            hint="now, 30d, 2026-11-01, 2026-11-01 09:00; none: nothing is backlog",
            required=False,
        ),
        Field("target-hours", "Answer within hours", required=False),
        Field(
            "hours",
            "Business hours",
            hint="Mon-Fri 09:00-17:00 Europe/Berlin; always: every hour counts",
            required=False,
        ),
        Field("answer", "Whom we answer", hint=_answer_hint(usual), choices=(USUAL, *get_args(Answer))),
        Field("fresh-within", "Stale after minutes", hint="without a complete look", required=False),
    ]
    return found


def _people(record: Source, others: Sequence[Identity]) -> list[Identity]:
    known = list(record.identities or ())
    ids = {each.id for each in known}
    return [*known, *(each for each in others if each.id not in ids)]


def _called(each: Identity) -> str:
    return " ".join(part for part in (each.name, each.handle if each.handle != each.name else None) if part) or each.id


def _answer_hint(usual: Answer | None) -> str:
    if usual is not None:
        return f"{usual} is what fits this platform"
    return "usual: everyone, in a forum who opened the topic"


def texts(record: Source, others: Sequence[Identity] = ()) -> dict[str, str]:
    """How a record answers the questions now."""
    found = {
        "source": record.id,
        "name": record.name or "",
        "others": "",
        "backlog": _local(record.connected_at) if record.connected_at is not None else NONE,
        "target-hours": f"{record.target_hours or TARGET:g}",
        "hours": record.hours or EVERY_HOUR,
        "answer": record.answer or USUAL,
        "fresh-within": f"{record.fresh_within:g}" if record.fresh_within is not None else "",
    }
    for each in _people(record, others):
        found[_US + each.id] = NOT_US
    for each in record.identities or ():
        found[_US + each.id] = COUNTING if each.counts else each.kind or "person"
    return found


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def chosen(record: Source, answers: Mapping[str, str], now: int, others: Sequence[Identity] = ()) -> Source:
    """The record with what was answered; a question that was not answered leaves it as it is. `now` is an instant.

    Raises `WrongAnswers`.
    """
    before = texts(record, others)
    given = {name: text.strip() for name, text in answers.items() if text.strip() != before.get(name)}
    wrong: dict[str, str] = {}
    changes: dict[str, object] = {}
    for name, read in _READERS.items():
        if name not in given:
            continue
        try:
            changes[_COLUMNS.get(name, name)] = read(given[name], now)
        except InputError as error:
            wrong[name] = str(error)
    identities = _identities(record, given, others, wrong)
    if wrong:
        labels = {each.name: each.label for each in fields(record, others, new=True)}
        raise WrongAnswers(wrong, labels)
    return replace(record, identities=identities, **changes)


_COLUMNS: Final = {
    "source": "id",
    "backlog": "connected_at",
    "target-hours": "target_hours",
    "fresh-within": "fresh_within",
}


def _identities(
    record: Source, given: Mapping[str, str], others: Sequence[Identity], wrong: dict[str, str]
) -> list[Identity] | None:
    found: list[Identity] = []
    ours = {each.id for each in record.identities or ()}
    for each in _people(record, others):
        kind = given.get(_US + each.id)
        if kind is None:
            if each.id in ours:
                found.append(each)
        elif kind in KINDS:
            found.append(_as(each, kind))
        elif kind != NOT_US:
            wrong[_US + each.id] = f"One of: {', '.join((NOT_US, *KINDS))}."
    for part in given.get("others", "").split(","):
        if part.strip():
            more = identity_of(part.strip())
            known = next((each for each in _people(record, others) if each.id == more.id), more)
            more = replace(known, kind=more.kind, counts=more.counts)
            found = [each for each in found if each.id != more.id] + [more]
    return found or None


def _as(each: Identity, kind: str) -> Identity:
    named: IdentityKind = (
        "bot" if kind == COUNTING else "page" if kind == "page" else "bot" if kind == "bot" else "person"
    )
    return replace(each, kind=named, counts=True if kind == COUNTING else None)


def identity_of(text: str) -> Identity:
    """An identity as it is typed: an id, which may have colons in it, with its kind behind a colon where it is no person."""
    ident, colon, kind = text.rpartition(":")
    if colon and ident and kind in get_args(IdentityKind):
        return _as(Identity(id=ident), kind)
    return Identity(id=text, kind="person")


# -- single answers --------------------------------------------------------------------------------------------------------


def _source(text: str, _now: int) -> str:
    if not text:
        raise InputError("It needs a name.")
    if len(text) > 200 or not text.isprintable() or any(char.isspace() for char in text) or text.startswith("-"):
        raise InputError("Without spaces, and no minus at the beginning.")
    return text


def _backlog(text: str, now: int) -> datetime | None:
    """Asks that began before this moment are backlog; None where none are."""
    words = text.lower()
    if words in ("", NONE, "never"):
        return None
    if words == "now":
        return to_datetime(now - now % SECOND)  # platforms tell whole seconds
    span = duration(words)
    at = now - span if span is not None else _moment(text)
    if at > now:
        raise InputError("That is still to come: everything would be backlog.")
    try:
        return to_datetime(at - at % SECOND)
    except OverflowError:
        raise InputError("That is too long ago.") from None


def _moment(text: str) -> int:
    """A day or a time on the clock of this machine, or a time with an offset."""
    try:
        return to_instant(datetime.strptime(text, "%Y-%m-%d").astimezone())
    except (ValueError, OverflowError):
        pass
    try:
        return to_instant(datetime.strptime(text, "%Y-%m-%d %H:%M").astimezone())
    except (ValueError, OverflowError):
        pass
    try:
        return parse(text)
    except InputError:
        raise InputError("Write now, none, 30d, 2026-11-01, 2026-11-01 09:00 or 2026-11-01T09:00:00Z.") from None


def _number(text: str, what: str) -> float:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        found = 0.0
    if not 0 < found <= 100_000:
        raise InputError(f"Write a number of {what} above zero.")
    return found


def _target(text: str, _now: int) -> float | None:
    return _number(text, "hours") if text else None


def _hours(text: str, _now: int) -> str | None:
    if text.lower() in ("", EVERY_HOUR, NONE):
        return None
    business.parse(text)
    return text


def _fresh(text: str, _now: int) -> float | None:
    return _number(text, "minutes") if text and text.lower() not in ("default", NONE) else None


def _answer(text: str, _now: int) -> Answer | None:
    if text in ("", USUAL):
        return None
    if text not in get_args(Answer):
        raise InputError(f"One of: {', '.join((USUAL, *get_args(Answer)))}.")
    found: Answer = text  # type: ignore[assignment]
    return found


def _name(text: str, _now: int) -> str | None:
    return text or None


_READERS: Final = {
    "source": _source,
    "name": _name,
    "backlog": _backlog,
    "target-hours": _target,
    "hours": _hours,
    "answer": _answer,
    "fresh-within": _fresh,
}
