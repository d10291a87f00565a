"""The process that reads files and draws pages: requests come in on stdin, answers go out on stdout.

It is started by `core.retrieval.reading.read_process`; its arguments are its memory in bytes, the seconds that one
request may take, and a pipe from the server (-1: none). It ends with the server, on Linux even in the midst of
parsing.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

from core.errors import DocumentError, ThroughlineError
from core.retrieval.reading.frames import Header, receive, send
from core.retrieval.reading.pieces import packed

_GROWN = 400 * 1024**2  # Bytes that stay in use: another process goes on with less.


def main() -> None:
    """Answers until stdin is closed."""
    # Libraries may print: what they print goes to stderr, and the frames keep stdout to themselves.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    memory, seconds, server = map(int, sys.argv[1:])
    _limit(memory)
    _die_with(server)
    while (request := receive(sys.stdin.buffer)) is not None:
        _alarm(seconds)
        answer, body = _answer(*request)
        _alarm(0)
        answer["last"] = bool(answer.get("last")) or _grown()
        send(out, answer, body)


def _answer(request: Header, data: bytes) -> tuple[Header, bytes]:
    try:
        if request["do"] == "draw":
            return {}, _draw(data, request["page"], request["quote"])
        return _read(request["filename"], data)
    except ThroughlineError as error:
        return {"error": type(error).__name__, "message": error.message}, b""
    except MemoryError:
        said = "This file needs more memory than reading may take. Split it, or save it in a simpler form."
        return {"error": DocumentError.__name__, "message": said, "last": True}, b""
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:500]}, b""


def _read(filename: str, data: bytes) -> tuple[Header, bytes]:
    from core.retrieval.encoders.tokens import count_tokens
    from core.retrieval.reading.read import read
    from core.retrieval.reading.split import split

    text = read(filename, data)
    return {"title": text.title, "url": text.url}, packed(split(text, count_tokens))


def _draw(data: bytes, page: int, quote: str) -> bytes:
    from core.retrieval.reading.formats.pdf_page import draw

    return draw(data, page, quote)


def _limit(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server decides when to end.
    if hasattr(os, "nice"):
        os.nice(5)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with(server: int) -> None:
    """Has the system end this process when the server's end of a pipe is closed, even in the midst of parsing."""
    if sys.platform != "linux" or server < 0:
        return
    import fcntl
    import select

    # Nothing is ever sent through the pipe, so the only thing that can happen to it is its end, and SIGIO kills.
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(server, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(server, fcntl.F_SETFL, fcntl.fcntl(server, fcntl.F_GETFL) | os.O_ASYNC)
    gone = select.poll()
    gone.register(server, 0)
    if gone.poll(0):  # It went before the watch began.
        sys.exit(0)


def _alarm(seconds: int) -> None:
    """Has the system end this process after some time, even inside a parser; 0 ends the watch."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _grown() -> bool:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # Only Linux tells in this way.
        return False
    return pages * os.sysconf("SC_PAGE_SIZE") > _GROWN


if __name__ == "__main__":
    main()
