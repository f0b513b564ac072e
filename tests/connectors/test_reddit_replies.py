"""Answering on Reddit, and finding out whether an answer arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.connectors.reddit_double import errors, text_of
from tests.connectors.reddit_server import Stand, standing

from modconsole.connectors.base import Outgoing
from modconsole.errors import Gone, InputError, OutcomeUnknown, PlatformError, RateLimited, Refused


@pytest.fixture
def stand() -> Iterator[Stand]:
    """A Reddit that runs."""
    with standing() as made:
        yield made


def to(stand: Stand, native: str | None, text: str = "here you are", conversation: str = "") -> Outgoing:
    """A reply below something of the question's thread, tried now."""
    return Outgoing("key", conversation or stand.question.name, native, text, attempted_at=stand.clock())


def test_a_comment_is_answered_and_comes_back_as_it_was_stored(stand: Stand) -> None:
    """With its id, its place and its author."""
    asked = stand.post_as_stranger("which?")
    sent = stand.connector().send(to(stand, asked, "this one & <that>\n\nyes"))
    assert (sent.parent, sent.author.id, sent.state) == (asked, stand.us.native, "live")
    assert stand.place.items[sent.id].text == "this one & <that>\n\nyes"


def test_a_post_is_answered_at_its_top(stand: Stand) -> None:
    """With or without naming the post as what is answered."""
    connector = stand.connector()
    for target in (stand.question.name, None):
        assert connector.send(to(stand, target)).parent == stand.question.name


def test_private_messages_and_modmail_are_answered_where_they_are(stand: Stand) -> None:
    """A letter by its name, modmail in the open and under our own name."""
    connector = stand.connector()
    letter = stand.place.letter("dan", "us", "psst")
    sent = connector.send(to(stand, letter.name, "yes?", letter.name))
    assert (sent.kind, sent.conversation, stand.place.letters[-1].to.name) == ("dm", letter.name, "dan")
    mail = stand.place.modmail("cat", "tea", "help")
    answer = connector.send(to(stand, None, "coming", f"modmail:{mail.ident}"))
    assert (answer.visibility, answer.author.id) == ("private", stand.us.native)
    assert mail.messages[-1][3:] == ("coming", False)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TOO_OLD", Refused),
        ("THREAD_LOCKED", Refused),
        ("DELETED_COMMENT", Gone),
        ("USER_BLOCKED", Refused),
        ("BANNED_FROM_SUBREDDIT", Refused),
        ("SOMETHING_NEW", Refused),
    ],
)
def test_a_refusal_inside_an_answer_of_200_is_a_refusal(stand: Stand, code: str, kind: type[PlatformError]) -> None:
    """Nothing was done, and the reason is said in our words, none of Reddit's."""
    asked = stand.post_as_stranger("which?")
    stand.place.trouble["POST /api/comment"] = [text_of(errors(code, "words of a stranger", "parent"))]
    with pytest.raises(kind) as caught:
        stand.connector().send(to(stand, asked))
    assert "stranger" not in str(caught.value)
    assert not isinstance(caught.value, Refused) or caught.value.code == code


def test_a_break_that_reddit_wants_is_as_long_as_it_says(stand: Stand) -> None:
    """It surely did nothing: the reply can go out later."""
    asked = stand.post_as_stranger("which?")
    words = "Looks like you've been doing that a lot. Take a break for 3 minutes before trying again."
    stand.place.trouble["POST /api/comment"] = [text_of(errors("RATELIMIT", words, "ratelimit"))]
    with pytest.raises(RateLimited) as caught:
        stand.connector().send(to(stand, asked))
    assert caught.value.retry_after == 181.0


def put_away(stand: Stand, native: str) -> None:
    """Remove it."""
    stand.place.remove(stand.place.items[native], "mate")


def close_post(stand: Stand, native: str) -> None:
    """Archive the post that it is on."""
    stand.place.items[native].archived = True


def take_back(stand: Stand, native: str) -> None:
    """Its author deletes it."""
    stand.delete(native)


@pytest.mark.parametrize(
    ("happens", "kind"),
    [(put_away, Refused), (close_post, Refused), (take_back, Gone)],
    ids=["removed", "archived", "deleted"],
)
def test_nothing_is_sent_where_nobody_would_see_it(
    stand: Stand, happens: Callable[[Stand, str], None], kind: type[PlatformError]
) -> None:
    """It is looked at before."""
    asked = stand.post_as_stranger("which?")
    happens(stand, asked)
    with pytest.raises(kind):
        stand.connector().send(to(stand, asked))
    assert "POST /api/comment" not in stand.place.requests


def test_a_text_is_measured_before_it_is_sent(stand: Stand) -> None:
    """In characters, whatever their bytes."""
    asked = stand.post_as_stranger("which?")
    connector = stand.connector()
    assert connector.send(to(stand, asked, "ö" * 10_000)).text == "ö" * 10_000
    for text, code in (("x" * 10_001, "too_long"), ("  \n", "empty")):
        with pytest.raises(Refused) as caught:
            connector.send(to(stand, asked, text))
        assert caught.value.code == code


def test_a_comment_of_another_post_is_not_answered_here(stand: Stand) -> None:
    """Nor is anything that is none of Reddit's."""
    other = stand.place.post("ann", "tea", "Another")
    elsewhere = stand.place.comment("bob", other, "which?").name
    connector = stand.connector()
    with pytest.raises(Refused):
        connector.send(to(stand, elsewhere))
    with pytest.raises(InputError):
        connector.send(to(stand, None, "x", "post:12"))


