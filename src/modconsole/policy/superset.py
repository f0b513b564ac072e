"""Expressions without a literal, for RE2: many at once, in time linear in the text, allowing at least what they allow.

A match here only says that the expression itself has to be tried. RE2 knows no Unicode in `\\b`, `\\w`, `\\d` and `\\s`, folds
case differently in four characters and has no look-around, so an expression is not handed over but written anew from its tree:
characters outside ASCII count as whatever is asked for unless they are known one by one, and what has no width is left out.

Texts are joined with newlines, so `^` and `$` are those of lines: more places than the expression means, never fewer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Final

from modconsole.policy.expressions import WRITTEN, Anchor, Anything, Branch, Chars, Node, Repeat, Unclear, parse

__all__ = ["Superset", "superset", "translated"]

_CANARY: Final = "\n\x02\x03\x02"
"""Put at the end of every text, and looked for: RE2 answers "no match" also where it ran out of memory."""
_STEPWISE: Final = 3
"""Of so many that may match in a group of texts it is asked one by one in which; of more, each text is asked about all."""
_MEMORY: Final = 128 << 20


def superset(item: str, *, anchored: bool = True, ignore_case: bool = True) -> str | None:
    """An RE2 expression that matches in every text in which an expression of a rule does; None where there is none.

    `anchored`: `^` and `$` mean the beginning and the end of a line; else they may be anywhere. With `ignore_case` false fewer
    characters are let through.
    """
    try:
        return translated(parse(item, ignore_case=ignore_case), anchored=anchored)
    except Unclear:
        return None


def translated(node: Node, *, anchored: bool = True) -> str:
    """An RE2 expression that matches wherever the tree's does."""
    if isinstance(node, Chars):
        return _chars(node)
    if isinstance(node, Anchor):
        return ("(?m:$)" if node.end else "(?m:^)") if anchored else ""
    if isinstance(node, Anything):
        return "(?s:.*)"
    if isinstance(node, Branch):
        return "(?:" + "|".join(translated(part, anchored=anchored) for part in node.parts) + ")"
    if isinstance(node, Repeat):
        return _repeat(node, anchored)
    return "".join(translated(part, anchored=anchored) for part in node.parts)


def _repeat(node: Repeat, anchored: bool) -> str:
    inner = f"(?:{translated(node.part, anchored=anchored)})"
    least = min(node.least, WRITTEN)
    if node.most is None or node.most > WRITTEN:
        return inner + ("*" if least == 0 else "+" if least == 1 else f"{{{least},}}")
    return inner + ("?" if (least, node.most) == (0, 1) else f"{{{least},{node.most}}}")


def _chars(node: Chars) -> str:
    if len(node.ascii) == 128 and node.others is None:
        return "(?s:.)"
    listed = "".join(f"\\x{ord(char):02x}" for char in node.ascii)
    if node.others is None:
        return f"[{listed}\\x{{80}}-\\x{{10FFFF}}]"
    listed += "".join(
        f"\\x{{{first:x}}}" if first == last else f"\\x{{{first:x}}}-\\x{{{last:x}}}"
        for first, last in _ranges(node.others)
    )
    return f"[{listed}]" if listed else "[^\\x00-\\x{10FFFF}]"


def _ranges(chars: str) -> Iterator[tuple[int, int]]:
    """Characters as stretches of code points."""
    codes = sorted(set(map(ord, chars)))
    first = 0
    for at, code in enumerate(codes, 1):
        if at == len(codes) or codes[at] != code + 1:
            yield codes[first], code
            first = at


def _options() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


class Superset:
    """Expressions made ready, each with the caller's number."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self.numbers: list[int] = []
        """Those of the caller, in order."""
        self._set: Any = None
        self._alone: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, number: int, tree: Node) -> bool:
        """Take one in; false where RE2 does not take it."""
        import re2

        written = translated(tree)
        try:
            re2.compile(written, _options())
        except re2.error:
            return False
        self._written.append(written)
        self.numbers.append(number)
        self._set = None
        return True

    def withdraw(self, number: int) -> bool:
        """Leave the last one out again."""
        if self.numbers[-1:] == [number]:
            self.numbers.pop()
            self._written.pop()
            self._set = None
            return True
        return False

    def places(self, texts: Sequence[str]) -> Iterator[tuple[int, Iterable[int]]]:
        """Numbers of texts, from 0, each with the numbers of those that may match in it."""
        together = "\n".join(texts)
        fired = self.fires(together)
        if fired is None or len(fired) > _STEPWISE:
            for number, text in enumerate(texts):
                alone = self.fires(text)
                yield number, self.numbers if alone is None else alone
        elif fired:
            starts = list(accumulate([len(text.encode()) + 1 for text in texts], initial=0))
            for each in fired:
                for number in self._steps(self._one(each), together.encode(), starts):
                    yield number, (each,)

    def _steps(self, search: Any, joined: bytes, starts: list[int]) -> Iterator[int]:
        """The texts in which one of them begins to match; a match may go on into the next text, which is then tried as well."""
        found = search(joined)
        while found is not None:
            number = bisect_right(starts, found.start()) - 1
            yield number
            if number + 2 == len(starts):
                return
            found = search(joined, starts[number + 1])

    def _one(self, number: int) -> Any:
        """One of them alone."""
        search = self._alone.get(number)
        if search is None:
            import re2

            search = self._alone[number] = re2.compile(self._written[self.numbers.index(number)], _options()).search
        return search

    def fires(self, text: str) -> list[int] | None:
        """The numbers of those that may match; None where that is not known, so all may."""
        made = self._made()
        try:
            matched = made.Match((text + _CANARY).encode())
        except UnicodeEncodeError:  # a lone surrogate
            return None
        if not matched or len(self.numbers) not in matched:
            return None
        numbers = self.numbers
        return [numbers[each] for each in matched if each < len(numbers)]

    def _made(self) -> Any:
        if self._set is None:
            import re2

            made = re2.Set.SearchSet(_options())
            for each in self._written:
                made.Add(each)
            made.Add("\\x02\\x03\\x02")
            made.Compile()
            self._set = made
        return self._set
