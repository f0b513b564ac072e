"""The screens: one file each, all of them `base.Base` with a body.

- `base`          header, body, ribbon, footer; running commands; work in threads
- `wording`       ages, names and places as lists show them: gated text out of raw rows
- `queue`         home: who waits, most urgent first
- `inbox`         all conversations, newest first
- `search`        messages by their words
- `sources`       what each source can vouch for
- `outbox`        replies and moderation acts on their way
- `conversation`  what was said (`talk`: what belongs to which message; `messages`: how one looks)
- `composer`      writing a reply; `editor`: in one's own editor
- `ask_actions`   what keys do to the ask under the cursor, for every screen that has one; `dialogs`: what they ask first
- `moderate`      acts on a message, its author, its place; `act_menu`, `act_form`, `act_words`: what they are, take and did
- `counting`      the seconds in which something can be called off
- `why`, `versions`  the proof in words; what edits changed
- `saying`, `whens`, `browser`  sentences about what has happened; times as typed; opening links
- `help`          the keys, from the key table
- `palette`       any command by its name

A screen shows what the desk gives it and calls what the desk can do; it knows neither store nor platform.
"""

from __future__ import annotations
