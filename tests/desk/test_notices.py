"""What members are told of a rule: guidelines with versions, and notices in the same words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from modconsole.desk import drafts, guidelines, notices, platforms, ruling
from modconsole.desk.desk import Desk
from modconsole.domain.times import DAY
from modconsole.errors import Conflict, InputError, NotFound, UsageError
from modconsole.policy.guidelines import LONGEST_REASON
from modconsole.policy.model import Match, Verdict
from modconsole.store import lists, rules, verdicts
from modconsole.sync.rule_orders import reason_of
from tests.desk.house import GIVEAWAY, HOUSE, RUDE, furnish
from tests.scenarios.story import Story

Sit = Callable[..., Desk]


def live(desk: Desk, rule: str, version: int = 1) -> None:
    """As if somebody with the right had set it live."""
    ruling.load(desk)
    rules.set_live(desk.db, rule, version, "ann", desk.now(), {})


@pytest.fixture
def desk(sit: Sit) -> Desk:
    """A desk where somebody has written in public and in private."""
    told = Story(conversation="post").message("m1", "bob", "9:00", "get your airdrop here", title="Release 2.1")
    told.message("r1", "us", "9:05", "No.")
    told.then(Story("dm", source="chat", conversation="d").message("x1", "bob", "2 9:20", "free *airdrop*\nhere"))
    found = sit(told)
    furnish(found)
    return found


# -- guidelines ---------------------------------------------------------------------------------------------------------------


def test_only_rules_that_act_are_told_to_members(desk: Desk) -> None:
    """`status: live` in a file that nobody has set live is not enough."""
    assert guidelines.page(desk).rules == ()
    live(desk, "crypto-giveaway")
    found = guidelines.page(desk)
    assert found.rules == ("crypto-giveaway",)
    assert "No giveaways, no airdrops." in found.markdown
    assert guidelines.page(desk, drafts=True).rules == ("crypto-giveaway", "rude")


def test_members_are_told_the_words_that_are_in_force(desk: Desk) -> None:
    """Not those of a file that has changed since."""
    live(desk, "crypto-giveaway")
    furnish(desk, giveaway=GIVEAWAY.replace("no airdrops", "no lotteries"))
    assert "no airdrops" in guidelines.page(desk).markdown
    live(desk, "crypto-giveaway", 2)
    assert "no lotteries" in guidelines.page(desk).markdown


def test_publishing_records_a_version_and_the_same_page_is_none(desk: Desk) -> None:
    """Its number and day are at its foot; the Markdown that is kept has neither."""
    live(desk, "crypto-giveaway")
    assert not guidelines.page(desk).is_published
    page, new = guidelines.publish(desk)
    assert page.last is not None
    assert (new, page.last.version, page.footer, page.changes) == (True, 1, "Version 1, 2026-03-02", ())
    assert "<p>Version 1, 2026-03-02</p>" in page.html
    again, new = guidelines.publish(desk)
    assert (new, again.last) == (False, page.last)
    assert guidelines.published(desk).markdown == page.markdown


def test_what_has_changed_since_is_told_by_rule(desk: Desk) -> None:
    """New, changed and gone."""
    live(desk, "crypto-giveaway")
    guidelines.publish(desk)
    furnish(desk, giveaway=GIVEAWAY.replace("no airdrops", "no lotteries"), rude=RUDE.replace("shadow", "live"))
    live(desk, "crypto-giveaway", 2)
    live(desk, "rude")
    found = guidelines.page(desk)
    assert [(change.kind, change.name) for change in found.changes] == [("changed", "crypto-giveaway"), ("new", "rude")]
    assert (found.is_published, found.footer) == (False, "")
    guidelines.publish(desk)
    assert [(each.version, each.by) for each in guidelines.versions(desk)] == [(2, "ann"), (1, "ann")]
    assert [change.kind for change in guidelines.compare(desk, 2, 1)] == ["changed", "gone"]


def test_a_page_without_rules_or_with_a_broken_house_is_not_published(desk: Desk) -> None:
    """What is missing by a slip must not be told to members as gone."""
    with pytest.raises(UsageError, match="No rule that acts"):
        guidelines.publish(desk)
    live(desk, "crypto-giveaway")
    furnish(desk, house=HOUSE + "laddr: 3\n")
    with pytest.raises(InputError, match=r"house\.yaml:\d+: "):
        guidelines.publish(desk)
    with pytest.raises(NotFound):
        guidelines.published(desk)
    with pytest.raises(NotFound, match="no version 7"):
        guidelines.published(desk, 7)


def test_a_rule_in_force_without_words_is_named_to_moderators(desk: Desk) -> None:
    """So that nobody believes that it is on the page."""
    furnish(desk, rude=RUDE.replace("public: Do not be rude.\n", "").replace("shadow", "live"))
    live(desk, "rude")
    assert guidelines.page(desk).silent == ("rude",)


# -- notices ------------------------------------------------------------------------------------------------------------------


def test_a_notice_says_what_which_rule_where_all_are_and_how_to_appeal(desk: Desk) -> None:
    """In the rule's words for members; in public without what was removed."""
    live(desk, "crypto-giveaway")
    guidelines.publish(desk)
    assert notices.notice(desk, "crypto-giveaway", "blog", "m1", act="remove") == (
        "We removed your comment of 2 March 2026 in “Release 2.1”.\n\n"
        "Advertising: No giveaways, no airdrops.\n\n"
        "Our rules: https://lanternfish.example/rules#rule-crypto-giveaway\n\n"
        "Write to appeals@lanternfish.example."
    )


