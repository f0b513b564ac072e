"""Rules made up by Hypothesis, as what `write.dump` writes: any word of the language in any of its spellings."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from modconsole.domain.facts import COUNTED, FACTS, OPS
from modconsole.policy.model import ACTIONS, CHANNELS, FIELDS, FOLDS, METHODS, STATUSES
from modconsole.policy.vocabulary import HISTORY_OPS

WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() and not text.startswith("list:")
)
LINES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=30)
NAMES = st.sampled_from(["words", "newcomer", "long name", "a-b", "x_1", "ünï"])
SPANS = st.sampled_from(["7 days", "90 minutes", "8h", "1 day 12 hours", "1 year", "2 weeks and 1 day", "30 Seconds"])


@st.composite
def text_check(draw: st.DrawFn, *, negated: bool = True) -> tuple[str, Any]:
    """A check of words, with its key."""
    fields = "+".join(draw(st.lists(st.sampled_from([*FIELDS, "text"]), min_size=1, max_size=3, unique=True)))
    regex = draw(st.booleans())
    modifiers = [
        *draw(st.lists(st.sampled_from(list(METHODS)), max_size=1)),
        *draw(st.lists(st.sampled_from([*(f"fold {fold}" for fold in FOLDS), "case-sensitive"]), max_size=1)),
        *draw(st.lists(st.sampled_from(list(CHANNELS)), max_size=2, unique=True)),
        *(["regex"] if regex else []),
        *(["every"] if negated and draw(st.booleans()) else []),
    ]
    order = draw(st.permutations(modifiers))
    key = ("~" if negated and draw(st.booleans()) else "") + fields + (f" ({', '.join(order)})" if order else "")
    items = draw(
        st.lists(st.sampled_from([r"\d+x", "a|b", "(?i)free", "ünï"]) if regex else WORDS, min_size=1, max_size=4)
    )
    return key, items[0] if len(items) == 1 and draw(st.booleans()) else items


@st.composite
def fact_check(draw: st.DrawFn) -> tuple[str, Any]:
    """A question about a fact, or counters, with its key."""
    no = draw(st.sampled_from(["", "~"]))
    if draw(st.integers(0, 5)) == 0:
        return f"{no}history", draw(st.lists(counter(), min_size=1, max_size=2) | counter())
    name = draw(st.sampled_from(list(FACTS)))
    known = FACTS[name]
    if known.kind == "flag":
        return no + name, draw(st.booleans() | st.sampled_from(["true", "false"]))
    if known.kind in ("words", "hours"):
        words = [*known.words] or [known.example, known.example]
        return no + name, draw(st.sampled_from(words) | st.lists(st.sampled_from(words), min_size=1, max_size=2))
    op = draw(st.sampled_from(OPS))
    value: str | int = draw(SPANS) if known.kind == "span" else draw(st.integers(0, 10_000))
    return draw(st.sampled_from([(f"{no}{name} ({op})", value), (no + name, f"{op} {value}")]))


def counter() -> st.SearchStrategy[dict[str, Any]]:
    """One counter of `history`."""
    return st.tuples(
        st.sampled_from(list(COUNTED)), SPANS, st.sampled_from(list(HISTORY_OPS)), st.integers(0, 99), st.booleans()
    ).map(lambda each: {"count": each[0], "within": each[1], each[2]: each[3], "here": each[4]})


def action() -> st.SearchStrategy[Any]:
    """One of the actions, with or without what it takes."""

    def of(name: str) -> st.SearchStrategy[Any]:
        info = ACTIONS[name]  # type: ignore[index]
        if info.span:
            return st.sampled_from([name]) | SPANS.map(lambda span: {name: {"for": span}})
        if name == "priority":
            return st.sampled_from(["urgent", "high", "low"]).map(lambda word: {name: word})
        if name == "tag":
            return st.sampled_from(["scam", ["scam", "money"]]).map(lambda tags: {name: tags})
        valued = WORDS.map(lambda text: {name: text})
        return valued if info.required else (valued | st.just(name) if info.value else st.just(name))

    return st.sampled_from([name for name in ACTIONS if name != "approve"]).flatmap(of)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A whole rule without a mistake."""
    checks = st.lists(text_check() | fact_check(), min_size=1, max_size=3, unique_by=lambda pair: pair[0]).map(dict)
    select = draw(st.dictionaries(NAMES, checks | st.lists(checks, min_size=1, max_size=2), min_size=1, max_size=4))
    names = [name if " " not in name else f'"{name}"' for name in select]
    found: dict[str, Any] = {
        "id": draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)),
        "name": draw(LINES),
        "status": draw(st.sampled_from(list(STATUSES))),
        "expires": draw(st.sampled_from(["2027-01-31", "2027-01-31T18:00:00Z", "2027-01-31 18:00+02:00"])),
        "priority": draw(st.integers(-1000, 1000)),
        "select": select,
        "when": draw(
            st.sampled_from([" and ".join(names), " or not ".join(names), "1 of them", f"all of ({names[0]})"])
        ),
        "except": draw(st.lists(text_check(negated=False), max_size=2, unique_by=lambda pair: pair[0]).map(dict)),
        "do": draw(st.lists(action(), min_size=1, max_size=4)),
        "public": draw(st.lists(LINES, max_size=3).map("\n".join)),
        "tests": draw(st.lists(example(list(select)), max_size=3)),
        "expect": draw(st.sampled_from([{"hits": "1..500", "precision": 0.9}, {"hits": "..5", "hits per day": 2.5}])),
        "exempt us": draw(st.booleans()),
    }
    left_out = {key for key in found if key not in ("id", "select", "do") and draw(st.integers(0, 3)) == 0}
    left_out |= {key for key in ("except",) if not found[key]}
    return {key: value for key, value in found.items() if key not in left_out}


@st.composite
def example(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """One of its tests."""
    found: dict[str, Any] = {draw(st.sampled_from(["hit", "miss"])): draw(WORDS)}
    if draw(st.booleans()):
        found["in"] = draw(st.sampled_from(list(FIELDS)))
    if draw(st.booleans()):
        found["given"] = draw(st.lists(st.sampled_from(names), max_size=2))
    return found
