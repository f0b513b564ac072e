"""The Bluesky connector against the network itself: signing in, reading, replying, messages, and what can come between.

All that the connector sends and gets here is held to the published lexicons.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from tests.connectors.bluesky_sky import Look
from tests.servers.bluesky import Bluesky, Person, Ref
from tests.servers.bluesky_us import Us, clock
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.wordpress import wait_until

from modconsole.connectors import bluesky as connector_module
from modconsole.connectors.base import Outgoing
from modconsole.connectors.bluesky import connect, sign_in
from modconsole.connectors.bluesky_api import Tokens, tokens
from modconsole.connectors.signing import Credentials, SignedIn
from modconsole.domain.ids import new_id
from modconsole.domain.records import Message
from modconsole.domain.times import HOUR, to_instant
from modconsole.errors import Duplicate, Gone, InputError, OutcomeUnknown, Refused, SignInError

pytestmark = pytest.mark.server

PUT = "com.atproto.repo.putRecord"
SEND = "chat.bsky.convo.sendMessage"


@pytest.fixture
def team(bluesky: Bluesky) -> Iterator[Us]:
    """An account of ours that no other test uses."""
    made = Us(bluesky)
    yield made
    made.close()


@pytest.fixture
def sky(team: Us) -> Iterator[connector_module.Bluesky]:
    """The connector, signed in; what went through it kept the lexicons."""
    yield team.connect()
    assert team.checked.wrong == []


@pytest.fixture
def proxy(bluesky: Bluesky) -> Iterator[FaultProxy]:
    """A proxy in front of the server that breaks on demand."""
    with FaultProxy(bluesky.ports["pds"]) as made:
        yield made


@pytest.fixture(scope="module")
def ann(bluesky: Bluesky) -> Person:
    """Somebody."""
    return bluesky.person("ann")


@pytest.fixture(scope="module")
def bob(bluesky: Bluesky) -> Person:
    """Somebody else."""
    return bluesky.person("bob")


@pytest.fixture
def root(bluesky: Bluesky, team: Us) -> Ref:
    """A thread of ours that no other test uses."""
    return bluesky.post(team.person, "A thread of its own")


def look(connector: connector_module.Bluesky) -> Look:
    """What a store would know, from now on."""
    return Look(connector, now=clock())


def reply(to: Ref, text: str, root: Ref, **more: Any) -> Outgoing:
    """A reply in a thread."""
    return Outgoing(new_id(clock()), root.uri, to.uri, text, more.get("attempted_at", clock()))


def asked(network: Bluesky, by: Person, root: Ref, text: str = "A question?") -> Ref:
    """A reply that the AppView knows."""
    made = network.post(by, text, parent=root)
    network.indexed(made)
    return made


# ---------------------------------------------------------------------- signing in


def signing(network: Bluesky, **answers: str) -> SignedIn:
    """The whole flow, with the network's own directory."""
    flow = sign_in(clock)
    step = next(flow)
    assert [field.name for field in step.fields] == [
        "handle",
        "password",
        "messages",
        "labeler",
        "directory",
        "resolver",
    ]
    with pytest.raises(StopIteration) as ended:
        flow.send({"directory": network.plc, "resolver": network.pds, **answers})
    found: SignedIn = ended.value.value
    return found


def test_a_handle_and_an_app_password_lead_to_the_accounts_server(bluesky: Bluesky, team: Us) -> None:
    """The DID by the handle, the server by the directory; the secret holds password and tokens together."""
    password = bluesky.app_password(team.person)
    found = signing(bluesky, handle=f" @{team.person.handle.upper()} ", password=password)
    assert found.settings == {"handle": team.person.handle, "did": team.person.did, "pds": bluesky.pds}
    assert found.suggested_source == f"@{team.person.handle}"
    kept = tokens(found.secret)
    assert (kept.password, bool(kept.access), bool(kept.refresh)) == (password, True, True)
    connector = connect(found.settings, Credentials(found.secret), source="sky", clock=clock)
    account = connector.check()
    assert (account.id, account.handle, account.missing) == (team.person.did, team.person.handle, ())
    assert "direct messages and requests for them" in account.syncs
    connector.close()
    by_did = signing(bluesky, handle=team.person.did, password=password, messages="no")
    assert by_did.settings == {**found.settings, "messages": False}


