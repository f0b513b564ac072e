"""Acts on a message on its platform: a menu of those that make sense for it, each with what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modconsole.domain.safetext import Safe, cut, fill, line, literal
from modconsole.screens.base import Base

if TYPE_CHECKING:
    from modconsole import keys
    from modconsole.desk.moderating import Moderated, Moderation

FITTING: Final[dict[str, tuple[str, ...]]] = {
    "live": ("hold", "spam", "trash"),
    "held": ("approve", "spam", "trash"),
    "hidden": ("approve", "trash"),
    "spam": ("restore", "trash"),
    "removed": ("restore",),
}
"""Which acts make sense for a message in a state, the usual one first. What is deleted is out of reach."""

DONE: Final[dict[str, Safe]] = {
    "approve": literal("Approved: everybody can see it. u undoes it."),
    "hold": literal("Held: nobody else sees it. u undoes it."),
    "spam": literal("Marked as spam. u undoes it."),
    "trash": literal("In the trash. u undoes it."),
    "restore": literal("Restored. u undoes it."),
}


@dataclass(frozen=True)
class Target:
    """A message as the moderator sees it: where it is, in which state, and by whom."""

    source: str
    message: str
    state: str
    author: Safe


class ModerateActions(Base):
    """Adds `m` to a screen that can say which message is meant."""

    def moderated(self) -> Target | None:
        """The message under the cursor."""
        return None

    def refusal(self, command: keys.Command) -> Safe | None:
        """Why a command cannot be done now."""
        if command.id == "message.moderate" and self.moderated() is None:
            return literal("There is no message under the cursor.")
        return super().refusal(command)

    def action_moderate(self) -> None:
        """Ask the desk what can be done there, and offer it."""
        from modconsole.desk import moderating  # it knows the platforms, which take a while to import

        target = self.moderated()
        if target is None:
            return
        if target.state not in FITTING:
            self.say(literal("It is gone on the platform: nothing can be done to it any more."), "warning")
            return
        self.work(lambda: moderating.able(self.desk, target.source), lambda able: self._choose(target, able))

    def _choose(self, target: Target, able: frozenset[str]) -> None:
        from modconsole.desk import moderating
        from modconsole.screens.dialogs import Answer, Menu

        told = dict(moderating.ACTS)
        answers: list[Answer[Moderation]] = [
            Answer(str(at), line(act), act, line(told[act]))
            for at, act in enumerate((a for a, _ in moderating.ACTS if a in FITTING[target.state] and a in able), 1)
        ]
        if not answers:
            place = line(target.source, 40)
            self.say(fill("Nobody is signed in to {}, or its platform has no such acts.", place), "warning")
            return
        title = fill("Moderate what {} wrote, on the platform", cut(target.author, 40))
        self.app.push_screen(Menu(title, answers), lambda act: self._carry_out(target, act) if act else None)

    def _carry_out(self, target: Target, act: Moderation) -> None:
        from modconsole.desk import moderating

        self.say(literal("Asking the platform…"))
        self.work(
            lambda: moderating.moderate(self.desk, target.source, target.message, act, seen=target.state),
            self._moderated,
        )

    def _moderated(self, done: Moderated) -> None:
        self.console.read_again()
        self.after_moderation(done)
        self.say(DONE[done.act])

    def after_moderation(self, done: Moderated) -> None:
        """What else follows from an act that was carried out."""