def test_in_private_the_message_is_quoted(desk: Desk) -> None:
    """Nobody else reads it; it stays one line, whatever it holds."""
    text = notices.notice(desk, "crypto-giveaway", "chat", "x1", act="remove")
    assert "We removed your message of 3 March 2026.\n\n> free *airdrop* here\n\n" in text
    assert "#rule" not in text  # no guidelines were published in which members could find it


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("", "Your comment of 2 March 2026 in “Release 2.1” is against our rules."),
        ("warn", "Your comment of 2 March 2026 in “Release 2.1” is against our rules."),
        ("hide", "We hid your comment of 2 March 2026 in “Release 2.1”."),
        ("hold", "Your comment of 2 March 2026 in “Release 2.1” is held until a moderator has read it."),
        ("mute", "We muted you until 9 March 2026, because of your comment of 2 March 2026 in “Release 2.1”."),
        ("ban", "We banned you until 9 March 2026, because of your comment of 2 March 2026 in “Release 2.1”."),
    ],
)
def test_the_first_sentence_says_what_was_done(desk: Desk, act: str, words: str) -> None:
    """By the act, or by the state that the message is in."""
    until = desk.now() + 7 * DAY if act in ("mute", "ban") else None
    assert notices.notice(desk, "rude", "blog", "m1", act=act, until=until).startswith(words + "\n\nDo not be rude.")


def test_nothing_of_the_rule_but_its_words_for_members_is_told(desk: Desk) -> None:
    """Who learns which word gave them away writes it differently."""
    furnish(desk, giveaway=GIVEAWAY.replace("No giveaways,\n  no airdrops.", "No advertising."))
    verdict = Verdict(
        rule="crypto-giveaway",
        ident=1,
        matches=(Match(selection="words", field="body", start=9, end=16, words="airdrop", item="airdrop"),),
    )
    for text in (notices.notice(desk, verdict, "blog", "m1"), notices.reason(desk, verdict)):
        assert "No advertising." in text
        for secret in ("airdrop", "giveaway", "scammers", "words", "remove:"):
            assert secret not in text


def test_a_rule_without_words_for_members_is_not_told_of(desk: Desk) -> None:
    """That there are rules, and how to appeal."""
    furnish(desk, rude=RUDE.replace("public: Do not be rude.\n", ""), house="title: x\n")
    text = notices.notice(desk, "rude", "blog", "m1")
    assert text == (
        "Your comment of 2 March 2026 in “Release 2.1” is against our rules.\n\nIf you think that we are wrong, tell us."
    )
    assert notices.reason(desk, "rude") == "This is against our rules."


