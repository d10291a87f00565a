"""A real cross-encoder of random weights, in its own process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from core.retrieval.encoders.folder import model_folder
from core.retrieval.encoders.rerank import Reranker

TEXTS = ["The lamp is lit at dusk.", "Bread.", "A ferry leaves at nine. " * 40]
MAKE = """
import sys, numpy, torch
from sentence_transformers import CrossEncoder
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

tokenizer, root, texts = sys.argv[1], sys.argv[2], sys.argv[3:]
torch.manual_seed(1)
for folder, labels in (f"{root}/good", 1), (f"{root}/three", 3):
    shape = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertForSequenceClassification(BertConfig(**shape, num_labels=labels)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)
    model = CrossEncoder(folder, device="cpu")
    model.save_pretrained(folder)
    numpy.save(f"{folder}/expected.npy", model.predict([("When?", text) for text in texts]))
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rerankers")
    command = [sys.executable, "-c", MAKE, str(model_folder()), str(folder), *TEXTS]
    done = subprocess.run(command, capture_output=True, timeout=150)
    assert done.returncode == 0, done.stderr.decode()
    return folder


@pytest.fixture(scope="module")
def reranker(weights: Path) -> Iterator[Reranker]:
    model = Reranker(weights / "good", seconds=60)
    assert model.wait(120)
    yield model
    model.close()


def test_scores_are_the_library_s_own(reranker: Reranker, weights: Path) -> None:
    """Each text has the score that the cross-encoder gives it, in the order of the texts."""
    scores = reranker.scores("When?", TEXTS * 5)
    assert scores.dtype == np.float32
    assert scores == pytest.approx(np.tile(np.load(weights / "good" / "expected.npy"), 5), abs=5e-3)


def test_nothing_to_score_gives_no_scores(reranker: Reranker) -> None:
    """An empty list is answered with an empty array."""
    assert reranker.scores("When?", []).shape == (0,)


def test_scores_that_take_too_long_are_given_up(reranker: Reranker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search goes on without them, and asks no more until those are done."""
    monkeypatch.setattr(reranker, "_seconds", 0.001)
    with pytest.raises(Unavailable, match="too long"):
        reranker.scores("When?", TEXTS * 300)
    with pytest.raises(Unavailable, match="too slow"):
        reranker.scores("When?", TEXTS)
    assert reranker._late is not None
    reranker._late.result(60)
    monkeypatch.undo()
    assert reranker.scores("When?", TEXTS).shape == (3,)


def test_a_reranker_that_was_killed_is_loaded_again(reranker: Reranker) -> None:
    """The search that met it goes on without; a later one has scores again."""
    process = reranker._model._process
    assert process is not None
    process.kill()
    with pytest.raises(Unavailable):
        reranker.scores("When?", TEXTS)
    assert reranker.wait(120)
    assert reranker.scores("When?", TEXTS).shape == (3,)


def test_without_weights_nothing_is_loaded(tmp_path: Path) -> None:
    """A folder that is empty or not there starts no process."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        reranker = Reranker(folder)
        assert not reranker.available
        assert not reranker.wait(1)
        with pytest.raises(Unavailable):
            reranker.scores("When?", TEXTS)
        assert reranker._model.pid is None
        reranker.close()


def test_weights_that_do_not_fit_are_left_alone(weights: Path) -> None:
    """A model of another kind is not available any more once that is known."""
    reranker = Reranker(weights / "three")
    try:
        assert reranker.available
        assert not reranker.wait(120)
        assert not reranker.available
    finally:
        reranker.close()
