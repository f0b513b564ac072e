"""The Mastodon connector against a running double: answering, finding what may have arrived, moderating, signing in."""

from __future__ import annotations

import re
import time
from itertools import count
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.mastodon_kit import Kit, now

from modconsole.connectors.acts import Act, Done, Order, Target, Undo
from modconsole.connectors.base import Outgoing
from modconsole.connectors.mastodon import Mastodon as Connector
from modconsole.connectors.mastodon import sign_in
from modconsole.connectors.signing import Credentials, SignedIn, Step
from modconsole.domain.times import HOUR
from modconsole.errors import Gone, InputError, OutcomeUnknown, Refused, SignInError, Unreachable

pytestmark = pytest.mark.server

KEYS = (f"{n:08d}-1111-4111-8111-111111111111" for n in count())


def reply(conversation: str, to: str | None, text: str, *, attempted_at: int | None = None) -> Outgoing:
    return Outgoing(next(KEYS), conversation, to, text, attempted_at)


def carried(
    connector: Connector,
    act: Act,
    on: Target,
    target: str,
    *,
    undo: Undo | None = None,
    **given: object,
) -> Done:
    """One act, carried out."""
    order = Order(next(KEYS), act, on, target, undoing=undo.token if undo is not None else {}, **given)  # type: ignore[arg-type]
    return connector.act(order)


def undone(connector: Connector, done: Done, on: Target, target: str) -> Done:
    """The compensating act of what was done."""
    assert done.undo is not None
    return carried(connector, done.undo.act, on, target, undo=done.undo)


@pytest.fixture
def staff(fedi: Kit) -> Connector:
    """The connector, signed in as somebody who moderates the server."""
    return fedi.signed_in(fedi.server.person("staff", admin=True))


# ---------------------------------------------------------------------- answering


def test_a_reply_names_whom_it_answers_and_notifies_them(fedi: Kit) -> None:
    """Mastodon notifies only those whom the text names; it does not add the name by itself."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?")
    sent = fedi.connector.send(reply(ask, ask, "Like <this> & that"))
    assert (sent.parent, sent.conversation, sent.mentions) == (ask, ask, [fedi.alice.id])
    assert "Like &lt;this&gt; &amp; that" in sent.text
    told = fedi.server.api("GET", "/api/v1/notifications", by=fedi.alice)
    assert [one["status"]["id"] for one in told] == [sent.id]


def test_a_name_that_stands_in_the_text_is_not_added_again(fedi: Kit) -> None:
    """Wherever it stands, in whatever case."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?")
    sent = fedi.connector.send(reply(ask, ask, f"Like this, @{fedi.alice.name}."))
    assert sent.text.count(f"@{fedi.alice.name}") == 1


def test_a_reply_keeps_the_audience_and_the_warning_of_what_it_answers(fedi: Kit) -> None:
    """An answer must not be seen by more people than the question, nor show what was behind a warning."""
    for visibility in ("public", "unlisted", "private", "direct"):
        ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?", visibility=visibility, spoiler_text="Food")
        sent = fedi.connector.send(reply(ask, ask, f"Like this ({visibility})"))
        seen = fedi.server.status(fedi.us, sent.id)
        assert seen is not None
        assert (seen["visibility"], seen["spoiler_text"]) == (visibility, "Food")
        assert sent.title == "Food"


def test_a_direct_message_is_not_shown_to_anybody_else(fedi: Kit) -> None:
    """Naming somebody in it would show it to them: refused before anything is sent."""
    ask = fedi.server.direct(fedi.alice, f"@{fedi.us.name} about somebody")
    with pytest.raises(Refused) as caught:
        fedi.connector.send(reply(ask, ask, f"You mean @{fedi.bob.name}?"))
    assert caught.value.code == "widens"
    assert fedi.server.statuses(fedi.us) == []
    sent = fedi.connector.send(reply(ask, ask, "You mean Bob?"))
    assert sent.visibility == "private"
    assert sent.mentions == [fedi.alice.id]


