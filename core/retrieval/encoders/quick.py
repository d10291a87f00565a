"""The quick way to embed: a plain BERT in whole numbers of eight bits, several times as fast as the library.

It needs neither transformers nor sentence-transformers, whose imports take longer than torch's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from core.retrieval.encoders.bert import read, vectors
from core.retrieval.encoders.int8 import Unlike, quantised
from core.retrieval.encoders.model_worker import cpu_flags

_SEEN = (
    "",
    "A lamp.",
    "When is the light of the harbour lit, and who pays for it?",
    "The keeper climbs the tower at dusk, trims the wick and writes the hour, the wind and the weather into the log. "
    "Ships that pass at night count the flashes: two, a pause of ten seconds, then two again. In 1887 the oil lamp was "
    "replaced by an electric arc, which cost £4,250 and needed an engine of 12 horsepower.",
    'def area(width: float, height: float) -> float:\n    """Of a rectangle."""\n    return width * height  # in m²\n',
    "Wer die Rechnung nicht bis zum 31.12.2024 bezahlt, erhält eine Mahnung; la facture doit être réglée sous un mois.",
    "| year | revenue | change |\n|---|---|---|\n| 2022 | 1,204,000 | -3.5 % |\n| 2023 | 1,310,500 | +8.8 % |",
    "From: a.person@example.com\nSubject: RE: meeting\nHi all, can we move it to 3 pm? https://example.com/room?id=42",
    "The pressure over a slender body at supersonic speed was computed by linearised theory. 灯台 🙂 маяк",
    "word word word word",
    "1 2 3 !?",
)
"""Texts of many kinds, which show how far the numbers inside the model reach."""


class Quick:
    """Texts to unit vectors by way of their tokens' ids."""

    def __init__(self, folder: Path, tokenizer: Tokenizer) -> None:
        """Reads the model.

        Raises:
            NotPlain, Unlike: this model cannot be had in this way, or not on this machine.
        """
        if not {"avx512_vnni", "avx512_bf16"} <= cpu_flags():
            raise Unlike("the CPU has no units for it")
        if not hasattr(torch.ops.onednn, "qlinear_pointwise"):
            raise Unlike("torch comes without oneDNN")
        self._tokenizer = tokenizer
        with torch.inference_mode():
            self._model = read(folder)
            self._steps = quantised(self._model, [self.read(text) for text in _SEEN])

    def read(self, text: str) -> list[int]:
        """The ids of a text's tokens, as many as the model reads."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def encode(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """One vector a text, (n, width), for the ids of its tokens."""
        with torch.inference_mode():
            rows: NDArray[np.float32] = vectors(self._model, self._steps, ids).numpy()
            return rows
