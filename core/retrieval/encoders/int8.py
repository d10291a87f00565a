"""The matrices of a BERT in whole numbers of eight bits, which CPUs with VNNI multiply twice as fast as bfloat16.

What goes in is measured once with a few texts. Few features reach far, and would leave the others few of the 256
steps: they are evened out against the weights (SmoothQuant, Xiao et al., 2023), and the furthest after GELU are
computed apart in float32 (LLM.int8(), Dettmers et al., 2022). The steps are fixed, so that a text has the same
vector whatever it shares its batch with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.retrieval.encoders.bert import Bert, Layer, Linear, vectors

_ROOM = 1.3  # How much further than the measured texts others may reach.
_APART = 16  # Features after GELU that are computed apart.
_ALIKE = 0.98  # The least cosine to float32; below it something is wrong with the CPU or the library.
_linear: Any = torch.ops.onednn.qlinear_pointwise


class Unlike(Exception):
    """The vectors are not those of float32."""


def quantised(model: Bert, ids: Sequence[Sequence[int]]) -> list[Quantised]:
    """The steps of each layer, measured with texts of which the ids of the tokens are given.

    Raises:
        Unlike: what they make of these texts is not what float32 makes of them.
    """
    measured = [Measured(layer) for layer in model.layers]
    wanted = vectors(model, measured, ids)
    steps = [Quantised(one) for one in measured]
    cosine = float((vectors(model, steps, ids) * wanted).sum(1).min())
    if not cosine > _ALIKE:
        raise Unlike(f"the cosine to float32 is {cosine:.3f}")
    return steps


class Range:
    """The least and the greatest value of each feature that was seen."""

    def __init__(self) -> None:
        self.low = self.high = torch.zeros(())

    def see(self, rows: Tensor) -> Tensor:
        """The rows as they are, having looked at them."""
        self.low = torch.minimum(self.low, rows.amin(0))
        self.high = torch.maximum(self.high, rows.amax(0))
        return rows


class Measured:
    """The steps of one layer in float32, with the range of what goes into each matrix."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.rows, self.mixed, self.fed, self.grown = Range(), Range(), Range(), Range()

    def attention(self, rows: Tensor) -> Tensor:
        """As `Steps` says."""
        return functional.linear(self.rows.see(rows), *self.layer.attention)

    def out(self, mixed: Tensor, rows: Tensor) -> Tensor:
        """As `Steps` says."""
        return functional.linear(self.mixed.see(mixed), *self.layer.out) + rows

    def feed(self, rows: Tensor) -> Tensor:
        """As `Steps` says."""
        grown = functional.gelu(functional.linear(self.fed.see(rows), *self.layer.up))
        return functional.linear(self.grown.see(grown), *self.layer.down) + rows


class Quantised:
    """The steps of one layer in whole numbers; between them, rows are float32 and what attention mixes is bfloat16."""

    def __init__(self, measured: Measured) -> None:
        layer, grown = measured.layer, measured.grown
        self._attention = _Matrix(layer.attention, *_evened(layer.attention, measured.rows))
        self._out = _Matrix(layer.out, *_evened(layer.out, measured.mixed))
        self._up = _Matrix(layer.up, *_evened(layer.up, measured.fed))
        apart = grown.high.topk(min(_APART, len(grown.high) - 1)).indices
        near = grown.high.index_fill(0, apart, 0.0).max()
        down = layer.down.weight.index_fill(1, apart, 0.0)
        self._down = _Matrix(Linear(down, layer.down.bias), grown.low.min(), near)
        self._far_up = Linear(layer.up.weight[apart], layer.up.bias[apart])
        self._far_down = layer.down.weight[:, apart].T.contiguous()

    def attention(self, rows: Tensor) -> Tensor:
        """As `Steps` says."""
        return self._attention.into(self._attention.whole(rows), torch.bfloat16)

    def out(self, mixed: Tensor, rows: Tensor) -> Tensor:
        """As `Steps` says."""
        return self._out.added(self._out.whole(mixed.float()), rows)

    def feed(self, rows: Tensor) -> Tensor:
        """As `Steps` says."""
        far = functional.gelu(functional.linear(rows, *self._far_up))
        grown = self._up.into(self._up.whole(rows), torch.uint8, "gelu", self._down)
        return self._down.added(grown, torch.addmm(rows, far, self._far_down))


def _evened(layer: Linear, seen: Range) -> tuple[Tensor, Tensor, Tensor]:
    reach = torch.maximum(-seen.low, seen.high).clamp(min=1e-3)
    even = (reach / layer.weight.abs().amax(0).clamp(min=1e-4)).sqrt()
    even = even / even.mean()
    return (seen.low / even).min(), (seen.high / even).max(), even


class _Matrix:
    """A linear layer for whole numbers from 0 to 255 that stand for `low` to `high`, features divided by `even`."""

    def __init__(self, layer: Linear, low: Tensor, high: Tensor, even: Tensor | None = None) -> None:
        self.step = max(float(high - low), 1e-6) * _ROOM / 255
        self.zero = round(-float(low) * _ROOM / self.step)
        weight = layer.weight if even is None else layer.weight * even
        self._scales = weight.abs().amax(1).clamp(min=1e-9) / 127
        rounded = (weight / self._scales[:, None]).round().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._zeros = torch.zeros(len(layer.bias), dtype=torch.int32)
        self._bias = layer.bias
        self._factor = torch.tensor(1 / self.step) if even is None else 1 / (even * self.step)
        self._shift = torch.tensor(self.zero + 0.5)  # What is then cut off is rounded.

    def whole(self, rows: Tensor) -> Tensor:
        """The rows in whole numbers; what reaches further than the range is cut."""
        whole = torch.addcmul(self._shift, rows, self._factor).clamp_(0, 255)
        return whole.to(torch.int32).to(torch.uint8)  # Straight to bytes it takes three times as long.

    def into(self, rows: Tensor, kind: torch.dtype, then: str = "none", range: _Matrix | None = None) -> Tensor:
        """The layer's result of whole numbers, in `kind`: for another matrix, in that one's whole numbers."""
        step, zero = (1.0, 0) if range is None else (range.step, range.zero)
        found: Tensor = _linear(*self._given(rows), self._bias, step, zero, kind, then, [], "none")
        return found

    def added(self, rows: Tensor, other: Tensor) -> Tensor:
        """The layer's result of whole numbers, in float32, with `other` added."""
        given = (*self._given(rows), other, self._bias, 1.0, 0, torch.float32)
        found: Tensor = _linear.binary(*given, 1.0, 0, "add", 1.0, "none", [], "")
        return found

    def _given(self, rows: Tensor) -> tuple[Any, ...]:
        return rows, self.step, self.zero, self._weight, self._scales, self._zeros
