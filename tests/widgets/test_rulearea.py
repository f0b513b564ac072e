"""Where a rule is written: signs beside lines, indentation, and nothing in a text that acts on the terminal."""

from __future__ import annotations

from textual import events
from textual.app import App, ComposeResult

from modconsole.domain.safetext import literal
from modconsole.widgets.rulearea import RuleArea

RULE = "id: a\nselect:\n  words:\n    body: [x]\n"


class Page(App[None]):
    """An app with the area alone; it counts what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = self.lines = 0
        self.area = RuleArea(self.changed, self.moved)

    def compose(self) -> ComposeResult:
        """The area."""
        yield self.area

    def on_mount(self) -> None:
        """Ready to type."""
        self.area.focus()

    def changed(self) -> None:
        """The text has changed."""
        self.texts += 1

    def moved(self) -> None:
        """The cursor is on another line."""
        self.lines += 1

    def shown(self) -> list[str]:
        """The lines on the screen."""
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


async def test_enter_goes_on_at_the_indentation_and_deeper_after_a_colon() -> None:
    """Because YAML is made of indentation."""
    app = Page()
    async with app.run_test() as pilot:
        await pilot.press(*"do:", "enter", *"- hold", "enter", *"- tag", "enter", "backspace", "backspace", *"x")
        assert app.area.text == "do:\n  - hold\n  - tag\nx"


async def test_a_paste_is_not_indented_and_is_inert() -> None:
    """A pasted rule stays as it was written, without what acts on a terminal."""
    app = Page()
    async with app.run_test() as pilot:
        await pilot.press(*"  ")
        app.post_message(events.Paste("a:\n  b: \x1b]0;owned\x07\u202e1\n"))
        await pilot.pause()
        assert app.area.text == "  a:\n  b: \ufffd]0;owned\ufffd1\n"


async def test_a_sign_stands_beside_its_line_and_goes_when_it_is_taken_away() -> None:
    """Also where the text is scrolled and wrapped: once, where the line begins."""
    app = Page()
    async with app.run_test(size=(20, 6)) as pilot:
        app.area.load(RULE + "why: " + "word " * 12 + "\nend: 1")
        app.area.show_signs({3: literal("!"), 5: literal("\u2713")})
        await pilot.pause()
        assert app.shown()[2].startswith("3!   words:")
        assert app.area.signs == "3! 5\u2713"
        app.area.at_line(6)
        await pilot.pause()
        signed = [each for each in app.shown() if "\u2713" in each]
        assert len(signed) <= 1
        app.area.show_signs({})
        app.area.at_line(1)
        await pilot.pause()
        assert app.shown()[2].startswith("3    words:")


async def test_the_cursor_goes_to_a_line_and_no_further_than_there_are_any() -> None:
    """Lines and columns count from 1, as in the problems of a rule file."""
    app = Page()
    async with app.run_test() as pilot:
        app.area.load(RULE)
        app.area.at_line(3, 3)
        await pilot.pause()
        assert (app.area.line, app.area.cursor_location) == (3, (2, 2))
        assert app.lines == 1
        app.area.at_line(99, 99)
        assert app.area.line == 5
        app.area.at_line(0, 0)
        assert app.area.cursor_location == (0, 0)


async def test_another_text_is_one_step_back_and_a_first_one_is_none() -> None:
    """`ctrl+z` after an example was written in takes that away, and never empties the file."""
    app = Page()
    async with app.run_test() as pilot:
        app.area.load(RULE)
        app.area.at_line(4)
        assert app.texts == 0
        app.area.replace_all(RULE + "tests:\n")
        assert (app.area.line, app.texts) == (4, 1)
        await pilot.press("ctrl+z")
        assert app.area.text == RULE
        await pilot.press("ctrl+z")
        assert app.area.text == RULE