def test_what_is_wrong_with_a_sign_in_is_said(bluesky: Bluesky, team: Us) -> None:
    """Handle, password, the account's own password, a server on the open road; never with the password in it."""
    for answers, words in (
        ({"handle": "nobody.test", "password": "x"}, "Nobody has the handle"),
        ({"handle": "did:plc:" + "2" * 24, "password": "x"}, "no such account"),
        ({"handle": team.person.handle, "password": "sesame-sesame"}, "did not accept"),
        ({"handle": team.person.handle, "password": team.person.password}, "own password"),
    ):
        flow = sign_in(clock)
        next(flow)
        with pytest.raises(SignInError) as caught:
            flow.send({"directory": bluesky.plc, "resolver": bluesky.pds, **answers})
        assert words in caught.value.message
        assert caught.value.hint
        assert answers["password"] not in str(caught.value) or len(answers["password"]) == 1
    for settings in (
        {"handle": "no handle"},
        {"directory": "http://plc.example"},
        {"resolver": "http://u:p@x.example"},
    ):
        flow = sign_in(clock)
        next(flow)
        answers = {"handle": team.person.handle, "password": "x", "directory": bluesky.plc, "resolver": bluesky.pds}
        with pytest.raises(InputError):
            flow.send({**answers, **settings})


def test_settings_that_cannot_work_are_refused_without_a_request(team: Us) -> None:
    """No account, plain http to elsewhere, no secret."""
    good = {"did": team.person.did, "pds": "https://pds.example"}
    for settings, secret in (
        ({}, "x"),
        ({**good, "pds": "http://pds.example"}, "x"),
        ({**good, "labeler": "mod"}, "x"),
        ({**good, "chat": "chat"}, "x"),
        (good, " "),
    ):
        with pytest.raises(InputError):
            connect(settings, Credentials(secret))
    assert "Credentials" not in repr(connect(good, Credentials("pass-word")))


def test_a_password_that_may_not_read_messages_is_said_to_lack_it(bluesky: Bluesky, team: Us) -> None:
    """Before the source is added, and in its coverage; everything else is read."""
    found = signing(bluesky, handle=team.person.handle, password=bluesky.app_password(team.person, messages=False))
    connector = connect(found.settings, Credentials(found.secret), source="sky", clock=clock)
    (missing,) = connector.check().missing
    assert "direct messages" in missing
    assert "direct messages" in look(connector).pull().gap()
    connector.close()


def test_a_session_that_ran_out_is_renewed_and_kept(bluesky: Bluesky, team: Us) -> None:
    """With a token that the server refuses: from the refresh token, else from the password; once for all who wait."""
    kept: list[str] = []
    password = bluesky.app_password(team.person)
    for refresh in (team.person.refresh, "spent"):
        connector = team.connect()
        credentials = Credentials(Tokens(password, "a.b.c", refresh).text(), save=kept.append)
        connector.api._credentials = credentials
        assert connector.check().id == team.person.did
        assert kept[-1] == credentials.secret
        assert tokens(kept[-1]).password == password
    assert len(kept) == 2
    connector.api._credentials = Credentials(Tokens("revoked-password", "a.b.c", "spent").text())
    with pytest.raises(SignInError) as caught:
        connector.check()
    assert "app password" in caught.value.hint


# ---------------------------------------------------------------------- reading


def test_a_thread_comes_whole_with_our_native_replies(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person, bob: Person, root: Ref
) -> None:
    """The first post, a question, what others say below it, and our answer from the app."""
    question = bluesky.post(ann, "A question?", parent=root)
    aside = bluesky.post(bob, "Me too", parent=question)
    answer = bluesky.post(team.person, "An answer", parent=question)
    bluesky.indexed(question, aside, answer)
    seen = look(sky).pull()
    assert {root.uri, question.uri, aside.uri, answer.uri} <= seen.messages.keys()
    found = seen.messages[answer.uri]
    assert (found.author.id, found.parent, found.conversation) == (team.person.did, question.uri, root.uri)
    assert seen.conversations[root.uri].title == "A thread of its own"
    assert seen.gap() == ""
    assert seen.poison() == []
    again = seen.pull()
    assert again.messages[question.uri].text == "A question?"


