"""Throughline: chat with your documents in which every word you have seen is already saved.

Run it with `streamlit run app.py` or `python app.py`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import streamlit as st

from core.api.app import guard, routes
from core.api.errors import exception_handlers
from core.errors import ThroughlineError
from core.service import Service, publish
from core.settings import read_settings

_THREADS = 64
ROOT = Path(__file__).resolve().parent


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Opens the service before the first request and closes it after the last."""
    # A question waits in a thread for its commit, which it shares with all that wait then: few threads, few shares.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "throughline-http"))
    try:
        service = Service(read_settings(ROOT), samples=ROOT / "data" / "samples")
    except ThroughlineError as error:
        _refuse_to_start(error)
    publish(service)
    _end_answers_first(service)
    try:
        yield
    finally:
        publish(None)
        await asyncio.to_thread(service.close)


def _refuse_to_start(error: ThroughlineError) -> None:
    # Raised from here the sentence would drown in the server's traceback; nothing is open yet that needs closing.
    print(f"\nThroughline cannot start. {error}\n", file=sys.stderr, flush=True)
    os._exit(1)


def _end_answers_first(service: Service) -> None:
    """On SIGTERM and Ctrl-C closes the answers before the server waits for its connections, which follow them."""
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: Any = before) -> None:
            service.begin_close()
            if callable(before):
                before(number, frame)

        signal.signal(number, handle)


app = st.App(
    "pages/_frame.py",
    lifespan=lifespan,
    routes=routes(),
    middleware=guard([st.get_option("browser.serverAddress") or "", st.get_option("server.address") or ""]),
    exception_handlers=exception_handlers(),
)

if __name__ == "__main__":  # `App.run` would not read STREAMLIT_… from the environment.
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", __file__, *sys.argv[1:]])
