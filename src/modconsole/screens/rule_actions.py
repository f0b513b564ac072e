"""What keys do to a rule: let it judge in the shadow, let it act, pause it, and show its versions and its hits.

    class Screen(RuleActions):
        def meant_rule(self) -> RuleState | None: ...       # the rule that commands act on
        def rule_changed(self) -> None: ...                 # it stands differently now

Before a rule acts, what it would have done stands on the screen, and a person with the right says yes to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from modconsole.desk import ruling
from modconsole.domain.safetext import Safe, fill, join, line, literal
from modconsole.screens.base import Base
from modconsole.screens.rule_report import evidence_lines

if TYPE_CHECKING:
    from modconsole.desk.ruling import RuleState
    from modconsole.errors import ModConsoleError
    from modconsole.keys import Command

NEEDS: Final = frozenset({"rule.shadow", "rule.live", "rule.pause", "rule.versions", "rule.hits"})
"""Commands that act on a rule."""


class RuleActions(Base):
    """The commands on a rule."""

    def meant_rule(self) -> RuleState | None:
        """The rule that they act on."""
        return None

    def rule_changed(self) -> None:
        """A rule has another state or text."""

    def refusal(self, command: Command) -> Safe | None:
        """Why a command cannot be done now."""
        if command.id in NEEDS:
            state = self.meant_rule()
            if state is None:
                return literal("There is no rule that is saved under the cursor.")
            return _refused(command.id, state)
        return super().refusal(command)

    # -- shadow and pause ---------------------------------------------------------------------------------------

    def action_shadow(self) -> None:
        """Let it judge and count, and do nothing."""
        state = self.meant_rule()
        if state is not None:
            said = fill("{} judges in the shadow: it counts, and does nothing.", line(state.id, 64))
            self.work(lambda: ruling.set_status(self.desk, state.id, "shadow"), lambda _: self._did(said))

    async def action_pause_rule(self) -> None:
        """Ask why, and stop it."""
        from modconsole.screens.dialogs import LineDialog

        state = self.meant_rule()
        if state is None:
            return

        def given(why: str | None) -> None:
            if why is not None:
                said = fill("{} is paused: {}", line(state.id, 64), line(why, 120))
                self.work(lambda: ruling.pause(self.desk, state.id, why), lambda _: self._did(said))

        self.app.push_screen(LineDialog(fill("Pause {}", line(state.id, 64)), literal("Why?")), given)

    def _did(self, said: Safe) -> None:
        self.console.read_again()
        self.rule_changed()
        self.say(said, "accent")

    # -- going live ---------------------------------------------------------------------------------------------

    def action_live(self) -> None:
        """Show what it would have done, and ask."""
        state = self.meant_rule()
        if state is not None:
            self.work(
                lambda: () if ruling.may_set_live(self.desk) else ruling.load(self.desk).house.may_set_live,
                lambda others: self._may_not(others) if others else self._ask_live(state),
            )

    def _may_not(self, others: Sequence[str]) -> None:
        named = join([line(each, 40) for each in others], literal(", "))
        me = line(self.desk.who, 40)
        self.say(fill("Only {} may set rules live (house.yaml). You are {}.", named, me), "warning")

    def _ask_live(self, state: RuleState) -> None:
        from modconsole.screens.rule_dialogs import EvidenceDialog

        dialog = EvidenceDialog(
            fill("Let {} v{} act", line(state.id, 64), state.version), literal("let it act from now on")
        )
        evidence: dict[str, Any] = {}

        def gathered(found: Mapping[str, Any]) -> None:
            evidence.update(found)
            dialog.tell(evidence_lines(state, found))

        def failed(error: ModConsoleError) -> None:
            if dialog.is_current:
                dialog.dismiss(None)
            self.say_error(error)

        def answered(yes: bool | None) -> None:
            if yes:
                said = fill("{} v{} is live: it acts on what comes in from now on.", line(state.id, 64), state.version)
                self.work(
                    lambda: ruling.go_live(self.desk, state.id, state.version, evidence), lambda _: self._did(said)
                )

        self.app.push_screen(dialog, answered)
        self.work(lambda: self.evidence(state), gathered, failed)

    def evidence(self, state: RuleState) -> Mapping[str, Any]:
        """What it would have done to all that is stored; in a thread."""
        from modconsole.desk import rule_trials

        return rule_trials.evidence(self.desk, state)

    # -- looking ------------------------------------------------------------------------------------------------

    def action_versions(self) -> None:
        """Its versions."""
        from modconsole.screens.rule_versions import VersionsScreen

        state = self.meant_rule()
        if state is not None:
            self.app.push_screen(VersionsScreen(state.id, self.rule_changed))

    def action_hits(self) -> None:
        """What it hit."""
        from modconsole.screens.rule_hits import HitsScreen

        state = self.meant_rule()
        if state is not None:
            self.app.push_screen(HitsScreen(state.id, state.name))


def _refused(command: str, state: RuleState) -> Safe | None:
    """What makes no sense for a rule as it stands."""
    if command in ("rule.shadow", "rule.live") and state.effective == "broken":
        return literal("It cannot be read: Enter shows what is wrong.")
    if command == "rule.shadow" and state.effective == "shadow":
        return literal("It judges in the shadow already.")
    if command == "rule.live" and state.effective == "expired":
        return literal("Its time is over: change `expires` first.")
    if command == "rule.live" and state.effective == "live" and state.live_version == state.version:
        return literal("It is live already.")
    if command == "rule.pause" and state.effective in ("draft", "paused", "expired"):
        return literal("It does nothing now.")
    return None
