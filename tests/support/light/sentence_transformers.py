"""A stand-in for sentence-transformers: texts that share words get vectors that are near each other."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np


class SentenceTransformer:
    max_seq_length = 256

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        pass

    def encode(self, texts: list[str], **_options: Any) -> np.ndarray:
        vectors = np.full((len(texts), 384), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word.encode()) % 384] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
