"""Lists are put together whatever takes in what; settings that are wrong leave the others as they are."""

from __future__ import annotations

from modconsole.policy import lists
from modconsole.policy.house import read_house
from modconsole.policy.model import House


def together(text: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    written, notes = lists.from_yaml(text, "lists.yaml")
    found = lists.together(written)
    return found, [problem.words for problem in lists.problems(notes)]


def test_a_list_takes_in_others_in_its_own_order() -> None:
    """None of an item's repetitions; lists may be written before those that they take in."""
    found, problems = together("a: [x, list:b, y]\nb: [y, list:c, z]\nc: [x, w]\n")
    assert problems == []
    assert found == {"a": ("x", "y", "w", "z"), "b": ("y", "x", "w", "z"), "c": ("x", "w")}


def test_a_long_chain_of_lists_is_no_deep_recursion() -> None:
    """Each takes in the next one."""
    count = 1_500
    text = "".join(f"l{number}: [list:l{number + 1}, i{number}]\n" for number in range(count)) + f"l{count}: [end]\n"
    found, problems = together(text)
    assert problems == []
    assert found["l0"][0] == "end"
    assert len(found["l0"]) == count + 1


def test_lists_of_lists_do_not_grow_beyond_their_items() -> None:
    """Ten lists that take in ten times the one before have still the items of the first."""
    text = "l0: [a, b]\n" + "".join(f"l{n}: [{', '.join([f'list:l{n - 1}'] * 10)}]\n" for n in range(1, 30))
    found, problems = together(text)
    assert problems == []
    assert found["l29"] == ("a", "b")


def test_circles_of_lists_are_told_and_cost_only_those_in_them() -> None:
    """With the way round; a list that takes one of them in is told too."""
    found, problems = together("a: [list:b]\nb: [list:c]\nc: [list:b, x]\nd: [list:a]\ne: [x]\n")
    assert found == {"e": ("x",)}
    assert any("b → c → b" in words for words in problems)
    assert sum("takes in" in words and "mistakes" in words for words in problems) == 3
    assert together("a: [list:a]\n")[0] == {}


def test_a_setting_that_is_wrong_stays_as_it_is_without_it() -> None:
    """The others are taken."""
    house, problems = read_house("order: random\ntitle: Ours\nstrikes last: ages\nmay set live: ann\n")
    assert (house.order, house.title, house.strikes_last) == ("all", "Ours", House().strikes_last)
    assert house.may_set_live == ("ann",)
    assert [problem.line for problem in problems] == [1, 3]


def test_a_ladder_with_a_wrong_step_is_no_ladder() -> None:
    """Half a ladder would skip a consequence without anybody knowing."""
    house, problems = read_house("ladder:\n  - {strikes: 1, do: {notify: ann}}\n  - {strikes: 2, do: hold}\n")
    assert house.ladder == ()
    assert [problem.line for problem in problems] == [3]


def test_no_settings_are_those_of_the_model() -> None:
    """An empty file, and one of remarks."""
    assert read_house("") == (House(), [])
    assert read_house("# nothing yet\n") == (House(), [])
