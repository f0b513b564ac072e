"""Answering, moderating and signing in on YouTube, against a double that is checked by Google's discovery document."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.connectors import youtube_schema
from tests.connectors.youtube_double import CLIENT, CLIENT_SECRET, US, YouTubeDouble
from tests.connectors.youtube_kit import NOON, SOURCE, Clock, Mirror

from modconsole.connectors import youtube
from modconsole.connectors.acts import Act, Done, Order, Undo
from modconsole.connectors.base import Outgoing
from modconsole.connectors.signing import Credentials, SignedIn
from modconsole.connectors.youtube import addressed_to, connect, sign_in
from modconsole.connectors.youtube_api import REASONS
from modconsole.connectors.youtube_map import Comment, addressed, filter_of, read, same_text
from modconsole.connectors.youtube_oauth import code_of
from modconsole.connectors.youtube_quota import Quota
from modconsole.domain.records import Message, Send
from modconsole.domain.times import SECOND, parse, to_datetime
from modconsole.errors import (
    Gone,
    InputError,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SignInError,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tube(clock: Clock) -> Iterator[YouTubeDouble]:
    with YouTubeDouble(clock) as double:
        yield double


@pytest.fixture
def mirror(tube: YouTubeDouble, clock: Clock) -> Iterator[Mirror]:
    made = Mirror(tube, clock)
    yield made
    made.close()


def outgoing(video: str, text: str, to: str | None, at: int | None = None) -> Outgoing:
    return Outgoing(str(uuid.uuid4()), f"video:{video}", to, text, at)


def order(act: Act, target: str, **more: object) -> Order:
    return Order(str(uuid.uuid4()), act, "message", target, **more)  # type: ignore[arg-type]


# -- answering ---------------------------------------------------------------------------------------------------------


def test_a_reply_is_below_the_comment_and_answers_it(tube: YouTubeDouble, mirror: Mirror) -> None:
    """What the platform stored comes back, and nobody waits any more."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "Hello?")
    mirror.sync(full=True)
    mirror.clock.skip(60)
    sent = mirror.connector.send(outgoing(video, "  Hello Ann! ", top))
    assert (sent.text, sent.parent, sent.author.id, sent.state) == ("Hello Ann!", top, US, None)
    mirror.add([sent])
    assert mirror.asks() == []
    mirror.clock.skip(60)
    mirror.sync()
    mirror.agrees()
    assert mirror.asks() == []


