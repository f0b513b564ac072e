"""`rules guidelines`, `rules notice`: what members are told."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from modconsole.cli import people
from modconsole.cli.acting import MESSAGE, SOURCE
from modconsole.cli.call import Call, Until
from modconsole.cli.rule_call import RULE, rule_command
from modconsole.errors import InputError, UsageError

if TYPE_CHECKING:
    from modconsole.desk.guidelines import Change, Page


@rule_command("guidelines")
@click.option("--html", is_flag=True, help="As one file of HTML that loads nothing, instead of Markdown.")
@click.option("-o", "--output", metavar="FILE", help="Write to this file instead of standard output.")
@click.option("--publish", is_flag=True, help="Record this page as the next version.")
@click.option("--diff", "differ", is_flag=True, help="Instead of the page, what has changed since it was published.")
@click.option("--since", type=click.IntRange(1), metavar="VERSION", help="With --diff: since this version.")
@click.option(
    "--published", type=click.IntRange(0), metavar="VERSION", help="A published version as it was; 0 is the newest."
)
@click.option("--versions", is_flag=True, help="Instead of the page, the versions that were published.")
@click.option("--with-drafts", is_flag=True, help="With the words of all rules, also of those that do not act.")
def guidelines_(
    call: Call,
    html: bool,
    output: str | None,
    publish: bool,
    differ: bool,
    since: int | None,
    published: int | None,
    versions: bool,
    with_drafts: bool,
) -> int:
    """The community guidelines, from the rules' words for members.

    A rule is on the page with its `public` text, under its `section`, while it acts; title, introduction, appeals and the ladder
    of strikes are those of `house.yaml`. The same rules give the same page. Each rule can be linked to by #rule-ID.

    With --diff the exit code is 1 where something has changed.
    """
    from modconsole.desk import guidelines

    if sum((publish, differ, versions, published is not None)) > 1 or (publish and with_drafts):
        raise UsageError("Only one of --publish, --diff, --published and --versions; drafts are not published.")
    desk = call.desk()
    if versions:
        return _versions(call)
    if differ:
        page = guidelines.page(desk, drafts=with_drafts)
        changes = page.changes if since is None else guidelines.compare(desk, since)
        return _diff(call, page, changes)
    if published is not None:
        return _old(call, published or None, html, output)
    new = False
    if publish:
        page, new = guidelines.publish(desk)
    else:
        page = guidelines.page(desk, drafts=with_drafts)
    text = page.html if html else page.markdown + (f"\n{page.footer}\n" if page.footer else "")
    if output is not None:
        _write(output, text)
    if call.as_json:
        from modconsole.desk import member_documents

        call.document({**member_documents.page(page), "new": new})
    elif output is None:
        _print(text)
    _remarks(call, page, publish, new, with_drafts)
    return 0


def _remarks(call: Call, page: Page, publish: bool, new: bool, drafts: bool) -> None:
    """What whoever publishes should know."""
    if publish and page.last is not None:
        call.narrate(f"Version {page.last.version} {'is recorded' if new else 'was this page already'}.")
    elif not page.is_published and not drafts:
        call.narrate("This page is not published: `--publish` records it, `--diff` says what has changed.")
    if page.silent:
        call.narrate(f"Without words for members: {', '.join(page.silent)}.")
    if not page.rules:
        call.warn("No rule that acts has words for members.")


def _print(text: str) -> None:
    """The page as it is: it holds no control character, and to a terminal it goes through the gate as everything does."""
    from modconsole.domain.safetext import for_terminal

    click.echo(for_terminal(text) if sys.stdout.isatty() else text, nl=False)


def _old(call: Call, version: int | None, html: bool, output: str | None) -> int:
    from modconsole.desk import guidelines, member_documents

    found = guidelines.published(call.desk(), version)
    if html:
        raise UsageError("Of old versions the Markdown is kept.", hint="Leave --html out.")
    text = f"{found.markdown}\n{guidelines.footer(found)}\n"
    if output is not None:
        _write(output, text)
    if call.as_json:
        call.document({**member_documents.publication(found), "markdown": found.markdown})
    elif output is None:
        _print(text)
    return 0


def _versions(call: Call) -> int:
    from modconsole.desk import guidelines, member_documents

    found = guidelines.versions(call.desk())
    if call.as_json:
        call.document({"versions": [member_documents.publication(each) for each in found]})
    elif found:
        people.table(("version", "published", "by"), [(f"{v.version}", people.local(v.at), v.by) for v in found])
    else:
        call.say("No guidelines were published.")
    return 0


def _diff(call: Call, page: Page, changes: tuple[Change, ...]) -> int:
    from modconsole.desk import guidelines, member_documents

    if call.as_json:
        last = member_documents.publication(page.last) if page.last is not None else None
        call.document({"published": last, "changes": [member_documents.change(each) for each in changes]})
        return 1 if changes else 0
    for each in changes:
        name = guidelines.PARTS.get(each.name) or each.name
        call.say(f"{each.kind}: {name}")
        for sign, said in (("-", each.before), ("+", each.after)):
            if said is not None:
                section = f"{said.section}: " if said.section else ""
                for line in f"{section}{said.text}".splitlines():
                    call.say(f"  {sign} {line}".rstrip())
    if not changes:
        call.say(
            "Nothing has changed since it was published." if page.last is not None else "There is nothing to publish."
        )
    return 1 if changes else 0


def _write(name: str, text: str) -> None:
    try:
        with open(os.path.expanduser(name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{name} cannot be written: {error.strerror}.") from None


@rule_command("notice")
@RULE
@SOURCE
@MESSAGE
@click.option(
    "--act",
    type=click.Choice(["remove", "hide", "hold", "mute", "ban", "lock", "warn"]),
    help="What was done. Default: what the message's state says.",
)
@click.option("--until", type=Until(), metavar="TIME", help="When it ends: a time, or a length of time as 7d.")
@click.option("--draft", is_flag=True, help="Put it into your draft of a reply to the message.")
@click.option("--reason", is_flag=True, help="One line for an act's reason instead.")
def notice_(
    call: Call,
    rule: str,
    source: str,
    message: str,
    act: str | None,
    until: tuple[str, int] | None,
    draft: bool,
    reason: bool,
) -> int:
    """What to tell a member about a rule: what was done to which message, the rule in their words, how to appeal.

    It never says what the rule looks for. In public it does not repeat the message. A person reads it and sends it.
    """
    from modconsole.cli.acting import _instant
    from modconsole.desk import notices

    desk = call.desk()
    if reason:
        text = notices.reason(desk, rule)
    elif draft:
        text = notices.draft(desk, rule, source, message, act=act or "").text
    else:
        text = notices.notice(desk, rule, source, message, act=act or "", until=_instant(desk, until))
    if call.as_json:
        call.document({"text": text, "draft": draft})
    else:
        call.say(text)
    return 0
