"""Everything recomputed from nothing and compared with what is stored.

If the two ever differ, the product's promise is broken; so this reads every message again, derives every ask again, counts every
counter again, and names each difference.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from modconsole.domain.waiting import derive
from modconsole.store.cases import Loader
from modconsole.store.db import Db
from modconsole.store.refresh import ask_row, stored_rows


class Difference(Struct, kw_only=True):
    """One thing that is not as it should be."""

    where: str
    what: str
    stored: str
    derived: str


def verify(db: Db, now: int, progress: Callable[[int, int], None] | None = None) -> list[Difference]:
    """All differences between the cache and what follows from the messages; empty when all is well. `now` is an instant."""
    found: list[Difference] = []
    with db.read():
        idents = [row[0] for row in db.rows("select id from conversation order by id")]
        loader = Loader(db)
        for at, ident in enumerate(idents):
            _conversation(db, loader, ident, now, found)
            if progress is not None and at % 200 == 0:
                progress(at, len(idents))
        _counters(db, found)
        _rules(db, found)
        _tables(db, found)
    return found


def _conversation(db: Db, loader: Loader, ident: int, now: int, found: list[Difference]) -> None:
    loaded = loader.case(ident)
    outcome = derive(loaded.case, now)
    where = f"{loaded.case.source} {loaded.case.id}"
    stored = stored_rows(db, ident)
    created = {item.id: item.created for item in loaded.case.items}
    for ask in outcome.asks:
        derived = ask_row(ask, loaded, created)
        old = stored.pop((ask.thread, ask.person), None)
        if old != derived:
            found.append(
                Difference(where=where, what=f"ask of {ask.person}", stored=_words(old), derived=_words(derived))
            )
    for (_, person), row in stored.items():
        found.append(Difference(where=where, what=f"ask of {person}", stored=_words(row), derived="none"))
    cached = db.row(
        "select messages, last_at, valid_to, open_asks, shown_kind from conversation where id = ?", (ident,)
    )
    opened = sum(1 for ask in outcome.asks if ask.status in ("waiting", "sending", "unknown"))
    fresh = (len(loaded.case.items), loaded.last_at, outcome.valid_to, opened, loaded.kind)
    if cached != fresh:
        found.append(Difference(where=where, what="conversation", stored=str(cached), derived=str(fresh)))


def _words(row: tuple[object, ...] | None) -> str:
    """The columns of an ask that people know by name."""
    if row is None:
        return "none"
    return f"{row[6]} since {row[9]}, items {row[12]}, badges {row[16]}, due {row[10]}, trouble {row[8]!r}"


def _counters(db: Db, found: list[Difference]) -> None:
    """Every counter equals the length of the list it counts."""
    stored = {row[:3]: row[3] for row in db.rows("select source, status, backlog, n from tally where n <> 0")}
    counted = {row[:3]: row[3] for row in db.rows("select source, status, backlog, count(*) from ask group by 1, 2, 3")}
    for key in sorted(stored.keys() | counted.keys()):
        if stored.get(key, 0) != counted.get(key, 0):
            found.append(
                Difference(
                    where="counters", what=str(key), stored=str(stored.get(key, 0)), derived=str(counted.get(key, 0))
                )
            )
    sums = {
        "overdue": (
            "select value from counter where name = 'overdue'",
            "select count(*) from ask where open = 1 and due_at <= (select value from counter where name = 'overdue through')",
        ),
        "conversations": ("select ifnull(sum(conversations), 0) from source", "select count(*) from conversation"),
    }
    for name, (kept, fresh) in sums.items():
        said, there = db.value(kept), db.value(fresh)
        if said != there:
            found.append(Difference(where="counters", what=name, stored=str(said), derived=str(there)))


def _rules(db: Db, found: list[Difference]) -> None:
    """What is counted of rules is what they found and did."""
    counted = {
        "hits": "verdict where mode in ('live', 'shadow')",
        "acted": "rule_act where state in ('done', 'undone') and rule in (select id from rule)",
    }
    for name, rows in counted.items():
        kept = {row[:2]: row[2] for row in db.rows(f"select rule, version, sum({name}) from rule_day group by 1, 2")}
        there = {row[:2]: row[2] for row in db.rows(f"select rule, version, count(*) from {rows} group by 1, 2")}
        for key in sorted(kept.keys() | there.keys()):
            said, derived = kept.get(key, 0), there.get(key, 0)
            if said != derived:
                what = f"{name} of {key[0]} version {key[1]}"
                found.append(Difference(where="rules", what=what, stored=str(said), derived=str(derived)))


def _tables(db: Db, found: list[Difference]) -> None:
    """The file itself: foreign keys, and a search index that holds what the messages say."""
    for table, row, parent, _ in db.rows("pragma foreign_key_check"):
        found.append(
            Difference(where=f"table {table}", what=f"row {row}", stored=f"names a missing {parent}", derived="none")
        )
    for (line,) in db.rows("pragma quick_check(10)"):
        if line != "ok":
            found.append(Difference(where="file", what="quick_check", stored=line, derived="ok"))
    indexed = db.value("select count(*) from message_search_docsize")
    there = db.value("select count(*) from message")
    if indexed != there:
        found.append(Difference(where="search", what="messages indexed", stored=str(indexed), derived=str(there)))
    several = db.rows(
        "select m.id, m.versions, count(v.body) from message m left join version v on v.message = m.id"
        " where m.versions > 1 group by m.id having m.versions <> count(v.body)"
    )
    for ident, said, there in several:
        found.append(Difference(where="versions", what=f"message {ident}", stored=str(said), derived=str(there)))
