"""`strikes`: list, show, give, take-back; what the ladder proposes is accepted and declined with the other proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.acting import MESSAGE, REASON, SOURCE
from modconsole.cli.call import Call, Until, command
from modconsole.cli.looking import LIMIT
from modconsole.cli.sources import WithList
from modconsole.errors import UsageError

if TYPE_CHECKING:
    from modconsole.desk.strikes import Strike, Struck


@click.group("strikes", cls=WithList)
def strikes_() -> None:
    """Strikes against members, and what follows from them."""


@command("list")
@click.option("--all", "every", is_flag=True, help="Also those that have ended or were taken back.")
@click.option("--source", default="", metavar="SOURCE", help="Of this source only.")
@LIMIT
def list_(call: Call, every: bool, source: str, limit: int) -> int:
    """Strikes that are in force, newest first."""
    from modconsole.desk import member_documents, strikes

    desk = call.desk()
    found = strikes.listing(desk, limit, every=every, source=source)
    if call.as_json:
        call.document({"strikes": [member_documents.strike(each, desk.now()) for each in found]})
    elif found:
        _table(found, desk.now())
    else:
        call.say("No strikes." if every else "No strikes are in force.")
    return 0


def _table(found: list[Strike], now: int) -> None:
    from modconsole.desk.strikes import ends_words

    people.table(
        ("given", "by", "to", "for", "rule", "stands", "id", "why"),
        [
            (
                people.local(each.at),
                each.by,
                people.who(each.person, each.handle, each.name),
                f"{each.source} {each.message or ''}".rstrip(),
                each.rule or "",
                ends_words(each, now),
                each.id,
                each.reason or each.text,
            )
            for each in found
        ],
        whole=frozenset({3, 6}),
    )


@command("show")
@SOURCE
@click.argument("person")
def show_(call: Call, source: str, person: str) -> int:
    """A member's strikes, and what one more would lead to. PERSON is the platform's id."""
    from modconsole.desk import member_documents, strikes

    desk = call.desk()
    found = strikes.against(desk, source, person)
    if call.as_json:
        call.document(member_documents.against(found, desk.now()))
        return 0
    if found.strikes:
        _table(found.strikes, desk.now())
        call.say()
    call.say(f"{found.in_force:,} in force.")
    if found.next is not None:
        call.say(f"One more: {member_documents.rung_words(found.next)}")
    return 0


@command("give")
@SOURCE
@MESSAGE
@click.option("--rule", metavar="RULE", help="The rule that they broke.")
@REASON
@click.option(
    "--for", "span", type=Until(), metavar="SPAN", help="How long it counts, as 30d. Default: as the house says."
)
@click.option("--insist", is_flag=True, help="Although this message has its strike already.")
@click.option(
    "--draft", is_flag=True, help="Also put a warning into your draft of a reply, in the rule's words for members."
)
def give_(
    call: Call,
    source: str,
    message: str,
    rule: str | None,
    reason: str,
    span: tuple[str, int] | None,
    insist: bool,
    draft: bool,
) -> int:
    """Give the author of a message a strike.

    With so many strikes in force, what the house's ladder says is proposed to the moderators (`modconsole rules proposals`), or
    carried out by itself where somebody set that rung `automatic`. `modconsole undo` takes the strike back, and what followed.
    """
    from modconsole.desk import member_documents, notices, strikes

    if span is not None and span[0] != "span":
        raise UsageError("--for takes a length of time.", hint="Write 30d, 2w, 12h.")
    if draft and rule is None:
        raise UsageError("A warning is in the words of a rule.", hint="Name it with --rule.")
    desk = call.desk()
    done = strikes.strike(
        desk, source, message, rule=rule, reason=reason, span=span[1] if span is not None else None, insist=insist
    )
    if draft and rule is not None:
        notices.draft(desk, rule, source, message, act="warn", strikes=done.in_force)
    if call.as_json:
        call.document(member_documents.struck(done, desk.now()))
        return 0
    _told(call, done)
    if draft:
        call.say(f"A warning is in your draft of a reply to {source} {message}.")
    call.narrate(f"id {done.strike.id}")
    return 0


def _told(call: Call, done: Struck) -> None:
    given = done.strike
    until = f" It counts until {people.local(given.expires_at)}." if given.expires_at is not None else ""
    many = f"{done.in_force:,} strike{'' if done.in_force == 1 else 's'}"
    call.say(f"{people.who(given.person, given.handle, given.name)} has {many} in force.{until}")
    if done.rung is None or done.step is None:
        return
    from modconsole.desk import strikes
    from modconsole.desk.ruling import action_words

    what = action_words(done.rung.action)
    if done.step.state in strikes.DONE:
        call.say(f"Done by the ladder: {what}.")
    elif done.step.state == "noted":
        call.say(f"The ladder says: {what}.")
    else:
        call.say(f"Proposed by the ladder: {what} ({done.step.trouble}).")
        call.say(
            f"`modconsole rules accept {done.step.id}` does it, `modconsole rules decline {done.step.id}` does not."
        )


@command("take-back")
@click.argument("strike", metavar="ID")
def take_back_(call: Call, strike: str) -> int:
    """Take a strike back, and what followed from it. ID as `strikes list` shows it, or its first letters."""
    from modconsole.desk import member_documents, strikes

    desk = call.desk()
    done = strikes.take_back(desk, strike)
    if call.as_json:
        call.document(
            {"strike": member_documents.strike(done.strike, desk.now()), "in_force": done.in_force}
            | {"undone": done.act.id if done.act is not None else None}
        )
        return 0
    call.say(f"Taken back. {done.in_force:,} in force.")
    if done.act is not None:
        call.say(f"{done.act.act} was undone on the platform.")
    return 0


for _each in (list_, show_, give_, take_back_):
    strikes_.add_command(_each)
del _each
