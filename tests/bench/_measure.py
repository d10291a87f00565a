"""What the benches share: the processes they start, percentiles, the table, the line of JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.server import ROOT, Server


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many per cent of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else math.nan


def spread(values: Sequence[float], name: str, scale: float = 1.0) -> dict[str, float]:
    """p50, p95 and the maximum of some values, by name."""
    return {
        f"{name}_p50": rounded(percentile(values, 50) * scale),
        f"{name}_p95": rounded(percentile(values, 95) * scale),
        f"{name}_max": rounded(max(values, default=math.nan) * scale),
    }


def timed(work: Callable[[], object], times: int, before: int = 1) -> dict[str, float]:
    """How long some work takes, in ms, after it was done `before` times without looking."""
    seconds = []
    for number in range(-before, times):
        began = time.perf_counter()
        work()
        if number >= 0:
            seconds.append(time.perf_counter() - began)
    return spread(seconds, "ms", 1000)


def rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def report(name: str, rows: Sequence[dict[str, Any]], **results: Any) -> None:
    """Prints one table and, as the last line, one JSON object."""
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [columns, *([_cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for number, line in enumerate(cells):
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print(json.dumps({"bench": name, **results, "rows": list(rows), "machine": machine}), flush=True)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


@contextmanager
def upstream() -> Iterator[str]:
    """The fake model server of the benches in a process of its own; its base URL."""
    command = [sys.executable, "-m", "tests.bench._upstream"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["base_url"]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def running(base_url: str, **options: Any) -> Iterator[Server]:
    """The real server on an empty data folder."""
    with (
        tempfile.TemporaryDirectory(prefix="throughline-bench-") as folder,
        Server(Path(folder) / "data", base_url, **options) as server,
    ):
        yield server
