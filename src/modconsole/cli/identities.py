"""`sources identities`: who is us on a source; and how a change of a source is shown before it is saved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from modconsole.cli import people
from modconsole.cli.call import Call, command

if TYPE_CHECKING:
    from modconsole.desk.desk import Desk
    from modconsole.desk.sources import Changed, Plan, Standing

SHOWN_CHANGES = 20


@click.group("identities")
def identities() -> None:
    """Who is us on a source.

    Whose replies count decides who waits, so a change shows which asks it changes before it is saved.
    """


@command("list")
@click.argument("source")
def identities_list(call: Call, source: str) -> int:
    """Who is us on a source."""
    from modconsole.desk import sources

    found = sources.described(call.desk(), source).identities or []
    if call.as_json:
        call.document(
            {
                "source": source,
                "identities": [
                    {
                        "id": e.id,
                        "name": e.name,
                        "handle": e.handle,
                        "kind": e.kind or "person",
                        "counts": bool(e.counts),
                    }
                    for e in found
                ],
            }
        )
        return 0
    people.table(
        ("id", "kind", "name"),
        [(e.id, (e.kind or "person") + (", counts" if e.counts else ""), e.name or e.handle or "") for e in found],
        whole=frozenset({0}),
    )
    return 0


YES = click.option("--yes", is_flag=True, help="Save without asking.")


@command("add")
@click.argument("source")
@click.argument("author")
@click.option("--name", metavar="NAME")
@click.option("--handle", metavar="HANDLE")
@click.option("--kind", type=click.Choice(["person", "page", "bot"]), default="person", show_default=True)
@click.option("--counts", is_flag=True, help="Let a bot's reply count as an answer.")
@YES
def identities_add(
    call: Call, source: str, author: str, name: str | None, handle: str | None, kind: Any, counts: bool, yes: bool
) -> int:
    """Say that an author id is us."""
    from modconsole.desk import sources
    from modconsole.domain.records import Identity

    desk = call.desk()
    identity = Identity(
        id=author, name=name, handle=handle, kind=None if kind == "person" else kind, counts=counts or None
    )
    planned = sources.plan(desk, sources.with_identity(sources.described(desk, source), identity))
    return settle(call, desk, planned, yes)


@command("remove")
@click.argument("source")
@click.argument("author")
@YES
def identities_remove(call: Call, source: str, author: str, yes: bool) -> int:
    """Say that an author id is not us."""
    from modconsole.desk import sources

    desk = call.desk()
    planned = sources.plan(desk, sources.without_identity(sources.described(desk, source), author))
    return settle(call, desk, planned, yes)


def settle(call: Call, desk: Desk, planned: Plan, yes: bool) -> int:
    """Show what a change would do; save it when somebody says yes. Exit code 1 where nobody does."""
    from modconsole.desk import documents, sources

    say = call.say if not call.as_json else call.narrate
    count = len(planned.changes)
    say(f"{count:,} {'ask' if count == 1 else 'asks'} would change.")
    shown = sorted(planned.changes, key=lambda each: each.later)
    for each in shown[:SHOWN_CHANGES]:
        say(f"  {each.person} in {each.conversation}: {_change(each)}")
    if count > SHOWN_CHANGES:
        say(f"  and {count - SHOWN_CHANGES:,} more")
    save = yes or (sys.stdin.isatty() and click.confirm("Save this?", err=True))
    if save:
        sources.carry_out(desk, planned)
    if call.as_json:
        changes = [documents.change(each) for each in planned.changes]
        call.document({"source": planned.record.id, "saved": save, "changes": changes})
    else:
        call.say("Saved." if save else "Nothing was saved. With --yes it is.")
    return 0 if save else 1


def _change(each: Changed) -> str:
    before, after = each.before, each.after
    if not each.later or before is None or after is None:
        return f"{_status(before)} → {_status(after)}"
    parts = []
    if before.due_at != after.due_at:
        parts.append(f"due {people.local(before.due_at)} → {people.local(after.due_at)}")
    if before.backlog != after.backlog:
        parts.append("becomes backlog" if after.backlog else "is no longer backlog")
    return ", ".join(parts)


def _status(each: Standing | None) -> str:
    return each.status.replace("_", " ") if each is not None else "no ask"


for _each in (identities_list, identities_add, identities_remove):
    identities.add_command(_each)
del _each
