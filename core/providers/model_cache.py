"""The last list of models a server gave, in memory and on disk."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from core.models import Model

_FRESH = 3600.0
_AFTER_FAILURE = 60.0


class ModelCache:
    """Keeps the list of one server; a file that cannot be read or written only costs asking again."""

    def __init__(self, path: Path, base_url: str, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._base_url = base_url
        self._clock = clock
        self._until = 0.0
        self.models: tuple[Model, ...] = ()
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            self._load()

    @property
    def is_fresh(self) -> bool:
        """Whether asking the server again can wait."""
        return 0 <= self._until - self._clock() <= _FRESH

    def keep(self, models: tuple[Model, ...]) -> None:
        """Takes over a new list."""
        self.models, self._until = models, self._clock() + _FRESH
        content = {"base_url": self._base_url, "until": self._until, "models": [asdict(model) for model in models]}
        draft = self._path.with_suffix(f".{os.getpid()}.part")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(content), "utf-8")
            draft.replace(self._path)

    def failed(self) -> None:
        """Goes on with the list as it is, and lets the server rest for a while."""
        self._until = self._clock() + _AFTER_FAILURE

    def _load(self) -> None:
        content = json.loads(self._path.read_text("utf-8"))
        if content["base_url"] == self._base_url:
            self.models = tuple(Model(**entry) for entry in content["models"])
            self._until = float(content["until"])
