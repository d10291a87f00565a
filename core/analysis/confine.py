"""Takes from this process what a query does not need; none of it can be taken back.

Limits of memory and time work on all systems of the Unix kind. On Linux, Landlock also takes the file system (but for
the snapshot and what Python itself loads) and the network from it, whatever a hostile query would make DuckDB do.
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ABI_ONLY, _BENEATH, _NO_NEW_PRIVS = 1, 1, 38
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights to files each version of Landlock knows; the later ones know 16."""
_BIND, _CONNECT = 1 << 0, 1 << 1
_PATHS = ("stdlib", "platstdlib", "purelib", "platlib")
_OF_THE_SYSTEM = (
    *("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", "/dev/null"),
    *("/proc/self", "/proc/stat", "/proc/meminfo", "/sys/devices/system/cpu", "/sys/fs/cgroup"),
)
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1


def limit_process(memory: int, niceness: int = 10) -> None:
    """Bounds the address space to what is used now and `memory` bytes more, writes no core, and gives way to others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server decides when to end.
    if sys.platform == "win32":
        return
    import resource

    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (address_space() + memory,) * 2)
        with suppress(OSError):  # Should the machine run out of memory, let it be this process that goes.
            Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def address_space() -> int:
    """Bytes of address space that this process uses; 0 where that is not known."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def limit_query(seconds: float) -> None:
    """Ends this process if it still works after `seconds`, even if the server is gone; 0 takes that back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def confine(readable: Iterable[Path]) -> bool:
    """Leaves this process `readable` and what Python loads, to be read, and no network; False where that is not known.

    Threads that run already are not confined, so call it before there are any.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ABI_ONLY)
    if abi < 1:
        return False
    ruleset = _ruleset(libc, abi)
    if ruleset < 0:
        return False
    for path in (*readable, *_loaded()):
        _allow(libc, ruleset, path)
    done: bool = libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _ruleset(libc: ctypes.CDLL, abi: int) -> int:
    files = (1 << _RIGHTS_OF_ABI.get(abi, 16)) - 1
    attributes = struct.pack("QQQ", files, _BIND | _CONNECT, _ABSTRACT_SOCKETS | _SIGNALS)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    return int(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    try:  # It stays open: what is known of a place below /proc is forgotten when nobody has it open.
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
    libc.syscall(_ADD_RULE, ruleset, _BENEATH, struct.pack("=Qi", rights, descriptor), 0)


def _loaded() -> set[Path]:
    """Where Python and its libraries come from, and where DuckDB looks how large the machine is."""
    paths = {Path(path) for name, path in sysconfig.get_paths().items() if name in _PATHS}
    return paths | {Path(path) for path in _OF_THE_SYSTEM}
