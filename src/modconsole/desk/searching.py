"""Messages by their words, page by page."""

from __future__ import annotations

from modconsole.desk.desk import Desk
from modconsole.store import lists
from modconsole.store.lists import Hit

__all__ = ["Hit", "SearchPager"]


class SearchPager:
    """Messages that hold all the words, the latest stored first."""

    def __init__(self, desk: Desk, words: str) -> None:
        self.desk, self.words = desk, words

    def count(self) -> int:
        """How many there are."""
        return lists.search_size(self.desk.db, self.words)

    def first(self, n: int) -> list[Hit]:
        """The latest ones."""
        return lists.search(self.desk.db, self.words, n)

    def last(self, n: int) -> list[Hit]:
        """The earliest ones."""
        return lists.search(self.desk.db, self.words, n, backwards=True)

    def after(self, key: tuple[int], n: int) -> list[Hit]:
        """Earlier ones than a key."""
        return lists.search(self.desk.db, self.words, n, after=key[0])

    def before(self, key: tuple[int], n: int) -> list[Hit]:
        """Later ones than a key, in list order."""
        return lists.search(self.desk.db, self.words, n, before=key[0])

    def position(self, key: tuple[int]) -> int | None:
        """Unknown: counting up to a key would cost what the list is long."""
        return None
