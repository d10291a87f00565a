"""Which messages of a long branch are shown."""

from __future__ import annotations

import pytest

from core.models import Node, Role
from pages._chat.window import Window, window

PATH = [Node(f"m{number}", f"m{number - 1}" if number else None, Role.USER, number) for number in range(1_000)]


def numbers(found: Window) -> tuple[int, list[int], int, list[int]]:
    """How many are left out, and the places of those that are shown."""
    return found.earlier, [node.seq for node in found.around], found.between, [node.seq for node in found.newest]


@pytest.mark.parametrize("sought", [None, "m995", "nosuchmessage"])
def test_the_newest_are_shown(sought: str | None) -> None:
    """Also when the one that is sought is among them, or nowhere."""
    assert numbers(window(PATH, 20, sought)) == (980, [], 0, list(range(980, 1_000)))


def test_a_short_branch_is_shown_whole() -> None:
    """Nothing is left out that need not be."""
    assert numbers(window(PATH[:3], 20)) == (0, [], 0, [0, 1, 2])
    assert numbers(window([], 20, "m1")) == (0, [], 0, [])


def test_as_many_are_shown_as_are_needed_to_see_the_one_that_is_sought() -> None:
    """Not far from the newest, all from a little before it on."""
    assert numbers(window(PATH, 20, "m930")) == (925, [], 0, list(range(925, 1_000)))


def test_a_message_of_long_ago_is_shown_among_its_neighbours() -> None:
    """Far from the newest, only those around it and the newest."""
    found = numbers(window(PATH, 20, "m100"))
    assert found == (95, list(range(95, 115)), 865, list(range(980, 1_000)))
    assert numbers(window(PATH, 20, "m0"))[:2] == (0, list(range(20)))


@pytest.mark.parametrize("sought", [0, 1, 17, 500, 899, 919, 979, 980, 999])
@pytest.mark.parametrize("shown", [20, 40, 640])
def test_nothing_is_lost(sought: int, shown: int) -> None:
    """What is shown and what is left out make the branch, and the one that is sought is shown."""
    found = window(PATH, shown, f"m{sought}")
    assert found.earlier + len(found.around) + found.between + len(found.newest) == len(PATH)
    assert sought in {node.seq for node in (*found.around, *found.newest)}
    assert bool(found.around) is bool(found.between)
