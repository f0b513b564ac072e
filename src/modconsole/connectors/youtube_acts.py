"""Moderation acts on YouTube: `comments.setModerationStatus`, and deleting what is ours.

A status can be set to published, held for review and rejected; `likelySpam` is given by YouTube alone, so approving
such a comment is undone by holding it. After an act the comment is not asked for its state (YouTube does not tell it
by id, and lists lag): that the call was accepted says what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from modconsole.connectors.acts import Act, Done, Order, Undo
from modconsole.connectors.youtube_api import Api
from modconsole.connectors.youtube_map import STATUSES, Comment, Thread, message
from modconsole.connectors.youtube_reader import Reader
from modconsole.domain.records import Message, State
from modconsole.errors import Gone, NotDone, OutcomeUnknown, PlatformError, Refused

GOALS: dict[Act, State] = {"approve": "live", "hold": "held", "remove": "removed", "ban": "removed"}
BACK: dict[State, Act] = {"live": "approve", "held": "hold", "spam": "hold", "removed": "remove", "hidden": "approve"}
WORDS: dict[State, str] = {"live": "published", "held": "held for review", "removed": "rejected"}


class Acts:
    """Carries acts out, for one signed-in channel."""

    def __init__(self, api: Api, reader: Reader, clock: Callable[[], int]) -> None:
        self.api = api
        self.reader = reader
        self.clock = clock

    def carry_out(self, order: Order) -> Done:
        """One act. Doing it twice does no more than doing it once. Raises `Refused` for what YouTube does not have,
        `Gone`.
        """
        goal = GOALS.get(order.act)
        if goal is None or order.on != "message":
            raise Refused("YouTube has no such act.", hint="Do it in YouTube Studio.", code="unsupported")
        comment = self.reader.one(order.target)
        thread, was = self.reader.standing(comment, self.clock())
        if comment.author == self.reader.channel and order.act in ("remove", "ban"):
            return self._delete(comment, thread)
        if was == goal and order.act != "ban":
            return Done((self._record(comment, thread, was),), note=f"It was {WORDS[goal]} already.")
        try:
            self.api.moderate(comment.id, STATUSES[goal], ban=order.act == "ban")
        except OutcomeUnknown:  # setting a status again does no harm
            self.api.moderate(comment.id, STATUSES[goal], ban=order.act == "ban")
        undo = None if order.act == "ban" else Undo(BACK[was])
        note = ""
        if order.act == "ban":
            note = "The ban is taken back in YouTube Studio only, under Settings, Community."
        elif was == "spam":
            note = "Undoing holds it for review: only YouTube itself can call a comment likely spam."
        return Done(self._after(comment, thread, goal), undo, note)

    def _delete(self, comment: Comment, thread: Thread) -> Done:
        """Delete a comment of ours. A lost answer is settled by looking."""
        try:
            self.api.delete(comment.id)
        except OutcomeUnknown:
            with suppress(Gone):
                self.reader.one(comment.id)
                raise NotDone("YouTube did not delete the comment.", hint="Try again.") from None
        except Gone:
            pass  # somebody else was faster
        return Done((self._record(comment, thread, "deleted"),), note="It is deleted for good.")

    def _after(self, comment: Comment, thread: Thread, goal: State) -> tuple[Message, ...]:
        """The comment, and where it is a top comment its replies: they go out of sight and come back with it."""
        records = [self._record(comment, thread, goal)]
        if comment.snippet.parent_id is None:
            if goal == "live":
                with suppress(PlatformError):  # what cannot be read now comes with the next pull
                    self.reader.fill(thread)
            for reply in thread.replies:
                said = reply.snippet.moderation_status
                if said in (None, "published"):
                    records.append(self._record(reply, thread, "live" if goal == "live" else "hidden"))
        return tuple(records)

    def _record(self, comment: Comment, thread: Thread, state: State) -> Message:
        return message(comment, thread.conversation, thread.before(comment), state, self.reader.source, self.clock())
