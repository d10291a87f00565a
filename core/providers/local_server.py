"""The process that serves the local model: `python -m core.providers.local_server`.

It reads one JSON line from standard input, `{"model", "alias", "key"}`, and answers with one on standard output, either
`{"address"}` or `{"error"}`. When its standard input ends, so does the process: it cannot outlive the app.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

SLOTS = 3
CONTEXT = 4096
"""How many answers are written at the same time, and the tokens that each has room for."""


def main() -> None:
    """Serves until standard input ends."""
    answers = _take_stdout()
    config = json.loads(sys.stdin.buffer.readline() or b"{}")
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    try:
        server = _serve(config)
    except Exception as error:
        _say(answers, {"error": str(error)})
        raise SystemExit(1) from error
    _say(answers, {"address": server.listening_address})
    threading.Event().wait()


def _take_stdout() -> int:
    """Keeps standard output for the answer: whatever the library prints goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _say(answers: int, answer: dict[str, str]) -> None:
    os.write(answers, json.dumps(answer).encode() + b"\n")


def _end_with_the_app() -> None:
    # Unbuffered: a lock of the buffered reader held here would hang an orderly exit.
    while os.read(0, 4096):
        pass
    os._exit(0)


def _serve(config: dict[str, str]) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = config["model"]
    params.model_alias = {config["alias"]}
    params.api_keys = [config["key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * CONTEXT
    params.cpuparams.n_threads = max(1, (os.cpu_count() or 1) - 1)  # one is left for the app
    params.cache_ram_mib = 0
    params.endpoint_slots = False
    params.ui = False
    params.warmup = False
    params.verbosity = 0
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
