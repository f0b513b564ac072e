"""Beginning a rule: its first text, and the schema by which editors help to write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modconsole.policy import jsonschema, write


def new_text(ident: str, name: str = "", words: Sequence[str] = (), *, owner: str = "") -> str:
    """The text of a draft to begin with."""
    return write.new_rule(ident, name, words=words, owner=owner)


def schema() -> dict[str, Any]:
    """The JSON Schema of rule files."""
    return jsonschema.schema()
