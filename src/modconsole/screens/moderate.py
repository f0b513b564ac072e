"""`m` and `M`: acts on a message, on who wrote it and on the place it is in, on their platform.

The menu says what each act does there. What an act takes is asked for; what nothing takes back has to be confirmed, and can be
called off for some seconds. What was done stands in the footer, with how to undo it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modconsole.domain.safetext import Safe, cut, fill, line, literal
from modconsole.domain.times import SECOND
from modconsole.screens.act_words import done_words, on_whom, past
from modconsole.screens.counting import Counting
from modconsole.screens.wording import who

if TYPE_CHECKING:
    from modconsole import keys
    from modconsole.desk.moderating import Moderated, On, Possible
    from modconsole.desk.views import QueueRow
    from modconsole.errors import ModConsoleError
    from modconsole.screens.act_form import Given
    from modconsole.screens.act_menu import ActMenu, Chosen


@dataclass(frozen=True)
class Target:
    """A message as the moderator sees it."""

    source: str
    message: str
    state: str | None = None
    """The state that is shown; None where the screen shows none."""


class ModerateActions(Counting):
    """Adds `m` and `M` to a screen that can say which message is meant."""

    def moderated(self) -> Target | None:
        """The message under the cursor."""
        return None

    def refusal(self, command: keys.Command) -> Safe | None:
        """Why a command cannot be done now."""
        if command.id in ("message.moderate", "person.moderate", "message.rules") and self.moderated() is None:
            return literal("There is no message under the cursor.")
        return super().refusal(command)

    def action_moderate(self) -> None:
        """What can be done to the message under the cursor."""
        self._look("message")

    def action_moderate_person(self) -> None:
        """What can be done to who wrote it."""
        self._look("person")

    def action_explain(self) -> None:
        """Which rules hit the message under the cursor, and why not the others."""
        from modconsole.screens.rule_explain import ExplainScreen

        target = self.moderated()
        if target is not None:
            self.app.push_screen(ExplainScreen(target.source, target.message))

    def _look(self, on: On) -> None:
        """Open the menu, and ask the desk what can be done, which may have to ask the platform what we may."""
        from modconsole.desk import moderating  # it knows the platforms, which take a while to import
        from modconsole.screens.act_menu import ActMenu

        target = self.moderated()
        if target is None:
            return
        menu = ActMenu(target.source, on, self.desk.now())

        def chosen(answer: Chosen | None) -> None:
            if answer is not None and menu.possible is not None:
                self._ask(menu.possible, answer, target.state or menu.possible.state)

        def found(possible: Possible) -> None:
            if any(possible.acts.values()):
                menu.offer(possible)
                return
            close(menu)
            place = line(target.source, 40)
            self.say(fill("Nobody is signed in to {}, or its platform has no such acts.", place), "warning")

        def failed(error: ModConsoleError) -> None:
            close(menu)
            self.say_error(error)

        self.app.push_screen(menu, chosen)
        self.work(lambda: moderating.possible(self.desk, target.source, target.message), found, failed)

    def _ask(self, possible: Possible, chosen: Chosen, seen: str) -> None:
        """Ask for what the act takes, if anything."""
        from modconsole.screens.act_form import ActForm, Given

        if not chosen.offer.info.takes | chosen.offer.info.needs:
            self._confirm(possible, chosen, seen, Given())
            return
        self.app.push_screen(
            ActForm(chosen.offer, _whom(possible, chosen.on), self.desk.now()),
            lambda given: self._confirm(possible, chosen, seen, given) if given is not None else None,
        )

    def _confirm(self, possible: Possible, chosen: Chosen, seen: str, given: Given) -> None:
        """Say beforehand that something cannot be taken back."""
        from modconsole.screens.dialogs import ConfirmDialog

        info = chosen.offer.info
        if info.undo:
            self._carry_out(possible, chosen, seen, given)
            return
        what = fill(
            "{} {}\nOnce done, nothing takes it back. For {} s, u calls it off.",
            fill("{}: {}.", line(info.act, 40), _whom(possible, chosen.on)),
            line(info.does, 300),
            self.desk.undo_delay // SECOND,
        )
        self.app.push_screen(
            ConfirmDialog(literal("This cannot be undone"), what, fill("{} all the same", line(info.act, 40))),
            lambda yes: self._carry_out(possible, chosen, seen, given) if yes else None,
        )

    def _carry_out(self, possible: Possible, chosen: Chosen, seen: str, given: Given) -> None:
        from modconsole.desk import moderating

        target = {"message": possible.message, "person": possible.person, "conversation": possible.conversation}
        self.say(literal("Asking the platform…"))
        self.work(
            lambda: moderating.moderate(
                self.desk,
                possible.source,
                target[chosen.on],
                chosen.offer.info.act,
                on=chosen.on,
                message=possible.message,
                conversation=possible.conversation,
                reason=given.reason,
                until=given.until,
                label=given.label,
                seen=seen if chosen.on == "message" else None,
                confirmed=True,
            ),
            lambda done: self._moderated(done, chosen, given),
        )

    def _moderated(self, done: Moderated, chosen: Chosen, given: Given) -> None:
        self.console.repeatable = (line(done.act), lambda row: self._repeat(row, chosen, given))
        self.console.read_again()
        if done.state == "queued":
            self.unsay()
            what = past(done.act) if done.on == "message" else fill("{}: {}", on_whom(done), past(done.act))
            self.count_down(done.not_before or 0, what)
            return
        self.after_moderation(done)
        self.say(done_words(done, self.desk.now()))

    def _repeat(self, row: QueueRow, chosen: Chosen, given: Given) -> None:
        """The same act on what another ask is about."""
        from modconsole.desk import moderating
        from modconsole.screens.act_menu import Chosen

        def found(possible: Possible) -> None:
            offers = possible.acts.get(chosen.on, [])
            offer = next((each for each in offers if each.info.act == chosen.offer.info.act and not each.why_not), None)
            if offer is None:
                self.say(fill("{}: that cannot be done here.", line(chosen.offer.info.act, 40)), "warning")
            else:
                self._confirm(possible, Chosen(chosen.on, offer), possible.state, given)

        message = row.messages[0] if row.messages else row.latest
        self.work(lambda: moderating.possible(self.desk, row.source, message), found)

    def after_moderation(self, done: Moderated) -> None:
        """What else follows from an act that was carried out."""


def close(menu: ActMenu) -> None:
    """Take the menu away, unless somebody has left it already."""
    if menu.is_current:
        menu.dismiss(None)


def _whom(possible: Possible, on: On) -> Safe:
    """What an act will be on."""
    if on == "conversation":
        return cut(line(possible.title or possible.conversation, 80), 40)
    name = cut(who(possible.name, possible.handle, possible.person), 40)
    return name if on == "person" else fill("what {} wrote", name)
