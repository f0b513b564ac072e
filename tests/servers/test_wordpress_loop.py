"""The whole loop on a real WordPress: who asks there is seen here, what is answered here is there, and what can come between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.wordpress import WordPress, wait_until

from modconsole.connectors.acts import Act
from modconsole.connectors.base import Connector
from modconsole.connectors.signing import Credentials
from modconsole.domain.records import Send
from modconsole.domain.times import SECOND, to_datetime
from modconsole.errors import Conflict, SignInError
from modconsole.store import lists, marks, outbox, places, queue
from modconsole.store.acts import Moderated
from modconsole.store.db import Db
from modconsole.store.marks import AccountRow
from modconsole.store.outbox import OutboxRow
from modconsole.store.queue import QueueRow
from modconsole.store.verify import verify
from modconsole.sync import registry
from modconsole.sync.engine import Engine
from modconsole.sync.enroll import check, enroll
from modconsole.sync.moderate import moderate, retract, undo
from modconsole.sync.reports import Result

pytestmark = pytest.mark.server

BLOG = "blog"


class Clock:
    """The real time, and what a test adds to it, so that nobody waits for a pause to pass."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        import time

        return time.time_ns() // 1000 + self.ahead

    def skip(self, seconds: float) -> None:
        self.ahead += int(seconds * SECOND)


class Console:
    """A database that a WordPress site is enrolled in, and what a moderator does with it."""

    def __init__(self, site: WordPress, path: Path, *, url: str = "", user: str = "moderator") -> None:
        self.site = site
        self.path = path
        self.clock = Clock()
        self.db = Db(path)
        self.user = user
        self.settings = {"url": url or site.url, "user": user}
        self.secret = Credentials(site.people[user].application_password)
        who = check(BLOG, "wordpress", {**self.settings, "url": site.url}, self.secret, self.clock)
        enroll(self.db, BLOG, "wordpress", self.settings, who, self.clock())

    def close(self) -> None:
        assert verify(self.db, self.clock()) == []
        self.db.close()

    # -- sync ----------------------------------------------------------------------------------------------------------------

    def sync(self, *, full: bool = False) -> Result:
        """One run of `modconsole sync`."""
        engine = Engine(self.path, "test", clock=self.clock, secrets=lambda _: self.secret)
        (result,) = engine.run_once(full=full)
        assert verify(self.db, self.clock()) == []
        return result

    def connector(self) -> Connector:
        """A connector of the moderator's own, as the desk opens one."""
        account = AccountRow(source=BLOG, platform="wordpress", settings=self.settings, paused=False)
        return registry.open_connector(account, self.secret, self.clock)

    # -- what a moderator does -----------------------------------------------------------------------------------------------

    def reply(self, to: int, text: str, *, delay: float = 0.0) -> str:
        """Queue a reply to a comment; gives its id."""
        found = lists.message(self.db, BLOG, str(to))
        assert found is not None
        send = Send(
            id=str(uuid.uuid4()),
            at=to_datetime(self.clock()),
            by="mod",
            source=BLOG,
            conversation=found.message.conversation,
            through=str(to),
            text=text,
            state="queued",
            reply_to=str(to),
        )
        outbox.queue(self.db, send, self.clock() + int(delay * SECOND), self.clock())
        return send.id

    def act(self, comment: int, what: Act, *, seen: str | None = None) -> str:
        """Carry out a moderation act; gives its id in the journal."""
        ident = str(uuid.uuid4())
        message = str(comment)
        order = Moderated(
            id=ident,
            at=self.clock(),
            by="mod",
            source=BLOG,
            conversation=None,
            on="message",
            target=message,
            message=message,
            person=None,
            act=what,
            was=seen,
        )
        connector = self.connector()
        moderate(self.db, connector, order, clock=self.clock)
        connector.close()
        return ident

    def undo(self, ident: str) -> None:
        """Undo an act."""
        connector = self.connector()
        undo(self.db, connector, ident, by="mod", clock=self.clock)
        connector.close()

    # -- what one sees -------------------------------------------------------------------------------------------------------

    def ask(self, post: int) -> QueueRow:
        """The only ask at a post, whatever its status."""
        place = lists.conversation_row_id(self.db, BLOG, f"post:{post}")
        found = queue.of_conversation(self.db, self.clock(), place) if place is not None else []
        assert len(found) == 1, found
        return found[0]

    def status(self, post: int) -> str:
        return self.ask(post).status

    def send(self, ident: str) -> OutboxRow:
        row = outbox.get(self.db, ident)
        assert row is not None
        return row

    def state(self, ident: str) -> str:
        return str(self.send(ident).state)

    def source(self) -> places.SourceRow:
        return places.sources(self.db)[0]

    def there(self, post: int, text: str) -> list[dict[str, Any]]:
        """The comments of a post on the site that say a text."""
        return [comment for comment in self.site.comments(post) if text in comment["content"]["raw"]]


