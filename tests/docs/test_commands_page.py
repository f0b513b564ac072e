"""docs/commands.md is what the commands say of themselves."""

from __future__ import annotations

from scripts.make_commands_page import PAGE, page

from modconsole.cli.root import COMMANDS


def test_the_page_of_commands_is_current() -> None:
    """Run scripts/make_commands_page.py after changing a command."""
    assert PAGE.read_text("utf-8") == page()


def test_every_command_has_its_section() -> None:
    """None is forgotten."""
    text = PAGE.read_text("utf-8")
    for name in COMMANDS:
        assert f"## `modconsole {name}" in text
