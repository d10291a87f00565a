"""The process that embeds: texts come in as JSON on stdin, unit vectors go out as float32 on stdout.

It is started by `core.retrieval.embed` and imports nothing of Throughline. It ends when stdin is closed, so a server
that is killed leaves none behind. Every frame is a kind (one byte), a length (four bytes, big-endian) and a body.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

READY, VECTORS, FAILED = b"R", b"V", b"F"
_BATCH = 8


def main() -> None:
    """Loads the model in the folder that is named on the command line, then answers until stdin is closed."""
    # Libraries may print: what they print goes to stderr, and the frames keep stdout to themselves.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server decides when to end.
    if hasattr(os, "nice"):
        os.nice(5)  # A token that is on its way comes before a document that is being indexed.
    try:
        model = _load(sys.argv[1])
        _embed(model, ["A first text, so that the next is not the slow one."])
    except BaseException as error:
        _send(out, FAILED, f"{type(error).__name__}: {error}".encode())
        return
    _send(out, READY, b"")
    while (texts := _receive(sys.stdin.buffer)) is not None:
        try:
            _send(out, VECTORS, _embed(model, texts))
        except Exception as error:
            _send(out, FAILED, f"{type(error).__name__}: {error}".encode())


def _load(folder: str) -> Any:
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1", TOKENIZERS_PARALLELISM="false")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)  # The other cores are the server's and the model's.
    # bfloat16 is two to four times as fast where the CPU has units for it, and slower where it has not.
    dtype = torch.bfloat16 if _has_bf16() else torch.float32
    return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": dtype})


def _has_bf16() -> bool:
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def _embed(model: Any, texts: list[str]) -> bytes:
    vectors = model.encode(texts, batch_size=_BATCH, convert_to_tensor=True, show_progress_bar=False).float()
    # Normalised here, in float32: what a bfloat16 model normalises is off by up to 0.004.
    return bytes((vectors / vectors.norm(dim=1, keepdim=True)).numpy().tobytes())


def _receive(source: BinaryIO) -> list[str] | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    texts: list[str] = json.loads(source.read(struct.unpack(">I", head)[0]))
    return texts


def _send(out: BinaryIO, kind: bytes, body: bytes) -> None:
    out.write(kind + struct.pack(">I", len(body)) + body)
    out.flush()


if __name__ == "__main__":
    main()
