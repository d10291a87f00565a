"""Which pieces of which documents are embedded together."""

from __future__ import annotations

from core.retrieval.documents.batches import share
from core.retrieval.documents.preparing import Prepared
from core.retrieval.reading.split import Piece
from core.store.states import Finished


def documents(*sizes: int) -> list[Prepared]:
    return [
        Prepared(Finished(f"d{number}"), "t", tuple(Piece(f"{number}-{i}", None, None, 0, 1) for i in range(size)))
        for number, size in enumerate(sizes)
    ]


def shares(held: list[Prepared], size: int) -> list[tuple[str, int, int]]:
    return [(part.document_id, part.ordinals.start, part.ordinals.stop) for part in share(held, size)]


def test_documents_have_equal_shares_and_the_first_what_is_left_over() -> None:
    """So that a long one leaves room, and nothing is left empty while there is more."""
    assert shares(documents(100, 100), 10) == [("d0", 0, 5), ("d1", 0, 5)]
    assert shares(documents(100, 2, 100), 10) == [("d0", 0, 5), ("d1", 0, 2), ("d2", 0, 3)]
    assert shares(documents(3), 10) == [("d0", 0, 3)]
    assert shares(documents(1, 1, 1), 2) == [("d0", 0, 1), ("d1", 0, 1)]
    assert shares([], 10) == []


def test_every_piece_is_given_once_and_in_order() -> None:
    """Whatever is shared with what; the last part of a document says that it is."""
    held = documents(25, 3, 14, 40)
    given: dict[str, list[str]] = {}
    ended = []
    while parts := share(held, 8):
        assert sum(len(part.pieces) for part in parts) <= 8
        for part in parts:
            given.setdefault(part.document_id, []).extend(piece.text for piece in part.pieces)
            ended += [part.document_id] if part.last else []
    assert given == {one.document_id: [piece.text for piece in one.pieces] for one in held}
    assert sorted(ended) == ["d0", "d1", "d2", "d3"]