def test_mentions_and_quotations_elsewhere_are_addressed_to_us(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person, root: Ref
) -> None:
    """In threads that others began; those are read whole as well."""
    mark = {"$type": "app.bsky.richtext.facet#mention", "did": team.person.did}
    named = bluesky.post(ann, "Hey @you", facets=[{"index": {"byteStart": 4, "byteEnd": 8}, "features": [mark]}])
    quoted = bluesky.post(ann, "Look", embed={"$type": "app.bsky.embed.record", "record": root.plain()})
    bluesky.indexed(named, quoted)
    seen = look(sky).pull()
    assert seen.messages[named.uri].mentions == [team.person.did]
    assert seen.messages[quoted.uri].mentions == [team.person.did]
    assert seen.messages[quoted.uri].quotes == root.uri
    assert seen.messages[named.uri].conversation == named.uri


def test_an_edit_is_seen_when_its_thread_is_read_again(
    bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, root: Ref
) -> None:
    """The same message with another text, and no time that nobody gave."""
    question = asked(bluesky, ann, root, "Before")
    seen = look(sky).pull()
    bluesky.indexed(bluesky.edit(ann, question, "After"))
    seen.pull()
    assert (seen.messages[question.uri].text, seen.messages[question.uri].edited_at) == ("After", None)


def test_a_deletion_is_found_by_asking_for_the_post(
    bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, bob: Person, root: Ref
) -> None:
    """And what hangs below the deleted post is kept, with what is written there later."""
    question = asked(bluesky, ann, root)
    below = asked(bluesky, bob, question, "Below")
    seen = look(sky).pull()
    bluesky.delete(ann, question)
    bluesky.indexed(question, gone=True)
    deeper = bluesky.post(ann, "Deeper", parent=below)
    bluesky.indexed(deeper)
    seen.pull(waiting=(question.uri, below.uri))
    assert seen.gone() == [question.uri]
    assert seen.state(below.uri) == "live"
    assert seen.messages[deeper.uri].parent == below.uri


def test_an_account_that_is_gone_takes_its_messages_along(
    bluesky: Bluesky, sky: connector_module.Bluesky, root: Ref
) -> None:
    """Deactivated: nobody is there to be answered. When it comes back, so do they."""
    leaver = bluesky.person("leaver")
    question = asked(bluesky, leaver, root)
    seen = look(sky).pull()
    bluesky.leave(leaver)
    assert seen.pull(waiting=(question.uri,)).gone() == [question.uri]


def test_a_block_is_a_gap_and_no_deletion(bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, root: Ref) -> None:
    """They block us: we see that there is something, and not what; the message we know is kept."""
    shy = bluesky.person("shy")
    question = asked(bluesky, shy, root)
    seen = look(sky).pull()
    block = {"$type": "app.bsky.graph.block", "subject": team.person.did, "createdAt": "2026-01-01T00:00:00.000Z"}
    made = bluesky.create(shy, "app.bsky.graph.block", block)
    bluesky.indexed(made)
    seen.pull(waiting=(question.uri,))
    assert seen.state(question.uri) == "live"
    assert "block" in seen.gaps[root.uri]
    bluesky.do("com.atproto.repo.deleteRecord", by=shy, repo=shy.did, collection="app.bsky.graph.block", rkey=made.key)
    bluesky.indexed(made, gone=True)
    assert seen.pull(waiting=(question.uri,)).gaps[root.uri] == ""


def test_a_reply_that_was_never_announced_is_found_late_with_its_own_time(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person, root: Ref
) -> None:
    """Indexed before its parent, it notifies nobody; the thread has it."""
    bluesky.indexed(root)
    with bluesky.held(team.person):
        ours = bluesky.post(team.person, "More", parent=root)
        lost = bluesky.post(ann, "Lost", parent=ours, at_once=True)
        bluesky.indexed(lost)
        seen = look(sky).pull()
        assert lost.uri not in seen.messages
    bluesky.indexed(ours)
    before = clock()
    assert lost.uri not in {m for page in seen.pull().pages if page.lane == "discovery" for m in _ids(page.records)}
    assert to_instant(seen.messages[lost.uri].created_at) < before


