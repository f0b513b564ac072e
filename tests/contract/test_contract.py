"""What every connector must do, on every platform alike: through the engine and the store, against the running platform."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path

import pytest
import stamina

from modconsole.connectors.acts import ActInfo, Order
from modconsole.connectors.base import Known, Outgoing, Page
from modconsole.domain.records import Conversation, Coverage, Message
from modconsole.domain.times import MINUTE, SECOND, to_instant
from modconsole.errors import ModConsoleError, OutcomeUnknown, Refused, SignInError
from modconsole.store import acts, landing, places
from modconsole.store.acts import Moderated
from modconsole.sync import registry
from modconsole.sync.moderate import REACHES, moderate
from tests.contract.aftermath import KINDS, Aftermath
from tests.contract.driver import Driver
from tests.contract.place import SOURCE, Place


def test_a_sign_in_is_verified(driver: Driver, tmp_path: Path) -> None:
    """The right one says who we are; the wrong one is a `SignInError` that says what to do and repeats no secret."""
    place = Place(driver, tmp_path / "m.db")
    assert place.who.id == driver.us
    wrong = driver.wrong_credentials()
    connector = place.connector(credentials=wrong)
    with pytest.raises(SignInError) as caught:
        connector.check()
    connector.close()
    assert wrong.secret not in str(caught.value)
    assert caught.value.hint
    place.close()


def test_a_wrong_sign_in_stops_the_source_and_says_so(driver: Driver, tmp_path: Path) -> None:
    """Never an empty list that looks like peace: the turn fails, and nothing vouches for the source."""
    place = Place(driver, tmp_path / "m.db")
    result = place.sync(credentials=driver.wrong_credentials())
    assert (result.outcome, result.kind, result.retryable) == ("failed", "SignInError", False)
    (row,) = places.sources(place.db)
    assert (row.checked_at, row.failure) == (None, result.error)
    place.close()


def test_what_people_write_comes_in_once_with_who_when_and_where(place: Place, driver: Driver) -> None:
    """An ask and its follow-up: author, time, parent, conversation; reading again changes nothing."""
    spot = driver.spot()
    before = place.clock()
    asked = driver.post(spot, "Does it run on batteries?")
    below = driver.post(spot, "And for how long?", parent=asked, by="bob")
    driver.settle()
    place.synced()
    after = place.clock()
    truth = driver.truth(spot)
    for ident in (asked, below):
        found = place.message(ident)
        assert found.author.id == truth[ident].author or truth[ident].author.startswith("guest:")
        assert before - 2 * SECOND <= to_instant(found.created_at) <= after + 2 * SECOND
        assert truth[ident].text in _plain(place, ident)
    assert place.message(below).parent == asked
    assert place.message(below).conversation == place.message(asked).conversation
    assert place.status(asked) == "waiting"
    known = place.stored()
    place.synced()
    assert place.stored() == known
    assert (place.copies(asked), place.copies(below)) == (1, 1)


def _plain(place: Place, ident: str) -> str:
    return str(place.db.value("select coalesce(plain, text) from message where native = ?", (ident,)))


def test_a_reply_from_the_platforms_own_app_answers(place: Place, driver: Driver) -> None:
    """A colleague answered in the browser: nobody waits any more."""
    spot = driver.spot()
    asked = driver.post(spot, "Is there a manual?")
    driver.settle()
    place.synced()
    assert place.status(asked) == "waiting"
    reply = driver.native(spot, "There is.", asked)
    driver.settle()
    place.synced()
    assert place.message(reply).author.id == driver.us
    assert place.status(asked) == "answered"


def test_a_reply_goes_out_once_and_is_read_back(place: Place, driver: Driver) -> None:
    """From the outbox to the platform and back: confirmed, and exactly one there."""
    spot = driver.spot()
    asked = driver.post(spot, "Where is the shop?")
    driver.settle()
    place.synced()
    send = place.reply(asked, "Round the corner. ✓ É")
    for _ in range(6):
        place.synced()
        if place.sent(send).state == "confirmed":
            break
        driver.settle()
        place.clock.skip(10)
    assert place.sent(send).state == "confirmed"
    assert place.status(asked) == "answered"
    assert (
        len([e for e in driver.truth(spot).values() if e.author == driver.us and "Round the corner. ✓ É" in e.text])
        == 1
    )


def test_the_same_send_twice_is_one_reply_where_the_platform_can_tell(place: Place, driver: Driver) -> None:
    """As after a lost answer: where sending is idempotent nothing doubles; elsewhere `find` sees the first."""
    spot = driver.spot()
    asked = driver.post(spot, "Twice?")
    driver.settle()
    place.synced()
    conversation = place.message(asked).conversation
    started = place.clock()
    connector = place.connector()
    ours = frozenset(i for i, (author, _) in place.stored().items() if author == driver.us)
    reply = Outgoing(str(uuid.uuid4()), conversation, asked, "Once.", attempted_at=started)
    first = connector.send(reply)
    assert isinstance(first, Message)
    driver.settle()
    if registry.info(driver.platform).idempotent_send.level == "yes":
        second = connector.send(reply)
        assert isinstance(second, Message)
        assert second.id == first.id
    found = connector.find(reply, ours)
    assert isinstance(found, Message)
    assert found.id == first.id
    assert connector.find(reply, ours | {first.id}) is None
    read = connector.read(first.id)
    assert isinstance(read, Message)
    assert (read.text, read.author.id, read.conversation) == (found.text, driver.us, conversation)
    connector.close()
    driver.settle()
    assert sum(1 for e in driver.truth(spot).values() if e.author == driver.us) == 1


def test_a_failure_after_the_write_never_looks_as_if_nothing_was_sent(driver: Driver, tmp_path: Path) -> None:
    """Whatever is asked after a reply was taken, broken in each way and from each request on in turn: never queued, never failed;
    and once the faults are gone each reply is there exactly once and confirmed."""
    spot = driver.spot()
    asked = driver.post(spot, "What goes wrong afterwards?")
    driver.settle()
    with Aftermath(driver.port) as proxy, stamina.set_testing(True, attempts=3):
        place = Place(driver, tmp_path / "m.db", url=proxy.url)
        place.synced()
        sends: dict[str, str] = {}
        for kind in KINDS:
            for passing in range(8):
                text = uuid.uuid4().hex
                send = place.reply(asked, text)
                proxy.arm(kind, mark=text, passing=passing)
                place.push()
                assert proxy.wrote
                state = place.sent(send).state
                assert state in ("sending", "sent", "unsure", "confirmed"), (kind, passing, place.sent(send))
                sends[send] = text
                if not proxy.broken:
                    break
        assert len(sends) > len(KINDS)
        proxy.peace()
        for _ in range(6):
            driver.settle()
            if all(place.sent(send).state == "confirmed" for send in sends):
                break
            place.clock.skip(16 * 60)
            place.synced()
        assert {place.sent(send).state for send in sends} == {"confirmed"}
        ours = [there.text for there in driver.truth(spot).values() if there.author == driver.us]
        assert [sum(text in there for there in ours) for text in sends.values()] == [1] * len(sends)
        place.close()


def test_a_failure_after_an_act_never_looks_as_if_nothing_was_done(driver: Driver, tmp_path: Path) -> None:
    """The act is done or unsure, in each way in which what is asked afterwards can fail; an unsure one is found to be done."""
    with Aftermath(driver.port) as proxy, stamina.set_testing(True, attempts=3):
        place = Place(driver, tmp_path / "m.db", url=proxy.url)
        connector = place.connector()
        info = next((info for info in connector.acts() if _can_be_tried(info) and info.act in REACHES), None)
        if info is None:
            assert not [info for info in connector.acts() if _can_be_tried(info) and info.act in REACHES]
            connector.close()
            place.close()
            return
        spot = driver.spot()
        asked = {kind: driver.post(spot, f"Judge me: {kind}") for kind in KINDS}
        driver.settle()
        place.synced()
        done = []
        for kind, target in asked.items():
            proxy.arm(kind)
            order = Moderated(
                id=str(uuid.uuid4()),
                at=place.clock(),
                by="mod",
                source=SOURCE,
                conversation=None,
                on="message",
                target=target,
                message=target,
                person=None,
                act=info.act,
                reason="off topic",
            )
            with contextlib.suppress(OutcomeUnknown):
                moderate(place.db, connector, order, clock=place.clock)
            assert proxy.wrote
            found = acts.get(place.db, order.id)
            assert found is not None
            assert found.state in ("done", "unsure"), (kind, found)
            done.append(order.id)
        connector.close()
        proxy.peace()
        driver.settle()
        place.clock.skip(16 * 60)
        place.synced()
        assert {acts.get(place.db, ident).state for ident in done} == {"done"}  # type: ignore[union-attr]
        place.close()


def test_an_edit_is_seen_and_the_old_text_kept(place: Place, driver: Driver) -> None:
    """At the latest on a full walk; the version that we saw first stays."""
    if not driver.edits:
        assert registry.info(driver.platform).edits.level == "no"
        return
    spot = driver.spot()
    asked = driver.post(spot, "Can you ship it to Norway before the winter?")
    driver.settle()
    place.synced()
    now = driver.edit(spot, asked, "Never mind, but is there a discount for schools?")
    driver.settle()
    place.synced()
    if "discount" not in _plain(place, now):
        place.synced(full=True)
    assert "discount" in _plain(place, now)
    versions = place.db.value("select versions from message where native = ?", (now,))
    assert versions >= 2 or now != asked


def test_a_deleted_message_waits_no_longer_and_is_kept(place: Place, driver: Driver) -> None:
    """At the latest on a full walk; and it is not taken for an answer."""
    if not driver.deletes:
        assert registry.info(driver.platform).deletions.level == "no"
        return
    spot = driver.spot()
    stays = driver.post(spot, "I stay.", by="bob")
    asked = driver.post(spot, "I am gone tomorrow.")
    driver.settle()
    place.synced()
    driver.delete(spot, asked)
    driver.settle()
    place.synced()
    if place.message(asked).state in (None, "live"):
        place.synced(full=True)
    assert place.message(asked).state == "deleted"
    assert "gone tomorrow" in _plain(place, asked) or place.db.value(
        "select versions from message where native = ?", (asked,)
    )
    assert place.status(asked) in ("withdrawn", "")
    assert place.status(stays) == "waiting"


def test_what_was_never_announced_is_found_late_with_its_own_time(place: Place, driver: Driver) -> None:
    """Discovery does not see it; reading whole threads does."""
    spot = driver.spot()
    asked = driver.post(spot, "First")
    driver.settle()
    place.synced()
    before = place.clock()
    lost = driver.unannounced(spot, "Nobody told you about me", asked)
    driver.settle()
    after = place.clock()
    place.clock.skip(3 * 3600)
    place.synced()
    if not place.copies(lost):
        place.synced(full=True)
    found = place.message(lost)
    assert before - 2 * SECOND <= to_instant(found.created_at) <= after + 2 * SECOND
    assert place.status(lost) == "waiting"


def test_a_run_that_dies_between_any_two_pages_loses_nothing(driver: Driver, tmp_path: Path) -> None:
    """Killed after its first page, its second, its third, …: the run after the last has everything, once."""
    spot = driver.spot()
    asked = driver.post(spot, "Number 0")
    wanted = {
        asked,
        *(driver.post(spot, f"Number {n}", by="bob" if n % 2 else "ann", parent=asked) for n in range(1, 8)),
    }
    driver.settle()
    place = Place(driver, tmp_path / "m.db")
    for pages in range(1, 4):
        _dies_after(place, pages)
    place.synced()
    place.synced()
    assert wanted <= place.stored().keys()
    assert all(place.copies(ident) == 1 for ident in wanted)
    place.close()


def _dies_after(place: Place, pages: int) -> None:
    """A run whose process ends after so many pages are stored."""
    connector = place.connector()
    now = place.clock()
    again = place.known()
    known = Known(
        waiting=again.waiting,
        recent=again.recent,
        queued=again.queued,
        conversations=again.conversations,
        position=place.db_position(),
    )
    run = connector.pull(known, now)
    for number, page in enumerate(run, 1):
        records = [r for r in page.records if not (isinstance(r, Coverage) and r.conversation is None)]
        landing.land(place.db, SOURCE, records, page.position, now, gone=page.gone, seen=now, poison=page.poison)
        if number == pages:
            break
    connector.close()


def test_every_page_keeps_the_contract(place: Place, driver: Driver) -> None:
    """Records of this source only, seen at the instant given; the last page vouches; positions are plain values."""
    spot = driver.spot()
    driver.post(spot, "For the pages")
    driver.settle()
    connector = place.connector()
    now = place.clock()
    for full in (False, True):
        pages: list[Page] = list(connector.pull(Known(position={}), now, full=full))
        for page in pages:
            for record in page.records:
                assert getattr(record, "source", SOURCE) == SOURCE
                if isinstance(record, Message | Conversation | Coverage):
                    assert record.observed_at is not None
                    assert to_instant(record.observed_at) == now
            assert page.poison == ()
        last = [r for r in pages[-1].records if isinstance(r, Coverage) and r.conversation is None]
        assert len(last) == 1
        through = last[0].complete_through
        assert through is not None
        assert to_instant(through) <= place.clock() + MINUTE
    connector.close()


def test_an_empty_and_an_endless_reply_are_refused_before_they_are_sent(place: Place, driver: Driver) -> None:
    """The platform's own limit, counted as the platform counts; nothing arrives."""
    spot = driver.spot()
    asked = driver.post(spot, "How long may you talk?")
    driver.settle()
    place.synced()
    connector = place.connector()
    most = connector.capabilities.max_length
    assert most is not None
    conversation = place.message(asked).conversation
    for text in ("", "é" * (most + 1)):
        with pytest.raises(Refused):
            connector.send(Outgoing(str(uuid.uuid4()), conversation, asked, text))
    connector.close()
    assert not [e for e in driver.truth(spot).values() if e.author == driver.us]