def test_a_second_question_below_our_answer_is_answered_by_a_second_answer(tube: YouTubeDouble, mirror: Mirror) -> None:
    """YouTube names the top comment as every reply's parent; whom a reply answers stands in its text."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "Hello?")
    mirror.clock.skip(60)
    tube.reply_as_us(top, "Hello!")
    mirror.clock.skip(60)
    again = tube.comment(video, ann, "And on Sundays?", reply_to=top)
    mirror.clock.skip(60)
    mirror.sync(full=True)
    assert [ask.messages for ask in mirror.asks()] == [(again,)]
    sent = mirror.connector.send(outgoing(video, "On Sundays too.", again))
    assert (sent.text, sent.parent, sent.quotes) == ("@ann On Sundays too.", top, again)
    mirror.add([sent])
    assert mirror.asks() == []
    mirror.clock.skip(60)
    mirror.sync()
    assert mirror.messages[sent.id].quotes == again
    assert mirror.asks() == []


def test_an_answer_covers_only_what_its_author_had_seen(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Ann wrote a third time while we were writing: that still waits."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "one?")
    mirror.clock.skip(60)
    second = tube.comment(video, ann, "two?", reply_to=top)
    mirror.sync(full=True)
    mirror.clock.skip(60)
    third = tube.comment(video, ann, "three?", reply_to=top)
    mirror.clock.skip(60)
    sent = mirror.connector.send(outgoing(video, "Both.", second))
    shown = Send(
        id=str(uuid.uuid4()),
        at=to_datetime(mirror.clock()),
        by="mara",
        source=SOURCE,
        conversation=f"video:{video}",
        reply_to=second,
        through=second,
        text="Both.",
        state="confirmed",
        message=sent.id,
    )
    mirror.add([sent, shown])
    mirror.sync()
    assert [ask.messages for ask in mirror.asks()] == [(third,)]


def test_a_reply_without_a_target_is_a_top_comment(tube: YouTubeDouble, mirror: Mirror) -> None:
    """On a video; on the channel itself YouTube takes none."""
    video = tube.video("V")
    sent = mirror.connector.send(outgoing(video, "Welcome.", None))
    assert (tube.rows[sent.id].parent, sent.conversation) == (None, f"video:{video}")
    with pytest.raises(Refused):
        mirror.connector.send(Outgoing("k", f"channel:{US}", None, "Welcome."))


@pytest.mark.parametrize(("text", "code"), [("x" * 10_001, "too_long"), (" \n ", "empty")])
def test_what_youtube_would_refuse_is_not_sent(tube: YouTubeDouble, mirror: Mirror, text: str, code: str) -> None:
    """A length is checked with the handle that goes before the text; no unit of the fifty is spent."""
    video = tube.video("V")
    top = tube.comment(video, tube.person("ann"), "hi")
    with pytest.raises(Refused) as refused:
        mirror.connector.send(outgoing(video, text, top))
    assert refused.value.code == code
    assert "comments.insert" not in tube.calls


def test_ten_thousand_characters_are_taken(tube: YouTubeDouble, mirror: Mirror) -> None:
    """The limit itself is no error."""
    video = tube.video("V")
    sent = mirror.connector.send(outgoing(video, "ä" * 10_000, tube.comment(video, tube.person("ann"), "hi")))
    assert len(tube.rows[sent.id].text) == 10_000


def test_a_reply_to_what_is_gone_is_not_sent(tube: YouTubeDouble, mirror: Mirror) -> None:
    """And one to a comment elsewhere is refused."""
    video, other = tube.video("V"), tube.video("W")
    top = tube.comment(video, tube.person("ann"), "hi")
    with pytest.raises(Refused):
        mirror.connector.send(outgoing(other, "hello", top))
    tube.delete(top)
    with pytest.raises(Gone):
        mirror.connector.send(outgoing(video, "hello", top))
    assert "comments.insert" not in tube.calls


def test_a_lost_answer_is_unknown_and_the_reply_is_found(tube: YouTubeDouble, mirror: Mirror) -> None:
    """After the write the reply is there; before it, it is not. In neither case is anything sent twice."""
    video = tube.video("V")
    top = tube.comment(video, tube.person("ann"), "hi")
    reply = outgoing(video, "Hello & welcome — “Ann”", top, mirror.clock())
    for after in (False, True):
        tube.fail("comments.insert", after=after)
        with pytest.raises(OutcomeUnknown):
            mirror.connector.send(reply)
        found = mirror.connector.find(reply, frozenset())
        assert (found is not None) == after
    assert sum(row.author == US for row in tube.rows.values()) == 1


@pytest.mark.parametrize(("status", "reason"), [(500, "backendError"), (400, "processingFailure"), (503, "")])
def test_a_failure_while_working_is_unknown(tube: YouTubeDouble, mirror: Mirror, status: int, reason: str) -> None:
    """It may come after the write."""
    video = tube.video("V")
    top = tube.comment(video, tube.person("ann"), "hi")
    tube.fail("comments.insert", status, reason)
    with pytest.raises(OutcomeUnknown):
        mirror.connector.send(outgoing(video, "hello", top))


def test_an_answer_that_cannot_be_read_is_unknown(tube: YouTubeDouble, mirror: Mirror) -> None:
    """The write was made; the reply is looked for."""
    video = tube.video("V")
    top = tube.comment(video, tube.person("ann"), "hi")
    reply = outgoing(video, "hello", top, mirror.clock())
    for body in (b'{"id": "Ug', b"{}"):
        tube.fail("comments.insert", 0, after=True, body=body)
        with pytest.raises(OutcomeUnknown):
            mirror.connector.send(reply)
    assert mirror.connector.find(reply, frozenset()) is not None


def test_find_takes_ours_with_the_same_words_since_the_first_try(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Not those of others, not older ones, not those known before; in the text with and without the handle."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "hi")
    below = tube.comment(video, ann, "and?", reply_to=top)
    old = tube.reply_as_us(top, "hello")
    mirror.clock.skip(3600)
    tube.comment(video, ann, "hello", reply_to=top)
    reply = outgoing(video, "hello", top, mirror.clock())
    assert mirror.connector.find(reply, frozenset()) is None
    ours = tube.reply_as_us(top, "hello\u200b")
    found = mirror.connector.find(reply, frozenset())
    assert found is not None
    assert found.id == ours
    assert mirror.connector.find(reply, frozenset({ours})) is None
    ever = mirror.connector.find(outgoing(video, "hello", top), frozenset({ours}))
    assert ever is not None
    assert ever.id == old
    addressed_ = tube.reply_as_us(top, "@ann hello there")
    found = mirror.connector.find(outgoing(video, "hello there", below, mirror.clock()), frozenset())
    assert found is not None
    assert found.id == addressed_


def test_find_sees_our_top_comments(tube: YouTubeDouble, mirror: Mirror) -> None:
    """For a comment of ours that answered none."""
    video = tube.video("V")
    for n in range(120):
        tube.comment(video, tube.person("ann"), f"c{n}")
    reply = outgoing(video, "Welcome.", None, mirror.clock())
    assert mirror.connector.find(reply, frozenset()) is None
    ours = tube.comment(video, US, "Welcome.")
    found = mirror.connector.find(reply, frozenset())
    assert found is not None
    assert found.id == ours


def test_a_fresh_reply_that_no_list_shows_yet_counts_as_live(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Lists lag; a reply of a minute ago was not rejected."""
    video = tube.video("V")
    top = tube.comment(video, tube.person("ann"), "hi")
    ours = tube.reply_as_us(top, "hello")
    tube.in_studio(ours, "rejected")
    mirror.clock.skip(60)
    now = mirror.connector.read(ours)
    assert now is not None
    assert now.state is None
    mirror.clock.skip(3600)
    later = mirror.connector.read(ours)
    assert later is not None
    assert later.state == "removed"