@pytest.mark.parametrize("fault", ["cut", "drop", 502, b"<html>"], ids=["before", "after", "gateway", "page"])
@pytest.mark.parametrize("where", ["comment", "letter", "modmail"])
def test_after_a_lost_answer_it_is_looked_for(stand: Stand, where: str, fault: object) -> None:
    """Found where it arrived, and not where it did not; the same words from before are not it."""
    connector = stand.connector()
    asked = stand.post_as_stranger("which?")
    letter = stand.place.letter("dan", "us", "psst")
    mail = stand.place.modmail("cat", "tea", "help")
    target, conversation = {
        "comment": (asked, stand.question.name),
        "letter": (letter.name, letter.name),
        "modmail": (None, f"modmail:{mail.ident}"),
    }[where]
    earlier = connector.send(to(stand, target, "here you are", conversation))
    stand.place.tick(3_600)
    path = f"POST /api/mod/conversations/{mail.ident}" if where == "modmail" else "POST /api/comment"
    stand.place.trouble[path] = [fault]
    reply = to(stand, target, "here you are ", conversation)
    with pytest.raises(OutcomeUnknown):
        connector.send(reply)
    found = connector.find(reply, frozenset((earlier.id,)))
    if fault == "drop":
        assert found is not None
        assert found.id != earlier.id
        assert found.text == "here you are"
    else:
        assert found is None


def test_a_reply_is_found_in_the_thread_where_our_own_list_lags_behind(stand: Stand) -> None:
    """And in our own list where the thread does."""
    asked = stand.post_as_stranger("which?")
    reply = to(stand, asked)
    arrived = stand.reply_natively(asked, reply.text)
    connector = stand.connector()
    from tests.connectors.reddit_double import listing

    nothing = text_of(listing([]))
    stand.place.trouble["GET /user/us/comments"] = [nothing]
    found = connector.find(reply, frozenset())
    assert found is not None
    assert found.id == arrived
    stand.place.trouble["GET /comments/"] = [text_of([listing([]), listing([])])]
    assert connector.find(reply, frozenset()) is not None


def test_a_reply_is_found_however_wrong_our_clock_is(stand: Stand) -> None:
    """Times on Reddit are Reddit's: what was tried at our three o'clock may have arrived at its one o'clock."""
    asked = stand.post_as_stranger("which?")
    connector = stand.connector()
    hours = 2 * 3_600_000_000
    connector._clock = lambda: stand.clock() + hours
    reply = Outgoing("key", stand.question.name, asked, "here you are", attempted_at=stand.clock() + hours)
    arrived = stand.reply_natively(asked, reply.text)
    stand.place.tick(60)
    found = connector.find(reply, frozenset())
    assert found is not None
    assert found.id == arrived
    late = Outgoing("key", stand.question.name, asked, "here you are", attempted_at=stand.clock() + 2 * hours)
    assert connector.find(late, frozenset()) is None


def test_only_ours_at_that_place_in_those_words_is_the_reply(stand: Stand) -> None:
    """Not another's, not an older one, not below another comment."""
    asked, other = stand.post_as_stranger("which?"), stand.post_as_stranger("why?")
    stand.reply_natively(other, "here you are")
    stand.place.comment("mate", asked, "here you are")
    stand.reply_natively(asked, "here you are")
    stand.reply_natively(asked, "something else")
    stand.place.tick(3_600)
    assert stand.connector().find(to(stand, asked), frozenset()) is None


def test_a_note_among_moderators_is_not_the_reply(stand: Stand) -> None:
    """The person in the modmail never saw it."""
    mail = stand.place.modmail("cat", "tea", "help")
    reply = to(stand, None, "here you are", f"modmail:{mail.ident}")
    stand.place.add_mail(mail, "us", "here you are", internal=True)
    assert stand.connector().find(reply, frozenset()) is None


def test_a_reply_that_a_filter_took_at_once_says_so(stand: Stand) -> None:
    """The platform said yes; moderators see that nobody else can."""
    asked = stand.post_as_stranger("which?")
    reply = to(stand, asked)
    arrived = stand.reply_natively(asked, reply.text)
    stand.place.remove(stand.place.items[arrived], "AutoModerator", "filter")
    found = stand.connector().find(reply, frozenset())
    assert found is not None
    assert (found.id, found.state) == (arrived, "held")


def test_yes_without_the_comment_is_a_doubt(stand: Stand) -> None:
    """Recorded: Reddit sometimes gives an empty list of what was made."""
    asked = stand.post_as_stranger("which?")
    stand.place.trouble["POST /api/comment"] = [text_of({"json": {"errors": [], "data": {"things": []}}})]
    with pytest.raises(OutcomeUnknown):
        stand.connector().send(to(stand, asked))


def test_one_message_is_read_as_it_stands(stand: Stand) -> None:
    """Of every kind; None where it does not exist any more."""
    asked = stand.post_as_stranger("which?")
    letter = stand.place.letter("dan", "us", "psst")
    mail = stand.place.modmail("cat", "tea", "help")
    connector = stand.connector()
    texts = []
    for native in (asked, stand.question.name, letter.name, f"modmail:{mail.ident}:{mail.messages[0][0]}"):
        message = connector.read(native)
        assert message is not None
        texts.append(message.text)
    assert texts == ["which?", "I like green tea.", "psst", "help"]
    stand.delete(asked)
    for native in (asked, "t1_never", "modmail:never:x", "post:12"):
        assert connector.read(native) is None