def test_each_act_says_what_it_does_and_a_foreign_one_is_refused(place: Place, driver: Driver) -> None:
    """Sentences for people, no act twice on one kind of target, and none that the platform does not have."""
    connector = place.connector()
    able = connector.acts()
    every = connector.capabilities.acts
    assert {(info.act, info.on) for info in able} <= {(info.act, info.on) for info in every}
    assert len({(info.act, info.on) for info in every}) == len(every)
    for info in every:
        assert info.does.endswith("."), info.does
        assert info.needs <= info.takes
    have = {(info.act, info.on) for info in every}
    with pytest.raises((Refused, ModConsoleError)):
        connector.act(Order(str(uuid.uuid4()), "kick" if ("kick", "message") not in have else "ban", "message", "1"))
    connector.close()


def _can_be_tried(info: ActInfo) -> bool:
    """Whether an act can be tried, and taken back, on what somebody has just written."""
    return info.on == "message" and bool(info.undo) and "live" in info.fits and not info.needs and info.whose != "ours"


def test_acts_on_a_message_are_done_and_taken_back(place: Place, driver: Driver) -> None:
    """Each act that this account has and that can be undone leads back to the state before, through its compensating order."""
    connector = place.connector()
    spot = driver.spot()
    tried = 0
    for info in connector.acts():
        if not _can_be_tried(info):
            continue
        asked = driver.post(spot, f"Judge me: {info.act}")
        driver.settle()
        place.synced()
        before = connector.read(asked)
        assert isinstance(before, Message)
        done = connector.act(
            Order(str(uuid.uuid4()), info.act, "message", asked, conversation=before.conversation, reason="off topic")
        )
        assert done.undo is not None, info.act
        driver.settle()
        connector.act(
            Order(
                str(uuid.uuid4()),
                done.undo.act,
                "message",
                asked,
                conversation=before.conversation,
                undoing=done.undo.token,
            )
        )
        driver.settle()
        after = connector.read(asked)
        assert isinstance(after, Message)
        assert (after.state or "live", after.text) == (before.state or "live", before.text), info.act
        tried += 1
    connector.close()
    has = [info for info in connector.capabilities.acts if _can_be_tried(info)]
    assert tried or not has
