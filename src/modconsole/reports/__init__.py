"""Numbers over time, and the receipt of a sweep.

- `receipt`  who was answered, who was not, and what cannot be said
"""

from __future__ import annotations
