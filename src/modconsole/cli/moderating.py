"""`acts` and `moderate`: what can be done on a platform, and doing it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from modconsole.cli import people
from modconsole.cli.acting import REASON, SOURCE, _instant
from modconsole.cli.call import Call, Until, command
from modconsole.errors import UsageError

if TYPE_CHECKING:
    from modconsole.desk.desk import Desk
    from modconsole.desk.moderating import Moderated, Offer
    from modconsole.desk.views import Shown

On = Literal["message", "person", "conversation"]
KINDS: tuple[On, ...] = get_args(On)
PERSON = click.option("--person", metavar="ID", help="On this person, by the platform's id, instead of a MESSAGE.")
CONVERSATION = click.option("--conversation", metavar="ID", help="On this conversation, instead of a MESSAGE.")


def _shown(desk: Desk, source: str, message: str | None) -> Shown | None:
    """The message that a call names. Raises `NotFound`."""
    from modconsole.desk import views

    return views.message(desk, source, message) if message is not None else None


def _target(shown: Shown | None, on: On | None, person: str | None, conversation: str | None) -> tuple[On, str]:
    """What a call is about. Raises `UsageError` where it names nothing, or two things."""
    if sum(each is not None for each in (person, conversation)) > 1 or (on and (person or conversation)):
        raise UsageError("Name one thing: a MESSAGE (with --on if you like), --person or --conversation.")
    if person is not None:
        return "person", person
    if conversation is not None:
        return "conversation", conversation
    if shown is None:
        raise UsageError("Name a MESSAGE, --person or --conversation.")
    said = shown.message
    named = {"message": said.id, "person": said.author.id, "conversation": said.conversation}
    return on or "message", named[on or "message"]


@command("moderate")
@click.argument("act")
@SOURCE
@click.argument("message", required=False)
@click.option(
    "--on", type=click.Choice(KINDS), help="On the message (default), on its author, or on the place it is in."
)
@PERSON
@CONVERSATION
@REASON
@click.option(
    "--until", type=Until(), metavar="TIME", help="When it ends: a time, or a length of time as 7d. Default: never."
)
@click.option(
    "--label", default="", metavar="NAME", help="The label, flag or reason of the platform; `acts` lists them."
)
@click.option(
    "--rule",
    metavar="RULE",
    help="Because of this rule: its words for members are the reason, unless --reason says one.",
)
@click.option("--notice", is_flag=True, help="With --rule: also put a notice to its author into your draft of a reply.")
@click.option("--yes", is_flag=True, help="Do what cannot be taken back, without asking.")
def moderate_(call: Call, act: str, source: str, message: str | None, **given: Any) -> int:
    """Act on a message, a person or a conversation, on its platform.

    ACT is one of those that `modconsole acts SOURCE` lists, as approve, remove, mute, ban, lock, report. It is done there at
    once, and `modconsole undo` takes it back there. What nothing takes back has to be confirmed, and is carried out by the first
    sync after the time to call it off with `modconsole undo`.
    """
    from modconsole.desk import asks, moderating, notices
    from modconsole.desk.documents import moderated

    desk = call.desk()
    shown = _shown(desk, source, message)
    on, target = _target(shown, given["on"], given["person"], given["conversation"])
    act = moderating.OLD_WORDS.get(act, act)
    if given["notice"] and (given["rule"] is None or message is None):
        raise UsageError("A notice is in the words of a rule, about a message.", hint="Name both, with --rule.")
    until = _instant(desk, given["until"])
    reason = given["reason"] or _reason(desk, given["rule"])
    info = moderating.info(desk, source, act, on)
    confirmed = bool(given["yes"])
    if not info.undo and not confirmed:
        if not sys.stdin.isatty() or call.as_json:
            raise UsageError(f"{info.does} It cannot be taken back.", hint="Say --yes if that is what you want.")
        call.warn(f"{info.does} It cannot be taken back.")
        click.confirm("Do it?", abort=True, err=True)
        confirmed = True
    done = moderating.moderate(
        desk,
        source,
        target,
        act,
        on=on,
        message=message,
        reason=reason,
        until=until,
        label=given["label"],
        confirmed=confirmed,
    )
    if given["notice"] and message is not None:
        notices.draft(desk, given["rule"], source, message, act=act, until=until)
    ask = asks.status(desk, source, message) if message is not None else None
    status = ask.status if ask is not None else ""
    if call.as_json:
        call.document({**moderated(done), "status": status})
        return 0
    call.say(_told(done, desk))
    if given["notice"]:
        call.say(f"A notice is in your draft of a reply to {source} {message}.")
    call.narrate(f"id {done.id}")
    return 0


def _reason(desk: Desk, rule: str | None) -> str:
    """What a rule gives as the reason; empty without one. Raises `NotFound`."""
    from modconsole.desk import notices

    return notices.reason(desk, rule) if rule is not None else ""


def _told(done: Moderated, desk: Desk) -> str:
    if done.state == "queued":
        seconds = max(0, (done.not_before or 0) - desk.now()) // 1_000_000
        return f"It is done by the first sync after {seconds} s; `modconsole undo` calls it off."
    note = f" {done.note}" if done.note else ""
    if done.was is not None and done.became is not None and done.was != done.became:
        return f"The message was {done.was} and is {done.became}.{note}"
    return f"Done: {done.act} {done.on} {done.target}.{note}"


@command("acts")
@SOURCE
@click.argument("message", required=False)
@PERSON
@CONVERSATION
def acts_(call: Call, source: str, message: str | None, person: str | None, conversation: str | None) -> int:
    """What can be done to a message, its author and its place, and what was done.

    Without MESSAGE, --person or --conversation: everything that the source's platform has. Each act says what it does there and
    how it is taken back, if it can be; an act that this account may not do says why.
    """
    from modconsole.desk import documents, moderating

    desk = call.desk()
    shown = _shown(desk, source, message)
    asked: list[tuple[On, str | None, str | None]] = [(on, None, None) for on in KINDS]
    if shown is not None or person is not None or conversation is not None:
        if shown is not None and person is None and conversation is None:
            said = shown.message
            asked = [("message", said.id, said.state or "live")]
            asked += [("person", said.author.id, None), ("conversation", said.conversation, None)]
        else:
            on, target = _target(shown, None, person, conversation)
            asked = [(on, target, None)]
    offers: list[Offer] = []
    for kind, ident, state in asked:
        offers += moderating.able(desk, source, kind, ident, state=state)
    done = [
        each for kind, ident, _ in asked if ident is not None for each in moderating.acts_on(desk, source, kind, ident)
    ]
    if call.as_json:
        call.document(
            {
                "source": source,
                "acts": [documents.offer(each) for each in offers],
                "done": [documents.moderated(each) for each in done],
            }
        )
        return 0
    _show(call, offers, done)
    return 0


def _show(call: Call, offers: list[Offer], done: list[Moderated]) -> None:
    if not offers:
        call.say("Nothing can be done from here: nobody is signed in, or the platform has no such acts.")
    for each in offers:
        info = each.info
        undo = f"Taken back: {info.undo}." if info.undo else "Cannot be taken back."
        extra = [f"needs {name}" if name in info.needs else f"takes {name}" for name in sorted(info.takes | info.needs)]
        extra += [f"labels: {', '.join(info.choices)}"] if info.choices else []
        told = f" ({'; '.join(extra)})" if extra else ""
        why = f" NOT NOW: {each.why_not}" if each.why_not else ""
        call.say(f"{info.on} · {info.act}: {info.does} {undo}{told}{why}")
    if done:
        call.say()
        call.say("Done so far:")
        people.table(
            ("when", "who", "act", "on", "id", "reason"),
            [
                (
                    people.local(each.at),
                    each.by,
                    f"{each.act}{' (undone)' if each.undone else '' if each.state == 'done' else f' ({each.state})'}",
                    f"{each.on} {each.target}",
                    each.id,
                    " ".join(
                        filter(
                            None, [each.label, each.reason, f"until {people.local(each.until)}" if each.until else ""]
                        )
                    ),
                )
                for each in done
            ],
            whole=frozenset({3, 4}),
        )
