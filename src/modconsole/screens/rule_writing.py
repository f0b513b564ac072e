"""The text in the rule lab: kept as a draft while it is written, saved as a version, taken into one's own editor.

Half a second after a key the text is in the database, and it stays there until it is saved. A file that somebody else has changed
meanwhile is not written over without a yes, and what differs stands beside the question.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual.app import SuspendNotSupported

from modconsole.desk import rule_texts
from modconsole.desk.rule_texts import File
from modconsole.domain.safetext import EMPTY, fill, join, literal
from modconsole.errors import Conflict, ModConsoleError
from modconsole.screens import editor
from modconsole.screens.rule_actions import RuleActions
from modconsole.screens.wording import clock
from modconsole.widgets.rulearea import RuleArea

if TYPE_CHECKING:
    from modconsole.desk.rule_texts import Draft
    from modconsole.desk.ruling import RuleState

KEEP_AFTER: Final = 0.3
"""Seconds from a change until the draft is written."""


class Writing(RuleActions):
    """A screen with the text of a rule file. `path` is its name in the folder; None where it is not there yet."""

    def __init__(self, path: str | None, on_leave: Callable[[], None]) -> None:
        super().__init__()
        self.path, self._then = path, on_leave
        self.area = RuleArea(self.edited, self.moved, id="rule")
        self.file: File | None = None
        self.state: RuleState | None = None
        self.shown = ""
        """The file's text as the area shows it: without what is invisible or would act on the terminal."""
        self.kept = ""
        """The text that is safe: in the file, or in the draft."""
        self._lock = threading.Lock()
        self._keeping = False

    # -- what a screen gives ------------------------------------------------------------------------------------

    def edited(self) -> None:
        """The text has changed, in the handler of the key."""

    def moved(self) -> None:
        """The cursor is on another line."""

    def saved(self) -> None:
        """It is a version now: `file` and `shown` say so already; `say_saved` is to be called once it is known how it stands."""

    @property
    def unsaved(self) -> bool:
        """Whether there is something that is not in the file."""
        return self.file is not None and self.area.text != self.shown

    # -- beginning ----------------------------------------------------------------------------------------------

    def begin_with(self, file: File, draft: Draft | None) -> None:
        """The text of a file, or of a draft of it."""
        self.area.load(file.text)
        self.file, self.shown = file, self.area.text
        self.kept = self.shown
        if draft is None or draft.text == self.shown:
            if self.shown.rstrip("\n") != file.text.rstrip("\n"):
                said = literal(
                    "! This file has characters that are invisible or no text: they would go if you save it."
                )
                self.say(said, "warning")
            return
        self.area.replace_all(draft.text)
        self.kept = self.area.text
        at = clock(draft.saved_at, self.desk.now())
        if (draft.through or "") == file.digest:
            self.say(fill("Your draft of {}; it is not saved. ctrl+s saves it.", at))
        else:  # saving compares with the file that the draft was begun with
            self.file = File(file.path, file.text, draft.through or "")
            self.say(fill("Your draft of {}. ! The file has changed since: ctrl+s shows how.", at), "warning")

    def read_again(self) -> None:
        """Somebody else may have written the file: show it, unless there is something that is not saved."""
        file = self.file

        def read(new: File) -> None:
            if not self.unsaved and self.file is not None and new.digest != self.file.digest:
                self.area.replace_all(new.text)
                self.file, self.shown, self.kept = new, self.area.text, self.area.text
                self.show_head()

        if file is not None and not self.unsaved and file.digest:
            self.work(lambda: rule_texts.read_file(self.desk, file.path), read)

    # -- keeping what was written -------------------------------------------------------------------------------

    def keep_later(self) -> None:
        if not self._keeping and self.area.text != self.kept:
            self._keeping = True
            self.set_timer(KEEP_AFTER, self._keep_soon)

    def _keep_soon(self) -> None:
        text = self.area.text

        def kept(_: None) -> None:
            self._keeping = False
            self.keep_later()

        def failed(error: ModConsoleError) -> None:
            self._keeping = False
            self.say_error(error)

        self.work(lambda: self._keep(text), kept, failed)

    def _keep(self, text: str) -> None:
        """Keep the text as a draft; in any thread. What the file says already needs no draft."""
        with self._lock:
            file = self.file
            if file is None or text == self.kept:
                return
            if text == self.shown:
                rule_texts.drop_draft(self.desk, file.path)
            else:
                rule_texts.keep_draft(self.desk, file.path, text, seen=file.digest)
            self.kept = text

    async def action_back(self) -> None:
        """Back; what is not saved is kept, and that is said."""
        try:
            await asyncio.to_thread(self._keep, self.area.text)
        except ModConsoleError as error:
            self.say_error(error)
            return
        unsaved = self.unsaved
        self.app.pop_screen()
        self._then()
        below = self.app.screen
        if unsaved and isinstance(below, RuleActions):
            below.say(literal("What you wrote is kept as a draft; nothing was saved. Enter goes on with it."))

    def on_unmount(self) -> None:
        """However the screen ends, the text is kept."""
        try:
            self._keep(self.area.text)
        except ModConsoleError:
            return  # the terminal is going away; what was kept half a second ago is all that there is

    # -- saving -------------------------------------------------------------------------------------------------

    def action_save(self) -> None:
        """Save it as a new version, unless the file has changed meanwhile."""
        file = self.file
        if file is None:
            return
        text = self.area.text
        self.work(lambda: self._save(file, text), lambda saved: self._saved(text, saved), self._not_saved)

    def _save(self, file: File, text: str) -> File:
        """In a thread."""
        with self._lock:
            saved, _ = rule_texts.save(self.desk, file, text)
            rule_texts.drop_draft(self.desk, file.path)
            self.kept = text
        return saved

    def _saved(self, text: str, file: File) -> None:
        self.file, self.path, self.shown = file, file.path, text
        self.console.read_again()
        self.saved()

    def say_saved(self) -> None:
        """Which version it is, and whether it acts."""
        state = self.state
        if state is None or state.effective == "broken" or state.rule is None:
            before = literal(" The version before it stays in force.") if state and state.live_version else EMPTY
            said = literal("! Saved, but it cannot be used as it stands: ctrl+n goes to what is wrong.")
            self.say(join([said, before]), "warning")
            return
        said = fill("Saved as version {}.", state.version)
        if state.live_version is not None and state.live_version != state.version:
            said = fill(
                "Saved as version {}. Version {} stays in force until l sets this one live.",
                state.version,
                state.live_version,
            )
        self.say(said, "accent")

    def _not_saved(self, error: ModConsoleError) -> None:
        if isinstance(error, Conflict) and self.file is not None:
            self._ask_about_conflict(self.file)
        else:
            self.say_error(error)

    def _ask_about_conflict(self, file: File) -> None:
        from modconsole.screens.rule_dialogs import ConflictDialog

        mine = self.area.text

        def read(theirs: File) -> None:
            self.app.push_screen(ConflictDialog(file.path, mine, theirs.text), lambda answer: answered(theirs, answer))

        def answered(theirs: File, answer: str | None) -> None:
            if answer == "mine":
                self.file = theirs
                self.action_save()
            elif answer == "theirs":
                self.area.replace_all(theirs.text)
                self.file, self.shown = theirs, self.area.text
                self.keep_later()
                self.say(literal("This is the file as it is now. ctrl+z brings back what you wrote."))
            else:
                self.say(literal("Not saved; what you wrote is kept as a draft."))

        self.work(lambda: rule_texts.read_file(self.desk, file.path), read)

    # -- one's own editor ---------------------------------------------------------------------------------------

    def action_editor(self) -> None:
        """Go on in one's own editor."""
        text = self.area.text
        try:
            words = editor.command()
            self._keep(text)
            with self.app.suspend():
                back = editor.edit(words, text, name="rule.yaml")
        except ModConsoleError as error:
            self.say_error(error)
            return
        except SuspendNotSupported:
            self.say(literal("Another program cannot have this terminal."), "warning")
            return
        if back is None:
            self.say(literal("The editor ended with an error; the text is as it was."), "warning")
        elif not back.strip():
            self.say(literal("The file came back empty; the text is as it was."))
        else:
            self.area.replace_all(back)
            self.say(literal("Back from the editor. ctrl+s saves it."))
