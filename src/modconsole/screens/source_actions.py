"""What can be done with a source, wherever it is under the cursor: in the list, and on its own screen."""

from __future__ import annotations

from modconsole.desk import covering, outgoing, sources, sweep
from modconsole.desk.adding import Added
from modconsole.desk.views import SourceState
from modconsole.domain.safetext import Safe, fill, join, line, literal
from modconsole.keys import Command
from modconsole.screens.base import Base
from modconsole.screens.wording import many

NEEDS_ACCOUNT = ("source.sync", "source.walk", "source.pause", "source.check", "source.remove")


class SourceActions(Base):
    """Mixed into a screen that knows which source is meant."""

    def meant(self) -> SourceState | None:
        """The source that keys act on."""
        raise NotImplementedError

    def removed(self) -> None:
        """The source that was meant is no longer synced."""

    def refusal(self, command: Command) -> Safe | None:
        """A source that was only imported is not synced, so there is nothing to ask for or to pause."""
        state = self.meant()
        if command.id in (*NEEDS_ACCOUNT, "source.sign-in", "source.settings") and state is None:
            return literal("There is no source under the cursor.")
        if command.id in NEEDS_ACCOUNT and state is not None and not state.source.account:
            return literal("This source was imported: nobody is signed in to it, so it is not synced.")
        return super().refusal(command)

    def _source(self) -> str:
        state = self.meant()
        return state.source.id if state is not None else ""

    # -- syncing ----------------------------------------------------------------------------------------------------

    def action_sync_this(self) -> None:
        """Look at it now."""
        self.console.action_sync(self._source())

    def action_walk_this(self) -> None:
        """Read everything there again."""
        source = self._source()
        self.work(lambda: sweep.ask_for_sync(self.desk, source, full=True), lambda _: self._walks(source))

    def _walks(self, source: str) -> None:
        header = self.console.header
        if header is not None and header.syncing:
            self.say(fill("Everything on {} is read again now.", line(source, 60)))
        else:
            self.say(fill("It is asked for: whoever syncs next reads everything on {} again.", line(source, 60)))

    def action_pause(self) -> None:
        """Leave it out of syncs, or take it in again."""
        state = self.meant()
        if state is None:
            return
        source, paused = state.source.id, not state.source.paused
        self.work(lambda: outgoing.pause(self.desk, source, paused), lambda _: self._paused(source, paused))

    def _paused(self, source: str, paused: bool) -> None:
        self.console.read_again()
        said = literal(" is left out of syncs: p takes it in again.") if paused else literal(" is synced again.")
        self.say(join([line(source), said]))

    # -- the sign-in ------------------------------------------------------------------------------------------------

    def action_sign_in(self) -> None:
        """Sign in to it again."""
        from modconsole.desk import adding
        from modconsole.screens.adding import AddScreen

        source = self._source()
        title = fill("Sign in to {} again", line(source, 60))
        self.app.push_screen(AddScreen(title, lambda: adding.again(self.desk, source), self.added))

    def added(self, added: Added) -> None:
        """A source was added, or its sign-in renewed."""
        self.console.read_again()
        said = fill("{}: signed in as {}", line(added.source, 40), line(added.identity.name or added.identity.id, 40))
        if added.missing:
            number = many(len(added.missing), literal("permission"), literal("permissions"))
            self.say(fill("{}, but {} missing: Enter", said, number), "warning")
            return
        header = self.console.header
        watched = header is not None and bool(header.syncing)
        self.say(
            fill("{}. {}", said, literal("It is looked at now.") if watched else literal("The next sync looks at it."))
        )

    def action_check(self) -> None:
        """Ask the platform whether the sign-in is good."""
        source = self._source()
        self.say(fill("Asking whether the sign-in to {} is good \u2026", line(source, 60)))
        self.work(lambda: covering.check(self.desk, source), lambda missing: self._was_checked(source, missing))

    def _was_checked(self, source: str, missing: list[str]) -> None:
        self.console.read_again()
        if missing:
            first = line(missing[0], 200)
            more = fill(" ({} more)", len(missing) - 1) if len(missing) > 1 else literal("")
            self.say(fill("The sign-in to {} is good, but: {}{}", line(source, 60), first, more), "warning")
        else:
            self.say(fill("The sign-in to {} is good, and nothing is missing.", line(source, 60)))

    # -- settings, and away -----------------------------------------------------------------------------------------

    def action_settings(self) -> None:
        """Change what was chosen when it was added."""
        from modconsole.screens.source_settings import SettingsScreen

        self.app.push_screen(SettingsScreen(self._source(), self._set))

    def _set(self, said: Safe) -> None:
        self.console.read_again()
        self.say(said)

    def action_remove(self) -> None:
        """Stop syncing it, once somebody has said yes."""
        from modconsole.screens.dialogs import ConfirmDialog

        source = self._source()
        what = literal(
            "It is no longer synced, and its sign-in is forgotten. Everything that it brought stays: conversations, asks, and"
            " what was decided. Replies that have not gone out stay in the outbox. Revoke the sign-in on the platform, too."
        )
        self.app.push_screen(
            ConfirmDialog(fill("Stop syncing {}?", line(source, 60)), what, literal("stop syncing it")),
            lambda yes: self._remove(source) if yes else None,
        )

    def _remove(self, source: str) -> None:
        self.work(lambda: sources.remove(self.desk, source), lambda _: self._was_removed(source))

    def _was_removed(self, source: str) -> None:
        self.console.read_again()
        self.removed()
        self.say(fill("{} is no longer synced; what it brought stays.", line(source, 60)))
