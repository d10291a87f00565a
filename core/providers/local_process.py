"""Starts, watches and ends the process that serves the local model."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ProviderError

_ROOT = Path(__file__).resolve().parents[2]
_PRIVATE = ("OPENROUTER_", "THROUGHLINE_")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and the key that only this app knows."""

    url: str
    key: str = field(repr=False)


class LocalProcess:
    """One child process at most; a new one is started when the last one has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._address: Future[Address] = Future()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child that runs now."""
        return self._child.pid if self._alive() and self._child else None

    @property
    def ready(self) -> bool:
        """Whether the server listens."""
        return self._alive() and self._address.done() and self._address.exception() is None

    def start(self, model: Path) -> Future[Address]:
        """The address to come of the child that runs or is now started; does not block."""
        with self._lock:
            if self._closed:
                raise ProviderError("The app is shutting down. Ask again when it is back.")
            if not self._alive():
                self._release()
                self._child = _spawn()
                self._address = Future()
                thread = threading.Thread(target=_greet, args=(self._child, model, self._address), daemon=True)
                thread.start()
            return self._address

    def has_died(self, pid: int) -> bool:
        """Whether that child is gone; waits a moment, as its connections end before it does."""
        child = self._child
        if child is None or child.pid != pid:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.5)
        return child.returncode is not None

    def close(self) -> None:
        """Ends the child for good."""
        with self._lock:
            self._closed = True
            self._release()

    def _alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _release(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _spawn() -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    path = os.pathsep.join(filter(None, (str(_ROOT), environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.local_server"],
        cwd=_ROOT,
        # Threads that spin while they wait for each other make no progress at all on a busy machine.
        env=environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt from the terminal is for the app, which then ends the child
    )


def _greet(child: subprocess.Popen[bytes], model: Path, address: Future[Address]) -> None:
    """Tells the child what to serve and waits for its answer."""
    assert child.stdin and child.stdout
    key = secrets.token_urlsafe(32)
    try:
        child.stdin.write(json.dumps({"model": str(model), "alias": model.stem, "key": key}).encode() + b"\n")
        child.stdin.flush()
        answer = json.loads(child.stdout.readline() or b"{}")
    except (OSError, ValueError):
        answer = {}
    if url := answer.get("address"):
        address.set_result(Address(f"{url}/v1", key))
    else:
        address.set_exception(_failure(model, str(answer.get("error", ""))))


def _failure(model: Path, reason: str) -> ProviderError:
    if "No module named" in reason:
        return ProviderError("The local model's library is not installed. Run `pip install -r requirements.txt`.")
    return ProviderError(
        f"The local model {model.name} could not be started. Ask again, or set THROUGHLINE_LOCAL_MODEL to another file."
    )
