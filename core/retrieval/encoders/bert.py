"""A plain BERT (Devlin et al., 2019) that makes one vector a text, read from its files with nothing but torch.

The texts of a batch lie end to end, so that nothing is padded; they meet only where each attends to itself. The
steps that cost the time come from outside: see `core.retrieval.encoders.int8`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

_STEEP = 60.0  # Its exponential is far from float's limits, and nothing reaches it: trained models stay under 30.
_POOLED = {"pooling_mode_cls_token", "pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens"}


class NotPlain(Exception):
    """The model in the folder is of another kind, for the reason given."""


class Linear(NamedTuple):
    """A linear layer: weight (out, in) and bias (out,)."""

    weight: Tensor
    bias: Tensor


class Layer(NamedTuple):
    """The weights of one layer; queries, keys and values come of one matrix, and queries are scaled already."""

    attention: Linear
    out: Linear
    after_attention: Linear
    up: Linear
    down: Linear
    after: Linear


class Bert(NamedTuple):
    """A model's weights in float32: words (vocabulary, width), positions (tokens, width)."""

    words: Tensor
    positions: Tensor
    first: Linear
    layers: list[Layer]
    heads: int
    epsilon: float


class Steps(Protocol):
    """The steps of one layer whose way of computing may vary; rows are tokens, (n, width)."""

    def attention(self, rows: Tensor) -> Tensor:
        """Queries, keys and values of each row, (n, 3 width)."""

    def out(self, mixed: Tensor, rows: Tensor) -> Tensor:
        """What attention found, through its last matrix, and the rows added."""

    def feed(self, rows: Tensor) -> Tensor:
        """What the two matrices with GELU between them make of the rows, and the rows added."""


def read(folder: Path) -> Bert:
    """The model in a folder of sentence-transformers.

    Raises:
        NotPlain: it is not a BERT whose vectors are the means of its tokens.
    """
    config = json.loads((folder / "config.json").read_text())
    _check(folder, config)
    found = {name.removeprefix("bert."): weight.float() for name, weight in _weights(folder).items()}
    layers = [_layer(found, number, config) for number in range(config["num_hidden_layers"])]
    positions = found["embeddings.position_embeddings.weight"] + found["embeddings.token_type_embeddings.weight"][0]
    first = _linear(found, "embeddings.LayerNorm")
    words = found["embeddings.word_embeddings.weight"]
    return Bert(words, positions, first, layers, config["num_attention_heads"], config["layer_norm_eps"])


def vectors(model: Bert, steps: Sequence[Steps], ids: Sequence[Sequence[int]]) -> Tensor:
    """One unit vector a text, (n, width) in float32, for the ids of its tokens."""
    sizes = [len(one) for one in ids]
    rows = model.words[torch.tensor([number for one in ids for number in one])]
    rows = _norm(rows + torch.cat([model.positions[:size] for size in sizes]), model.first, model.epsilon)
    for layer, step in zip(model.layers, steps, strict=True):
        mixed = _attend(step.attention(rows), sizes, model.heads)
        rows = _norm(step.out(mixed, rows), layer.after_attention, model.epsilon)
        rows = _norm(step.feed(rows), layer.after, model.epsilon)
    return functional.normalize(torch.stack([part.mean(0) for part in torch.split(rows, sizes)]))


def _attend(rows: Tensor, sizes: list[int], heads: int) -> Tensor:
    mixed = []
    for part in torch.split(rows, sizes):
        query, key, value = part.view(len(part), 3, heads, -1).permute(1, 2, 0, 3)
        weights = torch.bmm(query, key.transpose(1, 2)).clamp_(-_STEEP, _STEEP).exp_()
        # The column of ones gives each row's sum: softmax in one pass over the weights instead of three.
        found = torch.bmm(weights, functional.pad(value, (0, 1), value=1.0))
        mixed.append((found[..., :-1] / found[..., -1:]).transpose(0, 1).reshape(len(part), -1))
    return torch.cat(mixed)


def _norm(rows: Tensor, norm: Linear, epsilon: float) -> Tensor:
    return functional.layer_norm(rows, norm.bias.shape, norm.weight, norm.bias, epsilon)


def _check(folder: Path, config: dict[str, Any]) -> None:
    kinds = [module["type"].rpartition(".")[2] for module in json.loads((folder / "modules.json").read_text())]
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text())
    plain = (
        kinds[:2] == ["Transformer", "Pooling"]
        and kinds[2:] in ([], ["Normalize"])
        and (config["model_type"], config["hidden_act"]) == ("bert", "gelu")
        and config.get("position_embedding_type", "absolute") == "absolute"
        and pooling.get("pooling_mode_mean_tokens")
        and not any(pooling.get(name) for name in _POOLED)
    )
    if not plain:
        raise NotPlain(f"a {config['model_type']} of {', '.join(kinds)}")


def _weights(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "model.safetensors")


def _layer(found: dict[str, Tensor], number: int, config: dict[str, Any]) -> Layer:
    name = f"encoder.layer.{number}"
    parts = [_linear(found, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    scale = 1 / math.sqrt(config["hidden_size"] // config["num_attention_heads"])
    parts[0] = Linear(parts[0].weight * scale, parts[0].bias * scale)
    return Layer(
        Linear(torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])),
        _linear(found, f"{name}.attention.output.dense"),
        _linear(found, f"{name}.attention.output.LayerNorm"),
        _linear(found, f"{name}.intermediate.dense"),
        _linear(found, f"{name}.output.dense"),
        _linear(found, f"{name}.output.LayerNorm"),
    )


def _linear(found: dict[str, Tensor], name: str) -> Linear:
    return Linear(found[f"{name}.weight"], found[f"{name}.bias"])
