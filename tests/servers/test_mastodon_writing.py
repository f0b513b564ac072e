"""The Mastodon connector against a running double: answering, finding what may have arrived, moderating, signing in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import count
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.mastodon import Mastodon, Person

from modconsole.connectors import mastodon as connector_module
from modconsole.connectors.acts import Act, Done, Order, Target, Undo
from modconsole.connectors.base import Outgoing
from modconsole.connectors.mastodon import connect, sign_in
from modconsole.connectors.signing import Credentials, SignedIn, Step
from modconsole.domain.times import HOUR
from modconsole.errors import Gone, InputError, OutcomeUnknown, Refused, SignInError, Unreachable

pytestmark = pytest.mark.server

KEYS = (f"{n:08d}-1111-4111-8111-111111111111" for n in count())
OPENED: list[connector_module.Mastodon] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every connector that a test opened is closed after it."""
    yield
    while OPENED:
        OPENED.pop().close()


def signed_in(server: Mastodon, person: Person, *, url: str = "") -> connector_module.Mastodon:
    """The connector, as somebody."""
    OPENED.append(connect({"url": url or server.url}, Credentials(person.token), source="fedi"))
    return OPENED[-1]


def now() -> int:
    return time.time_ns() // 1000


def reply(conversation: str, to: str | None, text: str, *, attempted_at: int | None = None) -> Outgoing:
    return Outgoing(next(KEYS), conversation, to, text, attempted_at)


