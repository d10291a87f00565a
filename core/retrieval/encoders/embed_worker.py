"""The process that embeds: texts come in as JSON, unit vectors go out as float32.

See `core.retrieval.encoders.model_worker`. A query has a thread of its own and waits for no
passage; passages share all cores, and give way to everything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from core.retrieval.encoders.model_worker import Batches, Handler, has_bf16, prepare, serve

QUERY, PASSAGES = b"Q", b"P"
_NICE = 10  # A token that is on its way comes before a document that is being indexed.


def load(folder: str) -> Mapping[bytes, Handler]:
    """Loads the model; a handler for each kind of request."""
    model = _load(folder)
    batches = Batches(_NICE)
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_seq_length)

    def length(text: str) -> int:  # In tokens: by characters, three times as much is padded.
        return len(tokenizer.encode(text).ids)

    def encode(texts: list[str]) -> NDArray[np.float32]:
        vectors = model.encode(texts, batch_size=len(texts), convert_to_tensor=True, show_progress_bar=False).float()
        # Normalised here, in float32: what a bfloat16 model normalises is off by up to 0.004.
        rows: NDArray[np.float32] = (vectors / vectors.norm(dim=1, keepdim=True)).numpy()
        return rows

    encode(["A first text, so that the next is not the slow one."])
    return {
        QUERY: lambda body: encode(json.loads(body)).tobytes(),
        PASSAGES: lambda body: batches.run(json.loads(body), encode, length).tobytes(),
    }


def _load(folder: str) -> Any:
    prepare()
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    from core.retrieval.encoders.packed import pack

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)
    if not has_bf16():
        return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})
    model = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.bfloat16})
    pack(model)
    return model


if __name__ == "__main__":
    serve(load)