def test_read_tells_how_a_comment_stands_now(tube: YouTubeDouble, mirror: Mirror) -> None:
    """By id alone YouTube does not say the status: the lists do."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "hi")
    below = tube.comment(video, ann, "and?", reply_to=top)
    mirror.clock.skip(3600)
    states = {"heldForReview": "held", "likelySpam": "spam", "rejected": "removed", "published": None}
    for comment in (top, below):
        for status, state in states.items():
            tube.in_studio(comment, status)
            now = mirror.connector.read(comment)
            assert now is not None
            assert now.state == state
    assert mirror.connector.read("Ug-nothing") is None


# -- moderating ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "before", "after", "undo"),
    [
        ("hold", "published", "heldForReview", "approve"),
        ("approve", "heldForReview", "published", "hold"),
        ("approve", "likelySpam", "published", "hold"),
        ("approve", "rejected", "published", "remove"),
        ("remove", "published", "rejected", "approve"),
        ("remove", "heldForReview", "rejected", "hold"),
        ("ban", "published", "rejected", None),
    ],
)
def test_an_act_changes_the_status_and_says_how_it_is_taken_back(
    tube: YouTubeDouble, mirror: Mirror, act: Act, before: str, after: str, undo: Act | None
) -> None:
    """Twice does no more than once; undo brings the status back where it can be set."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "hm", status=before)
    mirror.clock.skip(3600)
    done = mirror.connector.act(order(act, top))
    assert tube.rows[top].status == after
    states = {"heldForReview": "held", "rejected": "removed", "published": None}
    assert [(r.id, r.state) for r in done.records if isinstance(r, Message)] == [(top, states[after])]
    assert done.undo == (Undo(undo) if undo else None)
    again = mirror.connector.act(order(act, top))
    assert tube.rows[top].status == after
    assert again.records != ()
    if done.undo is not None:
        mirror.connector.act(order(done.undo.act, top))
        assert tube.rows[top].status == ("heldForReview" if before == "likelySpam" else before)


