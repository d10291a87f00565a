"""The real app in a process of its own.

with FakeOpenRouter() as upstream, Server(tmp_path, upstream.base_url) as server:
    httpx.get(f"{server.url}/api/health")
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[2]
LIGHT = Path(__file__).with_name("light")
_WATCHDOG = 'while read -r group; do [ "$group" = done ] && exit; last=$group; done; kill -s KILL -- "-$last"'
_OURS = ("OPENROUTER_", "THROUGHLINE_", "STREAMLIT_")


class ServerEnded(Exception):
    """The server ended before it answered; `code` is its exit code, `output` all that it said."""

    def __init__(self, code: int, output: str) -> None:
        super().__init__(f"the server ended with {code}:\n{output}")
        self.code = code
        self.output = output


class Server:
    """`streamlit run app.py` on a free port, from entering the context until it ends.

    The port stays the same over `restart`. With `embeddings` the real embedding model is loaded, which takes some
    seconds of a core; without, a stand-in that gives every text a vector at once. `env` holds more settings; `prefix`
    is a command that the server is started through, `script` another app. When the context ends with an error, the log
    is printed.
    """

    def __init__(
        self,
        data_dir: Path,
        base_url: str | None = None,
        *,
        env: dict[str, str] | None = None,
        embeddings: bool = False,
        port: int | None = None,
        log: Path | None = None,
        prefix: Sequence[str] = (),
        script: str = "app.py",
        patience: float = 120.0,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log or data_dir.with_name(f"{data_dir.name}-server-{self.port}.log")
        self.process: subprocess.Popen[bytes] | None = None
        self._patience = patience
        self._command = (*prefix, sys.executable, "-m", "streamlit", "run", script)
        self._env = _environment(data_dir, base_url, embeddings) | (env or {})
        self._groups: list[int] = []
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self.process is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    @property
    def output(self) -> str:
        """All that was logged so far, by every start."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def launch(self) -> None:
        """Starts the process; back at once."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        options = ("--server.port", str(self.port), "--server.headless", "true", "--server.fileWatcherType", "none")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                (*self._command, *options),
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.append(self.process.pid)
        self._watch(self.process.pid)

    def start(self) -> float:
        """Starts it and waits until pages and API answer; gives the seconds that took.

        Raises:
            ServerEnded: it ended instead.
        """
        began, said = time.monotonic(), len(self.output)
        self.launch()
        wait_for(lambda: self._answers(said, "/api/health"), self._patience, "the API does not answer")
        wait_for(lambda: self._answers(said, "/_stcore/health"), self._patience, "the pages do not answer")
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL to the server alone, as the kernel would; what it started has to end by itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def terminate(self, number: signal.Signals = signal.SIGTERM, patience: float = 60.0) -> tuple[int, float]:
        """Asks it to end; its exit code and the seconds it took.

        Raises:
            subprocess.TimeoutExpired: it did not.
        """
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(patience)
        return code, time.monotonic() - began

    def restart(self) -> float:
        """Starts it again, after a SIGTERM if it still runs; gives the seconds the start took."""
        if self.running:
            self.terminate()
        return self.start()

    def refused(self) -> ServerEnded:
        """Starts it, which must end by itself; what it said."""
        self.launch()
        assert self.process is not None
        try:
            code = self.process.wait(self._patience)
        finally:
            self.close()
        return ServerEnded(code, self.output)

    def close(self) -> None:
        """Ends it, and whatever it started."""
        if self.running:
            try:
                self.terminate(patience=30)
            except subprocess.TimeoutExpired:
                self.kill()
        try:
            wait_for(lambda: not self.orphans(), 60, "processes were left behind")
        finally:
            for pid in self.orphans():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._unwatch()

    def orphans(self) -> list[int]:
        """Processes that some start of this server left behind, and that still live."""
        groups = set(self._groups)
        return [pid for pid, group in _processes() if group in groups]

    def __enter__(self) -> Server:
        try:
            self.start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                self._show()
        finally:
            self.close()

    def _watch(self, group: int) -> None:
        """Has the group ended should this process be killed before it can do so."""
        if self._watchdog is None:
            command = ("sh", "-c", _WATCHDOG)
            self._watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.write(f"{group}\n".encode())
        self._watchdog.stdin.flush()

    def _unwatch(self) -> None:
        if self._watchdog is not None:
            self._watchdog.communicate(b"done\n")
            self._watchdog = None

    def _answers(self, said: int, path: str) -> bool:
        if not self.running:
            assert self.process is not None
            raise ServerEnded(self.process.returncode, self.output[said:])
        try:
            with urllib.request.urlopen(self.url + path, timeout=5):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return path.startswith("/api")
        except OSError:
            return False

    def _show(self) -> None:
        print(f"--- the server's log, {self.log} ---\n{self.output[-20_000:]}", flush=True)


def wait_for(condition: Callable[[], object], patience: float, complaint: str) -> None:
    """Polls until `condition` holds.

    Raises:
        TimeoutError: it never did.
    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{complaint} after {patience:g} s")
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port() -> int:
    """A port of the loopback address that nobody uses, and that the system gives to no connection meanwhile."""
    while True:
        port = random.SystemRandom().randrange(11_000, 32_000)  # Tests seed the ordinary ones, alike in each process.
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


def cpu_seconds(pid: int) -> float:
    """The processor time that one process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """The memory of one process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _environment(data_dir: Path, base_url: str | None, embeddings: bool) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    env |= {"PYTHONUNBUFFERED": "1", "THROUGHLINE_DATA_DIR": str(data_dir)}
    if base_url:
        env |= {"OPENROUTER_BASE_URL": base_url, "OPENROUTER_API_KEY": "sk-test", "THROUGHLINE_MODEL": "fake/stream"}
    if not embeddings:
        env["PYTHONPATH"] = os.pathsep.join([str(LIGHT), *filter(None, [env.get("PYTHONPATH")])])
    return env


def _processes() -> list[tuple[int, int]]:
    """Every living process and its group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group, *_ = entry.read_text().rpartition(")")[2].split()
            if state not in "ZX":
                found.append((int(entry.parent.name), int(group)))
    return found
