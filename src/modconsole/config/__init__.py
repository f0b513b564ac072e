"""Where things are kept on this machine: nothing here knows what they are for.

- `paths`     the folder of the database, settings, logs and secrets
- `secrets`   application passwords and tokens: keyring, owner-only file, or environment
"""

from __future__ import annotations
