"""The WordPress connector against a real WordPress: reading, replying, moderating, and all that can come between."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType
from typing import Any, cast

import pytest
from tests.servers.faultproxy import Fault, FaultProxy
from tests.servers.mirror import Mirror
from tests.servers.wordpress import WordPress

from modconsole.connectors import wordpress as connector_module
from modconsole.connectors.acts import Act, Order
from modconsole.connectors.base import Account, Connector, Known, Outgoing
from modconsole.connectors.signing import Credentials
from modconsole.connectors.wordpress import connect
from modconsole.connectors.wordpress_map import plain
from modconsole.domain.records import Message
from modconsole.domain.times import HOUR, to_datetime, to_instant
from modconsole.errors import (
    Duplicate,
    Gone,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SignInError,
    Unreachable,
)

pytestmark = pytest.mark.server

KEYS = (f"key-{n}" for n in count())


def signed_in(site: WordPress, login: str = "moderator", *, url: str | None = None) -> connector_module.WordPress:
    """The connector, as one of the site's people."""
    settings = {"url": url or site.url, "user": login}
    return connect(settings, Credentials(site.people[login].application_password), source="blog")


def reply(post: int, to: int | None, text: str, attempted_at: int | None = None) -> Outgoing:
    """A reply under a comment, or to the post itself."""
    return Outgoing(next(KEYS), f"post:{post}", str(to) if to is not None else None, text, attempted_at)


@pytest.fixture
def blog(wordpress: WordPress) -> Iterator[connector_module.WordPress]:
    """The connector, signed in as the site's moderator."""
    connector = signed_in(wordpress)
    yield connector
    connector.close()


@pytest.fixture
def mirror(wordpress: WordPress, blog: connector_module.WordPress) -> Mirror:
    """A store whose mark lies behind everything that other tests left."""
    ids = everything(wordpress)
    mirror = Mirror(blog)
    mirror.position = {"mark": {"id": max(map(int, ids), default=0), "row": len(ids)}}
    return mirror.pull()


# ---------------------------------------------------------------------- who we are


def test_check_says_who_we_are_and_that_nothing_is_missing(
    blog: connector_module.WordPress, wordpress: WordPress
) -> None:
    """A moderator signs in and lacks no right."""
    connector: Connector = blog
    assert connector.check() == Account(
        id=f"user:{wordpress.people['moderator'].id}",
        name="Moderator",
        handle="moderator",
        missing=(),
        site_name="Test Site",
        site_url=wordpress.url,
    )


@pytest.mark.parametrize("user", ["moderator", "nobody", "moderator@example.test"])
def test_a_wrong_password_is_found_out(wordpress: WordPress, user: str) -> None:
    """A public list would answer 200; who we are is asked where only the right password answers."""
    with pytest.raises(SignInError) as caught:
        connect({"url": wordpress.url, "user": user}, Credentials("abcd efgh ijkl mnop")).check()
    assert "application password" in str(caught.value)
    assert "abcd" not in str(caught.value)


def test_a_wrong_password_never_pulls_the_public_view(wordpress: WordPress, wp_post: int) -> None:
    """The site gives its public comments to a wrong password; the connector does not take them."""
    wordpress.comment(wp_post, "Everybody may read this")
    pull = connect({"url": wordpress.url, "user": "moderator"}, Credentials("wrong")).pull(Known(), 1)
    with pytest.raises(SignInError):
        next(pull)


def test_an_application_password_works_without_its_spaces_and_with_the_mail_address(wordpress: WordPress) -> None:
    """WordPress shows the password in groups of four and takes it either way, with either name."""
    secret = wordpress.people["moderator"].application_password.replace(" ", "")
    account = connect({"url": wordpress.url, "user": "moderator@example.test"}, Credentials(secret)).check()
    assert account.handle == "moderator"


@pytest.mark.parametrize(("login", "missing"), [("alice", 2), ("carol", 1), ("admin", 0)])
def test_missing_rights_are_named(wordpress: WordPress, login: str, missing: int) -> None:
    """A subscriber sees approved comments only, an author cannot moderate, an administrator lacks nothing."""
    assert len(signed_in(wordpress, login).check().missing) == missing


@pytest.mark.parametrize(("login", "held_seen"), [("alice", False), ("carol", False), ("moderator", True)])
def test_what_an_account_may_not_see_is_a_gap_and_no_error(
    wordpress: WordPress, wp_post: int, login: str, held_seen: bool
) -> None:
    """Each account pulls what it may, and its coverage says what is hidden."""
    open_one = wordpress.comment(wp_post, "Open")
    held = wordpress.comment(wp_post, "Held", user="bob", status="hold")
    mirror = Mirror(signed_in(wordpress, login)).pull()
    assert str(open_one) in mirror.messages
    assert (str(held) in mirror.messages) is held_seen
    assert mirror.coverage is not None
    assert (mirror.coverage.gap is None) is held_seen


