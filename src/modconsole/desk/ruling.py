"""The rules of the house, for screens and commands: everything about them under one name.

rule_states   what there is, how each stands, writing files
rule_powers   letting a rule judge, act, and stop
rule_history  versions, differences, who wrote what, going back
verdicts      what rules hit and did, proposals, conflicts
accepting     a rule applied to what was here before it
rule_explain  why a rule hits a message, or does not
rule_digest   what happened since yesterday
"""

from __future__ import annotations

from modconsole.desk.accepting import Applied, apply
from modconsole.desk.rule_digest import Digest, RuleDay, digest, judging
from modconsole.desk.rule_explain import Explained, ExplainedCheck, ExplainedRule, ExplainedSelection, explain
from modconsole.desk.rule_history import BlameLine, RolledBack, blame, diff, rollback, since, version, versions
from modconsole.desk.rule_powers import go_live, may_set_live, pause, set_status
from modconsole.desk.rule_states import (
    RuleState,
    action_words,
    book,
    digest_of,
    listing,
    load,
    rule_state,
    rules_folder,
    save,
    settle,
    write_file,
)
from modconsole.desk.verdicts import (
    Conflicting,
    Hit,
    Proposal,
    accept,
    can_take_back,
    conflicts,
    decline,
    hits,
    offered,
    on_message,
    proposals,
    take_back,
)
from modconsole.store.rule_acts import Placed, RuleAct
from modconsole.store.rules import Version

__all__ = [
    "Applied",
    "BlameLine",
    "Conflicting",
    "Digest",
    "Explained",
    "ExplainedCheck",
    "ExplainedRule",
    "ExplainedSelection",
    "Hit",
    "Placed",
    "Proposal",
    "RolledBack",
    "RuleAct",
    "RuleDay",
    "RuleState",
    "Version",
    "accept",
    "action_words",
    "apply",
    "blame",
    "book",
    "can_take_back",
    "conflicts",
    "decline",
    "diff",
    "digest",
    "digest_of",
    "explain",
    "go_live",
    "hits",
    "judging",
    "listing",
    "load",
    "may_set_live",
    "offered",
    "on_message",
    "pause",
    "proposals",
    "rollback",
    "rule_state",
    "rules_folder",
    "save",
    "set_status",
    "settle",
    "since",
    "take_back",
    "version",
    "versions",
    "write_file",
]
