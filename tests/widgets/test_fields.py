"""What is put or pasted into a field is inert, and what a person writes stays as written."""

from __future__ import annotations

from textual import events
from textual.app import App, ComposeResult

from modconsole.domain.safetext import literal
from modconsole.widgets.fields import LineField, TextField

HOSTILE = "a\x1b]11;?\x1b\\b\u202ec\nd"
INERT = "a\ufffd]11;?\ufffd\\bc\nd"
FAMILY = "\U0001f469\u200d\U0001f467 \u2764\ufe0f"


class Page(App[None]):
    def compose(self) -> ComposeResult:
        yield LineField(HOSTILE, hint=literal("limit or search"), id="line")
        yield TextField(HOSTILE, id="text")


async def test_what_is_put_into_a_field_is_inert() -> None:
    """Controls and direction changes are gone; a line field has one line."""
    app = Page()
    async with app.run_test():
        field, text = app.query_one(LineField), app.query_one(TextField)
        assert field.value == INERT.replace("\n", " ")
        assert field.placeholder == "limit or search"
        assert text.text == INERT
        field.put("x\x1by")
        text.put("x\x9by")
        assert (field.value, field.cursor_position, text.text) == ("x\ufffdy", 3, "x\ufffdy")


async def test_what_is_pasted_is_inert() -> None:
    """A paste passes the gate once, and is put in once."""
    app = Page()
    async with app.run_test() as pilot:
        for field in (app.query_one(LineField), app.query_one(TextField)):
            field.put("")
            field.focus()
            await pilot.pause()
            app.post_message(events.Paste(HOSTILE))
            await pilot.pause()
        assert app.query_one(LineField).value == INERT.replace("\n", " ")
        assert app.query_one(TextField).text == INERT


async def test_emoji_stay_whole_and_nothing_blinks() -> None:
    """A family stays a family; the cursor is steady."""
    app = Page()
    async with app.run_test():
        text, field = app.query_one(TextField), app.query_one(LineField)
        text.put(FAMILY)
        assert text.text == FAMILY
        assert not text.cursor_blink
        assert not field.cursor_blink
