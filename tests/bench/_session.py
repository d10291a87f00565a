"""A browser session without a browser: Streamlit's protocol over its websocket."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

import websockets
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_TAIL = 500


@dataclass
class Session:
    """One open page; `bytes` is what came, `started` when its first run began, on the monotonic clock."""

    port: int
    query: str
    bytes: int = 0
    messages: int = 0
    started: float = 0.0
    asked: float = 0.0
    _bodies: dict[tuple[int, ...], str] = field(default_factory=dict)
    _drawn: set[tuple[int, ...]] = field(default_factory=set)

    async def __aenter__(self) -> Session:
        url = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        protocols = [websockets.Subprotocol("streamlit")]
        self._socket = await websockets.connect(
            url, subprotocols=protocols, max_size=None, max_queue=None, compression=None, open_timeout=120
        )
        message = BackMsg()
        message.rerun_script.query_string = self.query
        self.asked = time.monotonic()
        await self._socket.send(message.SerializeToString())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def watch(self, enough: Callable[[Session], bool]) -> float:
        """Takes what comes until it is `enough`; the time on the monotonic clock when that came.

        Raises:
            RuntimeError: the page shows an error.
            ConnectionError: the server ended the session.
        """
        if enough(self):
            return time.monotonic()
        async for data in self._socket:
            now = time.monotonic()
            assert isinstance(data, bytes)
            if self._take(data, now) and enough(self):
                return now
        raise ConnectionError("the server ended the session")

    def shows(self, text: str) -> bool:
        """Whether the page's Markdown holds `text`, whatever the space between its words and blocks."""
        return _packed(text) in _packed("".join(body for _, body in sorted(self._bodies.items())))

    def ends_with(self, text: str) -> bool:
        """`shows` for the end of what stands in the page's main part; cheap however much stands there."""
        wanted, tail = _packed(text), ""
        for path in sorted(self._bodies, reverse=True):
            if path[0] != 0:
                continue
            part = self._bodies[path][-_TAIL:]
            tail = part + tail if len(tail) < _TAIL else tail
            if wanted in _packed(part):
                return True
        return wanted in _packed(tail)

    def _take(self, data: bytes, now: float) -> bool:
        """Keeps what a message brings; whether it changed what is shown."""
        self.bytes += len(data)
        self.messages += 1
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.started = self.started or now
            self._drawn = set()
        elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            # What a whole run did not draw again goes, as in the browser.
            self._bodies = {path: body for path, body in self._bodies.items() if path in self._drawn}
            return True
        return kind == "delta" and self._draw(tuple(message.metadata.delta_path), message.delta)

    def _draw(self, path: tuple[int, ...], delta: Delta) -> bool:
        if delta.WhichOneof("type") != "new_element":
            return False
        kind = delta.new_element.WhichOneof("type")
        if kind == "exception" or (kind == "alert" and delta.new_element.alert.format == Alert.ERROR):
            raise RuntimeError(f"the page shows an error: {delta.new_element}")
        if kind != "markdown":
            return False
        self._bodies[path] = delta.new_element.markdown.body
        self._drawn.add(path)
        return True


def _packed(text: str) -> str:
    return "".join(text.split())
