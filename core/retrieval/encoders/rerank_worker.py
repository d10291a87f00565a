"""The process that scores passages against a question with a cross-encoder.

See `core.retrieval.encoders.model_worker`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.retrieval.encoders.model_worker import Batches, Handler, has_bf16, prepare, serve

SCORES = b"S"


def load(folder: str) -> Mapping[bytes, Handler]:
    """Loads the cross-encoder; its handler takes `[query, texts]` as JSON and gives float32 scores.

    Raises:
        ValueError: the model gives more than one score a pair.
    """
    prepare()
    import torch
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    from core.retrieval.encoders.packed import pack

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if has_bf16() else torch.float32
    model = CrossEncoder(folder, device="cpu", local_files_only=True, model_kwargs={"dtype": dtype})
    if model.num_labels != 1:
        raise ValueError(f"the model gives {model.num_labels} scores a passage, and one is needed")
    if has_bf16():
        pack(model)
    batches = Batches()

    def compute(pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
        found = model.predict(pairs, batch_size=len(pairs), convert_to_tensor=True, show_progress_bar=False)
        rows: NDArray[np.float32] = found.float().numpy()
        return rows

    def scores(query: str, texts: list[str]) -> NDArray[np.float32]:
        return batches.run(texts, lambda part: compute([(query, text) for text in part]), len)

    compute([("A first question", "A first text, so that the next is not the slow one.")])
    return {SCORES: lambda body: scores(*json.loads(body)).tobytes()}


if __name__ == "__main__":
    serve(load)
