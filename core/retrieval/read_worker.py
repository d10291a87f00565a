"""The process that reads one file: its bytes come in on stdin, its text goes out as JSON on stdout.

It is started by `core.retrieval.reader`; its name for the file is the first argument, its time in seconds the second.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from core.errors import ThroughlineError
from core.retrieval.read import read

_MEMORY = 4 * 1024**3


def main() -> None:
    """Reads stdin as the file that is named on the command line."""
    filename, seconds = sys.argv[1], int(sys.argv[2])
    _limit(seconds)
    try:
        text = read(filename, sys.stdin.buffer.read())
    except ThroughlineError as error:
        reply: dict[str, object] = {"error": type(error).__name__, "message": error.message}
    else:
        reply = {"title": text.title, "blocks": [[b.text, b.heading, b.page] for b in text.blocks]}
    sys.stdout.buffer.write(json.dumps(reply).encode())


def _limit(seconds: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server decides when to end.
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)  # Ends it even inside a parser, and even if the server is gone.
        os.nice(5)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main()
