"""The community guidelines: the page as the rules in force make it, what was published, and what has changed since.

A rule is on the page while it acts, with the words of the version that acts: a file with newer words that nobody has set live
does not change what members are told.
"""

from __future__ import annotations

from msgspec import Struct

from modconsole.desk import ruling
from modconsole.desk.desk import Desk
from modconsole.domain.times import to_datetime
from modconsole.errors import InputError, NotFound, UsageError
from modconsole.policy import guidelines as made
from modconsole.policy.guidelines import PARTS, Change, Guidelines, Said
from modconsole.policy.guidelines_html import html
from modconsole.policy.model import House, Rule
from modconsole.store import publications
from modconsole.store.publications import Publication
from modconsole.sync import rulebook

__all__ = ["PARTS", "Change", "Page", "Publication", "Said", "in_force", "page", "publish", "published", "versions"]


class Page(Struct, frozen=True, kw_only=True):
    """The guidelines as they are now."""

    content: Guidelines
    markdown: str
    rules: tuple[str, ...]
    """The ids of the rules that are on it."""
    silent: tuple[str, ...]
    """Those that are in force and have no words for members."""
    last: Publication | None
    """What members have; None where nothing was published."""
    changes: tuple[Change, ...]
    """What publishing it would change; nothing where it is what members have."""

    @property
    def is_published(self) -> bool:
        """Whether it is, to the letter, what members have."""
        return self.last is not None and self.last.markdown == self.markdown

    @property
    def footer(self) -> str:
        """Version and date, where it is the published one."""
        return footer(self.last) if self.last is not None and self.is_published else ""

    @property
    def html(self) -> str:
        """The page as one file of HTML."""
        return html(self.content, self.footer)


def footer(version: Publication) -> str:
    """What stands at the foot of a version."""
    return f"Version {version.version}, {to_datetime(version.at).date().isoformat()}"


def in_force(desk: Desk, *, drafts: bool = False) -> tuple[list[Rule], House]:
    """The rules that act, each as it was when it was set live; with `drafts` all that the folder has, as they are written."""
    found = ruling.load(desk)
    if drafts:
        return list(found.rules), found.house
    standing = rulebook.in_force(desk.db, found, desk.now())
    return [each.rule for each in standing if each.mode == "live"], found.house


def page(desk: Desk, *, drafts: bool = False) -> Page:
    """The page, and how it differs from the last published one."""
    rules, house = in_force(desk, drafts=drafts)
    content = made.compose(rules, house)
    markdown = made.markdown(content)
    last = publications.latest(desk.db)
    told = {ident for part in content.parts for entry in part.entries for ident in entry.ids}
    return Page(
        content=content,
        markdown=markdown,
        rules=tuple(ident for part in content.parts for entry in part.entries for ident in entry.ids),
        silent=tuple(sorted(rule.id for rule in rules if rule.id not in told)),
        last=last,
        changes=tuple(made.compare(last.markdown if last is not None else "", markdown)),
    )


def publish(desk: Desk) -> tuple[Page, bool]:
    """Keep the page as the next version: it, and whether that is a new one. The page as it was published already is none.

    Raises `UsageError` for a page without any rule, and `InputError` where `house.yaml` or a rule's file cannot be read: what is
    missing because of a slip would be told to members as gone.
    """
    found = page(desk)
    if not found.rules:
        raise UsageError("No rule that acts has words for members.", hint="Write `public:` in a rule and set it live.")
    broken = [each for each in ruling.load(desk).problems if not each.warning and each.path.startswith("house.")]
    if broken:
        raise InputError(f"{broken[0].path}:{broken[0].line}: {broken[0].words}", hint="Mend it, then publish.")
    _, new = publications.publish(desk.db, found.markdown, desk.who, desk.now())
    return (page(desk) if new else found), new


def published(desk: Desk, version: int | None = None) -> Publication:
    """A version that was published; the newest by default. Raises `NotFound`."""
    found = publications.latest(desk.db) if version is None else publications.one(desk.db, version)
    if found is None:
        words = (
            "No guidelines were published." if version is None else f"There is no version {version} of the guidelines."
        )
        raise NotFound(words, hint="`modconsole rules guidelines --publish` records one.")
    return found


def compare(desk: Desk, before: int, after: int | None = None) -> tuple[Change, ...]:
    """What changed from a published version to another, or to the page as it is now. Raises `NotFound`."""
    newer = published(desk, after).markdown if after is not None else page(desk).markdown
    return tuple(made.compare(published(desk, before).markdown, newer))


def versions(desk: Desk) -> list[Publication]:
    """All versions that were published, newest first."""
    return publications.every(desk.db)


def is_told(desk: Desk, rule: str) -> bool:
    """Whether members can read of a rule in the guidelines that were published."""
    last = publications.latest(desk.db)
    return last is not None and rule in made.read_back(last.markdown)
