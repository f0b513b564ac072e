"""Moderation on Bluesky against the network itself: each act does what it says, once, and is taken back by its own order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from tests.connectors.bluesky_sky import Look
from tests.servers.bluesky import POST, Bluesky, Person, Ref
from tests.servers.bluesky_us import Us, clock
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.wordpress import wait_until

from modconsole.connectors.acts import Act, Done, Order, Target
from modconsole.connectors.base import Connector
from modconsole.connectors.bluesky import CAPABILITIES
from modconsole.connectors.bluesky import Bluesky as Connected
from modconsole.domain.ids import new_id
from modconsole.domain.records import Message
from modconsole.domain.times import HOUR
from modconsole.errors import Gone, InputError, OutcomeUnknown, Refused

pytestmark = pytest.mark.server

GATE = "app.bsky.feed.threadgate"
BLOCK = "app.bsky.graph.block"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@pytest.fixture
def team(bluesky: Bluesky) -> Iterator[Us]:
    """An account of ours that no other test uses."""
    made = Us(bluesky)
    yield made
    made.close()
    assert made.checked.wrong == []


@pytest.fixture
def sky(team: Us) -> Connected:
    """The connector, signed in."""
    return team.connect()


@pytest.fixture(scope="module")
def ann(bluesky: Bluesky) -> Person:
    """Somebody."""
    return bluesky.person("ann")


@pytest.fixture
def root(bluesky: Bluesky, team: Us) -> Ref:
    """A thread of ours."""
    return bluesky.post(team.person, "A thread of its own")


@pytest.fixture
def question(bluesky: Bluesky, ann: Person, root: Ref) -> Ref:
    """A reply in it."""
    made = bluesky.post(ann, "A question?", parent=root)
    bluesky.indexed(root, made)
    return made


def do(connector: Connector, act: Act, on: Target, target: str, **more: Any) -> Done:
    """One order."""
    return connector.act(Order(new_id(clock()), act, on, target, **more))


def undo(connector: Connector, done: Done, on: Target, target: str) -> Done:
    """The compensating order of what was done."""
    assert done.undo is not None
    return do(connector, done.undo.act, on, target, undoing=done.undo.token)


def states(done: Done) -> list[str]:
    """The states of the messages that an act gave back."""
    return [record.state or "live" for record in done.records if isinstance(record, Message)]


def gate(network: Bluesky, root: Ref) -> dict[str, Any]:
    """The thread's gate as it lies in its author's repository."""
    found = network.record(root.uri.replace(POST, GATE))
    return found["value"] if found is not None else {}


def viewer(network: Bluesky, team: Us, person: Person) -> dict[str, Any]:
    """How Bluesky says that we stand to somebody."""
    found: dict[str, Any] = network.ask("app.bsky.actor.getProfile", by=team.person, actor=person.did)["viewer"]
    return found


# ---------------------------------------------------------------------- our threads


def test_a_reply_is_hidden_and_shown_again(bluesky: Bluesky, sky: Connected, root: Ref, question: Ref) -> None:
    """In the thread's gate, without touching who may reply; a pull sees it at once."""
    done = do(sky, "hide", "message", question.uri)
    assert states(done) == ["hidden"]
    assert gate(bluesky, root)["hiddenReplies"] == [question.uri]
    assert "allow" not in gate(bluesky, root)
    look = Look(sky, now=clock()).pull()
    assert look.state(question.uri) == "hidden"
    again = do(sky, "hide", "message", question.uri)
    assert (again.note, again.undo, states(again)) == ("It was so already.", None, ["hidden"])
    back = undo(sky, done, "message", question.uri)
    assert (states(back), gate(bluesky, root)["hiddenReplies"]) == (["live"], [])
    assert look.pull(queued=(question.uri,)).state(question.uri) == "live"


