"""Charts as pictures, made without a browser: in a process of their own, as what draws them runs what they say."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from core.errors import InvalidValue
from core.notebook.charts import parsed
from core.notebook.formats.values import Shown
from core.notebook.values import CellKind, Notebook

_ROOT = Path(__file__).parents[3]
_KEPT = ("LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "SYSTEMROOT")
_SETTLED = {"HOME": "/nonexistent", "LANG": "C.UTF-8", "TZ": "UTC", "MALLOC_ARENA_MAX": "2"}
_SECONDS = 30.0
_one_at_a_time = Lock()
_WIDTH, _HEIGHT = 640, 280
_log = logging.getLogger(__name__)


def pictures_of(notebook: Notebook, results: Mapping[str, Shown]) -> dict[str, str | None]:
    """The charts of a notebook as SVG, by their cells' ids; None for one that cannot be drawn."""
    charts = [cell for cell in notebook.cells if cell.kind is CellKind.CHART]
    pictures = drawn([(cell.text, results.get(cell.id, Shown())) for cell in charts])
    return {cell.id: picture for cell, picture in zip(charts, pictures, strict=True)}


def drawn(charts: Sequence[tuple[str, Shown]]) -> list[str | None]:
    """Each chart, a specification as text and its rows, as SVG; None for one that cannot be drawn."""
    specs = [_with_rows(*chart) for chart in charts]
    wanted = [spec for spec in specs if spec is not None]
    with _one_at_a_time:  # Each may take a gigabyte.
        pictures = iter(_pictures(wanted) if wanted else [])
    return [None if spec is None else next(pictures, None) for spec in specs]


def _with_rows(text: str, shown: Shown) -> dict[str, Any] | None:
    if not shown.columns:
        return None
    try:
        spec = parsed(text)
    except InvalidValue:
        return None
    names = [name for name, _ in shown.columns]
    return {**_sized(spec), "data": {"values": [dict(zip(names, row, strict=True)) for row in shown.rows]}}


def _sized(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A chart that names no size is as large as a page has room for; a row for each name stays as high as it is."""
    encoding = spec.get("encoding")
    if not isinstance(encoding, Mapping) or "mark" not in spec:
        return dict(spec)
    y = encoding.get("y")
    listed = isinstance(y, Mapping) and y.get("type") in ("nominal", "ordinal")
    size = {"width": _WIDTH} if listed else {"width": _WIDTH, "height": _HEIGHT}
    return {**size, **spec}


def _pictures(specs: Sequence[Mapping[str, Any]]) -> list[str | None]:
    command = [sys.executable, "-m", "core.notebook.formats.drawing_worker"]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _SETTLED
    asked = "".join(json.dumps(spec) + "\n" for spec in specs).encode()
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, cwd=_ROOT, env=environment, timeout=_SECONDS, check=False
        )
        told, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as error:
        told, code = error.stdout or b"", -1
    if code:
        _log.warning("a chart could not be drawn: its process ended with %s", code)
    return [json.loads(line) for line in told.split(b"\n")[:-1]]
