"""The process that draws charts as SVG: Vega in V8, which runs what a specification makes it run, within limits.

It is started by `core.notebook.formats.drawing`, reads one specification with its rows a line, and writes an SVG as
JSON a line, `null` for what cannot be drawn.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import vl_convert

from core.analysis.confine import confine, limit_query

_MEMORY = 1 << 30
_NICENESS = 10
_SECONDS = 40.0
_LONGEST = 4_000_000
_ROOM = 32_000_000
_NOTHING: list[str] = []


def main() -> None:
    """Draws until its input ends."""
    _limit()
    room = _ROOM
    for line in sys.stdin:
        told = json.dumps(_drawn(json.loads(line)))
        room -= len(told)
        sys.stdout.write((told if room > 0 else "null") + "\n")
        sys.stdout.flush()


def _limit() -> None:
    """Bounds what it may use, and gives way to others.

    V8 reserves more addresses than any limit allows, so what is bounded is what it writes to.
    """
    limit_query(_SECONDS)
    if sys.platform != "win32":
        os.nice(_NICENESS)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    confine([])


def _drawn(spec: dict[str, Any]) -> str | None:
    try:
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=_NOTHING)
    except ValueError:
        return None
    return svg if len(svg) <= _LONGEST else None


if __name__ == "__main__":
    main()
