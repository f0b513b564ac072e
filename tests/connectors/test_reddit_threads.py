"""Whole threads, however Reddit cuts them up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.connectors.reddit_double import Item, listing, text_of
from tests.connectors.reddit_server import Pulled, Stand, standing

from modconsole.connectors.base import Known
from modconsole.connectors.reddit_thread import REQUESTS


@pytest.fixture
def stand() -> Iterator[Stand]:
    """A Reddit that runs."""
    with standing() as made:
        yield made


def read(stand: Stand, *, full: bool = False) -> Pulled:
    """A pull that reads the question's thread; the lists know nothing of what is in it."""
    stand.place.requests.clear()
    return Pulled(stand, stand.connector(elsewhere=False), Known(conversations=(stand.question.name,)), full=full)


def hidden(stand: Stand, parent: Item | str, text: str) -> Item:
    """A comment that no list tells of."""
    return stand.place.comment("bob", parent, text, listed=False)


def gap(found: Pulled, native: str) -> str:
    """Why a conversation is not complete."""
    look = found.looks[native].gap
    return (look.why or "") if look else ""


def test_a_wide_thread_is_read_a_hundred_stubs_at_a_time(stand: Stand) -> None:
    """All that one stub stands for, also where it is more than fits."""
    stand.place.tree = (20, 10)
    names = {hidden(stand, stand.question, f"number {n}").name for n in range(250)}
    found = read(stand)
    assert names <= found.messages.keys()
    assert gap(found, stand.question.name) == ""
    assert stand.place.requests.count("POST /api/morechildren") == 3


def test_a_deep_thread_is_followed_to_its_end(stand: Stand) -> None:
    """Where Reddit says "continue this thread", it is continued, as often as it takes."""
    stand.place.tree = (500, 4)
    above: Item = stand.question
    names = []
    for depth in range(30):
        above = hidden(stand, above, f"depth {depth}")
        names.append(above.name)
    found = read(stand)
    assert found.messages.keys() >= set(names)
    assert found.messages[names[29]].parent == names[28]
    assert gap(found, stand.question.name) == ""


def test_stubs_within_stubs_are_read(stand: Stand) -> None:
    """What stood for comments brings stubs of its own."""
    stand.place.tree = (1, 10)
    names = set()
    for n in range(5):
        one = hidden(stand, stand.question, f"number {n}")
        two = hidden(stand, one, f"below {n}")
        names |= {one.name, two.name, hidden(stand, two, f"further below {n}").name}
    assert names <= read(stand).messages.keys()


def test_comments_that_reddit_keeps_to_itself_are_a_gap_of_the_thread(stand: Stand) -> None:
    """An answer may be among them; once they are given, the gap is gone."""
    stand.place.tree = (2, 10)
    names = [hidden(stand, stand.question, f"number {n}") for n in range(6)]
    stub = names[1]
    connector = stand.connector(elsewhere=False)
    known = Known(conversations=(stand.question.name,))
    stand.place.trouble["POST /api/morechildren"] = [text_of({"json": {"errors": [], "data": {"things": []}}})]
    stand.place.trouble["GET /api/info"] = [text_of(listing([]))]
    found = Pulled(stand, connector, known)
    assert stub.name not in found.messages
    assert gap(found, stand.question.name).startswith("Reddit left out 4 comments")
    healed = Pulled(stand, connector, known)
    assert stub.name in healed.messages
    assert healed.looks[stand.question.name].gap is None


def test_what_a_stub_does_not_give_is_looked_up_by_its_name(stand: Stand) -> None:
    """Before anything is said to be missing."""
    stand.place.tree = (1, 10)
    names = {hidden(stand, stand.question, f"number {n}").name for n in range(4)}
    stand.place.trouble["POST /api/morechildren"] = [text_of({"json": {"errors": [], "data": {"things": []}}})]
    found = read(stand)
    assert names <= found.messages.keys()
    assert gap(found, stand.question.name) == ""


