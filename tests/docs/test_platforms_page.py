"""docs/platforms.md is what the connectors say of themselves."""

from __future__ import annotations

from scripts.make_platforms_page import PAGE, capabilities, page

from modconsole.sync import registry


def test_the_page_of_platforms_is_current() -> None:
    """Run scripts/make_platforms_page.py after changing a connector."""
    assert PAGE.read_text("utf-8") == page()


def test_every_platform_has_a_page_of_its_own_that_names_its_acts() -> None:
    """How to sign in, what is synced and what was tried is written down for each."""
    for name in registry.BUILT_IN:
        text = (PAGE.parent / "platforms" / f"{name}.md").read_text("utf-8").lower()
        assert "sign in" in text, name
        missing = [act.act for act in capabilities(registry.info(name)).acts if act.act not in text]
        assert not missing, (name, missing)