def test_the_interface_is_found_without_permalinks(wordpress: WordPress, wp_post: int) -> None:
    """A site with plain addresses has its interface at `?rest_route=/`, and everything works there."""
    comment = wordpress.comment(wp_post, "Plain")
    settings = {"url": wordpress.url, "user": "moderator", "api": wordpress.url + "/?rest_route=/"}
    connector = connect(settings, Credentials(wordpress.people["moderator"].application_password), source="blog")
    assert connector.check().handle == "moderator"
    record = connector.read(str(comment))
    assert isinstance(record, Message)
    assert record.text == "Plain"
    sent = connector.send(reply(wp_post, comment, "Plainly answered"))
    assert wordpress.status(int(sent.id)) == "approved"


# ---------------------------------------------------------------------- what a comment becomes


def test_a_comment_becomes_a_record(mirror: Mirror, wordpress: WordPress) -> None:
    """Author, place, parent, time, text and state are carried over; the post becomes the conversation."""
    post = wordpress.post("Tea & <em>biscuits</em>")
    asked = wordpress.comment(post, "Why?\nReally, why?")
    answered = wordpress.comment(post, "Because", user="bob", parent=asked)
    mirror.pull()
    message = mirror.messages[str(answered)]
    assert (message.conversation, message.parent, message.author.id, message.author.name, message.state) == (
        f"post:{post}",
        str(asked),
        f"user:{wordpress.people['bob'].id}",
        "Bob",
        "live",
    )
    assert mirror.messages[str(asked)].text == "Why?<br>Really, why?"
    assert mirror.messages[str(asked)].parent is None
    assert abs(message.created_at - datetime.now(UTC)) < timedelta(minutes=2)
    conversation = mirror.conversations[f"post:{post}"]
    assert (conversation.kind, conversation.title, conversation.opened_by) == ("comments", "Tea & biscuits", "user:1")
    assert conversation.url is not None
    assert conversation.url.startswith(wordpress.url)


def test_comments_on_pages_pictures_and_unreadable_posts_have_their_place(mirror: Mirror, wordpress: WordPress) -> None:
    """Every kind of post has a route of its own; where we may not read the post, the comment is there without a
    title."""
    page = int(
        wordpress.api("POST", "/pages", json={"title": "About us", "status": "publish", "comment_status": "open"})["id"]
    )
    picture = int(
        wordpress.php("echo json_encode(wp_insert_attachment(['post_title' => 'A cat', 'post_status' => 'inherit']));")
    )
    trashed = wordpress.post("Away")
    comments = [wordpress.comment(place, f"On {place}") for place in (page, trashed)]
    comments.append(
        wordpress.php(
            f"echo json_encode(wp_insert_comment(['comment_post_ID' => {picture}, 'comment_content' => 'Miaow']));"
        )
    )
    wordpress.api("DELETE", f"/posts/{trashed}")
    mirror.pull()
    assert mirror.conversations[f"post:{page}"].title == "About us"
    assert mirror.conversations[f"post:{picture}"].title == "A cat"
    assert f"post:{trashed}" not in mirror.conversations
    assert [mirror.messages[str(c)].conversation for c in comments] == [
        f"post:{page}",
        f"post:{trashed}",
        f"post:{picture}",
    ]