def test_in_a_group_those_who_are_part_of_it_may_be_named(fedi: Kit) -> None:
    """They see it already."""
    ask = fedi.server.direct(fedi.alice, f"@{fedi.us.name} @{fedi.bob.name} when?")
    sent = fedi.connector.send(reply(ask, ask, f"At noon, @{fedi.bob.name} too"))
    assert set(sent.mentions or ()) == {fedi.alice.id, fedi.bob.id}


def test_a_direct_message_is_answered_as_a_whole(fedi: Kit) -> None:
    """Where no message is named, the answer goes below the latest one of the other person."""
    first = fedi.server.direct(fedi.alice, f"@{fedi.us.name} hello")
    second = fedi.server.reply(fedi.alice, first, f"@{fedi.us.name} are you there?", visibility="direct")
    sent = fedi.connector.send(reply(first, None, "Yes"))
    assert (sent.parent, sent.conversation, sent.visibility) == (second, first, "private")


def test_what_is_too_long_is_refused_before_it_is_sent(fedi: Kit) -> None:
    """The server's own limit, the name and the warning included, as the server counts: an address is 23 characters."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?", spoiler_text="Food")
    room = 500 - len("Food") - len(f"@{fedi.alice.name} ")
    with pytest.raises(Refused) as caught:
        fedi.connector.send(reply(ask, ask, "x" * (room + 1)))
    assert (caught.value.code, "500" in caught.value.message) == ("too_long", True)
    assert fedi.server.statuses(fedi.us) == []
    assert len(fedi.connector.send(reply(ask, ask, "x" * room)).text) > 480


def test_a_reply_to_what_is_gone_is_not_sent(fedi: Kit) -> None:
    """Nobody would see it, and a server takes it for a post of its own."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?")
    fedi.server.delete(fedi.alice, ask)
    with pytest.raises(Gone):
        fedi.connector.send(reply(ask, ask, "Like this"))
    assert fedi.server.statuses(fedi.us) == []


# ---------------------------------------------------------------------- once and only once


def test_the_same_reply_sent_twice_exists_once(fedi: Kit) -> None:
    """Its key goes along as `Idempotency-Key`."""
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?")
    wanted = reply(ask, ask, "Like this")
    assert fedi.connector.send(wanted).id == fedi.connector.send(wanted).id
    assert len(fedi.server.statuses(fedi.us)) == 1


@pytest.mark.parametrize("kind", ["drop_after", "malformed", "status_after"])
def test_a_reply_whose_answer_was_lost_is_found(fedi: Kit, mastodon_proxy: FaultProxy, kind: str) -> None:
    """It is not known whether it arrived: it is looked for, and it is there, whatever the server made of its text."""
    connector = fedi.signed_in(url=mastodon_proxy.url)
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} how?")
    before = now()
    wanted = reply(ask, ask, "See https://example.com/a?b=1&c=2 — “like this”\n\nand that", attempted_at=before)
    mastodon_proxy.fail(Fault(kind, "POST", "/statuses"))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        connector.send(wanted)
    found = connector.find(wanted, frozenset())
    assert found is not None
    assert [status["id"] for status in fedi.server.statuses(fedi.us)] == [found.id]
    assert connector.find(wanted, frozenset((found.id,))) is None


def test_a_reply_that_never_arrived_is_not_found(fedi: Kit, mastodon_proxy: FaultProxy) -> None:
    """Neither a text of ours elsewhere, nor an older one, nor somebody else's is taken for it."""
    connector = fedi.signed_in(url=mastodon_proxy.url)
    ask, other = (fedi.server.post(fedi.alice, f"@{fedi.us.name} {word}") for word in ("how?", "where?"))
    fedi.server.reply(fedi.us, other, f"@{fedi.alice.name} Like this")
    fedi.server.reply(fedi.alice, ask, f"@{fedi.alice.name} Like this")
    fedi.server.reply(fedi.us, ask, f"@{fedi.alice.name} Something else")
    wanted = reply(ask, ask, "Like this", attempted_at=now())
    mastodon_proxy.fail(Fault("drop_before", "POST", "/statuses"))
    with pytest.raises(OutcomeUnknown):
        connector.send(wanted)
    assert connector.find(wanted, frozenset()) is None
    late = reply(ask, ask, "Something else", attempted_at=now() + HOUR)
    assert connector.find(late, frozenset()) is None


