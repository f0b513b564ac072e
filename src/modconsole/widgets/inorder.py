"""`KeysInOrder`: a key is handed out when the one before it has done its work.

Textual gives every key to whatever has the focus when it arrives, and runs a key's binding later, when the key has
bubbled up to the app. Keys that arrive together, as they do on a slow line or when somebody types ahead, are therefore
all given to the same widget: after `/` or `r` the words that were meant for the line or the composer would run
commands. Here the next key waits until the key before it has bubbled, its binding has run, and a screen that it
opened is there.

    class ModConsole(DiffDisplay, KeysInOrder, App[int]): ...

How it is known that a key is done: queues are first in, first out, so a message that is sent after the key along its
way comes out behind it.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.screen import Screen

    _App = App[Any]
else:
    _App = object

LONGEST: Final = 1.0
"""Seconds after which a key is not waited for any longer."""


class KeysInOrder(_App):
    """Mixin for an `App`; must come before it in the list of bases."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._typed: deque[events.Key] = deque()
        self._since: float | None = None
        self.typed_at = float("-inf")
        """When the last key came, on the monotonic clock, in seconds."""

    async def on_event(self, event: events.Event) -> None:
        """Textual's call for each event."""
        if isinstance(event, events.Key):
            self.typed_at = time.monotonic()
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._since is None or time.monotonic() - self._since > LONGEST:
            await self._hand_out(event)
        else:
            if not self._typed:
                self.set_timer(LONGEST, self._waited)
            self._typed.append(event)

    async def _hand_out(self, event: events.Key) -> None:
        self._since = time.monotonic()
        screen = self.screen
        way: MessagePump | None = self.focused or screen
        await super().on_event(event)
        self._follow(way, screen)

    def _follow(self, way: MessagePump | None, screen: Screen[Any]) -> None:
        """Go behind the key through the queues of all that it bubbles through."""
        while way is not None and way is not self:
            above = way._parent
            if way.is_running and way.call_later(self._follow, above, screen):
                return
            way = above
        self.call_later(self._bubbled, screen)

    async def _bubbled(self, screen: Screen[Any]) -> None:
        """The key has run its binding. A screen that it opened gets ready first."""
        if self.screen is screen or not self.screen.call_after_refresh(self.call_later, self._next):
            await self._next()

    async def _next(self) -> None:
        self._since = None
        if self._typed:
            await self._hand_out(self._typed.popleft())

    async def _waited(self) -> None:
        """Something on the way of a key has gone without a word: what was typed after it must not be lost."""
        if self._typed and self._since is not None and time.monotonic() - self._since >= LONGEST:
            await self._next()
        if self._typed:
            self.set_timer(LONGEST, self._waited)
