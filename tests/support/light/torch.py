"""A stand-in for torch, which takes seconds to import: what the embedding process uses of it."""

from __future__ import annotations

from types import SimpleNamespace

bfloat16 = "bfloat16"
float32 = "float32"
nn = SimpleNamespace(Module=object, Linear=object)
backends = SimpleNamespace(mkldnn=SimpleNamespace(is_available=lambda: False))


class Tensor:
    pass


def set_num_threads(_threads: int) -> None:
    pass