def test_a_direct_reply_that_was_lost_is_found_without_its_parent(fedi: Kit) -> None:
    """An answer to a conversation as a whole may hang below any of its messages."""
    first = fedi.server.direct(fedi.alice, f"@{fedi.us.name} hello")
    second = fedi.server.reply(fedi.alice, first, f"@{fedi.us.name} are you there?", visibility="direct")
    there = fedi.server.reply(fedi.us, second, f"@{fedi.alice.name} Yes", visibility="direct")
    found = fedi.connector.find(reply(first, None, "Yes", attempted_at=now()), frozenset())
    assert found is not None
    assert found.id == there


def test_one_message_is_read_as_it_stands(fedi: Kit) -> None:
    """With its conversation; None once it is deleted."""
    root = fedi.server.post(fedi.us, "Root")
    ask = fedi.server.reply(fedi.alice, root, f"@{fedi.us.name} how?")
    found = fedi.connector.read(ask)
    assert found is not None
    assert (found.conversation, found.state) == (root, "live")
    fedi.server.delete(fedi.alice, ask)
    assert fedi.connector.read(ask) is None


# ---------------------------------------------------------------------- acts


def test_somebody_is_muted_and_blocked_and_let_go_again(fedi: Kit) -> None:
    """For us alone; a second time changes nothing; the undo leads back."""
    for act, field in (("mute", "muting"), ("block", "blocking")):

        def stands(name: str = field) -> bool:
            asked = {"id[]": fedi.alice.id}
            found = fedi.server.api("GET", "/api/v1/accounts/relationships", by=fedi.us, params=asked)
            return bool(found[0][name])

        done = carried(fedi.connector, act, "person", fedi.alice.id)  # type: ignore[arg-type]
        assert stands()
        assert carried(fedi.connector, act, "person", fedi.alice.id).note  # type: ignore[arg-type]
        undone(fedi.connector, done, "person", fedi.alice.id)
        assert not stands()


