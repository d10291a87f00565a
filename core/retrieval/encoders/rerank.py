"""Reranking: a cross-encoder reads question and passage together, if a person has put the weights of one in place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.retrieval.encoders.model_process import Ended, ModelProcess, Rejected
from core.retrieval.encoders.rerank_worker import SCORES

_SECONDS = 2.0
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


class Reranker:
    """Scores passages against a question, from any thread; a search must do without whenever it raises.

    `folder` holds a CrossEncoder of sentence-transformers as its `save_pretrained` writes it; without weights there,
    nothing is ever loaded. Scores that take longer than `seconds` are given up.
    """

    def __init__(self, folder: Path, seconds: float = _SECONDS) -> None:
        self._folder = folder
        self._seconds = seconds
        self._model = ModelProcess("core.retrieval.encoders.rerank_worker", lambda: folder, "reranking")
        self._late: Future[bytes] | None = None

    @property
    def available(self) -> bool:
        """Whether there are weights, and they have not failed to load."""
        there = (self._folder / "config.json").is_file() and any(any(self._folder.glob(name)) for name in _WEIGHTS)
        return there and self._model.failed is None

    def start(self) -> None:
        """Begins to load the model if there is one; back at once."""
        if self.available:
            self._model.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the model is loaded or cannot be; whether scores can be had now."""
        self.start()
        return self.available and self._model.wait(timeout)

    def scores(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """One score a text, in order, (n,): the higher, the better it answers; back within `seconds`.

        Raises:
            Unavailable: there is no model, it is still loading (which this call begins), or it is too slow.
        """
        if not texts:
            return np.empty(0, np.float32)
        self.start()
        if not self._model.ready:
            raise Unavailable("The reranking model is not loaded. Search again in a moment, or without it.")
        if self._late is not None and not self._late.done():
            raise Unavailable("The reranking model is too slow here. Remove its folder, or take a smaller one.")
        asked = json.dumps([query, list(texts)], ensure_ascii=False).encode(errors="replace")
        try:
            future = self._model.submit(SCORES, asked)
            return np.frombuffer(self._result(future), np.float32)
        except (Ended, Rejected) as error:
            raise Unavailable(f"The reranking model could not score the passages. ({error})") from error

    def close(self) -> None:
        """Ends the process; who waits for it gets `Unavailable`."""
        self._model.close()

    def _result(self, future: Future[bytes]) -> bytes:
        try:
            return future.result(self._seconds)
        except TimeoutError as error:
            self._late = future
            raise Unavailable("The reranking model took too long. Search goes on without it.") from error
