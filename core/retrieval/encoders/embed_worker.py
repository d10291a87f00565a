"""The process that embeds: texts come in as JSON, unit vectors go out as float32.

See `core.retrieval.encoders.model_worker`. A query has a thread of its own and waits for no
passage; passages share all cores, and give way to everything else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from core.retrieval.encoders.model_worker import Batches, Handler, prepare, serve

QUERY, PASSAGES = b"Q", b"P"
_NICE = 10  # A token that is on its way comes before a document that is being indexed.
_log = logging.getLogger(__name__)


class _Way(NamedTuple):
    """How texts become vectors: each is read into something that has a length, and then a batch of those encoded."""

    read: Callable[[str], Any]
    length: Callable[[Any], int]
    encode: Callable[[Sequence[Any]], NDArray[np.float32]]


def load(folder: str) -> Mapping[bytes, Handler]:
    """Loads the model; a handler for each kind of request."""
    prepare()
    way = _quick(folder) or _library(folder)
    batches = Batches(_NICE)

    def query(texts: list[str]) -> NDArray[np.float32]:
        return way.encode([way.read(text) for text in texts])

    def passages(texts: list[str]) -> NDArray[np.float32]:
        return batches.run(batches.each(texts, way.read), way.encode, way.length)

    query(["A first text, so that the next is not the slow one."])
    return {
        QUERY: lambda body: query(json.loads(body)).tobytes(),
        PASSAGES: lambda body: passages(json.loads(body)).tobytes(),
    }


def _quick(folder: str) -> _Way | None:
    try:
        import torch

        from core.retrieval.encoders.quick import Quick

        torch.set_num_threads(1)
        quick = Quick(Path(folder), _tokenizer(folder, _tokens(folder)))
    except Exception as error:  # Whatever it is: the library takes other models and machines, or says what is wrong.
        _log.info("embedding with sentence-transformers: %s", error)
        return None
    return _Way(quick.read, len, quick.encode)


def _library(folder: str) -> _Way:
    """Any model that sentence-transformers loads, on any machine."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)
    model = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})
    tokenizer = _tokenizer(folder, model.max_seq_length)

    def length(text: str) -> int:  # In tokens: by characters, three times as much is padded.
        return len(tokenizer.encode(text).ids)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        given = list(texts)
        found = model.encode(given, batch_size=len(given), show_progress_bar=False, normalize_embeddings=True)
        rows: NDArray[np.float32] = found
        return rows

    return _Way(lambda text: text, length, encode)


def _tokens(folder: str) -> int:
    found: int = json.loads((Path(folder) / "sentence_bert_config.json").read_text())["max_seq_length"]
    return found


def _tokenizer(folder: str, tokens: int | None) -> Tokenizer:
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    if tokens is not None:
        tokenizer.enable_truncation(tokens)
    return tokenizer


if __name__ == "__main__":
    serve(load)