def test_a_warning_says_how_many_strikes_and_what_comes_next(desk: Desk) -> None:
    """In the words of the ladder."""
    text = notices.notice(desk, "rude", "blog", "m1", act="warn", strikes=1)
    assert "You have 1 strike; each counts for 30 days. With 2 strikes you may be muted for 7 days." in text


def test_where_the_platform_has_a_limit_the_longest_text_that_fits_is_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link to the rules is the last thing to go."""
    full = notices.notice(desk, "crypto-giveaway", "blog", "m1")
    for most in (len(full), 170, 150, 110):
        monkeypatch.setattr(platforms, "limit", lambda _, most=most: platforms.Limit(most=most))
        text = notices.notice(desk, "crypto-giveaway", "blog", "m1")
        assert (len(text) <= most, "https://lanternfish.example/rules" in text) == (True, True)


def test_a_reason_is_one_line_of_limited_length(desk: Desk) -> None:
    """Platforms cut longer ones off, link and all."""
    furnish(desk, rude=RUDE.replace("Do not be rude.", "Do not be rude, " * 60))
    text = notices.reason(desk, "rude")
    assert len(text) <= LONGEST_REASON
    assert text.endswith("… (https://lanternfish.example/rules)")
    assert notices.reason(desk, "crypto-giveaway") == "No giveaways, no airdrops. (https://lanternfish.example/rules)"


def test_a_notice_becomes_a_draft_and_never_replaces_one(desk: Desk) -> None:
    """A person reads and sends it."""
    kept = notices.draft(desk, "rude", "blog", "m1", act="warn")
    assert kept.text == notices.notice(desk, "rude", "blog", "m1", act="warn")
    assert notices.draft(desk, "rude", "blog", "m1", act="warn").text == kept.text
    drafts.save_draft(desk, "blog", "m1", "my own words")
    with pytest.raises(Conflict, match="begun a reply"):
        notices.draft(desk, "rude", "blog", "m1")
    with pytest.raises(UsageError, match="our own"):
        notices.draft(desk, "rude", "blog", "r1")
    with pytest.raises(NotFound, match="no rule"):
        notices.notice(desk, "nothing", "blog", "m1")


def test_no_character_of_a_stranger_in_a_notice_acts_on_a_terminal(desk: Desk, sit: Sit) -> None:
    """Titles and quoted words go through the gate."""
    sit(Story("dm", source="evil", conversation="e").message("e1", "eve", "9:00", "x\x1b]0;pwn\x07\u202ey\n> # z"))
    text = notices.notice(desk, "rude", "evil", "e1", act="remove")
    assert not {char for char in text if ord(char) < 32 and char != "\n"} | ({"\u202e"} & set(text))


def test_the_rules_that_hit_a_message_are_offered_first_as_the_reason_of_an_act(desk: Desk) -> None:
    """Then those that act; none without words for members."""
    furnish(desk, rude=RUDE.replace("shadow", "live"))
    live(desk, "rude")
    assert [(each.rule, each.hit) for each in notices.offers(desk, "blog", "m1")] == [("rude", False)]
    row = lists.message(desk.db, "blog", "m1")
    assert row is not None
    found = verdicts.Found(rule="crypto-giveaway", version=1, mode="shadow", message=row.row_id, matches=[], held=[])
    with desk.db.write():
        verdicts.store(desk.db, [found], desk.now())
    assert [(each.rule, each.hit) for each in notices.offers(desk, "blog", "m1")] == [
        ("crypto-giveaway", True),
        ("rude", False),
    ]
    assert notices.offers(desk, "blog", "m1")[0].words == "No giveaways, no airdrops."
    furnish(desk, giveaway="")
    assert [each.rule for each in notices.offers(desk, "blog", "m1")] == ["rude"]


def test_a_rules_act_has_its_words_for_members_as_the_reason(desk: Desk) -> None:
    """Where the person reads it, and the rule says no other; never what it looks for."""
    rule = next(each for each in ruling.load(desk).rules if each.id == "crypto-giveaway")
    assert reason_of(rule, "remove", "") == "No giveaways, no airdrops."
    assert reason_of(rule, "mute", "third time") == "third time"
    assert reason_of(rule, "report", "") == ""
