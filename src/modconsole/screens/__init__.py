"""The screens: one file each, all of them `base.Base` with a body.

- `base`          header, body, ribbon, footer; running commands; work in threads
- `wording`       ages, names and places as lists show them: gated text out of raw rows
- `queue`         home: who waits, most urgent first
- `inbox`         all conversations, newest first
- `search`        messages by their words
- `sources`       what each source can vouch for
- `outbox`        replies on their way
- `help`          the keys, from the key table
- `palette`       any command by its name

A screen shows what the desk gives it and calls what the desk can do; it knows neither store nor platform.
"""

from __future__ import annotations