def carried(
    connector: connector_module.Mastodon,
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


def undone(connector: connector_module.Mastodon, done: Done, on: Target, target: str) -> Done:
    """The compensating act of what was done."""
    assert done.undo is not None
    return carried(connector, done.undo.act, on, target, undo=done.undo)


@pytest.fixture
def us(mastodon: Mastodon) -> Person:
    return mastodon.person("us")


@pytest.fixture
def alice(mastodon: Mastodon) -> Person:
    return mastodon.person("alice")


@pytest.fixture
def bob(mastodon: Mastodon) -> Person:
    return mastodon.person("bob")


@pytest.fixture
def ours(mastodon: Mastodon, us: Person) -> connector_module.Mastodon:
    """The connector, signed in as us."""
    return signed_in(mastodon, us)


@pytest.fixture
def staff(mastodon: Mastodon) -> connector_module.Mastodon:
    """The connector, signed in as somebody who moderates the server."""
    return signed_in(mastodon, mastodon.person("staff", admin=True))


# ---------------------------------------------------------------------- answering


def test_a_reply_names_whom_it_answers_and_notifies_them(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Mastodon notifies only those whom the text names; it does not add the name by itself."""
    ask = mastodon.post(alice, f"@{us.name} how?")
    sent = ours.send(reply(ask, ask, "Like <this> & that"))
    assert (sent.parent, sent.conversation, sent.mentions) == (ask, ask, [alice.id])
    assert "Like &lt;this&gt; &amp; that" in sent.text
    told = mastodon.api("GET", "/api/v1/notifications", by=alice)
    assert [one["status"]["id"] for one in told] == [sent.id]


def test_a_name_that_stands_in_the_text_is_not_added_again(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Wherever it stands, in whatever case."""
    ask = mastodon.post(alice, f"@{us.name} how?")
    sent = ours.send(reply(ask, ask, f"Like this, @{alice.name}."))
    assert sent.text.count(f"@{alice.name}") == 1


def test_a_reply_keeps_the_audience_and_the_warning_of_what_it_answers(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """An answer must not be seen by more people than the question, nor show what was behind a warning."""
    for visibility in ("public", "unlisted", "private", "direct"):
        ask = mastodon.post(alice, f"@{us.name} how?", visibility=visibility, spoiler_text="Food")
        sent = ours.send(reply(ask, ask, f"Like this ({visibility})"))
        seen = mastodon.status(us, sent.id)
        assert seen is not None
        assert (seen["visibility"], seen["spoiler_text"]) == (visibility, "Food")
        assert sent.title == "Food"


def test_a_direct_message_is_not_shown_to_anybody_else(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person, bob: Person
) -> None:
    """Naming somebody in it would show it to them: refused before anything is sent."""
    ask = mastodon.direct(alice, f"@{us.name} about somebody")
    with pytest.raises(Refused) as caught:
        ours.send(reply(ask, ask, f"You mean @{bob.name}?"))
    assert caught.value.code == "widens"
    assert mastodon.statuses(us) == []
    sent = ours.send(reply(ask, ask, "You mean Bob?"))
    assert sent.visibility == "private"
    assert sent.mentions == [alice.id]


def test_in_a_group_those_who_are_part_of_it_may_be_named(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person, bob: Person
) -> None:
    """They see it already."""
    ask = mastodon.direct(alice, f"@{us.name} @{bob.name} when?")
    sent = ours.send(reply(ask, ask, f"At noon, @{bob.name} too"))
    assert set(sent.mentions or ()) == {alice.id, bob.id}


def test_a_direct_message_is_answered_as_a_whole(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Where no message is named, the answer goes below the latest one of the other person."""
    first = mastodon.direct(alice, f"@{us.name} hello")
    second = mastodon.reply(alice, first, f"@{us.name} are you there?", visibility="direct")
    sent = ours.send(reply(first, None, "Yes"))
    assert (sent.parent, sent.conversation, sent.visibility) == (second, first, "private")


def test_what_is_too_long_is_refused_before_it_is_sent(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """The server's own limit, the name and the warning included, as the server counts: an address is 23 characters."""
    ask = mastodon.post(alice, f"@{us.name} how?", spoiler_text="Food")
    room = 500 - len("Food") - len(f"@{alice.name} ")
    with pytest.raises(Refused) as caught:
        ours.send(reply(ask, ask, "x" * (room + 1)))
    assert (caught.value.code, "500" in caught.value.message) == ("too_long", True)
    assert mastodon.statuses(us) == []
    assert len(ours.send(reply(ask, ask, "x" * room)).text) > 480


def test_a_reply_to_what_is_gone_is_not_sent(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Nobody would see it, and a server takes it for a post of its own."""
    ask = mastodon.post(alice, f"@{us.name} how?")
    mastodon.delete(alice, ask)
    with pytest.raises(Gone):
        ours.send(reply(ask, ask, "Like this"))
    assert mastodon.statuses(us) == []


# ---------------------------------------------------------------------- once and only once


def test_the_same_reply_sent_twice_exists_once(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Its key goes along as `Idempotency-Key`."""
    ask = mastodon.post(alice, f"@{us.name} how?")
    wanted = reply(ask, ask, "Like this")
    assert ours.send(wanted).id == ours.send(wanted).id
    assert len(mastodon.statuses(us)) == 1


@pytest.mark.parametrize("kind", ["drop_after", "malformed", "status_after"])
def test_a_reply_whose_answer_was_lost_is_found(
    mastodon: Mastodon, mastodon_proxy: FaultProxy, us: Person, alice: Person, kind: str
) -> None:
    """It is not known whether it arrived: it is looked for, and it is there, whatever the server made of its text."""
    connector = signed_in(mastodon, us, url=mastodon_proxy.url)
    ask = mastodon.post(alice, f"@{us.name} how?")
    before = now()
    wanted = reply(ask, ask, "See https://example.com/a?b=1&c=2 — “like this”\n\nand that", attempted_at=before)
    mastodon_proxy.fail(Fault(kind, "POST", "/statuses"))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        connector.send(wanted)
    found = connector.find(wanted, frozenset())
    assert found is not None
    assert [status["id"] for status in mastodon.statuses(us)] == [found.id]
    assert connector.find(wanted, frozenset((found.id,))) is None


def test_a_reply_that_never_arrived_is_not_found(
    mastodon: Mastodon, mastodon_proxy: FaultProxy, us: Person, alice: Person
) -> None:
    """Neither a text of ours elsewhere, nor an older one, nor somebody else's is taken for it."""
    connector = signed_in(mastodon, us, url=mastodon_proxy.url)
    ask, other = (mastodon.post(alice, f"@{us.name} {word}") for word in ("how?", "where?"))
    mastodon.reply(us, other, f"@{alice.name} Like this")
    mastodon.reply(alice, ask, f"@{alice.name} Like this")
    mastodon.reply(us, ask, f"@{alice.name} Something else")
    wanted = reply(ask, ask, "Like this", attempted_at=now())
    mastodon_proxy.fail(Fault("drop_before", "POST", "/statuses"))
    with pytest.raises(OutcomeUnknown):
        connector.send(wanted)
    assert connector.find(wanted, frozenset()) is None
    late = reply(ask, ask, "Something else", attempted_at=now() + HOUR)
    assert connector.find(late, frozenset()) is None


def test_a_direct_reply_that_was_lost_is_found_without_its_parent(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """An answer to a conversation as a whole may hang below any of its messages."""
    first = mastodon.direct(alice, f"@{us.name} hello")
    second = mastodon.reply(alice, first, f"@{us.name} are you there?", visibility="direct")
    there = mastodon.reply(us, second, f"@{alice.name} Yes", visibility="direct")
    found = ours.find(reply(first, None, "Yes", attempted_at=now()), frozenset())
    assert found is not None
    assert found.id == there


def test_one_message_is_read_as_it_stands(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """With its conversation; None once it is deleted."""
    root = mastodon.post(us, "Root")
    ask = mastodon.reply(alice, root, f"@{us.name} how?")
    found = ours.read(ask)
    assert found is not None
    assert (found.conversation, found.state) == (root, "live")
    mastodon.delete(alice, ask)
    assert ours.read(ask) is None


# ---------------------------------------------------------------------- acts


def test_somebody_is_muted_and_blocked_and_let_go_again(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """For us alone; a second time changes nothing; the undo leads back."""
    for act, field in (("mute", "muting"), ("block", "blocking")):

        def stands(name: str = field) -> bool:
            asked = {"id[]": alice.id}
            found = mastodon.api("GET", "/api/v1/accounts/relationships", by=us, params=asked)
            return bool(found[0][name])

        done = carried(ours, act, "person", alice.id)  # type: ignore[arg-type]
        assert stands()
        assert carried(ours, act, "person", alice.id).note  # type: ignore[arg-type]
        undone(ours, done, "person", alice.id)
        assert not stands()


def test_a_mute_ends_by_itself(mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person) -> None:
    """Mastodon takes how long it lasts, in seconds."""
    carried(ours, "mute", "person", alice.id, until=now() + HOUR)
    found = mastodon.api("GET", "/api/v1/accounts/relationships", by=us, params={"id[]": alice.id})
    ends = time.mktime(time.strptime(found[0]["muting_expires_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert 3500 < ends - time.time() < 3700


def test_a_mute_whose_answer_was_lost_is_looked_at(
    mastodon: Mastodon, mastodon_proxy: FaultProxy, us: Person, alice: Person
) -> None:
    """What became of it is read: done is done, and what was not done can be tried again."""
    connector = signed_in(mastodon, us, url=mastodon_proxy.url)
    mastodon_proxy.fail(Fault("drop_after", "POST", "/mute"))
    assert carried(connector, "mute", "person", alice.id).undo == Undo("unmute")
    mastodon_proxy.fail(Fault("drop_before", "POST", "/unmute"))
    with pytest.raises(Unreachable):
        carried(connector, "unmute", "person", alice.id)
    assert carried(connector, "unmute", "person", alice.id).undo == Undo("mute")


def test_a_thread_is_muted_and_unmuted(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """No more notifications of it; it is still read."""
    root = mastodon.post(us, "Root")
    done = carried(ours, "mute", "conversation", root)
    assert (mastodon.status(us, root) or {})["muted"] is True
    undone(ours, done, "conversation", root)
    assert (mastodon.status(us, root) or {})["muted"] is False


def test_a_post_of_our_own_is_deleted_and_nobody_elses(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """The interface deletes for authors only; what was said is given back as the last version. Doing it twice is told."""
    mine, theirs = mastodon.post(us, "Mine"), mastodon.post(alice, "Theirs")
    done = carried(ours, "remove", "message", mine)
    assert [(m.id, m.state) for m in done.records if hasattr(m, "state")] == [(mine, "deleted")]  # type: ignore[union-attr]
    assert done.undo is None
    assert mastodon.status(us, mine) is None
    assert carried(ours, "remove", "message", mine).note == "It was gone already."
    with pytest.raises(Refused) as caught:
        carried(ours, "remove", "message", theirs)
    assert caught.value.code == "not_ours"
    assert mastodon.status(us, theirs) is not None


def test_a_report_reaches_the_staff_once(
    mastodon: Mastodon, ours: connector_module.Mastodon, staff: connector_module.Mastodon, us: Person, bob: Person
) -> None:
    """With post, category and reason; the same order again sends no second one."""
    bad = mastodon.post(bob, "buy my things")
    order = Order(next(KEYS), "report", "message", bad, reason="Advertising", label="spam")
    ours.act(order)
    assert ours.act(order).note == "This report was sent already."
    admin = mastodon.person("look", admin=True)
    reports = mastodon.api("GET", "/api/v1/admin/reports", by=admin, params={"target_account_id": bob.id})
    assert [(r["category"], r["comment"], [s["id"] for s in r["statuses"]]) for r in reports] == [
        ("spam", "Advertising", [bad])
    ]
    carried(ours, "report", "person", bob.id)
    reports = mastodon.api("GET", "/api/v1/admin/reports", by=admin, params={"target_account_id": bob.id})
    assert len(reports) == 2


def test_a_report_is_resolved_and_opened_again(
    mastodon: Mastodon, staff: connector_module.Mastodon, alice: Person, bob: Person
) -> None:
    """The post is held while a report of it is open."""
    bad = mastodon.post(bob, "buy my things")
    mastodon.report(alice, bob.id, bad)
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
def test_staff_act_on_an_account_and_take_it_back(
    mastodon: Mastodon, staff: connector_module.Mastodon, bob: Person, act: Act, field: str
) -> None:
    """Limit, suspend, freeze, mark as sensitive; twice is no more than once."""
    look = mastodon.person("look", admin=True)

    def stands() -> bool:
        return bool(mastodon.api("GET", f"/api/v1/admin/accounts/{bob.id}", by=look)[field])

    done = carried(staff, act, "person", bob.id, reason="Rule 3")
    assert stands()
    assert carried(staff, act, "person", bob.id).note == "It was so already."
    undone(staff, done, "person", bob.id)
    assert not stands()


def test_a_filtered_sender_is_approved_and_what_they_wrote_is_live(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Accepting the notification request; from then on they are notified of as anybody."""
    mastodon.policy(us, for_not_following="filter")
    ask = mastodon.post(alice, f"@{us.name} hello?")
    held = ours.read(ask)
    assert held is not None
    assert held.state == "held"
    done = carried(ours, "approve", "message", ask)
    assert [record.state for record in done.records] == ["live"]  # type: ignore[union-attr]
    assert [one["status"]["id"] for one in mastodon.api("GET", "/api/v1/notifications", by=us)] == [ask]
    assert carried(ours, "approve", "person", alice.id).note == "There is no request of theirs."
    with pytest.raises(Refused):
        carried(ours, "approve", "message", ask)


def test_a_request_to_follow_is_approved(
    mastodon: Mastodon, ours: connector_module.Mastodon, us: Person, alice: Person
) -> None:
    """Where no notification request waits."""
    mastodon.api("PATCH", "/api/v1/accounts/update_credentials", by=us, data={"locked": "true"})
    mastodon.api("POST", f"/api/v1/accounts/{us.id}/follow", by=alice)
    carried(ours, "approve", "person", alice.id)
    found = mastodon.api("GET", "/api/v1/accounts/relationships", by=us, params={"id[]": alice.id})
    assert found[0]["followed_by"] is True


def test_what_mastodon_cannot_do_is_refused(ours: connector_module.Mastodon, alice: Person) -> None:
    """With what to do instead."""
    for act, on in (("kick", "person"), ("hold", "message"), ("lock", "conversation")):
        with pytest.raises(Refused) as caught:
            carried(ours, act, on, alice.id)  # type: ignore[arg-type]
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


def test_signing_in_with_a_token(mastodon: Mastodon, us: Person) -> None:
    """The page where to make one is named; the source is suggested as the account's whole name."""
    steps, done = answered(
        sign_in(now), {"url": mastodon.url, "how": "token", "staff": "no"}, {"token": f" {us.token} "}
    )
    assert "write:statuses" in steps[1].text
    assert "admin:" not in steps[1].text
    assert (done.secret, done.settings["url"]) == (us.token, mastodon.url)
    assert done.suggested_source == f"@{us.name}@localhost:{mastodon.port}"
    connector = connect(done.settings, Credentials(done.secret), source="fedi")
    OPENED.append(connector)
    assert connector.check().id == us.id


def test_signing_in_in_the_browser(mastodon: Mastodon, us: Person) -> None:
    """The person opens an address, allows modconsole and copies the code; a code that is wrong is told."""
    steps, code = [], ""
    for given in ("nonsense", "the right one"):
        flow = sign_in(now)
        next(flow)
        step = flow.send({"url": mastodon.url, "how": "browser", "staff": "no"})
        steps.append(step)
        asked = parse_qs(urlsplit(step.url).query)
        assert asked["redirect_uri"] == ["urn:ietf:wg:oauth:2.0:oob"]
        assert asked["code_challenge_method"] == ["S256"]
        if given == "nonsense":
            with pytest.raises(SignInError):
                flow.send({"code": given})
            continue
        form = {name: asked[name][0] for name in ("client_id", "redirect_uri", "scope")}
        page = httpx.post(f"{mastodon.url}/oauth/authorize", data={**form, "username": us.name}, trust_env=False)
        found = re.search(r"code: (\S+?)<", page.text)
        assert found is not None
        code = found[1]
        with pytest.raises(StopIteration) as end:
            flow.send({"code": code})
    done = end.value.value
    assert done.settings["scopes"] == ["read", "write", "follow"]
    connector = connect(done.settings, Credentials(done.secret), source="fedi")
    OPENED.append(connector)
    account = connector.check()
    assert (account.id, account.missing) == (us.id, ())


def test_signing_in_with_a_wrong_token_is_refused(mastodon: Mastodon) -> None:
    """Before anything is stored."""
    with pytest.raises(SignInError):
        answered(sign_in(now), {"url": mastodon.url, "how": "token", "staff": "no"}, {"token": "wrong"})
    with pytest.raises(InputError):
        answered(sign_in(now), {"url": mastodon.url, "how": "token", "staff": "no"}, {"token": "  "})
