"""What the processes of the models share: frames on stdin and stdout, and the threads that work on them.

A frame is a number (four bytes, big-endian), a kind (one byte), a length (four bytes) and a body. A reply bears the
number of its request; number 0 says once whether the model was loaded. A process ends when stdin is closed, so a
server that is killed leaves none behind.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

READY, DONE, FAILED = b"R", b"V", b"F"
_HEAD = struct.Struct(">IcI")
_BATCH = 8  # Larger ones leave the cache: 4 to 16 are equally quick, 32 is slower.

Item = TypeVar("Item")
Handler = Callable[[bytes], bytes]
"""Turns the body of a request into the body of its reply."""


def write_frame(out: IO[bytes], number: int, kind: bytes, body: bytes) -> None:
    """Writes one frame and flushes it."""
    out.write(_HEAD.pack(number, kind, len(body)) + body)
    out.flush()


def read_frame(source: IO[bytes]) -> tuple[int, bytes, bytes] | None:
    """The number, kind and body of the next frame; None at the end."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    number, kind, length = _HEAD.unpack(head)
    body = source.read(length)
    return (number, kind, body) if len(body) == length else None


def serve(load: Callable[[str], Mapping[bytes, Handler]]) -> None:
    """Has `load` load the model in the folder on the command line, then answers until stdin is closed.

    Each kind of request has a thread of its own, so that one kind never waits for another.
    """
    # Libraries may print: what they print goes to stderr, and the frames keep stdout to themselves.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server decides when to end.
    lock = threading.Lock()

    def answer(number: int, handler: Handler, body: bytes) -> None:
        try:
            kind, reply = DONE, handler(body)
        except Exception as error:
            kind, reply = FAILED, _said(error)
        with lock:
            write_frame(out, number, kind, reply)

    try:
        with ThreadPoolExecutor(1, initializer=_give_way, initargs=(5,)) as loader:
            handlers = loader.submit(load, sys.argv[1]).result()
    except BaseException as error:
        write_frame(out, 0, FAILED, _said(error))
        return
    threads = {kind: ThreadPoolExecutor(1) for kind in handlers}
    write_frame(out, 0, READY, b"")
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        number, kind, body = frame
        threads[kind].submit(answer, number, handlers[kind], body)
    os._exit(0)  # Nobody is left to read what is still being computed.


class Batches:
    """Computes rows for items, such as texts, in batches, as many at once as there are cores, each on one core.

    One batch a core beats all cores on one batch: nothing waits for the slowest thread after every step.
    """

    def __init__(self, nice: int = 0) -> None:
        self._pool = ThreadPoolExecutor(_cores(), initializer=_give_way, initargs=(nice,))

    def run(
        self, items: Sequence[Item], compute: Callable[[list[Item]], NDArray[np.float32]], length: Callable[[Item], int]
    ) -> NDArray[np.float32]:
        """What `compute` makes of one item or more, (n, ...) in their order; those of like `length` share a batch."""
        lengths = [length(item) for item in items]
        order = sorted(range(len(items)), key=lengths.__getitem__, reverse=True)
        parts = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        rows = np.concatenate(list(self._pool.map(lambda part: compute([items[i] for i in part]), parts)))
        return rows[np.argsort(order)]

    def each(self, texts: Sequence[str], read: Callable[[str], Item]) -> list[Item]:
        """What `read` makes of each text, in their order, on all cores."""
        return list(self._pool.map(read, texts))


def prepare() -> None:
    """Sets what must stand before torch is imported: no network, and one thread for each computation."""
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1", TOKENIZERS_PARALLELISM="false")
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")


def has_bf16() -> bool:
    """Whether the CPU computes in bfloat16: two to four times as fast where it does, slower where it does not."""
    return bool(cpu_flags() & {"avx512_bf16", "amx_bf16"})


def cpu_flags() -> set[str]:
    """What the CPU can do, in Linux's words; empty on other systems."""
    try:
        return set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return set()


def _cores() -> int:
    if sys.platform != "linux":
        return max(1, (os.cpu_count() or 1) // 2)  # Threads cannot give way there one by one.
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # There is no limit.
        return cores


def _give_way(nice: int) -> None:
    if hasattr(os, "nice"):
        os.nice(nice)  # Of this thread alone on Linux.


def _said(error: BaseException) -> bytes:
    return f"{type(error).__name__}: {error}".encode()