def test_rejecting_a_comment_hides_its_replies_and_publishing_brings_them_back(
    tube: YouTubeDouble, mirror: Mirror
) -> None:
    """Our answer below it too: the act says so beforehand, and its records show it."""
    video, ann = tube.video("V"), tube.person("ann")
    top = tube.comment(video, ann, "rude")
    ours = tube.reply_as_us(top, "please")
    mirror.clock.skip(3600)
    info = mirror.connector.capabilities.act("remove", "message")
    assert info is not None
    assert "replies" in info.does
    done = mirror.connector.act(order("remove", top))
    assert {r.id: r.state for r in done.records if isinstance(r, Message)} == {top: "removed", ours: "hidden"}
    back = mirror.connector.act(order("approve", top))
    assert {r.id: r.state for r in back.records if isinstance(r, Message)} == {top: None, ours: None}


def test_a_ban_is_final_here_and_says_so(tube: YouTubeDouble, mirror: Mirror) -> None:
    """YouTube's API can ban, together with a rejection, and not take it back."""
    video, ann = tube.video("V"), tube.person("ann")
    done = mirror.connector.act(order("ban", tube.comment(video, ann, "hm")))
    assert tube.banned == {ann}
    assert (done.undo, "Studio" in done.note) == (None, True)
    info = mirror.connector.capabilities.act("ban", "message")
    assert info is not None
    assert (info.undo, "Rejects" in info.does) == ("", True)


def test_a_comment_of_our_own_is_deleted(tube: YouTubeDouble, mirror: Mirror) -> None:
    """For good; doing it again finds nothing."""
    video = tube.video("V")
    ours = tube.reply_as_us(tube.comment(video, tube.person("ann"), "hi"), "oops")
    tube.fail("comments.delete", after=True)
    done = mirror.connector.act(order("remove", ours))
    assert ours not in tube.rows
    assert [r.state for r in done.records if isinstance(r, Message)] == ["deleted"]
    assert done.undo is None
    with pytest.raises(Gone):
        mirror.connector.act(order("remove", ours))


def test_an_act_with_a_lost_answer_is_done_once_more(tube: YouTubeDouble, mirror: Mirror) -> None:
    """Setting a status twice does no harm; where both answers are lost, nobody knows, and that is said."""
    video = tube.video("V")
    top = tube.comment(video, tube.person("ann"), "hi")
    tube.fail("comments.setModerationStatus")
    assert isinstance(mirror.connector.act(order("hold", top)), Done)
    assert tube.rows[top].status == "heldForReview"
    tube.fail("comments.setModerationStatus", after=True)
    tube.fail("comments.setModerationStatus", 500, "backendError")
    with pytest.raises(OutcomeUnknown):
        mirror.connector.act(order("approve", top))


def test_an_act_that_youtube_does_not_have_is_refused(tube: YouTubeDouble, mirror: Mirror) -> None:
    """So is one without the right to it."""
    top = tube.comment(tube.video("V"), tube.person("ann"), "hi")
    for act in ("mute", "lock", "label"):
        with pytest.raises(Refused):
            mirror.connector.act(order(act, top))
    tube.may_moderate = False
    with pytest.raises(Refused) as refused:
        mirror.connector.act(order("hold", top))
    assert refused.value.code == "forbidden"
    assert {info.act for info in mirror.connector.acts()} == {"approve", "hold", "remove", "ban"}


# -- signing in ----------------------------------------------------------------------------------------------------------


def signed_in(tube: YouTubeDouble, clock: Clock) -> SignedIn:
    """Go through all steps as a person does."""
    steps = sign_in(clock, api=tube.url, token=tube.token_url)
    first = next(steps)
    assert [field.name for field in first.fields] == ["client_id", "client_secret"]
    second = steps.send({"client_id": CLIENT, "client_secret": CLIENT_SECRET})
    assert second.url.startswith("https://accounts.google.com/")
    with pytest.raises(StopIteration) as stop:
        steps.send({second.fields[0].name: tube.browser(second.url)})
    found = stop.value.value
    assert isinstance(found, SignedIn)
    return found


