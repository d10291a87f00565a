"""Embeddings: texts become unit vectors, in a child process."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.retrieval.encoders.embed_worker import PASSAGES, QUERY
from core.retrieval.encoders.folder import model_folder
from core.retrieval.encoders.model_process import Ended, ModelProcess, NotLoaded, Rejected

DIMENSIONS = 384
_AT_ONCE = 256  # Texts a request: enough to keep every core busy, and little to hold.
_log = logging.getLogger(__name__)


class Embedder:
    """Turns texts into vectors of unit length, from any thread; queries go ahead of passages."""

    def __init__(self, folder: Path | None = None) -> None:
        self._model = ModelProcess(
            "core.retrieval.encoders.embed_worker", lambda: folder or model_folder(), "embedding"
        )

    @property
    def ready(self) -> bool:
        """Whether vectors can be had without waiting for the model."""
        return self._model.ready

    @property
    def failed(self) -> Unavailable | None:
        """Why the model cannot be loaded, when it cannot."""
        reason = self._model.failed
        return None if reason is None else _unavailable(reason)

    def start(self) -> None:
        """Begins to load the model; back at once."""
        self._model.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the model is loaded or has failed to; whether it is ready."""
        return self._model.wait(timeout)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, in order, as an (n, 384) array; quickest with 64 texts or more, which share the cores.

        Raises:
            Unavailable: the model cannot be loaded, or cannot take a text.
        """
        parts = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
        empty = np.empty((0, DIMENSIONS), np.float32)
        return np.concatenate([empty, *(self._ask(PASSAGES, part) for part in parts)])

    def query(self, text: str) -> NDArray[np.float32]:
        """The vector of a question, (384,); it waits for no passage.

        Raises:
            Unavailable: the model cannot be loaded, or cannot take the text.
        """
        return self._ask(QUERY, [text]).reshape(DIMENSIONS)

    def query_if_ready(self, text: str) -> NDArray[np.float32] | None:
        """As `query`; None while there is no model to make it: what searches does so by words alone."""
        if not self.ready:
            return None
        try:
            return self.query(text)
        except Unavailable as error:
            _log.warning("searched by words alone: %s", error.message)
            return None

    def close(self) -> None:
        """Ends the process; who waits for it gets `Unavailable`."""
        self._model.close()

    def _ask(self, kind: bytes, texts: Sequence[str]) -> NDArray[np.float32]:
        asked = json.dumps(list(texts), ensure_ascii=False).encode(errors="replace")  # Lone surrogates become "?".
        try:
            body = self._model.call(kind, asked)
        except NotLoaded as error:
            raise _unavailable(str(error)) from error
        except Ended as error:
            raise Unavailable("The embedding process ended. Try again in a minute.") from error
        except Rejected as error:
            raise Unavailable(f"The embedding model cannot take this text: {error}.") from error
        vectors: NDArray[np.float32] = np.frombuffer(body, np.float32)
        return vectors.reshape(len(texts), DIMENSIONS)


def _unavailable(reason: str) -> Unavailable:
    return Unavailable(
        "The embedding model cannot be loaded, so documents cannot be searched. Run "
        f"pip install -r requirements.txt, then restart Throughline. ({reason})"
    )