def test_a_mute_ends_by_itself(fedi: Kit) -> None:
    """Mastodon takes how long it lasts, in seconds."""
    carried(fedi.connector, "mute", "person", fedi.alice.id, until=now() + HOUR)
    found = fedi.server.api("GET", "/api/v1/accounts/relationships", by=fedi.us, params={"id[]": fedi.alice.id})
    ends = time.mktime(time.strptime(found[0]["muting_expires_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert 3500 < ends - time.time() < 3700


def test_a_mute_whose_answer_was_lost_is_looked_at(fedi: Kit, mastodon_proxy: FaultProxy) -> None:
    """What became of it is read: done is done, and what was not done can be tried again."""
    connector = fedi.signed_in(url=mastodon_proxy.url)
    mastodon_proxy.fail(Fault("drop_after", "POST", "/mute"))
    assert carried(connector, "mute", "person", fedi.alice.id).undo == Undo("unmute")
    mastodon_proxy.fail(Fault("drop_before", "POST", "/unmute"))
    with pytest.raises(Unreachable):
        carried(connector, "unmute", "person", fedi.alice.id)
    assert carried(connector, "unmute", "person", fedi.alice.id).undo == Undo("mute")


def test_a_thread_is_muted_and_unmuted(fedi: Kit) -> None:
    """No more notifications of it; it is still read."""
    root = fedi.server.post(fedi.us, "Root")
    done = carried(fedi.connector, "mute", "conversation", root)
    assert (fedi.server.status(fedi.us, root) or {})["muted"] is True
    undone(fedi.connector, done, "conversation", root)
    assert (fedi.server.status(fedi.us, root) or {})["muted"] is False


def test_a_post_of_our_own_is_deleted_and_nobody_elses(fedi: Kit) -> None:
    """The interface deletes for authors only; what was said is given back as the last version. Doing it twice is told."""
    mine, theirs = fedi.server.post(fedi.us, "Mine"), fedi.server.post(fedi.alice, "Theirs")
    done = carried(fedi.connector, "remove", "message", mine)
    assert [(m.id, m.state) for m in done.records if hasattr(m, "state")] == [(mine, "deleted")]  # type: ignore[union-attr]
    assert done.undo is None
    assert fedi.server.status(fedi.us, mine) is None
    assert carried(fedi.connector, "remove", "message", mine).note == "It was gone already."
    with pytest.raises(Refused) as caught:
        carried(fedi.connector, "remove", "message", theirs)
    assert caught.value.code == "not_ours"
    assert fedi.server.status(fedi.us, theirs) is not None


def test_a_report_reaches_the_staff_once(fedi: Kit, staff: Connector) -> None:
    """With post, category and reason; the same order again sends no second one."""
    bad = fedi.server.post(fedi.bob, "buy my things")
    order = Order(next(KEYS), "report", "message", bad, reason="Advertising", label="spam")
    fedi.connector.act(order)
    assert fedi.connector.act(order).note == "This report was sent already."
    admin = fedi.server.person("look", admin=True)
    reports = fedi.server.api("GET", "/api/v1/admin/reports", by=admin, params={"target_account_id": fedi.bob.id})
    assert [(r["category"], r["comment"], [s["id"] for s in r["statuses"]]) for r in reports] == [
        ("spam", "Advertising", [bad])
    ]
    carried(fedi.connector, "report", "person", fedi.bob.id)
    reports = fedi.server.api("GET", "/api/v1/admin/reports", by=admin, params={"target_account_id": fedi.bob.id})
    assert len(reports) == 2


def test_a_report_is_resolved_and_opened_again(fedi: Kit, staff: Connector) -> None:
    """The post is held while a report of it is open."""
    bad = fedi.server.post(fedi.bob, "buy my things")
    fedi.server.report(fedi.alice, fedi.bob.id, bad)
    held = staff.read(bad)
    assert held is not None
    assert held.state == "held"
    done = carried(staff, "acknowledge", "message", bad)
    assert [record.state for record in done.records] == ["live"]  # type: ignore[union-attr]
    assert carried(staff, "acknowledge", "message", bad).note
    back = undone(staff, done, "message", bad)
    assert [record.state for record in back.records] == ["held"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("act", "field"), [("hide", "silenced"), ("ban", "suspended"), ("lock", "disabled"), ("label", "sensitized")]
)
def test_staff_act_on_an_account_and_take_it_back(fedi: Kit, staff: Connector, act: Act, field: str) -> None:
    """Limit, suspend, freeze, mark as sensitive; twice is no more than once."""
    look = fedi.server.person("look", admin=True)

    def stands() -> bool:
        return bool(fedi.server.api("GET", f"/api/v1/admin/accounts/{fedi.bob.id}", by=look)[field])

    done = carried(staff, act, "person", fedi.bob.id, reason="Rule 3")
    assert stands()
    assert carried(staff, act, "person", fedi.bob.id).note == "It was so already."
    undone(staff, done, "person", fedi.bob.id)
    assert not stands()


def test_a_filtered_sender_is_approved_and_what_they_wrote_is_live(fedi: Kit) -> None:
    """Accepting the notification request; from then on they are notified of as anybody."""
    fedi.server.policy(fedi.us, for_not_following="filter")
    ask = fedi.server.post(fedi.alice, f"@{fedi.us.name} hello?")
    held = fedi.connector.read(ask)
    assert held is not None
    assert held.state == "held"
    done = carried(fedi.connector, "approve", "message", ask)
    assert [record.state for record in done.records] == ["live"]  # type: ignore[union-attr]
    assert [one["status"]["id"] for one in fedi.server.api("GET", "/api/v1/notifications", by=fedi.us)] == [ask]
    assert carried(fedi.connector, "approve", "person", fedi.alice.id).note == "There is no request of theirs."
    with pytest.raises(Refused):
        carried(fedi.connector, "approve", "message", ask)


def test_a_request_to_follow_is_approved(fedi: Kit) -> None:
    """Where no notification request waits."""
    fedi.server.api("PATCH", "/api/v1/accounts/update_credentials", by=fedi.us, data={"locked": "true"})
    fedi.server.api("POST", f"/api/v1/accounts/{fedi.us.id}/follow", by=fedi.alice)
    carried(fedi.connector, "approve", "person", fedi.alice.id)
    found = fedi.server.api("GET", "/api/v1/accounts/relationships", by=fedi.us, params={"id[]": fedi.alice.id})
    assert found[0]["followed_by"] is True


def test_what_mastodon_cannot_do_is_refused(fedi: Kit) -> None:
    """With what to do instead."""
    for act, on in (("kick", "person"), ("hold", "message"), ("lock", "conversation")):
        with pytest.raises(Refused) as caught:
            carried(fedi.connector, act, on, fedi.alice.id)  # type: ignore[arg-type]
        assert caught.value.code == "unsupported"


# ---------------------------------------------------------------------- signing in


def answered(steps: object, *answers: dict[str, str]) -> tuple[list[Step], SignedIn]:
    """A sign-in with these answers: the steps that were asked, and what came out."""
    asked = [next(steps)]  # type: ignore[call-overload]
    for answer in answers:
        try:
            asked.append(steps.send(answer))  # type: ignore[attr-defined]
        except StopIteration as end:
            return asked, end.value
    raise AssertionError("the sign-in asks for more")


def test_signing_in_with_a_token(fedi: Kit) -> None:
    """The page where to make one is named; the source is suggested as the account's whole name."""
    steps, done = answered(
        sign_in(now), {"url": fedi.server.url, "how": "token", "staff": "no"}, {"token": f" {fedi.us.token} "}
    )
    assert "write:statuses" in steps[1].text
    assert "admin:" not in steps[1].text
    assert (done.secret, done.settings["url"]) == (fedi.us.token, fedi.server.url)
    assert done.suggested_source == f"@{fedi.us.name}@localhost:{fedi.server.port}"
    connector = fedi.signed_in(credentials=Credentials(done.secret))
    assert connector.check().id == fedi.us.id


def test_signing_in_in_the_browser(fedi: Kit) -> None:
    """The person opens an address, allows modconsole and copies the code; a code that is wrong is told."""
    steps, code = [], ""
    for given in ("nonsense", "the right one"):
        flow = sign_in(now)
        next(flow)
        step = flow.send({"url": fedi.server.url, "how": "browser", "staff": "no"})
        steps.append(step)
        asked = parse_qs(urlsplit(step.url).query)
        assert asked["redirect_uri"] == ["urn:ietf:wg:oauth:2.0:oob"]
        assert asked["code_challenge_method"] == ["S256"]
        if given == "nonsense":
            with pytest.raises(SignInError):
                flow.send({"code": given})
            continue
        form = {name: asked[name][0] for name in ("client_id", "redirect_uri", "scope")}
        page = httpx.post(
            f"{fedi.server.url}/oauth/authorize", data={**form, "username": fedi.us.name}, trust_env=False
        )
        found = re.search(r"code: (\S+?)<", page.text)
        assert found is not None
        code = found[1]
        with pytest.raises(StopIteration) as end:
            flow.send({"code": code})
    done = end.value.value
    assert done.settings["scopes"] == ["read", "write", "follow"]
    connector = fedi.signed_in(credentials=Credentials(done.secret))
    account = connector.check()
    assert (account.id, account.missing) == (fedi.us.id, ())


def test_signing_in_with_a_wrong_token_is_refused(fedi: Kit) -> None:
    """Before anything is stored."""
    with pytest.raises(SignInError):
        answered(sign_in(now), {"url": fedi.server.url, "how": "token", "staff": "no"}, {"token": "wrong"})
    with pytest.raises(InputError):
        answered(sign_in(now), {"url": fedi.server.url, "how": "token", "staff": "no"}, {"token": "  "})
