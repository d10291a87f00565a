"""Documents that are put straight into the database, for tests of what searches them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.ids import new_id
from core.models import Passage
from core.retrieval.encoders.embed import Embedder
from core.store.documents import Documents
from core.store.states import Finished


def unit(n: int, seed: int = 1) -> NDArray[np.float32]:
    """`n` vectors in any direction."""
    vectors = np.random.default_rng(seed).standard_normal((n, 384), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def put(
    documents: Documents,
    name: str,
    texts: Sequence[str],
    *,
    headings: Sequence[str | None] = (),
    embedder: Embedder | None = None,
    tags: tuple[str, ...] = (),
) -> str:
    """A ready document with these passages; without an embedder their vectors mean nothing."""
    sha256 = f"{name} {hash(tuple(texts))}"
    document, _ = documents.add(title=name, filename=name, media_type="text/plain", size=3, sha256=sha256, tags=tags)
    rows, start = [], 0
    for ordinal, text in enumerate(texts):
        heading = headings[ordinal] if headings else None
        rows.append(Passage(new_id(), document.id, "", ordinal, text, heading, None, start, start + len(text)))
        start += len(text) + 2
    documents.append(rows, embedder.passages(texts) if embedder else unit(len(rows), len(name)))
    assert documents.finish([Finished(document.id)])
    return document.id