def test_a_sign_in_ends_with_a_channel_that_can_be_read(tube: YouTubeDouble, clock: Clock) -> None:
    """The settings hold no secret, and lead to the channel that was chosen."""
    found = signed_in(tube, clock)
    assert found.settings["channel"] == US
    assert found.suggested_source == "@lanternfish"
    assert not set(json.loads(found.secret).values()) & set(map(str, found.settings.values()))
    connector = connect(found.settings, Credentials(found.secret), clock=clock)
    account = connector.check()
    connector.close()
    assert (account.id, account.handle, account.missing) == (US, "lanternfish", ())
    assert account.syncs[0] == "comments on 0 videos"


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("http://127.0.0.1:47123/?error=access_denied&state=s", "not given"),
        ("http://127.0.0.1:47123/?code=4%2Fabc&state=other", "another sign-in"),
        ("http://127.0.0.1:47123/", "no code"),
        ("", "no code"),
    ],
)
def test_an_address_that_is_not_the_one_is_explained(pasted: str, words: str) -> None:
    """Whatever was pasted, the answer says what to do."""
    with pytest.raises(SignInError) as error:
        code_of(pasted, "s")
    assert words in error.value.message


def test_the_code_in_an_address_is_taken_whole(tube: YouTubeDouble) -> None:
    """Google's codes have a slash in them."""
    assert code_of(" http://127.0.0.1:47123/?state=s&code=4%2Fabc&scope=x \n", "s") == "4/abc"


def test_every_sign_in_has_its_own_proof(tube: YouTubeDouble, clock: Clock) -> None:
    """State and challenge are never the same twice (RFC 7636)."""
    seen = set()
    for _ in range(2):
        steps = sign_in(clock, api=tube.url, token=tube.token_url)
        next(steps)
        query = dict(parse_qsl(urlsplit(steps.send({"client_id": CLIENT, "client_secret": "s"}).url).query))
        seen |= {query["state"], query["code_challenge"]}
        steps.close()
    assert len(seen) == 4


def test_a_sign_in_that_is_not_enough_is_refused(tube: YouTubeDouble, clock: Clock) -> None:
    """Without the permission, without a channel, with the wrong client: nothing is kept."""
    tube.granted = "openid"
    with pytest.raises(SignInError, match="comments"):
        signed_in(tube, clock)
    tube.granted = youtube_schema.DOCUMENT["methods"]["comments.list"]["scopes"][0]
    del tube.names[US]
    with pytest.raises(SignInError, match="channel"):
        signed_in(tube, clock)
    steps = sign_in(clock, api=tube.url, token=tube.token_url)
    next(steps)
    second = steps.send({"client_id": "client-2", "client_secret": "s"})
    with pytest.raises(SignInError, match="client"):
        steps.send({"address": f"http://127.0.0.1:47123/?code=4&state={dict(parse_qsl(second.url))['state']}"})


def test_check_refuses_another_channel(tube: YouTubeDouble, clock: Clock) -> None:
    """A person with several channels may choose the wrong one in the browser."""
    connector = connect({**tube.settings, "channel": "UCother"}, Credentials(tube.secret), clock=clock)
    with pytest.raises(SignInError):
        connector.check()
    connector.close()


@pytest.mark.parametrize(
    "settings",
    [{}, {"channel": ""}, {"channel": "UC", "quota": 0}, {"channel": "UC", "api": "http://evil.example/"}],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    """Tokens never go over plain http to another machine."""
    with pytest.raises(InputError):
        connect(settings, Credentials("{}"))


def test_a_secret_that_is_none_is_a_matter_of_signing_in(tube: YouTubeDouble, clock: Clock) -> None:
    """Whatever is kept there is not shown."""
    connector = connect(tube.settings, Credentials("hunter2"), clock=clock)
    with pytest.raises(SignInError) as error:
        connector.check()
    assert "hunter2" not in str(error.value)
    connector.close()


# -- quota ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-11-21T12:00:00-08:00", 12),
        ("2026-03-08T01:00:00-08:00", 22),  # the clocks go forward at two
        ("2026-11-01T00:30:00-07:00", 24.5),  # and back
        ("2026-11-21T23:59:59-08:00", 1 / 3600),
    ],
)
def test_the_day_ends_at_midnight_in_los_angeles(now: str, hours: float) -> None:
    """Also on days of 23 and of 25 hours."""
    assert Quota(lambda: parse(now)).resets_in() == pytest.approx(hours * 3600)