def _ids(records: Any) -> set[str]:
    return {record.id for record in records if isinstance(record, Message)}


def test_a_reply_that_is_dated_back_is_found_where_the_mark_is_long_past(
    bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, root: Ref
) -> None:
    """Its author says that it is a day old: it lies deep below the mark, and waits since then."""
    asked(bluesky, ann, root)
    seen = look(sky).pull()
    old = bluesky.post(ann, "Yesterday", parent=root, at=time.time() - 86_400)
    bluesky.indexed(old)
    seen.pull()
    assert old.uri in seen.messages
    assert to_instant(seen.messages[old.uri].created_at) < clock() - 23 * HOUR


def test_a_thread_deeper_than_the_server_gives_is_read_to_its_end(
    bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, bob: Person, root: Ref
) -> None:
    """Eight levels at once, twelve in all."""
    at, posts = root, []
    for by, n in zip(itertools.cycle((ann, bob)), range(12), strict=False):
        at = bluesky.post(by, f"Level {n}", parent=at)
        posts.append(at)
    bluesky.indexed(*posts)
    seen = look(sky).pull()
    assert {post.uri for post in posts} <= seen.messages.keys()
    assert seen.gaps[root.uri] == ""


def test_one_post_is_read_as_it_stands(bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, root: Ref) -> None:
    """Live, then deleted; what is no post of theirs does not exist."""
    question = asked(bluesky, ann, root)
    found = sky.read(question.uri)
    assert found is not None
    assert (found.text, found.conversation) == ("A question?", root.uri)
    bluesky.delete(ann, question)
    bluesky.indexed(question, gone=True)
    assert sky.read(question.uri) is None
    assert sky.read("not an address") is None


# ---------------------------------------------------------------------- replying


