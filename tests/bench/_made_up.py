"""Made-up documents: words as frequent as in a language, vectors in heaps as those of texts are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.ids import new_id
from core.models import Passage
from core.store.documents import Documents
from core.store.states import Finished
from core.store.versions import NewDocument

Vectors = NDArray[np.float32]

DOCUMENT = 10
"""Passages of a document."""
_AT_ONCE = 1_000
_WORDS = 150
_VOCABULARY = 200_000
_TOPICS = 2_000


class Question(NamedTuple):
    """Words and a vector, near to those of one passage."""

    text: str
    vector: Vectors


@dataclass
class MadeUp:
    """Fills a database; remembers a question for some passages, and which passages are truly nearest to each."""

    questions: int
    seed: int = 1
    words_asked: int = 8
    asked: list[Question] = field(default_factory=list)
    nearest: list[list[tuple[float, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        # Some syllables, so that stemming has something to do with each word.
        syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
        picks = self._rng.integers(0, len(syllables), (_VOCABULARY, 4))
        self._vocabulary = np.array(["".join(syllables[i] for i in row) for row in picks])
        weights = 1 / np.arange(1, _VOCABULARY + 1)
        self._cumulated = np.cumsum(weights) / weights.sum()
        self._topics = self._rng.standard_normal((_TOPICS, 384), dtype=np.float32)
        self.asked = [Question(self.words(self.words_asked), self.vectors(1)[0]) for _ in range(self.questions)]
        self.nearest = [[] for _ in self.asked]

    def fill(self, documents: Documents, passages: int) -> None:
        """Adds documents with so many passages in all; every tenth has the tag `tenth`."""
        for first in range(0, passages, _AT_ONCE * DOCUMENT):
            self._add(documents, min(passages - first, _AT_ONCE * DOCUMENT), first)

    def one(self, documents: Documents) -> str:
        """Adds one document and gives its id."""
        return self._add(documents, DOCUMENT, -1)[0]

    def _add(self, documents: Documents, passages: int, first: int) -> list[str]:
        names = [f"made up {first + i}" for i in range(0, passages, DOCUMENT)]
        added = documents.add_many(
            [
                NewDocument(
                    new_id(),
                    documents.now(),
                    name,
                    name,
                    "text/plain",
                    1,
                    name,
                    name,
                    None,
                    ("tenth",) if i % 10 == 0 else (),
                )
                for i, name in enumerate(names)
            ]
        )
        vectors = self.vectors(passages)
        rows = [
            Passage(
                new_id(),
                added[i // DOCUMENT][0],
                "",
                i % DOCUMENT,
                self.words(_WORDS),
                None,
                None,
                900 * i,
                900 * i + 899,
            )
            for i in range(passages)
        ]
        documents.append(rows, vectors)
        documents.finish([Finished(document_id) for document_id, _ in added])
        self._remember(rows, vectors)
        return [document_id for document_id, _ in added]

    def _remember(self, rows: list[Passage], vectors: Vectors) -> None:
        cosines = np.stack([question.vector for question in self.asked]) @ vectors.T
        for best, row in zip(self.nearest, cosines, strict=True):
            top = np.argsort(-row)[:10]
            best[:] = sorted([*best, *((float(row[i]), rows[i].id) for i in top)], reverse=True)[:10]

    def vectors(self, n: int) -> Vectors:
        """`n` vectors (n, 384) of unit length, in heaps."""
        heaps = self._topics[self._rng.integers(0, _TOPICS, n)]
        vectors = heaps + self._rng.standard_normal((n, 384), dtype=np.float32)
        result: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return result

    def words(self, n: int) -> str:
        """`n` words."""
        return " ".join(self._vocabulary[np.searchsorted(self._cumulated, self._rng.random(n))])