def test_changes_cost_fifty_and_are_made_from_the_reserve(tube: YouTubeDouble, mirror: Mirror) -> None:
    """What a person does is never held back for our own count; only the platform may refuse it."""
    top = tube.comment(tube.video("V"), tube.person("ann"), "hi")
    mirror.connector.quota.used = 10_000
    mirror.connector.act(order("hold", top))
    assert mirror.connector.quota.used - 10_000 == tube.used
    assert tube.used > 50
    tube.limit = tube.used
    with pytest.raises(RateLimited) as limited:
        mirror.connector.act(order("approve", top))
    assert limited.value.retry_after == pytest.approx(12 * 3600)


def test_what_a_run_may_spend_grows_as_the_day_ends() -> None:
    """The morning leaves units for the evening, and the last run may take what is left."""
    clock = Clock(parse("2026-11-21T00:00:00-08:00"))
    quota = Quota(clock)
    assert quota.allowance(300) == 8_000 // 288
    clock.skip(86_400 - 600)
    assert quota.allowance(300) == 4_000
    quota.used = 9_000
    assert quota.allowance(300) == 5


@pytest.mark.parametrize("stored", [None, 3, {"day": "2026-11-20", "used": 5}, {"day": "2026-11-21", "used": "x"}])
def test_a_count_that_makes_no_sense_is_no_count(stored: object) -> None:
    """Yesterday's neither."""
    quota = Quota(Clock(NOON))
    quota.load(stored)
    assert quota.used == 0


# -- shapes --------------------------------------------------------------------------------------------------------------


def test_the_schema_finds_what_is_wrong() -> None:
    """A check that lets everything pass would prove nothing."""
    by = youtube_schema.schema("CommentListResponse")
    good = {"items": [{"id": "a", "snippet": {"publishedAt": "2026-01-01T00:00:00Z", "likeCount": 1}}]}
    assert youtube_schema.violations(good, by) == []
    wrong = {
        "items": [
            {"id": 1, "snippet": {"publishedAt": "yesterday", "likeCount": -1, "moderationStatus": "odd", "x": 1}}
        ]
    }
    found = youtube_schema.violations(wrong, by)
    assert [each.partition(":")[0].rpartition(".")[2] for each in found] == [
        "id",
        "publishedAt",
        "likeCount",
        "moderationStatus",
        "x",
    ]


def test_the_schema_finds_wrong_requests() -> None:
    """Unknown, missing, impossible parameters, and bodies that are none."""
    wrong = youtube_schema.request_violations
    assert wrong("comments.list", {"part": ["id"], "parentId": ["a"], "maxResults": ["100"]}, None) == []
    assert wrong("comments.list", {"maxResults": ["101"], "order": ["time"]}, None) == [
        "order: unknown parameter",
        "maxResults: out of range",
        "part: required and missing",
    ]
    assert wrong("comments.setModerationStatus", {"id": ["a"], "moderationStatus": ["x"], "banAuthor": ["1"]}, {}) != []
    assert wrong("comments.insert", {"part": ["snippet"]}, {"snippet": {"parent": "a"}}) == [
        "$.snippet.parent: unknown"
    ]


def test_every_scope_that_is_needed_is_asked_for(tube: YouTubeDouble) -> None:
    """One permission is enough for every method that is called."""
    from modconsole.connectors.youtube_oauth import SCOPE

    assert all(SCOPE in method["scopes"] for method in youtube_schema.DOCUMENT["methods"].values())


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_is_an_error_that_says_something(tube: YouTubeDouble, mirror: Mirror, reason: str) -> None:
    """Google's own sentences stay out of it."""
    kind = REASONS[reason][0]
    status = 401 if kind is SignInError and reason == "authError" else 403
    for _ in range(2):
        tube.fail("channels.list", status, reason)
    with pytest.raises(kind) as error:
        mirror.connector.check()
    assert "Google's about" not in str(error.value)


