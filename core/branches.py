"""The tree of a conversation as a person walks it: one branch at a time."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import Node


def path_to(nodes: Sequence[Node], leaf_id: str | None = None) -> list[Node]:
    """The branch from the first message to the newest leaf below `leaf_id`, or the newest of all."""
    by_id = {node.id: node for node in nodes}
    children: dict[str | None, list[Node]] = {}
    for node in nodes:
        children.setdefault(node.parent_id, []).append(node)
    at = by_id.get(leaf_id or "") or (nodes[-1] if nodes else None)
    while at is not None and at.id in children:
        at = children[at.id][-1]
    path: list[Node] = []
    while at is not None:
        path.append(at)
        at = by_id.get(at.parent_id or "")
    return path[::-1]


def siblings(nodes: Sequence[Node], node: Node) -> list[Node]:
    """A message and those it stands beside, in the order of asking."""
    return [other for other in nodes if other.parent_id == node.parent_id and other.role is node.role]