def test_only_replies_in_our_own_threads_can_be_hidden(
    bluesky: Bluesky, sky: Connected, ann: Person, root: Ref, question: Ref
) -> None:
    """Not a thread's first post, not a reply elsewhere, not what is gone."""
    theirs = bluesky.post(ann, "My own thread")
    bluesky.indexed(theirs)
    for target in (root.uri, theirs.uri):
        with pytest.raises(Refused) as caught:
            do(sky, "hide", "message", target)
        assert caught.value.code == "not_our_thread"
    bluesky.delete(ann, question)
    bluesky.indexed(question, gone=True)
    with pytest.raises(Gone):
        do(sky, "hide", "message", question.uri)


def test_a_thread_is_closed_and_opened_to_those_it_was_open_to(
    bluesky: Bluesky, sky: Connected, team: Us, ann: Person, root: Ref, question: Ref
) -> None:
    """What the gate hides stays hidden, and a rule that stood before stands again."""
    rule = [{"$type": f"{GATE}#mentionRule"}]
    before = {
        "$type": GATE,
        "post": root.uri,
        "allow": rule,
        "hiddenReplies": [question.uri],
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    bluesky.do(
        "com.atproto.repo.putRecord",
        by=team.person,
        repo=team.person.did,
        collection=GATE,
        rkey=root.key,
        record=before,
    )
    done = do(sky, "lock", "conversation", root.uri)
    assert (gate(bluesky, root)["allow"], gate(bluesky, root)["hiddenReplies"]) == ([], [question.uri])
    again = do(sky, "lock", "conversation", root.uri)
    assert (again.note, again.undo) == ("It was so already.", None)
    undone = undo(sky, done, "conversation", root.uri)
    assert gate(bluesky, root) == before
    undo(sky, undone, "conversation", root.uri)
    assert gate(bluesky, root)["allow"] == []
    do(sky, "unlock", "conversation", root.uri)
    assert "allow" not in gate(bluesky, root)
    theirs = bluesky.post(ann, "My own thread")
    with pytest.raises(Refused):
        do(sky, "lock", "conversation", theirs.uri)


def test_two_who_change_a_gate_at_once_do_not_undo_each_other(
    bluesky: Bluesky, team: Us, ann: Person, root: Ref, question: Ref
) -> None:
    """What somebody else wrote between our look and our writing is kept."""
    other = bluesky.post(ann, "Another", parent=root)
    bluesky.indexed(other)
    with FaultProxy(bluesky.ports["pds"]) as proxy:
        connector = team.connect(url=proxy.url)
        meanwhile = Fault(
            "forward", "POST", "putRecord", before=lambda: void(do(team.connect(), "hide", "message", other.uri))
        )
        proxy.fail(meanwhile)
        assert states(do(connector, "hide", "message", question.uri)) == ["hidden"]
    assert sorted(gate(bluesky, root)["hiddenReplies"]) == sorted([other.uri, question.uri])


def void(_: object) -> None:
    """For its effect alone."""


@pytest.mark.parametrize("kind", ["drop_after", "status_after", "drop_before"])
def test_a_lost_answer_to_an_act_is_found_out_by_reading(
    bluesky: Bluesky, team: Us, root: Ref, question: Ref, ann: Person, kind: Any
) -> None:
    """Done is done; not done says so, and trying again does it."""
    with FaultProxy(bluesky.ports["pds"]) as proxy:
        connector = team.connect(url=proxy.url)
        orders: list[tuple[Act, Target, str, str]] = [
            ("hide", "message", question.uri, "putRecord"),
            ("block", "person", ann.did, "putRecord"),
            ("remove", "message", root.uri, "deleteRecord"),
        ]
        for act, on, target, call in orders:
            proxy.fail(Fault(kind, "POST", call, code=500))
            if kind == "drop_before":
                with pytest.raises(OutcomeUnknown):
                    do(connector, act, on, target)
                assert do(connector, act, on, target).note == ""
            else:
                done = do(connector, act, on, target)
                assert done.undo is not None, act
            again = do(connector, act, on, target)
            assert "already" in again.note, act
            if act == "block":
                do(connector, "unblock", on, target)


# ---------------------------------------------------------------------- people


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_mute_whose_answer_got_lost_is_ordered_again(bluesky: Bluesky, team: Us, ann: Person, kind: Any) -> None:
    """Twice is the same as once; where it got lost twice, nobody knows, and that is said."""
    with FaultProxy(bluesky.ports["pds"]) as proxy:
        connector = team.connect(url=proxy.url)
        proxy.fail(Fault(kind, "POST", "muteActor"))
        assert do(connector, "mute", "person", ann.did).undo is not None
        wait_until(lambda: viewer(bluesky, team, ann)["muted"] is True, "the mute shows")
        proxy.fail(Fault(kind, "POST", "unmuteActor", times=2))
        with pytest.raises(OutcomeUnknown):
            do(connector, "unmute", "person", ann.did)


def test_an_account_is_muted_and_unmuted(bluesky: Bluesky, sky: Connected, team: Us, ann: Person) -> None:
    """Privately: nobody else is told."""
    done = do(sky, "mute", "person", ann.did)
    wait_until(lambda: viewer(bluesky, team, ann)["muted"] is True, "the mute shows")
    assert do(sky, "mute", "person", ann.did).undo is None
    undo(sky, done, "person", ann.did)
    wait_until(lambda: viewer(bluesky, team, ann)["muted"] is False, "the mute is gone")


def test_a_muted_persons_reply_is_still_read(
    bluesky: Bluesky, sky: Connected, root: Ref, question: Ref, ann: Person
) -> None:
    """Notifications leave them out; the thread does not."""
    do(sky, "mute", "person", ann.did)
    assert question.uri in Look(sky, now=clock()).pull().messages
    do(sky, "unmute", "person", ann.did)


def test_an_account_is_blocked_and_unblocked(bluesky: Bluesky, sky: Connected, team: Us) -> None:
    """A public record, of which there is one however often it is ordered; the block itself is what the undo removes."""
    rude = bluesky.person("rude")
    bluesky.indexed(bluesky.post(rude, "Bluesky knows me"))
    done = do(sky, "block", "person", rude.did)
    assert do(sky, "block", "person", rude.did).note == "It was so already."
    rows = bluesky.ask("com.atproto.repo.listRecords", repo=team.person.did, collection=BLOCK)["records"]
    assert [row["value"]["subject"] for row in rows] == [rude.did]
    bluesky.indexed(Ref(rows[0]["uri"], rows[0]["cid"]))
    assert viewer(bluesky, team, rude)["blocking"] == rows[0]["uri"]
    undone = undo(sky, done, "person", rude.did)
    assert bluesky.ask("com.atproto.repo.listRecords", repo=team.person.did, collection=BLOCK)["records"] == []
    again = undo(sky, undone, "person", rude.did)
    assert again.undo is not None
    assert do(sky, "unblock", "person", rude.did).undo is not None
    assert do(sky, "unblock", "person", rude.did).note == "It was so already."


def test_people_are_named_by_their_did(sky: Connected) -> None:
    """Not by a handle, which can change hands; and not who does not exist."""
    with pytest.raises(InputError):
        do(sky, "mute", "person", "ann.test")
    with pytest.raises(Gone):
        do(sky, "mute", "person", "did:plc:" + "2" * 24)


# ---------------------------------------------------------------------- our own posts


def test_a_post_of_ours_is_deleted_and_written_again(
    bluesky: Bluesky, sky: Connected, team: Us, ann: Person, root: Ref
) -> None:
    """At the same address, in the same version, with what was written below it."""
    ours = bluesky.post(team.person, "Too hasty", parent=root)
    below = bluesky.post(ann, "Thanks", parent=ours)
    bluesky.indexed(ours, below)
    done = do(sky, "remove", "message", ours.uri, reason="a typo")
    assert states(done) == ["removed"]
    assert bluesky.record(ours.uri) is None
    assert do(sky, "remove", "message", ours.uri).note == "It was deleted already."
    back = undo(sky, done, "message", ours.uri)
    kept = bluesky.record(ours.uri)
    assert kept is not None
    assert (kept["cid"], states(back)) == (ours.cid, ["live"])
    bluesky.indexed(ours)
    assert below.uri in Look(sky, now=clock()).pull().messages


def test_a_post_with_a_picture_says_that_it_is_gone_for_good(
    bluesky: Bluesky, sky: Connected, team: Us, root: Ref
) -> None:
    """The server throws the file away with the post."""
    dot = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
    blob = bluesky.call(
        "POST", "com.atproto.repo.uploadBlob", by=team.person, content=dot, extra_headers={"content-type": "image/gif"}
    ).json()["blob"]
    picture = {"$type": "app.bsky.embed.images", "images": [{"alt": "A dot", "image": blob}]}
    ours = bluesky.post(team.person, "A picture", parent=root, embed=picture)
    bluesky.indexed(ours)
    done = do(sky, "remove", "message", ours.uri)
    assert done.undo is None
    assert "cannot be written again" in done.note


def test_a_post_of_somebody_else_can_not_be_removed(sky: Connected, question: Ref) -> None:
    """Bluesky has nobody but the author and the moderators of a labelling service for that."""
    for act in ("remove", "restore", "label", "acknowledge"):
        with pytest.raises(Refused) as caught:
            do(sky, act, "message", question.uri, label="spam")
        assert caught.value.code == "unsupported"
    with pytest.raises(Refused):
        do(sky, "kick", "person", "did:plc:" + "2" * 24)
    with pytest.raises(Refused) as caught:
        do(sky, "restore", "message", f"at://{sky.api.did}/{POST}/3kaaaaaaaaaa2")
    assert caught.value.code == "not_deleted_here"


# ---------------------------------------------------------------------- reports and Ozone


@pytest.fixture
def moderator(bluesky: Bluesky, team: Us) -> Connected:
    """The connector of a moderator of the network's Ozone service."""
    bluesky.control("team", did=team.person.did, role="moderator")
    return team.connect(labeler=bluesky.info["ozone"])


def subject(network: Bluesky, team: Us, target: str) -> dict[str, Any]:
    """How Ozone stands to a post or an account."""
    proxy = f"{network.info['ozone']}#atproto_labeler"
    rows = network.ask("tools.ozone.moderation.queryStatuses", by=team.person, proxy=proxy, subject=target)
    found: dict[str, Any] = rows["subjectStatuses"][0] if rows["subjectStatuses"] else {}
    return found


def test_a_report_comes_before_the_moderators_and_goes(
    bluesky: Bluesky, sky: Connected, moderator: Connected, team: Us, root: Ref, question: Ref
) -> None:
    """Reported, it is held in the moderators' own view; acknowledged, it is live again; escalated, held again."""
    done = do(sky, "report", "message", question.uri, reason="Rude words", label="rude")
    assert (done.undo, states(done)) == (None, ["live"])
    with pytest.raises(Refused):
        do(sky, "report", "message", question.uri, label="because")
    look = Look(moderator, now=clock()).pull()
    assert look.state(question.uri) == "held"
    assert look.gap() == ""
    read = moderator.read(question.uri)
    assert read is not None
    assert read.state == "held"
    acknowledged = do(moderator, "acknowledge", "message", question.uri, reason="Nothing wrong")
    assert (states(acknowledged), acknowledged.undo) == (["live"], None)
    assert look.pull(queued=(question.uri,)).state(question.uri) == "live"
    assert states(do(moderator, "escalate", "message", question.uri)) == ["held"]
    assert subject(bluesky, team, question.uri)["reviewState"].endswith("#reviewEscalated")
    assert look.pull().state(question.uri) == "held"


def test_a_post_is_taken_down_and_put_back(
    bluesky: Bluesky, moderator: Connected, team: Us, root: Ref, question: Ref
) -> None:
    """Nobody sees it; we still know that it was taken down, and not deleted."""
    look = Look(moderator, now=clock()).pull()
    done = do(moderator, "remove", "message", question.uri, reason="off topic")
    assert states(done) == ["removed"]
    assert subject(bluesky, team, question.uri)["takendown"] is True
    assert do(moderator, "remove", "message", question.uri).note == "It was so already."
    look.pull(waiting=(question.uri,))
    assert (look.state(question.uri), look.messages[question.uri].text, look.gone()) == ("removed", "A question?", [])
    back = undo(moderator, done, "message", question.uri)
    assert states(back) == ["live"]
    assert look.pull(queued=(question.uri,)).state(question.uri) == "live"


def test_an_account_is_taken_down_for_a_time_and_put_back(bluesky: Bluesky, moderator: Connected, team: Us) -> None:
    """With an end where one is given."""
    spammer = bluesky.person("spammer")
    done = do(moderator, "ban", "person", spammer.did, until=clock() + 48 * HOUR, reason="spam")
    found = subject(bluesky, team, spammer.did)
    assert found["takendown"] is True
    assert "suspendUntil" in found
    undo(moderator, done, "person", spammer.did)
    assert subject(bluesky, team, spammer.did)["takendown"] is False
    assert do(moderator, "unban", "person", spammer.did).note == "It was so already."


@pytest.mark.parametrize("on", ["message", "person"])
def test_a_label_is_put_on_and_taken_off(
    bluesky: Bluesky, moderator: Connected, ann: Person, question: Ref, team: Us, on: Target
) -> None:
    """One of the service's own; the same order twice makes one event."""
    target = question.uri if on == "message" else bluesky.person("labelled").did

    def labels() -> list[str]:
        query = {"uriPatterns": target, "sources": bluesky.info["ozone"]}
        address = f"http://localhost:{bluesky.ports['ozone']}/xrpc/com.atproto.label.queryLabels"
        rows = bluesky.get(address, **query)["labels"]
        return [row["val"] for row in rows if not row.get("neg")]

    order = Order(new_id(clock()), "label", on, target, label="spam", reason="spam")
    done = moderator.act(order)
    assert moderator.act(order).undo == done.undo
    assert labels() == ["spam"]
    undo(moderator, done, on, target)
    assert labels() == []
    with pytest.raises(Refused):
        do(moderator, "label", on, target)


def test_what_an_account_can_do_depends_on_its_role(bluesky: Bluesky, team: Us, sky: Connected) -> None:
    """Everybody; a stranger to the service, who is told so; triage; a moderator, with the service's labels to choose from."""
    everybody = {(info.act, info.on) for info in sky.acts()}
    assert ("hide", "message") in everybody
    assert ("label", "message") not in everybody
    ozone = bluesky.info["ozone"]
    stranger = team.connect(labeler=ozone)
    assert {(info.act, info.on) for info in stranger.acts()} == everybody
    assert any("Ozone" in missing for missing in stranger.check().missing)
    assert "not on the team" in Look(stranger, now=clock()).pull().gap()
    helper, chief = Us(bluesky), Us(bluesky)
    bluesky.control("team", did=helper.person.did, role="triage")
    bluesky.control("team", did=chief.person.did, role="moderator")
    able = {(info.act, info.on) for info in helper.connect(labeler=ozone).acts()}
    assert able - everybody == {(act, on) for act in ("acknowledge", "escalate") for on in ("message", "person")}
    whole = chief.connect(labeler=ozone).acts()
    assert {(info.act, info.on) for info in whole} == {(info.act, info.on) for info in CAPABILITIES.acts}
    (label,) = [info for info in whole if (info.act, info.on) == ("label", "message")]
    assert "spam" in label.choices
    helper.close()
    chief.close()
