"""Counts tokens as the embedding model does, without loading the model."""

from __future__ import annotations

from functools import cache

from tokenizers import Tokenizer

from core.retrieval.encoders.folder import model_folder

MODEL_LIMIT = 254
"""Tokens of a text that the model reads; it cuts at 256, and two are its own marks."""


def count_tokens(text: str) -> int:
    """The number of word pieces in `text`."""
    return len(_tokenizer().encode(text, add_special_tokens=False).ids)


@cache
def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    tokenizer.no_truncation()  # The file asks for both, and a count would never exceed 128.
    tokenizer.no_padding()
    return tokenizer
