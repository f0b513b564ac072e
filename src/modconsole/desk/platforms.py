"""What the writer of a reply must know of a platform: how long it may be, and how the platform counts.

Figures are the connectors' own (`connectors.base.Capabilities`). A connector is imported when it is first asked about, and
only where this build has it: an unknown platform has no known limit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from msgspec import Struct

from modconsole.connectors.base import Capabilities, as_written
from modconsole.domain.lengths import LengthUnit, length
from modconsole.errors import InputError
from modconsole.sync import registry


class Limit(Struct, frozen=True, kw_only=True):
    """The longest reply. `most` is None where no limit is known."""

    most: int | None = None
    unit: LengthUnit = "characters"
    counted: Callable[[str], str] = as_written
    """The text as it is sent: where a platform counts markup, that is longer than what was written."""

    def used(self, text: str) -> int:
        """How much of the limit a text takes."""
        return length(self.counted(text), self.unit)


@cache
def limit(platform: str) -> Limit:
    """The longest reply on a platform. The first call for one may take a quarter of a second: it loads the connector."""
    if platform.startswith("demo-"):
        from modconsole.connectors import demo, demo_community

        place = demo.PLATFORMS.get(platform)
        return Limit(most=demo_community.script(place).settings.get("max_length")) if place is not None else Limit()
    try:
        found = getattr(registry.module(platform), "CAPABILITIES", None)
    except InputError:
        return Limit()
    if not isinstance(found, Capabilities):
        return Limit()
    return Limit(most=found.max_length, unit=found.length_unit, counted=found.counted)
