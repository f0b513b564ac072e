"""What rules cost and came to, by rule version and day (UTC)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from modconsole.domain.times import DAY
from modconsole.store.db import Db


class Tally(Struct):
    """Sums over some days. `micros` is what judging took, in microseconds of CPU; `skipped` are messages on which the rule was
    given up."""

    judged: int = 0
    hits: int = 0
    acted: int = 0
    reversed: int = 0
    skipped: int = 0
    micros: int = 0

    @property
    def mean(self) -> float:
        """Microseconds for each message that was judged."""
        return self.micros / self.judged if self.judged else 0.0


def day_of(at: int) -> int:
    """The day of an instant, since 1970, UTC."""
    return at // DAY


def add(db: Db, now: int, found: Iterable[tuple[str, int, Tally]]) -> None:
    """Add to the day of an instant, for each rule and version."""
    db.conn.executemany(
        "insert into rule_day (rule, version, day, judged, hits, acted, reversed, skipped, micros)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set judged = judged + excluded.judged,"
        " hits = hits + excluded.hits, acted = acted + excluded.acted, reversed = reversed + excluded.reversed,"
        " skipped = skipped + excluded.skipped, micros = micros + excluded.micros",
        [
            (rule, version, day_of(now), t.judged, t.hits, t.acted, t.reversed, t.skipped, t.micros)
            for rule, version, t in found
        ],
    )


def since(db: Db, at: int, *, rule: str | None = None) -> dict[str, Tally]:
    """Of each rule the sums since the day of an instant."""
    where, args = ("and rule = ?", (rule,)) if rule is not None else ("", ())
    found = db.rows(
        "select rule, sum(judged), sum(hits), sum(acted), sum(reversed), sum(skipped), sum(micros) from rule_day"
        f" where day >= ? {where} group by rule",
        (day_of(at), *args),
    )
    return {row[0]: Tally(*row[1:]) for row in found}


def per_day(db: Db, rule: str, at: int) -> list[tuple[int, Tally]]:
    """Of one rule the sums of each day since that of an instant, oldest first."""
    found = db.rows(
        "select day, sum(judged), sum(hits), sum(acted), sum(reversed), sum(skipped), sum(micros) from rule_day"
        " where rule = ? and day >= ? group by day order by day",
        (rule, day_of(at)),
    )
    return [(row[0], Tally(*row[1:])) for row in found]
