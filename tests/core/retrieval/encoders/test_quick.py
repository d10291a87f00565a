"""A small BERT of random weights, in float32 and in whole numbers, and folders that hold another model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from core.retrieval.encoders import int8
from core.retrieval.encoders.bert import Bert, Layer, Linear, NotPlain, read, vectors
from core.retrieval.encoders.folder import model_folder
from core.retrieval.encoders.int8 import Measured, Unlike, quantised

WIDTH = 64
TEXTS = [[1, 2, 3, 4, 5, 6, 7], [8], [9, 9, 9], [40, 41, 42, 43, 44]]


def made() -> Bert:
    """A BERT of two layers, in which one feature reaches much further than the others, as in trained ones."""
    dice = torch.Generator().manual_seed(1)

    def linear(rows: int, columns: int) -> Linear:
        return Linear(torch.randn(rows, columns, generator=dice) / columns**0.5, torch.zeros(rows))

    far = torch.ones(WIDTH)
    far[3] = 20.0
    norm, wide = Linear(torch.ones(WIDTH), torch.zeros(WIDTH)), Linear(far, torch.zeros(WIDTH))
    layers = [
        Layer(
            linear(3 * WIDTH, WIDTH),
            linear(WIDTH, WIDTH),
            wide,
            linear(4 * WIDTH, WIDTH),
            linear(WIDTH, 4 * WIDTH),
            norm,
        )
        for _ in range(2)
    ]
    words, positions = torch.randn(50, WIDTH, generator=dice), torch.randn(16, WIDTH, generator=dice)
    return Bert(words, positions, norm, layers, 4, 1e-12)


def test_whole_numbers_give_the_vectors_of_float32() -> None:
    """Texts that were not measured come out alike too, a feature that reaches far notwithstanding."""
    model = made()
    others = [[11, 12, 13, 14], [21, 22], [31, 32, 33, 34, 35, 36]]
    plain = vectors(model, [Measured(layer) for layer in model.layers], others)
    assert plain.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert float((vectors(model, quantised(model, TEXTS), others) * plain).sum(1).min()) > 0.99


def test_a_text_has_the_same_vector_in_any_company() -> None:
    """What else is in its batch changes nothing: texts lie end to end, and see only themselves."""
    model = made()
    steps = quantised(model, TEXTS)
    alone = torch.cat([vectors(model, steps, [text]) for text in TEXTS])
    assert float((vectors(model, steps, TEXTS) * alone).sum(1).min()) > 0.9999


def test_a_machine_that_computes_otherwise_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors that are not those of float32 are refused while the model loads."""
    monkeypatch.setattr(int8, "_ROOM", 0.01)
    with pytest.raises(Unlike, match="cosine"):
        quantised(made(), TEXTS)


@pytest.mark.parametrize(
    ("file", "change"),
    [("1_Pooling/config.json", {"pooling_mode_cls_token": True}), ("config.json", {"hidden_act": "relu"})],
)
def test_another_kind_of_model_is_left_to_the_library(tmp_path: Path, file: str, change: dict[str, object]) -> None:
    """A model that pools or computes in another way is not taken for this one."""
    shutil.copytree(model_folder(), tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
    config = json.loads((tmp_path / file).read_text())
    (tmp_path / file).write_text(json.dumps(config | change))
    with pytest.raises(NotPlain):
        read(tmp_path)