def comment(ident: str, author: str, at: int, parent: str | None = None) -> Comment:
    """A comment of somebody with a handle."""
    raw = {
        "id": ident,
        "snippet": {
            "publishedAt": to_datetime(at * SECOND).isoformat(),
            "authorDisplayName": f"@{author}",
            "authorChannelId": {"value": f"UC{author}"},
            "parentId": parent,
        },
    }
    found, why = read(json.dumps(raw).encode(), Comment)
    assert found is not None, why
    return found


EARLIER = [comment("t", "ann", 1), comment("r1", "bob.b", 2, "t"), comment("r2", "ann", 3, "t")]


@pytest.mark.parametrize(
    ("text", "mentions", "quotes"),
    [
        ("@ann yes", ["UCann"], "r2"),
        ("yes @ann", ["UCann"], None),
        ("\u200b@Bob.B. no", ["UCbob.b"], "r1"),
        ("@nobody hello", [], None),
        ("ann@ann.example", [], None),
        ("https://www.youtube.com/@ann", [], None),
        ("@ann @bob.b @ann", ["UCann", "UCbob.b"], "r2"),
        ("", [], None),
    ],
)
def test_handles_name_people_of_the_thread(text: str, mentions: list[str], quotes: str | None) -> None:
    """Only those who wrote before; addresses are no handles."""
    assert addressed(text, EARLIER) == (mentions, quotes)


def test_a_top_comment_is_no_quote() -> None:
    """It is the parent already."""
    assert addressed("@ann hi", EARLIER[:1]) == (["UCann"], None)


def test_an_answer_to_a_reply_names_whom_it_answers() -> None:
    """Once, and never ourselves."""
    assert addressed_to("yes", EARLIER[1], US) == "@bob.b yes"
    assert addressed_to("yes @BOB.B", EARLIER[1], US) == "yes @BOB.B"
    assert addressed_to("yes", EARLIER[0], US) == "yes"
    assert addressed_to("yes", EARLIER[1], "UCbob.b") == "yes"


def test_an_author_without_a_channel_has_a_name() -> None:
    """As those whose account is gone."""
    found, _ = read(b'{"id":"a","snippet":{"publishedAt":"2026-01-01T00:00:00Z","authorDisplayName":"Gone"}}', Comment)
    assert found is not None
    assert (found.author, found.handle) == ("name:Gone", "")


@pytest.mark.parametrize(
    "raw", [b"{}", b"[]", b"\xff", b'{"id":"a"}', b'{"id":"a","snippet":{"publishedAt":"x"}}', b"[" * 100_000]
)
def test_what_is_no_comment_is_said_to_be_none(raw: bytes) -> None:
    """Whatever it is, nothing breaks."""
    found, why = read(raw, Comment)
    assert found is None
    assert "not as documented" in why


def test_words_are_compared_as_youtube_may_change_them() -> None:
    """White space, invisible characters and composed letters say nothing."""
    assert same_text("Cafe\u0301  au\nlait\u200b", "Café au lait")
    assert not same_text("yes", "Yes!")


@pytest.mark.parametrize("place", ["video:", "post:1", "", "channel", "video"])
def test_an_id_of_another_platform_lists_nothing(place: str) -> None:
    """Conversation ids are ours to make, and to refuse."""
    assert filter_of(place) is None


def test_loading_the_connector_loads_no_http_client() -> None:
    """The command line starts in a blink."""
    code = "import sys, modconsole.connectors.youtube; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_platform_says_what_it_is() -> None:
    """The capability table is made of this."""
    assert youtube.PLATFORM.name == youtube.YouTube.platform
    assert youtube.PLATFORM.tested == "published schema"
    assert youtube.PLATFORM.idempotent_send.level == "no"
