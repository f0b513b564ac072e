"""The texts that rules suggest for a reply: what is offered below it, what was put in, and that it was used."""

from __future__ import annotations

from modconsole.desk import composing
from modconsole.desk.composing import Proposal
from modconsole.desk.desk import Desk
from modconsole.domain.safetext import fill, fit, line, literal
from modconsole.screens.wording import SPACE
from modconsole.widgets.plain import Piece


class Suggested:
    """Of one reply. A text that was put in counts as used when the reply goes out, and is offered no more."""

    def __init__(self) -> None:
        self.offers: list[Proposal] = []
        self._taken: list[Proposal] = []

    def _next(self) -> Proposal | None:
        taken = {each.id for each in self._taken}
        return next((each for each in self.offers if each.id not in taken), None)

    def lines(self, width: int) -> list[list[Piece]]:
        """The next one, as it stands below the reply; nothing where there is none."""
        offer = self._next()
        if offer is None:
            return []
        said = fill("rule {} suggests \u201c{}\u201d", line(offer.rule, 40), line(offer.value, 200))
        return [[(SPACE, ""), (literal("ctrl+t"), "accent"), (SPACE, ""), (fit(said, max(10, width - 7)), "dim")]]

    def take(self) -> str | None:
        """The next text, to be put in; None where there is none."""
        offer = self._next()
        if offer is None:
            return None
        self._taken.append(offer)
        return offer.value

    def used(self, desk: Desk) -> None:
        """The reply has gone out, with what was put in."""
        for offer in self._taken:
            composing.used(desk, offer)
