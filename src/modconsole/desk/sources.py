"""Sources that are here: who we are on them, what is set, what a change would do to the asks, pausing and removing.

Adding one, or signing in again, is `desk.adding`; what each can vouch for is `desk.covering`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from modconsole.config.secrets import Secrets
from modconsole.desk import choices
from modconsole.desk.choices import Field
from modconsole.desk.desk import Desk
from modconsole.domain.records import Identity, Source
from modconsole.domain.times import to_datetime
from modconsole.errors import InputError, NotFound
from modconsole.store import marks, sums
from modconsole.store.ingest import ingest
from modconsole.store.sums import Standing
from modconsole.sync import registry

__all__ = [
    "Changed",
    "Field",
    "Plan",
    "Standing",
    "carry_out",
    "changed",
    "described",
    "plan",
    "questions",
    "remove",
    "texts",
    "with_identity",
    "without_identity",
]


class Changed(Struct, kw_only=True):
    """One ask that stands differently; None where there is no ask."""

    conversation: str
    thread: str
    person: str
    before: Standing | None
    after: Standing | None

    @property
    def later(self) -> bool:
        """Whether it only is due at another time, or no longer or newly backlog: who waits is the same."""
        before, after = self.before, self.after
        if before is None or after is None:
            return False
        return (before.status, before.since) == (after.status, after.since)


class Plan(Struct, kw_only=True):
    """A change of a source that has not been made yet, and everything it would change."""

    record: Source
    changes: list[Changed]


def remove(desk: Desk, source: str) -> bool:
    """Stop syncing a source and forget its secret; what it brought stays. False where it was not synced."""
    synced = marks.forget_account(desk.db, source)
    return Secrets().delete(source) or synced


def described(desk: Desk, source: str) -> Source:
    """The description of a source. Raises `NotFound`."""
    found = marks.described(desk.db, source)
    if found is not None:
        return found
    marks.source_id(desk.db, source)
    return Source(id=source, platform="")


def with_identity(record: Source, identity: Identity) -> Source:
    """A description in which one more author is us, or the same one under other terms."""
    others = [each for each in record.identities or () if each.id != identity.id]
    return replace(record, identities=[*others, identity])


def without_identity(record: Source, ident: str) -> Source:
    """A description in which an author is no longer us. Raises `NotFound` where it was not."""
    others = [each for each in record.identities or () if each.id != ident]
    if len(others) == len(record.identities or ()):
        raise NotFound(f"{ident!r} is no identity of {record.id!r}.")
    return replace(record, identities=others)


def questions(desk: Desk, source: str) -> list[Field]:
    """What can be changed about a source. Raises `NotFound`."""
    record = described(desk, source)
    try:
        usual = registry.info(record.platform).answer
    except InputError:
        usual = None
    return choices.fields(record, new=False, usual=usual)


def texts(desk: Desk, source: str) -> dict[str, str]:
    """How those questions are answered now. Raises `NotFound`."""
    return choices.texts(described(desk, source))


def changed(desk: Desk, source: str, answers: Mapping[str, str]) -> Plan:
    """What other answers would change; nothing is stored. Raises `WrongAnswers`, `NotFound`."""
    return plan(desk, choices.chosen(described(desk, source), answers, desk.now()))


def plan(desk: Desk, record: Source) -> Plan:
    """What a new description of a source would change, by the very code that would change it; nothing is stored."""
    now = desk.now()
    record = replace(record, observed_at=to_datetime(now))
    before = sums.statuses(desk.db, record.id)
    with desk.db.pretend():
        ingest(desk.db, [record], now)
        after = sums.statuses(desk.db, record.id)
    changes = [
        Changed(conversation=key[0], thread=key[1], person=key[2], before=before.get(key), after=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    return Plan(record=record, changes=changes)


def carry_out(desk: Desk, planned: Plan) -> None:
    """Store a planned description, and what follows from it."""
    ingest(desk.db, [planned.record], desk.now())