def test_the_time_is_utc_although_the_site_lives_in_auckland(
    mirror: Mirror, wordpress: WordPress, wp_post: int
) -> None:
    """The site writes local time in `date`; the connector takes the other column."""
    comment = wordpress.comment(wp_post, "Kia ora", date_gmt="2026-01-02T03:04:05")
    mirror.pull()
    assert mirror.messages[str(comment)].created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_guests_are_told_apart_by_mail_then_by_name(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """Author 0 is every visitor at once: the e-mail address in any case is one person, another address another."""
    people = [("Ann", "ann@example.test"), ("Ann B.", "ANN@example.test"), ("Ann", "other@example.test")]
    ids = [wordpress.guest(wp_post, f"Text {n}", name=who, email=mail) for n, (who, mail) in enumerate(people)]
    mirror.pull()
    one, same, other = (mirror.messages[str(i)].author.id for i in ids)
    assert one == same
    assert one != other
    assert one.startswith("guest:")
    assert "ann@" not in one


def test_a_visitor_at_the_public_form_arrives(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """A comment from the form that visitors see, with letters and pictures of the whole world in it."""
    text = "Здравствуйте! 你好 🌍👩‍👩‍👧 — שלום"
    wordpress.guest_form(wp_post, text, name="Ольга", email="olga@example.test")
    (message,) = [m for m in mirror.pull().messages.values() if m.conversation == f"post:{wp_post}"]
    assert message.text == text
    assert message.author.name == "Ольга"


def test_pingbacks_and_trackbacks_are_nobody_waiting(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """Other sites' machines announce links as comments of another type; they are not read."""
    wordpress.php(
        f"foreach (['pingback', 'trackback'] as $t) wp_insert_comment(['comment_post_ID' => {wp_post},"
        "'comment_type' => $t, 'comment_content' => 'linked', 'comment_author' => 'Some site']);"
    )
    comment = wordpress.comment(wp_post, "A person")
    here = [m.id for m in mirror.pull().messages.values() if m.conversation == f"post:{wp_post}"]
    assert here == [str(comment)]


def test_threads_keep_their_parents_to_any_depth(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """The data is as deep as people answer, whatever depth the theme shows."""
    chain = [wordpress.comment(wp_post, "Level 0")]
    for level in range(1, 8):
        chain.append(wordpress.comment(wp_post, f"Level {level}", user="bob", parent=chain[-1]))
    mirror.pull()
    parents = [mirror.messages[str(comment)].parent for comment in chain]
    assert parents == [None, *(str(comment) for comment in chain[:-1])]


# ---------------------------------------------------------------------- pulling


def test_the_second_pull_brings_only_what_is_new(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """The mark moves, nothing is missed behind it, and rows read twice for safety are the last fifty."""
    insert(wordpress, wp_post, 60)
    first = mirror.pull().ids()
    queued = [m for m in mirror.messages.values() if m.state != "live"]
    late = wordpress.comment(wp_post, "One more")
    again = mirror.pull().ids()
    assert len(first) >= 60
    assert str(late) in again
    assert len(again) <= 51 + len(queued)
    assert len(again) == len(set(again))


def test_250_comments_come_in_pages_and_none_twice(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """A hundred a page, overlapping, each with the position to go on from."""
    ids = insert(wordpress, wp_post, 260)
    mirror.pull()
    brought = [i for i in mirror.ids() if mirror.messages[i].conversation == f"post:{wp_post}"]
    assert brought == [str(i) for i in ids]
    assert len([page for page in mirror.pages if page.lane == "new"]) >= 3


def test_a_pull_that_breaks_off_goes_on_where_it_was(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """Every page carries its position; a crash between pages loses nothing."""
    ids = insert(wordpress, wp_post, 260)
    mirror.pull(stop_after=1)
    assert str(ids[-1]) not in mirror.messages
    mirror.pull()
    assert {str(i) for i in ids} <= set(mirror.messages)


def test_rows_deleted_while_paging_hide_nothing(
    wordpress: WordPress, wp_post: int, blog: connector_module.WordPress
) -> None:
    """When earlier comments vanish for good, later ones move up by as many rows; the walk notices and steps back."""
    insert(wordpress, wp_post, 330)
    mirror = Mirror(blog)
    pages = blog.pull(Known(), mirror.now)
    mirror._store(next(pages))
    doomed = [int(i) for i in mirror.messages][:90]
    wordpress.php(f"foreach ({doomed} as $id) wp_delete_comment($id, true);")
    for page in pages:
        mirror._store(page)
    assert everything(wordpress) <= set(mirror.messages)


def test_rows_deleted_between_two_pulls_hide_nothing(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """The mark is a number of rows too, and the spam folder may have been emptied since."""
    old = insert(wordpress, wp_post, 220)
    mirror.pull()
    wordpress.php(f"foreach ({old[:200]} as $id) wp_delete_comment($id, true);")
    new = insert(wordpress, wp_post, 150)
    mirror.pull()
    assert {str(i) for i in new} <= set(mirror.messages)


def test_a_comment_dated_into_the_past_is_found(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """An import brings comments with old dates: a walk by date would never meet them."""
    comment = wordpress.comment(wp_post, "From the old blog", date_gmt="2011-05-05T05:05:05")
    assert str(comment) in mirror.pull().messages


def test_an_edit_shows_when_the_comment_is_read_again(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """WordPress has no time of change: whoever waits is read again, and the new text is there."""
    comment = wordpress.comment(wp_post, "Where is my order?")
    insert(wordpress, wp_post, 60)
    mirror.pull()
    wordpress.edit(comment, "Where is my order? And may I return it?")
    assert len(mirror.pull().texts[str(comment)]) == 1
    mirror.pull(waiting=(str(comment),))
    assert mirror.texts[str(comment)] == ["Where is my order?", "Where is my order? And may I return it?"]
    version = mirror.messages[str(comment)]
    assert (version.edited_at, version.observed_at) == (None, to_datetime(mirror.now))


@pytest.mark.parametrize(("status", "state"), [("hold", "held"), ("spam", "spam"), ("trash", "removed")])
def test_what_somebody_else_moderated_is_seen_however_old(
    mirror: Mirror, wordpress: WordPress, wp_post: int, status: str, state: str
) -> None:
    """Nobody told us to look at that comment: it is in the queue now, and the queues are read each time."""
    comment = wordpress.comment(wp_post, "Long ago")
    insert(wordpress, wp_post, 60)
    mirror.pull()
    wordpress.set_status(comment, status)
    assert mirror.pull().state(comment) == state


@pytest.mark.parametrize(("there", "back"), [("hold", "approve"), ("spam", "unspam"), ("trash", "untrash")])
def test_a_comment_let_go_is_live_again(
    mirror: Mirror, wordpress: WordPress, wp_post: int, there: str, back: str
) -> None:
    """Approved later, it keeps its old date and number: it is found because it was known to be in a queue."""
    comment = wordpress.comment(wp_post, "Under suspicion")
    wordpress.set_status(comment, there)
    insert(wordpress, wp_post, 60)
    mirror.pull()
    assert mirror.state(comment) != "live"
    wordpress.set_status(comment, back)
    assert mirror.pull().state(comment) == "live"


def test_deleted_for_good_is_asked_for_and_gone(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """It is missing from the answer, looked up alone, and only then known to be gone; others stay."""
    doomed, spared = wordpress.comment(wp_post, "Doomed"), wordpress.comment(wp_post, "Spared", user="bob")
    insert(wordpress, wp_post, 60)
    mirror.pull()
    wordpress.delete(doomed)
    mirror.pull(waiting=(str(doomed), str(spared)))
    assert (mirror.state(doomed), mirror.state(spared)) == ("deleted", "live")
    assert [page.gone for page in mirror.pages if page.gone] == [(str(doomed),)]


def test_children_of_a_deleted_comment_move_up(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """WordPress hands the children to the grandparent; read again, they say so."""
    top = wordpress.comment(wp_post, "Top")
    middle = wordpress.comment(wp_post, "Middle", user="bob", parent=top)
    leaf = wordpress.comment(wp_post, "Leaf", parent=middle)
    mirror.pull()
    wordpress.delete(middle)
    mirror.pull(waiting=(str(middle), str(leaf)))
    assert mirror.messages[str(leaf)].parent == str(top)


def test_a_full_walk_finds_every_edit_and_deletion(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """Everything is read, and what we believed in and did not meet is looked up."""
    edited, doomed = wordpress.comment(wp_post, "Before"), wordpress.comment(wp_post, "Doomed", user="bob")
    insert(wordpress, wp_post, 120)
    mirror.pull()
    wordpress.edit(edited, "After")
    wordpress.delete(doomed)
    mirror.pull(full=True)
    assert mirror.messages[str(edited)].text == "After"
    assert mirror.state(doomed) == "deleted"
    assert mirror.lanes()[0] == "full"
    assert "full" not in mirror.position


def test_a_full_walk_that_breaks_off_goes_on_and_forgets_nobody(
    mirror: Mirror, wordpress: WordPress, wp_post: int
) -> None:
    """It resumes behind its last page, and checks by id what lay before it."""
    doomed = wordpress.comment(wp_post, "Doomed")
    ids = insert(wordpress, wp_post, 230)
    mirror.pull()
    mirror.pull(full=True, stop_after=1)
    wordpress.delete(doomed)
    wordpress.edit(ids[-1], "Changed at the end")
    mirror.pull(full=True)
    assert mirror.state(doomed) == "deleted"
    assert mirror.messages[str(ids[-1])].text == "Changed at the end"


def test_coverage_is_vouched_for_by_the_servers_clock(mirror: Mirror) -> None:
    """The time through which the pull is complete comes from the site, and lies a little behind it."""
    coverage = mirror.pull().coverage
    assert coverage is not None
    assert coverage.gap is None
    assert coverage.checked_at == to_datetime(mirror.now)
    assert coverage.complete_through is not None
    assert timedelta(seconds=25) < datetime.now(UTC) - coverage.complete_through < timedelta(seconds=60)


# ---------------------------------------------------------------------- replying


def test_a_reply_is_on_the_site_and_comes_back(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """The comment that WordPress made is given back, and the next pull sees it as ours under the question."""
    asked = wordpress.comment(wp_post, "Open on Sunday?")
    sent = mirror.connector.send(reply(wp_post, asked, "Yes, from ten."))
    assert (sent.parent, sent.state, sent.text) == (str(asked), "live", "Yes, from ten.")
    assert sent.author.id == mirror.connector.check().id
    mirror.pull()
    assert mirror.messages[sent.id].parent == str(asked)


def test_what_was_typed_is_what_readers_see(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """A reply is text: tags in it are shown and not obeyed, even from an editor, whose markup WordPress trusts."""
    text = 'Use <script>alert("1 & 2")</script>, or a < b && c > d\n\nnew paragraph\nand &amp; as typed 😀'
    sent = blog.send(reply(wp_post, None, text))
    (shown,) = wordpress.comments(wp_post)
    assert "<script>" not in shown["content"]["rendered"]
    assert "&lt;script&gt;" in shown["content"]["rendered"]
    assert shown["content"]["rendered"].count("<p>") == 2
    assert plain(sent.text.replace("<br>", "\n")) == text
    assert blog.find(reply(wp_post, None, text), frozenset()) is not None


def test_a_reply_made_in_wordpress_itself_is_ours(mirror: Mirror, wordpress: WordPress, wp_post: int) -> None:
    """The same account answers in the browser: the author is the identity that `check` names."""
    asked = wordpress.comment(wp_post, "Anybody?")
    answer = wordpress.comment(wp_post, "Yes!", user="moderator", parent=asked)
    mirror.pull()
    assert mirror.messages[str(answer)].author.id == mirror.connector.check().id


def test_the_same_reply_twice_is_a_duplicate(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """WordPress says so with 409, and `find` without a time names the first one."""
    asked = wordpress.comment(wp_post, "Hello?")
    first = blog.send(reply(wp_post, asked, "Hello!"))
    with pytest.raises(Duplicate):
        blog.send(reply(wp_post, asked, "Hello!"))
    found = blog.find(reply(wp_post, asked, "Hello!"), frozenset())
    assert found is not None
    assert found.id == first.id
    assert len(wordpress.comments(wp_post)) == 2


def test_flood_control_says_when_to_try_again(wordpress: WordPress, wp_post: int) -> None:
    """An account that may not moderate writes one comment in 15 seconds; nothing is stored of the second."""
    dave = signed_in(wordpress, wordpress.new_person().login)
    dave.send(reply(wp_post, None, "First"))
    with pytest.raises(RateLimited) as caught:
        dave.send(reply(wp_post, None, "Second"))
    assert caught.value.retry_after == 15
    assert caught.value.retryable
    assert len(wordpress.comments(wp_post)) == 1


def test_closed_comments_refuse_us_too(blog: connector_module.WordPress, wordpress: WordPress, wp_post: int) -> None:
    """Being an editor does not help."""
    asked = wordpress.comment(wp_post, "Too late?")
    wordpress.api("POST", f"/posts/{wp_post}", json={"comment_status": "closed"})
    with pytest.raises(Refused) as caught:
        blog.send(reply(wp_post, asked, "Too late."))
    assert caught.value.code == "rest_comment_closed"
    assert not caught.value.retryable


def test_a_reply_that_is_held_says_so(wordpress: WordPress, wp_post: int) -> None:
    """A site that holds everything holds a subscriber's reply as well: sent, and not live."""
    bob = signed_in(wordpress, wordpress.new_person().login)
    wordpress.php("update_option('comment_moderation', '1');")
    try:
        asked = wordpress.comment(wp_post, "Hm?", status="approve")
        assert bob.send(reply(wp_post, asked, "Hm.")).state == "held"
        with pytest.raises(OutcomeUnknown):
            bob.find(reply(wp_post, asked, "Hm."), frozenset())
    finally:
        wordpress.php("update_option('comment_moderation', '0');")


def test_length_is_counted_in_bytes_of_what_is_sent(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """65,525 bytes are stored whole; one more is refused before anything is sent, and so WordPress counts it too."""
    limit = connector_module.CAPABILITIES.max_length
    assert limit == 65_525
    assert len(blog.send(reply(wp_post, None, "ö" * 32_762 + "x")).text.encode()) == limit
    with pytest.raises(Refused):
        blog.send(reply(wp_post, None, "ö" * 32_763))
    with pytest.raises(AssertionError, match="comment_content_column_length"):
        wordpress.comment(wp_post, "ö" * 32_763)
    assert len(wordpress.comments(wp_post)) == 1


@pytest.mark.parametrize(("status", "code"), [("hold", "held"), ("spam", "spam"), ("trash", "removed")])
def test_nobody_would_see_a_reply_below_a_hidden_comment(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int, status: str, code: str
) -> None:
    """WordPress would take it; the connector says what to do first."""
    asked = wordpress.comment(wp_post, "See me?")
    wordpress.set_status(asked, status)
    with pytest.raises(Refused) as caught:
        blog.send(reply(wp_post, asked, "No."))
    assert caught.value.code == code


def test_a_reply_to_a_comment_that_is_gone_is_not_sent(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """WordPress stores replies to comments that do not exist; the connector looks first."""
    asked = wordpress.comment(wp_post, "Gone soon")
    wordpress.delete(asked)
    with pytest.raises(Gone):
        blog.send(reply(wp_post, asked, "Too late"))
    assert wordpress.comments(wp_post) == []


def test_a_reply_does_not_cross_to_another_post(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """Parent and conversation must belong together."""
    elsewhere = wordpress.comment(wordpress.post("Another"), "Elsewhere")
    with pytest.raises(Refused):
        blog.send(reply(wp_post, elsewhere, "Here"))


# ---------------------------------------------------------------------- an answer that never comes


def test_the_server_killed_before_it_stored_the_reply(wordpress: WordPress, wp_post: int) -> None:
    """SIGKILL in the middle of the request: the outcome is unknown, and looking says: not there. Then it may be sent
    again."""
    asked = wordpress.comment(wp_post, "Are you there?")
    blog = signed_in(wordpress)
    blog.check()
    with killed_in_the_middle(wordpress, "before", blog, reply(wp_post, asked, "Yes.")) as error:
        assert isinstance(error, OutcomeUnknown)
    assert blog.find(reply(wp_post, asked, "Yes."), frozenset()) is None
    blog.send(reply(wp_post, asked, "Yes."))
    assert len(wordpress.comments(wp_post)) == 2


def test_the_server_killed_after_it_stored_the_reply(wordpress: WordPress, wp_post: int) -> None:
    """SIGKILL once the row is written: the outcome is unknown, and looking finds the one reply."""
    asked = wordpress.comment(wp_post, "Still there?")
    blog = signed_in(wordpress)
    blog.check()
    with killed_in_the_middle(wordpress, "after", blog, reply(wp_post, asked, "Still here.")) as error:
        assert isinstance(error, OutcomeUnknown)
    found = blog.find(reply(wp_post, asked, "Still here."), frozenset())
    assert found is not None
    assert found.parent == str(asked)
    assert len(wordpress.comments(wp_post)) == 2


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        (Fault("drop_before", "POST", "/comments"), False),
        (Fault("drop_after", "POST", "/comments"), True),
        (Fault("status", "POST", "/comments", code=502), False),
        (Fault("status_after", "POST", "/comments", code=504), True),
        (Fault("malformed", "POST", "/comments"), True),
        (Fault("truncated", "POST", "/comments"), True),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_a_lost_answer_is_unknown_and_find_tells_the_truth(
    wordpress: WordPress, wp_post: int, wp_proxy: FaultProxy, fault: Fault, stored: bool
) -> None:
    """Whatever breaks between us and the site, the reply is sent once, and `find` says whether it arrived."""
    asked = wordpress.comment(wp_post, "Can you hear me?")
    blog = signed_in(wordpress, url=wp_proxy.url)
    wp_proxy.fail(fault)
    answer = reply(wp_post, asked, "Loud & clear")
    with pytest.raises(OutcomeUnknown):
        blog.send(answer)
    assert len([r for r in wp_proxy.requests if r.startswith("POST")]) == 1
    assert (blog.find(answer, frozenset()) is not None) is stored
    assert len(wordpress.comments(wp_post)) == 1 + stored


def test_a_server_that_is_not_there_surely_did_nothing(wordpress: WordPress, wp_post: int) -> None:
    """Without a connection nothing was sent: that is told apart, and may be tried again."""
    blog = signed_in(wordpress)
    blog.check()
    wordpress.kill()
    try:
        with pytest.raises(Unreachable) as caught:
            blog.send(reply(wp_post, None, "Anybody home?"))
        assert caught.value.retryable
    finally:
        wordpress.restart()
    assert wordpress.comments(wp_post) == []


def test_rate_limits_of_a_host_are_kept(wordpress: WordPress, wp_post: int, wp_proxy: FaultProxy) -> None:
    """WordPress has none of its own, but hosts do: 429 with a time to wait."""
    wp_proxy.fail(Fault("status", "POST", "/comments", code=429, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimited) as caught:
        signed_in(wordpress, url=wp_proxy.url).send(reply(wp_post, None, "Hello"))
    assert caught.value.retry_after == 7


def test_reads_are_tried_again_and_writes_are_not(wordpress: WordPress, wp_post: int, wp_proxy: FaultProxy) -> None:
    """A dropped read costs a moment; the list is whole in the end."""
    comment = wordpress.comment(wp_post, "Read me")
    blog = signed_in(wordpress, url=wp_proxy.url)
    wp_proxy.fail(Fault("drop_before", "GET", f"/comments/{comment}"))
    wp_proxy.fail(Fault("truncated", "GET", f"/comments/{comment}"))
    record = blog.read(str(comment))
    assert record is not None
    assert record.text == "Read me"


def test_find_knows_ours_from_others_and_now_from_then(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """Another's same words, an older reply of ours, one already known and one elsewhere in the thread are not it."""
    asked = wordpress.comment(wp_post, "Thanks?")
    wordpress.comment(wp_post, "You are welcome!", user="second", parent=asked)
    wordpress.comment(wp_post, "You are welcome!", user="moderator")
    old = wordpress.comment(wp_post, "You are welcome!", user="moderator", parent=asked, date_gmt="2026-01-01T00:00:00")
    now = to_instant(datetime.now(UTC))
    wanted = reply(wp_post, asked, "You are welcome!", attempted_at=now)
    assert blog.find(wanted, frozenset()) is None
    found = blog.find(reply(wp_post, asked, "You are welcome!"), frozenset())
    assert found is not None
    assert found.id == str(old)
    assert blog.find(reply(wp_post, asked, "You are welcome!"), frozenset({str(old)})) is None
    assert blog.find(reply(wp_post, asked, "Something else entirely"), frozenset()) is None


def test_find_knows_ours_without_the_right_to_filter(wordpress: WordPress, wp_post: int) -> None:
    """An account that may not ask for one author's comments is given everybody's, and takes only its own."""
    ours = signed_in(wordpress, wordpress.new_person().login)
    wordpress.comment(wp_post, "Same words")
    with pytest.raises(OutcomeUnknown):
        ours.find(reply(wp_post, None, "Same words"), frozenset())
    sent = ours.send(reply(wp_post, None, "Same words"))
    found = ours.find(reply(wp_post, None, "Same words"), frozenset())
    assert found is not None
    assert found.id == sent.id


@pytest.mark.parametrize("status", ["hold", "spam", "trash"])
def test_find_looks_into_the_queues(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int, status: str
) -> None:
    """A reply that a spam filter or a colleague put away is there all the same."""
    sent = blog.send(reply(wp_post, None, "Put me away"))
    wordpress.set_status(int(sent.id), status)
    found = blog.find(reply(wp_post, None, "Put me away", to_instant(datetime.now(UTC)) - HOUR // 60), frozenset())
    assert found is not None
    assert found.state != "live"


# ---------------------------------------------------------------------- moderating


@pytest.mark.parametrize(
    ("act", "status", "state"),
    [
        ("hold", "hold", "held"),
        ("spam", "spam", "spam"),
        ("remove", "trash", "removed"),
        ("approve", "approved", "live"),
    ],
)
def test_moderation_reaches_the_site(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int, act: str, status: str, state: str
) -> None:
    """Each act is done there, twice does no harm, and approving undoes it."""
    comment = wordpress.comment(wp_post, "Judge me", status="hold" if act == "approve" else "approve")
    for _ in range(2):
        assert acted(blog, comment, act).state == state
        assert wordpress.status(comment) == status


@pytest.mark.parametrize("before", ["approve", "hold"])
@pytest.mark.parametrize("act", ["spam", "remove"])
def test_restore_brings_the_state_back_that_it_had(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int, before: str, act: str
) -> None:
    """WordPress remembers what a comment was before it was put away."""
    comment = wordpress.comment(wp_post, "Put away and back", status=before)
    was = wordpress.status(comment)
    acted(blog, comment, act)
    acted(blog, comment, "restore")
    assert wordpress.status(comment) == was


@pytest.mark.parametrize("agent", ["Netscape 4", ""])
def test_moderation_changes_nothing_but_the_state(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int, agent: str
) -> None:
    """Left to itself, WordPress would write the moderator's network address and browser over the author's."""
    (comment,) = wordpress.php(
        f"echo json_encode([wp_insert_comment(['comment_post_ID' => {wp_post}, 'comment_content' => 'Tom &amp; Jerry',"
        f"'comment_author_email' => 'ann@example.test', 'comment_author_IP' => '192.0.2.7', 'comment_agent' => '{agent}'])]);"
    )
    before = wordpress.api("GET", f"/comments/{comment}", params={"context": "edit"})
    assert before["author_ip"] == "192.0.2.7"
    for act in ("hold", "approve", "spam", "restore", "remove", "restore"):
        acted(blog, comment, act)
    after = wordpress.api("GET", f"/comments/{comment}", params={"context": "edit"})
    assert after == before


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_lost_answer_to_moderation_is_looked_after(
    wordpress: WordPress, wp_post: int, wp_proxy: FaultProxy, kind: str
) -> None:
    """It was done, or it can be tried again: moderation needs no guessing."""
    comment = wordpress.comment(wp_post, "Did you?")
    blog = signed_in(wordpress, url=wp_proxy.url)
    wp_proxy.fail(Fault(kind, "POST", "/comments"))  # type: ignore[arg-type]
    if kind == "drop_after":
        assert acted(blog, comment, "hold").state == "held"
        return
    with pytest.raises(Unreachable):
        acted(blog, comment, "hold")
    assert acted(blog, comment, "hold").state == "held"


def test_a_site_without_a_trash_loses_nothing(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """There, WordPress' own word `trash` would delete for good; the connector is refused instead."""
    comment = wordpress.comment(wp_post, "Keep me")
    marker = wordpress.root / "control/no-trash"
    marker.touch()
    try:
        with pytest.raises(Refused) as caught:
            acted(blog, comment, "remove")
    finally:
        marker.unlink()
    assert caught.value.code == "rest_trash_not_supported"
    assert wordpress.status(comment) == "approved"


def test_moderating_what_is_gone_or_forbidden_is_said(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int
) -> None:
    """A comment deleted for good, and an account without the right."""
    comment = wordpress.comment(wp_post, "Whose?")
    with pytest.raises(Refused):
        acted(signed_in(wordpress, "bob"), comment, "spam")
    wordpress.delete(comment)
    with pytest.raises(Gone):
        acted(blog, comment, "spam")
    assert blog.read(str(comment)) is None


@pytest.mark.parametrize(
    ("before", "act"),
    [(b, a) for b in ("approve", "hold", "spam", "trash") for a in ("approve", "hold", "spam", "remove")],
)
def test_the_compensating_order_brings_the_state_back(
    blog: connector_module.WordPress, wordpress: WordPress, wp_post: int, before: str, act: str
) -> None:
    """From whatever state an act led away, its undo leads back there."""
    comment = wordpress.comment(wp_post, f"{act} and back to {before}", status="approve")
    if before != "approve":
        wordpress.set_status(comment, before)
    was = wordpress.status(comment)
    done = blog.act(order(comment, act))
    if done.undo is None:
        assert wordpress.status(comment) == was
        return
    blog.act(order(comment, done.undo.act, done.undo.token))
    assert wordpress.status(comment) == was


# ---------------------------------------------------------------------- helpers


def order(comment: int, act: str, undoing: Mapping[str, Any] = MappingProxyType({})) -> Order:
    """An order for one act on a comment."""
    return Order(str(uuid.uuid4()), cast("Act", act), "message", str(comment), undoing=undoing)


def acted(blog: connector_module.WordPress, comment: int, act: str) -> Message:
    """The comment as it stands after an act."""
    (record,) = blog.act(order(comment, act)).records
    assert isinstance(record, Message)
    return record


def everything(site: WordPress) -> set[str]:
    """The ids of all comments of people, in every state, from the database itself."""
    query = "SELECT comment_ID FROM $wpdb->comments WHERE comment_type = 'comment'"
    found = site.php(f'global $wpdb; echo json_encode($wpdb->get_col("{query}"));')
    assert isinstance(found, list)
    return set(found)


def insert(site: WordPress, post: int, many: int) -> list[int]:
    """Many comments at once, inside WordPress."""
    ids = site.php(
        "$ids = [];"
        f"for ($i = 0; $i < {many}; $i++) $ids[] = wp_insert_comment(['comment_post_ID' => {post},"
        "'comment_content' => \"Comment $i\", 'comment_author' => 'Crowd', 'comment_author_email' => 'crowd@example.test',"
        "'comment_approved' => 1]);"
        "echo json_encode($ids);"
    )
    assert isinstance(ids, list)
    return [int(i) for i in ids]


@contextmanager
def killed_in_the_middle(
    site: WordPress, when: str, blog: connector_module.WordPress, sending: Outgoing
) -> Iterator[BaseException | None]:
    """Send a reply, kill the server while it works on it, start it again; gives the error that the sender got."""
    with ThreadPoolExecutor(1) as thread, site.paused(when) as arrived:
        future = thread.submit(blog.send, sending)
        arrived()
        site.kill()
        error = future.exception(timeout=30)
    site.restart()
    yield error
