"""Joining: hits that stand next to each other become one, so that each citation is a place of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from core.models import Passage
from core.retrieval.searching.relevance import Candidate

MOST = 3
"""Passages of a place."""

Place = tuple[Candidate, ...]
"""Neighbours in reading order."""


def places(found: Iterable[Candidate], k: int) -> list[Place]:
    """The `k` best places that `found` (best first) make, best first; more neighbours may join what is there."""
    chosen: list[Candidate] = []
    at: set[tuple[str, int]] = set()
    made = 0
    for candidate in found:
        document_id, ordinal = candidate.passage.document_id, candidate.passage.ordinal
        alone = not {(document_id, ordinal - 1), (document_id, ordinal + 1)} & at
        tried = made + 1 if alone else len(_runs([*chosen, candidate]))
        if tried <= k:
            chosen.append(candidate)
            at.add((document_id, ordinal))
            made = tried
    rank = {candidate.passage.id: number for number, candidate in enumerate(chosen)}
    return sorted(_runs(chosen), key=lambda place: min(rank[candidate.passage.id] for candidate in place))


def text(passages: Sequence[Passage]) -> str:
    """The text of neighbours as it stands in the document; between two blocks is a blank line."""
    joined = passages[0].text
    for before, after in pairwise(passages):
        gap = after.start - before.end
        if gap <= 0:
            joined += after.text[-gap:]
        elif gap == 1:  # They are of one block, which was cut between two words or lines.
            joined += ("\n" if "\n" in before.text + after.text else " ") + after.text
        else:
            joined += "\n\n" + after.text
    return joined


def _runs(candidates: Sequence[Candidate]) -> list[Place]:
    runs: list[list[Candidate]] = []
    for candidate in sorted(candidates, key=lambda one: (one.passage.document_id, one.passage.ordinal)):
        if runs and len(runs[-1]) < MOST and _follows(runs[-1][-1].passage, candidate.passage):
            runs[-1].append(candidate)
        else:
            runs.append([candidate])
    return [tuple(run) for run in runs]


def _follows(before: Passage, after: Passage) -> bool:
    """Whether two are neighbours on one page under one heading: what a citation can name."""
    return (before.document_id, before.ordinal + 1, before.heading, before.page) == (
        after.document_id,
        after.ordinal,
        after.heading,
        after.page,
    )
