"""A house with rules, for tests: files in the folder beside the database."""

from __future__ import annotations

from modconsole.desk.desk import Desk

HOUSE = """\
title: The rules of Lanternfish
intro: Be kind.
guidelines: https://lanternfish.example/rules
may set live: [ann]
strikes last: 30 days
appeals: Write to appeals@lanternfish.example.
ladder:
  - {strikes: 2, do: {mute: {for: 7 days}}}
  - {strikes: 3, do: {ban: {for: 30 days}}, automatic: true}
"""

GIVEAWAY = """\
id: crypto-giveaway
name: airdrop scammers, strict
status: live
select:
  words:
    body (word): [giveaway, airdrop]
do:
  - remove
public: |
  No giveaways,
  no airdrops.
section: Advertising
tests:
  - hit: free airdrop
  - miss: hello
"""

RUDE = """\
id: rude
name: insults
status: shadow
select:
  words:
    body: [idiot]
do: [flag]
public: Do not be rude.
"""


def furnish(desk: Desk, **files: str) -> None:
    """Write files of rules: `giveaway="…"` is `giveaway.yaml`. Without any, the house with one rule in each state."""
    desk.rules.mkdir(exist_ok=True)
    for name, text in (files or {"house": HOUSE, "giveaway": GIVEAWAY, "rude": RUDE}).items():
        (desk.rules / f"{name}.yaml").write_text(text, "utf-8")
