"""What can be done on Bluesky, in words: by every account, and by those on the team of an Ozone service."""

from __future__ import annotations

from modconsole.connectors.acts import ActInfo

REASONS = ("spam", "violation", "misleading", "sexual", "rude", "other")
"""What a post or an account can be reported for (lexicon `com.atproto.moderation.defs`)."""
_OURS = "the author of the thread"

ACTS: tuple[ActInfo, ...] = (
    ActInfo(
        "hide",
        "message",
        "Hides the reply for everybody at the bottom of our thread, behind “hidden replies”; it no longer notifies us.",
        undo="shown again",
        fits=frozenset(("live", "held")),
        whose="theirs",
        right=_OURS,
    ),
    ActInfo(
        "unhide",
        "message",
        "Shows a reply in our thread that was hidden.",
        undo="hidden again",
        fits=frozenset(("hidden",)),
        whose="theirs",
        right=_OURS,
    ),
    ActInfo(
        "lock",
        "conversation",
        "Closes our thread: nobody can reply to it any more, and what is there stays.",
        undo="opened to those who could reply before",
        right=_OURS,
    ),
    ActInfo(
        "unlock",
        "conversation",
        "Opens our thread to everybody's replies.",
        undo="closed again to those it was closed to",
        right=_OURS,
    ),
    ActInfo(
        "remove",
        "message",
        "Deletes a post of ours from our repository.",
        undo="written again at the same address, with its likes and replies; not where it has pictures or a film",
        takes=frozenset(("reason",)),
        fits=frozenset(("live", "held", "hidden")),
        whose="ours",
    ),
    ActInfo(
        "restore",
        "message",
        "Writes a post of ours that was deleted from here again, at the same address.",
        undo="deleted again",
        fits=frozenset(("removed",)),
        whose="ours",
    ),
    ActInfo(
        "mute",
        "person",
        "Mutes the account for us: it no longer notifies us, and nobody is told.",
        undo="unmuted",
    ),
    ActInfo("unmute", "person", "Unmutes the account.", undo="muted again"),
    ActInfo(
        "block",
        "person",
        "Blocks the account: neither sees or answers the other, and everybody can see that we block it.",
        undo="unblocked; what it followed of ours it has to follow anew",
    ),
    ActInfo("unblock", "person", "Takes our block off the account.", undo="blocked again"),
    ActInfo(
        "report",
        "message",
        "Reports the post to the moderation service, by default Bluesky's own.",
        takes=frozenset(("reason", "label")),
        needs=frozenset(("label",)),
        choices=REASONS,
        whose="theirs",
    ),
    ActInfo(
        "report",
        "person",
        "Reports the account to the moderation service, by default Bluesky's own.",
        takes=frozenset(("reason", "label")),
        needs=frozenset(("label",)),
        choices=REASONS,
    ),
)

_MODERATOR = "a moderator of the Ozone team"
TEAM = "a member of the Ozone team"

OZONE: tuple[ActInfo, ...] = (
    ActInfo(
        "label",
        "message",
        "Puts a label of our Ozone service on the post; those who subscribe to it see or hide the post accordingly.",
        undo="the label is taken off again",
        takes=frozenset(("reason", "label")),
        needs=frozenset(("label",)),
        right=_MODERATOR,
    ),
    ActInfo(
        "unlabel",
        "message",
        "Takes a label of our Ozone service off the post.",
        undo="the label is put on again",
        takes=frozenset(("reason", "label")),
        needs=frozenset(("label",)),
        right=_MODERATOR,
    ),
    ActInfo(
        "label",
        "person",
        "Puts a label of our Ozone service on the account, and so on all that it writes.",
        undo="the label is taken off again",
        takes=frozenset(("reason", "label")),
        needs=frozenset(("label",)),
        right=_MODERATOR,
    ),
    ActInfo(
        "unlabel",
        "person",
        "Takes a label of our Ozone service off the account.",
        undo="the label is put on again",
        takes=frozenset(("reason", "label")),
        needs=frozenset(("label",)),
        right=_MODERATOR,
    ),
    ActInfo(
        "remove",
        "message",
        "Takes the post down through Ozone, for good or until the time given: nobody sees it on Bluesky; ours is deleted.",
        undo="the takedown is reversed; a post of ours is written again, unless it has pictures or a film",
        takes=frozenset(("reason", "until")),
        fits=frozenset(("live", "held", "hidden")),
        right=_MODERATOR,
    ),
    ActInfo(
        "restore",
        "message",
        "Reverses the takedown of the post; a post of ours that was deleted from here is written again.",
        undo="taken down, or deleted, again",
        takes=frozenset(("reason",)),
        fits=frozenset(("removed",)),
        right=_MODERATOR,
    ),
    ActInfo(
        "ban",
        "person",
        "Takes the account down through Ozone: nobody sees it or what it wrote, for good or until the time given.",
        undo="the takedown is reversed",
        takes=frozenset(("reason", "until")),
        right=_MODERATOR,
    ),
    ActInfo(
        "unban",
        "person",
        "Reverses the takedown of the account.",
        undo="taken down again, for good",
        takes=frozenset(("reason",)),
        right=_MODERATOR,
    ),
    ActInfo(
        "acknowledge",
        "message",
        "Closes the reports on the post in Ozone without doing anything to it.",
        takes=frozenset(("reason",)),
        right=TEAM,
    ),
    ActInfo(
        "acknowledge",
        "person",
        "Closes the reports on the account in Ozone without doing anything to it.",
        takes=frozenset(("reason",)),
        right=TEAM,
    ),
    ActInfo(
        "escalate",
        "message",
        "Puts the post before the senior moderators in Ozone.",
        takes=frozenset(("reason",)),
        right=TEAM,
    ),
    ActInfo(
        "escalate",
        "person",
        "Puts the account before the senior moderators in Ozone.",
        takes=frozenset(("reason",)),
        right=TEAM,
    ),
)
"""What Ozone adds. `remove` and `restore` stand for those of `bluesky_acts` as well, which hold for our own posts."""


def offered(ozone: tuple[ActInfo, ...]) -> tuple[ActInfo, ...]:
    """All acts, those of Ozone in the place of ours of the same name: they do ours as well."""
    theirs = {(info.act, info.on) for info in ozone}
    return (*(info for info in ACTS if (info.act, info.on) not in theirs), *ozone)
