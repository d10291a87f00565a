"""The tree of a conversation, walked one branch at a time."""

from __future__ import annotations

from core.branches import path_to, siblings
from core.models import Node, Role


def tree(*edges: tuple[str, str | None]) -> list[Node]:
    """Nodes in the order of asking; names that begin with q are questions."""
    return [
        Node(name, parent, Role.USER if name.startswith("q") else Role.ASSISTANT, seq)
        for seq, (name, parent) in enumerate(edges)
    ]


NODES = tree(
    ("q1", None), ("a1", "q1"), ("q2", "a1"), ("a2", "q2"), ("a1b", "q1"), ("q3", "a1b"), ("a3", "q3"), ("q1b", None),
    ("a4", "q1b"), ("a2b", "q2"),
)  # fmt: skip


def names(nodes: list[Node]) -> list[str]:
    return [node.id for node in nodes]


def test_without_a_choice_the_newest_branch_is_shown() -> None:
    """The path ends in the message that was asked for last."""
    assert names(path_to(NODES)) == ["q1", "a1", "q2", "a2b"]
    assert names(path_to(NODES[:-1])) == ["q1b", "a4"]


def test_a_chosen_message_leads_to_the_newest_leaf_below_it() -> None:
    """Choosing a message shows what led to it and its newest continuation."""
    assert names(path_to(NODES, "a1")) == ["q1", "a1", "q2", "a2b"]
    assert names(path_to(NODES, "a2")) == ["q1", "a1", "q2", "a2"]
    assert names(path_to(NODES, "q1")) == ["q1", "a1b", "q3", "a3"]


def test_every_message_is_on_the_path_to_itself() -> None:
    """No branch is out of reach."""
    for node in NODES:
        assert node in path_to(NODES, node.id)


def test_a_message_that_is_gone_leads_to_the_newest_branch() -> None:
    """A choice that no longer exists is as good as none."""
    assert path_to(NODES, "gone") == path_to(NODES)


def test_an_empty_conversation_has_no_branch() -> None:
    """Nothing leads nowhere."""
    assert path_to([]) == []


def test_siblings_are_of_one_kind_and_in_the_order_of_asking() -> None:
    """A message stands beside those with the same parent and the same role, itself among them."""
    by_name = {node.id: node for node in NODES}
    assert names(siblings(NODES, by_name["q1"])) == ["q1", "q1b"]
    assert names(siblings(NODES, by_name["a1b"])) == ["a1", "a1b"]
    assert names(siblings(NODES, by_name["a2"])) == ["a2", "a2b"]
    assert names(siblings(NODES, by_name["q3"])) == ["q3"]
