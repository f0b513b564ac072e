"""What the writer of a reply must know of a platform: how long it may be, and how the platform counts.

Figures are the connectors' own (`connectors.base.Capabilities`). A connector is imported when it is first asked about, and
only where this build has it: an unknown platform has no known limit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

from msgspec import Struct

Unit = Literal["characters", "bytes"]


class Limit(Struct, frozen=True, kw_only=True):
    """The longest reply. `most` is None where no limit is known."""

    most: int | None = None
    unit: Unit = "characters"
    counted: Callable[[str], str] = str
    """The text as it is sent: where a platform counts markup, that is longer than what was written."""

    def used(self, text: str) -> int:
        """How much of the limit a text takes."""
        sent = self.counted(text)
        return len(sent.encode("utf-8", "surrogatepass")) if self.unit == "bytes" else len(sent)


@cache
def limit(platform: str) -> Limit:
    """The longest reply on a platform. The first call for one may take a quarter of a second: it loads the connector."""
    if platform == "wordpress":
        from modconsole.connectors import wordpress, wordpress_map

        most = wordpress.CAPABILITIES.max_length
        return Limit(most=most, unit="bytes", counted=wordpress_map.to_send)
    if platform.startswith("demo-"):
        from modconsole.connectors import demo, demo_community

        place = demo.PLATFORMS.get(platform)
        if place is not None:
            return Limit(most=demo_community.script(place).settings.get("max_length"))
    return Limit()
