"""Plain data and pure functions: no clock, no disk, no network, no screen. Time is an argument.

- `times`     instants (integer microseconds since 1970, UTC) and their spelling
- `records`   the exchange format, record by record
- `exchange`  one line of the exchange format in, one record out, with errors that name the key
- `order`     the order of messages within a conversation
- `waiting`   who is waiting, since when, and why: the heart
- `safetext`  strangers' text made safe to show
"""

from __future__ import annotations