def test_fewer_comments_than_reddit_counts_are_a_gap(stand: Stand) -> None:
    """One may be drift of the counter, more are not."""
    names = [hidden(stand, stand.question, f"number {n}").name for n in range(5)]
    stand.place.withheld = {names[0]}
    assert gap(read(stand), stand.question.name) == ""
    stand.place.withheld = set(names[:3])
    assert gap(read(stand), stand.question.name) == "Reddit counts 5 comments here and shows 2"


def test_a_thread_is_bounded_in_an_ordinary_pull_and_read_whole_in_a_full_one(stand: Stand) -> None:
    """What was left is said, and healed later."""
    stand.place.tree = (500, 2)
    for branch in range(REQUESTS + 5):
        one = hidden(stand, stand.question, f"branch {branch}")
        hidden(stand, hidden(stand, one, "two"), f"three {branch}")
    found = read(stand)
    assert gap(found, stand.question.name).startswith("Reddit left out ")
    assert sum(each.startswith("GET /comments/") for each in stand.place.requests) <= REQUESTS
    full = read(stand, full=True)
    assert gap(full, stand.question.name) == ""
    assert {f"three {branch}" for branch in range(REQUESTS + 5)} <= {m.text for m in full.messages.values()}


def test_a_comment_that_makes_no_sense_does_not_take_its_answers_along(stand: Stand) -> None:
    """It is set aside; what is below it is kept."""
    one = hidden(stand, stand.question, "odd")
    two = hidden(stand, one, "good")
    tree = stand.place.branch(stand.question.name, stand.us)
    tree[0]["data"]["body"] = None
    shown = [listing([stand.place.shown(stand.question, stand.us)]), listing(tree)]
    stand.place.trouble["GET /comments/"] = [text_of(shown)]
    found = read(stand)
    assert two.name in found.messages
    assert one.name not in found.messages
    assert [why for why, _ in found.poison] == ["it is no comment as Reddit writes them"]
    assert gap(found, stand.question.name) == ""


def test_a_deleted_comment_keeps_its_place_for_the_answers_below(stand: Stand) -> None:
    """It is gone, and the answer still says whom it answered."""
    one = hidden(stand, stand.question, "I take that back")
    two = hidden(stand, one, "too late")
    stand.place.delete(one)
    found = read(stand)
    assert found.gone == {one.name}
    assert found.messages[two.name].parent == one.name


def test_a_post_that_is_not_shown_any_more_is_a_gap_of_its_own(stand: Stand) -> None:
    """The others are read."""
    other = stand.place.post("ann", "tea", "Another")
    connector = stand.connector(elsewhere=False)
    stand.place.trouble["GET /comments/zzzz"] = [404]
    found = Pulled(stand, connector, Known(conversations=("t3_zzzz", other.name)))
    assert gap(found, "t3_zzzz").startswith("Reddit does not show it")
    assert found.looks[other.name].gap is None
    assert found.gap == ""


def test_private_conversations_are_read_whole(stand: Stand) -> None:
    """With who began, and all that was said since."""
    first = stand.place.letter("dan", "us", "psst")
    answer = stand.place.letter("us", "dan", "yes?", answers=first)
    stand.place.letter("dan", "us", "nothing", answers=answer)
    found = Pulled(stand, stand.connector(), Known(conversations=(first.name,)))
    told = sorted((m.created_at, m.text) for m in found.messages.values() if m.kind == "dm")
    assert [text for _, text in told] == ["psst", "yes?", "nothing"]
    assert found.conversations[first.name].opened_by == first.author.native
    assert found.looks[first.name].gap is None


def test_modmail_that_is_withheld_is_a_gap_of_its_conversation(stand: Stand) -> None:
    """Counted, and not given."""
    mail = stand.place.modmail("cat", "tea", "one")
    stand.place.add_mail(mail, "cat", "two")
    mail.withheld = 1
    found = Pulled(stand, stand.connector(), Known(conversations=(f"modmail:{mail.ident}",)))
    assert gap(found, f"modmail:{mail.ident}") == "1 messages of this modmail conversation were not given"
