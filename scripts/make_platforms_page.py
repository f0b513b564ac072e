"""Writes docs/platforms.md from what the connectors say of themselves. `--check` only says whether it is current.

PYTHONPATH=src python scripts/make_platforms_page.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from modconsole.connectors.acts import ActInfo
from modconsole.connectors.base import Capabilities
from modconsole.connectors.signing import Can, PlatformInfo
from modconsole.sync import registry

PAGE = Path(__file__).parents[1] / "docs" / "platforms.md"

HEAD = """\
# Platforms

Made from the connectors by `scripts/make_platforms_page.py`; do not edit it by hand. The contract suite (`tests/contract`)
holds every connector to it. How to bring another one: [connectors](connectors.md). Places without a connector come in as
[exchange files](exchange.md), or write to [modconsole receive](receive.md).

● yes · ◐ partly · ○ no
"""
LINES: tuple[tuple[str, str], ...] = (
    ("incremental", "only what is new is read"),
    ("full_thread", "whole threads"),
    ("direct_messages", "direct messages"),
    ("own_replies", "replies from the platform's own apps"),
    ("edits", "edits"),
    ("deletions", "deletions"),
    ("idempotent_send", "a repeated send is one reply"),
    ("reply_window", "replies only for a time"),
)
SIGNS = {"yes": "●", "partly": "◐", "no": "○"}


def capabilities(info: PlatformInfo) -> Capabilities:
    """What can be done on a platform."""
    found: Capabilities = import_module(f"modconsole.connectors.{info.name}").CAPABILITIES
    return found


def page() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    infos = [info for info in registry.infos() if info.name in registry.BUILT_IN]
    yield HEAD
    yield f"| | {' | '.join(f'[{info.title}](platforms/{info.name}.md)' for info in infos)} |"
    yield f"| --- |{' --- |' * len(infos)}"
    for name, words in LINES:
        yield f"| {words} | {' | '.join(_cell(getattr(info, name)) for info in infos)} |"
    yield f"| longest reply | {' | '.join(_length(info) for info in infos)} |"
    whom = (info.answer or "by kind of conversation" for info in infos)
    yield f"| whom we answer, unless you say otherwise | {' | '.join(whom)} |"
    yield f"| has been run against | {' | '.join(info.tested for info in infos)} |"
    yield ""
    for info in infos:
        yield from _platform(info)


def _cell(can: Can) -> str:
    return f"{SIGNS[can.level]} {can.how}".strip()


def _length(info: PlatformInfo) -> str:
    found = capabilities(info)
    return "no limit known" if found.max_length is None else f"{found.max_length:,} {found.length_unit}"


def _platform(info: PlatformInfo) -> Iterator[str]:
    yield f"## {info.title}"
    yield ""
    yield info.about
    yield ""
    acts = capabilities(info).acts
    if acts:
        yield "| act | on a | what it does there | taken back | takes | needs the right |"
        yield "| --- | --- | --- | --- | --- | --- |"
        yield from (_act(act) for act in acts)
        yield ""


def _act(act: ActInfo) -> str:
    takes = ", ".join(f"{word}{' (needed)' if word in act.needs else ''}" for word in sorted(act.takes)) or "–"
    return f"| {act.act} | {act.on} | {act.does} | {act.undo or 'cannot be'} | {takes} | {act.right or '–'} |"


def main() -> int:
    """Write the page, or with `--check` compare it."""
    made = page()
    if "--check" in sys.argv[1:]:
        return int(not PAGE.exists() or PAGE.read_text("utf-8") != made)
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