@pytest.fixture
def console(wordpress: WordPress, tmp_path: Path) -> Iterator[Console]:
    """A fresh database with the site in it."""
    made = Console(wordpress, tmp_path / "m.db")
    yield made
    made.close()


@pytest.fixture
def behind(wordpress: WordPress, wp_proxy: FaultProxy, tmp_path: Path) -> Iterator[Console]:
    """The same, with the fault proxy between console and site."""
    made = Console(wordpress, tmp_path / "p.db", url=wp_proxy.url)
    marks.save_account(made.db, BLOG, "wordpress", {**made.settings, "api": wp_proxy.url + "/wp-json/"})
    yield made
    made.close()


# ---------------------------------------------------------------------- the loop


def test_from_a_question_on_the_site_to_the_answer_there(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Asked there, waiting here; answered here, confirmed there, and nobody waits."""
    asked = wordpress.guest(wp_post, "When do you open?", name="Ann", email="ann@example.test")
    result = console.sync()
    assert (result.outcome, result.full) == ("ok", True)
    ask = console.ask(wp_post)
    assert (ask.status, ask.latest, ask.text) == ("waiting", str(asked), "When do you open?")
    send = console.reply(asked, "At nine. <Really> & truly.")
    assert console.status(wp_post) == "sending"
    assert console.sync().sent() == 1
    assert (console.state(send), console.status(wp_post)) == ("confirmed", "answered")
    (comment,) = console.there(wp_post, "At nine.")
    assert (comment["parent"], comment["author"], comment["status"]) == (
        asked,
        wordpress.people["moderator"].id,
        "approved",
    )
    source = console.source()
    assert (source.failure, source.gap) == (None, None)
    assert source.complete_through is not None
    console.sync()
    assert console.status(wp_post) == "answered"


def test_a_reply_made_in_wordpress_itself_is_ours(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """The moderator answers in the dashboard: recognised by the account."""
    asked = wordpress.comment(wp_post, "Anybody here?")
    console.sync()
    wordpress.comment(wp_post, "We are.", user="moderator", parent=asked)
    console.sync()
    assert console.status(wp_post) == "answered"


def test_a_comment_edited_after_our_answer_waits_again(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Since the edit was seen, although WordPress keeps no time of it."""
    asked = wordpress.comment(wp_post, "Is it blue?")
    console.sync()
    console.reply(asked, "It is.")
    console.sync()
    assert console.status(wp_post) == "answered"
    before = console.clock()
    wordpress.edit(asked, "Is it blue? And would you send it to Reykjavik before Friday?")
    console.sync()
    ask = console.ask(wp_post)
    assert ask.status == "waiting"
    assert ask.waiting_since is not None
    assert ask.waiting_since >= before


def test_a_comment_trashed_by_somebody_else_waits_no_more(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Closed as removed there; and back in the queue when it is restored."""
    asked = wordpress.comment(wp_post, "Buy my watches")
    console.sync()
    wordpress.set_status(asked, "trash")
    console.sync()
    assert console.status(wp_post) == "closed"
    wordpress.set_status(asked, "untrash")
    console.sync()
    assert console.status(wp_post) == "waiting"


def test_a_comment_deleted_for_good_is_withdrawn(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """It is asked for by its id, and is not there."""
    asked = wordpress.comment(wp_post, "Never mind")
    console.sync()
    wordpress.delete(asked)
    assert console.sync().gone == 1
    assert console.status(wp_post) == "withdrawn"


def test_our_answer_trashed_there_gives_the_question_back(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Somebody removes our reply: the person waits again, since the original time."""
    asked = wordpress.comment(wp_post, "Is this open source?")
    console.sync()
    since = console.ask(wp_post).waiting_since
    send = console.reply(asked, "It is.")
    console.sync()
    wordpress.set_status(int(console.send(send).message or 0), "trash")
    console.sync()
    assert (console.status(wp_post), console.ask(wp_post).waiting_since) == ("waiting", since)


# ---------------------------------------------------------------------- what the platform says no to


def test_the_same_words_again_are_found_instead_of_doubled(
    console: Console, wordpress: WordPress, wp_post: int
) -> None:
    """A teammate said exactly this in the dashboard: WordPress calls ours a duplicate, and theirs is the reply."""
    asked = wordpress.comment(wp_post, "Thanks?")
    console.sync()
    wordpress.comment(wp_post, "You are welcome.", user="moderator", parent=asked)
    send = console.reply(asked, "You are welcome.")
    console.sync()
    assert (console.state(send), console.status(wp_post)) == ("confirmed", "answered")
    assert len(console.there(wp_post, "You are welcome.")) == 1


def test_the_same_words_twice_by_us_are_a_refusal(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Two replies with one text to one comment: the second fails, with what to do."""
    asked = wordpress.comment(wp_post, "And?")
    console.sync()
    first, second = console.reply(asked, "Twice."), console.reply(asked, "Twice.")
    console.sync()
    assert (console.state(first), console.state(second)) == ("confirmed", "failed")
    assert console.send(second).hint
    assert len(console.there(wp_post, "Twice.")) == 1


def test_flood_control_only_delays(wordpress: WordPress, wp_post: int, tmp_path: Path) -> None:
    """An author who may not moderate can write one comment in 15 seconds: the second reply waits in line."""
    console = Console(wordpress, tmp_path / "a.db", user="carol")
    one, two = wordpress.comment(wp_post, "First?"), wordpress.comment(wp_post, "Second?", user="bob")
    console.sync()
    first, second = console.reply(one, "First!"), console.reply(two, "Second!")
    console.sync()
    assert (console.state(first), console.state(second)) == ("confirmed", "queued")
    row = console.send(second)
    assert row.trouble is not None
    assert row.not_before is not None
    assert 5 * SECOND < row.not_before - console.clock() <= 15 * SECOND
    wordpress.php(
        "global $wpdb; $wpdb->query(\"UPDATE $wpdb->comments SET comment_date_gmt = '2020-01-01 00:00:00',"
        " comment_date = '2020-01-01 00:00:00' WHERE comment_ID = " + str(console.send(first).message) + '");'
    )
    console.clock.skip(16)
    console.sync()
    assert console.state(second) == "confirmed"
    assert len(console.there(wp_post, "Second!")) == 1
    console.close()


def test_a_closed_post_refuses_for_good(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """The reply fails with WordPress' reason and what to do, stays at the top, and a retry sends it once that is done."""
    asked = wordpress.comment(wp_post, "Still open?")
    console.sync()
    wordpress.api("POST", f"/posts/{wp_post}", json={"comment_status": "closed"})
    send = console.reply(asked, "Not quite.")
    console.sync()
    row = console.send(send)
    assert (row.state, row.retry_at) == ("failed", None)
    assert row.hint
    assert console.ask(wp_post).trouble == "failed"
    wordpress.api("POST", f"/posts/{wp_post}", json={"comment_status": "open"})
    assert outbox.retry(console.db, send, console.clock())
    console.sync()
    assert (console.state(send), console.status(wp_post)) == ("confirmed", "answered")
    assert len(console.there(wp_post, "Not quite.")) == 1


def test_a_wrong_password_is_this_sources_failure(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Sentence and hint are there for the screens; nothing is vouched for, nothing is lost, and nothing is sent."""
    asked = wordpress.comment(wp_post, "Hello?")
    console.sync()
    covered = console.source().complete_through
    send = console.reply(asked, "Hello!")
    good, console.secret = console.secret, Credentials("abcd efgh ijkl mnop")
    result = console.sync()
    assert (result.outcome, result.kind, result.retryable) == ("failed", "SignInError", False)
    source = console.source()
    assert (source.failure, source.hint) == (result.error, result.hint)
    assert "application password" in result.hint
    assert "abcd" not in result.error + result.hint
    assert source.complete_through == covered
    assert console.there(wp_post, "Hello!") == []
    console.secret = good
    console.clock.skip(1000)
    console.sync()
    assert (console.state(send), console.source().failure) == ("confirmed", None)
    with pytest.raises(SignInError):
        check("x", "wordpress", console.settings, Credentials("wrong wrong"), console.clock)


# ---------------------------------------------------------------------- what breaks in the middle


@pytest.mark.parametrize(("kind", "applied"), [("drop_after", True), ("drop_before", False), ("status_after", True)])
def test_the_answer_to_a_send_is_lost(
    behind: Console, wordpress: WordPress, wp_proxy: FaultProxy, wp_post: int, kind: Any, applied: bool
) -> None:
    """Carried out or not: unsure, looked for, and exactly one reply on the site in the end."""
    asked = wordpress.comment(wp_post, "Did it arrive?")
    behind.sync()
    send = behind.reply(asked, "It did.")
    wp_proxy.fail(Fault(kind, method="POST", path="/comments", code=502))
    result = behind.sync()
    states = [step.state for step in result.steps]
    assert states[:2] == ["sending", "unsure"]
    assert behind.state(send) == ("confirmed" if applied else "unsure")
    assert len(behind.there(wp_post, "It did.")) == (1 if applied else 0)
    for _ in range(8):
        behind.clock.skip(9)
        behind.sync()
    assert (behind.state(send), behind.status(wp_post)) == ("confirmed", "answered")
    assert len(behind.there(wp_post, "It did.")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_server_is_killed_in_the_middle_of_a_send(
    console: Console, wordpress: WordPress, wp_post: int, when: str
) -> None:
    """SIGKILL to WordPress before or after the row is written; it comes back, and there is one reply."""
    asked = wordpress.comment(wp_post, "Are you alive?")
    console.sync()
    send = console.reply(asked, "We are.")
    with wordpress.paused(when) as wait_paused:
        thread = threading.Thread(target=console_in_thread(console))
        thread.start()
        wait_paused()
        wordpress.kill()
        thread.join(60)
    assert not thread.is_alive()
    assert console.state(send) == "unsure"
    wordpress.restart()
    for _ in range(9):
        console.clock.skip(8)
        console.sync()
    assert (console.state(send), console.status(wp_post)) == ("confirmed", "answered")
    assert len(console.there(wp_post, "We are.")) == 1


def console_in_thread(console: Console) -> Callable[[], None]:
    """A sync by an engine of its own, for a thread of its own."""

    def run() -> None:
        Engine(console.path, "thread", clock=console.clock, secrets=lambda _: console.secret).run_once()

    return run


def test_a_site_that_is_down_is_tried_again(behind: Console, wp_proxy: FaultProxy, wp_post: int) -> None:
    """Nothing was sent: the reply waits in line, the source says since when it fails, and both recover."""
    asked = behind.site.comment(wp_post, "Up?")
    behind.sync()
    send = behind.reply(asked, "Up.")
    wp_proxy.fail(Fault("status", code=503, times=50))
    result = behind.sync()
    assert (result.outcome, result.retryable) == ("failed", True)
    assert behind.state(send) in ("queued", "unsure")
    assert behind.source().failed_at is not None
    wp_proxy._faults.clear()
    for _ in range(8):
        behind.clock.skip(20)
        behind.sync()
    assert behind.source().failure is None
    assert (behind.state(send), len(behind.there(wp_post, "Up."))) == ("confirmed", 1)


_PROGRAM = """
import json, sys, time
from modconsole.connectors.signing import Credentials
from modconsole.sync.engine import Engine
path, secret, ahead = sys.argv[1], sys.argv[2], int(sys.argv[3])
engine = Engine(path, "subprocess", clock=lambda: time.time_ns() // 1000 + ahead, secrets=lambda _: Credentials(secret))
engine.run_once()
"""


def start(console: Console) -> subprocess.Popen[bytes]:
    """A program of its own that syncs the database once."""
    source = Path(__file__).resolve().parents[2] / "src"
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(console.path), console.secret.secret, str(console.clock.ahead)],
        env={**os.environ, "PYTHONPATH": str(source)},
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_our_program_is_killed_in_the_middle_of_a_send(
    console: Console, wordpress: WordPress, wp_post: int, when: str
) -> None:
    """SIGKILL to the sync while WordPress works on the request, which it goes on to finish: one reply, and it is found."""
    asked = wordpress.comment(wp_post, "Who is there?")
    console.sync()
    send = console.reply(asked, "Nobody.")
    with wordpress.paused(when) as wait_paused:
        program = start(console)
        wait_paused()
        program.kill()
        program.wait(10)
        assert console.state(send) == "sending"
        console.sync()
        assert console.state(send) in (("unsure",) if when == "before" else ("unsure", "confirmed"))
    wait_until(lambda: len(console.there(wp_post, "Nobody.")) == 1, "WordPress finishes the request")
    for _ in range(8):
        console.clock.skip(9)
        console.sync()
    assert (console.state(send), console.status(wp_post)) == ("confirmed", "answered")
    assert len(console.there(wp_post, "Nobody.")) == 1


@pytest.mark.parametrize("page", [1, 2, 3])
def test_our_program_is_killed_in_the_middle_of_a_sync(
    behind: Console, wordpress: WordPress, wp_proxy: FaultProxy, wp_post: int, page: int
) -> None:
    """SIGKILL at any page: what came stays, nothing vouches, the next run completes it and doubles nothing."""
    ids = wordpress.php(
        f"$ids = []; for ($i = 0; $i < 260; $i++) $ids[] = wp_insert_comment(['comment_post_ID' => {wp_post},"
        "'comment_content' => 'Number ' . $i, 'comment_author' => 'Guest ' . $i,"
        "'comment_author_email' => 'g' . $i . '@example.test']); echo json_encode($ids);"
    )
    wp_proxy.fail(Fault("forward", method="GET", path="offset=", times=page))
    reached = threading.Event()
    held = threading.Event()

    def hold() -> None:
        reached.set()
        held.wait(30)

    wp_proxy.fail(Fault("forward", method="GET", path="offset=", times=1, before=hold))
    program = start(behind)
    assert reached.wait(30)
    program.kill()
    program.wait(10)
    held.set()
    assert verify(behind.db, behind.clock()) == []
    assert behind.source().checked_at is None
    assert behind.source().synced_at is None
    assert behind.sync().outcome == "ok"
    stored = behind.db.rows(
        "select m.native from message m join conversation c on c.id = m.conversation where c.native = ?",
        (f"post:{wp_post}",),
    )
    assert sorted(int(row[0]) for row in stored) == sorted(ids)
    assert json.dumps(behind.source().gap) == "null"


# ---------------------------------------------------------------------- moderation


def test_acts_and_their_undo_on_the_site(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """Approve, hold, spam, remove: each is there, each changes who waits, each can be undone."""
    held = wordpress.comment(wp_post, "Please let me in", status="hold")
    console.sync()
    assert console.status(wp_post) == "held"
    approved = console.act(held, "approve", seen="held")
    assert (wordpress.status(held), console.status(wp_post)) == ("approved", "waiting")
    ways: tuple[tuple[Act, str, str], ...] = (
        ("hold", "hold", "held"),
        ("spam", "spam", "closed"),
        ("remove", "trash", "closed"),
    )
    for what, there, here in ways:
        ident = console.act(held, what)
        assert (wordpress.status(held), console.status(wp_post)) == (there, here)
        console.undo(ident)
        assert (wordpress.status(held), console.status(wp_post)) == ("approved", "waiting")
    console.undo(approved)
    assert (wordpress.status(held), console.status(wp_post)) == ("hold", "held")
    console.sync()
    assert console.status(wp_post) == "held"


def test_an_act_on_what_somebody_trashed_meanwhile_is_not_carried_out(
    console: Console, wordpress: WordPress, wp_post: int
) -> None:
    """Approving it would bring it back."""
    comment = wordpress.comment(wp_post, "Hm", status="hold")
    console.sync()
    wordpress.set_status(comment, "trash")
    with pytest.raises(Conflict):
        console.act(comment, "approve", seen="held")
    assert wordpress.status(comment) == "trash"
    assert console.status(wp_post) == "closed"


def test_a_confirmed_reply_is_retracted(console: Console, wordpress: WordPress, wp_post: int) -> None:
    """It is in the site's trash, and the person waits again."""
    asked = wordpress.comment(wp_post, "What is the code?")
    console.sync()
    send = console.reply(asked, "It is 1234.")
    console.sync()
    connector = console.connector()
    retract(console.db, connector, send, clock=console.clock)
    connector.close()
    (comment,) = console.there(wp_post, "It is 1234.")
    assert (comment["status"], console.status(wp_post), console.state(send)) == ("trash", "waiting", "taken_back")
    console.sync(full=True)
    assert (console.status(wp_post), console.state(send)) == ("waiting", "taken_back")
