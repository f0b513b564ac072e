"""The README tells the truth about its two commands and the pages it links to."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.readme_command import commands

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_has_the_two_commands_on_one_line_each() -> None:
    """One runs the demo, one passes the tests; both set up everything themselves."""
    found = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found.keys() == {"demo", "tests"}
    assert all(line.startswith("python3 -m venv .venv && ") for line in found.values())
    assert found["demo"].endswith("/modconsole demo")
    assert re.search(r"/pytest( -\S+( \d)?)*$", found["tests"])


def test_every_page_that_a_page_links_to_exists() -> None:
    """A link that leads nowhere is a promise broken."""
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert pages
    assert not broken