def test_a_reply_is_a_record_with_references_and_facets(
    bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, root: Ref
) -> None:
    """Root and parent with their versions; link, mention and tag with their bytes; and the message as it comes back."""
    question = asked(bluesky, ann, root)
    text = f"Grüße @{ann.handle}! https://example.com/ä #danke @nobody.test"
    sent = sky.send(reply(question, text, root))
    stored = bluesky.record(sent.id)
    assert stored is not None
    assert stored["value"]["reply"] == {"root": root.plain(), "parent": question.plain()}
    data = text.encode()
    pieces = [data[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode() for f in stored["value"]["facets"]]
    assert pieces == [f"@{ann.handle}", "https://example.com/ä", "#danke"]
    assert stored["value"]["facets"][0]["features"][0]["did"] == ann.did
    bluesky.indexed(Ref(sent.id, stored["cid"]))
    shown = look(sky).pull().messages[sent.id]
    assert (shown.text, shown.parent, shown.mentions, shown.author) == (
        sent.text,
        sent.parent,
        sent.mentions,
        sent.author,
    )
    assert shown.created_at == sent.created_at


def test_a_send_is_there_once_however_often_it_is_tried(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person, root: Ref
) -> None:
    """The same key, the same record: also later, when the parent was edited meanwhile."""
    question = asked(bluesky, ann, root)
    out = reply(question, "Once", root)
    first = sky.send(out)
    bluesky.indexed(bluesky.edit(ann, question, "Edited"))
    assert sky.send(out).id == first.id
    found = sky.find(out, frozenset())
    assert found is not None
    assert found.id == first.id
    rows = bluesky.thread(root, [team.person])
    assert sum(text == "Once" for _, text in rows.values()) == 1
    with pytest.raises(Duplicate):
        sky.send(Outgoing(out.key, out.conversation, out.reply_to, "Other words", out.attempted_at))


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after", "malformed", "truncated"])
def test_a_lost_answer_is_an_unknown_outcome_that_can_be_looked_for(
    bluesky: Bluesky, team: Us, ann: Person, root: Ref, proxy: FaultProxy, kind: Any
) -> None:
    """Whether it arrived is found out; sending again after that makes no second one."""
    question = asked(bluesky, ann, root)
    connector = team.connect(url=proxy.url)
    proxy.fail(Fault(kind, "POST", PUT, code=502))
    out = reply(question, f"Lost by {kind}", root)
    with pytest.raises(OutcomeUnknown):
        connector.send(out)
    found = connector.find(out, frozenset())
    assert (found is None) == (kind == "drop_before")
    assert connector.send(out).id == (found.id if found is not None else connector.send(out).id)
    rows = bluesky.thread(root, [team.person])
    assert sum(text == out.text for _, text in rows.values()) == 1
    connector.close()


def test_a_reply_written_elsewhere_is_found_by_place_and_words(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person, root: Ref
) -> None:
    """Not one that was known before, not below another post, not one from before the try."""
    question = asked(bluesky, ann, root)
    native = bluesky.post(team.person, "By hand", parent=question)
    out = reply(question, "By hand", root)
    found = sky.find(out, frozenset())
    assert found is not None
    assert found.id == native.uri
    assert sky.find(out, frozenset((native.uri,))) is None
    assert sky.find(reply(root, "By hand", root), frozenset()) is None
    assert sky.find(reply(question, "By hand", root, attempted_at=clock() + HOUR), frozenset()) is None
    assert sky.find(reply(question, "Other", root), frozenset()) is None


def test_what_cannot_be_answered_is_refused_before_it_is_sent(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person, root: Ref
) -> None:
    """Deleted, in another thread, closed by its author, too long."""
    question = asked(bluesky, ann, root)
    other = bluesky.post(team.person, "Another thread")
    bluesky.indexed(other)
    with pytest.raises(Refused) as caught:
        sky.send(reply(question, "Where am I?", other))
    assert caught.value.code == "wrong_thread"
    closed = bluesky.post(ann, "No replies, please")
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": closed.uri,
        "allow": [],
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    bluesky.do(PUT, by=ann, repo=ann.did, collection=gate["$type"], rkey=closed.key, record=gate)
    bluesky.indexed(closed)
    wait_until(lambda: _closed(bluesky, team, closed), "the gate is known")
    with pytest.raises(Refused) as caught:
        sky.send(reply(closed, "But…", closed))
    assert caught.value.code == "replies_closed"
    with pytest.raises(Refused) as caught:
        sky.send(reply(question, "x" * 301, root))
    assert caught.value.code == "too_long"
    bluesky.delete(ann, question)
    bluesky.indexed(question, gone=True)
    with pytest.raises(Gone):
        sky.send(reply(question, "Too late", root))
    mine = {uri for uri in bluesky.thread(root, [team.person]) if uri != root.uri}
    assert mine == set()


def _closed(network: Bluesky, team: Us, post: Ref) -> bool:
    (shown,) = network.ask("app.bsky.feed.getPosts", by=team.person, uris=[post.uri])["posts"]
    return bool(shown["viewer"].get("replyDisabled"))


def test_the_longest_reply_is_taken(bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, root: Ref) -> None:
    """Three hundred letters of several bytes, as the server counts them."""
    question = asked(bluesky, ann, root)
    text = "👩🏽" * 299 + "é"
    assert sky.send(reply(question, text, root)).text == text


# ---------------------------------------------------------------------- direct messages


def test_direct_messages_are_read_with_requests_and_answered(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us, ann: Person
) -> None:
    """A first message is a request, and waits like any other; our answer comes back once."""
    stranger = bluesky.person("stranger")
    convo, message = bluesky.message(stranger, team.person, "May I ask something?")
    ident = f"dm:{convo}/{message}"
    seen = look(sky).pull()
    assert seen.messages[ident].author.id == stranger.did
    assert seen.conversations[f"dm:{convo}"].kind == "dm"
    assert "queues" in {page.lane for page in seen.pages if ident in _ids(page.records)}
    out = Outgoing(str(uuid.uuid4()), f"dm:{convo}", ident, "Of course.", clock())
    sent = sky.send(out)
    assert (sent.author.id, sent.kind) == (team.person.did, "dm")
    found = sky.find(out, frozenset())
    assert found is not None
    assert found.id == sent.id
    assert sky.find(out, frozenset((sent.id,))) is None
    read = sky.read(sent.id)
    assert read is not None
    assert read.text == "Of course."
    bluesky.message(stranger, team.person, "Thanks")
    seen.pull()
    assert sent.id in seen.messages
    assert seen.messages[sent.id].created_at == sent.created_at
    assert sky.read(f"dm:{convo}/3n2ubtciftc2r") is None
    assert sky.read("dm:3n2ubtciftc2r/3n2ubtciftc2r") is None


def test_a_message_that_we_deleted_is_gone_and_our_answer_stays(
    bluesky: Bluesky, sky: connector_module.Bluesky, team: Us
) -> None:
    """Deleting is for ourselves only: the other still has our words."""
    friend = bluesky.person("friend")
    convo, theirs = bluesky.message(friend, team.person, "Please forget this")
    seen = look(sky).pull()
    ident = f"dm:{convo}/{theirs}"
    ours = sky.send(Outgoing(str(uuid.uuid4()), f"dm:{convo}", ident, "Done", clock())).id
    seen.pull()
    proxy = "did:web:api.bsky.chat#bsky_chat"
    for message in (theirs, ours.rpartition("/")[2]):
        bluesky.do(
            "chat.bsky.convo.deleteMessageForSelf", by=team.person, proxy=proxy, convoId=convo, messageId=message
        )
    seen.pull(waiting=(ident, ours))
    assert (seen.state(ident), seen.state(ours)) == ("deleted", "live")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after", "malformed"])
def test_a_direct_message_in_doubt_is_looked_for(bluesky: Bluesky, team: Us, proxy: FaultProxy, kind: Any) -> None:
    """It has no key of its own: nothing but looking tells whether it arrived."""
    pal = bluesky.person("pal")
    convo, theirs = bluesky.message(pal, team.person, "Are you there?")
    connector = team.connect(url=proxy.url)
    proxy.fail(Fault(kind, "POST", SEND, code=502))
    out = Outgoing(str(uuid.uuid4()), f"dm:{convo}", f"dm:{convo}/{theirs}", "Yes", clock())
    with pytest.raises(OutcomeUnknown):
        connector.send(out)
    found = connector.find(out, frozenset())
    assert (found is None) == (kind == "drop_before")
    rows = bluesky.control("chat", op="truth", convo=convo)["messages"]
    assert sum(row["text"] == "Yes" for row in rows) == (0 if kind == "drop_before" else 1)
    connector.close()


def test_a_direct_message_has_its_own_limit(bluesky: Bluesky, sky: connector_module.Bluesky, team: Us) -> None:
    """A thousand letters instead of three hundred."""
    pal = bluesky.person("pal")
    convo, _ = bluesky.message(pal, team.person, "Tell me a story")
    assert len(sky.send(Outgoing(new_id(clock()), f"dm:{convo}", None, "a" * 1000, clock())).text) == 1000
    with pytest.raises(Refused) as caught:
        sky.send(Outgoing(new_id(clock()), f"dm:{convo}", None, "a" * 1001, clock()))
    assert caught.value.code == "too_long"
    with pytest.raises(Gone):
        sky.send(Outgoing(new_id(clock()), "dm:3n2ubtciftc2r", None, "a", clock()))


def test_a_full_walk_meets_everything_again(
    bluesky: Bluesky, sky: connector_module.Bluesky, ann: Person, root: Ref
) -> None:
    """And only what is surely gone is called gone."""
    question = asked(bluesky, ann, root)
    seen = look(sky).pull()
    bluesky.delete(ann, question)
    bluesky.indexed(question, gone=True)
    known = set(seen.messages)
    assert seen.pull(full=True).gone() == [question.uri]
    assert known - {question.uri} <= set(seen.new())


def test_nothing_stays_open_when_a_pull_is_left_halfway(sky: connector_module.Bluesky) -> None:
    """A run can end after any page; the next one works."""
    seen = look(sky)
    seen.pull(stop_after=1)
    assert seen.pull().coverage is not None
